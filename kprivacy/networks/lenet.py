"""LeNet for images (height, width, channels) and signals (steps, channels)."""

from kprivacy import errors
from kprivacy.networks import blocks


def lenet(
    input_shape,
    filters=(20, 50),
    kernel_size=5,
    padding="valid",
    bottleneck=None,
    bottleneck_activation="sigmoid",
    noise=0.0,
    name="lenet",
):
    """Builds LeNet's convolutional part: convolution, batch norm, max pooling.

    Args:
        input_shape: (height, width, channels) of images or (steps, channels)
            of signals, without the batch.
        filters: Filters of each convolution; each is followed by batch
            normalisation, ReLU and pooling by 2.
        kernel_size: Width of the convolutions, in pixels or time steps.
        padding: "valid", as LeNet has it, or "same".
        bottleneck: None for the pooled maps as features (the paper's), or
            the length of a feature vector behind a dense layer.
        bottleneck_activation: Activation of that vector; the default bounds
            it to [0, 1].
        noise: Amplitude of the noise added to the features before the
            bottleneck's activation; 0 for a network without a noise input.
        name: Name of the model.

    Returns:
        A functional `keras.Model` from `image` (or `signal`), and `noise` if
        asked for, to `features`.

    Raises:
        UserError: The shape has not two or three dimensions, or pooling
            leaves nothing of it.

    Reference: LeCun et al., Gradient-based learning applied to document
    recognition, 1998; batch normalisation as RAN's paper adds it.
    """
    inputs = blocks.data_input(input_shape)
    _check_room(input_shape, filters, kernel_size, padding)
    x = inputs
    for i, count in enumerate(filters, start=1):
        x = blocks.convolution(x, count, kernel_size, i, padding=padding)
        x = blocks.max_pooling(x, i)
    return blocks.encoder(
        inputs, x, bottleneck, bottleneck_activation, noise, name
    )


def _check_room(input_shape, filters, kernel_size, padding):
    """Raises unless the convolutions and poolings leave something."""
    left = min(input_shape[:-1])
    for _ in filters:
        left = (left if padding == "same" else left - kernel_size + 1) // 2
    if left < 1:
        raise errors.UserError(
            f"`input_shape` must be large enough for {len(filters)} "
            f"convolutions of {kernel_size} with pooling by 2. Received: "
            f"{tuple(input_shape)}. Use fewer `filters`, a smaller "
            "`kernel_size` or padding='same'."
        )
