"""Converts a Keras client to a TFLite file with a fixed outside.

Whatever the arithmetic, a file has one named signature, a static batch of one,
and the kinds of `export.parts`: pictures, noise, keys and features travel as
uint8, the rest as float32. int8 gets there by `export.outside`, the others by
casts inside the graph. Only built-in operators are used.
"""

import contextlib
import dataclasses
import tempfile
import warnings

import numpy as np

from kprivacy.confounder_gan.client import Bounded
from kprivacy.errors import UserError

from . import (
    compact,
    correction,
    graph,
    lean,
    mixed,
    outside,
    paired,
    subpixel,
    tuning,
)
from .parts import BYTES, PIXEL

QUANTIZATIONS = ("int8", "dynamic", "float16", "float32", "int16x8")
# int8 of weights that have learnt to stand it.
FITTED = {f"int8_{kind}": kind for kind in tuning.KINDS}
CALIBRATION = 300  # examples that ranges are measured on
# Of the file, what scales of single outputs of dense layers may take; where
# they took more, a dense layer has one.
SCALES_SHARE = 0.05
DENSE_AS_ONE = (
    "_experimental_disable_per_channel_quantization_for_dense_layers"
)


def convert(client, quantization="int8", **settings):
    """Converts a client.

    Args:
        client: `export.parts.Client`.
        quantization: "int8" for integer arithmetic throughout (but for the
            lattice that hides a code in a cover), "dynamic" for
            int8 weights, "float16" for half-size weights, "float32",
            "int16x8" for int8 weights and activations of 16 bits, or int8 of
            weights that are learnt anew: "int8_tuned", "int8_pruned" and
            "int8_clustered", see `export.tuning.fitted`.
        **settings: Of `export.tuning.fitted`, for these.

    Returns:
        The bytes of the .tflite file.

    Raises:
        UserError: The quantisation is unknown, there are no examples, they
            are not of the inputs' shapes, or an operator does not convert.
    """
    _check(client, quantization)
    if quantization in FITTED:
        model = tuning.fitted(client, FITTED[quantization], **settings)
        fitted = dataclasses.replace(client, model=model)
        return _int8(client, fitted, calibration_inputs(client))
    if quantization == "int16x8" and mixed.exact_layers(client.model):
        raise UserError(
            "A client that hides a code in a cover has no int16x8 file: its "
            "lattice stays in float32. Use int8 or dynamic."
        )
    examples = calibration_inputs(client)
    if quantization != "int8":
        return _convert(client, client.model, examples, quantization)
    return _int8(client, client, examples)


def _int8(client, fitted, examples):
    """The int8 file of `fitted`, as close as can be to `client`."""

    def convert_int8(model):
        return _convert(client, model, examples, "int8")

    content = convert_int8(fitted.model)
    if client.output[1] != "features":
        return content
    return correction.correct(
        client, fitted.model, content, convert_int8, examples
    )


def _convert(client, model, examples, quantization):
    """The bytes of the file, for calibration inputs already prepared."""
    import keras
    import tensorflow as tf

    exact = mixed.exact_layers(model)
    integer = quantization == "int8" and not exact
    model = graph.prepared(model, integer)
    model = lean.lean(model, [np.shape(one)[1:] for one in client.examples])
    clipped = False
    if integer:
        model, clipped = graph.unclipped(model, client.output[1])
        model = paired.paired(subpixel.shuffled(model))
    archive = keras.export.ExportArchive()
    archive.track(model)
    endpoint = _endpoint(client, model, None if integer else examples)
    archive.add_endpoint(
        client.signature, endpoint, _specification(client, integer)
    )
    with tempfile.TemporaryDirectory() as folder, _unwarned():
        archive.write_out(folder, verbose=False)

        def make():
            converter = tf.lite.TFLiteConverter.from_saved_model(
                folder, signature_keys=[client.signature]
            )
            _configure(converter, quantization, examples, client, integer)
            setattr(converter, DENSE_AS_ONE,
                    _scales_share(model) > SCALES_SHARE)
            return converter

        try:
            if exact and quantization == "int8":
                names = mixed.networks(model, exact)
                content = compact.compacted(mixed.convert(make, names))
            else:
                content = make().convert()
        except Exception as error:
            raise UserError(
                "The client must be of layers that TFLite has built-in "
                f"operators for. Received: a client that does not convert to "
                f"{quantization}: {str(error).strip().splitlines()[0][:300]}"
            ) from error
    if not integer:
        return content
    return outside.fitted(content, client, {
        layer.name: layer.bound for layer in model.layers
        if isinstance(layer, Bounded)
    }, clipped)


@contextlib.contextmanager
def _unwarned():
    """The converter measures with an interpreter that it calls outdated."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=r"\s*Warning: tf.lite.Interpreter"
        )
        yield


def calibration_inputs(client):
    """A client's first examples, with the whole range of what is of bytes.

    The first example of each has one 0 and one 1 in its corners, so that its
    range is exactly [0, 1] and its scale exactly 1/255: then the uint8 that
    the file takes is the pixel itself.
    """
    inputs = []
    for kind, values in zip(client.inputs.values(), client.examples):
        values = np.array(values[:CALIBRATION], np.float32)
        if kind in BYTES:
            values[0].flat[0], values[0].flat[-1] = 0.0, 1.0
        inputs.append(values)
    return inputs


def wire(client, model):
    """Scale and zero point of what a file sends; (None, None) of floats.

    Args:
        client: `export.parts.Client`.
        model: `TFLiteModel` of its file.
    """
    kind = client.output[1]
    if kind not in BYTES:
        return None, None
    if kind != "features":
        return PIXEL
    (detail,) = model.outputs.values()
    scale, zero_point = detail["quantization"]
    if scale:
        return float(scale), int(zero_point)
    return feature_range(client, calibration_inputs(client))


def feature_range(client, examples):
    """Scale and zero point that spread the features over 0..255."""
    features = client.model.predict(client.given(examples), verbose=0)
    low = min(float(features.min()), 0.0)
    high = max(float(features.max()), low + 1e-6)
    scale = (high - low) / 255.0
    return scale, int(round(-low / scale))


def _check(client, quantization):
    shapes = [tuple(one.shape[1:]) for one in client.model.inputs]
    given = [np.shape(one)[1:] for one in client.examples]
    known = (*QUANTIZATIONS, *FITTED)
    if quantization not in known or not all(
        len(one) for one in client.examples
    ):
        raise UserError(
            f"`quantization` must be one of {known} and there must "
            f"be examples. Received: quantization={quantization!r}, "
            f"{[len(one) for one in client.examples]} examples."
        )
    fits = len(shapes) == len(given) and all(
        len(a) == len(b) and all(n in (None, m) for n, m in zip(a, b))
        for a, b in zip(shapes, given)
    )
    if not fits:
        raise UserError(
            f"Examples must be of the client's shapes {shapes}, with a batch "
            f"before. Received: {given}. Give what it was trained on."
        )


def _scales_share(model):
    """Bytes of scales of dense outputs, as a share of the weights' bytes.

    Each has a scale and a zero point of the kernel and of the bias, and the
    bias: 28 bytes, as much as 28 weights.
    """
    outputs = sum(
        one.units for one in model._flatten_layers()
        if type(one).__name__ == "Dense"
    )
    return 28 * outputs / max(1, model.count_params())


def _specification(client, integer):
    import tensorflow as tf

    specs = []
    for (name, kind), values in zip(client.inputs.items(), client.examples):
        dtype = "uint8" if kind in BYTES and not integer else "float32"
        dtype = "int32" if kind == "tokens" else dtype
        shape = (1, *np.shape(values)[1:])
        specs.append(tf.TensorSpec(shape, dtype, name=name))
    return specs


def _endpoint(client, model, examples):
    """The function to export; with casts where `examples` are given."""
    import tensorflow as tf

    name, kind = client.output
    if examples is None:
        return lambda *inputs: {
            name: model(client.given(inputs), training=False)
        }
    scale, zero_point = PIXEL
    if kind == "features":
        scale, zero_point = feature_range(client, examples)

    def run(*inputs):
        values = [
            tf.cast(x, "float32") / 255.0 if x.dtype == tf.uint8 else x
            for x in inputs
        ]
        sent = model(client.given(values), training=False)
        if kind not in BYTES:
            return {name: sent}
        quanta = tf.round(sent / scale) + float(zero_point)
        clipped = tf.clip_by_value(quanta, 0.0, 255.0)
        return {name: tf.cast(clipped, "uint8")}

    return run


def _configure(converter, quantization, examples, client, integer):
    import tensorflow as tf

    sets = tf.lite.OpsSet
    converter.target_spec.supported_ops = [sets.TFLITE_BUILTINS]
    if quantization == "float32":
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantization in ("int8", "int16x8"):
        wanted = examples
        if not integer:  # which takes bytes inside the graph
            wanted = [
                np.rint(one * 255).astype(np.uint8) if kind in BYTES else one
                for kind, one in zip(client.inputs.values(), examples)
            ]
        # By name: the converter has an order of its own.
        converter.representative_dataset = lambda: (
            (client.signature,
             client.named([x[i : i + 1] for x in wanted]))
            for i in range(len(wanted[0]))
        )
    if quantization == "int8":
        converter.target_spec.supported_ops = [sets.TFLITE_BUILTINS_INT8]
        if not integer:
            converter.target_spec.supported_ops.append(sets.TFLITE_BUILTINS)
            return
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.uint8
    if quantization == "int16x8":
        converter.target_spec.supported_ops = [
            sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
            sets.TFLITE_BUILTINS,
        ]
