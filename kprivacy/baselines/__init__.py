"""What the papers compare with; each is a release.

The paper's DNN baseline is `kprivacy.releases.KerasRelease` of an undefended
client.
"""

from kprivacy.baselines.extremes import Identity, LabelOnly
from kprivacy.baselines.noisy import Laplace
from kprivacy.baselines.resized import FeatureNoise, ResizedDNN

__all__ = ["FeatureNoise", "Identity", "LabelOnly", "Laplace", "ResizedDNN"]
