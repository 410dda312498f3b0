"""Fine-tuning, pruning and clustering of clients for their int8 files."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from export import bundle, tuning, variants
from export import client as client_lib
from export.parts import Client
from kprivacy import confounder_gan, fakesafe, gap, ran
from kprivacy.errors import UserError


def clients():
    """Name to a client with statistics of its own."""
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    images = generator.random((64, 16, 16, 1), np.float32)
    noise = generator.random((64, 4), np.float32)
    yield "ran", Client(
        ran.build_client((16, 16, 1), filters=(4, 8), bottleneck=6),
        "encode", {"image": "image"}, ("features", "features"), (images,),
    )
    yield "gap", Client(
        gap.build_client((16, 16, 1), filters=(4, 8), code=4, noise=4),
        "release", {"data": "image", "noise": "noise"},
        ("released", "image"), (images, noise),
    )
    yield "confounder_gan", Client(
        confounder_gan.build_client((None, None, 1), filters=(4, 8)),
        "protect", {"image": "image"}, ("protected", "image"), (images,),
    )
    key = generator.integers(0, 2, (64, 16)).astype(np.float32)
    yield "fakesafe", Client(
        fakesafe.build_client(
            (16, 16, 1), (16, 16, 1), network="convolutional",
            filters=(8, 4), code=16, key=True,
        ),
        "fake", {"source": "image", "key": "key"}, ("fake", "image"),
        (images, key),
    )


CLIENTS = dict(clients())


def apart(client, model):
    given = client.given(client.examples)
    return np.abs(np.asarray(model(given)) - np.asarray(client.model(given)))


@pytest.mark.parametrize("name", list(CLIENTS))
def test_fine_tuning_stays_with_the_client(name):
    client = CLIENTS[name]
    model = tuning.fitted(client, "tuned", 4, 1e-5)
    assert apart(client, model).max() < 0.02
    kinds = {type(layer).__name__ for layer in model.layers}
    assert "BatchNormalization" not in kinds
    again = tuning.fitted(client, "tuned", 4, 1e-5)
    for one, other in zip(model.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_pruned_kernels_are_zero_and_clustered_ones_repeat():
    client = CLIENTS["gap"]
    for layer in kernels(tuning.fitted(client, "pruned", 20)):
        assert np.mean(layer == 0) == pytest.approx(tuning.SPARSITY, abs=0.02)
    for layer in kernels(tuning.fitted(client, "clustered", 4)):
        assert len(np.unique(layer)) <= tuning.CLUSTERS
    bytes_ = {}
    for name in ("int8", "int8_pruned"):
        contents, found = variants.made(
            client, [name], client.examples, {"steps": 20}
        )
        assert list(contents) == [name]
        bytes_[name] = found[name]["compressed_bytes"]
    assert bytes_["int8_pruned"] < 0.9 * bytes_["int8"]


def kernels(model):
    return [
        layer.kernel.numpy() for layer in model.layers
        if hasattr(layer, "kernel")
    ]


def test_fine_tuning_brings_an_uneven_channel_closer():
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    speed, begin = generator.uniform(1, 3, 1800), generator.random(1800)
    waves = np.sin(2 * np.pi * (
        np.arange(32) / 32 * speed[:, None] + begin[:, None]
    )) * generator.uniform(0.2, 3, (1800, 1))
    signals = waves.reshape(600, 3, 32).transpose(0, 2, 1).astype("float32")
    model = gap.build_client((32, 3), filters=(8, 16), code=8)
    model.compile(keras.optimizers.Adam(3e-3), "mse")
    model.fit(signals, signals, batch_size=32, epochs=15, verbose=0)
    # One number of the code takes most of the levels that all share.
    code, after = model.get_layer("code"), model.get_layer("up_dense")
    scale = np.array([30.0] + [1.0] * 7, np.float32)
    code.set_weights([one * scale for one in code.get_weights()])
    after.set_weights([after.get_weights()[0] / scale[:, None]])
    client = Client(model, "release", {"data": "signal"},
                    ("released", "signal"), (signals,))
    found = variants.made(
        client, ["int8", "int8_tuned"], (signals[:100],),
        {"steps": 300, "learning_rate": 1e-3},
    )[1]
    quanta = {key: one["parity"]["mean_quanta"] for key, one in found.items()}
    assert quanta["int8_tuned"] < 0.95 * quanta["int8"]
    assert bundle._better("int8_tuned", found)[0] == "int8_tuned"
    swapped = {"int8": found["int8_tuned"], "int8_tuned": found["int8"]}
    name, (said,) = bundle._better("int8_tuned", swapped)
    assert name == "int8" and "int8 is kept" in said
    failed = {**found, "int8_tuned": {"failed": "No layer for it."}}
    name, (said,) = bundle._better("int8_tuned", failed)
    assert name == "int8" and "No layer for it. int8 is kept" in said


def test_importing_tfmot_leaves_keras_as_it_is():
    code = (
        "import os; from export import tuning; tuning._tfmot(); "
        "import tensorflow as tf; "
        "assert tf.keras.__version__.startswith('3'), tf.keras.__version__; "
        "assert 'TF_USE_LEGACY_KERAS' not in os.environ"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_layer_without_a_twin_is_refused():
    class Odd(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    inputs = keras.Input((4,))
    odd = Client(keras.Model(inputs, Odd()(inputs)), "encode",
                 {"v": "vector"}, ("o", "vector"),
                 (np.zeros((4, 4), np.float32),))
    with pytest.raises(UserError, match="tf_keras has.*without fine-tuning"):
        tuning.fitted(odd, "tuned", 1)
    with pytest.raises(UserError, match="int8_tuned"):
        client_lib.convert(odd, "float64")
