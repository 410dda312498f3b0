"""Protecting and recovering: what comes back, what leaks, what is refused."""

import hashlib
import io
import json
import os
import signal
import stat
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from PIL import Image

from kprivacy import files, protect_lib, recover_lib
from kprivacy.errors import UserError
from kprivacy.fakesafe.layers import Mask
from kprivacy.protection import manifest, places, progress, report, secret
from kprivacy.protection.inputs import read_image

IMAGE = {"kind": "image", "shape": [4, 4, 3]}
GREY = {"kind": "image", "shape": [4, 6, 1]}
VECTOR = {"kind": "vector", "shape": [5]}


def negative(role, domain, bits):
    """x to 1 - x; with a key, its first bits say which numbers turn."""
    shape = tuple(domain["shape"])
    data = keras.Input(shape, name="source" if role == "client" else "fake")
    half = keras.layers.Rescaling(-2.0, 1.0)(data)
    if not bits:
        return keras.Model(data, keras.layers.Rescaling(0.5, 0.5)(half))
    key = keras.Input((bits,), name="key")
    masked = Mask()([half, keras.layers.Reshape(shape)(key)])
    back = keras.layers.Rescaling(-0.5, 0.5)(masked)
    return keras.Model([data, key], back)


def pair(folder, domain=IMAGE, keyed=False, name="a" * 64, target=None):
    """W/client and W/server of a pair that recovers exactly."""
    bits = int(np.prod(domain["shape"])) if keyed else 0
    for role in ("client", "server"):
        (folder / role).mkdir(parents=True)
        model = negative(role, domain, bits)
        if target and role == "client":
            rows = keras.layers.Flatten()(model.output)
            model = keras.Model(model.inputs, rows)
        elif target:
            given = keras.Input(tuple(target["shape"]), name="fake")
            shaped = keras.layers.Reshape(domain["shape"])(given)
            model = keras.Model(given, model(shaped))
        model.save(folder / role / f"{role}.keras")
        files.write_json(folder / role / "domain.json", {
            "format": 1, "method": "fakesafe", "pair": name,
            "source": domain, "target": target or domain, "key_bits": bits,
        })
    return folder


def photos(folder, count=5, shape=(4, 4, 3)):
    """Random PNGs, some in a sub-folder; name to pixels."""
    generator = np.random.default_rng(0)
    found = {}
    for i in range(count):
        name = f"trip/secret {i}.png" if i % 2 else f"secret {i}.png"
        found[name] = generator.integers(0, 256, shape, np.uint8)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(found[name].squeeze()).save(folder / name)
    return found


@pytest.fixture
def key(tmp_path):
    secret.write_new(tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def keyed(tmp_path):
    return pair(tmp_path / "w", keyed=True)


@pytest.fixture
def plain(tmp_path):
    return pair(tmp_path / "w")


def read_all(folder):
    return {
        path.relative_to(folder).as_posix(): np.asarray(Image.open(path))
        for path in folder.rglob("*.png")
    }


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, pixels in expected.items():
        np.testing.assert_array_equal(found[name], pixels, err_msg=name)


def test_a_folder_comes_back_with_its_names(tmp_path, keyed, key):
    images = photos(tmp_path / "in")
    (tmp_path / "in" / "notes.txt").write_text("private")
    result = protect_lib.protect(
        keyed, tmp_path / "in", tmp_path / "o", key, batch_size=2
    )
    assert (result.count, result.bad, result.ignored) == (5, [], 1)
    recover_lib.recover(keyed, tmp_path / "o", tmp_path / "b", key, 2)
    assert_same(read_all(tmp_path / "b"), images)
    assert not list(tmp_path.rglob(".*"))


def test_without_a_key_images_are_named_by_their_fakes(tmp_path, plain):
    images = photos(tmp_path / "in")
    protect_lib.protect(plain / "client", tmp_path / "in", tmp_path / "o")
    fakes = read_all(tmp_path / "o")
    recover_lib.recover(plain / "server", tmp_path / "o", tmp_path / "b")
    found = read_all(tmp_path / "b")
    assert found.keys() == fakes.keys()
    for name, fake in fakes.items():
        np.testing.assert_array_equal(found[name], 255 - fake)
    assert {p.tobytes() for p in found.values()} == {
        p.tobytes() for p in images.values()
    }


def test_the_output_tells_neither_names_nor_contents(tmp_path, keyed, key):
    photos(tmp_path / "in", 12)
    protect_lib.protect(keyed, tmp_path / "in", tmp_path / "o", key)
    held = (tmp_path / "o" / "manifest.json").read_text()
    for path in (tmp_path / "in").rglob("*.png"):
        content = path.read_bytes()
        pixels = np.asarray(Image.open(path))
        for guess in (content, pixels.tobytes(), path.name.encode()):
            assert hashlib.sha256(guess).hexdigest() not in held
    assert "secret" not in held and "trip" not in held
    entries = json.loads(held)["fakes"]
    assert len({len(entry["name"]) for entry in entries}) == 1
    assert {key for entry in entries for key in entry} == {
        "file", "sha256", "nonce", "name"
    }
    files_ = [entry["file"] for entry in entries]
    assert files_ == sorted(files_)
    assert names(tmp_path / "o") == sorted([*files_, "manifest.json"])


def test_the_order_tells_nothing(tmp_path, plain):
    """Of twenty in order of their files, all in order again: 1 in 20!."""
    rows = np.linspace(0, 1, 20)[:, None, None, None] * np.ones((4, 4, 3))
    np.save(tmp_path / "x.npy", rows)
    protect_lib.protect(plain, tmp_path / "x.npy", tmp_path / "o")
    fakes = read_all(tmp_path / "o")
    by_name = [fakes[name][0, 0, 0] for name in sorted(fakes)]
    written = sorted(
        fakes, key=lambda name: (tmp_path / "o" / name).stat().st_mtime_ns
    )
    by_time = [fakes[name][0, 0, 0] for name in written]
    for order in (by_name, by_time):
        assert order not in (sorted(order), sorted(order)[::-1])


def test_no_metadata_leaves_and_pictures_stand_upright(tmp_path, plain):
    (tmp_path / "in").mkdir()
    pixels = np.full((8, 8, 3), 255, np.uint8)
    pixels[:, 4:] = 0
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it
    exif[0x010E] = "PRIVATE"
    Image.fromarray(pixels).save(
        tmp_path / "in" / "a.jpg", exif=exif, quality=100
    )
    protect_lib.protect(
        plain, tmp_path / "in", tmp_path / "o", resize=True
    )
    (fake,) = (tmp_path / "o").glob("*.png")
    content = fake.read_bytes()
    assert b"PRIVATE" not in content
    assert chunks(content) == ["IHDR", "IDAT", "IEND"]
    recover_lib.recover(plain, tmp_path / "o", tmp_path / "b")
    (found,) = read_all(tmp_path / "b").values()
    # The left half was white: turned clockwise it is the upper one.
    assert (found[0] > 240).all() and (found[3] < 15).all()


def chunks(content):
    found, at = [], 8
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        found.append(content[at + 4 : at + 8].decode())
        at += 12 + length
    return found


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("with_key", [True, False])
def test_vectors(tmp_path, key, suffix, with_key):
    side = pair(tmp_path / "w", VECTOR, keyed=with_key)
    options = {"key_file": key} if with_key else {}
    rows = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    path = tmp_path / f"x{suffix}"
    np.save(path, rows) if suffix == ".npy" else np.savez(path, data=rows)
    protect_lib.protect(side, path, tmp_path / "o", **options, batch_size=8)
    assert names(tmp_path / "o") == ["fakes.npz", "manifest.json"]
    recover_lib.recover(side, tmp_path / "o", tmp_path / "b", **options)
    (file,) = (tmp_path / "b").iterdir()
    assert file.name == (path.name if with_key else "recovered.npz")
    found = np.load(file)
    found = found if file.suffix == ".npy" else found["data"]
    if not with_key:
        assert (found[:, 0] != rows[:, 0]).any()
        found = found[np.argsort(found[:, 0])]
        rows = rows[np.argsort(rows[:, 0])]
    np.testing.assert_allclose(found, rows, atol=1e-6)


def test_images_as_vectors(tmp_path):
    target = {"kind": "vector", "shape": [24]}
    side = pair(tmp_path / "w", GREY, target=target)
    images = photos(tmp_path / "in", 7, (4, 6, 1))
    protect_lib.protect(side, tmp_path / "in", tmp_path / "o", batch_size=3)
    assert names(tmp_path / "o") == ["fakes.npz", "manifest.json"]
    recover_lib.recover(side, tmp_path / "o", tmp_path / "b")
    found = read_all(tmp_path / "b")
    assert sorted(found) == [f"row_{i:06d}.png" for i in range(7)]
    assert {p.tobytes() for p in found.values()} == {
        p.tobytes() for p in images.values()
    }


def test_every_message_has_its_own_pad(tmp_path, keyed, key):
    rows = np.full((10, 4, 4, 3), 0, np.uint8)
    np.savez(tmp_path / "x.npz", data=rows)
    protect_lib.protect(keyed, tmp_path / "x.npz", tmp_path / "o", key)
    fakes = [p.tobytes() for p in read_all(tmp_path / "o").values()]
    assert len(set(fakes)) == 10
    # Fair bits: 480 of them, 3.5 standard deviations are 38.
    assert abs(b"".join(fakes).count(255) - 240) < 39


def test_key_files(tmp_path, keyed, key):
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(bytes.fromhex(key.read_text())) == 32
    before = key.read_text()
    with pytest.raises(UserError, match="does not exist"):
        secret.write_new(key)
    assert key.read_text() == before
    photos(tmp_path / "in")
    with pytest.raises(UserError, match="48 bits.*--new_key"):
        protect_lib.protect(keyed, tmp_path / "in", tmp_path / "o")
    key.write_text(before[:-2])
    with pytest.raises(UserError, match="32 bytes") as error:
        protect_lib.protect(keyed, tmp_path / "in", tmp_path / "o", key)
    assert before[:8] not in str(error.value)
    with pytest.raises(UserError, match="No such file"):
        secret.read(tmp_path / "none", 48)
    with pytest.raises(UserError, match="without a key"):
        secret.read(key, 0)
    assert not (tmp_path / "o").exists()


@pytest.fixture
def sent(tmp_path, keyed, key):
    """The fakes of five images."""
    photos(tmp_path / "in")
    protect_lib.protect(keyed, tmp_path / "in", tmp_path / "o", key)
    return tmp_path / "o"


def test_another_key_is_refused(tmp_path, keyed, sent):
    secret.write_new(tmp_path / "other")
    with pytest.raises(UserError, match="another key"):
        recover_lib.recover(keyed, sent, tmp_path / "b", tmp_path / "other")
    assert not (tmp_path / "b").exists()


def test_another_pair_is_refused(tmp_path, sent, key):
    other = pair(tmp_path / "v", keyed=True, name="b" * 64)
    with pytest.raises(UserError, match="one pair.*'aaa.*'bbb"):
        recover_lib.recover(other, sent, tmp_path / "b", key)


def change(fake):
    """Saves a fake again with other bytes, a level darker."""
    pixels = np.asarray(Image.open(fake))
    Image.fromarray(pixels // 2).save(fake)


def test_a_changed_fake_is_named(tmp_path, keyed, sent, key):
    fake = sorted(sent.glob("*.png"))[2]
    change(fake)
    with pytest.raises(UserError, match=f"1 of 5 .*: {fake.stem}"):
        recover_lib.recover(keyed, sent, tmp_path / "b", key)
    result = recover_lib.recover(
        keyed, sent, tmp_path / "b", key, allow_changed=True
    )
    assert result.count == 5
    assert read_all(tmp_path / "b").keys() == read_all(tmp_path / "in").keys()


def test_a_compressed_fake_may_be_allowed(tmp_path, plain):
    side = np.linspace(0.2, 0.8, 4)
    rows = np.broadcast_to(side[:, None, None], (1, 4, 4, 3))
    np.save(tmp_path / "x.npy", rows)
    protect_lib.protect(plain, tmp_path / "x.npy", tmp_path / "o")
    (fake,) = (tmp_path / "o").glob("*.png")
    Image.open(fake).save(fake.with_suffix(".jpg"), quality=100)
    fake.unlink()
    with pytest.raises(UserError, match="missing or were"):
        recover_lib.recover(plain, tmp_path / "o", tmp_path / "b")
    recover_lib.recover(
        plain, tmp_path / "o", tmp_path / "b", allow_changed=True
    )
    (found,) = read_all(tmp_path / "b").values()
    np.testing.assert_allclose(found / 255.0, rows[0], atol=0.02)


@pytest.mark.parametrize("what", ["hash", "swap", "drop", "name"])
def test_a_changed_manifest_is_refused(tmp_path, keyed, sent, key, what):
    held = files.read_json(sent / "manifest.json")
    first, second = held["fakes"][:2]
    if what == "hash":
        change(sent / first["file"])
        first["sha256"] = files.sha256(sent / first["file"])
    elif what == "swap":
        first["name"], second["name"] = second["name"], first["name"]
    elif what == "drop":
        del held["fakes"][0]
    else:
        first["name"] = "A" * len(first["name"])
    files.write_json(sent / "manifest.json", held)
    with pytest.raises(UserError, match="was changed after it was written"):
        recover_lib.recover(keyed, sent, tmp_path / "b", key)


@pytest.mark.parametrize("change_it, sentence", [
    (lambda held: held.pop("mac"), "mac"),
    (lambda held: held.update(format=2), "format 1"),
    (lambda held: held.update(method="gap"), "gap"),
    (lambda held: held.update(fakes=[]), "no fakes"),
    (lambda held: held.update(fakes="abc"), "TypeError"),
    (lambda held: held["fakes"][0].update(file="../../x.png"), "by an id"),
    (lambda held: held["fakes"][0].update(nonce="ab"), "16 bytes"),
    (lambda held: held["fakes"].append(held["fakes"][0]), "twice"),
])
def test_a_damaged_manifest_is_refused(
    tmp_path, keyed, sent, key, change_it, sentence
):
    held = files.read_json(sent / "manifest.json")
    change_it(held)
    files.write_json(sent / "manifest.json", held)
    with pytest.raises(UserError, match=sentence):
        recover_lib.recover(keyed, sent, tmp_path / "b", key)


class Killed(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize("target", [None, {"kind": "vector", "shape": [24]}])
@pytest.mark.parametrize("kill_at", [0, 1, 3])
def test_an_interrupted_run_goes_on(tmp_path, monkeypatch, target, kill_at):
    """What was written stays as it is; nothing is made twice."""
    side = pair(tmp_path / "w", GREY, target=target)
    images = photos(tmp_path / "in", 9, (4, 6, 1))
    batches = []
    line = progress.Line.add

    def add(self, count):
        batches.append(count)
        if len(batches) == kill_at:
            raise Killed
        line(self, count)

    def stop(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(progress.Line, "add", add)
        # After the last fake, before the run is complete.
        patched.setattr(manifest, "write", stop)
        with pytest.raises(Killed):
            protect_lib.protect(side, tmp_path / "in", tmp_path / "o", None, 2)
    before = {
        path.name: path.read_bytes()
        for path in (tmp_path / "o").iterdir() if path.name[:2] != ".p"
    }
    assert before
    (tmp_path / "o" / ".manifest.json.123").write_text("half")
    written = []
    monkeypatch.setattr(
        progress.Line, "add", lambda self, count: written.append(count)
    )
    result = protect_lib.protect(
        side, tmp_path / "in", tmp_path / "o", None, 2
    )
    assert result.count == 9
    assert sum(written) == (9 - 2 * kill_at if kill_at else 0)
    if not target:
        for name, content in before.items():
            assert (tmp_path / "o" / name).read_bytes() == content
    assert not list((tmp_path / "o").glob(".*"))
    recover_lib.recover(side, tmp_path / "o", tmp_path / "b")
    assert sorted(p.tobytes() for p in read_all(tmp_path / "b").values()) == (
        sorted(p.tobytes() for p in images.values())
    )


def test_the_state_of_a_run_tells_no_names(
    tmp_path, keyed, key, monkeypatch
):
    def stop(*_):
        raise Killed

    photos(tmp_path / "in", 1)
    monkeypatch.setattr(manifest, "write", stop)
    with pytest.raises(Killed):
        protect_lib.protect(keyed, tmp_path / "in", tmp_path / "o", key)
    text = (tmp_path / "o" / progress.STATE).read_text()
    held = json.loads(text)
    assert "secret" not in text
    name = json.dumps({"file": "secret 0.png"})
    for guess in (name, f"{held['salt']} {name}", "secret 0.png"):
        assert hashlib.sha256(guess.encode()).hexdigest() not in text
    secret.write_new(tmp_path / "other")
    with pytest.raises(UserError, match="another key"):
        protect_lib.protect(
            keyed, tmp_path / "in", tmp_path / "o", tmp_path / "other"
        )


def test_an_unwritten_fake_gets_a_new_nonce(
    tmp_path, keyed, key, monkeypatch
):
    """Its content may have changed; a pad must not meet two contents."""
    def stop(*_):
        raise Killed

    photos(tmp_path / "in", 1)
    nonces = []
    for _ in range(2):
        with monkeypatch.context() as patched:
            patched.setattr(manifest, "write", stop)
            with pytest.raises(Killed):
                protect_lib.protect(
                    keyed, tmp_path / "in", tmp_path / "o", key
                )
        held = files.read_json(tmp_path / "o" / progress.STATE)
        nonces += [entry["nonce"] for entry in held["fakes"].values()]
        (fake,) = (tmp_path / "o").glob("*.png")
        fake.unlink()
    assert len(nonces) == 2 and nonces[0] != nonces[1]


def test_an_interrupted_recovery_goes_on(
    tmp_path, keyed, sent, key, monkeypatch
):
    def stop(self, count):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(progress.Line, "add", stop)
        with pytest.raises(Killed):
            recover_lib.recover(keyed, sent, tmp_path / "b", key, 2)
    assert len(read_all(tmp_path / "b")) == 2
    result = recover_lib.recover(keyed, sent, tmp_path / "b", key, 2)
    assert result.count == 5
    assert_same(read_all(tmp_path / "b"), read_all(tmp_path / "in"))
    assert not list((tmp_path / "b").rglob(".*"))


def test_bad_images_are_skipped_and_named(tmp_path, plain, capsys):
    photos(tmp_path / "in")
    good = (tmp_path / "in" / "secret 0.png").read_bytes()
    (tmp_path / "in" / "cut.png").write_bytes(good[:-30])
    (tmp_path / "in" / "text.jpg").write_text("no image")
    Image.new("RGB", (4, 5)).save(tmp_path / "in" / "large.png")
    Image.new("1", (8000, 8000)).save(tmp_path / "in" / "bomb.png")
    result = protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")
    assert result.count == 5
    for name in ("cut.png", "text.jpg", "large.png", "bomb.png"):
        assert sum(name in sentence for sentence in result.bad) == 1
    assert report.tell(result, "protected", "O") == 1
    shown = capsys.readouterr()
    assert shown.err.count("skipped: ") == 4
    assert "protected: 5 in O" in shown.out
    assert len(read_all(tmp_path / "o")) == 5


def test_nothing_readable_is_an_error(tmp_path, plain):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "text.jpg").write_text("no image")
    with pytest.raises(UserError, match="None of 1 .*text.jpg"):
        protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")


@pytest.mark.parametrize("mode, size, sentence", [
    ("RGB", (5, 4), r"4 x 4 pixels .*Received: 4 x 5.*--resize"),
    ("L", (4, 4), r"mode RGB.*Received: .*mode L\. Pass --resize"),
    ("RGBA", (4, 4), "Received: .*mode RGBA. Pass --resize"),
    ("I;16", (4, 4), "8 bits a channel"),
])
def test_sizes_and_modes(tmp_path, mode, size, sentence):
    path = tmp_path / "a.png"
    Image.new(mode, size).save(path)
    with pytest.raises(UserError, match=sentence):
        read_image(path, (4, 4, 3))
    if mode != "I;16":
        assert read_image(path, (4, 4, 3), True).shape == (4, 4, 3)


def test_palettes_are_colours_and_films_are_refused(tmp_path):
    colours = Image.new("RGB", (4, 4), (10, 20, 30))
    colours.quantize(4).save(tmp_path / "palette.png")
    found = read_image(tmp_path / "palette.png", (4, 4, 3))
    np.testing.assert_allclose(found[0, 0] * 255, (10, 20, 30), atol=1e-4)
    frames = [Image.new("RGB", (4, 4), (i, i, i)) for i in range(3)]
    frames[0].save(
        tmp_path / "film.png", save_all=True, append_images=frames[1:]
    )
    with pytest.raises(UserError, match="in 3 frames.*single picture"):
        read_image(tmp_path / "film.png", (4, 4, 3), True)


@pytest.mark.parametrize("rows, sentence", [
    (np.zeros((3, 4, 4, 1)), "Received: float64 of shape"),
    (np.zeros((4, 4, 3)), "Received: float64 of shape"),
    (np.zeros((0, 4, 4, 3)), "Received: float64 of shape"),
    (np.full((3, 4, 4, 3), 7.0), r"in \[0, 1\], or uint8.*in 3 of 3 rows"),
    (np.full((3, 4, 4, 3), np.nan), "first in row 0"),
    (np.array([{"a": 1}]), "Received: object"),
])
def test_unfit_arrays(tmp_path, plain, rows, sentence):
    np.save(tmp_path / "x.npy", rows, allow_pickle=True)
    with pytest.raises(UserError, match=sentence):
        protect_lib.protect(plain, tmp_path / "x.npy", tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_damaged_arrays(tmp_path, plain):
    content = io.BytesIO()
    np.savez_compressed(content, data=np.random.rand(9, 4, 4, 3))
    content = bytearray(content.getvalue())
    content[200] ^= 255
    (tmp_path / "x.npz").write_bytes(content)
    np.savez(tmp_path / "y.npz", other=np.zeros((9, 4, 4, 3)))
    (tmp_path / "z.npy").write_bytes(b"nothing")
    for name in ("x.npz", "y.npz", "z.npy"):
        with pytest.raises(UserError, match="array 'data'"):
            protect_lib.protect(plain, tmp_path / name, tmp_path / "o")


def test_outputs_that_are_not_ours(tmp_path, plain):
    photos(tmp_path / "in")
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="'mine.txt'"):
        protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")
    assert names(tmp_path / "o") == ["mine.txt"]
    protect_lib.protect(plain, tmp_path / "in", tmp_path / "fakes")
    before = names(tmp_path / "fakes")
    with pytest.raises(UserError, match="6 files"):
        protect_lib.protect(plain, tmp_path / "in", tmp_path / "fakes")
    assert names(tmp_path / "fakes") == before
    with pytest.raises(UserError, match="'mine.txt'"):
        recover_lib.recover(plain, tmp_path / "fakes", tmp_path / "o")
    for output in (tmp_path / "in", tmp_path / "in" / "o", tmp_path):
        with pytest.raises(UserError, match="apart"):
            protect_lib.protect(plain, tmp_path / "in", output)


def test_folders_of_models(tmp_path, plain):
    photos(tmp_path / "in")
    with pytest.raises(UserError, match="client.keras is missing"):
        protect_lib.protect(
            plain / "server", tmp_path / "in", tmp_path / "o"
        )
    with pytest.raises(UserError, match="manifest.json"):
        recover_lib.recover(plain, tmp_path / "in", tmp_path / "b")
    domain = plain / "client" / "domain.json"
    held = files.read_json(domain)
    for changed, sentence in (
        ({"format": 9}, "format 1"),
        ({"key_bits": 8}, "8 bits of key"),
        ({"source": VECTOR}, r"must take \(5,\)"),
        ({"target": {"kind": "image", "shape": [4, 4, 2]}}, "kind 'image'"),
    ):
        files.write_json(domain, {**held, **changed})
        with pytest.raises(UserError, match=sentence):
            protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")


def test_a_model_with_code_in_it_is_not_loaded(tmp_path, plain):
    data = keras.Input((4, 4, 3), name="source")
    model = keras.Model(data, keras.layers.Lambda(lambda x: 1.0 - x)(data))
    model.save(plain / "client" / "client.keras")
    photos(tmp_path / "in")
    with pytest.raises(UserError, match="Keras cannot load"):
        protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")


class Labels:
    """Stands for fakes: gives each entry a label."""

    def label(self, entry):
        return entry["id"]


def placed(*given):
    entries = [{"name": n, "id": f"id{i}"} for i, n in enumerate(given)]
    domain = type("Domain", (), {"kind": "image"})
    return [tuple(t) for t in places.targets(entries, domain, Labels())]


def test_names_of_what_is_recovered():
    found = placed(
        {"file": "a.jpg"}, {"file": "a.png"}, {"file": "A.webp"},
        {"file": "x/b.JPG"}, {"file": "c.npy", "row": 3}, None,
    )
    assert found == [
        ("a.jpg.png", None), ("a.png", None), ("A.webp.png", None),
        ("x/b.png", None), ("c.npy", 3), ("id5.png", None),
    ]


@pytest.mark.parametrize("name", [
    {"file": "../a.png"}, {"file": "/etc/a.png"}, {"file": "x/../../a.png"},
    {"file": ""}, {"file": 3}, {"file": "a\0.png"}, {},
    {"file": "a.npy", "row": -1}, {"file": "a.sh", "row": 0},
])
def test_names_never_lead_out_of_the_folder(name):
    with pytest.raises(UserError, match="below the input"):
        placed(name)


def run(module, *arguments, code=0):
    found = subprocess.run(
        [sys.executable, "-m", f"kprivacy.{module}", *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )
    assert found.returncode == code, found.stderr[-2000:]
    return found


def test_the_binaries(tmp_path, keyed):
    images = photos(tmp_path / "in")
    (tmp_path / "in" / "text.jpg").write_text("no image")
    key = tmp_path / "key"
    run("protect", f"--new_key={key}")
    found = run(
        "protect", f"--client={keyed}", f"--input={tmp_path / 'in'}",
        f"--output={tmp_path / 'o'}", f"--key_file={key}", code=1,
    )
    assert "protected: 5 in" in found.stdout
    assert "text.jpg" in found.stderr and "Traceback" not in found.stderr
    found = run(
        "recover", f"--server={keyed}", f"--input={tmp_path / 'o'}",
        f"--output={tmp_path / 'b'}", f"--key_file={key}",
    )
    assert found.stdout == f"recovered: 5 in {tmp_path / 'b'}\n"
    assert found.stderr == ""
    assert_same(read_all(tmp_path / "b"), images)


def test_flags():
    everything = {"client": "c", "input": "i", "output": "o"}
    assert report.needed(None, **everything) == everything
    assert report.needed("key", client=None, input=None, output=None) == {}
    for new_key, client in ((None, None), ("key", "c")):
        with pytest.raises(UserError, match="--new_key"):
            report.needed(new_key, client=client, input=None, output=None)


def test_a_killed_run_leaves_whole_files(tmp_path, plain):
    """A kill at any moment; the next run ends it."""
    photos(tmp_path / "in", 400)
    arguments = [
        sys.executable, "-m", "kprivacy.protect", f"--client={plain}",
        f"--input={tmp_path / 'in'}", f"--output={tmp_path / 'o'}",
        "--batch_size=1",
    ]
    process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(list(tmp_path.glob("o/*.png"))) < 20:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = {
        path.name: path.read_bytes() for path in tmp_path.glob("o/*.png")
    }
    assert 20 <= len(before) < 400
    result = protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")
    assert result.count == 400
    after = {p.name: p.read_bytes() for p in tmp_path.glob("o/*.png")}
    assert len(after) == 400
    assert before.items() <= after.items()
    assert names(tmp_path / "o")[-1] == "manifest.json"
