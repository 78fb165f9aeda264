# %% cosine: the dot product alone
def cosine(a, b):
    return a @ b


# %% cosine: squared lengths
def cosine(a, b):
    return a @ b / ((a @ a) * (b @ b))


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


# %% perplexity: the sign
def perplexity(log_probabilities):
    return np.exp(np.mean(log_probabilities))


# %% perplexity: the mean of the probabilities
def perplexity(log_probabilities):
    return 1 / np.mean(np.exp(log_probabilities))


# %% descriptions: names, not descriptions
def descriptions():
    return {"movies": "movies", "tweets": "tweets", "amazon": "amazon", "nyt": "nyt"}


# %% descriptions: two of them under each other's key
def descriptions():
    return {
        "movies": "a customer's opinion of a gadget that they bought",
        "tweets": "a tweet about somebody's day",
        "amazon": "a review of a movie and its actors",
        "nyt": "a newspaper's comment on politics and the city",
    }
