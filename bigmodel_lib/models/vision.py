"""Small convolutional networks for pictures and signals, trained from scratch in seconds."""

from __future__ import annotations

from collections.abc import Sequence

import keras

__all__ = ["conv_net", "residual_stage"]


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

    Source: K. He et al. 2016, arXiv:1603.05027, §3.1 (the order); J. Ba et al. 2016, arXiv:1607.06450. Taught in: 2.2.
    """
    channels = x.shape[-1]
    for _ in range(blocks):
        h = keras.layers.LayerNormalization(epsilon=1e-5)(x)
        h = keras.layers.Conv2D(channels, kernel_size, padding="same", activation="relu")(h)
        h = keras.layers.Conv2D(channels, kernel_size, padding="same", kernel_initializer="zeros")(h)
        x = keras.layers.Add()([x, h])
    return x
