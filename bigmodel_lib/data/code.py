"""Python code: the functions and the files of the reader's own standard library. Nothing is downloaded.

They differ a little from one Python version to the next, so numbers measured on them do too.
"""

from __future__ import annotations

import ast
import collections
import functools
import io
import keyword
import os
import pathlib
import re
import sys
import sysconfig
import tokenize
from dataclasses import dataclass

from bigmodel_lib.data.splits import pick, read_only

import numpy as np

# Ten packages of several files each that every Python from 3.11 on has, on every system
PACKAGES = (
    "asyncio", "email", "encodings", "http", "importlib", "logging", "multiprocessing", "unittest", "urllib", "xml",
)  # fmt: skip
_NOT_LIBRARY = {"test", "tests", "idle_test", "site-packages", "dist-packages", "lib2to3", "ensurepip", "idlelib"}
# Left out of `files`: tables that programs wrote, and packages that not every system or every Python from 3.11 on has
_NOT_CODE = {"encodings", "pydoc_data", "tkinter", "turtle", "turtledemo", "distutils"}
HELD_OUT = {
    "validation": ("difflib", "shutil", "smtplib"),
    "test": ("argparse", "configparser", "http", "json", "socketserver", "statistics", "tempfile", "zipfile"),
}
KINDS = ("space", "identifier", "keyword", "punctuation", "number", "string", "prose")  # of the bytes of a program


@dataclass(frozen=True)
class Function:
    """One function of the standard library."""

    package: str  # first part of the path: "email"
    path: str  # of the file, below the standard library's folder: "email/header.py"
    name: str
    docstring: str | None
    source: str


@dataclass(frozen=True)
class File:
    """One file of the standard library."""

    package: str  # first part of the path: "json"
    path: str  # below the standard library's folder: "json/decoder.py"
    source: str


@functools.cache
def functions(packages: tuple[str, ...] | None = None) -> tuple[Function, ...]:
    """Every function and method of the standard library, in the order of the files and of their lines.

    Args:
        packages: only those of these packages, which takes less time; None for all.

    Returns:
        About 15,000 functions, nested ones included. Files that this Python cannot parse are passed over.

    Source: the running interpreter (PSF licence).
    """
    collected = []
    for parts, file in _files(packages):
        source = file.read_text("utf-8", "replace")
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):  # old syntax, which a few files hold on purpose; a NUL byte
            continue
        lines = source.splitlines(keepends=True)
        defined = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        for node in sorted(defined, key=lambda node: node.lineno):
            text = "".join(lines[node.lineno - 1 : node.end_lineno])
            path = "/".join(parts)
            collected.append(Function(parts[0].removesuffix(".py"), path, node.name, ast.get_docstring(node), text))
    return tuple(collected)


@functools.cache
def files(split: str = "train") -> tuple[File, ...]:
    """The files of the standard library, split by package: a package is in one split with all that belongs to it.

    A file of its own, such as ``argparse.py``, counts as a package. Left out are tables that programs wrote (``encodings``),
    packages that some systems lack (``tkinter``), and files that hold no text: empty ones, and those with a NUL byte or with
    bytes that are no UTF-8.

    Args:
        split: "train" (about 400 files, 7 million bytes), "validation" or "test" (the packages of `HELD_OUT`).

    Returns:
        The files in the order of their paths. Line ends are "\\n".

    Raises:
        ValueError: unknown split, or a package that should be held out has no file here.

    Source: the running interpreter (PSF licence). Taught in: 4.7.
    """
    held_out = {package: name for name, packages in HELD_OUT.items() for package in packages}
    chosen = pick("files", {"train": None} | {name: name for name in HELD_OUT}, split)
    found = []
    for parts, file in _files(HELD_OUT.get(split)):
        package = parts[0].removesuffix(".py")
        if package in sys.stdlib_module_names and package not in _NOT_CODE and held_out.get(package) == chosen:
            source = _text(file.read_bytes())
            if source:
                found.append(File(package, "/".join(parts), source))
    missing = set(HELD_OUT.get(split, ())) - {file.package for file in found}
    if missing:
        raise ValueError(
            f"the split {split!r} needs packages of which this Python has no file with text: {sorted(missing)}"
        )
    return tuple(found)


def _text(data: bytes) -> str:
    """The text of a file; "" if it is none: a NUL byte, bytes that are no UTF-8, nothing but white space."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if "\0" in text or not text.strip() else text.replace("\r\n", "\n").replace("\r", "\n")


def byte_kinds(source: str) -> np.ndarray:
    """What each byte of a program is: part of a name, of punctuation, of a string …

    Python's own tokenizer decides. "prose" is what people read: comments, and strings that stand alone as a statement
    (docstrings). "space" is what stands between the tokens: blanks, line ends, indentation.

    Args:
        source: a whole program, or lines that Python can tokenize.

    Returns:
        (bytes of the source in UTF-8,) uint8, each an index into `KINDS`.

    Raises:
        ValueError: a NUL byte, a lone surrogate, or code that this Python cannot tokenize.

    Example:
        >>> "".join(KINDS[kind][0] for kind in byte_kinds("if x1 == 25: y = 'é'  # no"))
        'kksiisppsnnpsispssssssspppp'

    Taught in: 4.7.
    """
    if "\0" in source:
        raise ValueError(f"a program must not hold a NUL byte, but one stands at character {source.index(chr(0))}")
    lines = source.split("\n")
    starts = np.concatenate([[0], np.cumsum([len(line) + 1 for line in lines])])  # in characters
    kinds = np.zeros(len(source) + 1, np.uint8)
    try:
        before = tokenize.NEWLINE  # of the token before, comments and empty lines left out
        for token in tokenize.generate_tokens(io.StringIO(source, newline="\n").readline):
            kind = _kind(token, before)
            begin, end = (starts[row - 1] + column for row, column in (token.start, token.end))
            if kind != "space":
                kinds[begin:end] = KINDS.index(kind)
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                before = token.type
    except (tokenize.TokenError, SyntaxError) as error:
        raise ValueError(f"this Python cannot tokenize the code: {error}") from error
    lengths = [len(character.encode("utf-8")) for character in source]
    return np.repeat(kinds[: len(source)], lengths)


def _kind(token: tokenize.TokenInfo, before: int) -> str:
    """The name in `KINDS` of a token; `before` is the type of the token before it."""
    name = tokenize.tok_name[token.type]
    alone = before in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
    if name == "COMMENT" or (name == "STRING" and alone):
        return "prose"
    if name == "NAME":
        return "keyword" if keyword.iskeyword(token.string) else "identifier"
    if name == "STRING" or name.startswith("FSTRING") or name.startswith("TSTRING"):
        return "string"
    return {"OP": "punctuation", "NUMBER": "number"}.get(name, "space")


def _files(packages: tuple[str, ...] | None) -> list[tuple[tuple[str, ...], pathlib.Path]]:
    """The library's Python files in order: parts of the path below the library's folder, and path.

    Folders that are left out are not entered: site-packages alone may hold a hundred times as many files.
    """
    library, files = pathlib.Path(sysconfig.get_paths()["stdlib"]), []
    for root, folders, names in os.walk(library):
        at = pathlib.Path(root).relative_to(library).parts
        folders[:] = [name for name in folders if name not in _NOT_LIBRARY and (at or not packages or name in packages)]
        for name in names:
            parts = (*at, name)
            if name.endswith(".py") and (not packages or parts[0].removesuffix(".py") in packages):
                files.append((parts, pathlib.Path(root, name)))
    return sorted(files)


def words(source: str) -> list[str]:
    """The identifiers, keywords and words of a piece of code, in order: runs of letters and underscores."""
    return re.findall(r"[A-Za-z_]+", source)


def package_task(
    split: str = "train", *, num_features: int = 1000, split_by: str = "function", seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Which of ten packages does a function come from? Its words, counted, are the features.

    Feature $j$ of a function is $\\log(1 + n_j)$, where $n_j$ counts the $j$-th commonest word of the train split.

    Args:
        split: "train" (four fifths) or "test".
        num_features: how many of the commonest words to count.
        split_by: "function" puts each function into a split on its own; "file" keeps the functions of one file together,
            which is the harder and more honest test.
        seed: of the split.

    Returns:
        x: (n, num_features) float32. y: (n,) int64, an index into `PACKAGES`. Both are read-only.

    Raises:
        ValueError: unknown split, or `split_by` is neither "function" nor "file".

    Taught in: 1.2 and 2.1.
    """
    if split_by not in ("function", "file"):
        raise ValueError(f"split_by must be 'function' or 'file', not {split_by!r}")
    data = _package_task(num_features, split_by, seed)
    return pick("package_task", {"train": data[:2], "test": data[2:]}, split)


@functools.lru_cache(maxsize=4)
def _package_task(num_features: int, split_by: str, seed: int) -> tuple[np.ndarray, ...]:
    chosen = functions(PACKAGES)
    units = np.array([f.path if split_by == "file" else str(i) for i, f in enumerate(chosen)])
    packages = np.array([PACKAGES.index(f.package) for f in chosen])
    rng = np.random.default_rng(seed)
    test = np.zeros(len(chosen), bool)
    for package in range(len(PACKAGES)):
        own = packages == package
        names, sizes = np.unique(units[own], return_counts=True)
        taken = 0
        for i in rng.permutation(len(names)):  # until a fifth is taken, passing over files that would take far more
            if taken < own.sum() / 5 and taken + sizes[i] <= 0.3 * own.sum():
                test |= own & (units == names[i])
                taken += sizes[i]
    texts = [words(function.source) for function in chosen]
    counts = collections.Counter(word for text, in_test in zip(texts, test) if not in_test for word in text)
    column = {word: j for j, (word, _) in enumerate(counts.most_common(num_features))}
    x = np.zeros((len(chosen), num_features), np.float32)
    for row, text in zip(x, texts):
        for word in text:
            if word in column:
                row[column[word]] += 1
    x = np.log1p(x)
    train, test = rng.permutation(np.flatnonzero(~test)), rng.permutation(np.flatnonzero(test))
    return read_only(x[train], packages[train], x[test], packages[test])
