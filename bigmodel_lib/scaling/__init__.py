"""Exact counts of what a model costs: parameters, floating-point operations, bytes.

FLOPs are a number of operations; FLOP/s is a rate. One multiplication with one addition makes two FLOPs. Only matrix
products and convolutions are counted: in the networks of this course everything else is a small part of the arithmetic.

``counts``       of any Keras model, found by tracing it
``transformer``  of a transformer, from its sizes in closed form
``planner``      of a training run on many accelerators
``laws``         of a family of runs: a law fitted with its uncertainty, and solved for a budget
"""

from bigmodel_lib.scaling.counts import (
    OPTIMIZER_SLOTS,
    Memory,
    layer_outputs,
    model_flops,
    model_memory,
    model_parameters,
    optimizer_values,
    weight_bytes,
)
from bigmodel_lib.scaling.planner import ACCELERATORS, Accelerator, Plan, plan_training
from bigmodel_lib.scaling.transformer import (
    LLAMA,
    training_flops,
    transformer_flops,
    transformer_memory,
    transformer_parameters,
)

__all__ = [
    "ACCELERATORS",
    "Accelerator",
    "LLAMA",
    "Memory",
    "OPTIMIZER_SLOTS",
    "Plan",
    "layer_outputs",
    "model_flops",
    "model_memory",
    "model_parameters",
    "optimizer_values",
    "plan_training",
    "training_flops",
    "transformer_flops",
    "transformer_memory",
    "transformer_parameters",
    "weight_bytes",
]
