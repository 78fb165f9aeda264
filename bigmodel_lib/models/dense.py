"""Fully connected networks."""

from __future__ import annotations

from collections.abc import Sequence

import keras

__all__ = ["document_network", "lenet_300_100", "mlp"]


def mlp(
    layer_sizes: Sequence[int],
    activation: str = "relu",
    last_activation: str | None = "softmax",
    name: str | None = None,
) -> keras.Sequential:
    """A stack of fully connected layers, $h_l = \\phi(W_l h_{l-1} + b_l)$.

    Args:
        layer_sizes: numbers of units, from the input to the output: (1000, 128, 10) has two layers of weights.
        activation: after every layer but the last.
        last_activation: after the last; None gives logits.
        name: of the model.

    Returns:
        A built model that maps (batch, layer_sizes[0]) to (batch, layer_sizes[-1]). Its layers are called dense_1, dense_2, ….

    Raises:
        ValueError: fewer than two sizes.

    Example:
        >>> mlp((40, 100, 10)).count_params()
        5110
    """
    if len(layer_sizes) < 2:
        raise ValueError(f"layer_sizes needs at least an input and an output size, not {tuple(layer_sizes)}")
    *hidden, outputs = layer_sizes[1:]
    layers = [keras.Input((layer_sizes[0],))]
    layers += [keras.layers.Dense(n, activation, name=f"dense_{i}") for i, n in enumerate(hidden, start=1)]
    layers.append(keras.layers.Dense(outputs, last_activation, name=f"dense_{len(hidden) + 1}"))
    return keras.Sequential(layers, name=name)


def document_network() -> keras.Sequential:
    """The course's running example of a small network: 1000-128-64-32-10, relu, then a softmax over ten classes.

    Returns:
        A built, uncompiled model of 138,794 parameters that maps (batch, 1000) to (batch, 10) probabilities.
    """
    return mlp((1000, 128, 64, 32, 10), name="document_network")


def lenet_300_100() -> keras.Sequential:
    """LeNet-300-100 for 28 × 28 pictures, flattened: 784-300-100-10, relu, softmax; 266,610 parameters.

    Source: Y. LeCun et al. 1998, "Gradient-based learning applied to document recognition", §III.B; the network on which the
    compression literature reports (S. Han et al. 2015, arXiv:1510.00149, Table 1). Taught in: 1.2.
    """
    return mlp((784, 300, 100, 10), name="lenet_300_100")
