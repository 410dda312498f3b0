"""The generator on pictures of any size, channels and depth."""

import functools
import math

import keras
import numpy as np

from kprivacy import files
from kprivacy.confounder_gan.client import TOLD, Bounded, ClassPatterns
from kprivacy.errors import UserError
from kprivacy.photos import picture

# Of the tiles' sides; places that are not far enough from a tile's edge are
# taken from the next one.
TILE = 512


def bound_of(client):
    """Largest change that a client makes, in levels of 8 bits.

    Raises:
        UserError: It is no client of ConfounderGAN.
    """
    if not isinstance(client, keras.Model):
        raise UserError(
            "`client` must be a Keras model. Received: "
            f"{str(client)[:200]!r}. Load it: "
            "keras.saving.load_model('W/client/client.keras')."
        )
    bounds = [
        layer.bound for layer in client.layers if isinstance(layer, Bounded)
    ]
    if len(bounds) != 1:
        raise UserError(
            "`client` must be a generator of ConfounderGAN, with one "
            f"layer that bounds its noise. Received: {client.name!r} with "
            f"{len(bounds)}."
        )
    return round(255 * bounds[0])


def sight_of(client):
    """How far a generator looks, and how often its maps' places repeat.

    Args:
        client: Of `kprivacy.confounder_gan.build_client`. What its guide sees
            does not count: that is told.

    Returns:
        (pixels from a place to the furthest one that it depends on, at most;
        the side of the square of pixels that a place of its smallest maps
        stands for).
    """
    side, reach, step = 1, 0, 1
    for layer in client.layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            side //= layer.strides[0]
            reach += layer.kernel_size[0] // 2 * side
        elif isinstance(layer, keras.layers.Conv2D):
            reach += layer.kernel_size[0] // 2 * side
            side *= layer.strides[0]
        step = max(step, side)
    return reach, step


class Generator:
    """Protects arrays of pixels, by one pass of a client.

    Args:
        client: Of `kprivacy.confounder_gan.build_client`, trained on any
            size.
        tile: Side of what is done at once, in pixels. Larger pictures are
            done in tiles that overlap, without seams: of the inner pixels
            the generator sees all that it ever sees, and what a guide tells
            of the whole picture is told to each.
        margin: Of the overlap; None: as far as the generator looks. Both are
            rounded up to where a generator's patterns begin anew.

    Attributes:
        bound: Largest change, in levels of 8 bits.
        digest: What tells this client from others, made when it is asked for.
    """

    def __init__(self, client, tile=TILE, margin=None):
        self.bound = bound_of(client)
        self._client = client
        self._channels = client.input_shape[-1]
        reach, step = sight_of(client)
        step = math.lcm(step, *[
            layer.side * layer.cell for layer in client.layers
            if isinstance(layer, ClassPatterns)
        ])
        self._tile, self._margin = (
            -(-size // step) * step
            for size in (tile, reach if margin is None else margin)
        )
        self._tell, self._told = None, client
        if any(layer.name == TOLD for layer in client.layers):
            told = client.get_layer(TOLD).output
            self._tell = keras.Model(client.inputs, told)
            self._told = keras.Model([*client.inputs, told], client.outputs[0])

    @functools.cached_property
    def digest(self):
        return files.weights_digest(self._client)

    def __call__(self, pixels):
        """The protected pixels.

        Args:
            pixels: (height, width, 1 or 3), uint8 or uint16, or several of
                one shape and type along a first axis.

        Returns:
            Of the same shape and type: no number differs by more than
            `bound`, in levels of 8 bits.
        """
        if pixels.ndim == 3:
            return self(pixels[None])[0]
        if pixels.dtype == np.uint8:
            moved = self.change(pixels)
            moved += pixels
            return np.clip(moved, 0, 255, out=moved).astype(np.uint8)
        change = self.change(picture.in_bytes(pixels))
        moved = pixels + 257 * change.astype(np.int32)
        return np.clip(moved, 0, 65535).astype(np.uint16)

    def change(self, pixels):
        """What is added, int16 of the shape of several uint8 pictures.

        A client of colours sees grey as equal colours, and grey is changed by
        the mean; a client of grey sees the luminance of colours, and all
        three are changed alike.
        """
        seen = pixels
        if self._channels == 3 and pixels.shape[3] == 1:
            seen = np.repeat(pixels, 3, axis=3)
        elif self._channels == 1 and pixels.shape[3] == 3:
            luminance = pixels @ np.float32([0.299, 0.587, 0.114])
            seen = np.rint(luminance).astype(np.uint8)[..., None]
        noise = self._noise(seen)
        if noise.shape[3] > pixels.shape[3]:
            noise = np.rint(noise.mean(axis=3, keepdims=True))
        return np.array(np.broadcast_to(noise, pixels.shape), np.int16)

    def _noise(self, seen):
        height, width = seen.shape[1:3]
        noise = np.empty(seen.shape, np.int16)
        told = []
        if self._tell is not None:
            # In one array: this is the one place that sees all of it.
            whole = np.divide(seen, 255, dtype=np.float32)
            told = [self._tell.predict_on_batch(whole)]
            del whole
        for top in range(0, height, self._tile):
            for left in range(0, width, self._tile):
                rows = self._span(top, height)
                columns = self._span(left, width)
                part = seen[:, rows.outer, columns.outer]
                given = [part.astype(np.float32) / 255, *told]
                sent = self._told.predict_on_batch(
                    given if told else given[0]
                )
                change = np.rint(255 * sent).astype(np.int16) - part
                noise[:, rows.kept, columns.kept] = change[
                    :, rows.inner, columns.inner
                ]
        return noise

    def _span(self, begin, size):
        return _Span(begin, min(begin + self._tile, size),
                     max(begin - self._margin, 0),
                     min(begin + self._tile + self._margin, size))


class _Span:
    """Along one side: what is seen of a tile, and what is kept of that."""

    def __init__(self, begin, end, first, last):
        self.outer = slice(first, last)
        self.inner = slice(begin - first, end - first)
        self.kept = slice(begin, end)
