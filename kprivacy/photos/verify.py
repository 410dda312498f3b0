"""Measures a folder of protected pictures against its originals.

What is judged, for each original:

- no colour differs by more than `bound`;
- its mean change is at least a quarter of the bound. If none is given it is
  the client's where report.json has the picture, and else the picture's own
  largest change. The noise of a trained generator has a root
  mean square of about 0.7 of its bound. Photographs that were merely saved
  again as JPEG change much in few places, and are over the bound or below its
  quarter. Flat pictures with grain can be neither: without report.json they
  are not told from protected ones;
- alpha is what it was;
- where report.json has the file: at least half of the noise was kept, the
  mean change is at least half of the reported one, and the numbers are those
  of the report. Others mean that a file was changed afterwards.
"""

import dataclasses
import pathlib

import numpy as np

from kprivacy import untrusted
from kprivacy.errors import UserError
from kprivacy.photos import picture, report, reported, rows, run

# Of the reported mean change, below which a picture is hardly protected.
OF_REPORT = 1 / 2
# By how much numbers may differ from the reported ones: what is written
# down, and what decoders of lossy formats differ by; of `linf` and `mean`.
WRITTEN, DECODED = (0.001, 0.001), (2, 0.1)
NUMBERS = ("linf", "mean", "kept")


@dataclasses.dataclass(frozen=True)
class Verified:
    """What was found.

    Attributes:
        rows: A dict for each pair, see `report.row`, with "alpha", the
            largest change of alpha.
        missing: Names of originals without a protected picture.
        bad: A sentence for each pair that cannot be compared.
        over: Names of those changed by more than the bound.
        same: Names of those whose colours are not changed at all.
        weak: Names of those that are changed, but hardly protected.
        alpha: Names of those whose alpha is changed.
        altered: Names of those that are not as report.json says.
        strange: Names of pictures in the protected folder that are of none of
            the originals. They are no fault: it may be of more folders.
        unread: A sentence, if there are originals of formats that are not
            read, and so are not protected either.
        bound: As given, or the client's of report.json, in levels of 8
            bits, or None.
        reported: Whether there is a report.json.
    """

    rows: list = dataclasses.field(default_factory=list)
    missing: list = dataclasses.field(default_factory=list)
    bad: list = dataclasses.field(default_factory=list)
    over: list = dataclasses.field(default_factory=list)
    same: list = dataclasses.field(default_factory=list)
    weak: list = dataclasses.field(default_factory=list)
    alpha: list = dataclasses.field(default_factory=list)
    altered: list = dataclasses.field(default_factory=list)
    strange: list = dataclasses.field(default_factory=list)
    unread: list = dataclasses.field(default_factory=list)
    bound: float | None = None
    reported: bool = True

    @property
    def passed(self):
        """Whether every original has a picture that is protected enough."""
        return not any(held for _, held in self._faults())

    def _faults(self):
        return (
            ("missing", self.missing), ("not compared", self.bad),
            ("over the bound", self.over), ("not changed", self.same),
            ("hardly protected", self.weak),
            ("alpha changed", self.alpha),
            ("not as reported", self.altered),
        )

    def summary(self):
        """A few lines."""
        lines = [f"compared: {len(self.rows)}"]
        if self.rows:
            most = max(row["linf"] for row in self.rows)
            least = min(row["mean"] for row in self.rows)
            psnr = [r["psnr"] for r in self.rows if r["psnr"] is not None]
            lines.append(f"largest change: {most:g} levels of 255")
            lines.append(f"smallest mean change: {least:.2f} levels")
            if psnr:
                lines.append(f"smallest PSNR: {min(psnr):.1f} dB")
        if not self.reported:
            lines.append(
                f"{rows.WHOLE} is missing: a picture with grain that was "
                "merely saved again cannot be told from a protected one."
            )
        for name, held in self._faults():
            if held:
                lines.append(f"{name}: {len(held)}, such as {_shown(held[0])}")
        if self.strange:
            lines.append(
                f"of no original: {len(self.strange)}, such as "
                f"{_shown(self.strange[0])}. These were not compared; look at "
                "them before you publish."
            )
        lines += self.unread
        return "\n".join(lines)


def verify(originals, protected, bound=None):
    """Compares each original with the protected picture of its name.

    Args:
        originals: A folder of pictures.
        protected: The folder that `protect` wrote. Its report.json says which
            picture belongs to which; without it suffixes may differ.
        bound: In levels of 8 bits; without one no change is too large.

    Returns:
        `Verified`.

    Raises:
        UserError: A folder is none, its report.json is damaged, or the
            bound is no number of levels.
    """
    if bound is not None and not 0 < bound <= 255:
        raise UserError(
            "--bound must be above 0 and at most 255, in levels of 255. "
            f"Received: {bound}. Pass the one that the client was trained for."
        )
    if not str(originals):
        raise UserError("--originals must be a folder. Received: none.")
    root, names, others = run.find(originals, "--originals")
    folder = pathlib.Path(protected).expanduser()
    if not str(protected) or not folder.is_dir():
        raise UserError(
            f"--protected must be a folder. Received: {str(protected)!r}. "
            "Name the one that kprivacy.protect wrote."
        )
    client_bound, told = _told(folder)
    found = Verified(
        bound=client_bound if bound is None else bound,
        reported=told is not None,
        unread=list(run.unread_pictures(others)),
    )
    told = told or {}
    known, of_some = set(names), set()
    for name in names:
        held = told.get(name, {})
        path = _counterpart(folder, name, known, held.get("output"))
        if path is None:
            found.missing.append(name)
            continue
        of_some.add(path)
        try:
            pair = picture.read(root / name), picture.read(path)
            if not report.same_size(*pair):
                raise UserError(f"{name!r} has another size.")
        except UserError as error:
            found.bad.append(str(error))
            continue
        row = report.row(name, path.relative_to(folder).as_posix(), *pair)
        row["alpha"] = _alpha_change(*pair)
        found.rows.append(row)
        if bound is not None and row["linf"] > bound:
            found.over.append(name)
        given = found.bound if held or bound is not None else None
        _judge(found, row, held, row["linf"] if given is None else given)
    found.strange.extend(_strange(folder, of_some))
    return found


def _strange(folder, known):
    """Names of the pictures of a folder that are not among some paths."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in picture.SUFFIXES and path not in known:
            if path.is_file():
                yield path.relative_to(folder).as_posix()


def _shown(name):
    """A name for the screen, which some characters would confuse."""
    return name if name.isprintable() else ascii(name)


def _judge(found, row, held, whole):
    """Files a pair by what was measured, and what was reported of it.

    Args:
        found: `Verified`.
        row: What was measured.
        held: What was reported, or an empty dict.
        whole: Of which the mean change has to be a share.
    """
    name, mean = row["file"], row["mean"]
    if row["linf"] == 0:
        found.same.append(name)
    elif (mean < OF_REPORT * held.get("mean", 0)
          or report.hardly(mean, whole, held.get("kept"))):
        found.weak.append(name)
    if row["alpha"]:
        found.alpha.append(name)
    slack = DECODED if row["format"] in picture.LOSSY else WRITTEN
    if any(key in held and abs(row[key] - held[key]) > most
           for key, most in zip(("linf", "mean"), slack)):
        found.altered.append(name)


def _alpha_change(original, stored):
    """The largest change of alpha, in levels of 255; none is opaque."""
    if original.alpha is None and stored.alpha is None:
        return 0
    a, b = (
        np.int16(255 if one.alpha is None else one.alpha)
        for one in (original, stored)
    )
    return int(np.abs(a - b).max())


def _told(folder):
    """(bound, name to output and numbers) of report.json; None without it."""
    path = folder / rows.WHOLE
    if not path.is_file():
        return None, None
    head, held = reported.read(path)
    told = {}
    for row in held:
        name, output = row.get("file"), row.get("output")
        if isinstance(name, str) and untrusted.is_inside(output):
            told[name] = {"output": output, **{
                key: row[key] for key in NUMBERS if _number(row.get(key))
            }}
    bound = head.get("bound")
    return (bound if _number(bound) else None), told


def _number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _counterpart(folder, name, known, output):
    """The protected file of a name, or None; never one of another's name."""
    if output is not None:
        return folder / output if (folder / output).is_file() else None
    path = pathlib.PurePosixPath(name)
    candidates = [name]
    for ending in picture.SUFFIXES:
        candidates += [f"{name}{ending}", path.with_suffix(ending).as_posix()]
    for one in candidates:
        if (one == name or one not in known) and (folder / one).is_file():
            return folder / one
    return None
