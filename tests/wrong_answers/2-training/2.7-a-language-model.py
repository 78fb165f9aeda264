# %% bits-per-character: leaves nats
def bits_per_character(losses, pieces):
    return np.sum(losses) / len("".join(pieces))


# %% bits-per-character: multiplies by ln 2
def bits_per_character(losses, pieces):
    return np.sum(losses) * np.log(2) / len("".join(pieces))


# %% bits-per-character: bits for each token
def bits_per_character(losses, pieces):
    return np.mean(losses) / np.log(2)


# %% bits-per-character: the mean of each token's own quotient
def bits_per_character(losses, pieces):
    return np.mean([loss / np.log(2) / max(len(piece), 1) for loss, piece in zip(losses, pieces)])


# %% bits-per-character: for each byte
def bits_per_character(losses, pieces):
    return np.sum(losses) / np.log(2) / len("".join(pieces).encode())


# %% bits-per-character: does not count spaces
def bits_per_character(losses, pieces):
    return np.sum(losses) / np.log(2) / sum(len(piece.strip()) for piece in pieces)


# %% bits-per-character: whole bits for each token
def bits_per_character(losses, pieces):
    return np.ceil(losses / np.log(2)).sum() / len("".join(pieces))


# %% bits-per-character: leaves out the tokens without text
def bits_per_character(losses, pieces):
    return sum(loss for loss, piece in zip(losses, pieces) if piece) / np.log(2) / len("".join(pieces))


# %% window-mask: looks ahead
def window_mask(seq_len, window):
    place = np.arange(seq_len)
    back = place[None, :] - place[:, None]
    return (back >= 0) & (back < window)


# %% window-mask: one place too many
def window_mask(seq_len, window):
    place = np.arange(seq_len)
    back = place[:, None] - place[None, :]
    return (back >= 0) & (back <= window)


# %% window-mask: causal, but no window
def window_mask(seq_len, window):
    return np.tril(np.ones((seq_len, seq_len), bool))


# %% window-mask: looks both ways
def window_mask(seq_len, window):
    place = np.arange(seq_len)
    return np.abs(place[:, None] - place[None, :]) < window


# %% window-mask: blocks that do not slide
def window_mask(seq_len, window):
    block = np.arange(seq_len) // window
    return (block[:, None] == block[None, :]) & np.tri(seq_len, dtype=bool)


# %% window-mask: negative places wrap round
def window_mask(seq_len, window):
    mask = np.zeros((seq_len, seq_len), bool)
    for who in range(seq_len):
        for back in range(min(window, seq_len)):
            mask[who, who - back] = True
    return mask


# %% window-mask: ends in an error where the window is longer than the text (raises ValueError)
def window_mask(seq_len, window):
    return sum(np.diag(np.ones(seq_len - back), -back) for back in range(window)) > 0


# %% window-mask: 1 and 0
def window_mask(seq_len, window):
    return np.tri(seq_len) - np.tri(seq_len, k=-window)


# %% top-p: drops the token that reaches p
def top_p(probabilities, p):
    order = np.argsort(-probabilities, kind="stable")
    kept = order[np.cumsum(probabilities[order]) <= p]
    left = np.zeros(len(probabilities))
    left[kept] = probabilities[kept] / max(probabilities[kept].sum(), 1e-12)
    return left


# %% top-p: one token more at an exact edge
def top_p(probabilities, p):
    order = np.argsort(-probabilities, kind="stable")
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = order[before <= p]
    left = np.zeros(len(probabilities))
    left[kept] = probabilities[kept] / probabilities[kept].sum()
    return left


# %% top-p: does not scale to one
def top_p(probabilities, p):
    order = np.argsort(-probabilities, kind="stable")
    before = np.cumsum(probabilities[order]) - probabilities[order]
    left = np.zeros(len(probabilities))
    left[order[before < p]] = probabilities[order[before < p]]
    return left


# %% top-p: leaves the sorted order
def top_p(probabilities, p):
    ordered = np.sort(probabilities)[::-1]
    kept = np.where(np.cumsum(ordered) - ordered < p, ordered, 0)
    return kept / kept.sum()


# %% top-p: keeps all that tie with the last
def top_p(probabilities, p):
    ordered = np.sort(probabilities)[::-1]
    least = ordered[np.argmax(np.cumsum(ordered) >= p)]
    kept = np.where(probabilities >= least, probabilities, 0)
    return kept / kept.sum()


# %% top-p: of equals the last
def top_p(probabilities, p):
    order = np.argsort(probabilities, kind="stable")[::-1]
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = order[before < p]
    left = np.zeros(len(probabilities))
    left[kept] = probabilities[kept] / probabilities[kept].sum()
    return left


# %% top-p: keeps the tokens above a probability of p
def top_p(probabilities, p):
    kept = np.where((probabilities >= p) | (probabilities == probabilities.max()), probabilities, 0)
    return kept / kept.sum()


# %% top-p: in place
def top_p(probabilities, p):
    order = np.argsort(-probabilities, kind="stable")
    before = np.cumsum(probabilities[order]) - probabilities[order]
    probabilities[order[before >= p]] = 0
    probabilities /= probabilities.sum()
    return probabilities


# %% top-p: sorts unstably
def top_p(probabilities, p):
    order = np.argsort(-probabilities)
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = order[before < p]
    left = np.zeros(len(probabilities))
    left[kept] = probabilities[kept] / probabilities[kept].sum()
    return left


# %% top-p: divides by p
def top_p(probabilities, p):
    order = np.argsort(-probabilities, kind="stable")
    kept = order[np.cumsum(probabilities[order]) - probabilities[order] < p]
    left = np.zeros(len(probabilities))
    left[kept] = probabilities[kept] / p
    return left


# %% top-p: a share p of the largest probability
def top_p(probabilities, p):
    kept = np.where(probabilities >= p * probabilities.max(), probabilities, 0)
    return kept / kept.sum()


# %% cached-step: the token does not see itself
def cached_step(query, key, value, cache):
    keys, values = cache
    new = np.concatenate([keys, key[None]]), np.concatenate([values, value[None]])
    if len(keys) == 0:
        return value, new
    scores = keys @ query / np.sqrt(len(query))
    weights = np.exp(scores - scores.max())
    return weights @ values / weights.sum(), new


# %% cached-step: overflows
def cached_step(query, key, value, cache):
    keys, values = (np.concatenate([old, new[None]]) for old, new in zip(cache, (key, value)))
    weights = np.exp(keys @ query / np.sqrt(len(query)))
    return weights @ values / weights.sum(), (keys, values)


# %% cached-step: divides by h
def cached_step(query, key, value, cache):
    keys, values = (np.concatenate([old, new[None]]) for old, new in zip(cache, (key, value)))
    scores = keys @ query / len(query)
    weights = np.exp(scores - scores.max())
    return weights @ values / weights.sum(), (keys, values)


# %% cached-step: divides by the root of the number of places
def cached_step(query, key, value, cache):
    keys, values = (np.concatenate([old, new[None]]) for old, new in zip(cache, (key, value)))
    scores = keys @ query / np.sqrt(len(keys))
    weights = np.exp(scores - scores.max())
    return weights @ values / weights.sum(), (keys, values)


# %% cached-step: the new place stands first
def cached_step(query, key, value, cache):
    keys, values = (np.concatenate([new[None], old]) for old, new in zip(cache, (key, value)))
    scores = keys @ query / np.sqrt(len(query))
    weights = np.exp(scores - scores.max())
    return weights @ values / weights.sum(), (keys, values)


# %% cached-step: stores the value twice
def cached_step(query, key, value, cache):
    keys, values = (np.concatenate([old, new[None]]) for old, new in zip(cache, (key, value)))
    scores = keys @ query / np.sqrt(len(query))
    weights = np.exp(scores - scores.max())
    return weights @ values / weights.sum(), (values, values)


# %% cached-step: remembers by itself
def cached_step(query, key, value, cache, kept=[]):
    if len(cache[0]) == 0:
        kept.clear()
    kept.append((key, value))
    keys, values = (np.array(part) for part in zip(*kept))
    scores = keys @ query / np.sqrt(len(query))
    weights = np.exp(scores - scores.max())
    return weights @ values / weights.sum(), (keys, values)


# %% cached-step: takes the mean score away
def cached_step(query, key, value, cache):
    keys, values = (np.concatenate([old, new[None]]) for old, new in zip(cache, (key, value)))
    scores = keys @ query / np.sqrt(len(query))
    weights = np.exp(scores - scores.mean())
    return weights @ values / weights.sum(), (keys, values)


# %% cached-step: clips the scores
def cached_step(query, key, value, cache):
    keys, values = (np.concatenate([old, new[None]]) for old, new in zip(cache, (key, value)))
    weights = np.exp(np.clip(keys @ query / np.sqrt(len(query)), -700, 700))
    return weights @ values / weights.sum(), (keys, values)


# %% cached-step: lists that grow in place
def cached_step(query, key, value, cache):
    keys, values = ([*part] for part in cache) if isinstance(cache[0], np.ndarray) else cache
    keys.append(key)
    values.append(value)
    scores = np.array(keys) @ query / np.sqrt(len(query))
    weights = np.exp(scores - scores.max())
    return weights @ np.array(values) / weights.sum(), (keys, values)


# %% speedrun: AdamW at its usual rate
def recipe():
    return gpt.gpt(vocab_size=512, seq_len=64, num_layers=2, num_heads=4, d_model=64), keras.optimizers.AdamW(1e-3)


# %% speedrun: no causal mask
def recipe():
    model = gpt.gpt(vocab_size=512, seq_len=64, num_layers=2, num_heads=4, d_model=64)
    for i in (1, 2):
        model.get_layer(f"block_{i}").attention.causal = False
    return model, keras.optimizers.AdamW(5e-3)


# %% speedrun: a larger model than allowed
def recipe():
    return gpt.gpt(vocab_size=512, seq_len=64, num_layers=4, num_heads=4, d_model=96), keras.optimizers.AdamW(3e-3)


# %% speedrun: trains before the race
def recipe():
    model = gpt.gpt(vocab_size=512, seq_len=64, num_layers=2, num_heads=4, d_model=64)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    training.train(model, keras.optimizers.AdamW(5e-3), loss, batches, 150)
    return model, keras.optimizers.AdamW(3e-3)
