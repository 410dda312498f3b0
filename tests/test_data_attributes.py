"""Data: attributes, classes, division by subject, standardised signals."""

import numpy as np
import pytest

from kprivacy import data


def people(count=600, subjects=12):
    """Images whose first pixel is their subject, in no order."""
    images = np.zeros((count, 2, 2, 1), np.uint8)
    images[:, 0, 0, 0] = np.arange(count) % 256
    images[:, 0, 1, 0] = np.arange(count) // 256
    subject = np.random.default_rng(3).integers(1, subjects + 1, count)
    images[:, 1, 1, 0] = subject
    labels = np.arange(count) % 3
    price = np.arange(count) / 2
    return images, labels, {"subject": subject, "price": price}


def test_attributes_stay_with_their_images():
    part = data.arrays(people(), "attacker")
    assert set(part.attributes) == {"subject", "price"}
    pixels = np.rint(part.data[:, 1, 1, 0] * 255).astype(int)
    np.testing.assert_array_equal(part.attributes["subject"], pixels)
    assert part.attributes["price"].dtype == np.float32
    assert part.scaling is None


def test_subjects_are_in_one_part_only():
    parts = [data.arrays(people(), name) for name in data.PARTS]
    subjects = [set(part.attributes["subject"]) for part in parts]
    assert [len(one) for one in subjects] == [8, 2, 2]
    assert len(set.union(*subjects)) == 12
    assert sum(map(len, parts)) == 600


@pytest.mark.parametrize("at", ["15%", "40%", "77"])
def test_slices_end_between_subjects(at):
    whole = data.arrays(people(), "defender")
    first = data.arrays(people(), f"defender[:{at}]")
    rest = data.arrays(people(), f"defender[{at}:]")
    np.testing.assert_array_equal(
        whole.data, np.concatenate([first.data, rest.data])
    )
    assert not set(first.attributes["subject"]) & set(
        rest.attributes["subject"]
    )
    count = len(whole) * int(at[:-1]) / 100 if "%" in at else int(at)
    assert abs(len(first) - count) <= 40


def test_without_groups_people_are_divided_by_example():
    images, labels, attributes = people()
    part = data.arrays((images, labels, attributes), "attacker", group=None)
    plain = data.arrays((images, labels), "attacker")
    np.testing.assert_array_equal(part.data, plain.data)


def test_other_features_may_be_the_class():
    part = data.arrays(people(), "test", label="subject", group=None)
    assert part.num_classes == 12
    pixels = np.rint(part.data[:, 1, 1, 0] * 255).astype(int)
    np.testing.assert_array_equal(part.labels, pixels - 1)
    assert set(part.attributes) == {"label", "price"}


def test_numbers_of_subjects_become_classes_over_both_splits(tfds_dir):
    options = {"data_dir": tfds_dir, "label": "subject", "group": None}
    train = data.arrays("uci_har", "attacker", **options)
    test = data.arrays("uci_har", "test", **options)
    assert train.num_classes == test.num_classes == 30
    assert not set(train.labels) & set(test.labels)


def test_activities_are_divided_by_subject(tfds_dir):
    parts = [
        data.arrays("uci_har", name, data_dir=tfds_dir) for name in data.PARTS
    ]
    subjects = [set(part.attributes["subject"]) for part in parts]
    assert [len(one) for one in subjects] == [17, 4, 9]
    assert len(set.union(*subjects)) == 30


def test_faces_have_two_labels(tfds_dir):
    part = data.arrays(
        "smile_faces", "attacker", data_dir=tfds_dir, label="smiling"
    )
    happy = part.attributes["emotion"] == 3
    np.testing.assert_array_equal(part.labels == 1, happy)


def test_houses_have_prices(tfds_dir):
    part = data.arrays("houses", data_dir=tfds_dir, label="zipcode")
    assert set(part.attributes) == {"price", "area", "bedrooms", "bathrooms"}
    assert part.attributes["price"].min() > 10_000


def test_sounds_are_images_in_the_unit_range(tfds_dir):
    part = data.arrays("esc10", "test", data_dir=tfds_dir)
    assert part.data.shape == (80, 64, 157, 1)
    assert part.data.dtype == np.float32
    # The prepared copy reaches from -100 dB to 48 dB: 148 / 150.
    np.testing.assert_allclose(part.data.min(), 0)
    np.testing.assert_allclose(part.data.max(), 148 / 150, rtol=1e-6)


def test_signals_are_standardised_by_the_training_split():
    generator = np.random.default_rng(0)
    signals = generator.normal([3, -1], [0.1, 20], (600, 16, 2))
    signals = np.concatenate([signals, np.ones((600, 16, 1))], axis=-1)
    source = (signals, np.arange(600) % 6)
    tests = (signals[:50] + 7, source[1][:50])
    parts = [
        data.arrays((source, tests), name, standardise=True)
        for name in data.PARTS
    ]
    scaling = parts[0].scaling
    assert scaling == parts[1].scaling == parts[2].scaling
    np.testing.assert_allclose(scaling["mean"], signals.mean((0, 1)))
    np.testing.assert_allclose(
        scaling["std"], [*signals.std((0, 1))[:2], 1.0]
    )
    train = np.concatenate([parts[0].data, parts[1].data])
    np.testing.assert_allclose(train.mean((0, 1)), 0, atol=1e-4)
    np.testing.assert_allclose(train.std((0, 1)), [1, 1, 0], atol=1e-4)
    back = parts[2].data * scaling["std"] + scaling["mean"]
    raw = data.arrays((source, tests), "test").data
    np.testing.assert_allclose(back, raw, atol=1e-4)


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"label": "age"}, "must be a scalar feature.*'subject'"),
        ({"label": "price"}, "a feature of integers.*float32"),
        ({"group": "family"}, "`group` must be None or a feature"),
        ({"standardise": True}, "`standardise` is for signals"),
        ({"split": "defender[:3]"}, "is empty.*8 values of 'subject'"),
        ({"image_size": (0, 8)}, "`image_size` must be .height, width."),
    ],
)
def test_options_that_do_not_fit_are_refused(options, sentence):
    with pytest.raises(data.DataError, match=sentence):
        data.arrays(people(), **options)


def test_one_subject_cannot_be_divided():
    with pytest.raises(data.DataError, match="several of them.*group=None"):
        data.arrays(people(subjects=1))


def test_attributes_that_do_not_fit_are_refused():
    images, labels, _ = people(60)
    for values in (np.zeros(3), np.array(["a"] * 60)):
        with pytest.raises(data.DataError, match="Attributes must be"):
            data.arrays((images, labels, {"subject": values}))
