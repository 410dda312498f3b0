"""The graph of a client as it converts well."""

from kprivacy.layers import RoundToBytes

from . import rebuild
from .parts import BYTES


def prepared(model, integer=False):
    """A client in float32, without what a file does by itself.

    Mixed precision does not convert, and a file of bytes rounds anyway.

    Args:
        model: Functional `keras.Model`.
        integer: Whether it is for integer arithmetic.
    """
    model = _in_float32(model)
    if isinstance(model.layers[-1], RoundToBytes):
        inputs = model.inputs if len(model.inputs) > 1 else model.inputs[0]
        model = type(model)(inputs, model.layers[-1].input)
    return _apart(model) if integer else model


def unclipped(model, kind):
    """A client without a last clip to [0, 1], and whether it had one.

    Bytes end there by themselves.

    Args:
        model: Functional `keras.Model`, as `prepared`.
        kind: Of its output, see `export.parts`.
    """
    import keras

    last = model.layers[-1]
    clips = kind in BYTES and kind != "features" and (
        isinstance(last, keras.layers.ReLU)
        and (last.max_value, last.threshold, last.negative_slope) == (1, 0, 0)
    )
    if not clips:
        return model, False
    # Its `input` may be that of a graph it was in before.
    return rebuild.rebuilt(
        model, keras, lambda layer: None if layer is last else layer
    ), True


def _in_float32(model):
    import keras

    policies = {layer.compute_dtype for layer in model.layers}
    if policies <= {"float32"}:
        return model
    config = model.get_config()
    for layer in config["layers"]:
        layer["config"]["dtype"] = "float32"
    copy = keras.Model.from_config(config)
    copy.set_weights(model.get_weights())
    return copy


def _apart(model):
    """The model with a scale of its own for images beside feature maps.

    What is concatenated shares one scale in integer arithmetic, so that an
    image beside maps of a wide range would be left with a few levels. A
    leaky ReLU between them changes no image, and has a scale of its own.
    """
    import keras

    images = [
        one.name for one in model.inputs if len(one.shape) == 4
    ]

    def call(layer, *args, **kwargs):
        if type(layer).__name__ != "Concatenate":
            return layer(*args, **kwargs)
        joined = [
            keras.layers.LeakyReLU(0.5, name=f"{layer.name}_apart{i}")(x)
            if x._keras_history.operation.name in images else x
            for i, x in enumerate(args[0])
        ]
        return layer(joined, **kwargs)

    copy = keras.models.clone_model(model, call_function=call)
    copy.set_weights(model.get_weights())
    return copy
