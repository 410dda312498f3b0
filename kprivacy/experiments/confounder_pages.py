"""Sentences and pictures that ConfounderGAN's tables have in common."""

import numpy as np

from kprivacy.experiments import summaries


def judged(results, goals):
    """A sentence for each goal, and of how many seeds it is.

    Args:
        results: Of a table.
        goals: Row's name to the largest accuracy that is aimed at.
    """
    for row in results["rows"]:
        if row["name"] in goals:
            accuracy, goal = row["measured"]["accuracy"], goals[row["name"]]
            stopped = row["measured"].get("stopped_accuracy")
            yield (
                f"`{row['name']}`: {accuracy:.1%} at the end, goal <= "
                f"{goal:.0%}: {'met' if accuracy <= goal else 'missed'}, "
                f"{summaries.of_seeds(row)}"
                + (f"; stopped early {stopped:.1%}." if stopped else ".")
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
