"""Data: the parts, the order, and errors that say what to do."""

import hashlib

import numpy as np
import pytest
from PIL import Image

from kprivacy import data
from kprivacy.callbacks import EpochOrder


def as_set(images):
    return {image.tobytes() for image in images}


def arrays_of(count):
    """Distinct images with a label each."""
    images = np.zeros((count, 2, 2, 1), np.uint8)
    images[:, 0, 0, 0] = np.arange(count) % 256
    images[:, 0, 1, 0] = np.arange(count) // 256
    return images, np.arange(count) % 3


def test_parts_are_disjoint_and_complete():
    source = arrays_of(600)
    parts = [data.arrays(source, name) for name in data.PARTS]
    sets = [as_set(part.data) for part in parts]
    assert sum(map(len, sets)) == len(set.union(*sets)) == 600
    assert [len(part) for part in parts] == [400, 80, 120]


def test_labels_stay_with_their_images():
    part = data.arrays(arrays_of(600), "attacker")
    pixels = np.rint(part.data[:, 0, :, 0] * 255).astype(int)
    np.testing.assert_array_equal(
        (pixels[:, 0] + 256 * pixels[:, 1]) % 3, part.labels
    )


@pytest.mark.parametrize(
    "part, expected",
    [
        ("defender", "181891884a30"),
        ("attacker", "84014a353ad2"),
        ("test", "9517669150e5"),
    ],
)
def test_the_division_stays_what_published_results_used(part, expected):
    """Hashes of data and labels as the first release divided them."""
    found = data.arrays("digits", part)
    content = found.data.tobytes() + found.labels.tobytes()
    assert hashlib.sha256(content).hexdigest()[:12] == expected


def test_the_division_of_mnist_stays(tfds_dir):
    found = data.arrays("mnist", "attacker", data_dir=tfds_dir)
    content = found.data.tobytes() + found.labels.tobytes()
    assert hashlib.sha256(content).hexdigest()[:12] == "bc120752998c"


def test_given_test_sets_are_kept():
    train, test = arrays_of(600), arrays_of(30)
    part = data.arrays((train, test), "test")
    assert as_set(part.data) == as_set(test[0] / np.float32(255))


def test_slices_split_a_part_in_two():
    whole = data.arrays("digits", "defender")
    first = data.arrays("digits", "defender[:30%]")
    rest = data.arrays("digits", "defender[30%:]")
    np.testing.assert_array_equal(
        whole.data, np.concatenate([first.data, rest.data])
    )


def test_digits_need_no_network():
    part = data.arrays("digits", "test")
    assert part.data.shape == (359, 28, 28, 1)
    assert part.data.dtype == np.float32
    assert (part.data.min(), part.data.max()) == (0.0, 1.0)
    assert part.num_classes == 10


def order(dataset):
    return [tuple(labels.numpy()) for _, labels in dataset]


def test_order_is_a_function_of_seed_and_epoch():
    source = (np.zeros((90, 2, 2, 1), np.uint8), np.arange(90))
    first = data.load(source, batch_size=16, seed=1)
    epochs = [order(first) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2]
    assert sorted(sum(epochs[0], ())) == sorted(sum(epochs[1], ()))
    again = data.load(source, batch_size=16, seed=1)
    EpochOrder(again).on_epoch_begin(2)
    assert order(again) == epochs[2]
    assert order(data.load(source, batch_size=16, seed=2)) != epochs[0]


def test_only_the_defenders_part_is_shuffled():
    test = data.load("digits", "test", batch_size=400)
    ((_, labels),) = test
    np.testing.assert_array_equal(
        labels, data.arrays("digits", "test").labels
    )


def test_signals_are_accepted():
    signals = np.random.default_rng(0).normal(size=(60, 128, 9))
    part = data.arrays((signals, np.arange(60) % 6), "attacker")
    assert part.data.shape[1:] == (128, 9)
    assert part.data.dtype == np.float32


@pytest.mark.parametrize(
    "name, split, sentence",
    [
        ("no_such_set", "test", "Unknown data set 'no_such_set'"),
        ("digits", "train", "`split` must be one of 'defender', 'attacker'"),
        ("digits", "test[5000:]", "is empty"),
        ((np.zeros((3, 4, 4, 1)), np.zeros(2, int)), "test", "Arrays must be"),
        ((np.full((9, 4, 4, 1), 7.0), np.zeros(9, int)), "test", "in 0..255"),
        ((np.zeros((0, 4, 4, 1)), np.zeros(0, int)), "test", "hold examples"),
        ((np.zeros((9, 4, 4, 1)), np.zeros(9)), "test", "must be integers"),
        ((np.full((9, 4, 4, 1), np.nan), np.zeros(9, int)), "test", "finite"),
        (7, "test", "`name` must be a name"),
        ("digits", "test[%:]", "`split` must be one of"),
        ((np.zeros((9, 4, 4), np.uint8), np.zeros(9, int)), "test",
         "channel axis"),
    ],
)
def test_bad_input_is_refused(name, split, sentence):
    with pytest.raises(data.DataError, match=sentence):
        data.arrays(name, split)


def test_missing_downloads_are_told_at_once(tmp_path):
    with pytest.raises(data.DataError, match="not prepared in.*data.prepare"):
        data.arrays("mnist", data_dir=str(tmp_path))


def test_no_network_is_told_at_once(tmp_path, monkeypatch):
    import requests

    def refuse(*_, **__):
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "head", refuse)
    with pytest.raises(data.DataError, match="did not answer.*HTTPS_PROXY"):
        data.arrays("mnist", data_dir=str(tmp_path), download=True)


def test_damaged_tfds_files_are_named(tfds_dir, tmp_path):
    import pathlib
    import shutil

    copy = tmp_path / "mnist" / "3.0.1"
    source = pathlib.Path(tfds_dir) / "mnist" / "3.0.1"
    shutil.copytree(source, copy)
    for file in copy.iterdir():
        file.chmod(0o644)
        if "test.tfrecord" in file.name:
            file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(data.DataError, match="damaged or incomplete"):
        data.arrays("mnist", "test", data_dir=str(tmp_path))


def test_mnist_from_tfds(tfds_dir):
    part = data.arrays("mnist", "attacker", data_dir=tfds_dir)
    assert part.data.shape == (10_000, 28, 28, 1)
    assert part.num_classes == 10


def write_images(root, count=12, size=(9, 7)):
    for label in ("cat", "dog"):
        (root / label).mkdir()
        for i in range(count):
            colour = (200, i, 0) if label == "cat" else (0, i, 200)
            Image.new("RGB", size, colour).save(root / label / f"{i}.png")


def test_digits_of_another_size():
    part = data.arrays("digits", "test[:3]", image_size=(12, 16))
    assert part.data.shape == (3, 12, 16, 1)
    assert data.arrays("digits", "test[:3]").data.shape == (3, 28, 28, 1)
    with pytest.raises(data.DataError, match="are read.*diabetes"):
        data.arrays("diabetes", "test", image_size=(8, 8))


def test_image_folder(tmp_path):
    write_images(tmp_path)
    part = data.arrays(f"image_folder:{tmp_path}", image_size=(8, 6))
    assert part.data.shape[1:] == (8, 6, 3)
    red = part.data[..., 0].mean(axis=(1, 2)) > 0.5
    np.testing.assert_array_equal(red, part.labels == 0)


def test_corrupt_images_are_named(tmp_path):
    write_images(tmp_path)
    broken = tmp_path / "dog" / "3.png"
    broken.write_bytes(broken.read_bytes()[:40])
    with pytest.raises(data.DataError, match="3.png.* is not a readable"):
        data.arrays(f"image_folder:{tmp_path}")


def test_other_folders_are_no_classes(tmp_path):
    write_images(tmp_path)
    for name in (".cache", "__MACOSX", "a_empty"):
        (tmp_path / name).mkdir()
    part = data.arrays(f"image_folder:{tmp_path}")
    assert part.num_classes == 2 and set(part.labels) == {0, 1}


def test_slices_of_sorted_data_hold_every_class(tmp_path):
    labels = np.repeat(np.arange(4), 100)
    source = (np.zeros((400, 2, 2, 1), np.uint8), labels)
    assert len(set(data.arrays(source, "defender[:10%]").labels)) == 4
    write_images(tmp_path, count=30)
    part = data.arrays(f"image_folder:{tmp_path}", "defender[:20%]")
    assert set(part.labels) == {0, 1}


def test_huge_images_are_not_read(tmp_path, monkeypatch):
    from kprivacy.data import image_folder

    write_images(tmp_path)
    monkeypatch.setattr(image_folder, "MOST_PIXELS", 10)
    with pytest.raises(data.DataError, match="63 pixels; at most 10"):
        data.arrays(f"image_folder:{tmp_path}")


@pytest.mark.parametrize("folders", [0, 1])
def test_folders_without_classes_are_refused(tmp_path, folders):
    for i in range(folders):
        (tmp_path / str(i)).mkdir()
    with pytest.raises(data.DataError, match="at least two folders"):
        data.arrays(f"image_folder:{tmp_path}")


def test_missing_folders_are_refused(tmp_path):
    with pytest.raises(data.DataError, match="does not exist"):
        data.arrays(f"image_folder:{tmp_path / 'none'}")
