"""Strided convolutions down to a vector, and transposed ones up from it."""

import math

from keras import layers


def down(x, filters, normalise=True, label="down", wrap=None, detail=0):
    """Halves images once for each of `filters`, and flattens the last maps.

    Convolutions of 4 x 4 with stride 2, batch norm and leaky ReLU.

    Args:
        x: Images, a Keras tensor (batch, height, width, channels).
        filters: Filters of each convolution.
        normalise: Whether there is batch normalisation.
        label: Begin of the layers' names.
        wrap: Function on each convolution, as spectral normalisation is.
        detail: Filters of a convolution of 3 x 3 before all, at full size; 0
            for none.

    Returns:
        A Keras tensor (batch, features).
    """
    stages = [(count, 4, 2) for count in filters]
    if detail:
        stages.insert(0, (detail, 3, 1))
    for i, (count, size, strides) in enumerate(stages, start=1):
        conv = layers.Conv2D(
            count,
            size,
            strides=strides,
            padding="same",
            use_bias=not normalise,
            name=f"{label}_conv{i}",
        )
        x = (wrap(conv) if wrap else conv)(x)
        x = activated(x, normalise, f"{label}_{i}")
    return layers.Flatten(name=f"{label}_flatten")(x)


def up(x, shape, filters, label="up", detail=0):
    """Makes images of `shape` from vectors, doubling once for each filter.

    Args:
        x: Vectors, a Keras tensor (batch, features).
        shape: (height, width, channels) to end at.
        filters: Filters before each transposed convolution of 4 x 4 with
            stride 2, batch norm and leaky ReLU between them.
        label: Begin of the layers' names.
        detail: Filters at full size, before a last convolution of 3 x 3; 0
            for none.

    Returns:
        A Keras tensor (batch, height, width, channels), before any
        activation.
    """
    sizes = [tuple(shape[:2])]
    for _ in filters:
        sizes.append(tuple(math.ceil(n / 2) for n in sizes[-1]))
    start = (*sizes.pop(), filters[0])
    x = layers.Dense(
        math.prod(start), use_bias=False, name=f"{label}_dense"
    )(x)
    x = activated(x, True, f"{label}_0")
    x = layers.Reshape(start, name=f"{label}_reshape")(x)
    for i, count in enumerate((*filters[1:], detail or shape[-1]), start=1):
        last = i == len(filters) and not detail
        x = layers.Conv2DTranspose(
            count,
            4,
            strides=2,
            padding="same",
            use_bias=last,
            name=f"{label}_conv{i}",
        )(x)
        x = crop(x, sizes.pop(), f"{label}_crop{i}")
        x = x if last else activated(x, True, f"{label}_{i}")
    if detail:
        x = layers.Conv2D(
            shape[-1], 3, padding="same", name=f"{label}_detail"
        )(x)
    return x


def as_maps(x):
    """Signals (steps, channels) as images of one column; images as they are.
    """
    if len(x.shape) == 4:
        return x
    steps, channels = x.shape[1:]
    return layers.Reshape((steps, 1, channels), name="column")(x)


def activated(x, normalise, label):
    """Applies batch norm, where asked for, and leaky ReLU."""
    if normalise:
        x = layers.BatchNormalization(momentum=0.9, name=f"{label}_norm")(x)
    return layers.LeakyReLU(0.2, name=f"{label}_relu")(x)


def crop(x, size, name):
    """Cuts maps at the bottom and the right to `size`."""
    excess = [have - want for have, want in zip(x.shape[1:3], size)]
    if not any(excess):
        return x
    return layers.Cropping2D([(0, n) for n in excess], name=name)(x)
