"""FakeSafe's client: F, which turns the private message into a fake."""

from kprivacy.fakesafe.networks import transform


def build_client(source_shape, target_shape, **options):
    """Builds the generator of fakes.

    Args:
        source_shape: Of the private domain: (height, width, channels) of
            images in [0, 1], or (size,) of vectors in standard units.
        target_shape: Of the fake's domain, likewise.
        **options: `network`, `units`, `filters`, `detail`, `dropout`,
            `normalise`, `code`, `key`, `cover`, `spacing` and `smooth` of
            `kprivacy.fakesafe.networks.transform`. The default is the paper's
            perceptron from image to image.

    Returns:
        A functional `keras.Model` named "client" from `source`, and `key` and
        `cover` if asked for, to the fake.
    """
    return transform(
        tuple(source_shape), tuple(target_shape), "source", "client", **options
    )
