"""Checkpoints: one file that holds all that a training run must know to go on exactly where it stood.

That is the model's variables (the states of its dropout generators among them), the optimizer's variables, the number of steps
done, the random state of Python and NumPy (and of PyTorch, where that is the backend), and a signature of the model, so that a
checkpoint of another model is refused.
A checkpoint is written beside its place and moved there by one rename: a process that is killed while it saves leaves the
checkpoint before it, whole.

Not handled: several processes that write the same path, models larger than memory, `keras.random` calls outside of a layer and
without a seed, `fit` with dropout on PyTorch, and the shuffling of `fit`, which draws orders that it does not use: feed batches
that depend on the step alone, as `training.train` asks. `keras.Model.save` stores a model to use it elsewhere; this room stores a run to continue it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pathlib
import random
import re
import zipfile
import zlib
from typing import IO, Any

import keras
import numpy as np

FORMAT = 1


class CheckpointError(ValueError):
    """A file is no whole checkpoint, or the checkpoint of another model."""


def save(
    path: str | os.PathLike | IO[bytes],
    model: keras.Model,
    optimizer: keras.Optimizer,
    step: int,
    extra: dict | None = None,
) -> None:
    """Write a checkpoint of a training run, in one file, atomically.

    Args:
        path: of the file; conventionally it ends in .npz. Its folder must exist. Or a file object that is open for writing
            bytes, such as an `io.BytesIO`: it is written from where it stands, and nothing is atomic then.
        model: built.
        optimizer: the one that trains it: `model.optimizer` of a compiled model. Its variables are created if need be.
        step: number of steps done, which is the number of the next step.
        extra: what else the run must remember: NumPy arrays, and whatever JSON can hold.

    Raises:
        ValueError: `extra` holds something that is neither. The checkpoint that was there is then as it was.
        CheckpointError: the path is that of a folder, or of something else that is not a file.
        OSError: the folder is missing or full. The checkpoint that was there is then as it was.

    Example:
        >>> import io
        >>> model, file = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), io.BytesIO()
        >>> save(file, model, keras.optimizers.Adam(), step=300, extra={"note": "before the holidays"})
        >>> _ = file.seek(0)
        >>> load(file, model, keras.optimizers.Adam())
        (300, {'note': 'before the holidays'})

    Taught in: 2.6.
    """
    if not hasattr(path, "write"):
        path = pathlib.Path(path)
        _refuse_what_is_not_a_file(path)
    extra = dict(extra or {})
    arrays = {f"extra/{name}": value for name, value in extra.items() if isinstance(value, np.ndarray)}
    if any(value.dtype.hasobject for value in arrays.values()):
        raise ValueError("extra must hold arrays of numbers or text; an array of Python objects has no file format")
    signature = {}
    for part, variables in _parts(model, optimizer).items():
        values = [_to_numpy(variable) for variable in variables]
        signature[part] = _signature(variables)
        arrays |= {f"{part}/{i}/{variable.path}": value for i, (variable, value) in enumerate(zip(variables, values))}
    algorithm, keys, *counters = np.random.get_state()
    state = {
        "format": FORMAT,
        "step": int(step),
        "signature": signature,
        "extra": {name: value for name, value in extra.items() if not isinstance(value, np.ndarray)},
        "random": {
            "python": random.getstate(),
            "numpy": [algorithm, keys.tolist(), *counters],
            "torch": _torch_state(),
        },
    }
    try:
        text = json.dumps(state)
    except TypeError as error:
        raise ValueError(f"extra must hold NumPy arrays and what JSON can hold, but: {error}") from None
    arrays["state"] = np.frombuffer(text.encode(), np.uint8)
    if isinstance(path, pathlib.Path):
        _write_atomically(path, arrays)
    else:
        np.savez(path, **arrays)


def load(path: str | os.PathLike | IO[bytes], model: keras.Model, optimizer: keras.Optimizer) -> tuple[int, dict]:
    """Restore a training run, bit for bit: variables of the model and of the optimizer, and the random state.

    Everything is read and compared before anything is changed: after an error, model and optimizer are as they were.

    Args:
        path: of a file that `save` wrote, or a file object that is open for reading its bytes and stands at their beginning.
        model: built, of the same architecture. Its automatic names may count on (dense_3 for dense_1).
        optimizer: of the same kind as the one saved.

    Returns:
        step: the number of steps done. extra: as it was saved; JSON has made lists of tuples and text of keys.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: the path is no file, or the file is damaged, or of another model or optimizer; the message names the
            first difference.

    Example: see `save`.
    """
    state, arrays = _read(path)
    parts = _parts(model, optimizer)
    for part, variables in parts.items():
        _compare(path, part, [tuple(entry) for entry in state["signature"][part]], _signature(variables))
    for part, variables in parts.items():
        values = {int(name.split("/")[1]): array for name, array in arrays.items() if name.startswith(part + "/")}
        for i, variable in enumerate(variables):
            variable.assign(values[i])
    version, internal, gauss = state["random"]["python"]
    random.setstate((version, tuple(internal), gauss))
    algorithm, keys, *counters = state["random"]["numpy"]
    np.random.set_state((algorithm, np.array(keys, np.uint32), *counters))
    _set_torch_state(state["random"].get("torch"))
    extra = state["extra"]
    extra |= {name.removeprefix("extra/"): array for name, array in arrays.items() if name.startswith("extra/")}
    return state["step"], extra


def _torch_state() -> list[list[int]] | None:
    """The random states of PyTorch, processor first, from which its dropout draws; None on other backends."""
    if keras.backend.backend() != "torch":
        return None
    import torch

    return [state.tolist() for state in (torch.get_rng_state(), *torch.cuda.get_rng_state_all())]


def _set_torch_state(states: list[list[int]] | None) -> None:
    if states is None or keras.backend.backend() != "torch":
        return
    import torch

    processor, *devices = (torch.tensor(state, dtype=torch.uint8) for state in states)
    torch.set_rng_state(processor)
    if len(devices) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(devices)


def _parts(model: keras.Model, optimizer: keras.Optimizer) -> dict[str, list]:
    if not model.built:
        raise ValueError(f"{model.name!r} has no variables yet: build it, or call it once, before its checkpoint")
    if hasattr(model, "jax_state_sync"):  # inside `fit`, Keras on JAX keeps the variables' values elsewhere
        model.jax_state_sync()
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    return {"model": list(model.variables), "optimizer": list(optimizer.variables)}


def _to_numpy(variable) -> np.ndarray:
    array = np.asarray(keras.ops.convert_to_numpy(variable))
    # bfloat16 and the 8-bit floats have no NumPy file format; float32 holds each of their values exactly
    return array if array.dtype.isbuiltin == 1 else array.astype(np.float32)


def _signature(variables: list) -> list[tuple]:
    """(path, shape, dtype) of each variable, the path without the numbers that Keras counts up for automatic names."""
    return [
        (re.sub(r"_\d+(?=_|/|$)", "", v.path), list(v.shape), keras.backend.standardize_dtype(v.dtype))
        for v in variables
    ]


def _compare(path, part: str, saved: list[tuple], wanted: list[tuple]) -> None:
    for i in range(max(len(saved), len(wanted))):
        here, there = (_describe(entries[i]) if i < len(entries) else "nothing" for entries in (wanted, saved))
        if here != there:
            raise CheckpointError(
                f"{path} is the checkpoint of another {part}: its variable {i + 1} should be {here}, but the file holds {there}. "
                f"Build the {part} as it was when the checkpoint was saved."
            )


def _describe(entry: tuple) -> str:
    return f"{entry[0]} {tuple(entry[1])} {entry[2]}"


def _write_atomically(path: pathlib.Path, arrays: dict[str, Any]) -> None:
    """Write beside the target, force it to the disk, rename. The name is fixed: a killed run's leftover is overwritten."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as stream:
            np.savez(stream, **arrays)
            stream.flush()
            os.fsync(stream.fileno())  # else a power cut may keep the rename and lose the bytes
        os.replace(partial, path)  # atomic on one file system, on Windows too
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the rename itself is an entry of the folder; Windows cannot open a folder
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            with contextlib.suppress(
                OSError
            ):  # some network file systems cannot; the checkpoint is in its place all the same
                os.fsync(folder)
        finally:
            os.close(folder)


def _refuse_what_is_not_a_file(path: pathlib.Path) -> None:
    if path.exists() and not path.is_file():
        raise CheckpointError(
            f"a checkpoint is a file, but {path} is {'a folder' if path.is_dir() else 'not one'}: name a file, such as "
            f"{path / 'run.npz' if path.is_dir() else 'run.npz'}"
        )


def _read(path) -> tuple[dict, dict[str, np.ndarray]]:
    """The state and the arrays of a checkpoint. Every member carries a checksum, which reading compares."""
    if hasattr(path, "read"):
        data, name = path.read(), getattr(path, "name", "the file object")
        source, size = (lambda: io.BytesIO(data)), len(data)
    else:
        path = name = pathlib.Path(path)
        _refuse_what_is_not_a_file(path)
        if not path.exists():
            raise FileNotFoundError(f"there is no checkpoint {path}; save one first, or start from step 0")
        source, size = (lambda: path), path.stat().st_size
    try:
        # ZipFile first: it knows a whole archive by its list of members, which stands at the end
        with zipfile.ZipFile(source()), np.load(source(), allow_pickle=False) as file:
            arrays = {member: file[member] for member in file.files}
        state = json.loads(arrays.pop("state").tobytes())
        written_as = state["format"]
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError, NotImplementedError) as error:
        raise CheckpointError(
            f"{name} ({size:,} bytes) is damaged, or was not written by checkpoint.save ({error}). "
            "Take the checkpoint before it, or start from step 0."
        ) from error
    if written_as != FORMAT:
        raise CheckpointError(f"{name} has the format {written_as}; this version of the library reads format {FORMAT}")
    return state, arrays
