"""Sentences and pictures that ConfounderGAN's tables have in common."""

import numpy as np

from kprivacy.experiments import summaries

ROUNDING = 1e-9  # of sums and differences of shares, beside a goal


def judged(results, goals, peak=None):
    """A sentence for each goal whose row is there, and of how many seeds.

    Args:
        results: Of a table.
        goals: Row's name to the largest accuracy that is aimed at.
        peak: The largest accuracy that is aimed at for the best epoch of
            each of these rows, or None.
    """
    for row in results["rows"]:
        if row["name"] in goals:
            found, goal = row["measured"], goals[row["name"]]
            said = [f"`{row['name']}`: "
                    + _held("at the end", found["accuracy"], goal)
                    + f", {summaries.of_seeds(row)}"]
            if peak is not None:
                said.append(_held("at best", found["peak_accuracy"], peak))
            if found.get("stopped_accuracy") is not None:
                said.append(f"stopped early {found['stopped_accuracy']:.1%}")
            yield "; ".join(said) + "."


def _held(when, accuracy, goal):
    return (
        f"{accuracy:.2%} {when}, goal <= {goal:.0%}: "
        f"{'met' if accuracy <= goal + ROUNDING else 'missed'}"
    )


def curves(axes, results, name, key, label="none"):
    """A line over the training for each method, the first seed's.

    Args:
        axes: Of matplotlib.
        results: Of a table.
        name: Of the data set.
        key: A list of one number an epoch.
        label: Of the rows.
    """
    for row in results["rows"]:
        held, other, method = row["name"].split(":")
        if (held, other) == (name, label):
            values = row["seeds"][0][key]
            # Who has few pictures has more epochs.
            axes.plot(np.linspace(0, 1, len(values) + 1)[1:], values,
                      label=method)
    axes.set_title(name, fontsize=10)
    axes.set_xlabel("share of the training")


def bars(path, results):
    """Final and best accuracy of all rows."""
    from kprivacy.experiments import plots

    plots.bars(path, results["rows"], ("accuracy", "peak_accuracy"),
               "accuracy on clean pictures")
