"""Protects folders of pictures, one at a time, and measures what it did."""

import dataclasses
import errno
import hashlib
import mimetypes
import os
import pathlib
import re

from kprivacy import errors, files
from kprivacy.errors import UserError
from kprivacy.photos import copies, picture, rows
from kprivacy.photos import preview as previews
from kprivacy.photos.generator import Generator
from kprivacy.photos.targets import Targets
from kprivacy.protect_lib import Result
from kprivacy.protection import inputs, progress

METADATA = ("strip", "keep")
OUTPUTS = ("same", "png")
# What a run that is killed leaves in its output, with its process' number.
LEFT = re.compile(r"\.\d+\.part|\.report\.(json|csv)\.\d+")
LEFT_PREVIEW = re.compile(r"\..*\.preview\.png\.\d+", re.DOTALL)


def protect(
    client, input, output, metadata="strip", format="same", preview=None
):
    """Writes a protected copy of every picture of a folder, and a report.

    Each is written in one move when it is ready, under the same relative
    name, but for the suffix where the format changes. What is there already
    is left, so that an interrupted run, or one with new pictures, goes on; a
    folder is of one input, whose pictures may come one by one as well.

    Args:
        client: `keras.Model`, of ConfounderGAN, or a generator that is made,
            such as `kprivacy.photos.BundleGenerator`.
        input: A picture, or a folder of them with its sub-folders.
        output: Folder, new or of an earlier run.
        metadata: "strip", or "keep" EXIF but for what may hold another
            picture. The turn in it is applied, and the colour profile is
            kept, either way.
        format: "same" as the original, or "png", which loses nothing.
        preview: Folder for pictures of original, protected and noise side by
            side, or None. Those of what was done already are made where they
            are missing.

    Returns:
        `kprivacy.protect_lib.Result`.

    Raises:
        UserError: An argument cannot be used, there is no picture, or
            another process writes the same output.
    """
    errors.check_choice("--metadata", metadata, METADATA)
    errors.check_choice("--format", format, OUTPUTS)
    inputs.check_apart(input, output)
    files.check_folder("--output", output)
    if preview:
        files.check_folder("--preview", preview)
        for flag, other in (("input", input), ("output", output)):
            inputs.check_apart(other, preview, flag, "preview")
    root, names, others = find(input)
    _check_names(names)
    output = pathlib.Path(output).expanduser()
    given = isinstance(client, Generator)
    generator = client if given else Generator(client)
    with files.alone(output):
        held = rows.Rows(output, {
            "client": generator.digest, "metadata": metadata,
            "format": format, rows.INPUT: _digest(root),
        }, generator.bound)
        _tidy(output, LEFT)
        if preview:
            _tidy(pathlib.Path(preview).expanduser(), LEFT_PREVIEW)
        targets = Targets(names, held.outputs())
        copy = _Copier(
            generator, root, output, targets, held, metadata, format, preview
        )
        bad = _copied(copy, names)
        now = set(names)
        old = [
            name for name, target in targets.of.items()
            if name not in now and (output / target).is_file()
        ]
        losses = held.write([*names, *old], bad)
    said = *losses.sentences(), *_orphans(root, old), *unread_pictures(others)
    return Result(len(names) - len(bad), bad, len(others), said)


def unread_pictures(others):
    """What there is to say of pictures that are of no known format.

    Args:
        others: Names of files that are not read.
    """
    found = [one for one in others if _of_unknown_format(one)]
    if found:
        yield (
            f"{len(found)} pictures, such as {found[0]!r}, are of formats that "
            "are not read: they are NOT protected. Convert them to PNG first."
        )


def _of_unknown_format(name):
    """Whether a name is a picture's, neither hidden nor of a known suffix."""
    path = pathlib.PurePosixPath(name)
    if path.suffix.lower() in picture.SUFFIXES or any(
        part[:1] == "." for part in path.parts
    ):
        return False
    return (mimetypes.guess_type(name)[0] or "").startswith("image/")


def _digest(root):
    """What tells one input from another, and few how it is called."""
    return hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:8]


def _check_names(names):
    """Raises where a folder would lie in the report's place."""
    for name in names:
        first = pathlib.PurePosixPath(name).parts[0]
        if first.casefold() in (rows.WHOLE, rows.TABLE):
            raise UserError(
                f"--input must have no folder {first!r}: --output has its "
                "report under that name. Rename it."
            )


def _orphans(root, others):
    """What there is to say of copies whose originals are gone."""
    gone = [name for name in others if not (root / name).is_file()]
    if gone:
        yield (
            f"{len(gone)} copies of earlier runs, such as that of "
            f"{gone[0]!r}, are of pictures that are no longer there. Remove "
            "what is not to be published."
        )


def _tidy(output, left):
    """Removes what runs that were killed left beside their files.

    The folder is of such runs, and nobody else works in it.
    """
    for folder, _, found in os.walk(output):
        for name in found:
            if left.fullmatch(name):
                pathlib.Path(folder, name).unlink()


def _copied(copy, names):
    """Makes all copies; a sentence for each that was left."""
    bad, line = [], progress.Line("protected", 0, len(names))
    for name in names:
        try:
            copy(name)
        except UserError as error:
            said = str(error)
            bad.append(said if name in said else f"{name!r}: {said}")
            copy.rows.outdate(name)
        except Exception as error:
            _end_if_full(error, copy.output)
            bad.append(f"{name!r}: {type(error).__name__}: {error}"[:500])
            copy.rows.outdate(name)
        line.add(1)
    line.close()
    return bad


def find(path, flag="--input"):
    """The pictures under a path, by their names.

    Args:
        path: A picture, or a folder.
        flag: Where it comes from, for errors.

    Returns:
        (root, relative names in order, names of the other files, links to
        folders and hidden folders). Links are not followed.

    Raises:
        UserError: There are none, or a folder cannot be read.
    """
    root = pathlib.Path(path).expanduser()
    if root.is_file():
        return root.parent, [root.name], []
    names, others = [], []
    for folder, folders, found in os.walk(root, onerror=_unread):
        here = pathlib.Path(folder)
        others += [
            (here / one).relative_to(root).as_posix() for one in folders
            if one[:1] == "." or (here / one).is_symlink()
        ]
        folders[:] = sorted(one for one in folders if one[:1] != ".")
        for name in sorted(found):
            file = here / name
            relative = file.relative_to(root).as_posix()
            if (
                file.suffix.lower() in picture.SUFFIXES
                and name[:1] != "." and not file.is_symlink()
                and file.is_file()
            ):
                names.append(relative)
            else:
                others.append(relative)
    if not names:
        raise UserError(
            f"{flag} must be a picture or a folder with pictures "
            f"({', '.join(picture.SUFFIXES)}). Received: {str(path)!r}, "
            + ("with none." if root.is_dir() else "which does not exist.")
        )
    return root, names, others


def _unread(error):
    """Raises, so that no folder is passed over unsaid."""
    if isinstance(error, FileNotFoundError):
        return
    raise UserError(
        f"{str(error.filename)!r} cannot be read ({error.strerror}), nor what "
        "is in it. Allow it, or choose folders without it."
    ) from error


@dataclasses.dataclass(frozen=True)
class _Copier:
    """Makes the copy of one picture after another; see `protect`."""

    generator: Generator
    root: pathlib.Path
    output: pathlib.Path
    targets: Targets
    rows: rows.Rows
    metadata: str
    format: str
    preview: str | None

    def __call__(self, name):
        """Protects a picture, unless that is done."""
        stamp = rows.stamp_of(self.root / name)
        stored = self.output / self.targets.of.get(name, "")
        copy = rows.stamp_of(stored) if stored.is_file() else None
        if copy is not None and self.rows.done(name, stamp, copy):
            self._preview_of(name, stored, copy)
            return
        original = picture.read(self.root / name)
        sent = self.generator(original.colours)
        content, kind, note = copies.made(
            original, sent, name, self.format, self.metadata == "keep"
        )
        before = self.targets.of.get(name)
        target = self.targets.choose(name, kind)
        # What is there under its name was opened again.
        stored = self.output / target
        stored.parent.mkdir(parents=True, exist_ok=True)
        beside = stored.with_name(f".{os.getpid()}.part")
        try:
            _write(beside, content)
            again = picture.read(beside)
            row = copies.measured(
                name, target, original, again, self.generator.bound, note, sent
            )
            copy = rows.stamp_of(beside)
            os.replace(beside, stored)
        finally:
            beside.unlink(missing_ok=True)
        if self.preview:
            # Before the row: who is stopped here does the picture again.
            previews.write(self.preview, name, original, again, copy)
        self.rows.add({**row, "stamp": stamp, "copy": copy})
        if before is not None:
            _remove_other(self.output / before, stored)

    def _preview_of(self, name, stored, copy):
        """Makes the preview of what is done already, where there is none."""
        if self.preview and not previews.is_of(self.preview, name, copy):
            pair = picture.read(self.root / name), picture.read(stored)
            previews.write(self.preview, name, *pair, copy)


def _write(path, content):
    """Writes a file so that it is on the disk before it gets its name."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove_other(before, stored):
    """Removes an earlier copy of a picture, if it has another name now."""
    if before.is_file() and not before.samefile(stored):
        before.unlink()


def _end_if_full(error, output):
    """Ends the run where no further file can be written."""
    full = (errno.ENOSPC, errno.EROFS, errno.EDQUOT)
    if isinstance(error, OSError) and error.errno in full:
        raise UserError(
            f"{str(output)!r} cannot be written ({error.strerror}). What is "
            "there is whole; make room and run it again."
        ) from error
