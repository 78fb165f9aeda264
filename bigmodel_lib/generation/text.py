"""Continue a text: greedy or sampled, one prompt or several, all at once or as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bigmodel_lib.generation.decoder import decoder
from bigmodel_lib.generation.sampling import check_sampling, kept_tokens, sample
from bigmodel_lib.models.transformer import CausalStack

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
    top_p: float = 1.0,
    seed: int | None = None,
    use_cache: bool = True,
    return_log_probabilities: bool = False,
) -> str | list[str] | tuple:
    """Continue a prompt, or several at once.

    Args:
        model: any causal Keras model: it maps ids (batch, T) to logits (batch, T, vocab_size), as `Llama` and `gpt.gpt` do.
        tokenizer: has `encode` and `decode`; where it has `stop_ids`, generation ends early at one of them.
        prompt: a text, or a list of texts of any lengths.
        max_new_tokens: at most so many tokens are added to each prompt.
        temperature: 0 takes the likeliest token every time; above 0 samples.
        top_k, top_p: see `kept_tokens`; they matter only when sampling.
        seed: makes sampling repeatable. Each row of a batch draws from its own stream of numbers.
        use_cache: keeps keys and values of the tokens so far, where the model can (`Llama`, `gpt.gpt`); the text is the same
            without, and takes longer. A model without a cache computes its window anew for each token, and the window slides
            where the text outgrows the context; so does a `gpt.gpt`. A `Llama` with a cache does not slide.
        return_log_probabilities: whether to return the log-probabilities too.

    Returns:
        The continuation without the prompt; for a list of prompts, a list. With return_log_probabilities also, for each prompt,
        $\\log p$ of its new tokens in nats, under the model itself: temperature 1 and no cut.

    Raises:
        ValueError: an empty prompt, an argument out of range, or a prompt that leaves no room in the model's context.
        TypeError: the model is no causal Keras model, or the tokenizer lacks `encode` or `decode`.

    Example:
        >>> generate(model, tokenizer, "The capital of France is", max_new_tokens=1)  # doctest: +SKIP
        ' Paris'
    """
    prompts = [prompt] if isinstance(prompt, str) else list(prompt)
    stop_ids = check_tokenizer(tokenizer)
    new = generate_ids(
        model, [tokenizer.encode(text) for text in prompts], max_new_tokens, stop_ids, temperature, top_k, top_p, seed,
        use_cache, return_log_probabilities,
    )  # fmt: skip
    new, scores = new if return_log_probabilities else (new, None)
    texts = [tokenizer.decode(row) for row in new]
    if isinstance(prompt, str):
        return (texts[0], scores[0]) if return_log_probabilities else texts[0]
    return (texts, scores) if return_log_probabilities else texts


def check_tokenizer(tokenizer) -> Sequence[int]:
    """The ids at which generation stops; raises the one clear error for what is no tokenizer."""
    if not callable(getattr(tokenizer, "encode", None)) or not callable(getattr(tokenizer, "decode", None)):
        raise TypeError(
            f"generation needs a tokenizer with encode(text) -> ids and decode(ids) -> text, not a {type(tokenizer).__name__}"
        )
    return tuple(getattr(tokenizer, "stop_ids", ()))


def generate_ids(
    model,
    prompts: Sequence[Sequence[int]],
    max_new_tokens: int = 64,
    stop_ids: Sequence[int] = (),
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    seed: int | None = None,
    use_cache: bool = True,
    return_log_probabilities: bool = False,
) -> list[list[int]] | tuple[list[list[int]], list[np.ndarray]]:
    """`generate` on token ids: a list of prompts to a list of continuations, each without the stop id that ended it.

    Args:
        prompts: lists of token ids, of any lengths.
        stop_ids: a row ends before the first of these.

    Returns:
        For each prompt, at most max_new_tokens ids. With return_log_probabilities also the log-probabilities of each row's ids.
    """
    check_sampling(temperature, top_k, top_p)
    if not prompts:
        raise ValueError("generation needs at least one prompt, but the list is empty")
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens must not be negative, not {max_new_tokens}")
    runner = _runner(model, prompts, max_new_tokens, use_cache)
    if temperature == 0 and not return_log_probabilities:
        rows = runner.greedy(prompts, max_new_tokens, stop_ids)
        return [_before_stop(row.tolist(), stop_ids) for row in rows]
    steps = list(_sampled(runner, prompts, max_new_tokens, stop_ids, temperature, top_k, top_p, seed))
    rows = np.array([ids for ids, _ in steps], int).reshape(-1, len(prompts)).T
    new = [_before_stop(row.tolist(), stop_ids) for row in rows]
    if not return_log_probabilities:
        return new
    scores = np.array([scores for _, scores in steps], "float32").reshape(-1, len(prompts)).T
    return new, [row[: len(ids)] for row, ids in zip(scores, new)]


def stream(
    model,
    tokenizer,
    prompt: str,
    max_new_tokens: int = 64,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    seed: int | None = None,
) -> Iterator[str]:
    """Continue one prompt, piece by piece as it is computed. Joined, the pieces are what `generate` returns.

    A piece holds whole characters: one that spans several tokens waits for its last.

    Example:
        >>> for piece in stream(model, tokenizer, "Once upon a time"):  # doctest: +SKIP
        ...     print(piece, end="", flush=True)
    """
    ids, shown = [], ""
    stop_ids = check_tokenizer(tokenizer)
    prompts = [tokenizer.encode(prompt)]
    runner = _runner(model, prompts, max_new_tokens)
    for (id,), _ in _sampled(runner, prompts, max_new_tokens, stop_ids, temperature, top_k, top_p, seed):
        if id in stop_ids:
            break
        ids.append(int(id))
        text = tokenizer.decode(ids)
        if not text.endswith("\ufffd"):  # the mark of bytes that are not yet a character
            yield text[len(shown) :]
            shown = text
    if ids and (rest := tokenizer.decode(ids)[len(shown) :]):
        yield rest


def next_token_probabilities(
    model, tokenizer, prompt: str, temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """The tokens that may follow a prompt, and their probabilities, the likeliest first: see `kept_tokens`.

    Returns:
        Token ids (kept,) and probabilities (kept,) that sum to one.
    """
    check_tokenizer(tokenizer)
    logits, _ = decoder(model, use_cache=False).prefill([tokenizer.encode(prompt)], 1)
    return kept_tokens(ops.convert_to_numpy(logits)[0], temperature, top_k, top_p)


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
    messages = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    messages = [messages] if isinstance(messages, dict) else list(messages)
    if not messages:
        raise ValueError("a chat needs at least one message")
    if system and messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": system})
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError(f"a message's role must be system, user or assistant, not {message['role']!r}")
    said = "".join(f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in messages)
    return said + "<|im_start|>assistant\n"


def _runner(model, prompts, max_new_tokens, use_cache=True):
    """The decoder to use: a `gpt.gpt` whose text outgrows its context slides its window, which a cache cannot."""
    runner = decoder(model, use_cache)
    if runner.cached and not isinstance(model, CausalStack):
        if max(map(len, prompts)) + max_new_tokens > runner.seq_len:
            return decoder(model, use_cache=False)
    return runner


def _sampled(runner, prompts, max_new_tokens, stop_ids, temperature, top_k, top_p, seed) -> Iterator[tuple]:
    """Yield the next id of every row and its log-probability under the model, until all rows have stopped."""
    check_sampling(temperature, top_k, top_p)
    entropy = np.random.SeedSequence(seed)  # of the operating system where seed is None
    generators = [np.random.default_rng(child) for child in entropy.spawn(len(prompts))]
    logits, state = runner.prefill(prompts, max_new_tokens)
    running = np.ones(len(prompts), bool)
    for i in range(max_new_tokens):
        rows = ops.convert_to_numpy(logits).astype("float64")
        ids = [sample(row, rng, temperature, top_k, top_p) for row, rng in zip(rows, generators)]
        yield ids, rows[np.arange(len(ids)), ids] - np.logaddexp.reduce(rows, axis=1)
        running &= ~np.isin(ids, stop_ids)
        if not running.any() or i + 1 == max_new_tokens:
            return
        logits, state = runner.step(np.array(ids), state)


def _before_stop(ids: list[int], stop_ids: Sequence[int]) -> list[int]:
    return next((ids[:i] for i, id in enumerate(ids) if id in stop_ids), ids)
