"""Low rank: a large matrix as the product of two thin ones."""

from __future__ import annotations

from bigmodel_lib.compression._walk import choose, replace_layer, require, say_left_out, weight_matrices

import keras
import numpy as np
from keras import layers, ops

__all__ = ["factorize", "spectrum", "truncated_svd"]


def spectrum(model: keras.Model) -> dict[str, np.ndarray]:
    """The singular values of every matrix, largest first.

    A kernel with more than two axes is taken as (all axes but the last, the last).

    Returns:
        (min(rows, columns),) float64 by the path of the matrix.

    Raises:
        ValueError: a model that is not built or has no matrices.

    Example:
        >>> from bigmodel_lib.models import dense
        >>> [values.shape for values in spectrum(dense.lenet_300_100()).values()]
        [(300,), (100,), (10,)]
    """
    found = {name: ops.convert_to_numpy(v).astype(float) for name, (_, v) in weight_matrices(model).items()}
    return {name: np.linalg.svd(m.reshape(-1, m.shape[-1]), compute_uv=False) for name, m in found.items()}


def truncated_svd(matrix: np.ndarray, rank: int | None = None, energy: float | None = None) -> tuple:
    """The best approximation of a matrix by a product $A B$ of lower rank.

    $$ W = \\sum_i \\sigma_i u_i v_i^\\top \\approx \\sum_{i \\le r} \\sigma_i u_i v_i^\\top, \\qquad
       \\lVert W - A B \\rVert_F^2 = \\sum_{i > r} \\sigma_i^2 $$

    Args:
        matrix: W, (m, n).
        rank: r, from 1 to min(m, n).
        energy: or the share of $\\sum_i \\sigma_i^2$ to keep, above 0 and at most 1: r is the smallest that does.

    Returns:
        A (m, r) and B (r, n), float64; each holds the square roots of the singular values.

    Raises:
        ValueError: not exactly one of rank and energy, or one out of range.

    Example:
        >>> a, b = truncated_svd(np.diag([3.0, 2.0, 1.0]), rank=2)
        >>> float(np.round(np.linalg.norm(np.diag([3.0, 2.0, 1.0]) - a @ b), 6))     # the singular value that was dropped
        1.0

    Source: C. Eckart and G. Young 1936, *The approximation of one matrix by another of lower rank*.
    """
    require((rank is None) != (energy is None), f"give a rank or an energy, not rank={rank} and energy={energy}")
    u, sigma, v = np.linalg.svd(np.asarray(matrix, float), full_matrices=False)
    if energy is not None:
        require(0 < energy <= 1, f"an energy is a share above 0 and at most 1, not {energy}")
        kept = np.cumsum(sigma**2)
        rank = 1 + int(np.searchsorted(kept, energy * kept[-1] * (1 - 1e-12)))
    require(1 <= rank <= len(sigma), f"a rank of a matrix {np.shape(matrix)} is from 1 to {len(sigma)}, not {rank}")
    root = np.sqrt(sigma[:rank])
    return u[:, :rank] * root, root[:, None] * v[:rank]


def factorize(model: keras.Model, rank: int | dict | None = None, energy: float | dict | None = None) -> keras.Model:
    """Put two thin `Dense` layers in the place of each `Dense` layer that is large enough, in place.

    $\\phi(x W + b) \\approx \\phi\\big((x A) B + b\\big)$ with $A B$ from `truncated_svd`: $r (m + n)$ weights where there were $m n$.
    A layer that would not lose weights stays, as do all other kinds: what has two or more axes and stays is printed. The weights
    stay trainable, and a few steps of training repair much of the error.

    Args:
        model: built; Sequential, functional or subclassed.
        rank: r, for all layers or by layer; or
        energy: the share of the squares of the singular values to keep, above 0 and at most 1; for all layers or by layer.

    Returns:
        The same model.

    Raises:
        ValueError: not exactly one of rank and energy, one out of range, an unknown name, or a model that is not built or has no
            matrices.

    Example:
        >>> from bigmodel_lib.models import dense
        >>> factorize(dense.lenet_300_100(), {"dense_1": 40}).count_params()
        not factorized: dense_2/kernel (300, 100), dense_3/kernel (100, 10)
        74770

    Source: E. Denton et al. 2014, arXiv:1404.0736 (for convolutional networks).
    """
    require((rank is None) != (energy is None), f"give a rank or an energy, not rank={rank} and energy={energy}")
    matrices, what = weight_matrices(model), "rank" if energy is None else "energy"
    chosen, thin, thinner = choose(matrices, rank if energy is None else energy, what), set(), []
    for name, value in chosen.items():
        layer, variable = matrices[name]
        if type(layer) is not layers.Dense or layer.lora_enabled:
            continue
        a, b = truncated_svd(ops.convert_to_numpy(variable), **{what: value})
        if a.size + b.size < a.shape[0] * b.shape[1]:
            thinner.append((layer, a, b))
    for layer, a, b in thinner:  # only now: an error must leave the model whole
        first = layers.Dense(a.shape[1], use_bias=False, dtype=layer.dtype_policy, name="first")
        second = layers.Dense.from_config({**layer.get_config(), "name": "second"})
        pair = keras.Sequential([first, second], name=layer.name)
        rank_of_input = len(layer.get_build_config()["input_shape"])
        pair.build((None,) * (rank_of_input - 1) + (len(a),))
        pair.set_weights([a, b, *layer.get_weights()[1:]])
        pair.trainable = layer.trainable
        replace_layer(model, layer, pair)
        thin |= {id(first._kernel), id(second._kernel)}
    say_left_out(model, [name for name, (_, v) in weight_matrices(model).items() if id(v) in thin], "not factorized")
    return model
