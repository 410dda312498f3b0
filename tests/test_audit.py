"""The audit as a product: report, page, sweep, callback."""

import dataclasses
import html.parser
import json
import random

import keras
import numpy as np
import pytest

from kprivacy import callbacks, releases
from kprivacy.attacks import Reconstruction
from kprivacy.attacks.audit import Audit, Undefended
from kprivacy.attacks.audit.report import AuditReport
from kprivacy.attacks.audit.self_checks import Check
from kprivacy.attacks.audit.sweep import SweepResults, data_sweep
from kprivacy.data import Arrays, arrays
from kprivacy.errors import UserError
from kprivacy.ran import RAN, build_adversary, build_client, build_server

FILES = {"audit.json", "attackers.csv", "summary.txt", "audit.html"}
NAME = "<script>digits & co</script>"


@pytest.fixture(scope="module")
def parts():
    return arrays("digits", "attacker"), arrays("digits", "test[:100]")


def halved(data):
    """A release that leaks the upper half of the picture."""
    return data[:, :14]


@pytest.fixture(scope="module")
def report(parts):
    audit = Audit(
        attackers=("ridge", "nearest_neighbours"), attributes=("label",),
        counts=(60, 10_000), steps=12, self_checks=False,
    )
    known = Undefended(0.99, 0.001, {"label": 0.98}, parts[1].data[:10])
    found = audit.run(
        halved, *parts, known, data=NAME, accuracy=0.9,
        released={"kind": "a function", "path": "x.tflite", "sha256": "abc"},
    )
    checks = Check("one", True, 0.5, "half", ""), Check(
        "other", False, "an <error>", "none", "It is <broken>."
    )
    return dataclasses.replace(found, checks=checks)


class Page(html.parser.HTMLParser):
    """Collects text and resources; refuses tags that do not nest."""

    VOID = {"meta", "img", "br", "wbr", "link"}

    def __init__(self, text):
        super().__init__()
        self.open, self.sources, self.texts, self.tags = [], [], [], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.sources += [
            value for name, value in attrs
            if name in ("src", "href", "xlink:href")
        ]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_a_report_survives_json(report):
    kept = json.loads(json.dumps(report.to_dict()))
    again = AuditReport.from_dict(kept)
    assert again == report
    assert again.sweep == report.sweep and again.pictures is None
    assert again.summary() == report.summary()
    assert SweepResults.from_dict(report.sweep.to_dict()) == report.sweep


def test_old_keys_stay(report):
    assert set(report.to_dict()) >= {
        "accuracy", "undefended_accuracy", "prior", "reconstruction", "seed",
        "seconds", "environment", "data",
    }


def test_what_a_report_says(report, parts):
    best = report.reconstruction.best
    assert f"({best.attacker})" in report.headline()
    share = best.mse / report.reconstruction.label_only_error
    assert f"{share:.1%} of the error of somebody" in report.headline()
    prior = np.bincount(parts[1].labels).max() / len(parts[1])
    assert report.prior == prior
    kept = (0.9 - prior) / (0.99 - prior)
    assert f"{kept:.1%} of the utility is kept" in report.summary()
    assert "1 of 2 checks passed" in report.summary()
    assert [one.name for one in report.failed_checks] == ["other"]
    frame = report.to_dataframe()
    assert set(frame["attack"]) == {"reconstruction", "attribute label"}
    assert report.attributes[0].undefended == 0.98
    assert report.sweep.counts == (60, len(parts[0]))
    assert report.sweep.results[-1] is report.reconstruction


def test_the_page_stands_alone(report):
    text = report.to_html()
    page = Page(text)
    assert page.open == []
    assert "script" not in page.tags and "link" not in page.tags
    assert "http" not in text and "@import" not in text
    assert page.sources and all(
        one.startswith(("data:image/png;base64,", "#")) for one in page.sources
    )
    # Original, two attackers and the undefended client.
    assert text.count("<img") == 4 and text.count("<svg") == 2
    assert "&lt;script&gt;digits &amp; co" in text
    assert 'name="viewport"' in text and "prefers-color-scheme" in text
    said = " ".join(page.texts)
    for words in (NAME, "contains examples of the data", "no guarantee",
                  "largest class", "It is <broken>.", report.headline(), "abc"):
        assert words in said


def test_the_page_without_pictures(report):
    text = AuditReport.from_dict(report.to_dict()).to_html()
    assert "<img" not in text and Page(text).open == []


def test_what_is_written(report, tmp_path):
    report.write(tmp_path / "new")
    assert {p.name for p in (tmp_path / "new").iterdir()} == FILES
    kept = json.loads((tmp_path / "new" / "audit.json").read_text())
    assert AuditReport.from_dict(kept) == report
    assert "nearest_neighbours" in (
        tmp_path / "new" / "attackers.csv"
    ).read_text()


def test_an_error_leaves_no_file(report, tmp_path, monkeypatch):
    from kprivacy.attacks.audit import page

    def broken(_):
        raise RuntimeError("no page")

    monkeypatch.setattr(page, "html_page", broken)
    with pytest.raises(RuntimeError, match="no page"):
        report.write(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_signals_have_a_page():
    generator = np.random.default_rng(0)
    mine, test = (
        Arrays(
            generator.normal(size=(40, 16, 3)).astype(np.float32),
            np.arange(40, dtype=np.int32) % 2, 2,
        )
        for _ in range(2)
    )
    found = Audit(attackers=("ridge",), self_checks=False).run(
        lambda data: data * 2, mine, test
    )
    assert "None were run" in found.to_html()
    assert found.reconstruction.results[0].ssim is None
    assert found.reconstruction.data_range == np.ptp(test.data)


@pytest.mark.parametrize("release, words", [
    (lambda data: data[:5], "one row of features"),
    (lambda data: np.full((len(data), 2), np.nan), "finite numbers"),
    (lambda data: np.ones((len(data), 2)), "the same features"),
])
def test_bad_releases_are_refused_before_training(
    release, words, parts, monkeypatch
):
    monkeypatch.setattr(Reconstruction, "run", lambda *_: pytest.fail())
    with pytest.raises(UserError, match=words):
        Audit().run(release, *parts)


def test_bad_parts_and_names_are_refused(parts):
    mine, test = parts
    with pytest.raises(UserError, match="at least 20"):
        few = Arrays(mine.data[:5], mine.labels[:5], 10)
        Audit().run(halved, few, test)
    with pytest.raises(UserError, match="none of class 3"):
        kept = mine.labels != 3
        Audit().run(
            halved, Arrays(mine.data[kept], mine.labels[kept], 10), test
        )
    with pytest.raises(UserError, match="out of label for these data"):
        Audit(attributes=("age",)).run(halved, *parts)
    with pytest.raises(UserError, match="must be out of"):
        Audit(attackers=("magic",))
    client = build_client((32, 32, 3), filters=(4, 8))
    with pytest.raises(UserError, match=r"\(32, 32, 3\).*\(28, 28, 1\)"):
        Audit().run(releases.KerasRelease(client), *parts)


def linear_game(count, noise=0.3, seed=0):
    """Data, labels and a release z = Ax + noise that is fixed by the data."""
    generator = np.random.default_rng(seed)
    mixing = generator.normal(size=(30, 60)) / 30**0.5
    data = generator.normal(size=(count, 6, 5)).astype(np.float32)
    part = Arrays(data, np.zeros(count, np.int32), 1)

    def release(values):
        flat = values.reshape(len(values), -1)
        own = np.sin(1e4 * flat) * 2**0.5 * noise
        return flat @ mixing + np.concatenate([own, own[:, ::-1]], 1)

    half = count // 2
    return release, *(
        Arrays(part.data[w], part.labels[w], 1)
        for w in (slice(half), slice(half, None))
    )


def test_more_examples_mean_less_error():
    release, mine, test = linear_game(4000)
    attack = Reconstruction(attackers=["ridge"], data_range=6.0)
    sweep = data_sweep(attack, release, mine, test, (40, 200, 9999))
    assert sweep.counts == (40, 200, 2000)
    few, some, all_of_them = sweep.errors
    assert few > 1.3 * some and some > 1.05 * all_of_them
    straight = attack.run(release, mine, test)
    assert sweep.errors[-1] == straight.best.mse
    assert list(sweep.to_dataframe()["examples"]) == [40, 200, 2000]
    again = data_sweep(attack, release, mine, test, (40,), last=straight)
    assert again.errors == (few, all_of_them)
    with pytest.raises(UserError, match="`counts` must be an integer"):
        data_sweep(attack, release, mine, test, (5,))


def trained(parts, extra):
    """Weights and history of a short training with dropout and noise."""
    keras.utils.set_random_seed(5)
    client = build_client((28, 28, 1), filters=(4, 8), noise=0.1)
    model = RAN(
        client, build_server(client, 10, units=(16,), dropout=0.5),
        build_adversary(client), seed=0,
    )
    model.compile("adam", "adam")
    history = model.fit(
        parts[0].data, parts[0].labels, epochs=3, batch_size=60, verbose=0,
        callbacks=extra,
    )
    drawn = np.random.rand(), random.random()
    return model.get_weights(), history.history, drawn


def test_the_callback_watches_without_disturbing(parts, tmp_path):
    one = callbacks.AuditCallback(
        *parts, every=2, log_dir=tmp_path / "logs", steps=12
    )
    watched, history, after = trained(
        parts, [one, callbacks.MetricsFile(tmp_path / "metrics.csv")]
    )
    alone, _, after_alone = trained(parts, [])
    assert after == after_alone
    for a, b in zip(watched, alone, strict=True):
        np.testing.assert_array_equal(a, b)
    errors = history["attack_error"]
    assert np.isnan(errors).tolist() == [True, False, True]
    assert 0 < history["attack_error_over_ceiling"][1] < 3
    assert "attack_error" in (tmp_path / "metrics.csv").read_text()
    assert list((tmp_path / "logs").glob("events*"))


def test_the_callback_leaves_random_operations_alone(parts):
    import tensorflow as tf

    class Noisy(keras.layers.Layer):
        def call(self, values):
            return values + tf.random.normal(tf.shape(values))

    def weights(extra):
        keras.utils.set_random_seed(1)
        inputs = keras.Input((28, 28, 1))
        codes = keras.layers.Dense(4)(keras.layers.Flatten()(inputs))
        model = keras.Model(
            inputs, keras.layers.Dense(10)(Noisy()(codes))
        )
        model.client = keras.Model(inputs, codes)
        model.compile(
            "adam", keras.losses.SparseCategoricalCrossentropy(True)
        )
        model.fit(
            parts[0].data, parts[0].labels, epochs=2, verbose=0,
            callbacks=extra,
        )
        return model.get_weights()

    one = callbacks.AuditCallback(*parts, attackers=("mlp",), steps=12)
    for a, b in zip(weights([one]), weights([]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_callback_needs_a_client(parts):
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(),
                              keras.layers.Dense(10)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(True))
    with pytest.raises(UserError, match="audits a model's `client`"):
        model.fit(parts[0].data, parts[0].labels, verbose=0,
                  callbacks=[callbacks.AuditCallback(*parts)])
    with pytest.raises(UserError, match="`every` must be"):
        callbacks.AuditCallback(*parts, every=0)
