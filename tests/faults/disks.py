"""Full disks, read-only ones, and clocks that jump, on a disk in memory.

    python -m tests.faults.disks

Needs Linux and the right to mount (root, or `unshare -Urm` before it). Each
program is run undisturbed first. Then a disk is too small for what it writes:
it must end with a sentence, leave nothing half-written, and end like the
undisturbed run once there is room. Likewise on a disk that is read-only at
first; and after a kill, when every file's time lies ten years ahead or behind.
"""

import contextlib
import functools
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from absl import app, flags

from tests.faults import programs
from tests.faults.programs import PROGRAMS, Broken

_PROGRAM = flags.DEFINE_string("program", None, "One program alone.")
# Of what the undisturbed run left.
SHARES = (0.3, 0.6, 0.9)
YEARS = 10 * 365 * 24 * 3600
SAID = {"full": "No space left on device", "read-only": "Read-only file"}


@contextlib.contextmanager
def disk(place, size):
    """A disk of so many bytes, mounted on `place`."""
    place.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", place)
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def _mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def check(name):
    """All faults for a program; gives how many, each a run of its own.

    Raises:
        Broken: Something is half-written, or has another outcome.
    """
    program = PROGRAMS[name]
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        fresh = place / "fresh"
        fresh.mkdir()
        program.prepare(fresh)
        calm = place / "calm"
        expected, seconds = programs.undisturbed(program, calm)
        room = 20 * _bytes(calm) + (64 << 20)
        written = _bytes(calm) - _bytes(fresh)
        faults = [
            *(functools.partial(_full, place / f"full{share}", room,
                                int(share * written)) for share in SHARES),
            functools.partial(_read_only, place / "read-only", room),
            *(functools.partial(_clock, place / f"clock{years}", seconds,
                                years) for years in (YEARS, -YEARS)),
        ]
        for fault in faults:
            fault(program, expected)
    return len(faults), len(faults)


def _full(folder, room, rest, program, expected):
    """A disk with so many bytes left, later with room."""
    with disk(folder, room):
        program.prepare(folder)
        _mount("-o", f"remount,size={_used(folder) + rest}", folder)
        _must_fail(program, folder, SAID["full"])
        _mount("-o", f"remount,size={room}", folder)
        _must_end(program, folder, expected)


def _read_only(folder, room, program, expected):
    """A disk that is read-only, later not."""
    with disk(folder, room):
        program.prepare(folder)
        _mount("-o", "remount,ro", folder)
        _must_fail(program, folder, SAID["read-only"])
        _mount("-o", "remount,rw", folder)
        _must_end(program, folder, expected)


def _clock(folder, seconds, years, program, expected):
    """After a kill, files from another time."""
    folder.mkdir()
    program.prepare(folder)
    inputs = set(folder.rglob("*"))
    process = programs.start(program.arguments(folder))
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=0.7 * seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    for path in set(folder.rglob("*")) - inputs:
        os.utime(path, (time.time() + years,) * 2)
    _must_end(program, folder, expected)


def _must_fail(program, folder, sentence):
    process = programs.start(program.arguments(folder))
    _, said = process.communicate()
    if process.returncode == 0 or sentence not in said:
        raise Broken(
            f"ended with {process.returncode}, without {sentence!r}:\n"
            f"{said[-3000:]}"
        )
    if "Traceback" in said:
        raise Broken(f"no sentence, but a trace:\n{said[-3000:]}")
    programs.check(program, folder, {})


def _must_end(program, folder, expected):
    programs.end(programs.start(program.arguments(folder)))
    programs.check(program, folder, {})
    if program.outcome(folder) != expected:
        raise Broken("another outcome after a fault")


def _bytes(folder):
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def _used(folder):
    held = os.statvfs(folder)
    return (held.f_blocks - held.f_bfree) * held.f_frsize


def main(argv):
    del argv
    total = programs.each(
        _PROGRAM.value, lambda name, count: check(name), "faults"
    )
    print(f"{total} faults, each with a sentence where there is one to say")


if __name__ == "__main__":
    app.run(main)
