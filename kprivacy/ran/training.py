"""How a config trains RAN."""

import keras

from kprivacy import callbacks, optimizers, workdir
from kprivacy.optimizers import adam
from kprivacy.ran.adversary import build_adversary
from kprivacy.ran.client import build_client
from kprivacy.ran.model import RAN
from kprivacy.ran.server import build_server


def datasets(config):
    """The batches to train on, and those that are watched."""
    return workdir.labelled_batches(config)


def build(config, dataset, parts=None):
    """Builds and compiles the model of a config for a `data.load` dataset."""
    client = build_client(_shape(dataset), **config.client)
    server = build_server(
        client, dataset.num_classes, **config.server
    )
    adversary = build_adversary(client, **config.adversary)
    model = RAN(
        client, server, adversary, seed=config.seed, **config.model
    )
    steps = _steps(config, dataset)
    model.compile(
        optimizer=adam(config.learning_rate, steps, config.cosine_decay),
        adversary_optimizer=keras.optimizers.Adam(
            config.adversary_learning_rate
        ),
        utility_optimizer=adam(
            config.utility_learning_rate,
            steps * config.model.inner_steps,
            config.cosine_decay,
        ),
        metrics=["accuracy"],
        **workdir.run_options(config),
    )
    return model


def schedules(config):
    """The callback that moves lambda, where the config says so."""
    if not config.utility_weight_start:
        return []
    return [
        callbacks.UtilityWeight(
            config.utility_weight_start,
            config.model.utility_weight,
            config.epochs,
        )
    ]


def write_parts(model, config, directory):
    """Nothing: the export stage hands on RAN's parts."""


def plain_classifier(config, dataset):
    """Client and server of a config as one classifier, without noise."""
    keras.utils.set_random_seed(config.seed)
    options = {**config.client, "noise": 0.0}
    client = build_client(_shape(dataset), **options)
    server = build_server(
        client, dataset.num_classes, **config.server
    )
    model = keras.Sequential([client, server])
    steps = _steps(config, dataset)
    model.compile(
        adam(config.utility_learning_rate, steps, config.cosine_decay),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    optimizers.build(model)
    return model


def _shape(dataset):
    return tuple(dataset.element_spec[0].shape[1:])


def _steps(config, dataset):
    """Batches of a whole training."""
    return config.epochs * int(dataset.cardinality())
