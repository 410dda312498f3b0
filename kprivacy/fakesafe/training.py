"""How a config trains FakeSafe."""

import pathlib

import keras

from kprivacy import files, workdir
from kprivacy.errors import UserError
from kprivacy.fakesafe import domains, words
from kprivacy.fakesafe.adversary import build_adversary
from kprivacy.fakesafe.client import build_client
from kprivacy.fakesafe.content import train_content
from kprivacy.fakesafe.keys import key_bits
from kprivacy.fakesafe.model import FakeSafe
from kprivacy.fakesafe.pairing import pairs
from kprivacy.fakesafe.pretraining import CodecPretraining
from kprivacy.fakesafe.server import build_server
from kprivacy.optimizers import adam
from kprivacy.text import WordCodec


def datasets(config):
    """Pairs of both domains to train on, and pairs that are watched."""
    target = domains.read(config.target, config.target.train_split)
    dataset = pairs(
        domains.training(config.source, config.seed).data,
        target.data,
        config.batch_size,
        config.seed,
        config.steps_per_epoch,
    )
    watched = domains.read(config.source, config.source.validation_split)
    count = min(len(watched), config.batch_size)
    held = pairs(
        watched.data, target.data[:count], count, config.seed, shuffle=False
    )
    return dataset, held


def build(config, dataset, parts=None):
    """Builds and compiles the model of a config for a `pairs` dataset."""
    source, target = (one.shape[1:] for one in dataset.element_spec)
    client = build_client(source, target, **config.client)
    server = build_server(client, **config.server)
    adversary = build_adversary(client, **config.adversary)
    model = FakeSafe(
        client,
        server,
        adversary,
        seed=config.seed,
        content=_content(config, parts),
        **config.model,
    )
    steps = config.epochs * int(dataset.cardinality())
    model.compile(
        optimizer=_adam(
            config, config.learning_rate, steps, **_averaged(config)
        ),
        adversary_optimizer=_adam(
            config, config.adversary_learning_rate, steps
        ),
        metrics=["mse"],
        **workdir.run_options(config),
    )
    return model


def _content(config, parts):
    """The classifier of the source, or None where it has no weight."""
    if not config.model.content_weight:
        return None
    path = parts and parts / "content.keras"
    return workdir.kept(path, lambda: train_content(config))


def schedules(config):
    """Callbacks: the code before the fakes, averaged weights at the end."""
    chosen = []
    if config.pretraining_steps:
        if not config.client.code:
            raise UserError(
                "`pretraining_steps` are of the code in the middle. Received: "
                f"{config.pretraining_steps} with client.code=0. Give the "
                "networks a code, or leave it at 0."
            )
        chosen.append(CodecPretraining(
            domains.training(config.source, config.seed).data,
            config.pretraining_steps,
            config.batch_size,
            config.learning_rate,
            seed=config.seed,
        ))
    if config.average:
        chosen.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=False))
    return chosen


def write_parts(model, config, directory):
    """Writes client/ for the sender alone, server/ for the receiver alone."""
    codec = None
    if config.source.name.startswith(words.PREFIX):
        section = config.source
        codec = WordCodec(words.embeddings(section.name, section.data_dir))
    write_pair(model, directory, codec)


def write_pair(model, directory, codec=None):
    """Writes both sides of a trained `FakeSafe` or `Cascade`.

    Args:
        model: It.
        directory: client/ and server/ in it are made, or replaced.
        codec: Of texts, see `kprivacy.text.codec`, if messages are texts.
    """
    pair = pair_of(model)
    for role in ("client", "server"):
        folder = pathlib.Path(directory) / role
        write_part(getattr(model, role), role, model, pair, folder, codec)


def write_part(part, role, model, pair, folder, codec=None):
    """Writes one side: ROLE.keras, and domain.json, which both sides share.

    Args:
        part: The client or the server.
        role: "client" or "server".
        model: The `FakeSafe` or `Cascade` that it belongs to.
        pair: Hex digest that names the pair of client and server.
        folder: Where it goes; replaced if it exists.
        codec: As for `write_pair`.
    """
    domain = {
        "format": 1,
        "method": "fakesafe",
        "pair": pair,
        "source": _domain(model.client.inputs[0].shape[1:]),
        "target": _domain(model.client.output_shape[1:]),
        "key_bits": key_bits(model.client),
    }
    with files.new_folder(folder) as beside:
        part.save(beside / f"{role}.keras")
        files.write_json(beside / "domain.json", domain)
        if codec is not None:
            codec.save(beside)


def pair_of(model):
    """What names the pair of client and server: a digest of their weights."""
    return files.weights_digest(model.client, model.server)


def _domain(shape):
    kind = "image" if len(shape) == 3 else "vector"
    return {"kind": kind, "shape": [int(n) for n in shape]}


def _adam(config, learning_rate, steps, **options):
    return adam(
        learning_rate,
        steps,
        config.cosine_decay,
        beta_1=config.beta_1,
        **options,
    )


def _averaged(config):
    """The optimizer's part of `schedules`."""
    if not config.average:
        return {}
    return {"use_ema": True, "ema_momentum": config.average}


def finetune(model, config):
    """Trains a cascade's `finetuning` model, end to end.

    Args:
        model: Of `Cascade.finetuning`, compiled here.
        config: `source`, `target`, `batch_size`, both learning rates,
            `beta_1`, `seed` and `finetuning`, the number of steps.
    """
    source = domains.read(config.source, config.source.train_split)
    target = domains.read(config.target, config.target.train_split)
    model.compile(
        *(adam(rate, config.finetuning, True, beta_1=config.beta_1)
          for rate in (config.learning_rate, config.adversary_learning_rate))
    )
    batches = pairs(
        source.data,
        target.data,
        config.batch_size,
        config.seed,
        config.finetuning,
    )
    model.fit(batches, epochs=1, shuffle=False, verbose=0)
