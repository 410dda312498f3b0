"""What a trainer does to each batch: one function a name.

Each takes float32 images (batch, height, width, channels) in [0, 1], labels
(batch, classes) that sum to 1, and a NumPy generator, and returns both anew.
Sizes are in proportion to those of CIFAR-10's 32 x 32 pixels: crops pad by an
eighth of a side, CutOut's square is half a side.
"""

import numpy as np

from kprivacy.attacks.retraining import policies


def none(images, labels, generator):
    """As they are."""
    return images, labels


def flip(images, labels, generator):
    """Half of them are mirrored."""
    turned = generator.random(len(images)) < 0.5
    return (
        np.where(turned[:, None, None, None], images[:, :, ::-1], images),
        labels,
    )


def crop(images, labels, generator):
    """Padded with black by an eighth of a side, and cut at random places."""
    count, height, width, _ = images.shape
    places = []
    for size in (height, width):
        start = generator.integers(0, 2 * (size // 8) + 1, count)
        places.append(start[:, None] + np.arange(size))
    rows, columns = places
    pads = [(n // 8, n // 8) for n in (height, width)]
    padded = np.pad(images, [(0, 0), *pads, (0, 0)])
    which = np.arange(count)[:, None, None]
    return padded[which, rows[:, :, None], columns[:, None, :]], labels


def cutout(images, labels, generator):
    """A square of half a side is black, partly outside near the edge.

    Reference: DeVries and Taylor, Improved regularization of convolutional
    neural networks with Cutout, 2017.
    """
    count, *sides, _ = images.shape
    near = []
    for size in sides:
        centre = generator.integers(0, size, (count, 1))
        distance = np.abs(np.arange(size) + 0.5 - centre)
        near.append(distance <= size / 4)
    inside = near[0][:, :, None] & near[1][:, None, :]
    return np.where(inside[..., None], np.float32(0), images), labels


def mixup(images, labels, generator):
    """Each one is a mixture with another, by one share a batch.

    Reference: Zhang et al., mixup: beyond empirical risk minimization, 2018.
    """
    share = np.float32(generator.beta(1.0, 1.0))
    other = generator.permutation(len(images))
    return tuple(
        share * one + (1 - share) * one[other] for one in (images, labels)
    )


def cutmix(images, labels, generator):
    """In half of the batches a rectangle is another one's.

    Reference: Yun et al., CutMix, 2019.
    """
    if generator.random() < 0.5:
        return images, labels
    side = np.sqrt(1 - generator.beta(1.0, 1.0))
    ends = []
    for size in images.shape[1:3]:
        centre, half = generator.integers(0, size), int(size * side) // 2
        ends.append(slice(max(centre - half, 0), min(centre + half, size)))
    other = generator.permutation(len(images))
    mixed = images.copy()
    mixed[:, ends[0], ends[1]] = images[other][:, ends[0], ends[1]]
    area = (ends[0].stop - ends[0].start) * (ends[1].stop - ends[1].start)
    share = np.float32(1 - area / (images.shape[1] * images.shape[2]))
    return mixed, share * labels + (1 - share) * labels[other]


def autoaugment(images, labels, generator):
    """The policy that was found for CIFAR-10, see `policies`."""
    return policies.cifar10(images, generator), labels


def chain(*steps):
    """One augmentation after another."""

    def apply(images, labels, generator):
        for step in steps:
            images, labels = step(images, labels, generator)
        return images, labels

    return apply


both = chain(flip, crop)
# Those after which a picture has something of another's.
MIXING = ("mixup", "cutmix")
NAMES = {
    "none": none,
    "flip": flip,
    "crop": crop,
    "flip+crop": both,
    **{
        step.__name__: chain(both, step) for step in (cutout, mixup, cutmix)
    },
    "autoaugment": chain(autoaugment, both),
}
