"""The theory's closed forms, its floors, and the exact adversary."""

import statistics

import numpy as np
import pytest

from kprivacy import theory
from kprivacy.errors import UserError
from kprivacy.theory import report
from kprivacy.theory.gaussian import bayes_accuracy

HAMMING = [[0, 1], [1, 0]]


@pytest.mark.parametrize("p, q, distortion, pdi, pdd", [
    (0.5, 0.75, 0.1, 0.70, 0.65),
    (0.75, 0.9, 0.1, 0.82, 0.80),
    (0.5, 0.9, 0.2, 0.74, 0.70),
])
def test_binary_golden(p, q, distortion, pdi, pdd):
    source = theory.BinaryHamming.symmetric(p, q)
    assert source.optimum(distortion, False) == pytest.approx(pdi, abs=1e-9)
    assert source.optimum(distortion) == pytest.approx(pdd, abs=1e-9)


def test_binary_optimum_is_what_the_linear_program_finds():
    rng = np.random.default_rng(0)
    for joint in rng.dirichlet(np.ones(4), 10).reshape(-1, 2, 2):
        source = theory.BinaryHamming(joint)
        for budget in (0.0, 0.05, 0.3):
            found = theory.least_accuracy(joint, HAMMING, budget)
            assert found.distortion <= budget + 1e-9
            assert source.optimum(budget, False) == pytest.approx(
                found.accuracy, abs=1e-6
            )
            found = theory.least_accuracy(
                theory.split_by_label(joint), HAMMING, budget
            )
            assert source.optimum(budget) == pytest.approx(
                found.accuracy, abs=1e-6
            )


def test_binary_without_a_choice_is_blind():
    # Both values of X say Y = 1: releasing X tells nothing more.
    source = theory.BinaryHamming([[0.1, 0.1], [0.4, 0.4]])
    assert source.optimum(0.0, False) == source.blind == 0.8


@pytest.mark.parametrize("p, mu, sigma, distortion, noise, pdi, shift, pdd", [
    (0.5, 3, 1, 1, 0.9831, 0.8531, 0.9772, 0.8521),
    (0.5, 3, 1, 4, 0.9101, 0.6692, 0.8413, 0.6682),
    (0.5, 3, 2, 1, 0.9101, 0.7910, 0.8413, 0.7529),
    (0.75, 3, 1, 2, 0.9652, 0.7993, 0.9293, 0.7982),
])
def test_gaussian_golden(p, mu, sigma, distortion, noise, pdi, shift, pdd):
    source = theory.GaussianMixture(p, mu, sigma)
    assert source.noise(distortion) == pytest.approx(noise, abs=5e-5)
    assert source.shift(distortion) == pytest.approx(shift, abs=5e-5)
    assert source.floor(distortion) == pytest.approx(pdd, abs=5e-5)
    assert source.floor(distortion, False) == pytest.approx(pdi, abs=1e-3)


def test_gaussian_closed_forms():
    # Phi(1), and Phi(3 / sqrt 2) = (1 + erf 1.5) / 2, from tables.
    source = theory.GaussianMixture(0.5, 3, 1)
    assert source.shift(4) == pytest.approx(0.8413447460685429, abs=1e-9)
    assert source.noise(1) == pytest.approx(
        (1 + 0.9661051464753108) / 2, abs=1e-9
    )
    # p Q(-a/2 + t) + (1 - p) Q(-a/2 - t) at a = 2, t = ln(1/3)/2.
    t = -0.5493061443340549
    upper = statistics.NormalDist().cdf
    assert bayes_accuracy(0.75, 2.0) == pytest.approx(
        0.75 * upper(1 - t) + 0.25 * upper(1 + t), abs=1e-9
    )
    assert source.shift(9) == source.blind == 0.5


@pytest.mark.parametrize("p", [0.5, 0.75, 0.9])
def test_pdd_floor_by_another_way(p):
    """The closed integral against the linear program over a grid."""
    source = theory.GaussianMixture(p, 1.0, 1.0)
    points = np.linspace(-5, 5, 61)
    joint = theory.split_by_label(source.discretised(points))
    cost = (points[:, None] - points) ** 2
    for budget in (0.05, 0.3):
        program = theory.least_accuracy(joint, cost, budget)
        assert source.floor(budget) == pytest.approx(
            program.accuracy, abs=4e-3
        )


@pytest.mark.parametrize("p, sigma", [(0.5, 1), (0.5, 2), (0.75, 1), (0.9, 2)])
def test_floors_lie_below_and_meet_the_ends(p, sigma):
    source = theory.GaussianMixture(p, 3, sigma)
    assert source.floor(0) == source.undefended
    assert source.floor(1e-9) == pytest.approx(source.undefended, abs=2e-3)
    assert source.floor(1e3) == source.blind
    last = source.undefended
    for budget in (0.1, 0.5, 1, 2, 4):
        floor = source.floor(budget)
        assert source.blind <= floor <= last
        assert floor <= source.shift(budget) + 1e-12
        assert floor <= source.floor(budget, False) + 1e-3
        last = floor


def test_affine_adversary_agrees_with_shift_and_with_sampling():
    source = theory.GaussianMixture(0.75, 3, 1)
    assert source.affine_accuracy(source.shifts(2)) == pytest.approx(
        source.shift(2), abs=1e-9
    )
    # Unequal noise: two thresholds; counted on samples with the densities.
    from scipy.stats import norm

    rng = np.random.default_rng(0)
    labels = rng.random(200_000) < 0.75
    data = np.where(labels, rng.normal(1, np.sqrt(5), labels.shape),
                    rng.normal(-1, 1, labels.shape))
    guess = 0.75 * norm(1, np.sqrt(5)).pdf(data) > 0.25 * norm(-1, 1).pdf(data)
    assert source.affine_accuracy((2, 2), (0, 2)) == pytest.approx(
        (guess == labels).mean(), abs=3e-3
    )


def test_means_may_cross():
    source = theory.GaussianMixture(0.5, 1, 1)
    # Shifted past each other by as much: as far apart as before.
    assert source.affine_accuracy((2, 2)) == pytest.approx(
        source.undefended, abs=1e-12
    )
    assert source.affine_accuracy((1, 1)) == pytest.approx(0.5, abs=1e-12)


def test_dimensions_fill_like_water():
    source = theory.DiagonalMixture(
        0.5, [1, 0.5, 1.5, 0.2], [1, 1, 2, 0.5]
    )
    # s = (4 + 4.5) / 3.2 = 2.65625, k_i = mu_i s - variance_i.
    assert source.allocation(4) == pytest.approx(
        [1.65625, 0.328125, 1.984375, 0.03125], abs=1e-9
    )
    # alpha = 2 sqrt(3.2 / 2.65625) = 2.19517...; Phi(alpha / 2).
    assert source.noise(4) == pytest.approx(0.8638084256787449, abs=1e-9)
    small = source.allocation(0.1)
    assert small.sum() == pytest.approx(0.1) and small[3] == 0


def test_one_dimension_agrees_with_many():
    one = theory.GaussianMixture(0.75, 3, 2)
    many = theory.DiagonalMixture(0.75, [3.0], [4.0])
    assert many.noise(1.5) == pytest.approx(one.noise(1.5), abs=1e-12)


def test_information_golden():
    both = theory.jointly_gaussian_information(0.7, 0.1)
    # cos(arccos .7 + arcsin sqrt .1) = .4382...; -1/2 ln(1 - .4382^2).
    corr = 0.7 * np.sqrt(0.9) - np.sqrt(0.51) * np.sqrt(0.1)
    assert both == pytest.approx(-0.5 * np.log(1 - corr**2), abs=1e-9)
    assert both == pytest.approx(0.1066, abs=5e-5)
    alone = theory.jointly_gaussian_information(0.7, 0.1, False)
    assert alone == pytest.approx(-0.5 * np.log(1 - 0.441), abs=1e-9)
    assert theory.jointly_gaussian_information(0.7, 0.6) == 0


def test_linear_reconstruction_by_ridge():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 4))
    matrix = rng.normal(size=(2, 4))
    data = rng.normal(size=(200_000, 4)) @ root.T
    seen = data @ matrix.T + 0.5 * rng.normal(size=(len(data), 2))
    told, *_ = np.linalg.lstsq(seen, data, rcond=None)
    error = ((seen @ told - data) ** 2).mean()
    assert theory.linear_reconstruction_error(
        root @ root.T, matrix, 0.5
    ) == pytest.approx(error, rel=0.01)
    assert theory.linear_reconstruction_error(
        np.eye(4), np.eye(4), 1.0
    ) == pytest.approx(0.5, abs=1e-12)


def test_map_adversary_of_a_channel():
    joint = [[0.4, 0.1], [0.1, 0.4]]
    assert theory.map_accuracy(joint) == pytest.approx(0.8)
    # Half of each value is swapped: nothing is left.
    assert theory.map_accuracy(joint, [[0.5, 0.5]] * 2) == pytest.approx(0.5)
    # Three private values, known from the input: 1/3 lost to a merger.
    merged = [[1, 0], [1, 0], [0, 1]]
    assert theory.map_accuracy(np.eye(3) / 3, merged) == pytest.approx(2 / 3)


@pytest.mark.parametrize("call, said", [
    (lambda: theory.GaussianMixture(0, 1, 1), "between 0 and 1"),
    (lambda: theory.GaussianMixture(0.5, 1, 0), "`sigma`"),
    (lambda: theory.GaussianMixture(0.5, 1, 1).shift(-1), "`distortion`"),
    (lambda: theory.map_accuracy([[0.5, 0.1]]), "`joint`"),
    (lambda: theory.map_accuracy([[0.5], [0.5]], [[0.5, 0.4]]), "`channel`"),
    (lambda: theory.BinaryHamming([[0.5] * 3, [0] * 3]), "`joint`"),
    (lambda: theory.BinaryHamming(np.full((2, 4), 1 / 8)), "(2, 2)"),
    (lambda: theory.least_accuracy(np.full((2, 2), 0.25),
                                   [[1, 2], [3, 4]], 0.5), "least distortion"),
    (lambda: theory.DiagonalMixture(0.5, [1], [1, 2]), "shapes"),
    (lambda: theory.jointly_gaussian_information(1, 0), "`rho`"),
    (lambda: theory.linear_reconstruction_error([[1]], [[1, 2]], 0),
     "`covariance`"),
])
def test_errors_say_what_to_do(call, said):
    with pytest.raises(UserError) as error:
        call()
    assert said in str(error.value)


def test_the_table_has_every_source(tmp_path, monkeypatch):
    text = report.table()
    assert "| 0.5, 3, 1 | 4 | 0.9987 | 0.9101 |" in text
    assert "| 0.5, 0.75 | 0.1 | 0.7500 | 0.7000 | 0.6500 | 0.5000 |" in text
    monkeypatch.setattr(report, "POINTS", 3)
    report.plot(tmp_path / "theory.png")
    assert (tmp_path / "theory.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("p, mu, sigma, distortion", [
    (0.5, 3, 1, 1), (0.5, 3, 1, 4), (0.5, 3, 2, 4), (0.75, 3, 1, 2),
    (0.75, 3, 2, 6), (0.5, 1, 1, 2),
])
def test_equal_noise_is_the_best_division(p, mu, sigma, distortion):
    source = theory.GaussianMixture(p, mu, sigma)

    def accuracy(noise):
        deviation = np.sqrt(noise)
        return source.affine_accuracy(
            source.shifts(distortion - noise), (deviation, deviation)
        )

    found = source.affine_accuracy(*source.equal_noise(distortion))
    every = [accuracy(v) for v in np.linspace(0, distortion, 400)]
    assert found <= min(every) + 1e-9
    # The grid of divisions is that coarse where the best is blind.
    assert found == pytest.approx(min(every), abs=5e-4)
    assert _spent(p, source.equal_noise(distortion)) <= distortion + 1e-9
    assert found <= source.shift(distortion) + 1e-9


@pytest.mark.parametrize("p, mu, sigma, distortion", [
    (0.5, 3, 1, 1), (0.5, 3, 2, 4), (0.75, 3, 1, 1), (0.75, 3, 1, 4),
    (0.3, 1, 1, 0.5),
])
def test_affine_is_the_best_of_all_divisions(p, mu, sigma, distortion):
    source = theory.GaussianMixture(p, mu, sigma)
    found = source.affine(distortion)
    # Budgets of (b0, b1, noise of 0, noise of 1) on a grid of the simplex.
    steps = np.arange(21)
    shares = np.array([
        (a, b, c, 20 - a - b - c) for a in steps for b in steps[: 21 - a]
        for c in steps[: 21 - a - b]
    ]) / 20
    parts = np.sqrt(distortion * shares / [1 - p, p, 1 - p, p])
    every = [source.affine_accuracy(one[:2], one[2:]) for one in parts]
    assert found <= min(every) + 1e-9
    assert found == pytest.approx(min(every), abs=5e-3)
    assert _spent(p, source.affine_channel(distortion)) == pytest.approx(
        distortion
    )
    assert source.floor(distortion) <= found


def test_unequal_noise_is_worth_more_where_one_value_is_rarer():
    source = theory.GaussianMixture(0.75, 3, 1)
    equal = source.affine_accuracy(*source.equal_noise(4))
    assert source.affine(4) < equal - 0.009
    even = theory.GaussianMixture(0.5, 3, 1)
    assert even.affine(4) == pytest.approx(
        even.affine_accuracy(*even.equal_noise(4)), abs=1e-9
    )


def _spent(p, channel):
    shifts, deviations = channel
    costs = np.square(shifts) + np.square(deviations)
    return float(np.dot((1 - p, p), costs))


def test_affine_golden():
    # p = .5, mu = 3, sigma = 1, D = 1: u = 2 * 2 / 6 = 2/3, alpha = (6 - 4/3)
    # / sqrt(1 + 5/9) = 3.741657, Phi(1.870829) = .969316.
    source = theory.GaussianMixture(0.5, 3, 1)
    assert source.affine(1) == pytest.approx(0.969316, abs=1e-6)
    np.testing.assert_allclose(
        source.equal_noise(1), ((2 / 3, 2 / 3), (np.sqrt(5) / 3,) * 2)
    )
