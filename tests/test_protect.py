"""Protecting and recovering: what comes back, what leaks."""

import hashlib
import json
import stat

import numpy as np
import pytest
from PIL import Image
from protection import (
    GREY,
    VECTOR,
    assert_same,
    names,
    pair,
    photos,
    read_all,
)

from kprivacy import files, protect_lib, recover_lib
from kprivacy.errors import UserError
from kprivacy.protection import letters, secret
from kprivacy.text import Embeddings, WordCodec


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


def test_rows_that_cannot_be_read_leave_a_gap(tmp_path, keyed, key):
    rows = np.random.default_rng(0).random((4, 4, 4, 3)).astype(np.float32)
    np.save(tmp_path / "x.npy", rows)
    protect_lib.protect(keyed, tmp_path / "x.npy", tmp_path / "o", key)
    for fake in list((tmp_path / "o").glob("*.png"))[:2]:
        fake.write_text("no picture")
    result = recover_lib.recover(
        keyed, tmp_path / "o", tmp_path / "b", key, allow_changed=True
    )
    assert result.count == len(result.bad) == 2
    found = np.load(tmp_path / "b" / "x.npy")
    there = np.isfinite(found).all(axis=(1, 2, 3))
    assert found.shape == rows.shape and there.sum() == 2
    np.testing.assert_allclose(found[there], rows[there], atol=0.51 / 255)


def test_what_comes_back_stays_out_of_what_travels(keyed, sent, key):
    with pytest.raises(UserError, match="must lie apart"):
        recover_lib.recover(keyed, sent, sent / "back", key)


def test_texts(tmp_path, key):
    side = pair(tmp_path / "w", VECTOR, keyed=True)
    vectors = np.random.default_rng(0).normal(size=(5, 5))
    codec = WordCodec(Embeddings(["she", "he", "likes", "limes", "."], vectors))
    for role in ("client", "server"):
        codec.save(side / role)
    message = letters.text_sender(side, key).encode("She likes limes.")
    assert len(set(message.nonces)) == 4
    receiver = letters.text_receiver(side / "server", key)
    assert receiver.decode(message) == "she likes limes ."
    with pytest.raises(UserError, match="--key_file is needed"):
        letters.text_receiver(side)


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
