"""Measures a folder of protected pictures against its originals."""

import dataclasses
import pathlib

from kprivacy.errors import UserError
from kprivacy.photos import picture, report, run


@dataclasses.dataclass(frozen=True)
class Verified:
    """What was found.

    Attributes:
        rows: A dict for each pair, see `report.row`.
        missing: Names of originals without a protected picture.
        bad: A sentence for each pair that cannot be compared.
        over: Names of those changed by more than the bound.
        same: Names of those that are not changed at all.
    """

    rows: list
    missing: list
    bad: list
    over: list
    same: list

    @property
    def passed(self):
        """Whether every original has a picture that is protected enough."""
        return not (self.missing or self.bad or self.over or self.same)

    def summary(self):
        """A few lines."""
        lines = [f"compared: {len(self.rows)}"]
        if self.rows:
            most = max(row["linf"] for row in self.rows)
            psnr = [r["psnr"] for r in self.rows if r["psnr"] is not None]
            lines.append(f"largest change: {most:g} levels of 255")
            if psnr:
                lines.append(f"smallest PSNR: {min(psnr):.1f} dB")
        for name, held in (
            ("missing", self.missing), ("not compared", self.bad),
            ("over the bound", self.over), ("not changed", self.same),
        ):
            if held:
                lines.append(f"{name}: {len(held)}, such as {held[0]}")
        return "\n".join(lines)


def verify(originals, protected, bound=None):
    """Compares each original with the protected picture of its name.

    Args:
        originals: A folder of pictures.
        protected: The folder that `protect` wrote; suffixes may differ.
        bound: In levels of 8 bits; None does not judge.

    Returns:
        `Verified`.
    """
    root, names, _ = run.find(originals)
    folder = pathlib.Path(protected).expanduser()
    if not folder.is_dir():
        raise UserError(
            f"--protected must be a folder. Received: {str(protected)!r}."
        )
    found = Verified([], [], [], [], [])
    known = set(names)
    for name in names:
        path = _counterpart(folder, name, known)
        if path is None:
            found.missing.append(name)
            continue
        try:
            pair = picture.read(root / name), picture.read(path)
            if not report.same_size(*pair):
                raise UserError(f"{name!r} has another size.")
        except UserError as error:
            found.bad.append(str(error))
            continue
        row = report.row(name, path.relative_to(folder).as_posix(), *pair)
        found.rows.append(row)
        if bound is not None and row["linf"] > bound:
            found.over.append(name)
        if row["linf"] == 0:
            found.same.append(name)
    return found


def _counterpart(folder, name, known):
    """The protected file of a name, or None; never one of another's name."""
    path = pathlib.PurePosixPath(name)
    candidates = [name]
    for ending in picture.SUFFIXES:
        candidates += [f"{name}{ending}", path.with_suffix(ending).as_posix()]
    for one in candidates:
        if (one == name or one not in known) and (folder / one).is_file():
            return folder / one
    return None
