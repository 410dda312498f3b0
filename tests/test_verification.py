"""Verification of people: known answers, errors, results."""

import numpy as np
import pytest
from test_attribute_inference import Part, identity

from kprivacy.attacks.attributes.pairs import equal_error_rate, make_pairs
from kprivacy.attacks.attributes.verification import (
    Verification,
)

LINEAR = ("cosine", "lda")


def people_part(people, examples, seed, noise):
    """Each person's features around a point that the person alone fixes."""
    generator = np.random.default_rng(seed)
    names = np.repeat(people, examples)
    points = {k: np.random.default_rng(k).normal(size=20) for k in people}
    data = np.stack([points[k] for k in names])
    data = data + noise * generator.normal(size=data.shape)
    return Part(
        data=data.astype(np.float32),
        labels=np.zeros(len(names), np.int32),
        attributes={"subject": names + 100},
    )


def test_equal_error_rates_by_hand():
    same = np.array([True, True, True, True, False, False, False, False])
    assert equal_error_rate(same, [5, 6, 7, 8, 1, 2, 3, 4]) == 0.0
    assert equal_error_rate(same, [1, 2, 3, 4, 5, 6, 7, 8]) == 1.0
    assert equal_error_rate(same, np.zeros(8)) == 0.5
    # Above 4.5, one of four pairs is wrong on either side.
    assert equal_error_rate(same, [5, 6, 7, 1, 2, 3, 4, 8]) == 0.25
    # N(1, 1) against N(-1, 1) cross at 0: Phi(-1) = .1587.
    generator = np.random.default_rng(0)
    same = np.arange(40_000) < 20_000
    scores = generator.normal(size=40_000) + np.where(same, 1.0, -1.0)
    assert equal_error_rate(same, scores) == pytest.approx(0.1587, abs=0.006)


def test_pairs_are_balanced_distinct_and_right():
    people = np.repeat(np.arange(10), 6)
    first, second, same = make_pairs(people, 200, 0)
    assert same.sum() * 2 == len(same) and len(same) == 200
    assert ((people[first] == people[second]) == same).all()
    assert (first != second).all()
    assert len({frozenset(pair) for pair in zip(first, second)}) == len(same)
    again = make_pairs(people, 200, 0)
    assert all(np.array_equal(a, b) for a, b in zip(again, (first, second)))
    with pytest.raises(ValueError, match="at least two people"):
        make_pairs(np.zeros(9, int), 10, 0)
    activity = np.arange(60) % 3
    first, second, same = make_pairs(people, 60, 0, activity)
    assert (activity[first] == activity[second]).all()
    assert ((people[first] == people[second]) == same).all()
    assert len(same) == 60 and same.sum() == 30
    with pytest.raises(ValueError, match="Pairs that share a value"):
        make_pairs(people, 10, 0, np.arange(60))


@pytest.mark.parametrize("known", [3, 12])
def test_people_never_seen_are_verified(known):
    part = people_part(range(known), 12, 0, noise=0.1)
    test = people_part(range(50, 60), 8, 1, noise=0.1)
    results = Verification(LINEAR, pairs=500).run(identity, part, test)
    assert results.identities == (known, 10) and results.unseen == 10
    cosine = next(one for one in results.results if one.score == "cosine")
    assert cosine.equal_error_rate < 0.05 and cosine.auc > 0.98
    rates = [one.validation_equal_error_rate for one in results.results]
    assert rates == sorted(rates)


def test_lda_sees_through_what_people_share():
    def send(data):
        # A strong nuisance, the same for all, drowns the cosine.
        generator = np.random.default_rng(len(data))
        mixing = np.random.default_rng(9).normal(size=(3, 20))
        return data + 8 * generator.normal(size=(len(data), 3)) @ mixing

    part = people_part(range(30), 10, 0, noise=0.2)
    test = people_part(range(50, 70), 8, 1, noise=0.2)
    results = Verification(LINEAR, pairs=1000).run(send, part, test)
    assert results.best.score == "lda"
    assert results.best.equal_error_rate < 0.1
    assert results.results[1].equal_error_rate > 0.25


def test_verification_of_nothing_is_blind():
    part = people_part(range(8), 10, 0, noise=0.1)
    test = people_part(range(50, 58), 10, 1, noise=0.1)
    results = Verification(pairs=1000).run(
        lambda data: np.ones((len(data), 4), np.uint8), part, test
    )
    assert {one.equal_error_rate for one in results.results} == {0.5}


def test_a_network_tells_people_whose_features_are_no_direction():
    def send(data):
        # A person's mark stands anywhere in the signal, with either sign.
        generator = np.random.default_rng(len(data))
        sent = 0.1 * generator.normal(size=(len(data), 32, 1))
        for one, mark in zip(sent, data):
            start = generator.integers(28)
            one[start : start + 4, 0] += mark
        return sent

    def marks(people, seed):
        part = people_part(people, 60, seed, 0.0)
        kind = part.attributes["subject"] % 2
        shapes = np.array([[2, 2, 2, 2], [2, -2, 2, -2]], np.float32)
        part.data, part.attributes = shapes[kind], {"subject": kind}
        return part

    part, test = marks(range(4), 0), marks(range(50, 52), 1)
    rates = {
        name: Verification([name], pairs=500, steps=100)
        .run(send, part, test).best.equal_error_rate
        for name in ("cosine", "network")
    }
    assert rates["cosine"] > 0.3
    assert rates["network"] < 0.05
