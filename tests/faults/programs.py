"""Programs that faults happen to, and what each must leave."""

import csv
import dataclasses
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable

import numpy as np

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
    path = folder / "out" / "gap_mnist_smoke.json"
    return json.loads(path.read_text())["rows"]


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

    from kprivacy.confounder_gan import build_client
    from kprivacy.confounder_gan.training import write_client

    keras.utils.set_random_seed(0)
    client = build_client((None, None, 3), filters=(4, 8))
    last = client.get_layer("up_detail")
    generator = np.random.default_rng(0)
    last.set_weights([
        generator.normal(0, 3, one.shape) for one in last.get_weights()
    ])
    write_client(client, 8, folder / "client")
    (folder / "in").mkdir()
    for index in range(PICTURES):
        pixels = generator.integers(0, 256, (48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "in" / f"{index:04}.png")


def a_training(folder):
    """A finished training, to be exported."""
    start(["kprivacy.train", "--config=configs/ran_digits.py:smoke",
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


def undisturbed(program, folder):
    """Runs a program in a new folder: (what it must leave, seconds)."""
    folder.mkdir()
    program.prepare(folder)
    begin = time.monotonic()
    end(start(program.arguments(folder)))
    return program.outcome(folder), time.monotonic() - begin


def each(chosen, campaign, said):
    """Runs a campaign of one program, or of all; says what it gave.

    Args:
        chosen: Name of a program, or None.
        campaign: Function of a name and of how many programs there are to
            (how many faults, in how many runs).
        said: What the faults are called.

    Returns:
        How many faults there were.
    """
    from kprivacy import program

    program.quiet()
    names, total = [chosen] if chosen else list(PROGRAMS), 0
    for name in names:
        done, runs = campaign(name, len(names))
        print(f"{name}: {done} {said} in {runs} runs, the outcome of each is "
              "the undisturbed one's", flush=True)
        total += done
    return total


def start(arguments):
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )


def end(process):
    _, said = process.communicate()
    if process.returncode:
        raise Broken(f"failed without a kill: {said[-2000:]}")


def check(program, folder, seen):
    """Everything under its final name is whole, and was written once."""
    for path in folder.rglob("*"):
        hidden = any(
            part.startswith((".", "unfinished"))
            for part in path.relative_to(folder).parts
        )
        if path.is_file() and not hidden:
            check_whole(path)
    for path in folder.glob(program.once):
        stamp = path.stat().st_mtime_ns
        if seen.setdefault(path, stamp) != stamp:
            raise Broken(f"{path} was written twice")


def check_whole(path):
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
