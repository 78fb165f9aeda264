"""Boxes around objects: overlap, non-maximum suppression, average precision.

A box is (x0, y0, x1, y1) in pixels, x to the right and y downwards; it covers x0 ≤ x < x1 and y0 ≤ y < y1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["COCO_THRESHOLDS", "average_precision", "checked", "iou", "nms"]

COCO_THRESHOLDS = tuple(np.round(np.arange(0.5, 1.0, 0.05), 2).tolist())  # AP@[.5:.95] is the mean over these
MOST_DETECTIONS = 100  # that count in one image, the best ones


def checked(boxes) -> np.ndarray:
    """Boxes as an array (n, 4) of float64; an empty list is (0, 4).

    Raises:
        ValueError: another shape, a number that is not finite, or a box without width or height.
    """
    boxes = np.asarray(boxes, float)
    boxes = boxes.reshape(0, 4) if boxes.size == 0 else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must be (n, 4): x0, y0, x1, y1, not {boxes.shape}")
    wrong = ~np.isfinite(boxes).all(1) | (boxes[:, 2] <= boxes[:, 0]) | (boxes[:, 3] <= boxes[:, 1])
    if wrong.any():
        raise ValueError(
            f"a box needs x0 < x1 and y0 < y1, all finite, but number {wrong.argmax()} is {boxes[wrong][0].tolist()}"
        )
    return boxes


def iou(a, b) -> np.ndarray:
    """Intersection over union of every pair of boxes, $|A \\cap B| / |A \\cup B|$.

    Args:
        a: (n, 4). b: (m, 4).

    Returns:
        (n, m), from 0 (apart) to 1 (the same box).

    Raises:
        ValueError: see `checked`.

    Example:
        >>> iou([[0, 0, 4, 2]], [[2, 0, 6, 2], [0, 0, 4, 2], [9, 9, 10, 10]]).round(3).tolist()
        [[0.333, 1.0, 0.0]]
    """
    a, b = checked(a), checked(b)
    corner = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.clip(corner[1] - corner[0], 0, None).prod(-1)
    area_a, area_b = (np.prod(x[:, 2:] - x[:, :2], axis=1) for x in (a, b))
    return common / (area_a[:, None] + area_b - common)


def nms(boxes, scores, threshold: float = 0.5) -> np.ndarray:
    """Non-maximum suppression: of boxes that overlap by more than a threshold, only the one with the highest score stays.

    Args:
        boxes: (n, 4), of one class. scores: (n,).
        threshold: IoU above which the box with the lower score goes, 0 … 1.

    Returns:
        The numbers of the boxes that stay, the highest score first; of equal scores, the first one.

    Raises:
        ValueError: another number of scores than of boxes, a threshold out of range; see also `checked`.

    Example:
        >>> nms([[0, 0, 4, 4], [0, 0, 4, 5], [8, 8, 9, 9]], [0.7, 0.9, 0.8]).tolist()
        [1, 2]
    """
    boxes, scores = checked(boxes), np.asarray(scores, float)
    if scores.shape != (len(boxes),):
        raise ValueError(f"there must be one score a box, ({len(boxes)},), not {scores.shape}")
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be from 0 to 1, not {threshold}")
    left, kept = np.argsort(-scores, kind="stable"), []
    while len(left):
        kept.append(left[0])
        left = left[1:][iou(boxes[left[:1]], boxes[left[1:]])[0] <= threshold]
    return np.array(kept, int)


def average_precision(
    truths: Sequence[tuple], found: Sequence[tuple], thresholds: Sequence[float] = COCO_THRESHOLDS
) -> dict:
    """Average precision of a detector, class by class, as COCO defines it.

    Detections of all images go from the highest score to the lowest. Each takes the free object of its class and image with
    which it overlaps most, if the IoU reaches the threshold: a hit; else it is a false alarm. After each detection stands a
    recall (hits over objects) and a precision (hits over detections). The precision at a recall is the best at this recall or
    a higher one; AP is its mean over the recalls 0, 0.01, …, 1. In one image the 100 best detections of a class count.

    Args:
        truths: for each image (boxes (k, 4), labels (k,)).
        found: for each image (boxes (d, 4), labels (d,), scores (d,)).
        thresholds: of the IoU.

    Returns:
        "classes": the labels that occur in truths, sorted; "ap": (classes, thresholds); "mean": of all; "mean_50": at the
        threshold 0.5 alone, where it is among the thresholds.

    Raises:
        ValueError: another number of images, of labels or of scores; no object at all; see also `checked`.

    Example:
        >>> truths, found = [([[0, 0, 4, 4]], [2])], [([[0, 0, 4, 3], [5, 5, 6, 6]], [2, 2], [0.6, 0.9])]
        >>> average_precision(truths, found, [0.5])["mean"]
        0.5

    Source: T.-Y. Lin et al. 2014, arXiv:1405.0312; the rules of its evaluation are those of pycocotools.
    """
    if len(truths) != len(found):
        raise ValueError(f"there must be detections for each image: {len(truths)} images, {len(found)} detections")
    truths = [_columns(*row) for row in truths]
    found = [_columns(*row) for row in found]
    classes = sorted({int(label) for _, labels in truths for label in labels})
    if not classes:
        raise ValueError("average precision needs at least one object in the truth, but no image has one")
    ap = np.array([_class_ap(truths, found, label, np.asarray(thresholds, float)) for label in classes])
    result = {"classes": classes, "ap": ap, "mean": float(ap.mean())}
    if 0.5 in list(thresholds):
        result["mean_50"] = float(ap[:, list(thresholds).index(0.5)].mean())
    return result


def _columns(boxes, *columns):
    boxes = checked(boxes)
    columns = [np.asarray(column).reshape(-1) for column in columns]
    if any(len(column) != len(boxes) for column in columns):
        raise ValueError(
            f"each of an image's {len(boxes)} boxes needs a label (and a score), not {[len(c) for c in columns]}"
        )
    return boxes, *columns


def _class_ap(truths, found, label, thresholds) -> np.ndarray:
    """(thresholds,) average precision of one class."""
    objects, scores, hits = 0, [], []
    for (boxes, labels), (found_boxes, found_labels, found_scores) in zip(truths, found):
        own, mine = boxes[labels == label], np.flatnonzero(found_labels == label)
        mine = mine[np.argsort(-found_scores[mine], kind="stable")][:MOST_DETECTIONS]
        objects += len(own)
        scores.append(found_scores[mine])
        hits.append(_matched(iou(found_boxes[mine], own), thresholds))
    scores, hits = np.concatenate(scores), np.concatenate(hits, axis=1)
    hits = hits[:, np.argsort(-scores, kind="stable")]
    right = hits.cumsum(1)
    recall, precision = right / objects, right / np.arange(1, hits.shape[1] + 1)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    at = [np.searchsorted(row, np.linspace(0, 1, 101), side="left") for row in recall]
    best = np.concatenate([best, np.zeros((len(best), 1))], axis=1)  # recalls that are never reached
    return np.array([row[places].mean() for row, places in zip(best, at)])


def _matched(overlap: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """(thresholds, detections) whether each detection, the best first, finds a free object; overlap: (detections, objects)."""
    hits = np.zeros((len(thresholds), len(overlap)), bool)
    for t, threshold in enumerate(thresholds):
        free = np.ones(overlap.shape[1], bool)
        for d, row in enumerate(overlap):
            row = np.where(free, row, -1.0)
            if row.size and row.max() >= min(threshold, 1 - 1e-10):
                # of equal overlaps the last one, as in pycocotools
                free[len(row) - 1 - row[::-1].argmax()] = False
                hits[t, d] = True
    return hits
