"""Constants of float32 that are kept as bytes: no number of them changes."""

import dataclasses

import keras
import numpy as np
import pytest
from test_export import covered, digits

from export import client as client_lib
from export import compact, mixed
from kprivacy.releases import TFLiteModel

__all__ = ["digits"]


def test_levels_are_exact():
    generator = np.random.default_rng(0)
    values = generator.normal(0, 0.03, (50, 40)).astype(np.float32)
    held = compact.on_levels(values)
    step = compact.step_of(values)
    assert held.dtype == np.float32
    np.testing.assert_allclose(held, values, atol=0.51 * step)
    np.testing.assert_array_equal(compact.on_levels(held), held)
    assert len(np.unique(held)) <= 255


@pytest.fixture(scope="module")
def files(digits):
    """The float32 file of a client of few levels, and its bytes' one."""
    client = covered(digits)
    rounded = mixed.on_levels(client.model)
    client = dataclasses.replace(client, model=rounded)
    plain = client_lib.convert(client, "float32")
    return client, plain, compact.compacted(plain)


def test_the_file_gives_the_same(files):
    client, plain, made = files
    held = sum(
        weight.numpy().size for layer in client.model.layers
        for weight in layer.weights if weight.name == "directions"
    )
    # Twice each way, once multiplied; 2 of 16 bytes are left.
    assert len(made) < len(plain) - 13 * held
    given = client.named([one[:5] for one in client.examples])
    sent = [TFLiteModel(one, client.signature)(given)
            for one in (plain, made)]
    np.testing.assert_array_equal(*sent)


def test_others_stay_as_they_are(digits):
    plain = client_lib.convert(covered(digits), "float32")
    assert abs(len(compact.compacted(plain)) - len(plain)) < 0.02 * len(plain)


def test_a_copy_is_made(digits):
    model = covered(digits).model
    before = [one.copy() for one in model.get_weights()]
    copy = mixed.on_levels(model)
    for one, held in zip(model.get_weights(), before):
        np.testing.assert_array_equal(one, held)
    assert isinstance(copy, keras.Model)
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(copy.get_weights(), before)
    )
