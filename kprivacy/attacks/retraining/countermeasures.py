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


NAMES = {
    "grey": grey,
    "jpeg_75": jpeg(75),
    "jpeg_10": jpeg(10),
    "bits_2": bits(2),
    "blur": blur(),
    "grey+jpeg_10": lambda images: jpeg(10)(grey(images)),
}
