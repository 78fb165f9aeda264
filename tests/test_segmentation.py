"""The U-Net: its shapes, what the skip connections carry, the Dice loss, and what it refuses."""

from bigmodel_lib.evaluation import masks as evaluation
from bigmodel_lib.models import segmentation

import keras
import numpy as np
import pytest


def number(value) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value))


def small(**options):
    keras.utils.set_random_seed(0)
    return segmentation.unet(16, 3, **({"channels": (4, 6, 8)} | options))


def drawn(n: int, size: int = 16, classes: int = 3, seed: int = 0):
    """Pictures of bright and middle-grey rectangles on black, and their masks."""
    draw = np.random.default_rng(seed)
    masks = np.zeros((n, size, size), np.uint8)
    for mask in masks:
        for _ in range(2):
            y, x = draw.integers(0, size - 5, 2)
            mask[y : y + draw.integers(4, 7), x : x + draw.integers(4, 7)] = draw.integers(1, classes)
    return (masks * (250 // (classes - 1))).astype(np.uint8), masks


def test_shapes_and_parameters():
    with_skips, without = small(), small(skips=False)
    assert with_skips.output_shape == without.output_shape == (None, 16, 16, 3)
    # the merging layer of a grid of w channels has 2 w inputs in place of w
    assert with_skips.count_params() - without.count_params() == 6 * 6 + 4 * 4
    assert segmentation.unet(12, 2, channels=(4,)).output_shape == (None, 12, 12, 2)


def test_each_place_of_the_finest_grid_holds_its_own_four_pixels():
    """With weights that copy the pixels, the logits are the pixels: nothing is laid out in the wrong place."""
    model = segmentation.unet(12, 2, channels=(16,), blocks=(0,))
    kernel = np.zeros((3, 3, 16, 16), "float32")
    kernel[1, 1] = np.eye(16)
    model.get_layer("down_0").set_weights([kernel, np.zeros(16, "float32")])
    copy = np.zeros((1, 1, 16, 32), "float32")
    copy[0, 0, np.arange(16), np.arange(16) * 2 + 1] = 1  # class 1 of each pixel
    model.get_layer("logits").set_weights([copy, np.zeros(32, "float32")])
    x = np.random.default_rng(0).uniform(0.1, 1, (2, 12, 12, 1)).astype("float32")
    blocks = x.reshape(2, 3, 4, 3, 4).transpose(0, 1, 3, 2, 4).reshape(2, 3, 3, 16)  # the 4 x 4 pixels of each place
    normal = (blocks - blocks.mean(-1, keepdims=True)) / np.sqrt(blocks.var(-1, keepdims=True) + 1e-5)
    wanted = normal.reshape(2, 3, 3, 4, 4).transpose(0, 1, 3, 2, 4).reshape(2, 12, 12)
    np.testing.assert_allclose(number(model(x))[..., 1], wanted, rtol=1e-3, atol=1e-4)
    assert not number(model(x))[..., 0].any()


def test_four_places_of_the_finer_grid_come_from_one():
    """A change at one corner of the coarsest grid, of 4 x 4 places, changes its 8 x 8 of the 32 x 32 pixels and no others."""
    model = segmentation.unet(32, 2, channels=(16, 3), blocks=(0, 0), skips=False)
    draw = np.random.default_rng(0)
    model.set_weights([draw.standard_normal(w.shape) for w in model.get_weights()])
    up = keras.Model(model.get_layer("down_1").output, model.output)
    grid = np.ones((2, 4, 4, 3), "float32")
    grid[1, 0, 3] = 5
    one, two = number(up(grid))
    changed = np.abs(one - two).max(-1) > 1e-6
    assert changed[:8, 24:].mean() > 0.9 and not changed[8:].any() and not changed[:, :24].any()


def test_the_skips_carry_what_the_coarsest_grid_does_not():
    """With the way up from below cut, the pictures reach the output only where there are skip connections."""
    x = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 1)).astype("float32")
    for skips in (True, False):
        model = small(skips=skips)
        bottom = model.get_layer("down_2")
        bottom.set_weights([np.zeros_like(w) for w in bottom.get_weights()])
        one, two = number(model(x))
        assert (np.abs(one - two).max() > 1e-3) == skips


def test_it_learns_rectangles_and_is_saved_and_loaded(tmp_path):
    model, (images, masks) = small(channels=(16, 24)), drawn(256)
    x, y = segmentation.examples(images, masks, 3)
    model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, batch_size=16, epochs=15, verbose=0)
    images, masks = drawn(20, seed=1)
    found = segmentation.segment(model, images, batch_size=8)
    assert found.shape == masks.shape and found.dtype == np.uint8
    assert np.nanmean(evaluation.iou(evaluation.confusion(masks, found, 3))) > 0.6
    model.save(tmp_path / "unet.keras")
    again = keras.models.load_model(tmp_path / "unet.keras")
    np.testing.assert_allclose(number(again(x[:2])), number(model(x[:2])), atol=1e-5)


def test_the_dice_loss_of_certain_answers_is_one_minus_dice_of_the_confusion_matrix():
    draw = np.random.default_rng(0)
    truth, found = draw.integers(0, 3, (2, 4, 20, 20))
    logits = np.where(np.eye(3)[found] > 0, 50, -50).astype("float32")
    wanted = 1 - evaluation.dice(evaluation.confusion(truth, found, 3)).mean()
    # the added ones move it by less than 1 / the smallest class
    assert float(segmentation.DiceLoss()(truth, logits)) == pytest.approx(wanted, abs=2e-3)


def test_the_dice_loss_by_hand_and_at_its_limits():
    loss = segmentation.DiceLoss()
    truth, half = np.array([[[0, 0, 0, 1]]]), np.zeros((1, 1, 4, 2), "float32")
    # p = 1/2: class 0 has 2 · 1.5 + 1 = 4 over 2 + 3 + 1 = 6, class 1 has 2 · 0.5 + 1 = 2 over 2 + 1 + 1 = 4
    assert float(loss(truth, half)) == pytest.approx(1 - (4 / 6 + 2 / 4) / 2, rel=1e-5)
    right = np.where(np.eye(2)[truth] > 0, 40, -40).astype("float32")
    assert float(loss(truth, right)) == pytest.approx(0, abs=1e-6)
    absent = np.concatenate([right, np.full((1, 1, 4, 1), -90, "float32")], -1)  # a class neither there nor seen
    assert float(loss(truth, absent)) == pytest.approx(0, abs=1e-6)


def test_the_gradient_of_the_dice_loss_points_down():
    """A step along the probabilities' own direction: a little more of the right class, a little less loss."""
    loss, draw = segmentation.DiceLoss(), np.random.default_rng(0)
    truth = draw.integers(0, 3, (2, 6, 6))
    logits = draw.standard_normal((2, 6, 6, 3)).astype("float32")
    better = logits + 0.1 * np.eye(3, dtype="float32")[truth]
    assert float(loss(truth, better)) < float(loss(truth, logits))


def test_examples_are_scaled_and_keep_their_arguments():
    images = np.array([[[0, 51], [204, 255]]], np.uint8)
    masks = np.array([[[0, 1], [2, 0]]], np.uint8)
    x, y = segmentation.examples(images, masks, 3)
    np.testing.assert_allclose(x[0, ..., 0], [[-1, -0.6], [0.6, 1]], atol=1e-6)
    assert x.dtype == np.float32 and y.dtype == np.int32 and np.array_equal(y, masks)
    assert images.dtype == masks.dtype == np.uint8


GREY, NONE = np.zeros((2, 16, 16), np.uint8), np.zeros((2, 16, 16), np.int64)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: segmentation.unet(40, 3), "multiple of 16 pixels for 3 grids, not 40"),
        (lambda: segmentation.unet(0, 3), "multiple of 16"),
        (lambda: segmentation.unet(16, 1), "two classes"),
        (lambda: segmentation.unet(16, 3, channels=()), "at least one grid"),
        (
            lambda: segmentation.unet(16, 3, blocks=(1, 1)),
            "each of the 3 grids needs a number of blocks, not blocks=[1, 1]",
        ),
        (lambda: segmentation.examples(GREY, NONE + 5, 5), "masks must hold classes 0 … 4, but [5] occur"),
        (lambda: segmentation.examples(GREY, NONE - 1, 5), "[-1] occur"),
        (lambda: segmentation.examples(GREY, NONE[:1], 5), "pictures (2, 16, 16), masks (1, 16, 16)"),
        (lambda: segmentation.examples(GREY, NONE + 0.5, 5), "integers, not float64"),
        (lambda: segmentation.examples(GREY / 255, NONE, 5), "uint8, 0 to 255, not float64"),
        (lambda: segmentation.examples(GREY[..., None], NONE, 5), "(n, height, width) and grey"),
        (lambda: segmentation.segment(small(), np.zeros((1, 32, 32), np.uint8)), "pictures of (16, 16) pixels"),
        (lambda: segmentation.segment(small(), GREY.astype(float)), "must be uint8"),
        (lambda: segmentation.DiceLoss()(NONE[..., None], np.zeros((2, 16, 16, 3))), "(batch, height, width)"),
        (lambda: segmentation.DiceLoss()(NONE[:, :8], np.zeros((2, 16, 16, 3))), "(2, 8, 16) and (2, 16, 16, 3)"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)
