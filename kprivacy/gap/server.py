"""GAP's server: what predicts the public attributes from the release."""

import keras
from keras import layers

from kprivacy import errors
from kprivacy.networks import strided


def build_server(client, heads, units=(128,), filters=(32, 64, 64)):
    """Builds the utility heads, on one body that they share.

    Args:
        client: The channel, whose release they take.
        heads: Dict: name of a public attribute to its number of classes, or
            1 for a real value; None or empty for no server.
        units: Widths of the dense layers of the body.
        filters: Of its strided convolutions, on images and signals.

    Returns:
        A functional `keras.Model` named "server" from the release to a dict
        of logits or values, or None.
    """
    if not heads:
        return None
    for name, count in dict(heads).items():
        errors.check_count(f"heads[{name!r}]", count)
    shape = tuple(client.output_shape[1:])
    inputs = x = keras.Input(shape, name="released")
    if len(shape) > 1:
        x = strided.down(strided.as_maps(x), filters)
    for count in units:
        x = layers.Dense(count, activation="relu")(x)
    outputs = {
        name: layers.Dense(count, dtype="float32", name=name)(x)
        for name, count in dict(heads).items()
    }
    return keras.Model(inputs, outputs, name="server")
