"""GAP on two Gaussians that a private bit chooses from: the optimum is known.

    python -m kprivacy.train --config=configs/gap_gaussian.py --workdir=W

learns a neural channel that sees X and Y under a budget of distortion; the
variant "shift" the affine channel of generative adversarial privacy, "affine"
the same with noise. See docs/results/gap_theory.md for how far each is from
what is possible.
"""

from kprivacy.configs import gap_base
from kprivacy.configs.common import check_variant

VARIANTS = ("shift", "affine", "smoke")


def get_config(variant=None):
    """Returns the config; `variant` may be "shift", "affine" or "smoke"."""
    return gaussian(0.5, 3, 1, 1, variant)


def gaussian(p, mu, sigma, distortion, variant=None):
    """The config of one Gaussian mixture.

    Args:
        p: P(Y = 1).
        mu: Half the distance of the means.
        sigma: Standard deviation.
        distortion: Budget, mean squared error.
        variant: As for `get_config`.
    """
    check_variant(variant, VARIANTS)
    config = known_optimum(
        f"gaussian_mixture:{p:g},{mu:g},{sigma:g}", distortion
    )
    if variant in (None, "affine"):
        config.epochs = 40
        config.model.objective = "accuracy"
        config.temperature_end = 0.1
    if variant is None:
        config.client.network = "dense"
        config.client.units = (64, 64)
        config.client.code = 64
        config.client.residual = True
        config.model.constraint = "penalty"
    elif variant != "smoke":
        config.client.noise = int(variant == "affine")
        config.model.stiffness = 1.0
        config.learning_rate = 1e-2
    if variant == "smoke":
        shrink(config)
    return config


def binary(p, q, distortion, sees_private=True):
    """The config of a bit whose other bit is private.

    Args:
        p: P(X = 1).
        q: P(Y = X).
        distortion: Budget, the share of flips.
        sees_private: Whether the channel sees Y.
    """
    config = known_optimum(f"binary:{p:g},{q:g}", distortion)
    config.sees_private = sees_private
    config.client.network = "flips"
    config.model.distortion = "hamming"
    config.model.stiffness = 100.0
    config.learning_rate = 3e-2
    return config


def known_optimum(name, distortion):
    """What all sets with a known optimum are trained with."""
    config = gap_base.gap(name, "label")
    config.epochs = 20
    config.rounds_per_epoch = 100
    config.steps_per_execution = 10
    config.batch_size = 1000
    config.learning_rate = 3e-3
    config.adversary_learning_rate = 3e-3
    config.epochs_pre_d = config.epochs_pre_g = 0
    config.sees_private = True
    config.average = 0.99
    config.client.network = "affine"
    config.adversary.units = (64, 64)
    config.model.privacy_weight = 10.0
    config.model.constraint = "augmented_lagrangian"
    config.model.budget = float(distortion)
    config.model.itr_d = 5
    return config


def shrink(config):
    """Two steps of everything."""
    config.epochs, config.rounds_per_epoch = 2, 2
    config.steps_per_execution = 1
    config.batch_size = 16
    config.adversary.units = config.client.units = (8,)


def get_sweep():
    """A sweep of the budget, as overrides of single fields."""
    return [{"model.budget": budget} for budget in (1.0, 2.0, 4.0)]
