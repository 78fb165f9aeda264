"""Reads the tensors of a PyTorch file in the format before version 1.6, without PyTorch and without running any of it."""

from __future__ import annotations

import collections
import pathlib
import pickle
from typing import NamedTuple

import numpy as np

__all__ = ["read_pth"]

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Tensor(NamedTuple):
    """A tensor as the file describes it: a window with strides into a storage that follows later."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Unpickler(pickle.Unpickler):
    """Reads a pickle that names nothing but ordered dicts and tensors. A plain unpickler would run whatever a file says."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Tensor(storage, offset, shape, strides)
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no file of weights needs")

    def persistent_load(self, identifier):
        kind, dtype, key, _device, size, *_ = identifier
        if kind != "storage":
            raise pickle.UnpicklingError(f"it refers to a {kind!r}, not to a storage")
        self.storages[key] = (dtype, size)
        return key


def read_pth(file: str | pathlib.Path) -> dict[str, np.ndarray]:
    """The tensors of a PyTorch file in the format before version 1.6, read without PyTorch and without running any of it.

    Five pickles (magic number, protocol, system, description of the tensors, order of the storages), then the storages: the
    number of elements as an int64 and the elements. A tensor is a window into its storage, not always a contiguous one.

    Args:
        file: a state dict of float32 and int64 tensors.

    Returns:
        name -> array, contiguous, each with a memory of its own.

    Raises:
        ValueError: the file is not of that format, is damaged, or asks for anything else than tensors.
    """
    name = pathlib.Path(file).name
    try:
        with open(file, "rb") as stream:
            return _read_pth(stream)
    except (
        pickle.UnpicklingError,
        EOFError,
        ArithmeticError,
        MemoryError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
    ) as error:
        raise ValueError(
            f"{name} must be a state dict in PyTorch's format before 1.6, but cannot be read: {error}. Fetch it again; if you "
            "stored it yourself, use torch.save(…, _use_new_zipfile_serialization=False)"
        ) from error


def _read_pth(stream) -> dict[str, np.ndarray]:
    def next_pickle():
        unpickler = _Unpickler(stream)
        unpickler.storages = storages
        return unpickler.load()

    storages: dict[str, tuple[np.dtype, int]] = {}
    if (magic := next_pickle()) != _MAGIC or next_pickle() != _PROTOCOL:
        raise ValueError(f"it begins with {str(magic)[:40]!r}, not with the format's number")
    next_pickle()  # byte order and sizes of the machine that wrote it; the format is little-endian always
    described, order = next_pickle(), next_pickle()
    if not isinstance(described, dict) or not all(isinstance(tensor, _Tensor) for tensor in described.values()):
        raise ValueError("it holds other things than named tensors")
    elements = {}
    for key in order:
        dtype, size = storages[key]
        stated = int.from_bytes(stream.read(8), "little")
        raw = stream.read(size * dtype.itemsize)
        if stated != size or len(raw) != size * dtype.itemsize:
            raise ValueError(f"the storage {key} must have {size} elements, but the file ends early or says {stated}")
        elements[key] = np.frombuffer(raw, dtype)
    tensors = {}
    for name, (key, offset, shape, strides) in described.items():
        data = elements[key]
        last = offset + sum((n - 1) * step for n, step in zip(shape, strides))
        if len(shape) != len(strides) or min((offset, *shape, *strides)) < 0 or last >= len(data):
            raise ValueError(f"the tensor {name!r} reaches outside its storage")
        window = np.lib.stride_tricks.as_strided(data[offset:], shape, [step * data.itemsize for step in strides])
        tensors[name] = np.array(window, order="C")  # a copy: the window is only as safe as the check above
    return tensors
