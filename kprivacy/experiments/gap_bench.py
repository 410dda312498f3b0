"""What every row of GAP's tables measures."""

import dataclasses
import importlib

import numpy as np

from kprivacy import attacks, metrics, train_lib, workdir
from kprivacy.experiments import summaries
from kprivacy.gap import attributes, training
from kprivacy.releases import KerasRelease


def release_of(client, seed=0):
    """What leaves the phone: images as 8 bits."""
    release = KerasRelease(client, seed)
    if len(client.output_shape) != 4:
        return release
    return lambda data: np.rint(release(data) * 255) / 255


def undefended(data):
    """The release of those who have no channel."""
    return np.asarray(data)


@dataclasses.dataclass(frozen=True)
class Parts:
    """What attackers learn from, and what all is measured on.

    Attributes:
        known: The config's attributes, see `kprivacy.gap.attributes`.
        attacker: `Arrays` with these as attributes.
        test: Likewise.
    """

    known: dict
    attacker: object
    test: object

    @classmethod
    def of(cls, config):
        known = training.known_attributes(config)
        parts = [
            attributes.labelled(known, workdir.read_data(config, split))
            for split in (config.data.attacker_split, config.data.test_split)
        ]
        return cls(known, *parts)


def measure(config, release, parts, seed):
    """Fresh attackers on the private attribute, classifiers on the public.

    Args:
        config: Of the training; `attack` says who attacks.
        release: Data to what is sent.
        parts: `Parts`.
        seed: Of attackers and classifiers.

    Returns:
        A dict: `attacker_accuracy`, `attacker`, `balanced`, `auc`, `prior`
        (or `attacker_error`, `explained` and `ceiling` of a real value), for
        each public attribute NAME `public_NAME` (accuracy, or the share of
        the variance explained), `distortion`, and of images `psnr` and
        `ssim`.
    """
    found = _inferred(config, release, parts, "private", seed)
    for name in config.public:
        one = _inferred(config, release, parts, name, seed)
        key = "attacker_accuracy" if "attacker_accuracy" in one else (
            "explained"
        )
        found[f"public_{name}"] = one[key]
    return found | _distances(parts.test.data, release)


def run_undefended(config, directory):
    """What a cell without a channel finds."""
    return measure(config, undefended, Parts.of(config), config.seed)


def run(config, directory):
    """What a cell with a channel finds: trains, attacks and measures."""
    model = train_lib.train(config, directory)
    release = release_of(model.client, config.seed)
    return measure(config, release, Parts.of(config), config.seed)


def sweep(name, profile, run):
    """Cells of a config's own sweep, one seed; "smoke" has none.

    Args:
        name: Of the config.
        profile: "cpu" or "smoke".
        run: As of other cells.
    """
    module = importlib.import_module(f"kprivacy.configs.{name}")
    for overrides in module.get_sweep() if profile == "cpu" else ():
        config = config_of(name, profile, None, 0)
        config.update_from_flattened_dict(overrides)
        label = ",".join(
            f"{field.rpartition('.')[2]}={value:g}"
            for field, value in overrides.items()
        )
        yield f"{label}/0", config, run


def seeds_of(seeds, profile):
    """All seeds, or the first one for smoke."""
    return seeds if profile == "cpu" else seeds[:1]


def rows(found):
    """One row for the seeds of each name."""
    return [
        summaries.row(name, results)
        for name, results in grouped(found).items()
    ]


def bright(maps):
    """Maps at least 0 whose brightest place is 1."""
    return maps / max(float(maps.max()), 1e-9)


def _inferred(config, release, parts, name, seed):
    chosen = tuple(config.attack.attackers) or None
    if parts.known[name].count == 1:
        kinds = attacks.ValueInference.NAMES
        attack = attacks.ValueInference(
            [one for one in chosen or kinds if one in kinds] or None,
            config.attack.steps, seed,
        )
        found = attack.run(release, parts.attacker, parts.test, name)
        return {
            "attacker_error": found.best.mse,
            "explained": found.best.explained,
            "ceiling": found.ceiling,
            "attacker": found.best.attacker,
        }
    attack = attacks.AttributeInference(chosen, config.attack.steps, seed)
    found = attack.run(release, parts.attacker, parts.test, name)
    return {
        "attacker_accuracy": found.best.accuracy,
        "balanced": found.best.balanced_accuracy,
        "auc": found.best.auc,
        "prior": found.prior,
        "attacker": found.best.attacker,
        "attackers": {one.attacker: one.accuracy for one in found.results},
    }


def _distances(data, release):
    sent = np.asarray(release(data))
    found = {"distortion": metrics.mean_squared_error(data, sent)}
    if data.ndim == 4 and found["distortion"]:
        found["psnr"] = metrics.psnr(data, sent)
        found["ssim"] = metrics.ssim(data, sent)
    return found


def config_of(name, profile, variant, seed):
    """A config of `kprivacy.configs` for a profile, variant and seed."""
    module = importlib.import_module(f"kprivacy.configs.{name}")
    config = module.get_config("smoke" if profile == "smoke" else variant)
    config.seed = seed
    return config


def grouped(found):
    """What cells NAME/SEED found: name to a list over seeds."""
    rows = {}
    for cell, one in found.items():
        rows.setdefault(cell.rpartition("/")[0], []).append(one)
    return rows


def look_at(config, release, parts, most=200):
    """The mean occlusion map of a convolutional attacker, in [0, 1].

    Returns:
        (1, height, width, 1); the brightest place costs him most.
    """
    attack = attacks.AttributeInference(
        ("cnn",), config.attack.steps, config.seed
    )
    attack.run(release, parts.attacker, parts.test, "private")
    test = parts.test.take(slice(0, most))
    maps = attacks.occlusion_map(
        attack.best_attacker.predict,
        np.asarray(release(test.data)),
        test.attributes["private"],
    )
    mean = np.maximum(maps.mean(axis=0), 0)
    return bright(mean)[None, ..., None]


def picture(path, shown, rows, private="attacker_accuracy",
            others=("distortion",), columns=10):
    """Rows of pictures, above what attackers get from them.

    Args:
        path: The file to write.
        shown: Dict from a label to a batch.
        rows: Of the table.
        private: As for `plots.trade_offs`.
        others: Likewise.
        columns: How many pictures a row.
    """
    from matplotlib.figure import Figure

    from kprivacy import pictures
    from kprivacy.experiments import plots

    heights = 1.05 * len(shown), 3.5
    figure = Figure(figsize=(columns + 2.5, sum(heights)), dpi=60,
                    layout="constrained")
    above, below = figure.subfigures(2, height_ratios=heights)
    pictures.fill(above, shown, columns)
    plots.trade_offs(below, rows, private, others)
    pictures.write(path, figure)
