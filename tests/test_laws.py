"""Scaling laws: a known law is found again, the closed form against a search, another group's fit, robustness, bad input."""

from bigmodel_lib.scaling import laws

import numpy as np
import pytest
from scipy import optimize

LAW = laws.ScalingLaw(E=1.3, A=40.0, alpha=0.45, B=120.0, beta=0.35)
N, D = (grid.ravel() for grid in np.meshgrid([1e4, 3e4, 1e5, 3e5], [2e5, 8e5, 3.2e6]))


def noisy(size: float, seed: int = 0):
    return LAW.loss(N, D) * np.exp(size * np.random.default_rng(seed).standard_normal(len(N)))


def test_a_known_law_is_found_again():
    found = laws.fit_law(N, D, LAW.loss(N, D))
    assert [found.E, found.A, found.alpha, found.B, found.beta] == pytest.approx(
        [LAW.E, LAW.A, LAW.alpha, LAW.B, LAW.beta], rel=0.02
    )
    assert found.loss(1e6, 1e7) == pytest.approx(LAW.loss(1e6, 1e7), rel=1e-3)


@pytest.mark.parametrize(
    "law", [LAW, laws.ScalingLaw(1.69, 406.4, 0.34, 410.7, 0.28), laws.ScalingLaw(0.5, 3.0, 0.9, 700.0, 0.6)]
)
@pytest.mark.parametrize("flops", [6.0, 8.5])
def test_the_best_split_against_a_search(law, flops):
    for compute in (1e10, 1e15, 1e21):
        best = optimize.minimize_scalar(
            lambda n, c=compute: law.loss(np.exp(n), c / flops / np.exp(n)),
            bounds=(0, 60),
            method="bounded",
            options={"xatol": 1e-9},
        )
        n, d = law.optimal(compute, flops)
        assert np.log(n) == pytest.approx(best.x, abs=1e-3) and flops * n * d == pytest.approx(compute)
        assert law.alpha * law.A / n**law.alpha == pytest.approx(law.beta * law.B / d**law.beta)
    sizes, _ = law.optimal(np.array([1e12, 1e14]), flops)
    assert np.log(sizes[1] / sizes[0]) / np.log(100) == pytest.approx(law.size_exponent)


def test_published_split_of_a_budget():
    """1.3 §7: the law of Hoffmann et al. 2022, App. D.3, gives 3.2e10 parameters and 3.0e12 tokens for 6 · 70e9 · 1.4e12 FLOPs."""
    n, d = laws.ScalingLaw(1.69, 406.4, 0.34, 410.7, 0.28).optimal(6 * 70e9 * 1.4e12)
    assert n == pytest.approx(3.2e10, rel=0.02) and d == pytest.approx(3.0e12, rel=0.02)


def test_one_broken_run_hardly_matters():
    losses = noisy(0.0005)
    broken = losses.copy()
    broken[5] *= 1.5
    good, bad = (laws.fit_law(N, D, values) for values in (losses, broken))
    assert bad.loss(1e6, 1e7) == pytest.approx(good.loss(1e6, 1e7), rel=0.01)
    squares = laws.fit_law(N, D, broken, delta=10.0)  # so large that Huber's function is a square everywhere
    assert abs(squares.loss(1e6, 1e7) / good.loss(1e6, 1e7) - 1) > 0.02


def test_units_and_order_do_not_matter():
    losses, mixed = noisy(0.003), np.random.default_rng(1).permutation(len(N))
    one = laws.fit_law(N, D, losses)
    for other in (laws.fit_law(N / 1e3, D / 1e6, losses), laws.fit_law(N[mixed], D[mixed], losses[mixed])):
        assert (other.alpha, other.beta, other.E) == pytest.approx((one.alpha, one.beta, one.E), rel=1e-2)
    assert laws.fit_law(list(N), list(D), list(losses)) == one


def test_nothing_near_is_better():
    losses = noisy(0.01)
    runs = (N, D, losses)
    found = laws._centred(laws._solution(laws.fit_law(*runs)), runs)
    least, _ = laws._objective(found, runs, laws.DELTA)
    rng = np.random.default_rng(2)
    for size in (1e-4, 1e-3, 1e-2, 1e-1):
        for _ in range(50):
            assert laws._objective(found + size * rng.standard_normal(5), runs, laws.DELTA)[0] > least * (1 - 1e-4)


def test_the_gradient_against_differences():
    runs, at = (N, D, noisy(0.002)), np.array([0.2, -0.5, -0.9, -0.7, -0.3])
    _, gradient = laws._objective(at, runs, 0.05)
    for i in range(5):
        step = np.eye(5)[i] * 1e-6
        slope = (laws._objective(at + step, runs, 0.05)[0] - laws._objective(at - step, runs, 0.05)[0]) / 2e-6
        assert gradient[i] == pytest.approx(slope, rel=1e-4, abs=1e-6)


def test_the_bootstrap_covers_and_widens_with_the_noise():
    spread = {}
    for size in (0.001, 0.01):
        drawn = laws.bootstrap_laws(N, D, noisy(size), num=20)
        predicted = [law.loss(1e6, 1e7) for law in drawn]
        spread[size] = np.std(predicted)
        low, high = np.percentile(predicted, [1, 99])
        assert low - 3 * spread[size] < LAW.loss(1e6, 1e7) < high + 3 * spread[size]
    assert spread[0.01] > 2 * spread[0.001] > 0
    again = laws.bootstrap_laws(N, D, noisy(0.01), num=3, seed=5)
    assert again == laws.bootstrap_laws(N, D, noisy(0.01), num=3, seed=5)
    assert again != laws.bootstrap_laws(N, D, noisy(0.01), num=3, seed=6)


L = LAW.loss(N, D)


@pytest.mark.parametrize(
    "runs, said",
    [
        ((N[:5], D[:5], L[:5]), "at least six runs .* not 5 runs"),
        (([], [], []), "not 0 runs"),
        ((np.full(len(N), 1e4), D, L), "1 sizes"),
        ((N, np.where(D < 5e5, 2e5, 8e5), L), "2 numbers of tokens"),
        ((N, D, np.where(N == 1e4, 0, L)), "all losses must be positive numbers, not 0.0"),
        ((N, D, np.where(N == 1e4, -1, L)), "all losses must be positive numbers, not -1.0"),
        ((N, D, np.where(N == 1e4, np.nan, L)), "all losses .* not nan"),
        ((np.where(N == 1e4, 0, N), D, L), "all parameters must be positive numbers"),
        ((N, np.where(D == 2e5, np.inf, D), L), "all tokens must be positive numbers, not inf"),
        ((N[:-1], D, L), "three lists of one length"),
        ((N[None], D[None], L[None]), "three lists of one length"),
    ],
)
def test_bad_runs_are_refused(runs, said):
    for fit in (laws.fit_law, laws.bootstrap_laws):
        with pytest.raises(ValueError, match=said):
            fit(*runs)


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="delta must be positive"):
        laws.fit_law(N, D, L, delta=0)
    with pytest.raises(ValueError, match="at least 2 laws"):
        laws.bootstrap_laws(N, D, L, num=1)
    for budget, flops in ((0, 6), (-1e9, 6), (np.nan, 6), (1e9, 0)):
        with pytest.raises(ValueError, match="must be positive"):
            LAW.optimal(budget, flops)
