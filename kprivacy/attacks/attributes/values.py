"""The inference of a real value, such as a price, from a release."""

import dataclasses

import numpy as np

from kprivacy.attacks import inputs
from kprivacy.attacks.attributes.classifiers import has_maps
from kprivacy.attacks.reconstruction import attackers, families
from kprivacy.errors import UserError, check_count, check_names

NAMES = (
    "ridge",
    "kernel_ridge",
    "nearest_neighbours",
    "random_forest",
    "mlp",
    "cnn",
)
VALIDATION_SHARE = 0.15


@dataclasses.dataclass(frozen=True)
class ValueResult:
    """One attacker's success on the test part, in float64.

    Attributes:
        attacker: Its name.
        mse: Mean squared error, in the value's unit squared.
        explained: 1 - mse / ceiling: 0 is blind, 1 all.
        validation_mse: By which the best attacker is chosen.
    """

    attacker: str
    mse: float
    explained: float
    validation_mse: float


@dataclasses.dataclass(frozen=True)
class ValueResults:
    """All attackers of one value, best on validation first.

    Attributes:
        results: `ValueResult`s.
        attribute: Name of the value.
        ceiling: Test error of always naming the mean of the attacker's.
    """

    results: tuple
    attribute: str
    ceiling: float

    @property
    def best(self):
        """The attacker that is best on validation data."""
        return self.results[0]


class ValueInference:
    """Attacks releases by learning to infer a real value of the data.

    As `AttributeInference`, by regression: every attacker is fitted afresh
    on 85 % of the attacker's own pairs, the best one on the others counts.

    Args:
        attackers: Names out of "ridge", "kernel_ridge", "nearest_neighbours",
            "random_forest", "mlp", "cnn"; None for all. "cnn" stays away
            from features that are neither maps nor signals.
        steps: Gradient steps of the convolutional network; the perceptron
            takes four times as many.
        seed: Seeds the attackers and the choice of validation data.
    """

    NAMES = NAMES

    def __init__(self, attackers=None, steps=600, seed=0):
        check_names("attackers", attackers, NAMES)
        check_count("steps", steps)
        self._names = tuple(attackers or NAMES)
        self._steps, self._seed = steps, seed

    def run(self, release, attacker, test, attribute):
        """Fits all attackers and measures them on the test part.

        Args:
            release: The release, data to what is sent.
            attacker: `kprivacy.data.Arrays`, the attacker's own data.
            test: `kprivacy.data.Arrays`, which nobody has seen.
            attribute: Name of the value in `attributes` of both.

        Returns:
            A `ValueResults`.

        Raises:
            UserError: The attribute is missing, or the parts are too small.
        """
        inputs.check_parts(attacker, test)
        known, asked = (_values(part, attribute) for part in (attacker, test))
        sent = inputs.released(release, attacker.data)
        sent_test = inputs.released(release, test.data)
        kept, held = inputs.split(attacker, self._seed, VALIDATION_SHARE)
        fitting = sent[kept], known[kept]
        validation = sent[held], known[held]
        ceiling = float(np.mean((asked - known.mean()) ** 2))
        found = []
        for name in self._present(sent.shape[1:]):
            one = _build(name, self._steps, self._seed)
            one.fit(*fitting, validation)
            errors = [
                float(np.mean(np.square(truth - one.predict(features))))
                for features, truth in ((sent_test, asked), validation)
            ]
            found.append(ValueResult(
                name, errors[0], 1 - errors[0] / ceiling, errors[1]
            ))
        found.sort(key=lambda one: one.validation_mse)
        return ValueResults(tuple(found), attribute, ceiling)

    def _present(self, shape):
        names = self._names
        if not has_maps(shape):
            names = tuple(name for name in names if name != "cnn")
        return names


class _Forest:
    """A random forest on the main directions of standardised features."""

    name = "random_forest"

    def __init__(self, seed):
        self._seed = seed

    def fit(self, features, targets, validation):
        from sklearn.ensemble import RandomForestRegressor

        x = attackers.flat(features)
        self._model = attackers.on_components(
            RandomForestRegressor(
                300, min_samples_leaf=3, random_state=self._seed, n_jobs=-1
            ),
            x.shape,
            self._seed,
        ).fit(x, targets[:, 0])
        return self

    def predict(self, features):
        return self._model.predict(attackers.flat(features))[:, None]


def _build(name, steps, seed):
    if name == "random_forest":
        return _Forest(seed)
    if name not in ("mlp", "cnn"):
        return families.build(name, None, None, steps, seed, None)
    from kprivacy.attacks.attributes import classifiers

    build = {"mlp": classifiers.mlp, "cnn": classifiers.cnn}[name]
    return attackers.Decoder(
        name,
        build,
        steps=steps * (families.MLP_STEPS if name == "mlp" else 1),
        seed=seed,
        standardise=True,
    )


def _values(part, attribute):
    if attribute not in part.attributes:
        raise UserError(
            "`attribute` must be one of the data's: "
            f"{', '.join(sorted(part.attributes)) or 'none'}. Received: "
            f"{attribute!r}."
        )
    return np.asarray(part.attributes[attribute], np.float64)[:, None]
