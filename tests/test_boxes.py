"""Overlap, non-maximum suppression and average precision, against pycocotools; masks, against scikit-learn."""

import json
import pathlib

from bigmodel_lib.evaluation import boxes, masks

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score

REFERENCE = pathlib.Path(__file__).parent / "references" / "pycocotools-2.0.json"


def detections(seed: int):
    """Twelve images with up to five objects of three classes, each found twice, badly; odd seeds have many equal scores."""
    random = np.random.default_rng(seed)
    truths, found = [], []
    for _ in range(12):
        k = random.integers(0, 6)
        corner = random.integers(0, 40, (k, 2))
        own = np.concatenate([corner, corner + random.integers(4, 20, (k, 2))], 1).astype(float)
        labels, twice = random.integers(0, 3, k), np.repeat(np.arange(k), 2)
        guess = own[twice] + random.normal(0, 1.5, (len(twice), 4))
        guess[:, 2:] = np.maximum(guess[:, 2:], guess[:, :2] + 1)
        kinds = np.where(random.random(len(twice)) < 0.8, labels[twice], random.integers(0, 3, len(twice)))
        scores = random.integers(1, 8, len(twice)) / 8 if seed % 2 else random.random(len(twice))
        truths.append((own, labels))
        found.append((guess, kinds, scores))
    return truths, found


@pytest.mark.parametrize("seed", range(6))
def test_average_precision_is_that_of_pycocotools(seed):
    """The reference was made by pycocotools' COCOeval (bbox) from the same detections: AP@[.5:.95] and AP@.5."""
    expected = json.loads(REFERENCE.read_text())[seed]
    found = boxes.average_precision(*detections(seed))
    np.testing.assert_allclose([found["mean"], found["mean_50"]], expected, rtol=0, atol=1e-6)


def test_average_precision_at_its_limits():
    truths, found = detections(0)
    perfect = [(own, labels, np.ones(len(labels))) for own, labels in truths]
    assert boxes.average_precision(truths, perfect)["mean"] == 1
    assert boxes.average_precision(truths, [([], [], [])] * len(truths))["mean"] == 0
    moved = [(own + 100, labels, np.ones(len(labels))) for own, labels in truths]
    assert boxes.average_precision(truths, moved)["mean"] == 0
    doubled = [tuple(np.concatenate([a, a]) for a in row) for row in perfect]
    assert boxes.average_precision(truths, doubled, [0.5])["mean"] < 0.9  # the second box on an object is a false alarm


def test_iou_counts_pixels():
    random = np.random.default_rng(1)
    corner = random.integers(0, 12, (20, 2))
    made = np.concatenate([corner, corner + random.integers(1, 8, (20, 2))], 1)
    drawn = np.zeros((20, 20, 20), bool)
    for picture, (x0, y0, x1, y1) in zip(drawn, made):
        picture[y0:y1, x0:x1] = True
    counted = [[(a & b).sum() / (a | b).sum() for b in drawn] for a in drawn]
    np.testing.assert_allclose(boxes.iou(made, made), counted)
    assert boxes.iou([], made).shape == (0, 20)


def test_nms_leaves_no_pair_above_the_threshold_and_drops_nothing_else():
    truths, found = detections(3)
    for box, _, score in found:
        kept = boxes.nms(box, score, 0.4)
        assert (np.diff(score[kept]) <= 0).all()
        overlap = boxes.iou(box[kept], box[kept])
        assert (overlap[~np.eye(len(kept), dtype=bool)] <= 0.4).all()
        for gone in set(range(len(box))) - set(kept.tolist()):
            assert any(boxes.iou(box[[gone]], box[[k]])[0, 0] > 0.4 and score[k] >= score[gone] for k in kept)
    assert boxes.nms([], []).tolist() == []
    assert boxes.nms([[0, 0, 2, 2], [0, 0, 2, 1]], [1, 1], 0.5).tolist() == [0, 1]  # exactly the threshold stays


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: boxes.iou([[0, 0, 1]], []), "boxes must be (n, 4)"),
        (lambda: boxes.iou([[0, 0, 1, 1], [3, 0, 3, 1]], []), "number 1 is [3.0, 0.0, 3.0, 1.0]"),
        (lambda: boxes.iou([[0, 0, np.nan, 1]], []), "all finite"),
        (lambda: boxes.nms([[0, 0, 1, 1]], []), "one score a box, (1,), not (0,)"),
        (lambda: boxes.nms([], [], 1.5), "threshold must be from 0 to 1"),
        (lambda: boxes.average_precision([([], [])], [([], [], [])]), "at least one object"),
        (lambda: boxes.average_precision([([], [])], []), "1 images, 0 detections"),
        (lambda: boxes.average_precision([([[0, 0, 1, 1]], [])], [([], [], [])]), "needs a label"),
        (lambda: masks.confusion(np.zeros((2, 2), int), np.zeros((2, 3), int), 2), "same shape"),
        (lambda: masks.confusion(np.zeros(2), np.zeros(2, int), 2), "truth must hold integers, not float64"),
        (lambda: masks.confusion(np.zeros(2, int), np.full(2, 5), 3), "classes must be in 0 … 2, but found has 5 … 5"),
        (lambda: masks.boundary(np.zeros((2, 2), int), 0), "at least 1 step"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


def test_masks_are_scored_as_scikit_learn_scores_them():
    random = np.random.default_rng(0)
    truth = random.integers(0, 4, (3, 9, 9)).astype(np.uint8)
    found = np.where(random.random(truth.shape) < 0.6, truth, random.integers(0, 4, truth.shape))
    matrix = masks.confusion(truth, found, 4)
    assert matrix.tolist() == confusion_matrix(truth.ravel(), found.ravel()).tolist()
    np.testing.assert_allclose(masks.iou(matrix), jaccard_score(truth.ravel(), found.ravel(), average=None))
    np.testing.assert_allclose(masks.dice(matrix), f1_score(truth.ravel(), found.ravel(), average=None))


def test_a_class_that_is_nowhere_has_no_score():
    overlap = masks.iou(masks.confusion(np.array([0, 0]), np.array([0, 0]), 2))
    assert overlap[0] == 1 and np.isnan(overlap[1])


def test_the_boundary_by_brute_force():
    mask = np.random.default_rng(2).integers(0, 2, (2, 7, 6)).repeat(2, axis=2)
    for width in (1, 2, 3):
        expected = np.zeros(mask.shape, bool)
        for n, y, x in np.ndindex(mask.shape):
            for n2, y2, x2 in np.ndindex(mask.shape):
                if n == n2 and abs(y - y2) + abs(x - x2) <= width and mask[n, y, x] != mask[n2, y2, x2]:
                    expected[n, y, x] = True
        assert (masks.boundary(mask, width) == expected).all()
