"""Training on several devices and in several processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import ml_collections
import numpy as np
import pytest

from kprivacy import distribution, files, workdir
from kprivacy.errors import UserError

# No batch normalisation and no noise, which are each replica's own.
CONFIG = (
    "--config=configs/gap_diabetes.py", "--config.client.noise=0",
    "--config.rounds_per_epoch=3", "--config.epochs_pre_g=1",
    "--config.epochs_pre_d=1",
)
EPOCHS = "--config.epochs=2"


def start(folder, *flags, tf_config=None):
    environment = dict(os.environ)
    environment.pop("TF_CONFIG", None)
    if tf_config:
        environment["TF_CONFIG"] = json.dumps(tf_config)
    return subprocess.Popen(
        [sys.executable, "-m", "kprivacy.train", f"--workdir={folder}",
         *CONFIG, *flags],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )


def cluster():
    """TF_CONFIG of two workers of this machine."""
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    hosts = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return [
        {"cluster": {"worker": hosts},
         "task": {"type": "worker", "index": index}} for index in range(2)
    ]


def finished(process):
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said[-2000:]
    return said


def weights(folder):
    model = workdir.read_model(folder)
    return np.concatenate(
        [one.numpy().ravel() for one in model.trainable_variables]
    )


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    finished(start(folder, EPOCHS))
    return folder


def check_equal(folder, alone):
    np.testing.assert_allclose(weights(folder), weights(alone), atol=1e-5)
    rows = [
        np.genfromtxt(one / "metrics.csv", delimiter=",", skip_header=1)
        for one in (folder, alone)
    ]
    np.testing.assert_allclose(*rows, rtol=1e-4, atol=1e-5)


def test_two_devices_give_what_one_does(alone, tmp_path):
    finished(start(tmp_path, EPOCHS, "--strategy=mirrored",
                   "--logical_cpus=2"))
    check_equal(tmp_path, alone)


def test_two_processes_give_what_one_does(alone, tmp_path):
    both = [
        start(tmp_path, EPOCHS, "--strategy=multi_worker", tf_config=one)
        for one in cluster()
    ]
    for one in both:
        finished(one)
    check_equal(tmp_path, alone)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {path.name for path in alone.iterdir()}


def test_workers_that_died_go_on(alone, tmp_path):
    longer = ("--config.epochs=10", "--config.cosine_decay=False",
              "--strategy=multi_worker")
    both = [start(tmp_path, *longer, tf_config=one) for one in cluster()]
    end = time.monotonic() + 200
    while not list(tmp_path.glob("checkpoints/epoch_*")):
        assert time.monotonic() < end and both[0].poll() is None
        time.sleep(0.05)
    both[1].send_signal(signal.SIGKILL)
    both[1].communicate()
    both[0].kill()
    both[0].communicate()
    assert not (tmp_path / "model.keras").exists()
    both = [start(tmp_path, *longer, tf_config=one) for one in cluster()]
    for one in both:
        finished(one)
    straight = tmp_path.parent / "straight"
    finished(start(straight, *longer[:2]))
    np.testing.assert_allclose(
        weights(tmp_path), weights(straight), atol=1e-4
    )
    assert files.read_json(tmp_path / "config.json")["epochs"] == 10


def test_what_does_not_go_together_is_refused(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(UserError, match="needs the environment variable"):
        distribution.create("multi_worker")
    with pytest.raises(UserError, match="strategy"):
        distribution.create("several")
    assert distribution.create("none") is None

    class Two:
        num_replicas_in_sync = 2

    config = ml_collections.ConfigDict(
        {"batch_size": 32, "steps_per_execution": 1, "jit_compile": "auto"}
    )
    distribution.check(Two, config)
    for field, value, said in (
        ("batch_size", 33, "batch_size=33"),
        ("steps_per_execution", 10, "steps_per_execution=1"),
        ("jit_compile", "on", "jit_compile=auto"),
    ):
        one = config.copy_and_resolve_references()
        one[field] = value
        with pytest.raises(UserError, match=said):
            distribution.check(Two, one)
        distribution.check(None, one)


def test_the_code_is_learnt_on_several_devices(tmp_path):
    """FakeSafe's pretraining makes its model where the others are."""
    finished(subprocess.Popen(
        [sys.executable, "-m", "kprivacy.train", f"--workdir={tmp_path}",
         "--config=configs/fakesafe_digits.py:smoke", "--strategy=mirrored",
         "--logical_cpus=2", "--config.steps_per_execution=1",
         "--config.pretraining_steps=2", "--config.client.code=8",
         "--config.server.code=8"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ))
    assert (tmp_path / "model.keras").is_file()
