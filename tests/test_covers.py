"""FakeSafe with covers: what agrees, what shows, what is refused."""

import json

import keras
import numpy as np
import pytest
from PIL import Image
from protection import pictures

from kprivacy import protect_lib, recover_lib, workdir
from kprivacy.errors import UserError
from kprivacy.fakesafe import (
    Cascade,
    FakeSafe,
    build_adversary,
    build_client,
    build_server,
    pairs,
    training,
)
from kprivacy.fakesafe.covers import BLACK, WHITE, key_size
from kprivacy.fakesafe.sides import Sender, pads_of
from kprivacy.protection import manifest, progress, secret
from kprivacy.train_lib import save

SHAPE = (16, 16, 1)  # of `pictures`
BITS = 24
PAD = key_size(BITS, 1)
OPTIONS = {"network": "convolutional", "filters": (8, 4), "code": BITS,
           "key": True, "cover": 1}


def built(seed=0, **options):
    keras.utils.set_random_seed(seed)
    client = build_client(SHAPE, SHAPE, **OPTIONS, **options)
    server = build_server(client, **OPTIONS, **options)
    adversary = build_adversary(client, network="convolutional",
                                filters=(4, 8))
    return FakeSafe(client, server, adversary, seed=0, channel_noise=0.01)


@pytest.fixture(scope="module")
def model():
    found = built()
    found.compile("adam", "adam")
    found.fit(pairs(pictures(32), pictures(32, seed=1), 16), verbose=0)
    return found


def test_client_and_server_agree_over_the_key(model):
    """The code that the server reads is the one that was sent."""
    messages, covers = pictures(40, seed=2), pictures(40, seed=3)
    pads = pads_of(model.client, b"s" * 32)(40)
    sent = Sender(model.client, covers)(messages, pads)
    coded = keras.Model(model.client.inputs[0],
                        model.client.get_layer("code").output)
    read = keras.Model(model.server.inputs,
                       model.server.get_layer("mask").output)
    found = np.sign(read.predict([sent, pads], verbose=0))
    wrong = found != coded.predict(messages, verbose=0)
    assert wrong.mean() < 5e-3
    turned = pads.copy()
    turned[:, :BITS] = 1 - turned[:, :BITS]
    other = np.sign(read.predict([sent, turned], verbose=0))
    np.testing.assert_array_equal(other, -found)


def test_the_lattice_shows_to_the_key_alone(model):
    """Who has both networks and no key finds positions as in any picture."""
    covers = pictures(300, seed=3)
    pads = pads_of(model.client, b"s" * 32)(300)
    sent = Sender(model.client, covers)(pictures(300, seed=2), pads)
    seen = keras.Model(model.server.inputs,
                       model.server.get_layer("code").output)

    def sharpness(images, key):
        return np.abs(seen.predict([images, key], verbose=0)).mean()

    assert sharpness(sent, pads) > 0.98
    blind = np.zeros_like(pads)
    even = 2 / np.pi  # the mean of |cos| over a period
    assert sharpness(sent, blind) == pytest.approx(even, abs=0.02)
    assert sharpness(covers, blind) == pytest.approx(even, abs=0.02)


def test_training_moves_where_covers_change(model):
    """The discriminator's gradient reaches the weights of the pixels."""
    fresh = built()
    moved = [
        np.abs(now.numpy() - then.numpy()).max()
        for now, then in zip(
            model.client.get_layer("place_conv2").weights,
            fresh.client.get_layer("place_conv2").weights,
        )
    ]
    assert min(moved) > 0
    np.testing.assert_array_equal(
        model.client.get_layer("fake").directions,
        model.server.get_layer("code").directions,
    )


def test_it_is_saved_whole(model, tmp_path):
    save(model, tmp_path / "model.keras")
    loaded = workdir.read_model(tmp_path)
    data = [pictures(4), np.ones((4, PAD), np.float32), pictures(4, seed=5)]
    np.testing.assert_array_equal(
        model.client.predict(data, verbose=0),
        loaded.client.predict(data, verbose=0),
    )


def test_a_call_needs_covers(model):
    with pytest.raises(UserError, match="takes a cover"):
        model(pictures(2))
    found = model([pictures(2), np.zeros((2, PAD), np.float32), pictures(2)])
    assert found.shape == (2, *SHAPE)


def test_a_cascade_of_one_step_is_the_step(model):
    cascade = Cascade([model])
    data = [pictures(4), pads_of(model.client)(4), pictures(4, seed=5)]
    fakes = cascade.client.predict(data, verbose=0)
    np.testing.assert_array_equal(
        fakes, model.client.predict(data, verbose=0)
    )
    np.testing.assert_array_equal(
        cascade.server.predict([fakes, data[1]], verbose=0),
        model.server.predict([fakes, data[1]], verbose=0),
    )


def test_covers_are_used_once(model):
    sender = Sender(model.client, pictures(5))
    pads = pads_of(model.client)
    sender(pictures(3), pads(3))
    with pytest.raises(UserError, match="3 messages need as many covers"):
        sender(pictures(3), pads(3))


@pytest.mark.parametrize(
    "covers, sentence",
    [
        (None, "takes a cover"),
        (np.zeros((3, 8, 8, 1)), "must be images of shape"),
        (np.zeros((3, *SHAPE)), "neither black nor white"),
        (np.full((3, *SHAPE), 100), "floats in"),
    ],
)
def test_unfit_covers(model, covers, sentence):
    with pytest.raises(UserError, match=sentence):
        Sender(model.client, covers)


def test_the_message_does_not_matter_under_its_pad(model):
    """Two messages whose turned codes are equal have one and the same fake."""
    messages, covers = pictures(20, seed=2), pictures(20, seed=3)
    coded = keras.Model(model.client.inputs[0],
                        model.client.get_layer("code").output)
    codes = coded.predict(messages, verbose=0)
    pads = pads_of(model.client, b"s" * 32)(20)
    others = pads.copy()
    differ = codes != codes[::-1]
    others[:, :BITS] = np.where(differ, 1 - pads[:, :BITS], pads[:, :BITS])
    assert differ.any()
    np.testing.assert_array_equal(
        model.client.predict([messages, pads, covers], verbose=0),
        model.client.predict([messages[::-1], others, covers], verbose=0),
    )


def test_nothing_piles_up_beside_black_and_white(model):
    """Pixels stop short of the limits, where a histogram would show them."""
    covers = pictures(200, seed=3)
    pads = pads_of(model.client, b"s" * 32)(200)
    sent = Sender(model.client, covers)(pictures(200, seed=2), pads)
    for limit in (BLACK, WHITE):
        before, after = (
            (np.abs(one - limit) < 0.5 / 255).mean() for one in (covers, sent)
        )
        assert after < before + 1e-3


def test_client_and_server_must_have_one_lattice():
    client = build_client(SHAPE, SHAPE, **OPTIONS)
    server = build_server(client, **{**OPTIONS, "spacing": 0.05})
    with pytest.raises(UserError, match="the same cover"):
        FakeSafe(client, server, build_adversary(client, units=(4,)))


def test_covers_for_a_client_without():
    client = build_client(SHAPE, SHAPE, units=(4,))
    with pytest.raises(UserError, match="no covers"):
        Sender(client, pictures(3))


@pytest.mark.parametrize(
    "target, options, sentence",
    [
        ((5,), {}, "A cover is an image"),
        (SHAPE, {"cover": 2, "code": 5}, "A cover is an image"),
        (SHAPE, {"cover": 3}, "`cover`"),
        (SHAPE, {"code": 0}, "need a code"),
        (SHAPE, {"spacing": 0}, "`spacing` must be a number above 0"),
    ],
)
def test_unfit_options(target, options, sentence):
    with pytest.raises(UserError, match=sentence):
        build_client(SHAPE, target, **{**OPTIONS, **options})


# With the binary.


@pytest.fixture
def sides(model, tmp_path):
    training.write_pair(model, tmp_path / "w")
    secret.write_new(tmp_path / "key")
    return tmp_path / "w", tmp_path / "key"


def folder(path, images):
    path.mkdir()
    for i, image in enumerate(images):
        pixels = np.round(image[..., 0] * 255).astype(np.uint8)
        Image.fromarray(pixels).save(path / f"mine {i}.png")
    return path


def test_protect_hides_in_covers(model, sides, tmp_path):
    w, key = sides
    private = folder(tmp_path / "in", pictures(6, seed=6))
    covers = folder(tmp_path / "covers", pictures(8, seed=7))
    result = protect_lib.protect(w, private, tmp_path / "o", key,
                                 covers=covers)
    assert result.count == 6 and not result.bad
    text = (tmp_path / "o" / "manifest.json").read_text()
    assert "mine" not in text and "cover" not in text
    known = np.stack([np.asarray(Image.open(p), float)
                      for p in covers.glob("*.png")])
    nearest = []
    for path in (tmp_path / "o").glob("*.png"):
        away = np.abs(known - np.asarray(Image.open(path), float))
        nearest.append(int(away.mean(axis=(1, 2)).argmin()))
        assert 0 < away.mean(axis=(1, 2)).min() < 12
    assert len(set(nearest)) == 6
    recover_lib.recover(w, tmp_path / "o", tmp_path / "b", key)
    assert sorted(p.name for p in (tmp_path / "b").glob("*.png")) == sorted(
        p.name for p in private.iterdir()
    )


def test_an_interrupted_run_uses_no_cover_twice(
    sides, tmp_path, monkeypatch
):
    w, key = sides
    private = folder(tmp_path / "in", pictures(6, seed=6))
    covers = folder(tmp_path / "covers", pictures(6, seed=7))

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(progress.Line, "add", stop)
        with pytest.raises(KeyboardInterrupt):
            protect_lib.protect(w, private, tmp_path / "o", key, 2,
                                covers=covers)
    state = (tmp_path / "o" / progress.STATE).read_text()
    assert "mine" not in state
    marks = []

    def keep(*given):
        marks.extend(e["cover"] for e in json.loads(
            (tmp_path / "o" / progress.STATE).read_text())["fakes"].values())
        return write(*given)

    write = manifest.write
    monkeypatch.setattr(manifest, "write", keep)
    protect_lib.protect(w, private, tmp_path / "o", key, 2, covers=covers)
    assert len(set(marks)) == 6


def test_a_picture_that_is_there_twice_is_one_cover(sides, tmp_path):
    w, key = sides
    private = folder(tmp_path / "in", pictures(4, seed=6))
    twice = np.concatenate([pictures(3, seed=7)] * 2)
    covers = folder(tmp_path / "covers", twice)
    (covers / "broken.png").write_text("no picture")
    with pytest.raises(UserError, match="Received: 3 that .*broken.png"):
        protect_lib.protect(w, private, tmp_path / "o", key, covers=covers)


def test_private_pictures_are_no_covers(sides, tmp_path):
    w, key = sides
    private = folder(tmp_path / "in", pictures(4, seed=6))
    for covers in (private, tmp_path):
        with pytest.raises(UserError, match="apart"):
            protect_lib.protect(w, private, tmp_path.parent / "o", key,
                                covers=covers)


@pytest.mark.parametrize(
    "count, sentence", [(None, "--covers"), (2, "Received: 2 that have not")]
)
def test_protect_without_enough_covers(sides, tmp_path, count, sentence):
    w, key = sides
    private = folder(tmp_path / "in", pictures(3, seed=6))
    covers = count and folder(tmp_path / "covers", pictures(count, seed=7))
    with pytest.raises(UserError, match=sentence):
        protect_lib.protect(w, private, tmp_path / "o", key, covers=covers)
