"""The transformer block: attention between the tokens of a sequence, then a small network on each token alone."""

from __future__ import annotations

import keras
from keras import ops

package = keras.saving.register_keras_serializable("bigmodel_lib.transformer")


def normal(standard_deviation: float):
    """Initial weights drawn from a normal distribution of mean 0."""
    return keras.initializers.RandomNormal(stddev=standard_deviation)


def flat(x):
    """(B, T, d) -> (B T, d). XLA multiplies matrices fast, and the gradient of a product with three axes at half that speed."""
    return ops.reshape(x, (-1, x.shape[-1]))


@package
class Attention(keras.layers.Layer):
    """Multi-head self-attention, $\\mathrm{softmax}(QK^\\top / \\sqrt{h} + M)\\,V$ in each head, then a product with $W_o$.

    Query, key and value come from one product with a matrix of (d_model, 3 d_model): one large product is faster than three
    small ones. $M$ is $-\\infty$ where a token must not look: at later tokens if `causal`, else nowhere. No padding mask, no cache.

    Args:
        num_heads: divides d_model; each head works on head_dim = d_model / num_heads numbers.
        causal: whether a token sees only itself and what stands before it.
        dropout: share of attention weights that is dropped in training.
        out_scale: standard deviation of the initial $W_o$.

    Raises:
        ValueError: num_heads does not divide the width of the input.

    Source: A. Vaswani et al. 2017, arXiv:1706.03762, §3.2. Taught in: 2.2 and 2.6.
    """

    def __init__(self, num_heads: int, causal: bool = False, dropout: float = 0.0, out_scale: float = 0.02, **kwargs):
        super().__init__(**kwargs)
        self.num_heads, self.causal, self.dropout, self.out_scale = num_heads, causal, dropout, out_scale
        self.drop = keras.layers.Dropout(dropout)

    def build(self, shape):
        d_model = shape[-1]
        if d_model % self.num_heads:
            raise ValueError(
                f"num_heads must divide the width, but {self.num_heads} heads cannot share {d_model} numbers evenly"
            )
        self.qkv = keras.layers.Dense(3 * d_model, kernel_initializer=normal(0.02), name="qkv")
        self.out = keras.layers.Dense(d_model, kernel_initializer=normal(self.out_scale), name="out")
        self.qkv.build(shape)
        self.out.build(shape)

    def call(self, x, training=False):
        """x: (B, T, d_model) -> (B, T, d_model)."""
        _, seq_len, d_model = x.shape
        head_dim = d_model // self.num_heads
        qkv = ops.reshape(self.qkv(flat(x)), (-1, seq_len, 3 * self.num_heads, head_dim))
        query, key, value = ops.split(ops.transpose(qkv, (0, 2, 1, 3)), 3, axis=1)  # (B, H, T, h) each
        scores = ops.matmul(query * head_dim**-0.5, ops.transpose(key, (0, 1, 3, 2)))  # (B, H, T, T)
        if self.causal:
            place = ops.arange(seq_len)
            scores = ops.where(place[:, None] >= place[None, :], scores, -1e9)
        weights = self.drop(ops.softmax(scores, axis=-1), training=training)
        mixed = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))  # (B, T, H, h)
        return ops.reshape(self.out(ops.reshape(mixed, (-1, d_model))), (-1, seq_len, d_model))

    def get_config(self):
        own = {name: getattr(self, name) for name in ("num_heads", "causal", "dropout", "out_scale")}
        return super().get_config() | own


@package
class Block(keras.layers.Layer):
    """One pre-norm transformer block.

    $x \\leftarrow x + \\mathrm{attention}(\\mathrm{norm}(x))$, then $x \\leftarrow x + \\mathrm{mlp}(\\mathrm{norm}(x))$.

    The second part is d_model → 4 d_model → d_model with GELU in its tanh form, as in GPT-2. 12 d² + 13 d parameters.
    The normalisation stands inside the residual branch, so that a path without any leads from the loss to every block.

    Args:
        num_heads: of the attention.
        causal: see `Attention`.
        dropout: share that is dropped of the attention weights and of the output of both parts, in training.
        out_scale: standard deviation of the initial weights of the two matrices that write into the residual stream.

    Source: A. Radford et al. 2019, *Language models are unsupervised multitask learners*, §2.3; R. Xiong et al. 2020,
    arXiv:2002.04745, §3 (why pre-norm). Taught in: 2.6.
    """

    def __init__(self, num_heads: int, causal: bool = False, dropout: float = 0.0, out_scale: float = 0.02, **kwargs):
        super().__init__(**kwargs)
        self.num_heads, self.causal, self.dropout, self.out_scale = num_heads, causal, dropout, out_scale
        self.norm_1 = keras.layers.LayerNormalization(epsilon=1e-5, name="norm_1")
        self.attention = Attention(num_heads, causal, dropout, out_scale, name="attention")
        self.norm_2 = keras.layers.LayerNormalization(epsilon=1e-5, name="norm_2")
        self.drop = keras.layers.Dropout(dropout)

    def build(self, shape):
        d_model = shape[-1]
        self.up = keras.layers.Dense(4 * d_model, kernel_initializer=normal(0.02), name="up")
        self.down = keras.layers.Dense(d_model, kernel_initializer=normal(self.out_scale), name="down")
        for layer in (self.norm_1, self.attention, self.norm_2, self.up):
            layer.build(shape)
        self.down.build((*shape[:-1], 4 * d_model))

    def call(self, x, training=False):
        """x: (B, T, d_model) -> (B, T, d_model)."""
        whole, tokens = (-1, *x.shape[1:]), flat(x)
        read = ops.reshape(self.norm_1(tokens), whole)
        tokens = tokens + flat(self.drop(self.attention(read, training=training), training=training))
        hidden = keras.activations.gelu(self.up(self.norm_2(tokens)), approximate=True)  # (B T, 4 d_model)
        return ops.reshape(tokens + self.drop(self.down(hidden), training=training), whole)

    def get_config(self):
        own = {name: getattr(self, name) for name in ("num_heads", "causal", "dropout", "out_scale")}
        return super().get_config() | own


@package
class TokenEmbedding(keras.layers.Layer):
    """A table with one row for each token, read in both directions: ids -> vectors, and vectors -> one logit for each token.

    Args:
        vocab_size: rows. d_model: columns.

    Source: O. Press and L. Wolf 2017, arXiv:1608.05859 (why one table serves both ends). Taught in: 2.6.
    """

    def __init__(self, vocab_size: int, d_model: int, **kwargs):
        super().__init__(**kwargs)
        self.vocab_size, self.d_model = vocab_size, d_model

    def build(self, shape=None):
        if not self.built:  # the layer is called twice
            self.table = self.add_weight((self.vocab_size, self.d_model), normal(0.02), name="table")

    def call(self, inputs, reverse=False):
        """ids (B, T) -> (B, T, d_model), or with reverse=True vectors (B, T, d_model) -> logits (B, T, vocab_size)."""
        if reverse:
            logits = ops.matmul(flat(inputs), ops.transpose(ops.cast(self.table, self.compute_dtype)))
            return ops.reshape(logits, (-1, inputs.shape[1], self.vocab_size))
        return ops.cast(ops.take(self.table, inputs, axis=0), self.compute_dtype)

    def get_config(self):
        return super().get_config() | {"vocab_size": self.vocab_size, "d_model": self.d_model}


@package
class PositionEmbedding(keras.layers.Layer):
    """Adds a trained vector for each place in the sequence.

    Args:
        seq_len: the longest sequence.

    Source: A. Radford et al. 2018, *Improving language understanding by generative pre-training*, §3.1. Taught in: 2.6.
    """

    def __init__(self, seq_len: int, **kwargs):
        super().__init__(**kwargs)
        self.seq_len = seq_len

    def build(self, shape):
        self.table = self.add_weight((self.seq_len, shape[-1]), normal(0.02), name="table")

    def call(self, x):
        """x: (B, T, d_model) with T ≤ seq_len."""
        return x + ops.cast(self.table, self.compute_dtype)[: x.shape[1]]

    def get_config(self):
        return super().get_config() | {"seq_len": self.seq_len}
