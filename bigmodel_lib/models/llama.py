"""Decoders of the Llama family in Keras, and SmolLM2-135M-Instruct with its published weights.

A block is: RMS norm, attention with rotary positions and fewer key/value heads than query heads, RMS norm, SwiGLU. The
matrices that read the same input are one `Dense` layer each (queries with keys and values, gate with up), which is faster
and changes no number. Decoding with a cache lives in `bigmodel_lib.generation`.
"""

from __future__ import annotations

import pathlib

from bigmodel_lib import assets
from bigmodel_lib.models.gguf import GGUF
from bigmodel_lib.tokenizers import Tokenizer

import keras
import numpy as np
from keras import layers, ops


def rotate(x, cos, sin):
    """Turn pairs of features by position-dependent angles, $(a, b) \\to (a\\cos - b\\sin,\\; b\\cos + a\\sin)$.

    Feature i of the first half is paired with feature i of the second half.

    Args:
        x: (batch, heads, seq_len, head_dim).
        cos, sin: of the angles, (batch or 1, 1, seq_len, head_dim / 2).

    Source: J. Su et al. 2021, arXiv:2104.09864, §3.2.
    """
    a, b = ops.split(x, 2, axis=-1)
    return ops.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


@keras.saving.register_keras_serializable("bigmodel_lib")
class LlamaBlock(layers.Layer):
    """One block: $x + W_o\\,\\mathrm{attention}(\\mathrm{norm}(x))$, then $x + W_d(\\mathrm{silu}(g) \\odot u)$.

    Args: as in `Llama`.
    """

    def __init__(self, d_model, num_heads, num_kv_heads, head_dim, d_ff, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.d_model, self.num_heads, self.num_kv_heads, self.head_dim = d_model, num_heads, num_kv_heads, head_dim
        self.d_ff, self.epsilon = d_ff, epsilon

        def dense(units, name):
            return layers.Dense(
                units, use_bias=False, kernel_initializer=_initializer(), dtype=self.dtype_policy, name=name
            )

        def norm(name):
            return layers.RMSNormalization(epsilon=epsilon, dtype=self.dtype_policy, name=name)

        self.attention_norm = norm("attention_norm")
        self.qkv = dense((num_heads + 2 * num_kv_heads) * head_dim, "qkv")
        self.attention_output = dense(d_model, "attention_output")
        self.ffn_norm = norm("ffn_norm")
        self.gate_up = dense(2 * d_ff, "gate_up")
        self.down = dense(d_model, "down")

    def build(self, input_shape):
        for layer in (self.attention_norm, self.qkv, self.ffn_norm, self.gate_up):
            layer.build((None, None, self.d_model))
        self.attention_output.build((None, None, self.num_heads * self.head_dim))
        self.down.build((None, None, self.d_ff))
        self.built = True

    def call(self, x, cos, sin, allowed, cache=None, start=0):
        """Apply the block to (B, T, d_model).

        Args:
            cos, sin: of the rotary angles, (B or 1, 1, T, head_dim / 2).
            allowed: which of the S keys a position may see, boolean (B or 1, 1, 1, T, S).
            cache: keys and values of all earlier positions, each (B · num_kv_heads, S, head_dim), or None.
            start: place in the cache of the first of the T positions.

        Returns:
            The output (B, T, d_model), and the cache with these T positions written into it (None without a cache).
        """
        batch, seq_len = ops.shape(x)[0], ops.shape(x)[1]
        heads, kv, groups = self.num_heads, self.num_kv_heads, self.num_heads // self.num_kv_heads

        qkv = self.qkv(self.attention_norm(x))
        qkv = ops.transpose(ops.reshape(qkv, (batch, seq_len, heads + 2 * kv, self.head_dim)), (0, 2, 1, 3))
        turned, values = rotate(qkv[:, : heads + kv], cos, sin), qkv[:, heads + kv :]
        queries = turned[:, :heads]
        keys = ops.reshape(turned[:, heads:], (batch * kv, seq_len, self.head_dim))
        values = ops.reshape(values, (batch * kv, seq_len, self.head_dim))
        if cache is not None:
            keys = ops.slice_update(cache[0], (0, start, 0), keys)
            values = ops.slice_update(cache[1], (0, start, 0), values)
            cache = (keys, values)

        # Query heads that share a key head become rows of one product: (B · kv, groups · T, head_dim)
        queries = ops.reshape(queries, (batch * kv, groups * seq_len, self.head_dim))
        scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1))) / self.head_dim**0.5
        scores = ops.reshape(ops.cast(scores, "float32"), (batch, kv, groups, seq_len, -1))
        weights = ops.softmax(ops.where(allowed, scores, -1e9), axis=-1)
        weights = ops.cast(ops.reshape(weights, (batch * kv, groups * seq_len, -1)), values.dtype)
        mixed = ops.reshape(ops.matmul(weights, values), (batch, heads, seq_len, self.head_dim))
        mixed = ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (batch, seq_len, heads * self.head_dim))
        x = x + self.attention_output(mixed)

        gate_up = self.gate_up(self.ffn_norm(x))
        return x + self.down(ops.silu(gate_up[..., : self.d_ff]) * gate_up[..., self.d_ff :]), cache

    def compute_output_shape(self, input_shape, *args, **kwargs):
        return input_shape

    def get_config(self):
        own = ("d_model", "num_heads", "num_kv_heads", "head_dim", "d_ff", "epsilon")
        return super().get_config() | {name: getattr(self, name) for name in own}


@keras.saving.register_keras_serializable("bigmodel_lib")
class Llama(keras.Model):
    """A decoder of the Llama family: token ids (batch, seq_len) to logits (batch, seq_len, vocab_size).

    It is built when it is made, and works with `fit`, `save`, `quantize` and the `enable_lora` of its `Dense` layers. The
    embedding is tied: the matrix that reads a token also gives its logit. It holds no dropout and no padding mask.

    Args:
        num_layers: blocks.
        d_model: features of a position.
        num_heads, num_kv_heads: query heads, and the key/value heads that they share in equal groups.
        d_ff: hidden features of the SwiGLU.
        vocab_size: token ids.
        max_seq_len: the longest sequence in tokens, prompt and continuation together.
        head_dim: features of a head, even; by default d_model / num_heads.
        rope_theta: the slowest rotary angle is position / rope_theta, nearly.
        epsilon: of the RMS norms.

    Raises:
        ValueError: sizes that do not fit one another; in a call, a sequence longer than max_seq_len.

    Example:
        >>> tiny = Llama(num_layers=2, d_model=32, num_heads=4, num_kv_heads=2, d_ff=64, vocab_size=50, max_seq_len=64)
        >>> tiny(np.zeros((1, 8), "int32")).shape
        (1, 8, 50)

    Source: H. Touvron et al. 2023, arXiv:2302.13971, §2.2; grouped queries: J. Ainslie et al. 2023, arXiv:2305.13245, §2.2.
    """

    def __init__(
        self,
        num_layers,
        d_model,
        num_heads,
        num_kv_heads,
        d_ff,
        vocab_size,
        max_seq_len,
        head_dim=None,
        rope_theta=10_000.0,
        epsilon=1e-5,
        **kwargs,
    ):
        super().__init__(**kwargs)
        head_dim = head_dim or d_model // num_heads
        if num_heads % num_kv_heads:
            raise ValueError(f"num_heads must be a multiple of num_kv_heads, not {num_heads} of {num_kv_heads}")
        if head_dim % 2:
            raise ValueError(f"head_dim must be even, because rotary positions turn pairs of features, not {head_dim}")
        self.num_layers, self.d_model, self.num_heads, self.num_kv_heads = num_layers, d_model, num_heads, num_kv_heads
        self.head_dim, self.d_ff, self.vocab_size, self.max_seq_len = head_dim, d_ff, vocab_size, max_seq_len
        self.rope_theta, self.epsilon = rope_theta, epsilon

        policy = self.dtype_policy
        self.embedding = layers.ReversibleEmbedding(
            vocab_size, d_model, embeddings_initializer=_initializer(), dtype=policy, name="embedding"
        )
        self.blocks = [
            LlamaBlock(d_model, num_heads, num_kv_heads, head_dim, d_ff, epsilon, dtype=policy, name=f"block_{i}")
            for i in range(num_layers)
        ]
        self.output_norm = layers.RMSNormalization(epsilon=epsilon, dtype=policy, name="output_norm")
        self.build((None, None))

    def build(self, input_shape):
        if self.built:
            return
        self.embedding.build((None, None))
        for block in self.blocks:
            block.build((None, None, self.d_model))
        self.output_norm.build((None, None, self.d_model))
        self.built = True

    def hidden(self, ids, cache=None, start=0, first=None):
        """Features of every position before the output matrix.

        Args:
            ids: (B, T) token ids.
            cache: one (keys, values) pair a layer, from `empty_cache` or an earlier call; None computes without one.
            start: place in the cache of the first of the T ids; the places before it must have been filled.
            first: (B,) place of the first real token of each row; the places before it hold padding that nobody sees.

        Returns:
            (B, T, d_model), and the updated cache (None without a cache).
        """
        seq_len = ops.shape(ids)[1]
        if isinstance(seq_len, int) and seq_len > self.max_seq_len:
            raise ValueError(f"{self.name} handles {self.max_seq_len} tokens at most, but the sequence has {seq_len}")
        places = start + ops.arange(seq_len)  # (T,)
        keys = ops.arange(seq_len if cache is None else ops.shape(cache[0][0])[1])  # (S,)
        allowed = (keys[None, :] <= places[:, None])[None]  # (1, T, S)
        positions = places[None]  # (1, T)
        if first is not None:
            allowed = ops.logical_and(allowed, keys[None, None] >= first[:, None, None])
            positions = ops.maximum(places[None] - first[:, None], 0)
        frequencies = self.rope_theta ** (-np.arange(0, self.head_dim, 2, "float32") / self.head_dim)
        angles = ops.cast(positions, "float32")[:, None, :, None] * frequencies.astype("float32")
        cos, sin = (ops.cast(f(angles), self.compute_dtype) for f in (ops.cos, ops.sin))

        x, updated = self.embedding(ids), []
        for i, block in enumerate(self.blocks):
            x, pair = block(x, cos, sin, allowed[:, None, None], cache=cache and cache[i], start=start)
            updated.append(pair)
        return x, (None if cache is None else updated)

    def project(self, x):
        """Logits (..., vocab_size) of features (..., d_model): the last norm, then the transposed embedding."""
        return self.embedding(self.output_norm(x), reverse=True)

    def call(self, ids):
        return self.project(self.hidden(ids)[0])

    def empty_cache(self, batch_size: int, length: int) -> list:
        """A cache for `length` places: per layer a pair of zeros (batch_size · num_kv_heads, length, head_dim)."""
        shape = (batch_size * self.num_kv_heads, length, self.head_dim)
        return [(ops.zeros(shape, self.compute_dtype), ops.zeros(shape, self.compute_dtype)) for _ in self.blocks]

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.vocab_size)

    def get_config(self):
        own = ("num_layers", "d_model", "num_heads", "num_kv_heads", "d_ff", "vocab_size", "max_seq_len")
        own += ("head_dim", "rope_theta", "epsilon")
        return super().get_config() | {name: getattr(self, name) for name in own}


def _initializer():
    return keras.initializers.RandomNormal(stddev=0.02)


def from_gguf(file: GGUF) -> Llama:
    """A `Llama` with the sizes and the weights of a GGUF file of the llama architecture, de-quantized to float32.

    Raises:
        ValueError: another architecture, or an embedding that is not tied.
    """
    metadata = file.metadata
    if metadata.get("general.architecture") != "llama":
        raise ValueError(f"the file must hold a llama, not {metadata.get('general.architecture')!r}")
    if "output.weight" in file.tensor_types:
        raise ValueError("the file has a separate output matrix; Llama handles tied embeddings only")
    size = {key.removeprefix("llama."): value for key, value in metadata.items() if key.startswith("llama.")}
    model = Llama(
        num_layers=size["block_count"],
        d_model=size["embedding_length"],
        num_heads=size["attention.head_count"],
        num_kv_heads=size["attention.head_count_kv"],
        head_dim=size["rope.dimension_count"],
        d_ff=size["feed_forward_length"],
        vocab_size=size["vocab_size"],
        max_seq_len=size["context_length"],
        rope_theta=size["rope.freq_base"],
        epsilon=size["attention.layer_norm_rms_epsilon"],
    )

    def rows(name, heads=0):
        matrix = file.tensor(f"{name}.weight")
        if heads:  # llama.cpp interleaves the two features of a rotary pair; `rotate` wants the halves side by side
            matrix = matrix.reshape(heads, -1, 2, matrix.shape[1]).swapaxes(1, 2).reshape(matrix.shape)
        return matrix

    model.embedding.embeddings.assign(rows("token_embd"))
    model.output_norm.scale.assign(rows("output_norm"))
    for i, block in enumerate(model.blocks):
        at = f"blk.{i}."
        block.attention_norm.scale.assign(rows(at + "attn_norm"))
        block.ffn_norm.scale.assign(rows(at + "ffn_norm"))
        qkv = [rows(at + "attn_q", model.num_heads), rows(at + "attn_k", model.num_kv_heads), rows(at + "attn_v")]
        block.qkv.kernel.assign(np.concatenate(qkv).T)
        block.attention_output.kernel.assign(rows(at + "attn_output").T)
        block.gate_up.kernel.assign(np.concatenate([rows(at + "ffn_gate"), rows(at + "ffn_up")]).T)
        block.down.kernel.assign(rows(at + "ffn_down").T)
    return model


def smollm2(path: str | pathlib.Path | None = None) -> tuple[Llama, Tokenizer]:
    """SmolLM2-135M-Instruct: 134.5 million parameters, 30 blocks, vocabulary of 49,152, context of 8,192 tokens.

    The published file stores most weights in 4 bits (Q4_1) and the embedding in 8; they are de-quantized to float32.

    Args:
        path: of the GGUF file; by default the course's asset, fetched if it is not yet cached.

    Returns:
        The model and its tokenizer.

    Raises:
        AssetError: the file cannot be fetched. ValueError: it is damaged.

    Example:
        >>> model, tokenizer = smollm2()
        >>> generation.generate(model, tokenizer, "The capital of France is", max_new_tokens=4)
        ' Paris. It is'

    Source: L. Ben Allal et al. 2025, arXiv:2502.02737, §5. Taught in: 1.5.
    """
    file = GGUF(path or assets.fetch("smollm2-135m"))
    return from_gguf(file), Tokenizer.from_gguf(file.metadata)
