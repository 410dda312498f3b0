"""Cascades whose steps have covers."""

import keras
import numpy as np
import pytest

import kprivacy
from kprivacy import protect_lib, recover_lib
from kprivacy.errors import UserError
from kprivacy.fakesafe import (
    build_adversary,
    build_client,
    build_server,
    channel,
    relays,
)
from kprivacy.fakesafe.cascade import Cascade
from kprivacy.fakesafe.sides import Receiver, Sender, pads_of
from kprivacy.protection import secret

VECTOR, LARGE, SMALL = (5,), (16, 20, 1), (12, 12, 3)
CHAIN = [(VECTOR, LARGE, 8, 1), (LARGE, SMALL, 12, 2), (SMALL, LARGE, 8, 1)]


def step(source, target, bits, cover=1, key=True, seed=0):
    """A step with covers, untrained but for its place, which is not even."""
    keras.utils.set_random_seed(seed)
    options = {"units": (6,), "code": bits, "key": key, "cover": cover}
    if len(source) == 3:
        options |= {"network": "convolutional", "filters": (4,)}
    client = build_client(source, target, **options)
    place = client.get_layer("place_conv2")
    place.set_weights([np.random.default_rng(seed).normal(size=w.shape)
                       for w in place.get_weights()])
    return kprivacy.FakeSafe(
        client,
        build_server(client, **options),
        build_adversary(client, units=(6,)),
        seed=seed,
    )


def pictures(shape, count=80, seed=0):
    generator = np.random.default_rng([seed, shape[0]])
    return generator.uniform(0.2, 0.8, (count, *shape)).astype("float32")


@pytest.fixture(scope="module")
def parts():
    return [step(*one, seed=i) for i, one in enumerate(CHAIN)]


@pytest.fixture(scope="module")
def cascade(parts):
    return Cascade(parts, [pictures(LARGE), pictures(SMALL)])


def messages(count=20):
    generator = np.random.default_rng(3)
    return generator.normal(size=(count, *VECTOR)).astype("float32")


def sent(cascade, count=20):
    pads = pads_of(cascade.client, bytes(32))(count)
    fakes = Sender(cascade.client, pictures(LARGE, count, 1))(
        messages(count), pads
    )
    return fakes, pads


def test_the_server_makes_the_first_fake_again(cascade, parts):
    """What comes back is what the first step alone gives, to the last bit."""
    fakes, pads = sent(cascade)
    first, own = parts[0], pads[:, : cascade.key_sizes[0]]
    bank = relays.banks(parts, [pictures(LARGE), pictures(SMALL)])[0]
    number = (own[:, -6:] * 2.0 ** np.arange(6)).sum(1).astype(int)
    assert len(set(number)) > 5
    once = first.client.predict([messages(), own, bank[number]], verbose=0)
    code = keras.Model(
        first.server.inputs, first.server.get_layer("code").output
    ).predict([once, own], verbose=0)
    assert (np.abs(code) > 0.5).all(), "a bit is not where it was put"
    np.testing.assert_allclose(
        Receiver(cascade.server)(fakes, pads),
        Receiver(first.server)(once, own),
        atol=1e-5,
    )


def test_every_key_counts(cascade):
    fakes, pads = sent(cascade)
    right = Receiver(cascade.server)(fakes, pads)
    begin = 0
    for size in cascade.key_sizes:
        other = pads.copy()
        other[:, begin : begin + size] = 1 - other[:, begin : begin + size]
        assert np.abs(Receiver(cascade.server)(fakes, other) - right).max() > (
            0.1
        )
        begin += size


def test_only_the_last_cover_is_asked_for(cascade):
    assert [one.name for one in cascade.client.inputs] == [
        "source", "key", "cover"
    ]
    assert cascade.client.output_shape[1:] == LARGE
    with pytest.raises(UserError, match="takes a cover for each message"):
        Sender(cascade.client)
    with pytest.raises(UserError, match="neither black nor white"):
        Sender(cascade.client, np.zeros((3, *LARGE)))


def test_both_sides_are_saved_and_loaded(cascade, tmp_path):
    fakes, pads = sent(cascade)
    cascade.save(tmp_path)
    client, server = (
        keras.saving.load_model(tmp_path / role / f"{role}.keras")
        for role in ("client", "server")
    )
    covers = pictures(LARGE, 20, 1)
    again = Sender(client, covers)(messages(), pads)
    np.testing.assert_array_equal(again, fakes)
    np.testing.assert_array_equal(
        Receiver(server)(fakes, pads), Receiver(cascade.server)(fakes, pads)
    )


def test_messages_go_there_and_back_by_the_binaries(cascade, tmp_path):
    """Several keys and covers, of which the sender gives the last alone."""
    cascade.save(tmp_path)
    secret.write_new(tmp_path / "key")
    np.save(tmp_path / "x.npy", messages(6))
    for i, one in enumerate(pictures(LARGE, 6, 8)):
        channel.write_png(tmp_path / "covers" / f"{i}.png", one)
    protect_lib.protect(
        tmp_path, tmp_path / "x.npy", tmp_path / "o", tmp_path / "key",
        covers=tmp_path / "covers",
    )
    recover_lib.recover(
        tmp_path, tmp_path / "o", tmp_path / "back", tmp_path / "key"
    )
    fakes, pads = sent(cascade)
    expected = Receiver(cascade.server)(fakes, pads)[:6]
    found = np.load(tmp_path / "back" / "x.npy")
    # Other pads, other covers: the bits are the same, their strength is not.
    # Over random keys that moves what comes back by up to .03, a bit by 1.2.
    apart = np.abs(found[:, None] - expected).max(axis=2)
    assert np.diag(apart).max() < 0.1 * np.median(apart)


def test_what_does_not_go_together(parts):
    with pytest.raises(UserError, match="for each inner fake, here 1"):
        Cascade(parts[:2])
    with pytest.raises(UserError, match=r"images of shape \(16, 20, 1\)"):
        Cascade(parts[:2], [pictures(SMALL)])
    with pytest.raises(UserError, match="needs 64 covers with room"):
        Cascade(parts[:2], [pictures(LARGE, 20)])
    with pytest.raises(UserError, match="code of the first one"):
        Cascade(parts[1:], [pictures(SMALL)])
    with pytest.raises(UserError, match="must look random"):
        Cascade([parts[0], step(LARGE, SMALL, 8, key=False)],
                [pictures(LARGE)])
    options = {"network": "convolutional", "filters": (4,), "code": 8}
    client = build_client(LARGE, SMALL, **options)
    painted = kprivacy.FakeSafe(
        client, build_server(client, **options),
        build_adversary(client, units=(6,)),
    )
    with pytest.raises(UserError, match="all take covers, or none"):
        Cascade([parts[0], painted], [pictures(LARGE)])
    with pytest.raises(UserError, match="nothing to finetune"):
        Cascade(parts[:2], [pictures(LARGE)]).finetuning()
