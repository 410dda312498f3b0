"""What a protection did to each picture, measured on the stored file."""

import csv
import io
import json
import pathlib

import numpy as np

from kprivacy import files
from kprivacy.photos import picture

ROWS = ".rows.jsonl"
FIELDS = ("file", "output", "width", "height", "format", "linf", "psnr",
          "ssim", "note")
# The side that SSIM is measured at, at most: it takes memory.
SSIM_SIDE = 2048


def measure(original, stored):
    """How far a stored picture is from its original.

    Args:
        original: `Picture`.
        stored: `Picture` of the same size.

    Returns:
        A dict: `linf`, the largest difference of a pixel in levels of 8
        bits; `psnr` in dB, None without a difference; `ssim`, None of
        pictures of fewer than 7 pixels a side.
    """
    a, b = (_floats(one) for one in (original, stored))
    if a.shape[2] != b.shape[2]:
        a, b = (np.broadcast_to(one, (*one.shape[:2], 3)) for one in (a, b))
    error = float(np.mean((a - b) ** 2))
    linf = float(np.abs(a - b).max())
    return {
        "linf": round(linf, 3),
        "psnr": 10 * float(np.log10(255**2 / error)) if error else None,
        "ssim": _ssim(a, b),
    }


def same_size(original, stored):
    """Whether two pictures have the same height and width."""
    return original.colours.shape[:2] == stored.colours.shape[:2]


class Rows:
    """The rows of a run, kept in its output so that a later one goes on.

    Args:
        folder: The output.
    """

    def __init__(self, folder):
        self._path = pathlib.Path(folder) / ROWS
        self._rows = {}
        whole = self._path.with_name("report.json")
        if whole.is_file():
            self._keep(files.read_json(whole)["files"])
        if self._path.is_file():
            self._keep(map(_parsed, self._path.read_text("utf-8").splitlines()))

    def _keep(self, rows):
        for row in rows:
            if row is not None:
                self._rows[row["file"]] = row

    def get(self, name):
        """The row of an input file, or None."""
        return self._rows.get(name)

    def add(self, row):
        """Keeps a row, on the disk at once."""
        self._rows[row["file"]] = row
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def write(self, names, bad):
        """Writes report.json and report.csv of some files.

        Args:
            names: Of the input files.
            bad: A sentence for each that was left.
        """
        rows = [self._rows[name] for name in names if name in self._rows]
        folder = self._path.parent
        files.write_json(folder / "report.json", {"files": rows, "left": bad})
        text = io.StringIO()
        table = csv.DictWriter(text, FIELDS, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
        files.write_bytes(folder / "report.csv", text.getvalue().encode())
        self._path.unlink(missing_ok=True)


def _parsed(line):
    """A row, or None for the last line of a run that was killed."""
    try:
        row = json.loads(line)
        return row if {"file", "output"} <= row.keys() else None
    except (ValueError, AttributeError):
        return None


def row(name, output, original, stored, note=""):
    """What the report says of one file."""
    height, width = original.colours.shape[:2]
    return {
        "file": name, "output": output, "width": width, "height": height,
        "format": stored.format, **measure(original, stored),
        "note": "; ".join(one for one in (original.note, note) if one),
    }


def lossy(kind):
    """Whether a format changes pixels when it is written."""
    return kind in picture.LOSSY


def _floats(one):
    return one.colours.astype(np.float64) / one.levels


def _ssim(a, b):
    from skimage.metrics import structural_similarity

    if min(a.shape[:2]) < 7:
        return None
    a, b = (one[:SSIM_SIDE, :SSIM_SIDE] for one in (a, b))
    return float(structural_similarity(
        a, b, data_range=255, channel_axis=-1
    ))
