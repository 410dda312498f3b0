"""What a training does when something around it goes wrong."""

import errno
import shutil
import subprocess
import sys
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

import kprivacy
from configs import gap_diabetes
from kprivacy import callbacks, files, program, train_lib, workdir
from kprivacy.errors import UserError
from kprivacy.gap import build_adversary, build_client


def test_a_folder_is_held_by_one_process(tmp_path):
    """Until that is killed."""
    code = (
        "import sys, time; from kprivacy import files\n"
        f"with files.alone({str(tmp_path)!r}):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    config = gap_diabetes.get_config("smoke")
    with pytest.raises(UserError, match="Another process works"):
        train_lib.train(config, tmp_path)
    assert not (tmp_path / "config.json").exists()
    process.kill()
    process.communicate()
    with files.alone(tmp_path):
        pass


def diverging(side, path):
    """A small game of which one side's step is far too long."""
    keras.utils.set_random_seed(0)
    client = build_client((4,), "dense", units=(8,), code=4)
    model = kprivacy.GAP(client, None, build_adversary(client, 2, units=(8,)))
    rates = {"defender": 1e-3, "adversary": 1e-3, side: float("inf")}
    model.compile(
        keras.optimizers.SGD(rates["defender"]),
        keras.optimizers.SGD(rates["adversary"]),
    )
    generator = np.random.default_rng(0)
    pair = (
        generator.normal(size=(64, 4)).astype("float32"),
        {"private": generator.integers(0, 2, 64)},
    )
    checkpoint = callbacks.Checkpoint(path)
    model.optimizer.learning_rate = model.adversary_optimizer.learning_rate = 0

    class Later(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                model.optimizer.learning_rate = rates["defender"]
                model.adversary_optimizer.learning_rate = rates["adversary"]

    model.fit(
        tf.data.Dataset.from_tensor_slices(pair).batch(16), epochs=3,
        verbose=0, shuffle=False,
        callbacks=[Later(), callbacks.StopAtNaN(path), checkpoint],
    )


def test_what_other_callbacks_leave_open_ends_no_training(tmp_path):
    """Such as the attack error of epochs without an attack."""
    watch = callbacks.StopAtNaN(tmp_path)
    watch.set_model(types.SimpleNamespace(
        LOSSES=("loss",), OPTIMIZERS={"optimizer": "defender"},
        side_variables=lambda side: [],
    ))
    watch.on_epoch_end(0, {"loss": 1.0, "attack_error": float("nan")})
    with pytest.raises(UserError, match="loss is not finite"):
        watch.on_epoch_end(0, {"loss": float("nan"), "attack_error": 1.0})


@pytest.mark.parametrize("side", ["defender", "adversary"])
def test_a_training_that_diverges_keeps_the_last_good_state(side, tmp_path):
    with pytest.raises(UserError, match=rf"epoch 2: .*the {side}") as found:
        diverging(side, tmp_path)
    assert str(tmp_path) in str(found.value)
    (kept,) = tmp_path.iterdir()
    assert kept.name == "epoch_0001.weights.h5"


@pytest.mark.parametrize("error, said", [
    (OSError(errno.ENOSPC, "No space left on device", "/x/y"),
     "/x/y cannot be read or written: No space left.*Free some space"),
    (OSError(errno.ENOSPC, "Can't write (filename = '/x/y.h5', errno = 28)"),
     "/x/y.h5 cannot be read or written: No space left on device. Free"),
    (OSError(errno.EROFS, "Read-only file system", "/x"), "can be written"),
    (MemoryError(), "smaller one"),
    (tf.errors.ResourceExhaustedError(None, None, "OOM of shape [9]"),
     "OOM of shape.*smaller one"),
    (tf.errors.ResourceExhaustedError(
        None, None, "{{node SaveV2}} /x/y.data; No space left on device"),
     "/x/y.data cannot be read or written: No space left on device. Free"),
])
def test_what_the_machine_lacks_is_a_sentence(error, said):
    with pytest.raises(SystemExit, match=said), program.sentences():
        raise error


def test_what_has_no_room_is_not_begun(tmp_path, monkeypatch):
    model = keras.Sequential([keras.Input((1000,)), keras.layers.Dense(1000)])
    files.check_room(tmp_path / "x", model)
    monkeypatch.setattr(
        files.shutil, "disk_usage",
        lambda path: shutil._ntuple_diskusage(10**7, 5 * 10**6, 5 * 10**6),
    )
    with pytest.raises(OSError, match="No space left.*x.keras") as found:
        workdir.save(model, tmp_path / "x.keras")
    assert found.value.errno == errno.ENOSPC
    assert not list(tmp_path.iterdir())


def test_other_errors_stay_what_they_are():
    for error in (KeyError("x"), FileNotFoundError(errno.ENOENT, "no", "f")):
        with pytest.raises(type(error)), program.sentences():
            raise error


@pytest.mark.parametrize("name", ["epochs", "batch_size",
                                  "steps_per_execution"])
@pytest.mark.parametrize("value", [0, -3])
def test_counts_that_are_none(tmp_path, name, value):
    config = gap_diabetes.get_config("smoke")
    config[name] = value
    with pytest.raises(UserError, match=f"`config.{name}` must be an integer"):
        train_lib.train(config, tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_a_working_directory_that_is_a_file(tmp_path):
    (tmp_path / "w").write_text("mine")
    with pytest.raises(UserError, match="--workdir must be a folder"):
        train_lib.train(gap_diabetes.get_config("smoke"), tmp_path / "w")
