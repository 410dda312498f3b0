"""Bundles that are damaged, or none."""

import shutil

import numpy as np
import pytest

from export import android, bundle, contract, verify
from kprivacy import files, workdir


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


def test_an_unfinished_training_is_told(smoke_run, tmp_path):
    shutil.copy(smoke_run / "config.json", tmp_path)
    with pytest.raises(workdir.WorkdirError, match="model.keras.*train"):
        bundle.export(tmp_path, tmp_path / "export")
    assert not (tmp_path / "export").exists()


def test_no_bundle_is_told(tmp_path):
    with pytest.raises(contract.ContractError, match="has no contract.json"):
        verify.verify(tmp_path)
