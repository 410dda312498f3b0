"""A decoder that is trained against a critic of its pictures."""

import keras
import tensorflow as tf
from keras import layers, ops

from kprivacy.attacks.reconstruction.attackers import Decoder

CRITIC_WEIGHT = 0.003


class AdversarialDecoder(Decoder):
    """A decoder with an adversarial loss beside the squared error.

    A critic tells reconstructions from data; the decoder also minimises the
    least-squares loss of deceiving it, `CRITIC_WEIGHT` times, which gives
    sharper reconstructions than the squared error alone.

    Args: as `Decoder`.

    Reference: Dosovitskiy and Brox, Generating images with perceptual
    similarity metrics based on deep networks, 2016; Mao et al., Least
    squares generative adversarial networks, 2017.
    """

    def _compiled(self, model, rate):
        critic = _critic(model.output_shape[1:])
        game = DecoderGame(model, critic)
        game.compile(keras.optimizers.Adam(rate), loss="mse")
        # As `kprivacy.optimizers.build` does, each of its own network.
        game.optimizer.build(model.trainable_variables)
        game.critic_optimizer.build(critic.trainable_variables)
        return game


class DecoderGame(keras.Model):
    """The decoder with its critic; called, it is the decoder."""

    def __init__(self, decoder, critic):
        super().__init__()
        self.decoder = decoder
        self.critic = critic
        self.critic_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
        self.build(decoder.input_shape)

    def call(self, features, training=False):
        return self.decoder(features, training=training)

    def train_step(self, data):
        features, targets = data
        guess = self.decoder(features, training=True)
        with tf.GradientTape() as tape:
            real = self.critic(targets, training=True)
            fake = self.critic(guess, training=True)
            loss = ops.mean(ops.square(real - 1)) + ops.mean(ops.square(fake))
        variables = self.critic.trainable_variables
        self.critic_optimizer.apply(tape.gradient(loss, variables), variables)
        with tf.GradientTape() as tape:
            guess = self.decoder(features, training=True)
            fooled = ops.mean(ops.square(self.critic(guess) - 1))
            error = ops.mean(ops.square(targets - guess))
            loss = error + CRITIC_WEIGHT * fooled
        variables = self.decoder.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}


def _critic(shape):
    inputs = keras.Input(shape)
    x = inputs
    conv = layers.Conv2D if len(shape) == 3 else layers.Conv1D
    for filters in (16, 32):
        x = conv(filters, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(1)(x), name="critic")
