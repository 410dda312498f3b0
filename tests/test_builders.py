"""Own TFDS builders, on small archives made here."""

import contextlib
import csv
import functools
import hashlib
import http.server
import pathlib
import subprocess
import sys
import tempfile
import threading
import zipfile

import numpy as np
import pytest
import tensorflow_datasets as tfds
from etils import epath
from PIL import Image
from scipy import signal
from scipy.io import savemat, wavfile

from kprivacy import data, files
from kprivacy.data import builders, tfds_builder
from kprivacy.data.builders import (
    bloodmnist,
    isic2017,
    olivetti_faces,
    sound,
    uci_har,
)


def write_uci_har(folder):
    """The nested archive of the publisher, with 12 + 6 windows."""
    generator = np.random.default_rng(0)
    root = folder / "files" / "UCI HAR Dataset"
    for split, count in (("train", 12), ("test", 6)):
        signals = root / split / "Inertial Signals"
        signals.mkdir(parents=True)
        for i, name in enumerate(uci_har.CHANNELS):
            np.savetxt(signals / f"{name}_{split}.txt",
                       generator.normal(i, 1, (count, 128)))
        np.savetxt(root / split / f"y_{split}.txt",
                   np.arange(count) % 6 + 1, "%d")
        np.savetxt(root / split / f"subject_{split}.txt",
                   np.arange(count) // 6 + 1, "%d")
    with zipfile.ZipFile(folder / "UCI HAR Dataset.zip", "w") as archive:
        for path in sorted(root.rglob("*.txt")):
            archive.write(path, path.relative_to(folder / "files"))
    for path in sorted(root.rglob("*.txt")):
        path.unlink()


def write_wav(path, frequency, rate=44_100, seconds=5, amplitude=0.5):
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(int(rate * seconds)) / rate
    wave = amplitude * np.sin(2 * np.pi * frequency * time)
    wavfile.write(path, rate, (wave * 32767).astype(np.int16))


def write_esc10(folder):
    root = folder / "ESC-50-master"
    rows = [
        {"filename": f"{fold}-{i}-A-0.wav", "fold": fold, "target": 0,
         "category": name, "esc10": name != "pig", "src_file": i, "take": "A"}
        for fold in (1, 4, 5)
        for i, name in enumerate(("dog", "crackling_fire", "pig"))
    ]
    for i, row in enumerate(rows):
        write_wav(root / "audio" / row["filename"], 200 + 100 * i, seconds=1)
    (root / "meta").mkdir()
    with (root / "meta" / "esc50.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_houses(folder, count=10):
    root = folder / "Houses-dataset-master" / "Houses Dataset"
    root.mkdir(parents=True)
    lines = [f"{i % 4 + 1} 2.5 {1000 + i} 93446 {100_000 * i}"
             for i in range(1, count + 1)]
    (root / "HousesInfo.txt").write_text("\n".join(lines) + "\n")
    for i in range(1, count + 1):
        image = Image.new("RGB", (120, 80), (20 * i, 100, 0))
        image.save(root / f"{i}_frontal.jpg")


def write_olivetti_faces(folder):
    generator = np.random.default_rng(0)
    faces = generator.integers(0, 256, (400, 64, 64), np.uint8)
    stored = faces.transpose(0, 2, 1).reshape(400, -1).T
    savemat(folder / "faces.mat", {"faces": stored})
    return faces


def write_ubisound(folder):
    for i, name in enumerate(("baby", "doorbell", "siren")):
        for number in range(5):
            write_wav(folder / "ubisound" / name / f"{number}.wav",
                      300 * (i + 1) + 40 * number, 16_000, seconds=0.5)


def write_keratitis(folder, root="keratitis"):
    for i, name in enumerate(("bacterial", "fungal")):
        (folder / root / name).mkdir(parents=True)
        for number in range(5):
            image = Image.new("RGB", (90, 60), (100 * i, 20 * number, 0))
            image.save(folder / root / name / f"{number}.JPG")


def write_isic2017(folder):
    """Four lesions of either part, each diagnosis among them."""
    for green, part in enumerate(("Training", "Test_v2")):
        root = folder / f"ISIC-2017_{part}_Data"
        root.mkdir()
        rows = ["image_id,melanoma,seborrheic_keratosis"]
        for i, marks in enumerate(("1.0,0.0", "0.0,1.0", "0.0,0.0", "0,0")):
            name = f"ISIC_{i:07}"
            rows.append(f"{name},{marks}")
            Image.new("RGB", (70, 50), (60 * i, 200 * green, 0)).save(
                root / f"{name}.jpg"
            )
        table = folder / f"ISIC-2017_{part}_Part3_GroundTruth.csv"
        table.write_text("\n".join(rows) + "\n")


def write_bloodmnist(folder):
    generator = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 9), ("val", 2), ("test", 3)):
        arrays[f"{part}_images"] = generator.integers(
            0, 256, (count, 28, 28, 3), np.uint8
        )
        arrays[f"{part}_labels"] = np.arange(count, dtype=np.uint8)[:, None]
        arrays[f"{part}_labels"] %= 8
    np.savez(folder / "bloodmnist.npz", **arrays)
    return arrays


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
    WRITE = staticmethod(write_uci_har)


class Esc10Test(BuilderCase):
    DATASET_CLASS = builders.find("esc10")
    SPLITS = {"train": 4, "test": 2}
    WRITE = staticmethod(write_esc10)


class HousesTest(BuilderCase):
    DATASET_CLASS = builders.find("houses")
    SPLITS = {"train": 8, "test": 2}
    WRITE = staticmethod(write_houses)


class OlivettiFacesTest(BuilderCase):
    DATASET_CLASS = builders.find("olivetti_faces")
    SPLITS = {"train": 320, "test": 80}
    DL_EXTRACT_RESULT = "faces.mat"
    WRITE = staticmethod(write_olivetti_faces)

    def setUp(self):
        super().setUp()
        path = pathlib.Path(self.folder.name) / "faces.mat"
        self.enter_context(pytest.MonkeyPatch.context()).setattr(
            olivetti_faces, "SHA256", files.sha256(path)
        )


class UbisoundTest(BuilderCase):
    DATASET_CLASS = builders.find("ubisound")
    SPLITS = {"train": 12, "test": 3}
    WRITE = staticmethod(write_ubisound)


class KeratitisTest(BuilderCase):
    DATASET_CLASS = builders.find("keratitis")
    SPLITS = {"train": 8, "test": 2}
    WRITE = staticmethod(write_keratitis)


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
    WRITE = staticmethod(write_isic2017)


class BloodmnistTest(BuilderCase):
    DATASET_CLASS = builders.find("bloodmnist")
    SPLITS = {"train": 9, "validation": 2, "test": 3}
    DL_DOWNLOAD_RESULT = "bloodmnist.npz"
    WRITE = staticmethod(write_bloodmnist)

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
    with served("houses", write_houses, tmp_path, monkeypatch):
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
    with served("houses", write_houses, tmp_path, monkeypatch) as archive:
        folder = data.prepare("houses", str(tmp_path / "one"),
                              register_checksums=True)
        assert folder.endswith("houses/1.0.0")
        recorded = (package / "checksums.tsv").read_text()
        assert files.sha256(archive) in recorded


def test_activities_keep_their_windows(tmp_path, monkeypatch):
    with served("uci_har", write_uci_har, tmp_path, monkeypatch):
        part = data.arrays("uci_har", data_dir=str(tmp_path), download=True)
    assert part.data.shape == (6, 128, 9)
    np.testing.assert_array_equal(np.sort(part.labels), np.arange(6))
    means = part.data.mean(axis=(0, 1))
    np.testing.assert_allclose(means, np.arange(9), atol=0.2)


def test_faces_are_upright_and_sorted_by_person(tmp_path, monkeypatch):
    faces = write_olivetti_faces(tmp_path)
    path = tmp_path / "faces.mat"
    with pytest.raises(data.DataError, match="not the file.*published"):
        olivetti_faces._read(path)
    monkeypatch.setattr(olivetti_faces, "SHA256", files.sha256(path))
    np.testing.assert_array_equal(olivetti_faces._read(path), faces)


def test_log_mel_of_a_tone():
    """Amplitude 1 at 1 kHz: bin 64 of the spectrum holds (1024 / 4)^2.

    Hann's neighbours hold a quarter of that each. Bin 64 is 1,000 Hz, the
    band there reaches over more than three bins with heights in (0, 1].
    """
    time = np.arange(5 * 16_000) / 16_000
    found = sound.log_mel(np.sin(2 * np.pi * 1000 * time), 16_000)
    assert found.shape == (64, 157) and found.dtype == np.float32
    ceiling = 10 * np.log10(1.5 * 256**2)
    band = found[:, 78].argmax()
    assert ceiling - 3 < found[band, 78] < ceiling
    edges = 2595 * np.log10(1 + np.array([1000, 8000]) / 700)
    assert abs(band + 1 - 65 * edges[0] / edges[1]) < 1


def test_silence_is_the_floor():
    found = sound.log_mel(np.zeros(1000), 44_100)
    np.testing.assert_array_equal(found, np.full((64, 157), -100.0))


def test_rates_and_depths_agree(tmp_path):
    wave = signal.get_window("hann", 44_100) * np.sin(
        2 * np.pi * 440 * np.arange(44_100) / 44_100
    )
    wavfile.write(tmp_path / "a.wav", 44_100, wave.astype(np.float32))
    stereo = np.stack([wave, wave], axis=1) * 32767
    wavfile.write(tmp_path / "b.wav", 44_100, stereo.astype(np.int16))
    pair = [sound.read_log_mel(tmp_path / f"{n}.wav") for n in "ab"]
    loud = pair[0] > 0
    assert loud.sum() > 50
    np.testing.assert_allclose(pair[0][loud], pair[1][loud], atol=0.05)


def test_what_is_no_sound_is_named(tmp_path):
    path = tmp_path / "x.wav"
    path.write_bytes(b"RIFF....WAVE")
    with pytest.raises(data.DataError, match="x.wav.*not a readable .wav"):
        sound.read_log_mel(path)


def test_manual_sets_say_what_to_put_where(tmp_path):
    with pytest.raises(
        data.DataError, match=r"manual_dir/ubisound/doorbell/0001.wav"
    ):
        data.arrays("ubisound", data_dir=str(tmp_path), download=True)


def test_manual_sets_are_read(tmp_path):
    write_ubisound(tmp_path / "downloads" / "manual")
    options = {"data_dir": str(tmp_path), "download": True}
    part = data.arrays("ubisound", "test", **options)
    assert part.num_classes == 3
    assert part.data.shape == (3, 64, 157, 1)
    assert sorted(part.labels) == [0, 1, 2]
    again = tfds_builder.find("ubisound", str(tmp_path), False)
    names = again.info.features["label"].names
    assert names == ["baby", "doorbell", "siren"]


def test_pictures_brought_by_hand_are_read(tmp_path):
    write_keratitis(tmp_path / "downloads" / "manual")
    options = {"data_dir": str(tmp_path), "download": True}
    part = data.arrays("keratitis", "test", **options)
    assert part.data.shape == (2, 224, 224, 3)
    red = part.data[..., 0].mean(axis=(1, 2)) * 255
    np.testing.assert_allclose(red, 100 * part.labels, atol=3)


def test_too_few_files_by_hand_are_counted(tmp_path):
    folder = tmp_path / "downloads" / "manual"
    write_keratitis(folder)
    (folder / "keratitis" / "fungal" / "4.JPG").unlink()
    with pytest.raises(data.DataError, match="'bacterial': 5, 'fungal': 4"):
        data.prepare("keratitis", str(tmp_path))


def test_blood_cells_are_those_that_were_published(tmp_path, monkeypatch):
    arrays = write_bloodmnist(tmp_path)
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
    write_isic2017(tmp_path)
    table = tmp_path / "ISIC-2017_Training_Part3_GroundTruth.csv"
    assert [label for _, label in isic2017.read_labels(table)] == [
        "melanoma", "seborrheic_keratosis", "nevus", "nevus",
    ]
    for row in ("../x,0,0", "ISIC_1,1,1", "ISIC_1,yes,0", "ISIC_1"):
        table.write_text(f"image_id,melanoma,seborrheic_keratosis\n{row}\n")
        with pytest.raises(data.DataError, match="must"):
            list(isic2017.read_labels(table))


class Imagenet2012(tfds.core.GeneratorBasedBuilder):
    """Forty classes in turn, of several sizes."""

    VERSION = tfds.core.Version("5.1.0")

    def _info(self):
        return tfds.core.DatasetInfo(builder=self, features=(
            tfds.features.FeaturesDict({
                "image": tfds.features.Image(encoding_format="jpeg"),
                "label": tfds.features.ClassLabel(num_classes=40),
            })
        ))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(80),
                "validation": self._generate_examples(40)}

    def _generate_examples(self, count):
        for i in range(count):
            image = np.full((30 + i, 50, 3), 3 * (i % 40), np.uint8)
            yield i, {"image": image, "label": i % 40}


def test_imagenet25_is_the_first_classes_of_imagenet(tmp_path):
    with pytest.raises(data.DataError, match="prepared imagenet2012"):
        data.prepare("imagenet25", str(tmp_path))
    Imagenet2012(data_dir=tmp_path).download_and_prepare()
    data.prepare("imagenet25", str(tmp_path))
    part = data.arrays("imagenet25", "test", data_dir=str(tmp_path))
    assert part.data.shape == (25, 224, 224, 3)
    assert sorted(part.labels) == list(range(25))
    shades = part.data.mean(axis=(1, 2, 3)) * 255
    np.testing.assert_allclose(shades, 3 * part.labels, atol=2)


def test_changed_archives_are_named(tmp_path, monkeypatch):
    def write(folder):
        write_houses(folder)
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
