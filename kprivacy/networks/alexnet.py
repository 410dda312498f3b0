"""AlexNet for images (height, width, channels) and signals (steps, channels).
"""

from kprivacy.networks import blocks

# From this side on the stem is the published one, 11 wide in steps of 4.
LARGE = 128
_POOL = 3
_POOLED = (1, 2, 5)


def alexnet(
    input_shape,
    filters=(96, 256, 384, 384, 256),
    bottleneck=None,
    bottleneck_activation="sigmoid",
    noise=0.0,
    name="alexnet",
):
    """Builds AlexNet's convolutional part, with batch normalisation.

    Five convolutions, each followed by batch normalisation and ReLU, with
    overlapping max pooling (3, stride 2) behind the first, second and fifth.
    The first is 11 wide with stride 4 where every side is at least 128, and
    5 wide with stride 1 below. Pooling that would leave a side below 2 is
    left out. The paper's split over two GPUs is not made: every convolution
    sees all maps. Dropout belongs to the classifier.

    Args:
        input_shape: (height, width, channels) of images or (steps, channels)
            of signals, without the batch; sides of at least 5.
        filters: Filters of the five convolutions; smaller ones make a
            narrower network.
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
        UserError: The shape is not an image's or a signal's, a side is too
            small, or `filters` are not five.

    Reference: Krizhevsky, Sutskever and Hinton, ImageNet classification with
    deep convolutional neural networks, 2012; batch normalisation, in place
    of local response normalisation, as RAN's paper adds it.
    """
    blocks.check_counts("filters", filters, 5)
    inputs = blocks.data_input(input_shape)
    blocks.check_side(inputs, _POOL + 2, "AlexNet")
    large = min(inputs.shape[1:-1]) >= LARGE
    x = inputs
    widths = (11 if large else 5, 5, 3, 3, 3)
    for i, (count, width) in enumerate(zip(filters, widths), start=1):
        strides = 4 if large and i == 1 else 1
        x = blocks.convolution(x, count, width, i, strides)
        if i in _POOLED:
            x = blocks.max_pooling(x, i, _POOL, smallest=2)
    return blocks.encoder(
        inputs, x, bottleneck, bottleneck_activation, noise, name
    )
