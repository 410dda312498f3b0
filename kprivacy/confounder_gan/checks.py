"""What ConfounderGAN's models must be."""

from kprivacy import errors


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
        if len(own) != len(shape) or any(
            None not in (a, b) and a != b for a, b in zip(own, shape)
        ):
            raise errors.UserError(
                f"Classifiers must take pictures of shape {tuple(shape)}. "
                f"Received: {one.name!r} for shape {own}. Build it with "
                "`kprivacy.networks.classifier` for the size of the pictures."
            )
