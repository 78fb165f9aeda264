"""Decoders to train from scratch, in the shape of GPT-2 or with the parts of today's: each token is predicted from those before it."""

from __future__ import annotations

from bigmodel_lib.models.attention import flat
from bigmodel_lib.models.transformer import Block, CausalStack, PositionEmbedding, RMSNorm

import keras
from keras import ops

__all__ = ["PRESETS", "Stack", "gpt"]

# A model that two processor cores train in a minute, and the same for one GPU and an hour
PRESETS = {
    "laptop": {"seq_len": 64, "num_layers": 4, "num_heads": 4, "d_model": 128},
    "full": {"seq_len": 256, "num_layers": 6, "num_heads": 6, "d_model": 384},
}
POSITIONS = ("learned", "rotary")


def gpt(
    *,
    vocab_size: int,
    num_layers: int,
    num_heads: int,
    num_kv_heads: int | None = None,
    d_model: int,
    d_ff: int | None = None,
    seq_len: int,
    dropout: float = 0.0,
    positions: str = "learned",
    norm: str = "layer",
    feed_forward: str = "gelu",
    bias: bool = True,
) -> keras.Model:
    """Token and position embeddings, `num_layers` causal blocks, a normalisation, and the token table again for the logits.

    With the defaults $V d + T d + L (12 d^2 + 13 d) + 2 d$ parameters: `scaling.transformer_parameters` counts the same. The
    initial weights are GPT-2's: normal with standard deviation 0.02, and 0.02 / √(2 L) for the 2 L matrices that write into the
    residual stream, so that their sum does not grow with the depth.

    Args:
        vocab_size: number of tokens $V$.
        num_layers: blocks $L$.
        num_heads: of each attention; divides d_model.
        num_kv_heads: key/value heads that the query heads share; by default num_heads.
        d_model: width $d$ of the residual stream.
        d_ff: hidden width of the feed-forward parts; by default 4 d_model.
        seq_len: tokens in a sequence, $T$; also called block or context length.
        dropout: share that is dropped of the embeddings, the attention weights and the outputs, in training.
        positions: "learned", one vector a place; or "rotary", angles inside the attention.
        norm: "layer" or "rms". feed_forward: "gelu" or "swiglu". bias: of the matrices. See `transformer.Block`.

    Returns:
        A built model that maps ids (B, seq_len), int32, to logits (B, seq_len, vocab_size). The logits at a place predict the
        *next* token, and depend on the tokens up to that place only.

    Raises:
        ValueError: sizes that do not divide one another, or an unknown part.

    Example:
        >>> gpt(vocab_size=80, **PRESETS["laptop"]).count_params()
        811776
        >>> modern = {"positions": "rotary", "norm": "rms", "feed_forward": "swiglu", "num_kv_heads": 2, "d_ff": 344, "bias": False}
        >>> gpt(vocab_size=80, **PRESETS["laptop"], **modern).count_params()
        736384

    Source: A. Radford et al. 2019, *Language models are unsupervised multitask learners*, §2.3. Taught in: 2.7.
    """
    if positions not in POSITIONS:
        raise ValueError(f"positions must be one of {POSITIONS}, not {positions!r}")
    ids = keras.Input((seq_len,), dtype="int32", name="ids")
    initial = keras.initializers.RandomNormal(stddev=0.02)
    tokens = keras.layers.ReversibleEmbedding(vocab_size, d_model, embeddings_initializer=initial, name="tokens")
    x = tokens(ids)
    if positions == "learned":
        x = PositionEmbedding(seq_len, name="positions")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    for i in range(num_layers):
        x = Block(
            num_heads, True, dropout, 0.02 * (2 * num_layers) ** -0.5, num_kv_heads=num_kv_heads, d_ff=d_ff, norm=norm,
            feed_forward=feed_forward, bias=bias, rope_base=10_000.0 if positions == "rotary" else None, name=f"block_{i + 1}",
        )(x)  # fmt: skip
    norm = RMSNorm if norm == "rms" else keras.layers.LayerNormalization
    x = norm(epsilon=1e-5, name="norm")(x)
    logits = tokens(ops.reshape(x, (-1, d_model)), reverse=True)  # (B T, V)
    return keras.Model(ids, ops.reshape(logits, (-1, seq_len, vocab_size)), name="gpt")


class Stack(CausalStack):
    """The layers of a model that `gpt` made, to run them with a cache or with an `edit` (see `CausalStack.hidden`).

    It has no weights of its own, so it follows the model as it is trained or quantized.

    Args:
        model: as `gpt` returns it, or loaded from a file.

    Raises:
        TypeError: the model has other layers.

    Example:
        >>> model = gpt(vocab_size=11, num_layers=2, num_heads=2, d_model=8, seq_len=6)
        >>> stack, seen = Stack(model), []
        >>> x, _ = stack.hidden(ops.zeros((1, 6), "int32"), edit=lambda layer, site, value: seen.append((layer, site)) or value)
        >>> stack.project(x).shape, seen[:4]
        ((1, 6, 11), [(0, 'attention'), (0, 'heads'), (0, 'neurons'), (0, 'stream')])
    """

    def __init__(self, model: keras.Model):
        layers = {layer.name: layer for layer in getattr(model, "layers", ())}
        self.blocks = [layer for layer in layers.values() if isinstance(layer, Block) and layer.attention.causal]
        own = {"tokens", "positions", "dropout", "norm", *(block.name for block in self.blocks)}
        others = [n for n, layer in layers.items() if n not in own and not isinstance(layer, keras.layers.InputLayer)]
        if not self.blocks or others or not {"tokens", "norm"} <= set(layers):
            raise TypeError(f"the model must be one that `gpt` made, not {type(model).__name__} {model.name!r}")
        self.tokens, self.positions, self.norm = layers["tokens"], layers.get("positions"), layers["norm"]
        self.name, self.seq_len, self.vocab_size = model.name, model.input_shape[1], model.output_shape[-1]
        self.compute_dtype = self.blocks[0].compute_dtype

    def embed(self, ids, positions):
        """(B, T) ids and (B or 1, T) positions -> (B, T, d_model)."""
        x = self.tokens(ids)
        return x if self.positions is None else x + self.positions.at(positions)

    def project(self, x):
        """Logits (..., vocab_size) of features (..., d_model): the last normalisation, then the transposed token table."""
        logits = self.tokens(flat(self.norm(x)), reverse=True)
        return ops.reshape(logits, (*ops.shape(x)[:-1], self.vocab_size))
