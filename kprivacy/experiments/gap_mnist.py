"""GAP on mnist: parity, or whether a digit is at least 5, is private.

`parity` keeps which pair the digit is of (0 and 1, 2 and 3, ...), `large`
which of five it is within its half: what is left of the digit when the
private bit is taken away. attacker_accuracy is the best fresh attacker's on
the private bit (blind is about one half), public the best fresh classifier's
on what is kept, both on released digits that neither side of the game has
seen, rounded to 8 bits. `large` and `weight:...`, a sweep of lambda of
`parity`, are one seed.
"""

import functools

from kprivacy.experiments import gap_bench

SEEDS = (0, 1, 2)
VARIANTS = {"parity": None, "large": "large"}
WEIGHTS = (1.0, 3.0)
CONFIG = "gap_mnist"


def cells(profile):
    """The undefended and the channel of both attributes, and a sweep."""
    config = functools.partial(gap_bench.config_of, CONFIG, profile)
    for name, variant in VARIANTS.items():
        seeds = gap_bench.seeds_of(SEEDS, profile)
        for seed in seeds if name == "parity" else seeds[:1]:
            one = config(variant, seed)
            yield f"undefended:{name}/{seed}", one, run_undefended
            yield f"gap:{name}/{seed}", one, run
    yield from gap_bench.sweep(
        CONFIG, profile, "privacy_weight", WEIGHTS, run
    )


def run_undefended(config, directory):
    """Attacks on the digits as they are."""
    return _named(gap_bench.run_undefended(config, directory))


def run(config, directory):
    """Trains, attacks and measures."""
    return _named(gap_bench.run(config, directory))


def _named(found):
    if "public_pair" in found:
        found["public"] = found.pop("public_pair")
    return found


rows = gap_bench.rows


def notes(results):
    """Whether the goals are met."""
    for row in results["rows"]:
        found = row["measured"]
        if row["name"].startswith("gap:") and "public" in found:
            private, kept = found["attacker_accuracy"], found["public"]
            met = private <= 0.6 and kept >= 0.9
            yield (
                f"`{row['name']}`: attacker {private:.1%}, goal <= 60%, kept "
                f"{kept:.1%}, goal >= 90%: {'met' if met else 'missed'}."
            )


def draw(path, results, runs):
    """Digits, and what leaves."""
    from kprivacy import workdir

    config = gap_bench.config_of(CONFIG, results["profile"], None, SEEDS[0])
    digits = workdir.read_data(config, config.data.test_split).data[:10]
    shown = {"original": digits}
    for name in VARIANTS:
        model = workdir.read_model(runs / f"gap:{name}" / str(SEEDS[0]))
        shown[name] = gap_bench.release_of(model.client, SEEDS[0])(digits)
    gap_bench.picture(
        path, shown, results["rows"], others=("distortion", "public")
    )
