"""The machinery below `generate`: padding, the cache, and one compiled step for each backend.

With a cache, prompts of unequal length are padded on the left, so that all rows write the same place of the cache and end at
the same place; `padding` says how many places of each row hold nothing. Without one, rows are padded on the right: what follows
a token never changes its logits. Lengths are rounded up, so that few shapes are ever compiled.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Sequence

from bigmodel_lib.models import gpt, transformer
from bigmodel_lib.models._backend import on_jax_cpu

import keras
import numpy as np
from keras import ops

PROMPT_STEP = 32  # prompts are padded to a multiple of this
CACHE_STEP = 128  # and caches to a multiple of this
LOOK_STEP = 8  # tokens between two looks for a stop id

_decoders: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def decoder(model, use_cache: bool = True) -> Decoder:
    """The decoder of a model; it is made once, and keeps what was compiled.

    Raises:
        TypeError: the model is no causal Keras model.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            "generation needs a causal Keras model, which maps ids (batch, T) to logits (batch, T, vocab_size), not a "
            f"{type(model).__name__}"
        )
    made = _decoders.setdefault(model, {})
    if use_cache not in made or not made[use_cache].fits(model):
        made[use_cache] = (CachedDecoder if use_cache and stack(model) is not None else Decoder)(model)
    return made[use_cache]


def stack(model):
    """What runs a model with a cache: the model itself, or the blocks of a `gpt.gpt`; None if it has none."""
    if isinstance(model, transformer.CausalStack):
        return model
    try:
        return gpt.Stack(model)
    except TypeError:
        return None


def context(model) -> int | None:
    """The most tokens that a model takes at once; None if it does not say."""
    return getattr(model, "seq_len", None) or (model.input_shape[1] if hasattr(model, "input_shape") else None)


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
    """Runs any causal model, without a cache: each new token computes the whole window again.

    A text that outgrows the context is cut at its beginning: the window slides.

    Args:
        model: maps ids (batch, T) to logits (batch, T, vocab_size); what follows a token must not change its logits. The decoder
            keeps no weights of its own, so that a model that was trained or quantized meanwhile is right.

    Raises:
        TypeError: the model has another number of inputs or axes.
    """

    cached = False

    def __init__(self, model):
        inputs, width = getattr(model, "inputs", None) or [None], context(model)
        shape = model.compute_output_shape((1, width or 1))
        if len(inputs) != 1 or len(shape) != 3:
            raise TypeError(
                "generation needs a causal Keras model, which maps ids (batch, T) to logits (batch, T, vocab_size), not one of "
                f"{len(inputs)} inputs that gives {shape}: {model.name!r}"
            )
        self._model = weakref.ref(model)  # the table of decoders must not keep the model alive
        self._variables = model.variables
        self.vocab_size, self.seq_len = shape[-1], width
        self._fixed = getattr(model, "input_shape", (None, None))[1]
        self._window, self._score_logits, self._score_tokens = map(
            self._compiled, (self._last_logits, self._all_logits, self._token_scores)
        )

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
            ValueError: an empty prompt, an id out of range, or (with a cache) a prompt that leaves no room for the new tokens.
        """
        for ids in prompts:
            check_ids(ids, self.vocab_size)
        rows = [list(ids) for ids in prompts]
        return self._next(rows), rows

    def step(self, ids: np.ndarray, state) -> tuple:
        """Feed one token (batch,) of each row; returns the logits after it and the next state. The old state is used up."""
        rows = [[*row, int(id)] for row, id in zip(state, ids)]
        return self._next(rows), rows

    def greedy(self, prompts: Sequence[Sequence[int]], max_new_tokens: int, stop_ids: Sequence[int]) -> np.ndarray:
        """The likeliest token again and again, until every row has met a stop id: (batch, at most max_new_tokens) ids."""
        logits, state = self.prefill(prompts, max_new_tokens)
        made, running = [], np.ones(len(prompts), bool)
        while len(made) < max_new_tokens and running.any():
            made.append(ops.convert_to_numpy(logits).argmax(-1))
            running &= ~np.isin(made[-1], stop_ids)
            if len(made) < max_new_tokens and running.any():
                logits, state = self.step(made[-1], state)
        return np.array(made, "int32").reshape(-1, len(prompts)).T

    def logits(self, ids: np.ndarray) -> np.ndarray:
        """(seq_len, vocab_size) logits of one sequence, without a cache."""
        return ops.convert_to_numpy(self._score_logits()(self._padded([ids])))[0, : len(ids)]

    def log_probabilities(self, rows: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """For each row the (len(row) - 1,) log-probabilities of the tokens after its first, without a cache."""
        scores = ops.convert_to_numpy(self._score_tokens()(self._padded(rows)))
        return [row[: len(ids) - 1] for row, ids in zip(scores, rows)]

    def _next(self, rows):
        rows = [row if self.seq_len is None else row[-self.seq_len :] for row in rows]
        last = np.array([len(row) - 1 for row in rows], "int32")
        return self._window()(self._padded(rows), last)

    def _padded(self, rows) -> np.ndarray:
        """(batch, rounded length): what follows a token never changes its logits, so the padding goes to the right."""
        longest = round_up(max(map(len, rows)), PROMPT_STEP)
        width = self._fixed or (longest if self.seq_len is None else min(longest, self.seq_len))
        padded = np.zeros((len(rows), width), "int32")
        for row, ids in zip(padded, rows):
            row[: len(ids)] = ids
        return padded

    # ---------------------------------------------------------------- what is compiled

    def _all_logits(self, ids):
        return self.model(ids, training=False)

    def _last_logits(self, ids, last):
        return ops.take_along_axis(self._all_logits(ids), last[:, None, None], axis=1)[:, 0]

    def _token_scores(self, ids):
        logits = self._all_logits(ids)[:, :-1]
        target = ops.take_along_axis(logits, ids[:, 1:, None], axis=-1)[..., 0]
        return target - ops.logsumexp(logits, axis=-1)

    def _compiled(self, function, donated=()):
        """A function that returns `function`, compiled where the backend can and with the weights as they are now."""
        compiler = {"jax": self._jax, "tensorflow": self._tensorflow, "torch": self._torch}[keras.backend.backend()]
        return compiler(function, donated)

    def _jax(self, function, donated):
        """The weights are an argument, so that they are neither copied nor frozen into the program."""
        import jax

        def run(values, *arguments):
            with keras.StatelessScope(state_mapping=list(zip(self._variables, values))):
                return function(*arguments)

        compiled = jax.jit(run, donate_argnums=donated, compiler_options=_compiler_options())
        return lambda: functools.partial(compiled, [variable.value for variable in self._variables])

    def _tensorflow(self, function, donated):
        import tensorflow as tf

        compiled = tf.function(function, reduce_retracing=True)
        return lambda: lambda *arguments: compiled(*tf.nest.map_structure(tf.convert_to_tensor, arguments))

    def _torch(self, function, donated):
        import torch

        def run(*arguments):
            with torch.no_grad():
                return function(*(ops.convert_to_tensor(a) if isinstance(a, np.ndarray) else a for a in arguments))

        return lambda: run


class CachedDecoder(Decoder):
    """Runs a `Llama`, or a model that `gpt.gpt` made, with a cache: each new token computes itself alone."""

    cached = True

    def __init__(self, model):
        super().__init__(model)
        donated = 2  # the cache is written in place
        self._advance = self._compiled(self._forward, donated)
        self._advance_greedy = self._compiled(self._forward_greedy, donated)

    def prefill(self, prompts: Sequence[Sequence[int]], max_new_tokens: int) -> tuple:
        for ids in prompts:
            check_ids(ids, self.vocab_size)
            if len(ids) + max_new_tokens > self.seq_len:
                raise ValueError(
                    f"the model's context holds {self.seq_len} tokens, but the prompt has {len(ids)} and "
                    f"{max_new_tokens} new ones are asked for: shorten the prompt or ask for fewer"
                )
        width = min(round_up(max(map(len, prompts)), PROMPT_STEP), self.seq_len)
        length = round_up(width + max_new_tokens, CACHE_STEP)
        padded = np.zeros((len(prompts), width), "int32")
        for row, ids in zip(padded, prompts):
            row[width - len(ids) :] = ids
        padding = ops.convert_to_tensor(np.array([width - len(ids) for ids in prompts], "int32"))
        advance = self._advance()
        logits, cache = advance(padded, stack(self.model).empty_cache(len(prompts), length), 0, padding)
        return logits, (advance, cache, width, padding)

    def step(self, ids: np.ndarray, state: tuple) -> tuple:
        advance, cache, start, padding = state
        logits, cache = advance(np.asarray(ids, "int32")[:, None], cache, start, padding)
        return logits, (advance, cache, start + 1, padding)

    def greedy(self, prompts: Sequence[Sequence[int]], max_new_tokens: int, stop_ids: Sequence[int]) -> np.ndarray:
        """As `Decoder.greedy`; up to `LOOK_STEP` ids may follow the last stop.

        A computed id goes back into the model without a visit to Python, which looks at the ids only now and then: a
        backend that computes asynchronously need not wait between two tokens.
        """
        logits, (_, cache, start, padding) = self.prefill(prompts, max_new_tokens)
        ids = ops.cast(ops.argmax(logits, axis=-1), "int32")
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
                ids, cache = advance(ids, cache, start, padding)
                start += 1
        return np.array([ops.convert_to_numpy(row) for row in rows], "int32").reshape(-1, len(prompts)).T

    def _forward(self, ids, cache, start, padding):
        model = stack(self.model)
        x, cache = model.hidden(ids, cache, start, padding)
        return model.project(x[:, -1:])[:, 0], cache

    def _forward_greedy(self, ids, cache, start, padding):
        logits, cache = self._forward(ids[:, None], cache, start, padding)
        # argmax, ten times as fast on XLA: the least id that has the largest logit
        largest = ops.max(logits, axis=-1, keepdims=True)
        ids = ops.arange(logits.shape[-1], dtype="int32")
        return ops.min(ops.where(logits >= largest, ids, logits.shape[-1] - 1), axis=-1), cache


@functools.cache
def _compiler_options() -> dict:
    """Options for XLA on a CPU: with vectors of 512 bits it reads the weights up to a third faster.

    Without AVX-512 it splits them in two, which costs nothing. An XLA that does not know the option does without it.
    """
    import jax

    if not on_jax_cpu():
        return {}
    options = {"xla_cpu_prefer_vector_width": 512}
    try:
        jax.jit(lambda x: x + 1, compiler_options=options).lower(1.0).compile()
    except RuntimeError:  # jax.errors.JaxRuntimeError: no such compile option
        return {}
    return options
