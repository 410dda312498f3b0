"""EMN, error-minimising noise: the strongest rival of ConfounderGAN's paper."""

import keras
import numpy as np
import tensorflow as tf

from kprivacy import errors, networks
from kprivacy.data import pictures
from kprivacy.seeding import seeded

# The public recipe's.
BATCH = 512
SURROGATE_STEPS = 10
NOISE_STEPS = 20
ENOUGH = 0.01
# Of a class's noise, which a picture moves by one step.
CLASS_ENOUGH = 0.1


def error_minimising(
    part,
    bound=8 / 255,
    classwise=False,
    network="resnet18",
    width=64,
    most_rounds=100,
    seed=0,
    stem="cifar",
):
    """Noise that leaves a classifier nothing to learn.

    In turns, a surrogate classifier takes 10 steps on the images with their
    noise (SGD, rate .1, momentum .9, weight decay 5e-4 as PyTorch counts
    it, gradients clipped to a norm of 5), and then the noise takes 20 signed
    steps of a tenth of the bound down the surrogate's loss, until the
    surrogate errs on at most 1 % of what is published. The noise of a class
    becomes, with each batch, the mean of where its pictures' own gradients
    would move it by one such step, until the surrogate errs on at most 10 %.

    Args:
        part: `kprivacy.data.Arrays` of images in [0, 1] with their labels.
        bound: Largest change of a pixel, in [0, 1]; cut to whole levels of
            255.
        classwise: Whether all images of a class have one noise.
        network: Of the surrogate, see `kprivacy.networks.classifier`.
        width: Of its first layers.
        most_rounds: Turns after which it ends all the same.
        seed: Of weights and orders.
        stem: Of the surrogate, "cifar", or "imagenet" for pictures of 224 x
            224.

    Returns:
        (noise, float32 of the images' shape and within the bound; the
        surrogate's share of errors after each turn, a list).

    Raises:
        UserError: The part is no set of labelled images in [0, 1], the bound
            is less than a level or above 1, the network is unknown, or the
            policy is of float16.

    Reference: Huang et al., Unlearnable examples: making personal data
    unexploitable, 2021. The noise starts at 0, the surrogate judges without
    augmentation. The public code loses negative noise where it stores
    images; `kprivacy.baselines.published` does not. Further, the surrogate's
    batches are shuffled here, and a last smaller one is left out. Of noise of
    classes the 10 % are those of the code's README (its scripts have 1 %, on
    a fifth of the images; here all are used), and steps go on from the noise
    itself, also where a black or white pixel leaves no room for it.
    """
    errors.check_count("most_rounds", most_rounds)
    pictures.check(part=part)
    bound = pictures.levels(bound) / 255
    errors.check_no_float16("Error-minimising noise")
    with seeded(seed):
        model = networks.classifier(
            part.data.shape[1:], part.num_classes, network, width, stem
        )
    game = _Game(model, bound)
    generator = np.random.default_rng(seed)
    own = part.labels if classwise else np.arange(len(part))
    noise = np.zeros((int(own.max()) + 1, *part.data.shape[1:]), np.float32)
    wrong = []
    order = np.empty(0, int)
    for _ in range(most_rounds):
        for _ in range(SURROGATE_STEPS):
            if len(order) < min(BATCH, len(part)):
                order = generator.permutation(len(part))
            where, order = order[:BATCH], order[BATCH:]
            game.learn(
                part.data[where], noise[own[where]], part.labels[where]
            )
        wrong.append(_turn(game, part, noise, own, classwise))
        if wrong[-1] <= (CLASS_ENOUGH if classwise else ENOUGH):
            break
    return noise[own], wrong


def _turn(game, part, noise, own, classwise):
    """Moves all noise; returns the share of errors after it."""
    right = 0
    batches = [
        np.arange(begin, min(begin + BATCH, len(part)))
        for begin in range(0, len(part), BATCH)
    ]
    for where in batches:
        images, labels = part.data[where], part.labels[where]
        if classwise:
            slopes = game.slopes(images, noise[own[where]], labels).numpy()
            _move(noise, own[where], slopes, game.bound)
        else:
            noise[where] = game.descend(images, noise[where], labels).numpy()
            right += int(game.right(images, noise[where], labels))
    if classwise:  # which moves to the very end
        right = sum(
            int(game.right(part.data[where], noise[own[where]],
                           part.labels[where]))
            for where in batches
        )
    return 1 - right / len(part)


def _move(noise, own, slopes, bound):
    """Each class's noise to the mean of where its pictures would have it."""
    wanted = np.clip(
        noise[own] - bound / 10 * np.sign(slopes), -bound, bound
    )
    for label in np.unique(own):
        noise[label] = wanted[own == label].mean(axis=0)


class _Game:
    """The surrogate's steps and the noise's, compiled once."""

    def __init__(self, model, bound):
        self.model, self.bound = model, bound
        self.loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True
        )
        self.optimizer = keras.optimizers.SGD(
            # Keras decays weights beside the momentum, which is ten times.
            0.1, momentum=0.9, weight_decay=5e-3, global_clipnorm=5.0
        )
        self.optimizer.build(model.trainable_variables)

    @tf.function(reduce_retracing=True)
    def learn(self, images, noise, labels):
        """One step of the surrogate."""
        with tf.GradientTape() as tape:
            seen = tf.clip_by_value(images + noise, 0.0, 1.0)
            loss = self.loss(labels, self.model(seen, training=True))
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)

    @tf.function(reduce_retracing=True)
    def descend(self, images, noise, labels):
        """Noise after its signed steps down the loss."""
        for _ in tf.range(NOISE_STEPS):
            step = self.bound / 10 * tf.sign(self._slopes(
                images, noise, labels
            ))
            noise = tf.clip_by_value(noise - step, -self.bound, self.bound)
            # Within what the picture has room for.
            noise = tf.clip_by_value(images + noise, 0.0, 1.0) - images
        return noise

    @tf.function(reduce_retracing=True)
    def slopes(self, images, noise, labels):
        """The loss's gradient in the noise."""
        return self._slopes(images, noise, labels)

    @tf.function(reduce_retracing=True)
    def right(self, images, noise, labels):
        """How many images with their noise are named right."""
        seen = tf.clip_by_value(images + noise, 0.0, 1.0)
        scores = self.model(seen, training=False)
        found = tf.argmax(scores, axis=1, output_type=tf.int32)
        return tf.reduce_sum(tf.cast(found == tf.cast(labels, tf.int32),
                                     tf.int32))

    def _slopes(self, images, noise, labels):
        # At the clipped picture: through the clip there would be no gradient
        # at black and white.
        seen = tf.clip_by_value(images + noise, 0.0, 1.0)
        with tf.GradientTape() as tape:
            tape.watch(seen)
            loss = self.loss(labels, self.model(seen, training=False))
        return tape.gradient(loss, seen)
