# %% bits-per-character: leaves nats
def bits_per_character(loss, characters_per_token=1.0):
    return loss / characters_per_token


# %% bits-per-character: multiplies by ln 2
def bits_per_character(loss, characters_per_token=1.0):
    return loss * np.log(2) / characters_per_token


# %% bits-per-character: forgets that a token holds several characters
def bits_per_character(loss, characters_per_token=1.0):
    return loss / np.log(2)


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


# %% probabilities: overflows
def probabilities(logits, temperature=1.0):
    logits = np.asarray(logits, float)
    if temperature == 0:
        return np.eye(len(logits))[logits.argmax()]
    p = np.exp(logits / temperature)
    return p / p.sum()


# %% probabilities: multiplies by the temperature
def probabilities(logits, temperature=1.0):
    logits = np.asarray(logits, float)
    if temperature == 0:
        return np.eye(len(logits))[logits.argmax()]
    p = np.exp((logits - logits.max()) * temperature)
    return p / p.sum()


# %% probabilities: divides by zero
def probabilities(logits, temperature=1.0):
    logits = np.asarray(logits, float)
    p = np.exp((logits - logits.max()) / np.float64(temperature))
    return p / p.sum()


# %% probabilities: tempers the probabilities and not the logits
def probabilities(logits, temperature=1.0):
    logits = np.asarray(logits, float)
    p = np.exp(logits - logits.max())
    p = p / p.sum() / max(temperature, 1e-9)
    return p / p.sum()


# %% pair-bits: a repeated pair counts once
def pair_bits(train, test, vocab_size):
    counts = np.ones((vocab_size, vocab_size))
    counts[train[:-1], train[1:]] += 1
    p = counts / counts.sum(1, keepdims=True)
    return -np.log2(p[test[:-1], test[1:]]).mean()


# %% pair-bits: counts the test text too
def pair_bits(train, test, vocab_size):
    counts = np.ones((vocab_size, vocab_size))
    for ids in (train, test):
        np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts / counts.sum(1, keepdims=True)
    return -np.log2(p[test[:-1], test[1:]]).mean()


# %% pair-bits: probability of the character before
def pair_bits(train, test, vocab_size):
    counts = np.ones((vocab_size, vocab_size))
    np.add.at(counts, (train[:-1], train[1:]), 1)
    p = counts / counts.sum(0, keepdims=True)
    return -np.log2(p[test[:-1], test[1:]]).mean()


# %% pair-bits: nats
def pair_bits(train, test, vocab_size):
    counts = np.ones((vocab_size, vocab_size))
    np.add.at(counts, (train[:-1], train[1:]), 1)
    p = counts / counts.sum(1, keepdims=True)
    return -np.log(p[test[:-1], test[1:]]).mean()


# %% model: pairs
def model(train, vocab_size):
    counts = np.ones((vocab_size, vocab_size))
    np.add.at(counts, (train[:-1], train[1:]), 1)
    p = counts / counts.sum(1, keepdims=True)
    return lambda history: p[history[-1]] if history else np.full(vocab_size, 1 / vocab_size)


# %% model: long histories without smoothing
def model(train, vocab_size):
    after = {}
    ids = train.tolist()
    for i in range(3, len(ids)):
        after.setdefault(tuple(ids[i - 3 : i]), np.zeros(vocab_size))[ids[i]] += 1

    def predict(history):
        row = after.get(tuple(history[-3:]))
        return np.full(vocab_size, 1 / vocab_size) if row is None else row / row.sum()

    return predict


# %% model: counts that do not sum to one
def model(train, vocab_size):
    after = {}
    ids = train.tolist()
    for i in range(3, len(ids)):
        after.setdefault(tuple(ids[i - 3 : i]), np.full(vocab_size, 0.01))[ids[i]] += 1
    return lambda history: after.get(tuple(history[-3:]), np.full(vocab_size, 0.01))
