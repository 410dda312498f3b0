"""Fakes as files: a PNG for each image, one .npz for all vectors."""

import hashlib
import pathlib
import re

import numpy as np

from kprivacy.data import image_folder
from kprivacy.errors import UserError
from kprivacy.fakesafe import channel
from kprivacy.protection import arrays, inputs

VECTORS = "fakes.npz"
BATCH = ".batch_{}.npz"


def fakes_of(folder, domain):
    """`ImageFakes` or `VectorFakes` of a folder, by the `Domain` of fakes."""
    kind = ImageFakes if domain.kind == "image" else VectorFakes
    return kind(pathlib.Path(folder), domain.shape)


class ImageFakes:
    """One PNG for each fake, named by its id.

    Args:
        folder: Where they lie.
        shape: (height, width, channels) of each, in pixels.
    """

    NAME = re.compile(r"[0-9a-f]{16}\.png")

    def __init__(self, folder, shape):
        self._folder, self._shape = folder, shape

    def done(self):
        """The ids of what is written already."""
        found = self._folder.glob("*.png")
        return {path.stem for path in found if self.NAME.fullmatch(path.name)}

    def write(self, ids, fakes):
        """Writes float32 fakes in [0, 1], each in one move."""
        for id_, fake in zip(ids, fakes):
            channel.write_png(self._folder / f"{id_}.png", fake)

    def finish(self, ids):
        """Where each fake lies and its hash, as the manifest names them."""
        names = [{"file": f"{id_}.png"} for id_ in ids]
        return [{**name, "sha256": self.sha256(name)} for name in names]

    def tidy(self):
        """Removes what only an unfinished run needs: nothing."""

    def check(self, entries):
        """Raises `ValueError` where entries name no files of this kind."""
        names = [entry["file"] for entry in entries]
        if not all(map(self.NAME.fullmatch, names)):
            raise ValueError("a file that is not named by an id")
        if len(set(names)) < len(names):
            raise ValueError("a fake that is named twice")

    def sha256(self, entry):
        """Hash of the fake's file; None if it is gone."""
        path = self._folder / entry["file"]
        if not path.is_file():
            return None
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def read(self, entry):
        """The fake as float32 in [0, 1]; other suffixes stand in for it."""
        path = self._folder / entry["file"]
        if not path.is_file():
            others = (path.with_suffix(s) for s in image_folder.SUFFIXES)
            path = next((o for o in others if o.is_file()), path)
        return inputs.read_image(path, self._shape)

    def label(self, entry):
        """A name for what is recovered, which tells nothing."""
        return pathlib.Path(entry["file"]).stem


class VectorFakes:
    """The rows of one file; batches of them while a run is unfinished.

    Args:
        folder: Where it lies.
        shape: (features,) of each fake.
    """

    def __init__(self, folder, shape):
        self._folder, self._shape = folder, shape
        self._held = None

    def done(self):
        """The ids of what is written already."""
        return set(self._batches())

    def write(self, ids, fakes):
        """Writes a batch of float32 fakes in one move, ids in front."""
        path = self._folder / BATCH.format(ids[0])
        columns = np.array([list(bytes.fromhex(id_)) for id_ in ids], "<f4")
        arrays.write(path, np.concatenate([columns, fakes], axis=1))

    def finish(self, ids):
        """Joins the batches; where each fake lies and its hash."""
        held = self._batches()
        self._held = np.stack([held[id_] for id_ in ids]).astype("<f4")
        arrays.write(self._folder / VECTORS, self._held)
        names = [{"file": VECTORS, "row": row} for row in range(len(ids))]
        return [{**name, "sha256": self.sha256(name)} for name in names]

    def tidy(self):
        """Removes the batches, which the one file holds now."""
        for path in self._folder.glob(BATCH.format("*")):
            path.unlink()

    def check(self, entries):
        """Reads the file; `ValueError` where entries are not its rows."""
        named = [(entry["file"], entry["row"]) for entry in entries]
        if named != [(VECTORS, row) for row in range(len(named))]:
            raise ValueError(f"other rows than those of {VECTORS}")
        path = self._folder / VECTORS
        if not path.is_file():
            raise UserError(
                f"{str(path)!r} is missing. Copy it beside the manifest."
            )
        self._held = arrays.read(path, self._shape, len(named)).astype("<f4")

    def sha256(self, entry):
        """Hash of the fake's float32, little-endian bytes."""
        return hashlib.sha256(self._held[entry["row"]].tobytes()).hexdigest()

    def read(self, entry):
        """The fake as float32."""
        return self._held[entry["row"]]

    def label(self, entry):
        """A name for what is recovered, which tells nothing."""
        return f"row_{entry['row']:06d}"

    def _batches(self):
        """Id to fake, of all batches; bytes of an id are exact in float32."""
        found = {}
        for path in sorted(self._folder.glob(BATCH.format("*"))):
            rows = arrays.read(path, (8 + self._shape[0],))
            ids = [bytes(row[:8].astype(np.uint8)).hex() for row in rows]
            found.update(zip(ids, rows[:, 8:]))
        return found
