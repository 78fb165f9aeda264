"""Many continuations of texts that begin alike: the common beginning is computed once."""

from __future__ import annotations

from collections.abc import Sequence

from bigmodel_lib.generation.decoder import PROMPT_STEP, check_ids, decoder, round_up

import numpy as np
from keras import ops

__all__ = ["continue_ids"]

END_STEP, ROOM_STEP = 16, 256  # ends and the cache are padded to multiples of these: few shapes are ever compiled


def continue_ids(
    model,
    beginning: Sequence[int],
    ends: Sequence[Sequence[int]],
    max_new_tokens: int = 16,
    stop_ids: Sequence[int] = (),
) -> tuple[list[list[int]], list[np.ndarray]]:
    """The greedy continuations of `beginning + end`, for each end, and how likely the model thought each token.

    The keys and values of the beginning are computed for one row, copied to all, and moved along the cache, so that all rows end
    at the same place. What is left to compute for a row is its end: with a beginning of 150 tokens and ends of 20, about an eighth
    of the work of `generate_ids` on whole prompts.

    Args:
        model: a `Llama`, or a model that `gpt.gpt` made.
        beginning: at least one token id, the same for all rows.
        ends: n lists of at least one id each, of any lengths.
        max_new_tokens: at most so many are added to each row.
        stop_ids: a row ends before the first of these.

    Returns:
        For each row its new ids, and their log-probabilities in nats, an array of the same length.

    Raises:
        ValueError: an empty beginning or end, no ends, an id that the model does not have, fewer than one new token, or a context
            that does not hold the longest row and its new tokens.
        TypeError: the model cannot keep a cache.

    Example:
        >>> continue_ids(model, [5, 7], [[1], [2, 3]], max_new_tokens=4)[0]  # doctest: +SKIP
        [[9, 9, 1, 4], [9, 2, 2, 8]]

    Numerics: as in `speculative_ids`, sums are added up in another order than by `generate_ids`; where two tokens are nearly equally
    likely, the other one may be chosen.

    Taught in: 5.4.
    """
    runner = decoder(model)
    if not runner.cached:
        raise TypeError(f"a common beginning needs a model with a cache, a Llama or one of gpt.gpt, not {model.name!r}")
    if not ends or max_new_tokens < 1:
        raise ValueError(
            f"needs at least one end and one new token, not {len(ends)} ends and {max_new_tokens} new tokens"
        )
    for ids in ends:
        check_ids(ids, runner.vocab_size)
    width, longest = round_up(len(beginning), PROMPT_STEP), max(map(len, ends))
    if (needed := width + longest + max_new_tokens) > runner.seq_len:
        raise ValueError(
            f"the model's context holds {runner.seq_len} tokens, but beginning (up to a multiple of {PROMPT_STEP}), longest end and "
            f"new tokens need {width} + {longest} + {max_new_tokens}: shorten one of them"
        )
    longest = min(round_up(longest, END_STEP), longest + runner.seq_len - needed)
    room = min(round_up(width + longest + max_new_tokens, ROOM_STEP), runner.seq_len)
    _, (advance, cache, place, padding) = runner.prefill([beginning], room - width)
    shift = np.array([longest - len(ids) for ids in ends], "int32")  # (n,)

    def for_all_rows(part, axis):
        """One row's keys or values, copied to all rows, each moved to the right by its shift."""
        part = ops.convert_to_numpy(part)
        rows = np.zeros((len(ends), *part.shape), part.dtype)
        filled = part.take(range(place), axis)
        for row, by in zip(rows, shift):
            row[(slice(None),) * axis + (slice(by, by + place),)] = filled
        return ops.convert_to_tensor(rows.reshape(-1, *part.shape[1:]))

    cache = [(for_all_rows(keys, 2), for_all_rows(values, 1)) for keys, values in cache]
    padding = ops.convert_to_tensor(ops.convert_to_numpy(padding) + shift)
    # A shorter end computes the last tokens of the beginning once more; before a short beginning there is padding
    read = np.array([([0] * longest + list(beginning) + list(ids))[-longest:] for ids in ends], "int32")
    made, scores, running = [], [], np.ones(len(ends), bool)
    while len(made) < max_new_tokens and running.any():
        logits, cache = advance(read, cache, place, padding)
        place += read.shape[1]
        rows = ops.convert_to_numpy(logits).astype("float64")
        new = rows.argmax(-1)
        made.append(new)
        scores.append(rows[np.arange(len(new)), new] - np.logaddexp.reduce(rows, axis=1))
        running &= ~np.isin(new, stop_ids)
        read = new.astype("int32")[:, None]
    found = [next((row[:i] for i, id in enumerate(row) if id in stop_ids), row) for row in np.array(made).T.tolist()]
    return found, [row[: len(ids)].astype("float32") for row, ids in zip(np.array(scores).T, found)]
