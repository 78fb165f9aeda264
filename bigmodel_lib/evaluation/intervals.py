"""How sure a share of right answers is: an interval for one model, and one for the difference of two on the same questions."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

__all__ = ["Difference", "paired_difference", "wilson"]


class Difference(NamedTuple):
    """A mean difference with its interval, low <= mean <= high."""

    mean: float
    low: float
    high: float


def _quantile(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, such as 0.95, not {level}")
    return NormalDist().inv_cdf((1 + level) / 2)


def wilson(right: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The interval of a share: all $p$ for which $|\\hat p - p| \\le z \\sqrt{p (1 - p) / n}$, with $\\hat p$ = right / n.

    It asks which true shares would make the observed one no surprise. So it stays between 0 and 1, and it still has a width
    where all answers are right or all wrong, which the usual $\\hat p \\pm z \\sqrt{\\hat p (1 - \\hat p) / n}$ has not.

    Args:
        right: number of right answers, 0 to n.
        n: number of answers, at least 1. They must be independent: sentences of one review are not quite.
        level: the share of such intervals that hold the true share.

    Returns:
        low, high: shares, from 0 to 1.

    Raises:
        ValueError: n is below 1, `right` is not in 0 … n, or the level is not between 0 and 1. TypeError: a count is no whole number.

    Example:
        >>> [round(bound, 3) for bound in wilson(9, 10)]
        [0.596, 0.982]

    Source: E. Wilson 1927, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22(158). Taught in: 4.4.
    """
    right, n = operator.index(right), operator.index(n)
    if n < 1 or not 0 <= right <= n:
        raise ValueError(f"wilson needs at least one answer, of which 0 to n are right, not {right} right ones of {n}")
    z = _quantile(level)
    share, weight = right / n, z * z / n
    middle = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)


def paired_difference(first: Sequence[bool], second: Sequence[bool], level: float = 0.95) -> Difference:
    """How much more the first of two models gets right than the second, *on the same questions*.

    Where both are right or both wrong the difference is 0; only the questions that one of them gets right count. So the interval
    is narrower than it would be with questions of its own for each model; those of the two shares may overlap though it is clear.

    Args:
        first, second: (n,) whether each answer is right; or any numbers, such as losses.
        level: the share of such intervals that hold the true difference; by the normal distribution, so for some dozens of
            questions or more on which the two disagree.

    Returns:
        The mean of first - second, with the bounds of its interval. Two models that agree everywhere: 0, 0, 0.

    Raises:
        ValueError: unequal lengths, fewer than two questions, or a level that is not between 0 and 1.

    Example:
        >>> paired_difference([True, True, False, True], [True, False, False, True]).mean
        0.25

    Taught in: 4.4.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.ndim != 1 or first.shape != second.shape or len(first) < 2:
        raise ValueError(
            f"paired_difference needs two lists of the same length, at least 2: one entry for each question, in the same order, "
            f"not shapes {first.shape} and {second.shape}"
        )
    difference, z = first - second, _quantile(level)
    mean, half = difference.mean(), z * difference.std(ddof=1) / math.sqrt(len(difference))
    return Difference(float(mean), float(mean - half), float(mean + half))
