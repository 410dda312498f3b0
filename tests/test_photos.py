"""Photographs through the generator: kinds, sizes, bounds, interruptions."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage.metrics import structural_similarity

from kprivacy import files, photos
from kprivacy.confounder_gan import build_client
from kprivacy.errors import UserError
from kprivacy.photos import picture, report, run, verify

BOUND = 8


def loud(channels=3, network="unet", filters=(4, 6, 8), **options):
    """A generator whose noise reaches its bound."""
    keras.utils.set_random_seed(0)
    client = build_client(
        (None, None, channels), network, filters, 1, BOUND / 255, **options
    )
    random = np.random.default_rng(0)
    last = client.get_layer("up_detail")
    last.set_weights([
        random.normal(0, 3, one.shape) for one in last.get_weights()
    ])
    return client


@pytest.fixture(scope="module")
def client():
    return loud()


def pixels(*shape, most=256, seed=0):
    kind = np.uint16 if most > 256 else np.uint8
    return np.random.default_rng(seed).integers(0, most, shape).astype(kind)


@pytest.mark.parametrize("shape, most", [
    ((20, 31, 3), 256), ((20, 31, 1), 256), ((20, 31, 1), 65536),
    ((1, 1, 3), 256),
])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_channels_and_depth(shape, most, channels):
    image = pixels(*shape, most=most)
    sent = photos.Generator(loud(channels))(image)
    assert sent.shape == image.shape and sent.dtype == image.dtype
    scale = 257 if most > 256 else 1
    change = np.abs(sent.astype(int) - image).max()
    assert 0 < change <= BOUND * scale


def test_the_layer(client):
    images = pixels(4, 12, 15, 3)
    protect = photos.Protect(client)
    sent = np.array(protect(images))
    assert sent.dtype == np.uint8
    expected = client.predict(images.astype("float32") / 255, verbose=0)
    np.testing.assert_array_equal(sent, np.rint(expected * 255))
    floats = np.array(protect(images.astype("float32") / 255))
    np.testing.assert_allclose(floats, expected, atol=1e-6)
    batches = tf.data.Dataset.from_tensor_slices(images).batch(2).map(protect)
    np.testing.assert_array_equal(np.concatenate(list(batches)), sent)
    inputs = keras.Input((12, 15, 3), dtype="uint8")
    model = keras.Model(inputs, protect(inputs))
    assert not model.trainable_variables
    again = keras.models.clone_model(model)
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(images, verbose=0), sent)


def test_the_layer_refuses_other_numbers(client):
    protect = photos.Protect(client)
    images = pixels(2, 12, 15, 3).astype("float32")
    for wrong in (images, images / 255 - 0.5, images * np.nan):
        with pytest.raises(UserError, match="Divide 0 to 255 by 255"):
            protect(wrong)
    for kind in ("int32", "uint16", "bool"):
        with pytest.raises(UserError, match=f"Received: {kind}"):
            protect(images.astype(kind))
        with pytest.raises(UserError, match=f"Received: {kind}"):
            keras.Model(
                one := keras.Input((12, 15, 3), dtype=kind), protect(one)
            )
    assert np.array(protect(images / 255)).max() <= 1
    half = np.array(protect((images / 255).astype("float16")))
    assert half.dtype == np.float16


def album(folder):
    """One of each kind; name to what the stored one is to be."""
    folder.mkdir()
    (folder / "trip").mkdir()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    Image.fromarray(pixels(20, 30, 3)).save(
        folder / "photo.jpg", exif=exif, quality=90
    )
    Image.fromarray(pixels(20, 30, 3)).save(folder / "trip" / "rgb.png")
    Image.fromarray(pixels(20, 30, 4)).save(folder / "alpha.png")
    Image.fromarray(pixels(20, 30, 2)).save(folder / "grey alpha.png")
    Image.fromarray(pixels(20, 30)).save(folder / "grey.PNG")
    Image.fromarray(pixels(20, 30, most=65536)).save(folder / "deep.png")
    Image.fromarray(pixels(20, 30, 3)).quantize(16).save(folder / "p.png")
    Image.fromarray(pixels(20, 30, 3)).save(folder / "a.webp", lossless=True)
    Image.fromarray(pixels(20, 30, 3)).save(folder / "scan.tif")
    Image.fromarray(pixels(20, 30, 3)).save(folder / "b.bmp")
    Image.fromarray(pixels(20, 30, 3)).convert("CMYK").save(folder / "c.jpeg")
    return {
        "photo.jpg": (30, 20, 3), "trip/rgb.png": (20, 30, 3),
        "alpha.png": (20, 30, 3), "grey alpha.png": (20, 30, 1),
        "grey.PNG": (20, 30, 1), "deep.png": (20, 30, 1),
        "p.png": (20, 30, 3), "a.webp": (20, 30, 3), "scan.tif": (20, 30, 3),
        "b.bmp": (20, 30, 3), "c.jpeg": (20, 30, 3),
    }


def test_an_album(client, tmp_path):
    expected = album(tmp_path / "in")
    (tmp_path / "in" / "broken.jpg").write_text("no picture")
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    (tmp_path / "in" / "link.png").symlink_to("/etc/hostname")
    result = run.protect(
        client, tmp_path / "in", tmp_path / "out", preview=tmp_path / "look"
    )
    assert result.count == len(expected) and result.ignored == 2
    assert len(result.bad) == 1 and "broken.jpg" in result.bad[0]
    (warning,) = result.warnings
    count = sum(name.endswith((".jpg", ".jpeg")) for name in expected)
    assert warning.startswith(f"{count} of the files are of a lossy format")
    rows = {row["file"]: row for row in
            files.read_json(tmp_path / "out" / "report.json")["files"]}
    assert rows.keys() == expected.keys()
    for name, shape in expected.items():
        before = picture.read(tmp_path / "in" / name)
        after = picture.read(tmp_path / "out" / name)
        assert before.colours.shape == after.colours.shape == shape, name
        assert before.colours.dtype == after.colours.dtype
        assert before.format == after.format
        if before.alpha is not None:
            np.testing.assert_array_equal(before.alpha, after.alpha)
        assert rows[name]["linf"] == report.measure(before, after)["linf"]
        if picture.output_format(before) not in picture.LOSSY:
            assert 0 < rows[name]["linf"] <= BOUND, name
            assert rows[name]["psnr"] > 28
            assert rows[name]["kept"] == 1
        else:
            assert 0 < rows[name]["kept"] < 1
            assert "lossy" in rows[name]["note"]
        assert (tmp_path / "look" / f"{name}.preview.png").is_file()
    assert not after.exif
    table = (tmp_path / "out" / "report.csv").read_text().splitlines()
    assert len(table) == len(expected) + 1
    left = [p.name for p in (tmp_path / "out").rglob(".*")]
    assert not left


def photograph(height, width):
    """Smooth, as photographs are."""
    rows, columns = np.mgrid[:height, :width]
    waves = [128 + 60 * np.sin(rows / (9 + i) + columns / (13 - i))
             for i in range(3)]
    return np.rint(np.stack(waves, -1)).astype(np.uint8)


def test_a_lossy_format_is_always_warned_of(tmp_path):
    """Noise of a level, within the bound, of which JPEG leaves little."""
    weak = loud()
    last = weak.get_layer("up_detail")
    last.set_weights([0.01 * one for one in last.get_weights()])
    original = photograph(64, 64)
    (tmp_path / "in").mkdir()
    Image.fromarray(original).save(tmp_path / "in" / "a.jpg", quality=95)
    Image.fromarray(original).save(tmp_path / "in" / "b.png")
    result = run.protect(weak, tmp_path / "in", tmp_path / "o")
    rows = {row["file"]: row for row in
            files.read_json(tmp_path / "o" / "report.json")["files"]}
    assert rows["b.png"]["kept"] == 1
    assert rows["b.png"]["note"] == (
        f"hardly protected: {rows['b.png']['mean']:.2f} levels on average"
    )
    row = rows["a.jpg"]
    assert row["linf"] <= BOUND
    before, after = (picture.read(tmp_path / one / "a.jpg").colours.astype(int)
                     for one in ("in", "o"))
    sent = photos.Generator(weak)(before.astype(np.uint8)).astype(int)
    noise = (sent - before).ravel()
    share = noise @ (after - before).ravel() / (noise @ noise)
    assert row["kept"] == pytest.approx(share, abs=1e-4)
    assert share < 0.9
    assert row["note"].startswith(
        f"lossy: {share:.0%} of the noise is kept; hardly protected"
    )
    weakly, warning = result.warnings
    assert weakly.startswith("2 of the files are hardly protected")
    assert warning.startswith(
        f"1 of the files are of a lossy format, {share:.0%} of the noise"
    )
    assert "; 0 are changed beyond the bound" in warning
    assert "kept" in (tmp_path / "o" / "report.csv").read_text()


def test_ssim_is_of_the_whole_picture(monkeypatch):
    """In strips it is what it is at once, and the last row counts."""
    before = pixels(40, 31, 3, most=200)
    after = before.copy()
    after[-12:] += pixels(12, 31, 3, most=50)
    pair = [picture.Picture(one, None, "PNG") for one in (before, after)]
    monkeypatch.setattr(report, "STRIP", 31 * 9)
    found = report.measure(*pair)
    assert found["ssim"] == pytest.approx(structural_similarity(
        before, after, data_range=255, channel_axis=-1
    ))
    assert found["ssim"] < 1
    assert found["mean"] == pytest.approx(
        np.abs(after.astype(int) - before).mean(), abs=1e-5
    )


def exif(path):
    with Image.open(path) as image:
        return dict(image.getexif())


def test_metadata_and_lossless_copies(client, tmp_path):
    album(tmp_path / "in")
    run.protect(client, tmp_path / "in", tmp_path / "keep", "keep", "png")
    names = sorted(p.name for p in (tmp_path / "keep").iterdir())
    assert {"photo.png", "a.png", "scan.png", "grey.PNG"} <= set(names)
    held = exif(tmp_path / "keep" / "photo.png")
    assert held[0x010F] == "Maker" and 0x0112 not in held
    found = verify.verify(tmp_path / "in", tmp_path / "keep", BOUND)
    assert found.passed and len(found.rows) == 11
    run.protect(client, tmp_path / "in", tmp_path / "strip", "strip", "png")
    assert not exif(tmp_path / "strip" / "photo.png")


def test_a_trained_client_stays_trainable(client):
    count = len(client.trainable_variables)
    photos.Protect(client)
    assert len(client.trainable_variables) == count > 0


def test_transparency_and_profiles(tmp_path):
    Image.fromarray(pixels(8, 8, 3)).save(
        tmp_path / "t.png", transparency=(1, 2, 3)
    )
    assert picture.read(tmp_path / "t.png").alpha is not None
    Image.fromarray(pixels(8, 8, 3)).convert("CMYK").save(
        tmp_path / "c.jpg", icc_profile=b"ink"
    )
    ink = picture.read(tmp_path / "c.jpg")
    assert ink.profile is None
    assert ink.note == "CMYK became RGB, its profile was dropped"
    Image.fromarray(pixels(8, 8, 3)).convert("CMYK").save(tmp_path / "d.jpg")
    assert picture.read(tmp_path / "d.jpg").note == "CMYK became RGB"
    Image.fromarray(pixels(8, 8, 3)).save(
        tmp_path / "s.tif", icc_profile=b"screen"
    )
    held = picture.read(tmp_path / "s.tif")
    assert held.profile == b"screen" and held.colours.shape == (8, 8, 3)
    again = picture.encoded(held, "TIFF", keep=True)
    (tmp_path / "again.tif").write_bytes(again)
    np.testing.assert_array_equal(
        picture.read(tmp_path / "again.tif").colours, held.colours
    )


@pytest.mark.parametrize("name", ["a.heic", "a.jpg"])
def test_heic_needs_an_extra(tmp_path, monkeypatch, name):
    """Phones call such files .jpg as well."""
    monkeypatch.setattr(picture, "_known", lambda: ["PNG", "JPEG"])
    begin = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
    (tmp_path / name).write_bytes(begin)
    with pytest.raises(UserError, match=r"pip install -e '.\[heic\]'") as one:
        picture.read(tmp_path / name)
    assert "Replace it" not in str(one.value)
    with pytest.raises(UserError, match="pillow-heif"):
        picture.read(io.BytesIO(begin))
    (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(UserError, match="Replace it or move it out"):
        picture.read(tmp_path / name)


def test_what_is_refused(client, tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(UserError, match="with none"):
        run.protect(client, tmp_path / "in", tmp_path / "o")
    with pytest.raises(UserError, match="does not exist"):
        run.protect(client, tmp_path / "no", tmp_path / "o")
    with pytest.raises(UserError, match="must lie apart"):
        run.protect(client, tmp_path / "in", tmp_path / "in" / "o")
    frames = [Image.fromarray(pixels(4, 4, 3, seed=i)) for i in range(2)]
    frames[0].save(tmp_path / "moving.webp", save_all=True,
                   append_images=frames[1:])
    with pytest.raises(UserError, match="2 frames"):
        picture.read(tmp_path / "moving.webp")
    whole = pixels(30, 30, 3)
    Image.fromarray(whole).save(tmp_path / "half.png")
    content = (tmp_path / "half.png").read_bytes()
    (tmp_path / "half.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="not a readable image"):
        picture.read(tmp_path / "half.png")
