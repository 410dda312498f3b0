"""What a trainer does to all pictures to wash a protection out.

Each is a function of images, float (examples, height, width, 1 or 3) in
[0, 1], to float32 images on the 8-bit grid. The trainer's network sees
pictures through it from then on, those that it is tested on as well. Three
more are kinds of training; `of` reads the name of any.
"""

import dataclasses
import functools
import re
from collections.abc import Callable

import numpy as np

from kprivacy import errors
from kprivacy.attacks.fakes import distortions
from kprivacy.attacks.retraining.eraser import ueraser

# Kinds of training rather than of pictures.
ADVERSARIAL, ERASED = "adversarial_training", "ueraser_max"
# Levels of 255 by which adversarial training changes a pixel, at most, and in
# how many steps.
RADIUS, STEPS = 8, 10
FORMS = (
    '"grey", "halved", "jpeg_Q" with Q from 1 to 100, "bits_N" with N from 1 '
    'to 8, "blur" or "blur_S" with S pixels, from above 0 to 100, '
    '"adversarial_training", "adversarial_training_R" with R levels of 255, '
    'from above 0 to 255, or "adversarial_training_R_S" with S steps from 1 '
    'to 100, "ueraser_lite", "ueraser_max", or several joined by "+", of '
    "which one is a kind of training at most"
)


def grey(images):
    """The luminance of Rec. 601 in all channels."""
    images = np.asarray(images, np.float32)
    if images.shape[-1] == 1:
        return images
    luminance = images @ np.float32([0.299, 0.587, 0.114])
    return distortions.png()(
        np.repeat(luminance[..., None], images.shape[-1], axis=-1)
    )


def jpeg(quality):
    """A JPEG file of this quality, from 1 to 100."""
    return distortions.jpeg(quality, most=100)


def bits(count):
    """That many bits a channel, from 1 to 8."""
    return distortions.bits(count)


def blur(deviation=1.0):
    """A Gaussian of this standard deviation, in pixels above 0."""
    from scipy import ndimage

    def distort(images):
        sigma = (0, deviation, deviation, 0)
        blurred = ndimage.gaussian_filter(
            np.asarray(images, np.float32), sigma, mode="nearest"
        )
        return distortions.png()(np.clip(blurred, 0, 1))

    return distort


def halved(images):
    """Half a side, by averages, and back."""
    from PIL import Image

    images = np.asarray(images, np.float32)
    height, width = images.shape[1:3]

    def resized(plane):
        small = (max(1, width // 2), max(1, height // 2))
        image = Image.fromarray(plane).resize(small, Image.BOX)
        return np.asarray(image.resize((width, height), Image.BILINEAR))

    planes = np.moveaxis(images, -1, 1).reshape(-1, height, width)
    made = np.stack([resized(one) for one in planes])
    made = made.reshape(len(images), -1, height, width)
    return distortions.png()(np.clip(np.moveaxis(made, 1, -1), 0, 1))


@dataclasses.dataclass(frozen=True)
class Countermeasure:
    """What a name means.

    Attributes:
        see: Images to what the trainer makes of them, or None for as they
            are.
        augment: What is done to each batch after the trainer's augmentation,
            as one of `augmentations.NAMES`' values, or None.
        kind: Of the training: None, `ADVERSARIAL` or `ERASED`.
        radius: Of adversarial training, in pictures from 0 to 1.
        steps: Of adversarial training, for each batch.
    """

    see: Callable | None = None
    augment: Callable | None = None
    kind: str | None = None
    radius: float = RADIUS / 255
    steps: int = STEPS


def of(name):
    """The countermeasure of a name.

    Args:
        name: None, or "grey", "halved", "jpeg_Q", "bits_N", "blur",
            "blur_S", "adversarial_training", "adversarial_training_R",
            "adversarial_training_R_S", "ueraser_lite" or "ueraser_max"; or
            several, joined by "+", which are done in that order before the
            one kind of training that may be among them.

    Returns:
        A `Countermeasure`.

    Raises:
        UserError: It is no such name, or a number is out of its range.
    """
    if name is None:
        return Countermeasure()
    steps, kinds = [], []
    for part in name.split("+") if isinstance(name, str) else [None]:
        step = _step(part)
        kind = _kind(part) if step is None else None
        if step is None and (kind is None or kinds):
            raise errors.UserError(
                f"`countermeasure` must be one of {FORMS}. Received: "
                f"countermeasure={name!r}."
            )
        steps += [step] * (step is not None)
        kinds += [kind] * (kind is not None)
    see = functools.partial(_through, steps) if steps else None
    return Countermeasure(see, **(kinds[0] if kinds else {}))


def _through(steps, images):
    for step in steps:
        images = step(images)
    return images


def _step(name):
    """The function of a name without "+"; None if it is none of pictures."""
    for form, least, most, make in (
        (r"grey", 0, 0, lambda _: grey),
        (r"halved", 0, 0, lambda _: halved),
        (r"jpeg_(\d+)", 1, 100, lambda q: jpeg(int(q))),
        (r"bits_(\d+)", 1, 8, lambda n: bits(int(n))),
        (r"blur", 0, 0, lambda _: blur()),
        (r"blur_(\d+(?:\.\d+)?)", 1e-9, 100, blur),
    ):
        value = _value(form, name)
        if value is not None and least <= value <= most:
            return make(value)
    return None


def _kind(name):
    """A kind of training by its name, as attributes; None if it is none."""
    if name == "ueraser_lite":
        return {"augment": ueraser}
    if name == "ueraser_max":
        return {"augment": ueraser, "kind": ERASED}
    form = ADVERSARIAL + r"(?:_(\d+(?:\.\d+)?)(?:_(\d+))?)?"
    found = re.fullmatch(form, name or "", re.ASCII)
    if found is None:
        return None
    levels, steps = float(found[1] or RADIUS), int(found[2] or STEPS)
    if not (0 < levels <= 255 and 1 <= steps <= 100):
        return None
    return {"kind": ADVERSARIAL, "radius": levels / 255, "steps": steps}


def _value(form, name):
    """The number in a name of this form, 0 without one, or None."""
    found = re.fullmatch(form, name or "", re.ASCII)
    return found and float((*found.groups(), 0)[0])
