"""How well a decoder predicts a text: logits, log-likelihood, perplexity."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bigmodel_lib.generation.decoder import check_ids, decoder
from bigmodel_lib.generation.text import check_tokenizer

import numpy as np

BATCH = 8  # rows scored at once


def logits(model, ids: Sequence[int]) -> np.ndarray:
    """Logits of every position of one sequence, computed in one pass without a cache.

    Args:
        model: any causal Keras model, which maps ids (batch, T) to logits (batch, T, vocab_size).
        ids: (seq_len,) token ids.

    Returns:
        (seq_len, vocab_size) float32; row t holds the logits of the token that follows ids[: t + 1].

    Raises:
        ValueError: no ids, an id out of range, or more than the model's context holds.
    """
    _check(model, ids)
    return decoder(model).logits(np.asarray(ids, "int32"))


def token_log_probabilities(model, ids: Sequence[int]) -> np.ndarray:
    """$\\log p(\\mathrm{ids}_t \\mid \\mathrm{ids}_{<t})$ in nats, for every token but the first, which has no context.

    Args:
        ids: (seq_len,) token ids.

    Returns:
        (seq_len - 1,) float32.
    """
    _check(model, ids)
    return decoder(model).log_probabilities([ids])[0]


def continuation_log_likelihoods(model, tokenizer, prompt: str, continuations: Sequence[str]) -> np.ndarray:
    """$\\log p(\\text{continuation} \\mid \\text{prompt})$ in nats, for several continuations of one prompt, computed together.

    Args:
        model, tokenizer: as in `generate`.
        prompt: at least one token; it is read apart from the continuations, so begin these with their space.
        continuations: n texts of any lengths.

    Returns:
        (n,) float64 sums over the tokens of each continuation.

    Raises:
        ValueError: no continuation, no tokens, or more than the model's context holds.

    Example:
        >>> continuation_log_likelihoods(model, tokenizer, "The sun is", [" hot", " cold"])  # doctest: +SKIP
    """
    check_tokenizer(tokenizer)
    if isinstance(continuations, str) or not continuations:
        raise ValueError("continuations must be a list of at least one text: for one, write [text]")
    begin = list(tokenizer.encode(prompt))
    rows = [begin + list(tokenizer.encode(text)) for text in continuations]
    check_ids(begin, decoder(model).vocab_size)
    for row, text in zip(rows, continuations):
        if len(row) == len(begin):
            raise ValueError(f"a continuation must have at least one token, but {text!r} has none")
        _check(model, row)
    sums = np.empty(len(rows))
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))  # of like lengths together: little padding
    for start in range(0, len(rows), BATCH):
        some = order[start : start + BATCH]
        scores = decoder(model).log_probabilities([rows[i] for i in some])
        sums[some] = [row[len(begin) - 1 :].sum(dtype="float64") for row in scores]
    return sums


def log_likelihood(model, tokenizer, text: str) -> float:
    """Log-probability in nats of all tokens of a text but the first, which has no context.

    Raises:
        ValueError: the text has no tokens, or more than the model's context holds.

    Example:
        >>> log_likelihood(model, tokenizer, "The cat sat.") > log_likelihood(model, tokenizer, "Cat the sat.")  # doctest: +SKIP
        True
    """
    check_tokenizer(tokenizer)
    return float(token_log_probabilities(model, tokenizer.encode(text)).sum(dtype="float64"))


def perplexity(model, tokenizer, text: str, window: int = 512, stride: int = 256) -> float:
    """$\\exp(-\\text{mean log-probability})$ over all tokens of a text but the first.

    The text is read through windows that begin `stride` tokens apart, and every token is scored once: in the first window
    that holds it. So all tokens but those of the first window see at least window - stride tokens before them. A smaller
    stride gives more context, a lower perplexity, and more work.

    Args:
        text: at least two tokens.
        window: tokens that the model sees at once, at most the model's context.
        stride: tokens between the beginnings of two windows, at most `window` - 1.

    Raises:
        ValueError: a window or stride out of range, or fewer than two tokens.
    """
    check_tokenizer(tokenizer)
    room = decoder(model).seq_len or window
    if not 2 <= window <= room:
        raise ValueError(f"window must be between 2 and the model's context of {room} tokens, not {window}")
    if not 1 <= stride < window:
        raise ValueError(f"stride must be between 1 and window - 1 = {window - 1}, not {stride}")
    ids = tokenizer.encode(text)
    if len(ids) < 2:
        raise ValueError(f"perplexity needs a text of at least two tokens, not {len(ids)}")
    total, scored = 0.0, 1  # ids[:scored] are done; the first token is never scored
    for begin in range(0, len(ids), stride):
        piece = ids[begin : begin + window]
        new = begin + len(piece) - scored
        total += float(token_log_probabilities(model, piece)[len(piece) - 1 - new :].sum(dtype="float64"))
        scored += new
        if scored == len(ids):
            break
    return math.exp(-total / (len(ids) - 1))


def _check(model, ids: Sequence[int]) -> None:
    runner = decoder(model)
    check_ids(ids, runner.vocab_size)
    if runner.seq_len is not None and len(ids) > runner.seq_len:
        raise ValueError(f"the model's context holds {runner.seq_len} tokens, but the text has {len(ids)}")
