"""Seconds until a program answers."""

import subprocess
import sys
import time

import numpy as np

PROGRAMS = {
    "import": ["-c", "import kprivacy"],
    **{name: ["-m", f"kprivacy.{name}", "--help"] for name in (
        "train", "audit", "protect", "recover", "verify", "tune", "reproduce",
    )},
    "export": ["-m", "export.main", "--help"],
}


def measure(name, repeats=5):
    """Median seconds of a start."""
    seconds = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *PROGRAMS[name]], capture_output=True
        )
        # absl ends with 1 after it has shown its help.
        if done.returncode not in (0, 1) or b"Traceback" in done.stderr:
            raise RuntimeError(done.stderr.decode())
        seconds.append(time.perf_counter() - begin)
    # The first one reads the disk.
    return float(np.median(seconds[1:]))
