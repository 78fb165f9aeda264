"""Weight sharing: each matrix may hold only a few different values, so that a weight is a number of a few bits."""

from __future__ import annotations

import warnings

from bigmodel_lib.compression._walk import choose, require, say_left_out, weight_matrices

import keras
import numpy as np
from keras import ops

__all__ = ["TuneCodebooks", "share_weights", "shared_values"]

FIT_ON = 200_000  # values of a larger matrix on which k-means is fitted; all of them are assigned


def shared_values(values: np.ndarray, count: int) -> np.ndarray:
    """The `count` values that stand best for many: the centres of k-means, $\\min_c \\sum_i (w_i - c_{k(i)})^2$.

    The centres begin evenly spaced between the smallest and the largest value: large weights are rare and matter, and centres
    that begin at random would miss them.

    Args:
        values: of any shape.
        count: of centres, at least 1. Where there are no more different values than that, these are returned.

    Returns:
        (count or fewer,) float32, ascending.

    Example:
        >>> shared_values(np.array([1.0, 1.25, 4.0, 4.5]), 2)
        array([1.125, 4.25 ], dtype=float32)

    Source: S. Han et al. 2015, arXiv:1510.00149, §3.1 and §3.2.
    """
    from sklearn.cluster import KMeans

    values = np.asarray(values, "float32").ravel()
    different = np.unique(values)
    if len(different) <= count:
        return different
    begin = np.linspace(different[0], different[-1], count, dtype="float32")[:, None]
    if len(values) > FIT_ON:
        values = np.random.default_rng(0).choice(values, FIT_ON, replace=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer clusters than asked for: the sample held too few different values
        return np.unique(KMeans(count, init=begin, n_init=1).fit(values[:, None]).cluster_centers_)


def share_weights(model: keras.Model, bits: int | dict[str, int] = 5) -> keras.Model:
    """Round the weights of each matrix to at most 2^bits shared values, in place; zeros stay zeros, and count as one of them.

    The matrices of all `Dense`, `EinsumDense`, `Conv` and `Embedding` layers share, each for itself. What else has two or more
    axes is printed. Biases and norms stay.

    Args:
        model: built.
        bits: 1 … 8; or a dict of them by layer or path: the others are left out then.

    Returns:
        The same model.

    Raises:
        ValueError: bits out of range, an unknown name, or a model that is not built or has no matrices.

    Example:
        >>> from bigmodel_lib.models import dense
        >>> model = share_weights(dense.lenet_300_100(), bits=5)
        >>> [len(np.unique(layer.get_weights()[0])) for layer in model.layers]
        [32, 32, 32]

    Source: S. Han et al. 2015, arXiv:1510.00149, §3.1.
    """
    matrices = weight_matrices(model)
    chosen = choose(matrices, bits, "bits")
    require(all(count in range(1, 9) for count in chosen.values()), f"bits must be 1 … 8, not {bits}")
    for name, count in chosen.items():
        values = ops.convert_to_numpy(matrices[name][1]).astype("float32")
        nonzero = values[values != 0]
        if len(nonzero):
            centres = shared_values(nonzero, 2**count - (len(nonzero) < values.size))
            nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, nonzero)
            values[values != 0] = centres[nearest]
        matrices[name][1].assign(values)
    say_left_out(model, chosen, "not shared")
    return model


class TuneCodebooks(keras.callbacks.Callback):
    """Trains shared weights in `fit`: after every batch all that share a value move together, and zeros stay zeros.

    A shared value $C_k$ has the gradient $\\partial L / \\partial C_k = \\sum_{ij} [k(ij) = k] \\, \\partial L / \\partial W_{ij}$. The optimizer
    moves each weight by itself; here the shared value then moves by the sum of these moves, which for plain gradient descent is a
    step along its own gradient, or by their mean, which is a step with the learning rate divided by the number of its weights.
    Optimizers that scale each weight's step, such as Adam, need the mean.

    Args:
        gradients: "mean" or "sum".
        most: matrices with more different values than this are not shared; they are trained freely.

    Example:
        >>> x, y = np.eye(4, dtype="float32"), np.array([[1.0], [3.0], [0.0], [5.0]])
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, use_bias=False)])
        >>> model.set_weights([np.array([[1.0], [1.0], [0.0], [2.0]])])
        >>> model.compile(keras.optimizers.SGD(0.2), "mse")
        >>> _ = model.fit(x, y, epochs=200, verbose=0, callbacks=[TuneCodebooks("sum")])
        >>> model.get_weights()[0].ravel().round(3)
        array([2., 2., 0., 5.], dtype=float32)

    Source: S. Han et al. 2015, arXiv:1510.00149, §3.3, Equation 3.
    """

    def __init__(self, gradients: str = "mean", most: int = 256):
        super().__init__()
        require(gradients in ("mean", "sum"), f'gradients must be "mean" or "sum", not {gradients!r}')
        self.gradients, self.most = gradients, most

    def on_train_begin(self, logs=None):
        self._shared = []
        for _, variable in weight_matrices(self.model).values():
            values = ops.convert_to_numpy(variable)
            codebook, index, counts = np.unique(values, return_inverse=True, return_counts=True)
            if len(codebook) <= self.most:
                self._shared.append((variable, codebook, index.ravel(), counts))
        few = f"no matrix of {self.model.name!r} has {self.most} or fewer values: call share_weights first"
        require(bool(self._shared), few)

    def on_train_batch_end(self, batch, logs=None):
        _ = self.model  # on JAX this attaches the weights, which `fit` keeps elsewhere, to the variables
        for variable, codebook, index, counts in self._shared:
            moved = np.bincount(index, weights=ops.convert_to_numpy(variable).ravel())
            moved = moved / counts if self.gradients == "mean" else codebook + (moved - counts * codebook)
            codebook[:] = np.where(codebook == 0, 0, moved)
            variable.assign(codebook[index].reshape(variable.shape))
