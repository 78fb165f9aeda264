"""Small convolutional networks for pictures and signals, trained from scratch in seconds."""

from __future__ import annotations

from collections.abc import Sequence

from bigmodel_lib.evaluation.calibration import softmax

import keras
import numpy as np

__all__ = ["class_probabilities", "conv_net", "residual_net", "residual_stage"]


def conv_net(
    input_shape: Sequence[int],
    *,
    filters: Sequence[int],
    kernel_sizes: Sequence[int],
    num_classes: int,
    strides: int | Sequence[int] = 2,
    activation: str = "relu",
    name: str | None = None,
) -> keras.Sequential:
    """Convolutions, flattened, then one fully connected layer: logits of the classes.

    A convolution applies the same small matrix at every place, $h_t = \\phi\\big(b + \\sum_k W_k\\, x_{s t + k}\\big)$. Strides take the
    place of pooling: they cost less, and the gradient of a maximum is slow on processors.

    Args:
        input_shape: (length, channels) of a signal, (height, width, channels) of a picture.
        filters: output channels of each convolution.
        kernel_sizes: of each convolution, the same along every axis.
        num_classes: logits.
        strides: of each convolution, or one for all.
        activation: after each convolution.
        name: of the model.

    Returns:
        A built model that maps (batch, *input_shape) to (batch, num_classes).

    Raises:
        ValueError: filters, kernel_sizes and strides have not the same length, or the input has neither two nor three axes.

    Example:
        >>> conv_net((40, 1), filters=(25, 25, 25), kernel_sizes=(5, 3, 3), num_classes=10).count_params()
        5210

    Source: Y. LeCun et al. 1998, §II; strides in place of pooling: J. Springenberg et al. 2015, arXiv:1412.6806, §2. Taught in: 2.2.
    """
    strides = [strides] * len(filters) if isinstance(strides, int) else list(strides)
    if not len(filters) == len(kernel_sizes) == len(strides):
        raise ValueError(
            f"filters, kernel_sizes and strides must have one entry a layer, not {len(filters)}, {len(kernel_sizes)} and {len(strides)}"
        )
    if len(input_shape) not in (2, 3):
        raise ValueError(
            f"input_shape must be (length, channels) or (height, width, channels), not {tuple(input_shape)}"
        )
    convolution = keras.layers.Conv1D if len(input_shape) == 2 else keras.layers.Conv2D
    layers = [keras.Input(tuple(input_shape))]
    for n, kernel, stride in zip(filters, kernel_sizes, strides):
        layers.append(convolution(n, kernel, strides=stride, padding="same", activation=activation))
    layers += [keras.layers.Flatten(), keras.layers.Dense(num_classes)]
    return keras.Sequential(layers, name=name)


def residual_stage(x, blocks: int, kernel_size: int = 3):
    """Residual blocks of two convolutions, $h \\leftarrow h + W_2 * \\phi(W_1 * \\text{norm}(h))$, that keep shape and channels.

    The normalisation comes first and is over the channels of one place, so that a picture does not depend on the others of its batch.

    Args:
        x: Keras tensor (batch, height, width, channels). blocks: how many. kernel_size: of each convolution.

    Returns:
        A Keras tensor of the same shape.

    Source: K. He et al. 2016, arXiv:1603.05027, §4 (the order); J. Ba et al. 2016, arXiv:1607.06450. Taught in: 2.2.
    """
    channels = x.shape[-1]
    for _ in range(blocks):
        h = keras.layers.LayerNormalization(epsilon=1e-5)(x)
        h = keras.layers.Conv2D(channels, kernel_size, padding="same", activation="relu")(h)
        h = keras.layers.Conv2D(channels, kernel_size, padding="same", kernel_initializer="zeros")(h)
        x = keras.layers.Add()([x, h])
    return x


def residual_net(
    input_shape: Sequence[int],
    num_classes: int,
    *,
    patch: int = 6,
    stride: int = 3,
    channels: Sequence[int] = (32, 64),
    blocks: Sequence[int] = (0, 1),
    dropout: float = 0.0,
    name: str = "residual_net",
) -> keras.Model:
    """A small residual network that takes its pixels raw and computes most where there are few places.

    A stem of patches (one convolution with a stride), then stages of residual blocks; each further stage begins with a 3 × 3
    convolution of stride 2. A block of two 3 × 3 convolutions with c channels costs $36\\,c^2$ FLOPs a place, so halving the
    resolution pays for twice the channels. Pixels are scaled inside, by the mean and the deviation of Fashion-MNIST: there is
    nothing to forget. It has no pooling before the last layer: where in the picture something is may matter.

    Args:
        input_shape: (height, width) of grey pictures, (height, width, 3) of coloured ones, in pixels.
        num_classes: logits.
        patch: side of the stem's window, in pixels. stride: pixels from one window to the next.
        channels: of each stage. blocks: residual blocks of each stage.
        dropout: rate before the last layer, in training only; 0 for none.
        name: of the model.

    Returns:
        A built model that maps (batch, *input_shape) uint8, 0 to 255, to (batch, num_classes) logits.

    Raises:
        ValueError: channels and blocks have not the same length, there is no stage, or the input has neither two nor three axes.

    Example:
        >>> residual_net((28, 28), 10).count_params()
        109802

    Source: K. He et al. 2016, arXiv:1603.05027 (the blocks); the stem of patches: A. Dosovitskiy et al. 2021, arXiv:2010.11929, §3.1.
    Taught in: 4.1.
    """
    if not channels or len(channels) != len(blocks):
        raise ValueError(
            f"channels and blocks must have one entry a stage, and one stage at least, not {len(channels)} and {len(blocks)}"
        )
    if len(input_shape) not in (2, 3):
        raise ValueError(f"input_shape must be (height, width) or (height, width, channels), not {tuple(input_shape)}")
    pixels = keras.Input(tuple(input_shape), dtype="uint8", name="pixels")
    x = keras.layers.Rescaling(1 / 90, offset=-0.81)(pixels)  # Fashion-MNIST: mean 73, standard deviation 90
    if len(input_shape) == 2:
        x = keras.layers.Reshape((*input_shape, 1))(x)
    x = keras.layers.Conv2D(channels[0], patch, strides=stride, padding="same", activation="relu")(x)
    x = residual_stage(x, blocks[0])
    for width, depth in zip(channels[1:], blocks[1:]):
        x = keras.layers.Conv2D(width, 3, strides=2, padding="same", activation="relu")(x)
        x = residual_stage(x, depth)
    x = keras.layers.LayerNormalization(epsilon=1e-5)(x)
    x = keras.layers.Flatten()(x)
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    return keras.Model(pixels, keras.layers.Dense(num_classes)(x), name=name)


def class_probabilities(model: keras.Model, pictures: np.ndarray, *, mirrored: bool = True) -> np.ndarray:
    """Probabilities of the classes of pictures, from the raw pixels.

    Args:
        model: from raw pixels to logits, as `residual_net` is.
        pictures: (n, *input shape of the model) uint8, 0 to 255.
        mirrored: the mean of the logits of each picture and of its mirror image, in place of those of the picture alone. For
            things that may as well be seen the other way round (clothes, not digits).

    Returns:
        (n, classes) float64.

    Raises:
        ValueError: the pictures have another shape than the model takes, or there are none, or no pixel is above 1: then they were
            scaled before. TypeError: the pixels are not uint8.

    Taught in: 4.1.
    """
    pictures = np.asarray(pictures)
    wanted = tuple(model.input.shape[1:])
    if pictures.shape[1:] != wanted or not len(pictures):
        single = ": for one picture pass picture[None]" if pictures.shape == wanted else ""
        raise ValueError(
            f"pictures must be (n, {', '.join(map(str, wanted))}) with n at least 1, not {pictures.shape}{single}"
        )
    if pictures.dtype != np.uint8:
        raise TypeError(
            f"pictures must hold uint8 pixels from 0 to 255, not {pictures.dtype}: the model scales them itself; undo a scaling "
            "from 0 to 1 by np.rint(255 * pictures).astype(np.uint8)"
        )
    if pictures.max() <= 1:
        raise ValueError(
            f"pixels must go from 0 to 255, but none of these {len(pictures)} pictures has one above 1: pass them unscaled"
        )
    logits = model.predict(pictures, batch_size=500, verbose=0).astype("float64")
    if mirrored:
        logits = (logits + model.predict(pictures[:, :, ::-1], batch_size=500, verbose=0)) / 2
    return softmax(logits)
