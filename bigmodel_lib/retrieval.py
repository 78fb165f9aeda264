"""Finding the passages of a collection that answer a question: by words, by vectors, by both.

``Piece``, ``cut``, ``notebook_pieces``  documents cut into short passages that know their source
``words``                                what counts as a word
``BM25``                                 a score from the words that question and passage share
``Vectors``                              a score from the angle between their vectors, made by any sentence encoder
``fuse``                                 one ranking out of several, by reciprocal rank
``rank_of``                              the place of the right passage

Everything is computed for the whole collection at each question: right for some thousands of passages. Not here: an index on
disk, a server, approximate search for millions of vectors, stemming, or a list of stop words.
"""

from __future__ import annotations

import collections
import json
import pathlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["BM25", "Piece", "Vectors", "cut", "fuse", "notebook_pieces", "rank_of", "words"]

LIMIT = 45  # words of a piece: about 64 tokens of a sentence encoder
_SENTENCE = re.compile(r"(?<=[.?!])(?<! al\.)\s+(?=[A-Z(“\"$])")
_CLOSING = re.compile(r"(takeaways|what this does not show|exercises|references)\b", re.I)
_PLAIN = (  # Markdown that is no prose, and what stands in its place
    (r"```.*?```", " "),
    (r"\$\$.*?\$\$", " "),
    (r"!\[[^\]]*\]\([^)]*\)", " "),
    (r"\[([^\]]*)\]\([^)]*\)", r"\1"),
    (r"</?[a-z][^>\n]*>", " "),
    (r"^\|[^\n]*$", " "),
    (r"\*\*", ""),
    (r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", r"\1"),
)


@dataclass(frozen=True)
class Piece:
    """A passage of a document.

    Attributes:
        text: without markup.
        source: the name of the document, such as "2.5-optimizers".
        heading: the heading under which it stands; "" if there is none.
    """

    text: str
    source: str
    heading: str = ""


def cut(text: str, limit: int = LIMIT) -> list[str]:
    """Cut a text between sentences into passages of at most `limit` words.

    Short neighbours are joined, so that few passages are a single short sentence; a sentence that is longer stays whole.

    Args:
        text: paragraphs are separated by empty lines, the entries of a list by line breaks with a dash.
        limit: words, at least 1.

    Returns:
        The passages in their order; joined, they have the words of the text.

    Raises:
        ValueError: the limit is below 1.

    Example:
        >>> cut("A cat sleeps. It dreams. Nobody knows of what.", limit=5)
        ['A cat sleeps. It dreams.', 'Nobody knows of what.']
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1 word, not {limit}")
    found, current = [], []
    for part in re.split(r"\n\s*\n|\n(?=\s*- )", text):
        for sentence in _SENTENCE.split(part):
            new = sentence.split()
            if current and len(current) + len(new) > limit:
                found.append(" ".join(current))
                current = []
            current += new
    return found + [" ".join(current)] * bool(current)


def notebook_pieces(
    paths: Iterable[str | pathlib.Path], limit: int = LIMIT, least: int = 8, closing: bool = False
) -> list[Piece]:
    """The Markdown of notebooks as pieces, under the headings they stand under.

    Pictures, tables, displayed formulas, code blocks and the addresses of links are left out; so is the opening cell, a table of
    contents in sentences.

    Args:
        paths: notebooks (.ipynb), in the order in which the pieces shall come.
        limit: words of a piece, as in `cut`.
        least: shorter pieces are dropped.
        closing: whether to keep what stands under the headings Takeaways, What this does not show, Exercises and References. These
            say again what was said, or name papers.

    Returns:
        The pieces; a text that stands twice is kept where it stands first.

    Raises:
        ValueError: no notebook, or none with a piece of text.

    Taught in: 5.4.
    """
    paths, found = [pathlib.Path(path) for path in paths], {}
    for path in paths:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        markdown = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        heading = ""
        for text in markdown[1:]:
            for pattern, new in _PLAIN:
                text = re.sub(pattern, new, text, flags=re.S | re.M)
            # heading, text, heading, text, …: what stands before the first heading belongs to the one before
            parts = ["", *re.split(r"^#+ +(.*)$", text, flags=re.M)]
            for title, part in zip(parts[::2], parts[1::2]):
                heading = title.strip() or heading
                if closing or not _CLOSING.match(heading):
                    for passage in cut(part, limit):
                        if len(passage.split()) >= least:
                            found.setdefault(passage, Piece(passage, path.stem, heading))
    if not found:
        raise ValueError(
            f"a collection needs at least one notebook with text, but {len(paths)} notebooks gave no piece"
        )
    return list(found.values())


def words(text: str) -> list[str]:
    """The words of a text, in lower case: runs of letters and digits; a number keeps its point and commas.

    Example:
        >>> words("GPT-3 has 1,024 heads; well, 0.5!")
        ['gpt', '3', 'has', '1,024', 'heads', 'well', '0.5']
    """
    return re.findall(r"\d+(?:[.,]\d+)+|\w+", text.lower())


class BM25:
    """Scores passages by the words that they share with a question: rare words count more, repeated ones less and less.

    $$ s(q, d) = \\sum_{w \\in q} \\ln\\Big(1 + \\frac{N - n_w + 0.5}{n_w + 0.5}\\Big)
       \\cdot \\frac{f_{w,d} (k_1 + 1)}{f_{w,d} + k_1 (1 - b + b \\, l_d / \\bar l)} $$

    with $N$ passages, $n_w$ of which hold the word $w$; it stands $f_{w,d}$ times in passage $d$ of $l_d$ words, and a passage has
    $\\bar l$ words on average. The sum runs over the *different* words of the question; words that stand nowhere add nothing.

    Args:
        texts: N passages.
        k1: how slowly repetition stops to count, at least 0; at 0 a word counts once, however often it stands there.
        b: how much a long passage must pay for its length, 0 to 1.

    Raises:
        ValueError: an empty collection, one without any word, or a parameter out of range.

    Example:
        >>> BM25(["a red fox", "a red car", "the blue car"]).scores("Which fox?").round(2).tolist()
        [0.98, 0.0, 0.0]

    Source: S. Robertson and H. Zaragoza 2009, "The probabilistic relevance framework: BM25 and beyond", Foundations and Trends in
    Information Retrieval 3(4); the logarithm with 1 inside, which is never negative, is that of Lucene. Taught in: 5.4.
    """

    def __init__(self, texts: Sequence[str], k1: float = 1.5, b: float = 0.75):
        _collection(texts)
        if k1 < 0 or not 0 <= b <= 1:
            raise ValueError(f"BM25 needs k1 >= 0 and b from 0 to 1, not k1 = {k1} and b = {b}")
        counts = [collections.Counter(words(text)) for text in texts]
        lengths = np.array([count.total() for count in counts], float)
        if not lengths.any():
            raise ValueError("BM25 needs passages with words, but in these there is none")
        room = k1 * (1 - b + b * lengths / lengths.mean())
        places = collections.defaultdict(list)  # word -> [(passage, how often)]
        for row, count in enumerate(counts):
            for word, often in count.items():
                places[word].append((row, often))
        self.size, self._weights = len(texts), {}
        for word, entries in places.items():
            rows, often = np.array(entries).T
            rarity = np.log(1 + (self.size - len(rows) + 0.5) / (len(rows) + 0.5))
            self._weights[word] = rows, rarity * often * (k1 + 1) / (often + room[rows])

    def scores(self, question: str) -> np.ndarray:
        """(N,) scores of the passages, at least 0; the higher the better.

        Raises:
            ValueError: no word of the question stands in any passage, so all scores would be 0.
        """
        known = [word for word in dict.fromkeys(words(question)) if word in self._weights]
        if not known:
            raise ValueError(
                f"a question must share a word with the collection, but none of {words(question)} stands in it: use other words"
            )
        total = np.zeros(self.size)
        for word in known:
            rows, weights = self._weights[word]
            total[rows] += weights
        return total


class Vectors:
    """Scores passages by the cosine of the angle between their vectors and that of the question.

    Args:
        texts: N passages.
        encode: maps a list of n texts to an array (n, d), one vector each, of any length; such as
            `functools.partial(models.bert.encode, *models.minilm())`.

    Raises:
        ValueError: an empty collection, or an `encode` that does not give one row for each text.

    Example:
        >>> lengths = lambda texts: np.array([[len(text), 1.0] for text in texts])
        >>> [f"{score:.2f}" for score in Vectors(["a", "a long text"], lengths).scores("b")]
        ['1.00', '0.77']

    Source: V. Karpukhin et al. 2020, arXiv:2004.04906, §3 (passages and questions as vectors, compared by their product).
    Taught in: 5.4.
    """

    def __init__(self, texts: Sequence[str], encode: Callable[[list[str]], np.ndarray]):
        _collection(texts)
        self.encode, self.matrix = encode, _unit(encode, list(texts))  # (N, d)

    def scores(self, question: str) -> np.ndarray:
        """(N,) cosines, -1 to 1."""
        return self.many([question])[0]

    def many(self, questions: Sequence[str]) -> np.ndarray:
        """(questions, N) cosines of several questions, encoded at once."""
        return _unit(self.encode, list(questions)) @ self.matrix.T


def fuse(*scores: np.ndarray, k: float = 60) -> np.ndarray:
    """One score out of several rankings of the same passages: $\\sum_r \\frac{1}{k + \\text{rank}_r}$, ranks from 1.

    Only the order counts, so scores of different kinds need no common scale. Passages with equal scores share the mean of their
    ranks.

    Args:
        scores: arrays (N,), one for each ranking; the higher the better.
        k: how little the first places differ from the next ones; 60 in the paper.

    Returns:
        (N,) fused scores.

    Raises:
        ValueError: no ranking, or rankings of unequal length.

    Example:
        >>> fuse(np.array([3.0, 2, 1]), np.array([0.1, 0.9, 0.5])).argmax()
        np.int64(1)

    Source: G. Cormack, C. Clarke and S. Büttcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
    methods", SIGIR. Taught in: 5.4.
    """
    if not scores or len({np.shape(one) for one in scores}) != 1:
        raise ValueError(
            f"fuse needs rankings of the same passages, not arrays of shapes {[np.shape(s) for s in scores]}"
        )
    total = np.zeros(len(scores[0]))
    for one in scores:
        _, place, count = np.unique(-np.asarray(one), return_inverse=True, return_counts=True)
        last = np.cumsum(count)  # the ranks of a group of equals end here
        total += 1 / (k + (last - (count - 1) / 2)[place])
    return total


def rank_of(scores: np.ndarray, right: int) -> int:
    """The place of the right passage in a ranking, from 1; among equals it comes last, so that a tie is no luck.

    Args:
        scores: (N,), the higher the better.
        right: index of the passage.

    Example:
        >>> rank_of(np.array([0.2, 0.9, 0.2]), 0)
        3
    """
    return int((np.asarray(scores) >= scores[right]).sum())


def _collection(texts: Sequence[str]) -> None:
    if isinstance(texts, str) or len(texts) == 0:
        came = "one string" if isinstance(texts, str) else "an empty one"
        raise ValueError(f"a collection must be a list of at least one passage, not {came}")


def _unit(encode: Callable, texts: list[str]) -> np.ndarray:
    vectors = np.asarray(encode(texts), "float32")
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise ValueError(
            f"encode must give {len(texts)} rows, one for each text, not an array of shape {vectors.shape}"
        )
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
