"""Whether a film reviewer's sentence is positive: counts, a frozen encoder, its upper blocks trained, and all side by side.

The full run of notebook 4.5, which encodes a part of the sentences only. Sentences rated within half a point of 0 are left out.
The weights of linear models are chosen on a fifth of the training sentences; the test sentences are used once. Seeds leave a
tenth of the training sentences out; for the trained blocks they also draw the order of the batches.
"""

from __future__ import annotations

from benchmarks import report
from benchmarks.tasks import _sentences

import numpy as np

GOAL = 0.83
SEEDS = (0, 1, 2)
MARGIN = 0.5  # ratings go from -4 to 4
ALPHAS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
FROZEN, EPOCHS, RATE, BATCH = 3, 3, 1e-4, 32  # blocks that stay, and how the others are trained


def clear(split: str) -> tuple[list[str], np.ndarray]:
    """The film reviewers' sentences beyond the margin, and their ratings."""
    from bigmodel_lib.data import text

    found, ratings = text.rated_sentences(split, "movies")
    kept = np.flatnonzero(np.abs(ratings) > MARGIN)
    return [found[i] for i in kept], ratings[kept]


def bayes(train: list[str], y: np.ndarray, test: list[str]) -> np.ndarray:
    """Log-odds of positive (n,), by naive Bayes on words and pairs."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB

    words = CountVectorizer(ngram_range=(1, 2)).fit(train)
    logs = MultinomialNB().fit(words.transform(train), y).predict_log_proba(words.transform(test))
    return logs[:, 1] - logs[:, 0]


def characters(train: list[str], y: np.ndarray, test: list[str]) -> np.ndarray:
    """The distance (n,) from the plane of a support vector machine on tokens, pairs and runs of two to five characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    tokens = TfidfVectorizer(sublinear_tf=True, token_pattern=_sentences.TOKENS, ngram_range=(1, 2), min_df=2)
    runs = TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5), min_df=3)
    return make_pipeline(make_union(tokens, runs), LinearSVC(C=0.1)).fit(train, y).decision_function(test)


def linear(x: np.ndarray, rating: np.ndarray, x_test: np.ndarray) -> np.ndarray:
    """Ridge regression onto the rating, its strength chosen by leaving out one sentence at a time: predicted ratings (n,)."""
    from sklearn.linear_model import RidgeCV

    return RidgeCV(alphas=ALPHAS).fit(x, rating).predict(x_test)


def judged(scores: np.ndarray, rating: np.ndarray) -> dict:
    return {
        "accuracy": float(((scores > 0) == (rating > 0)).mean()),
        "correlation": float(np.corrcoef(scores, rating)[0, 1]),
    }


def side_by_side(parts: dict, y: np.ndarray, parts_test: dict) -> np.ndarray:
    """A logistic regression on the scores of the parts, learned on sentences that the parts did not see."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, x_test = (np.stack(list(some.values()), 1) for some in (parts, parts_test))
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y).decision_function(x_test)


def upper_blocks(train: list[str], y: np.ndarray, test: list[str], seed: int) -> np.ndarray:
    """MiniLM with a head, its blocks after the first `FROZEN` trained: log-odds of positive (n,)."""
    from bigmodel_lib import models
    from bigmodel_lib.models import bert

    import keras
    from keras import ops

    keras.utils.set_random_seed(seed)
    encoder, tokenizer = models.minilm()
    tokenizer.backend.enable_truncation(48)
    for layer in encoder.layers:
        block = layer.name.split("_")[1] if layer.name.startswith("block_") else "0"
        layer.trainable = int(block) > FROZEN
    mask = ops.cast(encoder.input["padding_mask"], "float32")[:, :, None]
    mean = ops.sum(encoder.output * mask, axis=1) / ops.sum(mask, axis=1)
    model = keras.Model(encoder.input, keras.layers.Dense(1, name="head")(mean))
    given, given_test = (bert.inputs([tokenizer.encode(s) for s in part], 48) for part in (train, test))
    steps = EPOCHS * -(-len(train) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=RATE, warmup_steps=steps // 10)
    model.compile(keras.optimizers.AdamW(rate), keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(given, y.astype("float32"), batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return model.predict(given_test, batch_size=64, verbose=0)[:, 0]


def run() -> tuple[dict, dict]:
    from sklearn.model_selection import KFold

    (train, rating), (test, rating_test) = clear("train"), clear("test")
    y = rating > 0
    vectors = _sentences.unit(_sentences.layer_means([*train, *test]))
    last, layers = vectors[:, -1], vectors[:, [2, 4, 6]].reshape(len(vectors), -1)
    known = len(train)
    encoded = {"frozen encoder, last block": last, "frozen encoder, three blocks": layers}
    by_block = [judged(linear(vectors[:known, k], rating, vectors[known:, k]), rating_test) for k in range(7)]
    results: dict = {"sentences": [known, len(test)], "by block": by_block, "runs": []}

    def scores(learn, ask, ask_test):
        """The scores of all parts, learned on some training sentences, for others and for texts from outside."""
        some, wanted = [train[i] for i in learn], [train[i] for i in ask] + list(ask_test)
        rows = np.concatenate([ask, np.arange(known, known + len(ask_test))]).astype(int)
        parts = {"naive Bayes": bayes(some, y[learn], wanted), "characters": characters(some, y[learn], wanted)}
        return parts | {name: linear(x[learn], rating[learn], x[rows]) for name, x in encoded.items()}

    for seed in SEEDS:
        kept = np.sort(np.random.default_rng(seed).permutation(known)[: known * 9 // 10])
        parts_test = scores(kept, [], test)
        unseen = {name: np.empty(len(kept)) for name in parts_test}
        for learn, ask in KFold(5, shuffle=True, random_state=seed).split(kept):
            for name, values in scores(kept[learn], kept[ask], []).items():
                unseen[name][ask] = values
        row = {name: judged(values, rating_test) for name, values in parts_test.items()}
        row["all side by side"] = judged(side_by_side(unseen, y[kept], parts_test), rating_test)
        tuned = upper_blocks([train[i] for i in kept], y[kept], test, seed)
        row[f"blocks {FROZEN + 1} to 6 trained"] = judged(tuned, rating_test)
        results["runs"].append(row)
        print("seed", seed, {name: round(entry["accuracy"], 4) for name, entry in row.items()}, flush=True)

    def mean(name):
        return float(np.mean([row[name]["accuracy"] for row in results["runs"]]))

    return results, {
        "sentiment_accuracy": report.ratio(mean("all side by side"), GOAL),
        "sentiment_accuracy_upper_blocks_trained": report.ratio(mean(f"blocks {FROZEN + 1} to 6 trained"), GOAL),
    }
