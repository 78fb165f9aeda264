"""From logits to the next token: temperature, top-k, top-p, in plain NumPy."""

from __future__ import annotations

import numpy as np


def kept_tokens(
    logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """The tokens that sampling may choose, and their probabilities, the likeliest first.

    The logits are divided by the temperature, and the k largest kept; of the softmax over these, the shortest head whose
    probabilities sum to at least p is kept and scaled to sum to one. The token that crosses p is part of it, so that one
    token always stays.

    Args:
        logits: (vocab_size,).
        temperature: below 1 sharpens, above 1 flattens; 0 keeps the likeliest token alone.
        top_k: how many tokens to keep at most; None keeps all.
        top_p: probability to keep, in (0, 1]; 1 keeps all.

    Returns:
        Token ids (kept,) and their probabilities (kept,).

    Raises:
        ValueError: a negative temperature, top_k below one, or top_p outside (0, 1].

    Example:
        >>> kept_tokens(np.log([0.5, 0.3, 0.2]), top_p=0.6)
        (array([0, 1]), array([0.625, 0.375]))

    Source: top-k: A. Fan et al. 2018, arXiv:1805.04833, §5.2; top-p: A. Holtzman et al. 2020, arXiv:1904.09751, §3.1.
    """
    check_sampling(temperature, top_k, top_p)
    logits = np.asarray(logits, "float64")
    if temperature == 0:
        return np.array([logits.argmax()]), np.ones(1)
    ids = np.arange(len(logits))
    if top_k is not None and top_k < len(logits):
        ids = np.sort(np.argpartition(-logits, top_k - 1)[:top_k])  # the k largest, without sorting all
    ids = ids[np.argsort(-logits[ids], kind="stable")]
    probabilities = np.exp((logits[ids] - logits[ids[0]]) / temperature)
    probabilities /= probabilities.sum()
    if top_p < 1:
        before = np.cumsum(probabilities) - probabilities  # probability of all likelier tokens
        kept = before < top_p
        ids, probabilities = ids[kept], probabilities[kept] / probabilities[kept].sum()
    return ids, probabilities


def sample(logits: np.ndarray, rng: np.random.Generator, temperature=1.0, top_k=None, top_p=1.0) -> int:
    """One token id, drawn from `kept_tokens`. Its arguments are the same; `rng` makes the draw repeatable.

    Example:
        >>> sample(np.log([0.5, 0.3, 0.2]), np.random.default_rng(0), top_k=1)
        0
    """
    ids, probabilities = kept_tokens(logits, temperature, top_k, top_p)
    return int(rng.choice(ids, p=probabilities))


def check_sampling(temperature: float, top_k: int | None, top_p: float) -> None:
    """Raise the one clear error that a sampling argument out of range deserves."""
    if not temperature >= 0:
        raise ValueError(f"temperature must be 0 (greedy) or positive, not {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must keep at least one token, not {top_k}; None keeps all")
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p must be in (0, 1], not {top_p}; 1 keeps all")
