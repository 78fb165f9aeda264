"""Questions on the text of this course, each with the passage that answers it: to measure how well a search finds it."""

from __future__ import annotations

import functools
import pathlib
import tomllib
from dataclasses import dataclass

__all__ = ["KINDS", "Question", "gold", "questions"]

KINDS = ("words", "paraphrase")


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        text: the question.
        kind: "words" (asked in the words of the passage) or "paraphrase" (in others, as far as the field's terms allow).
        notebook: the number of the notebook that answers it, such as "2.5".
        phrase: some words that stand in the passage that answers it, and nowhere else in chapters 1 to 3.
    """

    text: str
    kind: str
    notebook: str
    phrase: str


@functools.cache
def questions(kind: str | None = None) -> tuple[Question, ...]:
    """The questions, in the order of the notebooks.

    They were written before any search was scored. Passages were drawn at random from chapters 1 to 3, and those that say nothing
    to ask for on their own were passed over; each of the others got one question, by somebody who had the passage at hand.

    Args:
        kind: only those of this kind; None for all.

    Raises:
        ValueError: unknown kind.

    Example:
        >>> len(questions()) >= 150, questions("words")[0].notebook
        (True, '1.1')

    Taught in: 5.4.
    """
    if kind not in (None, *KINDS):
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, or None for all, not {kind!r}")
    file = pathlib.Path(__file__).with_suffix(".toml")
    rows = tomllib.loads(file.read_text("utf-8"))["questions"]
    found = [Question(text, its_kind, notebook, phrase) for its_kind, notebook, text, phrase in rows]
    return tuple(question for question in found if kind in (None, question.kind))


def gold(question: Question, passages: list[str], sources: list[str]) -> int:
    """The index of the passage that answers a question.

    Args:
        question: one of `questions`.
        passages: the texts of a collection that holds chapters 1 to 3.
        sources: the notebook of each passage, such as "2.5-optimizers".

    Raises:
        ValueError: the phrase stands in no passage of that notebook, or in several.
    """
    found = [i for i, (text, source) in enumerate(zip(passages, sources, strict=True))
             if question.phrase in text and source.split("-")[0] == question.notebook]  # fmt: skip
    if len(found) != 1:
        raise ValueError(
            f"the phrase {question.phrase!r} must stand in exactly one passage of notebook {question.notebook}, but stands in "
            f"{len(found)}: choose other words of the passage that answers {question.text!r}"
        )
    return found[0]
