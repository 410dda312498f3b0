"""A client's twin in tf_keras.

Quantisation-aware training is of tf_keras models. It would leave batch
normalisation between integers, which is folded before (`export.rebuild`).
"""

import inspect

import numpy as np

from kprivacy.errors import UserError

from . import rebuild

# Largest difference of a twin from its client, in units of what is sent.
TOLERANCE = 1e-4


def twin(model):
    """A model of tf_keras with the same layers and weights.

    Raises:
        UserError: A layer has no counterpart.
    """
    import tf_keras

    made = {}

    def counterpart(layer):
        if layer.name not in made:
            made[layer.name] = _counterpart(layer)
        return made[layer.name]

    copy = rebuild.rebuilt(model, tf_keras, counterpart)
    for name, layer in made.items():
        held = model.get_layer(name).get_weights()
        if held:
            layer.set_weights(held)
    return copy


def check_equal(model, other, inputs):
    """Raises unless two models give the same for some inputs, a list."""
    given = inputs if len(inputs) > 1 else inputs[0]
    apart = np.abs(
        np.asarray(model(given)) - np.asarray(other(given))
    ).max()
    if not apart <= TOLERANCE:
        raise UserError(
            f"The client's twin must give what the client gives. Received: a "
            f"difference of {apart:.2g}. Export without fine-tuning."
        )


def _counterpart(layer):
    """The layer of tf_keras of the same class and settings."""
    import tf_keras

    name = type(layer).__name__
    own = own_layers().get(name)
    kind = own or getattr(tf_keras.layers, name, None)
    if kind is None:
        raise UserError(
            "Fine-tuning needs layers that tf_keras has. Received: "
            f"{layer.name!r}, a {name}. Export without fine-tuning."
        )
    config = {
        key: value for key, value in layer.get_config().items()
        if not key.endswith(("_initializer", "_regularizer", "_constraint"))
    }
    config["dtype"] = "float32"
    if name == "LeakyReLU":
        config["alpha"] = config.pop("negative_slope")
    known = {"name", "trainable", "dtype"}
    for one in kind.__mro__:
        if "__init__" in vars(one):
            known |= set(inspect.signature(one.__init__).parameters)
    return kind(**{key: config[key] for key in config if key in known})


def own_layers():
    """Counterparts of the package's own layers."""
    import tensorflow as tf
    import tf_keras

    from kprivacy.confounder_gan.client import patterned
    from kprivacy.gap import layers as gap_layers

    class AddUniformNoise(tf_keras.layers.Layer):
        def __init__(self, amplitude, **kwargs):
            super().__init__(**kwargs)
            self.amplitude = amplitude

        def call(self, inputs):
            features, noise = inputs
            return features + self.amplitude * (2.0 * noise - 1.0)

        def get_config(self):
            return {**super().get_config(), "amplitude": self.amplitude}

    class Blend(tf_keras.layers.Layer):
        def build(self, input_shape):
            self.logits = self.add_weight(
                "logits", tuple(input_shape[0][1:-1]) + (1,)
            )

        def call(self, inputs):
            data, made = inputs
            own = gap_layers.Blend
            soft = tf.sigmoid(own.SPEED * self.logits)
            mask = tf.clip_by_value(
                (1 + 2 * own.STRETCH) * soft - own.STRETCH, 0.0, 1.0
            )
            return data + mask * (made - data)

    class BinaryCode(tf_keras.layers.Layer):
        def __init__(self, binary=True, **kwargs):
            super().__init__(**kwargs)
            self.binary = binary

        def call(self, inputs):
            soft = tf.tanh(inputs)
            if not self.binary:
                return soft
            one = tf.ones_like(soft)
            hard = tf.where(inputs >= 0, one, -one)
            return hard + (soft - tf.stop_gradient(soft))

        def get_config(self):
            return {**super().get_config(), "binary": self.binary}

    class Bounded(tf_keras.layers.Layer):
        def __init__(self, bound, **kwargs):
            super().__init__(**kwargs)
            self.bound = bound

        def call(self, inputs):
            return self.bound * tf.tanh(inputs)

        def get_config(self):
            return {**super().get_config(), "bound": self.bound}

    class CropLike(tf_keras.layers.Layer):
        def call(self, inputs):
            maps, like = inputs
            height, width = tf.shape(like)[1], tf.shape(like)[2]
            return maps[:, :height, :width]

    class Mask(tf_keras.layers.Layer):
        def call(self, inputs):
            code, key = inputs
            return code * (1.0 - 2.0 * key[..., : code.shape[-1]])

    class ClassPatterns(tf_keras.layers.Layer):
        def __init__(self, side, cell, gain, **kwargs):
            super().__init__(**kwargs)
            self.side, self.cell, self.gain = side, cell, gain

        def build(self, input_shape):
            maps, told = input_shape
            self.squares = self.add_weight(
                "squares", (told[-1], self.side, self.side, maps[-1])
            )

        def call(self, inputs):
            squares = self.gain * self.squares
            return patterned(*inputs, squares, self.cell)

        def get_config(self):
            return {**super().get_config(), "side": self.side,
                    "cell": self.cell, "gain": self.gain}

    class Resized(tf_keras.layers.Layer):
        def __init__(self, height, width, **kwargs):
            super().__init__(**kwargs)
            self.height, self.width = height, width

        def call(self, inputs):
            return tf.image.resize(inputs, (self.height, self.width))

        def get_config(self):
            return {**super().get_config(), "height": self.height,
                    "width": self.width}

    own = (AddUniformNoise, BinaryCode, Blend, Bounded, ClassPatterns,
           CropLike, Mask, Resized)
    return {one.__name__: one for one in own}
