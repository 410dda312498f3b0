"""How much is left to learn: gradients of a classifier's loss."""

import dataclasses

import numpy as np

from kprivacy import errors
from kprivacy.data import pictures


@dataclasses.dataclass(frozen=True)
class GradientNorms:
    """Norms of the loss's gradient in all weights, at the same weights.

    Attributes:
        natural: Of the mean loss of all natural pictures.
        protected: Of that of the protected ones.
        natural_each: Mean of the norms that each natural picture alone has.
        protected_each: Likewise, of the protected ones.
        natural_loss: The mean loss itself.
        protected_loss: Likewise.
    """

    natural: float
    protected: float
    natural_each: float
    protected_each: float
    natural_loss: float
    protected_loss: float

    def to_dict(self):
        """Numbers as JSON holds them."""
        return dataclasses.asdict(self)


def gradient_norms(model, natural, protected):
    """What natural and protected pictures still teach a classifier.

    The paper's Appendix A, at one point: the weights stand still, and batch
    norm and dropout are as in inference, so that no picture depends on
    another. Gradients of all pictures can be long each and cancel out in
    their mean: the norm of the mean is what a step would follow, the mean
    of the norms how much each picture pulls.

    Args:
        model: A classifier to logits, such as `Retraining.model`.
        natural: `kprivacy.data.Arrays` of images in [0, 1], at least one.
        protected: `Arrays` of the same shape; as a rule the same pictures,
            protected. A few hundred do: each picture is a step of its own.

    Returns:
        `GradientNorms`.

    Raises:
        UserError: A part is empty, or not what the classifier takes.

    Example:

    >>> few = slice(0, 200)
    >>> found = kprivacy.attacks.gradient_norms(
    ...     attack.model, natural.take(few), protected.take(few))
    >>> found.natural, found.protected
    """
    parts = {"natural": natural, "protected": protected}
    for name, part in parts.items():
        _check(model, name, part)
    found = {}
    for name, part in parts.items():
        found.update(zip(
            (name, f"{name}_each", f"{name}_loss"), _of_each(model, part)
        ))
    return GradientNorms(**found)


def gradient_norm(model, part):
    """Norm of the gradient of the mean loss of a batch, in inference."""
    import tensorflow as tf

    _, slopes = _slopes(model, part.data, part.labels)
    return float(tf.linalg.global_norm(slopes))


def _of_each(model, part):
    """(norm of the mean gradient, mean of the norms, mean loss)."""
    import tensorflow as tf

    @tf.function
    def one(image, label):
        loss, slopes = _slopes(model, image, label)
        return loss, [tf.convert_to_tensor(slope) for slope in slopes]

    norms, losses, total = [], [], None
    for i in range(len(part)):
        here = slice(i, i + 1)
        loss, slopes = one(
            tf.constant(part.data[here]), tf.constant(part.labels[here])
        )
        slopes = [slope.numpy().astype(np.float64) for slope in slopes]
        losses.append(float(loss))
        norms.append(_norm(slopes))
        total = slopes if total is None else [
            held + slope for held, slope in zip(total, slopes)
        ]
    return (_norm(total) / len(part), float(np.mean(norms)),
            float(np.mean(losses)))


def _norm(slopes):
    return float(np.sqrt(sum(np.square(slope).sum() for slope in slopes)))


def _slopes(model, images, labels):
    """The mean loss, and its gradient in each of the trainable weights."""
    import keras
    import tensorflow as tf

    with tf.GradientTape() as tape:
        scores = model(images, training=False)
        loss = keras.losses.sparse_categorical_crossentropy(
            labels, scores, from_logits=True
        )
        loss = keras.ops.mean(loss)
    return loss, tape.gradient(loss, model.trainable_variables)


def _check(model, name, part):
    wanted, shape = tuple(model.input_shape[1:]), tuple(part.data.shape[1:])
    if not pictures.fits(wanted, shape) or not len(part):
        raise errors.UserError(
            f"`{name}` must be pictures that `model` takes, shape {wanted}, "
            f"one at least. Received: {len(part)} of shape {shape}."
        )
    classes = model.output_shape[-1]
    if part.num_classes != classes:
        raise errors.UserError(
            f"`{name}` must have the {classes} classes of `model`. Received: "
            f"{part.num_classes}."
        )
