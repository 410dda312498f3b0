"""Batches of two independent domains, side by side."""

import numpy as np

from kprivacy import errors
from kprivacy.data import passes


def pairs(
    source, target, batch_size=128, seed=0, steps=None, shuffle=True
):
    """Pairs private examples with real ones of the fake's domain, at random.

    Each epoch passes once over the longer set, or takes as many batches as
    `steps` says; a set that is shorter is repeated, in a new order.
    Orders are drawn anew each epoch, by (seed, epoch) alone: add
    `kprivacy.callbacks.EpochOrder(dataset)` in a run that is to resume.

    Args:
        source: float32 private examples, shape (examples, ...).
        target: float32 real examples of the fake's domain.
        batch_size: Examples a batch; a last smaller batch is left out.
        seed: Of the orders.
        steps: Batches an epoch, None for one pass over the longer set.
        shuffle: Whether there is a new order each epoch; if not, that of the
            first one is kept.

    Returns:
        A `tf.data.Dataset` of (source, target) batches.

    Raises:
        UserError: A set is empty, both are shorter than a batch, or a
            number is not a count.
    """
    errors.check_count("batch_size", batch_size)
    sets = [np.asarray(one, np.float32) for one in (source, target)]
    count = max(len(one) for one in sets)
    if steps is not None:
        errors.check_count("steps", steps)
        count = steps * batch_size
    if not min(len(one) for one in sets) or count < batch_size:
        raise errors.UserError(
            "Both domains must have examples, one of them at least a batch "
            f"of {batch_size}. Received: {len(sets[0])} and {len(sets[1])}. "
            "Give more, or a smaller `batch_size`."
        )
    shape = (count // batch_size, batch_size)
    return passes.side_by_side(sets, (shape, shape), seed, shuffle)
