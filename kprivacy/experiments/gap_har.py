"""GAP on uci_har: who it is is private, the activity is not.

Rows: `undefended`; `gap`, our channel; `paper`, the report's network and
objective in its high-privacy regime (a fifth of the rounds of each epoch), but
with our utility head, a rate that decays, and one set for both sides, one seed;
`privacy_weight=...` a sweep of lambda, which is 3 in `gap`, one seed. The
windows of all 30 people are divided by recording (`kprivacy.data.recordings`):
attackers and the classifiers of the activity learn from one of them, in windows
that neither side of the game has seen, and are tested on the other. identity
and activity are the best fresh classifier's accuracy; chance of the identity is
3.3 %. `server` is the accuracy of the channel's own utility head, distortion
the squared error in units of each channel's variance.
"""

import functools

import numpy as np

from kprivacy import train_lib
from kprivacy.experiments import gap_bench, summaries

SEEDS = (0, 1, 2)
VARIANTS = {"gap": None, "paper": "paper"}
CONFIG = "gap_uci_har"


def cells(profile):
    """The undefended, ours, the report's, and a sweep."""
    config = functools.partial(gap_bench.config_of, CONFIG, profile)
    seeds = gap_bench.seeds_of(SEEDS, profile)
    for seed in seeds:
        yield f"undefended/{seed}", config(None, seed), run_undefended
    for name, variant in VARIANTS.items():
        for seed in seeds[:1] if name == "paper" else seeds:
            yield f"{name}/{seed}", config(variant, seed), run
    yield from gap_bench.sweep(CONFIG, profile, run)


def run_undefended(config, directory):
    """Attacks on the windows as they are."""
    return _named(gap_bench.run_undefended(config, directory))


def run(config, directory):
    """Trains, attacks and measures."""
    model = train_lib.train(config, directory)
    release = gap_bench.release_of(model.client, config.seed)
    parts = gap_bench.Parts.of(config)
    found = _named(gap_bench.measure(config, release, parts, config.seed))
    if "activity" in config.public:
        scores = model.server.predict(release(parts.test.data), verbose=0)
        told = np.argmax(scores["activity"], axis=1)
        found["server"] = float(
            np.mean(told == parts.test.attributes["activity"])
        )
    return found


def _named(found):
    found["identity"] = found.pop("attacker_accuracy")
    if "public_activity" in found:
        found["activity"] = found.pop("public_activity")
    return found


def rows(found):
    """One row a channel, beside the undefended of its seed."""
    every = gap_bench.grouped(found)
    plain = every["undefended"]
    for name, results in every.items():
        for one, reference in zip(results, plain):
            one["identity_over_undefended"] = (
                one["identity"] / reference["identity"]
            )
            if "activity" in one:
                one["activity_loss"] = (
                    reference["activity"] - one["activity"]
                )
    return [summaries.row(name, results) for name, results in every.items()]


def notes(results):
    """Whether the goals are met."""
    for row in results["rows"]:
        found = row["measured"]
        if row["name"] == "gap" and "activity_loss" in found:
            share, loss = (
                found["identity_over_undefended"], found["activity_loss"]
            )
            met = share <= 1 / 3 and loss <= 0.05
            yield (
                f"`gap`: identity at {share:.1%} of the undefended, goal <= "
                f"33.3%, activity loses {100 * loss:.1f} points, goal <= 5: "
                f"{'met' if met else 'missed'}."
            )


def draw(path, results, runs):
    """Identity against the activity and against the distortion."""
    from matplotlib.figure import Figure

    from kprivacy.experiments import plots

    figure = Figure(figsize=(9, 4.5), dpi=90)
    plots.trade_offs(
        figure, results["rows"], "identity", ("activity", "distortion")
    )
    plots.save(path, figure)
