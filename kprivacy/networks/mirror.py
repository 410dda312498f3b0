"""A decoder that mirrors an encoder layer by layer, built from the encoder."""

import math

import keras
from keras import layers

from kprivacy import errors

_TRANSPOSED = {
    layers.Conv1D: layers.Conv1DTranspose,
    layers.Conv2D: layers.Conv2DTranspose,
}
_UNPOOLING = {
    layers.MaxPooling1D: layers.UpSampling1D,
    layers.AveragePooling1D: layers.UpSampling1D,
    layers.MaxPooling2D: layers.UpSampling2D,
    layers.AveragePooling2D: layers.UpSampling2D,
}
_WITHOUT_MIRROR = ("InputLayer", "BatchNormalization", "ReLU", "LeakyReLU",
                   "Activation", "Dropout", "AddUniformNoise")


def mirror(encoder, output_activation="sigmoid", widen=1, name="decoder"):
    """Builds the decoder that undoes `encoder` layer by layer.

    Convolutions become transposed convolutions, pooling becomes un-pooling
    (each value fills its window: which place it came from is not on the
    wire), dense layers lead back to what they were fed with. Every mirrored
    layer but the last is followed by batch normalisation and ReLU.

    Args:
        encoder: A functional `keras.Model` that is one chain of layers of the
            kinds Conv1D/2D, pooling, Flatten, Dense, batch normalisation,
            activations, dropout and noise.
        output_activation: Of the last layer; "sigmoid" for images in [0, 1],
            None for signals.
        widen: Factor on the filters of all layers but the last.
        name: Name of the model.

    Returns:
        A functional `keras.Model` from features to the encoder's input shape.

    Raises:
        UserError: The encoder holds a layer that has no mirror.
    """
    inputs = keras.Input(encoder.output_shape[1:], name="features")
    x = inputs
    chain = [
        layer
        for layer in reversed(encoder.layers)
        if type(layer).__name__ not in _WITHOUT_MIRROR
    ]
    weighted = [i for i, la in enumerate(chain) if la.weights]
    last = weighted[-1] if weighted else -1
    for i, layer in enumerate(chain):
        x = _mirrored(layer, x, 1 if i == last else widen)
        if layer.weights and i != last:
            x = layers.BatchNormalization(momentum=0.9)(x)
            x = layers.ReLU()(x)
    x = layers.Activation(output_activation or "linear", dtype="float32")(x)
    return keras.Model(inputs, x, name=name)


def _mirrored(layer, x, widen):
    """Applies the mirror image of one encoder layer to `x`."""
    target = tuple(layer.input.shape[1:])
    if type(layer) in _TRANSPOSED:
        transposed = _TRANSPOSED[type(layer)](
            target[-1] * widen,
            layer.kernel_size,
            strides=layer.strides,
            padding=layer.padding,
        )
        return _fit(transposed(x), target[:-1], _shift(layer))
    if type(layer) in _UNPOOLING:
        unpooling = _UNPOOLING[type(layer)]
        return _fit(unpooling(_scalar(layer.strides))(x), target[:-1])
    if isinstance(layer, layers.Flatten):
        return layers.Reshape((*target[:-1], x.shape[-1] // math.prod(
            target[:-1])))(x)
    if isinstance(layer, layers.Dense):
        return layers.Dense(target[-1] * widen)(x)
    raise errors.UserError(
        f"Layer {layer.name!r} of type {type(layer).__name__} has no mirror. "
        "Expected convolutions, pooling, Flatten, Dense, batch normalisation, "
        "activations, dropout and noise. Pass your own decoder as `adversary`."
    )


def _scalar(size):
    return size[0] if isinstance(size, tuple) and len(size) == 1 else size


def _shift(layer):
    """Places by which "same" padding moves the mirror image of a convolution.

    Its padding depends on the size it is given, and the transposed one sees
    a multiple of the strides instead.
    """
    if layer.padding != "same":
        return (0,) * len(layer.strides)
    sizes = zip(
        layer.input.shape[1:-1],
        layer.output.shape[1:-1],
        layer.kernel_size,
        layer.strides,
    )
    return tuple(
        max((out - 1) * stride + width - size, 0) // 2
        - max(width - stride, 0) // 2
        for size, out, width, stride in sizes
    )


def _fit(x, target, shift=(0, 0)):
    """Pads or crops `x` to the spatial shape `target`.

    That happens at its far edges but for `shift` places, cropped at the near
    edge.
    """
    missing = [t - s for t, s in zip(target, x.shape[1:-1])]
    padding = [(0, max(m, 0)) for m in missing]
    cropping = [(s, max(-m, 0) - s) for m, s in zip(missing, shift)]
    one = len(missing) == 1
    if any(m > 0 for m in missing):
        pad = layers.ZeroPadding1D if one else layers.ZeroPadding2D
        x = pad(padding[0] if one else padding)(x)
    if any(m < 0 for m in missing):
        crop = layers.Cropping1D if one else layers.Cropping2D
        x = crop(cropping[0] if one else cropping)(x)
    return x
