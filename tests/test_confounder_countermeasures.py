"""What trainers do who know of ConfounderGAN, step by step."""

import dataclasses
import types

import numpy as np
import pytest

from kprivacy import attacks
from kprivacy.data import Arrays
from kprivacy.errors import UserError
from kprivacy.experiments import (
    confounder_bench,
    confounder_gan_countermeasures,
    confounder_gan_table1,
)

table = confounder_gan_countermeasures
FEW = slice(0, 20)
SECOND = confounder_bench.SECOND
METHODS = table.METHODS


@pytest.fixture
def config(monkeypatch):
    """A cell's, of a trainer who has 20 clean pictures."""
    monkeypatch.setattr(table, "LEAKED", 20)
    found = confounder_bench.config_of(
        table.DATA, "confounder_gan", 0, "smoke", network="mlp"
    )
    return found


@pytest.fixture
def parts():
    """Those after the first 20 would spoil whoever looks at them."""
    generator = np.random.default_rng(0)
    pixels = generator.integers(40, 200, (60, 8, 8, 1)) / 255
    natural = Arrays(
        pixels.astype("float32"), (np.arange(60) % 2).astype("int32"), 2
    )
    test = natural.take(slice(20, 60))
    spoilt = natural.data.copy()
    spoilt[20:] = np.nan
    return confounder_bench.Parts(
        dataclasses.replace(natural, data=spoilt), test, test
    )


@pytest.fixture
def sent(parts):
    """The same, all 12 levels brighter; none is spoilt."""
    natural = np.where(np.isnan(parts.natural.data), 0.5, parts.natural.data)
    return dataclasses.replace(
        parts.natural, data=(natural + 12 / 255).astype("float32")
    )


def test_few_and_pretrained_see_their_own_pictures_alone(config, parts, sent):
    few, start = table._few(config, None, parts, sent)
    assert start is None and len(few) == 20
    expected, model = confounder_bench.train(config, few, parts)
    seen, start = table._pretrained(config, None, parts, sent)
    assert seen is sent and config.victim.learning_rate == 0.01
    for one, other in zip(model.get_weights(), start.get_weights()):
        np.testing.assert_array_equal(one, other)
    # He goes on from there.
    config.victim.learning_rate = 1e-12
    found, begun = confounder_bench.train(config, sent, parts, start)
    for one, other in zip(model.get_weights(), begun.get_weights()):
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_leaked_pairs_are_the_first_ones(config, parts, sent, monkeypatch):
    seen = []

    def purified(published, leaked, natural, steps, seed):
        seen.append((published, leaked, natural, steps, seed))
        return "clean"

    monkeypatch.setattr(table.attacks, "purified", purified)
    assert table._leaked(config, None, parts, sent) == ("clean", None)
    published, leaked, natural, steps, seed = seen[0]
    assert published is sent and (steps, seed) == (2, 0)
    np.testing.assert_array_equal(leaked.data, sent.data[FEW])
    np.testing.assert_array_equal(natural.data, parts.natural.data[FEW])
    config.victim.epochs = 25
    table._leaked(config, None, parts, sent)
    assert seen[1][3] == 2000


def test_who_has_the_generator_takes_its_noise_off(config, monkeypatch):
    """G(x) = x / 4: once leaves 1/16 of x, five rounds a level at most."""
    generator = np.random.default_rng(0)
    natural = generator.integers(0, 200, (10, 8, 8, 1)).astype("f4") / 255
    sent = Arrays(np.rint(natural * 1.25 * 255).astype("f4") / 255,
                  np.zeros(10, "int32"), 2)
    client = types.SimpleNamespace(
        predict=lambda data, **_: (1.25 * data).astype("float32"),
        input_shape=(None, None, None, 1),
    )
    monkeypatch.setattr(
        confounder_bench, "generator_of",
        lambda *_: types.SimpleNamespace(client=client),
    )
    found, start = table._adaptive(config, None, None, sent)
    assert start is None
    errors = np.abs(found.data - natural) * 255
    assert errors.max() <= 1.01
    assert np.abs(sent.data - natural).max() * 255 > 30
    once = attacks.without_noise(sent, client, rounds=1)
    assert np.abs(once.data - natural).max() > np.abs(
        found.data - natural
    ).max()
    with pytest.raises(UserError, match="rounds"):
        attacks.without_noise(sent, client, rounds=0)


def test_noise_alone_is_on_grey(parts, sent):
    parts = dataclasses.replace(parts, natural=dataclasses.replace(
        sent, data=sent.data - np.float32(12 / 255)
    ))
    found = attacks.noise_alone(sent, parts.natural)
    np.testing.assert_allclose(found.data * 255, 140, atol=1e-3)
    np.testing.assert_array_equal(found.labels, sent.labels)
    with pytest.raises(UserError, match="must be the same examples"):
        attacks.noise_alone(sent, sent.take(slice(0, 2)))
    seen, held = table._divided(found, 0)
    assert (len(seen), len(held)) == (54, 6)


@pytest.mark.parametrize("told, expected", [(True, 1.0), (False, 0.5)])
def test_noise_is_named_where_it_was_not_seen(
    config, parts, sent, monkeypatch, tmp_path, told, expected
):
    """By heart he knows the noise of each picture; that is not asked."""
    natural = dataclasses.replace(
        parts.natural, data=np.full((60, 8, 8, 1), 0.5, "float32")
    )
    drawn = np.random.default_rng(0).choice([-0.2, 0.2], (60, 8, 8, 1))
    if told:
        drawn = drawn * 0.1 + np.where(natural.labels, 0.2, -0.2)[
            :, None, None, None
        ]
    noisy = dataclasses.replace(
        natural, data=(natural.data + drawn).astype("float32")
    )
    parts = dataclasses.replace(parts, natural=natural)
    monkeypatch.setattr(
        confounder_bench.Parts, "of", classmethod(lambda *_: parts)
    )
    monkeypatch.setattr(confounder_bench, "published", lambda *_: noisy)
    config.victim.update({"epochs": 20, "augmentation": "none",
                          "learning_rate": 0.01, "batch_size": 9})
    found = table._run_noise(config, tmp_path / "a/b/c/d")
    assert found["train"][-1] > 0.9 and found["stopped_accuracy"] is None
    assert abs(found["named"] - expected) <= 0.34


def row(name, accuracy, named=None):
    return {"name": f"cifar10_subset:{name}",
            "measured": {"accuracy": accuracy, "named": named},
            "seeds": [{}, {}]}


def test_notes():
    """Published numbers, clean pictures alone, and noise by its own."""
    lines = list(table.notes({"profile": "cpu", "rows": [
        row("grey:confounder_gan", 0.4), row("grey:emn", 0.5),
        row("grey:confounder_gan_paper", 0.45),
        row("halved:confounder_gan", 0.3), row("halved:emn", 0.2),
        row("pretrained:confounder_gan", 0.35), row("pretrained:emn", 0.29),
        row("leaked:confounder_gan", 0.6), row("leaked:emn", 0.7),
        row("noise_only:confounder_gan", 0.1, 0.987),
        row("noise_only:emn", 0.2, 0.9),
        row("clean_500:natural", 0.3),
    ]}))
    assert lines == [
        "`clean_500`: 30.0% from 500 clean pictures alone, which "
        "`pretrained` and `leaked` have as well.",
        "`grey`: 40.0%, EMN 50.0%: better than EMN, 2 seeds. The paper's "
        "losses alone: 45.0%. Published, of other sizes: EMN 92.0 %, "
        "DeepConfuse 85.6 %.",
        "`halved`: 30.0%, EMN 20.0%: not better than EMN, 2 seeds.",
        "`pretrained`: 35.0%, EMN 29.0%: not better than EMN, 2 seeds. "
        "From `clean_500` that is +5.0 points, with EMN -1.0.",
        "`leaked`: 60.0%, EMN 70.0%: better than EMN, 2 seeds. From "
        "`clean_500` that is +30.0 points, with EMN +40.0. Published, of "
        "other sizes: other noise 93.0 %.",
        "`noise_only`: who trains on the noise alone, with flip and crop, "
        "names the class of pictures he has not seen by the noise of 98.7% "
        "of `confounder_gan`'s and 90.0% of `emn`'s.",
    ]
    assert list(table.notes({"profile": "cpu", "rows": []})) == []
    half = {"profile": "cpu", "rows": [row("noise_only:emn", 0.2, 0.9)]}
    assert "of 90.0% of `emn`'s." in next(table.notes(half))


@pytest.mark.parametrize("module, count, last", [
    (confounder_gan_table1, 15, [
        "vgg11/confounder_gan_paper/0",
        *(f"{network}+none/confounder_gan/0"
          for network in ("vgg11", "resnet50")),
        "resnet50/confounder_gan_ensemble/0",
        *(f"{network}/confounder_gan_contrast/0"
          for network in ("vgg11", "resnet50", "densenet121")),
        *(f"{SECOND}/vgg11/{method}/0" for method in METHODS),
    ]),
    (table, 35, ["clean_500/natural/0", "grey/confounder_gan_paper/0",
                 "jpeg_10/confounder_gan_paper/0",
                 "grey/confounder_gan_contrast/0",
                 "jpeg_10/confounder_gan_contrast/0",
                 "ueraser_lite/natural/0",
                 "ueraser_lite/confounder_gan/0",
                 *(f"{SECOND}/jpeg_10/{method}/0" for method in METHODS),
                 f"{SECOND}/adaptive/confounder_gan/0",
                 "jpeg_75/confounder_gan_contrast/0",
                 *(f"{label}/confounder_gan_jpeg/0" for label in (
                     "jpeg_75", "jpeg_10", "grey+jpeg_10", "grey"))]),
])
def test_what_came_later_is_last(module, count, last):
    """Trainings that are done are found again."""
    cells = list(module.cells("cpu"))
    names = [name for name, _, _ in cells]
    assert names[count:] == [
        one if one.startswith(SECOND) else f"cifar10_subset/{one}"
        for one in last
    ]
    assert len(set(names)) == len(names)
    for name, config, _ in cells[count:]:
        _, label, method, _ = name.split("/")
        assert config.protection.method == method
        assert config.victim.augmentation == (
            "none" if label.endswith("+none") else "flip+crop"
        )
        known = ("grey", "jpeg_10", "jpeg_75", "grey+jpeg_10", "ueraser_lite")
        against = label if label in known else None
        assert config.victim.countermeasure == against
