"""Several tokens a pass: a draft is guessed cheaply, and the model checks all of it at once.

The text is the one that greedy decoding writes; the draft decides only how many passes that takes. What it does not do: sample,
write several texts at once, or draft with a second model (hand one in as `draft`).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence

from bigmodel_lib.generation.decoder import CachedDecoder, decoder, stack

import numpy as np
from keras import ops

__all__ = ["Checker", "checker", "lookup_draft", "speculative_ids"]

_checkers: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def lookup_draft(ids: Sequence[int], num_draft: int, longest: int = 3, shortest: int = 1) -> list[int]:
    """What followed the last few tokens when they stood in the text before: *prompt lookup*.

    The last `longest` tokens are looked for first, then one fewer, and so on down to `shortest`. Of several places the latest
    counts.

    Args:
        ids: the text so far, prompt and what was written.
        num_draft: tokens to propose, at most.
        longest: tokens that should agree, at first.
        shortest: tokens that must agree. With more of them there are fewer drafts, and they are right more often.

    Returns:
        The proposed tokens; none where the last `shortest` tokens did not stand there before.

    Raises:
        ValueError: a number is below 1, or longest below shortest.

    Example:
        >>> lookup_draft([1, 2, 3, 4, 9, 1, 2], num_draft=3)
        [3, 4, 9]

    Source: A. Saxena 2023, github.com/apoorvumang/prompt-lookup-decoding. Taught in: 3.6.
    """
    _at_least_one(num_draft=num_draft, longest=longest, shortest=shortest)
    if longest < shortest:
        raise ValueError(f"longest must be at least shortest = {shortest}, not {longest}")
    ids = list(ids)
    for size in range(min(longest, len(ids) - 1), shortest - 1, -1):
        for begin in range(len(ids) - size - 1, -1, -1):
            if ids[begin : begin + size] == ids[-size:]:
                return ids[begin + size : begin + size + num_draft]
    return []


def speculative_ids(
    model,
    prompt: Sequence[int],
    max_new_tokens: int = 64,
    num_draft: int = 8,
    stop_ids: Sequence[int] = (),
    draft: Callable[[list[int], int], Sequence[int]] = lookup_draft,
) -> tuple[list[int], list[int]]:
    """Greedy text, with several tokens from a pass where the draft is right.

    One pass reads the newest token and the draft, k tokens in all, and gives the likeliest token after each. The draft is right
    as long as it says what the model says; the pass adds its right part and the model's own next token, at least one in all.
    What the cache holds of the wrong part is written over by the next pass, and nobody sees it before.

    Args:
        model: a `Llama`, or a model that `gpt.gpt` made.
        prompt: at least one token id.
        max_new_tokens: to add, at most.
        num_draft: tokens that a draft has, at most. A shorter one is filled up, so that only two programs are compiled: one for
            passes with a draft and one for passes without.
        stop_ids: the text ends before the first of these.
        draft: called as draft(ids so far, num_draft).

    Returns:
        The new ids, and for each pass how many tokens it gave. The first pass reads the prompt and gives one. A pass that holds a
        stop id, or goes beyond max_new_tokens, counts with all it gave.

    Raises:
        ValueError: an empty prompt, a number below 1, or a context that does not hold prompt, new tokens and one draft.
        TypeError: the model cannot keep a cache.

    Example:
        >>> speculative_ids(model, tokenizer.encode("1 2 3 4 1 2 3 4 1 2"), 8)[1]  # doctest: +SKIP
        [1, 7]

    Numerics: a pass over several tokens adds up in another order than a pass over one. Where two tokens are nearly equally likely
    (a gap of about 1e-4 in the logits in float32), the other one may be chosen.

    Source: Y. Leviathan et al. 2023, arXiv:2211.17192, §2.3, without sampling. Taught in: 3.6.
    """
    _at_least_one(max_new_tokens=max_new_tokens, num_draft=num_draft)
    runner = checker(model)
    logits, (_, cache, place, padding) = runner.prefill([prompt], max_new_tokens + num_draft)
    ids, counts = [*prompt, int(ops.convert_to_numpy(logits)[0].argmax())], [1]
    check = runner.choices()
    while len(ids) - len(prompt) < max_new_tokens and ids[-1] not in stop_ids:
        guess = [int(id) for id in draft(list(ids), num_draft)][:num_draft]
        read = [ids[-1], *guess, *[0] * (num_draft - len(guess))] if guess else ids[-1:]
        chosen, cache = check(np.array([read], "int32"), cache, place, padding)
        chosen = ops.convert_to_numpy(chosen)[0].tolist()
        right = next((i for i, id in enumerate(guess) if id != chosen[i]), len(guess))
        counts.append(right + 1)
        place += right + 1
        for id in chosen[: right + 1]:
            ids.append(id)
            if id in stop_ids:
                break
    new = ids[len(prompt) : len(prompt) + max_new_tokens]
    return next((new[:i] for i, id in enumerate(new) if id in stop_ids), new), counts


class Checker(CachedDecoder):
    """A decoder with a second kind of pass, which gives the likeliest token after *each* token that it reads.

    `choices()` returns it: (ids (1, k), cache, start, padding) to ids (1, k) and the next cache; the old cache is used up. The
    arguments are those of `CausalStack.hidden`. To take tokens back, hand in a smaller `start` the next time.
    """

    def __init__(self, model):
        super().__init__(model)
        self.choices = self._compiled(self._likeliest, 2)

    def _likeliest(self, ids, cache, start, padding):
        model = stack(self.model)
        x, cache = model.hidden(ids, cache, start, padding)
        logits = model.project(x)  # (1, k, vocab_size)
        # argmax, ten times as fast on XLA: the least id that has the largest logit
        largest = ops.max(logits, axis=-1, keepdims=True)
        ids = ops.arange(logits.shape[-1], dtype="int32")
        return ops.min(ops.where(logits >= largest, ids, logits.shape[-1] - 1), axis=-1), cache


def checker(model) -> Checker:
    """The checker of a model; it is made once, and keeps what was compiled.

    Raises:
        TypeError: the model cannot keep a cache.
    """
    if not decoder(model).cached:
        raise TypeError(f"checking a draft needs a model with a cache, a Llama or one of gpt.gpt, not {model.name!r}")
    if model not in _checkers or not _checkers[model].fits(model):
        _checkers[model] = Checker(model)
    return _checkers[model]


def _at_least_one(**numbers) -> None:
    for name, value in numbers.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
