"""The detector: what it should say, and boxes read off it."""

from bigmodel_lib.data import scenes
from bigmodel_lib.evaluation import boxes
from bigmodel_lib.models import detection

import keras
import numpy as np
import pytest


def test_the_boxes_come_back_from_the_targets():
    """A detector that says exactly what it should finds everything that has a cell of its own."""
    made = scenes.scenes(40, "train", most=3, seed=1)
    wanted = np.stack([detection.targets(b, kinds, 64, 5) for b, kinds in zip(made.boxes, made.labels)])
    heat = np.clip(wanted[..., :5], 1e-6, 1 - 1e-6)
    perfect = np.concatenate([np.log(heat / (1 - heat)), wanted[..., 5:-1]], axis=-1)
    score = boxes.average_precision(list(zip(made.boxes, made.labels)), detection.decode(perfect, 5, threshold=0.9))
    assert score["mean"] > 0.97


def test_a_centre_has_one_and_the_cells_around_it_less():
    made = detection.targets([[8, 8, 40, 40]], [2], size=64, num_classes=3)
    heat = made[..., 2]
    assert heat.max() == 1 and (heat == 1).sum() == 1 and np.argwhere(heat == 1).tolist() == [[6, 6]]
    assert heat[6, 5] == heat[6, 7] < heat[6, 6] and not made[..., :2].any()
    assert made[..., -1].sum() == 1
    assert not detection.targets([], [], size=64, num_classes=3).any()


def test_the_loss_by_hand_and_at_its_least():
    wanted = detection.targets([[0, 0, 8, 8]], [0], size=8, num_classes=1)[None]
    heat = wanted[..., :1]
    said = np.concatenate([np.zeros_like(heat), wanted[..., 1:-1]], axis=-1)
    loss = detection.CentreLoss(1)
    # p = 1/2 everywhere: (1/2)² ln 2 at the centre, (1 - h)⁴ (1/2)² ln 2 elsewhere
    expected = 0.25 * np.log(2) * (1 + ((1 - heat) ** 4).sum())
    assert float(loss(wanted, said)) == pytest.approx(expected, rel=1e-5)
    said[..., 1] += 0.3
    assert float(loss(wanted, said)) == pytest.approx(expected + 0.3, rel=1e-5)
    sure = np.where(heat == 1, 30.0, -30.0)
    assert float(loss(wanted, np.concatenate([sure, wanted[..., 1:-1]], axis=-1).astype("float32"))) < 1e-6


def test_shapes_and_the_first_guess():
    keras.utils.set_random_seed(0)
    model = detection.centre_detector(32, 5, channels=8, blocks=1)
    output = keras.ops.convert_to_numpy(model(np.zeros((2, 32, 32, 1), "float32")))
    assert output.shape == (2, 8, 8, 9)
    assert detection.decode(output, 5) == [] or all(len(row[0]) == 0 for row in detection.decode(output, 5))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: detection.centre_detector(30, 5), "multiple of 8"),
        (lambda: detection.targets([[0, 0, 4, 4]], [], 32, 3), "1 boxes, 0 labels"),
        (lambda: detection.targets([[0, 0, 4, 4]], [3], 32, 3), "labels must be in 0 … 2"),
        (lambda: detection.targets([[90, 0, 99, 4]], [0], 32, 3), "outside the picture of 32"),
        (lambda: detection.targets([[4, 0, 4, 4]], [0], 32, 3), "x0 < x1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


def test_the_loss_can_be_saved_with_a_model():
    again = keras.losses.deserialize(keras.losses.serialize(detection.CentreLoss(3, place=2.0)))
    assert (again.num_classes, again.place) == (3, 2.0)
