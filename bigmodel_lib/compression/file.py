"""A compressed model in one file: what is zero is left out, what is shared is numbered, and the numbers are Huffman-coded.

The file, little-endian:

    8 bytes   magic, b"\\x89BIGM\\r\\n\\x1a"
    2         version, 1
    4, 4, 8   bytes of the header as it is stored, of the header inflated, of the payload
    32        SHA-256 of all other bytes of the file
    …         the header: JSON in UTF-8, deflated by zlib. {"model": the configuration that Keras gives it, "tensors": [one a weight]}
    …         the payload: for each tensor in turn the pieces that its entry describes

An entry is {"path": …, "shape": […], "dtype": …, "coded": […]}. With nothing in "coded", its piece is its values as they are. Else
six numbers stand there: v, b, n, g, s, c. The pieces are a codebook of v values, half a byte for the length of the code word of
each, and b bytes of code words for n values, all of the tensor, if g is 0. Otherwise these are the values that
`coding.relative_indices` keeps with gaps of g bits, and there follow half a byte for the length of the code word of each gap below s,
and c bytes of code words for the gaps. Values and codebooks are bit patterns: nothing is rounded.

Loading trusts nothing. The checksum finds accidents, not attackers: so every number is checked before it is used, no code is read,
no file but this one is opened, and classes are Keras's own layers (without those that run code or read files) or ones that this
program has registered. The weights take at most what the header promises (four times that while the model is made, for some layers
make theirs twice), and the header may promise at most `RATIO` times the size of the file, or 16 MB if that is more. What a
stranger's model does when it is called, and how long it takes, is not limited.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import os
import pathlib
import re
import struct
import sys
import threading
import zlib

from bigmodel_lib.compression import coding
from bigmodel_lib.compression._walk import require
from bigmodel_lib.scaling import model_parameters, weight_bytes

import keras
import numpy as np

__all__ = ["RATIO", "load_compressed", "save_compressed"]

MAGIC, VERSION = b"\x89BIGM\r\n\x1a", 1
PREFIX = struct.Struct("<8sHIIQ")
RATIO = 4096  # a file of n bytes may hold weights of so many times n
HEADER_BYTES, HEADER_RATIO = 1 << 24, 200  # of the header inflated, and over the stored one
MOST_VALUES = 4096  # different values in a tensor that is coded
DTYPES = (
    "float32 float16 bfloat16 float64 float8_e4m3fn float8_e5m2 bool int8 int16 int32 int64 uint8 uint16 uint32".split()
)


def save_compressed(model: keras.Model, path: str | os.PathLike) -> int:
    """Write a model into one file, without loss, and as small as its zeros and its shared values allow.

    Prune and share first (`apply_masks`, `share_weights`): a tensor with more than 4,096 different values is stored as it is.
    Only a zero's sign is lost. Training is not continued from such a file: it holds no optimizer. The file is written beside
    its place and moved there at the end, so that there is always a whole one.

    Args:
        model: built, of Keras's own layers or registered ones; a class of its own must be registered and have a `get_config`.
        path: of the file, conventionally ending in .bigm. Its folder must exist.

    Returns:
        The bytes of the file.

    Raises:
        ValueError: the model is not built, or could not be made again from its configuration; nothing is written then.

    Example:
        >>> import tempfile, pathlib
        >>> from bigmodel_lib.models import dense
        >>> model = dense.mlp((4, 3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     size = save_compressed(model, pathlib.Path(folder) / "model.bigm")
        ...     again = load_compressed(pathlib.Path(folder) / "model.bigm")
        >>> bool((again.get_weights()[0] == model.get_weights()[0]).all())
        True

    Source: S. Han et al. 2015, arXiv:1510.00149, §2 to §4.
    """
    model_parameters(model)  # says so if it is not built
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    tensors, pieces = [], []
    for variable in model.weights:
        value = np.asarray(keras.ops.convert_to_numpy(variable))
        coded, parts = _encode(value)
        tensors.append(dict(path=variable.path, shape=list(value.shape), dtype=value.dtype.name, coded=coded))
        pieces += parts
    text = json.dumps({"model": config, "tensors": tensors}, separators=(",", ":")).encode()
    _rebuild(json.loads(text)["model"], tensors)  # what could not be loaded is not written
    header, payload = zlib.compress(text, 9), b"".join(pieces)
    prefix = PREFIX.pack(MAGIC, VERSION, len(header), len(text), len(payload))
    data = prefix + hashlib.sha256(prefix + header + payload).digest() + header + payload
    promised = weight_bytes(model)
    require(promised <= _limit(len(data)), f"its {promised} bytes of weights are {RATIO} times the file: too empty")
    path = pathlib.Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())  # else a power cut may keep the new name and lose the bytes
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return len(data)


def load_compressed(path: str | os.PathLike, max_bytes: int = 1 << 31) -> keras.Model:
    """Read a model that `save_compressed` wrote; its weights are the same, bit for bit. It is not compiled.

    Args:
        path: of the file.
        max_bytes: that the weights may take.

    Raises:
        ValueError: the file is damaged, of another kind or version, or asks for more memory or other classes than it may.
        OSError: it cannot be read.
    """
    data = pathlib.Path(path).read_bytes()
    try:
        return _load(data, max_bytes)
    except ValueError as error:
        raise ValueError(f"{path} cannot be loaded as a compressed model: {error}") from error


def _limit(size: int) -> int:
    """Bytes that the weights in a file of this size may take."""
    return max(1 << 24, RATIO * size)


def _load(data: bytes, max_bytes: int) -> keras.Model:
    start = PREFIX.size + 32
    require(len(data) >= start and data[:8] == MAGIC, "it does not begin as one that save_compressed wrote")
    _, version, stored, inflated, payload = PREFIX.unpack_from(data)
    require(version == VERSION, f"it has version {version}; this library reads version {VERSION}")
    size = start + stored + payload
    require(len(data) == size, f"it should have {size} bytes, but has {len(data)}")
    digest = hashlib.sha256(data[: PREFIX.size] + data[start:]).digest()
    require(data[PREFIX.size : start] == digest, "its checksum does not fit: it was damaged")
    good = 0 < inflated <= min(HEADER_BYTES, HEADER_RATIO * stored)  # to zlib 0 would mean: as many as there are
    require(good, f"its header would take {inflated} bytes: none or too many")
    try:
        text = zlib.decompressobj().decompress(data[start : start + stored], inflated)
        header = json.loads(text.decode())
    except (zlib.error, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"its header is damaged ({type(error).__name__})") from error
    require(isinstance(header, dict) and {*header} == {"model", "tensors"}, "its header lacks a model or its tensors")
    tensors = header["tensors"]
    require(isinstance(tensors, list), "its header lists no tensors")
    promised, stated = (sum(sizes) for sizes in zip((0, 0), *map(_check_entry, tensors)))
    require(promised <= min(max_bytes, _limit(size)), f"its weights would take {promised} bytes: too many")
    require(stated == payload, f"its header describes a payload of {stated} bytes, but it holds {payload}")
    model, stream = _rebuild(header["model"], tensors), io.BytesIO(data[start + stored :])
    values = [_decode(entry, stream.read) for entry in tensors]
    for variable, value in zip(model.weights, values):
        variable.assign(value)
    return model


def _encode(value: np.ndarray) -> tuple[list[int], list[bytes]]:
    """The numbers of a tensor for the header, none if it is not coded, and its pieces of the payload."""
    if value.dtype.kind not in "biu":
        value = value + np.zeros((), value.dtype)  # −0.0 becomes 0.0
    raw = np.ascontiguousarray(value).tobytes()
    patterns = np.frombuffer(raw, f"u{value.dtype.itemsize}")
    nonzero, bits = np.count_nonzero(patterns), 0
    if 2 * nonzero < patterns.size:
        bits = int(np.clip(3 + math.log2(patterns.size / max(1, nonzero)), 3, 12))  # eight times the mean gap
    gaps, kept = coding.relative_indices(patterns, bits) if bits else (np.zeros(0, np.int64), patterns)
    codebook, symbols = np.unique(kept, return_inverse=True)
    if len(codebook) <= MOST_VALUES:
        parts = [codebook.tobytes(), *_huffman(symbols), *_huffman(gaps)]
        if sum(map(len, parts)) < len(raw):
            return [len(codebook), len(parts[2]), len(kept), bits, int(gaps.max(initial=-1)) + 1, len(parts[4])], parts
    return [], [raw]


def _huffman(symbols: np.ndarray) -> tuple[bytes, bytes]:
    """The lengths of the code words, two in a byte, and the words."""
    lengths = coding.code_lengths(np.bincount(symbols))
    padded = np.append(lengths, np.zeros(len(lengths) % 2, np.uint8))
    return (padded[::2] << 4 | padded[1::2]).tobytes(), coding.huffman_encode(symbols, lengths)


def _check_entry(entry) -> tuple[int, int]:
    """The bytes of a tensor and of its pieces, after a look at every field of its entry."""
    match entry:
        case {"path": str(), "shape": [*shape], "dtype": str(dtype), "coded": [*coded]} if (
            dtype in DTYPES and len(shape) <= 16 and all(type(n) is int and 0 <= n <= 2**40 for n in shape + coded)
        ):
            width, size = np.dtype(dtype).itemsize, math.prod(shape)
            if not coded:
                return width * size, width * size
            if len(coded) == 6:
                values, code, count, bits, gaps, gap_code = coded
                if values <= MOST_VALUES and count <= size and bits <= 16 and gaps <= 2**bits:
                    return width * size, width * values + (values + 1) // 2 + code + (gaps + 1) // 2 + gap_code
    raise ValueError("its header describes a tensor in a way that makes no sense")


def _decode(entry: dict, read) -> np.ndarray:
    dtype, size = np.dtype(entry["dtype"]), math.prod(entry["shape"])
    if not entry["coded"]:
        return np.frombuffer(read(size * dtype.itemsize), dtype).reshape(entry["shape"])
    values, code, count, bits, gaps, gap_code = entry["coded"]
    codebook = np.frombuffer(read(values * dtype.itemsize), f"u{dtype.itemsize}")
    flat = codebook[coding.huffman_decode(*_words(read, values, code), count)]
    words = _words(read, gaps, gap_code)
    if bits:
        flat = coding.from_relative_indices(coding.huffman_decode(*words, count), flat, size)
    require(flat.size == size, f"it holds {flat.size} values of {entry['path']}, which has {size}")
    return flat.view(dtype).reshape(entry["shape"])


def _words(read, symbols: int, count: int) -> tuple[bytes, np.ndarray]:
    """The code words, and their lengths."""
    halves = np.frombuffer(read((symbols + 1) // 2), np.uint8)
    return read(count), np.stack([halves >> 4, halves & 15], axis=1).ravel()[:symbols]


def _rebuild(config, tensors: list[dict]) -> keras.Model:
    """The model of a configuration, if it is allowed and has weights of these shapes and types."""
    values = sum(math.prod(entry["shape"]) for entry in tensors)
    try:
        nodes = _check_config(config, max(1 << 20, values))
        with _at_most(values=4 * values, layers=100 + nodes + 8 * len(tensors)):
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:  # Keras fails in every way there is at a configuration that makes no sense
        raise ValueError(f"its model cannot be made: {type(error).__name__}: {str(error)[:300]}") from error
    require(isinstance(model, keras.Model), "its configuration is not that of a model")
    made = [(list(v.shape), keras.backend.standardize_dtype(v.dtype)) for v in model.weights]
    told = [(entry["shape"], entry["dtype"]) for entry in tensors]
    require(made == told, "its configuration makes other weights than those it comes with")
    return model


PLAIN = ("__keras_tensor__", "__slice__", "__ellipsis__", "__bytes__")
NAMESPACES = re.compile(
    r"keras(\.(activations|constraints|dtype_policies|initializers|layers|models|regularizers|src\.models\.functional|src\.ops\.\w+))?"
)
# Where classes are defined: of the layers that prepare data only those that read no file and make no tables
HOMES = re.compile(
    r"keras\.src\.(constraints|dtype_policies|initializers|models|ops|regularizers"
    r"|layers\.(?!preprocessing\.(?!image_preprocessing|rescaling)))"
)


def _check_config(node, largest: int) -> int:
    """How many objects a configuration describes, if all of them are allowed and no whole number in it is above `largest`."""
    require(not isinstance(node, int) or abs(node) <= largest, f"{node} is larger than any of its sizes may be")
    if isinstance(node, dict) and "class_name" in node:
        require(_allowed(node), f"{node['class_name']!r} is not allowed, or not registered here")
    if isinstance(node, dict):
        inner = [
            value for key, value in node.items() if key != "seed" or not isinstance(value, int)
        ]  # a seed is no size
    else:
        inner = node if isinstance(node, list) else ()
    return isinstance(node, dict) + sum(_check_config(child, largest) for child in inner)


def _allowed(node: dict) -> bool:
    """Whether Keras may make this object: as it would look it up, and nothing that runs code or reads files."""
    name, module, config = node["class_name"], node.get("module"), node.get("config")
    if name in ("__tensor__", "__numpy__"):
        return config["dtype"] in DTYPES
    if name in PLAIN or not isinstance(
        module, str
    ):  # without a module Keras takes an older way, which is not checked here
        return name in PLAIN
    registered = keras.saving.get_custom_objects()
    if name == "function":
        return config in registered or (
            module in ("builtins", "keras.activations") and hasattr(keras.activations, config)
        )
    if node.get("registered_name") in registered:
        return True
    found = getattr(sys.modules.get(module), name, None) if NAMESPACES.fullmatch(module) else None
    return (
        isinstance(found, type) and bool(HOMES.match(found.__module__)) and not issubclass(found, keras.layers.Lambda)
    )


@contextlib.contextmanager
def _at_most(**left: int):
    """Inside, this thread can make so many layers, with so many values in all: both are counted before memory is taken."""
    me, base = threading.get_ident(), keras.layers.Layer
    originals = base.__init__, base.add_weight

    def spend(what, amount):
        left[what] -= amount if threading.get_ident() == me else 0
        require(left[what] >= 0, f"it makes more {what} than the file holds")

    def init(layer, *args, **kwargs):
        spend("layers", 1)
        return originals[0](layer, *args, **kwargs)

    def add_weight(layer, *args, **kwargs):
        spend("values", abs(math.prod(kwargs.get("shape", args[0] if args else ()) or ())))
        zeros = {} if len(args) > 1 else {"initializer": "zeros"}  # the file has the values: draw none
        return originals[1](layer, *args, **kwargs | zeros)

    base.__init__, base.add_weight = init, add_weight
    try:
        yield
    finally:
        base.__init__, base.add_weight = originals
