"""Parts of FakeSafe's networks: into a code, and out of one."""

import math

import keras
from keras import layers

from kprivacy import errors
from kprivacy.fakesafe.covers import Embed, Read, key_size
from kprivacy.fakesafe.layers import BinaryCode, Mask
from kprivacy.networks import strided

NETWORKS = ("mlp", "convolutional")
# From a cover to where it changes.
PLACE_LAYERS = ("place_conv1", "place_1_relu", "place_conv2")


def transform(
    input_shape,
    output_shape,
    input_name,
    name,
    network="mlp",
    units=None,
    filters=(64, 32),
    detail=0,
    dropout=None,
    normalise=None,
    code=0,
    key=False,
    cover=0,
    spacing=0.09,
    smooth=0.5,
    binary=True,
):
    """Builds a network from one domain to another, F or R.

    Args:
        input_shape: (height, width, channels) of images in [0, 1] or (size,)
            of vectors.
        output_shape: Likewise.
        input_name: Name of the input.
        name: Name of the model.
        network: "mlp", or "convolutional" on the sides that are images.
        units: Widths of the perceptron's layers; None: the paper's for these
            domains, see `paper`.
        filters: Filters of the convolutions, from the code to the image.
        detail: Filters of the convolutions at full size, see
            `kprivacy.networks.strided`; 0 for none.
        dropout: Share of each dense layer's outputs dropped in training;
            None as above.
        normalise: Whether dense layers have batch normalisation; None as
            above.
        code: Length of the binary code in the middle; 0 for none.
        key: Whether there is an input "key", as long as the code, and longer
            with a cover, see `kprivacy.fakesafe.covers.key_size`.
        cover: Bits that each direction of a cover holds, 1 or 2; 0 for no
            cover. The client then has an input "cover", a real example of
            the fake's domain, and moves it to where the code is read.
        spacing: Of a cover's lattice, see `kprivacy.fakesafe.covers`.
        smooth: Likewise.
        binary: Whether the code is of -1 and 1 (the client's), or between
            them (what the server believes of it).

    Returns:
        A functional `keras.Model`.
    """
    errors.check_choice("network", network, NETWORKS)
    _check_code(code, key or cover)
    usual = paper(input_shape, output_shape, client=binary)
    units = usual["units"] if units is None else units
    dense = {
        "dropout": usual["dropout"] if dropout is None else dropout,
        "normalise": usual["normalise"] if normalise is None else normalise,
    }
    inputs = [keras.Input(input_shape, name=input_name)]
    x = inputs[0]
    lattice = {"per_direction": cover, "spacing": spacing, "smooth": smooth}
    if cover:
        _check_cover(output_shape if binary else input_shape, code, cover)
    if key:
        size = key_size(code, cover) if cover else code
        inputs.append(keras.Input((size,), name="key"))
    if cover and not binary:
        x = Read(code, **lattice, name="code")(inputs if key else x)
    elif network == "convolutional" and len(input_shape) == 3:
        x = strided.down(x, tuple(reversed(filters)), detail=detail)
    elif code:
        x = perceptron(x, tuple(reversed(units)), label="in", **dense)
    if code and not (cover and not binary):
        x = layers.Dense(code, name="code_dense")(x)
        x = layers.BatchNormalization(momentum=0.9, name="code_norm")(x)
        x = BinaryCode(binary, name="code")(x)
    if key:
        x = Mask(name="mask")([x, inputs[1]])
    if cover and binary:
        given = keras.Input(output_shape, name="cover")
        place = _place(given, detail or 16)
        x = Embed(**lattice, name="fake")([x, given, place, *inputs[1:]])
        inputs.append(given)
    else:
        x = _out(x, output_shape, network, units, (filters, detail), dense)
    return keras.Model(inputs if inputs[1:] else inputs[0], x, name=name)


def paper(input_shape, output_shape, client):
    """The paper's `units`, `dropout` and `normalise` for two domains.

    Text is vectors. The client of text is the paper's text-image model, its
    server the image-text model; both also where the fake is a vector, which
    the paper gives no network for.

    Args:
        input_shape: As for `transform`.
        output_shape: Likewise.
        client: Whether it is F.
    """
    text = len(input_shape if client else output_shape) == 1
    units = (256, 512, 1024)
    if text:
        units = ((64,) if client else (128,)) + units
    bare = text and not client
    return {
        "units": units, "dropout": 0.2 * bare, "normalise": not bare
    }


def perceptron(x, units, label, dropout=0.0, normalise=True):
    """Dense layers with batch norm, leaky ReLU and dropout."""
    if len(x.shape) > 2:
        x = layers.Flatten(name=f"{label}_flatten")(x)
    for i, count in enumerate(units, start=1):
        x = layers.Dense(
            count, use_bias=not normalise, name=f"{label}_dense{i}"
        )(x)
        x = strided.activated(x, normalise, f"{label}_{i}")
        if dropout:
            x = layers.Dropout(dropout, name=f"{label}_dropout{i}")(x)
    return x


def _place(cover, filters):
    """How readily each pixel of a cover changes, in (0, 1): half, at first."""
    x = layers.Conv2D(filters, 3, padding="same", name="place_conv1")(cover)
    x = strided.activated(x, False, "place_1")
    return layers.Conv2D(
        cover.shape[-1],
        3,
        padding="same",
        activation="sigmoid",
        kernel_initializer="zeros",
        name="place_conv2",
    )(x)


def _out(x, shape, network, units, convolutions, dense):
    """From a code, or the input itself, to the output domain."""
    image = len(shape) == 3
    if image and network == "convolutional":
        x = strided.up(x, shape, convolutions[0], detail=convolutions[1])
    else:
        x = perceptron(x, units, label="out", **dense)
        x = layers.Dense(math.prod(shape), name="out_dense")(x)
        x = layers.Reshape(shape, name="out_reshape")(x)
    activation = "sigmoid" if image else "linear"
    return layers.Activation(activation, dtype="float32", name="output")(x)


def _check_code(code, used):
    if code:
        errors.check_count("code", code)
    elif used:
        raise errors.UserError(
            "A key and a cover need a code. "
            f"Received: code={code!r}. Give its length, for example code=64."
        )


def _check_cover(shape, code, cover):
    errors.check_choice("cover", cover, (1, 2))
    if len(shape) != 3 or code % cover:
        raise errors.UserError(
            "A cover is an image, and each of its directions holds `cover` "
            f"bits of the code. Received: a fake of shape {tuple(shape)}, "
            f"code={code}, cover={cover}. Choose a domain of images, or "
            "another length."
        )
