"""A working directory: what one training left, and all that later steps need.

    config.json     what was trained, on which data
    checkpoints/    the state after the last whole epoch, while training
    parts/          classifiers that a method trains before its game
    model.keras     the trained model
    metrics.csv     one row an epoch
    logs/           for TensorBoard
    samples/        inputs against a fresh attacker's reconstructions
    audit/          what fresh attackers found
    export/         the bundle for the phone and the server
"""

import contextlib
import pathlib

import ml_collections

from kprivacy import data, errors, files
from kprivacy.errors import UserError

# Fields that earlier versions did not have, and what they did.
LATER = {
    "jit_compile": "auto",
    "precision": "float32",
    "model.jpeg": 0.0,
    "model.jpeg_quality": [30, 95],
    "model.joint": False,
    "model.contrast": 0.0,
    "surrogate.every": 0,
    "export.quantization": "int8",
    "export.utility_loss": 0.003,
    "export.privacy_loss": 0.03,
}
JIT = {"auto": "auto", "on": True, "off": False}
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
_NOTHING = object()  # in the place of a field that is not there


class WorkdirError(UserError):
    """A working directory lacks what a step needs; says which step makes it."""


def write_config(workdir, config):
    """Writes the config; refuses a directory that belongs to another one."""
    path = pathlib.Path(workdir) / "config.json"
    values = _plain(config)
    held = files.read_json(path) if path.exists() else values
    before, now = ({**LATER, **_flat(one)} for one in (held, values))
    if before != now:
        differing = sorted({
            key.partition(".")[0]
            for key in set(before) | set(now)
            if before.get(key, _NOTHING) != now.get(key, _NOTHING)
        })
        raise WorkdirError(
            f"{str(workdir)!r} holds a training with another config (it "
            f"differs in {', '.join(differing)}). Choose another --workdir, "
            "or delete that one to start afresh."
        )
    files.write_json(path, values)


def run_options(config):
    """How a config's steps are run: arguments of `keras.Model.compile`."""
    jit = config.get("jit_compile", LATER["jit_compile"])
    errors.check_choice("config.jit_compile", jit, tuple(JIT))
    return {
        "steps_per_execution": config.steps_per_execution,
        "jit_compile": JIT[jit],
    }


def precision(config):
    """The name of the dtype policy that a config trains with."""
    chosen = config.get("precision", LATER["precision"])
    errors.check_choice("config.precision", chosen, PRECISIONS)
    return chosen


@contextlib.contextmanager
def computing_in(policy):
    """Layers that are built in it have this dtype policy.

    Args:
        policy: Its name, such as "float32".
    """
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def read_config(workdir):
    """Reads the config that a training wrote."""
    path = pathlib.Path(workdir) / "config.json"
    if not path.is_file():
        raise WorkdirError(
            f"{str(workdir)!r} is no working directory: it has no "
            "config.json. Train first: python -m kprivacy.train "
            f"--config=configs/ran_digits.py --workdir={workdir}"
        )
    return ml_collections.ConfigDict(files.read_json(path))


def check_method(config, task, known=("ran",)):
    """Raises unless a task can be done with a config's method."""
    if config.method not in known:
        raise WorkdirError(
            f"{task} takes a training of {', '.join(known)}. Received: one of "
            f"{config.method}. `python -m export.main` attacks what trainings "
            "of every method send; of FakeSafe, `python -m kprivacy.protect` "
            "and `python -m kprivacy.recover` take client/ and server/."
        )


def read_model(workdir):
    """Loads the trained model."""
    import keras

    import kprivacy

    path = pathlib.Path(workdir) / "model.keras"
    if not path.is_file():
        raise WorkdirError(
            f"{str(workdir)!r} holds no trained model: {path.name} is "
            "missing. Run the same training command again; it goes on where "
            "it stopped."
        )
    for name in kprivacy.METHODS:  # loaded, so that Keras knows them
        getattr(kprivacy, name)
    return keras.saving.load_model(path)


def kept(path, make):
    """A model that is trained once: loaded from `path`, or made and saved.

    Args:
        path: Of a .keras file; None makes it and keeps nothing.
        make: Function that gives the model.
    """
    import keras

    if path is not None and path.exists():
        return keras.saving.load_model(path, compile=False)
    model = make()
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(model, path)
    return model


def save(model, path):
    """Saves a model beside `path` and renames it."""
    beside = path.with_name(f"unfinished_{path.name}")
    files.check_room(beside, model)
    with files.one_complaint():
        model.save(beside)
    beside.replace(path)


def read_data(config, split):
    """The `Arrays` of one part of a config's data set, or of "one+other"."""
    return data.join([
        data.arrays(config.data.name, one.strip(), **_data_options(config))
        for one in split.split("+")
    ])


def read_batches(config, split, batch_size=None, shuffle=True):
    """Batches of one part of a config's data set, streamed if it says so.

    Args:
        config: A config of `configs/`.
        split: As for `kprivacy.data.load`, or "one+other", in memory.
        batch_size: Examples a batch; the config's if None.
        shuffle: Whether there is a new order each epoch.
    """
    if "+" in split:
        from kprivacy.data import pipeline

        part = read_data(config, split)
        dataset = pipeline.batches(
            part, batch_size or config.batch_size, config.seed, shuffle
        )
        dataset.num_classes = part.num_classes
        return dataset
    return data.load(
        config.data.name,
        split,
        batch_size or config.batch_size,
        config.seed,
        stream=config.data.get("stream"),
        shuffle=shuffle,
        **_data_options(config),
    )


def labelled_batches(config):
    """Batches of a config's data to train on, and those that are watched."""
    held = read_batches(
        config, config.data.validation_split, batch_size=512, shuffle=False
    )
    return read_batches(config, config.data.train_split), held


def _data_options(config):
    names = ("data_dir", "download", "image_size", "label", "group",
             "standardise")
    # Directories of earlier versions lack the later ones.
    return {name: config.data[name] for name in names if name in config.data}


def _plain(config):
    """A config as JSON gives it back: lists for tuples."""
    import json

    return json.loads(config.to_json())


def _flat(values, place=""):
    """Fields of sections, too, by their places: "model.shift"."""
    found = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{place}{key}.")
        else:
            found[place + key] = value
    return found
