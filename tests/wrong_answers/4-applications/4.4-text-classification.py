# %% evidence: no smoothing
def evidence(a, b):
    return np.log(a / a.sum()) - np.log(b / b.sum())


# %% evidence: the sums without V
def evidence(a, b):
    return np.log((a + 1) / a.sum()) - np.log((b + 1) / b.sum())


# %% evidence: one more word in place of V
def evidence(a, b):
    return np.log((a + 1) / (a.sum() + 1)) - np.log((b + 1) / (b.sum() + 1))


# %% evidence: the other way round
def evidence(a, b):
    return np.log((b + 1) / (b.sum() + len(b))) - np.log((a + 1) / (a.sum() + len(a)))


# %% evidence: the ratio, without a logarithm
def evidence(a, b):
    return (a + 1) / (a.sum() + len(a)) / ((b + 1) / (b.sum() + len(b)))


# %% evidence: bits in place of nats
def evidence(a, b):
    return np.log2((a + 1) / (a.sum() + len(a))) - np.log2((b + 1) / (b.sum() + len(b)))


# %% evidence: counts in place of probabilities
def evidence(a, b):
    return np.log((a + 1) / (b + 1))


# %% evidence: both classes share one sum
def evidence(a, b):
    total = a.sum() + b.sum() + len(a)
    return np.log((a + 1) / total) - np.log((b + 1) / total)


# %% evidence: V counts only the words that the class has
def evidence(a, b):
    return np.log((a + 1) / (a.sum() + (a > 0).sum())) - np.log((b + 1) / (b.sum() + (b > 0).sum()))


# %% evidence: adds the ones in place
def evidence(a, b):
    a += 1
    b += 1
    return np.log(a / a.sum()) - np.log(b / b.sum())


# %% evidence: the strength without its sign
def evidence(a, b):
    return np.abs(np.log((a + 1) / (a.sum() + len(a))) - np.log((b + 1) / (b.sum() + len(b))))


# %% evidence: V counts the words that either class has
def evidence(a, b):
    size = ((a + b) > 0).sum()
    return np.log((a + 1) / (a.sum() + size)) - np.log((b + 1) / (b.sum() + size))


# %% evidence: half a count in place of one
def evidence(a, b):
    size = len(a) / 2
    return np.log((a + 0.5) / (a.sum() + size)) - np.log((b + 0.5) / (b.sum() + size))


# %% posterior: the classes in the order of the alphabet
def posterior(sentences, labels, classes, text):
    classes = sorted(classes)
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split()]
        score = math.log(len(own) / len(labels)) if own else -math.inf
        for word in text.split():
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: all classes are alike before the text
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        words = [word for s, label in zip(sentences, labels) if label == c for word in s.split()]
        score = 0.0 if words else -math.inf
        for word in text.split():
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: unknown words are smoothed too
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split()]
        score = math.log(len(own) / len(labels)) if own else -math.inf
        for word in text.split():
            score += math.log((words.count(word) + 1) / (len(words) + len(known) + 1))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: a word counts once, however often it stands in the text
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split()]
        score = math.log(len(own) / len(labels)) if own else -math.inf
        for word in set(text.split()) & known:
            score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: a word counts once in each training sentence
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in set(s.split())]
        score = math.log(len(own) / len(labels)) if own else -math.inf
        for word in text.split():
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: multiplies the probabilities (0/0 for a long text)
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    products = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split()]
        product = len(own) / len(labels)
        for word in text.split():
            if word in known:
                product *= (words.count(word) + 1) / (len(words) + len(known))
        products.append(product)
    return np.array(products) / sum(products)


# %% posterior: exponentials without the largest taken out
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split()]
        score = math.log(len(own) / len(labels)) if own else -math.inf
        for word in text.split():
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores))
    return weights / weights.sum()


# %% posterior: small letters everywhere
def posterior(sentences, labels, classes, text):
    sentences, text = [s.lower() for s in sentences], text.lower()
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split()]
        score = math.log(len(own) / len(labels)) if own else -math.inf
        for word in text.split():
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: the vocabulary of each class alone
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split()]
        score = math.log(len(own) / len(labels)) if own else -math.inf
        for word in text.split():
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(set(words))))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: an empty class raises (raises ValueError)
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split()]
        score = math.log(len(own) / len(labels))
        for word in text.split():
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: an empty class is smoothed as well
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split()]
        score = math.log((len(own) + 1) / (len(labels) + len(classes)))
        for word in text.split():
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: the prior counts words
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    total = sum(len(sentence.split()) for sentence in sentences)
    scores = []
    for c in classes:
        words = [word for s, label in zip(sentences, labels) if label == c for word in s.split()]
        score = math.log(len(words) / total) if words else -math.inf
        for word in text.split():
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: a word that the class never used says nothing there
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split()]
        score = math.log(len(own) / len(labels)) if own else -math.inf
        for word in text.split():
            if word in words:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: the text's own words count among the known ones
def posterior(sentences, labels, classes, text):
    known = {word for sentence in [*sentences, text] for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split()]
        score = math.log(len(own) / len(labels)) if own else -math.inf
        for word in text.split():
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: empty sentences are no sentences
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split()}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c and s]
        words = [word for s in own for word in s.split()]
        score = math.log(len(own) / max(1, sum(map(bool, sentences)))) if own else -math.inf
        for word in text.split():
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% posterior: split at single spaces
def posterior(sentences, labels, classes, text):
    known = {word for sentence in sentences for word in sentence.split(" ")}
    scores = []
    for c in classes:
        own = [s for s, label in zip(sentences, labels) if label == c]
        words = [word for s in own for word in s.split(" ")]
        score = math.log(len(own) / len(labels)) if own else -math.inf
        for word in text.split(" "):
            if word in known:
                score += math.log((words.count(word) + 1) / (len(words) + len(known)))
        scores.append(score)
    weights = np.exp(np.array(scores) - max(scores))
    return weights / weights.sum()


# %% leaked: the sentences as they are
def leaked(train, test):
    seen = set(train)
    return [i for i, sentence in enumerate(test) if sentence in seen]


# %% leaked: small letters only
def leaked(train, test):
    seen = {sentence.lower() for sentence in train}
    return [i for i, sentence in enumerate(test) if sentence.lower() in seen]


# %% leaked: white space stays
def leaked(train, test):
    def bare(sentence):
        return "".join(c for c in sentence if c.isalnum() or c == " ").lower()

    seen = {bare(sentence) for sentence in train} - {""}
    return [i for i, sentence in enumerate(test) if bare(sentence) in seen]


# %% leaked: what is empty leaks too
def leaked(train, test):
    def bare(sentence):
        return "".join(c for c in sentence if c.isalnum()).lower()

    seen = {bare(sentence) for sentence in train}
    return [i for i, sentence in enumerate(test) if bare(sentence) in seen]


# %% leaked: letters of English only
def leaked(train, test):
    import re

    def bare(sentence):
        return re.sub(r"[^a-z0-9]", "", sentence.lower())

    seen = {bare(sentence) for sentence in train} - {""}
    return [i for i, sentence in enumerate(test) if bare(sentence) in seen]


# %% leaked: the underscore is a letter
def leaked(train, test):
    import re

    def bare(sentence):
        return re.sub(r"\W", "", sentence.lower())

    seen = {bare(sentence) for sentence in train} - {""}
    return [i for i, sentence in enumerate(test) if bare(sentence) in seen]


# %% leaked: digits are taken out
def leaked(train, test):
    def bare(sentence):
        return "".join(c for c in sentence if c.isalpha()).lower()

    seen = {bare(sentence) for sentence in train} - {""}
    return [i for i, sentence in enumerate(test) if bare(sentence) in seen]


# %% leaked: the words as a set
def leaked(train, test):
    def bare(sentence):
        return frozenset("".join(c for c in sentence if c.isalnum()).lower())

    seen = {bare(sentence) for sentence in train} - {frozenset()}
    return [i for i, sentence in enumerate(test) if bare(sentence) in seen]


# %% leaked: a part of a sentence is enough
def leaked(train, test):
    def bare(sentence):
        return "".join(c for c in sentence if c.isalnum()).lower()

    seen = {bare(sentence) for sentence in train} - {""}
    return [i for i, s in enumerate(test) if bare(s) in seen or any(bare(s).startswith(t) for t in list(seen)[:50])]


# %% leaked: each leak once
def leaked(train, test):
    def bare(sentence):
        return "".join(c for c in sentence if c.isalnum()).lower()

    seen, found = {bare(sentence) for sentence in train} - {""}, []
    for i, sentence in enumerate(test):
        if bare(sentence) in seen:
            found.append(i)
            seen.remove(bare(sentence))
    return found


# %% leaked: the sentences in place of their positions
def leaked(train, test):
    def bare(sentence):
        return "".join(c for c in sentence if c.isalnum()).lower()

    seen = {bare(sentence) for sentence in train} - {""}
    return [sentence for sentence in test if bare(sentence) in seen]


# %% leaked: the positions in the training set
def leaked(train, test):
    def bare(sentence):
        return "".join(c for c in sentence if c.isalnum()).lower()

    seen = {bare(sentence) for sentence in test} - {""}
    return [i for i, sentence in enumerate(train) if bare(sentence) in seen]


# %% leaked: casefold in place of lower
def leaked(train, test):
    def bare(sentence):
        return "".join(c for c in sentence if c.isalnum()).casefold()

    seen = {bare(sentence) for sentence in train} - {""}
    return [i for i, sentence in enumerate(test) if bare(sentence) in seen]


# %% leaked: letters and the ten digits
def leaked(train, test):
    def bare(sentence):
        return "".join(c for c in sentence if c.isalpha() or c.isdigit()).lower()

    seen = {bare(sentence) for sentence in train} - {""}
    return [i for i, sentence in enumerate(test) if bare(sentence) in seen]


# %% leaked: without accents
def leaked(train, test):
    import unicodedata

    def bare(sentence):
        return "".join(c for c in unicodedata.normalize("NFKD", sentence) if c.isalnum()).lower()

    seen = {bare(sentence) for sentence in train} - {""}
    return [i for i, sentence in enumerate(test) if bare(sentence) in seen]


# %% labels-needed: straight over the size
def labels_needed(sizes, accuracies, goal):
    if accuracies[0] >= goal:
        return sizes[0]
    for i in range(1, len(sizes)):
        low, high = accuracies[i - 1], accuracies[i]
        if high >= goal:
            return sizes[i - 1] + (sizes[i] - sizes[i - 1]) * (goal - low) / (high - low)
    return None


# %% labels-needed: the measured size that reaches it
def labels_needed(sizes, accuracies, goal):
    for size, accuracy in zip(sizes, accuracies):
        if accuracy >= goal:
            return size
    return None


# %% labels-needed: more than the goal
def labels_needed(sizes, accuracies, goal):
    if accuracies[0] > goal:
        return sizes[0]
    for i in range(1, len(sizes)):
        low, high = accuracies[i - 1], accuracies[i]
        if high > goal:
            return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((goal - low) / (high - low))
    return None


# %% labels-needed: the last place
def labels_needed(sizes, accuracies, goal):
    for i in range(len(sizes) - 1, 0, -1):
        low, high = accuracies[i - 1], accuracies[i]
        if low < goal <= high:
            return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((goal - low) / (high - low))
    return sizes[0] if accuracies[0] >= goal else None


# %% labels-needed: NumPy's interpolation over the accuracies
def labels_needed(sizes, accuracies, goal):
    if goal > max(accuracies):
        return None
    return np.exp(np.interp(goal, accuracies, np.log(sizes)))


# %% labels-needed: never mind the start
def labels_needed(sizes, accuracies, goal):
    for i in range(1, len(sizes)):
        low, high = accuracies[i - 1], accuracies[i]
        if low <= goal <= high and high > low:
            return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((goal - low) / (high - low))
    return None


# %% labels-needed: extends the curve
def labels_needed(sizes, accuracies, goal):
    if accuracies[0] >= goal:
        return sizes[0]
    for i in range(1, len(sizes)):
        low, high = accuracies[i - 1], accuracies[i]
        if high >= goal or i == len(sizes) - 1:
            return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((goal - low) / ((high - low) or 1))
    return sizes[0]


# %% labels-needed: rounds to a whole number
def labels_needed(sizes, accuracies, goal):
    if accuracies[0] >= goal:
        return sizes[0]
    for i in range(1, len(sizes)):
        low, high = accuracies[i - 1], accuracies[i]
        if high >= goal:
            return round(sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((goal - low) / (high - low)))
    return None


# %% labels-needed: always doubles
def labels_needed(sizes, accuracies, goal):
    if accuracies[0] >= goal:
        return sizes[0]
    for i in range(1, len(sizes)):
        low, high = accuracies[i - 1], accuracies[i]
        if high >= goal:
            return sizes[i - 1] * 2 ** ((goal - low) / (high - low))
    return None


# %% labels-needed: the last size if it is never reached
def labels_needed(sizes, accuracies, goal):
    if accuracies[0] >= goal:
        return sizes[0]
    for i in range(1, len(sizes)):
        low, high = accuracies[i - 1], accuracies[i]
        if high >= goal:
            return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((goal - low) / (high - low))
    return sizes[-1]


# %% labels-needed: the best curve so far
def labels_needed(sizes, accuracies, goal):
    accuracies = np.maximum.accumulate(accuracies)
    if accuracies[0] >= goal:
        return sizes[0]
    for i in range(1, len(sizes)):
        low, high = accuracies[i - 1], accuracies[i]
        if high >= goal:
            return sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** ((goal - low) / (high - low))
    return None


# %% labels-needed: from the first size of all
def labels_needed(sizes, accuracies, goal):
    for size, accuracy in zip(sizes, accuracies):
        if accuracy >= goal:
            share = (goal - accuracies[0]) / ((accuracy - accuracies[0]) or 1)
            return sizes[0] * (size / sizes[0]) ** max(0, min(1, share))
    return None


# %% labels-needed: the nearest measured size, over the logarithm
def labels_needed(sizes, accuracies, goal):
    if accuracies[0] >= goal:
        return sizes[0]
    for i in range(1, len(sizes)):
        low, high = accuracies[i - 1], accuracies[i]
        if high >= goal:
            return sizes[i] if (goal - low) / (high - low) > 0.5 else sizes[i - 1]
    return None


# %% labels-needed: a curve that never falls, read backwards
def labels_needed(sizes, accuracies, goal):
    if goal > max(accuracies):
        return None
    return float(np.exp(np.interp(goal, np.maximum.accumulate(accuracies), np.log(sizes))))
