"""GAP's attributes, data and configs, and the attacks that judge it."""

import importlib
import pkgutil

import ml_collections
import numpy as np
import pytest

import configs
from kprivacy import attacks, data, train_lib
from kprivacy.data import recordings
from kprivacy.data.rows import MemorySource, Rows
from kprivacy.errors import UserError
from kprivacy.gap import attributes
from kprivacy.gap.attributes import Attribute


def arrays(labels, **others):
    labels = np.asarray(labels, np.int32)
    return data.Arrays(
        np.zeros((len(labels), 2), np.float32), labels, 10,
        {key: np.asarray(x) for key, x in others.items()},
    )


def section(name, **fields):
    return ml_collections.ConfigDict({"name": name, **fields})


def test_values_become_classes_in_their_order():
    known = Attribute.fit(arrays([0, 0, 0], subject=[7, 3, 7]),
                          section("subject"))
    assert known.count == 2
    found = known.values(arrays([0, 0], subject=[3, 7]))
    assert found.tolist() == [0, 1] and found.dtype == np.int32
    with pytest.raises(UserError, match=r"must be in the training part.*\[9\]"):
        known.values(arrays([0], subject=[9]))


def test_groups_of_classes():
    known = Attribute.fit(
        arrays(range(4)), section("label", groups=(0, 1, 0, 1))
    )
    assert known.count == 2
    assert known.values(arrays([3, 2, 0])).tolist() == [1, 0, 0]
    with pytest.raises(UserError, match="a class for each of the 4 values"):
        Attribute.fit(arrays(range(4)), section("label", groups=(0, 1)))


def test_a_price_in_three_classes_of_equal_size():
    price = np.arange(30, dtype=np.float32)
    known = Attribute.fit(arrays(np.zeros(30), price=price),
                          section("price", bins=3))
    found = known.values(arrays(np.zeros(30), price=price))
    assert np.bincount(found).tolist() == [10, 10, 10]
    assert known.values(arrays([0, 0], price=[-5.0, 99.0])).tolist() == [0, 2]
    assert known.prior(found) == pytest.approx((1 / 3,) * 3)


def test_a_real_value_is_in_units_of_the_training_part():
    known = Attribute.fit(arrays([0, 0], price=[1.0, 3.0]),
                          section("price", real=True))
    found = known.values(arrays([0, 0, 0], price=[2.0, 3.0, 5.0]))
    np.testing.assert_allclose(found, [0, 1, 3])
    assert known.count == 1 and found.dtype == np.float32


def test_unknown_attributes():
    with pytest.raises(UserError, match="attribute of the set: price"):
        Attribute.fit(arrays([0, 1], price=[1.0, 2.0]), section("size"))
    with pytest.raises(UserError, match="must have two values"):
        Attribute.fit(arrays([1, 1]), section("label"))


def windows(walks, steps=8):
    """Windows that overlap by half, cut from random walks."""
    cut = [
        walk[i : i + steps]
        for walk in walks
        for i in range(0, len(walk) - steps + 1, steps // 2)
    ]
    return np.stack(cut).astype(np.float32)


def test_windows_are_put_together_to_bouts():
    generator = np.random.default_rng(0)
    walks = [generator.normal(size=(n, 3)) for n in (20, 8, 32)]
    cut = windows(walks)
    expected = np.repeat([0, 1, 2], [4, 1, 7])
    order = generator.permutation(len(cut))
    found = recordings.bouts(cut[order])
    pairs = {*zip(found.tolist(), expected[order].tolist())}
    assert len(pairs) == 3


def test_recordings_are_told_by_their_mean():
    generator = np.random.default_rng(0)
    walks, subjects, labels, truth = [], [], [], []
    for subject in (4, 9):
        offset = generator.normal(size=3)
        for label in (0, 1):
            for recording in (0, 1, 0, 1):
                walks.append(
                    generator.normal(size=(16, 3)) * 0.1 + label
                    + (recording * 2 - 1) * offset
                )
                subjects.append(subject)
                labels.append(label)
                truth.append(recording)
    each = 3
    rows = Rows(windows(walks), {
        "subject": np.repeat(subjects, each),
        "label": np.repeat(labels, each),
        "truth": np.repeat(truth, each),
    })
    source = recordings.find(MemorySource(rows, None, {"label": 2}), "walks")
    assert source.sizes == {"train": 24, "test": 24}
    for subject in (4, 9):
        held = {
            split: {
                t for s, t in zip(source.features(split)["subject"],
                                  source.features(split)["truth"])
                if s == subject
            }
            for split in ("train", "test")
        }
        assert len(held["train"]) == 1 and held["train"] != held["test"]
    bouts = [set(source.features(s)["bout"]) for s in ("train", "test")]
    assert not bouts[0] & bouts[1]


def test_windows_must_overlap():
    generator = np.random.default_rng(0)
    rows = Rows(generator.normal(size=(5, 8, 2)).astype(np.float32),
                {"subject": np.arange(5), "label": np.zeros(5, int)})
    with pytest.raises(data.DataError, match="must overlap by half"):
        recordings.find(MemorySource(rows, None, {}), "walks")
    with pytest.raises(data.DataError, match="'label' and 'subject'"):
        recordings.find(MemorySource(
            Rows(rows.data, {"label": np.zeros(5, int)}), None, {}
        ), "walks")


def test_uci_har_by_recording(tfds_dir):
    parts = {
        split: data.arrays("recordings:uci_har", split, group="bout",
                           data_dir=tfds_dir)
        for split in ("defender", "attacker", "test")
    }
    people = [set(parts[k].attributes["subject"]) for k in ("defender", "test")]
    assert len(people[0]) == 30 and people[0] == people[1]
    bouts = [set(one.attributes["bout"]) for one in parts.values()]
    assert sum(map(len, bouts)) == len(set.union(*bouts)) == 856


def test_generated_sets_are_what_they_are_called():
    part = data.arrays("gaussian_mixture:0.75,3,2")
    assert part.data.shape == (20_000, 1)
    assert part.labels.mean() == pytest.approx(0.75, abs=0.01)
    for label, mean in ((0, -3), (1, 3)):
        some = part.data[part.labels == label]
        assert some.mean() == pytest.approx(mean, abs=0.1)
        assert some.std() == pytest.approx(2, abs=0.05)
    part = data.arrays("binary:0.3,0.9", "attacker")
    assert len(part) == 4000
    assert part.data.mean() == pytest.approx(0.3, abs=0.03)
    assert (part.data[:, 0] == part.labels).mean() == pytest.approx(
        0.9, abs=0.02
    )
    for wrong in ("binary:0.3", "binary:2,0.5", "gaussian_mixture:.5,a,1"):
        with pytest.raises(data.DataError, match="is named"):
            data.arrays(wrong)


def test_diabetes_has_no_column_of_the_sex():
    part = data.arrays("diabetes")
    assert part.data.shape[1:] == (9,)
    sex = part.attributes["sex"]
    assert set(sex.tolist()) == {0, 1}
    for column in part.data.T:
        assert abs(np.corrcoef(column, sex)[0, 1]) < 0.6


def test_parts_are_joined():
    config = importlib.import_module("configs.gap_digits").get_config("smoke")
    from kprivacy import workdir

    whole = workdir.read_data(config, "attacker[:30]+test[:20]")
    assert len(whole) == 50
    np.testing.assert_array_equal(
        whole.data[30:], workdir.read_data(config, "test[:20]").data
    )


GAP_CONFIGS = [
    one.name for one in pkgutil.iter_modules(configs.__path__)
    if one.name.startswith("gap_") and one.name != "gap_base"
]


@pytest.mark.parametrize("name", ["gap_digits", "gap_diabetes"])
def test_a_config_trains_and_goes_on(name, tmp_path):
    module = importlib.import_module(f"configs.{name}")
    config = module.get_config("smoke")
    model = train_lib.train(config, tmp_path)
    assert (tmp_path / "model.keras").exists()
    again = train_lib.train(config, tmp_path)
    x = np.zeros((2, *model.client.inputs[0].shape[1:]), np.float32)
    assert again.predict(x, verbose=0).shape == x.shape


@pytest.mark.parametrize("name", GAP_CONFIGS)
def test_sweeps_override_fields_that_are_there(name):
    module = importlib.import_module(f"configs.{name}")
    for overrides in module.get_sweep():
        config = module.get_config()
        config.update_from_flattened_dict(overrides)


def test_pretraining_keeps_the_data_then_learns_what_is_private():
    import keras

    import kprivacy
    from kprivacy.gap import build_adversary, build_client
    from kprivacy.gap.pretraining import Pretraining
    from kprivacy.gap.training import _batches

    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 256)
    x = generator.normal(size=(256, 4)) + 2 * labels[:, None]
    x = x.astype("float32")
    client = build_client((4,), "dense", units=(16,), code=8)
    model = kprivacy.GAP(client, None, build_adversary(client, 2, units=(8,)))
    model.compile("adam", "adam")
    pair = x, {"private": labels}
    batches = _batches(pair, 32, 0)
    callback = Pretraining(batches, batches, 20, 20, 1e-2)
    callback.set_model(model)
    before = model.evaluate(_batches(pair, 256), verbose=0, return_dict=True)
    callback.on_epoch_begin(1)
    assert before == model.evaluate(_batches(pair, 256), verbose=0,
                                    return_dict=True)
    callback.on_epoch_begin(0)
    after = model.evaluate(_batches(pair, 256), verbose=0, return_dict=True)
    assert after["distortion"] < 0.3 * before["distortion"]
    assert after["adversary_loss"] < 0.2 < before["adversary_loss"]
    assert int(model.optimizer.iterations) == 0


def test_an_adversary_sees_moved_pictures_in_training_alone():
    from kprivacy.gap import build_adversary, build_client

    client = build_client((16, 16, 1), "autoencoder", (4, 8), code=4)
    adversary = build_adversary(
        client, 2, "vgg", (8,), (4, 8), dropout=0.1, augmented=True
    )
    x = np.random.default_rng(0).uniform(size=(4, 16, 16, 1)).astype("f4")
    still = adversary(x, training=False)
    np.testing.assert_array_equal(adversary(x, training=False), still)
    assert np.abs(adversary(x, training=True) - still).max() > 1e-4
    moved = adversary.get_layer("mirrored")(x, training=True)
    mirrored = [np.array_equal(a, b[:, ::-1]) for a, b in zip(moved, x)]
    same = [np.array_equal(a, b) for a, b in zip(moved, x)]
    assert np.all(np.logical_xor(mirrored, same))
    vectors = build_client((4,), "dense", units=(8,), code=2)
    with pytest.raises(UserError, match="`augmented` is for images"):
        build_adversary(vectors, 2, augmented=True)
    with pytest.raises(UserError, match="'vgg' takes images"):
        build_adversary(vectors, 2, "vgg")


def profiles(count=400, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(count, 6)).astype(np.float32)
    price = x[:, 0] * 2 + 5 + 0.1 * generator.normal(size=count)
    return data.Arrays(x, np.zeros(count, np.int32), 1,
                       {"price": price.astype(np.float32)})


def test_a_value_is_inferred_where_it_is_there():
    attack = attacks.ValueInference(("ridge", "nearest_neighbours"), steps=10)
    found = attack.run(lambda x: x, profiles(), profiles(200, 1), "price")
    assert found.best.attacker == "ridge"
    assert found.best.explained > 0.98
    assert found.ceiling == pytest.approx(4.01, rel=0.25)
    blind = attack.run(
        lambda x: x[:, 1:], profiles(), profiles(200, 1), "price"
    )
    assert abs(blind.best.explained) < 0.1


def test_every_family_infers_a_value():
    attack = attacks.ValueInference(steps=60)
    generator = np.random.default_rng(0)

    def images(count):
        x = generator.random((count, 8, 8, 1), np.float32)
        value = x[:, 2:5, 2:5].mean((1, 2, 3))
        return data.Arrays(x, np.zeros(count, np.int32), 1, {"value": value})

    found = attack.run(lambda x: x, images(300), images(100), "value")
    assert {one.attacker for one in found.results} == set(attack.NAMES)
    assert found.best.explained > 0.8
    with pytest.raises(UserError, match="one of the data's: value"):
        attack.run(lambda x: x, images(30), images(20), "price")


def test_occlusion_finds_where_the_answer_is():
    generator = np.random.default_rng(0)
    images = generator.random((6, 20, 24, 1)).astype(np.float32) * 0.1
    labels = np.arange(6) % 2
    images[:, 4:8, 12:16] += labels[:, None, None, None] * 0.9

    def scores(x):
        p = x[:, 4:8, 12:16].mean((1, 2, 3))
        return np.stack([1 - p, p], axis=1)

    found = attacks.occlusion_map(scores, images, labels, 4, 2, fill=0.0)
    assert found.shape == (6, 20, 24)
    bright = found[labels == 1].mean(0)
    assert np.unravel_index(bright.argmax(), bright.shape)[0] in range(4, 8)
    assert bright[4:8, 12:16].mean() > 0.3
    assert np.abs(bright[12:, :8]).max() == 0
    with pytest.raises(UserError, match="sides of at least 30"):
        attacks.occlusion_map(scores, images, labels, 30)


def test_labelled_parts_have_the_targets_as_attributes():
    part = arrays([0, 1, 2, 3], price=[1.0, 2.0, 3.0, 4.0])
    config = ml_collections.ConfigDict({
        "private": section("label", groups=(0, 1, 0, 1)),
        "public": {"price": section("price", bins=2)},
    })
    known = attributes.fitted(config, part)
    found = attributes.labelled(known, part)
    assert found.attributes["private"].tolist() == [0, 1, 0, 1]
    assert found.attributes["price"].tolist() == [0, 0, 1, 1]
