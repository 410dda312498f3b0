"""A stored folder of released images beside the originals, as a release."""

import hashlib
import pathlib

import numpy as np

from kprivacy.data import Arrays, image_folder
from kprivacy.errors import UserError

TEST_SHARE = 1 / 3


class FolderRelease:
    """A release whose outputs are already there.

    Args:
        originals: Data, shape (examples, ...).
        released: What was sent of each, in the same order. Of originals that
            are equal the first one's is sent.
    """

    def __init__(self, originals, released):
        self._released = released
        self._rows = {}
        for row, one in enumerate(originals):
            self._rows.setdefault(one.tobytes(), row)

    def __call__(self, data):
        try:
            rows = [self._rows[one.tobytes()] for one in np.asarray(data)]
        except KeyError:
            raise UserError(
                "A stored release knows what was sent of its own originals "
                "alone. Received: other data. Release them too, and read "
                "both folders again."
            ) from None
        return self._released[rows]


def read(released, originals, image_size=None):
    """Reads two folders of images with the same names as release and data.

    The images of a third of the names are the test part, those of the others
    are the attacker's. The names alone say which, by their hashes, class by
    class, where the originals lie in at least two folders, one a class.

    Args:
        released: Folder of what was sent; suffixes may differ from those of
            the originals.
        originals: Folder of the originals.
        image_size: (height, width) in pixels that all are resized to,
            default (64, 64).

    Returns:
        (`FolderRelease`, attacker's `Arrays`, test `Arrays`), images float32
        RGB in [0, 1]; num_classes is 1 where there are no classes.

    Raises:
        UserError: A folder is missing or empty, an image is not readable, or
            the names differ.
    """
    sent_files, files = _files(released), _files(originals)
    _check_names(sent_files, files, released, originals)
    names = sorted(files)
    size = tuple(image_size or (64, 64))
    data, sent = (
        np.stack([image_folder.read_image(held[n], size) for n in names])
        .astype(np.float32) / 255.0
        for held in (files, sent_files)
    )
    labels, classes = _labels(names)
    tested = _tested(names, labels)
    parts = (
        Arrays(data[where], labels[where], classes)
        for where in (~tested, tested)
    )
    return FolderRelease(data, sent), *parts


def _files(folder):
    """Name without suffix, relative to the folder, to each image's path."""
    root = pathlib.Path(folder).expanduser()
    if not root.is_dir():
        raise UserError(
            "`released` and `originals` must be folders of images. Received: "
            f"{str(root)!r}, which "
            f"{'is a file' if root.exists() else 'does not exist'}."
        )
    found = {}
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() not in image_folder.SUFFIXES:
            continue
        name = path.relative_to(root).with_suffix("").as_posix()
        if name in found:
            raise UserError(
                f"{str(root)!r} holds two images named {name!r}, which differ "
                "in their suffix alone. Rename or remove one."
            )
        found[name] = path
    if not found:
        raise UserError(
            f"{str(root)!r} holds no images of "
            f"{', '.join(image_folder.SUFFIXES)}."
        )
    return found


def _check_names(sent, files, released, originals):
    lone = sorted(set(sent) ^ set(files))
    if lone:
        raise UserError(
            "Each original must have one released image of the same name. "
            f"Received: {len(files)} in {str(originals)!r}, {len(sent)} in "
            f"{str(released)!r}, of which {len(lone)} have no counterpart, "
            f"such as {', '.join(map(repr, lone[:3]))}."
        )


def _labels(names):
    """Class indices by the first folder, and how many classes there are."""
    parents = [n.partition("/")[0] if "/" in n else "" for n in names]
    known = sorted(set(parents))
    if len(known) < 2 or "" in known:
        return np.zeros(len(names), np.int32), 1
    return np.array([known.index(p) for p in parents], np.int32), len(known)


def _tested(names, labels):
    """Which examples are the test part: a third of each class, by hash."""
    tested = np.zeros(len(names), bool)
    hashes = [hashlib.sha256(name.encode()).hexdigest() for name in names]
    for label in np.unique(labels):
        mine = sorted(np.flatnonzero(labels == label), key=hashes.__getitem__)
        tested[mine[: round(len(mine) * TEST_SHARE)]] = True
    return tested
