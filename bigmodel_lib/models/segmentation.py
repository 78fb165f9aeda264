"""A small U-Net: it gives every pixel of a picture a class.

An encoder halves the picture again and again, so that one place sees much of it; a decoder doubles it again. The encoder knows what is
there, and has forgotten where exactly; so each resolution of the decoder also gets what the encoder had there: the skip connections.
"""

from __future__ import annotations

from collections.abc import Sequence

from bigmodel_lib.models.vision import residual_stage

import keras
import numpy as np
from keras import layers, ops

__all__ = ["DiceLoss", "examples", "segment", "unet"]

PATCH = 4  # the finest grid of the network has one place for PATCH x PATCH pixels


def unet(
    size: int,
    num_classes: int,
    *,
    channels: Sequence[int] = (32, 64, 96),
    blocks: Sequence[int] | None = None,
    skips: bool = True,
) -> keras.Model:
    """A U-Net for grey pictures, on grids of size / 4, size / 8, … places a side.

    A place of the finest grid is 4 × 4 pixels, laid behind one another as channels. Down: a 3 × 3 convolution, with stride 2 from the
    second grid on, then residual blocks. Up: from each place four of the next finer grid, by a 1 × 1 convolution with four times the
    channels; the encoder's places of that grid beside them; one 1 × 1 convolution of both. Last, each place of the finest grid gives
    the logits of its 4 × 4 pixels. Most is calculated where there are few places: so it learns from many pictures in a minute.

    Args:
        size: of a picture in pixels: a multiple of 4, of 8 with two grids, of 16 with three.
        num_classes: of pixels, the background included.
        channels: of each grid, the finest first.
        blocks: residual blocks of each grid on the way down; None: none on the finest, one on each of the others.
        skips: whether the decoder sees the encoder's places; without them all that it learns comes through the coarsest grid.

    Returns:
        A built model from pictures (batch, size, size, 1) to logits (batch, size, size, num_classes).

    Raises:
        ValueError: no channels, fewer than two classes, another number of blocks than of channels, or a size that cannot be halved so
            often.

    Example:
        >>> unet(32, 3, channels=(8, 16)).output_shape
        (None, 32, 32, 3)

    Source: O. Ronneberger, P. Fischer and T. Brox 2015, arXiv:1505.04597, §2 (the original has two unpadded 3 × 3 convolutions and
        maximum pooling for each grid). Taught in: 4.3.
    """
    channels = list(channels)
    blocks = [0, *[1] * (len(channels) - 1)] if blocks is None else list(blocks)
    if not channels or num_classes < 2:
        raise ValueError(f"a U-Net needs at least one grid and two classes, not channels={channels} and {num_classes}")
    if len(blocks) != len(channels):
        raise ValueError(f"each of the {len(channels)} grids needs a number of blocks, not blocks={blocks}")
    multiple = PATCH * 2 ** (len(channels) - 1)
    if size < 1 or size % multiple:
        raise ValueError(
            f"size must be a multiple of {multiple} pixels for {len(channels)} grids, not {size}: "
            "take fewer grids or pad the picture"
        )
    picture = keras.Input((size, size, 1))
    x, seen = _folded(picture, PATCH), []
    for i, width in enumerate(channels):
        x = layers.Conv2D(width, 3, strides=2 if i else 1, padding="same", activation="relu", name=f"down_{i}")(x)
        x = residual_stage(x, blocks[i])
        seen.append(x)
    for i in reversed(range(len(channels) - 1)):
        width = channels[i]
        x = _unfolded(layers.Conv2D(4 * width, 1, name=f"up_{i}")(x), 2)
        x = layers.Concatenate(name=f"skip_{i}")([seen[i], x]) if skips else x
        x = layers.Conv2D(width, 1, activation="relu", name=f"merge_{i}")(x)
    x = layers.LayerNormalization(epsilon=1e-5)(x)
    x = layers.Conv2D(PATCH * PATCH * num_classes, 1, name="logits")(x)
    return keras.Model(picture, _unfolded(x, PATCH), name="unet")


def _folded(x, side: int):
    """(batch, height, width, c) -> (batch, height / side, width / side, side² c): the pixels of a place become its channels."""
    _, height, width, c = x.shape
    x = layers.Reshape((height // side, side, width // side, side, c))(x)
    return layers.Reshape((height // side, width // side, side * side * c))(layers.Permute((1, 3, 2, 4, 5))(x))


def _unfolded(x, side: int):
    """The way back: (batch, height, width, side² c) -> (batch, side height, side width, c)."""
    _, height, width, c = x.shape
    x = layers.Permute((1, 3, 2, 4, 5))(layers.Reshape((height, width, side, side, c // side**2))(x))
    return layers.Reshape((side * height, side * width, c // side**2))(x)


def examples(images: np.ndarray, masks: np.ndarray, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """What the network learns from: pictures from -1 to 1, masks as they are; both looked at first.

    Args:
        images: (n, height, width) grey, uint8. masks: (n, height, width) integers from 0 to num_classes - 1.
        num_classes: of pixels, the background included.

    Returns:
        x (n, height, width, 1) float32, y (n, height, width) int32.

    Raises:
        ValueError: pictures that are not uint8 or not (n, height, width), masks of another shape, without integers or with an unknown
            class.

    Example:
        >>> x, y = examples(np.full((1, 2, 2), 255, np.uint8), np.array([[[0, 1], [1, 0]]]), num_classes=2)
        >>> x.shape, float(x.max()), y.dtype.name
        ((1, 2, 2, 1), 1.0, 'int32')
    """
    x, masks = _pictures(images), np.asarray(masks)
    if masks.shape != x.shape[:3]:
        raise ValueError(f"each picture needs a mask of its own size: pictures {x.shape[:3]}, masks {masks.shape}")
    if not np.issubdtype(masks.dtype, np.integer):
        raise ValueError(f"a mask holds the numbers of classes, so masks must hold integers, not {masks.dtype}")
    if masks.size and not (0 <= masks.min() and masks.max() < num_classes):
        unknown = sorted(set(np.unique(masks).tolist()) - set(range(num_classes)))
        raise ValueError(
            f"masks must hold classes 0 … {num_classes - 1}, but {unknown} occur: give num_classes={masks.max() + 1}, or "
            "map unknown classes to one that you know"
        )
    return x, masks.astype("int32")


def _pictures(images) -> np.ndarray:
    images = np.asarray(images)
    if images.ndim != 3:
        raise ValueError(f"images must be (n, height, width) and grey, not of shape {images.shape}")
    if images.dtype != np.uint8:
        raise ValueError(f"images must be uint8, 0 to 255, not {images.dtype}: do not scale them yourself")
    return images[..., None].astype("float32") / 127.5 - 1


def segment(model: keras.Model, images: np.ndarray, batch_size: int = 50) -> np.ndarray:
    """The likeliest class of every pixel.

    Args:
        model: from `unet`. images: (n, size, size) uint8. batch_size: pictures at a time.

    Returns:
        (n, size, size) uint8 masks.

    Raises:
        ValueError: pictures of another shape, size or type than the model takes.
    """
    x, wanted = _pictures(images), tuple(model.input_shape[1:3])
    if x.shape[1:3] != wanted:
        raise ValueError(f"the model takes pictures of {wanted} pixels, not {x.shape[1:3]}: cut or resize them")
    return np.argmax(model.predict(x, batch_size=batch_size, verbose=0), axis=-1).astype("uint8")


@keras.saving.register_keras_serializable("bigmodel_lib.segmentation")
class DiceLoss(keras.losses.Loss):
    """One minus the mean Dice coefficient of the classes, with probabilities in place of yes or no:

    $$ 1 - \\frac{1}{C} \\sum_c \\frac{2 \\sum_i p_{ic} t_{ic} + 1}{\\sum_i (p_{ic} + t_{ic}) + 1} $$

    i runs over all pixels of the batch, $p_{ic}$ is the softmax of the logits, and $t_{ic}$ is 1 where the mask has the class. Each class
    counts alike, however few pixels it has. The ones keep a class that is neither there nor seen at a Dice of one.

    `y_true`: (batch, height, width) integers; `y_pred`: logits (batch, height, width, C).

    Raises:
        ValueError: masks and logits of other shapes than these.

    Source: F. Milletari, N. Navab and S.-A. Ahmadi 2016, arXiv:1606.04797 (there for two classes, with squares below). Taught in: 4.3.
    """

    def call(self, y_true, y_pred):
        if len(y_true.shape) != 3 or tuple(y_true.shape[1:]) != tuple(y_pred.shape[1:3]):
            raise ValueError(
                "the Dice loss needs masks (batch, height, width) and logits (batch, height, width, classes), not "
                f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}"
            )
        p = ops.softmax(y_pred, axis=-1)
        t = ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1], dtype=p.dtype)
        common, both = ops.sum(p * t, axis=(0, 1, 2)), ops.sum(p + t, axis=(0, 1, 2))
        loss = 1 - ops.mean((2 * common + 1) / (both + 1))
        return ops.broadcast_to(loss, ops.shape(y_true)[:1])
