"""The transformer block: attention between the tokens of a sequence, then a small network on each token alone.

Block, its two parts, and the stack that decoders share, from the learned positions and the GELU of GPT-2 to the rotary
positions, grouped queries, SwiGLU and RMS norms of Llama. The functions of attention are in `attention`.
"""

from __future__ import annotations

import functools

from bigmodel_lib.models.attention import Attention, flat, package, rotary_angles
from bigmodel_lib.models.initializers import RandomNormal
from bigmodel_lib.models.inside import Edit, block_runner

import keras
from keras import ops

__all__ = ["Attention", "Block", "CausalStack", "FeedForward", "PositionEmbedding", "RMSNorm", "SwiGLU"]

NORMS = ("layer", "rms")
FEED_FORWARDS = ("gelu", "swiglu")


@package
class RMSNorm(keras.layers.RMSNormalization):
    """$x / \\sqrt{\\mathrm{mean}(x^2) + \\epsilon} \\odot g$: divides a token's vector by its root mean square; no mean, no shift.

    Args:
        epsilon: keeps a vector of zeros from a division by zero.

    Example:
        >>> ops.convert_to_numpy(RMSNorm()(ops.full((1, 4), 3.0))).round(3).tolist()
        [[1.0, 1.0, 1.0, 1.0]]

    Source: B. Zhang and R. Sennrich 2019, arXiv:1910.07467, §4.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs):
        super().__init__(epsilon=epsilon, **kwargs)


class _Part(keras.layers.Layer):
    """What the two feed-forward parts share: d_model -> d_ff -> d_model, on each token alone."""

    matrices = 1  # that read the token

    def __init__(self, d_ff: int | None = None, out_scale: float = 0.02, bias: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.d_ff, self.out_scale, self.bias = d_ff, out_scale, bias

    def build(self, shape):
        d_model = shape[-1]
        self.d_ff = self.d_ff or 4 * d_model

        def dense(units, scale, name):
            initial = RandomNormal(stddev=scale)
            return keras.layers.Dense(
                units, use_bias=self.bias, kernel_initializer=initial, dtype=self.dtype_policy, name=name
            )

        self.up = dense(self.matrices * self.d_ff, 0.02, "up" if self.matrices == 1 else "gate_up")
        self.down = dense(d_model, self.out_scale, "down")
        self.up.build((None, d_model))
        self.down.build((None, self.d_ff))

    def call(self, x, edit=None):
        """(…, d_model) -> (…, d_model). `edit`, if given, is called as edit("neurons", (…, d_ff)); what it returns is used."""
        neurons = self.neurons(x)
        return self.down(neurons if edit is None else edit("neurons", neurons))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {name: getattr(self, name) for name in ("d_ff", "out_scale", "bias")}


@package
class FeedForward(_Part):
    """$W_2\\,\\mathrm{gelu}(W_1 x + b_1) + b_2$, with GELU in its tanh form, as in GPT-2.

    Args:
        d_ff: hidden width; by default 4 d_model.
        out_scale: standard deviation of the initial $W_2$.
        bias: whether there are $b_1$ and $b_2$.

    Example:
        >>> FeedForward(d_ff=64)(ops.zeros((2, 5, 16))).shape
        (2, 5, 16)

    Source: A. Vaswani et al. 2017, arXiv:1706.03762, §3.3; D. Hendrycks and K. Gimpel 2016, arXiv:1606.08415, §2. Taught in: 2.7.
    """

    def neurons(self, x):
        """(…, d_model) -> (…, d_ff), after the activation function."""
        return keras.activations.gelu(self.up(x), approximate=True)


@package
class SwiGLU(_Part):
    """$W_d(\\mathrm{silu}(W_g x) \\odot W_u x)$ with $\\mathrm{silu}(z) = z\\,\\sigma(z)$: one half of the neurons opens and closes the other.

    Three matrices where `FeedForward` has two, so d_ff = 8/3 d_model costs as much as its 4 d_model. $W_g$ and $W_u$ lie side
    by side in the layer `up`.

    Args: as in `FeedForward`.

    Example:
        >>> SwiGLU(d_ff=64, bias=False)(ops.zeros((2, 5, 16))).shape
        (2, 5, 16)

    Source: N. Shazeer 2020, arXiv:2002.05202, §2.
    """

    matrices = 2

    def neurons(self, x):
        """(…, d_model) -> (…, d_ff), gate and content multiplied."""
        gate_up = self.up(x)
        return ops.silu(gate_up[..., : self.d_ff]) * gate_up[..., self.d_ff :]


@package
class Block(keras.layers.Layer):
    """One pre-norm transformer block.

    $x \\leftarrow x + \\mathrm{attention}(\\mathrm{norm}(x))$, then $x \\leftarrow x + \\mathrm{feed\\_forward}(\\mathrm{norm}(x))$.

    The defaults are GPT-2's, of 12 d² + 13 d parameters. The normalisation stands inside the residual branch, so that a path
    without any leads from the loss to every block.

    Args:
        num_heads: of the attention.
        causal: see `Attention`.
        dropout: share that is dropped of the attention weights and of the output of both parts, in training.
        out_scale: standard deviation of the initial weights of the two matrices that write into the residual stream.
        num_kv_heads, head_dim, rope_base: see `Attention`.
        d_ff: hidden width of the feed-forward part; by default 4 d_model.
        norm: "layer", or "rms" (`RMSNorm`).
        feed_forward: "gelu" (`FeedForward`), or "swiglu" (`SwiGLU`).
        bias: whether matrices have biases.
        epsilon: of the normalisations.

    Raises:
        ValueError: an unknown norm or feed_forward; and as `Attention`.

    Example:
        >>> Block(num_heads=2, causal=True)(ops.zeros((3, 5, 8))).shape
        (3, 5, 8)

    Source: A. Radford et al. 2019, *Language models are unsupervised multitask learners*, §2.3; R. Xiong et al. 2020,
    arXiv:2002.04745, §3 (why pre-norm). Taught in: 2.2 and 2.7.
    """

    def __init__(
        self, num_heads: int, causal: bool = False, dropout: float = 0.0, out_scale: float = 0.02, *,
        num_kv_heads: int | None = None, head_dim: int | None = None, rope_base: float | None = None,
        d_ff: int | None = None, norm: str = "layer", feed_forward: str = "gelu", bias: bool = True, epsilon: float = 1e-5,
        **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        if norm not in NORMS or feed_forward not in FEED_FORWARDS:
            raise ValueError(
                f"norm must be one of {NORMS} and feed_forward one of {FEED_FORWARDS}, not {norm!r} and {feed_forward!r}"
            )
        self._own = dict(
            num_heads=num_heads, causal=causal, dropout=dropout, out_scale=out_scale, num_kv_heads=num_kv_heads,
            head_dim=head_dim, rope_base=rope_base, d_ff=d_ff, norm=norm, feed_forward=feed_forward, bias=bias, epsilon=epsilon,
        )  # fmt: skip
        policy = self.dtype_policy
        make = RMSNorm if norm == "rms" else keras.layers.LayerNormalization
        part = SwiGLU if feed_forward == "swiglu" else FeedForward
        self.norm_1 = make(epsilon=epsilon, dtype=policy, name="norm_1")
        self.attention = Attention(
            num_heads, causal, dropout, out_scale, num_kv_heads=num_kv_heads, head_dim=head_dim, rope_base=rope_base,
            bias=bias, dtype=policy, name="attention",
        )  # fmt: skip
        self.norm_2 = make(epsilon=epsilon, dtype=policy, name="norm_2")
        self.feed_forward = part(d_ff, out_scale, bias, dtype=policy, name="feed_forward")
        self.drop = keras.layers.Dropout(dropout)

    def build(self, shape):
        for layer in (self.norm_1, self.norm_2, self.feed_forward, self.attention):
            layer.build(shape)

    def call(self, x, rotation=None, allowed=None, cache=None, start=0, edit=None, training=False):
        """(B, T, d_model) -> (B, T, d_model), and the new cache where one is given.

        Args:
            rotation, allowed, cache, start: see `Attention.call`.
            edit: called as edit(site, value), and what it returns is used: at the sites of `Attention`, at "neurons"
                (B T, d_ff) of the feed-forward part, and at "stream" with the block's output (B, T, d_model).
        """
        whole, tokens = (-1, ops.shape(x)[1], x.shape[-1]), flat(x)
        read = ops.reshape(self.norm_1(tokens), whole)
        mixed = self.attention(
            read, rotation=rotation, allowed=allowed, cache=cache, start=start, edit=edit, training=training
        )
        if cache is not None:
            mixed, cache = mixed
        tokens = tokens + flat(self.drop(mixed, training=training))
        update = self.feed_forward(self.norm_2(tokens), edit=edit)
        x = ops.reshape(tokens + self.drop(update, training=training), whole)
        x = x if edit is None else edit("stream", x)
        return x if cache is None else (x, cache)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | self._own


@package
class PositionEmbedding(keras.layers.Layer):
    """Adds a trained vector to each place in the sequence, $y_t = x_t + p_t$.

    Args:
        seq_len: the longest sequence.
        initializer: of the vectors; by default normal with standard deviation 0.02.

    Raises:
        ValueError: a sequence is longer than that (when it is called; some backends know it only then).

    Example:
        >>> PositionEmbedding(seq_len=10)(ops.zeros((2, 7, 4))).shape
        (2, 7, 4)

    Source: A. Radford et al. 2018, *Improving language understanding by generative pre-training*, §3.1. Taught in: 2.7.
    """

    def __init__(self, seq_len: int, initializer=None, **kwargs):
        super().__init__(**kwargs)
        self.seq_len = seq_len
        self.initializer = keras.initializers.get(initializer or keras.initializers.RandomNormal(stddev=0.02))

    def build(self, shape):
        self.embeddings = self.add_weight((self.seq_len, shape[-1]), self.initializer, name="embeddings")

    def call(self, x):
        """(B, T, d_model) -> (B, T, d_model), with T ≤ seq_len."""
        length = x.shape[1]
        if length is not None and length > self.seq_len:
            raise ValueError(
                f"{self.name!r} knows {self.seq_len} positions, but a sequence of {length} tokens came: cut it, or build the "
                "model with a larger seq_len"
            )
        return x + ops.cast(self.embeddings, self.compute_dtype)[: ops.shape(x)[1]]

    def at(self, positions):
        """The vectors of some places: (B, T) integers -> (B, T, d_model)."""
        return ops.cast(ops.take(self.embeddings, positions, axis=0), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        initializer = keras.initializers.serialize(self.initializer)
        return super().get_config() | {"seq_len": self.seq_len, "initializer": initializer}

    @classmethod
    def from_config(cls, config):
        return cls(**config | {"initializer": keras.initializers.deserialize(config["initializer"])})


class CausalStack:
    """Runs a stack of causal blocks on a whole sequence, or with a cache on what is new of it.

    A class that inherits from it has `blocks` (built `Block`s), `seq_len` (the context), `compute_dtype`, and
    `embed(ids, positions)`: (B, T) ids and their positions, (B or 1, T), to (B, T, d_model).
    """

    def rotation_and_mask(self, seq_len: int, start=0, num_keys: int | None = None, padding=None) -> tuple:
        """What every block needs to know of the positions.

        Args:
            seq_len: positions to compute, T, the first of which is `start`.
            num_keys: places of the cache, S; by default T.
            padding: (B,) places at the beginning of each row that hold nothing; nobody sees them.

        Returns:
            positions (B or 1, T), cos and sin of their rotary angles (None without rotary positions), and the mask
            (B or 1, 1, T, S), True where a position may look.
        """
        places = start + ops.arange(seq_len)  # (T,)
        keys = ops.arange(seq_len if num_keys is None else num_keys)  # (S,)
        mask = (keys[None, :] <= places[:, None])[None, None]
        positions = places[None]
        if padding is not None:
            mask = ops.logical_and(mask, keys[None, None, None] >= padding[:, None, None, None])
            positions = ops.maximum(places[None] - padding[:, None], 0)
        layer = self.blocks[0].attention
        if layer.rope_base is None:
            return positions, None, None, mask
        return positions, *rotary_angles(positions, layer.head_dim, layer.rope_base), mask

    def hidden(self, ids, cache=None, start=0, padding=None, edit=None) -> tuple:
        """Features of every position before the last normalisation.

        Args:
            ids: (B, T) token ids.
            cache: one (keys, values) pair a block, from `empty_cache` or an earlier call; None computes without one.
            start: place in the cache of the first of the T ids; the places before it must have been filled.
            padding: (B,) places at the beginning of each row that hold nothing.
            edit: called as edit(layer, site, value) in every block, counted from 0; what it returns is used. Or a dictionary
                {(layer, site): function of the value}, called at these places alone. The sites are "attention"
                (B, H, T, S), "heads" (B, H, T, h), "neurons" (B T, d_ff) and "stream" (B, T, d_model): see `Block.call`. To
                record, keep the value and return it; to cut or to patch, return another of the same shape.

        Returns:
            (B, T, d_model), and the updated cache (None without a cache).

        Raises:
            ValueError: more ids than the context, or than the cache, holds; an edit of a layer or a site that does not
                exist, or one that returns another shape than it was given.

        Example:
            >>> cut = {(3, "heads"): lambda value: value * 0}  # block 3 without its heads
            >>> model.hidden(ids, edit=cut)  # doctest: +SKIP
        """
        seq_len = ops.shape(ids)[1]
        room = self.seq_len if cache is None else ops.shape(cache[0][0])[2]
        end = start + seq_len if isinstance(start, int) and isinstance(seq_len, int) else seq_len
        limits = [("context", self.seq_len, seq_len)] + ([] if cache is None else [("cache", room, end)])
        for what, most, needed in reversed(limits):
            if isinstance(needed, int) and isinstance(most, int) and needed > most:
                raise ValueError(f"the {what} of {self.name} holds {most} tokens, but the sequence has {needed}")
        positions, cos, sin, mask = self.rotation_and_mask(seq_len, start, None if cache is None else room, padding)
        rotation = None if cos is None else (cos, sin)
        x, updated = self.embed(ids, positions), []
        edit = None if edit is None else Edit(edit, len(self.blocks))
        for i, block in enumerate(self.blocks):
            change = edit and functools.partial(edit, i)
            x = block(x, rotation=rotation, allowed=mask, cache=cache and cache[i], start=start, edit=change)
            if cache is not None:
                x, pair = x
                updated.append(pair)
        return x, (None if cache is None else updated)

    def through(self, x, first: int = 0, last: int | None = None, edit=None):
        """Run some of the blocks, first … last - 1, on a residual stream: a whole run in pieces, or a part of it again.

        On JAX, blocks that are built alike share one compiled function; a block with an edit inside it runs uncompiled.

        Args:
            x: (B, T, d_model), the stream before block `first`; before block 0 that is `embed` of the ids.
            first, last: as in a slice of the blocks, from 0 to num_layers; by default all of them.
            edit: as in `hidden`.

        Returns:
            (B, T, d_model), the stream after block last - 1; x itself if there is no block between.

        Raises:
            ValueError: blocks that do not exist, more positions than the context holds, or a wrong edit, as in `hidden`.

        Example:
            >>> x = model.through(model.through(x, last=4), first=5)  # without block 4  # doctest: +SKIP

        Taught in: 5.3.
        """
        count, seq_len = len(self.blocks), ops.shape(x)[1]
        last = count if last is None else last
        if not 0 <= first <= last <= count:
            raise ValueError(f"the blocks must be 0 <= first <= last <= {count}, not first = {first} and last = {last}")
        if seq_len > self.seq_len:
            raise ValueError(f"the context of {self.name} holds {self.seq_len} tokens, but the stream has {seq_len}")
        edit, run = Edit(edit, count), block_runner(self.blocks)
        _, cos, sin, mask = self.rotation_and_mask(seq_len)
        rotation = None if cos is None else (cos, sin)
        for i in range(first, last):
            if run is None or edit.sites(i) - {"stream"}:
                x = self.blocks[i](x, rotation=rotation, allowed=mask, edit=functools.partial(edit, i))
            else:
                x = edit(i, "stream", run(i, x, rotation, mask))
        return x

    def empty_cache(self, batch_size: int, length: int) -> list:
        """A cache for `length` places: per block zeros for the keys (batch_size · K, h, length), and for the values
        (batch_size · K, length, h)."""

        def zeros(layer):
            rows = batch_size * layer.num_kv_heads
            shapes = (rows, layer.head_dim, length), (rows, length, layer.head_dim)
            return tuple(ops.zeros(shape, self.compute_dtype) for shape in shapes)

        return [zeros(block.attention) for block in self.blocks]
