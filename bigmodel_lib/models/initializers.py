"""Initial weights. `Normal` and `FanOutNormal` are drawn by NumPy: fast to make, and fixed on every backend by
`keras.utils.set_random_seed`.

Keras's own initialisers have the same laws, but on JAX each shape of matrix costs a compilation: some 15 s for
EfficientNet-Lite0, against one. The transformer's blocks have few shapes and use Keras's, as `RandomNormal`.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

import keras
import numpy as np

__all__ = ["FanOutNormal", "Normal", "RandomNormal", "blank"]

_blank = contextvars.ContextVar("blank", default=False)


@contextlib.contextmanager
def blank() -> Iterator[None]:
    """Within it `RandomNormal` gives zeros: for a model that is filled from a file, so that nothing is drawn in vain.

    The numbers that others draw afterwards are the same as without it.

    Example:
        >>> with blank():
        ...     matrix = RandomNormal()((2, 3))
        >>> keras.ops.convert_to_numpy(matrix).tolist()
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    token = _blank.set(True)
    try:
        yield
    finally:
        _blank.reset(token)


@keras.saving.register_keras_serializable("bigmodel_lib.initializers")
class RandomNormal(keras.initializers.RandomNormal):
    """Keras's own normal initialiser, with the same draws; within `blank` it gives zeros.

    Args: mean, stddev, seed: as in Keras.

    Example:
        >>> RandomNormal(stddev=0.02, seed=0)((2, 3)).shape
        (2, 3)
    """

    def __call__(self, shape, dtype=None):
        if _blank.get():
            return keras.ops.convert_to_tensor(np.zeros(shape, "float32"), dtype)
        return super().__call__(shape, dtype)


@keras.saving.register_keras_serializable("bigmodel_lib.initializers")
class Normal(keras.initializers.Initializer):
    """Normal of mean 0.

    Args:
        stddev: standard deviation; 0.02 is that of BERT and GPT-2.

    Example:
        >>> Normal(0.5)((2, 3)).shape
        (2, 3)

    Source: J. Devlin et al. 2019, arXiv:1810.04805, code of the authors (0.02, there truncated).
    """

    def __init__(self, stddev: float = 0.02):
        self.stddev = stddev

    def __call__(self, shape, dtype=None):
        return _drawn(self.stddev, shape, dtype)

    def get_config(self):
        return {"stddev": self.stddev}


@keras.saving.register_keras_serializable("bigmodel_lib.initializers")
class FanOutNormal(keras.initializers.Initializer):
    """Normal of variance $2 / (k^2 \\, C_{out})$, for the kernels (k, k, C_in, C_out) of convolutions.

    Example:
        >>> FanOutNormal()((3, 3, 8, 16)).shape
        (3, 3, 8, 16)

    Source: K. He et al. 2015, arXiv:1502.01852, §2.2 (the backward case).
    """

    def __call__(self, shape, dtype=None):
        return _drawn(np.sqrt(2 / (np.prod(shape[:-2]) * shape[-1])), shape, dtype)


def _drawn(stddev, shape, dtype):
    return keras.ops.convert_to_tensor(np.random.normal(scale=stddev, size=shape).astype("float32"), dtype)
