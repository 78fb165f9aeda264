"""Masks: pictures in which each pixel holds the number of a class."""

from __future__ import annotations

import numpy as np

__all__ = ["boundary", "confusion", "dice", "iou"]


def confusion(truth: np.ndarray, found: np.ndarray, num_classes: int) -> np.ndarray:
    """How many pixels of each class were given to each class.

    Args:
        truth, found: masks of the same shape, integers 0 … num_classes - 1. num_classes: of them, the background included.

    Returns:
        (num_classes, num_classes) int64; row: the true class, column: the class found.

    Raises:
        ValueError: other shapes, no integers, an unknown class.

    Example:
        >>> confusion(np.array([[0, 0, 1]]), np.array([[0, 1, 1]]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    truth, found = np.asarray(truth), np.asarray(found)
    if truth.shape != found.shape:
        raise ValueError(f"both masks must have the same shape, not {truth.shape} and {found.shape}")
    for name, mask in (("truth", truth), ("found", found)):
        if not np.issubdtype(mask.dtype, np.integer):
            raise ValueError(f"a mask holds the numbers of classes, so {name} must hold integers, not {mask.dtype}")
        if mask.size and not (0 <= mask.min() and mask.max() < num_classes):
            raise ValueError(f"classes must be in 0 … {num_classes - 1}, but {name} has {mask.min()} … {mask.max()}")
    pairs = truth.astype(np.int64).ravel() * num_classes + found.ravel()
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def iou(matrix: np.ndarray) -> np.ndarray:
    """Intersection over union of each class, from a matrix of `confusion`: $n_{cc} / (\\sum_j n_{cj} + \\sum_i n_{ic} - n_{cc})$.

    Args:
        matrix: (classes, classes).

    Returns:
        (classes,); nan for a class that neither the truth nor the answer has. Their mean is the mean IoU.

    Example:
        >>> iou(np.array([[1, 1], [0, 1]])).tolist()
        [0.5, 0.5]
    """
    matrix = np.asarray(matrix, float)
    common = np.diag(matrix)
    either = matrix.sum(0) + matrix.sum(1) - common
    return np.divide(common, either, out=np.full(len(matrix), np.nan), where=either > 0)


def dice(matrix: np.ndarray) -> np.ndarray:
    """Dice coefficient of each class, $2 n_{cc} / (\\sum_j n_{cj} + \\sum_i n_{ic})$: the F1 of its pixels.

    It is $2J / (1 + J)$ of the IoU J, so it ranks as the IoU does, and is higher.

    Args:
        matrix: (classes, classes), of `confusion`.

    Returns:
        (classes,); nan for a class that neither has.

    Example:
        >>> dice(np.array([[1, 1], [0, 1]])).round(3).tolist()
        [0.667, 0.667]

    Source: L. R. Dice 1945, Ecology 26.
    """
    overlap = iou(matrix)
    return 2 * overlap / (1 + overlap)


def boundary(mask: np.ndarray, width: int = 1) -> np.ndarray:
    """The pixels that lie within `width` steps (up, down, left, right) of a pixel of another class.

    Args:
        mask: (..., height, width) integers. width: steps, at least 1.

    Returns:
        bool, the shape of the mask.

    Example:
        >>> boundary(np.array([[0, 0, 0, 1, 1]])).tolist()
        [[False, False, True, True, False]]
    """
    if width < 1:
        raise ValueError(f"width must be at least 1 step, not {width}")
    mask = np.asarray(mask)
    near = np.zeros(mask.shape, bool)
    for axis in (-2, -1):
        rows = np.moveaxis(mask, axis, -1)
        differs = rows[..., 1:] != rows[..., :-1]
        side = np.moveaxis(near, axis, -1)
        side[..., 1:] |= differs
        side[..., :-1] |= differs
    for _ in range(width - 1):
        grown = near.copy()
        grown[..., 1:, :] |= near[..., :-1, :]
        grown[..., :-1, :] |= near[..., 1:, :]
        grown[..., 1:] |= near[..., :-1]
        grown[..., :-1] |= near[..., 1:]
        near = grown
    return near
