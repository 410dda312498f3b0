"""What the self-checks attack: small parts, and releases that are made up."""

import dataclasses

import numpy as np

from kprivacy.attacks import inputs
from kprivacy.attacks.attributes.classes import attribute_values

MOST_EXAMPLES = 2000
MOST_VALUES = 256


class StoredRelease:
    """A release whose output for some data is known already.

    Args:
        *pairs: Of data and what is sent of them.
    """

    def __init__(self, *pairs):
        self._pairs = pairs

    def __call__(self, data):
        for known, sent in self._pairs:
            if np.array_equal(known[: len(data)], data):
                return sent[: len(data)]
        raise ValueError("These data were not stored with what is sent.")


def samples(attacker, test, attribute, seed):
    """At most `MOST_EXAMPLES` of each part, of classes the attacker knows."""
    generator = np.random.default_rng(seed)
    mine, tested = (
        part.take(generator.permutation(len(part))[:MOST_EXAMPLES])
        for part in (attacker, test)
    )
    values = attribute_values(mine, attribute)
    classes, counts = np.unique(values, return_counts=True)
    known = classes[counts > 1]
    kept = np.isin(attribute_values(tested, attribute), known)
    # Where nothing is left, the attack itself says why.
    if not kept.any():
        return mine, tested
    return mine.take(np.isin(values, known)), tested.take(kept)


def reduced(attacker, test, most=MOST_VALUES):
    """Both parts, of each example the values that vary most, as a vector."""
    columns = _most_varying(attacker.data, most)
    return tuple(
        dataclasses.replace(part, data=_rows(part.data)[:, columns])
        for part in (attacker, test)
    )


def sent_of(release, *parts):
    """What a release sends of each part, checked."""
    return [inputs.released(release, part.data) for part in parts]


def most_telling(sent):
    """The features of each part that vary most over the first part."""
    columns = _most_varying(sent[0], MOST_VALUES)
    return [_rows(one)[:, columns] for one in sent]


def shuffled(sent, seed):
    """Features that belong to other examples, of each part."""
    generator = np.random.default_rng(seed)
    return [generator.permutation(one) for one in sent]


def linear_leak(parts, seed):
    """Features 8 Qx with Q orthogonal and noise of a twentieth, of parts."""
    generator = np.random.default_rng(seed)
    count = parts[0].data.shape[1]
    rotation, _ = np.linalg.qr(generator.normal(size=(count, count)))
    noise = 0.05 * parts[0].data.std()
    return [
        8.0 * (part.data + noise * generator.normal(size=part.data.shape))
        @ rotation
        for part in parts
    ]


def attribute_leak(sent, values, seed):
    """Features with the attribute one-hot beside them, under slight noise."""
    generator = np.random.default_rng(seed)
    classes = np.unique(values[0])
    parts = []
    for one, value in zip(sent, values):
        leak = (value[:, None] == classes).astype(np.float64)
        leak += 0.05 * generator.normal(size=leak.shape)
        parts.append(np.concatenate([_rows(one), leak], axis=1))
    return parts


def _rows(values):
    return np.reshape(values, (len(values), -1))


def _most_varying(values, most):
    spread = _rows(values).astype(np.float64).std(axis=0)
    return np.sort(np.argsort(-spread, kind="stable")[:most])
