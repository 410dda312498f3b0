"""GAP on houses: what a photographed house costs is private.

`classes` has the price in three classes of equal size, as the report proposes
(blind is about a third), `value` the price as a number in units of its
deviation, as the report did it. 535 photographs, of which attackers have half
of the training part and all are tested on 107: a standard error of about 4.6
points. Where the undefended attacker is near the prior there is little to
hide, and the rows say so.

The picture shows photographs, what leaves, where attackers look (occlusion
maps, see gap_smile) and what the channel changes, means over the test part.
"""

import functools

import numpy as np

from kprivacy.experiments import gap_bench, summaries

SEEDS = (0, 1, 2)
VARIANTS = {"classes": None, "value": "value"}
CONFIG = "gap_houses"


def cells(profile):
    """The undefended and the channel, of classes and of the value."""
    config = functools.partial(gap_bench.config_of, CONFIG, profile)
    for name, variant in VARIANTS.items():
        for seed in SEEDS if profile == "cpu" else SEEDS[:1]:
            one = config(variant, seed)
            yield f"undefended:{name}/{seed}", one, run_undefended
            yield f"gap:{name}/{seed}", one, run


def run_undefended(config, directory):
    """Attacks on the photographs as they are."""
    return gap_bench.measure(
        config, gap_bench.undefended, gap_bench.Parts.of(config), config.seed
    )


def run(config, directory):
    """Trains, attacks and measures."""
    model = gap_bench.trained(config, directory)
    release = gap_bench.release_of(model.client, config.seed)
    return gap_bench.measure(
        config, release, gap_bench.Parts.of(config), config.seed
    )


def rows(found):
    """One row a channel."""
    return [
        summaries.row(name, results)
        for name, results in gap_bench.grouped(found).items()
    ]


def notes(results):
    """How far attackers are above the prior."""
    for row in results["rows"]:
        found = row["measured"]
        if "prior" in found:
            above = found["attacker_accuracy"] - found["prior"]
            line = f"`{row['name']}`: {100 * above:+.1f} points from the prior"
            if row["name"].startswith("gap:"):
                line += (", goal within 5: "
                         + ("met" if above <= 0.05 else "missed"))
            yield line + "."
        else:
            yield (
                f"`{row['name']}`: {found['explained']:.1%} of the price's "
                "variance is explained."
            )


def draw(path, results, runs):
    """Photographs, what leaves, where attackers look, what is changed."""
    from kprivacy import workdir

    config = gap_bench.config_of(CONFIG, results["profile"], None, SEEDS[0])
    parts = gap_bench.Parts.of(config)
    model = workdir.read_model(runs / "gap:classes" / str(SEEDS[0]))
    release = gap_bench.release_of(model.client, SEEDS[0])
    test = parts.test.data
    sent = release(test)
    change = np.abs(sent - test).mean(axis=(0, 3))[None, ..., None]
    gap_bench.picture(path, {
        "original": test[:10],
        "released": sent[:10],
        "undefended:\nattacker looks": gap_bench.look_at(
            config, gap_bench.undefended, parts
        ),
        "released:\nattacker looks": gap_bench.look_at(config, release, parts),
        "change": change / max(float(change.max()), 1e-9),
    })
