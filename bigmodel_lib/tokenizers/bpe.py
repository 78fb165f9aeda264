"""Byte-level BPE, readable from end to end: train a vocabulary, encode, decode.

Text is cut into pieces (`pieces`), a piece is a row of bytes, and the commonest pair of neighbours becomes a new token, again
and again. Since every byte is a token, every text can be encoded, whatever its script, and decoding gives it back.

Merges, token ids and encodings are those of the `tokenizers` library with its ByteLevel pre-tokenizer (no prefix space) and a
BpeTrainer that begins with all 256 bytes. It is written for reading: that library trains and encodes many times faster. Not
here: dropout, a minimal frequency.
"""

from __future__ import annotations

import collections
import functools
import heapq
import json
import os
import pathlib
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator

# The ids of the single bytes: first those that print in Latin-1, then the others, both ascending. "!" is token 0, as in GPT-2.
_PRINTABLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
BYTE_ORDER = (*_PRINTABLE, *(byte for byte in range(256) if byte not in _PRINTABLE))

# GPT-2 writes its merges in letters instead of bytes: those that print as themselves, the others as U+0100 and on ("Ġ" is a space)
BYTE_LETTERS = {
    byte: chr(byte if i < len(_PRINTABLE) else 256 + i - len(_PRINTABLE)) for i, byte in enumerate(BYTE_ORDER)
}

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


_FORMAT = "bigmodel-bpe-1"


class BPE:
    """A vocabulary of byte strings, the merges that build it, and special tokens.

    A special token, such as ``<|endoftext|>``, stands for something that is not text. Where its text occurs it is one token, and
    nothing is merged with it; where several begin at one place, the longest is taken.

    Args:
        merges: pairs of token ids, in the order in which they were learned. Token ids 0 to 255 are the bytes, in `BYTE_ORDER`;
            every merge whose bytes are new gets the next id.
        special_tokens: their texts; they get the ids after those of the merges, in this order.

    Attributes:
        vocab: token id -> its bytes; of a special token, those of its text.
        merges: as given.
        special_tokens: text -> id.
        stop_ids: ids at which `generation` stops; none, unless you set some.

    Raises:
        ValueError: a merge that names a token which does not exist yet; a special token that is empty or given twice.

    Example:
        >>> bpe = train("low lower lowest", vocab_size=261, special_tokens=["<|end|>"])
        >>> bpe.vocab[256:], bpe.encode("low<|end|>"), bpe.decode(bpe.encode("slow 🐢"))
        ([b'lo', b'low', b' low', b' lowe', b'<|end|>'], [257, 260], 'slow 🐢')

    Source: R. Sennrich et al. 2016, arXiv:1508.07909, §3.2; A. Radford et al. 2019, §2.2. Taught in: 2.1.
    """

    def __init__(self, merges: Iterable[tuple[int, int]], special_tokens: Iterable[str] = ()):
        self.vocab = [bytes([byte]) for byte in BYTE_ORDER]
        self.merges: list[tuple[int, int]] = []
        self._id_of = {token: id for id, token in enumerate(self.vocab)}
        self._rank: dict[tuple[int, int], tuple[int, int]] = {}  # pair -> (when it was learned, id of the result)
        self._cache: dict[bytes, tuple[int, ...]] = {}
        self.special_tokens: dict[str, int] = {}
        self.stop_ids: tuple[int, ...] = ()
        for left, right in merges:
            self._add((left, right))
        self._add_special(special_tokens)

    @classmethod
    def from_gpt2_merges(cls, lines: Iterable[str], special_tokens: Iterable[str] = ("<|endoftext|>",)) -> BPE:
        """The tokenizer that a file like GPT-2's merges.txt describes; the token ids are GPT-2's own.

        Args:
            lines: one merge each, two tokens in `BYTE_LETTERS` with a space between them: "Ġ t". Empty lines and a first line
                that begins with "#version" are passed over.
            special_tokens: as in `BPE`.

        Raises:
            ValueError: a line that is no merge, or names a token that does not exist yet.

        Example:
            >>> BPE.from_gpt2_merges(["#version: 0.2", "Ġ t", "Ġt h"]).vocab[256:]
            [b' t', b' th', b'<|endoftext|>']
        """
        bpe = cls(())
        byte_of = {letter: bytes([byte]) for byte, letter in BYTE_LETTERS.items()}
        for number, line in enumerate(lines):
            line = line.rstrip("\r\n")
            if not line or (number == 0 and line.startswith("#version")):
                continue
            parts = [b"".join(byte_of.get(letter, b"") for letter in part) for part in line.split(" ")]
            if len(parts) != 2 or not set(line) <= {" ", *byte_of} or not all(part in bpe._id_of for part in parts):
                raise ValueError(
                    f"line {number + 1} of the merges must hold two known tokens in GPT-2's letters, not {line!r}"
                )
            bpe._add((bpe._id_of[parts[0]], bpe._id_of[parts[1]]))
        bpe._add_special(special_tokens)
        return bpe

    @classmethod
    def load(cls, path: str | os.PathLike) -> BPE:
        """Read a file that `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is broken, or of another kind.
        """
        text = pathlib.Path(path).read_bytes()
        try:
            content = json.loads(text)
            if content["format"] != _FORMAT:
                raise ValueError(f"its format is {content['format']!r}, not {_FORMAT!r}")
            merges = [(left, right) for left, right in content["merges"]]
            if not all(type(id) is int for pair in merges for id in pair):
                raise ValueError("merges must be pairs of whole numbers")
            return cls(merges, content["special_tokens"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ValueError(f"{path} ({len(text):,} bytes) is no file that BPE.save wrote: {error}") from error

    def save(self, path: str | os.PathLike) -> None:
        """Write the tokenizer as JSON, from which `load` makes it again.

        An object with ``format`` ("bigmodel-bpe-1"), ``merges`` (pairs of token ids, see `BPE`) and ``special_tokens`` (texts).
        `stop_ids` is not kept.
        """
        content = {"format": _FORMAT, "merges": self.merges, "special_tokens": list(self.special_tokens)}
        pathlib.Path(path).write_text(json.dumps(content), "utf-8")

    def _add_special(self, texts: Iterable[str]) -> None:
        if isinstance(texts, str):
            raise ValueError(f"special_tokens must be a list of texts, such as [{texts!r}], not one string")
        for text in texts:
            if not isinstance(text, str) or not text or text in self.special_tokens:
                raise ValueError(f"special tokens must be texts, not empty and no two alike, but one is {text!r}")
            self.special_tokens[text] = len(self.vocab)
            self.vocab.append(text.encode("utf-8", "surrogatepass"))
        # of two alternatives a pattern takes the first, so the longest stand first
        longest_first = sorted(self.special_tokens, key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")  # (?!) matches nowhere

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
        """Number of tokens, the special ones included."""
        return len(self.vocab)

    def encode(self, text: str, *, special: bool = True) -> list[int]:
        """Token ids of a text. A lone surrogate, which UTF-8 forbids, is encoded as its three bytes and comes back as it was.

        Args:
            text: to encode.
            special: whether the texts of special tokens become those tokens. With False they are text like any other: do that
                with what strangers wrote, or they can end your prompt.
        """
        return self._encode(text, "surrogatepass", special)

    def encode_bytes(self, data: bytes, *, special: bool = True) -> list[int]:
        """Token ids of any bytes; what is not UTF-8 is cut like characters that are neither letters nor numbers."""
        return self._encode(data.decode("utf-8", "surrogateescape"), "surrogateescape", special)

    def encode_iterable(self, texts: Iterable[str], *, buffer_size: int = 1 << 16) -> Iterator[int]:
        """Token ids of a long text that comes in parts, such as the lines of a file, without holding all of it.

        Args:
            texts: the parts. They are one text: tokens may reach over their borders.
            buffer_size: characters to collect before they are encoded. More are held only while no safe cut is among them.

        Yields:
            The ids of ``encode("".join(texts))``, one by one.
        """
        parts, size, limit = [], 0, buffer_size
        for part in texts:
            parts.append(part)
            size += len(part)
            if size >= limit:
                text = "".join(parts)
                cut = self._safe_cut(text)
                yield from self.encode(text[:cut])
                parts, size = [text[cut:]], len(text) - cut
                limit = max(
                    buffer_size, 2 * size
                )  # twice, so that a text without a cut is not searched again for each part
        yield from self.encode("".join(parts))

    def _safe_cut(self, text: str) -> int:
        """Where a text can be cut so that its two sides encode alone as they do together, whatever follows it."""
        # Before `known` it is decided where special tokens begin; from there on more text could make one, or a longer one
        known = len(text) - max(map(len, self.special_tokens), default=1) + 1
        cut = 0
        for match in self._special.finditer(text):
            if match.start() < known:
                cut = match.end()
        # A piece that ends before the end of what is known stays as it is, unless it may become the beginning of "'re" or "'ve"
        for piece in pieces(text[cut:known]) if cut < known else ():
            if cut + max(len(piece) + 1, 3) > known:
                break
            cut += len(piece)
        return cut

    def _encode(self, text: str, errors: str, special: bool) -> list[int]:
        ids: list[int] = []
        for part in self._split(text) if special else [text]:
            if special and part in self.special_tokens:
                ids.append(self.special_tokens[part])
            else:
                for piece in pieces(part):
                    ids += self._encode_piece(piece.encode("utf-8", errors))
        return ids

    def _split(self, text: str) -> Iterator[str]:
        """The special tokens of a text and what stands between them."""
        start = 0
        for match in self._special.finditer(text):
            yield text[start : match.start()]
            yield match.group()
            start = match.end()
        yield text[start:]

    def decode_bytes(self, ids: Iterable[int], *, skip_special: bool = False) -> bytes:
        """The bytes that the ids stand for; with `skip_special`, without those of the special tokens.

        Raises:
            ValueError: an id that the vocabulary does not have.
        """
        ids = list(ids)
        wrong = [id for id in ids if not 0 <= id < len(self.vocab)]
        if wrong:
            raise ValueError(f"token ids go from 0 to {len(self.vocab) - 1}, but one is {wrong[0]}")
        left_out = set(self.special_tokens.values()) if skip_special else ()
        return b"".join(self.vocab[id] for id in ids if id not in left_out)

    def decode(self, ids: Iterable[int], *, skip_special: bool = False) -> str:
        """The text that the ids stand for. Ids that end within a character give U+FFFD there: only whole encodings are lossless.

        Raises:
            ValueError: an id that the vocabulary does not have.
        """
        data = self.decode_bytes(ids, skip_special=skip_special)
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
        possible: list[tuple[int, int, int]] = []  # (rank of the merge, where, id of the result)

        def consider(at):
            if at >= 0 and after[at] >= 0 and (merge := self._rank.get((ids[at], ids[after[at]]))):
                heapq.heappush(possible, (merge[0], at, merge[1]))

        for at in range(len(ids)):
            consider(at)
        while possible:
            rank, at, new = heapq.heappop(possible)
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


def train(texts: str | Iterable[str], vocab_size: int, *, special_tokens: Iterable[str] = ()) -> BPE:
    """Learn a vocabulary: join the commonest pair of neighbouring tokens into a new token until there are enough.

    The rule, complete: pairs are counted in the pieces of the text, a piece that occurs n times counting n-fold, overlaps
    included ("aaa" holds "aa" twice). A merge whose bytes are in the vocabulary already gives that token.

    The tie-break: of pairs that are equally common, the one with the smaller left id is taken, then the one with the smaller right
    id, as in the `tokenizers` library. Others decide otherwise (the greatest pair of byte strings, or the one counted first), and
    then learn other merges from the same text.

    Args:
        texts: one text, or several, between which no token reaches.
        vocab_size: tokens to end with, the 256 single bytes and the special tokens included. A small corpus may run out of
            pairs before: see `BPE.vocab_size` for what came out.
        special_tokens: as in `BPE`. Where they stand in a text it is cut, and they themselves are not counted.

    Returns:
        The trained tokenizer.

    Raises:
        ValueError: vocab_size is below 256 and the number of special tokens, or the corpus is empty.

    Taught in: 2.1.
    """
    special = BPE((), special_tokens)  # knows how to cut the texts
    num_special = len(special.special_tokens)
    if vocab_size < 256 + num_special:
        raise ValueError(
            f"vocab_size must be at least {256 + num_special}, one token for each byte"
            f"{f' and {num_special} special tokens' if num_special else ''}, not {vocab_size}"
        )
    texts = [texts] if isinstance(texts, str) else texts
    occurrences = collections.Counter(
        piece
        for text in texts
        for part in special._split(text)
        if part not in special.special_tokens
        for piece in pieces(part)
    )
    if not occurrences:
        raise ValueError("the corpus is empty: train needs at least one text with at least one character")
    bpe = BPE(())
    words = [[bpe._id_of[bytes([byte])] for byte in piece.encode("utf-8", "surrogatepass")] for piece in occurrences]
    times = list(occurrences.values())
    counts: collections.Counter[tuple[int, int]] = collections.Counter()
    places: dict[tuple[int, int], set[int]] = collections.defaultdict(set)  # pair -> words that may hold it
    for at, (word, n) in enumerate(zip(words, times)):
        for pair in zip(word, word[1:]):
            counts[pair] += n
            places[pair].add(at)
    # The smallest entry is the commonest pair, then the smallest ids. A count may have changed since: checked when it is popped
    heap = [(-n, pair) for pair, n in counts.items()]
    heapq.heapify(heap)
    while bpe.vocab_size < vocab_size - num_special and heap:
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
    bpe._add_special(special.special_tokens)
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
