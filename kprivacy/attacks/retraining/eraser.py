"""UEraser's augmentation, which rubs noise out rather than moves it.

Reference: Qin et al., Learning the unlearnable: adversarial augmentations
suppress unlearnable example attacks, 2023: brightness and contrast by plasma,
channels in another order, and one operation of TrivialAugment. How often and
how much is that of the authors' first code, where every image is changed;
their later code leaves half of them out of each change.
"""

import numpy as np

from kprivacy.attacks.retraining import policies

ROUGHNESS = (0.1, 0.7)


def ueraser(images, labels, generator):
    """Brightness and contrast that differ by place, and one more change.

    Args:
        images: float32 in [0, 1], (batch, height, width, 1 or 3).
        labels: Come back as they are.
        generator: A NumPy generator.
    """
    count, *size, channels = images.shape
    intensity = generator.uniform(0, 1, (count, 1, 1, 1))
    brighter = intensity * (2 * plasma(count, size, generator) - 1)
    images = np.clip(images + brighter, 0, 1)
    slopes = 4 * plasma(count, size, generator)
    images = np.clip(0.5 + slopes * (images - 0.5), 0, 1)
    orders = np.tile(np.arange(channels), (count, 1))
    shuffled = generator.random(count) < 0.5
    orders[shuffled] = generator.permuted(orders[shuffled], axis=1)
    images = np.take_along_axis(images, orders[:, None, None], axis=-1)
    return policies.trivial(images.astype(np.float32), generator), labels


def plasma(count, size, generator):
    """Random surfaces in [0, 1], (count, height, width, 1).

    A sum of random grids, each twice as fine as the one before and fainter
    by a roughness that each surface draws in `ROUGHNESS`.
    """
    roughness = generator.uniform(*ROUGHNESS, (count, 1, 1))
    total, share, cells = 0.0, 1.0, 2
    while cells <= max(size):
        grid = generator.random((count, cells, cells))
        rows, columns = (_stretched(cells, n) for n in size)
        total = total + share * (rows @ grid @ columns.T)
        share = share * roughness
        cells *= 2
    low = total.min(axis=(1, 2), keepdims=True)
    high = total.max(axis=(1, 2), keepdims=True)
    return ((total - low) / np.maximum(high - low, 1e-9))[..., None]


def _stretched(cells, size):
    """The matrix (size, cells) that interpolates between cells' values."""
    places = np.linspace(0, cells - 1, size)[:, None]
    return np.maximum(0.0, 1 - np.abs(places - np.arange(cells)))
