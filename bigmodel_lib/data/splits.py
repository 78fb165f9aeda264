"""What every data set of this room shares: named splits and one kind of error."""

from collections.abc import Mapping


def pick(dataset: str, parts: Mapping, split: str):
    """The named split of a data set.

    Raises:
        ValueError: the data set has no split of this name; the message lists those it has.
    """
    if split not in parts:
        raise ValueError(f"{dataset} has no split {split!r}; its splits are: {', '.join(map(repr, parts))}")
    return parts[split]
