"""Several steps as one: shapes, keys, training, saving."""

import harness
import keras
import numpy as np
import pytest

import kprivacy
from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.fakesafe import (
    build_adversary,
    build_client,
    build_server,
    training,
)
from kprivacy.fakesafe.cascade import Cascade


def step(source, target, bits=0, seed=0, **options):
    """One step with small networks; `bits` of key, or none."""
    keras.utils.set_random_seed(seed)
    code = {"code": bits, "key": True} if bits else {}
    client = build_client(source, target, units=(6,), **code)
    return kprivacy.FakeSafe(
        client,
        build_server(client, units=(6,), **code),
        build_adversary(client, units=(6,)),
        seed=seed,
        **options,
    )


VECTOR, IMAGE, SMALL = (5,), (6, 4, 1), (3, 2, 3)
CHAINS = {
    "two": [(VECTOR, IMAGE, 0), (IMAGE, SMALL, 0)],
    "keyed": [(VECTOR, IMAGE, 3), (IMAGE, SMALL, 4)],
    "first": [(VECTOR, IMAGE, 3), (IMAGE, SMALL, 0)],
    "mixed": [(VECTOR, IMAGE, 3), (IMAGE, SMALL, 0), (SMALL, VECTOR, 2)],
}


def steps(name):
    return [
        step(*one, seed=i, cycle_weight=i + 1.0)
        for i, one in enumerate(CHAINS[name])
    ]


def messages(count=7):
    generator = np.random.default_rng(0)
    return generator.normal(size=(count, *VECTOR)).astype("float32")


def random_key(bits, count=7):
    generator = np.random.default_rng(bits)
    return generator.integers(0, 2, (count, bits)).astype("float32")


def given(model, data, key):
    """One call of a client or a server, with a key if it takes one."""
    return np.asarray(model([data, key] if key.shape[1] else data))


@pytest.mark.parametrize("name", CHAINS)
def test_a_cascade_is_its_steps(name):
    """Keys in a row, the first step's first, on both sides."""
    parts = steps(name)
    cascade = Cascade(parts)
    sizes = [bits for *_, bits in CHAINS[name]]
    assert cascade.key_sizes == sizes
    key = random_key(sum(sizes))
    keys = np.split(key, np.cumsum(sizes)[:-1], axis=1)
    x = messages()
    for i, (part, own) in enumerate(zip(parts, keys)):
        x = given(part.client, x, own)
        if i + 1 < len(parts) and x.ndim == 4:
            x = np.round(x * 255) / np.float32(255)
    fakes = given(cascade.client, messages(), key)
    np.testing.assert_allclose(fakes, x, atol=1e-6)
    for part, own in reversed(list(zip(parts, keys))):
        x = given(part.server, x, own)
    recovered = given(cascade.server, fakes, key)
    np.testing.assert_allclose(recovered, x, atol=1e-5)
    assert recovered.shape == (7, *VECTOR)


def test_every_part_of_the_key_counts():
    # The code of the second step is long, lest it miss what the first turns.
    cascade = Cascade([step(VECTOR, IMAGE, 3), step(IMAGE, SMALL, 16)])
    data, key = messages(50), random_key(19, 50)
    fakes = given(cascade.client, data, key)
    recovered = given(cascade.server, fakes, key)
    for column in range(19):
        other = key.copy()
        other[:, column] = 1 - other[:, column]
        assert (given(cascade.client, data, other) != fakes).any()
        assert (given(cascade.server, fakes, other) != recovered).any()


def test_fakes_on_the_way_are_rounded_where_their_step_rounds():
    parts = [
        step(VECTOR, IMAGE, quantize=quantize) for quantize in (True, False)
    ]
    last = step(IMAGE, VECTOR)
    rounded, free = (Cascade([part, last]) for part in parts)
    x = messages()
    found = rounded.client.predict(x, verbose=0)
    assert (found != free.client.predict(x, verbose=0)).any()


def test_one_step_may_come_twice():
    once = step(IMAGE, IMAGE, 3)
    twice = Cascade([once, once])
    assert twice.key_sizes == [3, 3]
    image = np.random.default_rng(0).random((2, *IMAGE), np.float32)
    key = random_key(6, 2)
    between = np.asarray(once.disguise([image, key[:, :3]]))
    np.testing.assert_allclose(
        given(twice.client, image, key),
        given(once.client, between, key[:, 3:]),
        atol=1e-6,
    )


def test_finetuning_moves_every_step():
    parts = steps("mixed")
    model = Cascade(parts).finetuning(channel_noise=0.0)
    assert isinstance(model, kprivacy.FakeSafe)
    assert model.adversary is parts[-1].adversary
    assert (model.cycle_weight, model.seed) == (3.0, 2)
    model.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2))
    trained = [one for part in parts for one in (part.client, part.server)]
    before = [
        [v.numpy() for v in one.trainable_variables] for one in trained
    ]
    harness.fit(model, (messages(32), messages(32)), 2)
    for one, old in zip(trained, before):
        for variable, was in zip(one.trainable_variables, old):
            assert (variable.numpy() != was).any(), variable.path
    again = Cascade(parts)
    key = random_key(5)
    np.testing.assert_array_equal(
        given(again.client, messages(), key),
        given(model.client, messages(), key),
    )


def test_finetuning_from_a_config():
    from configs import fakesafe_base

    config = fakesafe_base.fakesafe("digits", "digits", "smoke")
    config.finetuning = 2
    shape = (28, 28, 1)
    parts = [step(shape, shape, 3, seed=i) for i in range(2)]
    model = Cascade(parts).finetuning()
    before = harness.weights(model)
    training.finetune(model, config)
    assert int(model.optimizer.iterations.numpy()) == 2
    assert (harness.weights(model) != before).any()


@pytest.mark.parametrize("name", ["two", "mixed"])
def test_both_sides_are_saved_and_loaded(name, tmp_path):
    cascade = Cascade(steps(name))
    bits = sum(cascade.key_sizes)
    key = random_key(bits)
    fakes = given(cascade.client, messages(), key)
    for role, data in (("client", messages()), ("server", fakes)):
        training.write_part(getattr(cascade, role), role, cascade, "ab",
                            tmp_path / role)
        loaded = keras.saving.load_model(tmp_path / role / f"{role}.keras")
        np.testing.assert_array_equal(
            given(loaded, data, key),
            given(getattr(cascade, role), data, key),
        )
        end = CHAINS[name][-1][1]
        kind = "image" if len(end) == 3 else "vector"
        assert files.read_json(tmp_path / role / "domain.json") == {
            "format": 1, "method": "fakesafe", "pair": "ab",
            "source": {"kind": "vector", "shape": [5]},
            "target": {"kind": kind, "shape": list(end)},
            "key_bits": bits,
        }


def test_a_finetuned_cascade_is_saved_and_loaded(tmp_path):
    def make(**options):
        model = Cascade(steps("mixed")).finetuning()
        model.compile("adam", "adam", **options)
        return model

    data = messages(32), messages(32)
    harness.check_save_load_continue(make, data, tmp_path / "m.keras")


def test_steps_must_fit():
    first, other = step(VECTOR, IMAGE), step(SMALL, VECTOR)
    with pytest.raises(UserError, match=r"\(6, 4, 1\), then a step for \(3"):
        Cascade([first, other])
    with pytest.raises(UserError, match="at least one step. Received: none"):
        Cascade(iter(()))
    with pytest.raises(UserError, match="Received: a Functional"):
        Cascade([first, other.client])
