"""LeNet for images (height, width, channels) and signals (steps, channels)."""

import keras
from keras import layers

from kprivacy import errors
from kprivacy.layers import AddUniformNoise


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
    image = _check_shape(input_shape, filters, kernel_size, padding)
    conv = layers.Conv2D if image else layers.Conv1D
    pool = layers.MaxPooling2D if image else layers.MaxPooling1D
    inputs = keras.Input(input_shape, name="image" if image else "signal")
    x = inputs
    for i, count in enumerate(filters, start=1):
        x = conv(
            count,
            kernel_size,
            padding=padding,
            use_bias=False,
            name=f"conv{i}",
        )(x)
        x = layers.BatchNormalization(name=f"norm{i}")(x)
        x = layers.ReLU(name=f"relu{i}")(x)
        x = pool(2, name=f"pool{i}")(x)
    if bottleneck:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(bottleneck, use_bias=False, name="bottleneck")(x)
        x = layers.BatchNormalization(name="bottleneck_norm")(x)
    if noise:
        noise_input = keras.Input(x.shape[1:], name="noise")
        x = AddUniformNoise(noise, name="add_noise")([x, noise_input])
        inputs = [inputs, noise_input]
    if bottleneck:
        x = layers.Activation(bottleneck_activation, name="features")(x)
    return keras.Model(inputs, x, name=name)


def _check_shape(input_shape, filters, kernel_size, padding):
    """Returns whether the shape is an image's; raises if it does not fit."""
    if len(input_shape) not in (2, 3):
        raise errors.UserError(
            "`input_shape` must be (height, width, channels) or (steps, "
            f"channels), without the batch. Received: {tuple(input_shape)}."
        )
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
    return len(input_shape) == 3
