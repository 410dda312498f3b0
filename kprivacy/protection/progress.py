"""How far a run is: on the screen, and in the output for the next run."""

import pathlib
import re
import sys

from kprivacy import files
from kprivacy.errors import UserError

STATE = ".progress.json"
EVERY = 1000
# What `files.write_bytes` leaves beside a file when it is killed.
BESIDE = re.compile(r"\..+\.(json|png|npz|npy)\.\d+")


class Line:
    """One line that counts: kept up to date on a terminal, else now and then.

    Args:
        verb: What is done, such as "protected".
        done: How many were done by an earlier run.
        total: How many there are.
    """

    def __init__(self, verb, done, total):
        self._verb, self._done, self._total = verb, done, total
        self._terminal = sys.stderr.isatty()

    def add(self, count):
        """Says that `count` more are done."""
        before, self._done = self._done, self._done + count
        text = f"{self._verb} {self._done} of {self._total}"
        if self._terminal:
            print(f"\r{text}", end="", file=sys.stderr, flush=True)
        elif self._done // EVERY > before // EVERY:
            print(text, file=sys.stderr, flush=True)

    def close(self):
        """Ends the line of a terminal."""
        if self._terminal:
            print(file=sys.stderr)


def begin(folder, flag, command):
    """Takes a folder into use and returns what an unfinished run left.

    Args:
        folder: Does not exist, is empty, or holds an unfinished run.
        flag: The flag that names it, for errors.
        command: Of the program that writes it, likewise.

    Returns:
        The content of its state file, or None at the first run.

    Raises:
        UserError: It holds something else, or a run that is complete.
    """
    folder = pathlib.Path(folder)
    if folder.exists() and not folder.is_dir():
        raise UserError(
            f"--{flag} must be a folder. Received: {str(folder)!r}, a file. "
            "Choose another."
        )
    state = folder / STATE
    if state.is_file():
        held = files.read_json(state)
        if not isinstance(held, dict) or held.get("command") != command:
            raise UserError(_other(folder, flag, "another program's run"))
        return held
    others = [path.name for path in folder.glob("*") if not _ours(path)]
    if others:
        raise UserError(
            _other(folder, flag, f"{len(others)} files, such as {others[0]!r}")
        )
    return None


def end(folder):
    """Removes what only an unfinished run needs."""
    folder = pathlib.Path(folder)
    for path in folder.rglob(".*"):
        if _ours(path):
            path.unlink()
    (folder / STATE).unlink()


def _ours(path):
    return bool(BESIDE.fullmatch(path.name))


def _other(folder, flag, held):
    return (
        f"--{flag} must be a new or empty folder, or one where the same "
        f"command was interrupted. Received: {str(folder)!r}, which holds "
        f"{held}. Choose another; nothing was changed there."
    )
