"""The layers that hold small integers in the place of floats: made by `quantize_weights`, and loaded from a saved model."""

from __future__ import annotations

import math

from bigmodel_lib.models._backend import on_jax_cpu

import keras
import numpy as np
from keras import layers, ops

__all__ = [
    "QuantizedDense",
    "QuantizedEinsumDense",
    "QuantizedEmbedding",
    "QuantizedReversibleEmbedding",
    "REPLACEMENTS",
    "quantize_rows",
]

MANY_ROWS = 8  # up to so many rows, one product each is faster on JAX: see `_times_rows_xla`


def quantize_rows(matrix: np.ndarray, bits: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Round each row to integers with a scale of its own, $w \\approx s_r q$, symmetric about zero.

    With $s_r = \\max_c |w_{rc}| / (2^{b-1} - 1)$, no rounding error is above $s_r / 2$.

    Args:
        matrix: (rows, columns).
        bits: b, 2 … 8.

    Returns:
        q (rows, columns) int8, and s (rows,) float32; a row of zeros gets the scale 1.

    Raises:
        ValueError: bits out of range.

    Example:
        >>> quantize_rows(np.array([[0.5, -1.27]]))
        (array([[  50, -127]], dtype=int8), array([0.01], dtype=float32))
    """
    if bits not in range(2, 9):
        raise ValueError(f"bits must be 2 … 8, because a value is kept in one byte, not {bits}")
    matrix = np.asarray(matrix, "float32")
    largest = np.abs(matrix).max(axis=1)
    scale = np.where(largest > 0, largest / (2 ** (bits - 1) - 1), 1).astype("float32")
    return np.rint(matrix / scale[:, None]).astype("int8"), scale


class QuantizedLayer:
    """What the quantized layers share. `take_over` turns a built layer into one of them.

    The layer object stays, and its class changes: so a model needs no rebuilding, whatever way it calls its layers.
    """

    rebuilt_by: str | None = None  # the composite layer that would make a float layer again when loading

    @classmethod
    def refuse(cls, layer):
        """Raise a ValueError for a layer that it cannot take over."""

    def _add_integers(self, shape, rows):
        self._kernel_int8 = self.add_weight(
            name="kernel_int8", shape=shape, dtype="int8", initializer="zeros", trainable=False
        )
        self.scale = self.add_weight(name="scale", shape=rows, initializer="ones", trainable=False)

    @property
    def kernel_int8(self):
        """The integers, output channels first."""
        return self._kernel_int8

    def _float(self):
        """(rows, columns) integers in the type of the computation; the scale is applied to the product instead."""
        return ops.cast(self._kernel_int8, self.compute_dtype)

    def enable_lora(self, *args, **kwargs):
        raise ValueError(
            f"{self.name!r} is quantized: enable LoRA on the float model, train, then quantize (LoRA is merged)"
        )

    def save_own_variables(self, store):
        if self.rebuilt_by:
            raise ValueError(
                f"{self.name!r} sits inside a {self.rebuilt_by}, which makes a float layer of it when it is loaded. Save the "
                "model before quantize_weights, and call that again after loading."
            )
        layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        layers.Layer.load_own_variables(self, store)


def _drop_float(layer, name: str) -> np.ndarray:
    """Take the (merged) float weight out of a built layer, and return it."""
    value = ops.convert_to_numpy(getattr(layer, name.lstrip("_")))
    if layer.lora_enabled:
        layer._tracker.unlock()
        for lora in [n for n in vars(layer) if n.startswith(("lora_kernel_", "lora_embeddings_"))]:
            delattr(layer, lora)
        layer._tracker.lock()
        layer.lora_enabled, layer.lora_rank = False, None
    layer._untrack_variable(getattr(layer, name))
    layer._tracker.unlock()
    # Keras's own way would collect all garbage after each layer: 20 s for a language model
    super(layers.Layer, layer).__delattr__(name)
    return value


@keras.saving.register_keras_serializable("bigmodel_lib")
class QuantizedDense(QuantizedLayer, layers.Dense):
    """A `Dense` layer with int8 weights: $\\phi(s \\odot (Q x) + b)$, Q (units, features), s (units,)."""

    @classmethod
    def take_over(cls, layer, bits):
        integers, scale = quantize_rows(_drop_float(layer, "_kernel").T, bits)
        layer.__class__ = cls
        layer._add_integers(integers.shape, scale.shape)
        layer._tracker.lock()
        layer._kernel_int8.assign(integers)
        layer.scale.assign(scale)

    def build(self, input_shape):
        self._add_integers((self.units, input_shape[-1]), (self.units,))
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros") if self.use_bias else None
        self.built = True

    @property
    def kernel(self):
        """The weights that the integers stand for, (features, units)."""
        return ops.transpose(self._float() * self.scale[:, None])

    def call(self, inputs, training=None):
        x = _times_rows(inputs, self._float()) * self.scale
        if self.bias is not None:
            x = x + self.bias
        return x if self.activation is None else self.activation(x)


@keras.saving.register_keras_serializable("bigmodel_lib")
class QuantizedEinsumDense(QuantizedLayer, layers.EinsumDense):
    """An `EinsumDense` layer with int8 weights, its output axes first, and one scale per output channel."""

    @classmethod
    def take_over(cls, layer, bits):
        kernel = _drop_float(layer, "_kernel")
        _, order, rows, _ = _einsum_axes(layer.equation)
        moved = kernel.transpose(order)
        integers, scale = quantize_rows(moved.reshape(math.prod(moved.shape[:rows]), -1), bits)
        layer.__class__ = cls
        layer._kernel_shape = kernel.shape
        layer._add_integers(moved.shape, moved.shape[:rows])
        layer._tracker.lock()
        layer._kernel_int8.assign(integers.reshape(moved.shape))
        layer.scale.assign(scale.reshape(moved.shape[:rows]))

    def build(self, input_shape):
        plain = layers.EinsumDense(self.equation, self.partial_output_shape, bias_axes=self.bias_axes)
        plain.build(input_shape)  # it works out the shapes
        _, order, rows, _ = _einsum_axes(self.equation)
        self._kernel_shape = tuple(plain.kernel.shape)
        shape = tuple(self._kernel_shape[axis] for axis in order)
        self._add_integers(shape, shape[:rows])
        has_bias = plain.bias is not None
        self.bias = self.add_weight(name="bias", shape=plain.bias.shape, initializer="zeros") if has_bias else None
        self.built = True

    @property
    def kernel(self):
        """The weights that the integers stand for, in the shape that the equation names."""
        _, order, rows, _ = _einsum_axes(self.equation)
        scale = ops.reshape(self.scale, tuple(self.scale.shape) + (1,) * (len(order) - rows))
        return ops.transpose(self._float() * scale, np.argsort(order).tolist())

    def call(self, inputs, training=None):
        equation, order, rows, broadcast = _einsum_axes(self.equation)
        sizes = iter(self.scale.shape)
        shape = [next(sizes) if mine else 1 for mine in broadcast]
        x = ops.einsum(equation, inputs, self._float())
        if equation.endswith("..."):  # what the dots stand for comes behind the named axes
            shape += [1] * (len(x.shape) - len(shape))
        x = x * ops.reshape(self.scale, shape)
        if self.bias is not None:
            x = x + self.bias
        return x if self.activation is None else self.activation(x)


@keras.saving.register_keras_serializable("bigmodel_lib")
class QuantizedEmbedding(QuantizedLayer, layers.Embedding):
    """An `Embedding` with int8 rows and one scale per entry."""

    @classmethod
    def take_over(cls, layer, bits):
        integers, scale = quantize_rows(_drop_float(layer, "_embeddings"), bits)
        layer.__class__ = cls
        layer._add_integers(integers.shape, scale.shape)
        layer._tracker.lock()
        layer._kernel_int8.assign(integers)
        layer.scale.assign(scale)

    def build(self, input_shape=None):
        self._add_integers((self.input_dim, self.output_dim), (self.input_dim,))
        self.built = True

    @property
    def embeddings(self):
        """The weights that the integers stand for, (entries, features)."""
        return self._float() * self.scale[:, None]

    def call(self, inputs):
        ids = ops.cast(inputs, "int32")
        rows = ops.cast(ops.take(self._kernel_int8, ids, axis=0), self.compute_dtype)
        return rows * ops.take(self.scale, ids, axis=0)[..., None]


@keras.saving.register_keras_serializable("bigmodel_lib")
class QuantizedReversibleEmbedding(QuantizedEmbedding, layers.ReversibleEmbedding):
    """A tied `ReversibleEmbedding` with int8 rows: the same integers read a token and give its logit."""

    @classmethod
    def refuse(cls, layer):
        if not layer.tie_weights or layer.reverse_dtype or layer.logit_soft_cap:
            raise ValueError(
                f"{layer.name!r} must be a tied ReversibleEmbedding without reverse_dtype and logit_soft_cap"
            )

    def call(self, inputs, reverse=False):
        return _times_rows(inputs, self._float()) * self.scale if reverse else super().call(inputs)


REPLACEMENTS = {
    layers.Dense: QuantizedDense,
    layers.EinsumDense: QuantizedEinsumDense,
    layers.Embedding: QuantizedEmbedding,
    layers.ReversibleEmbedding: QuantizedReversibleEmbedding,
}


def _times_rows(x, rows):
    """$x R^\\top$ for x (..., features) and R (outputs, features), made from integers."""
    flat = ops.reshape(x, (-1, x.shape[-1]))
    if on_jax_cpu():
        product = _times_rows_xla(flat, ops.transpose(rows))
    else:
        product = ops.matmul(flat, ops.transpose(rows))
    return ops.reshape(product, (*ops.shape(x)[:-1], rows.shape[0]))


def _times_rows_xla(x, columns):
    """The product of (n, features) and (features, outputs), in the form that XLA's compiler for the CPU makes fast.

    A few rows: it reads int8 about as fast as memory delivers it, where the product is one of a vector and a matrix, and where
    nothing else is drawn into it: whatever makes x would be repeated for each output. It draws no division in, so divide by what
    is 1 for any |x| below 1e30.

    Many rows: the matrix is written out as floats, once, and multiplied as such. XLA would do that for all layers before the
    first product, into fresh memory for the whole model. A factor that is 1, but that it cannot know before x, makes it wait.
    """
    if x.shape[0] > MANY_ROWS:
        return ops.matmul(x, columns * ops.where(x[:1, :1] > 1e30, 1 + 1e-6, 1.0))
    x = x / ops.maximum(1.0, ops.abs(x) * 1e-30)
    return ops.concatenate([ops.matmul(x[i : i + 1], columns) for i in range(x.shape[0])])


def _einsum_axes(equation: str) -> tuple[str, list[int], int, list[bool]]:
    """How a kernel's axes are moved so that those of the output come first.

    Returns:
        The equation for the moved kernel, the order of the kernel's axes, how many of them are output axes, and for every
        axis of the output whether it is one of the kernel's.
    """
    inputs, output = equation.replace(" ", "").replace("...", "0").split("->")
    data, kernel = inputs.split(",")
    first = [axis for axis in output if axis in kernel]
    order = [kernel.index(axis) for axis in first] + [i for i, axis in enumerate(kernel) if axis not in output]
    moved = f"{data},{''.join(kernel[i] for i in order)}->{output}".replace("0", "...")
    return moved, order, len(first), [axis in kernel for axis in output if axis != "0"]
