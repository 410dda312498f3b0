"""What a protection did to each picture, measured on the stored file."""

import csv
import io
import json
import pathlib

import numpy as np

from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.photos import picture

ROWS, WHOLE = ".rows.jsonl", "report.json"
FIELDS = ("file", "output", "width", "height", "format", "linf", "mean",
          "kept", "psnr", "ssim", "note")
# SSIM's window, and how far it reaches from its middle.
WINDOW, REACH = 7, 3
# Pixels that are compared at once.
STRIP = 1_000_000


def measure(original, stored):
    """How far a stored picture is from its original.

    Args:
        original: `Picture`.
        stored: `Picture` of the same size.

    Returns:
        A dict: `linf`, the largest difference of a pixel in levels of 8
        bits; `mean`, that of all pixels and channels; `psnr` in dB, None
        without a difference; `ssim`, None of pictures of fewer than 7 pixels
        a side.
    """
    error, linf, total = 0.0, 0.0, 0.0
    height, width = original.colours.shape[:2]
    for part in _strips(height, width):
        a, b = _floats(original, stored, part)
        change = np.abs(b - a)
        error += float(np.sum(change**2)) / a.shape[2]
        total += float(np.sum(change)) / a.shape[2]
        linf = max(linf, float(change.max()))
    error /= height * width
    return {
        "linf": round(linf, 3),
        "mean": round(total / (height * width), 6),
        "psnr": 10 * float(np.log10(255**2 / error)) if error else None,
        "ssim": _ssim(original, stored),
    }


def kept(original, sent, stored):
    """The share of the noise that a stored picture has.

    Args:
        original: `Picture`.
        sent: `Picture` that was to be stored, not the original.
        stored: What came back, of the same size.

    Returns:
        <stored - original, sent - original> / ||sent - original||^2: 1 if
        nothing was lost, about 0 if all of the noise was.
    """
    if np.array_equal(sent.colours, stored.colours):
        return 1.0
    both, whole = 0.0, 0.0
    for part in _strips(*original.colours.shape[:2]):
        a, b = _floats(original, stored, part)
        noise = _floats(original, sent, part)[1] - a
        both += float(np.sum((b - a) * noise))
        whole += float(np.sum(noise**2))
    return round(both / whole, 4)


def same_size(original, stored):
    """Whether two pictures have the same height and width."""
    return original.colours.shape[:2] == stored.colours.shape[:2]


class Rows:
    """The rows of a run, kept in its output so that a later one goes on.

    Args:
        folder: The output: new, empty, or of an earlier run.
        settings: Of the run; an earlier one must have had the same.

    Raises:
        UserError: The folder holds something else.
    """

    def __init__(self, folder, settings):
        folder = pathlib.Path(folder)
        self._path = folder / ROWS
        self._settings = settings
        self._rows = {}
        whole = folder / WHOLE
        held = [files.read_json(whole)] if whole.is_file() else []
        lines = []
        if self._path.is_file():
            text = self._path.read_bytes().decode("utf-8", "replace")
            lines = [one for one in map(_parsed, text.splitlines()) if one]
            held += lines[:1]
        if folder.exists() and not held and any(folder.iterdir()):
            raise UserError(
                "--output must be a new or empty folder, or one of an earlier "
                f"run. Received: {str(folder)!r}, which holds other files."
            )
        for one in held:
            if one.get("settings") != settings:
                raise UserError(
                    f"--output holds pictures of a run with other settings: "
                    f"{one.get('settings')}. Received: {settings}. Choose "
                    "another --output."
                )
        for row in (*(held[0].get("files", []) if held else []), *lines[1:]):
            if {"file", "output", "stamp"} <= row.keys():
                self._rows[row["file"]] = row
        if not self._path.is_file():
            self._append({"settings": settings})

    def lossy(self, names, bound):
        """A sentence on the files of a lossy format, "" if there are none.

        Args:
            names: Of the input files.
            bound: In levels of 8 bits.
        """
        rows = [self._rows[name] for name in names if name in self._rows]
        lossy = [row for row in rows if row["format"] in picture.LOSSY]
        if not lossy:
            return ""
        shares = [row["kept"] for row in lossy if row.get("kept") is not None]
        over = sum(row["linf"] > bound for row in lossy)
        said = (
            f", {np.mean(shares):.0%} of the noise is kept, "
            f"{min(shares):.0%} where it is least" if shares else ""
        )
        return (
            f"{len(lossy)} of the files are of a lossy format{said}; {over} "
            "are changed beyond the bound, see report.csv. --format=png "
            "loses nothing."
        )

    def outputs(self):
        """Input names to the names of their outputs."""
        return {name: row["output"] for name, row in self._rows.items()}

    def done(self, name, stamp):
        """Whether a file was done as it is now."""
        return self._rows.get(name, {}).get("stamp") == stamp

    def add(self, row):
        """Keeps a row, on the disk at once."""
        self._rows[row["file"]] = row
        self._append(row)

    def _append(self, value):
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps(value) + "\n")

    def write(self, names, bad):
        """Writes report.json and report.csv of some files.

        Args:
            names: Of the input files.
            bad: A sentence for each that was left.
        """
        rows = [self._rows[name] for name in names if name in self._rows]
        folder = self._path.parent
        files.write_json(folder / WHOLE, {
            "settings": self._settings, "files": rows, "left": bad,
        })
        text = io.StringIO()
        table = csv.DictWriter(text, FIELDS, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
        content = text.getvalue().encode("utf-8", "surrogateescape")
        files.write_bytes(folder / "report.csv", content)
        self._path.unlink(missing_ok=True)


def _parsed(line):
    """What a line says, or None for the last one of a run that was killed."""
    try:
        found = json.loads(line)
        return found if isinstance(found, dict) else None
    except ValueError:
        return None


def row(name, output, original, stored, note=""):
    """What the report says of one file."""
    height, width = original.colours.shape[:2]
    return {
        "file": name, "output": output, "width": width, "height": height,
        "format": stored.format, **measure(original, stored),
        "note": "; ".join(one for one in (original.note, note) if one),
    }


def _strips(height, width):
    """Slices of rows, of so many that memory stays small."""
    rows = max(1, STRIP // width)
    return [slice(top, min(top + rows, height))
            for top in range(0, height, rows)]


def _floats(original, stored, part):
    """A part of both, in levels of 8 bits, with as many channels."""
    a, b = (
        one.colours[part].astype(np.float64) / one.levels
        for one in (original, stored)
    )
    if a.shape[2] != b.shape[2]:
        a, b = (np.broadcast_to(one, (*one.shape[:2], 3)) for one in (a, b))
    return a, b


def _ssim(original, stored):
    """Of the whole picture: strips overlap by what a window sees."""
    from skimage.metrics import structural_similarity

    height, width = original.colours.shape[:2]
    if min(height, width) < WINDOW:
        return None
    total, inner = 0.0, height - 2 * REACH
    for part in _strips(inner, width):
        a, b = _floats(
            original, stored, slice(part.start, part.stop + 2 * REACH)
        )
        total += (part.stop - part.start) * float(structural_similarity(
            a, b, win_size=WINDOW, data_range=255, channel_axis=-1
        ))
    return total / inner
