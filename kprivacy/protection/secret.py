"""The secret of sender and receiver, and all that is derived from it."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import secrets

import numpy as np

from kprivacy.errors import UserError
from kprivacy.fakesafe import keys

BYTES = keys.SECRET_BYTES
BUCKET = 256


class Secret:
    """Pads, sealed names and marks; without a secret only what needs none.

    Args:
        secret: 32 random bytes, or None for a pair that takes no key.
    """

    def __init__(self, secret=None):
        self._secret = secret

    def __bool__(self):
        return self._secret is not None

    @property
    def raw(self):
        """The bytes themselves."""
        return self._secret

    def pads(self, nonces, bits):
        """The pads of messages, float32 of {0, 1}, shape (messages, bits)."""
        if not self:
            return np.zeros((len(nonces), 0), np.float32)
        return keys.expand(self._secret, nonces, bits)

    def seal(self, value, context):
        """Encrypts plain data with AES-256-GCM; its length says little.

        Args:
            value: What JSON can hold; filled up with blanks to a multiple of
                256 bytes.
            context: Bytes that must be the same for `unseal`.

        Returns:
            Base64 of a random 96-bit nonce and the ciphertext, or None
            without a secret.
        """
        if not self:
            return None
        text = json.dumps(value).encode()
        text = text.ljust(-(-len(text) // BUCKET) * BUCKET)
        nonce = secrets.token_bytes(12)
        sealed = nonce + self._cipher().encrypt(nonce, text, context)
        return base64.b64encode(sealed).decode()

    def unseal(self, sealed, context):
        """The data that `seal` was given.

        Raises:
            ValueError: It was sealed with another secret or context, or was
                changed.
        """
        from cryptography.exceptions import InvalidTag

        raw = base64.b64decode(sealed, validate=True)
        try:
            text = self._cipher().decrypt(raw[:12], raw[12:], context)
        except InvalidTag as error:
            raise ValueError("not sealed with this secret") from error
        return json.loads(text)

    def mark(self, content):
        """HMAC-SHA256 of bytes in hex; a plain hash without a secret."""
        if not self:
            return hashlib.sha256(content).hexdigest()
        return hmac.digest(self._derive("marks"), content, "sha256").hex()

    def _cipher(self):
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._derive("names"))

    def _derive(self, purpose):
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = f"kprivacy fakesafe 1 {purpose}".encode()
        return HKDF(SHA256(), BYTES, None, info).derive(self._secret)


def read(path, key_bits):
    """Reads a key file, which must be there exactly if the pair takes a key.

    Raises:
        UserError: It is missing, damaged, or of no use.
    """
    if not key_bits and path is None:
        return Secret()
    if not key_bits:
        raise UserError(
            "This pair was trained without a key (key_bits is 0 in "
            f"domain.json). Received: --key_file={path}. Leave --key_file "
            "out; its key would protect nothing."
        )
    if path is None:
        raise UserError(
            f"This pair takes {key_bits} bits of key for each message, so "
            "--key_file is needed. Make one with python -m kprivacy.protect "
            "--new_key=PATH and give it to the receiver by a safe way."
        )
    return Secret(_secret(pathlib.Path(path).expanduser()))


def _secret(path):
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
        if len(secret) != BYTES:
            raise ValueError(f"{len(secret)} bytes")
    except (OSError, ValueError) as error:
        # The error of `fromhex` names a position, never what stands there.
        reason = error.strerror if isinstance(error, OSError) else (
            "another content"
        )
        raise UserError(
            f"--key_file must hold {BYTES} bytes in hex, "
            f"{2 * BYTES} characters. Received: {str(path)!r}: {reason}. Make "
            "one with python -m kprivacy.protect --new_key=PATH."
        ) from None
    return secret


def write_new(path):
    """Writes a fresh secret that its owner alone may read (mode 0600).

    Raises:
        UserError: There is such a file; a lost key cannot be made again.
    """
    path = pathlib.Path(path).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UserError(
            f"--new_key must name a file that does not exist. Received: "
            f"{str(path)!r}. A key that is overwritten is lost, and all that "
            "was protected with it."
        ) from None
    with os.fdopen(file, "w") as key:
        key.write(keys.new_secret().hex() + "\n")
