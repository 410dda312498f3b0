"""Batch normalisation by TensorFlow's kernel is Keras' but for rounding."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kprivacy import networks
from kprivacy.networks.fused import (
    FusedBatchNormalization,
    fused,
    unfused,
)


def images(count=6):
    """Bright pictures, whose mean is not what layers begin with."""
    return np.random.default_rng(0).normal(3, 2, (count, 5, 4, 3)).astype("f4")


def pair(**options):
    """Keras' layer and ours, built, with scales of their own."""
    layers = [
        kind(name="norm", **options)
        for kind in (keras.layers.BatchNormalization, FusedBatchNormalization)
    ]
    for layer in layers:
        layer.build((None, 5, 4, 3))
        for i, weight in enumerate(layer.trainable_variables):
            weight.assign([0.5 + i, 2.0, -1.0])
    return layers


@pytest.mark.parametrize("training", [True, False])
def test_values_gradients_and_statistics(training):
    found = []
    x = tf.constant(images())
    for layer in pair(momentum=0.7):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=training)
            loss = tf.reduce_sum(y**2 * tf.range(3, dtype=tf.float32))
        seen = [layer.gamma.value, layer.beta.value, x]
        found.append([y, *tape.gradient(loss, seen), *layer.get_weights()])
    for ours, keras_ in zip(*found):
        np.testing.assert_allclose(ours, keras_, rtol=2e-4, atol=2e-4)
    moved = np.abs(found[0][-2]).max()
    assert moved > 0.5 if training else moved == 0


@pytest.mark.parametrize("options", [
    {"axis": 2}, {"center": False}, {"scale": False}, {"dtype": "float64"},
    {"trainable": False},
])
def test_what_the_kernel_lacks_is_kerass(options):
    layers = [
        kind(**options)
        for kind in (keras.layers.BatchNormalization, FusedBatchNormalization)
    ]
    ours, keras_ = (np.array(one(images(), training=True)) for one in layers)
    np.testing.assert_allclose(ours, keras_, rtol=1e-4, atol=1e-4)
    assert ours.dtype == keras_.dtype


def test_a_model_there_and_back():
    model = networks.classifier((8, 8, 3), 4, "resnet18", 8)
    faster = fused(model)
    kinds = [type(layer) for layer in faster.layers]
    assert FusedBatchNormalization in kinds
    assert keras.layers.BatchNormalization not in kinds
    x = images(3).repeat(2, axis=1)[:, :8].repeat(2, axis=2)
    faster(x, training=True)  # the statistics move
    again = unfused(faster)
    assert [type(one) for one in again.layers] == [
        type(one) for one in model.layers
    ]
    np.testing.assert_allclose(
        again(x), faster(x), rtol=1e-4, atol=1e-4
    )
    assert not np.allclose(again(x), model(x), atol=1e-3)


@pytest.mark.parametrize("kind", [keras.Sequential, keras.Model])
def test_models_inside_are_faster_as_well(kind):
    shape = images().shape[1:]
    inside = keras.Sequential([
        keras.Input(shape), keras.layers.BatchNormalization(),
    ])
    if kind is keras.Model:
        inside = keras.Model(inside.inputs, inside.outputs)
    inputs = keras.Input(shape)
    faster = fused(keras.Model(inputs, inside(inputs)))
    held = faster.layers[1].layers[-1]
    assert type(held) is FusedBatchNormalization
    faster(images(), training=True)
    again = unfused(faster).layers[1].layers[-1]
    assert type(again) is keras.layers.BatchNormalization
    np.testing.assert_array_equal(again.moving_mean, held.moving_mean)
    assert np.any(held.moving_mean)
