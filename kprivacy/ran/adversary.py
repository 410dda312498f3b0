"""RAN's adversary: the decoder that tries to invert the features."""

import keras

from kprivacy import errors
from kprivacy.networks import mirror


def build_adversary(client, decoders=1, widen=1, output_activation="default"):
    """Builds RAN's decoder, which mirrors the client layer by layer.

    Args:
        client: The encoder that it is to invert.
        decoders: How many independent decoders play against the client.
        widen: Factor on the decoders' filters.
        output_activation: Of the last layer. "default" is "sigmoid" for
            images (their range is [0, 1]) and None for signals.

    Returns:
        A functional `keras.Model` named "adversary", features to the data's
        shape, or to a list of `decoders` such outputs.
    """
    errors.check_count("decoders", decoders)
    if output_activation == "default":
        image = len(client.inputs[0].shape) == 4
        output_activation = "sigmoid" if image else None
    members = [
        mirror(client, output_activation, widen, name=f"decoder{i}")
        for i in range(decoders)
    ]
    inputs = keras.Input(client.output_shape[1:], name="features")
    outputs = [member(inputs) for member in members]
    return keras.Model(
        inputs, outputs if decoders > 1 else outputs[0], name="adversary"
    )
