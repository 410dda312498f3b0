"""What every row of ConfounderGAN's tables measures."""

import dataclasses
import importlib
import time

import ml_collections
import numpy as np

from kprivacy import attacks, baselines, files, metrics, train_lib, workdir
from kprivacy.confounder_gan.training import CLASSIFIER_SEED
from kprivacy.experiments import summaries

RUNS = "confounder_gan"
# Where what is published of each method is kept, under the runs.
KEPT = "published"
# The share of the test part that a trainer has to stop early by.
CLEAN, REST = "test[:10%]", "test[10%:]"
METHODS = ("natural", "confounder_gan", "confounder_gan_paper", "emn",
           "emn_classwise", "cwp", "cwn", "cwn_cells", "random_noise",
           "shuffled", "confounder_gan_guided", "confounder_gan_joint",
           "confounder_gan_ensemble", "confounder_gan_contrast",
           "confounder_gan_jpeg")
# Of cwn_cells: pixels a side, and the share of the bound that has about
# ConfounderGAN's norm.
CELL, STRENGTH = 8, 0.75
# Who has few pictures sees them as many times more, up to this.
MOST_EPOCHS = 200
VARIANTS = {"confounder_gan": None, "confounder_gan_paper": "paper",
            "confounder_gan_guided": "guided",
            "confounder_gan_joint": "joint",
            "confounder_gan_ensemble": "ensemble",
            "confounder_gan_contrast": "contrast",
            "confounder_gan_jpeg": "jpeg"}
PROFILES = ("cpu", "smoke", "paper")
# The paper's sets in the place of ours. imagenet25 is left out: trainers hold
# all pictures in memory, and these take 20 GB.
PAPER_SETS = ("svhn", "cifar10", "bloodmnist", "keratitis", "isic2017")
WHOLE = {"cifar10_subset": "cifar10", "bloodmnist_subset": "bloodmnist"}
# The second set, of which the tables that are about the first have a few rows.
SECOND = "bloodmnist_subset"
# Of ours: what has its norm, or its very noise in another order.
LIKE_OURS = ("random_noise", "shuffled")


def victim_of(profile, name):
    """The recipe of whoever trains on what was published.

    Args:
        profile: "smoke" for two steps; "paper" for the networks' full width,
            and the recipe of the set's own classifier.
        name: Of the data set.
    """
    victim = ml_collections.ConfigDict()
    victim.network = "resnet18"
    victim.width = 16  # filters of the first layers; 64 is the original
    victim.stem = "cifar"  # or "imagenet"
    victim.augmentation = "none"
    victim.countermeasure = ml_collections.config_dict.placeholder(str)
    # Twice the usual steps an epoch: 10,000 pictures are few.
    victim.epochs = 25
    victim.batch_size = 64
    victim.learning_rate = 0.05
    if profile == "paper":
        recipe = _configs(name).get_config("paper").classifier
        for field in ("width", "stem", "epochs", "batch_size",
                      "learning_rate"):
            victim[field] = recipe[field]
    if profile == "smoke":
        victim.network, victim.width, victim.epochs = "lenet", 8, 1
    return victim


def real(name, profile):
    """The data set in the place of one of ours."""
    return WHOLE.get(name, name) if profile == "paper" else name


def sets(names, profile):
    """The data sets of a table: all, the first for smoke, the paper's."""
    if profile == "paper":
        return PAPER_SETS
    return names if profile == "cpu" else names[:1]


def both(name, profile):
    """A table's own set, and, but for smoke, the second one."""
    names = (name,) if profile == "smoke" else (name, SECOND)
    return [real(one, profile) for one in names]


def _configs(name):
    return importlib.import_module(f"kprivacy.configs.confounder_gan_{name}")


def config_of(name, method, seed, profile="cpu", **victim):
    """The config of a cell.

    Args:
        name: Of the data set, a config `confounder_gan_NAME`.
        method: Of `METHODS`.
        seed: Of protection and trainer.
        profile: Of `PROFILES`.
        **victim: Other fields of `victim_of`.
    """
    module = _configs(name)
    # The rest uses nothing of what is added to the paper.
    variant = None if method in LIKE_OURS else VARIANTS.get(method, "paper")
    if profile == "smoke":
        variant = "smoke"
    config = module.get_config(variant)
    if method not in (*VARIANTS, *LIKE_OURS):
        # No generator is trained; as when the first of these were measured.
        config.model.joint = False
    config.seed = seed
    config.victim = victim_of(profile, name)
    config.victim.update(victim)
    config.protection = ml_collections.ConfigDict()
    config.protection.name = name
    config.protection.method = method
    return config


@dataclasses.dataclass(frozen=True)
class Parts:
    """Natural pictures that are published, and those that tell the truth.

    Attributes:
        natural: `Arrays` of what is published, before it is protected.
        clean: A few that a trainer has to stop by.
        test: What is reported on.
    """

    natural: object
    clean: object
    test: object

    @classmethod
    def of(cls, config):
        clean, rest = CLEAN, REST
        if config.data.test_split != "test":
            clean = rest = config.data.test_split
        return cls(*(
            workdir.read_data(config, split)
            for split in (config.data.train_split, clean, rest)
        ))


def published(config, runs, natural):
    """What a method makes of natural pictures; made once, then kept.

    Args:
        config: Of a cell.
        runs: The folder of all runs.
        natural: `Arrays` of the config's training split.
    """
    if config.protection.method == "natural":
        return natural
    folder = _kept_folder(config, runs)
    path = folder / "noise.npz"
    # Refuses noise that was made under another config.
    inner = config.copy_and_resolve_references()
    del inner.victim
    workdir.write_config(folder, inner)
    if not path.exists():
        begin = time.perf_counter()
        noise = _noise(config, runs, natural, folder)
        folder.mkdir(parents=True, exist_ok=True)
        files.write_json(folder / "seconds.json", time.perf_counter() - begin)
        beside = folder / "unfinished_noise.npz"
        np.savez_compressed(beside, levels=np.rint(noise * 255).astype("i2"))
        beside.replace(path)
    with np.load(path) as held:
        levels = held["levels"].astype(np.float32)
    return baselines.published(natural, levels / 255)


def seconds_of(config, runs):
    """What making a method's noise took, for all published pictures."""
    return files.read_json(_kept_folder(config, runs) / "seconds.json")


def generator_folder(config, runs):
    """Where `generator_of` trains."""
    return _kept_folder(config, runs) / "generator"


def _kept_folder(config, runs):
    """Where what a method made of a data set is kept, for a seed."""
    protection = config.protection
    folder = runs / KEPT / protection.name / protection.method
    return folder / str(config.seed)


def generator_of(config, runs):
    """The trained ConfounderGAN of a cell's data set and seed."""
    inner = config.copy_and_resolve_references()
    del inner.protection
    if "victim" in inner:
        del inner.victim
    return train_lib.train(inner, generator_folder(config, runs))


def _noise(config, runs, natural, folder):
    method, seed, bound = (
        config.protection.method, config.seed, config.client.bound
    )
    if method in VARIANTS:
        client = generator_of(config, runs).client
        sent = client.predict(natural.data, batch_size=500, verbose=0)
        return sent - natural.data
    if method.startswith("emn"):
        section = config.classifier
        noise, wrong = baselines.error_minimising(
            natural,
            bound,
            method == "emn_classwise",
            section.networks[0],
            section.width,
            # As ConfounderGAN's classifier, apart from the trainer's seeds.
            seed=CLASSIFIER_SEED + seed,
            stem=section.stem,
        )
        files.write_json(folder / "errors.json", wrong)
        return noise
    if method == "cwp":
        return baselines.class_patches(natural, seed)
    if method == "cwn":
        return baselines.class_noise(natural, bound, seed)
    if method == "cwn_cells":
        return baselines.class_noise(natural, STRENGTH * bound, seed, CELL)
    like = config.copy_and_resolve_references()
    like.protection.method = "confounder_gan"
    ours = published(like, runs, natural).data - natural.data
    make = {
        "random_noise": baselines.random_like, "shuffled": baselines.shuffled,
    }[method]
    return make(ours, seed)


def train(config, published_part, parts, start=None):
    """One unauthorised training, of as many steps as on all pictures.

    Returns:
        (`RetrainingResult`, the classifier).
    """
    options = dict(config.victim)
    options["epochs"] = epochs_for(
        options["epochs"], len(published_part), len(parts.natural)
    )
    attack = attacks.Retraining(**options, start=start, seed=config.seed)
    return attack.run(published_part, parts.test, parts.clean), attack.model


def epochs_for(epochs, count, whole):
    """Epochs of so many pictures with the steps that all would have.

    Args:
        epochs: Of all pictures.
        count: How many pictures the trainer has.
        whole: How many all are.
    """
    most = max(epochs, MOST_EPOCHS)
    return min(round(epochs * max(whole / count, 1)), most)


def found_of(result, published_part, natural):
    """What the tables show of a training."""
    found = {
        "accuracy": result.accuracy,
        "peak_accuracy": result.peak_accuracy,
        "stopped_accuracy": result.stopped_accuracy,
        "train_loss": result.train_loss[-1],
        "test": list(result.test),
        "train": list(result.train_accuracy),
        "gradient_norms": list(result.gradient_norm),
    }
    change = np.abs(published_part.data - natural.data)
    if change.any():
        found["linf"] = float(np.rint(255 * change.max()))
        found["psnr"] = metrics.psnr(natural.data, published_part.data)
    return found


def run(config, directory):
    """Protects, trains on all of it, and tests on clean pictures."""
    runs, parts = runs_of(directory), Parts.of(config)
    sent = published(config, runs, parts.natural)
    result, _ = train(config, sent, parts)
    return found_of(result, sent, parts.natural)


def runs_of(directory):
    """The folder of all runs above a cell's, DATASET/LABEL/METHOD/SEED."""
    return directory.parents[3]


def cells(plan, profile, run=run):
    """The cells of a table.

    Args:
        plan: Tuples (data set, label, method, seeds, fields of the victim).
        profile: "smoke" takes the first seed, "paper" the whole data set.
        run: What a cell does.
    """
    for name, label, method, seeds, victim in plan:
        name = real(name, profile)
        for seed in seeds[:1] if profile == "smoke" else seeds:
            config = config_of(name, method, seed, profile, **victim)
            yield f"{name}/{label}/{method}/{seed}", config, run


def rows(found):
    """A row `DATASET:LABEL:METHOD` for the seeds of each."""
    grouped = {}
    for cell, one in found.items():
        grouped.setdefault(cell.rpartition("/")[0], []).append(one)
    return [
        summaries.row(name.replace("/", ":"), results)
        for name, results in grouped.items()
    ]
