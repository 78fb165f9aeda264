"""Intervals for shares and for paired differences, against SciPy, simulation and their limits."""

import math

from bigmodel_lib.evaluation import intervals

import numpy as np
import pytest
from scipy import stats


@pytest.mark.parametrize("right, n", [(0, 1), (1, 1), (0, 50), (50, 50), (9, 10), (457, 1000), (1, 100_000)])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_wilson_is_scipys(right, n, level):
    expected = stats.binomtest(right, n).proportion_ci(level, method="wilson")
    assert intervals.wilson(right, n, level) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_solves_its_equation_at_both_ends():
    for p in intervals.wilson(30, 80):
        assert abs(30 / 80 - p) == pytest.approx(1.959964 * math.sqrt(p * (1 - p) / 80), rel=1e-6)


def test_wilson_holds_the_truth_as_often_as_it_says():
    drawn = np.random.default_rng(0).binomial(60, 0.9, 4000)
    held = [low <= 0.9 <= high for low, high in (intervals.wilson(int(k), 60) for k in drawn)]
    assert 0.93 < np.mean(held) < 0.975


def test_wilson_takes_numpys_integers():
    assert intervals.wilson(np.int64(3), np.int32(4)) == intervals.wilson(3, 4)


@pytest.mark.parametrize("right, n", [(0, 0), (-1, 5), (6, 5), (1, -1)])
def test_wilson_says_what_is_wrong_with_the_counts(right, n):
    with pytest.raises(ValueError, match=f"not {right} right ones of {n}"):
        intervals.wilson(right, n)


def test_wilson_refuses_a_share_in_place_of_a_count():
    with pytest.raises(TypeError):
        intervals.wilson(0.9, 10)


@pytest.mark.parametrize("level", [0, 1, 95, -0.5])
def test_the_level_is_a_share(level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        intervals.wilson(1, 2, level)
    with pytest.raises(ValueError, match="between 0 and 1"):
        intervals.paired_difference([1, 0], [0, 0], level)


def test_the_paired_difference_is_that_of_the_shares_and_turns_its_sign():
    rng = np.random.default_rng(1)
    first, second = rng.random(500) < 0.9, rng.random(500) < 0.8
    one, other = intervals.paired_difference(first, second), intervals.paired_difference(second, first)
    assert one.mean == pytest.approx(first.mean() - second.mean()) and one.low < one.mean < one.high
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
    test = stats.ttest_rel(first.astype(float), second.astype(float))
    assert one.high - one.mean == pytest.approx(1.959964 * one.mean / test.statistic, rel=1e-6)


def test_pairing_makes_the_interval_narrower():
    second = np.random.default_rng(2).random(1000) < 0.8
    first = second.copy()
    first[np.flatnonzero(~second)[:20]] = True  # right wherever the second is, and twenty times more
    found = intervals.paired_difference(first, second)
    assert found.mean == pytest.approx(0.02) and found.low > 0.01
    assert (
        intervals.wilson(int(second.sum()), 1000)[1] > intervals.wilson(int(first.sum()), 1000)[0]
    )  # yet these overlap


def test_models_that_agree_everywhere():
    assert intervals.paired_difference([True, False], [True, False]) == (0, 0, 0)


@pytest.mark.parametrize("first, second", [([1], [0]), ([1, 0], [1]), ([], []), ([[1, 0]], [[1, 1]])])
def test_the_paired_difference_needs_two_lists_of_the_same_questions(first, second):
    with pytest.raises(ValueError, match="same length"):
        intervals.paired_difference(first, second)
