"""Data sets as NumPy arrays and plain lists, with documented shapes, splits, licence and source; and what prepares data.

Loaders: `images`, `scenes`, `signals`, `text`, `code`, `ner`, `problems`, `questions`, `glossary`. Preparation: `cleaning`,
`duplicates`, `splits`, `augmentation`. Arrays that a loader returns are read-only.
"""

from bigmodel_lib.data import (
    augmentation,
    cleaning,
    code,
    duplicates,
    glossary,
    images,
    ner,
    problems,
    questions,
    scenes,
    signals,
    splits,
    text,
)

__all__ = [
    "augmentation",
    "cleaning",
    "code",
    "duplicates",
    "glossary",
    "images",
    "ner",
    "problems",
    "questions",
    "scenes",
    "signals",
    "splits",
    "text",
]
