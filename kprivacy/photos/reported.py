"""report.json and what is like it: a row a line, so that no run holds all."""

import contextlib
import json
import os

from kprivacy import files
from kprivacy.errors import UserError


def read(path):
    """What a report.json says.

    Args:
        path: The file; one that `write` wrote is read line by line.

    Returns:
        (a dict of all but rows and sentences, an iterable of the rows).

    Raises:
        UserError: It is no report.
    """
    with open(path, "rb") as file:
        first = parsed(file.readline().rstrip() + b"]}")
    if first is not None and first.pop("files", None) == []:
        return first, _rows(path)
    held = files.read_json(path)
    if not isinstance(held, dict) or not isinstance(held.get("files"), list):
        raise _no_report(path)
    return held, [row for row in held["files"] if isinstance(row, dict)]


def _rows(path):
    with open(path, "rb") as file:
        next(file)
        for line in file:
            if line.startswith(b"]"):
                return
            row = parsed(line.rstrip().rstrip(b","))
            if row is None:
                break
            yield row
    raise _no_report(path)


def _no_report(path):
    return UserError(
        f"{str(path)!r} must be a report of kprivacy.protect. Received: "
        "something else, or a part of one. Restore it, or protect into a new "
        "folder."
    )


def write(path, head, rows, left):
    """Writes a report, each row when it comes.

    Args:
        path: The file; it is replaced at the end.
        head: A dict.
        rows: Iterable of the dicts of "files".
        left: Sentences.
    """
    with beside(path) as file:
        file.write(json.dumps({**head, "files": []})[:-2])
        for begin, row in zip(_commas(), rows):
            file.write(begin + json.dumps(row))
        file.write('\n], "left": [')
        for begin, sentence in zip(_commas(), left):
            file.write(begin + json.dumps(sentence))
        file.write("\n]}\n")


def parsed(line):
    """What a line says, or None for the last one of a run that was killed."""
    try:
        found = json.loads(line)
        return found if isinstance(found, dict) else None
    except (ValueError, RecursionError):
        return None


def _commas():
    """What stands before the items of a list, one a line."""
    yield "\n"
    while True:
        yield ",\n"


@contextlib.contextmanager
def beside(path):
    """Yields a text file that takes the place of `path` once it is whole."""
    other = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(
            other, "w", encoding="utf-8", errors="surrogateescape", newline=""
        ) as file:
            yield file
        os.replace(other, path)
    finally:
        other.unlink(missing_ok=True)
