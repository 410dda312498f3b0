"""Hidden failure: patterns found from a release over those in the data."""

import numpy as np
import pytest

from kprivacy.attacks import hidden_failure
from kprivacy.data import Arrays
from kprivacy.errors import UserError


def part(seed, count=400):
    """Pictures whose frame has one of two greys; inside is noise."""
    generator = np.random.default_rng(seed)
    images = generator.random((count, 12, 12, 1), np.float32)
    kinds = generator.integers(0, 2, count)
    frame = np.ones((12, 12), bool)
    frame[2:-2, 2:-2] = False
    images[:, frame] = (0.2 + 0.6 * kinds)[:, None, None]
    return Arrays(images, (np.arange(count) % 3).astype(np.int32), 3), kinds


@pytest.fixture(scope="module")
def parts():
    return part(0), part(1, 200)


def test_a_release_of_everything_hides_nothing(parts):
    (attacker, mine), (test, theirs) = parts
    found = hidden_failure.measure(
        lambda data: data, attacker, test, (mine, theirs)
    )
    assert found.raw == found.released == 1.0
    assert (found.ratio, found.above_guessing) == (1.0, 1.0)


def test_a_release_of_the_inside_hides_the_frame(parts):
    (attacker, mine), (test, theirs) = parts
    found = hidden_failure.measure(
        lambda data: data[:, 3:-3, 3:-3], attacker, test, (mine, theirs)
    )
    # Of 200 coins three deviations are 10.6 points, of the half guessed.
    assert found.released == pytest.approx(0.5, abs=0.106)
    assert found.above_guessing < 0.22


def test_backgrounds_are_found_by_their_frames(parts):
    (attacker, mine), (test, theirs) = parts
    found = hidden_failure.backgrounds(attacker.data, test.data, kinds=2)
    for kinds, clusters in zip((mine, theirs), found):
        same = np.mean(kinds == clusters)
        assert same in (0.0, 1.0)


def test_signals_have_no_background():
    with pytest.raises(UserError, match="those of images"):
        hidden_failure.backgrounds(np.zeros((9, 8, 2)), np.zeros((9, 8, 2)))
