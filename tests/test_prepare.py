"""Cleaning, duplicates against brute force, splits that keep groups together, augmentation."""

import random
import time
import unicodedata

from bigmodel_lib.data import augmentation, cleaning, code, duplicates, splits

import numpy as np
import pytest

MESSY = "\ufeffa\u0301 b \t\r\n\r\n\r\n\r\n\tc\x00\x07d\u2028e\x85f\n\n"


def test_clean_does_what_it_says():
    assert cleaning.clean(MESSY) == "á b\n\n\tcd\ne\nf"
    assert cleaning.clean("") == cleaning.clean(" \r\n \n") == ""
    assert cleaning.clean("    if x:\n\treturn 'Ⅷ ﬁ'  ") == "    if x:\n\treturn 'Ⅷ ﬁ'", (
        "indentation and NFKC are left alone"
    )
    assert cleaning.clean("大模型 🐢\u200d\ud800") == "大模型 🐢\u200d\ud800"


def test_cleaning_twice_changes_nothing():
    rng = random.Random(0)
    alphabet = "ab \t\n\r\x0b\x0c\x85\u2028\xa0\u3000\u0301\u0323e\u1100\u1161\x00\ufeff가"
    for _ in range(2000):
        once = cleaning.clean("".join(rng.choices(alphabet, k=rng.randrange(30))))
        assert cleaning.clean(once) == once == unicodedata.normalize("NFC", once)


def test_cleaning_takes_time_in_proportion_to_the_text():
    text = "a" + " " * 400_000 + "b"  # hours if every space looks for the end of the line
    start = time.perf_counter()
    assert cleaning.clean(text) == text
    assert time.perf_counter() - start < 5


def test_clean_wants_text():
    with pytest.raises(TypeError, match="needs a string, not bytes: decode"):
        cleaning.clean(b"abc")


def test_exact_duplicates():
    assert duplicates.exact_duplicates(["a", "b", "a", "c", "b", "a"]) == [[0, 2, 5], [1, 4]]
    assert duplicates.exact_duplicates([]) == duplicates.exact_duplicates("abc") == []
    rows = np.random.default_rng(0).integers(0, 3, (500, 4))
    groups = duplicates.exact_duplicates([row.tobytes() for row in rows])
    _, inverse, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    assert sorted(map(len, groups)) == sorted(counts[counts > 1])
    assert all(len(set(inverse.ravel()[group])) == 1 for group in groups)


def brute_force(items, threshold, size=5):
    sets = [duplicates.shingles(item, size) for item in items]
    return {
        (i, j): similarity
        for i in range(len(sets))
        for j in range(i + 1, len(sets))
        if (similarity := duplicates.jaccard(sets[i], sets[j])) >= threshold
    }


@pytest.fixture(scope="module")
def variations():
    """300 texts in families of ten that grow more and more unlike."""
    rng = random.Random(1)
    texts = []
    for _ in range(30):
        words = [f"w{rng.randrange(400)}" for _ in range(rng.randrange(20, 80))]
        for changes in range(10):
            copy = list(words)
            for _ in range(changes):
                copy[rng.randrange(len(copy))] = f"w{rng.randrange(400)}"
            texts.append(" ".join(copy))
    return texts


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9, 1.0])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_near_duplicates_are_those_of_brute_force(variations, threshold, size):
    distinct = list({frozenset(duplicates.shingles(item, size)): item for item in variations}.values())
    assert len(distinct) > 250
    pairs, similarity = duplicates.near_duplicates(distinct, threshold, size=size)
    expected = brute_force(distinct, threshold, size)
    found = dict(zip(map(tuple, pairs.tolist()), similarity))
    assert len(found) == len(pairs) and list(found) == sorted(found)
    assert found.items() <= expected.items(), "a pair that brute force does not have, or another similarity"
    assert len(found) >= 0.997 * len(expected), "more are missed than the bands promise"


def test_near_duplicates_of_real_code_make_the_clusters_of_brute_force():
    sources = [f.source for f in code.functions(("encodings",))][:400]
    pairs, similarity = duplicates.near_duplicates(sources, 0.8)
    expected = brute_force(sources, 0.8)
    assert dict(zip(map(tuple, pairs.tolist()), similarity)).items() <= expected.items()
    ours, theirs = (splits.merge_groups(range(len(sources)), links) for links in (pairs, expected))
    assert np.array_equal(ours, theirs) and ours.max() < 350 and len(expected) > 2 * len(pairs) > 100


def test_copies_are_linked_to_the_first_of_them_only():
    copy, like, other = "a b c d e f g h", "a b c d e f g h i", "z y x w v u"
    items = [copy, like, copy, other, like, *[copy] * 3000]
    pairs, similarity = duplicates.near_duplicates(items, 0.7, size=5)
    assert len(pairs) == 3001 + 1 + 1, "copies, the second `like`, and one pair between the two"
    assert {(0, 1), (0, 2), (1, 4), (0, 5)} <= set(map(tuple, pairs.tolist())) and (pairs[:, 0] < pairs[:, 1]).all()
    assert similarity[pairs.tolist().index([0, 1])] == pytest.approx(4 / 5)
    assert splits.merge_groups(range(len(items)), pairs).max() == 1


def test_near_duplicates_refuses_one_text():
    with pytest.raises(TypeError, match="a sequence of texts, not one string"):
        duplicates.near_duplicates("one text")


def test_near_duplicates_limits():
    pairs, similarity = duplicates.near_duplicates(["", "   ", "a", "a", "b"])
    assert pairs.tolist() == [[2, 3]] and similarity.tolist() == [1.0], "texts without tokens are like none"
    for nothing in ([], ["one"], ["", ""]):
        pairs, similarity = duplicates.near_duplicates(nothing)
        assert pairs.shape == (0, 2) and similarity.shape == (0,)
    assert duplicates.near_duplicates([["x", "y"], ("x", "y")])[0].tolist() == [[0, 1]], "tokens may be given"
    assert len(duplicates.near_duplicates(["same text"] * 40)[0]) == 39
    for wrong in ({"threshold": 0.1}, {"threshold": 1.1}, {"size": 0}, {"num_hashes": 0}):
        with pytest.raises(ValueError, match="must be"):
            duplicates.near_duplicates(["a"], **wrong)


def test_near_duplicates_takes_seconds_for_fifteen_thousand_functions():
    sources = [f.source for f in code.functions()]
    start = time.perf_counter()
    pairs, _ = duplicates.near_duplicates(sources)
    assert time.perf_counter() - start < 60  # 3 s on a quiet machine; all pairs one by one would be 100 million
    assert len(pairs) > 500


@pytest.mark.parametrize("threshold, num_hashes", [(0.5, 64), (0.8, 64), (0.8, 128), (0.9, 32), (1.0, 16)])
def test_bands_find_pairs_at_the_threshold(threshold, num_hashes):
    bands, rows = duplicates.bands_for(threshold, num_hashes)
    assert bands * rows <= num_hashes and (1 - threshold**rows) ** bands <= 1e-3
    assert rows == num_hashes or (1 - threshold ** (rows + 1)) ** (num_hashes // (rows + 1)) > 1e-3


def test_a_hash_agrees_as_often_as_the_sets_are_similar():
    """The property that MinHash lives on, measured over many hash functions."""
    a, b = np.arange(0, 300, dtype=np.uint64), np.arange(100, 400, dtype=np.uint64)  # Jaccard similarity 200 / 400
    keys = np.random.default_rng(0).integers(0, 2**64, 4000, dtype=np.uint64)
    agree = np.mean([duplicates._mixed(a ^ key).min() == duplicates._mixed(b ^ key).min() for key in keys])
    assert agree == pytest.approx(0.5, abs=0.03)


def test_merge_groups():
    assert splits.merge_groups(["a", "a", "b", "c"], [(1, 3)]).tolist() == [0, 0, 1, 0]
    assert splits.merge_groups(range(5), [(0, 1), (3, 4), (1, 4)]).tolist() == [0, 0, 1, 0, 0], "links chain"
    assert splits.merge_groups(range(4), [[3, 2, 1]]).tolist() == [0, 1, 1, 1]
    assert splits.merge_groups([], []).tolist() == []


def test_split_by_group_keeps_groups_whole_and_shares():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 200, 3000)
    parts = splits.split_by_group(groups, (0.7, 0.2, 0.1), seed=3)
    assert sorted(np.concatenate(parts)) == list(range(3000))
    names = [set(groups[part]) for part in parts]
    assert not names[0] & names[1] and not names[0] & names[2] and not names[1] & names[2]
    assert [len(part) / 3000 for part in parts] == pytest.approx([0.7, 0.2, 0.1], abs=0.02)
    again = splits.split_by_group(groups, (0.7, 0.2, 0.1), seed=3)
    other = splits.split_by_group(groups, (0.7, 0.2, 0.1), seed=4)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again)) and not np.array_equal(parts[0], other[0])


def test_split_by_group_with_labels_keeps_the_share_of_every_class():
    functions = code.functions(code.PACKAGES)
    files, labels = [f.path for f in functions], np.array([f.package for f in functions])
    for seed in range(3):
        train, test = splits.split_by_group(files, (0.8, 0.2), seed, labels)
        for package in code.PACKAGES:
            share = (labels[test] == package).sum() / (labels == package).sum()
            assert 0.05 < share < 0.45, package  # files are large: http has a handful


def test_split_by_group_refuses_what_cannot_be_split():
    with pytest.raises(ValueError, match="groups is empty"):
        splits.split_by_group([])
    for fractions in ((0.5, 0.6), (1.2, -0.2), (float("nan"), 1.0), 1.0):
        with pytest.raises(ValueError, match="sum to 1"):
            splits.split_by_group("abc", fractions)
    with pytest.raises(ValueError, match="at least as many groups, but there are 1"):
        splits.split_by_group("aaaa")
    with pytest.raises(ValueError, match="labels must have one entry for each of the 3"):
        splits.split_by_group("abc", labels=[1])
    with pytest.raises(ValueError, match=r"class 'rare' has only 1 group, .* at least one of the 2 splits"):
        splits.split_by_group([1, 2, 3, 4, 4], labels=["common"] * 3 + ["rare"] * 2)


def test_every_split_gets_its_smallest_class():
    for seed in range(50):
        parts = splits.split_by_group(range(12), (0.5, 0.25, 0.25), seed, labels=list("aaaaaaaaabbb"))
        assert all({"a", "b"} == {"aaaaaaaaabbb"[i] for i in part} for part in parts)
        assert all(len(part) for part in splits.split_by_group([1] * 98 + [2, 3], (0.34, 0.33, 0.33), seed))


def test_random_shift():
    signals = np.arange(1, 11, dtype=np.float32)[None].repeat(200, 0)
    moved = augmentation.random_shift(signals, 3, np.random.default_rng(0))
    possible = {np.pad(signals[0], 3)[3 - s : 13 - s].tobytes() for s in range(-3, 4)}
    assert {row.tobytes() for row in moved} == possible and moved.dtype == np.float32
    images = np.zeros((100, 9, 9), np.uint8)
    images[:, 4, 4] = 7
    moved = augmentation.random_shift(images, 2, np.random.default_rng(0), axes=(1, 2))
    same = augmentation.random_shift(images, 2, np.random.default_rng(0), axes=(-2, -1))
    assert np.array_equal(moved, same)
    with pytest.raises(IndexError):
        augmentation.random_shift(images, 2, np.random.default_rng(0), axes=(3,))
    assert moved.dtype == np.uint8 and (moved.sum((1, 2)) == 7).all()
    assert {tuple(np.argwhere(p)[0] - 4) for p in moved} == {(i, j) for i in range(-2, 3) for j in range(-2, 3)}
    assert np.array_equal(augmentation.random_shift(signals, 0, np.random.default_rng(0)), signals)
    for wrong in (-1, 10):
        with pytest.raises(ValueError, match="max_shift must be from 0 to 9"):
            augmentation.random_shift(signals, wrong, np.random.default_rng(0))
