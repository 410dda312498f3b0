"""Noisy data: Laplace noise on the raw data, the classic local defence."""

import numpy as np


class Laplace:
    """A release that adds Laplace noise to every element of the data.

    Args:
        scale: Of the noise, in data units; its variance is 2 scale^2.
        seed: Of the noise, or a NumPy generator; None draws from the
            system's entropy.

    Raises:
        ValueError: The scale is negative.

    Reference: the Noisy baseline of RAN's section 3.1, after Dwork et al.,
    Differential privacy under continual observation, 2010. No clipping, no
    privacy budget: as an attacker sees it, it is only noise.
    """

    def __init__(self, scale, seed=None):
        if scale < 0:
            raise ValueError(
                f"`scale` must not be negative. Received: scale={scale}."
            )
        self.scale = scale
        self._generator = np.random.default_rng(seed)

    def __call__(self, data):
        noise = self._generator.laplace(0.0, 1.0, np.shape(data))
        return (data + self.scale * noise).astype(np.float32)
