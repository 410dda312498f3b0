"""Conversions in a process of their own: a converter that dies kills no run.

    python -m export.conversion --request=FOLDER

converts what `convert_all` left in a folder.
"""

import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from kprivacy import program
from kprivacy.errors import UserError

from .parts import Client


def convert_all(clients, quantizations, settings=None):
    """Converts clients to several files each.

    Args:
        clients: Name to `export.parts.Client`.
        quantizations: Names, as for `export.client.convert`.
        settings: Its further settings, by name.

    Returns:
        ((client's name, quantisation) to the bytes of the file, likewise to
        why there is none).
    """
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, client in clients.items():
            _write(folder / name, client)
        left = list(itertools.product(clients, quantizations))
        contents, failed = {}, {}
        while left:
            request = {"left": left, "settings": settings or {}}
            (folder / "request.json").write_text(json.dumps(request))
            code, said = _run(folder)
            for job in list(left):
                for end, found in ((".tflite", contents), (".txt", failed)):
                    path = folder / job[0] / f"{job[1]}{end}"
                    if path.exists():
                        found[job] = path.read_bytes()
                        left.remove(job)
            if left:  # it died of the first one
                failed[left.pop(0)] = (
                    f"the converter ended with code {code}: {said}".encode()
                )
        return contents, {k: one.decode() for k, one in failed.items()}


def _run(folder):
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.conversion",
         f"--request={folder}"],
        capture_output=True, text=True, env=environment,
    )
    last = done.stderr.strip().splitlines()[-1:] or ["without a word"]
    return done.returncode, last[0][:300]


def _write(folder, client):
    folder.mkdir()
    client.model.save(folder / "client.keras")
    held = {"signature": client.signature, "inputs": client.inputs,
            "output": client.output, "scaling": client.scaling}
    (folder / "client.json").write_text(json.dumps(held))
    np.savez(folder / "examples.npz", *client.examples)


def _read(folder):
    import keras

    import kprivacy

    for name in kprivacy.METHODS:  # loaded, so that Keras knows them
        getattr(kprivacy, name)
    held = json.loads((folder / "client.json").read_text())
    with np.load(folder / "examples.npz") as archive:
        examples = tuple(archive[name] for name in archive.files)
    return Client(
        keras.saving.load_model(folder / "client.keras", compile=False),
        held["signature"], held["inputs"], tuple(held["output"]), examples,
        held["scaling"],
    )


def _main(argv):
    del argv
    program.quiet()
    from absl import flags

    from . import client as client_lib

    folder = pathlib.Path(flags.FLAGS.request)
    held, request = {}, json.loads((folder / "request.json").read_text())
    for name, quantization in request["left"]:
        if name not in held:
            held = {name: _read(folder / name)}
        try:
            content = client_lib.convert(
                held[name], quantization, **request["settings"]
            )
            end = ".tflite"
        except UserError as error:
            content, end = str(error).encode(), ".txt"
        beside = folder / name / f"unfinished_{quantization}"
        beside.write_bytes(content)
        beside.replace(folder / name / f"{quantization}{end}")


if __name__ == "__main__":
    from absl import app, flags

    flags.DEFINE_string("request", None, "Folder of `convert_all`.")
    app.run(_main)
