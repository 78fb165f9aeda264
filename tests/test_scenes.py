"""Scenes: what their boxes and masks promise."""

from bigmodel_lib.data import scenes

import numpy as np
import pytest


@pytest.fixture(scope="module")
def made():
    return scenes.scenes(60, "train", seed=3)


def test_shapes_types_and_ranges(made):
    assert made.images.shape == made.masks.shape == (60, 64, 64)
    assert made.images.dtype == made.masks.dtype == np.uint8
    counts = [len(labels) for labels in made.labels]
    assert set(counts) == {1, 2, 3, 4}
    for box, labels in zip(made.boxes, made.labels):
        assert box.shape == (len(labels), 4) and box.dtype == np.float32 and labels.dtype == np.int64
        assert (box >= 0).all() and (box <= 64).all() and (box[:, 2:] > box[:, :2]).all()
        assert set(labels.tolist()) <= set(range(len(scenes.CLASSES)))
    assert made.masks.max() == len(scenes.CLASSES)


def test_a_box_is_exactly_that_of_the_mask_where_nothing_covers_it(made):
    """The last thing of a scene lies on top: its mask is whole."""
    seen = 0
    for mask, box, labels in zip(made.masks, made.boxes, made.labels):
        x0, y0, x1, y1 = box[-1].astype(int)
        own = mask[y0:y1, x0:x1] == labels[-1] + 1
        for edge in (own[0], own[-1], own[:, 0], own[:, -1]):
            assert edge.any()
        if len(labels) == 1:
            outside = mask.copy()
            outside[y0:y1, x0:x1] = 0
            assert not outside.any()
            seen += 1
    assert seen > 5


def test_every_pixel_of_a_mask_lies_in_a_box_of_its_class(made):
    for mask, box, labels in zip(made.masks, made.boxes, made.labels):
        for y, x in np.argwhere(mask):
            inside = (box[:, 0] <= x) & (x < box[:, 2]) & (box[:, 1] <= y) & (y < box[:, 3])
            assert (labels[inside] + 1 == mask[y, x]).any()


def test_the_same_seed_gives_the_same_scenes_and_another_one_others(made):
    again, other = scenes.scenes(60, "train", seed=3), scenes.scenes(60, "train", seed=4)
    assert np.array_equal(again.images, made.images) and np.array_equal(again.masks, made.masks)
    assert not np.array_equal(other.images, made.images)
    assert np.array_equal(scenes.scenes(5, "train", seed=3).images, made.images[:5])


@pytest.mark.parametrize("times", range(1, 10))
def test_shrinking_takes_the_mean_of_whole_pixels(times):
    photo = 255 * np.random.default_rng(times).random((9 * times, 7 * times), "float32")
    small = scenes._shrunk(photo, times)
    assert small.shape == (9, 7) and small.dtype == np.float32
    np.testing.assert_allclose(small, photo.reshape(9, times, 7, times).mean((1, 3)), rtol=1e-6)


def test_train_and_test_share_neither_things_nor_photographs():
    train, test = scenes._BACKGROUNDS["train"], scenes._BACKGROUNDS["test"]
    assert not set(train) & set(test)
    assert len(scenes._things("train")[0]) == 30_000 and len(scenes._things("test")[0]) == 5_000


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"split": "dev"}, "dev"),
        ({"n": 0}, "at least 1"),
        ({"size": 16}, "at least 32"),
        ({"scales": (4, 20)}, "scales must be two sizes"),
        ({"scales": (20, 99)}, "scales must be two sizes"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        scenes.scenes(**({"n": 1} | arguments))


def test_a_scene_larger_than_a_photograph_is_refused():
    with pytest.raises(ValueError, match="can have at most"):
        scenes.scenes(1, "train", size=400)
