"""Python code: the functions of the reader's own standard library. Nothing is downloaded.

The functions differ a little from one Python version to the next, so numbers measured on them do too.
"""

from __future__ import annotations

import ast
import collections
import functools
import os
import pathlib
import re
import sysconfig
from dataclasses import dataclass

from bigmodel_lib.data.splits import pick, read_only

import numpy as np

# Ten packages of several files each that every Python from 3.11 on has, on every system
PACKAGES = (
    "asyncio", "email", "encodings", "http", "importlib", "logging", "multiprocessing", "unittest", "urllib", "xml",
)  # fmt: skip
_NOT_LIBRARY = {"test", "tests", "idle_test", "site-packages", "dist-packages", "lib2to3", "ensurepip", "idlelib"}


@dataclass(frozen=True)
class Function:
    """One function of the standard library."""

    package: str  # first part of the path: "email"
    path: str  # of the file, below the standard library's folder: "email/header.py"
    name: str
    docstring: str | None
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
        except SyntaxError:  # a few files of the library hold old syntax on purpose
            continue
        lines = source.splitlines(keepends=True)
        defined = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        for node in sorted(defined, key=lambda node: node.lineno):
            text = "".join(lines[node.lineno - 1 : node.end_lineno])
            path = "/".join(parts)
            collected.append(Function(parts[0].removesuffix(".py"), path, node.name, ast.get_docstring(node), text))
    return tuple(collected)


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
