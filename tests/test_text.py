"""The plays and the rated sentences: their size, their splits, and that nothing stands on both sides."""

import html
import re

from bigmodel_lib.data import text

import numpy as np
import pytest


def test_the_plays_are_split_whole():
    train, test = text.plays("train"), text.plays("test")
    assert len(train) == 32 and sorted(test) == sorted(text.TEST_PLAYS)
    assert "hamlet" in train and "macbeth" in test
    assert list(train) == sorted(train)


def test_shakespeare_is_plain_text_of_the_known_length():
    train, test = text.shakespeare("train"), text.shakespeare("test")
    assert len(train) == 4_282_752 and len(test) == 704_185
    assert len(set(train + test)) == 80
    assert not re.search(r"[*_#\\\r\t]|&\w+;| $|\n\n\n", train + test, re.M), "a mark of Markdown is left"
    assert "\nHAMLET:\nTo be, or not to be: that is the question:\n" in train
    assert "\nEnter HORATIO and MARCELLUS\n" in train
    assert "\n[Aside]\n" in train
    assert train == "\n".join(text.plays("train").values())


def test_no_scene_is_in_both_splits():
    """The long lines of the test plays do not stand in the train plays, but for a handful of stock phrases."""
    train, test = (
        {line for line in text.shakespeare(split).split("\n") if len(line) > 30} for split in ("train", "test")
    )
    assert len(test) > 10_000 and len(train & test) < 0.01 * len(test)


@pytest.mark.parametrize("domain, n", [("movies", 10_605), ("tweets", 4_200), ("amazon", 3_708), ("nyt", 5_190)])
def test_rated_sentences(domain, n):
    (x, y), (x_test, y_test) = text.rated_sentences("train", domain), text.rated_sentences("test", domain)
    assert len(x) == len(y) and len(x_test) == len(y_test) and len(x) + len(x_test) == n
    assert len(x_test) / n == pytest.approx(0.2, abs=0.01)
    assert y.dtype == np.float32 and -4 <= y.min() < -2 and 2 < y.max() <= 4
    assert not set(x) & set(x_test), "a sentence that occurs twice must not be on both sides"
    assert all(sentence.strip() and html.unescape(sentence) == sentence for sentence in x + x_test)


def test_rated_sentences_of_all_domains():
    x, y = text.rated_sentences("train")
    assert len(x) == len(y) == 8484 + 3360 + 2967 + 4156
    assert text.rated_sentences("train")[0] == x, "the same split every time"
    found = dict(zip(x, y)) | dict(zip(*text.rated_sentences("test")))
    assert found["Yay. Another good phone interview."] == pytest.approx(1.4433, abs=1e-4)
    good, bad = (np.mean([word in sentence for sentence in np.array(x)[side]]) for word, side in
                 (("love", y > 1), ("love", y < -1)))  # fmt: skip
    assert good > bad, "texts and ratings belong together"


def test_errors_list_what_there_is():
    with pytest.raises(ValueError, match=r"has no split 'dev'; its splits are: 'train', 'test'"):
        text.shakespeare("dev")
    with pytest.raises(ValueError, match="has no split 'dev'"):
        text.rated_sentences("dev", "movies")
    with pytest.raises(ValueError, match="no domain 'books'; its domains are: movies, tweets, amazon, nyt"):
        text.rated_sentences("train", "books")


def test_token_windows():
    ids = np.arange(100, 120)
    x, y = text.token_windows(ids, [0, 3, 14], seq_len=5)
    assert x.shape == y.shape == (3, 5)
    assert x[1].tolist() == [103, 104, 105, 106, 107] and y[1].tolist() == [104, 105, 106, 107, 108] and y[2, -1] == 119
    for starts in ([15], [-1], [0, 15]):
        with pytest.raises(ValueError, match="must begin at 0 to 14"):
            text.token_windows(ids, starts, seq_len=5)
    assert text.token_windows(ids, [], seq_len=5)[0].shape == (0, 5)


def test_random_batches_are_a_pure_function_of_the_step():
    ids = np.arange(12)
    batches, again, other = (text.random_batches(ids, seq_len=4, batch_size=64, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(batches(5), again(5))
    assert not np.array_equal(batches(5), batches(6)) and not np.array_equal(batches(5), other(5))
    x, y = batches(0)
    assert (y == x + 1).all() and x.shape == (64, 4)
    assert set(x[:, 0]) == set(range(8)), "every window is drawn, the last one too"
    for wrong in ({"seq_len": 0}, {"batch_size": 0}, {"seq_len": 12}):
        with pytest.raises(ValueError, match="must be at least 1, and the corpus longer"):
            text.random_batches(ids, **({"seq_len": 4, "batch_size": 2} | wrong))
