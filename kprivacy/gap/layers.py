"""Layers of GAP's parametric channels."""

import math

import keras
from keras import layers, ops

LEAST = 1e-6


@keras.saving.register_keras_serializable("kprivacy")
class Normal(layers.Layer):
    """Standard normal numbers from twice as many uniform ones (Box, Muller).

    A phone draws uniform numbers on [0, 1]; the transform is a handful of
    plain operations, which convert to TFLite.
    """

    def call(self, inputs):
        one, other = ops.split(inputs, 2, axis=-1)
        radius = ops.sqrt(-2.0 * ops.log(ops.maximum(one, LEAST)))
        return radius * ops.cos(2 * math.pi * other)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // 2)


@keras.saving.register_keras_serializable("kprivacy")
class Affine(layers.Layer):
    """x + shift + deviation * noise, learnt for each private class.

    With two classes and shifts b0 and -b1 this is the affine channel
    X + (1 - Y) b0 - Y b1 + N of generative adversarial privacy.

    Args:
        classes: Number of private classes, 0 where it does not see them.
        noisy: Whether there is noise.

    Call arguments: `[x, private, normal noise]`: x and noise of shape
    (batch, d), private one-hot (batch, classes), as far as it has them.
    """

    def __init__(self, classes=0, noisy=True, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes
        self.noisy = noisy

    def build(self, input_shape):
        shape = (max(1, self.classes), input_shape[0][-1])
        self.shift = self.add_weight(
            name="shift", shape=shape, initializer="zeros"
        )
        if self.noisy:
            # The gradient of the deviation is zero where it is zero.
            self.deviation = self.add_weight(
                name="deviation", shape=shape,
                initializer=keras.initializers.Constant(0.1),
            )

    def call(self, inputs):
        x, private = inputs[0], inputs[1] if self.classes else None
        moved = x + _of_class(self.shift, private)
        if self.noisy:
            moved += _of_class(self.deviation, private) * inputs[-1]
        return moved

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        mine = {"classes": self.classes, "noisy": self.noisy}
        return {**super().get_config(), **mine}


@keras.saving.register_keras_serializable("kprivacy")
class Flips(layers.Layer):
    """Bits turned over with learnt probabilities, one a bit, value and class.

    In training the step from probability to bit passes the gradient of a
    logistic of the given temperature, so that it can be learnt.

    Args:
        classes: As for `Affine`.
        temperature: Of the logistic; small is exact and noisy, large smooth
            and biased.

    Call arguments: `[bits, private, uniform noise]`: bits and noise of shape
    (batch, d), private as for `Affine`, where it has it.

    Reference: Maddison, Mnih and Teh, The concrete distribution, 2017.
    """

    def __init__(self, classes=0, temperature=0.3, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes
        self.temperature = temperature

    def build(self, input_shape):
        shape = (max(1, self.classes), input_shape[0][-1])
        initializer = keras.initializers.Constant(-2.0)
        # Logits of the probability that a bit leaves as the other one.
        self.zeros = self.add_weight(
            name="zeros", shape=shape, initializer=initializer
        )
        self.ones = self.add_weight(
            name="ones", shape=shape, initializer=initializer
        )

    def call(self, inputs):
        bits, private = inputs[0], inputs[1] if self.classes else None
        noise = ops.clip(inputs[-1], LEAST, 1 - LEAST)
        flip = bits * _of_class(self.ones, private) + (1 - bits) * (
            _of_class(self.zeros, private)
        )
        drawn = flip + ops.log(noise) - ops.log(1 - noise)
        soft = ops.sigmoid(drawn / self.temperature)
        hard = ops.cast(drawn > 0, soft.dtype)
        flipped = soft + ops.stop_gradient(hard - soft)
        return bits + flipped * (1 - 2 * bits)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        mine = {"classes": self.classes, "temperature": self.temperature}
        return {**super().get_config(), **mine}


def _of_class(table, private):
    """The row of a table (classes, d) for each example, or its only one."""
    return table[0] if private is None else ops.matmul(private, table)


@keras.saving.register_keras_serializable("kprivacy")
class Blend(keras.layers.Layer):
    """Data where they may stay, what is made of them where they must not.

    `data + mask * (made - data)` with a mask in [0, 1] of the data's shape,
    the same for all examples, so that it tells nothing of any. It starts near
    1, where all is made, and reaches both ends: a hundredth of the data that
    shines through is found by whoever scales it up. Gradients pass the ends.

    Call arguments: `[data, made]` of the same shape.
    """

    # Of the mask's logits: Adam's steps are as long whatever they are for.
    SPEED = 20.0
    START = 3.0
    # How far the sigmoid is stretched beyond 0 and 1.
    STRETCH = 0.1

    def build(self, input_shape):
        self.logits = self.add_weight(
            name="logits",
            shape=tuple(input_shape[0][1:-1]) + (1,),
            initializer=keras.initializers.Constant(self.START / self.SPEED),
        )

    def call(self, inputs):
        data, made = inputs
        soft = ops.sigmoid(self.SPEED * self.logits)
        hard = ops.clip(
            (1 + 2 * self.STRETCH) * soft - self.STRETCH, 0.0, 1.0
        )
        mask = soft + ops.stop_gradient(hard - soft)
        return data + mask * (made - data)

    def compute_output_shape(self, input_shape):
        return input_shape[0]
