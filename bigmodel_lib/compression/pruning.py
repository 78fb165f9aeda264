"""Pruning: which weights to set to zero, and how to keep them there while the others are trained.

A mask is a NumPy array of booleans in the shape of a weight, True where the weight stays; masks come in a dict by the paths of the
weights. Zeros alone make a model neither faster nor smaller in memory: `save_compressed` makes the file small, `remove_units` the
model. Rewinding a lottery ticket needs nothing more: `set_weights` with the early weights, `apply_masks`, then fit with `KeepMasks`.
"""

from __future__ import annotations

from collections.abc import Iterable

from bigmodel_lib.compression._walk import choose, require, say_left_out, weight_matrices
from bigmodel_lib.compression.quantized_layers import _einsum_axes

import keras
import numpy as np
from keras import layers, ops

__all__ = [
    "GradualPruning", "KeepMasks", "apply_masks", "cubic_sparsity", "magnitude_masks", "n_of_m_masks",
    "wanda_masks",
]  # fmt: skip

Masks = dict[str, np.ndarray]


def magnitude_masks(model: keras.Model, sparsity: float | dict[str, float], per: str = "layer") -> Masks:
    """Masks that drop the weights with the smallest absolute values.

    The matrices of all `Dense`, `EinsumDense`, `Conv` and `Embedding` layers are pruned. Biases and norms stay; what else has two
    or more axes and is not pruned, it prints. Nothing is changed yet: see `apply_masks`.

    Args:
        model: built.
        sparsity: $s$, the share of zeros, 0 ≤ s < 1. Or one by layer or path, in a dict: the others are not pruned then.
        per: "layer" drops $s$ of each matrix; "model" ranks the weights of all matrices together.

    Returns:
        A mask for each pruned matrix, by its path. Of the $n$ values of a matrix (or of all, per model) round(s n) are False.

    Raises:
        ValueError: a sparsity outside [0, 1), several of them with per="model", an unknown name, a model that is not built or has
            no matrices.

    Example:
        >>> from bigmodel_lib.models import dense
        >>> masks = magnitude_masks(dense.lenet_300_100(), {"dense_1": 0.92, "dense_2": 0.9})
        not pruned: dense_3/kernel (100, 10)
        >>> {name: int(mask.sum()) for name, mask in masks.items()}
        {'dense_1/kernel': 18816, 'dense_2/kernel': 3000}

    Source: S. Han et al. 2015, arXiv:1510.00149, §2.
    """
    masks = _magnitude_masks(model, sparsity, per)
    say_left_out(model, masks, "not pruned")
    return masks


def _magnitude_masks(model, sparsity, per):
    good = per == "layer" or (per == "model" and not isinstance(sparsity, dict))
    require(good, f'per must be "layer", or "model" with one sparsity for all, not {per!r} with {sparsity}')
    matrices = weight_matrices(model)
    shares = choose(matrices, sparsity, "sparsity")
    masks = {}
    for names in [[name] for name in shares] if per == "layer" else [list(shares)]:
        sizes = [np.abs(ops.convert_to_numpy(matrices[name][1])) for name in names]
        flat = _without_smallest(np.concatenate([size.ravel() for size in sizes])[None], shares[names[0]])[0]
        ends = np.cumsum([size.size for size in sizes])[:-1]
        masks |= {name: part.reshape(size.shape) for name, part, size in zip(names, np.split(flat, ends), sizes)}
    return masks


def _without_smallest(scores: np.ndarray, sparsity: float) -> np.ndarray:
    """True but for the round(sparsity · n) smallest of each row, (rows, n)."""
    require(0 <= sparsity < 1, f"a sparsity is a share of zeros, from 0 to below 1, not {sparsity}")
    mask, drop = np.ones(scores.shape, bool), round(sparsity * scores.shape[1])
    if drop:
        np.put_along_axis(mask, np.argpartition(scores, drop - 1, axis=1)[:, :drop], False, axis=1)
    return mask


def apply_masks(model: keras.Model, masks: Masks) -> keras.Model:
    """Set the weights to zero, in place, where their masks are False.

    Args:
        model: built.
        masks: by the paths of weights.

    Returns:
        The same model.

    Raises:
        ValueError: a name that is none of the model's matrices, or a mask of another shape.
    """
    _zero_out(_pairs(model, masks))
    return model


def _pairs(model, masks):
    """Each masked variable with its mask on the device."""
    matrices = weight_matrices(model)
    for name, mask in masks.items():
        shape = tuple(matrices[name][1].shape) if name in matrices else None
        wanted = f"shape {shape}" if shape else f"a name among {', '.join(matrices)}"
        require(np.shape(mask) == shape, f"the mask {name!r} of shape {np.shape(mask)} needs {wanted}")
    return [(matrices[name][1], ops.convert_to_tensor(mask, "bool")) for name, mask in masks.items()]


def _zero_out(pairs):
    for variable, mask in pairs:  # chosen, not multiplied: that would leave −0.0
        variable.assign(ops.where(mask, variable.value, ops.cast(0, variable.dtype)))


class KeepMasks(keras.callbacks.Callback):
    """Keeps pruned weights at zero: after every batch of `fit` it applies its masks again.

    With `steps_per_execution` above one it comes to it only after so many steps.

    Args:
        masks: by the paths of weights; they are applied before the first batch, too.

    Example:
        >>> x = np.eye(8, dtype="float32")
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, use_bias=False, name="small")])
        >>> model.compile("adam", "mse")
        >>> _ = model.fit(x, x[:, :4], verbose=0, callbacks=[KeepMasks(magnitude_masks(model, 0.75))])
        >>> int(np.count_nonzero(model.layers[0].get_weights()[0]))
        8
    """

    def __init__(self, masks: Masks):
        super().__init__()
        self.masks = masks

    def on_train_begin(self, logs=None):
        self._on_device = _pairs(self.model, self.masks)
        self._apply()

    def on_train_batch_end(self, batch, logs=None):
        self._apply()

    def _apply(self):
        _ = self.model  # on JAX this attaches the weights, which `fit` keeps elsewhere, to the variables
        _zero_out(self._on_device)


class GradualPruning(KeepMasks):
    """Prunes by magnitude while `fit` trains, more and more along `cubic_sparsity`, and keeps what is pruned at zero.

    The step is counted through all calls of `fit` with the same callback. After `end` the masks stay, so that the rest of the
    training repairs; `masks` then holds them.

    Args:
        final: the last sparsity, from 0 to below 1; or a dict of them by layer or path, see `magnitude_masks`.
        begin, end: steps (batches) between which the sparsity rises.
        every: steps from one choice of masks to the next.
        per: "layer" or "model", see `magnitude_masks`.

    Raises:
        ValueError: steps that make no sense, and in `fit` what `magnitude_masks` raises.

    Example:
        >>> x = np.eye(8, dtype="float32")
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, use_bias=False, name="small")])
        >>> model.compile("adam", "mse")
        >>> pruning = GradualPruning(0.75, begin=0, end=10, every=2)
        >>> _ = model.fit(x, x[:, :4], epochs=10, verbose=0, callbacks=[pruning])
        >>> pruning.step, int(pruning.masks["small/kernel"].sum())
        (10, 8)

    Source: M. Zhu and S. Gupta 2017, arXiv:1710.01878, Equation 1.
    """

    def __init__(self, final: float | dict[str, float], begin: int, end: int, every: int = 50, per: str = "layer"):
        super().__init__({})
        good = 0 <= begin <= end and every >= 1
        require(good, f"it needs 0 <= begin <= end and every >= 1, not begin={begin}, end={end}, every={every}")
        self.final, self.begin, self.end, self.every, self.per = final, begin, end, every, per
        self.step, self._next = 0, begin

    def on_train_begin(self, logs=None):
        if not self.step:
            magnitude_masks(self.model, self.final, self.per)  # says what it leaves out, and checks the arguments
        self._before = self._iterations() - self.step
        super().on_train_begin()

    def _iterations(self) -> int:
        return int(ops.convert_to_numpy(self.model.optimizer.iterations))

    def on_train_batch_end(self, batch, logs=None):
        self.step = self._iterations() - self._before
        if self._next <= min(self.step, self.end):
            self._next = min(self.step + self.every, self.end) if self.step < self.end else self.end + 1
            share = cubic_sparsity(self.step, self.begin, self.end, 1.0)  # of each layer's own final sparsity
            several = isinstance(self.final, dict)
            now = {name: share * s for name, s in self.final.items()} if several else share * self.final
            self.masks = _magnitude_masks(self.model, now, self.per)
            self._on_device = _pairs(self.model, self.masks)
        self._apply()


def cubic_sparsity(step: int, begin: int, end: int, final: float, initial: float = 0.0) -> float:
    """The sparsity at a step: fast while there is much to remove, slow at the end.

    $$ s_t = s_f + (s_i - s_f) \\Bigl(1 - \\frac{t - t_0}{t_1 - t_0}\\Bigr)^3 $$

    Args:
        step: $t$. Before `begin`, $t_0$, the sparsity is `initial`, $s_i$; from `end`, $t_1$, on it is `final`, $s_f$.

    Example:
        >>> [round(cubic_sparsity(step, 100, 300, 0.8), 3) for step in (0, 100, 150, 200, 300, 500)]
        [0.0, 0.0, 0.463, 0.7, 0.8, 0.8]

    Source: M. Zhu and S. Gupta 2017, arXiv:1710.01878, Equation 1.
    """
    left = 0.0 if step >= end else 1.0 if step <= begin else (end - step) / (end - begin)
    return final + (initial - final) * left**3


def n_of_m_masks(matrix: np.ndarray, n: int, m: int, axis: int = 0) -> np.ndarray:
    """Keep the n largest absolute values of every m neighbours: a pattern that hardware can use.

    Args:
        matrix: weights, or any scores of them.
        axis: along which neighbours are taken; 0 are the inputs of a Keras kernel (inputs, outputs). m divides its length.

    Returns:
        A mask of the matrix's shape.

    Raises:
        ValueError: n is not from 1 to m, or m does not divide the axis.

    Example:
        >>> n_of_m_masks(np.array([3.0, -4.0, 1.0, 2.0]), 2, 4).astype(int)
        array([1, 1, 0, 0])

    Source: A. Mishra et al. 2021, arXiv:2104.08378 (2 of 4, for sparse tensor cores).
    """
    scores = np.moveaxis(np.abs(matrix), axis, -1)
    good = 1 <= n <= m and scores.shape[-1] % m == 0
    require(good, f"it needs 1 <= n <= m and an m that divides the axis of {scores.shape[-1]}, not n={n}, m={m}")
    kept = _without_smallest(scores.reshape(-1, m), 1 - n / m)
    return np.moveaxis(kept.reshape(scores.shape), -1, axis)


def wanda_masks(model: keras.Model, batches: Iterable, sparsity: float, n_of_m: tuple | None = None) -> Masks:
    """Masks by Wanda's score: a weight counts by its size times the norm of the activations that it meets.

    $$ S_{ij} = |W_{ij}| \\cdot \\lVert X_j \\rVert_2 $$

    The weights that lead to one output $i$ compete with one another, and nothing is retrained. The norms are taken over all
    positions of the calibration batches, which the model reads once, as it is: layers are not pruned one after the other.
    `Dense` and `EinsumDense` layers are scored; other weights with two or more axes are printed.

    Args:
        model: built; it must call its layers one by one, not inside a compiled function.
        batches: inputs of the model, a hundred sequences or so.
        sparsity: share of zeros among the weights of each output, from 0 to below 1.
        n_of_m: (n, m) keeps n of every m neighbouring inputs instead; `sparsity` is not used then.

    Returns:
        A mask for each scored matrix, by its path; see `apply_masks`.

    Raises:
        ValueError: a sparsity outside [0, 1), no batch, or no layer of these kinds.

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, use_bias=False, name="one")])
        >>> model.set_weights([np.array([[4.0], [3.0], [2.0], [1.0]])])
        >>> wanda_masks(model, [np.array([[1.0, 1.0, 1.0, 100.0]])], 0.5)["one/kernel"].ravel().astype(int)
        array([1, 0, 0, 1])

    Source: M. Sun et al. 2023, arXiv:2306.11695.
    """
    scored = {
        name: (layer, variable)
        for name, (layer, variable) in weight_matrices(model).items()
        if isinstance(layer, (layers.Dense, layers.EinsumDense))
    }
    squares, original = {}, layers.Layer.__call__
    wanted = {id(layer) for layer, _ in scored.values()}

    def recording(layer, *args, **kwargs):
        if id(layer) in wanted:
            x = args[0] if args else kwargs["inputs"]
            data, kernel, _ = _labels(layer, len(x.shape))
            shared = tuple(i for i, label in enumerate(data) if label not in kernel)
            found = ops.sum(ops.square(ops.cast(x, "float32")), axis=shared)
            squares[id(layer)] = squares.get(id(layer), 0.0) + ops.convert_to_numpy(found).astype(float)
        return original(layer, *args, **kwargs)

    layers.Layer.__call__ = recording
    try:
        for batch in batches:
            model(batch, training=False)
    finally:
        layers.Layer.__call__ = original
    masks = {}
    for name, (layer, variable) in scored.items():
        if id(layer) not in squares:
            continue
        data, kernel, equation = _labels(layer, None)
        norms = "".join(label for label in data if label in kernel)
        weights = np.abs(ops.convert_to_numpy(variable))
        scores = np.einsum(f"{kernel},{norms}->{kernel}", weights, np.sqrt(squares[id(layer)]))
        order, rows = _einsum_axes(equation)[1:3]  # the kernel's axes, those of the output first
        moved = scores.transpose(order)
        flat = moved.reshape(int(np.prod(moved.shape[:rows])), -1)
        mask = n_of_m_masks(flat, *n_of_m, axis=1) if n_of_m else _without_smallest(flat, sparsity)
        masks[name] = mask.reshape(moved.shape).transpose(np.argsort(order))
    require(bool(masks), "wanda_masks needs a batch, and a model that calls at least one Dense or EinsumDense layer")
    say_left_out(model, masks, "not pruned")
    return masks


def _labels(layer, rank: int | None) -> tuple[str, str, str]:
    """The letters of the input's axes (digits for those that "..." stands for), those of the kernel's, and the equation."""
    equation = layer.equation if isinstance(layer, layers.EinsumDense) else "...a,ab->...b"
    data, kernel = equation.replace(" ", "").split("->")[0].split(",")
    named = data.replace("...", "")
    return data.replace("...", "0123456789"[: rank - len(named)] if rank else ""), kernel, equation
