"""Classifiers that train on the worst that could be made of each picture."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kprivacy")
class Hardened(keras.Model):
    """A classifier that learns from its own worst cases.

    Adversarial training by projected gradient descent from a random start,
    in steps of 2.5 times the radius, divided by how many they are.

    Args:
        *args: Of `keras.Model`: inputs and outputs.
        radius: Largest change of a pixel, in pictures from 0 to 1.
        steps: Of the descent; each costs two thirds of a plain training step.
        seed: Of the starts.
        **kwargs: Of `keras.Model`.

    Reference: Madry et al., Towards deep learning models resistant to
    adversarial attacks, 2018.
    """

    def __init__(self, *args, radius=8 / 255, steps=10, seed=0, **kwargs):
        super().__init__(*args, **kwargs)
        self._radius, self._steps = radius, steps
        self._generator = keras.random.SeedGenerator(seed)

    def get_config(self):
        own = {"radius": self._radius, "steps": self._steps}
        return {**super().get_config(), **own}

    def train_step(self, data):
        images, labels = data
        noise = keras.random.uniform(
            keras.ops.shape(images), -self._radius, self._radius,
            seed=self._generator,
        )
        noise = self._inside(images, noise)
        for _ in range(self._steps):
            noise = self._worse(images, labels, noise)
        return super().train_step((images + noise, labels))

    def _worse(self, images, labels, noise):
        with tf.GradientTape() as tape:
            tape.watch(noise)
            scores = self(images + noise, training=False)
            loss = self.compute_loss(images, labels, scores)
        uphill = keras.ops.sign(tape.gradient(loss, noise))
        size = 2.5 * self._radius / self._steps
        return self._inside(images, noise + size * uphill)

    def _inside(self, images, noise):
        """Noise within the radius, of pictures from 0 to 1."""
        noise = keras.ops.clip(noise, -self._radius, self._radius)
        return keras.ops.clip(images + noise, 0, 1) - images


@keras.saving.register_keras_serializable("kprivacy")
class Erased(keras.Model):
    """A classifier that learns from the hardest of several versions.

    Where images come as versions (batch, versions, height, width, channels),
    the loss is the mean over images of the largest loss of a version, all of
    them seen in one training step; images (batch, height, width, channels)
    are learnt as they are. Logits and cross entropy, whatever `compile` is
    given.

    Reference: Qin et al., Learning the unlearnable: adversarial augmentations
    suppress unlearnable example attacks, 2023, UEraser-max.
    """

    VERSIONS = 5
    SHARE = 0.3  # of the epochs, at the start: 60 of the reference's 200

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._versions = 1

    def train_step(self, data):
        images, labels = data
        if len(images.shape) == 4:
            return super().train_step(data)
        self._versions = images.shape[1]
        each = keras.ops.reshape(images, (-1, *images.shape[2:]))
        try:
            return super().train_step(
                (each, keras.ops.repeat(labels, self._versions, axis=0))
            )
        finally:
            self._versions = 1

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None,
                     training=True):
        losses = keras.losses.categorical_crossentropy(
            y, y_pred, from_logits=True
        )
        losses = keras.ops.reshape(losses, (-1, self._versions))
        return keras.ops.mean(keras.ops.max(losses, axis=1))
