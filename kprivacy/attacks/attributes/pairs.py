"""Pairs of examples of one person and of two, and their error rate."""

import numpy as np

from kprivacy.errors import UserError

HELD_OUT_SHARE = 0.3
# With fewer people, the attacker chooses by held-out examples of the same.
LEAST_TO_HOLD_OUT = 6


def make_pairs(people, count, seed, within=None):
    """Draws distinct pairs, half of one person and half of two.

    People are drawn alike, however many examples they have.

    Args:
        people: Identities, shape (examples,).
        count: Pairs; fewer come back where the data have fewer.
        seed: Of the draw.
        within: Values that both examples of a pair must share, shape
            (examples,), or None.

    Returns:
        (first, second, same): indices of examples and whether both are of
        one person, each of shape (pairs,).

    Raises:
        UserError: There are not two people, or none has two examples.
    """
    if within is not None:
        return _make_within(people, count, seed, within)
    generator = np.random.default_rng(seed)
    groups = [np.flatnonzero(people == one) for one in np.unique(people)]
    several = [group for group in groups if len(group) > 1]
    if len(groups) < 2 or not several:
        raise UserError(
            "Pairs need at least two people and two examples of one of them. "
            f"Received: {len(people)} examples of {len(groups)} people. "
            "Widen the split."
        )
    return _draw(groups, several, count, generator)


def _make_within(people, count, seed, within):
    """Pairs of each value of `within` that allows any."""
    found = []
    values = np.unique(within)
    for value in values:
        where = np.flatnonzero(within == value)
        names, counts = np.unique(people[where], return_counts=True)
        if len(names) < 2 or counts.max() < 2:
            continue
        share = max(2, count // len(values))
        first, second, same = make_pairs(people[where], share, seed)
        found.append((where[first], where[second], same))
    if not found:
        raise UserError(
            "Pairs that share a value need two people with that value, and "
            "two examples of one of them. Received: none such. Widen the "
            "split or leave `within` out."
        )
    return tuple(np.concatenate(parts) for parts in zip(*found))


def _draw(groups, several, count, generator):
    # Some are drawn twice and dropped.
    draws = 2 * count
    same = [
        generator.choice(several[i], 2, replace=False)
        for i in generator.integers(len(several), size=draws)
    ]
    different = [
        [generator.choice(groups[i]) for i in _two(generator, len(groups))]
        for _ in range(draws)
    ]
    same, different = _distinct(same), _distinct(different)
    least = min(len(same), len(different), count // 2)
    pairs = np.concatenate(
        [generator.permutation(kind)[:least] for kind in (same, different)]
    )
    return pairs[:, 0], pairs[:, 1], np.arange(2 * least) < least


def hold_out(people, seed):
    """Indices to fit on and to validate on: of other people, if there are six.

    With fewer people, half of the examples of each.
    """
    generator = np.random.default_rng(seed)
    names, counts = np.unique(people, return_counts=True)
    several = names[counts > 1]
    if len(several) >= LEAST_TO_HOLD_OUT:
        count = round(len(several) * HELD_OUT_SHARE)
        held = np.isin(people, generator.permutation(several)[:count])
    else:
        held = np.zeros(len(people), bool)
        for name in names:
            where = generator.permutation(np.flatnonzero(people == name))
            held[where[: len(where) // 2]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def equal_error_rate(same, scores):
    """Where false acceptances are as frequent as false rejections.

    Args:
        same: Whether a pair is of one person, shape (pairs,).
        scores: Higher for pairs that look like one person's.

    Returns:
        A float; between two thresholds it is interpolated. 0.5 is blind.
    """
    from sklearn.metrics import roc_curve

    accepted, found, _ = roc_curve(
        same, np.asarray(scores, np.float64), drop_intermediate=False
    )
    return float(np.interp(0.0, accepted - (1.0 - found), accepted))


def _two(generator, count):
    """Two different numbers below `count`."""
    first = generator.integers(count)
    return first, (first + generator.integers(1, count)) % count


def _distinct(pairs):
    return np.unique(np.sort(pairs, axis=1), axis=0)
