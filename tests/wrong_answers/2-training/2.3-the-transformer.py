"""Wrong answers to the exercises of 2.3."""


# %% packed-mask: the future of the own text too
def packed_mask(texts):
    return texts[:, None] == texts[None]


# %% packed-mask: the causal mask alone
def packed_mask(texts):
    return np.tril(np.ones((len(texts), len(texts)), bool))


# %% packed-mask: rows and columns exchanged
def packed_mask(texts):
    return np.triu(texts[:, None] == texts[None])


# %% packed-mask: a smaller number counts as the same text
def packed_mask(texts):
    return np.tril(texts[:, None] >= texts[None])


# %% packed-mask: a larger number counts as the same text
def packed_mask(texts):
    return np.tril(texts[:, None] <= texts[None])


# %% packed-mask: 1 and 0
def packed_mask(texts):
    return np.tril(texts[:, None] == texts[None]).astype(int)


# %% packed-mask: a token does not see itself
def packed_mask(texts):
    return np.tril(texts[:, None] == texts[None], -1)


# %% packed-mask: either condition
def packed_mask(texts):
    return (texts[:, None] == texts[None]) | np.tri(len(texts), dtype=bool)


# %% packed-mask: True where forbidden
def packed_mask(texts):
    return ~np.tril(texts[:, None] == texts[None])


# %% packed-mask: only the neighbour
def packed_mask(texts):
    t = np.arange(len(texts))
    return (texts[:, None] == texts[None]) & (t[None] <= t[:, None]) & (t[None] >= t[:, None] - 1)


# %% packed-mask: blocks in the order of the numbers
def packed_mask(texts):
    texts = np.sort(texts)
    return np.tril(texts[:, None] == texts[None])


# %% packed-mask: sorts its argument
def packed_mask(texts):
    mask = np.tril(texts[:, None] == texts[None])
    texts.sort()
    return mask


# %% from-heads: a reshape alone
def from_heads(x):
    batch, num_heads, seq_len, head_dim = x.shape
    return x.reshape(batch, seq_len, num_heads * head_dim)


# %% from-heads: the numbers of the heads alternate
def from_heads(x):
    batch, num_heads, seq_len, head_dim = x.shape
    return x.transpose(0, 2, 3, 1).reshape(batch, seq_len, num_heads * head_dim)


# %% from-heads: the mean of the heads
def from_heads(x):
    batch, num_heads, seq_len, head_dim = x.shape
    return np.tile(x.mean(1), (1, 1, num_heads))


# %% from-heads: heads in reverse
def from_heads(x):
    return np.concatenate([x[:, a] for a in reversed(range(x.shape[1]))], axis=-1)


# %% from-heads: along the tokens
def from_heads(x):
    return np.concatenate([x[:, a] for a in range(x.shape[1])], axis=1)


# %% from-heads: batch and tokens exchanged
def from_heads(x):
    return x.transpose(2, 0, 1, 3).reshape(x.shape[0], x.shape[2], -1)


# %% from-heads: first of the batch only
def from_heads(x):
    return x[0].transpose(1, 0, 2).reshape(1, x.shape[2], -1)


# %% grouped-attention: tile in place of repeat
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    k, v = (np.tile(part, (len(q) // len(k), 1, 1)) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1])
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% grouped-attention: the keys are repeated, the values tiled
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    k, v = np.repeat(k, len(q) // len(k), axis=0), np.tile(v, (len(q) // len(k), 1, 1))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1])
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% grouped-attention: the queries stand at the first places
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool))
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% grouped-attention: the keys that were kept are not looked at
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    k, v = (np.repeat(part[:, -q.shape[1] :], len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1])
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% grouped-attention: one place too far
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1] + 1)
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% grouped-attention: no mask
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    return softmax(scores) @ v


# %% grouped-attention: masks by zeros after the softmax
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    return np.tril(softmax(scores), k.shape[1] - q.shape[1]) @ v


# %% grouped-attention: masks scores with zero
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    return softmax(np.tril(scores, k.shape[1] - q.shape[1])) @ v


# %% grouped-attention: takes every score of zero for a forbidden one
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    scores = np.tril(scores, k.shape[1] - q.shape[1])
    return softmax(np.where(scores == 0, -1e9, scores)) @ v


# %% grouped-attention: a mask of -10, through which the future shines
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1])
    return softmax(np.where(mask, scores, -10)) @ v


# %% grouped-attention: the root of all heads together
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[0] * q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1])
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% grouped-attention: heads that do not divide are cut off
def grouped_attention(q, k, v):
    k, v = (np.repeat(part, -(-len(q) // len(k)), axis=0)[: len(q)] for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1])
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% grouped-attention: leaves the error to NumPy, which names other numbers
def grouped_attention(q, k, v):
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1])
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% grouped-attention: the error names one of the numbers
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot be shared")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1])
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% grouped-attention: an AssertionError
def grouped_attention(q, k, v):
    assert len(q) % len(k) == 0, f"{len(q)} and {len(k)}"
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1])
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% grouped-attention: takes more key heads than query heads
def grouped_attention(q, k, v):
    if len(q) > len(k) and len(q) % len(k):
        raise ValueError(f"{len(q)} and {len(k)}")
    k, v = (np.repeat(part, max(1, len(q) // len(k)), axis=0)[: len(q)] for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1])
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% grouped-attention: changes the queries
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)} key heads")
    q /= np.sqrt(q.shape[2])
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / 1
    mask = np.tril(np.ones(scores.shape[1:], bool), k.shape[1] - q.shape[1])
    return softmax(np.where(mask, scores, -1e9)) @ v


# %% rotary-score: turns the other way
def rotary_score(q, k, distance, base):
    half = len(q) // 2
    angle = -distance * base ** (-2 * np.arange(half) / len(q))
    a, b = q[:half], q[half:]
    turned = np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)])
    return turned @ k


# %% rotary-score: neighbours as pairs
def rotary_score(q, k, distance, base):
    angle = distance * base ** (-2 * np.arange(len(q) // 2) / len(q))
    a, b = q[::2], q[1::2]
    turned = np.stack([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], 1).ravel()
    return turned @ k


# %% rotary-score: the exponent without the two
def rotary_score(q, k, distance, base):
    half = len(q) // 2
    angle = distance * base ** (-np.arange(half) / len(q))
    a, b = q[:half], q[half:]
    turned = np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)])
    return turned @ k


# %% rotary-score: the distance without its sign
def rotary_score(q, k, distance, base):
    half = len(q) // 2
    angle = abs(distance) * base ** (-2 * np.arange(half) / len(q))
    a, b = q[:half], q[half:]
    turned = np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)])
    return turned @ k


# %% rotary-score: base fixed at 10,000
def rotary_score(q, k, distance, base):
    half = len(q) // 2
    angle = distance * 10_000.0 ** (-2 * np.arange(half) / len(q))
    a, b = q[:half], q[half:]
    turned = np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)])
    return turned @ k


# %% rotary-score: divided by the root of h
def rotary_score(q, k, distance, base):
    half = len(q) // 2
    angle = distance * base ** (-2 * np.arange(half) / len(q))
    a, b = q[:half], q[half:]
    turned = np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)])
    return turned @ k / np.sqrt(len(q))


# %% rotary-score: i begins at 1
def rotary_score(q, k, distance, base):
    half = len(q) // 2
    angle = distance * base ** (-2 * np.arange(1, half + 1) / len(q))
    a, b = q[:half], q[half:]
    turned = np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)])
    return turned @ k


# %% rotary-score: all pairs turn equally fast
def rotary_score(q, k, distance, base):
    half = len(q) // 2
    angle = distance * np.ones(half)
    a, b = q[:half], q[half:]
    turned = np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)])
    return turned @ k


# %% rotary-score: the slow pairs come first
def rotary_score(q, k, distance, base):
    half = len(q) // 2
    angle = distance * base ** (-2 * np.arange(half)[::-1] / len(q))
    a, b = q[:half], q[half:]
    turned = np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)])
    return turned @ k


# %% rotary-score: degrees
def rotary_score(q, k, distance, base):
    half = len(q) // 2
    angle = np.radians(distance * base ** (-2 * np.arange(half) / len(q)))
    a, b = q[:half], q[half:]
    turned = np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)])
    return turned @ k


# %% prepared: nothing added
def prepared(x):
    return x


# %% prepared: the token after, which is the answer
def prepared(x):
    after = ops.pad(x, ((0, 0), (0, 1), (0, 0)))[:, 1:]
    return ops.concatenate([x, after], axis=-1)


# %% prepared: the running mean of all tokens so far
def prepared(x):
    count = ops.reshape(ops.arange(1, x.shape[1] + 1, dtype="float32"), (1, -1, 1))
    return ops.concatenate([x, ops.cumsum(x, axis=1) / count], axis=-1)


# %% prepared: rolled round, so that the first token sees the last
def prepared(x):
    return ops.concatenate([x, ops.roll(x, 1, axis=1)], axis=-1)


# %% prepared: two places back
def prepared(x):
    return ops.concatenate([x, ops.pad(x, ((0, 0), (2, 0), (0, 0)))[:, :-2]], axis=-1)


# %% prepared: three widths
def prepared(x):
    one = ops.pad(x, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    two = ops.pad(x, ((0, 0), (2, 0), (0, 0)))[:, :-2]
    return ops.concatenate([x, one, two], axis=-1)


# %% prepared: the token before alone
def prepared(x):
    return ops.pad(x, ((0, 0), (1, 0), (0, 0)))[:, :-1]


# %% prepared: twice the same
def prepared(x):
    return ops.concatenate([x, x], axis=-1)


# %% prepared: both neighbours
def prepared(x):
    b = ops.pad(x, ((0, 0), (1, 1), (0, 0)))
    return ops.concatenate([x, b[:, :-2] + b[:, 2:]], axis=-1)


# %% prepared: a layer with weights
def prepared(x):
    return layers.Conv1D(2 * x.shape[-1], 2, padding="causal")(x)


# %% prepared: shifted in the batch
def prepared(x):
    return ops.concatenate([x, ops.roll(x, 1, axis=0)], axis=-1)
