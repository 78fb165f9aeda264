"""EfficientNet-Lite0: an ImageNet classifier of 4.7 million parameters, small enough for a telephone.

Built of inverted residual blocks: widen with a 1 × 1 convolution, filter each channel by itself, narrow again, add. The "Lite"
networks drop EfficientNet's squeeze-and-excitation and use ReLU6, so that they can run in 8-bit integers.
Not here: stochastic depth, which the published training used, and the larger Lite1 to Lite4 as pretrained models.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bigmodel_lib import assets
from bigmodel_lib.data.images import imagenet_labels
from bigmodel_lib.models._backend import on_jax_cpu
from bigmodel_lib.models.initializers import FanOutNormal
from bigmodel_lib.models.pth import read_pth

import keras
import numpy as np
from PIL import Image

__all__ = [
    "DepthwiseConv2D",
    "LITE0",
    "Stage",
    "class_probabilities",
    "classify",
    "efficientnet_lite",
    "efficientnet_lite0",
    "load_weights",
    "preprocess",
]

BATCH = 8  # images that `classify` computes at once


class Stage(NamedTuple):
    """Blocks of one width: the first has the stride and changes the width, the others are residual."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    filters: int


LITE0 = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


@keras.saving.register_keras_serializable("bigmodel_lib.efficientnet")
class DepthwiseConv2D(keras.layers.DepthwiseConv2D):
    r"""Keras's depthwise convolution, with JAX on a CPU computed as a sum of $k^2$ shifted products, $y = \sum_{ij} w_{ij} \odot x_{+i,+j}$.

    There XLA's own depthwise convolution takes five to twenty times as long for the shapes of this network. Other backends,
    and settings that the network does not use (padding "valid", dilation, a bias, …), get Keras's.
    """

    def call(self, x):  # (batch, height, width, channels)
        plain = (self.padding, self.data_format, self.dilation_rate, self.depth_multiplier, self.use_bias)
        if (
            not on_jax_cpu()
            or plain != ("same", "channels_last", (1, 1), 1, False)
            or self.activation is not keras.activations.linear
        ):
            return super().call(x)
        slices = []
        padding = [(0, 0)]
        for size, kernel, stride in zip(x.shape[1:3], self.kernel_size, self.strides):
            out = -(-size // stride)
            needed = max((out - 1) * stride + kernel - size, 0)
            padding.append((needed // 2, needed - needed // 2))  # the odd row goes to the end, as in TensorFlow
            slices.append([slice(i, i + (out - 1) * stride + 1, stride) for i in range(kernel)])
        x = keras.ops.pad(x, [*padding, (0, 0)])
        weights = keras.ops.cast(self.kernel, x.dtype)[..., 0]  # (k, k, channels)
        return sum(
            x[:, rows, columns] * weights[i, j]
            for i, rows in enumerate(slices[0])
            for j, columns in enumerate(slices[1])
        )


def efficientnet_lite(
    stages: Sequence[Stage] = LITE0,
    *,
    stem: int = 32,
    head: int = 1280,
    num_classes: int = 1000,
    size: int = 224,
    dropout: float = 0.2,
    name: str = "efficientnet_lite",
) -> keras.Model:
    """A network of the EfficientNet-Lite family with random weights.

    Args:
        stages: the blocks, from the image to the features.
        stem: filters of the first convolution, 3 × 3 with stride 2.
        head: filters of the last convolution, 1 × 1: the length of the feature vector.
        num_classes: number of logits.
        size: height and width of the images, pixels.
        dropout: rate before the last layer, in training only.
        name: of the model.

    Returns:
        A built, uncompiled model that maps (batch, size, size, 3) float32, as `preprocess` gives them, to (batch, num_classes)
        logits: no softmax. The layer "features" gives (batch, head), the layer "logits" is the classifier; those of block i,
        from 1, are called block_i_expand, block_i_depthwise, block_i_project, and the same with _bn and _relu6.

    Example:
        >>> efficientnet_lite().count_params()
        4694024

    Source: M. Tan and Q. Le 2019, arXiv:1905.11946, Table 1, without squeeze-and-excitation; the block is that of
    M. Sandler et al. 2018, arXiv:1801.04381, §3.
    """

    def normalised(x, convolution, relu6=True):
        """A convolution without bias, batch normalisation, and perhaps ReLU6: min(max(x, 0), 6)."""
        x = keras.layers.BatchNormalization(epsilon=1e-3, name=f"{convolution.name}_bn")(convolution(x))
        return keras.layers.ReLU(max_value=6, name=f"{convolution.name}_relu6")(x) if relu6 else x

    def conv(filters, kernel, stride, name):
        return keras.layers.Conv2D(
            filters, kernel, stride, "same", use_bias=False, kernel_initializer=FanOutNormal(), name=name
        )

    x = given = keras.Input((size, size, 3), name="images")
    x = normalised(x, conv(stem, 3, 2, "stem"))
    i = 0
    for stage in stages:
        for repeat in range(stage.repeats):
            i += 1
            stride = stage.stride if repeat == 0 else 1
            y, width = x, x.shape[-1]
            if stage.expansion != 1:
                y = normalised(y, conv(width * stage.expansion, 1, 1, f"block_{i}_expand"))
            filtered = DepthwiseConv2D(
                stage.kernel,
                stride,
                "same",
                use_bias=False,
                depthwise_initializer=FanOutNormal(),
                name=f"block_{i}_depthwise",
            )
            y = normalised(y, filtered)
            y = normalised(y, conv(stage.filters, 1, 1, f"block_{i}_project"), relu6=False)
            x = keras.layers.Add(name=f"block_{i}_add")([x, y]) if stride == 1 and width == stage.filters else y
    x = normalised(x, conv(head, 1, 1, "head"))
    x = keras.layers.GlobalAveragePooling2D(name="features")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    return keras.Model(given, keras.layers.Dense(num_classes, name="logits")(x), name=name)


def efficientnet_lite0() -> keras.Model:
    """EfficientNet-Lite0, trained on ImageNet (a download of 17 MB, once).

    4.7 million parameters; the publishers report a top-1 accuracy of 75.1 % on ImageNet's validation set.

    Returns:
        An uncompiled `efficientnet_lite` that maps (batch, 224, 224, 3) from `preprocess` to (batch, 1000) logits. `classify`
        goes from images to names and probabilities.

    Raises:
        assets.AssetError: the file cannot be had. ValueError: it is damaged.

    Source: R. Liu 2020, "Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog (the weights, Apache-2.0,
    here in the format of PyTorch). Taught in: 1.6.
    """
    model = efficientnet_lite(name="efficientnet_lite0")
    load_weights(model, read_pth(assets.fetch("efficientnet-lite0")))
    return model


def preprocess(images: np.ndarray | Sequence[np.ndarray], size: int = 224) -> np.ndarray:
    """Images of any size, as the network was trained to see them.

    The middle square, 7/8 of the shorter side wide, is resized with bicubic interpolation and scaled by $(x - 127) / 128$.

    Args:
        images: n images, each (height, width, 3) uint8, RGB; or one array (n, height, width, 3); or one image.
        size: height and width wanted, pixels.

    Returns:
        (n, size, size, 3) float32, −0.99 to 1.

    Raises:
        TypeError: the pixels are not uint8. ValueError: an image has another rank, another number of channels, or no pixels.
    """
    if isinstance(images, np.ndarray) and images.ndim == 3:
        images = [images]
    result = np.empty((len(images), size, size, 3), np.float32)
    for row, image in enumerate(images):
        image = np.asarray(image)
        _check_image(image)
        height, width = image.shape[:2]
        side = max(1, int(min(height, width) * 224 / 256))
        top, left = (height - side) // 2, (width - side) // 2
        square = Image.fromarray(np.ascontiguousarray(image[top : top + side, left : left + side]))
        result[row] = square.resize((size, size), Image.Resampling.BICUBIC)
    return (result - 127) / 128


def _check_image(image: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[-1] != 3 or not image.size:
        advice = ""
        if image.ndim == 2:
            advice = ": repeat a grey image over three channels, np.repeat(image[..., None], 3, axis=-1)"
        elif image.ndim == 3 and image.shape[-1] == 4:
            advice = ": leave the transparency out, image[..., :3]"
        elif image.ndim == 3 and image.shape[0] == 3:
            advice = ": put the channels last, np.moveaxis(image, 0, -1)"
        raise ValueError(f"an image must have the shape (height, width, 3), not {image.shape}{advice}")
    if image.dtype != np.uint8:
        raise TypeError(
            f"an image must hold uint8 pixels from 0 to 255, not {image.dtype}: scale it back, np.rint(255 * image).astype"
            "(np.uint8) if it goes from 0 to 1"
        )


def classify(
    model: keras.Model,
    images: np.ndarray | Sequence[np.ndarray],
    top: int = 5,
    labels: Sequence[str] | None = None,
) -> list[list[tuple[str, float]]]:
    """The likeliest classes of each image, best first.

    Args:
        model: gives logits, as `efficientnet_lite` does.
        images: n images, as `preprocess` takes them.
        top: how many classes.
        labels: names of the model's classes; by default those of ImageNet.

    Returns:
        For each image, `top` pairs of a name and its probability, the softmax of the logits over all classes.

    Raises:
        ValueError: not one label a class, or more classes wanted than there are; and as `preprocess`.

    Example:
        >>> from bigmodel_lib.data.images import photos
        >>> model = efficientnet_lite0()  # doctest: +SKIP
        >>> classify(model, [photos()["coffee"]], top=1)[0][0][0]  # doctest: +SKIP
        'espresso'
    """
    labels = imagenet_labels() if labels is None else list(labels)
    classes = model.output.shape[-1]
    if len(labels) != classes:
        raise ValueError(f"the model has {classes} classes, but there are {len(labels)} labels: pass one label a class")
    if not 1 <= top <= classes:
        raise ValueError(f"top must be 1 to {classes}, the number of classes, not {top}")
    probabilities = class_probabilities(model, images)
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    return [[(labels[c], float(row[c])) for c in order] for row, order in zip(probabilities, best)]


def class_probabilities(model: keras.Model, images: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
    """Probabilities of the classes, $p_c = e^{z_c} / \\sum_k e^{z_k}$ of the logits z.

    Args:
        model: gives logits, as `efficientnet_lite` does.
        images: n images, as `preprocess` takes them.

    Returns:
        (n, classes) float32.

    Raises:
        As `preprocess`.
    """
    if isinstance(images, np.ndarray) and images.ndim == 3:
        images = [images]
    probabilities = np.empty((len(images), model.output.shape[-1]), np.float32)
    for start in range(0, len(images), BATCH):
        x = preprocess(images[start : start + BATCH], model.input.shape[1])
        rows = len(x)
        # Fill up, to a power of two if all images are one batch: the backend compiles few shapes
        filled = BATCH if len(images) > BATCH else 1 << (rows - 1).bit_length()
        x = np.concatenate([x, np.repeat(x[-1:], filled - rows, axis=0)])
        logits = np.asarray(model.predict_on_batch(x), np.float64)[:rows]
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities[start : start + rows] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def load_weights(model: keras.Model, tensors: dict[str, np.ndarray]) -> None:
    """Fill an `efficientnet_lite` with the tensors of a PyTorch EfficientNet-Lite.

    Args:
        model: of the sizes of the file. It is changed.
        tensors: name -> array, as `read_pth` returns them.

    Raises:
        ValueError: a tensor is missing, or has another shape than the model's.
    """

    def fill(ours, theirs, axes=None):
        layer = model.get_layer(ours)
        if isinstance(layer, keras.layers.BatchNormalization):
            parts = ("weight", "bias", "running_mean", "running_var")  # the order of Keras: gamma, beta, mean, variance
        else:
            parts = ("weight", "bias")[: len(layer.weights)]
        missing = [f"{theirs}.{part}" for part in parts if f"{theirs}.{part}" not in tensors]
        if missing:
            raise ValueError(
                f"the file must hold the tensor {missing[0]!r} of an EfficientNet-Lite, but has none; its first names are "
                f"{sorted(tensors)[:3]}"
            )
        values = [tensors[f"{theirs}.{part}"] for part in parts]
        if axes:
            values[0] = values[0].transpose(axes)
        layer.set_weights(values)

    convolution, depthwise = (2, 3, 1, 0), (2, 3, 0, 1)  # from (outputs, inputs, height, width) to Keras's order
    fill("stem", "_conv_stem", convolution)
    fill("stem_bn", "_bn0")
    names = {layer.name for layer in model.layers}
    for i in range(1, sum(name.endswith("_depthwise") for name in names) + 1):
        roles = ["expand", "depthwise", "project"] if f"block_{i}_expand" in names else ["depthwise", "project"]
        for role in roles:
            norm = {"expand": 0, "depthwise": 1, "project": 2}[role]
            axes = depthwise if role == "depthwise" else convolution
            fill(f"block_{i}_{role}", f"_blocks.{i - 1}._{role}_conv", axes)
            fill(f"block_{i}_{role}_bn", f"_blocks.{i - 1}._bn{norm}")
    fill("head", "_conv_head", convolution)
    fill("head_bn", "_bn1")
    fill("logits", "_fc", (1, 0))
