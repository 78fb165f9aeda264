"""The Chinese corpus: its size, its tags, and where the file cuts names in two."""

import collections

from bigmodel_lib.data import ner
from bigmodel_lib.evaluation import spans

import pytest


@pytest.fixture(scope="module")
def corpus():
    return {split: ner.msra(split) for split in ("train", "test")}


def test_sizes_are_as_documented(corpus):
    sizes = {split: (len(rows), sum(len(row.text) for row in rows)) for split, rows in corpus.items()}
    assert sizes == {"train": (50289, 2153462), "test": (5000, 189018)}


def test_every_character_has_one_of_the_thirteen_tags(corpus):
    assert len(ner.TAGS) == len(set(ner.TAGS)) == 13 and ner.TAGS[0] == "O"
    for rows in corpus.values():
        assert all(len(text) == len(tags) > 0 for text, tags in rows)
        assert set().union(*(row.tags for row in rows)) == set(ner.TAGS)


def test_both_splits_together_hold_the_persons_of_the_published_corpus(corpus):
    """Its usual files have 17,615 + 1,973 persons (45,000 + 3,442 sentences); here the same ones are split otherwise."""
    starts = collections.Counter(tag for rows in corpus.values() for row in rows for tag in row.tags if tag[0] in "BS")
    assert starts["B-PER"] + starts["S-PER"] == pytest.approx(17615 + 1973, abs=20)


def test_only_lines_that_were_cut_hold_rows_that_cannot_be(corpus):
    odd = collections.Counter()
    for split, rows in corpus.items():
        for before, row in zip((None, *rows), rows):
            for i, (one, other) in enumerate(zip(("O", *row.tags), (*row.tags, "O"))):
                if not spans.is_legal(one, other):
                    odd[split] += 1
                    assert i == 0 and len(before.text) >= 99
    assert odd == {"train": 6, "test": 11}


def test_an_unknown_split_lists_the_splits():
    with pytest.raises(ValueError, match="msra has no split 'dev'; its splits are: 'train', 'test'"):
        ner.msra("dev")


def test_the_first_sentence():
    text, tags = ner.msra("test")[0]
    assert text == "因为，形象问题是一个综合概念。" and set(tags) == {"O"}
