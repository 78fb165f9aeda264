"""A language model of the Llama family in one file: whoever can write arrays of small integers can invent a compression.

The file is a zip archive. Its member ``about.json`` says

    {"sizes": the arguments of `Llama`, "serve": "float32" or "int8", "arrays": {"NAME": [dtype, shape], "NAME:scale": …}}

and for each array there is a member of its name: its bytes (little-endian; of wider numbers first all lowest bytes, then the next), deflated. By
deflating, values that come often take fewer bits: no packing is needed, and a run of zeros takes next to nothing. A tensor is one
array of floats, or several that `values` puts together, under names with a colon (parts of parts have two).

Reading runs no code of the file and opens no other one. It limits the memory that a file may ask for, and says in one line what is
wrong with it. It does not know who made the file: a model can be well-formed and worthless.
"""

from __future__ import annotations

import json
import math
import os
import pathlib
import zipfile
import zlib

from bigmodel_lib.compression import quantize_weights
from bigmodel_lib.models.initializers import blank
from bigmodel_lib.models.llama import Llama

import keras
import numpy as np
from keras import ops

__all__ = ["SERVE", "read", "sizes", "tensor_names", "values", "write"]

DTYPES = ("float16", "float32", "int8", "int16", "uint8", "uint16")
STRATEGIES = (zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_DEFAULT_STRATEGY)  # of noise, of runs, of repeated strings
SERVE = ("float32", "int8")  # how the weights are held while the model writes
PARTS = ("integers", "codebook", "zero", "scale", "offset")
LARGEST = 134_515_008  # weights: those of SmolLM2-135M
HIGHEST = 2**31  # that any size may be
SIZES = {
    "vocab_size": int, "num_layers": int, "num_heads": int, "num_kv_heads": int, "d_model": int, "d_ff": int, "seq_len": int,
    "head_dim": int, "rope_theta": float, "epsilon": float, "tied_embedding": bool,
}  # fmt: skip


def require(good: bool, problem: str) -> None:
    if not good:
        raise ValueError(problem)


def sizes(model: Llama) -> dict:
    """The arguments with which a model of the same shapes is made.

    Raises:
        ValueError: it is no `Llama`.
    """
    require(isinstance(model, Llama), f"the model must be a Llama, not a {type(model).__name__}")
    own = {key: value for key, value in model.get_config().items() if key in SIZES}
    return own | {"num_kv_heads": model.num_kv_heads, "head_dim": model.head_dim}


def tensor_names(model: Llama) -> dict[str, keras.Variable]:
    """The weights of a model by the names that they have in a file, whatever the model itself is called.

    Example:
        >>> tiny = Llama(vocab_size=50, num_layers=1, num_heads=4, d_model=32, d_ff=64, seq_len=64)
        >>> list(tensor_names(tiny))[:2]
        ['embedding/embeddings', 'block_0/norm_1/scale']
    """
    return {variable.path.split("/", 1)[1]: variable for variable in model.weights}


def values(parts: np.ndarray | dict) -> np.ndarray:
    """What a stored tensor stands for, in float32.

    An array of floats stands for itself. A dictionary is one of these:

    - ``integers`` (m, n), with any of the others: $s \\cdot (c_q - z) + o$. Without a ``codebook`` (k,) the integer q itself takes
      the place of $c_q$. ``scale`` s, ``zero`` z and ``offset`` o are small matrices, laid over the large one as equal blocks: (m / 32, n)
      gives one number to every 32 rows of a column, (m, 1) one to each row, (1, 1) one to all.
    - ``left`` (m, r) and ``right`` (r, n): their product. Each may itself be a dictionary.

    Raises:
        ValueError: another combination, or shapes that do not fit one another.

    Example:
        >>> integers = np.array([[0, 3], [1, 2], [2, 1], [3, 0]], "uint8")
        >>> values({"integers": integers, "scale": np.array([[0.5, 2.0]]), "zero": np.array([[1], [2]])}).tolist()
        [[-0.5, 4.0], [0.0, 2.0], [0.0, -2.0], [0.5, -4.0]]
    """
    if isinstance(parts, np.ndarray):
        require(
            parts.dtype.kind == "f", f"an array alone must hold floats, not {parts.dtype}; call integers 'integers'"
        )
        return parts.astype("float32")
    require(
        isinstance(parts, dict), f"a tensor must be an array or a dictionary of parts, not a {type(parts).__name__}"
    )
    if set(parts) == {"left", "right"}:
        left, right = values(parts["left"]), values(parts["right"])
        good = left.ndim == right.ndim == 2 and left.shape[1] == right.shape[0]
        require(good, f"left (m, r) and right (r, n) cannot be multiplied: {left.shape} and {right.shape}")
        count = left.shape[0] * right.shape[1]  # said before it is made: the factors may be small and the product not
        require(count <= LARGEST, f"left and right make {count:,} values, but at most {LARGEST:,} are allowed")
        return left @ right
    require(
        "integers" in parts and set(parts) <= set(PARTS),
        f"a tensor's parts must be 'integers' with any of {', '.join(PARTS[1:])}, or 'left' and 'right', not "
        + ", ".join(map(str, parts)),
    )
    require(
        all(isinstance(part, np.ndarray) for part in parts.values()),
        "each part of a tensor must be an array: only 'left' and 'right' may be made of parts themselves",
    )
    q = parts["integers"]
    require(q.dtype.kind in "iu" and q.ndim == 2, f"integers must be a matrix of integers, not {q.dtype} {q.shape}")
    if "codebook" in parts:
        book = parts["codebook"]
        good = book.ndim == 1 and book.dtype.kind in "fiu" and (not q.size or (q.min() >= 0 and q.max() < len(book)))
        require(good, "codebook must be (k,) numbers, and the integers their places, from 0 to k - 1")
        x = book.astype("float32")[q]
    else:
        x = np.ascontiguousarray(q, "float32")
    for name, operation in (("zero", np.subtract), ("scale", np.multiply), ("offset", np.add)):
        if name in parts:
            _lay_over(x, parts[name], name, operation)
    return x


def _lay_over(x: np.ndarray, grid: np.ndarray, name: str, operation) -> None:
    """Combine x (m, n) in place with a grid (a, b) of equal blocks."""
    good = grid.ndim == 2 and grid.dtype.kind in "fiu" and all(b and s % b == 0 for s, b in zip(x.shape, grid.shape))
    require(good, f"{name} must cut the {x.shape} integers into equal blocks, which {grid.dtype} {grid.shape} does not")
    (m, n), (a, b) = x.shape, grid.shape
    view = x.reshape(a, m // a, b, n // b)
    operation(view, grid.astype("float32")[:, None, :, None], out=view)


def write(path: str | os.PathLike, model: Llama, tensors: dict, serve: str = "float32") -> int:
    """Write a model into one file.

    Args:
        path: of the file; by custom it ends in .zip.
        model: a `Llama`: its sizes are written, and its own values, in float16, of all tensors that `tensors` leaves out.
        tensors: what is stored of each tensor, by its name: an array of floats or a dictionary of parts, see `values`.
        serve: "int8": after reading, `quantize_weights` rounds all matrices to int8 with a scale per output, in which the decoder
            is fastest. The rounding costs a little accuracy, and is measured with the rest.

    Returns:
        The bytes of the file.

    Raises:
        ValueError: no `Llama`, a name that it does not have, parts that fit neither each other nor its shape, or another `serve`.

    Example:
        >>> import tempfile, pathlib
        >>> tiny = Llama(vocab_size=50, num_layers=1, num_heads=4, d_model=32, d_ff=64, seq_len=64)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     size = write(pathlib.Path(folder) / "tiny.zip", tiny, {})
        ...     again = read(pathlib.Path(folder) / "tiny.zip", vocab_size=50)
        >>> again.count_params() == tiny.count_params()
        True
    """
    require(serve in SERVE, f"serve must be one of {', '.join(SERVE)}, not {serve!r}")
    own, names = sizes(model), tensor_names(model)
    unknown = [name for name in tensors if name not in names]
    require(not unknown, f"the model has no tensor {unknown[:1]}; it has {', '.join(list(names)[:4])} …")
    arrays: dict = {}
    for name, variable in names.items():
        parts = tensors.get(name, ops.convert_to_numpy(variable).astype("float16"))
        try:
            _check_shape(values(parts), variable.shape)
            _flatten(name, parts, arrays)
        except ValueError as error:
            raise ValueError(f"{name} cannot be stored: {error}") from error
    about = {"sizes": own, "serve": serve, "arrays": {k: [a.dtype.name, list(a.shape)] for k, a in arrays.items()}}
    path = pathlib.Path(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("about.json", zlib.compress(json.dumps(about, separators=(",", ":")).encode()))
        for name, array in arrays.items():
            archive.writestr(name, _deflated(array))
    return path.stat().st_size


def _deflated(array: np.ndarray) -> bytes:
    """The bytes of an array, those of each significance together, by the strategy that makes its beginning smallest."""
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    data = little.reshape(-1, 1).view("uint8").T.tobytes()

    def by(strategy, piece):
        machine = zlib.compressobj(6, zlib.DEFLATED, 15, 9, strategy)
        return machine.compress(piece) + machine.flush()

    return by(min(STRATEGIES, key=lambda strategy: len(by(strategy, data[: 1 << 17]))), data)


def _inflated(data: bytes, dtype: str, shape: list[int]) -> np.ndarray:
    size, width = math.prod(shape), np.dtype(dtype).itemsize
    found = zlib.decompressobj().decompress(data, size * width + 1)
    require(len(found) == size * width, f"{len(found)} bytes cannot be {shape} numbers of {dtype}")
    little = np.frombuffer(found, "uint8").reshape(width, size).T.copy().view(np.dtype(dtype).newbyteorder("<"))
    return little.reshape(shape).astype(dtype, copy=False)


def _check_shape(x, shape) -> None:
    require(tuple(x.shape) == tuple(shape), f"it must have the shape {tuple(shape)}, not {tuple(x.shape)}")
    require(bool(np.isfinite(x).all()), "it has values that are not finite (NaN or infinite)")


def _flatten(name: str, parts, arrays: dict) -> None:
    if isinstance(parts, np.ndarray):
        require(parts.dtype.name in DTYPES, f"its {parts.dtype} can be one of {', '.join(DTYPES)} only")
        arrays[name] = parts
    else:
        for key, part in parts.items():
            _flatten(f"{name}:{key}", part, arrays)


def read(path: str | os.PathLike, vocab_size: int = 49152, largest: int = LARGEST) -> Llama:
    """The model in a file that `write` or anybody else wrote.

    Args:
        path: of the file.
        vocab_size: that it must have, because the tokenizer is given.
        largest: number of weights that it may have.

    Raises:
        ValueError: the file is cut short, damaged or of another kind; a model of another vocabulary, or too large; a tensor that is
            missing, of another shape, unknown, or not finite.
        OSError: it cannot be read.
    """
    path = pathlib.Path(path)
    try:
        require(path.is_file(), "there is no such file")
        require(zipfile.is_zipfile(path), "it is no archive that `write` made, or its end is missing")
        return _made(*_opened(path, largest), vocab_size, largest)
    # RuntimeError: members that are encrypted or packed in another way, a description nested too deep
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, MemoryError) as error:
        raise ValueError(f"{path.name} cannot be read as a model: it is damaged ({error})") from error
    except ValueError as error:
        raise ValueError(f"{path.name} cannot be read as a model: {error}") from error


def _opened(path: pathlib.Path, largest: int) -> tuple[dict, dict]:
    """What the file says about itself, and its tensors by name, their parts in dictionaries."""
    with zipfile.ZipFile(path) as archive:
        require(all(e.compress_type == zipfile.ZIP_STORED for e in archive.infolist()), "its members must be stored")
        about = json.loads(zlib.decompressobj().decompress(archive.read("about.json"), 10**7))
        arrays = about.get("arrays") if isinstance(about, dict) else None
        require(
            isinstance(arrays, dict) and all(map(_described, arrays.values())), "'arrays' must list dtypes and shapes"
        )
        asked = sum(np.dtype(dtype).itemsize * math.prod(shape) for dtype, shape in arrays.values())
        require(asked <= 8 * largest, f"inflated it would take {asked} bytes; at most 8 a weight are allowed")
        tensors: dict = {}
        for name, described in arrays.items():
            *keys, last = name.split(":")
            holder = tensors
            for key in keys:
                holder = holder.setdefault(key, {})
                require(isinstance(holder, dict), f"{name} is stored twice")
            require(last not in holder, f"{name} is stored twice")
            holder[last] = _inflated(archive.read(name), *described)
    return about, tensors


def _described(entry) -> bool:
    match entry:
        case [str(dtype), [*shape]]:
            return dtype in DTYPES and len(shape) in (1, 2) and all(type(n) is int and 0 < n < 2**31 for n in shape)
    return False


def _made(about, tensors: dict, vocab_size: int, largest: int) -> Llama:
    good = isinstance(about, dict) and set(about) == {"sizes", "serve", "arrays"} and isinstance(about["sizes"], dict)
    require(good and about["serve"] in SERVE, f"it must hold the sizes of a Llama and serve, one of {', '.join(SERVE)}")
    own = about["sizes"]
    good = set(own) == set(SIZES) and all(
        type(own[key]) in (kind, int) and (kind is int) <= own[key] < HIGHEST for key, kind in SIZES.items()
    )
    told = "numbers from 0 to 2^31, whole ones from 1, and tied_embedding true or false"
    require(good, f"the sizes of a Llama are {', '.join(SIZES)}: {told}")
    require(own["vocab_size"] == vocab_size, f"its vocabulary must have {vocab_size} tokens, not {own['vocab_size']}")
    count = _weights(own)
    require(count <= largest, f"its sizes make {count:,} weights, but at most {largest:,} are allowed")
    with blank():
        model = Llama(**own)
    names = tensor_names(model)
    for what, some in (("lacks", set(names) - set(tensors)), ("has an unknown tensor:", set(tensors) - set(names))):
        require(not some, f"it {what} {', '.join(sorted(some)[:3])}{' …' if len(some) > 3 else ''}")
    for name, variable in names.items():
        try:
            x = values(tensors.pop(name))
            _check_shape(x, variable.shape)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        variable.assign(x)
    return quantize_weights(model) if about["serve"] == "int8" else model


def _weights(own: dict) -> int:
    """The number of weights that a Llama of these sizes has, without making it."""
    d, heads = own["d_model"], own["head_dim"] * (2 * own["num_heads"] + 2 * own["num_kv_heads"])
    tables = own["vocab_size"] * d * (1 if own["tied_embedding"] else 2)
    return tables + own["num_layers"] * (d * heads + 3 * d * own["d_ff"] + 2 * d) + d
