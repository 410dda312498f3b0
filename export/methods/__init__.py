"""What each method hands to the phone and to the server, and its measures."""

import importlib

from kprivacy import workdir

NAMES = ("ran", "gap", "fakesafe", "confounder_gan")


def of(directory):
    """The `Method` of a working directory with a trained model."""
    config = workdir.read_config(directory)
    workdir.check_method(config, "The export", NAMES)
    module = importlib.import_module(f"{__name__}.{config.method}")
    return module.Method(directory, config, workdir.read_model(directory))
