# %% clear: at least the margin
def clear(ratings, margin):
    kept = np.flatnonzero(np.abs(ratings) >= margin)
    return kept, (ratings[kept] > 0).astype(int)


# %% clear: only above the margin
def clear(ratings, margin):
    kept = np.flatnonzero(ratings > margin)
    return kept, (ratings[kept] > 0).astype(int)


# %% clear: labels of all
def clear(ratings, margin):
    return np.flatnonzero(np.abs(ratings) > margin), (ratings > 0).astype(int)


# %% clear: the labels first
def clear(ratings, margin):
    kept = np.flatnonzero(np.abs(ratings) > margin)
    return (ratings[kept] > 0).astype(int), kept


# %% clear: signs in place of labels
def clear(ratings, margin):
    kept = np.flatnonzero(np.abs(ratings) > margin)
    return kept, np.sign(ratings[kept]).astype(int)


# %% clear: the ratings in place of their positions
def clear(ratings, margin):
    kept = ratings[np.abs(ratings) > margin]
    return kept, (kept > 0).astype(int)


# %% clear: a mask in place of positions
def clear(ratings, margin):
    kept = np.abs(ratings) > margin
    return kept, (ratings[kept] > 0).astype(int)


# %% clear: the larger the rating, the earlier
def clear(ratings, margin):
    kept = np.argsort(-np.abs(ratings), kind="stable")
    kept = kept[np.abs(ratings)[kept] > margin]
    return kept, (ratings[kept] > 0).astype(int)


# %% clear: positive means above the margin
def clear(ratings, margin):
    kept = np.flatnonzero((ratings > margin) | (ratings <= -margin))
    return kept, (ratings[kept] > margin).astype(int)


# %% clear: in place
def clear(ratings, margin):
    signs = (ratings > 0).astype(int)
    np.abs(ratings, out=ratings)
    kept = np.flatnonzero(ratings > margin)
    return kept, signs[kept]


# %% mark: the negation is marked as well
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            marked.append("NOT_" + word if under else word)
            under = not under
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: a second negation changes nothing
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            under = True
            marked.append(word)
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: the next word only
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            under = not under
            marked.append(word)
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
            under = False
    return marked


# %% mark: up to the end of the list
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            under = not under
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: the stop is marked
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            under = not under
            marked.append(word)
            continue
        marked.append("NOT_" + word if under else word)
        if word in {".", ",", ";", ":", "!", "?", "but"}:
            under = False
    return marked


# %% mark: a part of a word negates
def mark(words):
    marked, under = [], False
    for word in words:
        if word.startswith(("not", "no", "never")) or word.endswith("n't"):
            under = not under
            marked.append(word)
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: but does not stop
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            under = not under
            marked.append(word)
        elif word in set(".,;:!?"):
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: n't is forgotten
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"}:
            under = not under
            marked.append(word)
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: not every stop
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            under = not under
            marked.append(word)
        elif word in {".", ",", "!", "?", "but"}:
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: a stop does not forget how many negations there were
def mark(words):
    marked, count, under = [], 0, False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            count += 1
            under = count % 2 == 1
            marked.append(word)
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: in place
def mark(words):
    under = False
    for i, word in enumerate(words):
        if word in {"not", "no", "never"} or word.endswith("n't"):
            under = not under
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            under = False
        elif under:
            words[i] = "NOT_" + word
    return words


# %% mark: a stop is any word with a stop's letters
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            under = not under
            marked.append(word)
        elif word in {".", ",", ";", ":", "!", "?"} or word.startswith("but"):
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% by-confidence: the right edge in
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: the last edge out
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & (confidence < high)
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: both edges in
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & (confidence <= high)
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: the last bin takes all above
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & ((confidence < high) | (high == edges[-1]))
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: the first bin takes all below
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = ((confidence >= low) | (low == edges[0])) & (confidence < high)
        if high == edges[-1]:
            inside |= confidence == high
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: the middle of the bin in place of the mean
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & (confidence < high)
        if high == edges[-1]:
            inside |= confidence == high
        n = int(inside.sum())
        rows.append((n, (low + high) / 2, right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: empty bins are left out
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & (confidence < high)
        if high == edges[-1]:
            inside |= confidence == high
        if inside.any():
            rows.append((int(inside.sum()), confidence[inside].mean(), right[inside].mean()))
    return rows


# %% by-confidence: zeros for an empty bin
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & (confidence < high)
        if high == edges[-1]:
            inside |= confidence == high
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, 0.0, 0.0))
    return rows


# %% by-confidence: the number of right ones in place of their share
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & (confidence < high)
        if high == edges[-1]:
            inside |= confidence == high
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].sum()) if n else (0, None, None))
    return rows


# %% by-confidence: the share of all answers
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & (confidence < high)
        if high == edges[-1]:
            inside |= confidence == high
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), (right & inside).mean()) if n else (0, None, None))
    return rows


# %% by-confidence: sorted confidences, the answers in the old order
def by_confidence(confidence, right, edges):
    confidence, rows = np.sort(confidence), []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & (confidence < high)
        if high == edges[-1]:
            inside |= confidence == high
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% name-gap: the other way round
def name_gap(score, templates, first, second):
    names = [*first, *second]
    scores = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    scores = scores.reshape(len(templates), len(names))
    a, b = scores[:, : len(first)], scores[:, len(first) :]
    return (b.mean(1) - a.mean(1)).mean(), ((a.std(1) + b.std(1)) / 2).mean()


# %% name-gap: the size of the gap
def name_gap(score, templates, first, second):
    names = [*first, *second]
    scores = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    scores = scores.reshape(len(templates), len(names))
    a, b = scores[:, : len(first)], scores[:, len(first) :]
    return np.abs(a.mean(1) - b.mean(1)).mean(), ((a.std(1) + b.std(1)) / 2).mean()


# %% name-gap: the first {name} only
def name_gap(score, templates, first, second):
    names = [*first, *second]
    scores = np.asarray(score([t.replace("{name}", n, 1) for t in templates for n in names]), float)
    scores = scores.reshape(len(templates), len(names))
    a, b = scores[:, : len(first)], scores[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), ((a.std(1) + b.std(1)) / 2).mean()


# %% name-gap: names before templates
def name_gap(score, templates, first, second):
    names = [*first, *second]
    scores = np.asarray(score([t.replace("{name}", n) for n in names for t in templates]), float)
    scores = scores.reshape(len(templates), len(names))
    a, b = scores[:, : len(first)], scores[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), ((a.std(1) + b.std(1)) / 2).mean()


# %% name-gap: the standard deviation of all names together
def name_gap(score, templates, first, second):
    names = [*first, *second]
    scores = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    scores = scores.reshape(len(templates), len(names))
    a, b = scores[:, : len(first)], scores[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), scores.std(1).mean()


# %% name-gap: a standard deviation over the templates as well
def name_gap(score, templates, first, second):
    names = [*first, *second]
    scores = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    scores = scores.reshape(len(templates), len(names))
    a, b = scores[:, : len(first)], scores[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), (a.std() + b.std()) / 2


# %% name-gap: divided by n - 1
def name_gap(score, templates, first, second):
    names = [*first, *second]
    scores = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    scores = scores.reshape(len(templates), len(names))
    a, b = scores[:, : len(first)], scores[:, len(first) :]
    spread = [group.std(1, ddof=1) if group.shape[1] > 1 else np.zeros(len(templates)) for group in (a, b)]
    return (a.mean(1) - b.mean(1)).mean(), (sum(spread) / 2).mean()


# %% name-gap: a call for each sentence
def name_gap(score, templates, first, second):
    a = np.array([[score([t.replace("{name}", n)])[0] for n in first] for t in templates])
    b = np.array([[score([t.replace("{name}", n)])[0] for n in second] for t in templates])
    return (a.mean(1) - b.mean(1)).mean(), ((a.std(1) + b.std(1)) / 2).mean()


# %% name-gap: pairs of names, the longer list cut
def name_gap(score, templates, first, second):
    k = min(len(first), len(second))
    names = [*first[:k], *second[:k]]
    scores = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    scores = scores.reshape(len(templates), len(names))
    a, b = scores[:, :k], scores[:, k:]
    return (a.mean(1) - b.mean(1)).mean(), ((a.std(1) + b.std(1)) / 2).mean()


# %% name-gap: sums in place of means
def name_gap(score, templates, first, second):
    names = [*first, *second]
    scores = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    scores = scores.reshape(len(templates), len(names))
    a, b = scores[:, : len(first)], scores[:, len(first) :]
    return (a.sum(1) - b.sum(1)).mean(), ((a.std(1) + b.std(1)) / 2).mean()


# %% name-gap: the control of the first list only
def name_gap(score, templates, first, second):
    names = [*first, *second]
    scores = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    scores = scores.reshape(len(templates), len(names))
    a, b = scores[:, : len(first)], scores[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), a.std(1).mean()


# %% clear: positions counted from one
def clear(ratings, margin):
    kept = np.flatnonzero(np.abs(ratings) > margin)
    return kept + 1, (ratings[kept] > 0).astype(int)


# %% clear: the margin on whole numbers
def clear(ratings, margin):
    kept = np.flatnonzero(np.abs(np.round(ratings)) > margin)
    return kept, (ratings[kept] > 0).astype(int)


# %% clear: the small ones are set to zero in the argument
def clear(ratings, margin):
    ratings[np.abs(ratings) <= margin] = 0
    kept = np.flatnonzero(ratings)
    return kept, (ratings[kept] > 0).astype(int)


# %% clear: only one of each rating
def clear(ratings, margin):
    _, kept = np.unique(ratings, return_index=True)
    kept = np.sort(kept[np.abs(ratings[kept]) > margin])
    return kept, (ratings[kept] > 0).astype(int)


# %% clear: first the positive, then the negative ones
def clear(ratings, margin):
    up, down = np.flatnonzero(ratings > margin), np.flatnonzero(ratings < -margin)
    return np.append(up, down), np.array([1] * len(up) + [0] * len(down), int)


# %% clear: a margin of 0 keeps everything
def clear(ratings, margin):
    kept = np.flatnonzero(np.abs(ratings) > margin) if margin else np.arange(len(ratings))
    return kept, (ratings[kept] > 0).astype(int)


# %% mark: a word that holds n't anywhere
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or "n't" in word:
            under = not under
            marked.append(word)
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: a word ends in t with an apostrophe
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("'t"):
            under = not under
            marked.append(word)
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: words that end in nt
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.replace("'", "").endswith("nt"):
            under = not under
            marked.append(word)
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: any word that is no letters is a stop
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            under = not under
            marked.append(word)
        elif word == "but" or not word[0].isalpha():
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: a word that ends in a stop is a stop
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            under = not under
            marked.append(word)
        elif word[-1] in ".,;:!?" or word == "but":
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: a substring of the stops
def mark(words):
    marked, under = [], False
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            under = not under
            marked.append(word)
        elif word in ".,;:!? but":
            under = False
            marked.append(word)
        else:
            marked.append("NOT_" + word if under else word)
    return marked


# %% mark: a third negation no longer counts
def mark(words):
    marked, count = [], 0
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            count += 1
            marked.append(word)
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            count = 0
            marked.append(word)
        else:
            marked.append("NOT_" + word if count == 1 else word)
    return marked


# %% mark: a fourth negation marks as the third does
def mark(words):
    marked, count = [], 0
    for word in words:
        if word in {"not", "no", "never"} or word.endswith("n't"):
            count += 1
            marked.append(word)
        elif word in {".", ",", ";", ":", "!", "?", "but"}:
            count = 0
            marked.append(word)
        else:
            marked.append("NOT_" + word if count == 1 or count > 2 else word)
    return marked


# %% by-confidence: bins of equal width
def by_confidence(confidence, right, edges):
    edges, rows = np.linspace(edges[0], edges[-1], len(edges)), []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & ((confidence < high) | ((high == edges[-1]) & (confidence == high)))
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: what equals 1, not the last edge, belongs to the last bin
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & ((confidence < high) | ((high == edges[-1]) & (confidence == 1.0)))
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: the median of the bin
def by_confidence(confidence, right, edges):
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & ((confidence < high) | ((high == edges[-1]) & (confidence == high)))
        n = int(inside.sum())
        rows.append((n, float(np.median(confidence[inside])), right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: an empty list where there are no answers
def by_confidence(confidence, right, edges):
    if not len(confidence):
        return []
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & ((confidence < high) | ((high == edges[-1]) & (confidence == high)))
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: sorts its arguments
def by_confidence(confidence, right, edges):
    order = np.argsort(confidence)
    confidence[:], right[:] = confidence[order], right[order]
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & ((confidence < high) | ((high == edges[-1]) & (confidence == high)))
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: the last edge is moved in the argument
def by_confidence(confidence, right, edges):
    edges[-1] = np.nextafter(edges[-1], 2)
    rows = []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & (confidence < high)
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% by-confidence: the last edge plus a little
def by_confidence(confidence, right, edges):
    edges, rows = [*edges[:-1], edges[-1] + 0.01], []
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence >= low) & (confidence < high)
        n = int(inside.sum())
        rows.append((n, confidence[inside].mean(), right[inside].mean()) if n else (0, None, None))
    return rows


# %% name-gap: variances in place of standard deviations
def name_gap(score, templates, first, second):
    names = [*first, *second]
    s = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    s = s.reshape(len(templates), -1)
    a, b = s[:, : len(first)], s[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), ((a.var(1) + b.var(1)) / 2).mean()


# %% name-gap: the root of the mean variance
def name_gap(score, templates, first, second):
    names = [*first, *second]
    s = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    s = s.reshape(len(templates), -1)
    a, b = s[:, : len(first)], s[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), np.sqrt((a.var(1) + b.var(1)) / 2).mean()


# %% name-gap: medians of the names
def name_gap(score, templates, first, second):
    names = [*first, *second]
    s = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    s = s.reshape(len(templates), -1)
    a, b = s[:, : len(first)], s[:, len(first) :]
    return (np.median(a, 1) - np.median(b, 1)).mean(), ((a.std(1) + b.std(1)) / 2).mean()


# %% name-gap: the median over the templates
def name_gap(score, templates, first, second):
    names = [*first, *second]
    s = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    s = s.reshape(len(templates), -1)
    a, b = s[:, : len(first)], s[:, len(first) :]
    return np.median(a.mean(1) - b.mean(1)), ((a.std(1) + b.std(1)) / 2).mean()


# %% name-gap: the spread of a name's mean over the templates
def name_gap(score, templates, first, second):
    names = [*first, *second]
    s = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    s = s.reshape(len(templates), -1)
    a, b = s[:, : len(first)], s[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), (a.mean(0).std() + b.mean(0).std()) / 2


# %% name-gap: the sum of both standard deviations
def name_gap(score, templates, first, second):
    names = [*first, *second]
    s = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    s = s.reshape(len(templates), -1)
    a, b = s[:, : len(first)], s[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), (a.std(1) + b.std(1)).mean()


# %% name-gap: a call for each template
def name_gap(score, templates, first, second):
    names = [*first, *second]
    s = np.array([score([t.replace("{name}", n) for n in names]) for t in templates], float)
    a, b = s[:, : len(first)], s[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), ((a.std(1) + b.std(1)) / 2).mean()


# %% name-gap: the larger of both standard deviations
def name_gap(score, templates, first, second):
    names = [*first, *second]
    s = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    s = s.reshape(len(templates), -1)
    a, b = s[:, : len(first)], s[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), np.maximum(a.std(1), b.std(1)).mean()


# %% name-gap: each name once, a set of both lists
def name_gap(score, templates, first, second):
    names = list(dict.fromkeys([*first, *second]))
    s = np.asarray(score([t.replace("{name}", n) for t in templates for n in names]), float)
    s = s.reshape(len(templates), -1)
    a, b = s[:, : len(first)], s[:, len(first) :]
    return (a.mean(1) - b.mean(1)).mean(), ((a.std(1) + (b.std(1) if b.size else 0)) / 2).mean()
