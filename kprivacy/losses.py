"""Losses that the methods share, all in the form of `keras.losses`."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kprivacy")
class ReconstructionError(keras.losses.Loss):
    """Squared error of a reconstruction, summed or averaged over an example.

    The batch is averaged, so that the loss does not grow with its size.

    Args:
        per_example: "sum" for the squared Euclidean distance |I - I'|^2 of
            RAN's equations 3 and 4, or "mean" for the mean squared error.
        **kwargs: Passed to `keras.losses.Loss`.
    """

    def __init__(
        self, per_example="sum", name="reconstruction_error", **kwargs
    ):
        super().__init__(name=name, **kwargs)
        self.per_example = per_example

    def call(self, y_true, y_pred):
        axes = tuple(range(1, len(y_pred.shape)))
        reduce = ops.sum if self.per_example == "sum" else ops.mean
        return reduce(ops.square(y_true - y_pred), axis=axes)

    def get_config(self):
        return {**super().get_config(), "per_example": self.per_example}


@keras.saving.register_keras_serializable("kprivacy")
class ClassScatter(keras.losses.Loss):
    """Mean squared distance of features from their class's mean in the batch.

    `y_true` are integer labels, `y_pred` features of any shape; distances are
    averaged over features. Zero means that the features of a class are one
    point: they tell the class and nothing else. Classes of one example in the
    batch add nothing.

    Reference: the intra-class term of Wen et al., A discriminative feature
    learning approach for deep face recognition, 2016, with batch means in
    place of learned centres.
    """

    def __init__(self, num_classes, name="class_scatter", **kwargs):
        super().__init__(name=name, **kwargs)
        self.num_classes = num_classes

    def call(self, y_true, y_pred):
        features = ops.reshape(y_pred, (ops.shape(y_pred)[0], -1))
        labels = ops.reshape(ops.cast(y_true, "int32"), (-1,))
        members = ops.one_hot(labels, self.num_classes, dtype=features.dtype)
        counts = ops.maximum(ops.sum(members, axis=0), 1)
        sums = ops.matmul(ops.transpose(members), features)
        means = ops.matmul(members, sums / counts[:, None])
        return ops.mean(ops.square(features - means), axis=-1)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
