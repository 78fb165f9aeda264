"""Weight-only quantization: small integers with one scale per output channel, on any Keras model.

The activations stay floating-point, so that nothing has to be calibrated. Keras's own ``model.quantize("int8")`` rounds the
activations too; this room does not repeat it.
"""

from __future__ import annotations

import math

from bigmodel_lib.compression._walk import forget_compiled, layers_with_owners, rebuilds
from bigmodel_lib.compression.quantized_layers import (
    REPLACEMENTS,
    QuantizedDense,
    QuantizedEinsumDense,
    QuantizedEmbedding,
    QuantizedLayer,
    QuantizedReversibleEmbedding,
    quantize_rows,
)
from bigmodel_lib.models._backend import on_jax_cpu
from bigmodel_lib.scaling import weight_bytes

import keras
import numpy as np

__all__ = [
    "QuantizedDense",
    "QuantizedEinsumDense",
    "QuantizedEmbedding",
    "QuantizedReversibleEmbedding",
    "left_in_float",
    "quantize_rows",
    "quantize_weights",
    "weight_bytes",
]


def quantize_weights(model: keras.Model, bits: int = 8) -> keras.Model:
    """Quantize the matrices of all `Dense`, `EinsumDense` and `Embedding` layers of a model, in place.

    A layer keeps its matrix as int8, one row per output channel (per entry, for an embedding), beside a float scale per
    row. Everything else (biases, norms, convolutions) stays as it is; what it leaves of matrices and kernels, it prints. A weight tied to the embedding follows it. The new
    weights are frozen: the model predicts, but its matrices are not trained any more. LoRA weights are merged first.

    Args:
        model: built. Below 8 `bits` the values have fewer levels, but each is still kept in one byte.
        bits: 2 … 8.

    Returns:
        The same model.

    Raises:
        ValueError: bits out of range, a model not built, without such layers, or already quantized, or with a `ReversibleEmbedding` that
            is not tied or has a reverse_dtype or a logit_soft_cap.

    Example:
        >>> from bigmodel_lib.models import dense
        >>> quantize_weights(dense.lenet_300_100()).layers[0].kernel_int8.shape
        (300, 784)
    """
    if bits not in range(2, 9):
        raise ValueError(f"bits must be 2 … 8, because a value is kept in one byte, not {bits}")
    if not model.built:
        raise ValueError(f"{model.name!r} has no weights yet: call model.build(input_shape) or give it its first input")
    reached = list(layers_with_owners(model))
    for layer, _ in reached:
        if isinstance(layer, QuantizedLayer) or getattr(layer, "quantization_mode", None):
            raise ValueError(f"the layer {layer.name!r} of {model.name!r} is already quantized")
    wanted = [(layer, owner) for layer, owner in reached if type(layer) in REPLACEMENTS]
    if not wanted:
        names = ", ".join(kind.__name__ for kind in REPLACEMENTS)
        raise ValueError(f"{model.name!r} has nothing to quantize: it needs at least one layer of these: {names}")
    for layer, _ in wanted:  # all of them first: an error must leave the model whole
        REPLACEMENTS[type(layer)].refuse(layer)
    for layer, owner in wanted:
        REPLACEMENTS[type(layer)].take_over(layer, bits)
        layer.rebuilt_by = None if rebuilds(owner) else type(owner).__name__
    if on_jax_cpu():
        _lay_side_by_side([layer._kernel_int8 for layer, _ in wanted])
    forget_compiled(model)
    if kept := left_in_float(model):
        print(f"left in float: {', '.join(f'{path} {shape}' for path, shape in kept)}")
    return model


def left_in_float(model: keras.Model) -> list[tuple[str, tuple[int, ...]]]:
    """Path and shape of every weight with two or more axes that is not kept as integers: what `quantize_weights` left alone.

    Example:
        >>> from bigmodel_lib.models import dense
        >>> left_in_float(quantize_weights(dense.lenet_300_100()))
        []
    """
    kept = [v for v in model.weights if len(v.shape) > 1 and not v.path.endswith(("kernel_int8", "/scale", "/bias"))]
    return [(v.path, tuple(v.shape)) for v in kept]


def _lay_side_by_side(variables) -> None:
    """Move the integers of all layers into one block of memory.

    For a block that large NumPy asks Linux for pages of 2 MB instead of 4 kB. With 500 times fewer pages to look up, decoding
    reads the weights about a tenth faster. Elsewhere it changes nothing.
    """
    import jax

    sizes = [-(-math.prod(v.shape) // 64) * 64 for v in variables]  # JAX shares memory with NumPy from multiples of 64
    block = np.empty(sum(sizes) + 64, "int8")
    start = -block.ctypes.data % 64
    for variable, size in zip(variables, sizes):
        place = block[start : start + math.prod(variable.shape)].reshape(variable.shape)
        place[...] = variable.value
        variable.assign(jax.dlpack.from_dlpack(place))
        start += size
