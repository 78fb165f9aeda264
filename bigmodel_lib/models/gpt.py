"""A decoder of the shape of GPT-2: predicts each token of a sequence from those before it."""

from __future__ import annotations

from bigmodel_lib.models.transformer import Block, PositionEmbedding, TokenEmbedding

import keras

# A model that two processor cores train in a minute, and the same for one GPU and an hour
PRESETS = {
    "laptop": {"seq_len": 64, "num_layers": 4, "num_heads": 4, "d_model": 128},
    "full": {"seq_len": 256, "num_layers": 6, "num_heads": 6, "d_model": 384},
}


def gpt(
    vocab_size: int, seq_len: int, num_layers: int, num_heads: int, d_model: int, dropout: float = 0.0
) -> keras.Model:
    """Token and position embeddings, `num_layers` causal blocks, a normalisation, and the token table again for the logits.

    $V d + T d + L (12 d^2 + 13 d) + 2 d$ parameters: `scaling.transformer_parameters` counts the same. The initial weights are
    GPT-2's: normal with standard deviation 0.02, and 0.02 / √(2 L) for the 2 L matrices that write into the residual stream,
    so that their sum does not grow with the depth.

    Args:
        vocab_size: number of tokens $V$.
        seq_len: tokens in a sequence, $T$; also called block or context length.
        num_layers: blocks $L$.
        num_heads: of each attention; divides d_model.
        d_model: width $d$ of the residual stream.
        dropout: share that is dropped of the embeddings, the attention weights and the outputs, in training.

    Returns:
        A built model that maps ids (B, seq_len), int32, to logits (B, seq_len, vocab_size). The logits at a place predict the
        *next* token, and depend on the tokens up to that place only.

    Raises:
        ValueError: num_heads does not divide d_model.

    Example:
        >>> gpt(vocab_size=80, **PRESETS["laptop"]).count_params()
        811776

    Source: A. Radford et al. 2019, *Language models are unsupervised multitask learners*, §2.3. Taught in: 2.6.
    """
    ids = keras.Input((seq_len,), dtype="int32", name="ids")
    tokens = TokenEmbedding(vocab_size, d_model, name="tokens")
    x = PositionEmbedding(seq_len, name="positions")(tokens(ids))
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    for i in range(num_layers):
        x = Block(num_heads, True, dropout, out_scale=0.02 * (2 * num_layers) ** -0.5, name=f"block_{i + 1}")(x)
    x = keras.layers.LayerNormalization(epsilon=1e-5, name="norm")(x)
    return keras.Model(ids, tokens(x, reverse=True), name="gpt")
