"""How a config trains ConfounderGAN."""

import pathlib

from kprivacy import files, networks, workdir
from kprivacy.attacks.retraining import augmentations
from kprivacy.confounder_gan.adversary import build_adversary
from kprivacy.confounder_gan.client import build_client
from kprivacy.confounder_gan.model import ConfounderGAN
from kprivacy.confounder_gan.pretraining import LabelPretraining
from kprivacy.confounder_gan.surrogate import Renewal, SurrogateConfounderGAN
from kprivacy.data.pictures import levels
from kprivacy.optimizers import adam

# Apart from the seeds of whoever trains without leave.
CLASSIFIER_SEED = 1000


def datasets(config):
    """Batches of pictures with labels to train on, and those watched."""
    return workdir.labelled_batches(config)


def build(config, dataset, parts=None):
    """Builds and compiles the model of a config for its batches."""
    channels = dataset.element_spec[0].shape[-1]
    client = build_client(
        (None, None, channels), guide=_guide(config, parts), **config.client
    )
    roles = [
        client,
        build_adversary(client, **config.adversary),
        classifiers(config, parts),
    ]
    steps = config.epochs * int(dataset.cardinality())
    options = dict(config.model)
    kind, optimizers = ConfounderGAN, {}
    if config.surrogate.weight:
        kind = SurrogateConfounderGAN
        roles.append(_surrogate(config, dataset))
        options["surrogate_weight"] = config.surrogate.weight
        # Of each surrogate, where there are several one after the other.
        epochs = _renewed(config) or config.epochs
        optimizers["surrogate_optimizer"] = adam(
            config.surrogate.learning_rate,
            epochs * int(dataset.cardinality()),
            config.cosine_decay,
        )
    model = kind(*roles, seed=config.seed, **options)
    model.compile(
        optimizer=adam(
            config.learning_rate, steps, config.cosine_decay,
            beta_1=config.beta_1,
        ),
        adversary_optimizer=adam(
            config.adversary_learning_rate, steps, config.cosine_decay,
            beta_1=config.beta_1,
        ),
        metrics=["accuracy"],
        **workdir.run_options(config),
        **optimizers,
    )
    return model


def _guide(config, parts):
    """The classifier inside the generator, or None."""
    if not config.guide.epochs:
        return None
    seed = CLASSIFIER_SEED + config.seed + len(config.classifier.networks)
    return workdir.kept(
        parts and parts / "guide.keras",
        lambda: _classifier(config, config.guide, seed),
    )


def _surrogate(config, dataset):
    section = config.classifier
    return networks.classifier(
        dataset.element_spec[0].shape[1:], dataset.num_classes,
        config.surrogate.network, section.width, section.stem,
    )


def classifiers(config, parts=None):
    """The fixed classifiers of a config, trained on pictures as they are."""
    if not config.model.confounder_weight:
        return []
    section = config.classifier
    return [
        workdir.kept(
            parts and parts / f"classifier_{i}_{network}.keras",
            lambda network=network, i=i: _classifier(
                config, section, CLASSIFIER_SEED + config.seed + i, network
            ),
        )
        for i, network in enumerate(section.networks)
    ]


def schedules(config):
    """Callbacks: labels before the game, new surrogates, where asked for."""
    found = []
    if config.pretraining_epochs:
        dataset, _ = datasets(config)
        found.append(LabelPretraining(
            dataset, dataset.num_classes, config.pretraining_epochs
        ))
    if config.surrogate.weight and _renewed(config):
        found.append(Renewal(_renewed(config), config.seed))
    return found


def _renewed(config):
    """Epochs of each surrogate; 0 for one surrogate all along."""
    return config.surrogate.get("every", workdir.LATER["surrogate.every"])


def write_parts(model, config, directory):
    """Writes client/, the generator for `kprivacy.protect`."""
    write_client(
        model.client, levels(config.client.bound),
        pathlib.Path(directory) / "client",
    )


def write_client(client, bound, folder):
    """Writes a generator as `kprivacy.protect` reads it.

    Args:
        client: Keras model of pictures in [0, 1].
        bound: Levels of 255 that its pixels differ by, at most.
        folder: To write, replaced as a whole.
    """
    with files.new_folder(folder) as beside:
        client.save(beside / "client.keras")
        files.write_json(beside / "domain.json", {
            "format": 1,
            "method": "confounder_gan",
            "channels": int(client.output_shape[-1]),
            "bound": bound,
        })


def _classifier(config, section, seed, network=None):
    from kprivacy.attacks.retraining import trainer

    known = workdir.read_data(
        config, section.train_split or config.data.train_split
    )
    # Whatever the game computes in: it is handed on with the generator.
    with workdir.computing_in("float32"):
        return trainer.train(
            known,
            {},
            augmentations.NAMES[section.augmentation],
            network=network or section.network,
            width=section.width,
            stem=section.stem,
            epochs=section.epochs,
            batch_size=section.batch_size,
            learning_rate=section.learning_rate,
            seed=seed,
        )[0]
