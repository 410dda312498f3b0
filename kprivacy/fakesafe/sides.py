"""Client and server as functions on arrays, over the file on the way."""

import numpy as np

from kprivacy import errors
from kprivacy.fakesafe import channel, keys
from kprivacy.fakesafe.covers import Stock

BATCH = 256


class Sender:
    """A client: messages to fakes as they arrive, through files.

    Args:
        client: F, a functional `keras.Model`.
        covers: Where it takes covers, a stock of real examples of the fake's
            domain that nobody else has. Each that has room is used once, in
            turn.

    Raises:
        UserError: Covers are missing, or not wanted; in a call, they have
            run out.
    """

    def __init__(self, client, covers=None):
        self._client = client
        self._image = len(client.output_shape) == 4
        self._stock = Stock(client, covers)

    def __call__(self, data, pads=None):
        """The fakes of messages; images were written as PNG and read again.

        Args:
            data: float32 messages.
            pads: float32 (messages, bits), where the client takes a key.
        """
        _check_pads(self._client, pads)
        covers = self._stock.take(len(data))
        fakes = _predict(self._client, data, pads, covers)
        return channel.through_png(fakes) if self._image else fakes


class Receiver:
    """A server: fakes to messages.

    Args:
        server: R, a functional `keras.Model`.
    """

    def __init__(self, server):
        self._server = server

    def __call__(self, fakes, pads=None):
        """The messages of fakes; see `Sender`."""
        return _predict(self._server, fakes, pads, None)


class Pads:
    """Fresh pads of one secret, under nonces that count up.

    Args:
        bits: Length of a pad.
        secret: 32 bytes; a new one if None.
    """

    def __init__(self, bits, secret=None):
        self._bits = bits
        self._secret = keys.new_secret() if secret is None else secret
        self._count = 0

    def __call__(self, count):
        """The pads of the next `count` messages, float32 (count, bits)."""
        numbers = range(self._count, self._count + count)
        self._count += count
        nonces = [number.to_bytes(16, "big") for number in numbers]
        return keys.expand(self._secret, nonces, self._bits)


def pads_of(client, secret=None):
    """`Pads` for a client, or None where it has no key."""
    bits = keys.key_bits(client)
    return Pads(bits, secret) if bits else None


def _check_pads(model, pads):
    if (pads is None) != (not keys.key_bits(model)):
        raise errors.UserError(
            f"The {model.name} takes "
            + ("no pads. Received: pads." if pads is not None else
               "a pad for each message. Received: none. Draw them with "
               "`kprivacy.fakesafe.sides.pads_of(client)`.")
        )


def _predict(model, data, pads, covers):
    _check_pads(model, pads)
    inputs = [np.asarray(data, np.float32), pads, covers]
    inputs = [one for one in inputs if one is not None]
    return model.predict(
        inputs if inputs[1:] else inputs[0], batch_size=BATCH, verbose=0
    )
