"""How real fakes look: to a classifier of the domain they imitate."""

import dataclasses

import numpy as np

from kprivacy.errors import UserError

LEAST_EXAMPLES = 20


@dataclasses.dataclass(frozen=True)
class RealismResult:
    """Fakes beside as many real examples; all in float64.

    Attributes:
        frechet: Fréchet distance of the fakes' features to those of half of
            the real examples.
        frechet_real: Of the other half of the real examples to that half,
            which the number of examples alone causes.
        largest_class, largest_class_real: Share of the class that is found
            most often: 1 is a collapse.
        entropy, entropy_real: Of the histogram of the classes found, in
            bits; at most log2(classes).
        confidence, confidence_real: Mean probability of the class found.
        judged: Examples in each of the three groups.
        agreement, agreement_real: Share of examples in which a second
            classifier finds the same class; None without one.
    """

    frechet: float
    frechet_real: float
    largest_class: float
    largest_class_real: float
    entropy: float
    entropy_real: float
    confidence: float
    confidence_real: float
    judged: int
    agreement: float | None = None
    agreement_real: float | None = None

    def to_dict(self):
        """Plain data for JSON."""
        return dataclasses.asdict(self)


def realism(classifier, reals, fakes, seed=0, second=None):
    """Measures fakes by a classifier of the domain they imitate.

    Args:
        classifier: A `Classifier` of the fakes' domain; its penultimate
            layer gives the features.
        reals: Real examples that neither the classifier nor the adversary
            was trained on.
        fakes: What is sent, of the same shape. Of more examples than half
            of the reals, or of fewer, as many as both have are drawn.
        seed: Of the draw.
        second: Another `Classifier` of that domain, or None.

    Returns:
        A `RealismResult`. Fréchet distances of different features, or of
        different numbers of examples, do not compare.

    Reference: Heusel et al., GANs trained by a two time-scale update rule,
    2017, with the features of a network of the domain itself.
    """
    count = min(len(reals) // 2, len(fakes))
    if count < LEAST_EXAMPLES:
        raise UserError(
            f"Realism needs {2 * LEAST_EXAMPLES} real examples and half as "
            f"many fakes. Received: {len(reals)} and {len(fakes)}."
        )
    generator = np.random.default_rng(seed)
    reals = np.asarray(reals)[generator.permutation(len(reals))[: 2 * count]]
    fakes = np.asarray(fakes)[generator.permutation(len(fakes))[:count]]
    features = classifier.features(reals)
    known = features[:count]
    said = {"": classifier(fakes), "_real": classifier(reals)}
    agreed = {}
    if second is not None:
        agreed = {
            f"agreement{ending}": float(np.mean(
                said[ending].argmax(axis=1) == second(data).argmax(axis=1)
            ))
            for ending, data in (("", fakes), ("_real", reals))
        }
    return RealismResult(
        frechet=frechet_distance(classifier.features(fakes), known),
        frechet_real=frechet_distance(features[count:], known),
        **_histogram(said[""], ""),
        **_histogram(said["_real"], "_real"),
        judged=count,
        **agreed,
    )


def frechet_distance(features_a, features_b):
    """Fréchet distance of the Gaussians fitted to two sets of features.

    |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)), in float64 and without
    shrinkage; covariances are divided by the examples less one.

    Args:
        features_a, features_b: Shape (examples, features), at least two
            examples each.

    Returns:
        A float of at least 0, in features squared.

    Reference: Dowson and Landau, The Fréchet distance between multivariate
    normal distributions, 1982.
    """
    a, b = _checked(features_a), _checked(features_b)
    if a.shape[1] != b.shape[1]:
        raise UserError(
            "Both sets must have the same features. Received: shapes "
            f"{a.shape} and {b.shape}."
        )
    first = np.atleast_2d(np.cov(a, rowvar=False))
    second = np.atleast_2d(np.cov(b, rowvar=False))
    # Similar to the product, but symmetric: its roots stay real.
    root = _root(first)
    middle = np.linalg.eigvalsh(root @ second @ root)
    cross = np.sqrt(np.maximum(middle, 0)).sum()
    apart = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    total = apart + np.trace(first) + np.trace(second) - 2 * cross
    return max(0.0, float(total))


def _root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _checked(features):
    x = np.asarray(features, np.float64)
    if x.ndim != 2 or len(x) < 2 or not np.isfinite(x).all():
        raise UserError(
            "Features must be finite, shape (examples, features), of at "
            f"least two examples. Received: shape {x.shape}, finite: "
            f"{bool(np.isfinite(x).all())}."
        )
    return x


def _histogram(scores, ending):
    shares = np.bincount(scores.argmax(axis=1)) / len(scores)
    there = shares[shares > 0]
    return {
        f"largest_class{ending}": float(shares.max()),
        f"entropy{ending}": float(-np.sum(there * np.log2(there))) + 0.0,
        f"confidence{ending}": float(scores.max(axis=1).mean()),
    }
