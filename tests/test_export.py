"""Export: the same outside whatever the arithmetic, and close to Keras."""

import json

import keras
import numpy as np
import pytest

from export import client as client_lib
from export import (
    conversion,
    correction,
    graph,
    opened,
    parity,
    server,
    variants,
)
from export.parts import BYTES, Client, Server
from kprivacy import confounder_gan, data, fakesafe, gap
from kprivacy.errors import UserError
from kprivacy.ran import build_client
from kprivacy.releases import TFLiteModel, TFLiteRelease

BUILTIN = {
    "CONV_2D", "MAX_POOL_2D", "FULLY_CONNECTED", "LOGISTIC", "RESHAPE",
    "QUANTIZE", "DEQUANTIZE", "CAST", "MUL", "ADD", "SUB", "DIV", "ROUND",
    "MINIMUM", "MAXIMUM", "RELU_0_TO_1", "EXPAND_DIMS", "SQUEEZE", "RELU",
    "LEAKY_RELU", "TRANSPOSE_CONV", "CONCATENATION", "TANH", "GREATER_EQUAL",
    "SELECT_V2", "SELECT", "STRIDED_SLICE", "SUM", "GREATER", "LESS",
    "LOGICAL_AND", "SHAPE", "PACK", "PAD", "DEPTH_TO_SPACE",
}


@pytest.fixture(scope="module")
def digits():
    return data.arrays("digits", "test[:40]").data


def settled(model, arrays, passes=60):
    """A model whose batch norm has the statistics of the data."""
    given = arrays if len(arrays) > 1 else arrays[0]
    for _ in range(passes):
        model(given, training=True)
    return model


def drawn(shape, count=40, bits=False):
    generator = np.random.default_rng(0)
    if bits:
        return generator.integers(0, 2, (count, *shape)).astype("float32")
    return generator.random((count, *shape), np.float32)


def ran(digits):
    """RAN's client of digits."""
    keras.utils.set_random_seed(0)
    model = build_client((28, 28, 1), filters=(8, 16), bottleneck=12)
    return Client(
        settled(model, [digits]), "encode", {"image": "image"},
        ("features", "features"), (digits,),
    )


def gap_image(digits, network="unet"):
    keras.utils.set_random_seed(0)
    model = gap.build_client(
        (28, 28, 1), network, filters=(8, 16), code=8, noise=4,
        residual=network == "unet",
    )
    arrays = [digits, drawn(model.inputs[1].shape[1:])]
    return Client(
        settled(model, arrays), "release", {"data": "image", "noise": "noise"},
        ("released", "image"), tuple(arrays),
    )


def gap_signal(digits):
    keras.utils.set_random_seed(0)
    model = gap.build_client(
        (32, 3), "autoencoder", filters=(8, 16), code=8, noise=4
    )
    signals = np.random.default_rng(1).normal(size=(40, 32, 3))
    arrays = [signals.astype("float32"), drawn((4,))]
    return Client(
        settled(model, arrays), "release",
        {"data": "signal", "noise": "noise"}, ("released", "signal"),
        tuple(arrays),
    )


def fake(digits):
    keras.utils.set_random_seed(0)
    model = fakesafe.build_client(
        (28, 28, 1), (28, 28, 1), network="convolutional", filters=(8, 4),
        code=16, key=True,
    )
    arrays = [digits, drawn((16,), bits=True)]
    return Client(
        settled(model, arrays), "fake", {"source": "image", "key": "key"},
        ("fake", "image"), tuple(arrays),
    )


def covered(digits):
    """A client that hides a code in a cover; grey ones have room."""
    keras.utils.set_random_seed(0)
    model = fakesafe.build_client(
        (28, 28, 1), (28, 28, 1), network="convolutional", filters=(8, 4),
        code=16, key=True, cover=1,
    )
    keyed = model.inputs[1].shape[1:]
    covers = np.rint((0.2 + 0.6 * drawn((28, 28, 1))) * 255) / 255
    arrays = [digits, drawn(keyed, bits=True), covers.astype("float32")]
    return Client(
        settled(model, arrays, 3), "fake",
        {"source": "image", "key": "key", "cover": "cover"},
        ("fake", "image"), tuple(arrays),
    )


def protecting(digits, network="unet", filters=(8, 16)):
    keras.utils.set_random_seed(0)
    model = confounder_gan.build_client(
        (None, None, 1), network, filters=filters, blocks=1
    )
    return Client(
        settled(model, [digits]), "protect", {"image": "image"},
        ("protected", "image"), (digits,),
    )


CLIENTS = (ran, gap_image, gap_signal, fake, covered, protecting)
MEAN = {"int8": 2.5, "dynamic": 1.0, "float16": 0.1, "float32": 0.01,
        "int16x8": 1.0}


@pytest.mark.parametrize("quantization", client_lib.QUANTIZATIONS)
@pytest.mark.parametrize("make", CLIENTS)
def test_every_quantization_has_the_same_outside(make, quantization, digits):
    client = make(digits)
    if make in (fake, covered) and quantization == "int16x8":
        contents, found = variants.made(client, ["int16x8"], client.examples)
        assert not contents and found["int16x8"]["failed"]
        return
    content = client_lib.convert(client, quantization)
    file = TFLiteModel(content, client.signature)
    assert set(file.inputs) == set(client.inputs)
    for (name, kind), values in zip(client.inputs.items(), client.examples):
        detail = file.inputs[name]
        assert detail["dtype"] == (np.uint8 if kind in BYTES else np.float32)
        assert list(detail["shape"]) == [1, *values.shape[1:]]
        if detail["quantization"][0]:
            assert detail["quantization"] == (
                pytest.approx(1 / 255, rel=1e-6), 0
            )
    (name, detail), = file.outputs.items()
    name_, kind = client.output
    assert name == name_
    assert detail["dtype"] == (np.uint8 if kind in BYTES else np.float32)
    if kind == "image" and detail["quantization"][0]:
        assert detail["quantization"] == (pytest.approx(1 / 255), 0)
    operations = opened.without_delegates(content)._get_ops_details()
    assert {one["op_name"] for one in operations} <= BUILTIN
    scale, zero = client_lib.wire(client, file)
    inputs = [one[:12] for one in client.examples]
    found = parity.measure(client, file, inputs, scale, zero)
    # A code's bits are all or nothing: untrained, many are on the edge.
    if make not in (fake, covered) or quantization.startswith("float"):
        assert found["mean_quanta"] < MEAN[quantization]


def inner_scale(content, name):
    """The scale that an int8 file computes with an input in."""
    interpreter = opened.without_delegates(content)
    (outer,) = [one["index"] for one in interpreter.get_input_details()
                if name in one["name"]]
    (inner,) = [
        one["outputs"][0] for one in interpreter._get_ops_details()
        if one["op_name"] == "QUANTIZE" and outer in one["inputs"]
    ]
    details = {one["index"]: one for one in interpreter.get_tensor_details()}
    return details[inner]["quantization"][0]


def test_integer_pictures_keep_their_levels_beside_feature_maps(
    digits, monkeypatch
):
    """Without a scale of its own the picture has fewer levels."""
    client = gap_image(digits)
    found = []
    for _ in range(2):
        content = client_lib.convert(client, "int8")
        found.append(inner_scale(content, "data"))
        monkeypatch.setattr(graph, "_apart", lambda model: model)
    assert found[0] == pytest.approx(1 / 255)
    assert found[1] > 1.5 / 255


@pytest.mark.parametrize("network, filters, gain", [
    ("unet", (8, 16), 1), ("residual", (8, 8, 8), 1), ("unet", (8, 16), 40),
])
def test_the_bound_holds_on_integer_files(digits, network, filters, gain):
    """On noise that is mostly at its bound as well."""
    client = protecting(digits, network, filters)
    last = client.model.get_layer("up_detail")
    last.set_weights([gain * one for one in last.get_weights()])
    sides = np.random.default_rng(0).integers(0, 256, (10, 28, 28, 1)) / 255
    for quantization in ("int8", "dynamic", "float32"):
        content = client_lib.convert(client, quantization)
        file = TFLiteModel(content, "protect")
        for pictures in (digits[:20], sides.astype("float32")):
            sent = file({"image": pictures}).astype(int)
            change = np.abs(sent - np.rint(pictures * 255))
            assert 1 <= change.max() <= 8


def test_int8_is_small_and_uses_integers(digits):
    client = ran(digits)
    sizes = {
        name: len(client_lib.convert(client, name))
        for name in ("int8", "dynamic", "float16", "float32")
    }
    assert sizes["int8"] < 0.5 * sizes["float32"]
    assert sizes["dynamic"] < 0.5 * sizes["float32"]
    assert sizes["float16"] < 0.7 * sizes["float32"]


def test_noise_is_an_input(digits):
    keras.utils.set_random_seed(0)
    model = build_client((28, 28, 1), filters=(4, 8), bottleneck=6, noise=1.0)
    client = Client(
        model, "encode", {"image": "image", "noise": "noise"},
        ("features", "features"), (digits, drawn(model.inputs[1].shape[1:])),
    )
    content = client_lib.convert(client, "int8")
    same = np.repeat(digits[:1], 8, axis=0)
    assert len(np.unique(TFLiteRelease(content, seed=0)(same), axis=0)) > 1
    first, again = (TFLiteRelease(content, seed=5)(same) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_mixed_precision_clients_convert(digits):
    keras.mixed_precision.set_global_policy("mixed_float16")
    model = build_client((28, 28, 1), filters=(4, 8), bottleneck=6)
    client = Client(model, "encode", {"image": "image"},
                    ("features", "features"), (digits,))
    release = TFLiteRelease(client_lib.convert(client, "dynamic"))
    assert release(digits[:1]).shape == (1, 6)


def test_correction_brings_int8_closer(digits):
    client = ran(digits)
    examples = client_lib.calibration_inputs(client)

    def convert_int8(model):
        return client_lib._convert(client, model, examples, "int8")

    off = keras.models.clone_model(client.model)
    off.set_weights(client.model.get_weights())
    off.layers[-2].beta.assign_add(0.3 * np.ones(off.output_shape[1]))
    plain = convert_int8(off)
    corrected = correction.correct(
        client, off, plain, convert_int8, examples
    )
    found = [
        parity.measure(client, TFLiteModel(one, "encode"), [digits],
                       1 / 256, 0)["mean_quanta"]
        for one in (plain, corrected)
    ]
    assert found[0] > 5 and found[1] < 0.3 * found[0]


def test_the_server_equals_keras(tmp_path):
    keras.utils.set_random_seed(0)
    features, key = keras.Input((5,)), keras.Input((2,))
    joined = keras.layers.Concatenate()([features, key])
    model = keras.Model([features, key], {
        "kind": keras.layers.Dense(3)(joined),
        "size": keras.layers.Dense(1)(joined),
    })
    held = Server(model, "predict", {"sent": "features", "key": "key"},
                  {"kind": "probabilities", "size": "value"})
    server.write(held, 0.1, 20, tmp_path / "server")
    sent = np.arange(50, dtype=np.uint8).reshape(10, 5)
    keys = np.tile(np.uint8([0, 255]), (10, 1))
    found = server.load(tmp_path / "server", "predict")(sent, keys)
    values = (sent.astype("float32") - 20) * 0.1
    expected = model([values, keys / np.float32(255)])
    np.testing.assert_allclose(
        found["kind"], keras.ops.softmax(expected["kind"]), atol=1e-6
    )
    np.testing.assert_allclose(found["size"], expected["size"], atol=1e-5)


def test_bad_clients_are_refused(digits):
    client = ran(digits)
    with pytest.raises(UserError, match="`quantization` must be one of"):
        client_lib.convert(client, "int4")
    for examples, sentence in (
        (np.zeros((0, 28, 28, 1)), "there must be examples"),
        (np.zeros((5, 14, 14, 1)), "must be of the client's shapes"),
    ):
        other = Client(client.model, "encode", client.inputs, client.output,
                       (examples,))
        with pytest.raises(UserError, match=sentence):
            client_lib.convert(other)
    inputs = keras.Input((4,), name="data")
    x = keras.layers.Lambda(lambda x: keras.ops.erfinv(x))(inputs)
    odd = Client(keras.Model(inputs, x), "release", {"data": "vector"},
                 ("released", "vector"), (np.zeros((2, 4), "float32"),))
    with pytest.raises(UserError, match="does not convert to float32"):
        client_lib.convert(odd, "float32")


def test_conversions_survive_a_converter_that_dies(digits, monkeypatch):
    client = ran(digits)
    real, calls = conversion._run, []

    def run(folder):
        calls.append(json.loads((folder / "request.json").read_text()))
        return (-11, "killed") if len(calls) == 1 else real(folder)

    monkeypatch.setattr(conversion, "_run", run)
    contents, failed = conversion.convert_all(
        {"client": client}, ["int8", "float32"]
    )
    jobs = [["client", "int8"], ["client", "float32"]]
    assert [one["left"] for one in calls] == [jobs, jobs[1:]]
    assert "code -11: killed" in failed["client", "int8"]
    assert contents["client", "float32"] == client_lib.convert(
        client, "float32"
    )


def test_the_arena_is_what_lives_at_once(digits):
    """28 x 28 bytes in; two maps of 14 x 14 x 8 floats beside it, at most."""
    inputs = keras.Input((28, 28, 1), name="image")
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same")(inputs)
    x = keras.layers.MaxPooling2D(2)(x)
    client = Client(keras.Model(inputs, x), "encode", {"image": "signal"},
                    ("features", "signal"), (digits,))
    content = client_lib.convert(client, "float32")
    found = opened.arena_bytes(opened.without_delegates(content))
    # The picture of 3,136 bytes is dead when the maps are pooled.
    assert found == 4 * 14 * 14 * 8 + max(4 * 28 * 28, 4 * 7 * 7 * 8)
    products = opened.multiply_adds(opened.without_delegates(content))
    assert products == 14 * 14 * 8 * 9
