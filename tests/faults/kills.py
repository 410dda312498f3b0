"""Kills programs at random moments: what they left must be whole, and enough.

    python -m tests.faults.kills --kills=50 --seed=0

Each program is run undisturbed first. Then it is killed with SIGKILL again and
again, and started again with the same command, until it ends. After each kill
every file under its final name must be readable, and what is done once must not
be done again; in the end the outcome must be that of the undisturbed run.
"""

import csv
import dataclasses
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable

import numpy as np
from absl import app, flags

_KILLS = flags.DEFINE_integer("kills", 50, "In all.", lower_bound=1)
_SEED = flags.DEFINE_integer("seed", 0, "Of the moments.")
_PROGRAM = flags.DEFINE_string("program", None, "One program alone.")
# Kills of a run before it may end.
EACH = 3
PICTURES = 300


@dataclasses.dataclass(frozen=True)
class Program:
    """A program, and what it is judged by.

    Attributes:
        arguments: Function from a run's folder to what follows `python -m`.
        outcome: Function from the folder to what must be the same.
        once: Pattern of files that are written once.
        prepare: Function of the folder that is called before the first start.
    """

    arguments: Callable
    outcome: Callable
    once: str
    prepare: Callable = lambda folder: None


class Broken(Exception):
    """What must not happen, has."""


def weights_of(path):
    """The digest of a saved model's weights."""
    from kprivacy import files, workdir

    return files.weights_digest(workdir.read_model(path.parent))


def trained(folder):
    """Weights, and one row for each epoch."""
    with open(folder / "w" / "metrics.csv") as file:
        rows = list(csv.reader(file))
    return weights_of(folder / "w" / "model.keras"), rows


def tuned(folder):
    """What was found, whatever the folder is called."""
    return (folder / "w" / "tune.json").read_text().replace(str(folder), "")


def reproduced(folder):
    return json.loads((folder / "out" / "gap_mnist.json").read_text())["rows"]


def protected(folder):
    """Every picture's content, and what the report says of each."""
    from kprivacy import files

    report = json.loads((folder / "out" / "report.json").read_text())
    rows = [{**one, "stamp": None} for one in report["files"]]
    return rows, {
        path.name: files.sha256(path)
        for path in sorted((folder / "out").glob("*.png"))
    }


def exported(folder):
    """What the phone gets: the server's file has times in it."""
    from kprivacy import files

    bundle = folder / "w" / "export"
    contract = json.loads((bundle / "contract.json").read_text())
    contract.pop("sha256")
    return contract, {
        path.name: files.sha256(path)
        for path in sorted(bundle.iterdir())
        if path.suffix in (".tflite", ".bin")
    }


def photographs(folder):
    """Pictures, and an untrained generator whose noise is not zero."""
    import keras
    from PIL import Image

    from kprivacy import files
    from kprivacy.confounder_gan import build_client

    keras.utils.set_random_seed(0)
    client = build_client((None, None, 3), filters=(4, 8))
    last = client.get_layer("up_detail")
    generator = np.random.default_rng(0)
    last.set_weights([
        generator.normal(0, 3, one.shape) for one in last.get_weights()
    ])
    (folder / "client").mkdir()
    client.save(folder / "client" / "client.keras")
    files.write_json(folder / "client" / "domain.json", {
        "format": 1, "method": "confounder_gan", "channels": 3, "bound": 8,
    })
    (folder / "in").mkdir()
    for index in range(PICTURES):
        pixels = generator.integers(0, 256, (48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "in" / f"{index:04}.png")


def a_training(folder):
    """A finished training, to be exported."""
    _start(["kprivacy.train", "--config=configs/ran_digits.py:smoke",
            f"--workdir={folder}/w"]).communicate()


PROGRAMS = {
    "train": Program(
        lambda folder: [
            "kprivacy.train", "--config=configs/ran_digits.py:smoke",
            "--config.epochs=12", f"--workdir={folder}/w",
        ],
        trained, "w/model.keras",
    ),
    "tune": Program(
        lambda folder: [
            "kprivacy.tune", "--config=configs/ran_digits.py:smoke",
            f"--workdir={folder}/w", "--accuracy=.2", "--trials=3",
        ],
        tuned, "w/*/model.keras",
    ),
    "reproduce": Program(
        lambda folder: [
            "kprivacy.reproduce", "--experiment=gap_mnist", "--profile=smoke",
            f"--runs_dir={folder}/runs", f"--output_dir={folder}/out",
        ],
        reproduced, "runs/**/cell.json",
    ),
    "protect": Program(
        lambda folder: [
            "kprivacy.protect", f"--client={folder}/client",
            f"--input={folder}/in", f"--output={folder}/out",
        ],
        protected, "out/*.png", photographs,
    ),
    "export": Program(
        lambda folder: ["export.main", f"--workdir={folder}/w"],
        exported, "w/export/client.tflite", a_training,
    ),
}


def campaign(name, kills, seed):
    """Kills a program so often; gives how many runs it was.

    Raises:
        Broken: Something half-written, done twice, or another outcome.
    """
    program, generator = PROGRAMS[name], np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as place:
        calm = pathlib.Path(place, "calm")
        calm.mkdir()
        program.prepare(calm)
        begin = time.monotonic()
        _end(_start(program.arguments(calm)))
        seconds = time.monotonic() - begin
        expected, runs, done = program.outcome(calm), 0, 0
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
    return runs, done


def _disturbed(program, folder, most, seconds, generator):
    """One run with up to `most` kills; gives how many there were."""
    done, seen = 0, {}
    while True:
        process = _start(program.arguments(folder))
        if done == most:
            _end(process)
            break
        try:
            process.communicate(timeout=seconds * generator.uniform(0.2, 1))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            done += 1
        _check(program, folder, seen)
        if process.returncode == 0:
            break
    _check(program, folder, seen)
    return done


def _start(arguments):
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )


def _end(process):
    _, said = process.communicate()
    if process.returncode:
        raise Broken(f"failed without a kill: {said[-2000:]}")


def _check(program, folder, seen):
    """Everything under its final name is whole, and was written once."""
    for path in folder.rglob("*"):
        hidden = any(
            part.startswith((".", "unfinished"))
            for part in path.relative_to(folder).parts
        )
        if path.is_file() and not hidden:
            _check_whole(path)
    for path in folder.glob(program.once):
        stamp = path.stat().st_mtime_ns
        if seen.setdefault(path, stamp) != stamp:
            raise Broken(f"{path} was written twice")


def _check_whole(path):
    try:
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix in (".keras", ".npz"):
            with zipfile.ZipFile(path) as archive:
                if archive.testzip():
                    raise ValueError("damaged")
        elif path.suffix == ".png":
            from PIL import Image

            with Image.open(path) as image:
                image.load()
        elif path.suffix == ".h5":
            import h5py

            h5py.File(path).close()
        elif path.suffix == ".tflite":
            from ai_edge_litert.interpreter import Interpreter

            Interpreter(model_path=str(path))
    except Exception as error:
        raise Broken(f"{path} is half-written: {error}") from error


def main(argv):
    del argv
    from kprivacy import program

    program.quiet()
    names = [_PROGRAM.value] if _PROGRAM.value else list(PROGRAMS)
    total = 0
    for name in names:
        runs, done = campaign(name, -(-_KILLS.value // len(names)), _SEED.value)
        print(f"{name}: {done} kills in {runs} runs, the outcome of each is "
              "the undisturbed one's", flush=True)
        total += done
    print(f"{total} kills, nothing half-written, nothing done twice")


if __name__ == "__main__":
    app.run(main)
