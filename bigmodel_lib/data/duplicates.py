"""Copies and near-copies among many items: exact by hashing, near by MinHash.

Nothing here knows what the data mean. The functions return positions, so that text, labels and arrays can follow.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence

import numpy as np


def exact_duplicates(items: Iterable[Hashable]) -> list[list[int]]:
    """Positions of the items that occur more than once.

    Args:
        items: strings, bytes or other hashable values. (For the rows of an array, pass ``[row.tobytes() for row in x]``.)

    Returns:
        One list of two or more positions for every item that is repeated, in the order of first occurrence.

    Example:
        >>> exact_duplicates(["a", "b", "a", "c", "b", "a"])
        [[0, 2, 5], [1, 4]]
    """
    positions: dict[Hashable, list[int]] = {}
    for i, item in enumerate(items):
        positions.setdefault(item, []).append(i)
    return [where for where in positions.values() if len(where) > 1]


def tokens(text: str) -> list[str]:
    """Words and single punctuation marks of a text or program, in order; white space is left out."""
    return re.findall(r"\w+|[^\w\s]", text)


def jaccard(a: set, b: set) -> float:
    """$|A \\cap B| / |A \\cup B|$ of two sets, from 0 (disjoint) to 1 (equal); 0 if both are empty."""
    union = len(a | b)
    return len(a & b) / union if union else 0.0


def shingles(item: str | Sequence[str], size: int = 5) -> set[tuple[str, ...]]:
    """All runs of `size` neighbouring tokens; an item of fewer tokens is one run, an empty one has none."""
    words = tokens(item) if isinstance(item, str) else list(item)
    if not words:
        return set()
    return {tuple(words[i : i + size]) for i in range(max(1, len(words) - size + 1))}


def bands_for(threshold: float, num_hashes: int, miss: float = 1e-3) -> tuple[int, int]:
    """How to cut a signature into bands: the longest bands that still find pairs at the threshold.

    Two items agree in one hash with probability $s$, their similarity; in all rows of at least one band with probability
    $1 - (1 - s^r)^b$.

    Args:
        threshold: similarity of the pairs to find.
        num_hashes: numbers in a signature; $b r \\le$ this.
        miss: the largest allowed probability of missing a pair at the threshold.

    Returns:
        bands, rows of a band.

    Source: J. Leskovec, A. Rajaraman and J. Ullman 2020, *Mining of Massive Datasets*, §3.4.
    """
    fitting = [r for r in range(1, num_hashes + 1) if (1 - threshold**r) ** (num_hashes // r) <= miss]
    rows = max(fitting, default=1)
    return num_hashes // rows, rows


def near_duplicates(
    items: Sequence[str | Sequence[str]],
    threshold: float = 0.8,
    *,
    size: int = 5,
    num_hashes: int = 64,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of items whose sets of shingles have a Jaccard similarity of at least `threshold`.

    MinHash: under a random hash, two sets have the same minimum with probability equal to their Jaccard similarity. Pairs
    whose signatures agree in a whole band (`bands_for`) are candidates, and the similarity of every candidate is then computed
    exactly: no pair is wrong, and a pair at the threshold is missed with a probability below 1 in 1,000 (for thresholds from
    0.5 up), one well above it practically never. Work grows with the number of items and of candidates, not with the number of
    all pairs.

    Items with equal sets (copies) are linked to the first of them only, and this first one stands for all in the other pairs:
    n copies give n - 1 pairs, not n (n - 1) / 2. So `merge_groups` makes the same clusters as from all pairs.

    Args:
        items: texts (cut by `tokens`) or sequences of tokens. An item without tokens is like no other.
        threshold: from 0.3 to 1.
        size: tokens in a shingle. An item of fewer tokens is one shingle.
        num_hashes: numbers in a signature.
        seed: of the hash functions.

    Returns:
        pairs: (p, 2) int64, positions i < j, in order. similarity: (p,) float64, 1.0 for copies.

    Raises:
        TypeError: items is one string instead of a sequence of them.
        ValueError: a threshold outside [0.3, 1], or a size or number of hashes below 1.

    Example:
        >>> near_duplicates(["to be or not to be", "x", "to be or not to be !"], threshold=0.5)[0]
        array([[0, 2]])

    Source: A. Broder 1997, "On the resemblance and containment of documents"; P. Indyk and R. Motwani 1998, STOC.
    Taught in: 2.1.
    """
    if isinstance(items, str):
        raise TypeError("near_duplicates needs a sequence of texts, not one string: its characters would be the items")
    if not 0.3 <= threshold <= 1:
        raise ValueError(f"threshold must be from 0.3 to 1, not {threshold}: below it nearly every pair is a candidate")
    if size < 1 or num_hashes < 1:
        raise ValueError(f"size and num_hashes must be at least 1, not {size} and {num_hashes}")
    sets, owner = _hashed_shingles(items, size)
    if not sets:
        return np.zeros((0, 2), np.int64), np.zeros(0)
    first: dict[bytes, int] = {}  # a set of shingles -> the position of the first item that has it
    copies = [(first.setdefault(shingle_set.tobytes(), i), i) for i, shingle_set in zip(owner, sets)]
    copies = [(original, i) for original, i in copies if original != i]
    distinct, position = [np.frombuffer(key, np.uint64) for key in first], np.array(list(first.values()))
    candidates = _candidates(distinct, threshold, num_hashes, seed)
    close, similarity = _verified(distinct, candidates, threshold)
    pairs = np.concatenate([np.array(copies, np.int64).reshape(-1, 2), position[close].reshape(-1, 2)])
    values = np.concatenate([np.ones(len(copies)), similarity])
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[order], values[order]


def _hashed_shingles(items, size: int) -> tuple[list[np.ndarray], list[int]]:
    """For every item with tokens: its set of shingles as sorted 64-bit hashes, and its position."""
    number: dict[str, int] = {}
    sets, owner = [], []
    weights = np.random.default_rng(7).integers(1, 2**63, size, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    for i, item in enumerate(items):
        words = tokens(item) if isinstance(item, str) else item
        ids = np.array([number.setdefault(word, len(number) + 1) for word in words], np.uint64)
        if not len(ids):
            continue
        ids = _mixed(np.pad(ids, (0, max(0, size - len(ids)))))
        runs = np.lib.stride_tricks.sliding_window_view(ids, size)
        sets.append(np.unique(_mixed((runs * weights).sum(1, dtype=np.uint64))))
        owner.append(i)
    return sets, owner


def _mixed(x: np.ndarray) -> np.ndarray:
    """Scramble 64-bit numbers one to one (the finaliser of splitmix64), so that neighbours have unrelated values."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _candidates(sets: list[np.ndarray], threshold: float, num_hashes: int, seed: int) -> np.ndarray:
    """Pairs of sets (c, 2) whose signatures agree in one band, i < j."""
    starts = np.cumsum([0] + [len(shingle_set) for shingle_set in sets[:-1]])
    everything = np.concatenate(sets)
    keys = np.random.default_rng(seed).integers(0, 2**64, num_hashes, dtype=np.uint64)
    # One hash function for each key; its minimum over each set is one column of the signatures
    signatures = np.stack([np.minimum.reduceat(_mixed(everything ^ key), starts) for key in keys], axis=1)
    bands, rows = bands_for(threshold, num_hashes)
    sizes = np.array([len(shingle_set) for shingle_set in sets])
    codes = []
    for band in range(bands):
        part = np.ascontiguousarray(signatures[:, band * rows : (band + 1) * rows])
        order = np.argsort(part.view(f"V{8 * rows}")[:, 0], kind="stable")
        new = np.ones(len(order), bool)
        new[1:] = (part[order[1:]] != part[order[:-1]]).any(1)
        for bucket in np.split(order, np.flatnonzero(new)[1:]) if len(sets) > 1 else []:
            if len(bucket) > 1:
                i, j = (bucket[side] for side in np.triu_indices(len(bucket), 1))
                fits = np.minimum(sizes[i], sizes[j]) >= threshold * np.maximum(sizes[i], sizes[j])
                codes.append(np.minimum(i, j)[fits] * len(sets) + np.maximum(i, j)[fits])
    unique = np.unique(np.concatenate(codes)) if codes else np.zeros(0, np.int64)
    return np.stack(np.divmod(unique, len(sets)), axis=1)


def _verified(sets: list[np.ndarray], candidates: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """The candidates (c, 2) that reach the threshold, and their exact similarity."""
    similarity = np.zeros(len(candidates))
    for row, (i, j) in enumerate(candidates.tolist()):
        both = np.concatenate((sets[i], sets[j]))
        both.sort()
        shared = np.count_nonzero(both[1:] == both[:-1])
        similarity[row] = shared / (len(both) - shared)
    close = similarity >= threshold
    return candidates[close], similarity[close]
