"""Lossless coding of small whole numbers: Huffman codes, and the places of the few values that are not zero."""

from __future__ import annotations

from bigmodel_lib.compression._walk import require

import numpy as np

__all__ = [
    "MAX_BITS", "canonical_codes", "code_lengths", "entropy", "from_relative_indices", "huffman_decode",
    "huffman_encode", "relative_indices",
]  # fmt: skip

MAX_BITS = 15  # of a code word, so that its length fits into four bits
CHUNK = 1 << 18  # symbols that are encoded, and bytes that are decoded, at once


def entropy(counts: np.ndarray) -> float:
    """Bits a symbol that no code of single symbols can beat on average, $H = -\\sum_s p_s \\log_2 p_s$ with $p_s = n_s / n$.

    Args:
        counts: $n_s$, how often each symbol comes.

    Example:
        >>> entropy([4, 2, 1, 1])
        1.75

    Source: C. Shannon 1948, *A mathematical theory of communication*.
    """
    p = np.asarray(counts, float)
    p = p[p > 0] / p.sum()
    return float(-(p * np.log2(p)).sum())


def code_lengths(counts: np.ndarray, max_bits: int = MAX_BITS) -> np.ndarray:
    """Lengths of the best code words of at most `max_bits`: Huffman's, wherever his are not longer.

    Args:
        counts: (symbols,) how often each comes.
        max_bits: of a code word.

    Returns:
        (symbols,) uint8; 0 for a symbol that never comes, 1 if only one comes.

    Raises:
        ValueError: more symbols than there are words of max_bits.

    Example:
        >>> code_lengths([4, 2, 1, 1, 0]), code_lengths([4, 2, 1, 1, 0], max_bits=2)
        (array([1, 2, 3, 3, 0], dtype=uint8), array([2, 2, 2, 2, 0], dtype=uint8))

    Source: L. Larmore and D. Hirschberg 1990, *A fast algorithm for optimal length-limited Huffman codes* (package-merge).
    """
    counts = np.asarray(counts, np.int64)
    order = np.argsort(counts, kind="stable")[np.count_nonzero(counts <= 0) :]  # those that come, rarest first
    n, leaves = len(order), counts[order]
    lengths = np.zeros(len(counts), np.uint8)
    require(n <= 2**max_bits, f"{n} symbols need code words of more than max_bits={max_bits} bits")
    if n == 1:
        lengths[order] = 1
    if n < 2:
        return lengths
    merged, is_leaf = leaves, [np.ones(n, bool)]
    for _ in range(max_bits - 1):  # pairs of the level below compete with the leaves
        pairs = merged[: len(merged) // 2 * 2].reshape(-1, 2).sum(1)
        place = np.argsort(np.concatenate([leaves, pairs]), kind="stable")
        merged = np.concatenate([leaves, pairs])[place]
        is_leaf.append(place < n)
    take = 2 * n - 2
    for leaf in reversed(is_leaf):  # a leaf is as long as the levels in which it is taken are many
        taken = int(leaf[:take].sum())
        lengths[order[:taken]] += 1
        take = 2 * (take - taken)
    return lengths


def canonical_codes(lengths: np.ndarray) -> np.ndarray:
    """The code words that follow from their lengths alone: shorter before longer, then by symbol.

    Returns:
        (symbols,) uint32; the last `length` bits of each are its word.

    Raises:
        ValueError: no code has these lengths, $\\sum_s 2^{-\\ell_s} > 1$.

    Example:
        >>> [f"{word:0{n}b}" for word, n in zip(canonical_codes([2, 1, 3, 3]), [2, 1, 3, 3])]
        ['10', '0', '110', '111']

    Source: P. Deutsch 1996, RFC 1951, §3.2.2.
    """
    order, lengths = _in_order(lengths)
    used = lengths[order]
    starts = np.cumsum(np.concatenate([[0], 1 << (MAX_BITS - used[:-1])])) if len(used) else used
    codes = np.zeros(len(lengths), np.uint32)
    codes[order] = starts >> (MAX_BITS - used)
    return codes


def _in_order(lengths):
    """The symbols that come, shorter words first, and the lengths, checked."""
    lengths = np.asarray(lengths, np.int64)
    order = np.argsort(lengths, kind="stable")[np.count_nonzero(lengths == 0) :]
    good = lengths.min(initial=0) >= 0 and lengths.max(initial=0) <= MAX_BITS
    require(good, f"code words must have 0 … {MAX_BITS} bits")
    free = (1 << MAX_BITS) - (1 << (MAX_BITS - lengths[order])).sum()
    require(free >= 0, "there is no code with these lengths: the words would overlap")
    return order, lengths


def huffman_encode(symbols: np.ndarray, lengths: np.ndarray) -> bytes:
    """The code words of all symbols, one behind the other; the last byte is filled with zeros.

    Args:
        symbols: (n,) whole numbers from 0.
        lengths: of the code words, by symbol; see `code_lengths`.

    Raises:
        ValueError: a symbol without a code word.

    Example:
        >>> symbols = np.array([0, 0, 1, 0, 2])
        >>> data = huffman_encode(symbols, lengths := code_lengths(np.bincount(symbols)))
        >>> len(data), huffman_decode(data, lengths, 5)
        (1, array([0, 0, 1, 0, 2]))
    """
    symbols, codes = np.asarray(symbols), canonical_codes(lengths)
    lengths = np.asarray(lengths, np.int64)
    good = not len(symbols) or (symbols.min() >= 0 and symbols.max() < len(lengths) and lengths[symbols].all())
    require(good, "a symbol has no code word: make the lengths from the counts of these very symbols")
    parts, rest = [], np.zeros(0, np.uint8)
    for start in range(0, len(symbols), CHUNK):
        part = symbols[start : start + CHUNK]
        size = lengths[part]
        behind = np.repeat(np.cumsum(size), size) - np.arange(size.sum()) - 1  # bits of the same word that follow
        bits = np.concatenate([rest, (np.repeat(codes[part], size) >> behind.astype(np.uint32)) & 1])
        whole = len(bits) // 8 * 8
        parts.append(np.packbits(bits[:whole].astype(np.uint8)).tobytes())
        rest = bits[whole:]
    return b"".join([*parts, np.packbits(rest.astype(np.uint8)).tobytes()])


def huffman_decode(data: bytes, lengths: np.ndarray, count: int) -> np.ndarray:
    """Undo `huffman_encode`.

    Args:
        data: what it returned.
        lengths: those it was given.
        count: of symbols.

    Returns:
        (count,) int64.

    Raises:
        ValueError: no code has these lengths, or the data end early or hold a word that is none.
    """
    order, lengths = _in_order(lengths)
    require(count <= 8 * len(data), f"{len(data)} bytes cannot hold {count} symbols")
    longest = int(lengths.max(initial=1))
    reach = 1 << (longest - lengths[order])  # each word begins so many windows of `longest` bits
    symbol_of = np.full(1 << longest, -1)
    length_of = np.full(1 << longest, 16 * CHUNK)  # no word: a step beyond the chunk
    symbol_of[: reach.sum()], length_of[: reach.sum()] = np.repeat(order, reach), np.repeat(lengths[order], reach)
    found, made, at = [np.zeros(0, np.int64)], 0, 0  # at: the next bit
    while made < count:
        first = at // 8
        chunk = np.frombuffer(data[first : first + CHUNK + 2].ljust(min(CHUNK, len(data) - first) + 2, b"\0"), np.uint8)
        three = (chunk[:-2].astype(np.uint32) << 16) | (chunk[1:-1].astype(np.uint32) << 8) | chunk[2:]
        windows = ((three[:, None] >> (24 - longest - np.arange(8, dtype=np.uint32))) & ((1 << longest) - 1)).ravel()
        steps, bit, starts = length_of[windows].tolist(), at % 8, []
        last, room = len(steps), count - made
        while bit < last and len(starts) < room:
            starts.append(bit)
            bit += steps[bit]
        found.append(symbol_of[windows[starts]])
        made, at = made + len(starts), 8 * first + bit
        good = found[-1].min(initial=0) >= 0 and at <= 8 * len(data) and (made == count or at < 8 * len(data))
        require(good, f"its coded data are damaged: it holds fewer than the {count} symbols that it should")
    return np.concatenate(found)


def relative_indices(values: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """The values that are not zero, each with its distance from the one before; a zero is kept where the distance is too long.

    Args:
        values: of any shape, taken row by row.
        bits: 1 … 16; a distance is 1 … 2^bits.

    Returns:
        gaps: (k,) int64, each distance less one, so that it fits into `bits`; the first counts from before the beginning.
        kept: (k,) the values at these places, the filling zeros among them.

    Raises:
        ValueError: bits out of range.

    Example:
        >>> relative_indices(np.array([0, 7, 0, 0, 0, 0, 0, 5]), bits=2)
        (array([1, 3, 1]), array([7, 0, 5]))

    Source: S. Han et al. 2015, arXiv:1510.00149, §2 and Figure 2.
    """
    require(bits in range(1, 17), f"bits must be 1 … 16, not {bits}")
    flat = np.asarray(values).ravel()
    places = np.flatnonzero(flat)
    distances = np.diff(places, prepend=-1)
    fillers = (distances - 1) >> bits  # zeros that are kept on the way to each place
    ends = np.cumsum(fillers + 1) - 1
    gaps = np.full(len(places) + fillers.sum(), (1 << bits) - 1)
    kept = np.zeros(len(gaps), flat.dtype)
    gaps[ends], kept[ends] = distances - 1 - (fillers << bits), flat[places]
    return gaps, kept


def from_relative_indices(gaps: np.ndarray, kept: np.ndarray, size: int) -> np.ndarray:
    """Undo `relative_indices`: (size,) values.

    Raises:
        ValueError: the gaps lead beyond the end, or there are not as many as values.
    """
    places = np.cumsum(np.asarray(gaps, np.int64) + 1) - 1
    good = len(places) == len(kept) and (not len(places) or places[-1] < size)
    require(good, f"its {len(kept)} values and their gaps do not fit into {size} places")
    flat = np.zeros(size, np.asarray(kept).dtype)
    flat[places] = kept
    return flat
