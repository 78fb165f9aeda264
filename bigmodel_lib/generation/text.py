"""Continue a text: greedy or sampled, one prompt or several, all at once or as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bigmodel_lib.generation.decoder import decoder
from bigmodel_lib.generation.sampling import check_sampling, kept_tokens, sample

import numpy as np
from keras import ops

SMOLLM_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def generate(
    model,
    tokenizer,
    prompt: str | Sequence[str],
    max_new_tokens: int = 64,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> str | list[str]:
    """Continue a prompt, or several at once.

    Args:
        model: a `Llama`.
        tokenizer: its `Tokenizer`; generation ends early at one of its `stop_ids`.
        prompt: a text, or a list of texts of any lengths.
        max_new_tokens: at most so many tokens are added to each prompt.
        temperature: 0 takes the likeliest token every time; above 0 samples.
        top_k, top_p: see `kept_tokens`; they matter only when sampling.
        seed: makes sampling repeatable. Each row of a batch draws from its own stream of numbers.

    Returns:
        The continuation without the prompt; for a list of prompts, a list.

    Raises:
        ValueError: an empty prompt, an argument out of range, or a prompt that leaves no room in the model's context.

    Example:
        >>> generate(model, tokenizer, "The capital of France is", max_new_tokens=1)
        ' Paris'
    """
    prompts = [prompt] if isinstance(prompt, str) else list(prompt)
    ids = [tokenizer.encode(text) for text in prompts]
    new = generate_ids(model, ids, max_new_tokens, tokenizer.stop_ids, temperature, top_k, top_p, seed)
    texts = [tokenizer.decode(row) for row in new]
    return texts[0] if isinstance(prompt, str) else texts


def generate_ids(
    model,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int = 64,
    stop_ids: Sequence[int] = (),
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> list[list[int]]:
    """`generate` on token ids: a list of prompts to a list of continuations, each without the stop id that ended it.

    Args:
        prompts: lists of token ids, of any lengths.
        stop_ids: a row ends before the first of these.

    Returns:
        For each prompt, at most max_new_tokens ids.
    """
    check_sampling(temperature, top_k, top_p)
    if not prompts:
        raise ValueError("generation needs at least one prompt, but the list is empty")
    if temperature == 0:
        rows = decoder(model).greedy(prompts, max_new_tokens, stop_ids)
    else:
        steps = _sampled(model, prompts, max_new_tokens, stop_ids, temperature, top_k, top_p, seed)
        rows = np.array(list(steps)).reshape(-1, len(prompts)).T
    return [_before_stop(row.tolist(), stop_ids) for row in rows]


def stream(
    model,
    tokenizer,
    prompt: str,
    max_new_tokens: int = 64,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> Iterator[str]:
    """Continue one prompt, piece by piece as it is computed. Joined, the pieces are what `generate` returns.

    A piece holds whole characters: one that spans several tokens waits for its last.

    Example:
        >>> for piece in stream(model, tokenizer, "Once upon a time"):
        ...     print(piece, end="", flush=True)
    """
    ids, shown = [], ""
    steps = _sampled(
        model, [tokenizer.encode(prompt)], max_new_tokens, tokenizer.stop_ids, temperature, top_k, top_p, seed
    )
    for (id,) in steps:
        if id in tokenizer.stop_ids:
            break
        ids.append(int(id))
        text = tokenizer.decode(ids)
        if not text.endswith("\ufffd"):  # the mark of bytes that are not yet a character
            yield text[len(shown) :]
            shown = text
    if ids and (rest := tokenizer.decode(ids)[len(shown) :]):
        yield rest


def next_token_probabilities(
    model, tokenizer, prompt: str, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The tokens that may follow a prompt, and their probabilities, the likeliest first: see `kept_tokens`.

    Returns:
        Token ids (kept,) and probabilities (kept,) that sum to one.
    """
    found, _ = decoder(model).prefill([tokenizer.encode(prompt)], 1)
    return kept_tokens(ops.convert_to_numpy(found)[0], temperature, top_k, top_p)


def chat_prompt(messages: str | Sequence[dict], system: str = SMOLLM_SYSTEM) -> str:
    """The text that a chat model of the SmolLM2 family was trained to answer (ChatML).

    Args:
        messages: dictionaries with ``role`` ("system", "user" or "assistant") and ``content``; a text is one user message.
        system: put first where the messages do not begin with a system message; "" leaves it out.

    Returns:
        The prompt, which ends where the assistant begins to write.

    Raises:
        ValueError: an unknown role, or no messages.

    Example:
        >>> chat_prompt("Hello", system="")
        '<|im_start|>user\\nHello<|im_end|>\\n<|im_start|>assistant\\n'
    """
    messages = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
    if not messages:
        raise ValueError("a chat needs at least one message")
    if system and messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": system})
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(f"a message's role must be system, user or assistant, not {message['role']!r}")
    said = "".join(f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in messages)
    return said + "<|im_start|>assistant\n"


def _sampled(model, prompts, max_new_tokens, stop_ids, temperature, top_k, top_p, seed) -> Iterator[list[int]]:
    """Yield the next id of every row, until all rows have stopped."""
    check_sampling(temperature, top_k, top_p)
    runner = decoder(model)
    entropy = np.random.SeedSequence(seed)  # of the operating system where seed is None
    generators = [np.random.default_rng(child) for child in entropy.spawn(len(prompts))]
    found, state = runner.prefill(prompts, max_new_tokens)
    running = np.ones(len(prompts), bool)
    for i in range(max_new_tokens):
        rows = ops.convert_to_numpy(found)
        ids = [sample(row, rng, temperature, top_k, top_p) for row, rng in zip(rows, generators)]
        yield ids
        running &= ~np.isin(ids, stop_ids)
        if not running.any() or i + 1 == max_new_tokens:
            return
        found, state = runner.step(np.array(ids), state)


def _before_stop(ids: list[int], stop_ids: Sequence[int]) -> list[int]:
    return next((ids[:i] for i, id in enumerate(ids) if id in stop_ids), ids)
