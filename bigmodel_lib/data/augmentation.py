"""Augmentation: new examples that say the same as old ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def random_shift(x: np.ndarray, max_shift: int, rng: np.random.Generator, axes: Sequence[int] = (1,)) -> np.ndarray:
    """Move every example by its own whole number of steps, filling with zeros: augmentation of signals and images.

    Args:
        x: (n, …) one example a row: (n, length) signals, or (n, height, width) images with axes=(1, 2).
        max_shift: the shifts are drawn evenly from -max_shift … max_shift, for each axis on its own.
        rng: gives the shifts.
        axes: along which to move.

    Returns:
        A new array of the same shape and type.

    Raises:
        ValueError: max_shift is negative, or not smaller than an axis.

    Example:
        >>> random_shift(np.ones((2, 5)), 1, np.random.default_rng(0))
        array([[0., 1., 1., 1., 1.],
               [1., 1., 1., 1., 1.]])

    Taught in: 2.1.
    """
    for axis in (axis + x.ndim if axis < 0 else axis for axis in axes):  # an axis beyond the last stays an error
        if not 0 <= max_shift < x.shape[axis]:
            raise ValueError(f"max_shift must be from 0 to {x.shape[axis] - 1} for axis {axis}, not {max_shift}")
        length = x.shape[axis]
        shift = rng.integers(-max_shift, max_shift + 1, len(x))
        source = np.arange(length) - shift[:, None]  # (n, length): where each number comes from
        shape = [len(x)] + [length if i == axis else 1 for i in range(1, x.ndim)]
        inside = ((source >= 0) & (source < length)).reshape(shape)
        moved = np.take_along_axis(x, np.clip(source, 0, length - 1).reshape(shape), axis)
        x = np.where(inside, moved, np.zeros((), x.dtype))
    return x if len(axes) else x.copy()
