"""Parameters, FLOPs and bytes of any Keras model, on any backend, found by tracing the model itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Memory:
    """Bytes that training needs at once, by what they hold. `total` is their sum."""

    parameters: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        return self.parameters + self.gradients + self.optimizer + self.activations


# Values that an optimizer keeps for each trained parameter, as Keras implements it. Muon keeps one for a matrix and two for the
# rest; Adafactor keeps one and, for a matrix, its row and column sums: `optimizer_values` counts both exactly.
OPTIMIZER_SLOTS = {
    "none": 0, "sgd": 0, "momentum": 1, "rmsprop": 1, "lion": 1, "muon": 1, "adafactor": 1, "adam": 2, "adamw": 2,
}  # fmt: skip


def optimizer_values(optimizer: str, weights: Iterable[tuple[Sequence[int], str]]) -> int:
    """Values that an optimizer keeps for trained weights, as Keras implements it.

    Args:
        optimizer: one of `OPTIMIZER_SLOTS`.
        weights: shape and path of each; Muon treats a matrix whose path names an embedding as Adam does.

    Raises:
        ValueError: unknown optimizer.

    Example:
        >>> kernel, bias = ((300, 100), "dense/kernel"), ((100,), "dense/bias")
        >>> [optimizer_values(name, [kernel, bias]) for name in ("adam", "muon", "lion", "adafactor")]
        [60200, 30200, 30100, 30502]
    """
    if optimizer not in OPTIMIZER_SLOTS:
        raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZER_SLOTS)}, not {optimizer!r}")
    total = 0
    for shape, path in weights:
        values = math.prod(shape)
        total += OPTIMIZER_SLOTS[optimizer] * values
        if optimizer == "muon" and (len(shape) != 2 or "embedding" in path.lower()):
            total += values
        if (
            optimizer == "adafactor"
        ):  # sums over the last axis and over the one before it; one value each where there are none
            total += values // shape[-1] + values // shape[-2] if len(shape) > 1 else 2
    return total


def weight_bytes(model) -> int:
    """Bytes of all weights of a model, as their data types keep them.

    Example:
        >>> from bigmodel_lib.models import dense
        >>> weight_bytes(dense.lenet_300_100())      # 266,610 float32
        1066440
    """
    return sum(math.prod(v.shape) * _itemsize(v.dtype) for v in model.weights)


def model_parameters(model) -> int:
    """Number of values in all weights of a built Keras model, counted from their shapes.

    Raises:
        ValueError: the model is not built, so its weights have no shapes yet.
    """
    if not model.built:
        raise ValueError(f"{model.name!r} has no weights yet: call model.build(input_shape) or give it its first input")
    return sum(math.prod(variable.shape) for variable in model.weights)


def model_flops(model, batch_size: int = 1, inputs=None) -> int:
    """FLOPs of one forward pass of a Keras model, found by tracing the model itself.

    A product of (m, k) by (k, n) counts 2mkn; a convolution counts 2 · outputs · kernel height · kernel width · input
    channels per group. The trace holds what the model really computes, so no layer needs a rule of its own.

    Args:
        model: built; on any backend.
        batch_size: takes the place of every unknown dimension at the front of an input.
        inputs: what the model is called with, as objects with `shape` and `dtype` (such as `keras.Input`): one, or a list or
            dict of them. For a model that does not know its own.

    Returns:
        FLOPs for the whole batch.

    Raises:
        ValueError: the inputs' shapes are not known. NotImplementedError: a loop whose number of turns is only known when
            it runs; on TensorFlow, a grouped convolution.

    Example:
        >>> from bigmodel_lib.models import dense
        >>> model_flops(dense.lenet_300_100())       # 2 · (784·300 + 300·100 + 100·10)
        532400

    Taught in: 1.2.
    """
    import keras

    specs = _input_specs(model, batch_size, inputs)
    counters = {"jax": _flops_jax, "torch": _flops_torch, "tensorflow": _flops_tensorflow}
    return counters[keras.backend.backend()](model, specs)


def model_memory(model, batch_size: int = 1, optimizer: str = "adam", inputs=None) -> Memory:
    """Bytes that training a Keras model needs: weights, one gradient each, the optimizer's slots, and kept activations.

    Back-propagation needs the output of every layer again, so activations are counted as the outputs of all innermost
    layers. What a compiler keeps beside or instead of them is not in this count: compare it with a measurement.

    Args:
        model: built; on any backend.
        batch_size: examples in a training batch.
        optimizer: one of `OPTIMIZER_SLOTS`; "none" stands for inference: no gradients, and no activations are kept.
        inputs: see `model_flops`.

    Raises:
        ValueError: unknown optimizer, or the inputs' shapes are not known.

    Taught in: 1.4.
    """
    slots = optimizer_values(optimizer, [(v.shape, v.path) for v in model.trainable_variables])
    weights = weight_bytes(model)
    trained = sum(math.prod(v.shape) * _itemsize(v.dtype) for v in model.trainable_variables)
    if optimizer == "none":
        return Memory(weights, 0, 0, 0)
    kept = sum(math.prod(shape) * _itemsize(dtype) for _, shape, dtype in layer_outputs(model, batch_size, inputs))
    sizes = {_itemsize(v.dtype) for v in model.trainable_variables} or {4}  # slots have the type of their weights
    return Memory(weights, trained, slots * max(sizes), kept)


def layer_outputs(model, batch_size: int = 1, inputs=None) -> list[tuple[str, tuple[int, ...], str]]:
    """Name, output shape and dtype of every call of an innermost layer in one forward pass; nothing is computed.

    Args:
        model: built; on any backend.
        batch_size: examples in the batch.
        inputs: see `model_flops`.
    """
    import keras

    seen, original = [], keras.layers.Layer.__call__

    def recording(layer, *args, **kwargs):
        output = original(layer, *args, **kwargs)
        innermost = not list(layer._flatten_layers(include_self=False))
        if innermost and not isinstance(layer, (keras.layers.InputLayer, keras.layers.Lambda)):
            for leaf in keras.tree.flatten(output):
                seen.append((layer.name, tuple(leaf.shape), keras.backend.standardize_dtype(leaf.dtype)))
        return output

    symbols = keras.tree.map_structure(
        lambda x: keras.KerasTensor(x.shape, x.dtype), _input_specs(model, batch_size, inputs)
    )
    # Keras runs a function inside a Lambda layer on shapes alone when it is given symbols, on every backend
    shapes_only = keras.layers.Lambda(lambda x: model(x))
    keras.layers.Layer.__call__ = recording
    try:
        shapes_only(symbols)
    finally:
        keras.layers.Layer.__call__ = original
    return seen


def _itemsize(dtype) -> int:
    import keras

    name = keras.backend.standardize_dtype(dtype)
    return {"bool": 1, "bfloat16": 2}.get(name) or int("".join(filter(str.isdigit, name.split("_")[0]))) // 8


@dataclass(frozen=True)
class _Leaf:
    """Shape and dtype of one input: a leaf of the structure that the model is called with."""

    shape: tuple[int, ...]
    dtype: str


def _input_specs(model, batch_size: int, inputs):
    """What the model is called with, a `_Leaf` in the place of each tensor."""
    import keras

    if inputs is None and getattr(model, "inputs", None):
        inputs = model.inputs if isinstance(model, keras.Sequential) else model.input  # a dict, where it takes one
    if inputs is None:
        raise ValueError(
            f"the shapes of the inputs of {model.name!r} are not known: give inputs=[keras.Input(shape, dtype=…)] without the batch"
        )

    def spec(tensor):
        first, *rest = tensor.shape
        shape = (batch_size if first is None else first, *rest)
        if None in shape:
            raise ValueError(
                f"the input {tuple(tensor.shape)} has unknown dimensions: give inputs= with all but the batch known"
            )
        return _Leaf(shape, tensor.dtype)

    specs = keras.tree.map_structure(spec, inputs)
    return specs[0] if isinstance(specs, list) and len(specs) == 1 else specs


def _flops_jax(model, specs) -> int:
    import jax
    import keras

    def forward(trainable, others, x):
        return model.stateless_call(trainable, others, x, training=False)[0]

    shape_of = lambda v: jax.ShapeDtypeStruct(tuple(v.shape), v.dtype)  # noqa: E731
    variables = [[shape_of(v) for v in group] for group in (model.trainable_variables, model.non_trainable_variables)]
    return _count_jaxpr(jax.make_jaxpr(forward)(*variables, keras.tree.map_structure(shape_of, specs)).jaxpr)


def _count_jaxpr(jaxpr) -> int:
    """Matrix products and convolutions of a JAX program, those of its inner programs included."""
    total = 0
    for step in jaxpr.eqns:
        name, parameters = step.primitive.name, step.params
        if name == "dot_general":
            (contracted, _), _ = parameters["dimension_numbers"]
            left = step.invars[0].aval.shape
            total += 2 * math.prod(step.outvars[0].aval.shape) * math.prod(left[axis] for axis in contracted)
        elif name == "conv_general_dilated":
            # spatial sizes, input channels per group and output channels, in the order that rhs_spec tells
            kernel = step.invars[1].aval.shape
            outputs = kernel[parameters["dimension_numbers"].rhs_spec[0]]
            total += 2 * math.prod(step.outvars[0].aval.shape) * math.prod(kernel) // outputs
        elif name == "while":
            raise NotImplementedError(
                "FLOPs of a while loop depend on its data; count the loop's body and multiply by its turns"
            )
        elif name == "cond":
            total += max(_count_jaxpr(branch.jaxpr) for branch in parameters["branches"])
        else:
            for value in parameters.values():
                inner = getattr(value, "jaxpr", value)
                if hasattr(inner, "eqns"):
                    total += parameters.get("length", 1) * _count_jaxpr(inner)
    return total


def _flops_torch(model, specs) -> int:
    import keras
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    x = keras.tree.map_structure(lambda leaf: torch.zeros(leaf.shape, dtype=getattr(torch, leaf.dtype)), specs)
    # PyTorch's counter does not know its fused attention on a CPU: as plain products it is counted
    with FlopCounterMode(display=False) as counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        model(x, training=False)
    return counter.get_total_flops()


def _flops_tensorflow(model, specs) -> int:
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    forward = tf.function(lambda x: model(x, training=False))
    x = keras.tree.map_structure(lambda leaf: tf.TensorSpec(leaf.shape, leaf.dtype), specs)
    graph = convert_variables_to_constants_v2(forward.get_concrete_function(x)).graph
    return sum(_flops_of_operation(operation) for operation in graph.get_operations())


def _flops_of_operation(operation) -> int:
    """FLOPs of one operation of a TensorFlow graph; TensorFlow's own profiler leaves some products out."""
    kind = operation.type
    if kind.endswith("PartitionedCall"):
        raise NotImplementedError(
            f"{operation.name!r} is compiled apart on TensorFlow, as Keras does with grouped convolutions, and cannot be counted: "
            "use the jax or torch backend"
        )
    if not kind.startswith(("MatMul", "BatchMatMul", "Einsum", "Conv2D", "DepthwiseConv2dNative")):
        return 0
    shapes = [tuple(tensor.shape) for tensor in operation.inputs]
    if kind == "MatMul" or kind.startswith("BatchMatMul"):
        turned = operation.get_attr("transpose_a" if kind == "MatMul" else "adj_x")
        return 2 * math.prod(operation.outputs[0].shape) * shapes[0][-2 if turned else -1]
    if kind == "Einsum":
        labels = operation.get_attr("equation").decode().split("->")[0].split(",")
        sizes = {}
        for label, shape in zip(labels, shapes):
            before, dots, after = label.partition("...")
            sizes |= dict(zip(before, shape)) | dict(zip(reversed(after), reversed(shape)))
            sizes |= {
                "." * (i + 1): n for i, n in enumerate(reversed(shape[len(before) : len(shape) - len(after)])) if dots
            }
        return 2 * math.prod(sizes.values())
    return 2 * math.prod(operation.outputs[0].shape) * math.prod(shapes[1][: 3 if kind == "Conv2D" else 2])
