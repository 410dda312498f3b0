"""Phones' HEIC pictures, where pillow-heif is installed."""

import numpy as np
import pytest
from PIL import Image
from test_photos import BOUND, loud, pixels

from kprivacy import files
from kprivacy.photos import picture, run, verify

heif = pytest.importorskip("pillow_heif", reason="needs pillow-heif")


@pytest.fixture(scope="module")
def client():
    return loud()


@pytest.fixture
def folder(tmp_path):
    """One as a phone holds it: lying, with where it was taken."""
    heif.register_heif_opener()
    (tmp_path / "in").mkdir()
    smooth = Image.fromarray(pixels(6, 8, 3)).resize((96, 64), Image.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    # Not as an argument: then nothing in the file would turn it.
    smooth.info["exif"] = exif.tobytes()
    smooth.save(tmp_path / "in" / "a.HEIC", "HEIF", quality=90)
    return tmp_path


def protected(client, folder, **options):
    """The row of the report on the only picture."""
    run.protect(client, folder / "in", folder / "out", **options)
    (row,) = files.read_json(folder / "out" / "report.json")["files"]
    return row


@pytest.mark.parametrize("metadata", ["strip", "keep"])
def test_stays_heic(client, folder, metadata):
    row = protected(client, folder, metadata=metadata)
    assert row["output"] == "a.HEIC" and "lossy" in row["note"]
    assert 0 < row["kept"] < 1
    with Image.open(folder / "out" / "a.HEIC") as image:
        assert image.format == "HEIF"
        assert image.size == (64, 96)
        exif = image.getexif()
    assert exif.get(0x0112, 1) == 1
    assert bool(exif.get_ifd(0x8825)) == (metadata == "keep")


def test_png_keeps_the_bound(client, folder):
    row = protected(client, folder, format="png")
    assert (row["output"], row["linf"], row["kept"]) == ("a.png", BOUND, 1)
    checked = verify.verify(folder / "in", folder / "out", bound=BOUND)
    assert checked.passed


def test_alpha_is_kept_as_png(client, folder):
    image = pixels(6, 8, 4)
    (folder / "in" / "a.HEIC").unlink()
    Image.fromarray(image).save(
        folder / "in" / "a.heic", "HEIF", quality=-1, chroma=444
    )
    before = picture.read(folder / "in" / "a.heic")
    row = protected(client, folder)
    assert row["output"] == "a.png"
    after = picture.read(folder / "out" / "a.png")
    np.testing.assert_array_equal(after.alpha, before.alpha)
    assert np.ptp(after.alpha) > 100


def test_10_bits_are_noted(folder):
    deep = pixels(16, 16, 3, most=65536)
    made = heif.from_bytes("RGB;16", (16, 16), deep.tobytes())
    made.save(folder / "deep.heic", quality=90)
    held = picture.read(folder / "deep.heic")
    assert held.colours.dtype == np.uint8
    assert "bits a channel became 8" in held.note
