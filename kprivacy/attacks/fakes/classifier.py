"""A classifier of one domain: does what was recovered keep its class?"""

import numpy as np

from kprivacy.data import passes
from kprivacy.errors import UserError, check_count
from kprivacy.seeding import seeded

FILTERS = (16, 32, 64, 64)
FEATURES = 128
# Examples shown if no number of epochs is given; small sets are shown often.
SHOWN = 720_000
MOST_EPOCHS = 100
SHIFT = 0.05


class Classifier:
    """A trained classifier, called like a release: data to probabilities.

    Args:
        model: A `keras.Model` of `train_classifier`.
    """

    def __init__(self, model):
        self.model = model

    def __call__(self, data):
        """The probability of each class, float64 (examples, classes)."""
        from scipy.special import softmax

        return softmax(_predict(self.model, data), axis=1)

    def features(self, data):
        """The penultimate layer, float64 (examples, `FEATURES`)."""
        return _predict(self.model.get_layer("body"), data)

    def save(self, path):
        """Writes the model as a .keras file."""
        self.model.save(path)

    @classmethod
    def load(cls, path):
        """Reads what `save` wrote."""
        import keras

        return cls(keras.saving.load_model(path))


def train_classifier(data, labels, num_classes, seed=0, epochs=None):
    """Trains a classifier of originals: a small CNN, or an MLP of vectors.

    Images are shifted and zoomed at random on the way, by up to 5 % of their
    size.

    Args:
        data: Images (examples, height, width, channels) in [0, 1], or
            vectors (examples, d) in standard units.
        labels: Class indices, shape (examples,).
        num_classes: Number of classes.
        seed: Seeds weights, order, dropout and shifts.
        epochs: None for as many as show 720,000 examples, at most 100.

    Returns:
        A `Classifier`.

    Raises:
        UserError: The data have another shape, or the labels are not one
            class index for each example.
    """
    check_count("num_classes", num_classes, 2)
    data, labels = np.asarray(data, np.float32), np.asarray(labels)
    _check(data, labels, num_classes)
    if epochs is None:
        epochs = int(np.clip(round(SHOWN / len(data)), 1, MOST_EPOCHS))
    with seeded(seed):
        model = build_classifier(data.shape[1:], num_classes)
        _fit(model, data, labels, epochs, seed)
    return Classifier(model)


def build_classifier(shape, num_classes):
    """The untrained network: functional, from data to logits.

    Its layer "body" is a model of its own that ends at the penultimate
    layer.
    """
    import keras
    from keras import layers

    inputs = x = keras.Input(shape, name="data")
    if len(shape) == 3:
        x = layers.RandomTranslation(SHIFT, SHIFT, fill_mode="nearest")(x)
        x = layers.RandomZoom(SHIFT, fill_mode="nearest")(x)
    x = _body(shape)(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(num_classes, dtype="float32", name="logits")(x)
    return keras.Model(inputs, x, name="classifier")


def _body(shape):
    import keras

    from kprivacy import networks

    if len(shape) == 1:
        body = networks.mlp(shape, (256,), FEATURES)
        x = keras.layers.ReLU()(body.output)
        return keras.Model(body.input, x, name="body")
    # Pooling ends where about four values a side are left.
    depth = int(np.clip(np.log2(min(shape[:-1])) - 1, 1, len(FILTERS)))
    body = networks.lenet(
        shape,
        FILTERS[:depth],
        kernel_size=3,
        padding="same",
        bottleneck=FEATURES,
        bottleneck_activation="relu",
        name="body",
    )
    for layer in body.layers:
        # Small sets make few steps, too few for a momentum of 0.99.
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
    return body


def _fit(model, data, labels, epochs, seed):
    import keras
    import tensorflow as tf

    from kprivacy import optimizers

    size = int(np.clip(len(data) // 10, 8, 128))
    batches = tf.data.Dataset.from_tensor_slices((data, labels))
    batches = passes.untuned(
        batches.shuffle(len(data), seed=seed).batch(size).prefetch(2)
    )
    steps = epochs * len(batches)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(
            0.0, steps, warmup_target=3e-3, warmup_steps=steps // 10
        )),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    optimizers.build(model)
    model.fit(batches, epochs=epochs, shuffle=False, verbose=0)


def _predict(model, data):
    found = model.predict(
        np.asarray(data, np.float32), batch_size=500, verbose=0
    )
    return found.astype(np.float64)


def _check(data, labels, num_classes):
    if data.ndim not in (2, 4) or not len(data):
        raise UserError(
            "`data` must be images (examples, height, width, channels) or "
            f"vectors (examples, d). Received: shape {data.shape}."
        )
    if labels.shape != (len(data),) or not np.isin(
        labels, np.arange(num_classes)
    ).all():
        raise UserError(
            f"`labels` must be class indices below {num_classes}, one for "
            f"each of {len(data)} examples. Received: shape {labels.shape}, "
            f"from {labels.min(initial=0)} to {labels.max(initial=0)}."
        )
