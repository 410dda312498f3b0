"""Figures of the audit's page: inline SVG, and strips of pictures as PNG."""

import base64
import io
import re

import numpy as np

# Stands for the page's own text colour, light or dark.
_INK = "#123456"
_BAR, _BEST = "#8aa4c8", "#2f6fd0"
_LINES = {"label only": "#c0392b", "undefended client": "#1e8449"}
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "audit",
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "font.size": 9,
}
WIDTH = 4.4


def attackers_chart(report):
    """Bars of all attackers' errors with the reference lines, SVG text."""
    results = report.reconstruction
    names = [one.attacker for one in results.results]

    def draw(axis):
        colours = [_BEST] + [_BAR] * (len(names) - 1)
        errors = [one.mse for one in results.results]
        axis.barh(names, errors, color=colours, height=0.65)
        axis.invert_yaxis()
        for name, error in reference_lines(report).items():
            axis.axvline(
                error, linestyle="--", linewidth=1.4, label=name,
                color=_LINES.get(name, _INK),
            )
        axis.set_xlabel("mean squared error (short bars: more is rebuilt)")
        axis.figure.legend(
            loc="outside upper center", ncols=2, frameon=False, fontsize=8
        )

    return _svg("attackers", 1.3 + 0.27 * len(names), draw)


def sweep_chart(report):
    """The best attacker's error by number of examples, SVG text."""
    sweep = report.sweep

    def draw(axis):
        axis.plot(sweep.counts, sweep.errors, "o-", color=_BEST)
        for name, error in reference_lines(report).items():
            axis.axhline(
                error, linestyle="--", linewidth=1.4, label=name,
                color=_LINES.get(name, _INK),
            )
        axis.set_xscale("log")
        axis.set_xticks(sweep.counts, [f"{one:,}" for one in sweep.counts])
        axis.minorticks_off()
        axis.set_ylim(bottom=0)
        axis.set_xlabel("attacker's examples")
        axis.set_ylabel("best attacker's error")
        axis.figure.legend(
            loc="outside upper center", ncols=2, frameon=False, fontsize=8
        )

    return _svg("sweep", 2.8, draw)


def reference_lines(report):
    """Label to error of the reference rows that mean something here."""
    results = report.reconstruction
    lines = {}
    if results.undefended_error is not None:
        lines["undefended client"] = results.undefended_error
    if report.has_classes:
        lines["label only"] = results.label_only_error
    lines["nothing but the mean"] = results.mean_error
    return lines


def strip(batch, columns=6):
    """The first `columns` of a batch beside each other, as a data URI."""
    from matplotlib.figure import Figure

    from kprivacy.pictures import _draw

    batch = np.asarray(batch[:columns])
    high, wide = batch.shape[1:3] if batch.ndim == 4 else (2, 3)
    figure = Figure(figsize=(columns, columns * high / wide / columns), dpi=96)
    for position, one in enumerate(batch):
        axis = figure.add_axes(
            (position / columns + 0.004, 0.02, 1 / columns - 0.008, 0.96)
        )
        _draw(axis, one)
        if one.ndim != 3:
            axis.patch.set_alpha(0)
    content = io.BytesIO()
    figure.savefig(content, format="png", transparent=True)
    encoded = base64.b64encode(content.getvalue()).decode()
    return f"data:image/png;base64,{encoded}"


def _svg(name, height, draw):
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axis = figure.subplots()
        axis.spines[["top", "right"]].set_visible(False)
        draw(axis)
        content = io.StringIO()
        figure.savefig(
            content, format="svg", transparent=True,
            metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")),
        )
    return _inline(content.getvalue(), name)


def _inline(text, name):
    """An SVG file as a part of a page: no header, names of its own."""
    text = text[text.index("<svg"):].replace(_INK, "currentColor")
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(r'(<svg[^>]*?) (?:width|height)="[^"]*pt"', r"\1", text)
    text = re.sub(r'(<svg[^>]*?) (?:width|height)="[^"]*pt"', r"\1", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for before in (' id="', 'href="#', "url(#"):
        text = text.replace(before, f"{before}{name}_")
    return text.replace("<svg", f'<svg role="img" aria-label="{name}"', 1)
