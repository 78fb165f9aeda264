"""Which of four domains a sentence is from: counts of words, of characters, an encoder's vectors, and all side by side.

The full run of notebook 4.4, which encodes a part of the sentences only. The regularisation of every linear model is chosen on a
fifth of the training sentences, from the same three values; the test sentences are used once. Seeds draw the labelled sentences;
with all of them a seed leaves a tenth out.
"""

from __future__ import annotations

import re

from benchmarks import report
from benchmarks.tasks import _sentences

import numpy as np

GOAL = 0.93
SEEDS = (0, 1, 2)
SIZES = (16, 64, 256, 1024, 4096)
STRENGTHS = (0.3, 1.0, 3.0)  # C, the inverse of the regularisation


def words_only(sentence: str) -> str:
    """What is left without capitals, digits, punctuation and unusual spaces."""
    return " ".join(re.findall("[a-z]+", sentence.lower()))


def shape_only(sentence: str) -> str:
    """Its form: every run of small letters becomes x, every capital X, every digit 0; all else stays."""
    return re.sub("x+", "x", re.sub("[a-z]", "x", re.sub("[A-Z]", "X", re.sub(r"\d", "0", sentence))))


def count_features(train: list[str], test: list[str]):
    """Tokens and pairs of them, and runs of two to four characters, weighted by TF-IDF; capitals and punctuation kept."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    tokens = TfidfVectorizer(
        sublinear_tf=True, lowercase=False, token_pattern=_sentences.TOKENS, ngram_range=(1, 2), min_df=2
    )
    characters = TfidfVectorizer(sublinear_tf=True, lowercase=False, analyzer="char_wb", ngram_range=(2, 4), min_df=3)
    union = make_union(tokens, characters).fit(train)
    return union.transform(train).tocsr(), union.transform(test).tocsr()


def domains(split: str) -> tuple[list[str], np.ndarray]:
    from bigmodel_lib.data import text

    found = [text.rated_sentences(split, domain)[0] for domain in text.DOMAINS]
    return sum(found, []), np.repeat(np.arange(len(found)), [len(some) for some in found])


def strength(x, y: np.ndarray) -> float:
    """The C with the best accuracy on a fifth of the training sentences."""
    from sklearn.svm import LinearSVC

    order = np.random.default_rng(0).permutation(len(y))
    learn, check = order[len(y) // 5 :], order[: len(y) // 5]
    scores = {c: LinearSVC(C=c).fit(x[learn], y[learn]).score(x[check], y[check]) for c in STRENGTHS}
    return max(scores, key=scores.get)


def curve(features: dict, y: np.ndarray, y_test: np.ndarray) -> tuple[dict, dict]:
    """For each kind of features the accuracies by number of labels and seed, and the answers with all labels."""
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.svm import LinearSVC

    accuracies, answers = {}, {}
    for name, (x, x_test) in features.items():
        bayes = name.startswith("naive Bayes")
        chosen = None if bayes else strength(x, y)
        accuracies[name] = {"C": chosen}

        def model(chosen=chosen, bayes=bayes):
            return MultinomialNB() if bayes else LinearSVC(C=chosen)

        for size in (*SIZES, len(y) * 9 // 10):
            rows = []
            for seed in SEEDS:
                some = np.random.default_rng(seed).permutation(len(y))
                some = np.concatenate([np.flatnonzero(y == k)[:1] for k in range(4)] + [some])[:size]
                # naive Bayes knows no word that its own sentences have not: they alone make its vocabulary
                known = np.flatnonzero(np.asarray(x[some].sum(0)).ravel()) if bayes else slice(None)
                rows.append(float(model().fit(x[some][:, known], y[some]).score(x_test[:, known], y_test)))
            accuracies[name][size] = rows
        answers[name] = model().fit(x, y).predict(x_test)
        accuracies[name]["all"] = float((answers[name] == y_test).mean())
        print(name, accuracies[name], flush=True)
    return accuracies, answers


def run() -> tuple[dict, dict]:
    from bigmodel_lib.evaluation import intervals

    from scipy import sparse
    from sklearn.feature_extraction.text import CountVectorizer

    (train, y), (test, y_test) = domains("train"), domains("test")
    results = {"sentences": [len(train), len(test)]}
    for kind, change in (("as they are", None), ("words only", words_only), ("shape only", shape_only)):
        a, b = ([change(s) for s in part] if change else part for part in (train, test))
        counts = count_features(a, b)
        features = {"tokens and characters": counts}
        if kind != "shape only":
            words = CountVectorizer().fit(a)
            tokens = CountVectorizer(token_pattern=_sentences.TOKENS, lowercase=False).fit(a)
            features["naive Bayes, words"] = words.transform(a), words.transform(b)
            features["naive Bayes, tokens"] = tokens.transform(a), tokens.transform(b)
            means = _sentences.unit(_sentences.layer_means([s or "." for s in [*a, *b]]))
            last = means[:, -1]
            features["encoder"] = last[: len(a)], last[len(a) :]
            both = [sparse.hstack([part, sparse.csr_matrix(v)]).tocsr() for part, v in zip(counts, features["encoder"])]
            features["all side by side"] = tuple(both)
        accuracies, answers = curve(features, y, y_test)
        results[kind] = {"accuracy": accuracies}
        if "encoder" in answers:
            hits = {name: given == y_test for name, given in answers.items()}
            results[kind]["encoder minus others"] = {
                name: intervals.paired_difference(hits["encoder"], hit)._asdict() for name, hit in hits.items()
            }
        results[kind]["by domain"] = {
            name: [float((given[y_test == k] == k).mean()) for k in range(4)] for name, given in answers.items()
        }
        results[kind]["interval"] = {
            name: intervals.wilson(int((given == y_test).sum()), len(y_test)) for name, given in answers.items()
        }
    best = results["as they are"]["accuracy"]
    return results, {
        "topic_accuracy": report.ratio(best["all side by side"]["all"], GOAL),
        "topic_accuracy_without_the_encoder": report.ratio(best["tokens and characters"]["all"], GOAL),
    }
