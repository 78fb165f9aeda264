"""From raw to trainable: cleaning, duplicates, splits without leakage, augmentation.

Nothing here knows what the data mean. The functions return positions, so that text, labels and arrays can follow.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

# Control characters (C0, DEL, C1) without tab and line feed; the byte-order mark; noncharacters at the end of the plane
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")


def clean(text: str) -> str:
    """Bring a text into the one form in which equal texts are equal strings. It says what it said.

    In this order: every line ending (CR LF, CR, U+2028, U+2029, NEL) becomes a line feed; control characters other than tab
    and line feed and the byte-order mark go; Unicode's composed form, NFC ("e" + accent becomes "é"); white space at the end of
    a line goes; more than one empty line becomes one; empty lines at both ends go. Indentation stays: it means something in
    code. Case, punctuation, width (NFKC) and spelling stay too: changing them changes what the text says.

    Args:
        text: any string; lone surrogates pass through.

    Returns:
        The clean text, without a line feed at its end. Cleaning twice gives the same as cleaning once.

    Raises:
        TypeError: bytes or something else that is not a string.

    Example:
        >>> clean("cafe\\u0301  \\r\\n\\r\\n\\r\\n\\tbar\\x00\\n")
        'café\\n\\n\\tbar'

    Source: Unicode Standard Annex 15 (normalisation forms). Taught in: 2.1.
    """
    if not isinstance(text, str):
        raise TypeError(f"clean needs a string, not {type(text).__name__}: decode bytes first, for instance as UTF-8")
    text = re.sub("\r\n|[\r\u2028\u2029\x85]", "\n", text)
    text = unicodedata.normalize("NFC", _CONTROL.sub("", text))
    text = re.sub(r"[^\S\n]+$", "", text, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


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
    return [found for found in positions.values() if len(found) > 1]


def tokens(text: str) -> list[str]:
    """Words and single signs of a text or program, in order; white space is left out."""
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
    size: int = 5,
    num_hashes: int = 64,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of items whose sets of shingles have a Jaccard similarity of at least `threshold`.

    MinHash: under a random hash, two sets have the same minimum with probability equal to their Jaccard similarity. Pairs
    whose signatures agree in a whole band (`bands_for`) are candidates, and the similarity of every candidate is then computed
    exactly: no pair is wrong, and a pair at the threshold is missed with a probability below 1 in 1,000 (for thresholds from
    0.5 up), one well above it practically never. Work grows with the number of items and of candidates, not with the number of
    all pairs.

    Args:
        items: texts (cut by `tokens`) or sequences of tokens. An item without tokens is like no other.
        threshold: from 0.3 to 1.
        size: tokens in a shingle. An item of fewer tokens is one shingle.
        num_hashes: numbers in a signature.
        seed: of the hash functions.

    Returns:
        pairs: (p, 2) int64, positions i < j, in order. similarity: (p,) float64.

    Raises:
        ValueError: a threshold outside [0.3, 1], or a size or number of hashes below 1.

    Example:
        >>> near_duplicates(["to be or not to be", "x", "to be or not to be !"], threshold=0.5)[0]
        array([[0, 2]])

    Source: A. Broder 1997, "On the resemblance and containment of documents"; P. Indyk and R. Motwani 1998, STOC.
    Taught in: 2.1.
    """
    if not 0.3 <= threshold <= 1:
        raise ValueError(f"threshold must be from 0.3 to 1, not {threshold}: below it nearly every pair is a candidate")
    if size < 1 or num_hashes < 1:
        raise ValueError(f"size and num_hashes must be at least 1, not {size} and {num_hashes}")
    sets, owner = _hashed_shingles(items, size)
    if not sets:
        return np.zeros((0, 2), np.int64), np.zeros(0)
    # Equal sets are handled as one: a thousand copies must not cost half a million comparisons
    first, copies = {}, []
    for i, found in zip(owner, sets):
        at = first.setdefault(found.tobytes(), len(first))
        if at == len(copies):
            copies.append([])
        copies[at].append(i)
    distinct = [np.frombuffer(key, np.uint64) for key in first]
    candidates = _candidates(distinct, threshold, num_hashes, seed)
    close, similarity = _verified(distinct, candidates, threshold)
    pairs, values = [], []
    for own in copies:
        for i, a in enumerate(own):
            pairs += [(a, b) for b in own[i + 1 :]]
    values += [1.0] * len(pairs)
    for (i, j), value in zip(close.tolist(), similarity.tolist()):
        between = [(min(a, b), max(a, b)) for a in copies[i] for b in copies[j]]
        pairs += between
        values += [value] * len(between)
    pairs, values = np.array(pairs, np.int64).reshape(-1, 2), np.array(values)
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
    starts = np.cumsum([0] + [len(found) for found in sets[:-1]])
    everything = np.concatenate(sets)
    keys = np.random.default_rng(seed).integers(0, 2**64, num_hashes, dtype=np.uint64)
    # One hash function for each key; its minimum over each set is one column of the signatures
    signatures = np.stack([np.minimum.reduceat(_mixed(everything ^ key), starts) for key in keys], axis=1)
    bands, rows = bands_for(threshold, num_hashes)
    sizes = np.array([len(found) for found in sets])
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


def merge_groups(groups: Sequence[Hashable], links: Iterable[Sequence[int]]) -> np.ndarray:
    """Number the groups anew, after joining those that a link connects.

    Args:
        groups: (n,) the group of each item; ``range(n)`` if each is its own.
        links: sets of positions whose items belong together, such as pairs of near-duplicates.

    Returns:
        (n,) int64: 0, 1, … in the order of first occurrence. Links chain: items joined to a third are joined.

    Example:
        >>> merge_groups(["a", "a", "b", "c"], [(1, 3)])
        array([0, 0, 1, 0])
    """
    names = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    group = [names[name] for name in groups]
    parent = list(range(len(names)))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]  # halves the path for the next one who asks
            i = parent[i]
        return i

    for first, *others in links:
        for other in others:
            parent[root(group[other])] = root(group[first])
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(root(i), len(numbers)) for i in group], np.int64)


def split_by_group(
    groups: Sequence[Hashable],
    fractions: Sequence[float] = (0.8, 0.2),
    seed: int = 0,
    labels: Sequence[Hashable] | None = None,
) -> tuple[np.ndarray, ...]:
    """Split items so that no group stands in two splits.

    The groups are shuffled; each goes to the split that lacks most of its share. If a large group spoils the shares, up to
    twenty orders are tried and the best is taken.

    Args:
        groups: (n,) the group of each item: its file, author, patient, cluster of near-duplicates.
        fractions: share of the items for each split, of sum 1. Reached to within about the size of one group.
        seed: of the shuffling.
        labels: (n,) the class of each item. If given, the shares are kept class by class, as far as the groups allow.

    Returns:
        One array of positions for each fraction, in ascending order; together they hold every item once.

    Raises:
        ValueError: no items; fractions that are not positive or do not sum to 1; fewer groups than splits; labels of another
            length; a class that cannot be in every split, because it has too few groups (the message names it).

    Example:
        >>> train, test = split_by_group(["a", "a", "b", "c", "c"], (0.6, 0.4))

    Taught in: 2.1.
    """
    groups, fractions = list(groups), np.asarray(fractions, float)
    if not groups:
        raise ValueError("split_by_group needs at least one item, but groups is empty: was the data filtered away?")
    if fractions.ndim != 1 or not (fractions > 0).all() or abs(fractions.sum() - 1) > 1e-6:
        raise ValueError(f"fractions must be positive and sum to 1, not {fractions.tolist()}")
    if labels is not None and len(labels) != len(groups):
        raise ValueError(f"labels must have one entry for each of the {len(groups)} items, not {len(labels)}")
    names = dict.fromkeys(labels if labels is not None else [None])
    group = merge_groups(groups, ())
    if group.max() + 1 < len(fractions):
        raise ValueError(f"{len(fractions)} splits need at least as many groups, but there are {group.max() + 1}")
    sizes = np.zeros((group.max() + 1, len(names)), np.int64)  # (groups, classes): items
    np.add.at(sizes, (group, merge_groups(labels, ()) if labels is not None else 0), 1)
    for name, found in zip(names, (sizes > 0).sum(0)):
        if found < len(fractions):
            raise ValueError(
                f"class {name!r} has only {found} group{'s' if found > 1 else ''}, so it would be missing from at least one of "
                f"the {len(fractions)} splits: use smaller groups, or leave the class out"
            )
    rng, best = np.random.default_rng(seed), (np.inf, None)
    for _ in range(20):
        split_of, error = _assigned(sizes, fractions, rng.permutation(len(sizes)))
        if error < best[0]:
            best = error, split_of
        if error < 0.02:
            break
    error, split_of = best
    if error == np.inf:
        raise ValueError(f"found no split with every class in each of the {len(fractions)} parts: use another seed")
    return tuple(np.flatnonzero(split_of[group] == i) for i in range(len(fractions)))


def _assigned(sizes: np.ndarray, fractions: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, float]:
    """Give each group to the split that lacks most of it. The error is the largest of a class's share that is misplaced.

    sizes (groups, classes), fractions (splits,), order (groups,) -> split of each group; infinite error if a class is absent.
    """
    totals = sizes.sum(0)
    missing = np.outer(fractions, totals)  # (splits, classes)
    split_of = np.zeros(len(sizes), np.int64)
    for group in order.tolist():
        split_of[group] = (missing @ (sizes[group] / totals)).argmax()
        missing[split_of[group]] -= sizes[group]
    absent = (np.outer(fractions, totals) - missing < 0.5).any()
    return split_of, np.inf if absent else float(np.abs(missing / totals).max())


def random_shift(x: np.ndarray, max_shift: int, rng: np.random.Generator, axes: Sequence[int] = (1,)) -> np.ndarray:
    """Move every example by its own whole number of steps, filling with zeros: augmentation of signals and pictures.

    Args:
        x: (n, …) one example a row: (n, length) signals, or (n, height, width) pictures with axes=(1, 2).
        max_shift: the shifts are drawn evenly from -max_shift … max_shift, for each axis on its own.
        rng: gives the shifts.
        axes: along which to move.

    Returns:
        A new array of the same shape and type.

    Raises:
        ValueError: max_shift is negative, or not smaller than an axis.

    Example:
        >>> random_shift(np.ones((2, 5)), 1, np.random.default_rng(0))
        array([[1., 1., 1., 1., 0.],
               [1., 1., 1., 1., 1.]])

    Taught in: 2.1.
    """
    for axis in axes:
        if not 0 <= max_shift < x.shape[axis]:
            raise ValueError(f"max_shift must be from 0 to {x.shape[axis] - 1} for axis {axis}, not {max_shift}")
        length = x.shape[axis]
        shift = rng.integers(-max_shift, max_shift + 1, len(x))
        source = np.arange(length) - shift[:, None]  # (n, length): where each number comes from
        shape = [len(x)] + [length if i == axis else 1 for i in range(1, x.ndim)]
        inside = ((source >= 0) & (source < length)).reshape(shape)
        moved = np.take_along_axis(x, np.clip(source, 0, length - 1).reshape(shape), axis)
        x = np.where(inside, moved, np.zeros((), x.dtype))
    return x if len(axes) else x.copy()
