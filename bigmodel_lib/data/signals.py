"""MNIST-1D: a small, hard data set made for the science of deep learning on a processor."""

from __future__ import annotations

import functools
import random

from bigmodel_lib.data.splits import pick, read_only

import numpy as np

# Test accuracies published with the data set (arXiv:2011.14439, Table 1)
PUBLISHED_ACCURACY = {"logistic regression": 0.32, "MLP": 0.68, "GRU": 0.91, "CNN": 0.94, "human": 0.96}


def mnist1d(split: str = "train", *, num_samples: int = 5000, seed: int = 42) -> tuple[np.ndarray, np.ndarray]:
    """Ten templates, each padded, moved, scaled, sheared, blurred and given noise: signals of 40 numbers.

    Generated on this machine in under a second by the data set's own package; four fifths are the train split.

    Args:
        split: "train" or "test".
        num_samples: signals in both splits together; 5,000 is the published data set.
        seed: 42 is the published data set.

    Returns:
        x: (n, 40) float32, mean 0 and variance 1 over the data set. y: (n,) int64, 0 to 9. Both are read-only.

    Raises:
        ValueError: unknown split.

    Source: S. Greydanus and D. Kobak 2020, arXiv:2011.14439 (Apache-2.0). Taught in: 1.3.
    """
    data = _generate(num_samples, seed)
    return pick("mnist1d", {"train": data[:2], "test": data[2:]}, split)


@functools.lru_cache(maxsize=4)
def _generate(num_samples: int, seed: int) -> tuple[np.ndarray, ...]:
    from mnist1d.data import get_dataset_args, make_dataset

    arguments = get_dataset_args()
    arguments.num_samples, arguments.seed = num_samples, seed
    # The package seeds the global generators; a loader must not change a notebook's random numbers
    before = random.getstate(), np.random.get_state()
    try:
        made = make_dataset(arguments)
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
    x, x_test = (made[name].astype(np.float32) for name in ("x", "x_test"))
    return read_only(x, made["y"], x_test, made["y_test"])
