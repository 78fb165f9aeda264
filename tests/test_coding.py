"""Huffman codes and relative indices: entropy as the bound, brute force and zlib's rule as oracles, round trips, damaged data."""

import heapq
import itertools
import time

from bigmodel_lib.compression.coding import (
    canonical_codes,
    code_lengths,
    entropy,
    from_relative_indices,
    huffman_decode,
    huffman_encode,
    relative_indices,
)

import numpy as np
import pytest

RNG = np.random.default_rng(0)


def huffman_cost(counts) -> int:
    """Bits of Huffman's own algorithm: the sum of all inner nodes of his tree."""
    heap, cost = sorted(n for n in counts if n), 0
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        cost += both
        heapq.heappush(heap, both)
    return cost


def test_entropy_in_closed_form():
    assert entropy([1] * 8) == 3 and entropy([5]) == 0 and entropy([3, 0, 1]) == pytest.approx(2 - 0.75 * np.log2(3))


@pytest.mark.parametrize("counts", [[5, 9, 12, 13, 16, 45], [1, 1], [7, 0, 0, 7], list(range(1, 257)), [1000, 1, 1, 1]])
def test_the_lengths_are_huffmans_and_between_the_entropy_and_one_bit_more(counts):
    lengths, counts = code_lengths(counts), np.array(counts)
    assert (lengths * counts).sum() == huffman_cost(counts)
    assert (2.0 ** -lengths[counts > 0].astype(float)).sum() == 1 and (lengths[counts == 0] == 0).all()
    assert entropy(counts) <= (lengths * counts).sum() / counts.sum() < entropy(counts) + 1


def test_limited_lengths_are_the_best_there_are():
    counts = np.array([1, 1, 2, 3, 5, 8])  # Fibonacci's numbers make the longest words
    assert code_lengths(counts).max() == 5
    every = [n for n in itertools.product(range(1, 4), repeat=6) if sum(2.0**-k for k in n) <= 1]
    assert (code_lengths(counts, 3) * counts).sum() == min((np.array(n) * counts).sum() for n in every)
    deep = code_lengths(np.array([1 << k for k in range(40)]))
    assert deep.max() == 15 and (2.0 ** -deep.astype(float)).sum() == 1
    assert (
        code_lengths([0, 3]).tolist() == [0, 1]
        and code_lengths([]).tolist() == []
        and code_lengths([0]).tolist() == [0]
    )
    with pytest.raises(ValueError, match="5 symbols need code words of more than max_bits=2"):
        code_lengths([1] * 5, 2)


def test_canonical_words_are_those_of_rfc_1951():
    """The example of its section 3.2.2: A … H with lengths 3, 3, 3, 3, 3, 2, 4, 4."""
    words = canonical_codes([3, 3, 3, 3, 3, 2, 4, 4])
    assert words.tolist() == [0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111]
    assert huffman_encode(np.array([5, 0, 7]), [3, 3, 3, 3, 3, 2, 4, 4]) == bytes([0b00_010_111, 0b1_0000000])


@pytest.mark.parametrize("n", [0, 1, 2, 7, 1000])
@pytest.mark.parametrize("symbols", [1, 2, 3, 300])
def test_round_trip(n, symbols):
    data = RNG.integers(0, symbols, n) ** 2 // max(1, symbols)
    lengths = code_lengths(np.bincount(data))
    packed = huffman_encode(data, lengths)
    assert len(packed) == -(-int(lengths[data].astype(int).sum()) // 8)
    np.testing.assert_array_equal(huffman_decode(packed, lengths, n), data)


def test_a_million_symbols_near_their_entropy_in_seconds():
    """Longer than the pieces in which it is coded, so that their seams are crossed."""
    data = np.minimum(RNG.geometric(0.1, 1_000_000) - 1, 255)
    counts = np.bincount(data)
    began = time.perf_counter()
    packed = huffman_encode(data, lengths := code_lengths(counts))
    again = huffman_decode(packed, lengths, len(data))
    assert time.perf_counter() - began < 10  # a twentieth of that on a quiet machine
    np.testing.assert_array_equal(again, data)
    assert entropy(counts) <= 8 * len(packed) / len(data) <= 1.02 * entropy(counts)


def test_damaged_data_give_one_error():
    data = RNG.integers(0, 5, 200)
    lengths = code_lengths(np.bincount(data))
    packed = huffman_encode(data, lengths)
    for bad, count in ((packed[:-3], 200), (packed, 10**12), (b"", 1), (packed, 8 * len(packed))):
        with pytest.raises(ValueError, match="cannot hold|damaged"):
            huffman_decode(bad, lengths, count)
    with pytest.raises(ValueError, match="damaged"):
        huffman_decode(b"\xff", [2, 2, 0, 2], 2)  # no word begins with 11
    with pytest.raises(ValueError, match="the words would overlap"):
        huffman_decode(b"\xff", [1, 1, 1], 2)
    with pytest.raises(ValueError, match="0 … 15 bits"):
        canonical_codes([16])
    for symbols in ([3], [-1], [9]):
        with pytest.raises(ValueError, match="a symbol has no code word"):
            huffman_encode(np.array(symbols), [1, 2, 2, 0])


def test_relative_indices_are_the_papers_example():
    """Han et al., Figure 2: places 1, 4, 15 with three bits; a filling zero, as 15 is more than 8 places from 4."""
    values = np.zeros(16, "float32")
    values[[1, 4, 15]] = [3.4, 0.9, 1.7]
    gaps, kept = relative_indices(values, 3)
    assert (gaps + 1).tolist() == [2, 3, 8, 3] and kept.tolist() == values[[1, 4, 12, 15]].tolist()


@pytest.mark.parametrize("bits", [1, 2, 5, 12])
@pytest.mark.parametrize("density", [0, 0.001, 0.1, 1])
def test_relative_indices_round_trip(bits, density):
    values = np.where(RNG.random(5000) < density, RNG.integers(1, 100, 5000), 0).astype("uint16")
    gaps, kept = relative_indices(values, bits)
    assert gaps.max(initial=0) < 2**bits and kept.dtype == np.uint16
    np.testing.assert_array_equal(from_relative_indices(gaps, kept, 5000), values)


def test_gaps_that_lead_too_far():
    with pytest.raises(ValueError, match="do not fit into 5 places"):
        from_relative_indices([2, 2], [1, 1], 5)
    with pytest.raises(ValueError, match="do not fit"):
        from_relative_indices([2], [1, 1], 5)
    with pytest.raises(ValueError, match="bits must be 1 … 16"):
        relative_indices(np.ones(3), 0)
