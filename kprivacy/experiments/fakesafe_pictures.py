"""Grids of messages, fakes and what the receiver makes of them."""

from kprivacy import pictures
from kprivacy.attacks.fakes import secrecy
from kprivacy.experiments import fakesafe_bench
from kprivacy.fakesafe.sides import Receiver

COLUMNS = 10


def draw(path, shown):
    """One PNG of the rows whose fakes are images.

    Args:
        path: The file to write.
        shown: Triples (label, config, function that gives the model).
    """
    from matplotlib.figure import Figure

    grids = {}
    for label, config, load in shown:
        grids |= _rows(label, config, load())
    figure = Figure(figsize=(COLUMNS + 3.5, 1.05 * len(grids)), dpi=60)
    pictures.fill(figure, grids, COLUMNS)
    figure.tight_layout(pad=0.3)
    pictures.write(path, figure)


def _rows(label, config, model):
    """Message (if it is an image), fake, recovered: label to a batch."""
    if len(model.client.output_shape) != 4:
        return {}
    messages = fakesafe_bench.tested(config.source, COLUMNS)
    messages = messages.take(slice(0, COLUMNS))
    pads = fakesafe_bench.pads_of(model.client, config.seed)
    drawn = secrecy.draw(pads, len(messages))
    sent = fakesafe_bench.sender_of(config, model)(messages.data, *drawn)
    if messages.data.ndim != 4:
        return {label: sent}
    return {
        f"{label}\nmessage": messages.data,
        f"{label}\nfake": sent,
        f"{label}\nrecovered": Receiver(model.server)(sent, *drawn),
    }
