"""Programs from a language model: many continuations of each prompt, cut where the function ends, and how many of k would do."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from bigmodel_lib.generation.decoder import decoder
from bigmodel_lib.generation.sampling import check_sampling

import keras
import numpy as np
from keras import ops

__all__ = ["function_body", "parses", "pass_at_k", "sample_many"]

LOOK_STEP = 4  # tokens between two looks whether a row has ended
SMALLEST_BATCH = 8  # below it a step takes hardly less time


def pass_at_k(n: int, correct, k: int) -> np.ndarray | float:
    """The chance that at least one of k programs passes, estimated without bias from n programs of which some pass.

    $$ \\text{pass@}k = 1 - \\binom{n - c}{k} / \\binom{n}{k} $$

    is the share of all choices of k of the n programs that hold one of the c right ones.

    Args:
        n: programs that were tried.
        correct: c, how many of them passed; a number, or an array with one for each problem.
        k: programs that one may hand in, 1 ≤ k ≤ n.

    Returns:
        The estimate for each problem, in the shape of `correct`; their mean is the pass@k of a set of problems.

    Raises:
        ValueError: k is not in 1 … n, or some c is not in 0 … n.

    Example:
        >>> pass_at_k(4, 1, 2)
        0.5
        >>> pass_at_k(4, [0, 1, 4], 1).tolist()
        [0.0, 0.25, 1.0]

    Source: M. Chen et al. 2021, arXiv:2107.03374, §2.1. Taught in: 4.8.
    """
    c = np.asarray(correct)
    if not 1 <= k <= n:
        raise ValueError(f"k must be in 1 … n = {n}, not {k}: of n programs no more than n can be handed in")
    if c.size and not (c.min() >= 0 and c.max() <= n):
        raise ValueError(f"of n = {n} programs 0 to {n} can be right, not {c.min()} to {c.max()}")
    # the first is wrong with chance (n - c) / n, the next with (n - c - 1) / (n - 1), …
    wrong = (n - c)[..., None] - np.arange(k)
    none_right = np.prod(np.maximum(wrong, 0) / (n - np.arange(k)), axis=-1)
    return 1 - none_right if c.ndim else float(1 - none_right)


def function_body(text: str) -> str:
    """What belongs to a function of a model's continuation: all before the first line that begins at the left edge.

    Args:
        text: what follows the docstring, from its line break on.

    Returns:
        The lines of the body, each with its line break; "" if there are none.

    Example:
        >>> function_body("\\n    return 1\\n\\nprint(f(2))\\n")
        '    return 1\\n'
    """
    kept: list[str] = []
    for line in text.split("\n"):
        if line[:1] not in ("", " ", "\t", "\r"):
            break
        kept.append(line.rstrip())
    while kept and not kept[-1]:
        kept.pop()
    while kept and not kept[0]:
        kept.pop(0)
    return "".join(line + "\n" for line in kept)


def has_ended(text: str) -> bool:
    """Whether a continuation has gone past its function: a line after the first begins at the left edge."""
    return any(line[:1] not in ("", " ", "\t", "\r") for line in text.split("\n")[1:])


def parses(code: str) -> bool:
    """Whether a text is Python that can be parsed. It is not run.

    Example:
        >>> parses("def f(x): return x"), parses("def f(x: return x")
        (True, False)
    """
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def sample_many(
    model,
    tokenizer,
    prompts: Sequence[str],
    samples: int = 1,
    max_new_tokens: int = 64,
    temperature: float = 0.0,
    seed: int = 0,
    batch: int = 64,
    ended: Callable[[str], bool] = has_ended,
) -> list[list[str]]:
    """Several continuations of each prompt, many rows at a time.

    A prompt is read once, and its cache copied for all of its samples. When half of the rows have ended, the others go on
    alone, in half the batch: a processor that is busy computing, as a CPU is here, then takes half the time for a token.

    Args:
        model, tokenizer: a model with a cache, and its tokenizer.
        prompts: texts.
        samples: continuations of each; with temperature 0 all are alike, so ask for one.
        max_new_tokens: of each continuation.
        temperature: 0 takes the likeliest token; above 0 samples from all tokens.
        seed: makes it repeatable.
        batch: rows at a time.
        ended: says of a continuation whether no more of it is needed.

    Returns:
        For each prompt a list of `samples` texts. One that has ended may go on for a few tokens.

    Raises:
        ValueError: an argument out of range, or no prompts.
    """
    check_sampling(temperature, None, 1.0)
    if samples < 1 or batch < 1 or not prompts:
        raise ValueError(f"at least one prompt, sample and row are needed, not {len(prompts)}, {samples} and {batch}")
    runner, rng = decoder(model), np.random.default_rng(seed)
    if not runner.cached:
        raise ValueError("sample_many needs a model with a cache, such as a Llama")
    ids = [tokenizer.encode(prompt) for prompt in prompts]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    size = min(len(ids), max(1, batch // samples))  # prompts at a time
    groups = -(-len(ids) // size)
    found: list[list[str]] = [[] for _ in prompts]
    for first in range(groups):
        # short and long prompts, and filled up: all groups have shapes that are compiled once
        part = order[first::groups]
        group = [ids[i] for i in part + part[-1:] * (size - len(part))]
        room = max_new_tokens + len(ids[order[-1]]) - max(map(len, group))  # as much in each cache
        texts = _continued(runner, tokenizer, group, len(part), samples, max_new_tokens, room, temperature, rng, ended)
        for at, i in enumerate(part):
            found[i] = texts[at * samples : (at + 1) * samples]
    return found


def _continued(runner, tokenizer, group, count, samples, max_new_tokens, room, temperature, rng, ended) -> list[str]:
    """`samples` continuations of each of the first `count` prompts of a group, those of one prompt side by side."""
    alive = np.arange(len(group) * samples)  # which of all rows each row of the batch is
    logits, state = runner.prefill(group, room)
    logits, state = _rows(logits, state, alive // samples)
    made, open_ = [[] for _ in alive], set(range(count * samples))
    stop_ids = set(getattr(tokenizer, "stop_ids", ()))
    for step in range(1, max_new_tokens + 1):
        new = _drawn(ops.convert_to_numpy(logits), temperature, rng)
        for row, id in zip(alive.tolist(), new.tolist()):
            if row in open_ and id in stop_ids:
                open_.remove(row)
            elif row in open_:
                made[row].append(id)
        if step % LOOK_STEP == 0:
            open_ -= {row for row in open_ if ended(tokenizer.decode(made[row]))}
        if not open_ or step == max_new_tokens:
            break
        if len(open_) <= len(alive) // 2 >= SMALLEST_BATCH:
            places = [at for at, row in enumerate(alive.tolist()) if row in open_]
            places = np.resize(places, len(alive) // 2)  # filled up with rows that are there already
            keep = np.arange(len(places)) < len(open_)
            new, alive, state = new[places], np.where(keep, alive[places], -1), _rows(logits, state, places)[1]
        logits, state = runner.step(new, state)
    return [tokenizer.decode(row) for row in made]


def _drawn(logits: np.ndarray, temperature: float, rng: np.random.Generator) -> np.ndarray:
    """A token for each row: the likeliest, or drawn from the softmax by its running sum."""
    if temperature == 0:
        return logits.argmax(-1)
    sums = np.cumsum(np.exp((logits - logits.max(-1, keepdims=True)) / temperature), axis=-1, dtype="float64")
    level = rng.random(len(sums)) * sums[:, -1]
    drawn = [np.searchsorted(row, at, side="right") for row, at in zip(sums, level)]
    return np.minimum(drawn, logits.shape[-1] - 1)


def _rows(logits, state, places: np.ndarray):
    """Rows of the logits and of the decoder's state, repeated or left out. The cache has several of them side by side."""
    advance, cache, start, padding = state

    def take(array):
        each = array.shape[0] // padding.shape[0]
        return ops.take(array, (places[:, None] * each + np.arange(each)).ravel(), axis=0)

    return take(logits), (advance, keras.tree.map_structure(take, cache), start, take(padding))
