"""How a config trains GAP."""

import keras
import numpy as np

from kprivacy import callbacks, errors, workdir
from kprivacy.data import passes
from kprivacy.gap import attributes
from kprivacy.gap.adversary import build_adversary
from kprivacy.gap.client import build_client
from kprivacy.gap.model import GAP
from kprivacy.gap.pretraining import Pretraining
from kprivacy.gap.rounds import rounds
from kprivacy.gap.server import build_server
from kprivacy.optimizers import adam


def datasets(config):
    """Rounds of both sides to train on, and pairs that are watched."""
    known, defender, adversary = _sides(config)
    dataset = rounds(
        adversary,
        defender,
        config.model.itr_d,
        config.model.itr_g,
        config.batch_size,
        config.rounds_per_epoch or None,
        config.seed,
    )
    dataset.known = known
    dataset.prior = known["private"].prior(defender[1]["private"])
    watched = workdir.read_data(config, config.data.validation_split)
    held = _batches(
        (watched.data, attributes.targets(known, watched)), 512
    )
    return dataset, held


def build(config, dataset, parts=None):
    """Builds and compiles the model of a config for its `datasets`' first."""
    known = dataset.known
    count = known["private"].count
    critic = config.model.objective == "total_variation"
    client = build_client(
        dataset.element_spec[1][0].shape[2:],
        private=count if config.sees_private else 0,
        **config.client,
    )
    model = GAP(
        client,
        build_server(
            client,
            {name: known[name].count for name in config.public},
            **config.server,
        ),
        build_adversary(client, count, critic=critic, **config.adversary),
        prior=dataset.prior,
        seed=config.seed,
        **config.model,
    )
    steps = config.epochs * int(dataset.cardinality())
    averaged = {}
    if config.average:
        averaged = {"use_ema": True, "ema_momentum": config.average}
    model.compile(
        optimizer=adam(
            config.learning_rate,
            steps * config.model.itr_g,
            config.cosine_decay,
            beta_1=config.beta_1,
            **averaged,
        ),
        adversary_optimizer=adam(
            config.adversary_learning_rate,
            steps * config.model.itr_d,
            config.cosine_decay,
            beta_1=config.beta_1,
        ),
        metrics=[] if count == 1 or critic else ["accuracy"],
        **workdir.run_options(config),
    )
    return model


def schedules(config):
    """Callbacks: both sides before the game, temperature, averaged weights."""
    chosen = []
    if config.epochs_pre_g or config.epochs_pre_d:
        _, defender, adversary = _sides(config)
        chosen.append(Pretraining(
            *(_batches(one, config.batch_size, config.seed)
              for one in (defender, adversary)),
            config.epochs_pre_g,
            config.epochs_pre_d,
            config.pretraining_learning_rate,
        ))
    if config.temperature_end:
        chosen.append(callbacks.Temperature(
            config.model.temperature,
            config.temperature_end,
            max(1, round(0.7 * config.epochs)),
        ))
    if config.average:
        chosen.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=False))
    return chosen


def write_parts(model, config, directory):
    """Nothing: the export stage hands on GAP's parts."""


def known_attributes(config):
    """The attributes of a config, as its training part defines them."""
    return attributes.fitted(
        config, workdir.read_data(config, config.data.train_split)
    )


def _sides(config):
    """Attributes, and (data, targets) of the channel and of the adversary."""
    parts = [
        workdir.read_data(config, split)
        for split in (config.data.train_split, config.data.adversary_split)
    ]
    known = attributes.fitted(config, parts[0])
    sides = [
        (part.data, attributes.targets(known, part)) for part in parts
    ]
    if config.mirrored:
        sides = [_with_mirrored(*one) for one in sides]
    return known, *sides


def _with_mirrored(images, targets):
    if images.ndim != 4:
        raise errors.UserError(
            "`mirrored` is for images. Received: data of shape "
            f"{images.shape[1:]}, without the batch."
        )
    twice = {name: np.tile(one, 2) for name, one in targets.items()}
    return np.concatenate([images, images[:, :, ::-1]]), twice


def _batches(pair, batch_size, seed=None):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices(pair)
    if seed is not None:
        dataset = dataset.shuffle(len(pair[0]), seed)
    return passes.untuned(dataset.batch(batch_size))
