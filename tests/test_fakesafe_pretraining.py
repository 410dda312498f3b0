"""The code that is learnt before the fakes are."""

import keras
import numpy as np
import pytest
from kprivacy.configs import fakesafe_base

from kprivacy import data, fakesafe, train_lib
from kprivacy.errors import UserError
from kprivacy.fakesafe.pretraining import CodecPretraining, build_codec

SHAPE = (28, 28, 1)
OPTIONS = {"units": (32,), "code": 16, "key": True}


def make():
    keras.utils.set_random_seed(0)
    client = fakesafe.build_client(SHAPE, SHAPE, **OPTIONS)
    server = fakesafe.build_server(client, **OPTIONS)
    adversary = fakesafe.build_adversary(client, units=(8,))
    model = fakesafe.FakeSafe(client, server, adversary, seed=0)
    model.compile("adam", "adam")
    return model


def error(model, digits):
    codec = build_codec(model.client, model.server)
    return np.abs(codec.predict(digits, verbose=0) - digits).mean()


def test_the_code_is_learnt_before_the_first_epoch_and_not_after_it():
    digits = data.arrays("digits").data
    model = make()
    callback = CodecPretraining(digits, 150, 32, 1e-2)
    callback.set_model(model)
    begin = error(model, digits)
    painter = model.client.get_layer("out_dense").get_weights()
    judge = model.adversary.get_weights()
    callback.on_epoch_begin(1)
    assert error(model, digits) == begin
    callback.on_epoch_begin(0)
    assert error(model, digits) < 0.6 * begin
    for now, before in (
        (model.client.get_layer("out_dense").get_weights(), painter),
        (model.adversary.get_weights(), judge),
    ):
        for one, other in zip(now, before, strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_codec_is_client_and_server_under_any_key():
    """What passes a perfect channel comes out as the codec says."""
    digits = data.arrays("digits").data[:8]
    model = make()
    expected = build_codec(model.client, model.server).predict(
        digits, verbose=0
    )
    # A key and the same key again is no key: both masks turn the same signs.
    key = np.ones((8, 16), np.float32)
    code = keras.Model(
        model.client.inputs, model.client.get_layer("mask").output
    ).predict([digits, key], verbose=0)
    mask = model.server.get_layer("mask")
    decoder = keras.Model(mask.output, model.server.output)
    found = decoder.predict(np.asarray(mask([code, key])), verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_flips_disturb_training_alone():
    digits = data.arrays("digits").data[:64]
    model = make()
    clean = build_codec(model.client, model.server)
    noisy = build_codec(model.client, model.server, flips=0.5, seed=0)
    np.testing.assert_array_equal(
        noisy(digits, training=False), clean(digits, training=False)
    )
    assert not np.allclose(
        noisy(digits, training=True), clean(digits, training=True)
    )


def test_pretraining_needs_a_code(tmp_path):
    config = fakesafe_base.fakesafe("digits", "digits", "smoke")
    config.pretraining_steps = 2
    with pytest.raises(UserError, match="client.code=0"):
        train_lib.train(config, tmp_path)
