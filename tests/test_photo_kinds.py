"""Rare kinds of pictures, their previews, and what the layer refuses."""

import io
import struct
import tracemalloc
import types
import zlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from test_photos import loud, pixels

from kprivacy import photos
from kprivacy.errors import UserError
from kprivacy.photos import picture, preview


def deep_png(values, kind, *chunks):
    """A PNG of 16 bits, of a kind that Pillow does not write."""
    def chunk(name, content):
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(
            ">I", check
        )

    height, width = values.shape[:2]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    head = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"".join([
        chunk(b"IHDR", head), *(chunk(*one) for one in chunks),
        chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b""),
    ]))


def test_grey_with_alpha_of_16_bits_stays_grey():
    values = pixels(6, 7, 2)
    found = picture.read(deep_png(257 * values.astype(np.uint16), 4))
    assert found.note == "16 bits a channel became 8"
    np.testing.assert_array_equal(found.colours, values[..., :1])
    np.testing.assert_array_equal(found.alpha, values[..., 1])


def test_a_transparent_level_of_16_bits_stays_transparent():
    values = 257 * pixels(6, 7).astype(np.uint16)
    values[:3] = 1000
    clear = b"tRNS", struct.pack(">H", 1000)
    found = picture.read(deep_png(values, 0, clear))
    assert found.note == "16 bits a channel became 8"
    np.testing.assert_array_equal(found.alpha, np.where(values == 1000, 0, 255))
    np.testing.assert_array_equal(found.colours[3:, :, 0], values[3:] // 257)
    assert picture.read(deep_png(values, 0)).colours.dtype == np.uint16


def test_a_transparent_colour_of_16_bits_is_refused():
    """Pillow opens it without: it would be published opaque."""
    values = 257 * pixels(6, 7, 3).astype(np.uint16)
    clear = b"tRNS", struct.pack(">HHH", 1, 2, 3)
    with pytest.raises(UserError, match="transparent colour of 16 bits"):
        picture.read(deep_png(values, 2, clear))


TURNS = {
    1: lambda x: x, 2: lambda x: x[:, ::-1], 3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1], 5: lambda x: x.swapaxes(0, 1),
    6: lambda x: x[::-1].swapaxes(0, 1),
    7: lambda x: x[::-1, ::-1].swapaxes(0, 1),
    8: lambda x: x[:, ::-1].swapaxes(0, 1),
}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("compression", ["raw", "tiff_deflate"])
@pytest.mark.parametrize("kind", ["L", "RGB", "RGBA", "I;16", "I;16B"])
def test_tiffs_are_turned(tmp_path, kind, compression, turn):
    """Pillow maps some raw ones, in the size that they have after it."""
    values = pixels(5, 9, 4, most=65536 if kind[0] == "I" else 256)
    values = values[..., :{"RGB": 3, "RGBA": 4}.get(kind, 1)]
    stored = values.astype(">u2") if kind == "I;16B" else values
    flat = stored[..., 0] if stored.shape[2] == 1 else stored
    height, width = flat.shape[:2]
    image = Image.frombuffer(kind, (width, height), flat.tobytes(), "raw",
                             kind, 0, 1)
    told = Image.Exif()
    told[0x0112] = turn
    path = tmp_path / "a.tif"
    image.save(path, compression=compression, exif=told)
    found = picture.read(path)
    made = found.colours if found.alpha is None else np.concatenate(
        [found.colours, found.alpha[..., None]], axis=2
    )
    np.testing.assert_array_equal(made, TURNS[turn](values))


@pytest.mark.parametrize("zero", [0, 1])
def test_tiffs_of_16_bits_whose_zero_is_white(tmp_path, zero):
    """As X-rays are: dark stays dark."""
    values = np.uint16([[0, 1000, 65535], [2, 300, 40000]])
    written = values if zero else 65535 - values
    entries = [(256, 3, 3), (257, 3, 2), (258, 3, 16), (259, 3, 1),
               (262, 3, zero), (273, 4, 200), (277, 3, 1), (278, 3, 2),
               (279, 4, 12)]
    head = b"II" + struct.pack("<HIH", 42, 8, len(entries))
    fields = b"".join(
        struct.pack("<HHI", tag, kind, 1)
        + struct.pack(f"<{'HI'[kind - 3]}", value).ljust(4, b"\0")
        for tag, kind, value in entries
    )
    content = (head + fields + bytes(4)).ljust(200, b"\0")
    path = tmp_path / "x.tif"
    path.write_bytes(content + written.astype("<u2").tobytes())
    found = picture.read(path)
    np.testing.assert_array_equal(found.colours[..., 0], values)
    again = picture.read(io.BytesIO(picture.encoded(found)))
    np.testing.assert_array_equal(again.colours, found.colours)


@pytest.mark.parametrize("kind, sentence", [
    (np.float32, "32 bits a channel"), (np.int32, "32 bits a channel"),
])
def test_what_is_refused_is_named(tmp_path, kind, sentence):
    path = tmp_path / "a.tif"
    Image.fromarray(pixels(6, 7).astype(kind)).save(path)
    with pytest.raises(UserError, match=rf"a\.tif.*{sentence}.*Convert it"):
        picture.read(path)


def test_what_is_damaged_beside_the_pixels_is_not_warned_of():
    """Pillow would, with a line of its own code."""
    content = io.BytesIO()
    Image.fromarray(pixels(6, 7, 3)).save(
        content, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xffdamaged"
    )
    assert picture.read(content).colours.shape == (6, 7, 3)


def test_heic_with_alpha_becomes_png():
    """A lossy format would change alpha as well."""
    held = picture.Picture(pixels(6, 7, 3), pixels(6, 7), "HEIF")
    assert picture.output_format(held) == "PNG"
    assert picture.output_format(
        picture.Picture(held.colours, None, "HEIF")
    ) == "HEIF"


def test_heic_of_10_bits_is_noted():
    image = types.SimpleNamespace(format="HEIF", info={"bit_depth": 10})
    assert picture._note("a", image) == "10 bits a channel became 8"
    image.info["bit_depth"] = 8
    assert picture._note("a", image) == ""


@pytest.mark.parametrize("channels, kind", [
    (3, np.uint8), (1, np.uint8), (1, np.uint16),
])
def test_previews_need_little_memory(tmp_path, monkeypatch, channels, kind):
    monkeypatch.setattr(preview.report, "STRIP", 20_000)
    before = pixels(700, 600, channels, most=200).astype(kind)
    level = 257 if kind is np.uint16 else 1
    pair = [picture.Picture(one * kind(level), None, "PNG")
            for one in (before, before + kind(5))]
    tracemalloc.start()
    preview.write(tmp_path, "a.png", *pair, (1, 2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    with Image.open(tmp_path / "a.png.preview.png") as image:
        shown = np.array(image)
    assert shown.shape == (700, 1800, 3)
    np.testing.assert_array_equal(
        shown[:, :600], np.broadcast_to(before, (700, 600, 3))
    )
    np.testing.assert_array_equal(
        shown[:, 600:1200], np.broadcast_to(before + 5, (700, 600, 3))
    )
    assert (shown[:, 1200:] == 247).all()
    assert peak < 4 * shown.nbytes


def test_the_layer_says_what_it_takes():
    client = loud()
    protect = photos.Protect(client)
    images = pixels(2, 12, 15, 3)
    unbatched = tf.data.Dataset.from_tensor_slices(images)
    for call in (lambda: protect(images[0]), lambda: unbatched.map(protect),
                 lambda: protect(images[..., :1]),
                 lambda: protect(keras.Input((12, 15, 4), dtype="uint8"))):
        with pytest.raises(UserError, match=r"height, width, 3\). Received"):
            call()
    with pytest.raises(UserError, match="load_model"):
        photos.Protect("W/client")
    with pytest.raises(UserError, match="generator of ConfounderGAN"):
        photos.Protect(keras.Sequential([
            keras.Input((4, 4, 3)), keras.layers.ReLU()
        ]))
