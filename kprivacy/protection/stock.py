"""Covers for `protect`: the sender's own pictures, each used once."""

import hashlib
import random

import numpy as np

from kprivacy.errors import UserError
from kprivacy.protection import inputs


class Stock:
    """Pictures in which messages can be hidden.

    Args:
        side: The client, `sides.Side`.
        path: --covers: an image, a folder of images, a .npy or a .npz; None
            for a client that takes none.
        resize: Whether images of another size or mode are converted.

    Raises:
        UserError: Covers are missing or not wanted, or there are none.
    """

    def __init__(self, side, path, resize=False):
        if side.takes_cover != (path is not None):
            raise UserError(
                "This client hides each message in a picture of yours that "
                "nobody else has. Received: none. Pass a folder of them as "
                "--covers." if path is None else
                "This client makes its fakes from nothing. Received: "
                f"--covers={str(path)!r}. Leave it out."
            )
        self._side, self._found, self._error = side, None, ""
        if path is not None:
            self._found = inputs.find(path, side.target, resize, "covers")

    def contents(self):
        """Index of each cover that can be used to the hash of its pixels.

        It can be read and has room; a picture that is there twice comes once.
        """
        found = {}
        for index in range(len(self._found.names) if self._found else 0):
            try:
                pixels = self._found.read(index)
            except UserError as error:
                self._error = self._error or str(error)
                continue
            if self._side.has_room(pixels):
                content = np.ascontiguousarray(pixels).tobytes()
                found.setdefault(hashlib.sha256(content).hexdigest(), index)
        return {index: content for content, index in found.items()}

    def choose(self, count, left):
        """Indices of `count` covers, at random, out of `left`.

        Raises:
            UserError: There are not so many.
        """
        if self._found is None:
            return [None] * count
        if len(left) < count:
            raise UserError(
                f"{count} messages need as many covers, each used once. "
                f"Received: {len(left)} that have not been used, can be "
                "read, and have enough pixels that are neither black nor "
                "white. Put more pictures into --covers and run it again."
                + (f" One that cannot be read: {self._error}"
                   if self._error else "")
            )
        return random.SystemRandom().sample(left, count)

    def read(self, indices):
        """Covers, float32, or None where none are needed."""
        if self._found is None:
            return None
        return np.stack([self._found.read(index) for index in indices])
