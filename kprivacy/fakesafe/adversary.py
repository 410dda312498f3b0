"""FakeSafe's adversary: D, which tells fakes from real examples."""

import keras
from keras import layers

from kprivacy import errors
from kprivacy.fakesafe.networks import NETWORKS, perceptron
from kprivacy.networks import strided


def build_adversary(
    client,
    network="mlp",
    units=(1024, 512, 256),
    filters=(32, 64, 128),
    detail=0,
    dropout=0.0,
    spectral=False,
):
    """Builds the discriminator.

    Args:
        client: The network whose fakes it judges.
        network: "mlp", the paper's, or "convolutional" for images.
        units: Widths of the perceptron's layers.
        filters: Filters of the strided convolutions.
        detail: Filters of a convolution at full size before them; 0: none.
        dropout: Share of the last layer's inputs dropped in training.
        spectral: Whether convolutions have spectral normalisation.

    Returns:
        A functional `keras.Model` named "adversary" from an example of the
        fake's domain to a score, near 1 for real ones and 0 for fakes.
    """
    errors.check_choice("network", network, NETWORKS)
    shape = client.output_shape[1:]
    inputs = keras.Input(shape, name="example")
    if network == "convolutional" and len(shape) == 3:
        wrap = layers.SpectralNormalization if spectral else None
        x = strided.down(
            inputs, filters, False, wrap=wrap, detail=detail
        )
    else:
        x = perceptron(inputs, units, "judge", normalise=False)
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(1, dtype="float32", name="score")(x)
    return keras.Model(inputs, x, name="adversary")
