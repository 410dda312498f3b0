"""Two Gaussians that a private bit chooses from, under squared error."""

import numpy as np

from kprivacy.errors import UserError, check_positive
from kprivacy.theory.programs import least_accuracy

GRID = 81
REACH = 4.5
NODES = 200


class GaussianMixture:
    """X given Y is normal, mean +mu where Y = 1 and -mu where Y = 0.

    Args:
        p: P(Y = 1), in (0, 1).
        mu: Half the distance of the means, above 0.
        sigma: Standard deviation, above 0.

    Example:

    >>> source = GaussianMixture(p=0.5, mu=3, sigma=1)
    >>> round(source.shift(4), 4), round(source.floor(4), 4)
    (0.8413, 0.6682)

    Reference: C. Huang et al., Context-Aware Generative Adversarial Privacy,
    Entropy 19(12), 2017, section 4.
    """

    def __init__(self, p, mu, sigma):
        check_probability(p)
        check_positive("mu", mu)
        check_positive("sigma", sigma)
        self.p, self.mu, self.sigma = float(p), float(mu), float(sigma)

    @property
    def blind(self):
        """Accuracy without a release."""
        return max(self.p, 1 - self.p)

    @property
    def undefended(self):
        """Accuracy when X itself is released."""
        return bayes_accuracy(self.p, 2 * self.mu / self.sigma)

    def noise(self, distortion):
        """Accuracy after Gaussian noise of variance `distortion` (PDI)."""
        _check_distortion(distortion)
        deviation = np.sqrt(self.sigma**2 + distortion)
        return bayes_accuracy(self.p, 2 * self.mu / deviation)

    def shift(self, distortion):
        """Accuracy after the best shift (PDD), GAP's affine channel.

        X + (1 - Y) b0 - Y b1, with b0 and b1 of `shifts`, moves the means
        together by the square root of distortion / (p (1 - p)).
        """
        moved = sum(self.shifts(distortion))
        return bayes_accuracy(
            self.p, max(0.0, 2 * self.mu - moved) / self.sigma
        )

    def shifts(self, distortion):
        """b0 and b1 of `shift`: how far each mean moves to the other."""
        _check_distortion(distortion)
        p = self.p
        return (
            float(np.sqrt(p * distortion / (1 - p))),
            float(np.sqrt((1 - p) * distortion / p)),
        )

    def affine(self, distortion):
        """Accuracy after the best shift with Gaussian noise beside it (PDD).

        The noise may differ by Y: where p is not 1/2 hiding the rarer value
        under the commoner one's noise is worth more than equal noise.
        """
        return self.affine_accuracy(*self.affine_channel(distortion))

    def affine_channel(self, distortion):
        """((b0, b1), deviations where Y = 0 and 1) of `affine`.

        Found by searching how the budget is divided among the two shifts and
        the two variances, from `equal_noise` and from shifts alone.
        """
        from scipy import optimize

        begins = (self.equal_noise(distortion),
                  (self.shifts(distortion), (0.0, 0.0)))
        if not distortion:
            return begins[0]
        q = 1 - self.p
        # Of the budget's shares the roots are searched: none is below 0.
        costs = np.array([q, self.p, q, self.p])

        def channel(roots):
            shares = distortion * np.square(roots) / np.square(roots).sum()
            parts = np.sqrt(shares / costs)
            return tuple(parts[:2]), tuple(parts[2:])

        def accuracy(roots):
            return self.affine_accuracy(*channel(roots))

        found = list(begins)
        for shifts, deviations in begins:
            start = np.sqrt(costs) * [*shifts, *deviations]
            # One of them favoured each time: the search leaves plateaus.
            for favour in 0.3 * np.sqrt(distortion) * np.eye(4):
                best = optimize.minimize(
                    accuracy, start + favour, method="Nelder-Mead",
                    options={"xatol": 1e-7, "fatol": 1e-10, "maxiter": 1000},
                )
                found.append(channel(best.x))
        return min(found, key=lambda one: self.affine_accuracy(*one))

    def equal_noise(self, distortion):
        """((b0, b1), deviations) of the best division with equal noise.

        A part u^2 of the budget moves the means as `shift` does, the rest is
        the variance of Gaussian noise. The means' distance over the
        deviation, (2 mu - s u) / sqrt(sigma^2 + D - u^2) with s = 1 / sqrt(p
        (1 - p)), falls until u = s (sigma^2 + D) / (2 mu): where the budget
        reaches that far, the noise is worth more than the rest of the shift.
        """
        _check_distortion(distortion)
        spread = 1 / np.sqrt(self.p * (1 - self.p))
        moved = min(
            np.sqrt(distortion),
            spread * (self.sigma**2 + distortion) / (2 * self.mu),
            2 * self.mu / spread,
        )
        noise = float(np.sqrt(max(0.0, distortion - moved**2)))
        return self.shifts(moved**2), (noise, noise)

    def floor(self, distortion, sees_private=True):
        """Least accuracy of the MAP adversary, over all channels.

        With Y, a mass m of each value is brought together: the lowest of
        Y = 1 and the highest of Y = 0, in order, each pair half way, at
        D = 1/2 int_0^m [x1(v) - x0(v)]_+^2 dv; the accuracy is then 1 - m.
        Without Y, a linear program on a grid of 81 points, good to .0005.

        Args:
            distortion: Budget, mean squared error, at least 0.
            sees_private: Whether the channel sees Y beside X.
        """
        _check_distortion(distortion)
        if not sees_private:
            return self._floor_without_private(distortion)
        from scipy import optimize

        if distortion == 0:
            return self.undefended
        most = min(self.p, 1 - self.p)
        if self.distortion_of(most) <= distortion:
            return self.blind
        mass = optimize.brentq(
            lambda m: self.distortion_of(m) - distortion,
            1 - self.undefended, most, xtol=1e-13,
        )
        return 1 - mass

    def distortion_of(self, mass):
        """Least distortion at which a mass of each value looks the same."""
        inner = np.linspace(0, mass, 402)[1:-1]
        found = self._apart(inner, mass - inner)
        best = inner[found.argmax()]
        if found.max() <= 0:
            return 0.0
        low = self._end(lambda v: self._apart(v, mass - v), best)
        high = self._end(lambda rest: self._apart(mass - rest, rest),
                         mass - best)
        # Steep at both ends: cubes put most nodes there.
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        nodes, weights = (nodes + 1) / 2, weights / 2
        total = 0.0
        for width, lower in ((best - low, True), (mass - best - high, False)):
            from_end = (low if lower else high) + width * nodes**3
            pair = (from_end, mass - from_end)
            apart = self._apart(*(pair if lower else pair[::-1]))
            total += width * (weights * 3 * nodes**2 * apart**2).sum()
        return total / 2

    @staticmethod
    def _end(apart, best):
        """Where `apart` gets positive on the way from 0 to `best`."""
        from scipy import optimize

        near = best * 1e-12
        if apart(near) > 0:
            return 0.0
        return optimize.brentq(apart, near, best, xtol=1e-15)

    def _apart(self, v, rest):
        """x1(v) - x0(v), the distance of the pair at mass v, `rest` left."""
        from scipy.special import ndtri

        one = self.mu + self.sigma * ndtri(v / self.p)
        other = -self.mu - self.sigma * ndtri(rest / (1 - self.p))
        return one - other

    def _floor_without_private(self, distortion):
        edge = self.mu + REACH * self.sigma
        points = np.linspace(-edge, edge, GRID)
        joint = self.discretised(points)
        return least_accuracy(
            joint, (points[:, None] - points) ** 2, distortion
        ).accuracy

    def discretised(self, points):
        """Array (2, points) of the mass nearest to each of sorted points."""
        from scipy.special import ndtr

        edges = np.concatenate(
            [[-np.inf], (points[1:] + points[:-1]) / 2, [np.inf]]
        )
        return np.stack([
            prior * np.diff(ndtr((edges - mean) / self.sigma))
            for prior, mean in ((1 - self.p, -self.mu), (self.p, self.mu))
        ])

    def affine_accuracy(self, shifts, deviations=(0.0, 0.0)):
        """Accuracy of the exact MAP adversary of an affine channel.

        Args:
            shifts: b0 and b1 of X + (1 - Y) b0 - Y b1; what is learnt may
                move the means away from each other, or past each other.
            deviations: Standard deviations of the Gaussian noise that is
                added where Y = 0 and where Y = 1.
        """
        from scipy.special import ndtr

        b0, b1 = shifts
        ones = self.mu - b1, np.hypot(self.sigma, deviations[1])
        zeros = -self.mu + b0, np.hypot(self.sigma, deviations[0])
        cuts = self._equal_densities(ones, zeros)
        edges = np.array([-np.inf, *cuts, np.inf])
        below = [ndtr((edges - mean) / scale) for mean, scale in (zeros, ones)]
        masses = np.diff(below) * [[1 - self.p], [self.p]]
        return float(masses.max(axis=0).sum())

    def _equal_densities(self, ones, zeros):
        """Where both values are as likely: roots of a quadratic.

        Args:
            ones: Mean and deviation where Y = 1.
            zeros: Where Y = 0.
        """
        (m1, s1), (m0, s0) = ones, zeros
        ratio = np.log(self.p / (1 - self.p)) + np.log(s0 / s1)
        roots = np.roots([
            0.5 / s0**2 - 0.5 / s1**2,
            m1 / s1**2 - m0 / s0**2,
            0.5 * m0**2 / s0**2 - 0.5 * m1**2 / s1**2 + ratio,
        ])
        return sorted(root.real for root in roots if abs(root.imag) < 1e-12)


class DiagonalMixture:
    """The mixture in m dimensions, for channels that add Gaussian noise.

    Args:
        p: P(Y = 1), in (0, 1).
        mu: Array (m,): X has mean +mu where Y = 1, and -mu where Y = 0.
        variances: Array (m,) of the coordinates, which are independent.
    """

    def __init__(self, p, mu, variances):
        check_probability(p)
        self.p = float(p)
        self.mu = np.asarray(mu, float)
        self.variances = np.asarray(variances, float)
        if self.mu.shape != self.variances.shape or self.mu.ndim != 1 or (
            self.variances <= 0
        ).any():
            raise UserError(
                "`mu` and `variances` must be arrays (m,), variances above 0."
                f" Received: shapes {self.mu.shape}, {self.variances.shape}."
            )

    def allocation(self, distortion):
        """Array (m,): the noise's variances that hide Y best.

        k_i = max(0, |mu_i| s - variance_i), with s such that they sum to the
        budget: found by filling the coordinates in order.
        """
        _check_distortion(distortion)
        heights = np.abs(self.mu)
        if distortion == 0 or not heights.any():
            return np.full(len(heights), distortion / len(heights))
        with np.errstate(divide="ignore"):
            begins = self.variances / heights
        for level in np.sort(begins[np.isfinite(begins)])[::-1]:
            filled = begins <= level
            s = (distortion + self.variances[filled].sum()) / (
                heights[filled].sum()
            )
            if s >= level:
                break
        return np.maximum(0.0, heights * s - self.variances)

    def noise(self, distortion):
        """Accuracy after the noise of `allocation` (PDI)."""
        left = self.variances + self.allocation(distortion)
        alpha = 2 * np.sqrt((self.mu**2 / left).sum())
        return bayes_accuracy(self.p, float(alpha))


def bayes_accuracy(p, alpha):
    """Accuracy between two Gaussians `alpha` standard deviations apart.

    Args:
        p: Probability of the upper one, in (0, 1).
        alpha: Distance of the means over their common deviation, >= 0.
    """
    from scipy.special import ndtr

    if alpha <= 0:
        return max(p, 1 - p)
    t = np.log((1 - p) / p) / alpha
    return float(p * ndtr(alpha / 2 - t) + (1 - p) * ndtr(alpha / 2 + t))


def check_probability(p):
    """Raises unless 0 < p < 1."""
    if not isinstance(p, (int, float)) or not 0 < p < 1:
        raise UserError(
            f"`p` must be a number between 0 and 1. Received: p={p!r}."
        )


def _check_distortion(distortion):
    if not distortion >= 0:
        raise UserError(
            "`distortion` must be a number of at least 0. "
            f"Received: distortion={distortion!r}."
        )
