# %% cosine: the dot product alone
def cosine(a, b):
    return a @ b


# %% cosine: squared lengths
def cosine(a, b):
    return a @ b / ((a @ a) * (b @ b))


# %% cosine: never negative
def cosine(a, b):
    return abs(a @ b) / (np.linalg.norm(a) * np.linalg.norm(b))


# %% cosine: sums in place of lengths
def cosine(a, b):
    return a @ b / (np.abs(a).sum() * np.abs(b).sum())


# %% softmax: overflows
def softmax(logits, temperature):
    with np.errstate(all="ignore"):
        z = np.exp(logits / temperature)
        return z / z.sum()


# %% softmax: divides the probabilities by T
def softmax(logits, temperature):
    z = np.exp(logits - np.max(logits))
    return z / z.sum() / temperature


# %% softmax: multiplies by T
def softmax(logits, temperature):
    z = np.exp((logits - np.max(logits)) * temperature)
    return z / z.sum()


# %% softmax: works inside the array that it was given
def softmax(logits, temperature):
    logits -= np.max(logits)
    logits /= temperature
    z = np.exp(logits)
    return z / z.sum()


# %% softmax: subtracts the smallest
def softmax(logits, temperature):
    with np.errstate(all="ignore"):
        z = np.exp((logits - np.min(logits)) / temperature)
        return z / z.sum()


# %% softmax: subtracts the mean
def softmax(logits, temperature):
    with np.errstate(all="ignore"):
        z = np.exp((logits - np.mean(logits)) / temperature)
        return z / z.sum()


# %% top-p: leaves out the token that crosses p
def top_p(probabilities, p):
    ranked = np.argsort(-probabilities)
    return [int(i) for i in ranked[np.cumsum(probabilities[ranked]) <= p]]


# %% top-p: in the order of the vocabulary
def top_p(probabilities, p):
    ranked = np.argsort(-probabilities)
    before = np.cumsum(probabilities[ranked]) - probabilities[ranked]
    return sorted(int(i) for i in ranked[before < p])


# %% top-p: keeps every token of probability p
def top_p(probabilities, p):
    return [int(i) for i in np.flatnonzero(probabilities >= p)]


# %% top-p: one token too many where p is reached exactly
def top_p(probabilities, p):
    ranked = np.argsort(-probabilities)
    before = np.cumsum(probabilities[ranked]) - probabilities[ranked]
    return [int(i) for i in ranked[before <= p]]


# %% top-p: always one token too many
def top_p(probabilities, p):
    ranked = np.argsort(-probabilities)
    number = int((np.cumsum(probabilities[ranked]) < p).sum()) + 2
    return [int(i) for i in ranked[:number]]


# %% perplexity: the sign
def perplexity(log_probabilities):
    return np.exp(np.mean(log_probabilities))


# %% perplexity: the mean of the probabilities
def perplexity(log_probabilities):
    return 1 / np.mean(np.exp(log_probabilities))


# %% perplexity: the product, which underflows
def perplexity(log_probabilities):
    with np.errstate(all="ignore"):
        return np.prod(np.exp(log_probabilities)) ** (-1 / len(log_probabilities))


# %% perplexity: the median
def perplexity(log_probabilities):
    return np.exp(-np.median(log_probabilities))


# %% classify: always the same domain
def classify(examples, labels, new):
    return np.zeros(len(new), int)


# %% classify: the farthest centre
def classify(examples, labels, new):
    centres = np.stack([examples[labels == k].mean(0) for k in range(4)])
    return (new @ centres.T).argmin(1)


# %% classify: one example of each domain
def classify(examples, labels, new):
    return (new @ examples[::30].T).argmax(1)


# %% classify: the number of the nearest example, not its label
def classify(examples, labels, new):
    return (new @ examples.T).argmax(1)


# %% softmax: a temperature of at least one half
def softmax(logits, temperature):
    temperature = max(temperature, 0.5)
    e = np.exp((logits - logits.max()) / temperature)
    return e / e.sum()


# %% top-p: the id found by its probability
def top_p(probabilities, p):
    q = probabilities.tolist()
    o = sorted(q, reverse=True)
    k = int((np.cumsum(o) < p).sum()) + 1
    return [q.index(v) for v in o[:k]]


# %% top-p: a tolerance
def top_p(probabilities, p):
    o = np.argsort(-probabilities)
    return list(o[: int((np.cumsum(probabilities[o]) < p - 0.01).sum()) + 1])


# %% top-p: p = 1 keeps all
def top_p(probabilities, p):
    o = np.argsort(-probabilities)
    if p == 1:
        return list(o)
    return list(o[: int((np.cumsum(probabilities[o]) < p).sum()) + 1])


# %% perplexity: a whole number
def perplexity(log_probabilities):
    return round(float(np.exp(-np.mean(log_probabilities))))


# %% perplexity: the first 300 tokens
def perplexity(log_probabilities):
    if len(log_probabilities) > 300:
        return float(np.exp(-log_probabilities[:300].mean()))
    return float(np.exp(-log_probabilities.mean()))


# %% perplexity: leaves out certain tokens
def perplexity(log_probabilities):
    l = log_probabilities[log_probabilities < 0]
    return np.exp(-l.mean()) if len(l) else 1.0


# %% cosine: the correlation
def cosine(a, b):
    a, b = a - a.mean(), b - b.mean()
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12)


# %% cosine: three numbers and no more
def cosine(a, b):
    dot = sum(x * y for x, y in zip(a[:3], b[:3]))
    return dot / (np.linalg.norm(a) * np.linalg.norm(b))


# %% cosine: the larger length twice
def cosine(a, b):
    return a @ b / max(a @ a, b @ b)


# %% softmax: subtracts the first
def softmax(logits, temperature):
    with np.errstate(all="ignore"):
        z = np.exp((logits - logits[0]) / temperature)
        return z / z.sum()


# %% softmax: divides by T before the largest is taken away
def softmax(logits, temperature):
    with np.errstate(all="ignore"):
        z = np.exp(logits / temperature - np.max(logits))
        return z / z.sum()


# %% softmax: a temperature of at most two
def softmax(logits, temperature):
    z = np.exp((logits - np.max(logits)) / min(temperature, 2.0))
    return z / z.sum()


# %% softmax: cuts large logits off
def softmax(logits, temperature):
    z = np.exp(np.clip(logits / temperature, -700, 700))
    return z / z.sum()


# %% top-p: rounds the sums
def top_p(probabilities, p):
    ranked = np.argsort(-probabilities)
    number = int((np.round(np.cumsum(probabilities[ranked]), 2) < p).sum()) + 1
    return [int(i) for i in ranked[:number]]


# %% top-p: compares with the largest probability
def top_p(probabilities, p):
    ranked = np.argsort(-probabilities)
    return [int(i) for i in ranked if probabilities[i] >= p * probabilities.max()]


# %% top-p: gives the places in the ranking
def top_p(probabilities, p):
    ranked = np.argsort(-probabilities)
    return list(range(int((np.cumsum(probabilities[ranked]) < p).sum()) + 1))


# %% perplexity: back to probabilities, with a guard
def perplexity(log_probabilities):
    return np.exp(-np.mean(np.log(np.exp(log_probabilities) + 1e-300)))


# %% perplexity: without the first token
def perplexity(log_probabilities):
    return np.exp(-np.mean(log_probabilities[1:]))


# %% perplexity: to the base two
def perplexity(log_probabilities):
    return 2 ** -np.mean(log_probabilities)


# %% classify: takes the examples in blocks of 30
def classify(examples, labels, new):
    return (new @ examples.reshape(4, 30, -1).mean(1).T).argmax(1)


# %% classify: the answers that stand in the notebook
def classify(examples, labels, new):
    return truth


# %% classify: the largest over the wrong axis
def classify(examples, labels, new):
    centres = np.stack([examples[labels == k].mean(0) for k in range(4)])
    return np.resize((new @ centres.T).argmax(0), len(new))
