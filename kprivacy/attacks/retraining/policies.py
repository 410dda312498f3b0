"""AutoAugment's policy for CIFAR-10, and TrivialAugment, with Pillow.

Reference: Cubuk et al., AutoAugment: learning augmentation strategies from
data, 2019, its table of sub-policies: of each the operation, how often it is
applied, and how much, from 0 to 9.
"""

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

CIFAR10 = (
    (("invert", 0.1, 7), ("contrast", 0.2, 6)),
    (("rotate", 0.7, 2), ("translate_x", 0.3, 9)),
    (("sharpness", 0.8, 1), ("sharpness", 0.9, 3)),
    (("shear_y", 0.5, 8), ("translate_y", 0.7, 9)),
    (("autocontrast", 0.5, 8), ("equalize", 0.9, 2)),
    (("shear_y", 0.2, 7), ("posterize", 0.3, 7)),
    (("color", 0.4, 3), ("brightness", 0.6, 7)),
    (("sharpness", 0.3, 9), ("brightness", 0.7, 9)),
    (("equalize", 0.6, 5), ("equalize", 0.5, 1)),
    (("contrast", 0.6, 7), ("sharpness", 0.6, 5)),
    (("color", 0.7, 7), ("translate_x", 0.5, 8)),
    (("equalize", 0.3, 7), ("autocontrast", 0.4, 8)),
    (("translate_y", 0.4, 3), ("sharpness", 0.2, 6)),
    (("brightness", 0.9, 6), ("color", 0.2, 8)),
    (("solarize", 0.5, 2), ("invert", 0.0, 3)),
    (("equalize", 0.2, 0), ("autocontrast", 0.6, 0)),
    (("equalize", 0.2, 8), ("equalize", 0.6, 4)),
    (("color", 0.9, 9), ("equalize", 0.6, 6)),
    (("autocontrast", 0.8, 4), ("solarize", 0.2, 8)),
    (("brightness", 0.1, 3), ("color", 0.7, 0)),
    (("solarize", 0.4, 5), ("autocontrast", 0.9, 3)),
    (("translate_y", 0.9, 9), ("translate_y", 0.7, 9)),
    (("autocontrast", 0.9, 2), ("solarize", 0.8, 3)),
    (("equalize", 0.8, 8), ("invert", 0.1, 3)),
    (("translate_y", 0.7, 9), ("autocontrast", 0.9, 1)),
)
# TrivialAugment's, beside none at all.
TRIVIAL = ("translate_x", "translate_y", "shear_x", "shear_y", "rotate",
           "brightness", "color", "contrast", "sharpness", "posterize",
           "solarize", "autocontrast", "equalize")
# At magnitude 9: a share of the side, a slope, degrees, a factor less 1.
MOST = {"translate": 150 / 331, "shear": 0.3, "rotate": 30.0, "enhance": 0.9}
_ENHANCED = {
    "brightness": ImageEnhance.Brightness,
    "color": ImageEnhance.Color,
    "contrast": ImageEnhance.Contrast,
    "sharpness": ImageEnhance.Sharpness,
}


def cifar10(images, generator):
    """Applies a random sub-policy to each image.

    Args:
        images: float32 in [0, 1], (batch, height, width, 1 or 3).
        generator: A NumPy generator.

    Returns:
        float32 images on the 8-bit grid, of the same shape.
    """

    def draw():
        policy = CIFAR10[generator.integers(len(CIFAR10))]
        return [(name, level) for name, share, level in policy
                if generator.random() < share]

    return _changed(images, draw, generator)


def trivial(images, generator):
    """Applies one random operation, as much as chance says, to each image.

    Args:
        images: As for `cifar10`.
        generator: Likewise.

    Returns:
        As `cifar10`.

    Reference: Mueller and Hutter, TrivialAugment: tuning-free yet
    state-of-the-art data augmentation, 2021. Amounts are those of
    AutoAugment's.
    """

    def draw():
        place = generator.integers(len(TRIVIAL) + 1)
        if place == len(TRIVIAL):  # as it is
            return []
        return [(TRIVIAL[place], generator.integers(10))]

    return _changed(images, draw, generator)


def _changed(images, draw, generator):
    """Each image after the operations (name, level) that are drawn for it."""
    pixels = np.rint(images * 255).astype(np.uint8)
    changed = np.empty_like(pixels)
    for i, one in enumerate(pixels):
        grey = one.shape[-1] == 1
        image = Image.fromarray(one[..., 0] if grey else one)
        for name, level in draw():
            image = _OPERATIONS[name](image, level, generator)
        changed[i] = np.asarray(image).reshape(one.shape)
    return changed.astype(np.float32) / 255


def _signed(value, generator):
    return value if generator.random() < 0.5 else -value


def _level(kind, level, generator):
    return _signed(MOST[kind] * level / 9, generator)


def _affine(image, *matrix):
    return image.transform(image.size, Image.Transform.AFFINE, matrix)


def _translate_x(image, level, generator):
    shift = _level("translate", level, generator) * image.width
    return _affine(image, 1, 0, shift, 0, 1, 0)


def _translate_y(image, level, generator):
    shift = _level("translate", level, generator) * image.height
    return _affine(image, 1, 0, 0, 0, 1, shift)


def _shear_x(image, level, generator):
    slope = _level("shear", level, generator)
    return _affine(image, 1, slope, 0, 0, 1, 0)


def _shear_y(image, level, generator):
    slope = _level("shear", level, generator)
    return _affine(image, 1, 0, 0, slope, 1, 0)


def _rotate(image, level, generator):
    return image.rotate(_level("rotate", level, generator))


def _enhance(name):
    def apply(image, level, generator):
        factor = 1 + _level("enhance", level, generator)
        return _ENHANCED[name](image).enhance(factor)

    return apply


_OPERATIONS = {
    "translate_x": _translate_x,
    "translate_y": _translate_y,
    "shear_x": _shear_x,
    "shear_y": _shear_y,
    "rotate": _rotate,
    **{name: _enhance(name) for name in _ENHANCED},
    "posterize": lambda image, level, _: ImageOps.posterize(
        image, 8 - round(4 * level / 9)
    ),
    "solarize": lambda image, level, _: ImageOps.solarize(
        image, 255 - round(255 * level / 9)
    ),
    "autocontrast": lambda image, *_: ImageOps.autocontrast(image),
    "equalize": lambda image, *_: ImageOps.equalize(image),
    "invert": lambda image, *_: ImageOps.invert(image),
}
