"""kprivacy: data that leave a phone without giving their owner away.

Importing it costs nothing: `kprivacy.RAN` and the modules below are loaded
when they are first used.
"""

import importlib

from kprivacy.version import __version__

__all__ = ["ConfounderGAN", "FakeSafe", "GAP", "RAN", "__version__"]

_CLASSES = {
    "ConfounderGAN": "kprivacy.confounder_gan",
    "FakeSafe": "kprivacy.fakesafe",
    "GAP": "kprivacy.gap",
    "RAN": "kprivacy.ran",
}
METHODS = tuple(_CLASSES)
_MODULES = (
    "adversarial", "attacks", "audit_lib", "baselines", "callbacks",
    "confounder_gan", "data", "experiments", "fakesafe", "gap", "layers",
    "losses", "metrics", "networks", "photos", "ran", "releases", "theory",
    "train_lib", "tune_lib", "workdir",
)


def __getattr__(name):
    if name in _CLASSES:
        return getattr(importlib.import_module(_CLASSES[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"kprivacy.{name}")
    raise AttributeError(f"module 'kprivacy' has no attribute {name!r}")


def __dir__():
    return sorted((*globals(), *_CLASSES, *_MODULES))
