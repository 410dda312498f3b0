"""What the adversary of GAP plays for, and what the channel pays it.

Each is a pair of `keras.losses.Loss`, of integer classes or real values
against the adversary's outputs: `adversary`, which it minimises, and
`channel`, which the channel minimises beside the distortion.
"""

import keras
from keras import ops

from kprivacy import errors

NAMES = ("cross_entropy", "total_variation", "maximum_entropy", "accuracy")


def build(name, outputs, prior=None, bounded=False, temperature=1.0):
    """The pair (adversary's loss, channel's loss).

    Args:
        name: "cross_entropy": Algorithm 1; the squared error where the
            attribute is a real value. "total_variation": Equation 4, of a
            bounded critic. "maximum_entropy": the adversary as in
            Algorithm 1, the channel draws its answer to the prior.
            "accuracy": likewise, the channel pays the probability that the
            adversary gives to the right class.
        outputs: Of the adversary: 1 of a real value, or of a critic of two
            classes; otherwise the number of classes.
        prior: Shares of the classes, or (variance,) of a real value; needed
            but for a "cross_entropy" without a bound.
        bounded: Whether the reward of "cross_entropy" ends where the
            adversary knows nothing.
        temperature: Of "accuracy": a number, or a variable.
    """
    errors.check_choice("objective", name, NAMES)
    real = outputs == 1 and name == "cross_entropy"
    _check(name, outputs, prior, bounded)
    if name == "total_variation":
        return Gap(prior, name="adversary"), Gap(prior, -1, name="channel")
    lost = SquaredError if real else CrossEntropy
    adversary = lost(name="adversary")
    if name == "maximum_entropy":
        return adversary, Divergence(prior, name="channel")
    if name == "accuracy":
        return adversary, ExpectedAccuracy(temperature, name="channel")
    ceiling = None
    if bounded:
        ceiling = prior[0] if real else entropy(prior)
    return adversary, lost(-1, ceiling, name="channel")


def entropy(prior):
    """Of shares of classes, in nats: what the best blind guess costs."""
    import numpy as np

    shares = np.asarray(prior, float)
    return float(-(shares * np.log(np.maximum(shares, 1e-12))).sum())


class _Reward(keras.losses.Loss):
    """A loss times a sign; beyond a ceiling of its mean it has no gradient."""

    def __init__(self, sign=1, ceiling=None, **kwargs):
        super().__init__(**kwargs)
        self.sign, self.ceiling = sign, ceiling

    def _of(self, losses):
        if self.ceiling is not None:
            mean = ops.mean(losses)
            cut = ops.stop_gradient(losses * self.ceiling / mean)
            losses = ops.where(mean > self.ceiling, cut, losses)
        return self.sign * losses


class CrossEntropy(_Reward):
    """Of logits."""

    def call(self, y_true, y_pred):
        return self._of(ops.sparse_categorical_crossentropy(
            ops.reshape(y_true, (-1,)), y_pred, from_logits=True
        ))


class SquaredError(_Reward):
    """Of real values."""

    def call(self, y_true, y_pred):
        real = ops.reshape(ops.cast(y_true, y_pred.dtype), (-1, 1))
        return self._of(ops.mean(ops.square(real - y_pred), axis=-1))


class Gap(keras.losses.Loss):
    """Minus E[f | s1] - E[f | s2] of Equation 4; `sign` -1 turns it.

    With more than two classes the mean of each one against the rest, by an
    output of its own. The shares of the classes make it a mean over examples.
    """

    def __init__(self, prior, sign=1, **kwargs):
        super().__init__(**kwargs)
        self.prior, self.sign = tuple(prior), sign

    def call(self, y_true, y_pred):
        shares = ops.convert_to_tensor(self.prior, y_pred.dtype)
        members = _members(y_true, len(self.prior), y_pred.dtype)
        weights = members / shares - (1 - members) / (1 - shares)
        if y_pred.shape[-1] == 1:
            weights = weights[:, 1:]
        return -self.sign * ops.mean(weights * y_pred, axis=-1)


class Divergence(keras.losses.Loss):
    """KL(prior || answer): zero where the adversary answers the prior.

    Reference: Roy and Boddeti, Mitigating information leakage in image
    representations: a maximum entropy approach, 2019.
    """

    def __init__(self, prior, **kwargs):
        super().__init__(**kwargs)
        self.prior = tuple(prior)

    def call(self, y_true, y_pred):
        shares = ops.convert_to_tensor(self.prior, y_pred.dtype)
        logs = ops.log_softmax(y_pred, axis=-1)
        return -ops.sum(shares * logs, axis=-1) - entropy(self.prior)


class ExpectedAccuracy(keras.losses.Loss):
    """The probability that the adversary gives to the right class.

    The gap of Equation 4 with the critic f = 2 P(s1) - 1, but for the shares
    of the classes. The adversary's logits are divided by a temperature: near
    0 this is its accuracy, and has a gradient only where it is in doubt.
    """

    def __init__(self, temperature=1.0, **kwargs):
        super().__init__(**kwargs)
        self.temperature = temperature

    def call(self, y_true, y_pred):
        members = _members(y_true, y_pred.shape[-1], y_pred.dtype)
        sharper = y_pred / ops.cast(self.temperature, y_pred.dtype)
        return ops.sum(members * ops.softmax(sharper, axis=-1), axis=-1)


def _members(classes, count, dtype):
    flat = ops.cast(ops.reshape(classes, (-1,)), "int32")
    return ops.one_hot(flat, count, dtype=dtype)


def _check(name, outputs, prior, bounded):
    if outputs == 1 and name in ("maximum_entropy", "accuracy"):
        raise errors.UserError(
            f"{name!r} is of classes. Received: an adversary with one output, "
            "for a real value. Use 'cross_entropy'."
        )
    if prior is None:
        if bounded or name in ("total_variation", "maximum_entropy"):
            raise errors.UserError(
                f"`prior` must be given for {name!r}"
                f"{' with a bound' if bounded else ''}: the shares of the "
                "private classes, or (variance,). Received: none."
            )
        return
    wanted = 2 if outputs == 1 and name == "total_variation" else outputs
    if len(prior) != wanted or min(prior) <= 0 or (
        wanted > 1 and abs(sum(prior) - 1) > 1e-3
    ):
        raise errors.UserError(
            f"`prior` must be {wanted} numbers above 0"
            f"{' that sum to 1' if wanted > 1 else ', the variance'}. "
            f"Received: {tuple(prior)}."
        )
