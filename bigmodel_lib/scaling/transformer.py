"""Parameters, FLOPs and bytes of a transformer from its sizes, in closed form: GPT-2's shape, or Llama's."""

from __future__ import annotations

from bigmodel_lib.scaling.counts import Memory, optimizer_values

__all__ = ["training_flops", "transformer_flops", "transformer_memory", "transformer_parameters"]

FEED_FORWARDS = {"gelu": 2, "swiglu": 3}  # and their number of matrices


def transformer_parameters(
    *,
    vocab_size: int,
    num_layers: int,
    num_heads: int | None = None,
    num_kv_heads: int | None = None,
    d_model: int,
    d_ff: int | None = None,
    seq_len: int,
    head_dim: int | None = None,
    positions: str = "learned",
    norm: str = "layer",
    feed_forward: str = "gelu",
    bias: bool = True,
    tied_embedding: bool = True,
) -> int:
    """Parameters of a decoder; with the defaults, one in the shape of GPT-2 and GPT-3.

    A block has $4d^2 + 4d$ in its attention, $2 d d_{ff} + d_{ff} + d$ in its feed-forward part and $4d$ in its two
    normalisations; with $d_{ff} = 4d$ that is about $12 d^2$. Around the blocks stand $V d$ token embeddings, $T d$ position
    embeddings and a last normalisation of $2d$. A decoder in the shape of Llama (`LLAMA`) has $K$ key/value heads for $H$ query
    heads, so $2 d^2 (1 + K / H)$ in its attention, $3 d d_{ff}$ in its SwiGLU, and neither biases nor position embeddings.

    Args:
        vocab_size: tokens, $V$.
        num_layers: blocks.
        num_heads, num_kv_heads: $H$ and $K$; needed only where they differ, or with head_dim.
        d_model: width of the residual stream, $d$.
        d_ff: hidden width of the feed-forward part; 4 · d_model by default.
        seq_len: positions, $T$; they cost parameters only if they are learned. 0 for none.
        head_dim: features of a head; by default d_model / num_heads.
        positions: "learned" or "rotary". norm: "layer" or "rms". feed_forward: "gelu" or "swiglu".
        bias: whether the matrices have biases.
        tied_embedding: whether the output layer reuses the token embeddings.

    Returns:
        The exact count.

    Raises:
        ValueError: a size is not positive, or an unknown part.

    Example:
        >>> transformer_parameters(vocab_size=50257, num_layers=12, d_model=768, seq_len=1024)    # GPT-2
        124439808
        >>> transformer_parameters(
        ...     vocab_size=49152, num_layers=30, num_heads=9, num_kv_heads=3, d_model=576, d_ff=1536, seq_len=8192, **LLAMA)
        134515008

    Source: A. Radford et al. 2019 (GPT-2), §2.3; T. Brown et al. 2020, arXiv:2005.14165, Table 2.1. Taught in: 1.2.
    """
    d, d_ff = d_model, 4 * d_model if d_ff is None else d_ff
    _check(vocab_size=vocab_size, num_layers=num_layers, d_model=d, d_ff=d_ff)
    if seq_len < 0:
        raise ValueError(f"seq_len must be 0 or more, not {seq_len}")
    if feed_forward not in FEED_FORWARDS or positions not in ("learned", "rotary") or norm not in ("layer", "rms"):
        raise ValueError(f"unknown part: positions={positions!r}, norm={norm!r}, feed_forward={feed_forward!r}")
    queries, keys = _attention_widths(d, num_heads, num_kv_heads, head_dim)
    matrices = d * (2 * queries + 2 * keys) + FEED_FORWARDS[feed_forward] * d * d_ff
    biases = (queries + 2 * keys + d) + (FEED_FORWARDS[feed_forward] - 1) * d_ff + d if bias else 0
    of_norm = d if norm == "rms" else 2 * d
    embeddings = vocab_size * d * (1 if tied_embedding else 2) + (seq_len * d if positions == "learned" else 0)
    return num_layers * (matrices + biases + 2 * of_norm) + embeddings + of_norm


# The parts of a decoder of the Llama family, for `transformer_parameters` and `models.gpt.gpt`
LLAMA = {"positions": "rotary", "norm": "rms", "feed_forward": "swiglu", "bias": False}


def transformer_flops(
    *,
    vocab_size: int,
    num_layers: int,
    num_heads: int | None = None,
    num_kv_heads: int | None = None,
    d_model: int,
    d_ff: int | None = None,
    seq_len: int,
    head_dim: int | None = None,
    feed_forward: str = "gelu",
    batch_size: int = 1,
) -> int:
    """FLOPs of one forward pass over `batch_size` sequences of `seq_len` tokens.

    For each token and block: $2(4d^2 + 2 d d_{ff})$ in the weights and $4 T d$ in attention (scores, then the weighted sum of
    values, over all $T$ positions: implementations compute the masked half too); $2 d V$ for the logits. Grouped queries and a
    SwiGLU change the weights as in `transformer_parameters`.

    Args:
        batch_size: sequences; the other arguments are those of `transformer_parameters`.

    Returns:
        FLOPs of the matrix products; biases, normalisations and softmax are left out. A training step costs three times as much.

    Raises:
        ValueError: a size is not positive, or an unknown feed_forward.

    Example:
        >>> transformer_flops(vocab_size=65, num_layers=4, num_heads=4, d_model=128, seq_len=64)
        110116864

    Source: J. Kaplan et al. 2020, arXiv:2001.08361, Table 1. Taught in: 1.4.
    """
    d, d_ff = d_model, 4 * d_model if d_ff is None else d_ff
    _check(vocab_size=vocab_size, num_layers=num_layers, d_model=d, d_ff=d_ff, seq_len=seq_len, batch_size=batch_size)
    if feed_forward not in FEED_FORWARDS:
        raise ValueError(f"feed_forward must be one of {', '.join(FEED_FORWARDS)}, not {feed_forward!r}")
    queries, keys = _attention_widths(d, num_heads, num_kv_heads, head_dim)
    matrices = d * (2 * queries + 2 * keys) + FEED_FORWARDS[feed_forward] * d * d_ff
    return batch_size * seq_len * (num_layers * (2 * matrices + 4 * seq_len * queries) + 2 * d * vocab_size)


def transformer_memory(
    *,
    vocab_size: int,
    num_layers: int,
    num_heads: int,
    d_model: int,
    d_ff: int | None = None,
    seq_len: int,
    batch_size: int = 1,
    optimizer: str = "adam",
    bytes_per_value: int = 4,
) -> Memory:
    """Bytes that training a transformer of GPT-2's shape without dropout needs.

    Kept per token and block: $8 d + 2 d_{ff}$ values (the inputs of two normalisations, of the query-key-value, output and
    two feed-forward products, and of the activation function; queries, keys, values) and one attention weight per head and
    position, $a T$. Around the blocks: the embedding, the last normalisation's input and output, and the logits.

    Args:
        num_heads: attention heads, $a$.
        batch_size: sequences in a batch.
        optimizer: one of `OPTIMIZER_SLOTS`; "none" stands for inference.
        bytes_per_value: of every number: 4 for float32.

    Returns:
        The bytes, by what they hold.

    Raises:
        ValueError: unknown optimizer.

    Example:
        >>> sizes = dict(vocab_size=50257, num_layers=12, num_heads=12, d_model=768, seq_len=1024)
        >>> round(transformer_memory(**sizes).total / 1e9, 2)
        3.41

    Source: V. Korthikanti et al. 2022, arXiv:2205.05198, §4, without the dropout masks. Taught in: 1.4.
    """
    d, d_ff = d_model, 4 * d_model if d_ff is None else d_ff
    count = transformer_parameters(vocab_size=vocab_size, num_layers=num_layers, d_model=d, d_ff=d_ff, seq_len=seq_len)
    weights = bytes_per_value * count
    vectors = [
        ((n,), "") for n in (3 * d, d, d_ff, d, d, d, d, d)
    ]  # biases, and gains and shifts of the normalisations
    block = [*vectors, ((d, 3 * d), ""), ((d, d), ""), ((d, d_ff), ""), ((d_ff, d), "")]
    around = [((vocab_size, d), "embedding"), ((seq_len, d), "embedding"), ((d,), ""), ((d,), "")]
    slots = bytes_per_value * (num_layers * optimizer_values(optimizer, block) + optimizer_values(optimizer, around))
    if optimizer == "none":
        return Memory(weights, 0, 0, 0)
    per_token = num_layers * (8 * d + 2 * d_ff + num_heads * seq_len) + 3 * d + vocab_size
    return Memory(weights, weights, slots, bytes_per_value * batch_size * seq_len * per_token)


def training_flops(parameters: float, tokens: float) -> float:
    """FLOPs of a whole training run, $C = 6 N D$: two for each parameter and token forward, four backward.

    Args:
        parameters: $N$; those in matrix products, embeddings left out where they are many.
        tokens: $D$, seen in training, repetitions included.

    Example:
        >>> f"{training_flops(175e9, 300e9):.2e}"        # GPT-3
        '3.15e+23'

    Source: J. Kaplan et al. 2020, arXiv:2001.08361, §2.1. Taught in: 1.1 and 1.4.
    """
    return 6 * parameters * tokens


def _check(**sizes) -> None:
    for name, size in sizes.items():
        if size <= 0:
            raise ValueError(f"{name} must be positive, not {size}")


def _attention_widths(d_model, num_heads, num_kv_heads, head_dim) -> tuple[int, int]:
    """Features of all query heads, and of all key heads."""
    if num_heads is None:
        if num_kv_heads is not None or head_dim is not None:
            raise ValueError("num_kv_heads and head_dim say how heads are shared, so num_heads is needed too")
        return d_model, d_model
    _check(**{"num_heads": num_heads} | ({} if num_kv_heads is None else {"num_kv_heads": num_kv_heads}))
    if head_dim is None and d_model % num_heads:
        raise ValueError(
            f"num_heads must divide d_model, or head_dim be given: {num_heads} heads cannot share {d_model} features"
        )
    head_dim = d_model // num_heads if head_dim is None else head_dim
    _check(head_dim=head_dim)
    return num_heads * head_dim, (num_kv_heads or num_heads) * head_dim
