"""The linear-chain CRF beside the sum and the maximum over every row of tags, written out."""

import itertools

from bigmodel_lib import training
from bigmodel_lib.models import crf

import keras
import numpy as np
import pytest
from keras import ops

TAGS = ["O", "B-PER", "M-PER", "E-PER", "S-PER"]


def a_problem(length, num_tags=3, batch=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(batch, length, num_tags)).astype("float32") * 2, rng.normal(size=(num_tags,) * 2).astype(
        "float32"
    )


def by_hand(scores, transitions, row):
    """The score of one row of tags of one sentence, from the formula."""
    before, after = (0, *row), (*row, 0)
    return sum(scores[t, tag] for t, tag in enumerate(row)) + sum(transitions[i, j] for i, j in zip(before, after))


def every_row(scores, transitions):
    rows = list(itertools.product(range(scores.shape[1]), repeat=len(scores)))
    return rows, np.array([by_hand(scores, transitions, row) for row in rows])


@pytest.mark.parametrize("length", [1, 2, 5])
def test_forward_algorithm_and_viterbi_against_enumeration(length):
    scores, transitions = a_problem(length)
    pairs = crf.pairs(scores, transitions)
    assert pairs.shape == (4, length, 3, 3)
    total, best = ops.convert_to_numpy(crf.log_partition(pairs)), crf.viterbi(pairs)
    for b in range(4):
        rows, values = every_row(scores[b], transitions)
        assert total[b] == pytest.approx(np.log(np.exp(values.astype(float)).sum()), abs=1e-5)
        assert tuple(best[b]) == rows[values.argmax()]


def test_score_of_a_row_against_the_formula():
    scores, transitions = a_problem(6)
    tags = np.random.default_rng(1).integers(0, 3, (4, 6))
    found = ops.convert_to_numpy(crf.path_score(crf.pairs(scores, transitions), tags))
    assert found == pytest.approx([by_hand(scores[b], transitions, tags[b]) for b in range(4)], abs=1e-5)


def test_the_probabilities_of_all_rows_sum_to_one():
    scores, transitions = a_problem(4, batch=1)
    pairs, total = crf.pairs(scores, transitions), 0.0
    for row in itertools.product(range(3), repeat=4):
        total += float(ops.exp(-crf.negative_log_likelihood(np.array([row]), pairs))[0])
    assert total == pytest.approx(1, abs=1e-5)


def test_without_transitions_it_is_a_softmax_at_each_character():
    scores, _ = a_problem(5)
    tags = np.random.default_rng(1).integers(0, 3, (4, 5))
    pairs = crf.pairs(scores, np.zeros((3, 3), "float32"))
    logs = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    expected = -np.take_along_axis(logs, tags[..., None], 2).sum((1, 2))
    assert ops.convert_to_numpy(crf.negative_log_likelihood(tags, pairs)) == pytest.approx(expected, abs=1e-5)
    assert np.array_equal(crf.viterbi(pairs), scores.argmax(-1))


def test_a_padded_sentence_is_worth_the_same():
    scores, transitions = a_problem(7)
    lengths = [7, 1, 4, 6]
    mask = np.arange(7) < np.array(lengths)[:, None]
    tags = np.random.default_rng(1).integers(0, 3, (4, 7)) * mask
    padded = crf.pairs(scores, transitions, mask)
    losses, best = ops.convert_to_numpy(crf.negative_log_likelihood(tags, padded)), crf.viterbi(padded)
    for b, n in enumerate(lengths):
        alone = crf.pairs(scores[b : b + 1, :n], transitions)
        assert losses[b] == pytest.approx(float(crf.negative_log_likelihood(tags[b : b + 1, :n], alone)[0]), abs=1e-4)
        assert best[b].tolist() == crf.viterbi(alone)[0].tolist() + [0] * (7 - n)


def test_sentences_behind_one_another_with_a_gap_do_not_touch():
    """A masked place between two sentences must be O: the loss of a packed row is the sum of theirs, up to O after O."""
    scores, transitions = a_problem(6, batch=1)
    mask = np.array([[True, True, True, False, True, True]])
    tags = np.array([[1, 2, 1, 0, 2, 2]])
    packed = float(crf.negative_log_likelihood(tags, crf.pairs(scores, transitions, mask))[0])
    alone = [
        crf.negative_log_likelihood(tags[:, p], crf.pairs(scores[:, p], transitions)) for p in (slice(3), slice(4, 6))
    ]
    assert packed == pytest.approx(sum(float(part[0]) for part in alone), abs=1e-4)


def test_the_best_row_is_legal_whatever_the_scores():
    allowed = crf.legal(TAGS)
    scores = np.random.default_rng(0).normal(size=(200, 9, 5)).astype("float32") * 5
    best = crf.viterbi(crf.pairs(scores, np.where(allowed, 0, crf.BARRED).astype("float32")))
    edged = np.pad(best, ((0, 0), (1, 1)))
    assert allowed[edged[:, :-1], edged[:, 1:]].all()
    free = np.pad(scores.argmax(-1), ((0, 0), (1, 1)))
    assert not allowed[free[:, :-1], free[:, 1:]].all()


def test_barred_rows_have_no_probability():
    allowed, rng = crf.legal(TAGS), np.random.default_rng(0)
    scores = rng.normal(size=(1, 4, 5)).astype("float32")
    transitions = np.where(allowed, rng.normal(size=(5, 5)), crf.BARRED).astype("float32")
    rows, values = every_row(scores[0], transitions)
    fits = [all(allowed[i, j] for i, j in zip((0, *row), (*row, 0))) for row in rows]
    expected = np.log(np.exp(values[fits].astype(float)).sum())
    assert float(crf.log_partition(crf.pairs(scores, transitions))[0]) == pytest.approx(expected, abs=1e-4)


def test_legal():
    allowed = crf.legal(TAGS)
    assert allowed.astype(int).tolist() == [
        [1, 1, 0, 0, 1],
        [0, 0, 1, 1, 0],
        [0, 0, 1, 1, 0],
        [1, 1, 0, 0, 1],
        [1, 1, 0, 0, 1],
    ]
    assert crf.legal(["O"]).tolist() == [[True]]


def test_it_learns_what_no_character_tells_alone():
    """Every character looks the same, and tags come in turns: only transitions can say so."""
    model = keras.Sequential([keras.Input((5, 1)), keras.layers.Dense(2), crf.CRF(np.ones((2, 2)))])
    x, y = np.ones((8, 5, 1), "float32"), np.tile([1, 0, 1, 0, 1], (8, 1))
    losses = training.train(model, keras.optimizers.Adam(0.1), crf.negative_log_likelihood, lambda step: (x, y), 150)
    assert losses[-1] < 0.2 < losses[0]
    assert np.array_equal(crf.viterbi(model.predict(x, verbose=0)), y)


def test_the_layer_is_saved_and_loaded(tmp_path):
    model = keras.Sequential([keras.Input((None, 4)), keras.layers.Dense(5), crf.CRF(crf.legal(TAGS))])
    model.layers[-1].transitions.assign(np.random.default_rng(0).normal(size=(5, 5)))
    x = np.random.default_rng(1).normal(size=(2, 7, 4)).astype("float32")
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert np.allclose(model.predict(x, verbose=0), again.predict(x, verbose=0))
    assert model.output_shape == (None, None, 5, 5)


def test_the_layer_takes_a_mask():
    chars = keras.Input((None,), dtype="int32")
    scores = keras.layers.Embedding(9, 3)(chars)
    model = keras.Model(chars, crf.CRF(np.ones((3, 3)))(scores, mask=chars > 0))
    x = np.array([[1, 2, 0, 0]], "int32")
    assert crf.viterbi(model.predict(x, verbose=0))[0, 2:].tolist() == [0, 0]


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: crf.legal(["B-PER", "O"]), "the first tag must be 'O'"),
        (lambda: crf.legal([]), "the first tag must be 'O'"),
        (lambda: crf.legal(["O", "Q-PER"]), "unknown tag 'Q-PER'"),
        (lambda: crf.pairs(np.zeros((2, 0, 3)), np.zeros((3, 3))), "at least one character"),
        (lambda: crf.pairs(np.zeros((2, 4, 3)), np.zeros((4, 4))), r"not \(2, 4, 3\) and \(4, 4\)"),
        (lambda: crf.pairs(np.zeros((4, 3)), np.zeros((3, 3))), r"must be \(batch, T, K\)"),
        (lambda: crf.path_score(np.zeros((2, 4, 3, 3)), np.zeros((2, 5), int)), r"tags must be \(batch, 4\)"),
        (lambda: crf.CRF(np.ones((2, 3))), r"allowed must be \(K, K\)"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
