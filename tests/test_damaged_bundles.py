"""Bundles that are damaged, or none."""

import pathlib
import shutil

import numpy as np
import pytest

from export import android, bundle, contract, verify
from export import server as server_lib
from export.parts import Server
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


def any_golden(tolerance, part="client"):
    """A golden pair that everything is near enough to."""
    def damage(bundle):
        other_golden(bundle)
        edit(bundle, lambda held: (
            held["clients"][0] if part == "client" else held["server"]
        )["golden"].update({
            "client": {"tolerance_quanta": tolerance},
            "server": {"tolerance": tolerance},
        }[part]))
    return damage


def a_photograph(bundle):
    (bundle / "faces_of_patients.png").write_bytes(b"x")


def a_link_in_the_server(bundle):
    held = bundle / "server" / "variables"
    held.rename(bundle.parent / "elsewhere")
    held.symlink_to(bundle.parent / "elsewhere")
    rehash(bundle, "server")


def a_linked_report(bundle):
    held = bundle / "report.md"
    held.rename(bundle.parent / "report.md")
    held.symlink_to(bundle.parent / "report.md")


def of_server(key, at, **more):
    def damage(bundle):
        edit(bundle, lambda held: held["server"][key][at].update(more))
    return damage


def of_input(**more):
    def damage(bundle):
        edit(bundle, lambda held: held["clients"][0]["inputs"][0].update(more))
    return damage


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
        (any_golden(1e9), "tolerance_quanta is 1000000000.0, at most 2"),
        (any_golden(float("inf")), "tolerance_quanta is inf"),
        (any_golden(float("nan")), "tolerance_quanta is nan"),
        (any_golden(True), "not a number"),
        (any_golden(float("inf"), "server"), "tolerance is inf"),
        (a_photograph, "does not name: .'faces_of_patients.png'"),
        (a_link_in_the_server, "variables' is no file of its own"),
        (a_linked_report, "report.md' is no file of its own"),
        (of_server("outputs", 0, labels=["a", "b", "c"]), "The server gives"),
        (of_server("outputs", 0, name="other"), "The server gives"),
        (of_server("inputs", 0, name="other"), "The server takes"),
        (of_server("inputs", 0, dtype="float32"), "The server takes"),
        (of_server("inputs", 0, shape=[-1, 3]), "The server takes"),
        (of_input(kind="noise"), "an input 'image' of kind 'noise'"),
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


def client_of(held):
    return held["clients"][0]


@pytest.mark.parametrize("name, change, sentence", [
    ("fakesafe", lambda held: key_of(held)["example"].update(begins="01" * 32),
     "another pad"),
    ("fakesafe", lambda held: key_of(held).update(kind="noise"),
     "an input 'key' of kind 'noise'"),
    ("fakesafe", lambda held: key_of(held).update(scale=9.0),
     "'key' with another scale|differ in tensor 'key'"),
    ("confounder_gan",
     lambda held: client_of(held)["outputs"][0].update(largest_change=1),
     "changes a byte of its golden pair by 8, its contract promises 1"),
])
def test_a_shipped_bundle_says_what_it_does(tmp_path, name, change, sentence):
    assets = pathlib.Path(__file__).parent.parent / "android_demo_assets"
    bundle = tmp_path / "bundle"
    shutil.copytree(assets / name / "bundle", bundle)
    verify.verify(bundle)
    edit(bundle, change)
    with pytest.raises(contract.ContractError, match=sentence):
        verify.verify(bundle)


def key_of(held):
    (key,) = [one for one in client_of(held)["inputs"]
              if one["name"] == "key"]
    return key


@pytest.mark.parametrize("content, sentence", [
    (None, "has no demo.json that fits"), ("{}", "has no demo.json that fits"),
    ('{"roles": []}', "has no parts"),
])
def test_a_page_without_its_parts(tmp_path, content, sentence):
    assets = pathlib.Path(__file__).parent.parent / "android_demo_assets"
    shutil.copytree(assets / "ran", tmp_path / "ran")
    page = tmp_path / "ran" / "demo" / "demo.json"
    page.unlink()
    if content is not None:
        page.write_text(content)
    with pytest.raises(contract.ContractError, match=sentence):
        android.check(tmp_path)


def test_any_byte_of_a_key_but_0_is_a_one(tmp_path):
    """Bits as 0 and 1 must not pass for a key that changes nothing."""
    import keras

    fake, key = keras.Input((4,), name="fake"), keras.Input((4,), name="key")
    model = keras.Model([fake, key], keras.ops.multiply(fake, 1 - 2 * key))
    server_lib.write(Server(
        model, "recover", {"fake": "vector", "key": "key"},
        {"recovered": "vector"},
    ), 1.0, 0, tmp_path / "server")
    answer = server_lib.load(tmp_path / "server", "recover")
    given = np.float32([[1, 2, 3, 4]])
    found = answer(given, np.uint8([[0, 1, 255, 7]]))["recovered"]
    np.testing.assert_array_equal(found, [[1, -2, -3, -4]])
