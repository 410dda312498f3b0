"""The figures' plots, with matplotlib."""

from kprivacy import pictures
from kprivacy.experiments import summaries

# Okabe and Ito's colours, which the colour-blind can tell apart.
_STYLES = {
    "ran": ("RAN", "#009E73", "o"),
    "ran:paper": ("RAN, the paper's network", "#56B4E9", "^"),
    "dnn": ("DNN", "#000000", "s"),
    "dnn_resized": ("DNN(resized)", "#E69F00", "v"),
    "noisy": ("Noisy", "#CC79A7", "D"),
}


def fronts(path, rows):
    """Privacy against utility, one panel a task, as the paper's Figure 3.

    The error is that of the best fresh attacker over the label-only ceiling,
    on a logarithmic axis. Crosses are RAN's own decoder.
    """
    from matplotlib.figure import Figure

    tasks = summaries.by_task(rows)
    columns = min(len(tasks), 3)
    lines = -(-len(tasks) // columns)
    figure = Figure(figsize=(5 * columns, 4.2 * lines), dpi=90)
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis, (task, mine) in zip(axes, tasks.items()):
        _panel(axis, task, mine)
    for axis in axes[len(tasks):]:
        axis.axis("off")
    axes[0].legend(fontsize=8, loc="lower left")
    save(path, figure)


def save(path, figure):
    """Writes a figure as PNG, beside and renamed."""
    figure.tight_layout()
    pictures.write(path, figure)


def _panel(axis, task, mine):
    for style, (label, colour, marker) in _STYLES.items():
        points, own = _points(mine, style)
        if not points:
            continue
        axis.scatter(
            *zip(*points), color=colour, marker=marker, s=28, label=label
        )
        best = summaries.front(points)
        axis.plot(*zip(*best), color=colour, linewidth=1, alpha=0.6)
        if own:
            axis.scatter(*zip(*own), color=colour, marker="x", s=24,
                         label=f"{label}, own decoder")
    one = mine["dnn"]["measured"]
    axis.axhline(1.0, color="grey", linewidth=1, linestyle="--")
    axis.axhline(one["mean_error"] / one["ceiling"], color="grey",
                 linewidth=1, linestyle=":")
    axis.set_yscale("log")
    axis.set_title(task, fontsize=10)
    axis.set_xlabel("accuracy")
    axis.set_ylabel("attack error / label-only ceiling")


def _points(mine, style):
    """(accuracy, error over ceiling) of a style's rows, and own decoders."""
    points, own = [], []
    for label, one in mine.items():
        if _style(label) != style:
            continue
        measured = one["measured"]
        x = measured["accuracy"]
        points.append((x, measured["error_over_ceiling"]))
        if "own_decoder_error" in measured:
            own.append((x, measured["own_decoder_error"]
                        / measured["ceiling"]))
    return points, own


def _style(label):
    if label.startswith("ran:paper"):
        return "ran:paper"
    stem = label.partition(":")[0].removesuffix("_trained")
    return stem


def clouds(path, found, classes=None):
    """Features of both networks as clouds of points, coloured by class.

    Args:
        path: The file to write.
        found: Dict from a task to {"labels": [...], "dnn": {"points": ...},
            "ran": {"points": ...}}, points in two or three dimensions.
        classes: Names by label, for a legend.
    """
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.3 * len(found)), dpi=90)
    for i, (task, one) in enumerate(found.items()):
        labels = np.asarray(one["labels"])
        for j, kind in enumerate(("dnn", "ran")):
            points = np.asarray(one[kind]["points"])
            solid = points.shape[1] == 3
            axis = figure.add_subplot(
                len(found), 2, 2 * i + j + 1,
                projection="3d" if solid else None,
            )
            _cloud(axis, points, labels, classes)
            axis.set_title(f"{task}: {kind}", fontsize=10)
    save(path, figure)


def _cloud(axis, points, labels, classes):
    from matplotlib import colormaps

    colours = colormaps["tab10"]
    for label in sorted(set(labels.tolist())):
        mine = points[labels == label]
        name = classes.get(label) if classes else None
        axis.scatter(*mine.T, s=5, color=colours(label % 10), label=name)
    axis.set_xticks([])
    axis.set_yticks([])
    if points.shape[1] == 3:
        axis.set_zticks([])
    if classes:
        axis.legend(fontsize=8)


def bars(path, rows, names, label):
    """A group of bars for each row, one for each number it has.

    Args:
        path: The file to write.
        rows: Of a table.
        names: Keys of `measured`.
        label: Of the axis.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 0.3 + 0.14 * len(rows) * len(names)), dpi=90)
    axis = figure.subplots()
    for i, name in enumerate(names):
        places, values = [], []
        for j, row in enumerate(rows):
            if name in row["measured"]:
                places.append(j + (i + 0.5) / (len(names) + 1) - 0.5)
                values.append(row["measured"][name])
        axis.barh(places, values, 0.9 / (len(names) + 1), label=name)
    axis.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axis.invert_yaxis()
    axis.set_xlabel(label)
    axis.legend(fontsize=7)
    save(path, figure)


def trade_offs(figure, rows, private, others):
    """What attackers get against each other measure, a point for each row.

    Args:
        figure: A matplotlib figure or sub-figure.
        rows: Of a table.
        private: Key of `measured`, the vertical axis.
        others: Keys of `measured`, a panel each.
    """
    panels = figure.subplots(1, len(others), squeeze=False)[0]
    for axis, other in zip(panels, others):
        for i, row in enumerate(rows):
            found = row["measured"]
            if private not in found or other not in found:
                continue
            axis.errorbar(
                found[other], found[private],
                xerr=row["std"].get(other), yerr=row["std"].get(private),
                color=f"C{i % 10}", marker="o^sDv"[i // 10 % 5],
                linestyle="none", label=row["name"],
            )
        axis.set_xlabel(other)
    panels[0].set_ylabel(private)
    panels[0].legend(fontsize=7)
