"""Pictures through the files of an exported bundle."""

import json
import pathlib
import shutil

import numpy as np
import pytest
from PIL import Image
from test_photos import pixels

from kprivacy import files, photos
from kprivacy.errors import UserError
from kprivacy.photos import run
from kprivacy.protection import sides
from kprivacy.releases import TFLiteModel

ASSETS = pathlib.Path(__file__).parent.parent / "android_demo_assets"
BUNDLE = ASSETS / "confounder_gan" / "bundle"
BOUND = 8


@pytest.fixture
def album(tmp_path):
    """Two pictures of the bundle's size, of colours and grey, and another."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, shape in (("colours.png", (32, 32, 3)), ("grey.png", (32, 32)),
                        ("large.png", (40, 32, 3))):
        Image.fromarray(pixels(*shape)).save(folder / name)
    return folder


@pytest.fixture
def copy(tmp_path):
    return pathlib.Path(shutil.copytree(BUNDLE, tmp_path / "bundle"))


def test_pictures_are_as_the_phone_makes_them(album, tmp_path):
    generator = photos.BundleGenerator(BUNDLE)
    assert generator.bound == BOUND
    result = run.protect(generator, album, tmp_path / "out")
    assert result.count == 2
    (said,) = result.bad
    assert "large.png" in said and "32 x 32. Received: 40 x 32" in said
    image = np.asarray(Image.open(album / "colours.png"))
    sent = TFLiteModel(BUNDLE / "client.tflite", "protect").run(
        {"image": image[None]}
    )[0]
    stored = np.asarray(Image.open(tmp_path / "out" / "colours.png"))
    np.testing.assert_array_equal(stored, sent)
    assert 0 < np.abs(stored.astype(int) - image).max() <= BOUND
    grey = np.asarray(Image.open(tmp_path / "out" / "grey.png"))
    before = np.asarray(Image.open(album / "grey.png"))
    assert grey.shape == before.shape
    assert 0 < np.abs(grey.astype(int) - before).max() <= BOUND
    rows = files.read_json(tmp_path / "out" / "report.json")
    assert rows["bound"] == BOUND


def test_an_output_is_of_one_bundle(album, copy, tmp_path):
    first = photos.BundleGenerator(BUNDLE)
    run.protect(first, album, tmp_path / "out")
    assert photos.BundleGenerator(copy).digest == first.digest
    other = photos.BundleGenerator(copy)
    other.digest = "another"
    with pytest.raises(UserError, match="client"):
        run.protect(other, album, tmp_path / "out")


def test_a_bundle_is_told_from_a_client(tmp_path):
    assert sides.is_bundle(BUNDLE)
    assert not sides.is_bundle(tmp_path)
    assert not sides.is_bundle(tmp_path / "nowhere")


def changed(folder, change):
    path = folder / "contract.json"
    held = json.loads(path.read_text())
    change(held)
    path.write_text(json.dumps(held))


def away(held):
    held["clients"][0]["file"] = "../client.tflite"


@pytest.mark.parametrize("change, sentence", [
    (lambda held: held.update(method="gap"), "bundle of confounder_gan.*'gap'"),
    (lambda held: held.pop("sha256"), "no contract.*'sha256'"),
    (lambda held: held["clients"][0]["outputs"][0].pop("largest_change"),
     "no contract.*'largest_change'"),
    (lambda held: held.update(clients=[]), "no contract"),
    (lambda held: held["sha256"].update({"client.tflite": 64 * "0"}),
     "is not the file that contract.json names"),
    (away, "no contract"),
])
def test_other_bundles_are_refused(copy, change, sentence):
    changed(copy, change)
    with pytest.raises(UserError, match=sentence):
        photos.BundleGenerator(copy)


def test_a_file_that_is_missing_or_cut_off(copy):
    path = copy / "client.tflite"
    path.write_bytes(path.read_bytes()[:-1])
    for _ in range(2):
        with pytest.raises(UserError, match="Copy the bundle again"):
            photos.BundleGenerator(copy)
        path.unlink(missing_ok=True)
