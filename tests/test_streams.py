"""Streams: images read as they are needed, and only those."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from kprivacy import data
from kprivacy.callbacks import EpochOrder
from kprivacy.data import loading, pipeline
from kprivacy.data.tfds_source import TfdsSource

COUNTS = {"train": 120, "validation": 20, "test": 10}


class VariousSizes(tfds.core.GeneratorBasedBuilder):
    """Images of several sizes, as ImageNet: its test labels are secret.

    The colour of an image says which one it is.
    """

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict({
                "image": tfds.features.Image(encoding_format="png"),
                "label": tfds.features.ClassLabel(num_classes=4),
                "camera": tfds.features.Scalar(np.int64),
                "attributes": {"sunny": np.bool_},
                "file_name": tfds.features.Text(),
            }),
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(split) for split in COUNTS}

    def _generate_examples(self, split):
        for i in range(COUNTS[split]):
            colour = (i, 100, list(COUNTS).index(split))
            image = np.empty((5 + i % 7, 9 - i % 4, 3), np.uint8)
            image[:] = colour
            yield f"{i:04}", {
                "image": image,
                "label": -1 if split == "test" else i % 4,
                "camera": 10 * (i % 3),
                "attributes": {"sunny": i % 5 == 0},
                "file_name": f"{i}.png",
            }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The set, prepared in several files."""
    path = tmp_path_factory.mktemp("various")
    VariousSizes(data_dir=path).download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            num_shards=3, try_download_gcs=False
        )
    )
    return str(path)


@pytest.fixture(autouse=True)
def few_blocks(monkeypatch):
    """Each costs a trace; the result is the same in kind."""
    monkeypatch.setattr(pipeline, "BLOCKS", 4)


def arrays(folder, split="defender", **options):
    return data.arrays("various_sizes", split, data_dir=folder,
                       image_size=(6, 4), **options)


def load(folder, split="defender", **options):
    return data.load("various_sizes", split, data_dir=folder,
                     image_size=(6, 4), batch_size=16, stream=True, **options)


def numbers(images):
    """Which images these are, by the red of a pixel."""
    return np.rint(np.asarray(images)[:, 0, 0, 0] * 255).astype(int)


def streamed(dataset):
    """(images, labels) of one pass."""
    parts = list(dataset.as_numpy_iterator())
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def test_images_of_several_sizes_are_resized(folder):
    part = arrays(folder, "attacker")
    assert part.data.shape == (20, 6, 4, 3)
    np.testing.assert_array_equal(numbers(part.data) % 4, part.labels)
    assert set(part.attributes) == {"camera", "attributes/sunny"}
    with pytest.raises(data.DataError, match=r"several sizes.*image_size="):
        data.arrays("various_sizes", data_dir=folder)


def test_parts_of_streams_are_disjoint_and_complete(folder):
    parts = [numbers(streamed(load(folder, name))[0]) for name in data.PARTS]
    assert [len(part) for part in parts] == [100, 20, 20]
    assert set(parts[0]) | set(parts[1]) == set(range(120))


def test_arrays_and_streams_hold_the_same_examples(folder):
    for split in ("attacker", "attacker[3:50%]", "test"):
        images, labels = streamed(load(folder, split))
        part = arrays(folder, split)
        np.testing.assert_array_equal(images, part.data)
        np.testing.assert_array_equal(labels, part.labels)


def test_secret_labels_are_replaced_by_validation(folder):
    part = arrays(folder, "test")
    blue = np.rint(part.data[:, 0, 0, 2] * 255)
    np.testing.assert_array_equal(blue, np.full(20, 1))


def test_slices_of_a_stream_are_disjoint(folder):
    first = numbers(arrays(folder, "defender[:37%]").data)
    rest = numbers(arrays(folder, "defender[37%:]").data)
    whole = numbers(arrays(folder, "defender").data)
    np.testing.assert_array_equal(np.concatenate([first, rest]), whole)
    assert len(set(whole)) == 100


def test_other_labels_are_mapped_in_streams(folder):
    images, labels = streamed(load(folder, "test", label="camera"))
    np.testing.assert_array_equal(numbers(images) % 3, labels)
    part = arrays(folder, "test", label="attributes/sunny")
    np.testing.assert_array_equal(numbers(part.data) % 5 == 0, part.labels)
    assert part.num_classes == 2


def test_streams_are_divided_by_groups(folder):
    parts = [arrays(folder, name, group="camera") for name in data.PARTS[:2]]
    cameras = [set(part.attributes["camera"]) for part in parts]
    assert sorted(map(len, cameras)) == [1, 2]
    assert not cameras[0] & cameras[1]
    for name, part in zip(data.PARTS, parts, strict=False):
        images, _ = streamed(load(folder, name, group="camera"))
        assert set(numbers(images)) == set(numbers(part.data))


def test_order_of_a_stream_is_a_function_of_seed_and_epoch(
    folder, monkeypatch
):
    monkeypatch.setattr(pipeline, "SHUFFLE_BUFFER", 30)
    tf.random.set_seed(0)
    first = load(folder, seed=1)
    epochs = [numbers(streamed(first)[0]).tolist() for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2]
    assert sorted(epochs[0]) == sorted(epochs[1]) != epochs[1]
    tf.random.set_seed(5)
    again = load(folder, seed=1)
    EpochOrder(again).on_epoch_begin(2)
    assert numbers(streamed(again)[0]).tolist() == epochs[2]
    other = numbers(streamed(load(folder, seed=2))[0]).tolist()
    assert other != epochs[0]


def test_a_small_buffer_mixes_far_examples(folder, monkeypatch):
    """A buffer alone keeps example 0 among the first; the blocks do not."""
    monkeypatch.setattr(pipeline, "SHUFFLE_BUFFER", 10)
    in_order = numbers(arrays(folder).data)
    shuffled = numbers(streamed(load(folder))[0])
    place = np.argsort(np.argsort(in_order))
    moved = np.abs(np.argsort(shuffled)[place] - np.arange(100))
    assert moved.mean() > 20


def test_streams_train_a_model(folder):
    import keras

    model = keras.Sequential([
        keras.Input((6, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(4)
    ])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(True))
    dataset = load(folder)
    assert dataset.cardinality() == 7
    model.fit(dataset, epochs=2, verbose=0, shuffle=False,
              callbacks=[EpochOrder(dataset)])
    assert dataset.next_epoch.numpy() == 2


def test_large_parts_are_sliced_or_streamed(folder, monkeypatch):
    monkeypatch.setattr(loading, "MOST_BYTES", 20 * 6 * 4 * 3 * 4)
    with pytest.raises(data.DataError, match=r"'defender\[:2000\]'.*stream"):
        arrays(folder)
    assert len(arrays(folder, "defender[:20]")) == 20
    large = data.load("various_sizes", data_dir=folder, image_size=(6, 4))
    small = data.load("various_sizes", "attacker", data_dir=folder,
                      image_size=(6, 4))
    assert len(streamed(large)[0]) == 100 and len(streamed(small)[0]) == 20
    with pytest.raises(data.DataError, match="2000"):
        data.load("various_sizes", data_dir=folder, image_size=(6, 4),
                  stream=False)


def test_a_slice_decodes_only_its_images(folder, monkeypatch):
    count = tf.Variable(0)
    original = TfdsSource.decode

    def counted(self, encoded, features):
        count.assign_add(1)
        return original(self, encoded, features)

    monkeypatch.setattr(TfdsSource, "decode", counted)
    arrays(folder, "defender[10:15]")
    assert count.numpy() == 5


def test_a_set_of_one_size_streams_its_own_division(tfds_dir):
    split = "attacker[:200]"
    part = data.arrays("cifar10_subset", split, data_dir=tfds_dir)
    images, labels = streamed(data.load(
        "cifar10_subset", split, data_dir=tfds_dir, stream=True
    ))
    np.testing.assert_array_equal(images, part.data)
    np.testing.assert_array_equal(labels, part.labels)


def test_a_stream_of_one_size_is_shuffled(tfds_dir):
    options = {"data_dir": tfds_dir, "stream": True, "batch_size": 300}
    dataset = data.load("cifar10_subset", "defender[:300]", **options)
    part = data.arrays("cifar10_subset", "defender[:300]", data_dir=tfds_dir)
    first, second = streamed(dataset)[0], streamed(dataset)[0]
    assert not np.array_equal(first, second)
    every = [{x.tobytes() for x in one} for one in (first, second, part.data)]
    assert every[0] == every[1] == every[2]


@pytest.mark.parametrize("name", ["digits", "uci_har"])
def test_what_is_no_stream_of_images_is_refused(name, tfds_dir):
    with pytest.raises(data.DataError, match="`stream` is for images of TFDS"):
        data.load(name, data_dir=tfds_dir, stream=True)


def test_image_size_is_for_images(tfds_dir):
    with pytest.raises(data.DataError, match="`image_size` is for sets of"):
        data.arrays("esc10", data_dir=tfds_dir, image_size=(32, 32))


def test_images_of_one_size_are_resized_too(tfds_dir):
    own = data.arrays("mnist", "test[:50]", data_dir=tfds_dir)
    half = data.arrays(
        "mnist", "test[:50]", data_dir=tfds_dir, image_size=(14, 14)
    )
    assert half.data.shape == (50, 14, 14, 1)
    means = own.data.reshape(50, 14, 2, 14, 2, 1).mean(axis=(2, 4))
    assert np.abs(half.data - means).mean() < 0.03
    np.testing.assert_array_equal(half.labels, own.labels)
