"""BM25 against two other implementations and by hand; fusion against brute force; pieces that lose no word; the course's questions."""

import json
import math
import pathlib
import re

from bigmodel_lib import retrieval
from bigmodel_lib.data import questions as data
from bigmodel_lib.retrieval import BM25, Piece, Vectors, cut, fuse, notebook_pieces, rank_of, words

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("[1-3]-*/*.ipynb"))
VOCABULARY = "the a red blue fox car runs over lazy dog 3.5 1,024 naïve x_1".split()


def drawn(seed=0, texts=40):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(VOCABULARY, rng.integers(1, 30))) for _ in range(texts)]


# ---------------------------------------------------------------- words and pieces


def test_words():
    assert words("The KV-cache: 1,024 heads, 0.5 s. Größe x_1!") == [
        "the", "kv", "cache", "1,024", "heads", "0.5", "s", "größe", "x_1",
    ]  # fmt: skip
    assert words("") == words("… —, !") == []


@pytest.mark.parametrize("limit", [1, 5, 12, 1000])
def test_cutting_loses_no_word_and_keeps_the_order(limit):
    rng = np.random.default_rng(limit)
    sentences = ["Ada " + " ".join(rng.choice(["Ada", "7", "far"], rng.integers(1, 9))) + "." for _ in range(50)]
    text = "\n\n".join(" ".join(sentences[i : i + 5]) for i in range(0, 50, 5))
    pieces = cut(text, limit)
    assert " ".join(pieces).split() == text.split()
    assert all(len(piece.split()) <= limit or piece.count(".") == 1 for piece in pieces)


def test_neighbours_are_joined_up_to_the_limit_and_not_beyond():
    assert cut("One two. Three four. Five.", 4) == ["One two. Three four.", "Five."]
    assert cut("One two. Three four. Five.", 5) == ["One two. Three four. Five."]
    assert cut("A long sentence of seven words here. Short.", 3) == ["A long sentence of seven words here.", "Short."]
    assert cut("- one two\n- three four", 2) == ["- one two", "- three four"]
    assert cut("As Vaswani et al. (2017) say. Next.", 6) == ["As Vaswani et al. (2017) say.", "Next."]
    assert cut("") == cut(" \n\n ") == []


def test_the_limit_of_a_piece_is_at_least_a_word():
    with pytest.raises(ValueError, match="at least 1 word, not 0"):
        cut("A text.", 0)


def notebook(tmp_path, *cells, name="9.1-test"):
    path = tmp_path / f"{name}.ipynb"
    made = [{"cell_type": kind, "source": text.splitlines(True)} for kind, text in cells]
    path.write_text(json.dumps({"cells": made}), "utf-8")
    return path


def test_a_notebook_becomes_pieces_with_their_headings(tmp_path):
    path = notebook(
        tmp_path,
        ("markdown", "# 9.1 Title\nThis opening cell is left out of the collection altogether."),
        ("code", "print('code is no prose and is left out as well')"),
        ("markdown", "## 1 First\nA **bold** and *slanted* text with a [link](../x.ipynb), `code_here` and $x * y$ stays.\n\n"
                     "![A picture that is left out](x.svg)\n\n| a | table | that | is | left | out | as | well |\n\n"
                     "Behind the table the text goes on for some more words."),
        ("markdown", "This cell belongs to the first heading, which stands above it.\n\n$$ a = b $$\n\n## 2 Second\nShort."),
        ("markdown", "## Takeaways\nWhat is said here was said before, in other words."),
    )  # fmt: skip
    pieces = notebook_pieces([path], limit=12)
    assert [piece.text for piece in pieces] == [
        "A bold and slanted text with a link, `code_here` and $x * y$ stays.",
        "Behind the table the text goes on for some more words.",
        "This cell belongs to the first heading, which stands above it.",
    ]
    assert {piece.source for piece in pieces} == {"9.1-test"} and {piece.heading for piece in pieces} == {"1 First"}
    assert notebook_pieces([path], limit=12, least=1)[-1] == Piece("Short.", "9.1-test", "2 Second")
    assert notebook_pieces([path], closing=True)[-1].heading == "Takeaways"


def test_what_stands_twice_is_kept_once(tmp_path):
    cells = ("markdown", "# Opening"), ("markdown", "These eight words are the same in both.")
    one, other = (notebook(tmp_path, *cells, name=name) for name in ("9.1-one", "9.2-other"))
    assert [piece.source for piece in notebook_pieces([other, one])] == ["9.2-other"]


def test_a_collection_without_text_is_refused(tmp_path):
    for paths in ([], [notebook(tmp_path, ("markdown", "# Opening"), ("markdown", "Short."))]):
        with pytest.raises(
            ValueError, match=f"at least one notebook with text, but {len(paths)} notebooks gave no piece"
        ):
            notebook_pieces(paths)


# ---------------------------------------------------------------- BM25


def by_scikit_learn(texts, question, k1, b):
    """The same formula over scikit-learn's table of counts."""
    counter = CountVectorizer(analyzer=words)
    tf = counter.fit_transform(texts).toarray().astype(float)
    length = tf.sum(1, keepdims=True)
    n = (tf > 0).sum(0)
    below = np.where(tf > 0, tf + k1 * (1 - b + b * length / length.mean()), 1)
    weight = np.log((len(texts) + 1) / (n + 0.5)) * tf * (k1 + 1) / below
    return weight @ (counter.transform([question]).toarray()[0] > 0)


@pytest.mark.parametrize("k1, b", [(1.5, 0.75), (0, 0.75), (1.2, 0), (2.0, 1), (100, 0.5)])
def test_bm25_equals_the_formula_on_scikit_learns_counts(k1, b):
    for seed in range(5):
        texts = drawn(seed)
        for question in ("red fox", "the the lazy dog unknown", "3.5 1,024 x_1 naïve", texts[3]):
            np.testing.assert_allclose(
                BM25(texts, k1, b).scores(question), by_scikit_learn(texts, question, k1, b), rtol=1e-12, atol=1e-12
            )


def test_bm25_equals_rank_bm25_with_the_logarithm_that_is_never_negative():
    rank_bm25 = pytest.importorskip("rank_bm25")
    texts = drawn(1)
    other = rank_bm25.BM25Okapi([words(text) for text in texts], k1=1.5, b=0.75)
    holding = {word: sum(word in words(text) for text in texts) for word in other.idf}
    other.idf = {word: math.log(1 + (40 - n + 0.5) / (n + 0.5)) for word, n in holding.items()}
    np.testing.assert_allclose(BM25(texts).scores("the lazy fox"), other.get_scores(["the", "lazy", "fox"]), rtol=1e-12)


def test_bm25_by_hand():
    """Two passages of 2 and 4 words; "fox" stands in one of them, once: ln(1 + 1.5 / 1.5) = ln 2."""
    texts = ["red fox", "red car red car"]
    scores = BM25(texts, k1=1, b=0).scores("fox")
    np.testing.assert_allclose(scores, [math.log(2), 0])  # 1 · 2 / (1 + 1) = 1
    # with b = 1 the short passage, 2/3 of the mean length, has k1 · 2/3 in place of k1
    np.testing.assert_allclose(BM25(texts, k1=1, b=1).scores("fox"), [math.log(2) * 2 / (1 + 2 / 3), 0])


def test_limits_of_bm25():
    texts = ["fox " * 50, "fox", "car " * 9 + "fox", "car car"]
    np.testing.assert_allclose(BM25(texts, k1=0).scores("fox")[:3], BM25(texts, k1=0).scores("fox")[1])
    assert (np.diff(BM25([f"{'fox ' * n}" for n in range(1, 9)], b=0).scores("fox")) > 0).all()
    rare, common = BM25(["a b", "a c", "a d"]), BM25(["a b", "b a", "a b"])
    assert rare.scores("b").max() > common.scores("b").max() > 0
    np.testing.assert_array_equal(BM25(texts).scores("fox fox FOX"), BM25(texts).scores("fox"))


@pytest.mark.parametrize("kind", [BM25, lambda texts: Vectors(texts, lambda some: np.ones((len(some), 2)))])
@pytest.mark.parametrize("texts, came", [([], "an empty one"), ("one text", "one string")])
def test_an_empty_collection_is_refused(kind, texts, came):
    with pytest.raises(ValueError, match=f"a list of at least one passage, not {came}"):
        kind(texts)


def test_a_question_without_known_words_is_refused():
    for question in ("zebra?", "", "…"):
        with pytest.raises(ValueError, match=re.escape(f"none of {words(question)} stands in it")):
            BM25(["red fox"]).scores(question)


@pytest.mark.parametrize("k1, b", [(-0.1, 0.5), (1, -0.1), (1, 1.1)])
def test_parameters_out_of_range(k1, b):
    with pytest.raises(ValueError, match="k1 >= 0 and b from 0 to 1"):
        BM25(["red fox"], k1, b)


def test_passages_without_words():
    with pytest.raises(ValueError, match="in these there is none"):
        BM25(["…", "!"])
    assert BM25(["…", "red fox"]).scores("fox")[0] == 0


# ---------------------------------------------------------------- vectors and fusion


def test_vectors_are_compared_by_their_angle():
    rows = {"right": [3.0, 0], "up": [0, 0.5], "left": [-1, 0], "nothing": [0, 0], "between": [2, 2]}
    index = Vectors(["right", "up", "left", "nothing"], lambda texts: np.array([rows[text] for text in texts]))
    np.testing.assert_allclose(index.scores("between"), [0.5**0.5, 0.5**0.5, -(0.5**0.5), 0], rtol=1e-6)
    np.testing.assert_allclose(index.many(["up", "between"])[1], index.scores("between"))


def test_an_encoder_must_give_a_row_a_text():
    with pytest.raises(ValueError, match=r"2 rows, one for each text, not an array of shape \(3, 2\)"):
        Vectors(["a", "b"], lambda texts: np.ones((3, 2)))


def test_fusion_against_brute_force():
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores = rng.integers(0, 5, (3, 12)).astype(float)  # with many ties
        wanted = np.zeros(12)
        for one in scores:
            for i, score in enumerate(one):
                better, equal = (one > score).sum(), (one == score).sum()
                wanted[i] += 1 / (60 + better + (equal + 1) / 2)
        np.testing.assert_allclose(fuse(*scores), wanted)


def test_fusion_knows_only_the_order():
    one, other = np.array([0.1, 5.0, 2.0]), np.array([9.0, 1.0, 8.0])
    np.testing.assert_allclose(fuse(one, other), fuse(np.exp(one), other / 100))
    np.testing.assert_allclose(fuse(one, k=1), [1 / 4, 1 / 2, 1 / 3])
    np.testing.assert_allclose(fuse(np.ones(4), k=0), [0.4] * 4)


@pytest.mark.parametrize("scores", [(), (np.ones(3), np.ones(4))])
def test_fusion_of_other_things(scores):
    with pytest.raises(ValueError, match="rankings of the same passages"):
        fuse(*scores)


def test_a_tie_is_no_luck():
    scores = np.array([1.0, 3.0, 3.0, 0.0])
    assert [rank_of(scores, i) for i in range(4)] == [3, 2, 2, 4]


# ---------------------------------------------------------------- the course's questions


def test_every_question_has_its_passage_once():
    pieces = notebook_pieces(CHAPTERS)
    texts, sources = [piece.text for piece in pieces], [piece.source for piece in pieces]
    for question in data.questions():
        place = data.gold(question, texts, sources)  # raises unless it is one
        assert sum(question.phrase in text for text in texts) == 1, question.phrase
        assert question.text not in texts[place]


def test_the_questions_are_many_of_both_kinds_and_differ():
    every = data.questions()
    assert len(every) >= 150 and len({question.text for question in every}) == len(every)
    assert min(len(data.questions(kind)) for kind in data.KINDS) >= 70
    assert len({question.notebook for question in every}) == len(CHAPTERS)
    assert all(question.text.endswith("?") for question in every)


def test_paraphrases_share_fewer_words_with_their_passage():
    pieces = notebook_pieces(CHAPTERS)
    texts, sources = [piece.text for piece in pieces], [piece.source for piece in pieces]

    def shared(kind):
        pairs = [(set(words(q.text)), set(words(texts[data.gold(q, texts, sources)]))) for q in data.questions(kind)]
        return np.mean([len(question & passage) / len(question) for question, passage in pairs])

    assert shared("words") > 1.5 * shared("paraphrase")


def test_an_unknown_kind_of_question():
    with pytest.raises(ValueError, match="kind must be one of words, paraphrase"):
        data.questions("easy")


def test_a_passage_that_is_gone_is_named():
    question = data.questions()[0]
    for texts in (["another text"], [question.phrase, question.phrase]):
        with pytest.raises(ValueError, match=f"but stands in {0 if len(texts) == 1 else 2}"):
            data.gold(question, texts, ["1.1-x"] * len(texts))


def test_the_room_needs_no_keras():
    assert "keras" not in pathlib.Path(retrieval.__file__).read_text("utf-8")
