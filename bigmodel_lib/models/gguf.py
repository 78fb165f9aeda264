"""Reads a GGUF file: metadata, and weights that are de-quantized one by one as they are asked for."""

from __future__ import annotations

import pathlib

import numpy as np

__all__ = ["GGUF"]


class GGUF:
    """One GGUF file, the format of llama.cpp: metadata as a dictionary, tensors by name.

    The file is mapped, not read: a tensor costs memory only once it is asked for.

    Args:
        path: of the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not GGUF, or is shorter than its own table of tensors says.

    Example:
        >>> file = GGUF(assets.fetch("smollm2-135m"))  # doctest: +SKIP
        >>> file.metadata["llama.block_count"], file.tensor("token_embd.weight").shape  # doctest: +SKIP
        (30, (49152, 576))

    Source: the format's description in the llama.cpp project (ggml), version 3.
    """

    def __init__(self, path: str | pathlib.Path):
        path = pathlib.Path(path)
        if not path.exists():
            raise FileNotFoundError(f"there is no GGUF file {path}")
        try:
            self._reader = _reader(path)
        except (ValueError, IndexError, OSError) as error:
            raise ValueError(
                f"{path} must be a complete GGUF file, but reading it failed ({error}). It has {path.stat().st_size} bytes: "
                "it may be cut short, so bring it again."
            ) from error
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}
        self.metadata = {key: field.contents() for key, field in self._reader.fields.items()}

    @property
    def tensor_types(self) -> dict[str, str]:
        """How each tensor is stored, such as ``"Q4_1"`` or ``"F32"``."""
        return {name: tensor.tensor_type.name for name, tensor in self._tensors.items()}

    def tensor(self, name: str) -> np.ndarray:
        """One tensor in float32; a weight matrix has the shape (out, in).

        Raises:
            KeyError: the file has no such tensor.
        """
        from gguf.quants import dequantize

        if name not in self._tensors:
            raise KeyError(
                f"the file has no tensor {name!r}; it has {len(self._tensors)}, such as {next(iter(self._tensors))!r}"
            )
        tensor = self._tensors[name]
        return dequantize(tensor.data, tensor.tensor_type).astype("float32", copy=False)


def _reader(path: pathlib.Path):
    """The reader of the package gguf, three times as fast: it makes a million views, and those of a `memmap` are dear."""
    import gguf  # here, because most users of this room never read one

    class Reader(gguf.GGUFReader):
        @property
        def data(self):
            return self._data

        @data.setter
        def data(self, mapped):
            self._data = mapped.view(np.ndarray)  # still mapped

    return Reader(path)
