"""Decoders of the Llama family in Keras, and SmolLM2-135M-Instruct with its published weights.

A block is: RMS norm, attention with rotary positions and fewer key/value heads than query heads, RMS norm, SwiGLU. The
matrices that read the same input are one `Dense` layer each (queries with keys and values, gate with up), which is faster
and changes no number. Decoding with a cache lives in `bigmodel_lib.generation`.
"""

from __future__ import annotations

import pathlib

from bigmodel_lib import assets
from bigmodel_lib.models.gguf import GGUF
from bigmodel_lib.models.initializers import RandomNormal, blank
from bigmodel_lib.models.transformer import Block, CausalStack, RMSNorm
from bigmodel_lib.tokenizers import Tokenizer

import keras
import numpy as np
from keras import layers

__all__ = ["Llama", "from_gguf", "smollm2"]


@keras.saving.register_keras_serializable("bigmodel_lib")
class Llama(CausalStack, keras.Model):
    """A decoder of the Llama family: token ids (batch, T) to logits (batch, T, vocab_size), for any T up to seq_len.

    It is built when it is made, and works with `fit`, `training.train`, `save`, `quantize` and the `enable_lora` of its `Dense`
    layers: `blocks[i].attention.qkv` and `.out`, `blocks[i].feed_forward.up` (gate and up) and `.down`. It holds no dropout.

    Args:
        vocab_size: token ids.
        num_layers: blocks.
        num_heads, num_kv_heads: query heads, and the key/value heads that they share in equal groups.
        d_model: features of a position.
        d_ff: hidden features of the SwiGLU.
        seq_len: the longest sequence in tokens, prompt and continuation together.
        head_dim: features of a head, even; by default d_model / num_heads.
        rope_theta: the slowest rotary angle is position / rope_theta, nearly.
        epsilon: of the RMS norms.
        tied_embedding: whether the matrix that reads a token also gives its logit; else the model has a layer `output`.

    Raises:
        ValueError: sizes that do not fit one another; in a call, a sequence longer than seq_len.

    Example:
        >>> tiny = Llama(vocab_size=50, num_layers=2, num_heads=4, num_kv_heads=2, d_model=32, d_ff=64, seq_len=64)
        >>> tiny(np.zeros((1, 8), "int32")).shape, tiny.count_params()
        ((1, 8, 50), 20192)

    Source: H. Touvron et al. 2023, arXiv:2302.13971, §2.2; grouped queries: J. Ainslie et al. 2023, arXiv:2305.13245, §2.2.
    """

    def __init__(
        self,
        *,
        vocab_size: int,
        num_layers: int,
        num_heads: int,
        num_kv_heads: int | None = None,
        d_model: int,
        d_ff: int,
        seq_len: int,
        head_dim: int | None = None,
        rope_theta: float = 10_000.0,
        epsilon: float = 1e-5,
        tied_embedding: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._own = dict(
            vocab_size=vocab_size, num_layers=num_layers, num_heads=num_heads, num_kv_heads=num_kv_heads, d_model=d_model,
            d_ff=d_ff, seq_len=seq_len, head_dim=head_dim, rope_theta=rope_theta, epsilon=epsilon, tied_embedding=tied_embedding,
        )  # fmt: skip
        self.vocab_size, self.num_layers, self.d_model, self.seq_len = vocab_size, num_layers, d_model, seq_len
        self.num_heads, self.num_kv_heads, self.d_ff = num_heads, num_kv_heads or num_heads, d_ff

        policy, initial = self.dtype_policy, RandomNormal(stddev=0.02)
        table = layers.ReversibleEmbedding if tied_embedding else layers.Embedding
        self.embedding = table(vocab_size, d_model, embeddings_initializer=initial, dtype=policy, name="embedding")
        self.blocks = [
            Block(
                num_heads, True, 0.0, 0.02 * (2 * num_layers) ** -0.5, num_kv_heads=num_kv_heads, head_dim=head_dim, d_ff=d_ff,
                rope_base=rope_theta, norm="rms", feed_forward="swiglu", bias=False, epsilon=epsilon, dtype=policy, name=f"block_{i}",
            )
            for i in range(num_layers)
        ]  # fmt: skip
        self.output_norm = RMSNorm(epsilon=epsilon, dtype=policy, name="output_norm")
        if not tied_embedding:
            initial = RandomNormal(stddev=0.02)  # another seed than the embedding's
            self.output_matrix = layers.Dense(
                vocab_size, use_bias=False, kernel_initializer=initial, dtype=policy, name="output"
            )
        self.build((None, None))

    def build(self, input_shape):
        if self.built:
            return
        self.embedding.build((None, None))
        features = (None, None, self.d_model)
        for layer in (*self.blocks, self.output_norm, *([] if self.tied_embedding else [self.output_matrix])):
            layer.build(features)
        self.built = True

    @property
    def tied_embedding(self) -> bool:
        return self._own["tied_embedding"]

    @property
    def head_dim(self) -> int:
        return self.blocks[0].attention.head_dim

    def embed(self, ids, positions):
        """(B, T) ids -> (B, T, d_model); the positions come in with the attention."""
        return self.embedding(ids)

    def project(self, x):
        """Logits (..., vocab_size) of features (..., d_model): the last norm, then the output matrix."""
        x = self.output_norm(x)
        return self.embedding(x, reverse=True) if self.tied_embedding else self.output_matrix(x)

    def call(self, ids, training=False):  # the same in training: it holds no dropout
        return self.project(self.hidden(ids)[0])

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.vocab_size)

    def get_config(self):
        return super().get_config() | self._own


def from_gguf(file: GGUF) -> Llama:
    """A `Llama` with the sizes and the weights of a GGUF file of the llama architecture, de-quantized to float32.

    Raises:
        ValueError: another architecture, or tensors for which it has no place.
    """
    metadata = file.metadata
    if metadata.get("general.architecture") != "llama":
        raise ValueError(f"the file must hold a llama, not {metadata.get('general.architecture')!r}")
    size = {key.removeprefix("llama."): value for key, value in metadata.items() if key.startswith("llama.")}
    sizes = dict(
        num_layers=size["block_count"],
        d_model=size["embedding_length"],
        num_heads=size["attention.head_count"],
        num_kv_heads=size.get("attention.head_count_kv"),
        head_dim=size["rope.dimension_count"],
        d_ff=size["feed_forward_length"],
        vocab_size=size["vocab_size"],
        seq_len=size["context_length"],
        rope_theta=size.get("rope.freq_base", 10_000.0),
        epsilon=size["attention.layer_norm_rms_epsilon"],
        tied_embedding="output.weight" not in file.tensor_types,
    )
    used = {"token_embd.weight", "output_norm.weight", "output.weight"}
    parts = "attn_norm ffn_norm attn_q attn_k attn_v attn_output ffn_gate ffn_up ffn_down".split()
    used |= {f"blk.{i}.{part}.weight" for i in range(sizes["num_layers"]) for part in parts}
    if unknown := sorted(set(file.tensor_types) - used):
        raise ValueError(
            f"the file has tensors for which this Llama has no place, such as {unknown[0]!r}: it would compute wrongly"
        )
    with blank():
        model = Llama(**sizes)

    def weight(name, heads=0):
        matrix = file.tensor(f"{name}.weight")
        if heads:  # llama.cpp interleaves the two features of a rotary pair; `rotate` wants the halves side by side
            matrix = matrix.reshape(heads, -1, 2, matrix.shape[1]).swapaxes(1, 2).reshape(matrix.shape)
        return matrix

    model.embedding.embeddings.assign(weight("token_embd"))
    model.output_norm.scale.assign(weight("output_norm"))
    if not model.tied_embedding:
        model.output_matrix.kernel.assign(weight("output").T)
    for i, block in enumerate(model.blocks):
        at = f"blk.{i}."
        block.norm_1.scale.assign(weight(at + "attn_norm"))
        block.norm_2.scale.assign(weight(at + "ffn_norm"))
        qkv = [weight(at + "attn_q", model.num_heads), weight(at + "attn_k", model.num_kv_heads), weight(at + "attn_v")]
        block.attention.qkv.kernel.assign(np.concatenate(qkv).T)
        block.attention.out.kernel.assign(weight(at + "attn_output").T)
        block.feed_forward.up.kernel.assign(np.concatenate([weight(at + "ffn_gate"), weight(at + "ffn_up")]).T)
        block.feed_forward.down.kernel.assign(weight(at + "ffn_down").T)
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
        >>> model, tokenizer = smollm2()  # doctest: +SKIP
        >>> generation.generate(model, tokenizer, "The capital of France is", max_new_tokens=1)  # doctest: +SKIP
        ' Paris'

    Source: L. Ben Allal et al. 2025, arXiv:2502.02737, §5. Taught in: 1.6.
    """
    file = GGUF(path or assets.fetch("smollm2-135m"))
    return from_gguf(file), Tokenizer.from_gguf(file.metadata)
