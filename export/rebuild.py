"""Clients' graphs, with some layers in other ways."""

import contextlib

import numpy as np

from kprivacy.errors import UserError

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


def folded_where_it_can(model):
    """`folded`, or the model itself where that is refused."""
    with contextlib.suppress(UserError):
        return folded(model)
    return model


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


def replaced(model, kind, chosen, fold=False):
    """The model with layers of a class done in another way.

    Args:
        model: Functional `keras.Model`.
        kind: Name of the class.
        chosen: Function of a layer and the shape that it takes to a function
            that does it, of the layer and its input; to None where it stays.
        fold: Whether batch normalisation goes into its neighbours first,
            where it can.

    Returns:
        A functional `keras.Model` of the same function, but for rounding;
        `model` itself if it has no such layer.
    """
    import keras

    flat = flattened(model)
    if not any(
        type(layer).__name__ == kind and chosen(layer, shape)
        for layer, shape in _taken(flat)
    ):
        return model
    if fold:
        flat = folded_where_it_can(flat)

    def of(layer):
        def call(given):
            do = chosen(layer, given.shape)
            return layer(given) if do is None else do(layer, given)

        return call if type(layer).__name__ == kind else layer

    return rebuilt(flat, keras, of)


def convolved(layer, given, kernel, times, **settings):
    """What a convolution in the place of a layer gives.

    Args:
        layer: Whose activation, bias and name it has.
        given: What it takes.
        kernel: (height, width, channels, times the layer's filters).
        times: How often the bias is repeated.
        **settings: Of `keras.layers.Conv2D`.
    """
    import keras

    copy = keras.layers.Conv2D(
        kernel.shape[-1], kernel.shape[:2], activation=layer.activation,
        use_bias=layer.use_bias, name=layer.name, **settings,
    )
    out = copy(given)
    bias = layer.get_weights()[1:]
    copy.set_weights([kernel, *(np.tile(one, times) for one in bias)])
    return out


def _taken(model):
    """Layers of a model without models inside, and the shapes they take.

    A layer itself knows the graphs that it was in before.
    """
    return [
        (node.operation, node.input_tensors[0].shape)
        for node in _in_order(model) if node.input_tensors
    ]


def _in_order(model):
    depths = sorted(model._nodes_by_depth, reverse=True)
    return [node for depth in depths for node in model._nodes_by_depth[depth]]


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
