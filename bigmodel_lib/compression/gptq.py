"""GPTQ: rounds a matrix input by input, and lets the weights of the later inputs pay for the errors of the earlier ones.

``nearest``     each weight to the nearest level of its group's grid
``gptq``        one matrix, given what its inputs look like (the Hessian)
``gptq_model``  all matrices of a causal model, block by block, from some rows of tokens

The integers are returned with their scales; what is put into a model are the floats that they stand for. Nothing is packed, and
no kernel computes with 4 bits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from bigmodel_lib.compression._walk import require

import keras
import numpy as np
from keras import layers, ops

__all__ = ["Rounded", "dense_layers", "gptq", "gptq_model", "nearest", "output_error"]

SHRINK = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7)  # of the range from the smallest to the largest weight of a group

FEW = 16  # inputs after which the updates of the rest of the group are made at once


@dataclasses.dataclass(frozen=True)
class Rounded:
    """A matrix (inputs, outputs) on a grid: neighbouring inputs share a scale and a zero point, for each output.

    Args:
        integers: (inputs, outputs) uint8, from 0 to 2^bits - 1.
        scale: (groups, outputs) float16, the distance from one level to the next.
        zero: (groups, outputs) uint8, the integer that stands for the weight 0.
        bits, group: bits of an integer, and inputs that share a scale (the last group may have fewer).
    """

    integers: np.ndarray
    scale: np.ndarray
    zero: np.ndarray
    bits: int
    group: int

    def values(self) -> np.ndarray:
        """What the integers stand for: (inputs, outputs) float32."""
        return np.concatenate([_decoded(self.integers[at], *grid) for at, *grid in self._groups()])

    def _groups(self):
        for i, (scale, zero) in enumerate(zip(self.scale, self.zero)):
            yield slice(i * self.group, (i + 1) * self.group), scale, zero

    @property
    def bits_per_weight(self) -> float:
        """Bits of integers, scales and zero points together, over the number of weights."""
        return self.bits + (16 + self.bits) * self.scale.size / self.integers.size


def _decoded(integers, scale, zero):
    return scale.astype("float32") * (integers.astype("float32") - zero.astype("float32"))


def _encoded(weights, scale, zero, bits):
    """The nearest levels of (…, outputs), with scale and zero (outputs,); a scale of 0 has only the level 0."""
    step = np.where(scale > 0, scale, 1).astype("float32")
    return np.clip(np.rint(weights / step) + zero, 0, 2**bits - 1).astype("uint8")


def _grid(weights, bits, shrinks):
    """Scale and zero point, each (outputs,), of the group (inputs, outputs): of the ranges tried the one of least squared error."""
    low, high = np.minimum(weights.min(0), 0), np.maximum(weights.max(0), 0)  # so that 0 is a level
    best = None
    for shrink in shrinks:
        scale = (shrink * (high - low) / (2**bits - 1)).astype("float16")
        zero = np.rint(-shrink * low / np.where(scale > 0, scale, 1).astype("float32"))
        zero = np.clip(zero, 0, 2**bits - 1).astype("uint8")
        lost = ((weights - _decoded(_encoded(weights, scale, zero, bits), scale, zero)) ** 2).sum(0)
        if best is None:
            best = [lost, scale, zero]
        else:
            better = lost < best[0]
            best = [np.where(better, new, old) for new, old in zip((lost, scale, zero), best)]
    return best[1:]


def nearest(weights: np.ndarray, bits: int = 4, group: int = 64, search: bool = False) -> Rounded:
    """Each weight rounded to the nearest level of the grid of its group.

    Args:
        weights: (inputs, outputs).
        bits: 2 … 8.
        group: neighbouring inputs that share a scale and a zero point, for each output.
        search: whether each group may give up its outermost weights: of seven ranges, from the whole one down to 0.7 of it, the
            one with the smallest sum of squared errors is taken.

    Raises:
        ValueError: not a matrix of finite numbers, or bits or group out of range.

    Example:
        >>> rounded = nearest(np.array([[-0.4], [0.1], [0.6], [1.1]]), bits=2, group=4)
        >>> rounded.integers.ravel().tolist(), rounded.values().ravel().tolist()
        ([0, 1, 2, 3], [-0.5, 0.0, 0.5, 1.0])

    Source: B. Jacob et al. 2018, arXiv:1712.05877, §2.1. Taught in: 3.3.
    """
    w = _checked(weights, bits, group)
    parts = [w[begin : begin + group] for begin in range(0, len(w), group)]
    grids = [_grid(part, bits, SHRINK if search else SHRINK[:1]) for part in parts]
    integers = np.concatenate([_encoded(part, *grid, bits) for part, grid in zip(parts, grids)])
    return Rounded(integers, *(np.stack(column) for column in zip(*grids)), bits, group)


def _checked(weights, bits, group) -> np.ndarray:
    w = np.array(weights, "float32")
    require(
        w.ndim == 2 and w.size > 0 and np.isfinite(w).all(),
        f"weights must be a matrix of finite numbers, not {w.shape}",
    )
    require(bits in range(2, 9), f"bits must be 2 … 8, because a value is kept in one byte, not {bits}")
    require(isinstance(group, int) and group > 0, f"group must be a number of inputs, at least 1, not {group!r}")
    return w


def output_error(exact, approximate, hessian) -> np.ndarray:
    """$\\mathrm{diag}(\\delta^\\top H\\, \\delta)$: how much the outputs change, squared and summed over the tokens of the Hessian.

    Args:
        exact, approximate: (inputs, outputs), with the difference δ.
        hessian: $H = X^\\top X$, (inputs, inputs), of inputs X (tokens, inputs).

    Returns:
        (outputs,) float32.
    """
    off = np.asarray(exact, "float32") - np.asarray(approximate, "float32")
    return np.maximum((off * (np.asarray(hessian, "float32") @ off)).sum(0), 0)


def gptq(
    weights: np.ndarray,
    hessian: np.ndarray,
    bits: int = 4,
    group: int = 64,
    damping: float = 0.1,
    search: bool = False,
) -> Rounded:
    """The matrix rounded input by input; what a rounding does to the outputs, the inputs that are still free repair.

    After input j was rounded, every later weight moves by $-(w_j - q_j)\\,U_{jk} / U_{jj}$, where $U$ is the upper triangular
    factor with $U^\\top U = (H + \\lambda\\,\\mathrm{diag}\\,H)^{-1}$. Inputs go in their own order, the grid of a group is laid when its first input is
    reached, and an output for which plain rounding turns out to be better on the Hessian keeps that.

    Args:
        weights: (inputs, outputs).
        hessian: $X^\\top X$ (inputs, inputs), of the calibration inputs X (tokens, inputs).
        bits, group, search: as in `nearest`.
        damping: λ, above 0, as a share of each input's own entry of the diagonal (the paper adds a share of the mean to all). It
            keeps what was fitted to few tokens from being trusted too far.

    Returns:
        What was rounded; `output_error(weights, result.values(), hessian)` is at most that of `nearest`, for each output.

    Raises:
        ValueError: as in `nearest`; a Hessian that is not finite, not symmetric, zero, or of another size; no damping.

    Example:
        >>> hessian = np.eye(4)
        >>> hessian[:2, :2] = [[2, 1], [1, 1]]  # the first two inputs rise and fall together
        >>> weights = np.array([[1.4], [0.4], [3.0], [0.0]])
        >>> nearest(weights, bits=2, group=4).values().ravel().tolist()
        [1.0, 0.0, 3.0, 0.0]
        >>> gptq(weights, hessian, bits=2, group=4).values().ravel().tolist()
        [1.0, 1.0, 3.0, 0.0]

    Source: E. Frantar et al. 2022, arXiv:2210.17323, §4. Taught in: 3.3.
    """
    w = _checked(weights, bits, group)
    h = np.asarray(hessian, "float32")
    good = h.shape == (len(w), len(w)) and np.isfinite(h).all() and np.abs(h - h.T).max() <= 1e-3 * np.abs(h).max()
    require(good, f"hessian must be finite, symmetric and {(len(w), len(w))}, one row for each input, not {h.shape}")
    own = np.diag(h)
    require(
        own.max() > 0 and damping > 0,
        f"damping ({damping}) and the Hessian's diagonal (at most {own.max()}) must be above 0",
    )
    size = np.sqrt(np.where(own > 0, own, 1))  # so scaled, float32 is enough
    inverse = np.linalg.inv(h / size / size[:, None] + damping * np.eye(len(h), dtype="float32"))
    spread = np.linalg.cholesky((inverse + inverse.T) / 2).T / size
    simple, shrinks = nearest(w, bits, group, search), SHRINK if search else SHRINK[:1]
    left, integers, grids = w.copy(), np.empty(w.shape, "uint8"), []
    for begin in range(0, len(w), group):
        end = min(begin + group, len(w))
        scale, zero = _grid(left[begin:end], bits, shrinks)
        errors = np.empty((end - begin, w.shape[1]), "float32")
        for start in range(begin, end, FEW):
            stop = min(start + FEW, end)
            for j in range(start, stop):
                integers[j] = _encoded(left[j], scale, zero, bits)
                errors[j - begin] = (left[j] - _decoded(integers[j], scale, zero)) / spread[j, j]
                left[j + 1 : stop] -= spread[j, j + 1 : stop, None] * errors[j - begin]
            left[stop:end] -= spread[start:stop, stop:end].T @ errors[start - begin : stop - begin]
        left[end:] -= spread[begin:end, end:].T @ errors  # the updates of the whole group at once
        grids.append((scale, zero))
    scale, zero = (np.stack(column) for column in zip(*grids))
    ours = Rounded(integers, scale, zero, bits, group)
    worse = output_error(w, ours.values(), h) > output_error(w, simple.values(), h)
    pairs = ((simple.integers, integers), (simple.scale, scale), (simple.zero, zero))
    return Rounded(*(np.where(worse, a, b) for a, b in pairs), bits, group)


def gptq_model(
    model: keras.Model, rows: np.ndarray, method: Callable = gptq, batch_size: int = 4, **settings
) -> dict[str, Rounded]:
    """Round the matrices of all blocks of a causal model in place, the first block first.

    The rows run through the blocks that are rounded already. In a block, what reaches its `Dense` layers makes their Hessians;
    then all of them are rounded, and the rows go on through the rounded block. Embedding, norms, biases and output matrix stay.

    Args:
        model: a `Llama` or another `models.transformer.CausalStack`, built.
        rows: (n, seq_len) calibration tokens.
        method: `method(weights, hessian, **settings)` gives a `Rounded`.
        batch_size: rows that are computed at a time; it decides about memory and time only.
        settings: for the method, such as bits, group, damping and search.

    Returns:
        What was rounded, by the path of its layer.

    Raises:
        ValueError: rows that are not (n, seq_len) integers, or a model without blocks; and as the method.

    Example:
        >>> from bigmodel_lib.models.llama import Llama
        >>> tiny = Llama(vocab_size=50, num_layers=1, num_heads=4, d_model=32, d_ff=64, seq_len=64)
        >>> found = gptq_model(tiny, np.arange(40).reshape(2, 20), bits=4, group=32)
        >>> {path.split("/", 1)[1]: rounded.bits_per_weight for path, rounded in found.items()}  # doctest: +SKIP
        {'attention/qkv': 4.625, 'attention/out': 4.625, 'feed_forward/gate_up': 4.625, 'feed_forward/down': 4.625}

    Source: E. Frantar et al. 2022, arXiv:2210.17323. Taught in: 3.3.
    """
    rows = np.asarray(rows)
    good = rows.ndim == 2 and rows.size > 0 and np.issubdtype(rows.dtype, np.integer)
    require(good, f"rows must be (n, seq_len) integers, at least one row, not {rows.dtype} {rows.shape}")
    require(
        bool(getattr(model, "blocks", None)), f"{model.name!r} has no blocks: it must be a CausalStack, such as a Llama"
    )
    positions, cos, sin, mask = model.rotation_and_mask(rows.shape[1])
    context = {"rotation": None if cos is None else (cos, sin), "allowed": mask}
    stream = [model.embed(rows[i : i + batch_size], positions) for i in range(0, len(rows), batch_size)]
    run, rounded = _compiled_block(model.blocks[0], context), {}
    for block in model.blocks:
        found = dense_layers(block)
        values = [variable.value for variable in block.variables]
        hessians = [0.0] * len(found)
        for x in stream:
            new = run(values, x, True)
            hessians = [old + ops.convert_to_numpy(h).astype("float64") for old, h in zip(hessians, new)]
        for layer, hessian in zip(found, hessians):
            result = method(ops.convert_to_numpy(layer.kernel), hessian, **settings)
            layer.kernel.assign(result.values())
            rounded[layer.path] = result
        values = [variable.value for variable in block.variables]
        stream = [run(values, x, False) for x in stream]
    return rounded


def dense_layers(block) -> list:
    """The Dense layers of a block, in its own order."""
    return [layer for layer in block._flatten_layers() if isinstance(layer, layers.Dense)]


def _compiled_block(block, context):
    """run(values, x, hessians): the block with these values, its output, or X^T X of what its Dense layers read."""
    wanted = [id(layer) for layer in dense_layers(block)]

    def run(values, x, hessians):
        seen, original = {}, layers.Layer.__call__

        def recording(layer, *args, **kwargs):
            if id(layer) in wanted:
                seen[id(layer)] = ops.reshape(args[0], (-1, args[0].shape[-1]))
            return original(layer, *args, **kwargs)

        layers.Layer.__call__ = recording if hessians else original
        try:
            with keras.StatelessScope(state_mapping=list(zip(block.variables, values))):
                y = block(x, **context)
        finally:
            layers.Layer.__call__ = original
        return [ops.matmul(ops.transpose(seen[key]), seen[key]) for key in wanted] if hessians else y

    if keras.backend.backend() != "jax":
        return run
    import jax

    return jax.jit(run, static_argnums=2)
