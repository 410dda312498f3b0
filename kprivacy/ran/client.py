"""RAN's client: the encoder that runs on the phone."""

import inspect

from kprivacy import errors
from kprivacy.networks import alexnet, lenet, vgg

NETWORKS = {"alexnet": alexnet, "lenet": lenet, "vgg": vgg}


def build_client(input_shape, network="lenet", **options):
    """Builds RAN's encoder.

    Args:
        input_shape: (height, width, channels) of images in [0, 1] or
            (steps, channels) of signals, without the batch.
        network: Name of the backbone: "alexnet", "lenet" or "vgg".
        **options: Of the backbone, see `kprivacy.networks`. All have
            `filters`, `bottleneck`, `bottleneck_activation` and `noise`;
            "lenet" has `kernel_size` and `padding`, "vgg" `convolutions`.
            One that the backbone does not have may be given as None.

    Returns:
        A functional `keras.Model` named "client", data to features.

    Raises:
        UserError: The network is unknown or has no such option, or the shape
            does not fit it.
    """
    errors.check_choice("network", network, tuple(NETWORKS))
    build = NETWORKS[network]
    known = set(inspect.signature(build).parameters) - {"input_shape", "name"}
    for name, value in options.items():
        if name not in known and value is not None:
            raise errors.UserError(
                f"The options of the network {network!r} are "
                f"{', '.join(sorted(known))}. Received: {name}={value!r}. "
                "Leave it out or give None."
            )
    chosen = {n: value for n, value in options.items() if n in known}
    return build(input_shape, name="client", **chosen)
