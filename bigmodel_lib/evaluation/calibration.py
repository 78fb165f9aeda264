"""Is a model right as often as it says? The gap between the two, one number that repairs much of it, and when not to answer.

`confidence` is everywhere the probability that the model gave to its own answer. Diagrams of two classes are scikit-learn's
(`calibration_curve`); here are the bins of any number of classes with their counts, empty bins included.
"""

from __future__ import annotations

import operator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Bins", "Coverage", "coverage", "ece", "fit_temperature", "reliability", "softmax"]


class Bins(NamedTuple):
    """What fell into each of the bins: counts, and two means that are nan where a bin is empty; each (bins,)."""

    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


class Coverage(NamedTuple):
    """For each threshold, falling: the share that is answered, and the share of right answers among these; each (thresholds,)."""

    threshold: np.ndarray
    answered: np.ndarray
    accuracy: np.ndarray


def softmax(logits: ArrayLike, temperature: float = 1.0) -> np.ndarray:
    """Probabilities from logits, $p_k = e^{z_k / T} / \\sum_j e^{z_j / T}$. The largest stays the largest for every $T > 0$.

    Args:
        logits: (..., classes), finite.
        temperature: $T$ > 0; above 1 the model becomes less sure.

    Returns:
        (..., classes) float64, each row adds up to 1.

    Raises:
        ValueError: the temperature is not positive and finite.

    Example:
        >>> softmax([[0.0, 2.0]], temperature=2.0).round(3).tolist()
        [[0.269, 0.731]]

    Taught in: 4.9.
    """
    if not 0 < temperature < np.inf:
        raise ValueError(f"the temperature must be a positive number, such as 1.5, not {temperature}")
    scaled = np.asarray(logits, float) / temperature
    powers = np.exp(scaled - scaled.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = 15) -> Bins:
    """Sort answers by confidence into equally wide bins, and compare confidence and accuracy in each.

    Bin $b$ of $B$ holds the confidences from $b / B$ up to, but without, $(b + 1) / B$; the last one holds 1 as well.

    Args:
        confidence: (n,) probabilities of the answers given, 0 to 1.
        right: (n,) whether each answer is right: truth values, or 0 and 1.
        bins: $B$, at least 1.

    Returns:
        Counts, mean confidence and accuracy of the bins, the last two nan in an empty bin.

    Raises:
        ValueError: no answers, unequal lengths, a confidence outside 0 … 1, a `right` other than 0 and 1, or no bin.

    Example:
        >>> reliability([0.95, 0.85, 0.2], [True, False, True], bins=2).count.tolist()
        [1, 2]

    Source: C. Guo et al. 2017, arXiv:1706.04599. Taught in: 4.9.
    """
    confidence, right = _checked(confidence, right)
    bins = operator.index(bins)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
    # compared with the edges as they are, so that a confidence that equals an edge falls to its right
    place = np.searchsorted(np.arange(1, bins) / bins, confidence, side="right")
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        means = [np.bincount(place, weights=values, minlength=bins) / count for values in (confidence, right)]
    return Bins(count, *means)


def ece(confidence: ArrayLike, right: ArrayLike, bins: int = 15) -> float:
    """Expected calibration error: the mean gap between confidence and accuracy, $\\sum_b \\frac{n_b}{n} |a_b - c_b|$.

    A model that is right exactly as often as it says does not get 0 but what chance leaves in the bins: the fewer answers and the
    more bins, the more. Compare with that floor, or with another model on the same answers.

    Args:
        confidence: (n,) probabilities of the answers given, 0 to 1.
        right: (n,) whether each answer is right.
        bins: number of equally wide bins, at least 1.

    Returns:
        0 (as often right as it says) to 1.

    Raises:
        ValueError: as in `reliability`.

    Example:
        >>> round(ece([0.9, 0.9, 0.6], [True, False, True], bins=2), 3)  # |2/3 - 0.8|
        0.133

    Source: C. Guo et al. 2017, arXiv:1706.04599, equation 3. Taught in: 4.9.
    """
    count, sure, accurate = reliability(confidence, right, bins)
    used = count > 0
    return float((count[used] * np.abs(accurate[used] - sure[used])).sum() / count.sum())


def fit_temperature(logits: ArrayLike, labels: ArrayLike) -> float:
    """The temperature with the smallest mean $-\\ln p_y$ of the true classes, on answers that the model was not trained on.

    In $1 / T$ the loss is convex, so its slope has at most one zero; it is found by halving the interval from 0.01 to 100.

    Args:
        logits: (n, classes), finite, at least two classes.
        labels: (n,) whole numbers, 0 to classes - 1.

    Returns:
        $T$: above 1 for a model that is too sure. 0.01 or 100 where the best lies beyond: all answers right by far, or no better
        than chance.

    Raises:
        ValueError: shapes that do not fit, no answers, logits that are not finite, or labels outside the classes.

    Example:
        >>> round(fit_temperature([[2.0, 0.0]] * 4, [0, 0, 0, 1]), 3)  # p = 3/4 needs logits that differ by ln 3
        1.82

    Source: C. Guo et al. 2017, arXiv:1706.04599. Taught in: 4.9.
    """
    logits, labels = np.asarray(logits, float), np.asarray(labels)
    if logits.ndim != 2 or logits.shape[1] < 2 or not len(logits) or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"logits must be (n, classes) and labels (n,), n at least 1, not {logits.shape} and {labels.shape}"
        )
    if not np.isfinite(logits).all():
        raise ValueError("logits must be finite, but some are nan or infinite: pass logits, not logarithms of zeros")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(
            f"labels must be whole numbers from 0 to {logits.shape[1] - 1}, not {labels.dtype} from {labels.min()} to {labels.max()}"
        )
    own = logits[np.arange(len(labels)), labels].mean()
    low, high = 0.01, 100.0  # bounds of 1 / T
    for _ in range(60):
        middle = np.sqrt(low * high)
        slope = (softmax(logits, 1 / middle) * logits).sum(1).mean() - own
        low, high = (low, middle) if slope > 0 else (middle, high)
    return float(np.clip(1 / np.sqrt(low * high), 0.01, 100.0))


def coverage(confidence: ArrayLike, right: ArrayLike) -> Coverage:
    """Accuracy on what is answered, against how much is answered, when all below a threshold is left to a person.

    Args:
        confidence: (n,) any score that is larger where the model is surer.
        right: (n,) whether each answer is right.

    Returns:
        One entry for each different confidence, from the largest: the threshold (answers at least as sure are given), their
        share, and the accuracy among them. Equal confidences are answered together: no threshold separates them.

    Raises:
        ValueError: no answers, unequal lengths, a confidence that is nan, or a `right` other than 0 and 1.

    Example:
        >>> coverage([0.9, 0.6, 0.9, 0.5], [1, 0, 1, 1]).accuracy.round(3).tolist()
        [1.0, 0.667, 0.75]

    Source: R. El-Yaniv and Y. Wiener 2010, "On the foundations of noise-free selective classification", Journal of Machine
    Learning Research 11. Taught in: 4.9.
    """
    confidence, right = _checked(confidence, right, bounded=False)
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    last = np.append(np.flatnonzero(falling[1:] != falling[:-1]), len(falling) - 1)
    return Coverage(falling[last], (last + 1) / len(falling), np.cumsum(right[order])[last] / (last + 1))


def _checked(confidence: ArrayLike, right: ArrayLike, bounded: bool = True) -> tuple[np.ndarray, np.ndarray]:
    confidence, right = np.asarray(confidence, float), np.asarray(right, float)
    if confidence.ndim != 1 or confidence.shape != right.shape or not len(confidence):
        raise ValueError(
            f"confidence and right must be (n,) with one entry for each answer, at least one, not {confidence.shape} and {right.shape}"
        )
    if np.isnan(confidence).any():
        raise ValueError("confidence must be numbers, but some are nan")
    if bounded and not ((0 <= confidence) & (confidence <= 1)).all():
        raise ValueError(
            f"confidence must be a probability from 0 to 1, but it goes from {confidence.min()} to {confidence.max()}: "
            "apply softmax to logits, divide percents by 100"
        )
    if not np.isin(right, (0, 1)).all():
        raise ValueError("right must hold truth values (or 0 and 1): compare the answers with the labels first")
    return confidence, right
