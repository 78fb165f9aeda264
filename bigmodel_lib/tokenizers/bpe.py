"""Byte-level BPE, readable from end to end: train a vocabulary, encode, decode.

Text is cut into pieces (`pieces`), a piece is a row of bytes, and the commonest pair of neighbours becomes a new token, again
and again. Since every byte is a token, every text can be encoded, whatever its script, and decoding gives it back.

Merges, token ids and encodings are those of the `tokenizers` library with its ByteLevel pre-tokenizer (no prefix space) and a
BpeTrainer that begins with all 256 bytes. It is written for reading: that library trains and encodes many times faster. Not
here: special tokens, dropout, a minimal frequency.
"""

from __future__ import annotations

import collections
import functools
import heapq
import re
import sys
import unicodedata
from collections.abc import Iterable

# The ids of the single bytes: first those that print in Latin-1, then the others, both ascending. "!" is token 0, as in GPT-2.
_PRINTABLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
BYTE_ORDER = (*_PRINTABLE, *(byte for byte in range(256) if byte not in _PRINTABLE))

_SPACE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # Unicode's White_Space


@functools.cache
def _pattern() -> re.Pattern:
    """GPT-2's rule for pieces. Python's `re` has no classes for letters and numbers, so they are written out."""
    ranges = {"L": [], "N": []}
    start, before = 0, ""
    for code in range(sys.maxunicode + 2):
        now = unicodedata.category(chr(code))[0] if code <= sys.maxunicode else ""
        if now != before:
            if before in ranges:
                ranges[before].append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start, before = code, now
    letter, number = ("".join(ranges[key]) for key in "LN")
    return re.compile(
        f"'s|'t|'re|'ve|'m|'ll|'d| ?[{letter}]+| ?[{number}]+| ?[^{_SPACE}{letter}{number}]+"
        f"|[{_SPACE}]+(?![^{_SPACE}])|[{_SPACE}]+"
    )


def pieces(text: str) -> list[str]:
    """Cut a text into the pieces over whose borders no token reaches: a space goes with the word after it.

    Args:
        text: any string. What counts as a letter or a number is what this Python's Unicode tables say.

    Returns:
        The pieces; joined, they are the text.

    Example:
        >>> pieces("I'm 42!  Yes")
        ['I', "'m", ' 42', '!', ' ', ' Yes']

    Source: the pattern is that of A. Radford et al. 2019 (GPT-2).
    """
    return _pattern().findall(text)


class BPE:
    """A vocabulary of byte strings and the merges that build it.

    Args:
        merges: pairs of token ids, in the order in which they were learned. Token ids 0 to 255 are the bytes, in `BYTE_ORDER`;
            every merge whose bytes are new gets the next id.

    Attributes:
        vocab: token id -> its bytes.
        merges: as given.

    Raises:
        ValueError: a merge that names a token which does not exist yet.

    Example:
        >>> bpe = train("low lower lowest", vocab_size=260)
        >>> bpe.vocab[256:], bpe.decode(bpe.encode("slow 🐢"))
        ([b'lo', b'low', b' low', b' lowe'], 'slow 🐢')

    Source: R. Sennrich et al. 2016, arXiv:1508.07909, §3.2; A. Radford et al. 2019, §2.2. Taught in: 2.1.
    """

    def __init__(self, merges: Iterable[tuple[int, int]]):
        self.vocab = [bytes([byte]) for byte in BYTE_ORDER]
        self.merges: list[tuple[int, int]] = []
        self._id_of = {token: id for id, token in enumerate(self.vocab)}
        self._rank: dict[tuple[int, int], tuple[int, int]] = {}  # pair -> (when it was learned, id of the result)
        self._cache: dict[bytes, tuple[int, ...]] = {}
        for left, right in merges:
            self._add((left, right))

    def _add(self, pair: tuple[int, int]) -> int:
        """Learn one more merge; returns the id of its token. The same bytes may come about in two ways: one token."""
        if not all(0 <= id < len(self.vocab) for id in pair):
            raise ValueError(
                f"merge {len(self.merges)} joins {pair}, but there are only {len(self.vocab)} tokens by then"
            )
        token = self.vocab[pair[0]] + self.vocab[pair[1]]
        id = self._id_of.setdefault(token, len(self.vocab))
        if id == len(self.vocab):
            self.vocab.append(token)
        self._rank[pair] = len(self.merges), id
        self.merges.append(pair)
        return id

    @property
    def vocab_size(self) -> int:
        """Number of tokens."""
        return len(self.vocab)

    def encode(self, text: str) -> list[int]:
        """Token ids of a text. A lone surrogate, which UTF-8 forbids, is encoded as its three bytes and comes back as it was."""
        return [id for piece in pieces(text) for id in self._encode_piece(piece.encode("utf-8", "surrogatepass"))]

    def encode_bytes(self, data: bytes) -> list[int]:
        """Token ids of any bytes; what is not UTF-8 is cut like signs that are neither letters nor numbers."""
        text = data.decode("utf-8", "surrogateescape")
        return [id for piece in pieces(text) for id in self._encode_piece(piece.encode("utf-8", "surrogateescape"))]

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes that the ids stand for.

        Raises:
            ValueError: an id that the vocabulary does not have.
        """
        ids = list(ids)
        wrong = [id for id in ids if not 0 <= id < len(self.vocab)]
        if wrong:
            raise ValueError(f"token ids go from 0 to {len(self.vocab) - 1}, but one is {wrong[0]}")
        return b"".join(self.vocab[id] for id in ids)

    def decode(self, ids: Iterable[int]) -> str:
        """The text that the ids stand for. Ids that end within a character give U+FFFD there: only whole encodings are lossless.

        Raises:
            ValueError: an id that the vocabulary does not have.
        """
        data = self.decode_bytes(ids)
        try:
            return data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return data.decode("utf-8", "replace")

    def _encode_piece(self, piece: bytes) -> tuple[int, ...]:
        if piece not in self._cache:
            if len(self._cache) > 200_000:  # keeps a long run from filling the memory
                self._cache.clear()
            self._cache[piece] = self._merged(piece)
        return self._cache[piece]

    def _merged(self, piece: bytes) -> tuple[int, ...]:
        """Apply the merges in the order in which they were learned, at each time at the leftmost place.

        A heap of possible merges and a linked list of tokens: n log n steps, also for a piece of a million bytes.
        """
        ids = [self._id_of[bytes([byte])] for byte in piece]
        after, before = [*range(1, len(ids)), -1], list(range(-1, len(ids) - 1))
        waiting = []

        def consider(at):
            if at >= 0 and after[at] >= 0 and (found := self._rank.get((ids[at], ids[after[at]]))):
                heapq.heappush(waiting, (found[0], at, found[1]))

        for at in range(len(ids)):
            consider(at)
        while waiting:
            rank, at, new = heapq.heappop(waiting)
            right = after[at]
            if ids[at] < 0 or right < 0 or self._rank.get((ids[at], ids[right])) != (rank, new):
                continue  # one of the two has been merged otherwise in the meantime
            ids[at], ids[right] = new, -1
            after[at] = after[right]
            if after[at] >= 0:
                before[after[at]] = at
            consider(before[at])
            consider(at)
        return tuple(id for id in ids if id >= 0)


def train(texts: str | Iterable[str], vocab_size: int) -> BPE:
    """Learn a vocabulary: join the commonest pair of neighbouring tokens into a new token until there are enough.

    The rule, complete: pairs are counted in the pieces of the text, a piece that occurs n times counting n-fold, overlaps
    included ("aaa" holds "aa" twice). Of pairs that are equally common, the one with the smaller left id is taken, then the one
    with the smaller right id. A merge whose bytes are in the vocabulary already gives that token.

    Args:
        texts: one text, or several, between which no token reaches.
        vocab_size: tokens to end with, 256 single bytes included. A small corpus may run out of pairs before: see
            `BPE.vocab_size` for what came out.

    Returns:
        The trained tokenizer.

    Raises:
        ValueError: vocab_size is below 256, or the corpus is empty.

    Taught in: 2.1.
    """
    if vocab_size < 256:
        raise ValueError(f"vocab_size must be at least 256, one token for each byte, not {vocab_size}")
    texts = [texts] if isinstance(texts, str) else texts
    found = collections.Counter(piece for text in texts for piece in pieces(text))
    if not found:
        raise ValueError("the corpus is empty: train needs at least one text with at least one character")
    bpe = BPE(())
    words = [[bpe._id_of[bytes([byte])] for byte in piece.encode("utf-8", "surrogatepass")] for piece in found]
    times = list(found.values())
    counts: collections.Counter[tuple[int, int]] = collections.Counter()
    places: dict[tuple[int, int], set[int]] = collections.defaultdict(set)  # pair -> words that may hold it
    for at, (word, n) in enumerate(zip(words, times)):
        for pair in zip(word, word[1:]):
            counts[pair] += n
            places[pair].add(at)
    # The smallest entry is the commonest pair, then the smallest ids. A count may have changed since: checked when it is popped
    heap = [(-n, pair) for pair, n in counts.items()]
    heapq.heapify(heap)
    while bpe.vocab_size < vocab_size and heap:
        n, pair = heapq.heappop(heap)
        if counts[pair] != -n:
            continue
        new = bpe._add(pair)
        changed = set()
        for at in places.pop(pair):
            old, words[at] = words[at], _replaced(words[at], pair, new)
            if len(words[at]) == len(old):
                continue
            for gone in zip(old, old[1:]):
                counts[gone] -= times[at]
                changed.add(gone)
            for come in zip(words[at], words[at][1:]):
                counts[come] += times[at]
                places[come].add(at)
                changed.add(come)
        for other in changed:
            if counts[other] > 0:
                heapq.heappush(heap, (-counts[other], other))
    return bpe


def _replaced(word: list[int], pair: tuple[int, int], new: int) -> list[int]:
    """The word with every occurrence of the pair, from left to right, replaced by one token."""
    out, i = [], 0
    while i < len(word):
        if word[i] == pair[0] and i + 1 < len(word) and word[i + 1] == pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(word[i])
            i += 1
    return out
