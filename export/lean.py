"""Clients without work that a file of one size does not have to do.

Batch normalisation is folded into convolutions: the converter leaves it after
transposed ones. Crops that crop nothing at the file's size and changes of size
that change none are left out, and cells of class patterns are written out: a
file would do that in every call.
"""

import numpy as np

from . import rebuild

# Clients without any of these are left as they are.
NEEDED = {"ClassPatterns", "Conv2DTranspose", "CropLike", "Resized"}


def lean(model, shapes):
    """A client's model for one size of its inputs.

    Args:
        model: Functional `keras.Model`.
        shapes: Of each input, without the batch.

    Returns:
        A functional `keras.Model` of the same function, but for rounding.
    """
    import keras

    names = {type(one).__name__ for one in model._flatten_layers()}
    if not names & NEEDED:
        return model
    # Layers know the graphs that they are in: those of the client stay out.
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    model = rebuild.folded_where_it_can(rebuild.flattened(copy))

    def of(layer):
        name = type(layer).__name__
        if name == "CropLike":
            return lambda given: _cropped(layer, given)
        if name == "Resized":
            return lambda given: _resized(layer, given)
        return _repeated(layer) if name == "ClassPatterns" else layer

    return rebuild.rebuilt(model, keras, of, shapes)


def _cropped(layer, given):
    maps, like = given
    return maps if maps.shape[1:3] == like.shape[1:3] else layer(given)


def _resized(layer, given):
    same = given.shape[1:3] == (layer.height, layer.width)
    return given if same else layer(given)


def _repeated(layer):
    """The same patterns, with cells of one pixel."""
    squares = layer.squares.numpy()
    for axis in (1, 2):
        squares = np.repeat(squares, layer.cell, axis=axis)
    config = layer.get_config()
    copy = type(layer).from_config(
        {**config, "side": config["side"] * config["cell"], "cell": 1}
    )

    def call(given):
        made = copy(given)
        copy.set_weights([squares])
        return made

    return call
