"""What a trainer does to all pictures to wash a protection out.

Each is a function of images, float (examples, height, width, 1 or 3) in
[0, 1], to float32 images on the 8-bit grid. The trainer's network sees
pictures through it from then on, those that it is tested on as well.
"""

import numpy as np

from kprivacy.attacks.fakes import distortions


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
    """A JPEG file of this quality, from 1 to 95."""
    return distortions.jpeg(quality)


def bits(count):
    """That many bits a channel."""
    return distortions.bits(count)


def blur(deviation=1.0):
    """A Gaussian of this standard deviation, in pixels."""
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


NAMES = {
    "grey": grey,
    "jpeg_75": jpeg(75),
    "jpeg_10": jpeg(10),
    "bits_2": bits(2),
    "blur": blur(),
    "halved": halved,
    "grey+jpeg_10": lambda images: jpeg(10)(grey(images)),
}
