"""Grids of pictures: originals above what an attacker made of them."""

import io

import numpy as np

from kprivacy import files


def comparison(path, rows, columns=10):
    """Writes a PNG with one labelled row of images, or signals, an entry.

    Args:
        path: The file to write.
        rows: Dict from a label to a batch of data in [0, 1], or of signals;
            the first `columns` of each are shown.
        columns: How many examples.
    """
    from matplotlib.figure import Figure

    columns = min(columns, min(len(batch) for batch in rows.values()))
    figure = Figure(figsize=(columns + 1.5, 1.1 * len(rows)), dpi=80)
    fill(figure, rows, columns)
    figure.tight_layout(pad=0.3)
    write(path, figure)


def fill(figure, rows, columns):
    """Draws a labelled row of up to `columns` examples for each of `rows`."""
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes, (label, batch) in zip(grid, rows.items()):
        for axis, one in zip(axes, batch):
            _draw(axis, np.asarray(one))
        for axis in axes[len(batch):]:
            axis.axis("off")
        axes[0].set_ylabel(
            label, rotation=0, ha="right", va="center", fontsize=10
        )


def write(path, figure):
    """Writes a matplotlib figure as PNG, beside and renamed."""
    content = io.BytesIO()
    figure.savefig(content, format="png")
    files.write_bytes(path, content.getvalue())


def _draw(axis, one):
    axis.set_xticks([])
    axis.set_yticks([])
    if one.ndim == 3:
        axis.imshow(
            np.clip(one.squeeze(), 0, 1), cmap="gray", vmin=0, vmax=1
        )
    else:
        axis.plot(one, linewidth=0.5)
