"""Baselines: what they send, and what a server makes of it."""

import numpy as np
import pytest

from kprivacy import baselines, releases
from kprivacy.errors import UserError
from kprivacy.ran import build_client


@pytest.fixture
def data():
    return np.random.default_rng(0).random((200, 12, 12, 1), np.float32)


@pytest.fixture
def client():
    return build_client((12, 12, 1), filters=(4,), kernel_size=3)


def test_laplace_noise_has_its_scale(data):
    noise = baselines.Laplace(0.3, seed=0)(data) - data
    assert np.abs(noise).mean() == pytest.approx(0.3, rel=0.02)
    with pytest.raises(ValueError, match="must not be negative"):
        baselines.Laplace(-1.0)


def test_all_components_restore_the_features(client, data):
    width = int(np.prod(client.output_shape[1:]))
    resized = baselines.ResizedDNN(client, data, components=width)
    features = releases.KerasRelease(client)(data)
    np.testing.assert_allclose(
        resized.restore(resized(data)), features, atol=1e-4
    )


def test_components_and_noise_of_resized_features(client, data):
    quiet = baselines.ResizedDNN(client, data, components=5, seed=0)
    noisy = baselines.ResizedDNN(client, data, 5, factor=0.5, seed=0)
    sent = quiet(data)
    assert sent.shape == (200, 5)
    noise = noisy(data) - sent
    # The mean of |Laplace| is its scale, half a deviation of what is sent.
    assert np.abs(noise).mean() == pytest.approx(
        0.5 * sent.std(), rel=0.1
    )
    assert quiet.restore(sent).shape == (200, *client.output_shape[1:])


@pytest.mark.parametrize("components", [0, 10_000])
def test_impossible_components_are_refused(client, data, components):
    with pytest.raises(UserError, match="`components` must"):
        baselines.ResizedDNN(client, data, components)


def test_feature_noise(client, data):
    features = releases.KerasRelease(client)(data)
    release = baselines.FeatureNoise(client, data, 2.0, seed=0)
    noise = release(data) - features
    assert np.abs(noise).mean() == pytest.approx(
        2 * features.std(), rel=0.05
    )


def test_the_ends(data):
    np.testing.assert_array_equal(baselines.Identity()(data), data)
    only = baselines.LabelOnly(lambda x: x.reshape(len(x), -1)[:, :3])
    sent = only(data)
    np.testing.assert_array_equal(
        sent.argmax(1), data.reshape(200, -1)[:, :3].argmax(1)
    )
    assert set(sent.ravel()) == {0.0, 1.0}
