"""An attribute as classes that the attacker and the test part share."""

import numpy as np

from kprivacy.errors import UserError

VALIDATION_SHARE = 0.15


def attribute_values(part, name):
    """An attribute of a part, shape (examples,), checked to be classes."""
    attributes = {
        **getattr(part, "attributes", {}), "label": part.labels
    }
    if name not in attributes:
        raise UserError(
            f"`attribute` must be one of {', '.join(sorted(attributes))}. "
            f"Received: {name!r}, which these data have not."
        )
    values = np.asarray(attributes[name])
    if values.shape != (len(part),):
        raise UserError(
            f"Attribute {name!r} must have one value for each of "
            f"{len(part)} examples. Received: shape {values.shape}."
        )
    if np.issubdtype(values.dtype, np.floating):
        raise UserError(
            f"Attribute {name!r} must be made of classes. Received: dtype "
            f"{values.dtype}. Bin it first, for example with `np.digitize("
            "values, np.quantile(values, [0.25, 0.5, 0.75]))`."
        )
    return values


def class_indices(attacker, test, name):
    """Returns the classes of an attribute and both parts' indices of them.

    Raises:
        UserError: There are not two classes in each part, a class of the
            attacker's has a single example, or one that is tested has none.
    """
    values, tested = attribute_values(attacker, name), attribute_values(
        test, name
    )
    classes, counts = np.unique(values, return_counts=True)
    for whose, there in (("attacker's", classes), ("test", np.unique(tested))):
        if len(there) < 2:
            raise UserError(
                f"Attribute {name!r} must have at least two classes in the "
                f"{whose} data. Received: only {there[0]!s}. Widen the split "
                "or choose another attribute."
            )
    if counts.min() < 2:
        raise UserError(
            "The attacker needs at least two examples of each class, one to "
            f"fit and one to choose by. Received: one of {name} "
            f"{_listed(classes[counts < 2])}. Widen the attacker's split."
        )
    unseen = np.setdiff1d(tested, classes)
    if len(unseen):
        raise UserError(
            "The attacker must have examples of every class that is tested. "
            f"Received: none of {name} {_listed(unseen)}. Widen the "
            "attacker's split; identities that the attacker has never seen "
            "can only be verified in pairs: `Verification`."
        )
    return (
        classes,
        np.searchsorted(classes, values),
        np.searchsorted(classes, tested),
    )


def stratified(labels, seed):
    """Indices to fit on and to validate on; every class is in both."""
    generator = np.random.default_rng(seed)
    held = []
    for label in np.unique(labels):
        where = generator.permutation(np.flatnonzero(labels == label))
        held.append(where[: max(1, round(len(where) * VALIDATION_SHARE))])
    held = generator.permutation(np.concatenate(held))
    kept = np.setdiff1d(np.arange(len(labels)), held)
    return generator.permutation(kept), held


def _listed(values, most=10):
    text = ", ".join(str(value) for value in values[:most])
    return text + (", ..." if len(values) > most else "")
