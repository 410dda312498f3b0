"""Export: the same outside whatever the arithmetic, and close to Keras."""

import json
import pathlib
import shutil

import keras
import numpy as np
import pytest

from export import client as client_lib
from export import contract, parity, report, server, verify
from kprivacy import data, files
from kprivacy.ran import build_client
from kprivacy.releases import KerasRelease, TFLiteRelease

BUILTIN = {
    "CONV_2D", "MAX_POOL_2D", "FULLY_CONNECTED", "LOGISTIC", "RESHAPE",
    "QUANTIZE", "DEQUANTIZE", "CAST", "MUL", "ADD", "SUB", "DIV", "ROUND",
    "MINIMUM", "MAXIMUM", "RELU_0_TO_1", "EXPAND_DIMS", "SQUEEZE", "RELU",
}


@pytest.fixture(scope="module")
def digits():
    return data.arrays("digits", "test[:120]").data


@pytest.fixture(scope="module")
def client(digits):
    """A client with settled batch norm statistics, features in [0, 1]."""
    keras.utils.set_random_seed(0)
    model = build_client((28, 28, 1), filters=(8, 16), bottleneck=12)
    for _ in range(100):
        model(digits, training=True)
    return model


@pytest.mark.parametrize("quantization", client_lib.QUANTIZATIONS)
def test_every_quantization_has_the_same_outside(
    client, digits, quantization
):
    content = client_lib.convert(client, digits, quantization)
    release = TFLiteRelease(content)
    runner = release.interpreter.get_signature_runner("encode")
    (name, detail), = runner.get_input_details().items()
    assert (name, detail["dtype"], list(detail["shape"])) == (
        "image", np.uint8, [1, 28, 28, 1]
    )
    (name, detail), = runner.get_output_details().items()
    assert (name, detail["dtype"], list(detail["shape"])) == (
        "features", np.uint8, [1, 12]
    )
    scale, zero = contract.wire(release.interpreter, client, digits)
    found = parity.measure(client, release, digits, scale, zero)
    assert found["mean_quanta"] < (0.9 if quantization == "int8" else 0.35)
    ops = {op["op_name"] for op in release.interpreter._get_ops_details()}
    assert ops - {"DELEGATE"} <= BUILTIN


def test_int8_takes_pixels_as_they_are(client, digits):
    release = TFLiteRelease(client_lib.convert(client, digits, "int8"))
    runner = release.interpreter.get_signature_runner("encode")
    scale, zero = runner.get_input_details()["image"]["quantization"]
    assert (scale, zero) == (pytest.approx(1 / 255, rel=1e-6), 0)


def test_int8_is_small(client, digits):
    sizes = {
        name: len(client_lib.convert(client, digits, name))
        for name in client_lib.QUANTIZATIONS
    }
    assert sizes["int8"] < 0.5 * sizes["float32"]
    assert sizes["dynamic"] < 0.5 * sizes["float32"]
    assert sizes["float16"] < 0.7 * sizes["float32"]


@pytest.mark.parametrize("quantization", ["int8", "dynamic"])
def test_noise_is_an_input(digits, quantization):
    keras.utils.set_random_seed(0)
    noisy = build_client(
        (28, 28, 1), filters=(4, 8), bottleneck=6, noise=1.0
    )
    content = client_lib.convert(noisy, digits, quantization)
    release = TFLiteRelease(content, seed=0)
    details = release.interpreter.get_signature_runner(
        "encode"
    ).get_input_details()
    assert details["noise"]["dtype"] == np.uint8
    scale, zero = contract.wire(release.interpreter, noisy, digits)
    found = parity.measure(noisy, release, digits, scale, zero)
    assert found["mean_quanta"] < 2
    same = np.repeat(digits[:1], 8, axis=0)
    assert len(np.unique(release(same), axis=0)) > 1
    first, again = (TFLiteRelease(content, seed=5)(same) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("quantization", client_lib.QUANTIZATIONS)
def test_signals_are_float(quantization):
    generator = np.random.default_rng(0)
    signals = generator.normal(size=(30, 128, 9)).astype("float32")
    client = build_client((128, 9), filters=(4, 8), bottleneck=6)
    release = TFLiteRelease(
        client_lib.convert(client, signals, quantization)
    )
    scale, zero = contract.wire(release.interpreter, client, signals)
    found = parity.measure(client, release, signals, scale, zero)
    assert found["mean_quanta"] < 2
    runner = release.interpreter.get_signature_runner("encode")
    assert runner.get_input_details()["signal"]["dtype"] == np.float32


def test_mixed_precision_clients_convert(digits):
    keras.mixed_precision.set_global_policy("mixed_float16")
    client = build_client((28, 28, 1), filters=(4, 8), bottleneck=6)
    release = TFLiteRelease(client_lib.convert(client, digits, "dynamic"))
    assert release(digits[:1]).shape == (1, 6)


def test_the_server_equals_keras(tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(3, dtype="float32")]
    )
    server.write(model, 0.1, 20, tmp_path / "server")
    sent = np.arange(50, dtype=np.uint8).reshape(10, 5)
    found = server.load(tmp_path / "server")(sent)
    expected = keras.ops.softmax(model((sent.astype("float32") - 20) * 0.1))
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("arguments", [("int4",), ("int8",)])
def test_bad_arguments_are_refused(client, arguments):
    with pytest.raises(ValueError, match="`quantization` must be one of"):
        client_lib.convert(client, np.zeros((0, 28, 28, 1)), *arguments)


def test_a_bundle_verifies(smoke_run):
    bundle = smoke_run / "export"
    lines = verify.verify(bundle)
    assert len(lines) == 4 and "end to end" in lines[3]
    found = files.read_json(bundle / "report.json")
    assert found["parity"]["mean_quanta"] < 1
    assert found["bytes"] == (bundle / "client.tflite").stat().st_size
    assert set(found["before"]) >= {"accuracy", "attack_error", "attacker"}
    text = report.text(found)
    assert f"{found['after']['accuracy']:.1%}" in text


def test_the_contract_says_what_an_app_needs(smoke_run):
    held = json.loads((smoke_run / "export" / "contract.json").read_text())
    (image,), (features,) = held["inputs"], held["outputs"]
    assert image["name"] == "image" and image["dtype"] == "uint8"
    assert image["scale"] == pytest.approx(1 / 255)
    assert features["dtype"] == "uint8" and features["scale"] > 0
    golden = (smoke_run / "export" / "golden_input.bin").read_bytes()
    assert len(golden) == np.prod(image["shape"])


def test_client_and_server_work_together(smoke_run):
    from kprivacy import workdir

    model = workdir.read_model(smoke_run)
    bundle = smoke_run / "export"
    images = data.arrays("digits", "test[:40]").data
    sent = TFLiteRelease(bundle / "client.tflite")(images)
    found = server.load(bundle / "server")(sent)
    expected = keras.ops.softmax(
        model.server(KerasRelease(model.client)(images))
    )
    assert np.abs(found - expected).mean() < 0.02


def tamper_tflite(bundle):
    path = bundle / "client.tflite"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def remove_server(bundle):
    shutil.rmtree(bundle / "server")


def break_json(bundle):
    (bundle / "contract.json").write_text("{")


def other_format(bundle):
    edit(bundle, lambda held: held.update(format=99))


def other_signature(bundle):
    edit(bundle, lambda held: held.update(signature="decode"))


def other_scale(bundle):
    edit(bundle, lambda held: held["outputs"][0].update(scale=9.0))


def other_class(bundle):
    def change(held):
        held["golden"]["class"] = (held["golden"]["class"] + 1) % 10

    edit(bundle, change)


def short_golden(bundle):
    path = bundle / "golden_input.bin"
    path.write_bytes(path.read_bytes()[:-1])
    rehash(bundle, path.name)


def other_golden(bundle):
    path = bundle / "golden_output.bin"
    path.write_bytes(bytes(255 - b for b in path.read_bytes()))
    rehash(bundle, path.name)


def edit(bundle, change):
    held = files.read_json(bundle / "contract.json")
    change(held)
    files.write_json(bundle / "contract.json", held)


def rehash(bundle, name):
    found = files.sha256(bundle / name)
    edit(bundle, lambda held: held["sha256"].update({name: found}))


@pytest.mark.parametrize(
    "damage, sentence",
    [
        (tamper_tflite, "client.tflite' is not the file that the contract"),
        (remove_server, "server' is missing"),
        (break_json, "is not a contract"),
        (other_format, "is of format 99"),
        (other_signature, "cannot be read.*decode"),
        (other_scale, "differ in tensor 'features'"),
        (other_class, "do not belong together"),
        (short_golden, "golden_input.bin holds"),
        (other_golden, "differs from its golden output"),
    ],
)
def test_a_damaged_bundle_is_refused(smoke_run, tmp_path, damage, sentence):
    bundle = tmp_path / "bundle"
    shutil.copytree(smoke_run / "export", bundle)
    damage(bundle)
    with pytest.raises(contract.ContractError, match=sentence):
        verify.verify(bundle)


def test_correction_brings_int8_closer(client, digits):
    examples = client_lib.calibration_inputs(client, digits)
    plain = client_lib._convert(client, examples, "int8")
    corrected = client_lib.convert(client, digits, "int8")
    found = [
        parity.measure(client, TFLiteRelease(one), digits, 1 / 256, 0)
        for one in (plain, corrected)
    ]
    assert found[1]["mean_quanta"] <= found[0]["mean_quanta"]


def test_folders_with_other_files_are_not_replaced(smoke_run, tmp_path):
    from export import bundle
    from kprivacy.workdir import WorkdirError

    (tmp_path / "precious.txt").write_text("x")
    for folder in (tmp_path, smoke_run, smoke_run.parent):
        with pytest.raises(WorkdirError, match="holds other files"):
            bundle.export(smoke_run, folder)
    assert (tmp_path / "precious.txt").exists()


def test_a_failed_replacement_keeps_the_old_folder(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(RuntimeError):
        with files.new_folder(folder):
            raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert (folder / "old").exists()


def no_outputs(bundle):
    edit(bundle, lambda held: held.update(outputs=[]))


def no_golden(bundle):
    edit(bundle, lambda held: held.pop("golden"))


@pytest.mark.parametrize("damage", [no_outputs, no_golden])
def test_a_cut_contract_is_refused(smoke_run, tmp_path, damage):
    bundle = tmp_path / "bundle"
    shutil.copytree(smoke_run / "export", bundle)
    damage(bundle)
    with pytest.raises(contract.ContractError):
        verify.verify(bundle)


def test_the_demo_assets_verify():
    root = pathlib.Path(__file__).parent.parent
    lines = verify.verify(root / "android_demo_assets" / "ran" / "bundle")
    assert "largest difference" in lines[2]


def test_no_bundle_is_told(tmp_path):
    with pytest.raises(contract.ContractError, match="has no contract.json"):
        verify.verify(tmp_path)


def test_the_contract_says_how_signals_were_standardised():
    client = build_client((128, 9), filters=(4, 8), bottleneck=6)
    signals = np.zeros((4, 128, 9), np.float32)
    content = client_lib.convert(client, signals, "float32")
    interpreter = TFLiteRelease(content).interpreter
    scaling = {"mean": [0.1] * 9, "std": [2.0] * 9}
    for given in (None, scaling):
        found = contract.describe("ran", interpreter, client, 1.0, 0, given)
        assert found["inputs"][0].get("scaling") == given
        assert ("scaling.std" in found["inputs"][0]["meaning"]) == bool(given)
