"""Batch normalisation as one operation of TensorFlow, for training."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("kprivacy")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer for float32 images, computed by TensorFlow's own kernel.

    Keras 3 computes it in ten operations, each with its gradient, which are a
    third of a ResNet-18's step on a processor. Values are the same but for
    rounding. Of other shapes, types, axes and options it is Keras' layer.

    Args:
        **kwargs: Of `keras.layers.BatchNormalization`.
    """

    def call(self, inputs, training=None, mask=None):
        if not self._fits(inputs) or mask is not None:
            return super().call(inputs, training=training, mask=mask)
        training = bool(training and self.trainable)
        known = self.moving_mean, self.moving_variance
        if training:  # the kernel finds its own, and takes none
            known = [tf.zeros([0])] * 2
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=self.beta,
            mean=known[0],
            variance=known[1],
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            # It gives the sample's variance; Keras keeps that of the batch.
            count = tf.cast(tf.size(inputs) / inputs.shape[-1], variance.dtype)
            self._keep(self.moving_mean, mean)
            self._keep(self.moving_variance, variance * (count - 1) / count)
        return outputs

    def _keep(self, held, now):
        held.assign(held * self.momentum + now * (1.0 - self.momentum))

    def _fits(self, inputs):
        return (
            len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and self.scale and self.center
            and not (self.renorm or self.synchronized)
            and isinstance(inputs, tf.Tensor)
            and inputs.dtype == tf.float32 == self.compute_dtype
        )


def fused(model):
    """A functional model with the same weights that trains faster.

    Args:
        model: `keras.Model`; its batch normalisations, and those of models
            inside, are replaced by `FusedBatchNormalization`.
    """
    return _with(model, keras.layers.BatchNormalization,
                 FusedBatchNormalization)


def unfused(model):
    """The reverse of `fused`: with Keras' own layers alone.

    Args:
        model: `keras.Model`.
    """
    return _with(model, FusedBatchNormalization,
                 keras.layers.BatchNormalization)


def _with(model, kind, other):
    def layer(one):
        made = other if type(one) is kind else type(one)
        return made.from_config(one.get_config())

    copy = keras.models.clone_model(
        model, clone_function=layer, recursive=True
    )
    copy.set_weights(model.get_weights())
    return copy
