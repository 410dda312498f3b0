"""Integer arithmetic where networks are, float32 where numbers are exact."""

import re

from kprivacy.fakesafe.covers import Embed, Read

from . import compact, opened


def exact_layers(model):
    """Names of layers that must not be rounded: the lattices of covers."""
    return [layer.name for layer in _lattices(model)]


def on_levels(model):
    """A model whose lattices are of few levels, as a file has them.

    Both ends must be such: a code is read along the very directions that it
    was written along. A model that has lattices is copied, the others are
    what is given back.
    """
    if not exact_layers(model):
        return model
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    for layer in _lattices(copy):
        layer.directions.assign(compact.on_levels(layer.directions.numpy()))
    return copy


def _lattices(model):
    for layer in model.layers:
        if isinstance(layer, (Embed, Read)):
            yield layer
        elif hasattr(layer, "layers"):
            yield from _lattices(layer)


def networks(model, exact):
    """Names of all other layers that have weights."""
    names = []
    for layer in model.layers:
        if hasattr(layer, "layers"):
            names += networks(layer, exact)
        elif layer.weights and layer.name not in exact:
            names.append(layer.name)
    return names


def convert(make, names):
    """The bytes of a file whose named layers alone are of integers.

    Args:
        make: Function that gives a configured converter, anew each time.
        names: Of layers.
    """
    import tensorflow as tf

    plain = make()
    plain.optimizations, plain.representative_dataset = [], None
    plain.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    converter = make()
    options = tf.lite.experimental.QuantizationDebugOptions(
        denylisted_nodes=_others(plain.convert(), names)
    )
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=converter,
        debug_dataset=converter.representative_dataset,
        debug_options=options,
    )
    return debugger.get_nondebug_quantized_model()


def _others(content, names):
    """Names of a float32 file's operations that are of none of the layers."""
    interpreter = opened.without_delegates(content)
    said = {one["index"]: one["name"]
            for one in interpreter.get_tensor_details()}
    pattern = re.compile(
        "|".join(rf"(^|/){re.escape(one)}(_\d+)?(/|$)" for one in names)
    )
    found = [said[one["outputs"][0]] for one in interpreter._get_ops_details()]
    if not names:
        return found
    return [one for one in found if not pattern.search(one)]
