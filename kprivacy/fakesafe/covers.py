"""A code inside a real example of the fake's domain, its cover."""

import math

import keras
import numpy as np
from keras import ops

from kprivacy import errors
from kprivacy.layers import round_to_bytes

# Black and white pixels stay as they are: a change would show on them.
BLACK, WHITE = 16 / 255, 239 / 255
# Distance from either at which a pixel may change in full.
HEADROOM = 0.25
# Free pixels a direction that a cover must have to hold any code.
ROOM = 1.5
# Bits of key that shift each direction.
SHIFT_BITS = 8
LATTICE = ("per_direction", "spacing", "smooth", "seed")
ROUNDS = 6
ITERATIONS = 10


class _Lattice(keras.layers.Layer):
    """Directions in the space of images, and what is read along them.

    Args:
        per_direction: Bits that each direction holds, 1 or 2.
        spacing: Period of the lattice, in units of pixel values along a
            direction of length 1: the larger, the safer from noise, and the
            easier to see.
        smooth: Standard deviation in pixels of the blur of the directions,
            against compression, which takes fine detail first.
        seed: Of the directions; no secret, the key is.
        **kwargs: Of `keras.layers.Layer`.
    """

    def __init__(
        self, per_direction=1, spacing=0.09, smooth=0.5, seed=0, **kwargs
    ):
        super().__init__(**kwargs)
        errors.check_choice("per_direction", per_direction, (1, 2))
        errors.check_positive("spacing", spacing)
        self.per_direction = per_direction
        self.spacing = spacing
        self.smooth = smooth
        self.seed = seed

    def _add_directions(self, shape, bits):
        drawn = _directions(
            shape, bits // self.per_direction, self.smooth, self.seed
        )
        self.directions = self.add_weight(
            shape=drawn.shape,
            initializer=lambda *_, **__: ops.convert_to_tensor(drawn),
            trainable=False,
            name="directions",
        )

    def _positions(self, flat):
        """Where flat images lie along each direction, in periods."""
        seen = ops.clip(flat, BLACK, WHITE)
        return ops.matmul(seen, self.directions) / self.spacing

    def get_config(self):
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in LATTICE},
        }


@keras.saving.register_keras_serializable("kprivacy")
class Embed(_Lattice):
    """Moves a cover to where a code is read, by as little as will do.

    Quantisation index modulation: along each direction, positions repeat in
    periods, and the place within a period is one bit or two, as in phase
    shift keying. The cover moves to the nearest place that says the code, by
    the least change in the weighted pixels; black and white ones stand
    still. Rounded to bytes, it is done again, six times in all. The code
    gets no gradient from here; `FakeSafe` passes that of its reader on.

    With a key the lattice is shifted along each direction, by a new secret
    amount for each message: who knows the directions and not the key finds
    the positions as even as those of any picture. That the picture was
    changed may show all the same, in how often pixel values occur.

    Call arguments: `[code, cover, weights]`, and `key` if there is one: -1
    and 1, shape (batch, bits); images in [0, 1]; how readily each pixel
    changes, in [0, 1]; 0 and 1, shape (batch, `key_size`), of which the first
    `bits` are not used.

    Reference: Chen and Wornell, Quantization index modulation, 2001.
    """

    def build(self, input_shape):
        code, cover = input_shape[:2]
        self._add_directions(cover[1:], code[-1])
        self.built = True

    def call(self, inputs):
        code, cover, weights, *key = inputs
        flat = ops.reshape(cover, (ops.shape(cover)[0], -1))
        free = ops.cast(
            ops.logical_and(flat > BLACK, flat < WHITE), flat.dtype
        )
        # Ever less towards black and white, so that none piles up there.
        head = ops.minimum(flat - BLACK, WHITE - flat) / HEADROOM
        weights = ops.reshape(weights, ops.shape(flat)) * ops.clip(
            head, 0.0, 1.0
        )
        aims = ops.stop_gradient(_phases(code, self.per_direction))
        if key:
            aims = aims + _shifts(key[0], self.per_direction, code.shape[-1])
        made = flat
        for _ in range(ROUNDS):
            missing = aims - self._positions(made)
            missing = (missing - ops.round(missing)) * self.spacing
            moved = made + self._least_change(missing, weights)
            moved = ops.clip(moved, BLACK, WHITE)
            made = round_to_bytes(ops.where(free > 0, moved, flat))
        return ops.reshape(made, ops.shape(cover))

    def _least_change(self, missing, weights):
        """The change d with d @ directions = missing of least d^2 / weights.

        By conjugate gradients: products and sums only, which every phone's
        runtime has.
        """

        def spread(x):
            return weights * ops.matmul(x, ops.transpose(self.directions))

        x = ops.zeros_like(missing)
        residual = direction = missing
        energy = ops.sum(residual**2, axis=-1, keepdims=True)
        for _ in range(ITERATIONS):
            along = ops.matmul(spread(direction), self.directions)
            along = along + 1e-3 * direction
            length = energy / (
                ops.sum(direction * along, axis=-1, keepdims=True) + 1e-12
            )
            x = x + length * direction
            residual = residual - length * along
            now = ops.sum(residual**2, axis=-1, keepdims=True)
            direction = residual + now / (energy + 1e-12) * direction
            energy = now
        return spread(x)

    def compute_output_shape(self, input_shape):
        return input_shape[1]

    def room(self, covers):
        """Which covers have pixels enough for nearly any code, bool."""
        flat = np.asarray(covers).reshape(len(covers), -1)
        free = ((flat > BLACK) & (flat < WHITE)).sum(axis=1)
        return free >= self.pixels()

    def pixels(self):
        """Pixels that must be neither black nor white for that."""
        return math.ceil(ROOM * self.directions.shape[-1])


@keras.saving.register_keras_serializable("kprivacy")
class Read(_Lattice):
    """What an image says of the code: a belief in (-1, 1) for each bit.

    Args:
        bits: Length of the code.
        **kwargs: As the `Embed` that is read.

    Call arguments: images, or `[images, key]`, as for `Embed`.
    """

    def __init__(self, bits, **kwargs):
        super().__init__(**kwargs)
        self.bits = bits

    def build(self, input_shape):
        images = input_shape[0] if isinstance(input_shape, list) else (
            input_shape
        )
        self._add_directions(images[1:], self.bits)
        self.built = True

    def call(self, inputs):
        images, *key = inputs if isinstance(inputs, list) else [inputs]
        flat = ops.reshape(images, (ops.shape(images)[0], -1))
        positions = self._positions(flat)
        if key:
            positions = positions - _shifts(
                key[0], self.per_direction, self.bits
            )
        angles = 2 * np.pi * positions
        if self.per_direction == 1:
            return ops.cos(angles)
        both = ops.stack([ops.cos(angles), ops.sin(angles)], axis=-1)
        return ops.reshape(both, (ops.shape(images)[0], self.bits))

    def compute_output_shape(self, input_shape):
        images = input_shape[0] if isinstance(input_shape, list) else (
            input_shape
        )
        return (images[0], self.bits)

    def get_config(self):
        return {**super().get_config(), "bits": self.bits}


def _phases(code, per_direction):
    """Places within a period that say a code of -1 and 1."""
    if per_direction == 1:
        return (1.0 - code) / 4.0
    pairs = ops.reshape(code, (ops.shape(code)[0], -1, 2))
    return pairs[..., 1] * (2.0 - pairs[..., 0]) / 8.0


def key_size(code, per_direction):
    """Bits of key for a code in a cover: the code's, then the shifts'."""
    return code + SHIFT_BITS * (code // per_direction)


def _shifts(key, per_direction, bits):
    """The end of a key as parts of a period, one for each direction."""
    drawn = ops.reshape(
        key[:, bits:], (-1, bits // per_direction, SHIFT_BITS)
    )
    return ops.matmul(drawn, 0.5 ** np.arange(1, SHIFT_BITS + 1, dtype="f4"))


def _directions(shape, count, smooth, seed):
    """Columns of length 1, drawn from the seed and blurred."""
    from scipy import ndimage

    drawn = np.random.default_rng(seed).normal(size=(*shape, count))
    if smooth:
        drawn = ndimage.gaussian_filter(drawn, (smooth, smooth, 0, 0))
    flat = drawn.reshape(-1, count)
    return (flat / np.linalg.norm(flat, axis=0)).astype(np.float32)


def takes_cover(client):
    """Whether a client takes a cover beside the message."""
    return any(one.name == "cover" for one in client.inputs)


def have_room(client, covers):
    """Which covers, images (examples, ...), hold any code of a client."""
    return _embedding(client).room(covers)


def needed_room(client):
    """The same for bytes: at least `pixels` are `above` and `below`."""
    return {
        "pixels": _embedding(client).pixels(),
        "above": round(255 * BLACK), "below": round(255 * WHITE),
    }


def _embedding(client):
    layers = {one.name: one for one in client.layers}
    if "fake" in layers:
        return layers["fake"]
    return _embedding(client.layers[-1])  # a cascade's last part


def check_lattices(client, server):
    """Raises unless the server reads covers as the client changes them."""
    held = [
        [layer for layer in model.layers if isinstance(layer, _Lattice)]
        for model in (client, server)
    ]
    said = [
        {k: v for k, v in one.get_config().items() if k in LATTICE}
        | {"bits": one.per_direction * one.directions.shape[-1]}
        for layers in held for one in layers
    ]
    if len(held[0]) != len(held[1]) or (said and said[0] != said[-1]):
        raise errors.UserError(
            "`client` and `server` must have the same cover, or none. "
            f"Received: {said}. Give both builders the same `cover`, `code`, "
            "`spacing` and `smooth`."
        )
