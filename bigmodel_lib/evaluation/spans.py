"""Names in a sentence: from tags to names and back, the score that counts whole names, and what went wrong.

A tagger decides character by character; its reader wants names. So what is right or wrong here is a *span*: where a name starts,
where it stops, and of what kind it is. Half a name counts nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

__all__ = ["SCHEMES", "Error", "Score", "Span", "errors", "is_legal", "score", "spans", "tags"]

# For each scheme the tags after which a name goes on, and those with which it does
SCHEMES = {"BMES": ("BM", "ME"), "BIO": ("BI", "I")}


class Span(NamedTuple):
    """A name: characters start, start + 1, …, stop - 1."""

    start: int
    stop: int
    kind: str  # such as "PER"


class Score(NamedTuple):
    """Precision, recall and their harmonic mean, each from 0 to 1, and the three counts behind them."""

    precision: float  # of the names that were given, the share that is right
    recall: float  # of the names that are there, the share that was found
    f1: float
    num_gold: int
    num_predicted: int
    num_right: int


class Error(NamedTuple):
    """A name that was not got right: what is there, and what was given in its place; None where there is nothing."""

    what: str  # "missed", "border", "kind", "border and kind" or "invented"
    gold: Span | None
    predicted: Span | None


@functools.cache
def is_legal(previous: str, following: str, scheme: str = "BMES") -> bool:
    """Whether one tag may follow the other; before and after the sentence stands O.

    In BMES a name that was begun (B, M) goes on (M, E) with its own kind, and nothing goes on that was not begun. In BIO a name may
    stop anywhere, so only I asks for something: B or I of its kind before it.

    Raises:
        ValueError: unknown scheme, or a tag that does not belong to it.

    Example:
        >>> is_legal("B-PER", "E-PER"), is_legal("B-PER", "O"), is_legal("O", "E-PER"), is_legal("B-PER", "E-LOC")
        (True, False, False, False)
    """
    (before, kind_before), (after, kind_after) = _parts(previous, scheme), _parts(following, scheme)
    opened, goes_on = before in SCHEMES[scheme][0], after in SCHEMES[scheme][1]
    if goes_on:
        return opened and kind_before == kind_after
    return not opened or scheme == "BIO"


def spans(tags: Sequence[str], scheme: str = "BMES", illegal: str = "drop") -> list[Span]:
    """The names in a row of tags, in order.

    Args:
        tags: (n,) such as "O" and "B-PER", one a character.
        scheme: "BMES" or "BIO".
        illegal: what to do with a row that no sentence can have, such as B-PER before O: "drop" the part that makes no whole name,
            or "raise" an error. In BIO, an I that continues nothing makes no name either.

    Returns:
        The names. In BMES: S, or B, any number of M, and E, all of one kind. In BIO: B and all I of its kind after it.

    Raises:
        ValueError: no tags; an unknown scheme or tag; an illegal row, if asked to raise.

    Example:
        >>> spans(["B-PER", "E-PER", "O", "S-LOC"])
        [Span(start=0, stop=2, kind='PER'), Span(start=3, stop=4, kind='LOC')]
        >>> spans(["B-PER", "I-PER", "O", "B-LOC"], "BIO") == spans(["B-PER", "E-PER", "O", "S-LOC"])
        True

    Source: L. Ramshaw and M. Marcus 1995, arXiv:cmp-lg/9505040 (tags for spans). Taught in: 4.6.
    """
    if illegal not in ("drop", "raise"):
        raise ValueError(f"illegal must be 'drop' or 'raise', not {illegal!r}")
    if not len(tags):
        raise ValueError("a sentence needs at least one character, and so at least one tag: leave empty ones out")
    found, start = [], None
    for i, (previous, tag) in enumerate(zip(["O", *tags], [*tags, "O"])):
        legal = is_legal(previous, tag, scheme)
        if not legal and illegal == "raise":
            raise ValueError(
                f"tag {i} of {len(tags)}: {tag} cannot follow {previous} in {scheme}; illegal='drop' goes on"
            )
        place, kind = _parts(previous, scheme)
        begun = start is not None and place != "O"
        if begun and (place in "ES" or (scheme == "BIO" and not (legal and tag[0] == "I"))):
            found.append(Span(start, i, kind))
        if not (legal and tag[0] in SCHEMES[scheme][1]):  # nothing goes on here
            start = i if tag[0] in "BS" else None
    return found


def tags(spans: Iterable[Span], length: int, scheme: str = "BMES") -> list[str]:
    """The tags of a sentence with these names: the reverse of `spans`.

    Args:
        spans: names that do not overlap, in any order.
        length: of the sentence, in characters.
        scheme: "BMES" or "BIO".

    Returns:
        (length,) tags.

    Raises:
        ValueError: no characters, an unknown scheme, a name that is empty or beyond the sentence, or two that overlap.

    Example:
        >>> tags([Span(1, 4, "ORG")], 5), tags([Span(1, 4, "ORG")], 5, "BIO")
        (['O', 'B-ORG', 'M-ORG', 'E-ORG', 'O'], ['O', 'B-ORG', 'I-ORG', 'I-ORG', 'O'])
    """
    if scheme not in SCHEMES:
        raise ValueError(f"unknown scheme {scheme!r}; the schemes are {', '.join(SCHEMES)}")
    if length < 1:
        raise ValueError(f"a sentence needs at least one character, not {length}")
    row = ["O"] * length
    for start, stop, kind in spans:
        if not 0 <= start < stop <= length:
            raise ValueError(f"the name from {start} to {stop} does not lie in a sentence of {length} characters")
        if row[start:stop] != ["O"] * (stop - start):
            raise ValueError(f"the name from {start} to {stop} overlaps another: one tag a character cannot say that")
        size = stop - start
        if scheme == "BIO":
            places = "B" + "I" * (size - 1)
        else:
            places = "S" if size == 1 else "B" + "M" * (size - 2) + "E"
        row[start:stop] = [f"{place}-{kind}" for place in places]
    return row


def score(gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]], kind: str | None = None) -> Score:
    """Precision, recall and F1 of whole names: start, stop and kind must all be right.

    All names of all sentences are counted together (the "micro" mean), so that a sentence with ten names weighs ten times one.
    Where nothing was given, precision is 0; where nothing is there, recall is 0.

    Args:
        gold: for each sentence its true names.
        predicted: for each sentence the names given.
        kind: count only names of this kind, or all.

    Raises:
        ValueError: the numbers of sentences differ.

    Example:
        >>> score([[Span(0, 2, "PER"), Span(5, 6, "LOC")]], [[Span(0, 2, "PER"), Span(5, 7, "LOC")]]).f1
        0.5

    Source: E. Tjong Kim Sang and F. De Meulder 2003, arXiv:cs/0306050 (the measure of the shared task). Taught in: 4.6.
    """
    gold, predicted = _aligned(gold, predicted)
    if kind is not None:
        gold, predicted = ([{span for span in row if span.kind == kind} for row in rows] for rows in (gold, predicted))
    num_gold, num_predicted = sum(map(len, gold)), sum(map(len, predicted))
    num_right = sum(len(one & other) for one, other in zip(gold, predicted))
    precision, recall = num_right / max(1, num_predicted), num_right / max(1, num_gold)
    f1 = 2 * num_right / max(1, num_gold + num_predicted)
    return Score(precision, recall, f1, num_gold, num_predicted, num_right)


def errors(gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]) -> list[list[Error]]:
    """What is wrong, name by name.

    A true name that was not given exactly is compared with the given names that are wrong and share characters with it, those that
    share most first: "kind" (same borders, other kind), "border" (same kind), "border and kind"; "missed" if there is none. A wrong
    name that shares no character with a true one is "invented". So a true name has one error at most; one given name may be the
    error of two true ones, and the second of two given names inside one true name is not counted.

    Args:
        gold, predicted: for each sentence its names.

    Returns:
        For each sentence its errors, in the order of the text.

    Raises:
        ValueError: the numbers of sentences differ.

    Example:
        >>> [[error]] = errors([[Span(0, 3, "ORG")]], [[Span(0, 2, "LOC")]])
        >>> error.what
        'border and kind'

    Taught in: 4.6.
    """
    found = []
    for truth, given in zip(*_aligned(gold, predicted)):
        row = []
        wrong = sorted(given - truth)
        for span in truth - given:
            near = max(wrong, key=lambda other: _shared(span, other), default=None)  # the first of several
            near = near if near and _shared(span, near) else None
            row.append(Error(_difference(span, near), span, near))
        row += [Error("invented", None, span) for span in wrong if not any(_shared(span, other) for other in truth)]
        found.append(sorted(row, key=lambda error: error.gold or error.predicted))
    return found


@functools.cache
def _parts(tag: str, scheme: str) -> tuple[str, str]:
    """B-PER -> B, PER."""
    if scheme not in SCHEMES:
        raise ValueError(f"unknown scheme {scheme!r}; the schemes are {', '.join(SCHEMES)}")
    place, dash, kind = tag.partition("-")
    if tag == "O" or (dash and kind and len(place) == 1 and place in scheme.replace("O", "")):
        return place, kind
    raise ValueError(
        f"unknown tag {tag!r}: {scheme} has 'O', and one of {'BMES' if scheme == 'BMES' else 'BI'} before '-KIND'"
    )


def _aligned(gold, predicted) -> tuple[list[set[Span]], list[set[Span]]]:
    gold, predicted = ([{Span(*span) for span in row} for row in rows] for rows in (gold, predicted))
    if len(gold) != len(predicted):
        raise ValueError(
            f"{len(gold)} sentences of true names and {len(predicted)} of given ones: they must be the same sentences"
        )
    return gold, predicted


def _shared(one: Span, other: Span) -> int:
    """How many characters two names have in common."""
    return max(0, min(one.stop, other.stop) - max(one.start, other.start))


def _difference(gold: Span, given: Span | None) -> str:
    if given is None:
        return "missed"
    if gold[:2] == given[:2]:
        return "kind"
    return "border" if gold.kind == given.kind else "border and kind"
