"""Converts a Keras client to a TFLite file with a fixed outside.

Whatever the quantisation, images and noise go in as uint8 and features come
out as uint8, under one named signature and a static batch of one. Full int8
does that through the converter's own types, the others by casts inside.
"""

import tempfile

import numpy as np

from kprivacy.errors import UserError

from . import correction

QUANTIZATIONS = ("int8", "dynamic", "float16", "float32")
SIGNATURE = "encode"


def convert(client, calibration, quantization="int8"):
    """Converts a client.

    Args:
        client: Functional `keras.Model`, from an image in [0, 1] or a signal,
            and noise in [0, 1) if it takes any, to features.
        calibration: float32 examples of the data, at least one, which the
            ranges of activations and features are measured on.
        quantization: "int8" for integer arithmetic throughout, "dynamic" for
            int8 weights, "float16" for half-size weights, "float32".

    Returns:
        The bytes of the .tflite file.

    Raises:
        ValueError: The quantisation is unknown or the calibration empty.
    """
    if quantization not in QUANTIZATIONS or not len(calibration):
        raise UserError(
            f"`quantization` must be one of {QUANTIZATIONS} and "
            "`calibration` hold examples. Received: "
            f"quantization={quantization!r}, {len(calibration)} examples."
        )
    client = _in_float32(client)
    examples = calibration_inputs(client, calibration)
    if quantization != "int8":
        return _convert(client, examples, quantization)
    if not is_image(client) and len(client.inputs) > 1:
        raise UserError(
            "An int8 client of signals cannot take a noise input. Received: "
            f"inputs {input_names(client)}. Use quantization='dynamic'."
        )

    def convert_int8(one):
        return _convert(one, examples, "int8")

    return correction.correct(
        client, convert_int8(client), convert_int8, examples[0]
    )


def _convert(client, examples, quantization):
    """The bytes of the file, for calibration inputs already prepared."""
    import keras
    import tensorflow as tf

    integer = quantization == "int8"
    archive = keras.export.ExportArchive()
    archive.track(client)
    endpoint = _endpoint(client, None if integer else examples)
    archive.add_endpoint(
        SIGNATURE, endpoint, _specification(client, integer)
    )
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[SIGNATURE]
        )
        _configure(converter, quantization, examples, is_image(client))
        return converter.convert()


def calibration_inputs(client, data):
    """Calibration examples as one array an input.

    The first image has one black and one white pixel in its corners, so that
    the range of an image is exactly [0, 1] and its scale exactly 1/255: then
    the uint8 that the client takes is the pixel itself. The same is done for
    noise.
    """
    generator = np.random.default_rng(0)
    data = np.asarray(data, np.float32)
    if is_image(client):
        data = data.copy()
        data[0].flat[0], data[0].flat[-1] = 0.0, 1.0
    inputs = [data]
    for extra in client.inputs[1:]:
        noise = generator.random((len(data), *extra.shape[1:]), np.float32)
        noise[0].flat[0], noise[0].flat[-1] = 0.0, 1.0
        inputs.append(noise)
    return inputs


def is_image(client):
    """Whether the client's data are images (and so uint8 on the outside)."""
    return len(client.inputs[0].shape) == 4


def _in_float32(client):
    """The client under the float32 policy: mixed precision won't convert."""
    import keras

    policies = {layer.compute_dtype for layer in client.layers}
    if policies <= {"float32"}:
        return client
    config = client.get_config()
    for layer in config["layers"]:
        layer["config"]["dtype"] = "float32"
    copy = keras.Model.from_config(config)
    copy.set_weights(client.get_weights())
    return copy


def input_names(client):
    """Names of the client's inputs: "image" or "signal", and "noise"."""
    return [tensor.name for tensor in client.inputs]


def _specification(client, integer):
    import tensorflow as tf

    specs = []
    for tensor in client.inputs:
        bytes_in = is_image(client) or tensor.name == "noise"
        dtype = "uint8" if bytes_in and not integer else "float32"
        shape = (1, *tensor.shape[1:])
        specs.append(tf.TensorSpec(shape, dtype, name=tensor.name))
    return specs


def _endpoint(client, examples):
    """The function to export; with casts where `examples` are given."""
    import tensorflow as tf

    if examples is None:
        return lambda *inputs: {
            "features": client(_unpacked(inputs), training=False)
        }
    scale, zero_point = feature_range(client, examples)

    def encode(*inputs):
        values = [
            tf.cast(x, "float32") / 255.0 if x.dtype == tf.uint8 else x
            for x in inputs
        ]
        features = client(_unpacked(values), training=False)
        quanta = tf.round(features / scale) + float(zero_point)
        clipped = tf.clip_by_value(quanta, 0.0, 255.0)
        return {"features": tf.cast(clipped, "uint8")}

    return encode


def _unpacked(inputs):
    return inputs[0] if len(inputs) == 1 else list(inputs)


def feature_range(client, examples):
    """Scale and zero point that spread the features over 0..255."""
    features = client.predict(_unpacked(examples), verbose=0)
    low = min(float(features.min()), 0.0)
    high = max(float(features.max()), low + 1e-6)
    scale = (high - low) / 255.0
    return scale, int(round(-low / scale))


def _configure(converter, quantization, examples, image):
    import tensorflow as tf

    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantization == "float32":
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantization == "int8":
        count = len(examples[0])
        converter.representative_dataset = lambda: (
            [x[i : i + 1] for x in examples] for i in range(count)
        )
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS_INT8
        ]
        converter.inference_input_type = tf.uint8 if image else tf.float32
        converter.inference_output_type = tf.uint8
