"""The demo assets: in Python, in a program of C, and in a browser."""

import itertools
import json
import os
import pathlib
import shutil
import subprocess

import numpy as np
import pytest

from export import android, contract, demo_check
from kprivacy import files
from kprivacy.releases import TFLiteModel

ASSETS = pathlib.Path(__file__).parents[1] / "android_demo_assets"
BUNDLES = sorted(path.parent for path in ASSETS.glob("*/bundle/contract.json"))
PAGE = ASSETS / "demo"


def test_every_bundle_is_what_its_contract_says(tmp_path):
    lines = android.check(ASSETS)
    assert lines[0] == f"{BUNDLES[0].parent.name}/bundle:"
    assert lines[-1].startswith(f"{len(BUNDLES)} bundles")
    with pytest.raises(contract.ContractError, match="holds no bundle"):
        android.check(tmp_path)


@pytest.fixture(scope="module")
def golden(tmp_path_factory):
    """The compiled program."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    import ai_edge_litert

    library = ai_edge_litert.__path__[0]
    if not os.path.exists(f"{library}/libLiteRt.so"):
        pytest.skip("ai-edge-litert has no C library on this platform")
    program = tmp_path_factory.mktemp("c") / "golden"
    subprocess.run(
        [compiler, "-O2", "-Wall", "-Wextra", "-Werror", ASSETS / "golden.c",
         "-o", program, f"-L{library}", "-lLiteRt", f"-Wl,-rpath,{library}",
         "-lm"], check=True,
    )
    return program


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda one: one.parent.name)
def test_a_program_of_c_gives_the_golden_output(bundle, golden, tmp_path):
    for one in contract.read(bundle)["clients"]:
        held = one["golden"]
        names = [tensor["name"] for tensor in one["inputs"]]

        def run(output, tolerance, held=held, one=one, names=names):
            return subprocess.run(
                [golden, bundle / one["file"], one["signature"],
                 bundle / held["input"], output, str(tolerance), *names],
                capture_output=True, text=True,
            )

        right = bundle / held["output"]
        assert run(right, held["tolerance_quanta"]).returncode == 0
        wrong = bytearray(right.read_bytes())
        wrong[0] ^= 0x40  # 64 steps of a byte
        (tmp_path / "wrong.bin").write_bytes(wrong)
        found = run(tmp_path / "wrong.bin", 2)
        if one["outputs"][0]["dtype"] == "uint8":
            assert found.returncode == 1
            assert abs(float(found.stdout) - 64) <= 2


def test_a_program_of_c_finds_what_is_no_number(golden, tmp_path):
    """In the middle of numbers that are right."""
    bundle = ASSETS / "ran" / "bundle"
    demo = files.read_json(bundle.parent / "demo" / "demo.json")
    role = next(one for one in demo["roles"] if one["reads"] == "sent"
                and len(one["inputs"]) == 1)
    folder = bundle.parent / "demo"
    held = contract.read(bundle)["clients"][0]["golden"]
    values = np.fromfile(folder / role["golden"]["file"], "<f4")
    for place, code in ((None, 0), (0, 1), (len(values) // 2, 1)):
        wanted = values.copy()
        if place is not None:
            wanted[place] = np.nan
        wanted.tofile(tmp_path / "wanted.bin")
        found = subprocess.run(
            [golden, folder / role["file"], role["signature"],
             bundle / held["output"], tmp_path / "wanted.bin", "2",
             role["inputs"][0]["name"]], capture_output=True, text=True,
        )
        assert found.returncode == code, found.stderr


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What `check.mjs` found."""
    node = shutil.which("node")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not (node and chromium and (PAGE / "node_modules").is_dir()):
        pytest.skip("needs Node.js, Chromium and npm ci in the page's folder")
    result = tmp_path_factory.mktemp("page") / "found.json"
    subprocess.run(
        [node, PAGE / "check.mjs", result], check=True, timeout=300,
        env={**os.environ, "CHROMIUM": chromium},
    )
    return files.read_json(result)


def test_the_page_asks_for_nothing_from_elsewhere(seen):
    assert seen["errors"] == []
    assert len(seen["requests"]) > 10
    for address in seen["requests"]:
        assert address.startswith((seen["origin"], "data:", "blob:", "about:"))


def test_the_page_gives_what_python_gives(seen):
    assert set(seen["methods"]) == {one.parent.name for one in BUNDLES}
    for method, found in seen["methods"].items():
        assert found["status"] == ""
        assert found["width"] <= 390
        bundle = ASSETS / method / "bundle"
        one = contract.read(bundle)["clients"][0]
        assert found["golden"] <= one["golden"]["tolerance_quanta"]
        last, given = found["last"], {}
        for tensor in one["inputs"]:  # noise and keys as the page drew them
            given[tensor["name"]] = np.array(
                last["given"][tensor["name"]], np.uint8
            ).reshape(tensor["shape"])
            if tensor["kind"] == "image":
                assert last["given"][tensor["name"]] == found["sample"]
        file = TFLiteModel(bundle / one["file"], one["signature"])
        expected = file.run(given).ravel()
        apart = np.abs(expected.astype(float) - last["sent"]).max()
        assert apart <= one["golden"]["tolerance_quanta"]
        assert 0 < last["milliseconds"] < 1000


def test_the_page_shows_what_the_other_parts_give(seen):
    for method, found in seen["methods"].items():
        bundle = ASSETS / method / "bundle"
        one = contract.read(bundle)["clients"][0]
        demo = files.read_json(bundle.parent / "demo" / "demo.json")
        last = found["last"]
        held = dict(last["given"], **{one["outputs"][0]["name"]: last["sent"]})
        answers = {
            (says, name): values for says, name, values in last["answers"]
        }
        assert {"On the device", "What leaves the device"} <= set(
            found["headings"]
        )
        for role in demo["roles"]:
            assert role["says"] in found["headings"]
            file = TFLiteModel(
                bundle.parent / "demo" / role["file"], role["signature"]
            )
            given = {
                name: np.array(held[source], np.uint8).reshape(
                    file.inputs[name]["shape"]
                )
                for name, source in sources(role, one)
            }
            wanted = file.run(given).ravel()
            values = np.array(answers[role["says"], role["name"]])
            assert np.abs(values - wanted).max() <= 0.01 * np.ptp(wanted)


def sources(role, described):
    """A part's inputs, each with the name of what it is given."""
    (image,) = [one["name"] for one in described["inputs"]
                if one["kind"] == "image"]
    data = image if role["reads"] == "data" else (
        described["outputs"][0]["name"]
    )
    for one in role["inputs"]:
        yield one["name"], "key" if one["kind"] == "key" else data


def test_the_page_takes_drawings_photos_and_the_camera(seen):
    for method, found in seen["methods"].items():
        one = contract.read(ASSETS / method / "bundle")["clients"][0]
        (shape,) = [tensor["shape"][1:] for tensor in one["inputs"]
                    if tensor["kind"] == "image"]
        ways = [found, *(found[key] for key in ("drawn", "photo", "camera"))]
        samples = [np.reshape(one["sample"], shape) for one in ways]
        for first, second in itertools.combinations(samples, 2):
            assert (first != second).any()
        # The photo is a ramp, dark on the left.
        columns = samples[2].mean(axis=(0, 2))
        assert (np.diff(columns) >= 0).all() and np.ptp(columns) > 200
        for one in ways[1:]:
            assert len(one["sent"]) == len(found["last"]["sent"])


def test_parts_of_another_bundle_are_refused(tmp_path):
    shutil.copytree(BUNDLES[0].parent / "demo", tmp_path / "demo")
    assert demo_check.check(tmp_path / "demo", BUNDLES[0]) > 0
    with pytest.raises(contract.ContractError, match="with another bundle"):
        demo_check.check(tmp_path / "demo", BUNDLES[1])
    page = files.read_json(tmp_path / "demo" / "demo.json")
    held = tmp_path / "demo" / page["roles"][0]["golden"]["file"]
    held.write_bytes(np.ones(held.stat().st_size // 4, "<f4").tobytes())
    with pytest.raises(contract.ContractError, match="is not the file"):
        demo_check.check(tmp_path / "demo", BUNDLES[0])
    page["roles"][0]["golden"]["sha256"] = files.sha256(held)
    files.write_json(tmp_path / "demo" / "demo.json", page)
    with pytest.raises(contract.ContractError, match="gives something else"):
        demo_check.check(tmp_path / "demo", BUNDLES[0])


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda one: one.parent.name)
def test_the_pages_other_files_fit_the_bundle(bundle):
    demo = json.loads((bundle.parent / "demo" / "demo.json").read_text())
    one = contract.read(bundle)["clients"][0]
    sent = one["outputs"][0]
    for role in demo["roles"]:
        file = TFLiteModel(
            bundle.parent / "demo" / role["file"], role["signature"]
        )
        read = one["inputs"][0] if role["reads"] == "data" else sent
        (first, *_) = role["inputs"]
        assert first["shape"] == read["shape"]
        assert list(file.inputs) and set(file.inputs) == {
            tensor["name"] for tensor in role["inputs"]
        }
        if role["labels"]:
            assert role["outputs"][0]["shape"][-1] == len(role["labels"])
    for name, held in demo["samples"].items():
        path = bundle.parent / "demo" / held["file"]
        assert path.stat().st_size == np.prod(held["shape"])
        (tensor,) = [x for x in one["inputs"] if x["name"] == name]
        assert held["shape"][1:] == tensor["shape"][1:]
