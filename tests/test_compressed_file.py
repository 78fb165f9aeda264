"""The compressed file and the report: bit for bit, small, and never more than a clear error from a damaged or hostile file."""

import hashlib
import json
import re
import struct
import tracemalloc
import zlib

from bigmodel_lib.compression import (
    apply_masks,
    latency,
    load_compressed,
    magnitude_masks,
    nonzeros,
    report,
    save_compressed,
    share_weights,
)
from bigmodel_lib.compression import file as compressed_file
from bigmodel_lib.models import dense, gpt
from tests.test_pruning import cnn, own, tiny_llama, with_every_kind

import keras
import numpy as np
import pytest
from keras import layers

RNG = np.random.default_rng(0)
PREFIX = struct.Struct("<8sHIIQ")


def output(model, x):
    return keras.ops.convert_to_numpy(model(x))


def squeezed(model, sparsity=0.9, bits=5):
    return share_weights(apply_masks(model, magnitude_masks(model, sparsity)), bits)


def recurrent():
    return keras.Sequential(
        [keras.Input((6,)), layers.Embedding(9, 4), layers.Bidirectional(layers.GRU(3)), layers.Dense(2)]
    )


def half():
    return keras.Sequential([keras.Input((6,)), layers.Dense(40, dtype="bfloat16"), layers.Dense(4, dtype="float16")])


def with_operations():
    x = keras.Input((6,))
    y = layers.Dense(8, activation=keras.ops.tanh, kernel_regularizer="l2")(x)
    return keras.Model(x, keras.ops.concatenate([keras.ops.relu(y) * np.float32(2.5), y[:, ::2]], axis=-1))


MODELS = {
    "dense": (dense.lenet_300_100, RNG.normal(size=(4, 784)).astype("float32")),
    "convolutional": (cnn, RNG.normal(size=(4, 12, 10, 2)).astype("float32")),
    "every kind": (with_every_kind, RNG.integers(0, 20, (3, 9))),
    "registered": (tiny_llama, RNG.integers(0, 50, (2, 9))),
    "gpt": (
        lambda: gpt.gpt(vocab_size=50, num_layers=1, num_heads=2, d_model=8, seq_len=6),
        RNG.integers(0, 50, (2, 6)),
    ),
    "recurrent": (recurrent, RNG.integers(0, 9, (2, 6))),
    "half precision": (half, RNG.normal(size=(4, 6)).astype("float32")),
    "operations": (with_operations, RNG.normal(size=(4, 6)).astype("float32")),
}


@pytest.mark.parametrize("name", MODELS)
def test_it_loads_again_and_predicts_bit_for_bit(name, tmp_path):
    make, x = MODELS[name]
    model = squeezed(make())
    size = save_compressed(model, tmp_path / "model.bigm")
    assert size == (tmp_path / "model.bigm").stat().st_size and [p.name for p in tmp_path.iterdir()] == ["model.bigm"]
    again = load_compressed(tmp_path / "model.bigm")
    for a, b in zip(again.weights, model.weights, strict=True):
        a, b = keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b)
        assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    np.testing.assert_array_equal(output(again, x), output(model, x))
    assert type(again) is type(model) and not again.compiled


def test_what_is_neither_zero_nor_shared_is_stored_as_it_is(tmp_path):
    model = dense.mlp((100, 60, 3))
    strange = np.array([np.nan, np.inf, -np.inf, 1e-45] * 1500, "float32").reshape(100, 60)
    model.layers[0].kernel.assign(strange)
    save_compressed(model, tmp_path / "model.bigm")
    again = load_compressed(tmp_path / "model.bigm").get_weights()
    assert again[0].tobytes() == strange.tobytes() and all(
        (a == b).all() for a, b in zip(again[1:], model.get_weights()[1:])
    )


def test_the_size_is_that_of_the_two_codes(tmp_path):
    """With 5 % of the weights left in 15 values, a weight costs at most 4 bits and its gap at most a bit more than its entropy."""
    model = squeezed(dense.lenet_300_100(), 0.95, 4)
    size = save_compressed(model, tmp_path / "model.bigm")
    kept = nonzeros(model)
    gap = -(0.05 * np.log2(0.05) + 0.95 * np.log2(0.95)) / 0.05
    assert kept * (2 + gap) / 8 < size - 4 * 410 < kept * (4 + gap + 1) / 8 + 1500
    assert 4 * model.count_params() / size > 50


def test_a_save_that_fails_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "model.bigm"
    save_compressed(dense.mlp((4, 3)), path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="its model cannot be made"):
        save_compressed(own(), path)
    with pytest.raises(ValueError, match="'Lambda' is not allowed"):
        save_compressed(keras.Sequential([keras.Input((3,)), layers.Lambda(lambda x: x)]), path)
    with pytest.raises(ValueError, match="has no weights yet"):
        save_compressed(keras.Sequential([layers.Dense(3)]), path)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["model.bigm"]
    with pytest.raises(OSError):
        save_compressed(dense.mlp((4, 3)), tmp_path / "missing" / "model.bigm")
    with pytest.raises(OSError):
        load_compressed(tmp_path / "missing.bigm")


def rebuilt(data: bytes, header=None, payload=None) -> bytes:
    """The file with another header (a dict or bytes) or payload, sizes and checksum set right."""
    _, version, stored, inflated, rest = PREFIX.unpack_from(data)
    start = PREFIX.size + 32
    text = zlib.decompress(data[start : start + stored])
    if header is not None:
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
    payload = data[start + stored :] if payload is None else payload
    packed = zlib.compress(text)
    prefix = PREFIX.pack(data[:8], version, len(packed), len(text), len(payload))
    return prefix + hashlib.sha256(prefix + packed + payload).digest() + packed + payload


def parts(data: bytes) -> tuple[bytes, bytes]:
    """The header's text, and the payload."""
    stored, start = PREFIX.unpack_from(data)[2], PREFIX.size + 32
    return zlib.decompress(data[start : start + stored]), data[start + stored :]


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "model.bigm"
    model = keras.Sequential([keras.Input((20,)), layers.Dense(30, "relu"), layers.Dense(5, "softmax")])
    save_compressed(squeezed(model, 0.8, 3), path)
    return path.read_bytes()


def mutations(good: bytes):
    """1,200 damaged files: cut, with flipped bits, and with flipped bits where all checksums are right again."""
    rng = np.random.default_rng(1)
    text, payload = parts(good)

    def flipped(data, most=4):
        changed = bytearray(data)
        for at in rng.integers(0, len(changed), rng.integers(1, most + 1)):
            changed[at] ^= 1 << rng.integers(8)
        return bytes(changed)

    def other_number(match):
        return str(rng.choice([0, 1, 2, 7, 31, 255, 65536, 2**31, 2**40, 2**63, 10**30, -1], 1)[0]).encode()

    for cut in np.linspace(0, len(good) - 1, 200).astype(int):
        yield "cut", good[:cut]
    for _ in range(200):
        yield "flipped", flipped(good)
    for _ in range(250):
        yield "payload", rebuilt(good, payload=flipped(payload))
    for _ in range(50):
        yield "payload", rebuilt(good, payload=payload[: rng.integers(len(payload))])
    for _ in range(250):
        yield "header", rebuilt(good, header=flipped(text))
    numbers = list(re.finditer(rb"(?<=[:\[,])\d+(?=[,\]}])", text))
    for _ in range(250):
        match = numbers[rng.integers(len(numbers))]
        yield "number", rebuilt(good, header=text[: match.start()] + other_number(match) + text[match.end() :])


def test_1200_damaged_files_give_a_model_of_the_promised_size_or_one_clear_error(good, tmp_path):
    path, kinds, refused = tmp_path / "bad.bigm", {}, {}
    path.write_bytes(good)
    load_compressed(path)
    tracemalloc.start()
    for kind, data in mutations(good):
        path.write_bytes(data)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        try:
            model = load_compressed(path)
        except ValueError as error:  # any other exception fails the test
            assert str(error).startswith(f"{path} cannot be loaded as a compressed model: ")
            refused[kind] = refused.get(kind, 0) + 1
        else:
            assert model.count_params() == 20 * 30 + 30 + 30 * 5 + 5
        kinds[kind] = kinds.get(kind, 0) + 1
        assert tracemalloc.get_traced_memory()[1] - before < 32e6, kind
    tracemalloc.stop()
    assert sum(kinds.values()) == 1200
    assert refused["cut"] == 200 and refused["flipped"] == 200  # the checksum sees every accident
    assert refused["payload"] > 30 and refused["header"] > 100 and refused["number"] > 100


def with_header(good, change):
    header = json.loads(parts(good)[0])
    change(header)
    return rebuilt(good, header=header)


def first_layer(header):
    return header["model"]["config"]["layers"][1]


def evil(**node):
    def change(header):
        header["model"]["config"]["layers"][1] = {"config": {"name": "x"}, "registered_name": None} | node

    return change


HOSTILE = {
    "a Lambda layer": (evil(module="keras.layers", class_name="Lambda"), "'Lambda' is not allowed"),
    "a pickled module": (evil(module="keras.layers", class_name="TorchModuleWrapper"), "'TorchModuleWrapper' is not allowed"),
    "a SavedModel": (evil(module="keras.layers", class_name="TFSMLayer"), "'TFSMLayer' is not allowed"),
    "a layer that reads a file": (evil(module="keras.layers", class_name="StringLookup"), "'StringLookup' is not allowed"),
    "an old Lambda without a module": (evil(class_name="Lambda"), "'Lambda' is not allowed"),
    "another package": (evil(module="os", class_name="system"), "'system' is not allowed"),
    "a function of Keras": (evil(module="keras.utils", class_name="get_file"), "'get_file' is not allowed"),
    "code": (lambda h: first_layer(h)["config"].update(activation={"class_name": "__lambda__", "config": {"value": "x"}}),
             "'__lambda__' is not allowed"),
    "a function as activation": (
        lambda h: first_layer(h)["config"].update(
            activation={"class_name": "function", "config": "load_model", "module": "keras.models", "registered_name": "load_model"}),
        "'function' is not allowed"),
    "a huge array": (lambda h: first_layer(h)["config"].update(activation={"class_name": "__numpy__", "config": {"value": ["x"], "dtype": "S999999999"}}),
                     "'__numpy__' is not allowed"),
    "more units than weights": (lambda h: first_layer(h)["config"].update(units=900_000), "makes more values than the file holds"),
    "a huge number": (lambda h: first_layer(h)["config"].update(units=10**12), "1000000000000 is larger than any of its sizes"),
    "a wide input": (lambda h: h["model"]["config"]["layers"][0]["config"].update(batch_shape=[None, 1_000_000]), "cannot be made"),
    "ten thousand layers": (lambda h: h["model"]["config"].update(layers=h["model"]["config"]["layers"] * 9999), "too many"),
    "a huge tensor": (lambda h: h["tensors"][0].update(shape=[2**20, 2**20]), "its weights would take"),
    "a tensor of many axes": (lambda h: h["tensors"][0].update(shape=[1] * 99), "makes no sense"),
    "an object array": (lambda h: h["tensors"][0].update(dtype="object"), "makes no sense"),
    "a negative size": (lambda h: h["tensors"][0]["coded"].__setitem__(2, -1), "makes no sense"),
    "more values than places": (lambda h: h["tensors"][0]["coded"].__setitem__(2, 10**9), "makes no sense"),
    "no tensors": (lambda h: h.update(tensors=[]), "describes a payload of 0 bytes"),
    "tensors that are none": (lambda h: h.update(tensors={"a": 1}), "lists no tensors"),
    "another shape": (lambda h: h["tensors"][0].update(shape=[30, 20]), "makes other weights than those"),
    "an optimizer": (lambda h: h["model"].update(compile_config={"optimizer": "adam"}), ""),
    "no model": (lambda h: h.update(model=[1, 2]), "is not that of a model"),
    "a layer for a model": (lambda h: h.update(model=first_layer(h)), "is not that of a model"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(name, good, tmp_path):
    change, said = HOSTILE[name]
    path = tmp_path / "hostile.bigm"
    path.write_bytes(with_header(good, change))
    if said:
        with pytest.raises(ValueError, match=said):
            load_compressed(path)
    else:
        load_compressed(path)


def test_bombs_and_other_files(good, tmp_path):
    path = tmp_path / "bomb.bigm"

    def refuses(data, said, **options):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=f"cannot be loaded as a compressed model: {said}"):
            load_compressed(path, **options)

    refuses(b"", "it does not begin as one")
    refuses(b"PK\x03\x04" + bytes(500), "it does not begin as one")
    refuses(good[:8] + b"\x02\x00" + good[10:], "it has version 2")
    refuses(good + b"x", "it should have .* bytes, but has")
    refuses(rebuilt(good, header=b" " * 10**7), "its header would take 10000000 bytes")
    refuses(rebuilt(good, header=b"[" * 50_000 + b"]" * 50_000), "its header")
    refuses(
        rebuilt(good, header=b'{"model": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b', "tensors": []}'),
        "its (header|model)",
    )
    refuses(rebuilt(good, payload=b""), "its header describes a payload of")
    refuses(good, "its weights would take 3140 bytes", max_bytes=1000)


def test_a_file_may_not_be_emptier_than_stated(tmp_path, monkeypatch):
    """A model of zeros takes no payload at all."""
    model = keras.Sequential([keras.Input((2100,)), layers.Dense(2000, kernel_initializer="zeros")])
    with pytest.raises(ValueError, match="its 16808000 bytes of weights are 4096 times the file: too empty"):
        save_compressed(model, tmp_path / "zeros.bigm")
    monkeypatch.setattr(compressed_file, "RATIO", 10**6)
    assert save_compressed(model, tmp_path / "zeros.bigm") < 1000
    assert not load_compressed(tmp_path / "zeros.bigm").get_weights()[0].any()
    monkeypatch.undo()
    with pytest.raises(ValueError, match="its weights would take 16808000 bytes"):
        load_compressed(tmp_path / "zeros.bigm")


def test_the_report_measures(capsys, tmp_path):
    big = dense.mlp((40, 100, 10))
    small = squeezed(keras.models.clone_model(big))
    x, y = RNG.normal(size=(50, 40)).astype("float32"), RNG.integers(0, 10, 50)
    rows = {row["what"]: row for row in report(big, small, x, y, batch_size=8, rounds=5)}
    said = capsys.readouterr().out
    assert rows["parameters"]["before"] == rows["parameters"]["after"] == 5110 and rows["parameters"]["ratio"] == 1
    assert rows["non-zeros"]["after"] == nonzeros(small) == 500
    assert rows["bytes on disk"]["before"] == 4 * 5110
    assert rows["bytes on disk"]["after"] == save_compressed(small, tmp_path / "small.bigm")
    assert rows["accuracy"]["before"] == (output(big, x).argmax(-1) == y).mean()
    times = rows["milliseconds, batch of 8"]
    assert len(times["spread"]) == 2 and all(low <= high for low, high in times["spread"]) and times["after"] > 0
    assert all(f"{row['ratio']:.2f}" in said for row in rows.values()) and "20,440" in said
    (tmp_path / "other").write_bytes(bytes(5110))
    rows = report(big, small, x, rounds=2, files=(None, tmp_path / "other"))
    assert [row["ratio"] for row in rows if row["what"] == "bytes on disk"] == [4.0] and len(rows) == 4
    with pytest.raises(ValueError, match="are the same model"):
        report(big, big, x)


def test_latency_takes_turns():
    calls = []

    def call(name):
        return lambda x: calls.append(name) or x

    times = latency({"a": call("a"), "b": call("b")}, np.zeros(3), rounds=4, warm_up=1)
    assert "".join(calls) == "ab" * 5 and {name: t.shape for name, t in times.items()} == {"a": (4,), "b": (4,)}
