"""GAP where the optimum is known: two Gaussians, and two bits.

`parametric:` is the affine channel of generative adversarial privacy, X + (1
- Y) b0 - Y b1, learnt in the game of Algorithm 1 under a budget of distortion;
`parametric_noise:` has Gaussian noise as well, in the game "accuracy"; its
best use is `GaussianMixture.affine`; `parametric_binary:` turns bits over,
seeing Y (pdd) or not (pdi). `neural:` is a perceptron that adds what it likes
to X, in the game "accuracy".

attacker_accuracy is that of the exact MAP adversary who knows the channel, and
distortion the channel's (squared error, share of flips): in closed form of the
parametric ones, of the neural ones from a histogram of 400,000 fresh examples,
applied to as many others. `fresh` is the best of trained attackers on 2,000
test examples. optimum is that of the channel's kind, floor that of all
channels, at this distortion, each gap in accuracy. A figure more than three
standard errors below the floor, or below the optimum of a parametric channel,
ends the run.
"""

import functools

import numpy as np

from kprivacy import theory, train_lib
from kprivacy.data import generated
from kprivacy.experiments import gap_bench

SEEDS = (0, 1, 2)
# Examples that the histogram is made of, and as many that it is applied to.
FRESH = 400_000
BINS = 400
GAUSSIANS = ((0.5, 3, 1), (0.5, 3, 2), (0.75, 3, 1), (0.75, 3, 2))
DISTORTIONS = (1, 2, 4)
# p, q and the share of flips.
BINARIES = ((0.5, 0.75, 0.1), (0.75, 0.9, 0.1), (0.5, 0.9, 0.2))
VARIANTS = {"parametric": "shift", "parametric_noise": "affine",
            "neural": None}


def cells(profile):
    """One training each."""
    from kprivacy.configs import gap_gaussian

    smoke = profile == "smoke"
    seeds = gap_bench.seeds_of(SEEDS, profile)
    for kind, variant in VARIANTS.items():
        for numbers in GAUSSIANS[:1] if smoke else GAUSSIANS:
            for distortion in DISTORTIONS[:1] if smoke else DISTORTIONS:
                config = gap_gaussian.gaussian(*numbers, distortion, variant)
                if smoke:
                    gap_gaussian.shrink(config)
                name = ",".join(f"{one:g}" for one in numbers)
                yield from _seeded(
                    f"{kind}:{name}:D{distortion}", config, seeds, smoke
                )
    for p, q, distortion in () if smoke else BINARIES:
        for kind in ("pdd", "pdi"):
            config = gap_gaussian.binary(p, q, distortion, kind == "pdd")
            yield from _seeded(
                f"parametric_binary:{p:g},{q:g}:D{distortion}:{kind}",
                config, seeds, smoke,
            )


def _seeded(name, config, seeds, smoke):
    for seed in seeds:
        own = config.copy_and_resolve_references()
        own.seed = seed
        run = functools.partial(_run, count=2000 if smoke else FRESH)
        yield f"{name}/{seed}", own, run


def _run(config, directory, count):
    model = train_lib.train(config, directory)
    source, kind, numbers = _source(config)
    if config.client.network in _EXACT:
        layer = model.client.get_layer("released")
        accuracy, distortion = _EXACT[config.client.network](source, layer)
        error = 0.0
    else:
        known, fresh = (
            _released(
                config, model,
                *generated.sample(kind, numbers, count, 100 + i),
            )
            for i in range(2)
        )
        distortion = float(np.mean(np.concatenate(
            [_distances(*one) for one in (known, fresh)]
        )))
        accuracy, error = _map_accuracy(known, fresh)
    optimum = _optimum(source, config, distortion)
    floor = source.floor(distortion) if kind == "gaussian_mixture" else optimum
    # A parametric channel is under its own kind's line as well.
    line = optimum if config.client.network in _EXACT else floor
    if accuracy < line - 3 * error - 1e-5:
        raise ArithmeticError(
            f"An adversary of {accuracy:.4f} at a distortion of "
            f"{distortion:.4f} is below the line {line:.4f}: an error."
        )
    return {
        "attacker_accuracy": accuracy,
        "standard_error": error,
        "fresh": _fresh(config, model),
        "distortion": distortion,
        "optimum": optimum,
        "floor": floor,
        "gap_to_optimum": accuracy - optimum,
        "gap_to_floor": accuracy - floor,
        "undefended": source.undefended,
        "blind": source.blind,
    }


def _source(config):
    kind, _, numbers = config.data.name.partition(":")
    numbers = tuple(float(one) for one in numbers.split(","))
    if kind == "binary":
        return theory.BinaryHamming.symmetric(*numbers), kind, numbers
    return theory.GaussianMixture(*numbers), kind, numbers


def _released(config, model, data, labels):
    """(data, private, released), one number each."""
    given = [data]
    if config.sees_private:
        given.append(np.eye(2, dtype=np.float32)[labels])
    sent = model.predict(given if given[1:] else data, batch_size=50_000,
                         verbose=0)
    return data[:, 0], labels, np.asarray(sent)[:, 0]


def _distances(data, _, sent):
    return np.square(data.astype(np.float64) - sent)


def _map_accuracy(known, fresh):
    """Accuracy of the histogram's MAP adversary, and its standard error."""
    edges = np.unique(np.quantile(known[2], np.linspace(0, 1, BINS + 1)[1:-1]))
    counts = np.zeros((2, len(edges) + 1))
    np.add.at(counts, (known[1], np.searchsorted(edges, known[2])), 1)
    guesses = counts.argmax(axis=0)[np.searchsorted(edges, fresh[2])]
    right = float(np.mean(guesses == fresh[1]))
    return right, float(np.sqrt(right * (1 - right) / len(guesses)))


def _exact_affine(source, layer):
    """Accuracy and distortion of an affine channel, in closed form."""
    shifts = layer.shift.numpy()[:, 0].astype(float) * (1, -1)
    deviations = np.zeros(2)
    if layer.noisy:
        deviations = np.abs(layer.deviation.numpy()[:, 0]).astype(float)
    shares = (1 - source.p, source.p)
    distortion = float(shares @ (shifts**2 + deviations**2))
    return source.affine_accuracy(shifts, deviations), distortion


def _exact_flips(source, layer):
    """Accuracy and distortion of bits turned over, in closed form."""
    from scipy.special import expit

    logits = [one.numpy()[:, 0] for one in (layer.zeros, layer.ones)]
    # Probability of a flip by private value and bit.
    flips = np.broadcast_to(
        expit(np.stack(logits, axis=1).astype(float)), (2, 2)
    )
    moved = source.joint * flips
    released = source.joint - moved + moved[:, ::-1]
    return theory.map_accuracy(released), float(moved.sum())


_EXACT = {"affine": _exact_affine, "flips": _exact_flips}


def _optimum(source, config, distortion):
    """The least accuracy that the channel's kind could leave."""
    if config.client.network == "flips":
        return source.optimum(distortion, config.sees_private)
    if config.client.network == "affine" and not config.client.noise:
        return source.shift(distortion)
    return source.affine(distortion)


def _fresh(config, model):
    """The best fresh attacker's accuracy, of trained families."""
    from kprivacy import workdir
    from kprivacy.attacks import AttributeInference
    from kprivacy.data import Arrays

    parts = []
    for split in (config.data.attacker_split, config.data.test_split):
        part = workdir.read_data(config, split)
        *_, sent = _released(config, model, part.data, part.labels)
        parts.append(Arrays(sent[:, None], part.labels, 2))
    attack = AttributeInference(
        ("logistic_regression", "random_forest", "mlp"), steps=100,
        seed=config.seed,
    )
    return attack.run(
        lambda sent: sent, *parts, attribute="label"
    ).best.accuracy


rows = gap_bench.rows


def notes(results):
    """The worst gaps, and which goals are met."""
    lines = []
    for kind, key, goal in (
        ("parametric:", "gap_to_optimum", 0.003),
        ("parametric_noise:", "gap_to_optimum", 0.003),
        ("parametric_binary:", "gap_to_optimum", 0.003),
        ("neural:", "gap_to_floor", 0.03),
    ):
        gaps = [one[key] for row in results["rows"] for one in row["seeds"]
                if row["name"].startswith(kind)]
        if gaps:
            worst = max(gaps)
            lines.append(
                f"`{kind}` {key} at worst {100 * worst:+.2f} points, goal "
                f"{100 * goal:g} "
                f"{'met' if worst <= goal else 'missed'}."
            )
    above = [
        row["name"] for row in results["rows"]
        if row["name"].startswith("neural:")
        and row["measured"]["gap_to_optimum"] >= 0
    ]
    lines.append(
        "Neural channels that are not below the best affine one: "
        f"{', '.join(map(repr, above)) or 'none'}."
    )
    return lines


def draw(path, results, runs):
    """The curves of theory, and what was learnt."""
    from matplotlib.figure import Figure

    from kprivacy import pictures
    from kprivacy.theory import report

    figure = Figure(figsize=(9, 7), dpi=90)
    axes = figure.subplots(2, 2, sharex=True).ravel()
    marks = {"parametric": "s", "parametric_noise": "D", "neural": "o"}
    for axis, numbers in zip(axes, GAUSSIANS):
        report.panel(axis, theory.GaussianMixture(*numbers), most=5.0)
        name = ",".join(f"{one:g}" for one in numbers)
        for kind, mark in marks.items():
            found = [row["measured"] for row in results["rows"]
                     if row["name"].startswith(f"{kind}:{name}:")]
            axis.plot(
                [one["distortion"] for one in found],
                [one["attacker_accuracy"] for one in found],
                mark, color="black", markersize=5, label=f"learnt, {kind}",
            )
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    pictures.write(path, figure)
