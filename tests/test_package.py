"""Packaging: names, folders, start-up, the wheel in a clean environment."""

import configparser
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent


def listed_packages():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return set(config["options"]["packages"].split())


def test_setup_lists_every_package():
    def packages(folder):
        return {
            ".".join(path.parent.relative_to(ROOT).parts)
            for path in (ROOT / folder).rglob("__init__.py")
        }

    mapped = {
        f"kprivacy.{name}"
        for folder in ("export", "configs") for name in packages(folder)
    }
    assert listed_packages() == packages("kprivacy") | mapped


def test_the_library_never_imports_export():
    for path in (ROOT / "kprivacy").rglob("*.py"):
        lines = path.read_text().splitlines()
        for line in lines:
            words = line.split()
            if words[:1] in (["import"], ["from"]):
                assert not words[1].startswith(("export", "kprivacy.export"))


def test_one_module_imports_what_turns_keras():
    name = "tensorflow_model_optimization"
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("kprivacy", "export", "configs")
        for path in (ROOT / folder).rglob("*.py")
        if f"import {name}" in path.read_text()
    ]
    assert found == ["export/tuning.py"]


def test_no_pickle_and_no_long_files():
    for folder in ("kprivacy", "export", "configs"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            assert "import pickle" not in text, path
            assert text.count("\n") <= 350, path


def test_import_costs_little_over_keras():
    code = (
        "import time; a = time.process_time(); import keras\n"
        "b = time.process_time(); import kprivacy\n"
        "c = time.process_time(); print((c - b) / (b - a))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True,
                           capture_output=True, text=True)
    assert float(found.stdout) < 0.1


def test_import_alone_loads_nothing_heavy():
    code = (
        "import sys, kprivacy; print([n for n in sys.modules if n in "
        "('tensorflow', 'keras', 'tensorflow_datasets', 'pandas')])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True,
                           capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def wheel_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    import shutil

    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(
        ".git", ".venv", "runs", "demo", "build", "*.egg-info"))
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet",
         "--wheel-dir", folder, source],
        check=True, capture_output=True,
    )
    return folder


def test_the_wheel_works_outside_the_checkout(wheel_folder, tmp_path):
    (wheel,) = wheel_folder.glob("*.whl")
    target = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--no-deps", "--quiet",
         "--target", target, wheel],
        check=True, capture_output=True,
    )
    installed = {path.name for path in target.iterdir()}
    assert not installed & {"export", "configs", "tests"}
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r})\n"
        "import kprivacy, kprivacy.export.main, kprivacy.configs.ran_mnist\n"
        "assert kprivacy.__file__.startswith(sys.path[0]), kprivacy.__file__\n"
        "model = kprivacy.ran.build_client((28, 28, 1))\n"
        "print(kprivacy.RAN.__name__, model.output_shape)\n"
    )
    found = subprocess.run(
        [sys.executable, "-S", "-c", _with_site_packages(code)], cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert "RAN (None, 4, 4, 50)" in found.stdout


def _with_site_packages(code):
    """Dependencies without the editable install's own import hooks."""
    import sysconfig

    folder = sysconfig.get_path("purelib")
    return f"import sys; sys.path.append({folder!r})\n{code}"
