"""The binaries as a user calls them, and what survives a kill."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from kprivacy import files, train_lib, workdir

ROOT = pathlib.Path(__file__).parent.parent


def run(*arguments, check=True):
    found = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if check:
        assert found.returncode == 0, found.stderr[-3000:]
    return found


def smoke(epochs=None):
    from configs import ran_digits

    config = ran_digits.get_config("smoke")
    if epochs:
        config.epochs = epochs
    return config


def test_a_killed_training_ends_as_an_undisturbed_one(tmp_path):
    arguments = (
        "kprivacy.train", "--config=configs/ran_digits.py:smoke",
        "--config.epochs=30", f"--workdir={tmp_path / 'killed'}",
    )
    training = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    checkpoints = tmp_path / "killed" / "checkpoints"
    deadline = time.time() + 120
    while time.time() < deadline and not list(checkpoints.glob("epoch_*")):
        time.sleep(0.05)
    os.kill(training.pid, signal.SIGKILL)
    training.wait()
    assert list(checkpoints.glob("epoch_*")), "no epoch ended in time"
    assert not (tmp_path / "killed" / "model.keras").exists()
    run(*arguments)
    straight = train_lib.train(smoke(30), tmp_path / "straight")
    resumed = workdir.read_model(tmp_path / "killed")
    for a, b in zip(straight.get_weights(), resumed.get_weights()):
        np.testing.assert_array_equal(a, b)
    rows = [
        (tmp_path / name / "metrics.csv").read_text()
        for name in ("killed", "straight")
    ]
    assert rows[0] == rows[1]
    assert rows[0].count("\n") == 31


def test_a_workdir_holds_what_later_steps_need(smoke_run):
    held = {path.name for path in smoke_run.iterdir()}
    assert held >= {
        "config.json", "checkpoints", "model.keras", "metrics.csv", "logs",
        "samples", "audit", "export",
    }
    assert list((smoke_run / "logs").rglob("events*"))
    report = files.read_json(smoke_run / "audit" / "audit.json")
    assert report["reconstruction"]["results"]
    assert (smoke_run / "samples" / "reconstructions.png").stat().st_size


def test_the_path_of_the_readme(tmp_path):
    folder = tmp_path / "w"
    run("kprivacy.train", "--config=configs/ran_mnist.py:smoke",
        f"--workdir={folder}")
    audited = run("kprivacy.audit", f"--workdir={folder}").stdout
    assert "of label-only" in audited and "undefended client" in audited
    exported = run("export.main", f"--workdir={folder}").stdout
    assert "what is sent" in exported
    verified = run("export.verify", f"--bundle={folder / 'export'}").stdout
    assert "end to end" in verified


def test_errors_are_sentences(tmp_path):
    for module, argument in (
        ("kprivacy.audit", "--workdir"), ("export.main", "--workdir"),
    ):
        found = run(module, f"{argument}={tmp_path}", check=False)
        assert found.returncode == 1
        assert "is no working directory" in found.stderr
        assert "Traceback" not in found.stderr
    found = run("export.verify", f"--bundle={tmp_path}", check=False)
    assert "REFUSED" in found.stderr and "Traceback" not in found.stderr


def test_another_config_does_not_overwrite_a_workdir(smoke_run):
    with pytest.raises(workdir.WorkdirError, match="differs in seed"):
        config = smoke()
        config.seed = 7
        train_lib.train(config, smoke_run)


NAMES = sorted(
    path.stem for path in (ROOT / "configs").glob("ran_*.py")
    if path.stem != "ran_imagenet2012"
)


@pytest.mark.parametrize("name", NAMES)
def test_configs(name):
    import importlib

    module = importlib.import_module(f"configs.{name}")
    config = module.get_config()
    assert json.loads(config.to_json())
    with pytest.raises(ValueError, match="variant"):
        module.get_config("unknown")
    if name == "ran_digits":
        return
    paper = module.get_config("paper")
    assert paper.model.compactness_weight == 0
    assert paper.client.bottleneck == 0 and paper.model.inner_steps == 3
    assert 0.9 in [x["model.utility_weight"] for x in module.get_sweep()]


SHAPES = {
    "ran_mnist": (28, 28, 1), "ran_fashion_mnist": (28, 28, 1),
    "ran_uci_har": (128, 9), "ran_esc10": (64, 157, 1),
    "ran_cifar10_subset": (32, 32, 3), "ran_bloodmnist_subset": (28, 28, 3),
    "ran_digits": (28, 28, 1), "ran_imagenet2012": (224, 224, 3),
}


@pytest.mark.parametrize("name", SHAPES)
def test_configs_build_their_clients(name):
    """Of the shape that their data have, with a mirror that leads back."""
    import importlib

    from kprivacy.ran import build_adversary, build_client

    config = importlib.import_module(f"configs.{name}").get_config()
    client = build_client(SHAPES[name], **config.client)
    decoder = build_adversary(client, **config.adversary)
    assert decoder.output_shape == (None, *SHAPES[name])


def test_imagenet_has_the_papers_network():
    """VGG-16's convolutions at 224 x 224 hold 14,710,464 weights."""
    from configs import ran_imagenet2012
    from kprivacy.ran import build_client

    config = ran_imagenet2012.get_config()
    client = build_client((224, 224, 3), **config.client)
    kernels = [v for v in client.weights if v.path.endswith("kernel")]
    assert sum(int(np.prod(v.shape)) for v in kernels) == 14_710_464
    assert config.data.stream and config.data.image_size == (224, 224)


def test_a_wrong_field_is_refused(tmp_path):
    found = run(
        "kprivacy.train", "--config=configs/ran_digits.py:smoke",
        "--config.epoch=3", f"--workdir={tmp_path}", check=False,
    )
    assert found.returncode != 0 and "epoch" in found.stderr


def test_reproduce_goes_on_where_it_stopped(tmp_path, monkeypatch):
    from kprivacy import reproduce_lib
    from kprivacy.experiments import ran_first

    monkeypatch.setattr(ran_first, "DATA", ("mnist",))
    monkeypatch.setattr(ran_first, "SEEDS", (0,))
    folders = tmp_path / "runs", tmp_path / "out"
    first = reproduce_lib.reproduce("ran_first", *folders, profile="smoke")
    names = [row["name"] for row in first["rows"]]
    assert names == [
        "mnist:ran", "mnist:undefended", "mnist:laplace", "mnist:ran:int8",
        "mnist:ran:paper", "mnist:undefended:paper",
    ]
    for row in first["rows"]:
        measured = row["measured"]
        assert set(measured) >= {*ran_first.KEYS, "attacker"}
        assert measured["error_over_ceiling"] == pytest.approx(
            measured["attack_error"] / measured["ceiling"]
        )
    begin = time.perf_counter()
    again = reproduce_lib.reproduce("ran_first", *folders, profile="smoke")
    assert time.perf_counter() - begin < 3
    assert again["rows"] == first["rows"]
    page = (folders[1] / "ran_first_smoke.md").read_text()
    assert "`mnist:ran:int8`" in page
    assert (folders[1] / "ran_first_smoke.png").stat().st_size > 1000


def test_training_makes_features_harder_to_invert(tmp_path):
    """A claim: as accurate as the undefended, and nearly label-only.

    With so few examples even the undefended bottleneck leaves attackers at
    nine tenths of the ceiling; training has to close half of what is left.
    """
    from configs import ran_digits
    from kprivacy import audit_lib

    keras.utils.set_random_seed(0)
    config = ran_digits.get_config()
    config.attack.attackers = ("ridge", "kernel_ridge", "mlp")
    train_lib.train(config, tmp_path)
    options = audit_lib.Options(self_checks=False)
    report, _ = audit_lib.audit(tmp_path, options=options)
    reconstruction = report["reconstruction"]
    ceiling = reconstruction["label_only_error"]
    best = reconstruction["results"][0]["mse"] / ceiling
    undefended = reconstruction["undefended_error"] / ceiling
    assert report["accuracy"] > report["undefended_accuracy"] - 0.03
    assert undefended < 0.95
    assert 1 - best < (1 - undefended) / 2
