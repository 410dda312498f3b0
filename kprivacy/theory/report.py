"""The table and the plot of `python -m kprivacy.theory`."""

import numpy as np

from kprivacy import pictures
from kprivacy.theory.binary import BinaryHamming
from kprivacy.theory.gaussian import GaussianMixture

# p, mu, sigma of the four classic sets.
GAUSSIANS = ((0.5, 3, 1), (0.5, 3, 2), (0.75, 3, 1), (0.75, 3, 2))
DISTORTIONS = (1, 2, 4)
# p, q and the share of flips of binary sources.
BINARIES = ((0.5, 0.75, 0.1), (0.75, 0.9, 0.1), (0.5, 0.9, 0.2))
POINTS = 25
_LINES = (
    ("noise", "Gaussian noise (PDI)", "#CC79A7", "-"),
    ("floor_pdi", "floor, X alone (PDI)", "#CC79A7", "--"),
    ("shift", "affine shift (PDD)", "#0072B2", "-"),
    ("affine", "shift and noise (PDD)", "#009E73", "-"),
    ("floor", "floor, X and Y (PDD)", "#0072B2", "--"),
)


def accuracies(source, distortion):
    """What is left to the best adversary, by channel."""
    return {
        "noise": source.noise(distortion),
        "floor_pdi": source.floor(distortion, sees_private=False),
        "shift": source.shift(distortion),
        "affine": source.affine(distortion),
        "floor": source.floor(distortion),
    }


def table():
    """Markdown: accuracy of the adversary who knows the channel."""
    lines = [
        "Gaussian mixture, squared error",
        "",
        "| p, mu, sigma | D | no channel | noise | PDI floor | shift "
        "| shift and noise | PDD floor | blind |",
        "|" + "---|" * 9,
    ]
    for p, mu, sigma in GAUSSIANS:
        source = GaussianMixture(p, mu, sigma)
        for distortion in DISTORTIONS:
            found = (source.undefended,
                     *accuracies(source, distortion).values(), source.blind)
            lines.append(
                f"| {p}, {mu}, {sigma} | {distortion} | "
                + " | ".join(f"{one:.4f}" for one in found) + " |"
            )
    lines += [
        "",
        "Binary, Y = X xor Ber(1 - q), share of flips",
        "",
        "| p, q | D | no channel | PDI optimum | PDD optimum | blind |",
        "|" + "---|" * 6,
    ]
    for p, q, distortion in BINARIES:
        source = BinaryHamming.symmetric(p, q)
        found = (source.undefended, source.optimum(distortion, False),
                 source.optimum(distortion), source.blind)
        lines.append(f"| {p}, {q} | {distortion} | "
                     + " | ".join(f"{one:.4f}" for one in found) + " |")
    return "\n".join(lines)


def plot(path):
    """Writes accuracy over distortion of the Gaussian sources."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), dpi=90)
    axes = figure.subplots(2, 2, sharex=True).ravel()
    for axis, (p, mu, sigma) in zip(axes, GAUSSIANS):
        panel(axis, GaussianMixture(p, mu, sigma))
    axes[0].legend(fontsize=8)
    figure.tight_layout()
    pictures.write(path, figure)


def panel(axis, source, most=9.0):
    """Draws the curves of one source, and the blind guess."""
    distortions = np.linspace(0, most, POINTS)
    found = [accuracies(source, one) for one in distortions]
    for key, label, colour, style in _LINES:
        axis.plot(distortions, [one[key] for one in found], style,
                  color=colour, label=label)
    axis.axhline(source.blind, color="grey", linewidth=1, linestyle=":")
    axis.set_title(f"p={source.p:g}, mu={source.mu:g}, "
                   f"sigma={source.sigma:g}", fontsize=10)
    axis.set_xlabel("distortion, mean squared error")
    axis.set_ylabel("accuracy of the best adversary")
