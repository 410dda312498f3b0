"""A residual decoder: larger than the mirror, for any features and target."""

import math

import keras
from keras import layers


def residual_decoder(
    input_shape,
    output_shape,
    width=32,
    blocks=1,
    output_activation="sigmoid",
    name="residual_decoder",
):
    """Builds a decoder of residual blocks that doubles its way up.

    A vector or maps of another size than the target are projected to a
    quarter of its size and decoded from there. Features as large as the
    target, as noisy images are, first come down in two strided convolutions,
    whose maps are handed across to the way up (a U-Net).

    Args:
        input_shape: Shape of the features without the batch.
        output_shape: (height, width, channels) or (steps, channels).
        width: Filters at a quarter of the target's size; half of that, at
            least 16, at half of it.
        blocks: Residual blocks at each of the two sizes.
        output_activation: "sigmoid" for images in [0, 1], None for signals.
        name: Name of the model.

    Returns:
        A functional `keras.Model` from features to `output_shape`.
    """
    space = tuple(output_shape[:-1])
    rank = len(space)
    inputs = keras.Input(input_shape, name="features")
    x = layers.BatchNormalization(momentum=0.9, name="standardise")(inputs)
    half = max(width // 2, 16)
    start = tuple(math.ceil(math.ceil(n / 2) / 2) for n in space)
    skips = [None, None]
    if tuple(input_shape[:-1]) == space:
        middle = _conv(rank, half, 3, strides=2)(x)
        skips = [middle, x]
        x = _conv(rank, width, 3, strides=2)(middle)
    elif tuple(input_shape[:-1]) == start:
        x = _conv(rank, width, 3)(x)
    else:
        x = layers.Flatten()(x)
        x = layers.Dense(math.prod(start) * width)(x)
        x = layers.Reshape((*start, width))(x)
    for _ in range(blocks):
        x = _block(x, width, rank)
    x = _up(x, skips[0], tuple(math.ceil(n / 2) for n in space))
    x = _conv(rank, half, 3)(x)
    for _ in range(blocks):
        x = _block(x, half, rank)
    x = _up(x, skips[1], space)
    x = _conv(rank, output_shape[-1], 3)(x)
    x = layers.Activation(output_activation or "linear", dtype="float32")(x)
    return keras.Model(inputs, x, name=name)


def _up(x, skip, size):
    """Doubles `x`, crops it to `size` and joins what came across."""
    double = layers.UpSampling2D if len(size) == 2 else layers.UpSampling1D
    x = _crop(double(2)(x), size)
    return x if skip is None else layers.Concatenate()([x, skip])


def _conv(rank, filters, kernel_size, strides=1):
    conv = layers.Conv2D if rank == 2 else layers.Conv1D
    return conv(filters, kernel_size, strides=strides, padding="same")


def _block(x, width, rank):
    y = x
    for _ in range(2):
        y = layers.BatchNormalization(momentum=0.9)(y)
        y = layers.ReLU()(y)
        y = _conv(rank, width, 3)(y)
    return layers.Add()([x, y])


def _crop(x, space):
    excess = [(0, have - want) for have, want in zip(x.shape[1:-1], space)]
    if not any(after for _, after in excess):
        return x
    if len(excess) == 1:
        return layers.Cropping1D(excess[0])(x)
    return layers.Cropping2D(excess)(x)
