"""ConfounderGAN's adversary: D, which tells protected pictures from others."""

import keras
from keras import layers

from kprivacy.networks import strided


def build_adversary(client, filters=(32, 64, 128)):
    """Builds the discriminator.

    Strided convolutions, batch norm after the first, leaky ReLU, and the mean
    over all places: it takes pictures of any size as well.

    Args:
        client: Of `build_client`.
        filters: Of the convolutions.

    Returns:
        A functional `keras.Model` named "adversary" from pictures to a logit
        for being as they were.
    """
    inputs = keras.Input(client.output_shape[1:], name="image")
    x = inputs
    for i, count in enumerate(filters, start=1):
        x = layers.Conv2D(
            count, 4, strides=2, padding="same", use_bias=i == 1,
            name=f"conv{i}",
        )(x)
        x = strided.activated(x, i > 1, f"{i}")
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dense(1, dtype="float32", name="logit")(x)
    return keras.Model(inputs, x, name="adversary")
