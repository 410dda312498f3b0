"""Parts of the convolutional encoders; layers are named after their place."""

import keras
from keras import layers

from kprivacy import errors
from kprivacy.layers import AddUniformNoise

STEMS = ("cifar", "imagenet")


def data_input(input_shape):
    """Returns the input `image` or `signal` of a network.

    Args:
        input_shape: (height, width, channels) of images or (steps, channels)
            of signals, without the batch.

    Raises:
        UserError: The shape is neither, or one of its sizes is not known.
    """
    shape = tuple(input_shape)
    if len(shape) not in (2, 3) or any(not n or n < 1 for n in shape):
        raise errors.UserError(
            "`input_shape` must be (height, width, channels) or (steps, "
            "channels), without the batch, of sizes of at least 1. Received: "
            f"{shape}."
        )
    return keras.Input(shape, name="image" if len(shape) == 3 else "signal")


def check_counts(name, counts, length=None):
    """Raises unless `counts` are integers of at least 1, `length` of them."""
    if not isinstance(counts, (list, tuple)) or not counts or (
        length is not None and len(counts) != length
    ):
        wanted = "integers" if length is None else f"{length} integers"
        raise errors.UserError(
            f"`{name}` must be a list of {wanted}, in the order of the "
            f"layers. Received: {name}={counts!r}."
        )
    for i, count in enumerate(counts):
        errors.check_count(f"{name}[{i}]", count)


def check_side(x, minimum, network):
    """Raises unless each side of the data `x` is at least `minimum`."""
    shape = tuple(x.shape[1:])
    if min(shape[:-1]) < minimum:
        raise errors.UserError(
            f"`input_shape` must be large enough for {network}: at least "
            f"{minimum} in each direction, so that it pools once. Received: "
            f"{shape}. Use larger data or `mlp`."
        )


def convolution(
    x, filters, kernel_size, label, strides=1, padding="same", relu=True,
    momentum=0.99,
):
    """Applies a convolution without a bias, batch norm and, if asked, ReLU."""
    conv = layers.Conv2D if len(x.shape) == 4 else layers.Conv1D
    x = conv(
        filters,
        kernel_size,
        strides=strides,
        padding=padding,
        use_bias=False,
        name=f"conv{label}",
    )(x)
    x = layers.BatchNormalization(momentum=momentum, name=f"norm{label}")(x)
    return layers.ReLU(name=f"relu{label}")(x) if relu else x


def moved(x, largest=0.08):
    """Images mirrored and shifted at random, in training alone.

    A model of it has to be told when it is not training: Keras' layers of
    this kind move images unless they are told.

    Args:
        x: (batch, height, width, channels).
        largest: Shift, in sides.
    """
    x = layers.RandomFlip("horizontal", name="mirrored")(x)
    return layers.RandomTranslation(
        largest, largest, fill_mode="nearest", name="shifted"
    )(x)


def stem(x, filters, form, momentum=0.99):
    """The begin of a deep classifier.

    Args:
        x: Images, a Keras tensor.
        filters: Of the convolution.
        form: "cifar": 3 x 3 at full size; "imagenet": 7 x 7 with stride 2
            and max pooling by 2, together a quarter of the size.
        momentum: Of the batch normalisation.
    """
    errors.check_choice("stem", form, STEMS)
    if form == "cifar":
        return convolution(x, filters, 3, "_stem", momentum=momentum)
    x = convolution(x, filters, 7, "_stem", strides=2, momentum=momentum)
    return layers.MaxPooling2D(3, 2, padding="same", name="pool_stem")(x)


def max_pooling(x, label, size=2, smallest=1):
    """Halves `x` by max pooling, unless a side would drop below `smallest`."""
    if (min(x.shape[1:-1]) - size) // 2 + 1 < smallest:
        return x
    pool = layers.MaxPooling2D if len(x.shape) == 4 else layers.MaxPooling1D
    return pool(size, strides=2, name=f"pool{label}")(x)


def encoder(inputs, x, bottleneck, bottleneck_activation, noise, name):
    """Ends an encoder: bottleneck, noise and activation, where asked for.

    Args:
        inputs: Of the network, from `data_input`.
        x: Its pooled maps.
        bottleneck: None or 0 for the maps as features, or the length of a
            feature vector behind a dense layer.
        bottleneck_activation: Activation of that vector.
        noise: Amplitude of the noise added before that activation; 0 for a
            network without a noise input.
        name: Name of the model.

    Returns:
        A functional `keras.Model` from data, and noise, to features.
    """
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
