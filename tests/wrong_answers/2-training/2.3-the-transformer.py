"""Wrong answers to the exercises of 2.3."""


# %% window-mask: one token too many
def window_mask(seq_len, window):
    t, s = np.arange(seq_len)[:, None], np.arange(seq_len)[None, :]
    return (s <= t) & (s >= t - window)


# %% window-mask: looks both ways
def window_mask(seq_len, window):
    t, s = np.arange(seq_len)[:, None], np.arange(seq_len)[None, :]
    return np.abs(t - s) < window


# %% window-mask: the causal mask, whatever the window
def window_mask(seq_len, window):
    return np.tril(np.ones((seq_len, seq_len), bool))


# %% window-mask: rows and columns exchanged
def window_mask(seq_len, window):
    t, s = np.arange(seq_len)[:, None], np.arange(seq_len)[None, :]
    return (t <= s) & (t > s - window)


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


# %% grouped-attention: tile in place of repeat
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)}")
    k, v = (np.tile(part, (len(q) // len(k), 1, 1)) for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    scores = np.where(np.tril(np.ones(scores.shape[1:], bool)), scores, -1e9)
    return softmax(scores) @ v


# %% grouped-attention: no mask
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)}")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    return softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])) @ v


# %% grouped-attention: masks by zeros after the softmax
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)}")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    weights = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]))
    return np.tril(weights) @ v


# %% grouped-attention: masks scores with zero
def grouped_attention(q, k, v):
    if len(q) % len(k):
        raise ValueError(f"{len(q)} query heads cannot share {len(k)}")
    k, v = (np.repeat(part, len(q) // len(k), axis=0) for part in (k, v))
    return softmax(np.tril(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2]))) @ v


# %% grouped-attention: heads that do not divide are cut off
def grouped_attention(q, k, v):
    group = -(-len(q) // len(k))
    k, v = (np.repeat(part, group, axis=0)[: len(q)] for part in (k, v))
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
    scores = np.where(np.tril(np.ones(scores.shape[1:], bool)), scores, -1e9)
    return softmax(scores) @ v


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
