"""GAP on houses: what a photographed house costs is private.

`classes` has the price in three classes of equal size, as the report proposes
(blind is about a third), `value`, one seed, the price as a number in units of
its deviation, as the report did it. 535 photographs, of which attackers have
half of the training part and all are tested on 107: a standard error of about
4.6 points. Where the undefended attacker is near the prior there is little to
hide, and the rows say so.

The picture shows photographs, what leaves, where attackers look (occlusion
maps, see gap_smile) and what the channel changes, means over the test part.
"""

import functools

import numpy as np

from kprivacy.experiments import gap_bench

SEEDS = (0, 1, 2)
VARIANTS = {"classes": None, "value": "value"}
CONFIG = "gap_houses"


def cells(profile):
    """The undefended and the channel, of classes and of the value."""
    config = functools.partial(gap_bench.config_of, CONFIG, profile)
    for name, variant in VARIANTS.items():
        seeds = gap_bench.seeds_of(SEEDS, profile)
        for seed in seeds if name == "classes" else seeds[:1]:
            one = config(variant, seed)
            yield f"undefended:{name}/{seed}", one, gap_bench.run_undefended
            yield f"gap:{name}/{seed}", one, gap_bench.run


rows = gap_bench.rows


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
        "change": gap_bench.bright(change),
    }, results["rows"])
