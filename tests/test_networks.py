"""Networks: shapes, mirrors, and what they refuse."""

import keras
import numpy as np
import pytest

from kprivacy import networks
from kprivacy.networks.residual import residual_decoder


@pytest.mark.parametrize(
    "shape", [(28, 28, 1), (32, 32, 3), (33, 47, 2), (128, 9), (61, 3)]
)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("bottleneck", [None, 5])
def test_mirrors_lead_back(shape, padding, bottleneck):
    encoder = networks.lenet(
        shape, filters=(2, 3), padding=padding, bottleneck=bottleneck
    )
    for widen in (1, 2):
        decoder = networks.mirror(encoder, widen=widen)
        assert decoder.input_shape == encoder.output_shape
        assert decoder.output_shape == (None, *shape)


def test_a_mirror_undoes_layer_by_layer():
    encoder = networks.lenet((28, 28, 1), filters=(2, 3), bottleneck=5)
    kinds = [
        type(layer).__name__
        for layer in networks.mirror(encoder).layers
        if layer.weights and "Normal" not in type(layer).__name__
    ]
    assert kinds == ["Dense", "Conv2DTranspose", "Conv2DTranspose"]


def test_overlapping_pooling_is_mirrored_by_its_stride():
    inputs = keras.Input((27, 27, 1))
    x = keras.layers.Conv2D(2, 3, padding="same")(inputs)
    x = keras.layers.MaxPooling2D(3, strides=2)(x)
    decoder = networks.mirror(keras.Model(inputs, x))
    up = [la for la in decoder.layers if "UpSampling" in type(la).__name__]
    assert up[0].size == (2, 2)
    assert decoder.output_shape == (None, 27, 27, 1)


def test_layers_without_a_mirror_are_named():
    inputs = keras.Input((8,))
    x = keras.layers.LayerNormalization(name="odd_one")(inputs)
    with pytest.raises(ValueError, match="'odd_one'.* has no mirror"):
        networks.mirror(keras.Model(inputs, x))


@pytest.mark.parametrize(
    "shape, sentence",
    [((28,), "must be \\(height"), ((8, 8, 1), "must be large enough")],
)
def test_shapes_that_do_not_fit_are_refused(shape, sentence):
    with pytest.raises(ValueError, match=sentence):
        networks.lenet(shape)


@pytest.mark.parametrize("features", [(7,), (7, 7, 3), (28, 28, 1), (4, 4, 2)])
def test_residual_decoders_take_any_features(features):
    decoder = residual_decoder(features, (28, 28, 1), width=16)
    assert decoder(np.zeros((2, *features))).shape == (2, 28, 28, 1)


def test_residual_decoders_of_signals():
    decoder = residual_decoder((5,), (61, 3), 16, output_activation=None)
    assert decoder.output_shape == (None, 61, 3)


def test_ran_on_signals_end_to_end():
    from kprivacy import attacks, data, ran, releases
    from kprivacy.ran import RAN

    generator = np.random.default_rng(0)
    labels = np.arange(240) % 3
    signals = generator.normal(size=(240, 64, 3)).cumsum(axis=1)
    source = ((signals + 5 * labels[:, None, None]).astype("float32"), labels)
    client = ran.build_client((64, 3), filters=(4, 8), bottleneck=6)
    model = RAN(
        client, ran.build_server(client, 3), ran.build_adversary(client)
    )
    model.compile("adam", "adam", metrics=["accuracy"])
    model.fit(data.load(source), epochs=1, verbose=0, shuffle=False)
    attacker, test = (data.arrays(source, n) for n in ("attacker", "test"))
    values = test.data.max() - test.data.min()
    attack = attacks.Reconstruction(client, steps=60, data_range=values)
    found = attack.run(releases.KerasRelease(client), attacker, test)
    assert found.best.ssim is None
    assert found.best.mse < found.mean_error
