"""What every attack checks before it begins."""

import numpy as np

from kprivacy.errors import UserError

LEAST_EXAMPLES = 20


def released(release, data):
    """What `release` sends of `data`, checked.

    Raises:
        UserError: It sends another number of examples, or values that are
            not finite numbers.
    """
    sent = np.asarray(release(data))
    if not sent.ndim or len(sent) != len(data):
        raise UserError(
            "A release must send one row of features for each example. "
            f"Received: {len(data)} examples, features of shape {sent.shape}."
        )
    if not np.issubdtype(sent.dtype, np.number):
        raise UserError(
            f"A release must send numbers. Received: dtype {sent.dtype}."
        )
    if not np.isfinite(sent).all():
        bad = int((~np.isfinite(sent.reshape(len(sent), -1))).any(1).sum())
        raise UserError(
            "A release must send finite numbers. Received: NaN or infinity "
            f"for {bad} of {len(sent)} examples. Look at the client's weights "
            "and at the range of its inputs."
        )
    return sent


def check_parts(attacker, test):
    """Raises unless both parts hold enough examples of one shape."""
    if len(attacker) < LEAST_EXAMPLES or not len(test):
        raise UserError(
            f"An attack needs at least {LEAST_EXAMPLES} examples of the "
            "attacker's and some to test on. Received: "
            f"{len(attacker)} and {len(test)}. Bring more data, or widen "
            "the slices of the splits."
        )
    shapes = attacker.data.shape[1:], test.data.shape[1:]
    if shapes[0] != shapes[1]:
        raise UserError(
            "The attacker's and the test data must have one shape. Received: "
            f"{shapes[0]} and {shapes[1]} an example."
        )


def check_classes(attacker, test):
    """Raises unless the attacker has examples of every class tested."""
    missing = sorted(set(np.unique(test.labels)) - set(attacker.labels))
    if missing:
        raise UserError(
            "The attacker must have examples of every class that is tested, "
            "or the label-only ceiling means nothing. Received: none of class "
            f"{', '.join(map(str, missing))}. Widen the attacker's split."
        )


def check_alive(sent):
    """Raises if the features of all examples are the same."""
    if len(sent) > 1 and (sent == sent[:1]).all():
        raise UserError(
            "The release sends the same features for every example: there is "
            "nothing to attack, and nothing to classify. Look at the client: "
            "is it trained, is its input in the range that it expects?"
        )


def split(part, seed, share):
    """Indices to fit on and to validate on.

    Where the part tells its subjects, they are divided by subject: windows
    of one person are alike, and settings picked on them would be overfitted.
    """
    generator = np.random.default_rng(seed)
    subjects = getattr(part, "attributes", {}).get("subject")
    people = np.unique(subjects) if subjects is not None else ()
    if len(people) < 2:
        order = generator.permutation(len(part))
        held = max(1, round(len(part) * share))
        return order[held:], order[:held]
    count = min(max(1, round(len(people) * share)), len(people) - 1)
    chosen = np.isin(subjects, generator.permutation(people)[:count])
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)
