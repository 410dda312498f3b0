"""Bundles: what an app gets, and what is refused."""

import importlib
import json
import math
import pathlib
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from export import android, contract, methods, report, server, verify
from export import bundle as bundle_lib
from kprivacy import data, files, train_lib, workdir
from kprivacy.errors import UserError
from kprivacy.fakesafe.cascade import Cascade
from kprivacy.releases import KerasRelease, TFLiteRelease
from kprivacy.workdir import WorkdirError

WIRE = pathlib.Path(__file__).parent / "golden" / "wire.json"


def test_a_bundle_verifies(smoke_run):
    bundle = smoke_run / "export"
    lines = verify.verify(bundle)
    assert len(lines) == 3 and "end to end" in lines[2]
    found = files.read_json(bundle / "report.json")
    int8 = found["variants"]["int8"]
    assert int8["parity"]["mean_quanta"] < 1
    assert int8["bytes"] == (bundle / "client.tflite").stat().st_size
    assert set(int8["latency_ms"]["threads_2"]) == {"p50", "p90"}
    assert found["wire"]["raw_bytes"] == 28 * 28
    text = report.text(found)
    assert f"{found['after']['utility']['value']:.1%}" in text
    card = (bundle / "report.md").read_text()
    assert "# RAN on the phone" in card and "| int8 |" in card


def test_the_contract_says_what_an_app_needs(smoke_run):
    held = json.loads((smoke_run / "export" / "contract.json").read_text())
    (client,) = held["clients"]
    (image,), (features,) = client["inputs"], client["outputs"]
    assert image["name"] == "image" and image["dtype"] == "uint8"
    assert image["scale"] == pytest.approx(1 / 255)
    assert features["dtype"] == "uint8" and features["scale"] > 0
    fed = (smoke_run / "export" / client["golden"]["input"]).read_bytes()
    assert len(fed) == np.prod(image["shape"])
    (answer,) = held["server"]["outputs"]
    assert answer["labels"] == [str(i) for i in range(10)]


def test_client_and_server_work_together(smoke_run):
    model = workdir.read_model(smoke_run)
    bundle = smoke_run / "export"
    images = data.arrays("digits", "test[:40]").data
    sent = TFLiteRelease(bundle / "client.tflite")(images)
    answer = server.load(bundle / "server", "classify")
    expected = keras.ops.softmax(
        model.server(KerasRelease(model.client)(images))
    )
    found = answer(sent)["probabilities"]
    assert np.abs(found - expected).mean() < 0.02


SMOKE = {"gap": "gap_digits", "fakesafe": "fakesafe_digits",
         "confounder_gan": "confounder_gan_digits"}


@pytest.fixture(scope="module", params=list(SMOKE))
def exported(request, tmp_path_factory):
    """A bundle of each other method."""
    module = importlib.import_module(f"configs.{SMOKE[request.param]}")
    folder = tmp_path_factory.mktemp(request.param)
    train_lib.train(module.get_config("smoke"), folder)
    sides = (64,) if request.param == "confounder_gan" else None
    found = bundle_lib.export(folder, folder / "export", sides=sides)
    return request.param, folder / "export", found


def test_every_method_exports(exported):
    name, bundle, found = exported
    lines = verify.verify(bundle)
    held = json.loads((bundle / "contract.json").read_text())
    assert held["method"] == name == found["method"]
    assert set(held["sha256"]) == set(contract.names_of(held))
    assert (held["server"] is not None) == (name == "fakesafe")
    assert len(held["clients"]) == (2 if name == "confounder_gan" else 1)
    assert len(lines) == 1 + len(held["clients"]) + bool(held["server"])
    for role in ("utility", "attack"):
        before, after = found["before"][role], found["after"][role]
        assert before["undefended"] == after["undefended"]
        assert np.isfinite([before["value"], after["value"]]).all()
    assert found["method"].split("_")[0] in report.text(found).lower()
    if name == "confounder_gan":
        assert found["after"]["utility"]["linf"] <= 8
        assert list(methods.of(bundle.parent).clients()) == [
            "client", "client_64x64", "client_128x128", "client_224x224",
        ]
    else:
        with pytest.raises(UserError, match="`sides` is for ConfounderGAN"):
            bundle_lib.export(bundle.parent, bundle, "dynamic", sides=[64])


def test_a_cascade_exports(exported, tmp_path):
    name, folder, _ = exported
    if name != "fakesafe":
        pytest.skip("only FakeSafe has cascades")
    config = importlib.import_module("configs.fakesafe_digits").get_config(
        "smoke"
    )
    steps = [workdir.read_model(folder.parent) for _ in range(2)]
    Cascade(steps).save(tmp_path / "pair")
    bundle_lib.export(tmp_path / "pair", tmp_path / "out", config=config)
    assert len(verify.verify(tmp_path / "out")) == 3
    name = config.source.name
    config.source.name = "gaussian_mixture:0.5,3,1"
    with pytest.raises(UserError, match=r"\(28, 28, 1\).*has \(1,\)"):
        bundle_lib.export(tmp_path / "pair", tmp_path / "no", config=config)
    config.source.name = name
    Cascade(steps[:1]).save(tmp_path / "other")
    shutil.rmtree(tmp_path / "pair" / "server")
    shutil.copytree(tmp_path / "other" / "server", tmp_path / "pair/server")
    with pytest.raises(UserError, match="of one training"):
        bundle_lib.export(tmp_path / "pair", tmp_path / "no", config=config)
    assert not (tmp_path / "no").exists()


def test_a_server_needs_no_kprivacy(smoke_run):
    """A SavedModel is run by TensorFlow alone."""
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        f"run = tf.saved_model.load({str(smoke_run / 'export/server')!r})\n"
        "shape = run.classify.input_signature[0].shape[1:]\n"
        "found = run.classify(tf.zeros((2, *shape), tf.uint8))\n"
        "assert found['probabilities'].shape == (2, 10)\n"
        "assert not [n for n in sys.modules if n.startswith('kprivacy')]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True,
                   capture_output=True, cwd=smoke_run)


def test_a_server_holds_its_weights_once(smoke_run):
    shapes = [shape for name, shape in tf.train.list_variables(
        str(smoke_run / "export/server/variables/variables")
    ) if name.endswith("VARIABLE_VALUE")]
    weights = workdir.read_model(smoke_run).server.count_params()
    assert sum(math.prod(one) for one in shapes) == weights


def test_the_wire_is_that_of_its_format(smoke_run, exported):
    """Whoever changes what travels has to raise `contract.FORMAT`.

    The golden file holds what contracts of this format say, but for numbers
    that a training decides.
    """
    _, bundle, _ = exported
    golden = json.loads(WIRE.read_text())
    assert golden["format"] == contract.FORMAT
    for folder in (smoke_run / "export", bundle):
        held = json.loads((folder / "contract.json").read_text())
        assert shape_of(held) == golden["methods"][held["method"]]


def shape_of(held):
    """A contract without what differs from one training to the next."""
    if isinstance(held, dict):
        return {
            key: shape_of(one) for key, one in held.items()
            if key not in ("sha256", "kprivacy", "scale", "zero_point",
                           "labels", "shape", "format")
        }
    return [shape_of(one) for one in held] if isinstance(held, list) else held


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


def earlier_format(bundle):
    edit(bundle, lambda held: held.update(format=1))


def outside(bundle):
    edit(bundle, lambda held: held["sha256"].update({"../x": "0"}))


def other_signature(bundle):
    edit(bundle, lambda held: held["clients"][0].update(signature="decode"))


def other_scale(bundle):
    edit(
        bundle,
        lambda held: held["clients"][0]["outputs"][0].update(scale=9.0),
    )


def other_answer(bundle):
    path = bundle / "server_golden_output.bin"
    path.write_bytes(np.frombuffer(path.read_bytes(), "<f4")[::-1].tobytes())
    rehash(bundle, path.name)


def short_golden(bundle):
    path = bundle / "client_golden_input.bin"
    path.write_bytes(path.read_bytes()[:-1])
    rehash(bundle, path.name)


def other_golden(bundle):
    path = bundle / "client_golden_output.bin"
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
        (other_format, "is of format 99.*newer kprivacy"),
        (earlier_format, "is of format 1.*again"),
        (outside, "outside the bundle"),
        (other_signature, "cannot be read.*decode"),
        (other_scale, "differ in tensor 'features'"),
        (other_answer, "do not belong together"),
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


def test_a_finished_bundle_is_left_as_it_is(smoke_run, tmp_path, monkeypatch):
    bundle = tmp_path / "bundle"
    shutil.copytree(smoke_run / "export", bundle)

    class MadeAgain(Exception):
        pass

    def made(*_):
        raise MadeAgain

    monkeypatch.setattr(bundle_lib.variants, "made", made)
    report_of = files.read_json(bundle / "report.json")
    assert bundle_lib.export(smoke_run, bundle) == report_of
    with pytest.raises(MadeAgain):
        bundle_lib.export(smoke_run, bundle, "dynamic")
    (bundle / "client.tflite").write_bytes(b"x")
    with pytest.raises(MadeAgain):
        bundle_lib.export(smoke_run, bundle)


def test_folders_with_other_files_are_not_replaced(smoke_run, tmp_path):
    (tmp_path / "precious.txt").write_text("x")
    for folder in (tmp_path, smoke_run, smoke_run.parent):
        with pytest.raises(WorkdirError, match="holds other files"):
            bundle_lib.export(smoke_run, folder)
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
    edit(bundle, lambda held: held["clients"][0].update(outputs=[]))


def no_golden(bundle):
    edit(bundle, lambda held: held["clients"][0].pop("golden"))


@pytest.mark.parametrize("damage", [no_outputs, no_golden])
def test_a_cut_contract_is_refused(smoke_run, tmp_path, damage):
    bundle = tmp_path / "bundle"
    shutil.copytree(smoke_run / "export", bundle)
    damage(bundle)
    with pytest.raises(contract.ContractError):
        verify.verify(bundle)


def test_assets_have_a_largest_size(smoke_run, monkeypatch):
    monkeypatch.setattr(android, "MOST_BYTES", 1000)
    with pytest.raises(contract.ContractError, match="1,000 are allowed"):
        android.check(smoke_run / "export")


def test_no_bundle_is_told(tmp_path):
    with pytest.raises(contract.ContractError, match="has no contract.json"):
        verify.verify(tmp_path)


