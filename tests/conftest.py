"""Fixtures that several test files share."""

import fcntl
import os
import shutil

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Several processes test at once: threads that wait for each other's cores take
# seven times as long over a small regression.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import protection
import pytest
import tensorflow as tf

# Two logical CPUs, for the tests of distribution; before anything else runs.
_CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    _CPU, [tf.config.LogicalDeviceConfiguration()] * 2
)


@pytest.fixture(autouse=True)
def _float32_policy():
    import keras

    yield
    keras.mixed_precision.set_global_policy("float32")


@pytest.fixture(autouse=True, scope="module")
def _fresh_graphs():
    """Lets go of a file's models: after each test it would take seconds."""
    import keras

    yield
    keras.backend.clear_session()


@pytest.fixture(scope="module")
def eagerly():
    """Steps as they are written, where so few are made that tracing is most.

    Graphs are what other tests train, and all binaries.
    """
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="session")
def tfds_dir():
    """The folder of prepared TFDS sets."""
    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder or not os.path.isdir(os.path.join(folder, "mnist")):
        pytest.skip("needs TFDS_DATA_DIR with a prepared mnist")
    return folder


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory):
    """A working directory trained, audited and exported from a smoke config.

    Where several processes test, one makes it and each has a copy.
    """
    own = tmp_path_factory.mktemp("smoke")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _make_smoke_run(own)
        return own
    made = tmp_path_factory.getbasetemp().parent / "smoke"
    with open(f"{made}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _make_smoke_run(own)
            shutil.copytree(own, f"{made}_unfinished")
            os.replace(f"{made}_unfinished", made)
            return own
    shutil.copytree(made, own, dirs_exist_ok=True)
    return own


def _make_smoke_run(folder):
    from configs import ran_digits
    from export import bundle
    from kprivacy import audit_lib, train_lib

    train_lib.train(ran_digits.get_config("smoke"), folder)
    audit_lib.audit(folder)
    bundle.export(folder, folder / "export")


@pytest.fixture
def toy_images():
    """64 seeded images of 28 x 28 x 1 in three classes that differ."""
    generator = np.random.default_rng(0)
    labels = np.arange(64, dtype=np.int32) % 3
    images = generator.random((64, 28, 28, 1), np.float32) * 0.5
    images += (labels / 6)[:, None, None, None].astype(np.float32)
    return images, labels


@pytest.fixture
def key(tmp_path):
    """Path of a new key."""
    from kprivacy.protection import secret

    secret.write_new(tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def keyed(tmp_path):
    """A pair for images that takes a key."""
    return protection.pair(tmp_path / "w", keyed=True)


@pytest.fixture
def plain(tmp_path):
    """A pair for images without a key."""
    return protection.pair(tmp_path / "w")


@pytest.fixture
def sent(tmp_path, keyed, key):
    """The fakes of five images."""
    protection.photos(tmp_path / "in")
    from kprivacy import protect_lib

    protect_lib.protect(keyed, tmp_path / "in", tmp_path / "o", key)
    return tmp_path / "o"


@pytest.fixture
def pictures():
    """Some of two channels, in three classes."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (32, 9, 7, 2))
    return (pixels / 255).astype("float32"), generator.integers(0, 3, 32)
