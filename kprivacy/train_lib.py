"""Trains a method from a config into a working directory."""

import importlib
import pathlib
import sys

import keras

from kprivacy import callbacks, distribution, errors, files, workdir
from kprivacy.workdir import save

METHODS = ("ran", "fakesafe", "gap", "confounder_gan")


def train(config, directory, strategy=None):
    """Trains, or goes on where an interrupted training stopped.

    Args:
        config: A config of `configs/`.
        directory: The working directory; of several machines one that all
            of them see.
        strategy: Of `kprivacy.distribution.create`, or None.

    Returns:
        The trained model, which is also in `directory`/model.keras.
    """
    directory = pathlib.Path(directory)
    files.check_folder("--workdir", directory)
    for name in ("epochs", "batch_size", "steps_per_execution"):
        errors.check_count(f"config.{name}", config[name])
    if (directory / "model.keras").exists():
        workdir.write_config(directory, config)
        return workdir.read_model(directory)
    method = method_of(config)
    distribution.check(strategy, config)
    dataset, held = method.datasets(config)
    with (
        distribution.writing_place(strategy, directory) as folder,
        files.alone(folder),
    ):
        workdir.write_config(folder, config)
        keras.utils.set_random_seed(config.seed)
        chosen = workdir.precision(config)
        with distribution.scope(strategy), workdir.computing_in(chosen):
            model = method.build(config, dataset, directory / "parts")
        epoch = callbacks.Checkpoint(directory / "checkpoints").restore(model)
        _fit(
            model, config, folder, (dataset, held), strategy, epoch,
            method.schedules(config),
        )
        model = _in_float32(model, method, config, dataset, directory)
        method.write_parts(model, config, folder)
        save(model, folder / "model.keras")
    return model


def _in_float32(model, method, config, dataset, directory):
    """The model for later steps: phones and audits know float32 alone."""
    if workdir.precision(config) == "float32":
        return model
    plain = method.build(config, dataset, directory / "parts")
    plain.set_weights(model.get_weights())
    return plain


def method_of(config):
    """The module that trains a config's method, `kprivacy.METHOD.training`.

    It has `datasets(config)`, the batches to train on and those that are
    watched; `build(config, dataset, parts)`, the compiled model, where `parts`
    is a folder for what is trained before it, or None; `schedules(config)`,
    callbacks; and `write_parts(model, config, directory)`, for what is handed
    on beside model.keras.
    """
    errors.check_choice("config.method", config.method, METHODS)
    return importlib.import_module(f"kprivacy.{config.method}.training")


def undefended(config, directory):
    """The same architecture trained for accuracy alone, without noise.

    It is the reference row of every audit; trained once, then kept in
    `directory`/audit/undefended.keras, the client followed by the server.
    """
    path = pathlib.Path(directory) / "audit" / "undefended.keras"
    if path.exists():
        return keras.saving.load_model(path)
    dataset = workdir.read_batches(config, config.data.train_split)
    model = method_of(config).plain_classifier(config, dataset)
    model.fit(dataset, epochs=config.epochs, shuffle=False, verbose=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(model, path)
    return model


def verbosity():
    """A progress bar on a terminal, a line an epoch elsewhere."""
    return 1 if sys.stdout.isatty() else 2


def _fit(model, config, directory, datasets, strategy, epoch, schedules):
    checkpoints = directory / "checkpoints"
    dataset, held = (distribution.shared(strategy, one) for one in datasets)
    model.fit(
        dataset,
        validation_data=held,
        initial_epoch=epoch,
        epochs=config.epochs,
        callbacks=[
            *schedules,
            callbacks.EpochOrder(datasets[0]),
            callbacks.StopAtNaN(checkpoints),
            callbacks.MetricsFile(directory / "metrics.csv", epoch),
            keras.callbacks.TensorBoard(directory / "logs"),
            callbacks.Checkpoint(checkpoints),
        ],
        shuffle=False,
        verbose=verbosity(),
    )
