"""Data sets: documented shapes, splits that do not overlap, and the same arrays every time."""

from bigmodel_lib.data import code, images, signals

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

ARRAYS = [
    (images.digits, (1437, 8, 8), (360, 8, 8)),
    (images.mnist_5k, (4000, 28, 28), (1000, 28, 28)),
    (images.fashion_mnist, (60000, 28, 28), (10000, 28, 28)),
    (signals.mnist1d, (4000, 40), (1000, 40)),
]


@pytest.mark.parametrize("load, train, test", ARRAYS, ids=lambda v: getattr(v, "__name__", ""))
def test_shapes_and_labels(load, train, test):
    for split, shape in (("train", train), ("test", test)):
        x, y = load(split)
        assert x.shape == shape and y.shape == shape[:1] and y.dtype == np.int64
        assert set(np.unique(y)) == set(range(10))


@pytest.mark.parametrize("load", [case[0] for case in ARRAYS] + [code.package_task], ids=lambda f: f.__name__)
def test_unknown_split_lists_the_splits(load):
    with pytest.raises(ValueError, match=r"has no split 'validation'; its splits are: 'train', 'test'"):
        load("validation")


@pytest.mark.parametrize("load", [images.digits, images.mnist_5k, signals.mnist1d], ids=lambda f: f.__name__)
def test_no_example_is_in_both_splits(load):
    train, test = ({row.tobytes() for row in load(split)[0]} for split in ("train", "test"))
    assert not train & test


def test_images_are_bytes_and_balanced():
    x, y = images.mnist_5k("test")
    assert x.dtype == np.uint8 and x.max() == 255 and np.bincount(y).tolist() == [100] * 10
    assert np.bincount(images.fashion_mnist("test")[1]).tolist() == [1000] * 10


def test_images_and_labels_belong_together():
    """A linear model learns both digit sets far above chance only if rows and labels match."""
    for load, expected in ((images.digits, 0.9), (images.mnist_5k, 0.85)):
        (x, y), (x_test, y_test) = load("train"), load("test")
        model = LogisticRegression(max_iter=50).fit(x.reshape(len(x), -1) / 255, y)
        assert model.score(x_test.reshape(len(x_test), -1) / 255, y_test) > expected


def test_mnist1d_is_the_published_data_set():
    """The logistic regression of the paper's Table 1 reaches 32 % on it."""
    (x, y), (x_test, y_test) = signals.mnist1d("train"), signals.mnist1d("test")
    measured = LogisticRegression(max_iter=300).fit(x, y).score(x_test, y_test)
    assert measured == pytest.approx(signals.PUBLISHED_ACCURACY["logistic regression"], abs=0.03)


def test_mnist1d_leaves_the_global_generators_alone():
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    signals.mnist1d(num_samples=50, seed=1)
    assert np.random.random() == expected


def test_photos():
    photos = images.photos()
    assert len(photos) == 10
    for image in photos.values():
        assert image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8 and image.std() > 10


@pytest.mark.parametrize("load", [case[0] for case in ARRAYS] + [code.package_task], ids=lambda f: f.__name__)
def test_what_a_loader_returns_is_read_only(load):
    for array in load("test"):
        with pytest.raises(ValueError, match="read-only"):
            array[:1] = 0


def test_one_cell_cannot_blacken_the_photos_of_the_next():
    photos = images.photos()
    for image in photos.values():
        with pytest.raises(ValueError, match="read-only"):
            image[:] = 0
    photos.clear()
    assert len(images.photos()) == 10


def test_functions_of_the_standard_library():
    functions = code.functions()
    assert len(functions) > 10_000
    assert {f.package for f in functions} >= set(code.PACKAGES)
    join = next(f for f in functions if f.path == "posixpath.py" and f.name == "join")
    assert join.source.startswith("def join(") and "'/'" in join.docstring


def test_folders_that_are_left_out_are_not_entered(tmp_path, monkeypatch):
    for name in ("email/header.py", "email/test/deep/x.py", "site-packages/big/y.py", "http/client.py", "abc.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("def f(): pass\n")
    monkeypatch.setattr(code.sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    entered, walk = [], code.os.walk

    def noted(top):
        for root, folders, names in walk(top):
            entered.append(code.pathlib.Path(root).name)
            yield root, folders, names

    monkeypatch.setattr(code.os, "walk", noted)
    assert [function.path for function in code.functions.__wrapped__()] == [
        "abc.py",
        "email/header.py",
        "http/client.py",
    ]
    assert set(entered) == {tmp_path.name, "email", "http"}
    entered.clear()
    assert [function.path for function in code.functions.__wrapped__(("email",))] == ["email/header.py"]
    assert set(entered) == {tmp_path.name, "email"}


def test_words():
    assert code.words("def f(x1):\n    return self._y # ok") == ["def", "f", "x", "return", "self", "_y", "ok"]


@pytest.mark.parametrize("split_by", ["function", "file"])
def test_package_task(split_by):
    (x, y), (x_test, y_test) = (code.package_task(split, split_by=split_by) for split in ("train", "test"))
    assert x.shape == (len(y), 1000) and x_test.shape == (len(y_test), 1000)
    assert 0.1 < len(y_test) / (len(y) + len(y_test)) < 0.25
    assert set(np.unique(y_test)) == set(range(10))
    assert np.exp(x).max() > 2 and x.min() == 0


def test_package_task_refuses_another_way_to_split():
    with pytest.raises(ValueError, match="split_by must be"):
        code.package_task(split_by="author")
