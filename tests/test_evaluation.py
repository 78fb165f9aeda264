"""Spans of names: from tags and back, their score beside seqeval's, and the kinds of errors."""

from bigmodel_lib.evaluation import spans as s
from bigmodel_lib.evaluation.spans import Error, Span

import numpy as np
import pytest

BMES = ["O", *(f"{place}-{kind}" for kind in ("PER", "LOC", "ORG") for place in "BMES")]
BIO = ["O", *(f"{place}-{kind}" for kind in ("PER", "LOC") for place in "BI")]


def random_rows(tags, number, seed=0):
    """Rows of tags, mostly illegal, of 1 to 12 characters."""
    rng = np.random.default_rng(seed)
    return [list(rng.choice(tags, rng.integers(1, 13))) for _ in range(number)]


def by_definition(row):
    """B, M …, E or S of one kind, found by trying every start and stop."""
    found = []
    for start in range(len(row)):
        for stop in range(start + 1, len(row) + 1):
            kinds = {tag[2:] for tag in row[start:stop]}
            places = "".join(tag[0] for tag in row[start:stop])
            if len(kinds) == 1 and places in ("S", "B" + "M" * (stop - start - 2) + "E"):
                found.append(Span(start, stop, kinds.pop()))
    return found


def test_by_hand():
    row = ["B-PER", "M-PER", "E-PER", "O", "S-LOC", "B-ORG", "E-ORG"]
    assert s.spans(row) == [Span(0, 3, "PER"), Span(4, 5, "LOC"), Span(5, 7, "ORG")]
    row = ["B-PER", "I-PER", "B-PER", "O", "B-LOC", "I-LOC"]
    assert s.spans(row, "BIO") == [Span(0, 2, "PER"), Span(2, 3, "PER"), Span(4, 6, "LOC")]
    assert s.spans(["O", "O"]) == []


def test_illegal_rows_are_decoded_by_definition():
    for row in random_rows(BMES, 3000):
        assert s.spans(row) == by_definition(row)


@pytest.mark.parametrize(
    "row, names",
    [
        (["B-PER", "O"], []),
        (["E-PER", "O"], []),
        (["B-PER", "E-LOC"], []),
        (["B-PER", "M-PER", "E-LOC", "S-LOC"], [Span(3, 4, "LOC")]),
        (["B-PER", "B-PER", "E-PER"], [Span(1, 3, "PER")]),
        (["M-PER", "B-LOC", "E-LOC"], [Span(1, 3, "LOC")]),
        (["S-PER", "E-PER"], [Span(0, 1, "PER")]),
    ],
)
def test_what_makes_no_whole_name_is_dropped_or_raises(row, names):
    assert s.spans(row) == names
    with pytest.raises(ValueError, match="cannot follow"):
        s.spans(row, illegal="raise")


def test_bio_drops_an_i_without_beginning():
    assert s.spans(["I-PER", "B-PER", "I-LOC"], "BIO") == [Span(1, 2, "PER")]
    with pytest.raises(ValueError, match="tag 2 of 3: I-LOC cannot follow B-PER in BIO"):
        s.spans(["O", "B-PER", "I-LOC"], "BIO", illegal="raise")


@pytest.mark.parametrize("scheme, tags", [("BMES", BMES), ("BIO", BIO)])
def test_round_trip(scheme, tags):
    for row in random_rows(tags, 500):
        names = s.spans(row, scheme)
        written = s.tags(names, len(row), scheme)
        assert s.spans(written, scheme, illegal="raise") == names
        assert all(s.is_legal(one, other, scheme) for one, other in zip(["O", *written], [*written, "O"]))


def test_legal_pairs_are_those_that_occur_in_sentences_of_whole_names():
    rng, seen = np.random.default_rng(0), set()
    for _ in range(3000):
        borders = np.sort(rng.choice(13, rng.integers(1, 7), replace=False))
        names = [
            Span(int(a), int(b), rng.choice(["PER", "LOC", "ORG"]))
            for a, b in zip(borders, borders[1:])
            if rng.random() < 0.7
        ]
        row = s.tags(names, 12)
        seen |= set(zip(["O", *row], [*row, "O"]))
    assert seen == {(one, other) for one in BMES for other in BMES if s.is_legal(one, other)}


def test_score_by_hand():
    gold = [[Span(0, 2, "PER"), Span(4, 5, "LOC")], [], [Span(0, 3, "ORG")]]
    given = [[Span(0, 2, "PER"), Span(4, 6, "LOC")], [Span(1, 2, "LOC")], [Span(0, 3, "LOC")]]
    assert s.score(gold, given) == (1 / 4, 1 / 3, 2 / 7, 3, 4, 1)
    assert s.score(gold, given, "PER")[:3] == (1, 1, 1)
    assert s.score(gold, given, "ORG") == (0, 0, 0, 1, 0, 0)
    assert s.score(gold, gold)[:3] == (1, 1, 1)
    assert s.score([[]], [[]])[:3] == (0, 0, 0)


@pytest.mark.parametrize("kind", [None, "PER", "LOC"])
def test_score_equals_seqeval(kind):
    """seqeval is the usual program for this; it calls M "I" and the scheme IOBES."""
    metrics, scheme = pytest.importorskip("seqeval.metrics"), pytest.importorskip("seqeval.scheme")
    gold = [s.tags(s.spans(row), len(row)) for row in random_rows(BMES, 400)]
    rng = np.random.default_rng(1)
    given = [[tag if rng.random() < 0.9 else str(rng.choice(BMES)) for tag in row] for row in gold]
    theirs = [[[tag.replace("M-", "I-") for tag in row] for row in rows] for rows in (gold, given)]
    report = metrics.classification_report(
        *theirs, mode="strict", scheme=scheme.IOBES, output_dict=True, zero_division=0
    )
    ours = s.score([s.spans(row) for row in gold], [s.spans(row) for row in given], kind)
    row = report[kind or "micro avg"]
    assert ours[:3] == pytest.approx((row["precision"], row["recall"], row["f1-score"]), abs=1e-12)
    assert ours.num_gold == row["support"]


def test_each_kind_of_error():
    gold = [[Span(0, 2, "PER"), Span(3, 6, "ORG"), Span(7, 9, "LOC"), Span(10, 12, "LOC"), Span(20, 22, "PER")]]
    given = [[Span(0, 2, "LOC"), Span(3, 5, "ORG"), Span(6, 8, "PER"), Span(14, 15, "PER"), Span(20, 22, "PER")]]
    [found] = s.errors(gold, given)
    assert [error.what for error in found] == ["kind", "border", "border and kind", "missed", "invented"]
    assert found[0] == Error("kind", Span(0, 2, "PER"), Span(0, 2, "LOC"))
    assert found[3].predicted is None and found[4].gold is None
    assert s.errors(gold, gold) == [[]]


def test_an_error_is_compared_with_the_name_that_shares_most():
    [[error]] = s.errors([[Span(0, 6, "ORG")]], [[Span(0, 2, "LOC"), Span(2, 6, "ORG")]])
    assert error == Error("border", Span(0, 6, "ORG"), Span(2, 6, "ORG"))
    [[error]] = s.errors([[Span(0, 4, "ORG")]], [[Span(0, 2, "LOC"), Span(2, 4, "ORG")]])  # a tie: the first
    assert error.predicted == Span(0, 2, "LOC")
    one, two = s.errors([[Span(0, 2, "LOC"), Span(2, 4, "ORG")]], [[Span(0, 4, "ORG")]])[0]
    assert one.what == "border and kind" and two.what == "border"


def test_every_name_that_is_not_right_has_one_error():
    gold = [s.spans(row) for row in random_rows(BMES, 300)]
    given = [s.spans(row) for row in random_rows(BMES, 300)]
    for truth, other, found in zip(gold, given, s.errors(gold, given)):
        assert sorted(error.gold for error in found if error.gold) == sorted(set(truth) - set(other))
        assert all(error.predicted not in truth for error in found)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: s.spans([]), "at least one character"),
        (lambda: s.spans(["B-PER", "X-PER"]), "unknown tag 'X-PER'"),
        (lambda: s.spans(["B"]), "unknown tag 'B'"),
        (lambda: s.spans(["I-PER"]), "unknown tag 'I-PER': BMES has"),
        (lambda: s.spans(["M-PER"], "BIO"), "unknown tag 'M-PER': BIO has"),
        (lambda: s.spans(["O"], "BILOU"), "unknown scheme 'BILOU'; the schemes are BMES, BIO"),
        (lambda: s.spans(["O"], illegal="keep"), "illegal must be 'drop' or 'raise'"),
        (lambda: s.tags([], 0), "at least one character"),
        (lambda: s.tags([Span(1, 3, "PER")], 2), "from 1 to 3 does not lie in a sentence of 2"),
        (lambda: s.tags([Span(1, 1, "PER")], 2), "from 1 to 1 does not lie"),
        (lambda: s.tags([Span(0, 2, "PER"), Span(1, 3, "LOC")], 4), "from 1 to 3 overlaps another"),
        (lambda: s.tags([], 2, "X"), "unknown scheme 'X'"),
        (lambda: s.score([[]], []), "1 sentences of true names and 0 of given ones"),
        (lambda: s.errors([], [[]]), "0 sentences of true names and 1 of given ones"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
