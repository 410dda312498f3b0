"""Fakes on their way, recovered, and what they tell to others."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from kprivacy import data, metrics
from kprivacy.attacks import fakes
from kprivacy.attacks.fakes import distortions
from kprivacy.errors import UserError

BITS = 36


@pytest.fixture(scope="module")
def parts():
    """Digits, which differ in 10 classes, of an attacker and a test."""
    return data.arrays("digits", "attacker"), data.arrays("digits", "test")


@pytest.fixture(scope="module")
def classifier():
    train = data.arrays("digits", "defender")
    return fakes.train_classifier(train.data, train.labels, 10, epochs=12)


@pytest.fixture
def images():
    return np.random.default_rng(0).random((6, 12, 10, 3), np.float32)


def invert(images):
    """A client, and server, whose fake is the negative."""
    return 1.0 - images


def pads(seed):
    """A function that draws fresh pads of one secret."""
    generator = np.random.default_rng(seed)
    return lambda count: generator.integers(
        0, 2, (count, BITS)
    ).astype(np.float32)


def masked(images, keys):
    """A one-time pad over the columns of pixels, its own inverse."""
    mask = np.resize(keys, (len(images), images[0].size))
    return np.abs(mask.reshape(images.shape) - images)


@pytest.mark.parametrize("name", sorted(distortions.NAMES))
@pytest.mark.parametrize("channels", [1, 3])
def test_distortions_end_on_the_grid(images, name, channels):
    distort = distortions.NAMES[name]
    found = distort(images[..., :channels], 3)
    assert found.shape == (6, 12, 10, channels)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(
        found, np.rint(found * 255).astype(np.float32) / 255
    )
    assert 0 <= found.min() and found.max() <= 1
    np.testing.assert_array_equal(found, distort(images[..., :channels], 3))
    assert (found != images[..., :channels]).any()


def test_distortions_do_what_they_say():
    flat = np.full((4, 50, 50, 1), 100 / 255, np.float32)
    np.testing.assert_array_equal(distortions.png()(flat + 0.4 / 255), flat)
    sent = distortions.noise(3 / 256)(flat, 0)
    # Rounding adds a variance of 1/12 of a step.
    expected = np.sqrt((3 * 255 / 256) ** 2 + 1 / 12) / 255
    assert (sent - flat).std() == pytest.approx(expected, rel=0.03)
    assert (sent != distortions.noise(3 / 256)(flat, 1)).any()
    ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(1, 16, 16, 1)
    levels = np.unique(distortions.bits(4)(ramp))
    np.testing.assert_allclose(levels * 255, np.arange(16) * 17)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_pillows(images, channels):
    images = images[..., :channels]
    found = distortions.jpeg(50)(images)
    file = io.BytesIO()
    pixels = np.rint(images[2] * 255).astype(np.uint8)
    mode = "L" if channels == 1 else "RGB"
    Image.frombytes(mode, (10, 12), pixels.tobytes()).save(
        file, "JPEG", quality=50
    )
    opened = np.asarray(Image.open(file)).reshape(12, 10, channels)
    np.testing.assert_array_equal(found[2] * 255, opened)
    errors = [
        np.abs(distortions.jpeg(q)(images) - images).mean()
        for q in (95, 75, 30)
    ]
    assert errors == sorted(errors)


def test_distortions_refuse(images):
    with pytest.raises(UserError, match="Vectors go on the wire"):
        distortions.png()(np.zeros((5, 50), np.float32))
    with pytest.raises(UserError, match="1 or 3"):
        distortions.noise()(images[..., :2])
    with pytest.raises(UserError, match="Divide uint8"):
        distortions.bits()((images * 255).astype(np.uint8))
    with pytest.raises(UserError, match="in .0, 1."):
        distortions.png()(np.full_like(images, np.nan))
    for wrong in (
        lambda: distortions.jpeg(96),
        lambda: distortions.bits(9),
        lambda: distortions.noise(-1),
    ):
        with pytest.raises(UserError, match="Received"):
            wrong()


def test_recovery_by_hand():
    labels = np.array([0, 0, 1, 1])
    originals = np.eye(2, dtype=np.float32)[labels]
    recovered = np.eye(2, dtype=np.float32)[[0, 0, 0, 1]]
    found = fakes.Recovery(lambda x: x)(originals, labels, recovered)
    # One of four rows differs by 1 in both of its values.
    assert found.mse == 0.25
    assert found.psnr is None and found.ssim is None
    # Class 0: precision 2/3, recall 1; class 1: precision 1, recall 1/2.
    assert found.precision == pytest.approx(5 / 6)
    assert found.recall == found.accuracy == 0.75
    assert found.f1 == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found.f1_real == 1.0
    json.dumps(found.to_dict())


def test_a_class_never_found_counts_as_zero():
    labels = np.array([0, 1])
    found = fakes.Recovery(lambda x: x)(
        np.eye(2), labels, np.array([[1.0, 0.0], [1.0, 0.0]])
    )
    assert found.precision == 0.25 and found.f1 == pytest.approx(1 / 3)


def test_recovery_of_images(parts, classifier):
    test = parts[1]
    recovery = fakes.Recovery(classifier)
    found = recovery(test.data, test.labels, test.data)
    assert found.mse == 0 and found.psnr == np.inf and found.ssim == 1
    assert found.f1 == found.f1_real > 0.93
    half = recovery(test.data, test.labels, test.data / 2)
    assert half.psnr == pytest.approx(-10 * np.log10(half.mse))
    assert half.f1_real == found.f1_real
    without = fakes.Recovery()(test.data, None, test.data / 2)
    assert without.mse == half.mse and without.f1 is None


def test_recovery_refuses(parts):
    x = parts[1].data
    with pytest.raises(ValueError, match="one shape"):
        fakes.Recovery()(x, None, x[:, 1:])
    with pytest.raises(UserError, match="one class for each"):
        fakes.Recovery(lambda x: x)(x, np.zeros(3), x)
    with pytest.raises(UserError, match="Received: none"):
        fakes.Recovery()(x[:0], None, x[:0])


def test_wrong_key_and_other_server(parts, classifier):
    test, recovery = parts[1], fakes.Recovery(classifier)
    found = fakes.wrong_key(
        masked, masked, test, recovery, pads(0), pads(1)
    )
    assert found.right.mse < 1e-12
    assert found.right.f1 == found.right.f1_real
    assert found.mean.mse == pytest.approx(test.data.var(axis=0).mean())
    # Two of one set differ by twice its variance, but for the pairs alike.
    assert found.unrelated.mse == pytest.approx(2 * found.mean.mse, rel=0.1)
    assert found.unrelated.accuracy < 0.2
    assert found.attack.mse > found.mean.mse
    assert found.attack.accuracy < 0.25
    json.dumps(found.to_dict())
    other = fakes.other_server(invert, invert, lambda x: x, test, recovery)
    assert other.right.mse < 1e-12
    assert other.attack.mse == pytest.approx(
        np.mean((1 - 2 * test.data.astype(np.float64)) ** 2)
    )
    with pytest.raises(UserError, match="must give other pads"):
        fakes.wrong_key(masked, masked, test, recovery, pads(0), pads(0))


def test_known_pairs_invert_what_has_no_key(parts):
    attacker, test = parts
    found = fakes.known_pairs(
        invert, invert, attacker, test, fakes.Recovery(),
        counts=(50, 200, 5000), attackers=("ridge", "nearest_neighbours"),
    )
    assert [one.pairs for one in found] == [50, 200]
    assert found[1].attacker == "ridge"
    assert set(found[1].attackers) == {"ridge", "nearest_neighbours"}
    assert found[1].attack == found[1].attackers["ridge"]
    assert found[1].attack.mse < 1e-3 < found[1].mean.mse / 10
    assert found[0].attack.mse > found[1].attack.mse


def test_known_pairs_under_a_pad(parts):
    attacker, test = parts
    def client(images, keys):
        return keys.reshape(-1, 6, 6, 1)
    def server(sent, keys):
        return np.zeros_like(test.data)

    (found,) = fakes.known_pairs(
        client, server, attacker, test, fakes.Recovery(), pads(0),
        counts=(200,), steps=12,
    )
    assert set(found.attackers) == {
        "ridge", "kernel_ridge", "nearest_neighbours", "mlp", "residual"
    }
    assert found.attack.mse > 0.97 * found.mean.mse


def test_known_pairs_refuse(parts):
    with pytest.raises(UserError, match="Ask for fewer pairs"):
        fakes.known_pairs(
            invert, invert, *parts, fakes.Recovery(), counts=(10_000,)
        )
    with pytest.raises(UserError, match="at least 20"):
        fakes.known_pairs(
            invert, invert, *parts, fakes.Recovery(), counts=(10,)
        )


def test_probe(parts):
    attackers = ("logistic_regression",)
    found = fakes.probe(invert, *parts, attackers=attackers)
    assert found.best.accuracy > 0.85
    blind = fakes.probe(
        lambda x, keys: keys, *parts, keys=pads(0), attackers=attackers
    )
    assert blind.best.balanced_accuracy < 0.2
    assert blind.blind_balanced_accuracy == 0.1
    assert blind.prior == pytest.approx(0.1, abs=0.03)


def test_bleu():
    sacrebleu = pytest.importorskip("sacrebleu")
    truth = ["the cat sat on the mat .", "paris is cold in june ."]
    guess = ["the cat sat on a mat .", "paris is cold in june ."]
    assert metrics.bleu(truth, truth) == pytest.approx(1.0)
    # 12 of 13 words; 9 of 11, 6 of 9 and 4 of 7 runs of 2, 3 and 4.
    runs = np.array([12 / 13, 9 / 11, 6 / 9, 4 / 7])
    assert metrics.bleu(truth, guess) == pytest.approx(
        np.exp(np.log(runs).mean())
    )
    assert metrics.bleu(truth, guess) == pytest.approx(
        sacrebleu.corpus_bleu(guess, [truth], force=True).score / 100
    )
    with pytest.raises(ValueError, match="one reference for each"):
        metrics.bleu(truth, guess[:1])
