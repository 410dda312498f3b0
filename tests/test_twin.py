"""Twins: batch normalisation folded away, and the same layers in tf_keras."""

import keras
import numpy as np
import pytest

from export import graph, rebuild, twin
from kprivacy import confounder_gan, gap, networks, ran
from kprivacy.errors import UserError


def settled(model, seed=0):
    """A model whose batch norm has statistics, gammas and betas of its own."""
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            size = layer.gamma.shape
            layer.set_weights([
                generator.uniform(0.5, 2, size), generator.normal(size=size),
                generator.normal(size=size), generator.uniform(0.5, 2, size),
            ])
    return model


def inputs_of(model):
    generator = np.random.default_rng(1)
    return [
        generator.random(
            (5, *(n or 12 for n in one.shape[1:])), np.float32
        )
        for one in model.inputs
    ]


MODELS = {
    "ran": lambda: ran.build_client(
        (28, 28, 1), filters=(4, 8), bottleneck=6, noise=0.5
    ),
    "gap": lambda: gap.build_client(
        (12, 12, 1), "autoencoder", filters=(4, 8), code=5, noise=3
    ),
    "gap_perturbed": lambda: gap.build_client(
        (12, 12, 1), "autoencoder", filters=(4, 8), code=5, amplitude=0.5
    ),
    "gap_blended": lambda: gap.build_client(
        (12, 12, 1), "autoencoder", filters=(4, 8), code=5, blend=True
    ),
    "gap_unet": lambda: gap.build_client(
        (12, 12, 3), "unet", filters=(4, 8), code=5, noise=3, residual=True
    ),
    "signals": lambda: gap.build_client(
        (16, 3), "autoencoder", filters=(4, 8), code=5
    ),
    "profiles": lambda: gap.build_client((6,), "dense", units=(8,), code=3),
    "confounder_gan": lambda: confounder_gan.build_client(
        (None, None, 3), filters=(4, 8)
    ),
    "guided": lambda: confounder_gan.build_client(
        (12, 12, 3), filters=(4, 8), pattern=2, cell=4,
        guide=settled(networks.classifier((8, 8, 3), 3, "resnet18", 8)),
    ),
    "residual": lambda: confounder_gan.build_client(
        (None, None, 3), "residual", filters=(4, 6, 8), blocks=1
    ),
}


@pytest.mark.parametrize("name", list(MODELS))
def test_twins_give_the_same(name):
    keras.utils.set_random_seed(0)
    model = graph.prepared(settled(MODELS[name]()))
    inputs = inputs_of(model)
    given = inputs if len(inputs) > 1 else inputs[0]
    folded = rebuild.folded(rebuild.flattened(model))
    kinds = {type(layer).__name__ for layer in folded.layers}
    assert "BatchNormalization" not in kinds
    expected = np.asarray(model(given))
    np.testing.assert_allclose(folded(given), expected, atol=2e-5)
    other = twin.twin(folded)
    assert type(other).__module__.startswith("tf_keras")
    np.testing.assert_allclose(other(given), expected, atol=2e-5)
    twin.check_equal(model, other, inputs)


def test_a_norm_before_dense_layers_goes_into_them():
    """BN of x to 2 (x - 1) / sqrt(4) + 3 = x + 2, then 5 x + 7."""
    inputs = keras.Input((1,))
    x = keras.layers.LeakyReLU(0.2)(keras.layers.Dense(1)(inputs))
    x = keras.layers.BatchNormalization(epsilon=0.0)(x)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    first, _, norm, last = model.layers[1:]
    first.set_weights([np.ones((1, 1)), np.zeros(1)])
    norm.set_weights([np.full(1, n) for n in (2.0, 3.0, 1.0, 4.0)])
    last.set_weights([np.full((1, 1), 5.0), np.full(1, 7.0)])
    folded = rebuild.folded(model)
    kernel, bias = folded.layers[-1].get_weights()
    assert (kernel.item(), bias.item()) == (5.0, 17.0)


def test_what_has_no_twin_is_refused():
    inputs = keras.Input((4, 4, 1))
    x = keras.layers.MaxPooling2D(2)(inputs)
    odd = keras.Model(inputs, keras.layers.BatchNormalization()(x))
    with pytest.raises(UserError, match="must stand right after"):
        rebuild.folded(odd)

    class Odd(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    with pytest.raises(UserError, match="a Odd"):
        twin.twin(keras.Model(inputs, Odd()(inputs)))
    other = keras.Model(inputs, inputs + 1.0)
    with pytest.raises(UserError, match="a difference of 1"):
        twin.check_equal(keras.Model(inputs, inputs), other,
                         [np.zeros((1, 4, 4, 1))])
