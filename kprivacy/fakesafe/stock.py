"""Covers in memory, each handed out once."""

import numpy as np

from kprivacy import errors
from kprivacy.fakesafe.covers import have_room, takes_cover
from kprivacy.releases import to_wire


class Stock:
    """Covers that are each handed out once.

    Args:
        client: F.
        covers: Real examples of the fake's domain, images in [0, 1] of the
            fake's shape, of which one that is there twice counts once; None
            for a client that takes none. Do not give those of an earlier
            stock again: what it has handed out is used.

    Raises:
        UserError: Covers are missing, of another shape, or none has room.
    """

    def __init__(self, client, covers=None):
        if takes_cover(client) != (covers is not None):
            raise errors.UserError(
                "This client takes "
                + ("a cover for each message, a real example of the fake's "
                   "domain. Received: none. Give `covers`." if covers is None
                   else "no covers. Received: covers. Leave them out.")
            )
        self._left = None
        if covers is not None:
            self._left = self._with_room(client, np.asarray(covers))

    def take(self, count):
        """The next `count` covers, or None where none are needed."""
        if self._left is None:
            return None
        if count > len(self._left):
            raise errors.UserError(
                f"{count} messages need as many covers with room. Received: "
                f"{len(self._left)} that are left. Give more covers: one "
                "that is used twice shows that it was changed."
            )
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def _with_room(self, client, covers):
        expected = client.output_shape[1:]
        if covers.shape[1:] != expected:
            raise errors.UserError(
                f"Covers must be images of shape {expected}. Received: shape "
                f"{covers.shape[1:]}. Resize them."
            )
        if covers.dtype.kind != "f" or not (
            (covers >= 0).all() and (covers <= 1).all()
        ):
            raise errors.UserError(
                "Covers must be floats in [0, 1]. Received: "
                f"{covers.dtype}, from {covers.min()} to {covers.max()}. "
                "Divide bytes by 255."
            )
        levels = to_wire(covers, np.uint8)
        _, first = np.unique(
            levels.reshape(len(levels), -1), axis=0, return_index=True
        )
        covers = covers[np.sort(first)]
        held = covers[have_room(client, covers)]
        if not len(held):
            raise errors.UserError(
                "Covers need pixels that are neither black nor white. "
                f"Received: {len(covers)} without enough of them. Choose "
                "richer pictures, or train with a shorter code."
            )
        return held
