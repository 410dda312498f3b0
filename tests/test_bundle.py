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

from export import bundle as bundle_lib
from export import contract, methods, parts, report, server, verify
from kprivacy import data, files, train_lib, workdir
from kprivacy.errors import UserError
from kprivacy.fakesafe import keys
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
    """A bundle of each other method; ConfounderGAN's trainers are brief."""
    module = importlib.import_module(f"configs.{SMOKE[request.param]}")
    folder = tmp_path_factory.mktemp(request.param)
    train_lib.train(module.get_config("smoke"), folder)
    sides = (64,) if request.param == "confounder_gan" else None
    quantization = "int8_tuned" if request.param == "gap" else None
    confounder = importlib.import_module("export.methods.confounder_gan")
    brief = confounder.TRAINER | {"network": "lenet", "epochs": 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(confounder, "TRAINER", brief)
        found = bundle_lib.export(
            folder, folder / "export", quantization, settings={"steps": 4},
            sides=sides,
        )
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
    if name == "gap":
        both = found["variants"]["int8"], found["variants"]["int8_tuned"]
        assert all(one["parity"]["mean_quanta"] < 1.5 for one in both)
        assert "is kept" in found["why"][0]
    if name == "confounder_gan":
        assert found["after"]["utility"]["linf"] <= 8
        (sent,) = held["clients"][1]["outputs"]
        assert sent["largest_change"] == 8
        other = found["others"]["client_64x64"]
        assert other["linf"] <= 8 and other["parity"]["mean_quanta"] < 1
        assert "client_64x64.tflite" in (bundle / "report.md").read_text()
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
    bundle_lib.export(
        tmp_path / "pair", tmp_path / "out", "float32", config=config
    )
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


def test_servers_need_no_kprivacy(smoke_run, exported):
    """A SavedModel is run by TensorFlow alone."""
    name, bundle, _ = exported
    if name != "fakesafe":
        pytest.skip("one process for RAN's and FakeSafe's")
    paths = [str(one / "server") for one in (smoke_run / "export", bundle)]
    code = (
        "import sys, tensorflow as tf\n"
        f"ran, fakesafe = map(tf.saved_model.load, {paths!r})\n"
        "def given(endpoint):\n"
        "    return [tf.zeros((2, *one.shape[1:]), tf.uint8)\n"
        "            for one in endpoint.input_signature]\n"
        "found = ran.classify(*given(ran.classify))\n"
        "assert found['probabilities'].shape == (2, 10)\n"
        "found = fakesafe.recover(*given(fakesafe.recover))\n"
        "assert found['recovered'].shape == (2, 28, 28, 1)\n"
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
    assert golden["kinds"] == kinds()


DIFFERS = ("sha256", "kprivacy", "labels", "shape", "format")


def shape_of(held):
    """A contract without what differs from one training to the next."""
    if isinstance(held, dict):
        differs = DIFFERS
        if held.get("kind") == "features":
            differs = (*DIFFERS, "scale", "zero_point")
        return {
            key: shape_of(one) for key, one in held.items()
            if key not in differs
        }
    return [shape_of(one) for one in held] if isinstance(held, list) else held


def kinds():
    """All that may travel, whether or not one of the bundles has it."""
    drawn = {
        kind: parts.drawn(kind, (8,), np.random.default_rng(0)).tolist()
        for kind in ("key", "noise", "tokens")
    }
    return {
        "meanings": parts.MEANINGS, "answers": parts.ANSWERS,
        "ranges": parts.ANSWER_RANGES, "bytes": sorted(parts.BYTES),
        "pixel": list(parts.PIXEL), "nonce_bytes": keys.NONCE_BYTES,
        "pad": contract.pad_example(864), "drawn": drawn,
    }


def test_a_server_answers_in_its_ranges(exported):
    name, bundle, _ = exported
    if name != "fakesafe":
        pytest.skip("has no server")
    served = json.loads((bundle / "contract.json").read_text())["server"]
    (answer,) = served["outputs"]
    held = np.fromfile(bundle / served["golden"]["output"], "<f4")
    low, high = answer["range"]
    assert low <= held.min() and high / 4 < held.max() <= high


@pytest.mark.parametrize("quantization", ["int8", "auto"])
def test_what_does_not_convert_is_told_before_any_attack(
    smoke_run, tmp_path, monkeypatch, quantization
):
    def nothing(client, names, *_):
        return {}, {name: {"failed": "It has odd layers."} for name in names}

    def trained(self):
        raise AssertionError("attackers were trained")

    monkeypatch.setattr(bundle_lib.variants, "made", nothing)
    monkeypatch.setattr(methods.method.Method, "before", trained)
    with pytest.raises(UserError, match="odd layers.*layers that TFLite has"):
        bundle_lib.export(smoke_run, tmp_path / "out", quantization)
    assert not (tmp_path / "out").exists()


def test_the_config_chooses_where_nothing_else_does():
    config = importlib.import_module("configs.ran_digits").get_config()
    nothing = {"quantization": None, "utility_loss": None,
               "privacy_loss": None}
    assert bundle_lib._chosen(config, **nothing) == ["int8", 0.003, 0.03]
    config.export.quantization = "dynamic"
    given = {**nothing, "privacy_loss": 0.5}
    assert bundle_lib._chosen(config, **given) == ["dynamic", 0.003, 0.5]
    del config.export  # of an earlier version
    assert bundle_lib._chosen(config, **nothing) == ["int8", 0.003, 0.03]
    config.export = {"quantization": "int4"}
    with pytest.raises(UserError, match="int8.*int4"):
        bundle_lib._chosen(config, **nothing)


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


def test_a_folder_with_a_contract_among_other_files_stays(
    smoke_run, tmp_path
):
    folder = tmp_path / "out"
    shutil.copytree(smoke_run / "export", folder)
    (folder / "precious.txt").write_text("x")
    with pytest.raises(WorkdirError, match="holds other files"):
        bundle_lib.export(smoke_run, folder)
    assert (folder / "precious.txt").exists()


def test_a_failed_replacement_keeps_the_old_folder(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(RuntimeError):
        with files.new_folder(folder):
            raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]
    assert (folder / "old").exists()
