"""Scenes: clothes of Fashion-MNIST on pieces of real photographs, with the exact box and mask of each.

Nobody has to draw a box or a mask by hand where the picture is put together by a program: both are known to the pixel. What is
real is real (the pixels of the things and of the photographs), what is composed is composed (which stands where, how large). The
scenes of "test" take their things from the test split and their backgrounds from other photographs than those of "train".
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

from bigmodel_lib.data.images import FASHION_CLASSES, fashion_mnist, photos
from bigmodel_lib.data.splits import pick, read_only

import numpy as np

__all__ = ["CLASSES", "Scenes", "scenes"]

CLASSES = ("trouser", "pullover", "sneaker", "bag", "ankle boot")
_BACKGROUNDS = {
    "train": ("astronaut", "cat", "coffee", "coins", "motorcycle", "temple"),
    "test": ("camera", "flower", "rocket"),
}
_VISIBLE = 0.6  # so much of each thing stays in sight, at least
_TRIES = 20  # to find a place for a thing; then the scene does without it


class Scenes(NamedTuple):
    """images (n, size, size) uint8, masks (n, size, size) uint8: 0 the background, c + 1 the class c of `CLASSES`; for each scene
    boxes (k, 4) float32, as in `evaluation.boxes`, and labels (k,) int64: what lies further behind comes first.

    A box is that of the whole thing, also where another one covers a part of it. The mask has what is seen.
    """

    images: np.ndarray
    masks: np.ndarray
    boxes: list
    labels: list


def scenes(
    n: int, split: str = "train", *, size: int = 64, most: int = 4, scales: Sequence[float] = (14, 32), seed: int = 0
) -> Scenes:
    """Compose scenes of one to `most` things.

    Args:
        n: scenes.
        split: "train" or "test": other things, other photographs.
        size: of a scene, in pixels, 32 at least, and at most the smaller side of the smallest photograph.
        most: things in a scene; their number is uniform from 1 to most.
        scales: the larger side of the square that a thing is drawn in: uniform between these two, in pixels.
        seed: the same seed gives the same scenes.

    Raises:
        ValueError: unknown split; a size, number or scale out of range. assets.AssetError: Fashion-MNIST cannot be had.

    Example:
        >>> made = scenes(2, "test")  # doctest: +SKIP
        >>> made.images.shape, made.boxes[0].shape, made.labels[0]  # doctest: +SKIP
        ((2, 64, 64), (3, 4), array([4, 1, 0]))
    """
    names = pick("scenes", _BACKGROUNDS, split)
    low, high = scales
    if n < 1 or most < 1 or size < 32:
        raise ValueError(f"n and most must be at least 1, and size at least 32, not {n}, {most}, {size}")
    most_pixels = min(side for name in names for side in photos()[name].shape[:2])
    if size > most_pixels:
        raise ValueError(
            f"a scene of {split!r} can have at most {most_pixels} pixels a side, as its smallest photograph has, not {size}"
        )
    if not 8 <= low <= high <= size:
        raise ValueError(f"scales must be two sizes with 8 <= low <= high <= {size} pixels, not {scales}")
    random = np.random.default_rng([seed, sorted(_BACKGROUNDS).index(split)])
    things, kinds = _things(split)
    images, masks = np.empty((n, size, size), np.uint8), np.zeros((n, size, size), np.uint8)
    boxes, labels = [], []
    for image, mask in zip(images, masks):
        image[:] = _background(_grey(names[random.integers(len(names))]), size, random)
        placed = _place(image, mask, things, kinds, random.integers(1, most + 1), scales, random)
        boxes.append(np.array([box for box, _ in placed], "float32").reshape(-1, 4))
        labels.append(np.array([label for _, label in placed], np.int64))
    return Scenes(*read_only(images, masks), boxes, labels)


@functools.cache
def _things(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (m, 28, 28) uint8 of the five classes, and their numbers in `CLASSES`."""
    x, y = fashion_mnist(split)
    number = np.array([CLASSES.index(name) if name in CLASSES else -1 for name in FASHION_CLASSES])[y]
    return x[number >= 0], number[number >= 0]


@functools.cache
def _grey(name: str) -> np.ndarray:
    return photos()[name].astype("float32") @ np.array([0.299, 0.587, 0.114], "float32")  # luminance, ITU-R BT.601


def _background(photo: np.ndarray, size: int, random) -> np.ndarray:
    """A square piece of a photograph, (size, size), by the mean of whole pixels where it is shrunk."""
    times = int(random.integers(1, min(photo.shape) // size + 1))
    y, x = (random.integers(side - times * size + 1) for side in photo.shape)
    piece = photo[y : y + times * size, x : x + times * size]
    return _shrunk(piece, times)[:, :: random.choice([-1, 1])]


def _shrunk(piece: np.ndarray, times: int) -> np.ndarray:
    """The mean of each times × times pixels."""
    height, width = (side // times for side in piece.shape)
    parts = piece.reshape(height, times, width, times)
    if times >= 8:
        return parts.mean((1, 3))
    # The same to the last bit, because added up in the same order, and five times as fast: few long sums in place of many short ones
    rows = sum(parts[..., i] for i in range(times))
    return sum(rows[:, i] for i in range(times)) / np.float32(times**2)


def _place(image, mask, things, kinds, count, scales, random) -> list:
    """Draw `count` things into image and mask, each on top of those before it, all well in sight."""
    owner = np.full(image.shape, -1)  # which thing is seen at a pixel
    areas, in_sight, placed = [], [], []  # pixels of each thing, those of them that are still seen, its box and class
    for _ in range(count):
        for _ in range(_TRIES):
            which = random.integers(len(things))
            thing = _resized(things[which], random.uniform(*scales))[:, :: random.choice([-1, 1])]
            seen = thing > 24  # darker pixels are the black around it
            rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
            thing, seen = (a[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] for a in (thing, seen))
            height, width = seen.shape
            top, left = (random.integers(side - own + 1) for side, own in zip(image.shape, seen.shape))
            here = np.s_[top : top + height, left : left + width]
            after = np.where(seen, len(placed), owner[here])
            hidden = [np.count_nonzero(seen & (owner[here] == i)) for i in range(len(placed))]
            if all(in_sight[i] - gone >= _VISIBLE * areas[i] for i, gone in enumerate(hidden)):
                owner[here] = after
                image[here] = np.where(seen, thing, image[here])
                mask[here] = np.where(seen, kinds[which] + 1, mask[here])
                areas.append(np.count_nonzero(seen))
                in_sight = [*(had - gone for had, gone in zip(in_sight, hidden)), areas[-1]]
                placed.append(((left, top, left + width, top + height), kinds[which]))
                break
    return placed


def _resized(picture: np.ndarray, side: float) -> np.ndarray:
    """Bilinear, to a square of round(side) pixels; a smaller one is averaged over the pixels that it covers."""
    weights = _samples(round(side), len(picture))
    return weights @ picture.astype("float32") @ weights.T


@functools.cache
def _samples(new: int, old: int) -> np.ndarray:
    """(new, old): how much of each old pixel of a row is in each new one, from four samples a new pixel."""
    at = (np.arange(new * 4) + 0.5) / (new * 4) * old - 0.5
    low = np.clip(np.floor(at).astype(int), 0, old - 2)
    part = np.clip(at - low, 0, 1)
    weights = np.zeros((new * 4, old), "float32")
    weights[np.arange(new * 4), low], weights[np.arange(new * 4), low + 1] = 1 - part, part
    return weights.reshape(new, 4, old).mean(1)
