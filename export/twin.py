"""A client without batch normalisation, and its twin in tf_keras.

Quantisation-aware training is of tf_keras models, whose batch normalisation it
would leave between integers; so both are made first, and compared.
"""

import inspect

import numpy as np

from kprivacy.errors import UserError

# Largest difference of a twin from its client, in units of what is sent.
TOLERANCE = 1e-4
# Layers that a scale and an offset of each channel pass unchanged.
CROPS = ("Cropping2D", "CropLike")


def flattened(model):
    """The model with the layers of models inside it in their places.

    Args:
        model: Functional `keras.Model`.

    Returns:
        A functional `keras.Model` of the same layers, or `model` itself.
    """
    import keras

    def of(layer):
        if not isinstance(layer, keras.Model):
            return layer
        inner = getattr(layer, "_functional", None) or layer  # of Sequential
        return lambda given: _follow(inner, [given], of)

    if not any(isinstance(one, keras.Model) for one in model.layers):
        return model
    return rebuilt(model, keras, of)


def folded(model):
    """The model with batch normalisation folded into its neighbours.

    After a linear convolution or dense layer it goes into that layer; before
    dense layers alone into them.

    Args:
        model: Functional `keras.Model`.

    Returns:
        A functional `keras.Model` of the same function.

    Raises:
        UserError: A batch normalisation stands elsewhere.
    """
    import keras

    nodes = _in_order(model)
    weights, gone = {}, set()
    for node in nodes:
        if isinstance(node.operation, keras.layers.BatchNormalization):
            _fold(node, nodes, model, weights)
            gone.add(node.operation.name)
    made = {}

    def copied(layer):
        if layer.name not in made:
            config = layer.get_config()
            if layer.name in weights:
                config["use_bias"] = True
            made[layer.name] = type(layer).from_config(config)
        return made[layer.name]

    copy = rebuilt(
        model, keras,
        lambda layer: None if layer.name in gone else copied(layer),
    )
    for name, layer in made.items():
        held = weights.get(name) or model.get_layer(name).get_weights()
        if held:
            layer.set_weights(held)
    return copy


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

    copy = rebuilt(model, tf_keras, counterpart)
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


def _in_order(model):
    depths = sorted(model._nodes_by_depth, reverse=True)
    return [node for depth in depths for node in model._nodes_by_depth[depth]]


def taken(model):
    """Layers of a model without models inside, and the shapes they take.

    A layer itself knows the graphs that it was in before.
    """
    return [
        (node.operation, node.input_tensors[0].shape)
        for node in _in_order(model) if node.input_tensors
    ]


def rebuilt(model, framework, of, shapes=None):
    """The same graph of other layers; None leaves one out; other `shapes`."""
    shapes = shapes or [one.shape[1:] for one in model.inputs]
    inputs = [
        framework.Input(shape, dtype=one.dtype, name=one.name)
        for shape, one in zip(shapes, model.inputs)
    ]
    return framework.Model(
        inputs if len(inputs) > 1 else inputs[0],
        _follow(model, inputs, of), name=model.name,
    )


def _follow(model, inputs, of):
    """The output of a model's graph, each layer replaced by `of` it."""
    tensors = dict(zip(map(id, model.inputs), inputs))
    for node in _in_order(model):
        if type(node.operation).__name__ == "InputLayer":
            continue
        taken = [tensors[id(one)] for one in node.input_tensors]
        layer = of(node.operation)
        given = taken if len(taken) > 1 else taken[0]
        (out,) = node.output_tensors
        tensors[id(out)] = taken[0] if layer is None else layer(given)
    return tensors[id(model.outputs[0])]


def _fold(node, nodes, model, weights):
    """Puts one batch normalisation into `weights` of its neighbours."""
    from keras import layers

    norm = node.operation
    scale = norm.gamma.numpy() if norm.scale else 1.0
    scale = scale / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
    offset = -norm.moving_mean.numpy() * scale
    if norm.center:
        offset = offset + norm.beta.numpy()
    layer, alone = _source(node.input_tensors[0], nodes, model)
    linear = (layers.Conv2D, layers.Conv2DTranspose, layers.Dense)
    if isinstance(layer, linear) and alone and (
        layer.activation.__name__ == "linear"
    ):
        kernel, bias = _weights(layer, weights)
        if isinstance(layer, layers.Conv2DTranspose):
            kernel = kernel * scale.reshape(1, 1, -1, 1)
        else:
            kernel = kernel * scale
        weights[layer.name] = [kernel, bias * scale + offset]
        return
    takers = [one.operation for one in _takers(node.output_tensors[0], nodes)]
    if not takers or not all(isinstance(one, layers.Dense) for one in takers):
        raise UserError(
            "Batch normalisation must stand right after a linear convolution "
            f"or dense layer. Received: {norm.name!r} after {layer.name!r}. "
            "Export without fine-tuning."
        )
    for one in takers:
        kernel, bias = _weights(one, weights)
        weights[one.name] = [kernel * scale[:, None], bias + offset @ kernel]


def _source(tensor, nodes, model):
    """The layer before a tensor, past crops, and whether it feeds it alone."""
    alone = len(_takers(tensor, nodes)) == 1 and (
        tensor is not model.outputs[0]
    )
    (node,) = [
        one for one in nodes
        if any(made is tensor for made in one.output_tensors)
    ]
    if type(node.operation).__name__ not in CROPS:
        return node.operation, alone
    layer, also = _source(node.input_tensors[0], nodes, model)
    return layer, alone and also


def _takers(tensor, nodes):
    return [node for node in nodes
            if any(one is tensor for one in node.input_tensors)]


def _weights(layer, weights):
    """Kernel and bias of a layer, as they are by now."""
    if layer.name in weights:
        return weights[layer.name]
    kernel, *bias = layer.get_weights()
    return kernel, bias[0] if bias else np.float32(0)


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
