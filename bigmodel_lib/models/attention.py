"""Attention, piece by piece: scores, masks, heads, rotary positions; then the layer that a transformer block holds.

The functions take and return tensors of any Keras backend, and NumPy arrays as well. B is the batch, H the query heads, K the
key/value heads (K = H, or fewer that the query heads share), T the queries, S the keys, h the features of a head.
"""

from __future__ import annotations

from bigmodel_lib.models.initializers import RandomNormal

import keras
from keras import ops

__all__ = [
    "Attention",
    "attention",
    "attention_weights",
    "causal_mask",
    "flat",
    "merge_heads",
    "rotary_angles",
    "rotate",
    "split_heads",
    "weighted_values",
]

package = keras.saving.register_keras_serializable("bigmodel_lib.transformer")


def flat(x):
    """(B, T, d) -> (B T, d). XLA multiplies matrices fast, and the gradient of a product with three axes at half that speed."""
    return ops.reshape(x, (-1, x.shape[-1]))


def split_heads(x, num_heads: int):
    """(B, T, H h) -> (B, H, T, h): the features are shared out among the heads.

    Raises:
        ValueError: num_heads does not divide the width.

    Example:
        >>> split_heads(ops.zeros((2, 5, 12)), num_heads=3).shape
        (2, 3, 5, 4)
    """
    width = x.shape[-1]
    if width % num_heads:
        raise ValueError(f"num_heads must divide the width, but {num_heads} heads cannot share {width} numbers evenly")
    return ops.transpose(ops.reshape(x, (-1, ops.shape(x)[1], num_heads, width // num_heads)), (0, 2, 1, 3))


def merge_heads(x):
    """(B, H, T, h) -> (B, T, H h): what `split_heads` did, undone.

    Example:
        >>> merge_heads(ops.zeros((2, 3, 5, 4))).shape
        (2, 5, 12)
    """
    _, num_heads, _, head_dim = x.shape
    return ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (-1, ops.shape(x)[2], num_heads * head_dim))


def causal_mask(seq_len: int):
    """(T, T) booleans: row t is True at the tokens that token t may see, itself and those before it.

    Example:
        >>> ops.convert_to_numpy(causal_mask(3)).astype(int).tolist()
        [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    """
    place = ops.arange(seq_len)
    return place[:, None] >= place[None, :]


def attention_weights(queries, keys, mask=None):
    """$\\mathrm{softmax}(QK^\\top / \\sqrt{h})$ in each head: how much each query takes from each key; rows sum to 1.

    Args:
        queries: (B, H, T, h).
        keys: (B, K, S, h). With K < H, H / K neighbouring query heads share a key head.
        mask: booleans that broadcast to (B, H, T, S); a query gets nothing from a key where it is False.

    Returns:
        (B, H, T, S), in float32 where the inputs are of half precision.

    Raises:
        ValueError: K does not divide H, or queries and keys differ in h.

    Source: A. Vaswani et al. 2017, arXiv:1706.03762, §3.2.1; shared key heads: J. Ainslie et al. 2023, arXiv:2305.13245, §2.2.
    """
    (_, heads, _, head_dim), kv_heads = queries.shape, keys.shape[1]
    if heads % kv_heads:
        raise ValueError(
            f"the number of query heads must be a multiple of that of key heads, not {heads} of {kv_heads}"
        )
    if head_dim != keys.shape[-1]:
        raise ValueError(f"queries and keys must have as many features, not {head_dim} and {keys.shape[-1]}")
    num_queries = ops.shape(queries)[2]
    # Query heads that share a key head become rows of one product
    grouped = ops.reshape(queries, (-1, kv_heads, (heads // kv_heads) * num_queries, head_dim))
    scores = ops.matmul(grouped * head_dim**-0.5, ops.transpose(keys, (0, 1, 3, 2)))
    scores = ops.cast(ops.reshape(scores, (-1, heads, num_queries, ops.shape(keys)[2])), "float32")
    return ops.softmax(scores if mask is None else ops.where(mask, scores, -1e9), axis=-1)


def weighted_values(weights, values):
    """The mean of the values under the weights: (B, H, T, S) and (B, K, S, h) -> (B, H, T, h)."""
    (_, heads, _, _), (_, kv_heads, _, head_dim) = weights.shape, values.shape
    num_queries = ops.shape(weights)[2]
    grouped = (-1, kv_heads, (heads // kv_heads) * num_queries, ops.shape(weights)[3])
    mixed = ops.matmul(ops.reshape(ops.cast(weights, values.dtype), grouped), values)
    return ops.reshape(mixed, (-1, heads, num_queries, head_dim))


def attention(queries, keys, values, mask=None, return_weights: bool = False):
    """Scaled dot-product attention, $\\mathrm{softmax}(QK^\\top / \\sqrt{h} + M)\\,V$ in each head.

    Args:
        queries: (B, H, T, h).
        keys, values: (B, K, S, h); K = H, or a divisor of H (grouped queries; K = 1: one key head for all).
        mask: booleans that broadcast to (B, H, T, S), True where a query may look; None lets every query see every key.
        return_weights: whether to return the weights too.

    Returns:
        (B, H, T, h); with return_weights also (B, H, T, S).

    Raises:
        ValueError: as in `attention_weights`.

    Example:
        >>> x = ops.ones((1, 2, 5, 4))
        >>> output, weights = attention(x, x, x, causal_mask(5), return_weights=True)
        >>> output.shape, [round(float(w), 2) for w in weights[0, 0, 1]]
        ((1, 2, 5, 4), [0.5, 0.5, 0.0, 0.0, 0.0])

    Source: A. Vaswani et al. 2017, arXiv:1706.03762, §3.2. Taught in: 2.2.
    """
    weights = attention_weights(queries, keys, mask)
    output = weighted_values(weights, values)
    return (output, weights) if return_weights else output


def rotary_angles(positions, head_dim: int, base: float = 10_000.0):
    """Cosine and sine of $t\\,\\theta^{-2i/h}$ for each position t and each pair i of features.

    Args:
        positions: (T,) or (B, T) places in the sequence.
        head_dim: h, even.
        base: θ; the slowest angle is nearly t / θ.

    Returns:
        cos and sin, each (T, h / 2), or (B, 1, T, h / 2): ready for `rotate`.

    Raises:
        ValueError: head_dim is odd.

    Example:
        >>> cos, sin = rotary_angles(ops.arange(5), head_dim=8)
        >>> cos.shape, float(sin[0, 0])
        ((5, 4), 0.0)

    Source: J. Su et al. 2021, arXiv:2104.09864, §3.2.2.
    """
    _check_even(head_dim)
    frequencies = ops.power(ops.cast(base, "float32"), -ops.arange(0, head_dim, 2, dtype="float32") / head_dim)
    angles = ops.cast(positions, "float32")[..., None] * frequencies
    if len(angles.shape) == 3:
        angles = angles[:, None]
    return ops.cos(angles), ops.sin(angles)


def rotate(x, cos, sin):
    """Turn pairs of features by position-dependent angles, $(a, b) \\to (a\\cos - b\\sin,\\; b\\cos + a\\sin)$.

    Feature i of the first half is paired with feature i of the second half. The product of a turned query and a turned key
    depends on the distance of their positions only.

    Args:
        x: (B, H, T, h).
        cos, sin: as `rotary_angles` returns them.

    Returns:
        As x.

    Raises:
        ValueError: h is odd.

    Example:
        >>> import numpy as np
        >>> ops.convert_to_numpy(rotate(np.array([[[[1.0, 0.0]]]], "float32"), 0.0, 1.0)).tolist()
        [[[[0.0, 1.0]]]]

    Source: J. Su et al. 2021, arXiv:2104.09864, §3.2.
    """
    _check_even(x.shape[-1])
    a, b = ops.split(x, 2, axis=-1)
    return ops.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def _check_even(head_dim: int) -> None:
    if head_dim % 2:
        raise ValueError(f"head_dim must be even, because rotary positions turn pairs of features, not {head_dim}")


@package
class Attention(keras.layers.Layer):
    """Multi-head self-attention, $\\mathrm{softmax}(QK^\\top / \\sqrt{h} + M)\\,V$ in each head, then a product with $W_o$.

    Query, key and value come from one product with one matrix: one large product is faster than three small ones. $M$ is
    $-\\infty$ where a token must not look: at later tokens if `causal`, else nowhere; or where the mask of a call says so.

    Args:
        num_heads: query heads, H.
        causal: whether a token sees only itself and what stands before it.
        dropout: share of attention weights that is dropped in training.
        out_scale: standard deviation of the initial $W_o$.
        num_kv_heads: key/value heads, K; by default num_heads.
        head_dim: features of a head, h; by default d_model / num_heads.
        rope_base: turns queries and keys by their positions, with angles of this base (see `rotary_angles`); None does not.
        bias: whether the two products add a trained vector.

    Raises:
        ValueError: num_heads does not divide the width, num_kv_heads not num_heads, or head_dim is odd where it is to be turned.

    Example:
        >>> Attention(num_heads=4, num_kv_heads=2, causal=True)(ops.zeros((2, 5, 32))).shape
        (2, 5, 32)

    Source: A. Vaswani et al. 2017, arXiv:1706.03762, §3.2. Taught in: 2.2 and 2.7.
    """

    def __init__(
        self, num_heads: int, causal: bool = False, dropout: float = 0.0, out_scale: float = 0.02, *,
        num_kv_heads: int | None = None, head_dim: int | None = None, rope_base: float | None = None, bias: bool = True,
        **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.num_heads, self.causal, self.dropout, self.out_scale = num_heads, causal, dropout, out_scale
        self.num_kv_heads, self.head_dim = num_kv_heads or num_heads, head_dim
        self.rope_base, self.bias = rope_base, bias
        if num_heads % self.num_kv_heads:
            raise ValueError(f"num_heads must be a multiple of num_kv_heads, not {num_heads} of {num_kv_heads}")
        self.drop = keras.layers.Dropout(dropout)

    def build(self, shape):
        d_model = shape[-1]
        if self.head_dim is None:
            if d_model % self.num_heads:
                raise ValueError(
                    f"num_heads must divide the width, but {self.num_heads} heads cannot share {d_model} numbers evenly"
                )
            self.head_dim = d_model // self.num_heads
        if self.rope_base is not None:
            _check_even(self.head_dim)

        def dense(units, scale, name):
            initial = RandomNormal(stddev=scale)
            return keras.layers.Dense(
                units, use_bias=self.bias, kernel_initializer=initial, dtype=self.dtype_policy, name=name
            )

        self.qkv = dense((self.num_heads + 2 * self.num_kv_heads) * self.head_dim, 0.02, "qkv")
        self.out = dense(d_model, self.out_scale, "out")
        self.qkv.build((None, d_model))
        self.out.build((None, self.num_heads * self.head_dim))

    def call(self, x, rotation=None, allowed=None, cache=None, start=0, edit=None, training=False):
        """Apply the layer to (B, T, d_model); all arguments but x are optional.

        Args:
            rotation: (cos, sin) of the rotary angles; by default those of the positions start … start + T - 1.
            allowed: the mask of `attention`; by default that of `causal`.
            cache: keys (B K, h, S) and values (B K, S, h) of all positions so far: both products read them as they lie.
            start: place in the cache of the first of the T positions.
            edit: called as edit(site, value) at two sites, and what it returns is used: "attention" with the weights
                (B, H, T, S), "heads" with what each head gives (B, H, T, h).

        Returns:
            (B, T, d_model); with a cache also the cache with these T positions written into it.
        """
        (_, _, d_model), seq_len, heads, kv = x.shape, ops.shape(x)[1], self.num_heads, self.num_kv_heads
        qkv = ops.reshape(self.qkv(flat(x)), (-1, seq_len, heads + 2 * kv, self.head_dim))
        query, key, value = ops.split(
            ops.transpose(qkv, (0, 2, 1, 3)), [heads, heads + kv], axis=1
        )  # (B, H or K, T, h)
        if self.rope_base is not None:
            angles = rotation or rotary_angles(start + ops.arange(seq_len), self.head_dim, self.rope_base)
            cos, sin = (ops.cast(a, self.compute_dtype) for a in angles)
            query, key = rotate(query, cos, sin), rotate(key, cos, sin)
        if cache is not None:
            # Batch and heads on one axis, as XLA multiplies them: with two it would copy the whole cache for every token
            keys = ops.reshape(ops.transpose(key, (0, 1, 3, 2)), (-1, self.head_dim, seq_len))
            keys = ops.slice_update(cache[0], (0, 0, start), keys)
            values = ops.slice_update(cache[1], (0, start, 0), ops.reshape(value, (-1, seq_len, self.head_dim)))
            length = ops.shape(values)[1]
            key = ops.transpose(ops.reshape(keys, (-1, kv, self.head_dim, length)), (0, 1, 3, 2))
            value, cache = ops.reshape(values, (-1, kv, length, self.head_dim)), (keys, values)
        if allowed is None and self.causal:
            allowed = ops.arange(ops.shape(key)[2])[None, :] <= (start + ops.arange(seq_len))[:, None]
        edit = edit or (lambda site, unchanged: unchanged)
        weights = self.drop(edit("attention", attention_weights(query, key, allowed)), training=training)
        mixed = merge_heads(edit("heads", weighted_values(weights, value)))  # (B, T, H h)
        output = ops.reshape(self.out(flat(mixed)), (-1, seq_len, d_model))
        return output if cache is None else (output, cache)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        names = ("num_heads", "causal", "dropout", "out_scale", "num_kv_heads", "head_dim", "rope_base", "bias")
        return super().get_config() | {name: getattr(self, name) for name in names}
