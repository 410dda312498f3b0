"""ResNet for images, in its form for CIFAR and in that for ImageNet."""

import keras
from keras import layers

from kprivacy.networks import blocks

# As the common training recipes have it; Keras' 0.99 takes thousands of steps.
MOMENTUM = 0.9


def resnet(
    input_shape,
    repeats=(2, 2, 2, 2),
    bottleneck=False,
    width=64,
    stem="cifar",
    name="resnet",
):
    """Builds ResNet's convolutional part, up to the last maps.

    Args:
        input_shape: (height, width, channels), without the batch.
        repeats: Blocks of each stage; a stage after the first halves the
            maps and doubles the filters. (2, 2, 2, 2) is ResNet-18.
        bottleneck: Whether blocks are of three convolutions, the last four
            times as wide; with repeats (3, 4, 6, 3) it is ResNet-50.
        width: Filters of the first stage; 64 is the original.
        stem: "cifar" or "imagenet", see `blocks.stem`.
        name: Name of the model.

    Returns:
        A functional `keras.Model` from `image` to maps.

    Raises:
        UserError: The shape is no image's, or a number is not a count.

    Reference: He et al., Deep residual learning for image recognition, 2016.
    """
    blocks.check_counts("repeats", repeats)
    inputs = blocks.data_input(input_shape)
    x = blocks.stem(inputs, width, stem, MOMENTUM)
    block = _narrow if bottleneck else _basic
    for i, count in enumerate(repeats):
        for j in range(count):
            strides = 2 if i and not j else 1
            x = block(x, width * 2**i, strides, f"{i + 1}_{j + 1}")
    return keras.Model(inputs, x, name=name)


def _basic(x, filters, strides, label):
    y = _conv(x, filters, 3, f"{label}a", strides)
    y = _conv(y, filters, 3, f"{label}b", relu=False)
    return _added(x, y, strides, label)


def _narrow(x, filters, strides, label):
    y = _conv(x, filters, 1, f"{label}a")
    y = _conv(y, filters, 3, f"{label}b", strides)
    y = _conv(y, 4 * filters, 1, f"{label}c", relu=False)
    return _added(x, y, strides, label)


def _added(x, y, strides, label):
    if strides > 1 or x.shape[-1] != y.shape[-1]:
        x = _conv(x, y.shape[-1], 1, f"{label}s", strides, relu=False)
    x = layers.Add(name=f"add{label}")([x, y])
    return layers.ReLU(name=f"relu{label}")(x)


def _conv(x, filters, size, label, strides=1, relu=True):
    return blocks.convolution(
        x, filters, size, label, strides, relu=relu, momentum=MOMENTUM
    )
