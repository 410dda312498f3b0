"""Client and server as functions on arrays, over the file on the way."""

import dataclasses

import numpy as np

from kprivacy import errors
from kprivacy.fakesafe import channel, keys
from kprivacy.fakesafe.stock import Stock

BATCH = 256


@dataclasses.dataclass(frozen=True)
class Message:
    """What travels.

    Attributes:
        fakes: float32 (messages, ...), as they arrive.
        nonces: 16 bytes for each, from which both sides make its pad; empty
            without a key. They are no secret.
    """

    fakes: np.ndarray
    nonces: tuple = ()

    def __len__(self):
        return len(self.fakes)


class Sender:
    """A client: messages to fakes as they arrive, through files.

    Args:
        client: F, a functional `keras.Model`.
        covers: Where it takes covers, a stock of real examples of the fake's
            domain that nobody else has. Each that has room is used once, in
            turn.
        pads: `Pads` of the secret, where `send` is to draw them.

    Raises:
        UserError: Covers are missing, or not wanted; in a call, they have
            run out.
    """

    def __init__(self, client, covers=None, pads=None):
        self._client = client
        self._image = len(client.output_shape) == 4
        self._stock = Stock(client, covers)
        self._pads = pads

    def __call__(self, data, pads=None):
        """The fakes of messages; images were written as PNG and read again.

        Args:
            data: float32 messages.
            pads: float32 (messages, bits), where the client takes a key: each
                for one message alone.
        """
        _check_pads(self._client, pads)
        covers = self._stock.take(len(data))
        fakes = predict(self._client, data, pads, covers)
        return channel.through_png(fakes) if self._image else fakes

    def send(self, data):
        """The `Message` of float32 messages, under fresh nonces."""
        if self._pads is None:
            return Message(self(data))
        nonces, pads = self._pads.draw(len(data))
        return Message(self(data, pads), nonces)


class Receiver:
    """A server: fakes to messages.

    Args:
        server: R, a functional `keras.Model`.
        pads: `Pads` of the secret, where `receive` is to make them.
    """

    def __init__(self, server, pads=None):
        self._server = server
        self._pads = pads

    def __call__(self, fakes, pads=None):
        """The messages of fakes; see `Sender`."""
        _check_pads(self._server, pads)
        return predict(self._server, fakes, pads)

    def receive(self, message):
        """What a `Message` says, float32."""
        if self._pads is None:
            return self(message.fakes)
        return self(message.fakes, self._pads.of(message.nonces))


class Pads:
    """Pads of one secret, each under a nonce of its own.

    Args:
        bits: Length of a pad.
        secret: 32 bytes; a new one, which nobody else has, if None.
        new_nonce: Function that gives a nonce that was never used.
    """

    def __init__(self, bits, secret=None, new_nonce=keys.new_nonce):
        self._bits = bits
        self._secret = keys.new_secret() if secret is None else secret
        self._new_nonce = new_nonce

    def __call__(self, count):
        """The pads of `count` new messages, float32 (count, bits)."""
        return self.draw(count)[1]

    def draw(self, count):
        """The nonces of `count` new messages, and their pads."""
        nonces = tuple(self._new_nonce() for _ in range(count))
        return nonces, self.of(nonces)

    def of(self, nonces):
        """The pads of messages by their nonces."""
        return keys.expand(self._secret, nonces, self._bits)


def pads_of(model, secret=None, **options):
    """`Pads` for a client or a server, or None where it has no key."""
    bits = keys.key_bits(model)
    return Pads(bits, secret, **options) if bits else None


def predict(model, data, pads=None, covers=None):
    """What a client or a server gives, its inputs taken by their names."""
    given = {"key": pads, "cover": covers}
    inputs = [
        given.get(one.name, np.asarray(data, np.float32))
        for one in model.inputs
    ]
    return model.predict(
        inputs if inputs[1:] else inputs[0], batch_size=BATCH, verbose=0
    )


def _check_pads(model, pads):
    if (pads is None) != (not keys.key_bits(model)):
        raise errors.UserError(
            f"The {model.name} takes "
            + ("no pads. Received: pads." if pads is not None else
               "a pad for each message. Received: none. Draw them with "
               "`kprivacy.fakesafe.sides.pads_of(client, secret)`, which "
               "`Sender` and `Receiver` take as well.")
        )
