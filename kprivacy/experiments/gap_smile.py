"""GAP on smile_faces: whether a face smiles is private.

Rows: `undefended`, the pictures themselves; `low` and `high`, our channel
under a small and a large budget of distortion; `paper_high`, the report's
network and objective in its high-privacy regime (a fifth of the rounds of each
epoch), one seed; `budget=...` a sweep of the budget, which is .015 in `high`,
one seed. Fresh attackers of all families learn from released faces that
neither the channel nor its adversary has seen; the best on validation counts.
What leaves is rounded to 8 bits. smile_faces stands in for CelebA: 5,000 grey
faces of 48 x 48, happy or not, with some labels wrong.

The picture shows Olivetti faces, which the channel has not been trained on,
and beside them where attackers look (occlusion maps: how much of the right
answer's probability hiding a place costs) and what the channel changes, both
means over the test faces.
"""

import functools

import numpy as np

from kprivacy.experiments import gap_bench

SEEDS = (0, 1, 2)
VARIANTS = {"low": "low", "high": None, "paper_high": "paper_high"}
PAPER = {"undefended": 0.90, "low": 0.85, "high": 0.57}
GOALS = {
    "undefended": (">=", 0.85, None),
    "low": ("<=", 0.75, 24.0),
    "high": ("<=", 0.60, 18.0),
}
CONFIG = "gap_smile_faces"


def cells(profile):
    """The undefended, both of ours, the report's, and a sweep."""
    config = functools.partial(gap_bench.config_of, CONFIG, profile)
    seeds = gap_bench.seeds_of(SEEDS, profile)
    for seed in seeds:
        yield (
            f"undefended/{seed}", config(None, seed), gap_bench.run_undefended
        )
    for name, variant in VARIANTS.items():
        for seed in seeds[:1] if name.startswith("paper") else seeds:
            yield f"{name}/{seed}", config(variant, seed), gap_bench.run
    yield from gap_bench.sweep(CONFIG, profile, gap_bench.run)


def rows(found):
    """One row a channel, with what the report has."""
    table = gap_bench.rows(found)
    for row in table:
        key = row["name"].removeprefix("paper_")
        if key in PAPER:
            row["paper"] = {"attacker_accuracy": PAPER[key]}
    return table


def notes(results):
    """Which goals are met."""
    lines = []
    for row in results["rows"]:
        if row["name"] not in GOALS:
            continue
        sense, goal, psnr = GOALS[row["name"]]
        measured = row["measured"]
        accuracy = measured["attacker_accuracy"]
        met = accuracy >= goal if sense == ">=" else accuracy <= goal
        line = f"`{row['name']}`: {accuracy:.1%}, goal {sense} {goal:.0%}"
        if psnr:
            met = met and measured["psnr"] >= psnr
            line += f", at {measured['psnr']:.1f} dB, goal >= {psnr:g}"
        lines.append(f"{line}: {'met' if met else 'missed'}.")
    return lines


def draw(path, results, runs):
    """Olivetti faces through every channel, and the maps."""
    from kprivacy import data, workdir

    config = gap_bench.config_of(CONFIG, results["profile"], None, SEEDS[0])
    parts = gap_bench.Parts.of(config)
    faces = parts.test.data[:10]
    if results["profile"] == "cpu":
        faces = data.arrays(
            "olivetti_faces", "test[:10]", image_size=faces.shape[1:3]
        ).data
    shown = {"original": faces}
    releases = {"undefended": gap_bench.undefended}
    for name in VARIANTS:
        model = workdir.read_model(runs / name / str(SEEDS[0]))
        releases[name] = gap_bench.release_of(model.client, SEEDS[0])
        shown[name] = releases[name](faces)
    for name in ("undefended", "low", "high"):
        shown[f"{name}:\nattacker looks"] = gap_bench.look_at(
            config, releases[name], parts
        )
    for name in ("low", "high"):
        shown[f"{name}:\nchange"] = gap_bench.bright(np.abs(
            releases[name](parts.test.data) - parts.test.data
        ).mean(axis=0, keepdims=True))
    gap_bench.picture(path, shown, results["rows"])
