"""Trains a method from a config into a working directory."""

import pathlib
import sys

import keras

from kprivacy import callbacks, workdir
from kprivacy.ran import RAN, build_adversary, build_client, build_server


def train(config, directory):
    """Trains, or goes on where an interrupted training stopped.

    Args:
        config: A config of `configs/`.
        directory: The working directory.

    Returns:
        The trained model, which is also in `directory`/model.keras.
    """
    directory = pathlib.Path(directory)
    if (directory / "model.keras").exists():
        workdir.write_config(directory, config)
        return workdir.read_model(directory)
    dataset = workdir.read_batches(config, config.data.train_split)
    held = workdir.read_batches(
        config, config.data.validation_split, batch_size=512, shuffle=False
    )
    workdir.write_config(directory, config)
    keras.utils.set_random_seed(config.seed)
    model = build(config, dataset)
    _fit(model, config, directory, dataset, held)
    save(model, directory / "model.keras")
    return model


def build(config, dataset):
    """Builds and compiles the model of a config for a `data.load` dataset."""
    client = build_client(_shape(dataset), **_options(config.client))
    server = build_server(
        client, dataset.num_classes, **_options(config.server)
    )
    adversary = build_adversary(client, **_options(config.adversary))
    model = RAN(
        client, server, adversary, seed=config.seed, **_options(config.model)
    )
    steps = _steps(config, dataset)
    model.compile(
        optimizer=_adam(config.learning_rate, steps, config),
        adversary_optimizer=keras.optimizers.Adam(
            config.adversary_learning_rate
        ),
        utility_optimizer=_adam(
            config.utility_learning_rate,
            steps * config.model.inner_steps,
            config,
        ),
        metrics=["accuracy"],
        steps_per_execution=config.steps_per_execution,
    )
    return model


def undefended(config, directory):
    """The same architecture trained for accuracy alone, without noise.

    It is the reference row of every audit; trained once, then kept in
    `directory`/audit/undefended.keras, the client followed by the server.
    """
    path = pathlib.Path(directory) / "audit" / "undefended.keras"
    if path.exists():
        return keras.saving.load_model(path)
    dataset = workdir.read_batches(config, config.data.train_split)
    model = plain_classifier(config, dataset)
    model.fit(dataset, epochs=config.epochs, shuffle=False, verbose=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(model, path)
    return model


def plain_classifier(config, dataset):
    """Client and server of a config as one classifier, without noise."""
    keras.utils.set_random_seed(config.seed)
    options = {**_options(config.client), "noise": 0.0}
    client = build_client(_shape(dataset), **options)
    server = build_server(
        client, dataset.num_classes, **_options(config.server)
    )
    model = keras.Sequential([client, server])
    steps = _steps(config, dataset)
    model.compile(
        _adam(config.utility_learning_rate, steps, config),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model


def save(model, path):
    """Saves a model beside `path` and renames it."""
    beside = path.with_name(f"unfinished_{path.name}")
    model.save(beside)
    beside.replace(path)


def verbosity():
    """A progress bar on a terminal, a line an epoch elsewhere."""
    return 1 if sys.stdout.isatty() else 2


def _fit(model, config, directory, dataset, held):
    checkpoint = callbacks.Checkpoint(directory / "checkpoints")
    epoch = checkpoint.restore(model)
    model.fit(
        dataset,
        validation_data=held,
        initial_epoch=epoch,
        epochs=config.epochs,
        callbacks=[
            *_schedules(config),
            callbacks.EpochOrder(dataset),
            callbacks.MetricsFile(directory / "metrics.csv", epoch),
            keras.callbacks.TensorBoard(directory / "logs"),
            checkpoint,
        ],
        shuffle=False,
        verbose=verbosity(),
    )


def _schedules(config):
    if not config.utility_weight_start:
        return []
    return [
        callbacks.UtilityWeight(
            config.utility_weight_start,
            config.model.utility_weight,
            config.epochs,
        )
    ]


def _shape(dataset):
    return tuple(dataset.element_spec[0].shape[1:])


def _steps(config, dataset):
    """Batches of a whole training."""
    return config.epochs * int(dataset.cardinality())


def _adam(learning_rate, steps, config):
    """Adam, its rate decaying along a cosine where the config says so."""
    if config.cosine_decay:
        learning_rate = keras.optimizers.schedules.CosineDecay(
            learning_rate, steps, alpha=0.02
        )
    return keras.optimizers.Adam(learning_rate)


def _options(section):
    return dict(section.items())
