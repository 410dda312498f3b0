"""What the best channel could do: optima and floors in closed form.

No training, and no TensorFlow: NumPy and SciPy. A *channel* turns data X into
a release under a budget of mean distortion; the adversary knows the channel
and the distribution and guesses the private Y. A channel that sees X and Y is
private-data dependent (PDD, `sees_private=True`), one that sees X alone
private-data independent (PDI). No channel of its kind leaves the best
adversary less accurate than the *floor*: an accuracy measured below it proves
a weak attacker or a wrong distortion.

    python -m kprivacy.theory

Sources: C. Huang et al., Context-Aware Generative Adversarial Privacy,
Entropy 19(12), 2017, for the binary and the Gaussian model and their affine
channels; the floors over all channels are derived in the docstrings.
"""

from kprivacy.theory.binary import BinaryHamming
from kprivacy.theory.gaussian import DiagonalMixture, GaussianMixture
from kprivacy.theory.information import (
    jointly_gaussian_information,
    linear_reconstruction_error,
)
from kprivacy.theory.programs import (
    Floor,
    least_accuracy,
    map_accuracy,
    split_by_label,
)

__all__ = [
    "BinaryHamming",
    "DiagonalMixture",
    "Floor",
    "GaussianMixture",
    "jointly_gaussian_information",
    "least_accuracy",
    "linear_reconstruction_error",
    "map_accuracy",
    "split_by_label",
]
