"""Keys: one pad of bits for every message, out of one secret."""

import hashlib
import secrets

import numpy as np

from kprivacy import errors

SECRET_BYTES, NONCE_BYTES = 32, 16


def new_secret():
    """32 bytes of the system's secure generator."""
    return secrets.token_bytes(SECRET_BYTES)


def new_nonce():
    """16 bytes that name a message; two messages must never share them."""
    return secrets.token_bytes(NONCE_BYTES)


def key_bits(client):
    """Length of the pad that a client takes a message; 0 without a key."""
    sizes = [one.shape[-1] for one in client.inputs if one.name == "key"]
    return int(sizes[0]) if sizes else 0


def expand(secret, nonces, bits):
    """The pads of messages: SHAKE-256 of the secret and each nonce.

    A pad is used for one message. Whoever knows the message to one fake
    learns its pad and nothing of another's.

    Args:
        secret: 32 bytes that sender and receiver share.
        nonces: A list of bytes, one a message, all different.
        bits: Length of a pad, the client's `key` input.

    Returns:
        float32 of 0 and 1, shape (messages, bits).

    Raises:
        UserError: The secret has another length, or a nonce comes twice.
    """
    if not isinstance(secret, bytes) or len(secret) != SECRET_BYTES:
        length = len(secret) if isinstance(secret, bytes) else type(secret)
        raise errors.UserError(
            f"A secret is {SECRET_BYTES} bytes. Received: {length}. Make one "
            "with `kprivacy.fakesafe.keys.new_secret()`."
        )
    if len(set(nonces)) < len(nonces):
        raise errors.UserError(
            "Every message must have a nonce of its own: a pad that is used "
            "twice tells where two messages differ. Received: "
            f"{len(nonces)} nonces, {len(set(nonces))} different ones."
        )
    pads = np.empty((len(nonces), bits), np.float32)
    for pad, nonce in zip(pads, nonces):
        drawn = hashlib.shake_256(secret + nonce).digest(-(-bits // 8))
        pad[:] = np.unpackbits(np.frombuffer(drawn, np.uint8))[:bits]
    return pads
