"""Integer arithmetic where networks are, float32 where numbers are exact."""

import re

from kprivacy.fakesafe.covers import Embed, Read

from . import opened


def exact_layers(model):
    """Names of layers that must not be rounded: the lattices of covers."""
    names = []
    for layer in model.layers:
        if isinstance(layer, (Embed, Read)):
            names.append(layer.name)
        elif hasattr(layer, "layers"):
            names += exact_layers(layer)
    return names


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
    return [one for one in found if not pattern.search(one)]
