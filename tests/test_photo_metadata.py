"""EXIF that is kept holds no picture: notes, thumbnails, XMP."""

import io
import struct

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from test_photos import loud, pixels

from kprivacy import files
from kprivacy.photos import exif, picture, run

MAKE, TIME, NOTE, COMMENT, ISO = 0x010F, 0x9003, 0x927C, 0x9286, 0x8827


def preview():
    """A JPEG, as cameras hide it."""
    content = io.BytesIO()
    Image.fromarray(pixels(16, 16, 3)).save(content, "JPEG")
    return content.getvalue()


def with_thumbnail(thumbnail):
    """EXIF with one tag, and a second directory with a JPEG."""
    first = struct.pack("<HHHI4sI", 1, MAKE, 2, 4, b"Cam\0", 26)
    second = struct.pack(
        "<HHHIIHHIII", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, len(thumbnail), 0
    )
    return (b"Exif\0\0II*\0" + struct.pack("<I", 8) + first + second
            + thumbnail)


@pytest.fixture(scope="module")
def client():
    return loud()


def protected(client, folder, name, metadata="keep"):
    """(content, EXIF, row) of the copy of one picture."""
    output = folder / f"{metadata}-{name}"
    run.protect(client, folder / name, output, metadata)
    (row,) = files.read_json(output / "report.json")["files"]
    content = (output / row["output"]).read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        return content, image.getexif(), row


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
def test_notes_of_the_maker_are_left_out(client, tmp_path, ending):
    hidden = preview()
    held = Image.Exif()
    held[MAKE] = "Cam"
    held[0x8769] = {TIME: "2020:01:02 03:04:05", NOTE: hidden, ISO: 100}
    held[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}
    name = f"a.{ending}"
    Image.fromarray(pixels(20, 30, 3)).save(
        tmp_path / name, exif=held.tobytes()
    )
    assert hidden[-64:] in (tmp_path / name).read_bytes()
    content, kept, row = protected(client, tmp_path, name)
    assert hidden[-64:] not in content
    assert kept[MAKE] == "Cam"
    assert dict(kept.get_ifd(0x8769)) == {TIME: "2020:01:02 03:04:05", ISO: 100}
    assert kept.get_ifd(0x8825)[2] == (51.0, 30.0, 0.0)
    assert "left out of EXIF: MakerNote" in row["note"]
    assert "EXIF" not in protected(client, tmp_path, name, "strip")[2]["note"]


def test_exif_that_cannot_be_written_is_named(client, tmp_path):
    """One tag of a kind that it must not have; the picture is whole."""
    unit = struct.pack("<HHHI4sI", 1, 0x0128, 2, 4, b"inc\0", 0)
    Image.fromarray(pixels(16, 16, 3)).save(
        tmp_path / "a.jpg",
        exif=b"Exif\0\0II*\0" + struct.pack("<I", 8) + unit,
    )
    _, held, row = protected(client, tmp_path, "a.jpg")
    assert not held
    assert "left out of EXIF: all of it" in row["note"]
    _, held, row = protected(client, tmp_path, "a.jpg", "strip")
    assert not held and "EXIF" not in row["note"]


def test_thumbnails_are_left_out(client, tmp_path):
    hidden = preview()
    Image.fromarray(pixels(20, 30, 3)).save(
        tmp_path / "a.jpg", exif=with_thumbnail(hidden)
    )
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.getexif().get_ifd(ExifTags.IFD.IFD1)[0x0202] == len(hidden)
    content, kept, row = protected(client, tmp_path, "a.jpg")
    assert hidden not in content and not kept.get_ifd(ExifTags.IFD.IFD1)
    assert kept[MAKE] == "Cam"
    assert "left out of EXIF: thumbnail" in row["note"]


def test_xmp_and_what_is_long_is_left_out(client, tmp_path):
    hidden = preview()
    tags = ImageFileDirectory_v2()
    tags[MAKE] = "Cam"
    for tag in (700, 33723, 34377, 37724, 60000):
        tags[tag], tags.tagtype[tag] = bytes([tag % 256]) * 2000, 1
    image = Image.fromarray(pixels(20, 30, 3))
    image.save(tmp_path / "a.tif", tiffinfo=tags)
    content, kept, row = protected(client, tmp_path, "a.tif")
    assert kept[MAKE] == "Cam"
    assert not {700, 33723, 34377, 37724, 60000} & set(kept)
    assert row["note"].endswith(
        "left out of EXIF: XMP, IPTC, Photoshop, Photoshop layers, tag 0xea60"
    )
    image.save(tmp_path / "b.jpg", xmp=b"<x:xmpmeta>" + hidden, quality=95)
    assert b"xmpmeta" not in protected(client, tmp_path, "b.jpg")[0]
    held = Image.Exif()
    held[0x8769] = {COMMENT: b"ASCII\0\0\0" + b"c" * exif.LONGEST}
    image.save(tmp_path / "c.png", exif=held)
    assert picture.read(tmp_path / "c.png").left == ("tag 0x9286",)


@pytest.mark.parametrize("value", [
    "t" * (exif.LONGEST + 1), tuple(range(exif.LONGEST // 8 + 1)),
])
def test_long_text_and_many_numbers_are_left_out(tmp_path, value):
    """Text holds any bytes, and numbers several each."""
    held = Image.Exif()
    held[MAKE], held[0xEA60] = "Cam", value
    Image.fromarray(pixels(20, 30, 3)).save(tmp_path / "a.png", exif=held)
    found = picture.read(tmp_path / "a.png")
    assert found.left == ("tag 0xea60",) and len(found.exif) < 100
