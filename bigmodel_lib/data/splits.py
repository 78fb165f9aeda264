"""Splits: the named ones of a data set, and new ones without leakage."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np


def read_only(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mark arrays as read-only. Every array that a loader of this room returns is: copy it to change it.

    Loaders keep what they have read, so one notebook cell that wrote into an array would change the data of all others.
    """
    for array in arrays:
        array.setflags(write=False)
    return arrays


def pick(dataset: str, parts: Mapping, split: str):
    """The named split of a data set.

    Raises:
        ValueError: the data set has no split of this name; the message lists those it has.
    """
    if split not in parts:
        raise ValueError(f"{dataset} has no split {split!r}; its splits are: {', '.join(map(repr, parts))}")
    return parts[split]


def merge_groups(groups: Sequence[Hashable], links: Iterable[Sequence[int]]) -> np.ndarray:
    """Number the groups anew, after joining those that a link connects.

    Args:
        groups: (n,) the group of each item; ``range(n)`` if each is its own.
        links: sets of positions whose items belong together, such as pairs of near-duplicates.

    Returns:
        (n,) int64: 0, 1, … in the order of first occurrence. Links chain: items joined to a third are joined.

    Example:
        >>> merge_groups(["a", "a", "b", "c"], [(1, 3)])
        array([0, 0, 1, 0])
    """
    names = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    group = [names[name] for name in groups]
    parent = list(range(len(names)))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]  # halves the path for the next one who asks
            i = parent[i]
        return i

    for one, *others in links:
        for other in others:
            parent[root(group[other])] = root(group[one])
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(root(i), len(numbers)) for i in group], np.int64)


def split_by_group(
    groups: Sequence[Hashable],
    fractions: Sequence[float] = (0.8, 0.2),
    seed: int = 0,
    labels: Sequence[Hashable] | None = None,
) -> tuple[np.ndarray, ...]:
    """Split items so that no group stands in two splits.

    The groups are shuffled; each goes to the split that lacks most of its share. If a large group spoils the shares, up to
    twenty orders are tried and the best is taken.

    Args:
        groups: (n,) the group of each item: its file, author, patient, cluster of near-duplicates.
        fractions: share of the items for each split, of sum 1. Reached to within about the size of one group.
        seed: of the shuffling.
        labels: (n,) the class of each item. If given, the shares are kept class by class, as far as the groups allow.

    Returns:
        One array of positions for each fraction, in ascending order; together they hold every item once.

    Raises:
        ValueError: no items; fractions that are not positive or do not sum to 1; fewer groups than splits; labels of another
            length; a class that cannot be in every split, because it has too few groups (the message names it).

    Example:
        >>> train, test = split_by_group(["a", "a", "b", "c", "c"], (0.6, 0.4))
        >>> sorted([*train.tolist(), *test.tolist()])
        [0, 1, 2, 3, 4]

    Taught in: 2.1.
    """
    groups, fractions = list(groups), np.asarray(fractions, float)
    if not groups:
        raise ValueError("split_by_group needs at least one item, but groups is empty: was the data filtered away?")
    if fractions.ndim != 1 or not (fractions > 0).all() or abs(fractions.sum() - 1) > 1e-6:
        raise ValueError(f"fractions must be positive and sum to 1, not {fractions.tolist()}")
    if labels is not None and len(labels) != len(groups):
        raise ValueError(f"labels must have one entry for each of the {len(groups)} items, not {len(labels)}")
    names = dict.fromkeys(labels if labels is not None else [None])
    group = merge_groups(groups, ())
    if group.max() + 1 < len(fractions):
        raise ValueError(f"{len(fractions)} splits need at least as many groups, but there are {group.max() + 1}")
    sizes = np.zeros((group.max() + 1, len(names)), np.int64)  # (groups, classes): items
    np.add.at(sizes, (group, merge_groups(labels, ()) if labels is not None else 0), 1)
    for name, num_groups in zip(names, (sizes > 0).sum(0)):
        if num_groups < len(fractions):
            raise ValueError(
                f"class {name!r} has only {num_groups} group{'s' if num_groups > 1 else ''}, so it would be missing from at least one of "
                f"the {len(fractions)} splits: use smaller groups, or leave the class out"
            )
    rng, best = np.random.default_rng(seed), (np.inf, None)
    for _ in range(20):
        split_of, error = _assigned(sizes, fractions, rng.permutation(len(sizes)))
        if error < best[0]:
            best = error, split_of
        if error < 0.02:
            break
    error, split_of = best
    if error == np.inf:
        raise ValueError(f"found no split with every class in each of the {len(fractions)} parts: use another seed")
    return tuple(np.flatnonzero(split_of[group] == i) for i in range(len(fractions)))


def _assigned(sizes: np.ndarray, fractions: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, float]:
    """Give each group to the split that lacks most of it. The error is the largest of a class's share that is misplaced.

    sizes (groups, classes), fractions (splits,), order (groups,) -> split of each group; infinite error if a class is absent.
    """
    totals = sizes.sum(0)
    missing = np.outer(fractions, totals)  # (splits, classes)
    split_of = np.zeros(len(sizes), np.int64)
    for group in order.tolist():
        split_of[group] = (missing @ (sizes[group] / totals)).argmax()
        missing[split_of[group]] -= sizes[group]
    absent = (np.outer(fractions, totals) - missing < 0.5).any()
    return split_of, np.inf if absent else float(np.abs(missing / totals).max())
