"""Any discrete source: its MAP adversary, and the floor as a linear program."""

import dataclasses

import numpy as np

from kprivacy.errors import UserError


@dataclasses.dataclass(frozen=True)
class Floor:
    """The best channel of a discrete source.

    Attributes:
        accuracy: Of the MAP adversary that knows the channel.
        channel: Array (inputs, outputs), rows sum to 1.
        distortion: Mean distortion of the channel, at most the budget.
    """

    accuracy: float
    channel: np.ndarray
    distortion: float


def map_accuracy(joint, channel=None):
    """Accuracy of the adversary who knows everything but Y.

    It sees the release, an output of the channel, and names the private value
    of the largest posterior: no adversary is right more often.

    Args:
        joint: Array (private values, inputs) of probabilities.
        channel: Array (inputs, outputs) of P(output | input); None releases
            the input itself.

    Returns:
        A float in [1 / private values, 1].

    Example:

    >>> map_accuracy([[0.4, 0.1], [0.1, 0.4]])
    0.8
    """
    joint = checked_joint(joint)
    if channel is not None:
        channel = np.asarray(channel, float)
        if channel.ndim != 2 or len(channel) != joint.shape[1] or not (
            np.allclose(channel.sum(1), 1, atol=1e-6)
        ):
            raise UserError(
                "`channel` must be an array (inputs, outputs) for "
                f"{joint.shape[1]} inputs, whose rows sum to 1. Received: "
                f"shape {channel.shape}."
            )
        joint = joint @ channel
    return float(joint.max(0).sum())


def split_by_label(joint):
    """The source whose inputs are pairs (Y, X), for channels that see both.

    Args:
        joint: Array (private values, inputs) of probabilities.

    Returns:
        Array (private values, private values * inputs): private value y is
        found at inputs y * inputs to (y + 1) * inputs alone.
    """
    joint = checked_joint(joint)
    classes, inputs = joint.shape
    split = np.zeros((classes, classes, inputs))
    split[np.arange(classes), np.arange(classes)] = joint
    return split.reshape(classes, -1)


def least_accuracy(joint, distortion, budget):
    """The floor: least MAP accuracy over all channels within a budget.

    A linear program in the channel W and the adversary's hits t: least sum of
    t, with t[o] at least the mass of every private value at output o.

    Args:
        joint: Array (private values, inputs) of probabilities. For channels
            that see the private value as well give `split_by_label(joint)`.
        distortion: Array (inputs, outputs), or (inputs / private values,
            outputs) which is then repeated: cost of releasing an output.
        budget: Largest mean distortion.

    Returns:
        A `Floor`.
    """
    from scipy import optimize, sparse

    joint = checked_joint(joint)
    classes, inputs = joint.shape
    cost = np.asarray(distortion, float)
    if len(cost) != inputs and len(cost) * classes == inputs:
        cost = np.tile(cost, (classes, 1))
    if cost.ndim != 2 or len(cost) != inputs or not budget >= 0:
        raise UserError(
            f"`distortion` must be an array ({inputs}, outputs) and `budget` "
            f"a number of at least 0. Received: shape {cost.shape}, "
            f"budget={budget!r}."
        )
    outputs = cost.shape[1]
    mass = joint.sum(0)
    each_output = sparse.identity(outputs)
    hits = sparse.vstack([sparse.kron(joint[y], each_output)
                          for y in range(classes)])
    below = sparse.hstack(
        [hits, sparse.vstack([-each_output] * classes)]
    )
    spent = sparse.hstack(
        [sparse.csr_matrix((mass[:, None] * cost).reshape(1, -1)),
         sparse.csr_matrix((1, outputs))]
    )
    sums = sparse.hstack(
        [sparse.kron(sparse.identity(inputs), np.ones((1, outputs))),
         sparse.csr_matrix((inputs, outputs))]
    )
    solved = optimize.linprog(
        np.concatenate([np.zeros(inputs * outputs), np.ones(outputs)]),
        A_ub=sparse.vstack([below, spent]).tocsr(),
        b_ub=np.concatenate([np.zeros(classes * outputs), [budget]]),
        A_eq=sums.tocsr(),
        b_eq=np.ones(inputs),
        method="highs",
    )
    if not solved.success:
        raise UserError(
            "no channel keeps `budget`; the least distortion possible is "
            f"{float(mass @ cost.min(1)):.4g}. Received: budget={budget!r}."
        )
    channel = np.clip(solved.x[: inputs * outputs], 0, None)
    channel = channel.reshape(inputs, outputs)
    channel /= channel.sum(1, keepdims=True)
    return Floor(
        map_accuracy(joint, channel), channel,
        float(mass @ (channel * cost).sum(1)),
    )


def checked_joint(joint):
    """`joint` as an array, if it is a distribution of two or more values."""
    joint = np.asarray(joint, float)
    if joint.ndim != 2 or len(joint) < 2 or (joint < 0).any() or not (
        np.isclose(joint.sum(), 1, atol=1e-6)
    ):
        raise UserError(
            "`joint` must be an array (private values, inputs) of "
            "probabilities that sum to 1. Received: shape "
            f"{joint.shape}, sum {joint.sum():.4g}."
        )
    return joint
