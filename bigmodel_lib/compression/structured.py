"""Structured pruning: whole units and channels are removed, so that a smaller dense model remains, which is faster anywhere."""

from __future__ import annotations

import re

from bigmodel_lib.compression._walk import require

import keras
import numpy as np
from keras import layers

__all__ = ["remove_units", "unit_norms"]

WEIGHTED = (layers.Dense, layers.Conv1D, layers.Conv2D)
# Keras's layers that give a channel which depends on the same channel of their input alone
CHANNELWISE = re.compile(
    r"(Spatial|Gaussian|Alpha)?Dropout(\dD)?|GaussianNoise|(Leaky)?ReLU|ELU|Identity|ActivityRegularization"
    r"|((Global)?(Average|Max)Pooling|ZeroPadding|UpSampling|Cropping)\dD"
)
MIXING = ("softmax", "log_softmax", "sparsemax", "glu")  # activations whose outputs depend on all units


def unit_norms(model: keras.Model) -> dict[str, np.ndarray]:
    """The sum of the absolute weights that lead into each unit of a `Dense`, or channel of a `Conv`, layer.

    Args:
        model: a chain, see `remove_units`.

    Returns:
        (units,) by the name of the layer; without the last layer, whose units are the model's outputs.

    Raises:
        ValueError: the model is no chain, or not built.

    Source: H. Li et al. 2017, arXiv:1608.08710, §3.1 (of filters).
    """
    hidden = [layer for layer in _chain(model) if isinstance(layer, WEIGHTED)][:-1]
    return {layer.name: np.abs(layer.get_weights()[0]).reshape(-1, layer.kernel.shape[-1]).sum(0) for layer in hidden}


def remove_units(model: keras.Model, share: float | dict[str, float], scores: dict | None = None) -> keras.Model:
    """A smaller model without the weakest units of `Dense` and channels of `Conv1D` and `Conv2D` layers.

    It computes what the model would compute if every later weight that reads a removed unit were zero. Where such a unit gives
    0 (its own weights and bias are zero, the activation maps 0 to 0, no batch norm), that is the model itself.

    Args:
        model: a chain of layers: Sequential, or functional without branches. Between the weighted layers there may be batch
            norms, `Flatten`, element-wise activations, pooling, padding and dropout. It stays as it is.
        share: of the units of each layer but the last, from 0 to below 1; or a dict of them by layer. At least one unit stays.
        scores: (units,) for each layer by name, the smallest are removed; by default `unit_norms`.

    Returns:
        A new model of the same kind, not compiled. Its layers have their names and settings, but fewer units or filters.

    Raises:
        ValueError: a share outside [0, 1), an unknown layer, a model that is no chain, or a layer that mixes channels in a way
            that is not known here (such as `LayerNormalization`) behind one that lost some.

    Example:
        >>> from bigmodel_lib.models import dense
        >>> remove_units(dense.lenet_300_100(), {"dense_1": 0.5, "dense_2": 0.4}).count_params()
        127420

    Source: H. Li et al. 2017, arXiv:1608.08710, §3 (of filters).
    """
    chain, norms = _chain(model), unit_norms(model)
    shares = share if isinstance(share, dict) else dict.fromkeys(norms, share)
    unknown = ", ".join(sorted((set(shares) | set(scores or {})) - set(norms)))
    require(not unknown, f"{unknown} cannot lose units: {', '.join(norms) or 'no layer'} can")
    require(all(0 <= s < 1 for s in shares.values()), f"a share of units is from 0 to below 1, not {share}")
    kept = {}
    for name, s in shares.items():
        score = np.asarray((scores or norms).get(name, norms[name]))
        good = score.shape == norms[name].shape
        require(good, f"the scores of {name!r} must have the shape {norms[name].shape}, not {score.shape}")
        kept[name] = np.sort(np.argsort(-score, kind="stable")[: max(1, len(score) - round(s * len(score)))])
    inputs = model.inputs[0]
    x = symbols = keras.Input(batch_shape=inputs.shape, dtype=inputs.dtype, name=inputs.name)
    new_layers, new_weights = [], []
    channels, shape = None, inputs.shape  # channels: those of the input that are left, None for all
    for layer in chain:
        config, weights, channels = _reduced(layer, shape, channels, kept.get(layer.name))
        new_layers.append(type(layer).from_config(config))
        new_weights.append(weights)
        shape = layer.compute_output_shape(shape)
    if isinstance(model, keras.Sequential):
        smaller = keras.Sequential([x, *new_layers], name=model.name)
    else:
        for layer in new_layers:
            symbols = layer(symbols)
        smaller = keras.Model(x, symbols, name=model.name)
    for layer, weights in zip(new_layers, new_weights):
        layer.set_weights(weights)
    return smaller


def _reduced(layer, shape, channels, units):
    """The config and the weights of a layer that reads only some channels, and those that it gives. `shape`: of its input."""
    config, weights = layer.get_config(), layer.get_weights()
    function = getattr(getattr(layer, "activation", None), "__name__", "")
    last = channels is None or getattr(layer, "data_format", "channels_last") == "channels_last"
    require(last, f"{layer.name!r} keeps its channels first; only channels_last is handled here")
    if isinstance(layer, WEIGHTED):
        grouped = getattr(layer, "groups", 1) > 1 and not (units is None and channels is None)
        require(not grouped, f"{layer.name!r} works in groups of channels: keep all units, its own and those before")
        if units is not None:
            require(function not in MIXING, f"{layer.name!r} cannot lose units: its {function} depends on all of them")
            config["units" if isinstance(layer, layers.Dense) else "filters"] = len(units)
            weights = [w[..., units] for w in weights]
        if channels is not None:
            weights[0] = weights[0][..., channels, :]
        return config, weights, units
    if channels is None:
        return config, weights, None
    if isinstance(layer, layers.Flatten):
        places = int(np.prod(shape[1:-1]))
        return config, weights, (np.arange(places)[:, None] * shape[-1] + channels).ravel()
    if isinstance(layer, layers.BatchNormalization) and layer.axis in (-1, len(shape) - 1):
        return config, [w[channels] for w in weights], channels
    if CHANNELWISE.fullmatch(type(layer).__name__) or (isinstance(layer, layers.Activation) and function not in MIXING):
        return config, weights, channels
    raise ValueError(f"units before {layer.name!r} cannot be removed: a {type(layer).__name__} may mix their outputs")


def _chain(model) -> list[keras.layers.Layer]:
    """The layers of a model, each of which reads the one before it."""
    if isinstance(model, keras.Sequential) and model.built:
        return list(model.layers)
    nodes = [level for _, level in sorted(getattr(model, "_nodes_by_depth", {}).items(), reverse=True)]
    chain = [level[0].operation for level in nodes]
    straight = bool(nodes) and all(len(level) == 1 and len(level[0].input_tensors) <= 1 for level in nodes)
    require(straight, f"{model.name!r} must be a built Sequential, or a functional model without branches")
    good = len({id(layer) for layer in chain}) == len(chain) and all(isinstance(one, layers.Layer) for one in chain)
    require(good, f"{model.name!r} must be a chain of layers, each used once, without operations between them")
    return chain[1:]
