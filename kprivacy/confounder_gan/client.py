"""ConfounderGAN's client: the generator, which protects a picture."""

import keras
from keras import layers, ops

from kprivacy import errors
from kprivacy.data.pictures import levels
from kprivacy.layers import Resized, RoundToBytes
from kprivacy.networks import strided
from kprivacy.networks.unet import unet, up

FILTERS = {"unet": (64, 128, 256, 512), "residual": (64, 128, 256)}
BOUND = 8 / 255
TOLD = "told"  # the layer of what a guide tells


def build_client(
    input_shape=(None, None, 3),
    network="unet",
    filters=None,
    blocks=4,
    bound=BOUND,
    guide=None,
    pattern=0,
    cell=8,
):
    """Builds the generator, from a picture to the protected picture.

    The noise is `bound` times a hyperbolic tangent, and the outcome is clipped
    to [0, 1] and rounded to the 256 levels of a file: on pictures that have
    these levels the bound holds on the stored file. It is fully
    convolutional, for pictures of any size.

    Args:
        input_shape: (height, width, channels), without the batch; None for
            any height and width.
        network: "unet": a U-Net; "residual": convolutions down by 4,
            residual blocks, and up.
        filters: Of each convolution; of "residual" three. None: (64, 128,
            256, 512), of "residual" (64, 128, 256).
        blocks: Residual blocks of "residual".
        bound: Largest change of a pixel, in [0, 1]; cut to whole levels.
        guide: A trained classifier, `keras.Model` from pictures of its size,
            to which they are brought, to logits, whose probabilities go into
            the smallest maps of "unet". A copy of it stands still inside the
            generator. None: the generator has to learn the classes through
            the game.
        pattern: Cells a side of a square for each of the guide's classes that
            is learnt with the rest: repeated over the picture, weighted by
            the probabilities, it is added before the tangent. 0 for none.
        cell: Side of a cell, in pixels. Fine patterns are learnt late by
            whoever crops and flips.

    Returns:
        A functional `keras.Model` named "client" from `image` to the
        protected image; its layer "noise" is G(x).

    Raises:
        UserError: The network is unknown or takes no guide, there is a
            pattern without one or a guide of other channels, a size is none,
            or the bound is less than a level.
    """
    errors.check_choice("network", network, tuple(FILTERS))
    errors.check_count("pattern", pattern, 0)
    errors.check_count("cell", cell)
    errors.check_count("blocks", blocks, 0)
    if guide is not None:
        errors.check_choice("network with a guide", network, ("unet",))
    elif pattern:
        raise errors.UserError(
            f"A `pattern` needs a `guide`. Received: pattern={pattern!r} "
            "without one. Pass a classifier as `guide`."
        )
    filters = FILTERS[network] if filters is None else tuple(filters)
    if not filters:
        raise errors.UserError("`filters` must not be empty.")
    for one in filters:
        errors.check_count("filters", one)
    inputs = keras.Input(tuple(input_shape), name="image")
    told = None if guide is None else _told(inputs, guide)
    if network == "unet":
        middle = None if told is None else _everywhere(told)
        x = unet(inputs, filters, middle)
    else:
        x = _residual(inputs, filters, blocks)
    if pattern:
        x = ClassPatterns(pattern, cell, name="patterns")([x, told])
    noise = Bounded(levels(bound) / 255, dtype="float32", name="noise")(x)
    x = layers.Add(dtype="float32", name="sum")([inputs, noise])
    x = layers.ReLU(max_value=1.0, dtype="float32", name="clipped")(x)
    x = RoundToBytes(dtype="float32", name="protected")(x)
    return keras.Model(inputs, x, name="client")


def _told(inputs, guide):
    """The guide's probabilities of the picture."""
    # A copy without an optimizer, which would be saved with the generator.
    still = keras.models.clone_model(
        guide, clone_function=_still, recursive=True
    )
    still.set_weights(guide.get_weights())
    still.trainable = False
    side, channels = still.inputs[0].shape[1:3], still.inputs[0].shape[-1]
    if channels != inputs.shape[-1]:
        raise errors.UserError(
            "`guide` must take pictures of as many channels as `input_shape` "
            f"has, {inputs.shape[-1]}. Received: {channels}."
        )
    seen = Resized(*side, name="told_size")(inputs)
    return layers.Softmax(name=TOLD)(still(seen))


def _still(layer):
    """A layer's copy in float32, whatever trained it, without dropout.

    Keras hands `training` on to dropout, even past `trainable`.
    """
    config = {**layer.get_config(), "dtype": "float32"}
    if isinstance(layer, layers.Dropout):
        config["rate"] = 0.0
    return type(layer).from_config(config)


def _everywhere(told):
    """A function that adds to maps what is told, at every place."""

    def added(maps):
        x = layers.Dense(maps.shape[-1], name="told_dense")(told)
        x = layers.Reshape((1, 1, maps.shape[-1]), name="told_maps")(x)
        return layers.Add(name="told_everywhere")([maps, x])

    return added


def patterned(maps, told, squares, cell):
    """Maps, plus squares of cells: see `ClassPatterns`.

    Args:
        maps: (batch, height, width, channels).
        told: Probabilities, (batch, classes).
        squares: (classes, side, side, channels), a number for each cell.
        cell: Side of a cell, in pixels.
    """
    for axis in (1, 2):
        squares = ops.repeat(squares, cell, axis=axis)
    classes, *square = squares.shape
    mixed = ops.matmul(told, ops.reshape(squares, (classes, -1)))
    mixed = ops.reshape(mixed, (-1, *square))
    height, width = ops.shape(maps)[1:3]
    rows = -(-height // square[0]), -(-width // square[1])
    tiled = ops.tile(mixed, (1, *rows, 1))
    known, size = tuple(tiled.shape[1:3]), tuple(maps.shape[1:3])
    if None in known or known != size:
        tiled = tiled[:, :height, :width]
    return maps + tiled


@keras.saving.register_keras_serializable("kprivacy")
class Bounded(layers.Layer):
    """A hyperbolic tangent times a bound."""

    def __init__(self, bound, **kwargs):
        super().__init__(**kwargs)
        self.bound = bound

    def call(self, inputs):
        return self.bound * ops.tanh(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "bound": self.bound}


@keras.saving.register_keras_serializable("kprivacy")
class ClassPatterns(layers.Layer):
    """Adds a square for each class, repeated, weighted by probabilities.

    Call arguments: `[maps, probabilities]`, (batch, height, width, channels)
    and (batch, classes).

    Args:
        side: Of the squares, in cells.
        cell: Side of a cell, in pixels.
        gain: Factor of the learnt weights: how much faster than other
            weights the patterns move under Adam.

    Reference: the cells are those of Yu et al., Availability attacks create
    shortcuts, 2022.
    """

    def __init__(self, side, cell=8, gain=10.0, **kwargs):
        super().__init__(**kwargs)
        self.side = side
        self.cell = cell
        self.gain = gain

    def build(self, input_shape):
        maps, told = input_shape
        self.squares = self.add_weight(
            shape=(told[-1], self.side, self.side, maps[-1]),
            initializer=self._signs,
            name="squares",
        )

    def _signs(self, shape, dtype=None):
        uniform = keras.random.uniform(shape, -1, 1, dtype)
        return ops.sign(uniform) / self.gain

    def call(self, inputs):
        return patterned(*inputs, self.gain * self.squares, self.cell)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        names = ("side", "cell", "gain")
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in names},
        }


def _residual(inputs, filters, blocks):
    if len(filters) != 3:
        raise errors.UserError(
            "`filters` of \"residual\" are of three convolutions. Received: "
            f"{filters}."
        )
    x, sizes = inputs, []
    # Of 4 x 4 the places do not depend on whether the size is odd: tiles of
    # a picture then give what the whole gives.
    for i, (count, size) in enumerate(zip(filters, (3, 4, 4)), start=1):
        x = layers.Conv2D(
            count, size, strides=1 if i == 1 else 2, padding="same",
            use_bias=False,
            name=f"down_conv{i}",
        )(x)
        x = strided.activated(x, True, f"down_{i}")
        sizes.append(x)
    for i in range(1, blocks + 1):
        x = _block(x, f"block{i}")
    x = up(x, filters[1], sizes[1], 1)
    x = up(x, filters[0], sizes[0], 2)
    return layers.Conv2D(
        inputs.shape[-1], 3, padding="same", name="up_detail"
    )(x)


def _block(x, label):
    y = x
    for part in "ab":
        y = layers.Conv2D(
            x.shape[-1], 3, padding="same", use_bias=False,
            name=f"{label}{part}_conv",
        )(y)
        y = strided.activated(y, True, f"{label}{part}")
    return layers.Add(name=f"{label}_sum")([x, y])
