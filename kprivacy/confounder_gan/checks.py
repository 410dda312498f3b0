"""What ConfounderGAN's models must be."""

import keras

from kprivacy import errors
from kprivacy.data import pictures


def check_client(client):
    """Raises unless a client shows its noise."""
    if "noise" not in [one.name for one in client.layers]:
        raise errors.UserError(
            "`client` must have a layer \"noise\", which gives G(x). Received: "
            "one without. Build it with `kprivacy.confounder_gan.build_client`."
        )


def check_readers(readers, shape):
    """Raises unless all classifiers take pictures of a shape.

    Args:
        readers: Classifiers.
        shape: (height, width, channels) of pictures; None for any.
    """
    for one in readers:
        own = tuple(one.input_shape[1:])
        if not pictures.fits(own, shape):
            raise errors.UserError(
                f"Classifiers must take pictures of shape {tuple(shape)}. "
                f"Received: {one.name!r} for shape {own}. Build it with "
                "`kprivacy.networks.classifier` for the size of the pictures."
            )


def check_batch(images, labels):
    """Raises unless a batch may be pictures in [0, 1] and their labels.

    Args:
        images: Tensor.
        labels: Tensor.
    """
    kinds = [keras.backend.standardize_dtype(one.dtype)
             for one in (images, labels)]
    if len(images.shape) != 4 or not keras.backend.is_float_dtype(kinds[0]):
        raise errors.UserError(
            "Pictures must be floats in [0, 1], shape (batch, height, width, "
            f"channels). Received: {kinds[0]} of shape "
            f"{tuple(images.shape)}. Divide bytes by 255."
        )
    if not keras.backend.is_int_dtype(kinds[1]) or len(labels.shape) != 1:
        raise errors.UserError(
            "Labels must be integers, shape (batch,). Received: "
            f"{kinds[1]} of shape {tuple(labels.shape)}. Of one-hot labels "
            "take the argmax."
        )


def check_each(check, **numbers):
    """Calls a check of `kprivacy.errors` for each number and its name."""
    for name, number in numbers.items():
        check(name, number)
