"""What the papers compare with.

Those of data that are sent are releases; the paper's DNN baseline is
`kprivacy.releases.KerasRelease` of an undefended client. Those of published
pictures are noise for labelled `Arrays`, see `unlearnable` and `emn`.
"""

from kprivacy.baselines.extremes import Identity, LabelOnly
from kprivacy.baselines.noisy import Laplace
from kprivacy.baselines.resized import FeatureNoise, ResizedDNN
from kprivacy.baselines.unlearnable import (
    class_noise,
    class_patches,
    published,
    random_like,
    shuffled,
)

__all__ = [
    "FeatureNoise",
    "Identity",
    "LabelOnly",
    "Laplace",
    "ResizedDNN",
    "class_noise",
    "class_patches",
    "error_minimising",
    "published",
    "random_like",
    "shuffled",
]


def __getattr__(name):
    # Loads TensorFlow.
    if name == "error_minimising":
        import importlib

        return importlib.import_module(
            "kprivacy.baselines.emn"
        ).error_minimising
    raise AttributeError(f"{__name__!r} has no attribute {name!r}")
