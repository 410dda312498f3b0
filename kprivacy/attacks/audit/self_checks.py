"""Checks of the attacks themselves: blind where they must be, and only there.

Low attack success means privacy only if the same attackers find what is
there. These plant leaks beside what a release sends, cut what it sends from
the data it belongs to, and say whether the attackers notice.
"""

import dataclasses
import functools
import warnings

import numpy as np

from kprivacy.attacks.attributes.classes import attribute_values
from kprivacy.attacks.attributes.inference import AttributeInference
from kprivacy.attacks.audit import planting
from kprivacy.attacks.reconstruction import Reconstruction
from kprivacy.attacks.reconstruction.attackers import Ridge
from kprivacy.metrics import mean_squared_error

QUICK_STEPS = 50


@dataclasses.dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes:
        name: Of the check.
        passed: Whether it passed.
        found: The number measured, or the error that kept it from one.
        expected: What was expected, in words.
        meaning: What it means where it fails.
    """

    name: str
    passed: bool
    found: float | str
    expected: str
    meaning: str


def run(
    release,
    attacker,
    test,
    reconstruction=None,
    attribute=None,
    inference=None,
    seed=0,
):
    """Runs all checks; none raises, the caller decides.

    They see at most 2,000 examples of each part; the quick attackers used by
    default see the 256 features that vary most, and reconstruct the 256
    values of the data that do. That takes seconds.

    Args:
        release: The release, data to what is sent.
        attacker: `kprivacy.data.Arrays`, the attacker's own data.
        test: `kprivacy.data.Arrays`, which nobody has seen.
        reconstruction: The `Reconstruction` to check on shuffled pairs, of
            all features and values; None for a quick one. The quick one has
            to find planted data, as a mirror reads its client's alone.
        attribute: Name of an attribute, as for `AttributeInference.run`;
            None for "label".
        inference: The `AttributeInference` to check, with all features; None
            for a quick one.
        seed: Of sampling, shuffling, planting and the quick attackers.

    Returns:
        A tuple of `Check`; "noise present" only for a client that takes
        noise.
    """
    parts = attacker, test
    quick = Reconstruction(
        attackers=("ridge", "mlp"), steps=QUICK_STEPS, seed=seed, repeats=1
    )
    guess = inference or AttributeInference(
        ("logistic_regression", "random_forest"), seed=seed
    )
    name = attribute or "label"
    checks = [linear_map_recovered(seed)]
    if takes_noise(release):
        checks.append(noise_present(release, test.data[:100]))
    checks += [
        shuffled_pairs(
            reconstruction or quick, release, *parts, not reconstruction, seed
        ),
        planted_data(quick, *parts, seed),
        shuffled_attribute(guess, release, *parts, name, not inference, seed),
        planted_attribute(guess, release, *parts, name, not inference, seed),
    ]
    return tuple(checks)


def summary(checks):
    """Text, a line a check; those that failed say what it means."""
    lines = []
    for one in checks:
        number = isinstance(one.found, float)
        found = f"{one.found:.4g}" if number else one.found
        state = "passed" if one.passed else "FAILED"
        lines.append(f"{state} {one.name}: {found}, expected {one.expected}")
        if not one.passed:
            lines.append(f"       {one.meaning}")
    failed = sum(not one.passed for one in checks)
    lines.append(f"{len(checks) - failed} of {len(checks)} checks passed")
    return "\n".join(lines)


def takes_noise(release):
    """Whether a Keras or TFLite release's client has a noise input."""
    client = getattr(release, "client", None)
    if client is not None:
        return len(client.inputs) > 1
    runner = getattr(release, "interpreter", None)
    return runner is not None and any(
        "noise" in one["inputs"] for one in runner.get_signature_list().values()
    )


def _check(name, expected, meaning):
    """Makes a function that returns (passed, found) return a `Check`."""

    def decorate(function):
        @functools.wraps(function)
        def checked(*args):
            try:
                # Attackers that find nothing are warned of; here they must.
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    passed, found = function(*args)
            except Exception as error:
                passed, found = False, f"{type(error).__name__}: {error}"
            return Check(name, bool(passed), found, expected, meaning)

        return checked

    return decorate


@_check(
    "linear map recovered",
    "an error below 1e-6 of the variance",
    "The linear attacker is broken: it must invert a square linear map.",
)
def linear_map_recovered(seed=0):
    """Ridge regression inverts z = Ax, with A square and invertible."""
    generator = np.random.default_rng(seed)
    data = generator.normal(size=(600, 12))
    sent = data @ (generator.normal(size=(12, 12)) + 4 * np.eye(12))
    ridge = Ridge().fit(sent[:400], data[:400], (sent[400:500], data[400:500]))
    error = mean_squared_error(data[500:], ridge.predict(sent[500:]))
    found = error / float(data[500:].var())
    return found < 1e-6, found


@_check(
    "noise present",
    "at least half of the examples differ in a second release",
    "The client's noise does not reach what it sends, or is always the same.",
)
def noise_present(release, data):
    """Two releases of the same data differ; found is the share that does."""
    first, second = (
        np.reshape(release(data), (len(data), -1)) for _ in range(2)
    )
    found = float(np.mean((first != second).any(axis=1)))
    return found >= 0.5, found


@_check(
    "shuffled pairs",
    "no attacker's error below 0.97 of the mean error",
    "Reconstruction succeeds where there is nothing to find: it sees what it "
    "is measured on.",
)
def shuffled_pairs(attack, release, attacker, test, reduce=True, seed=0):
    """Reconstruction from others' features is no better than the mean."""
    parts = planting.samples(attacker, test, "label", seed)
    sent = planting.sent_of(release, *parts)
    if reduce:
        sent = planting.most_telling(sent)
        parts = planting.reduced(*parts)
    results = _attack(attack, parts, planting.shuffled(sent, seed))
    found = results.best.mse
    for one in results.results:
        # Some attackers are measured on a few examples, whose mean differs.
        if one.tested in (None, len(parts[1])):
            found = min(found, one.mse)
    found /= results.mean_error
    return found >= 0.97, found


@_check(
    "planted data",
    "an error below 0.05 of the mean error",
    "The attackers miss a rotation of the data under slight noise: what they "
    "do not find elsewhere is no evidence of privacy.",
)
def planted_data(attack, attacker, test, seed=0):
    """Data are reconstructed from a linear map of them under slight noise."""
    parts = planting.samples(attacker, test, "label", seed)
    most = min(planting.MOST_VALUES, max(1, len(parts[0]) // 4))
    parts = planting.reduced(*parts, most)
    results = _attack(attack, parts, planting.linear_leak(parts, seed))
    found = results.best.mse / results.mean_error
    return found < 0.05, found


@_check(
    "shuffled attribute",
    "no attacker more than 3 standard deviations above the largest class",
    "An attribute is inferred where there is nothing to find: the attackers "
    "see what they are measured on.",
)
def shuffled_attribute(
    attack, release, attacker, test, name, reduce=True, seed=0
):
    """Inference from others' features is no better than the largest class.

    Found is the best attacker's accuracy less the share of the test part's
    largest class, in binomial standard deviations.
    """
    parts = planting.samples(attacker, test, name, seed)
    sent = planting.sent_of(release, *parts)
    sent = planting.most_telling(sent) if reduce else sent
    results = _attack(attack, parts, planting.shuffled(sent, seed), name)
    values = attribute_values(parts[1], name)
    share = np.unique(values, return_counts=True)[1].max() / len(values)
    deviation = np.sqrt(share * (1 - share) / len(values))
    best = max(one.accuracy for one in results.results)
    found = float((best - share) / deviation)
    return found <= 3, found


@_check(
    "planted attribute",
    "an accuracy above 0.99",
    "The attackers miss an attribute that is sent in the open: what they do "
    "not find elsewhere is no evidence of privacy.",
)
def planted_attribute(
    attack, release, attacker, test, name, reduce=True, seed=0
):
    """An attribute is found that is sent beside the features."""
    parts = planting.samples(attacker, test, name, seed)
    values = [attribute_values(part, name) for part in parts]
    sent = planting.sent_of(release, *parts)
    sent = planting.most_telling(sent) if reduce else sent
    leak = planting.attribute_leak(sent, values, seed)
    found = _attack(attack, parts, leak, name).best.accuracy
    return found > 0.99, found


def _attack(attack, parts, sent, *attribute):
    release = planting.StoredRelease(
        *((part.data, one) for part, one in zip(parts, sent))
    )
    return attack.run(release, *parts, *attribute)
