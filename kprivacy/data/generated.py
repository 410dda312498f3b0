"""Sets that are drawn from a known distribution, and sets of scikit-learn."""

import numpy as np

from kprivacy.data.errors import DataError
from kprivacy.data.rows import MemorySource, Rows

# Of the defender's 20,000 and the attacker's 4,000.
TRAINING = 24_000
TEST = 2_000
KINDS = {
    "gaussian_mixture": ("P", "MU", "SIGMA"),
    "binary": ("P", "Q"),
}


def find(name):
    """The source of a name "KIND:NUMBER,...", or None if it is none.

    "gaussian_mixture:P,MU,SIGMA": numbers X, mean +MU where the label is 1,
    which has probability P, and -MU where it is 0. "binary:P,Q": a bit X, 1
    with probability P, the label being X with probability Q. 24,000 examples
    to train on and 2,000 to test, always the same ones.
    """
    kind, _, numbers = name.partition(":")
    if kind not in KINDS:
        return None
    try:
        numbers = tuple(float(one) for one in numbers.split(","))
    except ValueError:
        numbers = ()
    wanted = KINDS[kind]
    shares = [n for n, w in zip(numbers, wanted) if w in ("P", "Q")]
    if len(numbers) != len(wanted) or not all(0 < s < 1 for s in shares) or (
        min(numbers) <= 0
    ):
        raise DataError(
            f"A set of this kind is named '{kind}:{','.join(wanted)}', P and "
            f"Q between 0 and 1, the others above 0. Received: {name!r}."
        )
    parts = [
        Rows(data, {"label": labels})
        for data, labels in (
            sample(kind, numbers, count, seed)
            for seed, count in enumerate((TRAINING, TEST))
        )
    ]
    return MemorySource(*parts, {"label": 2})


def sample(kind, numbers, count, seed):
    """Examples of a distribution.

    Args:
        kind: Of `KINDS`.
        numbers: Its parameters.
        count: Examples.
        seed: Of the draw.

    Returns:
        (float32 (count, 1), int32 (count,)).
    """
    generator = np.random.default_rng([seed, 20_190])
    if kind == "gaussian_mixture":
        p, mu, sigma = numbers
        labels = generator.random(count) < p
        data = np.where(labels, mu, -mu) + sigma * (
            generator.standard_normal(count)
        )
    else:
        p, q = numbers
        data = generator.random(count) < p
        labels = data ^ (generator.random(count) >= q)
    return data.astype(np.float32)[:, None], labels.astype(np.int32)


def diabetes():
    """scikit-learn's 442 patients: nine numbers each; sex is an attribute.

    The label is whether the disease went on faster than in the median.
    """
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    where = list(bunch.feature_names).index("sex")
    data = np.delete(bunch.data, where, axis=1)
    data = (data - data.mean(axis=0)) / data.std(axis=0)
    features = {
        "label": (bunch.target > np.median(bunch.target)).astype(np.int32),
        "sex": bunch.data[:, where].astype(np.int32) - 1,
        "progression": bunch.target.astype(np.float32),
    }
    order = np.random.default_rng(0).permutation(len(data))
    rows = Rows(data.astype(np.float32), features).take(order)
    return MemorySource(rows, None, {"label": 2, "sex": 2})
