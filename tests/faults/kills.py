"""Kills programs at random moments: what they left must be whole, and enough.

    python -m tests.faults.kills --kills=50 --seed=0

Each program is run undisturbed first. Then it is killed with SIGKILL again and
again, and started again with the same command, until it ends. After each kill
every file under its final name must be readable, and what is done once must not
be done again; in the end the outcome must be that of the undisturbed run.
"""

import pathlib
import signal
import subprocess
import tempfile

import numpy as np
from absl import app, flags

from tests.faults.programs import (
    PROGRAMS,
    Broken,
    check,
    each,
    end,
    start,
    undisturbed,
)

_KILLS = flags.DEFINE_integer("kills", 50, "In all.", lower_bound=1)
_SEED = flags.DEFINE_integer("seed", 0, "Of the moments.")
_PROGRAM = flags.DEFINE_string("program", None, "One program alone.")
# Kills of a run before it may end.
EACH = 3


def campaign(name, kills, seed):
    """Kills a program so often; gives the kills, and in how many runs.

    Raises:
        Broken: Something half-written, done twice, or another outcome.
    """
    program, generator = PROGRAMS[name], np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as place:
        expected, seconds = undisturbed(program, pathlib.Path(place, "calm"))
        runs = done = 0
        while done < kills:
            folder = pathlib.Path(place, f"run{runs}")
            folder.mkdir()
            program.prepare(folder)
            done += _disturbed(
                program, folder, min(EACH, kills - done), seconds, generator
            )
            runs += 1
            if program.outcome(folder) != expected:
                raise Broken(f"{name}: another outcome after kills")
    return done, runs


def _disturbed(program, folder, most, seconds, generator):
    """One run with up to `most` kills; gives how many there were."""
    done, seen = 0, {}
    while True:
        process = start(program.arguments(folder))
        if done == most:
            end(process)
            break
        try:
            process.communicate(timeout=seconds * generator.uniform(0.2, 1))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            done += 1
        check(program, folder, seen)
        if process.returncode == 0:
            break
    check(program, folder, seen)
    return done


def main(argv):
    del argv
    total = each(
        _PROGRAM.value,
        lambda name, count: campaign(
            name, -(-_KILLS.value // count), _SEED.value
        ),
        "kills",
    )
    print(f"{total} kills, nothing half-written, nothing done twice")


if __name__ == "__main__":
    app.run(main)
