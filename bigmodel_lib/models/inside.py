"""Look inside a decoder and change it: which edits `hidden(…, edit=…)` and `through(…, edit=…)` take, and how blocks run fast.

Not here: what to look for. The notebook 5.3 records, cuts and patches with it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping

import keras

__all__ = ["SITES", "Edit"]

SITES = ("attention", "heads", "neurons", "stream")  # in the order in which a block comes to them
_compiled: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # block -> its compiled function


class Edit:
    """An edit in either of its two forms, checked: called as edit(layer, site, value), it returns a value of the same shape.

    Args:
        edit: None (nothing changes); a function edit(layer, site, value), which is called at every site of every block; or a
            mapping of (layer, site) to a function of the value, called there only. Layers count from 0, the sites are
            `SITES`.
        num_layers: blocks of the model.

    Raises:
        ValueError: a layer or a site that does not exist; when it is called, a function that returns another shape, or
            nothing. TypeError: an edit, or an entry of a mapping, that is no function.

    Example:
        >>> import numpy as np
        >>> edit = Edit({(1, "heads"): lambda value: value * 0}, num_layers=2)
        >>> value = np.ones((1, 4, 3, 2))
        >>> float(edit(1, "heads", value).sum()), float(edit(0, "heads", value).sum()), edit.sites(1)
        (0.0, 24.0, {'heads'})

    Taught in: 5.3.
    """

    def __init__(self, edit: Callable | Mapping | None, num_layers: int):
        self.edit, self.num_layers = edit, num_layers
        if isinstance(edit, Mapping):
            for place, function in edit.items():
                self._check(place, function)
        elif edit is not None and not callable(edit):
            raise TypeError(
                f"edit must be a function (layer, site, value) or a dictionary of such, not a {type(edit).__name__}"
            )

    def _check(self, place, function) -> None:
        if not (isinstance(place, tuple) and len(place) == 2):
            raise ValueError(f"an edit's place must be a pair such as (3, 'heads'), not {place!r}")
        layer, site = place
        if layer not in range(self.num_layers):
            raise ValueError(
                f"the edit names layer {layer!r}, but the model has the layers 0 to {self.num_layers - 1}: count from 0"
            )
        if site not in SITES:
            raise ValueError(f"the edit names the site {site!r}; the sites are {', '.join(SITES)}")
        if not callable(function):
            raise TypeError(f"the edit at {place} must be a function of the value, not a {type(function).__name__}")

    def sites(self, layer: int) -> set[str]:
        """The sites of a block at which something may happen."""
        if isinstance(self.edit, Mapping):
            return {site for at, site in self.edit if at == layer}
        return set() if self.edit is None else set(SITES)

    def __call__(self, layer: int, site: str, value):
        if isinstance(self.edit, Mapping):
            function = self.edit.get((layer, site))
            result = value if function is None else function(value)
        else:
            result = value if self.edit is None else self.edit(layer, site, value)
        if result is None:
            raise _complaint(
                f"the edit at ({layer}, {site!r}) returned nothing: to leave the value as it is, return it"
            )
        came = getattr(result, "shape", None)
        if came is None or tuple(came) != tuple(value.shape):
            raise _complaint(
                f"the edit at ({layer}, {site!r}) must return an array of shape {tuple(value.shape)}, as it was given, "
                f"not {'a ' + type(result).__name__ if came is None else tuple(came)}"
            )
        return result


def _complaint(message: str) -> ValueError:
    error = ValueError(message)
    error._keras_call_info_injected = True  # else Keras adds the arguments of the layer in which it was raised
    return error


def block_runner(blocks) -> Callable | None:
    """run(i, x, rotation, mask) for the blocks of a stack, compiled once for all that are built alike; None where the
    backend is not JAX, which needs no such help."""
    if keras.backend.backend() != "jax":
        return None
    import jax

    def structure(block):
        parts = block.trainable_variables, block.non_trainable_variables
        inner = f"{block.name}/"  # the path of a weight begins with the model and the block
        settings = {name: value for name, value in block.get_config().items() if name != "name"}
        return repr(settings), *(
            tuple((v.path.split(inner, 1)[-1], tuple(v.shape), v.dtype) for v in part) for part in parts
        )

    def run(i, x, rotation, mask):
        block = blocks[i]
        model = next(other for other in blocks if structure(other) == structure(block))
        if model not in _compiled:
            refer = weakref.ref(model)  # the compiled function must not keep the model alive

            def call(trained, fixed, x, rotation, mask):
                return refer().stateless_call(trained, fixed, x, rotation=rotation, allowed=mask)[0]

            _compiled[model] = jax.jit(call)
        weights = [[v.value for v in part] for part in (block.trainable_variables, block.non_trainable_variables)]
        return _compiled[model](*weights, x, rotation, mask)

    return run
