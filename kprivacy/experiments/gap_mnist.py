"""GAP on mnist: parity is private.

Kept is which pair the digit is of (0 and 1, 2 and 3, ...): what is left of the
digit when the private bit is taken away. attacker_accuracy is the best fresh
attacker's on the private bit (blind is about one half), public the best fresh
classifier's on what is kept, both on released digits that neither side of the
game has seen, rounded to 8 bits. That a digit is at least 5 may be private as
well (the config's variant "large"), which is not in this table.
"""

import functools

from kprivacy.experiments import gap_bench

SEEDS = (0, 1, 2)
CONFIG = "gap_mnist"


def cells(profile):
    """The undefended and the channel."""
    config = functools.partial(gap_bench.config_of, CONFIG, profile)
    for seed in gap_bench.seeds_of(SEEDS, profile):
        one = config(None, seed)
        yield f"undefended:parity/{seed}", one, run_undefended
        yield f"gap:parity/{seed}", one, run


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
    model = workdir.read_model(runs / "gap:parity" / str(SEEDS[0]))
    release = gap_bench.release_of(model.client, SEEDS[0])
    shown = {"original": digits, "released": release(digits)}
    gap_bench.picture(
        path, shown, results["rows"], others=("distortion", "public")
    )
