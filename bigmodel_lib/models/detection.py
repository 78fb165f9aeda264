"""A detector without anchors: every object is a point, the centre of its box, with a size.

A convolutional network maps a picture to a coarse grid of cells. Each cell says, for each class, how likely the centre of an object of
this class lies in it; where in the cell it lies; and how wide and how high the object is. Boxes are read off the peaks.
"""

from __future__ import annotations

from bigmodel_lib.evaluation.boxes import checked
from bigmodel_lib.models.vision import residual_stage

import keras
import numpy as np
from keras import layers, ops

__all__ = ["CentreLoss", "centre_detector", "decode", "targets"]

STRIDE = 4  # pixels of a cell


def centre_detector(size: int, num_classes: int, *, channels: int = 64, blocks: int = 3) -> keras.Model:
    """A detector for grey pictures: a stem of patches, residual blocks on the grid and at half its resolution, one linear layer.

    Args:
        size: of a picture, a multiple of 8. num_classes: of objects.
        channels: of a cell. blocks: residual blocks at each of the two resolutions.

    Returns:
        A built model from pictures (batch, size, size, 1) to (batch, size / 4, size / 4, num_classes + 4): logits of the classes, then
        for the centre its place in the cell (x, y), 0 to 1, then the logarithm of width and height in cells.

    Raises:
        ValueError: a size that is no multiple of 8.

    Source: X. Zhou, D. Wang and P. Krähenbühl 2019, arXiv:1904.07850. Taught in: 4.2.
    """
    if size % (2 * STRIDE):
        raise ValueError(f"size must be a multiple of {2 * STRIDE} pixels, not {size}")
    picture = keras.Input((size, size, 1))
    fine = layers.Conv2D(channels, 2 * STRIDE - 1, strides=STRIDE, padding="same", activation="relu")(picture)
    fine = residual_stage(fine, blocks)
    coarse = layers.Conv2D(channels, 3, strides=2, padding="same", activation="relu")(fine)
    coarse = residual_stage(coarse, blocks)
    both = layers.Concatenate()([fine, layers.UpSampling2D(2)(coarse)])
    both = layers.Conv2D(2 * channels, 1, activation="relu")(both)
    rare = np.r_[np.full(num_classes, -4.0), np.full(2, 0.5), np.full(2, 1.5)]  # at first no centre is seen anywhere
    bias = keras.initializers.Constant(rare.astype("float32"))
    return keras.Model(picture, layers.Conv2D(num_classes + 4, 1, bias_initializer=bias)(both), name="centre_detector")


def targets(boxes, labels, size: int, num_classes: int) -> np.ndarray:
    """What the detector should say of one picture.

    At the cell of a centre the class has 1. Around it stands a small bell, by which the loss spares cells that are nearly right: its
    standard deviation is a tenth of the box's width (height), in cells, and at least 0.4.

    Args:
        boxes: (k, 4) in pixels. labels: (k,). size: of the picture. num_classes: of objects.

    Returns:
        (size / 4, size / 4, num_classes + 5) float32: heat of the classes, place in the cell, logarithm of the size in cells, and
        whether a centre lies here. Of two centres in one cell, the later box has the cell.

    Raises:
        ValueError: another number of labels than of boxes, an unknown class, a centre outside the picture; see also `evaluation.boxes.checked`.

    Example:
        >>> made = targets([[8, 8, 24, 16]], [1], size=32, num_classes=3)
        >>> made.shape, made[3, 4, :3].tolist(), np.exp(made[3, 4, 5:7]).round(3).tolist()
        ((8, 8, 8), [0.0, 1.0, 0.0], [4.0, 2.0])
    """
    boxes, labels, cells = checked(boxes), np.asarray(labels, int).reshape(-1), size // STRIDE
    if len(labels) != len(boxes):
        raise ValueError(f"each box needs a label: {len(boxes)} boxes, {len(labels)} labels")
    if len(labels) and not (0 <= labels.min() and labels.max() < num_classes):
        raise ValueError(f"labels must be in 0 … {num_classes - 1}, not {labels.min()} … {labels.max()}")
    made = np.zeros((cells, cells, num_classes + 5), "float32")
    grid = np.arange(cells)
    for (x0, y0, x1, y1), label in zip(boxes / STRIDE, labels):
        x, y, width, height = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
        if not (0 <= x < cells and 0 <= y < cells):
            raise ValueError(
                f"the centre of a box lies outside the picture of {size} pixels: {(x * STRIDE, y * STRIDE)}"
            )
        column, row = int(x), int(y)
        bell = np.exp(-(((grid - row) / max(0.1 * height, 0.4)) ** 2)[:, None] / 2)
        bell = bell * np.exp(-(((grid - column) / max(0.1 * width, 0.4)) ** 2) / 2)
        made[..., label] = np.maximum(made[..., label], bell)
        made[row, column, num_classes:] = x - column, y - row, np.log(width), np.log(height), 1
    return made


@keras.saving.register_keras_serializable("bigmodel_lib.detection")
class CentreLoss(keras.losses.Loss):
    """How wrong a detector is: $\\frac{1}{N} \\big[ \\sum \\text{focal} + \\lambda \\sum_{\\text{centres}} |\\text{place, size}| \\big]$, N centres.

    The focal part: at a centre $-(1-p)^2 \\log p$; elsewhere $-(1-h)^4 p^2 \\log(1-p)$ with the bell h. So the many cells where it is
    easy to see that nothing is there weigh little, and those beside a centre, too.

    Args:
        num_classes: of objects. place: the weight λ of the box against the class.

    Source: X. Zhou et al. 2019, arXiv:1904.07850; the focal loss: T.-Y. Lin et al. 2017, arXiv:1708.02002. Taught in: 4.2.
    """

    def __init__(self, num_classes: int, place: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.num_classes, self.place = num_classes, place

    def get_config(self):
        return super().get_config() | {"num_classes": self.num_classes, "place": self.place}

    def call(self, y_true, y_pred):
        logits, found = y_pred[..., : self.num_classes], y_pred[..., self.num_classes :]
        heat, box, here = y_true[..., : self.num_classes], y_true[..., self.num_classes : -1], y_true[..., -1:]
        log_p, log_q = -ops.softplus(-logits), -ops.softplus(logits)
        p = ops.sigmoid(logits)
        centre = ops.cast(heat >= 1.0, logits.dtype)
        focal = -(centre * (1 - p) ** 2 * log_p + (1 - heat) ** 4 * p**2 * log_q)
        count = ops.maximum(ops.sum(here), 1.0)
        wrong = (ops.sum(focal) + self.place * ops.sum(here * ops.abs(found - box))) / count
        return ops.broadcast_to(wrong, ops.shape(y_true)[:1])


def decode(output: np.ndarray, num_classes: int, threshold: float = 0.1, most: int = 20) -> list[tuple]:
    """Boxes from the grid: every cell whose class is likelier than in the eight cells around it.

    Args:
        output: (batch, cells, cells, num_classes + 4) of the detector. threshold: probability below which a peak does not count.
        most: peaks of one picture, the likeliest.

    Returns:
        For each picture boxes (d, 4) in pixels, labels (d,) and scores (d,), the likeliest first.
    """
    output = np.asarray(output)
    heat = 1 / (1 + np.exp(-output[..., :num_classes].astype(float)))
    padded = np.pad(heat, ((0, 0), (1, 1), (1, 1), (0, 0)))
    cells = heat.shape[1]
    around = [padded[:, i : i + cells, j : j + cells] for i in range(3) for j in range(3)]
    peak = (heat >= np.max(around, axis=0)) & (heat >= threshold)
    found = []
    for picture, here, rest in zip(heat, peak, output[..., num_classes:].astype(float)):
        row, column, label = np.nonzero(here)
        best = np.argsort(-picture[row, column, label], kind="stable")[:most]
        row, column, label = row[best], column[best], label[best]
        x, y, log_width, log_height = rest[row, column].T
        centre = np.stack([column + x, row + y], 1)
        half = np.exp(np.stack([log_width, log_height], 1)) / 2
        boxes = np.concatenate([centre - half, centre + half], 1) * STRIDE
        found.append((boxes, label, picture[row, column, label]))
    return found
