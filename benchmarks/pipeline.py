"""The pipeline of `kprivacy.protect --runner`: workers, and memory."""

import pathlib
import subprocess
import sys
import tempfile
import time

SIDE = 32


def run(count, workers):
    """Protects so many small pictures by so many processes.

    Returns:
        (seconds from start to end, the most MB that the command and all its
        processes held at once).
    """
    from benchmarks import memory, protecting
    from kprivacy.confounder_gan.training import write_client

    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        memory.pictures(folder / "in", count, SIDE)
        write_client(protecting.client(), 8, folder / "client")
        begin, most = time.perf_counter(), 0
        log = folder / "log"
        with log.open("w") as file:
            process = subprocess.Popen([
                sys.executable, "-m", "kprivacy.protect",
                f"--client={folder / 'client'}", f"--input={folder / 'in'}",
                f"--output={folder / 'out'}", "--runner=DirectRunner", "--",
                f"--direct_num_workers={workers}",
                "--direct_running_mode=multi_processing",
            ], stdout=file, stderr=subprocess.STDOUT)
        while process.poll() is None:
            most = max(most, _held(process.pid))
            time.sleep(0.5)
        seconds = time.perf_counter() - begin
        said = log.read_text()
        if process.returncode or f"protected: {count}," not in said:
            raise RuntimeError(f"The pipeline failed:\n{said}")
    return seconds, most


def _held(pid):
    """MB of a process and of all that it has started."""
    held, others = 0, [pid]
    while others:
        one = pathlib.Path("/proc", str(others.pop()))
        try:
            for line in (one / "status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    held += int(line.split()[1]) / 1024
            for path in one.glob("task/*/children"):
                others += path.read_text().split()
        except OSError:  # it has ended
            continue
    return held
