"""Small archives, as the sources of the data sets have them."""

import csv
import zipfile

import numpy as np
from PIL import Image
from scipy.io import savemat, wavfile

from kprivacy.data.builders import uci_har


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
