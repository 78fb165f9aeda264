# %% answer-or-ask: more than the threshold
def answer_or_ask(probabilities, threshold):
    return np.where(probabilities.max(1) > threshold, probabilities.argmax(1), -1)


# %% answer-or-ask: the wrong axis
def answer_or_ask(probabilities, threshold):
    return np.where(probabilities.max(0) >= threshold, probabilities.argmax(0), -1)


# %% answer-or-ask: never asks
def answer_or_ask(probabilities, threshold):
    return probabilities.argmax(1)


# %% answer-or-ask: asks with 0
def answer_or_ask(probabilities, threshold):
    return np.where(probabilities.max(1) >= threshold, probabilities.argmax(1), 0)


# %% answer-or-ask: the first class that reaches it
def answer_or_ask(probabilities, threshold):
    reached = probabilities >= threshold
    return np.where(reached.any(1), reached.argmax(1), -1)


# %% answer-or-ask: the larger of equal classes
def answer_or_ask(probabilities, threshold):
    k = probabilities.shape[1]
    return np.where(probabilities.max(1) >= threshold, k - 1 - probabilities[:, ::-1].argmax(1), -1)


# %% answer-or-ask: drops the unsure ones
def answer_or_ask(probabilities, threshold):
    return probabilities.argmax(1)[probabilities.max(1) >= threshold]


# %% answer-or-ask: the confidence in place of the class
def answer_or_ask(probabilities, threshold):
    return np.where(probabilities.max(1) >= threshold, probabilities.max(1), -1)


# %% answer-or-ask: the threshold on the lead
def answer_or_ask(probabilities, threshold):
    falling = np.sort(probabilities, 1)[:, ::-1]
    second = falling[:, 1] if falling.shape[1] > 1 else 0
    return np.where(falling[:, 0] - second >= threshold, probabilities.argmax(1), -1)


# %% answer-or-ask: counts classes from 1
def answer_or_ask(probabilities, threshold):
    return np.where(probabilities.max(1) >= threshold, probabilities.argmax(1) + 1, -1)


# %% answer-or-ask: asks where two classes are equal
def answer_or_ask(probabilities, threshold):
    best = probabilities.max(1, keepdims=True)
    alone = (probabilities == best).sum(1) == 1
    return np.where((best[:, 0] >= threshold) & alone, probabilities.argmax(1), -1)


# %% answer-or-ask: only one class may reach it
def answer_or_ask(probabilities, threshold):
    reached = probabilities >= threshold
    return np.where(reached.sum(1) == 1, reached.argmax(1), -1)


# %% answer-or-ask: hides the small ones in place
def answer_or_ask(probabilities, threshold):
    probabilities[probabilities < threshold] = 0
    return np.where(probabilities.any(1), probabilities.argmax(1), -1)


# %% answer-or-ask: all or none
def answer_or_ask(probabilities, threshold):
    return np.where(probabilities.max(1).min(initial=1) >= threshold, probabilities.argmax(1), -1)


# %% answer-or-ask: rounds the probabilities
def answer_or_ask(probabilities, threshold):
    return np.where(probabilities.max(1).round(1) >= threshold, probabilities.argmax(1), -1)


# %% answer-or-ask: no whole numbers
def answer_or_ask(probabilities, threshold):
    given = np.full(len(probabilities), -1.0)
    sure = probabilities.max(1) >= threshold
    given[sure] = probabilities.argmax(1)[sure]
    return given


# %% useless: sure of itself
def useless(labels, k):
    best = np.bincount(labels, minlength=k).argmax()
    return np.full(len(labels), best), np.ones(len(labels))


# %% useless: always class 0
def useless(labels, k):
    return np.zeros(len(labels), int), np.full(len(labels), (labels == 0).mean())


# %% useless: as by lot
def useless(labels, k):
    best = np.bincount(labels, minlength=k).argmax()
    return np.full(len(labels), best), np.full(len(labels), 1 / k)


# %% useless: the true labels
def useless(labels, k):
    return labels.copy(), np.ones(len(labels))


# %% useless: the largest of equal classes
def useless(labels, k):
    count = np.bincount(labels, minlength=k)
    best = k - 1 - count[::-1].argmax()
    return np.full(len(labels), best), np.full(len(labels), count.max() / len(labels))


# %% useless: the first that comes among equals
def useless(labels, k):
    from collections import Counter

    best, times = Counter(labels.tolist()).most_common(1)[0]
    return np.full(len(labels), best), np.full(len(labels), times / len(labels))


# %% useless: the rarest
def useless(labels, k):
    count = np.bincount(labels, minlength=k)
    return np.full(len(labels), count.argmin()), np.full(len(labels), count.min() / len(labels))


# %% useless: one answer in place of n
def useless(labels, k):
    count = np.bincount(labels, minlength=k)
    return count.argmax(), count.max() / len(labels)


# %% useless: the share among the classes
def useless(labels, k):
    count = np.bincount(labels, minlength=k)
    return np.full(len(labels), count.argmax()), np.full(len(labels), count.max() / k)


# %% useless: confidence of wrong answers is 0
def useless(labels, k):
    best = np.bincount(labels, minlength=k).argmax()
    return np.full(len(labels), best), (labels == best).astype(float)


# %% useless: the pair the other way round
def useless(labels, k):
    count = np.bincount(labels, minlength=k)
    return np.full(len(labels), count.max() / len(labels)), np.full(len(labels), count.argmax())


# %% useless: the place among the classes that occur
def useless(labels, k):
    _, count = np.unique(labels, return_counts=True)
    return np.full(len(labels), count.argmax()), np.full(len(labels), count.max() / len(labels))


# %% useless: the answers are no whole numbers
def useless(labels, k):
    count = np.bincount(labels, minlength=k)
    return np.full(len(labels), float(count.argmax())), np.full(len(labels), count.max() / len(labels))


# %% useless: the median class
def useless(labels, k):
    best = int(np.median(labels))
    return np.full(len(labels), best), np.full(len(labels), (labels == best).mean())


# %% useless: a rounded confidence
def useless(labels, k):
    count = np.bincount(labels, minlength=k)
    return np.full(len(labels), count.argmax()), np.full(len(labels), round(count.max() / len(labels), 2))


# %% ece-equal-counts: equally wide bins
def ece_equal_counts(confidence, right, groups):
    return calibration.ece(confidence, right, groups)


# %% ece-equal-counts: not sorted
def ece_equal_counts(confidence, right, groups):
    parts = np.array_split(np.arange(len(confidence)), groups)
    return sum(abs(right[p].sum() - confidence[p].sum()) for p in parts) / len(confidence)


# %% ece-equal-counts: descending
def ece_equal_counts(confidence, right, groups):
    parts = np.array_split(np.argsort(-confidence, kind="stable"), groups)
    return sum(abs(right[p].sum() - confidence[p].sum()) for p in parts) / len(confidence)


# %% ece-equal-counts: equal confidences in the opposite order
def ece_equal_counts(confidence, right, groups):
    order = np.lexsort((-np.arange(len(confidence)), confidence))
    parts = np.array_split(order, groups)
    return sum(abs(right[p].sum() - confidence[p].sum()) for p in parts) / len(confidence)


# %% ece-equal-counts: sorts the right ones as well
def ece_equal_counts(confidence, right, groups):
    a, b = np.array_split(np.sort(confidence), groups), np.array_split(np.sort(right), groups)
    return sum(abs(q.sum() - p.sum()) for p, q in zip(a, b)) / len(confidence)


# %% ece-equal-counts: each group weighs alike
def ece_equal_counts(confidence, right, groups):
    parts = np.array_split(np.argsort(confidence, kind="stable"), groups)
    return np.mean([abs(right[p].mean() - confidence[p].mean()) for p in parts if len(p)])


# %% ece-equal-counts: the absolute value of each answer
def ece_equal_counts(confidence, right, groups):
    return np.abs(right - confidence).mean()


# %% ece-equal-counts: empty groups are nan
def ece_equal_counts(confidence, right, groups):
    parts = np.array_split(np.argsort(confidence, kind="stable"), groups)
    n = len(confidence)
    return sum(
        len(p) / n * abs(right[p].sum() / np.float64(len(p)) - confidence[p].sum() / np.float64(len(p))) for p in parts
    )


# %% ece-equal-counts: drops the rest
def ece_equal_counts(confidence, right, groups):
    order = np.argsort(confidence, kind="stable")
    size = max(1, len(order) // groups)
    parts = [order[i * size : (i + 1) * size] for i in range(groups)]
    return sum(abs(right[p].sum() - confidence[p].sum()) for p in parts) / len(confidence)


# %% ece-equal-counts: the larger parts last
def ece_equal_counts(confidence, right, groups):
    order = np.argsort(confidence, kind="stable")
    parts = [p[::-1] for p in np.array_split(order[::-1], groups)]
    return sum(abs(right[p].sum() - confidence[p].sum()) for p in parts) / len(confidence)


# %% ece-equal-counts: the gaps may cancel
def ece_equal_counts(confidence, right, groups):
    return abs(right.mean() - confidence.mean())


# %% ece-equal-counts: sorts in place
def ece_equal_counts(confidence, right, groups):
    order = np.argsort(confidence, kind="stable")
    confidence[:], right[:] = confidence[order], right[order]
    parts = np.array_split(np.arange(len(order)), groups)
    return sum(abs(right[p].sum() - confidence[p].sum()) for p in parts) / len(order)


# %% ece-equal-counts: a sort that is not stable
def ece_equal_counts(confidence, right, groups):
    parts = np.array_split(np.argsort(confidence), groups)
    return sum(abs(right[p].sum() - confidence[p].sum()) for p in parts) / len(confidence)


# %% ece-equal-counts: sizes rounded up
def ece_equal_counts(confidence, right, groups):
    order = np.argsort(confidence, kind="stable")
    size = -(-len(order) // groups)
    parts = [order[i : i + size] for i in range(0, len(order), size)]
    return sum(abs(right[p].sum() - confidence[p].sum()) for p in parts) / len(confidence)


# %% ece-equal-counts: cuts at rounded places
def ece_equal_counts(confidence, right, groups):
    order = np.argsort(confidence, kind="stable")
    cuts = np.linspace(0, len(order), groups + 1).round().astype(int)
    parts = [order[a:b] for a, b in zip(cuts, cuts[1:])]
    return sum(abs(right[p].sum() - confidence[p].sum()) for p in parts) / len(confidence)


# %% ece-equal-counts: right ones first among equals
def ece_equal_counts(confidence, right, groups):
    order = np.lexsort((~right, confidence))
    parts = np.array_split(order, groups)
    return sum(abs(right[p].sum() - confidence[p].sum()) for p in parts) / len(confidence)


# %% ece-equal-counts: the middle confidence
def ece_equal_counts(confidence, right, groups):
    parts = np.array_split(np.argsort(confidence, kind="stable"), groups)
    n = len(confidence)
    return sum(len(p) / n * abs(right[p].mean() - np.median(confidence[p])) for p in parts if len(p))


# %% ece-equal-counts: cut at quantiles
def ece_equal_counts(confidence, right, groups):
    edges = np.quantile(confidence, np.arange(1, groups) / groups)
    place = np.searchsorted(edges, confidence, side="right")
    return sum(abs((right - confidence)[place == g].sum()) for g in range(groups)) / len(confidence)


# %% safe-threshold: without a margin
def safe_threshold(confidence, right, target):
    for t in np.unique(confidence):
        if right[confidence >= t].mean() >= target:
            return float(t)
    return np.inf


# %% safe-threshold: the upper end
def safe_threshold(confidence, right, target):
    for t in np.unique(confidence):
        given = confidence >= t
        if intervals.wilson(int(right[given].sum()), int(given.sum()))[1] >= target:
            return float(t)
    return np.inf


# %% safe-threshold: above the threshold only
def safe_threshold(confidence, right, target):
    for t in np.unique(confidence):
        given = confidence > t
        if given.any() and intervals.wilson(int(right[given].sum()), int(given.sum()))[0] >= target:
            return float(t)
    return np.inf


# %% safe-threshold: the highest that holds
def safe_threshold(confidence, right, target):
    for t in np.unique(confidence)[::-1]:
        given = confidence >= t
        if intervals.wilson(int(right[given].sum()), int(given.sum()))[0] >= target:
            return float(t)
    return np.inf


# %% safe-threshold: goes down until it fails
def safe_threshold(confidence, right, target):
    best = np.inf
    for t in np.unique(confidence)[::-1]:
        given = confidence >= t
        if intervals.wilson(int(right[given].sum()), int(given.sum()))[0] < target:
            break
        best = float(t)
    return best


# %% safe-threshold: of all answers, not of those given
def safe_threshold(confidence, right, target):
    for t in np.unique(confidence):
        given = confidence >= t
        if intervals.wilson(int(right[given].sum()), len(right))[0] >= target:
            return float(t)
    return np.inf


# %% safe-threshold: needs more than the target
def safe_threshold(confidence, right, target):
    for t in np.unique(confidence):
        given = confidence >= t
        if intervals.wilson(int(right[given].sum()), int(given.sum()))[0] > target:
            return float(t)
    return np.inf


# %% safe-threshold: the largest confidence if none holds
def safe_threshold(confidence, right, target):
    for t in np.unique(confidence):
        given = confidence >= t
        if intervals.wilson(int(right[given].sum()), int(given.sum()))[0] >= target:
            return float(t)
    return float(confidence.max())


# %% safe-threshold: None if none holds
def safe_threshold(confidence, right, target):
    for t in np.unique(confidence):
        given = confidence >= t
        if intervals.wilson(int(right[given].sum()), int(given.sum()))[0] >= target:
            return float(t)


# %% safe-threshold: takes the order as it comes
def safe_threshold(confidence, right, target):
    for i, t in enumerate(confidence):
        if intervals.wilson(int(right[i:].sum()), len(right) - i)[0] >= target:
            return float(t)
    return np.inf


# %% safe-threshold: one answer at a time, ties apart
def safe_threshold(confidence, right, target):
    order = np.argsort(confidence, kind="stable")
    for i in range(len(order)):
        kept = right[order[i:]]
        if intervals.wilson(int(kept.sum()), len(kept))[0] >= target:
            return float(confidence[order[i]])
    return np.inf


# %% safe-threshold: the plain interval
def safe_threshold(confidence, right, target):
    for t in np.unique(confidence):
        kept = right[confidence >= t]
        p = kept.mean()
        if p - 1.96 * np.sqrt(p * (1 - p) / len(kept)) >= target:
            return float(t)
    return np.inf


# %% safe-threshold: from the top, ties apart
def safe_threshold(confidence, right, target):
    order, best = np.argsort(-confidence, kind="stable"), np.inf
    for n in range(1, len(order) + 1):
        if intervals.wilson(int(right[order[:n]].sum()), n)[0] >= target:
            best = float(confidence[order[n - 1]])
    return best


# %% safe-threshold: halving, as if higher were always safer
def safe_threshold(confidence, right, target):
    all_of, low = np.unique(confidence), 0
    high = len(all_of)
    while low < high:
        middle = (low + high) // 2
        kept = right[confidence >= all_of[middle]]
        if intervals.wilson(int(kept.sum()), len(kept))[0] >= target:
            high = middle
        else:
            low = middle + 1
    return float(all_of[low]) if low < len(all_of) else np.inf


# %% safe-threshold: hundredths in place of the confidences given
def safe_threshold(confidence, right, target):
    for t in np.arange(0, 1.001, 0.01):
        kept = right[confidence >= t]
        if len(kept) and intervals.wilson(int(kept.sum()), len(kept))[0] >= target:
            return float(t)
    return np.inf


# %% safe-threshold: only confidences of right answers
def safe_threshold(confidence, right, target):
    for t in np.unique(confidence[right]):
        kept = right[confidence >= t]
        if intervals.wilson(int(kept.sum()), len(kept))[0] >= target:
            return float(t)
    return np.inf


# %% safe-threshold: only thresholds that leave some out
def safe_threshold(confidence, right, target):
    for t in np.unique(confidence)[1:]:
        kept = right[confidence >= t]
        if intervals.wilson(int(kept.sum()), len(kept))[0] >= target:
            return float(t)
    return np.inf


# %% safe-threshold: largest number of right ones
def safe_threshold(confidence, right, target):
    best, most = np.inf, 0
    for t in np.unique(confidence):
        kept = right[confidence >= t]
        if intervals.wilson(int(kept.sum()), len(kept))[0] >= target and kept.sum() > most:
            best, most = float(t), kept.sum()
    return best
