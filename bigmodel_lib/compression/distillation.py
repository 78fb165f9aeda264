"""A small model learns from what a large one answers: soft targets, and the loss that uses them.

What it does not do: run the teacher (compute its logits once, or in `batches`, and hand them on as a target), match hidden
layers, or search the temperature.
"""

from __future__ import annotations

import math
import numbers

from bigmodel_lib.compression._walk import require

import numpy as np
from keras import ops

__all__ = ["distillation_loss", "soft_targets"]


def soft_targets(logits, temperature: float = 1.0) -> np.ndarray:
    """The probabilities of a teacher, softened.

    $$ p_j = \\frac{e^{v_j / T}}{\\sum_k e^{v_k / T}} $$

    Args:
        logits: (..., K) of the teacher, $v$.
        temperature: $T$. At 1 they are the teacher's own probabilities, above they are nearer to one another; their order stays.

    Returns:
        (..., K) float32, each row with sum 1.

    Raises:
        ValueError: the temperature is not a positive, finite number.

    Example:
        >>> soft_targets([[8.0, 4.0, 0.0]], temperature=4.0).round(3)
        array([[0.665, 0.245, 0.09 ]], dtype=float32)

    Source: G. Hinton, O. Vinyals and J. Dean 2015, arXiv:1503.02531, §2, equation 1. Taught in: 3.4.
    """
    _require_temperature(temperature)
    scaled = np.asarray(ops.convert_to_numpy(logits), np.float64) / temperature
    p = np.exp(scaled - scaled.max(-1, keepdims=True))
    return (p / p.sum(-1, keepdims=True)).astype(np.float32)


def distillation_loss(teacher_logits, logits, *, temperature: float = 1.0, labels=None, label_weight: float = 0.0):
    """How far a student's softened probabilities are from its teacher's, mixed with the loss of the labels.

    $$ L = (1 - \\alpha)\\, T^2\\, \\mathrm{KL}(p \\,\\|\\, q) + \\alpha\\, \\mathrm{CE}(t, \\mathrm{softmax}(z)), \\qquad
       p = \\mathrm{softmax}(v / T),\\; q = \\mathrm{softmax}(z / T) $$

    The gradient of its first part with respect to a logit $z_j$ is $(1 - \\alpha)\\, T (q_j - p_j)$, divided by the number of rows.
    At a high temperature $q - p$ shrinks with $1/T$; the factor $T^2$ keeps the mixture the same for every $T$.

    Args:
        teacher_logits: (..., K), $v$.
        logits: (..., K) of the student, $z$.
        temperature: $T$ of both.
        labels: (...) integers, the classes that are right; needed if label_weight is above 0.
        label_weight: $\\alpha$, from 0 to 1. The labels are always learnt at the temperature 1.

    Returns:
        One number, the mean over the rows; 0 where the logits agree up to an offset and label_weight is 0.

    Raises:
        ValueError: the temperature is not positive, the weight is not between 0 and 1, or it is above 0 and there are no labels.

    Example:
        >>> round(float(distillation_loss([[8.0, 4.0, 0.0]], [[4.0, 8.0, 0.0]], temperature=4.0)), 3)
        6.728

    Source: G. Hinton, O. Vinyals and J. Dean 2015, arXiv:1503.02531, §2. Taught in: 3.4.
    """
    _require_temperature(temperature)
    in_range = isinstance(label_weight, numbers.Real) and 0 <= label_weight <= 1
    require(in_range, f"label_weight must be a number from 0 to 1, not {label_weight!r}")
    missing = f"label_weight is {label_weight}, but there are no labels: give them, or set label_weight=0"
    require(labels is not None or label_weight == 0, missing)
    v, z = (ops.convert_to_tensor(part, "float32") for part in (teacher_logits, logits))
    log_p, log_q = ops.log_softmax(v / temperature), ops.log_softmax(z / temperature)
    loss = (1 - label_weight) * temperature**2 * ops.mean(ops.sum(ops.exp(log_p) * (log_p - log_q), -1))
    if label_weight:
        right = ops.convert_to_tensor(labels, "int32")[..., None]
        loss -= label_weight * ops.mean(ops.take_along_axis(ops.log_softmax(z), right, axis=-1))
    return loss


def _require_temperature(temperature) -> None:
    positive = isinstance(temperature, numbers.Real) and math.isfinite(temperature) and temperature > 0
    require(
        positive, f"temperature must be a positive, finite number, not {temperature!r}: 1 leaves the logits as they are"
    )
