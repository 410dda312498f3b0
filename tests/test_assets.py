"""The demo assets: in Python, in a program of C, and in a browser."""

import json
import os
import pathlib
import shutil
import subprocess

import numpy as np
import pytest

from export import android, contract
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
        assert found["drawn"] != found["sent"]
        if len(one["inputs"]) > 1:
            continue  # noise and keys are drawn in the page
        (tensor,) = one["inputs"]
        sample = np.array(found["sample"], np.uint8).reshape(tensor["shape"])
        file = TFLiteModel(bundle / one["file"], one["signature"])
        expected = file.run({tensor["name"]: sample}).ravel()
        apart = np.abs(expected.astype(float) - found["sent"]).max()
        assert apart <= one["golden"]["tolerance_quanta"]


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
