"""Exact counts of what a model costs: parameters, floating-point operations, bytes.

FLOPs are a number of operations; FLOP/s is a rate. One multiplication with one addition makes two FLOPs. Only matrix
products and convolutions are counted: in the networks of this course everything else is a small part of the arithmetic.
"""

from __future__ import annotations

import math
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


# Slots that an optimizer keeps for each trained parameter
OPTIMIZER_SLOTS = {"none": 0, "sgd": 0, "momentum": 1, "rmsprop": 1, "adam": 2, "adamw": 2}


# ---------------------------------------------------------------- any Keras model


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
        inputs: list of objects with `shape` and `dtype` (such as `keras.Input`), for a model that does not know its own.

    Returns:
        FLOPs for the whole batch.

    Raises:
        ValueError: the inputs' shapes are not known. NotImplementedError: a loop whose number of turns is only known when
            it runs.

    Example:
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
    if optimizer not in OPTIMIZER_SLOTS:
        raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZER_SLOTS)}, not {optimizer!r}")
    weights = sum(math.prod(v.shape) * _itemsize(v.dtype) for v in model.weights)
    trained = sum(math.prod(v.shape) * _itemsize(v.dtype) for v in model.trainable_variables)
    if optimizer == "none":
        return Memory(weights, 0, 0, 0)
    kept = sum(math.prod(shape) * _itemsize(dtype) for _, shape, dtype in layer_outputs(model, batch_size, inputs))
    return Memory(weights, trained, OPTIMIZER_SLOTS[optimizer] * trained, kept)


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

    specs = _input_specs(model, batch_size, inputs)
    symbols = [keras.KerasTensor(shape, dtype) for shape, dtype in specs]
    # Keras runs a function inside a Lambda layer on shapes alone when it is given symbols, on every backend
    shapes_only = keras.layers.Lambda(lambda x: model(x[0] if len(x) == 1 else x))
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


def _input_specs(model, batch_size: int, inputs) -> list[tuple[tuple[int, ...], str]]:
    inputs = inputs if inputs is not None else getattr(model, "inputs", None)
    if not inputs:
        raise ValueError(
            f"the shapes of the inputs of {model.name!r} are not known: give inputs=[keras.Input(shape, dtype=…)] without the batch"
        )
    specs = []
    for tensor in inputs:
        first, *rest = tensor.shape
        shape = (batch_size if first is None else first, *rest)
        if None in shape:
            raise ValueError(
                f"the input {tuple(tensor.shape)} has unknown dimensions: give inputs= with all but the batch known"
            )
        specs.append((shape, tensor.dtype))
    return specs


def _flops_jax(model, specs) -> int:
    import jax

    def forward(trainable, others, *x):
        return model.stateless_call(trainable, others, x[0] if len(x) == 1 else list(x), training=False)[0]

    shape_of = lambda v: jax.ShapeDtypeStruct(tuple(v.shape), v.dtype)  # noqa: E731
    variables = [[shape_of(v) for v in group] for group in (model.trainable_variables, model.non_trainable_variables)]
    traced = jax.make_jaxpr(forward)(*variables, *(jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in specs))
    return _count_jaxpr(traced.jaxpr)


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
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    x = [torch.zeros(shape, dtype=getattr(torch, dtype)) for shape, dtype in specs]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x[0] if len(x) == 1 else x, training=False)
    return counter.get_total_flops()


def _flops_tensorflow(model, specs) -> int:
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    forward = tf.function(lambda *x: model(x[0] if len(x) == 1 else list(x), training=False))
    graph = convert_variables_to_constants_v2(
        forward.get_concrete_function(*(tf.TensorSpec(s, d) for s, d in specs))
    ).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder(tf.compat.v1.profiler.ProfileOptionBuilder.float_operation())
    profile = tf.compat.v1.profiler.profile(graph, options=options.with_empty_output().build(), cmd="op")
    counted = {"MatMul", "BatchMatMulV2", "Einsum", "Conv2D", "DepthwiseConv2dNative"}
    return sum(node.total_float_ops for node in profile.children if node.name in counted)


# ---------------------------------------------------------------- a transformer, from its sizes


def transformer_parameters(
    num_layers: int, d_model: int, vocab_size: int, seq_len: int, d_ff: int | None = None, tied_embedding: bool = True
) -> int:
    """Parameters of a decoder in the shape of GPT-2 and GPT-3.

    A block has $4d^2 + 4d$ in its attention, $2 d d_{ff} + d_{ff} + d$ in its feed-forward part and $4d$ in its two
    normalisations; with $d_{ff} = 4d$ that is about $12 d^2$. Around the blocks stand $V d$ token embeddings, $T d$ position
    embeddings and a last normalisation of $2d$. The number of heads does not matter: they share the same matrices.

    Args:
        num_layers: blocks.
        d_model: width of the residual stream, $d$.
        vocab_size: tokens, $V$.
        seq_len: learned positions, $T$; 0 for a model without learned positions.
        d_ff: hidden width of the feed-forward part; 4 · d_model by default.
        tied_embedding: whether the output layer reuses the token embeddings.

    Returns:
        The exact count.

    Raises:
        ValueError: a size is not positive.

    Example:
        >>> transformer_parameters(num_layers=12, d_model=768, vocab_size=50257, seq_len=1024)    # GPT-2
        124439808

    Source: A. Radford et al. 2019 (GPT-2), §2.3; T. Brown et al. 2020, arXiv:2005.14165, Table 2.1. Taught in: 1.2.
    """
    d, d_ff = d_model, 4 * d_model if d_ff is None else d_ff
    for name, size in {"num_layers": num_layers, "d_model": d, "vocab_size": vocab_size, "d_ff": d_ff}.items():
        if size <= 0:
            raise ValueError(f"{name} must be positive, not {size}")
    block = (4 * d * d + 4 * d) + (2 * d * d_ff + d_ff + d) + 4 * d
    embeddings = vocab_size * d * (1 if tied_embedding else 2) + seq_len * d
    return num_layers * block + embeddings + 2 * d


def transformer_flops(
    num_layers: int, d_model: int, vocab_size: int, seq_len: int, d_ff: int | None = None, batch_size: int = 1
) -> int:
    """FLOPs of one forward pass over `batch_size` sequences of `seq_len` tokens.

    For each token and block: $2(4d^2 + 2 d d_{ff})$ in the weights and $4 T d$ in attention (scores, then the weighted sum of
    values, over all $T$ positions: implementations compute the masked half too); $2 d V$ for the logits.

    Args:
        batch_size: sequences; the other arguments are those of `transformer_parameters`.

    Returns:
        FLOPs of the matrix products; biases, normalisations and softmax are left out. A training step costs three times as much.

    Source: J. Kaplan et al. 2020, arXiv:2001.08361, Table 1. Taught in: 1.4.
    """
    d, d_ff = d_model, 4 * d_model if d_ff is None else d_ff
    per_token = num_layers * (2 * (4 * d * d + 2 * d * d_ff) + 4 * seq_len * d) + 2 * d * vocab_size
    return batch_size * seq_len * per_token


def transformer_memory(
    num_layers: int,
    num_heads: int,
    d_model: int,
    vocab_size: int,
    seq_len: int,
    batch_size: int = 1,
    d_ff: int | None = None,
    optimizer: str = "adam",
    bytes_per_value: int = 4,
) -> Memory:
    """Bytes that training a transformer without dropout needs.

    Kept per token and block: $8 d + 2 d_{ff}$ values (the inputs of two normalisations, of the query-key-value, output and
    two feed-forward products, and of the activation function; queries, keys, values) and one attention weight per head and
    position, $a T$. Around the blocks: the embedding, the last normalisation's input and output, and the logits.

    Args:
        num_heads: attention heads, $a$.
        batch_size: sequences in a batch.
        optimizer: one of `OPTIMIZER_SLOTS`; "none" stands for inference.
        bytes_per_value: of every number: 4 for float32.

    Returns:
        The bytes, by what they hold.

    Raises:
        ValueError: unknown optimizer.

    Source: V. Korthikanti et al. 2022, arXiv:2205.05198, §4, without the dropout masks. Taught in: 1.4.
    """
    if optimizer not in OPTIMIZER_SLOTS:
        raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZER_SLOTS)}, not {optimizer!r}")
    d, d_ff = d_model, 4 * d_model if d_ff is None else d_ff
    weights = bytes_per_value * transformer_parameters(num_layers, d, vocab_size, seq_len, d_ff)
    if optimizer == "none":
        return Memory(weights, 0, 0, 0)
    per_token = num_layers * (8 * d + 2 * d_ff + num_heads * seq_len) + 3 * d + vocab_size
    activations = bytes_per_value * batch_size * seq_len * per_token
    return Memory(weights, weights, OPTIMIZER_SLOTS[optimizer] * weights, activations)


def training_flops(parameters: float, tokens: float) -> float:
    """FLOPs of a whole training run, $C = 6 N D$: two for each parameter and token forward, four backward.

    Args:
        parameters: $N$; those in matrix products, embeddings left out where they are many.
        tokens: $D$, seen in training, repetitions included.

    Source: J. Kaplan et al. 2020, arXiv:2001.08361, §2.1. Taught in: 1.1 and 1.4.
    """
    return 6 * parameters * tokens
