"""One training of one classifier, as a stranger with the pictures does it."""

import keras
import numpy as np
import tensorflow as tf

from kprivacy import networks, optimizers
from kprivacy.attacks.retraining.gradients import gradient_norm
from kprivacy.attacks.retraining.hardened import Erased, Hardened
from kprivacy.data import passes
from kprivacy.errors import UserError
from kprivacy.networks.fused import fused, unfused
from kprivacy.seeding import seeded


class Batches:
    """Augmented batches in an order that (seed, epoch) alone decides.

    Args:
        data: float32 images in [0, 1].
        labels: Class indices.
        num_classes: Number of classes.
        augment: Of `augmentations.NAMES`' values.
        batch_size: Examples a step; a last smaller batch is left out.
        seed: Of orders and augmentations.

    Attributes:
        versions: How often each image is augmented in a batch, along an axis
            after the first; 0, as at the start, for once, without it.
    """

    def __init__(self, data, labels, num_classes, augment, batch_size, seed):
        self._data = data
        self._labels = np.eye(num_classes, dtype=np.float32)[labels]
        self._augment = augment
        self._size = min(batch_size, len(data))
        self._seed = seed
        self.versions = 0
        self.begin(1)

    def __len__(self):
        return len(self._data) // self._size

    def begin(self, epoch):
        """Takes the order of an epoch.

        Args:
            epoch: Its number, from 1 on.
        """
        self._epoch = epoch
        generator = np.random.default_rng((self._seed, epoch))
        self._order = generator.permutation(len(self._data))

    def dataset(self):
        """A `tf.data.Dataset` of one pass in the order of the epoch."""
        specs = tuple(
            tf.TensorSpec(one.shape, tf.float32) for one in self[0]
        )
        batches = tf.data.Dataset.from_generator(
            lambda: (self[i] for i in range(len(self))),
            output_signature=specs,
        )
        return passes.untuned(batches.prefetch(2).apply(
            tf.data.experimental.assert_cardinality(len(self))
        ))

    def __getitem__(self, index):
        which = self._order[index * self._size :][: self._size]
        generator = np.random.default_rng((self._seed, self._epoch, index))
        data, labels = self._data[which], self._labels[which]
        if not self.versions:
            return self._augment(data, labels, generator)
        several = [self._augment(data, labels, generator)[0]
                   for _ in range(self.versions)]
        return np.stack(several, axis=1), labels


def train(
    train,
    tests,
    augment,
    network="resnet18",
    width=64,
    stem="cifar",
    epochs=60,
    batch_size=128,
    learning_rate=0.1,
    kind=None,
    radius=8 / 255,
    steps=10,
    start=None,
    seed=0,
):
    """Trains a classifier and scores it after each epoch.

    SGD with momentum 0.9 and weight decay, down a cosine to 0. Keras decays
    weights beside the momentum, so that 5e-3 here is the 5e-4 of recipes
    that add it to the gradient.

    Args:
        train: `kprivacy.data.Arrays` of images.
        tests: Name to `Arrays` that are scored.
        augment: Of `augmentations.NAMES`' values.
        network: Of `kprivacy.networks.classifiers.NAMES`.
        width: Of its first layers.
        stem: "cifar", or "imagenet" for pictures of 224 x 224.
        epochs: Passes over `train`.
        batch_size: Examples a step.
        learning_rate: At the start.
        kind: None, "adversarial_training" or "ueraser_max".
        radius: Of adversarial training, in pictures from 0 to 1.
        steps: Of adversarial training, for each batch.
        start: A classifier of the same kind whose weights it starts from.
        seed: Of weights, orders and augmentations.

    Returns:
        The classifier, a `keras.Model` of Keras' layers that is not compiled,
        and a dict: each name of `tests`, "train_loss",
        "train_accuracy" and "gradient_norm" to a list of one number an epoch;
        the last is of the loss of one batch of `train`, as it is, in all
        weights.
    """
    with seeded(seed):
        model = fused(networks.classifier(
            train.data.shape[1:], train.num_classes, network, width, stem
        ))
    # How many versions of each image, up to which epoch.
    phases = [(0, epochs)]
    if kind == "adversarial_training":
        model = Hardened(
            model.inputs[0], model.outputs[0], radius=radius, steps=steps,
            seed=seed,
        )
    elif kind == "ueraser_max":
        model = Erased(model.inputs[0], model.outputs[0])
        hard = max(1, round(model.SHARE * epochs))
        phases.insert(0, (model.VERSIONS, hard))
    if start is not None:
        _begin(model, start, network, width)
    batches = Batches(
        train.data, train.labels, train.num_classes, augment, batch_size, seed
    )
    model.compile(
        keras.optimizers.SGD(
            keras.optimizers.schedules.CosineDecay(
                learning_rate, epochs * len(batches)
            ),
            momentum=0.9,
            weight_decay=5e-3,
        ),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    optimizers.build(model)
    model.compute_metrics(None, *[keras.ops.zeros((1, train.num_classes))] * 2)
    model.reset_metrics()
    watched = _Scores(tests, train, batch_size)
    orders = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: batches.begin(epoch + 1)
    )
    done = 0
    for batches.versions, until in phases:
        if until > done:
            # TensorFlow would trace one function for images of both ranks.
            model.make_train_function(force=True)
            model.fit(
                batches.dataset(), initial_epoch=done, epochs=until,
                shuffle=False, verbose=0, callbacks=[orders, watched],
            )
            done = until
    plain = keras.Model(model.inputs[0], model.outputs[0], name="classifier")
    return unfused(plain), watched.found


def _begin(model, start, network, width):
    """Gives a model the weights of another of its kind."""

    def shapes(one):
        return [tuple(weight.shape) for weight in one.weights]

    known = isinstance(start, keras.Model)
    if not known or shapes(start) != shapes(model):
        raise UserError(
            f"`start` must be a classifier {network!r} of width {width}, "
            f"from pictures {model.input_shape[1:]} to {model.output_shape[-1]}"
            " classes. Received: "
            + (f"{start.name!r} with {start.count_params()} parameters, not "
               f"{model.count_params()}." if known else f"{start!r}.")
            + " Take `model` of a `Retraining` with the same options."
        )
    model.set_weights(start.get_weights())


def accuracy(model, part):
    """Share of a part's examples whose class is named right."""
    scores = model.predict(part.data, batch_size=500, verbose=0)
    return float(np.mean(scores.argmax(axis=1) == part.labels))


class _Scores(keras.callbacks.Callback):
    """Accuracies and the size of the gradient after each epoch."""

    def __init__(self, tests, train, batch_size):
        super().__init__()
        self._tests = tests
        # Spread over all of it, whose parts may be protected or not.
        self._batch = train.take(np.unique(
            np.linspace(0, len(train) - 1, batch_size).astype(int)
        ))
        self.found = {
            name: [] for name in (
                *tests, "train_loss", "train_accuracy", "gradient_norm"
            )
        }

    def on_epoch_end(self, epoch, logs=None):
        for name, part in self._tests.items():
            self.found[name].append(accuracy(self.model, part))
        if not np.isfinite(logs["loss"]):
            raise UserError(
                f"The trainer's loss became {logs['loss']} in epoch "
                f"{epoch + 1}: he has learnt nothing, which says nothing of "
                "the pictures. Give him a smaller `learning_rate`."
            )
        self.found["train_loss"].append(float(logs["loss"]))
        self.found["train_accuracy"].append(float(logs["accuracy"]))
        self.found["gradient_norm"].append(
            gradient_norm(self.model, self._batch)
        )
