"""What each method hands to the phone and to the server, and its measures."""

import dataclasses
import importlib
import pathlib

from kprivacy import workdir
from kprivacy.errors import UserError

from .method import class_names

__all__ = ["NAMES", "class_names", "of", "of_pair"]
NAMES = ("ran", "gap", "fakesafe", "confounder_gan")


def of(directory):
    """The `Method` of a working directory with a trained model."""
    config = workdir.read_config(directory)
    workdir.check_method(config, "The export", NAMES)
    return _method(directory, config, workdir.read_model(directory))


def of_pair(directory, config):
    """The `Method` of client/ and server/ as `Cascade.save` leaves them.

    Args:
        directory: It.
        config: A FakeSafe config whose `source` are the messages and whose
            `target`, where covers are taken, are those of the last fake.

    Raises:
        UserError: The folder is no pair, or the config is for other data.
    """
    from kprivacy.protection import sides

    workdir.check_method(config, "A pair", ("fakesafe",))
    halves = {
        role: sides.read(pathlib.Path(directory) / role, role)
        for role in ("client", "server")
    }
    pairs = {half.pair for half in halves.values()}
    if len(pairs) > 1:
        raise UserError(
            "client/ and server/ must be of one training. Received: "
            f"{str(directory)!r}, where they are of two. Save both again."
        )
    pair = _Pair(*(half.model for half in halves.values()))
    method = _method(directory, config, pair)
    wanted = halves["client"].source.shape
    found = method.test_inputs(1)[0].shape[1:]
    if tuple(found) != tuple(wanted):
        raise UserError(
            f"The pair takes messages of shape {tuple(wanted)}. Received: a "
            f"config whose source has {tuple(found)}. Give one of the data "
            "that the first step was trained on."
        )
    return method


@dataclasses.dataclass(frozen=True)
class _Pair:
    """Both sides, as a trained model has them."""

    client: object
    server: object


def _method(directory, config, model):
    module = importlib.import_module(f"{__name__}.{config.method}")
    return module.Method(directory, config, model)
