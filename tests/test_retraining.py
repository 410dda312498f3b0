"""The unauthorised trainer: what he finds, over seeds and mixtures."""

import dataclasses
import json

import numpy as np
import pytest

from kprivacy import attacks, networks
from kprivacy.attacks import Retraining
from kprivacy.attacks.retraining import trainer
from kprivacy.data import Arrays
from kprivacy.errors import UserError


def shortcut(count, strength, seed=0):
    """Pictures whose class is hard to see, with a shortcut if asked for.

    The class is whether both halves are as bright; the corner tells it.
    """
    generator = np.random.default_rng(seed)
    halves = generator.choice([-1, 1], (2, count))
    labels = (halves[0] * halves[1] > 0).astype("int32")
    images = generator.uniform(0.3, 0.7, (count, 8, 8, 1))
    images[:, :, :4] += 0.15 * halves[0][:, None, None, None]
    images[:, :, 4:] += 0.15 * halves[1][:, None, None, None]
    images[:, :2, :2] += strength * (labels - 0.5)[:, None, None, None]
    return Arrays(np.clip(images, 0, 1).astype("float32"), labels, 2)


def test_a_shortcut_is_what_is_learnt():
    """A claim: the trainer of protected data is worse on clean pictures."""
    test = shortcut(400, 0.0, 1)
    attack = Retraining("mlp", 8, "none", epochs=8, batch_size=32,
                        learning_rate=0.05)
    clean = attack.run(shortcut(400, 0.0), test, test.take(slice(0, 50)))
    assert clean.accuracy > 0.9 and len(clean.test) == 8
    assert clean.stopped_accuracy <= clean.peak_accuracy
    assert trainer.accuracy(attack.model, test) == clean.accuracy
    fooled = attack.run(shortcut(400, 0.6), test)
    assert fooled.accuracy < 0.75
    assert fooled.stopped_accuracy is None
    json.dumps(fooled.to_dict())
    assert "at most" in fooled.summary()
    again = attack.run(shortcut(400, 0.6), test)
    assert again.test == fooled.test


def test_small_shares_of_many_classes():
    """Each class alone would be rounded to none, or to all of it."""
    natural, protected = (
        Arrays(np.full((200, 2, 2, 1), value, np.float32),
               np.arange(200, dtype=np.int32) % 10, 10)
        for value in (0, 1)
    )
    for share in (0.01, 0.03, 0.5, 0.97, 0.99):
        _, where = attacks.mixed(natural, protected, share)
        assert where.sum() == round(200 * share)
        counts = np.bincount(natural.labels[where], minlength=10)
        assert np.ptp(counts) <= 1


def test_some_are_protected():
    natural = shortcut(100, 0.0)
    protected = shortcut(100, 0.6)
    for share in (0.0, 0.3, 1.0):
        found, where = attacks.mixed(natural, protected, share, seed=1)
        assert where.sum() == pytest.approx(100 * share, abs=1)
        assert (natural.labels[where] == 1).sum() == pytest.approx(
            share * (natural.labels == 1).sum(), abs=0.6
        )
        np.testing.assert_array_equal(found.data[where],
                                      protected.data[where])
        np.testing.assert_array_equal(found.data[~where],
                                      natural.data[~where])
    halves = [attacks.mixed(natural, protected, 0.5, seed)[1]
              for seed in (0, 0, 1)]
    np.testing.assert_array_equal(halves[0], halves[1])
    assert (halves[0] != halves[2]).any()
    for other in (protected.take(slice(0, 50)),
                  protected.take(np.arange(100)[::-1])):
        with pytest.raises(UserError, match="the same examples"):
            attacks.mixed(natural, other, 0.5)
    with pytest.raises(UserError, match="from 0 to 1"):
        attacks.mixed(natural, protected, 1.5)


def test_seeds_are_repeated():
    """Each is the training of its seed; means and deviations are by hand."""
    part, test = shortcut(60, 0.3), shortcut(60, 0.0, 1)
    options = {"network": "mlp", "width": 8, "augmentation": "none",
               "epochs": 2, "batch_size": 20}
    found = attacks.repeated_retraining(
        part, test, test.take(slice(0, 20)), seeds=(4, 1), **options
    )
    one, two = found.results
    alone = Retraining(**options, seed=1).run(part, test)
    assert alone.test == two.test and one.test != two.test
    for name in ("accuracy", "peak_accuracy", "stopped_accuracy"):
        a, b = getattr(one, name), getattr(two, name)
        assert found.mean[name] == pytest.approx((a + b) / 2)
        assert found.std[name] == pytest.approx(abs(a - b) / 2**0.5)
    assert json.loads(json.dumps(found.to_dict()))["seeds"] == [4, 1]
    assert "over 2 seeds, at most" in found.summary()
    assert "stopped early" in found.summary()
    single = attacks.repeated_retraining(part, test, seeds=[1], **options)
    assert single.results[0].test == two.test
    assert single.std == {"accuracy": 0.0, "peak_accuracy": 0.0}
    for given, sentence in (
        ({"seeds": ()}, "at least one"),
        ({"seeds": (1, 1)}, "each once"),
        ({"seeds": 3}, "at least one. Received: seeds=3"),
        ({"seeds": (0, -1)}, "integer of at least 0"),
        ({"seed": 2}, r"Pass seeds=\(2,\)"),
        ({"width": 2}, "`width`"),
    ):
        with pytest.raises(UserError, match=sentence):
            attacks.repeated_retraining(part, test, **{**options, **given})


def test_errors():
    for options, sentence in (
        ({"augmentation": "spin"}, "'flip"),
        ({"epochs": 0}, "`epochs`"),
        ({"batch_size": 0}, "`batch_size`"),
        ({"seed": -1}, "`seed`"),
        ({"learning_rate": -0.1}, "`learning_rate`"),
        ({"network": "vgg99"}, "'resnet18'"),
        ({"width": "a"}, "`width`"),
        ({"stem": "photo"}, "'cifar'"),
    ):
        with pytest.raises(UserError, match=sentence):
            Retraining(**options)
    small = shortcut(8, 0.0)
    with pytest.raises(UserError, match="Arrays.* Received: ndarray"):
        Retraining().run(small.data, small.data)
    for labels in (small.labels / 2, small.labels[:-1]):
        with pytest.raises(UserError, match="one label for each image"):
            Retraining().run(small, dataclasses.replace(small, labels=labels))
    two = dataclasses.replace(small, data=small.data.repeat(2, axis=-1))
    for options in ({"augmentation": "autoaugment"},
                    {"countermeasure": "grey"}):
        with pytest.raises(UserError, match="1 or 3 channels. Received: 2"):
            Retraining(**options).run(two, two)
    wide = Arrays(np.zeros((8, 9, 8, 1), "float32"), small.labels, 2)
    with pytest.raises(UserError, match="images of one shape"):
        Retraining().run(small, wide)
    four = dataclasses.replace(small, num_classes=4)
    for parts in ((small, four), (four, small), (small, small, four)):
        with pytest.raises(UserError, match="classes of one data set.* 4"):
            Retraining().run(*parts)
    for value in (255.0, -0.1, np.nan):
        data = small.data.copy()
        data[0, 0, 0] = value
        with pytest.raises(UserError, match=r"`test` must be images in \[0"):
            Retraining().run(small, dataclasses.replace(small, data=data))
    beyond = dataclasses.replace(small, labels=small.labels + 1)
    with pytest.raises(UserError, match="`test` .* from 0 to 1.*from 1 to 2"):
        Retraining().run(small, beyond)


def test_a_start_is_of_the_same_network():
    """It goes on from there; another network's weights are refused."""
    part = shortcut(40, 0.3)
    options = {"network": "mlp", "width": 8, "augmentation": "none",
               "epochs": 1, "batch_size": 20}
    first = Retraining(**options)
    first.run(part, part)
    begins = Retraining(**options, start=first.model, learning_rate=1e-12)
    begins.run(part, part)
    for held, now in zip(first.model.get_weights(),
                         begins.model.get_weights()):
        np.testing.assert_allclose(now, held, atol=1e-4)
    hard = {**options, "countermeasure": "adversarial_training"}
    Retraining(**hard, start=first.model).run(part, part)
    for other in (
        networks.classifier((8, 8, 1), 2, "mlp", 16),
        networks.classifier((8, 8, 1), 3, "mlp", 8),
        networks.classifier((8, 8, 1), 2, "vgg11", 8),
    ):
        with pytest.raises(UserError, match="`start` must be .* 'mlp' of "
                           "width 8, .*Received: 'classifier'"):
            Retraining(**options, start=other).run(part, part)
    with pytest.raises(UserError, match="`start` must be .*Received: 'x'"):
        Retraining(**options, start="x").run(part, part)


@pytest.mark.parametrize("network, count", [
    # The published numbers of parameters, with batch norm's moving ones.
    ("resnet18", 11_689_512 + 9_600),
    ("resnet50", 25_557_032 + 53_120),
    ("densenet121", 7_978_856 + 83_648),
])
def test_networks_have_their_size(network, count):
    model = networks.classifier((64, 64, 3), 1000, network, stem="imagenet")
    assert model.count_params() == count
    assert model.get_layer("mean").input.shape[1:3] == (2, 2)


@pytest.mark.parametrize("network", networks.classifiers.NAMES)
def test_classifiers_of_any_network(network):
    model = networks.classifier((28, 28, 1), 7, network, 8)
    assert model.predict(np.zeros((2, 28, 28, 1)), verbose=0).shape == (2, 7)


def plain(data, labels, generator):
    """An augmentation that does nothing."""
    return data, labels


def test_an_epoch_has_its_own_order():
    part = shortcut(70, 0.0)
    batches = trainer.Batches(
        part.data, part.labels, 2, plain, 32, seed=3
    )
    passes = []
    for epoch in (1, 2, 1):
        batches.begin(epoch)
        passes.append(list(batches.dataset().as_numpy_iterator()))
    assert [len(one) for one in passes] == [2, 2, 2]
    for first, other, again in zip(*passes):
        assert not np.array_equal(first[0], other[0])
        for here, there in zip(first, again):
            np.testing.assert_array_equal(here, there)


def test_no_pass_waits_for_a_tuner():
    """TensorFlow 2.21 can double a pass's time by it."""
    from kprivacy import fakesafe
    from kprivacy.data import passes, pipeline

    part = shortcut(8, 0.0)
    for dataset in (
        trainer.Batches(part.data, part.labels, 2, plain, 4, 0).dataset(),
        pipeline.batches(part, 4, 0, True),
        pipeline.batches(part, 4, 0, False),
        passes.side_by_side([part.data], [(2, 4)]),
        fakesafe.pairs(part.data, part.data, 4, 0),
        fakesafe.pairs(part.data, part.data, 4, 0).map(lambda x, _: (x, x)),
    ):
        assert dataset.options().autotune.enabled is False
