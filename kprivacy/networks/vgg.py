"""VGG for images (height, width, channels) and signals (steps, channels)."""

from kprivacy.networks import blocks


def vgg(
    input_shape,
    filters=(64, 128, 256, 512, 512),
    convolutions=(2, 2, 3, 3, 3),
    bottleneck=None,
    bottleneck_activation="sigmoid",
    noise=0.0,
    name="vgg",
    momentum=0.99,
):
    """Builds VGG's convolutional part, with batch normalisation.

    Blocks of convolutions, all 3 wide, each followed by batch normalisation
    and ReLU; max pooling by 2 ends a block. Pooling that would leave a side
    below 2 is left out: of 32 x 32 pixels, four of five remain.

    Args:
        input_shape: (height, width, channels) of images or (steps, channels)
            of signals, without the batch; sides of at least 4.
        filters: Filters in each block; smaller ones make a narrower network.
        convolutions: Convolutions in each block. The default is VGG-16;
            (1, 1, 2, 2, 2) is VGG-11, (2, 2, 4, 4, 4) VGG-19.
        bottleneck: None for the pooled maps as features (the paper's), or
            the length of a feature vector behind a dense layer.
        bottleneck_activation: Activation of that vector; the default bounds
            it to [0, 1].
        noise: Amplitude of the noise added to the features before the
            bottleneck's activation; 0 for a network without a noise input.
        name: Name of the model.
        momentum: Of the batch normalisation.

    Returns:
        A functional `keras.Model` from `image` (or `signal`), and `noise` if
        asked for, to `features`.

    Raises:
        UserError: The shape is not an image's or a signal's, a side is too
            small, or `filters` and `convolutions` differ in length.

    Reference: Simonyan and Zisserman, Very deep convolutional networks for
    large-scale image recognition, 2015; batch normalisation as RAN's paper
    adds it.
    """
    blocks.check_counts("filters", filters)
    blocks.check_counts("convolutions", convolutions, len(filters))
    inputs = blocks.data_input(input_shape)
    blocks.check_side(inputs, 4, "VGG")
    x = inputs
    for i, (count, repeats) in enumerate(zip(filters, convolutions), start=1):
        for j in range(1, repeats + 1):
            x = blocks.convolution(
                x, count, 3, f"{i}_{j}", momentum=momentum
            )
        x = blocks.max_pooling(x, i, smallest=2)
    return blocks.encoder(
        inputs, x, bottleneck, bottleneck_activation, noise, name
    )
