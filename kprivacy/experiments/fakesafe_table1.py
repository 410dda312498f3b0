"""Table 1 of FakeSafe's paper: one step, to the same domain or another.

Each row twice: `paper_setting` has the paper's perceptrons and losses,
trained without a thought of files, one seed; `ours`, three seeds, has a
binary code turned by a secret key (256 bits to faces, 96 to clothes, 64 to
digits and of words), inside a cover, a real example of the fake's domain that
is changed where it shows least, and is trained through rounding and noise
(vectors as fakes have no cover), images also to keep what a classifier of
their domain sees, which is of the judge's kind with another seed: F1 is then
what was trained for, and may exceed that of the originals. Every fake was
written as a PNG of 8 bits and read again (vectors are float32) before it was
recovered and judged. Covers are examples that D, F as covers, and the judges
have not met, each used once; of faces there are too few, and theirs are those
of D.

precision, recall and F1 are macro means of a classifier of real data on what
was recovered, `f1_real` its F1 on the originals; those by neighbours are of
the 5 nearest among 10,000 originals, a judge whom no training has met; of
words, the word of the largest cosine similarity (the paper says smallest, a
slip), each sent 20 times, under other keys where there are keys. The error is
the mean squared error, images in [0, 1], words in standard units. frechet is
the Fréchet distance of the fakes from real examples in the features of a
classifier of their domain, with that of other real examples beside it, and
compares only between rows of as many `judged`; confidence is the mean
probability of the class that it finds, agreement how often a second one, of
another seed, finds the same, with those of real examples beside them; the
detectors are a fresh convolutional network, `detector_accuracy`, a perceptron,
and boosted trees on histograms of pixel values and steps between neighbours,
that tell real examples from fakes, half of each. face is olivetti_faces, which
stands in for the paper's set, words are those of small_vocab_en; where GloVe
has no vector, or 300 numbers are asked for, they come from the corpus, see
`kprivacy.text`: 43 of all words, 23 of the top 100.
"""

import functools

from kprivacy import train_lib, workdir
from kprivacy.experiments import fakesafe_bench, fakesafe_rows, summaries
from kprivacy.experiments.fakesafe_rows import SEEDS, SEEDS_OF, SETTINGS

__all__ = ["SEEDS", "cells", "draw", "notes", "rows"]


def cells(profile):
    """One training each: name, config, function of (it, folder)."""
    for row in fakesafe_rows.one_step(profile):
        for setting in SETTINGS:
            for seed in SEEDS_OF[setting] if profile == "cpu" else SEEDS[:1]:
                yield (
                    f"{row.name}/{setting}/{seed}",
                    fakesafe_rows.config(row, setting, seed, profile),
                    functools.partial(run, profile=profile),
                )


def run(config, directory, profile):
    """Trains and measures; classifiers are shared by all rows."""
    model = train_lib.train(config, directory)
    return fakesafe_bench.measure(
        config,
        model,
        classifiers_beside(directory),
        config.seed,
        fakesafe_bench.effort_of(profile),
    )


def classifiers_beside(directory):
    """Where the classifiers of all of an experiment's rows are kept."""
    return directory.parents[2] / "classifiers"


def rows(found):
    """The rows from what every cell found."""
    known = {row.name: row for row in
             (fakesafe_rows.SMOKE, *fakesafe_rows.ONE_STEP)}
    grouped = {}
    for cell, one in found.items():
        name, setting, _ = cell.split("/")
        grouped.setdefault((name, setting), []).append(one)
    return [
        {
            **summaries.row(f"{name}:{setting}", results),
            "paper": known[name].paper,
            "goal": known[name].goal,
        }
        for (name, setting), results in grouped.items()
    ]


def notes(results):
    """Which goals are met."""
    return [
        f"`{row['name']}`: F1 {row['measured']['f1']:.3f}, goal {row['goal']}"
        f" {'met' if row['measured']['f1'] >= row['goal'] else 'missed'}, the "
        f"paper has {row['paper']['f1']}."
        for row in results["rows"]
        if row["name"].endswith(":ours") and "goal" in row
    ]


def draw(path, results, runs):
    """Messages, fakes and what was recovered, of every row with images."""
    from kprivacy.experiments import fakesafe_pictures

    shown = functools.partial(fakesafe_rows.config, seed=SEEDS[0],
                              profile=results["profile"])
    fakesafe_pictures.draw(path, [
        (f"{row.name}:{setting}", shown(row, setting),
         functools.partial(
             workdir.read_model, runs / row.name / setting / str(SEEDS[0])
         ))
        for row in fakesafe_rows.one_step(results["profile"])
        for setting in SETTINGS
    ])
