"""The machinery below `generate`: padding, the cache, and one compiled step for each backend.

Prompts of unequal length are padded on the left, so that all rows write the same place of the cache and end at the same
place; `first` says where each row really begins. Lengths are rounded up, so that few shapes are ever compiled.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

PROMPT_STEP = 32  # prompts are padded to a multiple of this
CACHE_STEP = 128  # and caches to a multiple of this
LOOK_STEP = 8  # tokens between two looks for a stop id

_decoders: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def decoder(model) -> Decoder:
    """The decoder of a model; it is made once, and keeps what was compiled."""
    if model not in _decoders or not _decoders[model].fits(model):
        _decoders[model] = Decoder(model)
    return _decoders[model]


def check_ids(ids: Sequence[int], vocab_size: int) -> None:
    """Raise the one clear error for a prompt without tokens, or with ids that the model does not have."""
    if len(ids) == 0:
        raise ValueError("the prompt must have at least one token, but it is empty")
    for id in (min(ids), max(ids)):
        if not 0 <= id < vocab_size:
            raise ValueError(f"token ids must be in 0 … {vocab_size - 1}, but the prompt has {id}")


def round_up(length: int, step: int) -> int:
    return -(-length // step) * step


class Decoder:
    """Runs a `Llama` with a cache.

    Args:
        model: the decoder keeps no weights of its own, so that a model that was trained or quantized meanwhile is right.
    """

    def __init__(self, model):
        self._model = weakref.ref(model)  # the table of decoders must not keep the model alive
        self._variables = model.variables
        self._compile()

    def fits(self, model) -> bool:
        """Whether the model still has the variables that it was compiled with; LoRA and quantization bring others."""
        now = model.variables
        return len(now) == len(self._variables) and all(a is b for a, b in zip(now, self._variables))

    @property
    def model(self):
        return self._model()

    def prefill(self, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> tuple:
        """Run the prompts through the model.

        Returns:
            Logits (batch, vocab_size) of each row's next token, and the state to hand to `step`.

        Raises:
            ValueError: an empty prompt, an id out of range, or a prompt that leaves no room for the new tokens.
        """
        model = self.model
        for ids in prompts:
            check_ids(ids, model.vocab_size)
            if len(ids) + max_new_tokens > model.max_seq_len:
                raise ValueError(
                    f"the model's context holds {model.max_seq_len} tokens, but the prompt has {len(ids)} and "
                    f"{max_new_tokens} new ones are asked for: shorten the prompt or ask for fewer"
                )
        width = min(round_up(max(map(len, prompts)), PROMPT_STEP), model.max_seq_len)
        padded = np.zeros((len(prompts), width), "int32")
        for row, ids in zip(padded, prompts):
            row[width - len(ids) :] = ids
        first = ops.convert_to_tensor(np.array([width - len(ids) for ids in prompts], "int32"))
        cache = model.empty_cache(len(prompts), round_up(width + max_new_tokens, CACHE_STEP))
        logits, cache = self._advance()(padded, cache, 0, first)
        return logits, (cache, width, first)

    def step(self, ids: np.ndarray, state: tuple) -> tuple:
        """Feed one token (batch,) of each row; returns the logits after it and the next state. The old state is used up."""
        cache, start, first = state
        logits, cache = self._advance()(np.asarray(ids, "int32")[:, None], cache, start, first)
        return logits, (cache, start + 1, first)

    def greedy(self, prompts: Sequence[Sequence[int]], max_new_tokens: int, stop_ids: Sequence[int]) -> np.ndarray:
        """The likeliest token again and again, until every row has met a stop id.

        A computed id goes back into the model without a visit to Python, which looks at the ids only now and then: a
        backend that computes asynchronously need not wait between two tokens.

        Returns:
            (batch, at most max_new_tokens) ids; up to `LOOK_STEP` of them may follow the last stop.
        """
        found, state = self.prefill(prompts, max_new_tokens)
        ids = ops.cast(ops.argmax(found, axis=-1), "int32")
        rows, running = [], np.ones(len(prompts), bool)
        advance = self._advance_greedy()
        while len(rows) < max_new_tokens:
            rows.append(ids)
            if len(rows) % LOOK_STEP == 0 or len(rows) == max_new_tokens:
                seen = np.stack([ops.convert_to_numpy(row) for row in rows[-LOOK_STEP:]])
                running &= ~np.isin(seen, stop_ids).any(axis=0)
                if not running.any():
                    break
            if len(rows) < max_new_tokens:
                cache, start, first = state
                ids, cache = advance(ids, cache, start, first)
                state = (cache, start + 1, first)
        return np.array([ops.convert_to_numpy(row) for row in rows], "int32").reshape(-1, len(prompts)).T

    def logits(self, ids: np.ndarray) -> np.ndarray:
        """(seq_len, vocab_size) logits of one sequence, without a cache."""
        return ops.convert_to_numpy(self._score_logits()(self._padded(ids)))[0, : len(ids)]

    def log_probabilities(self, ids: np.ndarray) -> np.ndarray:
        """(seq_len - 1,) log-probabilities of the tokens after the first, without a cache."""
        return ops.convert_to_numpy(self._score_tokens()(self._padded(ids)))[0, : len(ids) - 1]

    def _padded(self, ids: np.ndarray) -> np.ndarray:
        """(1, rounded length): what follows a token never changes its logits, so the padding goes to the right."""
        padded = np.zeros((1, min(round_up(len(ids), PROMPT_STEP), self.model.max_seq_len)), "int32")
        padded[0, : len(ids)] = ids
        return padded

    # ---------------------------------------------------------------- what is compiled

    def _forward(self, ids, cache, start, first):
        model = self.model
        x, cache = model.hidden(ids, cache, start, first)
        return model.project(x[:, -1]), cache

    def _forward_greedy(self, ids, cache, start, first):
        found, cache = self._forward(ids[:, None], cache, start, first)
        return ops.cast(ops.argmax(found, axis=-1), "int32"), cache

    def _all_logits(self, ids):
        return self.model.project(self.model.hidden(ids)[0])

    def _token_scores(self, ids):
        logits = self._all_logits(ids)[:, :-1]
        target = ops.take_along_axis(logits, ids[:, 1:, None], axis=-1)[..., 0]
        return target - ops.logsumexp(logits, axis=-1)

    def _compile(self) -> None:
        """Set the functions that run the model, each of them compiled where the backend can."""
        names = {"_advance": self._forward, "_advance_greedy": self._forward_greedy}
        names |= {"_score_logits": self._all_logits, "_score_tokens": self._token_scores}
        compiler = {"jax": self._jax, "tensorflow": self._tensorflow, "torch": self._torch}[keras.backend.backend()]
        for name, function in names.items():
            setattr(self, name, compiler(function))

    # Each returns a function that returns `function`, compiled and with the weights as they are now.

    def _jax(self, function):
        """The weights are an argument, so that they are neither copied nor frozen into the program."""
        import jax

        def run(values, *arguments):
            with keras.StatelessScope(state_mapping=list(zip(self._variables, values))):
                return function(*arguments)

        caching = function in (self._forward, self._forward_greedy)
        donated = 2 if caching else ()  # the cache is written in place
        compiled = jax.jit(run, donate_argnums=donated, compiler_options=_compiler_options())
        return lambda: functools.partial(compiled, [variable.value for variable in self._variables])

    def _tensorflow(self, function):
        import tensorflow as tf

        compiled = tf.function(function, reduce_retracing=True)
        return lambda: lambda *arguments: compiled(*tf.nest.map_structure(tf.convert_to_tensor, arguments))

    def _torch(self, function):
        import torch

        def run(ids, *others):
            with torch.no_grad():
                return function(ops.convert_to_tensor(ids), *others)

        return lambda: run


@functools.cache
def _compiler_options() -> dict:
    """Options for XLA on a CPU: with vectors of 512 bits it reads the weights up to a third faster.

    Without AVX-512 it splits them in two, which costs nothing. An XLA that does not know the option does without it.
    """
    import jax

    options = {"xla_cpu_prefer_vector_width": 512}
    if jax.default_backend() != "cpu":
        return {}
    try:
        jax.jit(lambda x: x + 1, compiler_options=options).lower(1.0).compile()
    except RuntimeError:  # jax.errors.JaxRuntimeError: no such compile option
        return {}
    return options
