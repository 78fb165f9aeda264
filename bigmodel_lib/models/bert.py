"""Encoders of the BERT family, and the sentence encoder all-MiniLM-L6-v2.

An encoder reads a whole text at once: every position attends to every other one, whichever comes first. It gives one vector a
token; `encode` averages them into one vector a sentence.

The model is a plain functional one: its weights lie in Keras's own `Dense`, `Embedding` and `LayerNormalization` layers (and
the position embedding), all in `model.layers`. So `fit`, `quantize`, `enable_lora` and `save` need nothing from this module.
Not here: BERT's pooler, the heads of its pre-training, and any training loop.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence

from bigmodel_lib import assets
from bigmodel_lib.models.attention import attention_weights, merge_heads, split_heads, weighted_values
from bigmodel_lib.models.initializers import Normal
from bigmodel_lib.models.transformer import PositionEmbedding
from bigmodel_lib.tokenizers import Tokenizer

import keras
import numpy as np
import tokenizers
from keras import ops

__all__ = ["MAX_TOKENS", "PaddedAttention", "encode", "encoder", "inputs", "load_weights", "minilm"]

MAX_TOKENS = 256  # to which `minilm` cuts a sentence: the published setting of all-MiniLM-L6-v2
# Batches are padded to one of these numbers of tokens: each one that occurs costs a compilation
PADDED_LENGTHS = (8, 16, 32, 64, 128, 256, 512)


@keras.saving.register_keras_serializable("bigmodel_lib.bert")
class PaddedAttention(keras.layers.Layer):
    """Attention of every position to every token that is not padding; the layer has no weights.

    $\\text{softmax}(Q K^\\top / \\sqrt{d_h} + M) \\, V$ in each head, where $M$ is 0 at tokens and very negative at padding.

    Args:
        num_heads: into which the last axis is shared out.
        dropout: the rate at which attention weights are dropped in training.
    """

    def __init__(self, num_heads: int, dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.num_heads, self.rate = num_heads, dropout
        self.dropout = keras.layers.Dropout(dropout)

    def build(self, query_shape, key_shape, value_shape, padding_mask_shape):
        self.built = True  # nothing to build; said aloud, so that loading a file does not have to guess

    def call(self, query, key, value, padding_mask, training=False):  # 3 × (batch, T, d_model), (batch, T)
        query, key, value = (split_heads(x, self.num_heads) for x in (query, key, value))  # (batch, heads, T, head_dim)
        mask = ops.cast(padding_mask, "bool")[:, None, None, :]
        weights = self.dropout(attention_weights(query, key, mask), training=training)
        return merge_heads(weighted_values(weights, value))

    def compute_output_shape(self, query_shape, key_shape, value_shape, padding_mask_shape):
        return query_shape

    def get_config(self):
        return {**super().get_config(), "num_heads": self.num_heads, "dropout": self.rate}


def encoder(
    *,
    vocab_size: int,
    num_layers: int,
    num_heads: int,
    d_model: int,
    d_ff: int,
    seq_len: int = 512,
    num_token_types: int = 2,
    dropout: float = 0.1,
    epsilon: float = 1e-12,
    name: str = "bert",
) -> keras.Model:
    """A BERT encoder with random weights.

    The sum of the embeddings of token, position and token type is normalised; then, in each block (post-norm),
    $x \\leftarrow \\text{LN}(x + \\text{Attention}(x))$ and $x \\leftarrow \\text{LN}(x + W_2 \\, \\text{gelu}(W_1 x))$, gelu in its exact form.

    Args:
        vocab_size: number of token ids.
        num_layers: number of blocks.
        num_heads: of attention; must divide d_model.
        d_model: width of a token's vector.
        d_ff: width between the two feed-forward matrices.
        seq_len: the most tokens that a text can have.
        num_token_types: 2 tells the first text of a pair from the second.
        dropout: rate, in training only.
        epsilon: of the normalisations.
        name: of the model.

    Returns:
        A built, uncompiled model. It maps a dict of three (batch, T) int32 arrays, "token_ids", "token_types" and "padding_mask"
        (1 at tokens, 0 at padding; see `inputs`), to (batch, T, d_model). Vectors at padding mean nothing. The layers of
        block i, from 1, are called block_i_query, _key, _value, _attention, _output, _attention_norm, _up, _down, _norm.

    Raises:
        ValueError: num_heads does not divide d_model.

    Example:
        >>> encoder(vocab_size=100, num_layers=1, num_heads=2, d_model=16, d_ff=32, seq_len=20).count_params()
        4208

    Source: J. Devlin et al. 2019, arXiv:1810.04805, §3; the block is that of A. Vaswani et al. 2017, arXiv:1706.03762, §3.
    """
    if d_model % num_heads:
        raise ValueError(f"num_heads must divide d_model, but {d_model} / {num_heads} leaves {d_model % num_heads}")

    def dense(units, name, activation=None):
        return keras.layers.Dense(units, activation, kernel_initializer=Normal(), name=name)

    def embedding(rows, name):
        return keras.layers.Embedding(rows, d_model, embeddings_initializer=Normal(), name=name)

    def residual(x, update, name):
        update = keras.layers.Dropout(dropout)(update)
        return keras.layers.LayerNormalization(epsilon=epsilon, name=name)(keras.layers.Add()([x, update]))

    names = ("token_ids", "token_types", "padding_mask")
    given = {key: keras.Input((None,), dtype="int32", name=key) for key in names}
    x = embedding(vocab_size, "token_embedding")(given["token_ids"])
    x = keras.layers.Add()([x, embedding(num_token_types, "token_type_embedding")(given["token_types"])])
    x = PositionEmbedding(seq_len, Normal(), name="position_embedding")(x)
    x = keras.layers.LayerNormalization(epsilon=epsilon, name="embedding_norm")(x)
    x = keras.layers.Dropout(dropout)(x)
    for i in range(1, num_layers + 1):
        q, k, v = (dense(d_model, f"block_{i}_{role}")(x) for role in ("query", "key", "value"))
        mixed = PaddedAttention(num_heads, dropout, name=f"block_{i}_attention")(q, k, v, given["padding_mask"])
        x = residual(x, dense(d_model, f"block_{i}_output")(mixed), f"block_{i}_attention_norm")
        # the activation's default is the exact form; that of ops.gelu is not
        up = dense(d_ff, f"block_{i}_up", "gelu")(x)
        x = residual(x, dense(d_model, f"block_{i}_down")(up), f"block_{i}_norm")
    return keras.Model(given, x, name=name)


def inputs(token_ids: Sequence[Sequence[int]], length: int | None = None) -> dict[str, np.ndarray]:
    """What an encoder reads, from lists of token ids of any lengths, padded at the end.

    Args:
        token_ids: n texts, each a list of ids such as `tokenizer.encode` gives.
        length: T, the number of tokens to pad to; by default that of the longest text.

    Returns:
        "token_ids", "token_types" (zeros: single texts, no pairs) and "padding_mask", each (n, T) int32.

    Raises:
        ValueError: a text is longer than `length`.

    Example:
        >>> inputs([[101, 2307, 102], [101, 102]])["padding_mask"].tolist()
        [[1, 1, 1], [1, 1, 0]]
    """
    longest = max((len(ids) for ids in token_ids), default=0)
    length = longest if length is None else length
    if longest > length:
        raise ValueError(f"length is {length}, but a text has {longest} tokens: cut the text or raise length")
    padded, mask = (np.zeros((len(token_ids), length), np.int32) for _ in range(2))
    for row, ids in enumerate(token_ids):
        padded[row, : len(ids)], mask[row, : len(ids)] = ids, 1
    return {"token_ids": padded, "token_types": np.zeros_like(padded), "padding_mask": mask}


def encode(model: keras.Model, tokenizer: Tokenizer, sentences: Sequence[str], batch_size: int = 32) -> np.ndarray:
    """One vector a sentence: the mean of its tokens' vectors, padding left out, scaled to length 1.

    So the dot product of two of them is the cosine of their angle. Sentences are sorted by length, and each batch is padded to
    one of a few lengths, so that little is computed on padding and the backend compiles few shapes.

    Args:
        model: an encoder, as `encoder` or `minilm` returns it.
        tokenizer: its tokenizer. That of `minilm` cuts a text after `MAX_TOKENS` = 256 tokens, [CLS] and [SEP] included: what
            follows does not count.
        sentences: n texts.
        batch_size: sentences computed at once.

    Returns:
        (n, d_model) float32, in the order of `sentences`.

    Raises:
        TypeError: `sentences` is one string, or holds something that is none.
        ValueError: the tokenizer is not the model's, gives an empty text, or one longer than the model can read.

    Example:
        >>> model, tokenizer = minilm()  # doctest: +SKIP
        >>> a, b = encode(model, tokenizer, ["a cat sleeps", "ein Hund"])  # doctest: +SKIP

    Source: N. Reimers and I. Gurevych 2019, arXiv:1908.10084, §3.
    """
    if isinstance(sentences, str) or not all(isinstance(s, str) for s in sentences):
        found = type(sentences) if isinstance(sentences, str) else {type(s) for s in sentences} - {str}
        raise TypeError(f"sentences must be a list of strings, not {found}: for one sentence, write [sentence]")
    vocab_size, seq_len = model.get_layer("token_embedding").input_dim, model.get_layer("position_embedding").seq_len
    if tokenizer.vocab_size > vocab_size:
        raise ValueError(
            f"the tokenizer has {tokenizer.vocab_size} tokens, but the model {vocab_size}: they do not belong together"
        )
    token_ids = [tokenizer.encode(sentence) for sentence in sentences]
    lengths = np.array([len(ids) for ids in token_ids], int)
    if len(lengths) and not 0 < lengths.min() <= lengths.max() <= seq_len:
        raise ValueError(
            f"a sentence must have 1 to {seq_len} tokens, but these have {lengths.min()} to {lengths.max()}: "
            "let the tokenizer cut them (backend.enable_truncation) and mark their ends"
        )
    vectors = np.empty((len(token_ids), model.output.shape[-1]), np.float32)
    order = np.argsort(lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        batch = [token_ids[row] for row in rows]
        # The last batch is filled up to a power of two with copies of a row: one more shape at most
        batch += batch[-1:] * (min(batch_size, 1 << (len(rows) - 1).bit_length()) - len(rows))
        longest = lengths[rows[-1]]
        length = next((n for n in PADDED_LENGTHS if longest <= n <= seq_len), seq_len)
        given = inputs(batch, length)
        hidden = np.asarray(model.predict_on_batch(given), np.float32)[: len(rows)]  # (rows, T, d_model)
        mask = given["padding_mask"][: len(rows), :, None]
        mean = (hidden * mask).sum(1) / mask.sum(1)
        vectors[rows] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return vectors


def minilm() -> tuple[keras.Model, Tokenizer]:
    """The sentence encoder all-MiniLM-L6-v2 and its tokenizer (a download of 84 MB, once).

    22.6 million parameters, of which 11.7 million are the token embedding: 6 blocks, d_model 384, 12 heads, d_ff 1536. It was
    trained on pairs of English sentences; in other languages it knows little more than single characters.

    Returns:
        model: an uncompiled `encoder` with the published weights. The pooler, which sentence vectors do not use, is left out.
        tokenizer: WordPiece over 30,522 tokens, lower case. `encode` puts [CLS] before and [SEP] behind a text, cuts it to
            `MAX_TOKENS` = 256 tokens in all, and pads nothing.

    Raises:
        assets.AssetError: the files cannot be had.

    Source: W. Wang et al. 2020, arXiv:2002.10957 (the distilled encoder); N. Reimers and I. Gurevych 2019, arXiv:1908.10084
    (the training on pairs). Weights under Apache-2.0. Taught in: 1.6.
    """
    folder = assets.fetch("minilm")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    model = encoder(
        vocab_size=config["vocab_size"],
        d_model=config["hidden_size"],
        num_heads=config["num_attention_heads"],
        d_ff=config["intermediate_size"],
        num_layers=config["num_hidden_layers"],
        seq_len=config["max_position_embeddings"],
        num_token_types=config["type_vocab_size"],
        dropout=config["hidden_dropout_prob"],
        epsilon=config["layer_norm_eps"],
        name="minilm",
    )
    load_weights(model, folder / "model.safetensors")
    backend = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    backend.no_padding()  # the file says 128 tokens for every text, long or short
    backend.enable_truncation(MAX_TOKENS)
    return model, Tokenizer(backend)


# layer of `encoder` -> layer in a file of the transformers library; {i} counts from 1 in ours, {j} from 0 in theirs
_LAYERS = {
    "token_embedding": "embeddings.word_embeddings",
    "token_type_embedding": "embeddings.token_type_embeddings",
    "position_embedding": "embeddings.position_embeddings",
    "embedding_norm": "embeddings.LayerNorm",
}
_BLOCK_LAYERS = {
    "block_{i}_query": "encoder.layer.{j}.attention.self.query",
    "block_{i}_key": "encoder.layer.{j}.attention.self.key",
    "block_{i}_value": "encoder.layer.{j}.attention.self.value",
    "block_{i}_output": "encoder.layer.{j}.attention.output.dense",
    "block_{i}_attention_norm": "encoder.layer.{j}.attention.output.LayerNorm",
    "block_{i}_up": "encoder.layer.{j}.intermediate.dense",
    "block_{i}_down": "encoder.layer.{j}.output.dense",
    "block_{i}_norm": "encoder.layer.{j}.output.LayerNorm",
}


def load_weights(model: keras.Model, file: str | pathlib.Path) -> None:
    """Fill an `encoder` with the weights of a BERT that the transformers library has stored.

    Args:
        model: of the sizes of the file. It is changed.
        file: safetensors, its names without a prefix ("embeddings.LayerNorm.weight").

    Raises:
        ValueError: a tensor is not in the file, or has another shape than the model's.
    """
    from safetensors import safe_open

    layers = dict(_LAYERS)
    num_layers = sum(layer.name.endswith("_query") for layer in model.layers)
    for i in range(1, num_layers + 1):
        layers |= {ours.format(i=i): theirs.format(j=i - 1) for ours, theirs in _BLOCK_LAYERS.items()}
    with safe_open(str(file), framework="numpy") as stored:
        there = set(stored.keys())
        for ours, theirs in layers.items():
            layer = model.get_layer(ours)
            wanted = [f"{theirs}.weight", f"{theirs}.bias"][: len(layer.weights)]
            if missing := set(wanted) - there:
                raise ValueError(
                    f"{pathlib.Path(file).name} must hold the tensor {min(missing)!r} of a BERT encoder, but has none; its first "
                    f"names are {sorted(there)[:3]}"
                )
            tensors = [stored.get_tensor(name) for name in wanted]
            if isinstance(layer, keras.layers.Dense):
                tensors[0] = tensors[0].T  # stored as (outputs, inputs)
            layer.set_weights(tensors)
