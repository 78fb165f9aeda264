"""The words of the course in English and Chinese, with one sentence each: a glossary as a table in glossary.toml beside this file.

The sentences say how the course uses a word, not all that it can mean. Where the course uses it first is not stored: `evidence.uses`
finds it in the notebooks.
"""

from __future__ import annotations

import functools
import pathlib
import tomllib
from dataclasses import dataclass

__all__ = ["Term", "search", "terms"]


@dataclass(frozen=True)
class Term:
    """One entry.

    Attributes:
        english: the term as the course writes it.
        chinese: the usual term in Chinese; a second one in brackets.
        meaning: one sentence.
        find: ways of writing it by which its first use is found; () if the term alone is enough.
    """

    english: str
    chinese: str
    meaning: str
    find: tuple[str, ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        """What to look for in a text."""
        return self.find or (self.english,)


@functools.cache
def terms() -> tuple[Term, ...]:
    """All entries, sorted by the English term.

    Example:
        >>> {term.english: term.chinese for term in terms()}["quantization"]
        '量化'

    Source: the Chinese terms were compared with the list of "Dive into Deep Learning", Chinese edition (TERMINOLOGY.md), where it
    has them, and with their use in public texts otherwise.

    Taught in: 5.5.
    """
    text = pathlib.Path(__file__).with_suffix(".toml").read_text("utf-8")
    return tuple(Term(**row | {"find": tuple(row.get("find", ()))}) for row in tomllib.loads(text)["term"])


def search(words: str) -> tuple[Term, ...]:
    """The entries that hold all the words, in any of their parts; upper and lower case are the same.

    Args:
        words: parted by spaces, English or Chinese; "" for all entries.

    Example:
        >>> [term.english for term in search("剪枝")]
        ['pruning']
    """
    wanted = words.casefold().split()
    return tuple(
        term
        for term in terms()
        if all(word in " ".join((term.english, term.chinese, term.meaning)).casefold() for word in wanted)
    )
