"""Where each recovered example goes, in the receiver's folder."""

import pathlib
import typing

from kprivacy import untrusted
from kprivacy.errors import UserError
from kprivacy.protection import arrays

RECOVERED = "recovered.npz"


class Target(typing.NamedTuple):
    """A relative path, and the row of an array, and of how many, or None."""

    file: str
    row: int | None = None
    rows: int = 0


def targets(entries, domain, fakes):
    """A `Target` for each entry of a manifest, all different.

    Args:
        entries: Of `manifest.read`.
        domain: `Domain` of the private examples.
        fakes: What they were read with, to name those that have no name.

    Raises:
        UserError: A name leads out of the folder, or comes twice.
    """
    found, taken = {}, set()
    for row in sorted(range(len(entries)), key=lambda i: _later(entries[i])):
        entry = entries[row]
        target = _target(
            entry["name"], row, len(entries), domain, fakes.label(entry), taken
        )
        place = (target.file.casefold(), target.row)
        if place in taken:
            raise UserError(
                f"The manifest names {target.file!r} twice. Take it again "
                "from the sender."
            )
        taken.add(place)
        found[row] = target
    return [found[row] for row in range(len(entries))]


def _later(entry):
    """Whether others choose before: an image that is a PNG keeps its name."""
    name = entry["name"]
    return name is None or not str(name.get("file")).endswith(".png")


def _target(name, row, count, domain, label, taken):
    if name is None:
        vectors = domain.kind == "vector"
        if vectors:
            return Target(RECOVERED, row, count)
        return Target(f"{label}.png")
    path = _checked(name, count)
    if "row" in name:
        return Target(path.as_posix(), name["row"], name["rows"])
    # Two images may differ in their suffix alone, or in upper case.
    choices = (
        path.with_suffix(".png"),
        path.with_name(f"{path.name}.png"),
        path.with_name(f"{path.name}.{label}.png"),
    )
    files = [choice.as_posix() for choice in choices]
    free = [f for f in files if (f.casefold(), None) not in taken]
    return Target((free or files)[0])


def _checked(name, count):
    """The path of an unsealed name; nothing of it may leave the folder.

    An array has no more rows than there are fakes: else it could be as large
    as the sender says.
    """
    file, row, rows = name.get("file"), name.get("row", 0), name.get("rows", 1)
    whole = all(type(n) is int for n in (row, rows))
    if untrusted.is_inside(file) and whole and 0 <= row < rows <= max(count, 1):
        path = pathlib.Path(file)
        fitting = "row" not in name or path.suffix.lower() in arrays.SUFFIXES
        if path.name and fitting:
            return path
    raise UserError(
        "A name in the manifest must be a path below the input of the sender, "
        "or a row of an array there."
        f" Received: {name!r}. Do not trust these fakes; ask the sender."
    )
