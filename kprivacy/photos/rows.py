"""The rows of a run: a journal in its output, and the report at the end.

Rows stay on the disk. In memory are the names of the files, and where the row
of each begins.
"""

import csv
import json
import os
import pathlib
from itertools import islice

from kprivacy import untrusted
from kprivacy.errors import UserError
from kprivacy.photos import picture, report, reported

ROWS, WHOLE, TABLE = ".rows.jsonl", "report.json", "report.csv"
# What desktops put into folders that somebody looks at.
DESKTOPS = (".DS_Store", "Thumbs.db", "desktop.ini")
# Which setting tells one input from another.
INPUT = "input"
# What every row of a run has.
NEEDED = {"file", "output", "stamp"}
EARLIER = "of an earlier state of the file"


class Rows:
    """The rows of a run, kept in its output so that a later one goes on.

    Args:
        folder: The output: new, empty, or of an earlier run.
        settings: Of the run; an earlier one must have had the same.
        bound: Of the client, in levels of 8 bits.

    Raises:
        UserError: The folder holds something else.
    """

    def __init__(self, folder, settings, bound):
        self._folder = pathlib.Path(folder)
        self._path = self._folder / ROWS
        self._settings, self._bound = settings, bound
        self._places = {}
        whole = self._folder / WHOLE
        heads, before = [], ()
        if whole.is_file():
            head, before = reported.read(whole)
            heads.append(head)
        self._check(heads)
        if not self._begun():
            self._append({"settings": settings})
        for row in before:
            if row.get("file") not in self._places:
                self.add(row)

    def _check(self, heads):
        """Raises unless the folder is new, or of a run with these settings."""
        held = [*heads, *(row for _, row in islice(_lines(self._path), 1))]
        others = self._folder.exists() and any(
            path.name not in (ROWS, *DESKTOPS)
            for path in self._folder.iterdir()
        )
        if others and not held:
            raise UserError(
                "--output must be a new or empty folder, or one of an earlier "
                f"run. Received: {str(self._folder)!r}, which holds other "
                "files."
            )
        for one in held:
            before = one.get("settings")
            if before != self._settings:
                raise UserError(_difference(before, self._settings))

    def _begun(self):
        """Reads the journal, if there is one; whether there is."""
        begun = False
        for place, row in _lines(self._path):
            begun = True
            self._index(place, row)
        _end_line(self._path)
        return begun

    def _index(self, place, row):
        if NEEDED <= row.keys():
            name, output = row["file"], row["output"]
            if not isinstance(name, str) or not untrusted.is_inside(output):
                raise UserError(
                    f"{str(self._folder)!r} has a report with a row of "
                    f"{str(name)[:200]!r} and {str(output)[:200]!r}, which "
                    "kprivacy.protect does not write. Nothing was changed. "
                    "Choose another --output."
                )
            self._places[name] = (
                name if output == name else output, _stamp(row, "stamp"),
                _stamp(row, "copy"), place
            )

    def outputs(self):
        """Input names to the names of their outputs."""
        return {name: output for name, (output, *_) in self._places.items()}

    def done(self, name, stamp, copy):
        """Whether a file was done as it is now, and its copy is that one.

        Args:
            name: Of the file.
            stamp: Its size and time, see `stamp_of`.
            copy: Likewise of its copy; None if there is none.
        """
        held = self._places.get(name)
        return held is not None and held[1:3] == (stamp, copy)

    def outdate(self, name):
        """Notes of a row that its copy is of an earlier state of the file."""
        if name not in self._places:
            return
        (row,) = self._read([name])
        if EARLIER not in row["note"]:
            row["note"] = "; ".join(filter(None, (row["note"], EARLIER)))
        self.add({**row, "stamp": None})

    def add(self, row):
        """Keeps a row, on the disk at once."""
        self._index(self._append(row), row)

    def _append(self, value):
        """Writes a line; where it begins."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with open(self._path, "ab") as file:
            place = file.tell()
            file.write(json.dumps(value).encode() + b"\n")
        return place

    def write(self, names, bad):
        """Writes report.json and report.csv of some files, row by row.

        Args:
            names: Of the input files.
            bad: A sentence for each that was left.

        Returns:
            `Losses` of these files.
        """
        losses = Losses(self._bound)
        with reported.beside(self._folder / TABLE) as table:
            writer = csv.DictWriter(
                table, report.FIELDS, extrasaction="ignore"
            )
            writer.writeheader()
            head = {"settings": self._settings, "bound": self._bound}
            rows = self._read(names, losses.add, writer.writerow)
            reported.write(self._folder / WHOLE, head, rows, bad)
        self._path.unlink(missing_ok=True)
        return losses

    def _read(self, names, *hear):
        """The rows of some files, from the journal; functions hear them."""
        with open(self._path, "rb") as journal:
            for name in names:
                if name in self._places:
                    journal.seek(self._places[name][-1])
                    row = json.loads(journal.readline())
                    for one in hear:
                        one(row)
                    yield row


class Losses:
    """What lossy formats took away, over the rows of a run.

    Args:
        bound: In levels of 8 bits.
    """

    def __init__(self, bound):
        self._bound = bound
        self._count = self._over = self._known = self._weak = 0
        self._sum, self._least = 0.0, float("inf")

    def add(self, row):
        """Counts a row."""
        self._weak += report.hardly(
            row["mean"], self._bound, row.get("kept")
        )
        if row["format"] not in picture.LOSSY:
            return
        self._count += 1
        self._over += row["linf"] > self._bound
        share = row.get("kept")
        if share is not None:
            self._known += 1
            self._sum += share
            self._least = min(self._least, share)

    def sentences(self):
        """What there is to say, of each kind a sentence."""
        if self._weak:
            yield (
                f"{self._weak} of the files are hardly protected, see {TABLE}: "
                f"their mean change is below {report.OF_BOUND:.0%} of the "
                f"bound, or less than {report.OF_NOISE:.0%} of the noise is "
                "kept."
            )
        if not self._count:
            return
        said = (
            f", {self._sum / self._known:.0%} of the noise is kept, "
            f"{self._least:.0%} where it is least" if self._known else ""
        )
        yield (
            f"{self._count} of the files are of a lossy format{said}; "
            f"{self._over} are changed beyond the bound, see {TABLE}. "
            "--format=png loses nothing."
        )


def stamp_of(path):
    """Size and time of a file, which tell whether it was changed since."""
    held = path.stat()
    return held.st_size, held.st_mtime_ns


def _stamp(row, key):
    """A stamp of a row, which JSON has as a list; None where there is none."""
    return None if row.get(key) is None else tuple(row[key])


def _difference(before, settings):
    """Why a run does not go on with an output of these settings."""
    if isinstance(before, dict) and (
        {**before, INPUT: None} == {**settings, INPUT: None}
    ):
        return (
            "--output holds copies of the pictures of another folder than "
            "that of --input, whose names may be the same. Choose another "
            "--output; if that folder was moved, move it back."
        )
    return (
        f"--output holds pictures of a run with other settings: {before}. "
        f"Received: {settings}. Choose another --output."
    )


def _end_line(path):
    """Ends half a line of a run that was killed."""
    if path.is_file() and path.stat().st_size:
        with open(path, "rb+") as file:
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                file.write(b"\n")


def _lines(path):
    """(where it begins, what it says) of the lines of a journal."""
    if not path.is_file():
        return
    place = 0
    with open(path, "rb") as file:
        for line in file:
            found = reported.parsed(line)
            if found is not None:
                yield place, found
            place += len(line)
