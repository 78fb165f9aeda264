"""Finds the layers of a model and who holds them, and puts others in their place, in any kind of Keras model."""

from __future__ import annotations

from collections.abc import Iterator

from bigmodel_lib.scaling import model_parameters

import keras
from keras import layers

__all__ = [
    "choose", "forget_compiled", "layers_with_owners", "rebuilds", "replace_layer", "require", "say_left_out",
    "weight_matrices",
]  # fmt: skip

WITH_MATRICES = (layers.Dense, layers.EinsumDense, layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.Embedding)


def require(good: bool, problem: str) -> None:
    """Raise a ValueError that names the problem, unless all is good."""
    if not good:
        raise ValueError(problem)


def layers_with_owners(model: keras.Model) -> Iterator[tuple[keras.layers.Layer, keras.layers.Layer | None]]:
    """Every layer of a model, the model first, each once, with the layer that directly holds it (None for the model)."""
    seen, to_visit = set(), [(model, None)]
    while to_visit:
        layer, owner = to_visit.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        yield layer, owner
        to_visit += [(child, layer) for child in layer._layers]


def weight_matrices(model: keras.Model) -> dict[str, tuple[keras.layers.Layer, keras.Variable]]:
    """The kernels and tables of all `Dense`, `EinsumDense`, `Conv` and `Embedding` layers, by their path, in the model's order.

    The path begins below the model: another one with the same layers has the same names. One that comes twice gets a prime.
    Integers, of a quantized layer, are not among them.

    Raises:
        ValueError: the model is not built, or has none.
    """
    model_parameters(model)  # says so if it is not built
    holders = {}
    for layer, _ in layers_with_owners(model):
        matrix = getattr(layer, "_embeddings" if isinstance(layer, layers.Embedding) else "_kernel", None)
        if isinstance(layer, WITH_MATRICES) and matrix is not None and keras.backend.is_float_dtype(matrix.dtype):
            holders[id(matrix)] = layer
    found = {}
    for variable in model.weights:
        if id(variable) in holders:
            path = variable.path.removeprefix(f"{model.name}/")
            while path in found:
                path += "'"
            found[path] = (holders[id(variable)], variable)
    names = ", ".join(kind.__name__ for kind in WITH_MATRICES)
    require(bool(found), f"{model.name!r} has no float matrix: it needs at least one layer of these: {names}")
    return found


def choose(matrices: dict, value, what: str) -> dict:
    """The value for each matrix: one for all, or those that a dict names by path or by layer; the others are left out.

    Raises:
        ValueError: a name that no matrix and no layer has.
    """
    if not isinstance(value, dict):
        return dict.fromkeys(matrices, value)
    chosen = {path: value[key] for path, (layer, _) in matrices.items() for key in (layer.name, path) if key in value}
    unknown = ", ".join(sorted(set(value) - set(chosen) - {matrices[path][0].name for path in chosen}))
    require(not unknown, f"{what} names {unknown}, but the matrices are {', '.join(matrices)}")
    return chosen


def say_left_out(model: keras.Model, done, what: str) -> None:
    """Print path and shape of every weight with two or more axes, biases apart, that is not among the paths in `done`."""
    matrices, name = weight_matrices(model), f"{model.name}/"
    ids = {id(matrices[path][1]) for path in done}
    left = [v for v in model.weights if len(v.shape) > 1 and id(v) not in ids and not v.path.endswith("/bias")]
    if left:
        print(f"{what}: {', '.join(f'{v.path.removeprefix(name)} {tuple(v.shape)}' for v in left)}")


def rebuilds(owner) -> bool:
    """Whether loading a saved `owner` makes its replaced layers again, as models that list their layers do."""
    return isinstance(owner, keras.Model) and "layers" in owner.get_config()


def forget_compiled(model: keras.Model) -> None:
    """Drop the compiled functions of a model, which hold its old weights."""
    for function in ("train_function", "test_function", "predict_function"):
        if hasattr(model, function):
            setattr(model, function, None)


def replace_layer(model: keras.Model, old: keras.layers.Layer, new: keras.layers.Layer) -> None:
    """Put a built layer in the place of another, everywhere in a model, in place: the model object and all others stay.

    Works in Sequential and functional models (their graph then calls the new layer), and in layers and models that hold their
    parts as attributes, in lists or in dicts.

    Args:
        model: it, and all layers in it that hold `old`, are changed.
        old: a layer of the model.
        new: built; it takes what `old` takes and gives the same shape. Give it the name of `old` to keep `get_layer` working.

    Raises:
        ValueError: `new` is not built, or `old` is not in the model.
    """
    if not new.built:
        raise ValueError(f"{new.name!r} has no weights yet: build it before it takes the place of {old.name!r}")
    owners = [layer for layer, _ in layers_with_owners(model) if any(child is old for child in layer._layers)]
    if not owners:
        raise ValueError(f"{old.name!r} is not a layer of {model.name!r}")
    keys = {}  # of the nodes, by which a functional model knows those of its own graph
    for index, node in enumerate(old._inbound_nodes):  # the graph of functional models: who computed which symbol
        node.operation = new
        keys[f"{id(old)}_ib-{index}"] = f"{id(new)}_ib-{len(new._inbound_nodes)}"
        new._inbound_nodes.append(node)
        for i, symbol in enumerate(node.outputs):
            history = symbol._keras_history
            if history.operation is old:
                symbol._keras_history = history._replace(
                    operation=new, node_index=len(new._inbound_nodes) - 1, tensor_index=i
                )
    for owner in owners:
        if isinstance(getattr(owner, "_nodes", None), set):
            owner._nodes = {keys.get(key, key) for key in owner._nodes}
        owner._tracker.unlock()
        for name, value in list(vars(owner).items()):
            if name not in ("_tracker", "_inbound_nodes", "_outbound_nodes"):
                vars(owner)[name] = _exchanged(value, old, new)
        if isinstance(owner, keras.Sequential) and owner._functional is not None:
            functional = owner._functional
            for name, value in list(vars(functional).items()):
                if name in ("_layers", "_operations", "_operations_by_depth"):
                    vars(functional)[name] = _exchanged(value, old, new)
        owner._tracker.lock()
    forget_compiled(model)


def _exchanged(value, old, new):
    """The value, with `new` where `old` was; lists and dicts are changed in place. TensorFlow keeps both inside of wrappers."""
    if value is old:
        return new
    if isinstance(value, list):
        for i, item in enumerate(value):
            list.__setitem__(getattr(value, "_storage", value), i, _exchanged(item, old, new))
    elif isinstance(value, dict):
        for key, item in list(value.items()):
            dict.__setitem__(getattr(value, "__wrapped__", value), key, _exchanged(item, old, new))
    elif type(value) is tuple and any(item is old for item in value):
        return tuple(new if item is old else item for item in value)
    return value
