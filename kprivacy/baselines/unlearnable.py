"""Noise that needs labels, or no thought: what ConfounderGAN is held against.

Each gives noise for `kprivacy.data.Arrays` of images, float32 of their shape;
`published` adds it as a file keeps it.
"""

import dataclasses

import numpy as np

from kprivacy import errors
from kprivacy.data import pictures

# Of the side: 36 of 224 pixels in the paper.
PATCH = 36 / 224


def published(part, noise):
    """`Arrays` with noise added, clipped, at the levels of 8 bits.

    Args:
        part: `kprivacy.data.Arrays` of images in [0, 1].
        noise: Of their shape. Rounding is to the nearest, of both signs.

    Returns:
        `Arrays` like `part`, images float32.

    Raises:
        UserError: The part is no set of images in [0, 1], or the noise has
            another shape or numbers that are not finite.
    """
    pictures.check(part=part)
    if np.shape(noise) != part.data.shape:
        raise errors.UserError(
            "`noise` must have the shape of the images, "
            f"{part.data.shape}. Received: {np.shape(noise)}."
        )
    if not np.isfinite(noise).all():
        raise errors.UserError(
            "`noise` must be finite. Received: NaN or infinity."
        )
    pixels = np.rint(part.data * 255.0) + np.rint(np.asarray(noise) * 255.0)
    return dataclasses.replace(
        part, data=(np.clip(pixels, 0, 255) / 255).astype(np.float32)
    )


def class_patches(part, seed=0):
    """Class-wise patches: a corner of each image is the sign of its class.

    A random pattern for each class in the lower right corner, 36/224 of a
    side, visible to everybody.

    Args:
        part: `kprivacy.data.Arrays` of images in [0, 1].
        seed: Of the patterns.

    Returns:
        float32 of the images' shape, what is to be added to them.

    Raises:
        UserError: The part is no set of images in [0, 1].

    Reference: Tian et al., ConfounderGAN, 2022, section 4.2.
    """
    pictures.check(part=part)
    height, width, channels = part.data.shape[1:]
    size = [max(1, round(PATCH * n)) for n in (height, width)]
    generator = np.random.default_rng(seed)
    patterns = generator.random((part.num_classes, *size, channels))
    noise = np.zeros_like(part.data)
    corner = (slice(None), slice(-size[0], None), slice(-size[1], None))
    noise[corner] = patterns[part.labels] - part.data[corner]
    return noise


def class_noise(part, bound=8 / 255, seed=0, cell=1):
    """Class-wise noise: one pattern of +-`bound` for all images of a class.

    Args:
        part: `kprivacy.data.Arrays` of images in [0, 1].
        bound: Of every number of it; cut to whole levels of 255.
        seed: Of the signs.
        cell: Pixels a side of the squares that have one sign a channel; of 8
            it is close to what linearly separable perturbations are, which
            withstand crops and flips better than single pixels do.

    Returns:
        float32 of the images' shape.

    Raises:
        UserError: The part is no set of images in [0, 1], or the bound is
            less than a level or above 1.

    Reference: Yu et al., Availability attacks create shortcuts, 2022.
    """
    errors.check_count("cell", cell)
    pictures.check(part=part)
    bound = np.float32(pictures.levels(bound) / 255)
    generator = np.random.default_rng(seed)
    height, width, channels = part.data.shape[1:]
    cells = -(-height // cell), -(-width // cell)
    signs = generator.choice(
        np.float32([-1, 1]), (part.num_classes, *cells, channels)
    )
    signs = signs.repeat(cell, axis=1).repeat(cell, axis=2)
    return (bound * signs[:, :height, :width])[part.labels]


def random_like(noise, seed=0):
    """Gaussian noise of the same norm, image by image.

    Args:
        noise: (examples, ...).
        seed: Of the numbers.

    Returns:
        float32 of the same shape; single pixels may exceed those of `noise`.
    """
    noise = np.asarray(noise, np.float32)
    drawn = np.random.default_rng(seed).normal(size=noise.shape)
    axes = tuple(range(1, noise.ndim))
    lengths = [
        np.sqrt(np.sum(np.square(one), axis=axes, keepdims=True))
        for one in (noise, drawn)
    ]
    return (drawn * lengths[0] / lengths[1]).astype(np.float32)


def shuffled(noise, seed=0):
    """The noise of other images: each gets another one's.

    Args:
        noise: (examples, ...), two examples at least.
        seed: Says whose.

    Returns:
        The same rows in another order, none in its place.

    Raises:
        UserError: There are fewer than two.
    """
    if len(noise) < 2:
        raise errors.UserError(
            "`noise` must be of two images at least, to change places. "
            f"Received: {len(noise)}."
        )
    order = np.random.default_rng(seed).permutation(len(noise))
    moved = np.empty_like(noise)
    moved[order] = np.asarray(noise)[np.roll(order, 1)]
    return moved
