"""Batches for GAP's rounds: a mini-batch of its own for each step."""

from kprivacy import errors
from kprivacy.data import passes


def rounds(
    adversary,
    defender,
    itr_d,
    itr_g,
    batch_size=128,
    count=None,
    seed=0,
):
    """Batches of both sides, from two sets or from one.

    Each element is ((data, targets), (data, targets)) of the discriminator
    and of the channel, all of shape (batch, steps, ...): steps is `itr_d`
    for the one and `itr_g` for the other. Orders are drawn anew each epoch,
    by (seed, epoch) alone: add `kprivacy.callbacks.EpochOrder(dataset)` in a
    run that is to resume.

    Args:
        adversary: (data, targets) that the discriminator learns from, arrays
            or dicts of arrays.
        defender: Those of the channel; the report advises other ones.
        itr_d: As for `kprivacy.GAP`.
        itr_g: Likewise.
        batch_size: Examples a step.
        count: Rounds an epoch; None for one pass of the channel over its
            examples.
        seed: Of the orders.

    Returns:
        A `tf.data.Dataset`.

    Raises:
        UserError: A set is empty, or a number is not a count.
    """
    numbers = {"itr_d": itr_d, "itr_g": itr_g, "batch_size": batch_size}
    for name, value in numbers.items():
        errors.check_count(name, value)
    sizes = [len(part[0]) for part in (adversary, defender)]
    if not min(sizes):
        raise errors.UserError(
            "Both sides must have examples. Received: "
            f"{sizes[0]} of the adversary and {sizes[1]} of the defender."
        )
    if count is None:
        count = max(1, round(sizes[1] / (batch_size * itr_g)))
    errors.check_count("count", count)
    shapes = [(count, batch_size, steps) for steps in (itr_d, itr_g)]
    return passes.side_by_side(
        (tuple(adversary), tuple(defender)), shapes, seed
    )
