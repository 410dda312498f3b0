"""Own TFDS builders, on small archives made here."""

import contextlib
import functools
import hashlib
import http.server
import pathlib
import subprocess
import sys
import tempfile
import threading
import zipfile

import archives
import numpy as np
import pytest
import tensorflow_datasets as tfds
from etils import epath

from kprivacy import data, files
from kprivacy.data import builders, tfds_builder
from kprivacy.data.builders import (
    bloodmnist,
    isic2017,
    olivetti_faces,
)


class BuilderCase(tfds.testing.DatasetBuilderTestCase):
    """Writes the archive anew into a folder of its own."""

    SKIP_CHECKSUMS = True
    WRITE = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.EXAMPLE_DIR = cls.folder.name
        cls.WRITE(pathlib.Path(cls.folder.name))
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.folder.cleanup()


class UciHarTest(BuilderCase):
    DATASET_CLASS = builders.find("uci_har")
    SPLITS = {"train": 12, "test": 6}
    WRITE = staticmethod(archives.write_uci_har)


class Esc10Test(BuilderCase):
    DATASET_CLASS = builders.find("esc10")
    SPLITS = {"train": 4, "test": 2}
    WRITE = staticmethod(archives.write_esc10)


class HousesTest(BuilderCase):
    DATASET_CLASS = builders.find("houses")
    SPLITS = {"train": 8, "test": 2}
    WRITE = staticmethod(archives.write_houses)


class OlivettiFacesTest(BuilderCase):
    DATASET_CLASS = builders.find("olivetti_faces")
    SPLITS = {"train": 320, "test": 80}
    DL_EXTRACT_RESULT = "faces.mat"
    WRITE = staticmethod(archives.write_olivetti_faces)

    def setUp(self):
        super().setUp()
        path = pathlib.Path(self.folder.name) / "faces.mat"
        self.enter_context(pytest.MonkeyPatch.context()).setattr(
            olivetti_faces, "SHA256", files.sha256(path)
        )


class UbisoundTest(BuilderCase):
    DATASET_CLASS = builders.find("ubisound")
    SPLITS = {"train": 12, "test": 3}
    WRITE = staticmethod(archives.write_ubisound)


class KeratitisTest(BuilderCase):
    DATASET_CLASS = builders.find("keratitis")
    SPLITS = {"train": 8, "test": 2}
    WRITE = staticmethod(archives.write_keratitis)


class Isic2017Test(BuilderCase):
    DATASET_CLASS = builders.find("isic2017")
    SPLITS = {"train": 4, "test": 4}
    DL_EXTRACT_RESULT = [
        f"ISIC-2017_{part}_Data" for part in ("Training", "Test_v2")
    ]
    DL_DOWNLOAD_RESULT = [
        f"ISIC-2017_{part}_Part3_GroundTruth.csv"
        for part in ("Training", "Test_v2")
    ]
    WRITE = staticmethod(archives.write_isic2017)


class BloodmnistTest(BuilderCase):
    DATASET_CLASS = builders.find("bloodmnist")
    SPLITS = {"train": 9, "validation": 2, "test": 3}
    DL_DOWNLOAD_RESULT = "bloodmnist.npz"
    WRITE = staticmethod(archives.write_bloodmnist)

    def setUp(self):
        super().setUp()
        held = (pathlib.Path(self.folder.name) / "bloodmnist.npz").read_bytes()
        self.enter_context(pytest.MonkeyPatch.context()).setattr(
            bloodmnist, "MD5", hashlib.md5(held).hexdigest()
        )


del BuilderCase  # It is no test by itself.


@pytest.mark.parametrize("name", builders.NAMES)
def test_features_are_those_of_the_prepared_copies(name, tfds_dir, tmp_path):
    folder = pathlib.Path(tfds_dir) / name / "1.0.0"
    if not folder.is_dir():
        pytest.skip(f"there is no prepared copy of {name!r}")
    copy = tfds.builder_from_directory(folder).info.features
    own = builders.find(name)(data_dir=tmp_path).info.features
    assert own.to_json() == copy.to_json()
    if "label" in copy:
        assert own["label"].names == copy["label"].names


@contextlib.contextmanager
def served(name, write, folder, monkeypatch):
    """Serves the archive of a builder from this machine."""
    archive, root = folder / "archive", folder / "served"
    archive.mkdir()
    root.mkdir()
    write(archive)
    with zipfile.ZipFile(root / "master.zip", "w") as file:
        for path in sorted(p for p in archive.rglob("*") if p.is_file()):
            file.write(path, path.relative_to(archive))
    handler = functools.partial(QuietHandler, directory=root)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/master.zip"
    monkeypatch.setattr(builders.find(name), "URLS", (url,))
    yield root / "master.zip"
    server.shutdown()
    server.server_close()
    thread.join()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_download_prepares_without_recorded_checksums(tmp_path, monkeypatch):
    options = {"data_dir": str(tmp_path), "label": "zipcode"}
    with served("houses", archives.write_houses, tmp_path, monkeypatch):
        part = data.arrays("houses", download=True, **options)
    assert part.data.shape == (7, 64, 96, 3)
    houses = part.attributes["area"] - 1000
    np.testing.assert_allclose(part.attributes["price"], 1e5 * houses)
    red = part.data[..., 0].mean(axis=(1, 2)) * 255
    np.testing.assert_allclose(red, 20 * houses, atol=3)
    again = data.arrays("houses", **options)
    np.testing.assert_array_equal(again.data, part.data)


def test_checksums_are_recorded(tmp_path, monkeypatch):
    package = tmp_path / "package"
    package.mkdir()
    code = package / "houses.py"  # Checksums are written beside it.
    monkeypatch.setattr(builders.find("houses"), "code_path", epath.Path(code))
    with served(
        "houses", archives.write_houses, tmp_path, monkeypatch
    ) as archive:
        folder = data.prepare("houses", str(tmp_path / "one"),
                              register_checksums=True)
        assert folder.endswith("houses/1.0.0")
        recorded = (package / "checksums.tsv").read_text()
        assert files.sha256(archive) in recorded


def test_activities_keep_their_windows(tmp_path, monkeypatch):
    with served("uci_har", archives.write_uci_har, tmp_path, monkeypatch):
        part = data.arrays("uci_har", data_dir=str(tmp_path), download=True)
    assert part.data.shape == (6, 128, 9)
    np.testing.assert_array_equal(np.sort(part.labels), np.arange(6))
    means = part.data.mean(axis=(0, 1))
    np.testing.assert_allclose(means, np.arange(9), atol=0.2)


def test_faces_are_upright_and_sorted_by_person(tmp_path, monkeypatch):
    faces = archives.write_olivetti_faces(tmp_path)
    path = tmp_path / "faces.mat"
    with pytest.raises(data.DataError, match="not the file.*published"):
        olivetti_faces._read(path)
    monkeypatch.setattr(olivetti_faces, "SHA256", files.sha256(path))
    np.testing.assert_array_equal(olivetti_faces._read(path), faces)


def test_manual_sets_say_what_to_put_where(tmp_path):
    with pytest.raises(
        data.DataError, match=r"manual_dir/ubisound/doorbell/0001.wav"
    ):
        data.arrays("ubisound", data_dir=str(tmp_path), download=True)


def test_manual_sets_are_read(tmp_path):
    archives.write_ubisound(tmp_path / "downloads" / "manual")
    options = {"data_dir": str(tmp_path), "download": True}
    part = data.arrays("ubisound", "test", **options)
    assert part.num_classes == 3
    assert part.data.shape == (3, 64, 157, 1)
    assert sorted(part.labels) == [0, 1, 2]
    again = tfds_builder.find("ubisound", str(tmp_path), False)
    names = again.info.features["label"].names
    assert names == ["baby", "doorbell", "siren"]


def test_pictures_brought_by_hand_are_read(tmp_path):
    archives.write_keratitis(tmp_path / "downloads" / "manual")
    options = {"data_dir": str(tmp_path), "download": True}
    part = data.arrays("keratitis", "test", **options)
    assert part.data.shape == (2, 224, 224, 3)
    red = part.data[..., 0].mean(axis=(1, 2)) * 255
    np.testing.assert_allclose(red, 100 * part.labels, atol=3)


def test_too_few_files_by_hand_are_counted(tmp_path):
    folder = tmp_path / "downloads" / "manual"
    archives.write_keratitis(folder)
    (folder / "keratitis" / "fungal" / "4.JPG").unlink()
    with pytest.raises(data.DataError, match="'bacterial': 5, 'fungal': 4"):
        data.prepare("keratitis", str(tmp_path))


def test_blood_cells_are_those_that_were_published(tmp_path, monkeypatch):
    arrays = archives.write_bloodmnist(tmp_path)
    path = tmp_path / "bloodmnist.npz"
    with pytest.raises(data.DataError, match="not the file.*published"):
        bloodmnist.read(path, "val")
    monkeypatch.setattr(
        bloodmnist, "MD5", hashlib.md5(path.read_bytes()).hexdigest()
    )
    images, labels = bloodmnist.read(path, "val")
    np.testing.assert_array_equal(images, arrays["val_images"])
    np.testing.assert_array_equal(labels, [0, 1])
    with pytest.raises(data.DataError, match="other_images"):
        bloodmnist.read(path, "other")


def test_diagnoses_are_read_and_checked(tmp_path):
    archives.write_isic2017(tmp_path)
    table = tmp_path / "ISIC-2017_Training_Part3_GroundTruth.csv"
    assert [label for _, label in isic2017.read_labels(table)] == [
        "melanoma", "seborrheic_keratosis", "nevus", "nevus",
    ]
    for row in ("../x,0,0", "ISIC_1,1,1", "ISIC_1,yes,0", "ISIC_1"):
        table.write_text(f"image_id,melanoma,seborrheic_keratosis\n{row}\n")
        with pytest.raises(data.DataError, match="must"):
            list(isic2017.read_labels(table))


def test_changed_archives_are_named(tmp_path, monkeypatch):
    def write(folder):
        archives.write_houses(folder)
        (table,) = folder.rglob("HousesInfo.txt")
        table.rename(table.with_name("Other.txt"))

    with (
        served("houses", write, tmp_path, monkeypatch),
        pytest.raises(data.DataError, match="must hold one 'HousesInfo.txt'"),
    ):
        data.prepare("houses", str(tmp_path))


def test_importing_data_does_not_import_tfds():
    code = (
        "import sys, kprivacy.data, kprivacy.data.builders\n"
        "print('tensorflow_datasets' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True,
                           capture_output=True, text=True)
    assert found.stdout.strip() == "False"
