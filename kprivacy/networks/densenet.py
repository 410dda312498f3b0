"""DenseNet for images, in its form for CIFAR and in that for ImageNet."""

import keras
from keras import layers

from kprivacy.networks import blocks
from kprivacy.networks.resnet import MOMENTUM


def densenet(
    input_shape,
    repeats=(6, 12, 24, 16),
    growth=32,
    stem="cifar",
    name="densenet",
):
    """Builds DenseNet's convolutional part, up to the last maps.

    Each layer adds `growth` maps, made of all before it by a 1 x 1
    convolution of four times as many and one of 3 x 3. Between the blocks
    the maps are halved, in number and in size.

    Args:
        input_shape: (height, width, channels), without the batch.
        repeats: Layers of each block; the default is DenseNet-121.
        growth: Maps a layer adds; 32 is the original.
        stem: "cifar" or "imagenet", see `blocks.stem`.
        name: Name of the model.

    Returns:
        A functional `keras.Model` from `image` to maps.

    Raises:
        UserError: The shape is no image's, or a number is not a count.

    Reference: Huang et al., Densely connected convolutional networks, 2017.
    """
    blocks.check_counts("repeats", repeats)
    inputs = blocks.data_input(input_shape)
    x = blocks.stem(inputs, 2 * growth, stem, MOMENTUM)
    for i, count in enumerate(repeats, start=1):
        for j in range(1, count + 1):
            y = _conv(x, 4 * growth, 1, f"{i}_{j}a")
            y = _conv(y, growth, 3, f"{i}_{j}b")
            x = layers.Concatenate(name=f"join{i}_{j}")([x, y])
        if i < len(repeats):
            x = _conv(x, x.shape[-1] // 2, 1, f"{i}_t")
            if min(x.shape[1:3]) > 1:
                x = layers.AveragePooling2D(2, name=f"pool{i}")(x)
    x = layers.BatchNormalization(momentum=MOMENTUM, name="norm_last")(x)
    return keras.Model(inputs, layers.ReLU(name="relu_last")(x), name=name)


def _conv(x, filters, size, label):
    """Batch norm and ReLU come before the convolution."""
    x = layers.BatchNormalization(
        momentum=MOMENTUM, name=f"norm{label}"
    )(x)
    x = layers.ReLU(name=f"relu{label}")(x)
    return layers.Conv2D(
        filters, size, padding="same", use_bias=False, name=f"conv{label}"
    )(x)
