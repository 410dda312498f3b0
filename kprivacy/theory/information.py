"""Gaussian sources: what is told, and what can be reconstructed."""

import numpy as np

from kprivacy.errors import UserError


def jointly_gaussian_information(rho, distortion, sees_private=True):
    """Least mutual information of Y and the release, in nats.

    X and Y are jointly Gaussian, X of variance 1.

    Args:
        rho: Their correlation, in (-1, 1).
        distortion: Budget, mean squared error of the release, in [0, 1].
        sees_private: Whether the channel sees Y beside X.

    Returns:
        -1/2 ln(1 - r^2), where r is the least correlation: with Y,
        cos(arccos rho + arcsin sqrt D), and 0 from a right angle on; without,
        rho sqrt(1 - D).
    """
    if not -1 < rho < 1 or not 0 <= distortion <= 1:
        raise UserError(
            "`rho` must be between -1 and 1 and `distortion` in [0, 1]. "
            f"Received: rho={rho!r}, distortion={distortion!r}."
        )
    if sees_private:
        angle = np.arccos(abs(rho)) + np.arcsin(np.sqrt(distortion))
        least = np.cos(angle) if angle < np.pi / 2 else 0.0
    else:
        least = abs(rho) * np.sqrt(1 - distortion)
    return float(-0.5 * np.log1p(-(least**2)))


def linear_reconstruction_error(covariance, matrix, noise):
    """Mean squared error of the best reconstruction from Ax + noise.

    Args:
        covariance: Array (d, d) of Gaussian x.
        matrix: Array (m, d), A.
        noise: Standard deviation of independent Gaussian noise, >= 0; with 0
            A's rows must be independent under `covariance`.

    Returns:
        The least mean squared error a coordinate of x,
        tr(S - S A' (A S A' + noise^2 I)^-1 A S) / d.
    """
    covariance = np.asarray(covariance, float)
    matrix = np.asarray(matrix, float)
    if (
        covariance.ndim != 2
        or covariance.shape[0] != covariance.shape[1]
        or matrix.ndim != 2
        or matrix.shape[1] != len(covariance)
        or not noise >= 0
    ):
        raise UserError(
            "`covariance` must be an array (d, d), `matrix` (m, d) and "
            f"`noise` at least 0. Received: shapes {covariance.shape}, "
            f"{matrix.shape}, noise={noise!r}."
        )
    crossed = matrix @ covariance
    seen = crossed @ matrix.T + noise**2 * np.eye(len(matrix))
    told = np.linalg.solve(seen, crossed)
    return float(np.trace(covariance - crossed.T @ told) / len(covariance))
