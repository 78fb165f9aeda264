"""Names in Chinese news (MSRA): F1 of whole names on all 5,000 test sentences.

The tagger of notebook 4.6: characters and hashed pairs of characters, three dilated convolutions, a CRF on top; one cycle of Muon.
Beside it stands the same network without the CRF in training (each tag by itself, then the best possible row), for as many steps
and at the same rate, and the same tagger trained four times as long. Training stops after a number of steps, not of seconds, so
that the scores do not depend on the machine; the seconds are reported. Settings were chosen on the last 3,000 training sentences.
SEEDS and LONG in the environment change how much is run.
"""

from __future__ import annotations

import itertools
import os
import time
from collections import Counter

from benchmarks import report
from bigmodel_lib import training
from bigmodel_lib.data import ner
from bigmodel_lib.evaluation import spans
from bigmodel_lib.models import crf

import numpy as np

ROOM, BATCH, WIDTH, NUM_PAIRS, STEPS, RATE, GOAL = 104, 40, 128, 2**16, 500, 0.02, 0.83
TAG = {tag: i for i, tag in enumerate(ner.TAGS)}


class Corpus:
    """Both splits as numbers: training sentences packed into rows of `ROOM` places, test sentences one a row.

    Of the training sentences without a name three in ten are kept.
    """

    def __init__(self):
        train, self.test = ner.msra("train"), ner.msra("test")
        counts = Counter(itertools.chain.from_iterable(s.text for s in train))
        self.alphabet = {c: i for i, (c, n) in enumerate(counts.most_common(), start=2) if n > 1}
        self.gold = [spans.spans(s.tags) for s in self.test]
        rng = np.random.default_rng(0)
        train = [s for s in train if set(s.tags) != {"O"} or rng.random() < 0.3]
        self.x, self.y = self.lay_out(train, pack([len(s.text) for s in train]))
        self.x_test, _ = self.lay_out(self.test, [[i] for i in range(len(self.test))])

    def lay_out(self, sentences, rows):
        x, y = np.zeros((2, len(rows), ROOM), "int32")
        for r, row in enumerate(rows):
            at = 0
            for i in row:
                text, tags = sentences[i]
                x[r, at : at + len(text)] = [self.alphabet.get(c, 1) for c in text]
                y[r, at : at + len(text)] = [TAG[tag] for tag in spans.tags(spans.spans(tags), len(text))]
                at += len(text) + 1
        return x, y


def pack(lengths):
    """Rows of sentence numbers: the long ones first, each into the fullest row that has room, an empty place behind each."""
    rows, with_left = [], [[] for _ in range(ROOM + 1)]
    for i in np.argsort(lengths, kind="stable")[::-1]:
        need = lengths[i] + 1
        left = next((n for n in range(need, ROOM + 1) if with_left[n]), None)
        row = [] if left is None else with_left[left].pop()
        if left is None:
            rows.append(row)
        row.append(i)
        with_left[(left or ROOM) - need].append(row)
    return rows


def hashed(x):
    """For each character the number of its pair with the one before."""
    before = np.pad(x, ((0, 0), (1, 0)))[:, :-1].astype("uint64")
    mixed = (before * np.uint64(1_000_003) + x.astype("uint64")) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(48)).astype("int32")


def tagger(num_characters: int, with_crf: bool):
    import keras
    from keras import layers, ops

    def moved(x, by):
        kept = x[:, by:] if by > 0 else x[:, :by]
        return ops.pad(kept, ((0, 0), (max(-by, 0), max(by, 0)), (0, 0)))

    characters = keras.Input((ROOM,), dtype="int32", name="characters")
    pairs = keras.Input((ROOM,), dtype="int32", name="pairs")
    real = ops.cast(ops.expand_dims(characters > 0, -1), "float32")
    begin = keras.initializers.RandomNormal(stddev=0.05)
    one = layers.Embedding(num_characters, 64, begin, name="one")(characters)
    two = layers.Embedding(NUM_PAIRS, 32, begin, name="two")(pairs)
    h = ops.concatenate([one, two, moved(two, 1)], -1) * real
    h = layers.Dense(WIDTH, use_bias=False)(layers.Dropout(0.1)(h))
    for d in (1, 2, 4):
        n = layers.LayerNormalization(epsilon=1e-5)(h) * real
        n = ops.concatenate([moved(n, -d), n, moved(n, d)], -1)
        h = h + layers.Dropout(0.1)(layers.Dense(WIDTH, "relu")(n))
    scores = layers.Dense(len(ner.TAGS), name="scores")(layers.LayerNormalization()(h))
    if with_crf:
        scores = crf.CRF(crf.legal(ner.TAGS), name="crf")(scores, mask=characters > 0)
    return keras.Model([characters, pairs], scores)


def one_run(corpus: Corpus, seed: int, steps: int, with_crf: bool = True) -> dict:
    """Train and score once."""
    import keras
    from keras import ops

    class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            done = ops.cast(step, "float32") / steps
            part = ops.minimum(ops.minimum(done / 0.05 + 0.02, 1), (1 - done) / 0.8)
            return RATE * ops.maximum(0.005, part)

    keras.utils.set_random_seed(seed)
    model = tagger(len(corpus.alphabet) + 2, with_crf)
    optimizer = keras.optimizers.Muon(
        OneCycle(), weight_decay=0.01, adam_lr_ratio=1.0,
        exclude_embeddings=True, exclude_layers=["one", "two", "scores", "crf"],
    )  # fmt: skip
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def loss(tags, output):
        return crf.negative_log_likelihood(tags, output) / ROOM if with_crf else plain(tags, output)

    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(corpus.x)) for _ in range(-(-steps * BATCH // len(corpus.x)))])

    def batch(step):
        rows = order[step * BATCH : (step + 1) * BATCH]
        return [corpus.x[rows], hashed(corpus.x[rows])], corpus.y[rows]

    start = time.perf_counter()
    training.train(model, optimizer, loss, batch, steps)
    seconds = time.perf_counter() - start
    score = spans.score(corpus.gold, names(corpus, model, with_crf))
    return {
        "seed": seed,
        "steps": steps,
        "epochs": round(steps * BATCH / len(corpus.x), 2),
        "train_s": round(seconds, 1),
        **{key: round(value, 4) for key, value in score._asdict().items()},
    }


def names(corpus: Corpus, model, with_crf: bool) -> list:
    """The names that the best possible rows of tags give the test sentences."""
    barred = np.where(crf.legal(ner.TAGS), 0, crf.BARRED).astype("float32")
    rows = []
    for i in range(0, len(corpus.x_test), 250):
        x = corpus.x_test[i : i + 250]
        output = model.predict_on_batch([x, hashed(x)])
        rows.append(crf.viterbi(output if with_crf else crf.pairs(output, barred, x > 0)))
    tags = ([ner.TAGS[tag] for tag in row[: len(s.text)]] for row, s in zip(np.concatenate(rows), corpus.test))
    return [spans.spans(row) for row in tags]


def run() -> tuple[dict, dict]:
    """See the module. Returns the results, and F1 beside its goal: the mean over the seeds."""
    corpus, seeds = Corpus(), [int(seed) for seed in os.environ.get("SEEDS", "0,1,2").split(",")]
    results = {
        "test_sentences": len(corpus.test),
        "crf": [one_run(corpus, seed, STEPS) for seed in seeds],
        "each_tag_by_itself": [one_run(corpus, seed, STEPS, with_crf=False) for seed in seeds],
        "longer": [one_run(corpus, 0, int(os.environ.get("LONG", 4 * STEPS)))],
    }
    f1 = {name: [one["f1"] for one in rows] for name, rows in results.items() if isinstance(rows, list)}
    results |= {f"{name}_f1_mean": round(float(np.mean(values)), 4) for name, values in f1.items()}
    return results, {"ner_span_f1": report.ratio(float(np.mean(f1["crf"])), goal=GOAL)}
