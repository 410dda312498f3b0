"""RAN's client: the encoder that runs on the phone."""

from kprivacy import errors
from kprivacy.networks import lenet

NETWORKS = {"lenet": lenet}


def build_client(input_shape, network="lenet", **options):
    """Builds RAN's encoder.

    Args:
        input_shape: (height, width, channels) of images in [0, 1] or
            (steps, channels) of signals, without the batch.
        network: Name of the backbone: "lenet".
        **options: Of the backbone, see `kprivacy.networks.lenet`: `filters`,
            `kernel_size`, `bottleneck`, `bottleneck_activation`, `noise`.

    Returns:
        A functional `keras.Model` named "client", data to features.
    """
    errors.check_choice("network", network, tuple(NETWORKS))
    return NETWORKS[network](input_shape, name="client", **options)
