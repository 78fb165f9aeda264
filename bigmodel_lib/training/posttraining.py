"""What turns a predictor of text into an assistant: the losses of fine-tuning, preferences and reinforcement.

All three are one idea with another weight on it: make the tokens of an answer likelier, or less likely. The prompt is never
trained. What it does not do: sample answers, hold a reference model, clip the ratio of two policies (with one update for each
fresh batch of answers that ratio is 1), or learn a reward.
"""

from __future__ import annotations

import numpy as np
from keras import ops

__all__ = ["answer_log_probabilities", "dpo_loss", "group_advantages", "masked_cross_entropy"]


def answer_log_probabilities(targets, mask, logits):
    """Log-probability of each answer: the sum over its tokens, and over nothing else.

    $$ \\log \\pi(a \\mid q) = \\sum_t m_t \\log p(y_t \\mid y_{<t}) $$

    Args:
        targets: (B, T) ids of the tokens that the logits predict, that is, the input moved by one place.
        mask: (B, T), 1 where the token belongs to the answer (its end token included), else 0.
        logits: (B, T, V).

    Returns:
        (B,), in nats.

    Example:
        >>> logits = np.log([[[0.5, 0.5], [0.9, 0.1]]])
        >>> np.round(np.exp(ops.convert_to_numpy(answer_log_probabilities([[0, 1]], [[0.0, 1.0]], logits))), 6)
        array([0.1], dtype=float32)
    """
    logits, mask = ops.convert_to_tensor(logits, "float32"), ops.convert_to_tensor(mask, "float32")
    chosen = ops.take_along_axis(logits, ops.convert_to_tensor(targets, "int32")[..., None], axis=-1)[..., 0]
    return ops.sum(mask * (chosen - ops.logsumexp(logits, axis=-1)), axis=-1)


def masked_cross_entropy(y, logits):
    """Mean loss of the tokens of the answers; the loss of supervised fine-tuning.

    $$ L = -\\frac{\\sum_{i,t} m_{it} \\log p(y_{it} \\mid y_{i,<t})}{\\sum_{i,t} m_{it}} $$

    Args:
        y: (targets, mask), (B, T) each; see `answer_log_probabilities`. A pair, as `training.train` hands it on.
        logits: (B, T, V).

    Returns:
        One number, in nats a token. Every token of the batch counts the same, so a long answer counts more than a short one.

    Raises:
        ValueError: the mask marks no token. It can be seen only outside a compiled step; within one the loss is not a number,
            and `training.train` stops with `NonFiniteLoss`.

    Example:
        >>> logits = np.log([[[0.5, 0.5], [0.9, 0.1]]])
        >>> round(float(masked_cross_entropy(([[0, 1]], np.array([[0, 1]])), logits)), 4)  # -log 0.1
        2.3026

    Source: H. Touvron et al. 2023, arXiv:2307.09288, §3.1 (the loss of the prompt is left out). Taught in: 2.9.
    """
    targets, mask = y
    if isinstance(mask, (np.ndarray, list, tuple)) and not np.any(mask):
        raise ValueError(
            "the mask marks no token of an answer, so there is nothing to learn: a chat needs at least one answer"
        )
    total = ops.sum(answer_log_probabilities(targets, mask, logits))
    return -total / ops.sum(ops.convert_to_tensor(mask, "float32"))


def dpo_loss(chosen, rejected, reference_chosen, reference_rejected, beta: float):
    """Direct preference optimisation: the better answer should gain more on the reference than the worse one.

    $$ L = -\\log \\sigma \\bigl( \\beta \\, [ (\\log\\pi(a^+) - \\log\\pi_0(a^+)) - (\\log\\pi(a^-) - \\log\\pi_0(a^-)) ] \\bigr) $$

    It depends on the difference of the two gains only: it may fall while both probabilities fall.

    Args:
        chosen, rejected: (B,) log-probabilities of the better and the worse answer under the model that is trained.
        reference_chosen, reference_rejected: (B,) the same under the model at the beginning.
        beta: how far a gain counts; large values hold the model near the reference.

    Returns:
        One number, the mean over the pairs; log 2 where the model is the reference.

    Raises:
        ValueError: beta is not positive.

    Example:
        >>> round(float(dpo_loss(np.array([-1.0]), np.array([-2.0]), np.array([-1.0]), np.array([-2.0]), beta=0.1)), 4)
        0.6931

    Source: R. Rafailov et al. 2023, arXiv:2305.18290, §4, equation 7. Taught in: 2.9.
    """
    if not beta > 0:
        raise ValueError(f"beta must be positive, not {beta}: at zero the loss does not depend on the model")
    gain = (chosen - reference_chosen) - (rejected - reference_rejected)
    return ops.mean(ops.softplus(-beta * gain))


def group_advantages(rewards) -> np.ndarray:
    """How much better an answer is than its group: the answers of one model to one question.

    $$ A_i = (r_i - \\operatorname{mean}(r)) / \\operatorname{sd}(r) $$

    with the standard deviation of the group itself (divided by its size). Where all rewards of a group are equal, the advantages
    are 0: nothing tells its answers apart.

    Args:
        rewards: (groups, answers), finite numbers.

    Returns:
        (groups, answers) float32; each row has mean 0 and, unless it is 0, standard deviation 1.

    Raises:
        ValueError: another number of axes, groups without answers, or a reward that is infinite or not a number.

    Example:
        >>> group_advantages([[1, 0, 0, 1], [1, 1, 1, 1]])
        array([[ 1., -1., -1.,  1.],
               [ 0.,  0.,  0.,  0.]], dtype=float32)

    Source: Z. Shao et al. 2024, arXiv:2402.03300, §4.1.2. Taught in: 2.9.
    """
    rewards = np.asarray(rewards, "float64")
    if rewards.ndim != 2 or not rewards.shape[1]:
        raise ValueError(
            f"rewards must be (groups, answers) with at least one answer a group, not of shape {rewards.shape}"
        )
    if not np.isfinite(rewards).all():
        group, answer = np.argwhere(~np.isfinite(rewards))[0]
        raise ValueError(
            f"the reward of answer {answer} in group {group} is {rewards[group, answer]}; every reward must be a finite number, "
            "because one that is not would spoil the advantages of its whole group"
        )
    equal = (rewards == rewards[:, :1]).all(axis=1, keepdims=True)
    centred = rewards - rewards.mean(axis=1, keepdims=True)
    spread = np.where(equal, 1.0, rewards.std(axis=1, keepdims=True))
    return np.where(equal, 0.0, centred / spread).astype("float32")
