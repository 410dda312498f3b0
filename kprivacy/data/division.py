"""Which example is whose: fixed by the data set alone, whatever the seeds."""

import re

import numpy as np

from kprivacy.data.errors import DataError

PARTS = ("defender", "attacker", "test")
ATTACKER_SHARE = 1 / 6
TEST_SHARE = 1 / 5
GROUP = "subject"
_SPLIT = re.compile(r"^(\w+)(?:\[((?:\d+%?)?):((?:\d+%?)?)\])?$")
_TEST_SALT, _ATTACKER_SALT, _OWN_TEST_SALT = 1, 2, 3


def parse_split(split):
    """Parses "defender[:90%]" into ("defender", "", "90%")."""
    match = _SPLIT.match(split) if isinstance(split, str) else None
    if not match or match[1] not in PARTS:
        raise DataError(
            f"`split` must be one of {', '.join(map(repr, PARTS))}, with an "
            "optional slice such as 'defender[:90%]' or 'test[:1000]'. "
            f"Received: {split!r}."
        )
    return match[1], match[2] or "", match[3] or ""


def divide(source, split, group=GROUP):
    """Finds the examples of a part, or of a slice of it.

    Args:
        source: A source, for its `sizes`, `features` and `in_blocks`.
        split: As for `kprivacy.data.load`.
        group: Name of the feature whose values are not divided, or None.

    Returns:
        (split of the source, indices in it); by whole groups where the set
        has groups, in ascending order elsewhere.

    Raises:
        DataError: The split is unknown or empty, or the groups are too few.
    """
    part, start, stop = parse_split(split)
    where = part if part in source.sizes else "train"
    keys = _keys(source, where, group)
    mine = _part(source, part, keys, group)
    ours = None if keys is None else keys[mine]
    edges = _edges(len(mine), ours)
    first = _snap(_index(start, len(mine), 0), edges)
    last = _snap(_index(stop, len(mine), len(mine)), edges)
    if first >= last:
        raise DataError(
            f"Split {split!r} of this data set is empty: its part {part!r} "
            f"has {len(mine)} examples" + _of_groups(ours, group) + ". Widen "
            "the slice or bring more data."
        )
    return where, mine[first:last]


def _keys(source, where, group):
    """The group of each example of a split, or None for a set without."""
    if group is None:
        return None
    if group in source.feature_names:
        return source.features(where)[group]
    if group == GROUP:
        return None
    raise DataError(
        f"`group` must be None or a feature of the set: "
        f"{', '.join(source.feature_names)}. Received: {group!r}."
    )


def _part(source, part, keys, group):
    """The indices of a whole part in its split of the source."""
    if part == "test" and "test" in source.sizes:
        every = np.arange(source.sizes["test"])
        if keys is None:
            return every
        return _hold(every, 0, _OWN_TEST_SALT, keys, group)[1]
    mine = np.arange(source.sizes["train"])
    if "test" not in source.sizes:
        test, mine = _hold(
            mine, TEST_SHARE, _TEST_SALT, keys, group, source.in_blocks
        )
        if part == "test":
            return test
    attacker, defender = _hold(
        mine, ATTACKER_SHARE, _ATTACKER_SALT, keys, group, source.in_blocks
    )
    return attacker if part == "attacker" else defender


def _hold(indices, share, salt, keys, group, in_blocks=False):
    """(held out, kept) of `indices`: by example, by block or by group."""
    if keys is not None:
        return _hold_groups(indices, share, salt, keys[indices], group)
    count = round(len(indices) * share)
    if in_blocks:
        return indices[:count], indices[count:]
    order = _fixed_order(len(indices), salt)
    return indices[np.sort(order[:count])], indices[np.sort(order[count:])]


def _hold_groups(indices, share, salt, keys, group):
    names, which = np.unique(keys, return_inverse=True)
    count = max(1, round(len(names) * share)) if share else 0
    if count >= len(names):
        raise DataError(
            f"To be divided by {group!r} a set must have several of them. "
            f"Received: {len(names)} for {len(indices)} examples. Pass "
            "`group=None` to divide by example."
        )
    ranks = np.argsort(_fixed_order(len(names), salt))[which]
    order = np.argsort(ranks, kind="stable")
    held = np.count_nonzero(ranks < count)
    return indices[order[:held]], indices[order[held:]]


def _fixed_order(count, salt):
    return np.random.default_rng(salt).permutation(count)


def _index(text, length, default):
    if not text:
        return default
    if text.endswith("%"):
        return round(length * min(int(text[:-1]), 100) / 100)
    return min(int(text), length)


def _edges(count, keys):
    """Where slices may begin and end: between groups."""
    if keys is None:
        return None
    changes = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    return np.concatenate([[0], changes, [count]])


def _snap(index, edges):
    if edges is None:
        return index
    return int(edges[np.argmin(np.abs(edges - index))])


def _of_groups(keys, group):
    if keys is None:
        return ""
    return (
        f" of {len(np.unique(keys))} values of {group!r}, and slices end "
        "between these (`group=None` divides by example)"
    )
