"""The capstone: what a file may hold, what is refused and why, what a file is worth, and the table of a class."""

import csv
import io
import json
import math
import re
import subprocess
import zipfile
import zlib

from bigmodel_lib import capstone, generation
from bigmodel_lib.capstone import __main__ as cli
from bigmodel_lib.capstone import files, scoring
from bigmodel_lib.compression import gptq, quantize_rows
from bigmodel_lib.models import gpt
from bigmodel_lib.models.initializers import blank
from bigmodel_lib.models.llama import Llama

import keras
import numpy as np
import pytest

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def judge():
    return capstone.judge("tiny")


@pytest.fixture
def tiny(judge):
    return judge.reference


def matrices(model):
    return {
        n: np.asarray(keras.ops.convert_to_numpy(v))
        for n, v in capstone.tensor_names(model).items()
        if len(v.shape) == 2
    }


def made(**sizes):
    with blank():
        return Llama(**sizes)


def read(path, tiny, **settings):
    return capstone.read(path, **{"vocab_size": tiny.vocab_size} | settings)


# ------------------------------------------------------------------ what a tensor is stored as


def test_a_grid_is_what_it_is_by_hand():
    q = np.array([[0, 3], [1, 2], [2, 1], [3, 0]], "uint8")
    scale, zero, offset = np.array([[0.5, 2.0]]), np.array([[1], [2]]), np.array([[10.0]])
    want = [[0.5 * (q[i, 0] - zero[i // 2, 0]) + 10, 2 * (float(q[i, 1]) - zero[i // 2, 0]) + 10] for i in range(4)]
    assert capstone.values({"integers": q, "scale": scale, "zero": zero, "offset": offset}).tolist() == want


def test_every_part_and_their_combinations():
    q = RNG.integers(0, 4, (6, 8)).astype("uint8")
    book, scale = np.array([-1.5, -0.25, 0.5, 2.0], "float16"), RNG.normal(size=(3, 2)).astype("float32")
    blocks = np.kron(scale, np.ones((2, 4)))
    np.testing.assert_allclose(
        capstone.values({"integers": q, "codebook": book, "scale": scale}), book[q] * blocks, rtol=1e-6
    )
    left, right = RNG.normal(size=(6, 2)).astype("float16"), {"integers": q[:2], "scale": np.full((1, 1), 0.5)}
    np.testing.assert_allclose(
        capstone.values({"left": left, "right": right}), left.astype("float32") @ (0.5 * q[:2]), rtol=1e-6
    )
    assert capstone.values(left).dtype == np.float32


def test_it_holds_what_gptq_and_the_quantizer_give():
    w = RNG.normal(size=(64, 8)).astype("float32")
    r = gptq.nearest(w, bits=3, group=16)
    assert (capstone.values({"integers": r.integers, "scale": r.scale, "zero": r.zero}) == r.values()).all()
    q, s = quantize_rows(w.T)
    np.testing.assert_allclose(
        capstone.values({"integers": q.T.copy(), "scale": s[None]}), (q * s[:, None]).T, rtol=1e-6
    )


Q = np.zeros((4, 6), "int8")


@pytest.mark.parametrize(
    "parts, message",
    [
        (Q, "call integers 'integers'"),
        ([1.0], "not a list"),
        ({"scale": np.ones((1, 1))}, "must be 'integers' with any of"),
        ({"integers": Q, "scales": np.ones((1, 1))}, "not integers, scales"),
        ({"integers": Q.astype("float32")}, "must be a matrix of integers"),
        ({"integers": Q[0]}, "must be a matrix of integers"),
        ({"integers": Q, "scale": np.ones((3, 1))}, "equal blocks"),
        ({"integers": Q, "scale": np.ones(6)}, "equal blocks"),
        ({"integers": Q, "scale": np.ones((0, 6))}, "equal blocks"),
        ({"integers": Q + 2, "codebook": np.ones(2)}, "from 0 to k - 1"),
        ({"integers": Q - 1, "codebook": np.ones(2)}, "from 0 to k - 1"),
        ({"left": np.ones((4, 2)), "right": np.ones((3, 6))}, "cannot be multiplied"),
        ({"left": np.ones((4, 2)), "right": np.ones((2, 6)), "scale": np.ones((1, 1))}, "must be 'integers'"),
    ],
)
def test_parts_that_fit_nothing_are_one_clear_error(parts, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        capstone.values(parts)


# ------------------------------------------------------------------ the file


def test_a_file_holds_the_model_and_is_small(tiny, tmp_path):
    stored = {
        name: dict(zip(("integers", "scale"), ((q := quantize_rows(w, 4))[0], q[1][:, None])))
        for name, w in matrices(tiny).items()
    }
    size = capstone.write(tmp_path / "a.zip", tiny, stored)
    again = read(tmp_path / "a.zip", tiny)
    assert size == (tmp_path / "a.zip").stat().st_size
    for name, variable in capstone.tensor_names(again).items():
        want = capstone.values(stored[name]) if name in stored else np.asarray(capstone.tensor_names(tiny)[name])
        np.testing.assert_allclose(np.asarray(variable), want, rtol=1e-3)
        assert name not in stored or (np.asarray(variable) == want).all()
    integers = np.concatenate([part["integers"].ravel() for part in stored.values()])
    p = np.unique(integers, return_counts=True)[1] / integers.size
    entropy = -(p * np.log2(p)).sum()
    rest = (
        8 * sum(part["scale"].nbytes for part in stored.values())
        + 8 * 4 * 64 * 5
        + 8 * 260 * len(zipfile.ZipFile(tmp_path / "a.zip").namelist())
    )
    assert (
        8 * size < 1.05 * entropy * integers.size + rest
    )  # about what no code of single values can beat, and no 8 bits each


@pytest.mark.parametrize("dtype", files.DTYPES)
@pytest.mark.parametrize("make", ["noise", "runs", "repeats"])
def test_arrays_come_back_bit_for_bit(dtype, make):
    x = RNG.integers(0, 100, (37, 20))
    x = (
        x * (RNG.random(x.shape) < 0.05) if make == "runs" else np.tile(x[:1], (37, 1)) if make == "repeats" else x
    ).astype(dtype)
    data = files._deflated(x)
    again = files._inflated(data, dtype, list(x.shape))
    assert (again == x).all() and again.dtype == x.dtype and len(data) < (300 if make == "repeats" else x.nbytes + 64)


def test_int8_is_how_it_is_served(tiny, tmp_path):
    capstone.write(tmp_path / "a.zip", tiny, {}, serve="int8")
    model, rows = read(tmp_path / "a.zip", tiny), RNG.integers(0, 96, (2, 20))
    assert type(model.blocks[0].attention.qkv).__name__ == "QuantizedDense"
    one, other = (keras.ops.convert_to_numpy(m(rows)) for m in (model, tiny))
    assert 0 < np.abs(one - other).max() < 0.05 * np.abs(other).max()


def test_fewer_blocks_are_allowed(tiny, tmp_path):
    small = made(**capstone.sizes(tiny) | {"num_layers": 1})
    names = capstone.tensor_names(small)
    for name, variable in names.items():
        variable.assign(capstone.tensor_names(tiny)[name])
    capstone.write(tmp_path / "a.zip", small, {name: np.asarray(variable) for name, variable in names.items()})
    again, rows = read(tmp_path / "a.zip", tiny), RNG.integers(0, 96, (1, 9))
    np.testing.assert_allclose(np.asarray(again(rows)), np.asarray(small(rows)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("tied", [True, False])
def test_weights_are_counted_without_making_the_model(tied):
    model = made(
        vocab_size=40,
        num_layers=3,
        num_heads=4,
        num_kv_heads=2,
        head_dim=6,
        d_model=20,
        d_ff=31,
        seq_len=16,
        tied_embedding=tied,
    )
    assert files._weights(capstone.sizes(model)) == model.count_params()


@pytest.mark.parametrize(
    "tensors, settings, message",
    [
        ({"embedding": np.ones((96, 64))}, {}, "the model has no tensor \\['embedding'\\]"),
        ({"output_norm/scale": np.ones(63)}, {}, "output_norm/scale cannot be stored: it must have the shape \\(64,\\), not \\(63,\\)"),
        ({"output_norm/scale": np.full(64, np.nan)}, {}, "not finite"),
        ({"output_norm/scale": np.ones(64)}, {}, "its float64 can be one of float16"),
        ({}, {"serve": "int4"}, "serve must be one of float32, int8"),
    ],
)  # fmt: skip
def test_what_cannot_be_written(tiny, tmp_path, tensors, settings, message):
    with pytest.raises(ValueError, match=message):
        capstone.write(tmp_path / "a.zip", tiny, tensors, **settings)
    assert list(tmp_path.iterdir()) == []


def test_only_llamas_are_written(tmp_path):
    model = gpt.gpt(vocab_size=50, num_layers=1, num_heads=2, d_model=8, seq_len=6)
    with pytest.raises(ValueError, match="must be a Llama, not a Functional"):
        capstone.write(tmp_path / "a.zip", model, {})


def rewritten(path, about=None, members=None, drop=()):
    """The file with another description, other members, or without some."""
    with zipfile.ZipFile(path) as old:
        kept = {name: old.read(name) for name in old.namelist() if name not in drop}
    if about:
        told = json.loads(zlib.decompress(kept["about.json"]))
        kept["about.json"] = zlib.compress(json.dumps(about(told) or told).encode())
    with zipfile.ZipFile(path, "w") as new:
        for name, data in (kept | (members or {})).items():
            new.writestr(name, data)


NORM = "output_norm/scale"


def size(**changed):
    return lambda path: rewritten(path, lambda told: told["sizes"].update(changed))


def listed(name, entry):
    return lambda path: rewritten(path, lambda told: told["arrays"].update({name: entry}))


def cut(path, share):
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def flipped(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 255
    path.write_bytes(data)


def flagged(path):
    """As if the members were encrypted: a bit in both headers of each."""
    data = path.read_bytes()
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data = b"".join(
            piece[: at - 4] + bytes([piece[at - 4] | 1]) + piece[at - 3 :] if i else piece
            for i, piece in enumerate(re.split(b"(?<=" + re.escape(mark) + b")", data))
        )
    path.write_bytes(data)


def bomb(path):
    data = zlib.compress(bytes(10**8))
    rewritten(path, lambda told: told["arrays"].update({NORM: ["uint8", [10**4, 10**4]]}), {NORM: data})


REFUSED = {
    "cut in the middle": (lambda path: cut(path, 0.5), "no archive that `write` made, or its end is missing"),
    "cut at the end": (lambda path: cut(path, 0.999), "its end is missing"),
    "empty": (lambda path: path.write_bytes(b""), "its end is missing"),
    "text": (lambda path: path.write_text("a model"), "no archive"),
    "not there": (lambda path: path.unlink(), "there is no such file"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "there is no such file"),
    "a flipped byte": (flipped, "damaged"),
    "another zip": (lambda path: rewritten(path, drop=("about.json",)), "damaged .*about.json"),
    "deflated by the zip": (lambda path: zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED).writestr("a", "b" * 99), "must be stored"),
    "encrypted": (lambda path: flagged(path), "damaged .*encrypted"),
    "nested too deep": (lambda path: rewritten(path, members={"about.json": zlib.compress(b"[" * 100_000)}), "damaged"),
    "a description that is no dictionary": (lambda path: rewritten(path, lambda told: [1]), "'arrays' must list"),
    "no sizes": (lambda path: rewritten(path, lambda told: {k: v for k, v in told.items() if k != "sizes"}), "sizes of a Llama"),
    "a size that is unknown": (size(dropout=0.1), "the sizes of a Llama are"),
    "a size that is text": (size(d_model="64"), "the sizes of a Llama are"),
    "a size below 0": (size(num_layers=-1), "the sizes of a Llama are"),
    "another vocabulary": (size(vocab_size=97), "must have 96 tokens, not 97"),
    "too large a model": (size(d_ff=10**9), "at most 134,515,008 are allowed"),
    "a size that no float can hold": (size(rope_theta=10**400), "numbers from 0 to 2.31"),
    "a size that is infinite": (size(epsilon=math.inf), "numbers from 0 to 2.31"),
    "heads that do not fit": (size(num_heads=3), "cannot be read as a model"),
    "a block that is missing": (size(num_layers=3), "it lacks block_2/"),
    "a block too many": (size(num_layers=1), "unknown tensor: block_1/"),
    "other widths": (size(d_ff=100), "feed_forward/gate_up/kernel: it must have the shape"),
    "another serve": (lambda path: rewritten(path, lambda told: told.update(serve="fast")), "serve, one of float32, int8"),
    "a member that is missing": (lambda path: rewritten(path, drop=(NORM,)), "damaged"),
    "a type of objects": (listed(NORM, ["object", [64]]), "must list dtypes and shapes"),
    "a shape that is none": (listed(NORM, ["float16", [-64]]), "must list dtypes and shapes"),
    "a shape that lies": (listed(NORM, ["float16", [65]]), "cannot be .65. numbers"),
    "more memory than allowed": (listed(NORM, ["float32", [2**30, 2**10]]), "at most 8 a weight are allowed"),
    "a tensor twice": (listed(NORM + ":scale", ["float16", [64, 1]]), "is stored twice"),
    "a part of its own": (listed("x:scale", ["float16", [64, 1]]), "damaged|lacks|unknown"),
    "NaN": (lambda path: rewritten(path, members={NORM: files._deflated(np.full(64, np.nan, "float16"))}), "not finite"),
    "infinite": (lambda path: rewritten(path, members={NORM: files._deflated(np.full(64, np.inf, "float16"))}), "not finite"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_refused_says_why_in_one_line(tiny, tmp_path, name):
    path = tmp_path / "a.zip"
    capstone.write(path, tiny, {})
    spoil, message = REFUSED[name]
    spoil(path)
    with pytest.raises(ValueError, match=message) as caught:
        read(path, tiny)
    assert str(caught.value).startswith("a.zip cannot be read as a model") and "\n" not in str(caught.value)


def test_what_is_inflated_is_limited_by_what_is_told(tiny, tmp_path):
    capstone.write(tmp_path / "a.zip", tiny, {})
    bomb(tmp_path / "a.zip")
    with pytest.raises(ValueError, match="at most 8 a weight"):
        read(tmp_path / "a.zip", tiny, largest=tiny.count_params())
    rewritten(tmp_path / "a.zip", lambda told: told["arrays"].update({NORM: ["float16", [64]]}))
    with pytest.raises(ValueError, match="129 bytes cannot be"):  # no more was made of the 100 MB
        read(tmp_path / "a.zip", tiny)


# ------------------------------------------------------------------ the score


def test_points_by_hand():
    assert capstone.points(1, 1, 1) == 0
    assert capstone.points(8, 2, 1) == pytest.approx(4)
    assert capstone.points(8, 2, 2 ** (1 / 8)) == pytest.approx(3)
    assert capstone.points(0.5, 0.5, 0.9) == pytest.approx(-2)  # better than float32 counts as 1
    assert abs(capstone.points(2, 2, math.exp(0.19))) < 0.25  # a model of half the size, trained: nothing is gained


def test_points_are_monotone_in_each_ratio():
    draw = np.random.default_rng(1).uniform(0.1, 9, (300, 3))
    for size_, speed, perplexity in draw:
        here = capstone.points(size_, speed, perplexity)
        assert capstone.points(1.1 * size_, speed, perplexity) > here < capstone.points(size_, 1.1 * speed, perplexity)
        worse = capstone.points(size_, speed, 1.1 * perplexity)
        assert worse < here if perplexity >= 1 else worse <= here


@pytest.mark.parametrize("bad", [0, -1, math.nan, math.inf])
def test_points_refuse_what_is_no_ratio(bad):
    for at, name in enumerate(("size", "speed", "perplexity")):
        with pytest.raises(ValueError, match=f"{name} must be a ratio above 0"):
            capstone.points(*[bad if i == at else 1 for i in range(3)])


def test_speed_leaves_the_prompt_and_the_compilation_out():
    now, calls = [0.0], []

    def run(count, each):
        calls.append(count)
        now[0] += 10 + each * count + (1000 if len(calls) <= 4 else 0) + (50 if len(calls) == 9 else 0)
        return count

    runs = {"slow": lambda n: run(n, 0.5), "fast": lambda n: run(n, 0.1)}
    found = scoring.speeds(runs, 20, 3, clock=lambda: now[0])
    assert found == pytest.approx({"slow": 2.0, "fast": 10.0})  # 10 s a prompt, one disturbance: neither is seen
    with pytest.raises(ValueError, match="should have written 1 tokens, but it wrote 2"):
        scoring.speeds({"a": lambda n: n + 1}, 5, 1)


def test_a_file_is_measured_as_its_model_would_be(judge, tiny, tmp_path):
    stored = {
        name: {"integers": np.rint(w * 20).astype("int8"), "scale": np.full((1, 1), 0.05, "float32")}
        for name, w in matrices(tiny).items()
    }
    size_ = capstone.write(tmp_path / "a.zip", tiny, stored)
    result = capstone.measure(tmp_path / "a.zip", judge, new_tokens=8, rounds=1)
    model = read(tmp_path / "a.zip", tiny)
    scores = np.stack([generation.token_log_probabilities(model, row) for row in judge.rows])
    assert result["perplexity"] == pytest.approx(np.exp(-scores.mean()), rel=1e-5)
    above = (judge.log_probabilities - scores).ravel()
    assert result["standard_error"] == pytest.approx(above.std(ddof=1) / math.sqrt(above.size), rel=1e-3)
    assert result["bytes"] == size_ and result["reference_bytes"] == 4 * tiny.count_params()
    assert result["bits_per_weight"] == pytest.approx(8 * size_ / tiny.count_params())
    size_ratio, speed = result["reference_bytes"] / size_, result["tokens_per_s"] / result["reference_tokens_per_s"]
    assert result["score"] == pytest.approx(
        capstone.points(size_ratio, speed, result["perplexity"] / result["reference_perplexity"])
    )
    json.dumps(result)


def test_float32_itself_has_no_perplexity_to_lose(judge, tiny, tmp_path):
    capstone.write(tmp_path / "a.zip", tiny, {name: np.asarray(v) for name, v in capstone.tensor_names(tiny).items()})
    result = capstone.measure(tmp_path / "a.zip", judge, new_tokens=8, rounds=1)
    assert result["perplexity"] == pytest.approx(result["reference_perplexity"], rel=1e-6)


def test_a_larger_model_than_the_reference_is_refused(judge, tiny, tmp_path):
    large = made(**capstone.sizes(tiny) | {"num_layers": 3})
    capstone.write(tmp_path / "a.zip", large, {})
    with pytest.raises(ValueError, match="weights, but at most"):
        capstone.measure(tmp_path / "a.zip", judge)


def test_weights_that_overflow_are_refused(judge, tiny, tmp_path):
    big = {"output_norm/scale": np.full(64, 3e38, "float32")}
    capstone.write(tmp_path / "a.zip", tiny, big)
    with pytest.raises(ValueError, match="probabilities that are not finite"):
        capstone.measure(tmp_path / "a.zip", judge)


def test_a_fresh_process_scores_good_files_beside_bad_ones(tiny, tmp_path):
    capstone.write(tmp_path / "a.zip", tiny, {}, serve="int8")
    (tmp_path / "b.zip").write_bytes((tmp_path / "a.zip").read_bytes()[:-9])
    good, bad = capstone.score([tmp_path / "a.zip", tmp_path / "b.zip"], "Ada Ω", judge="tiny")
    assert good["name"] == bad["name"] == "Ada Ω" and good["judge"] == "tiny" and good["score"] > 0
    assert "problem" in bad and "its end is missing" in bad["problem"]


@pytest.mark.parametrize(
    "parts", [{"integers": np.ones((2, 2), "int8"), "scale": 0.5}, {"integers": {"x": np.ones(2, "int8")}}]
)
def test_parts_that_are_no_arrays_are_one_clear_error(parts):
    with pytest.raises(ValueError, match="each part of a tensor must be an array"):
        capstone.values(parts)


def test_factors_whose_product_is_too_large_are_refused_before_it_is_made():
    with pytest.raises(ValueError, match="left and right make 100,000,000,000,000 values"):
        capstone.values({"left": np.ones((10**7, 1), "float16"), "right": np.ones((1, 10**7), "float16")})


def test_names_that_look_like_an_option_or_a_formula(tiny, tmp_path):
    capstone.write(tmp_path / "a.zip", tiny, {}, serve="int8")
    assert capstone.score(tmp_path / "a.zip", "-Ada", judge="tiny")[0]["name"] == "-Ada"
    lines = capstone.table([result("-2+3") | {"rank": 1}], "csv")
    assert "'-2+3" in lines


def test_a_class_is_scored_by_a_pattern_and_named_by_the_folders_that_differ(tiny, tmp_path, capsys):
    for student in ("Ada", "Bo"):
        folder = tmp_path / "submitted" / student / "6-capstone"
        folder.mkdir(parents=True)
        capstone.write(folder / "mine.zip", tiny, {}, serve="int8")
    out = tmp_path / "not there yet" / "all.json"
    pattern = str(tmp_path / "submitted" / "*" / "6-capstone" / "mine.zip")
    assert cli.main(["score", pattern, "--judge", "tiny", "--json", str(out)]) == 0
    assert [row["name"] for row in json.loads(out.read_text("utf-8"))] == ["Ada/6-capstone/mine", "Bo/6-capstone/mine"]
    assert cli._names(["a/b/mine.zip"]) == ["b/mine"] and cli._names(["x/a.zip", "x/b.zip"]) == ["x/a", "x/b"]


def test_a_scorer_that_dies_is_one_clear_error(tmp_path, monkeypatch, capsys):
    died = subprocess.CompletedProcess([], -9, "", "a line\nKilled\n")
    monkeypatch.setattr(scoring.subprocess, "run", lambda *args, **settings: died)
    with pytest.raises(RuntimeError, match="ended with -9 and without a result .out of memory.*Killed"):
        capstone.score(tmp_path / "a.zip")
    assert cli.main(["score", str(tmp_path / "a.zip"), "--judge", "nobody"]) == 2
    assert "the judges are smollm2 and tiny, not 'nobody'" in capsys.readouterr().err


# ------------------------------------------------------------------ the table


FLOAT32 = next(row for row in capstone.references() if row["name"] == "float32")


def result(name="Ada", score=3.0, judge="smollm2", **changed):
    """A result with this score: from the size alone."""
    row = {
        "name": name, "file": "a.zip", "bytes": FLOAT32["bytes"] / 2**score, "reference_bytes": FLOAT32["bytes"], "bits_per_weight": 4.0,
        "perplexity": FLOAT32["perplexity"], "reference_perplexity": FLOAT32["perplexity"], "tokens_per_s": 50.0,
        "reference_tokens_per_s": 50.0, "judge": judge, "sha256": name, "score": score,
    }  # fmt: skip
    return row | changed


def lay(folder, **results):
    for name, told in results.items():
        (folder / f"{name}.json").write_text(told if isinstance(told, str) else json.dumps(told), "utf-8")


def test_a_class_is_sorted_and_equal_scores_share_a_rank(tmp_path):
    (tmp_path / "late").mkdir()
    lay(
        tmp_path,
        a=[result("Ada", 3.0), result("Ada", 1.0, sha256="x")],
        b=result("Bo", 4.0),
        c=result("Cy", 3.001, bytes=FLOAT32["bytes"] / 2**4.001, tokens_per_s=25.0),
    )
    lay(tmp_path / "late", d=result("Di", 2.0))
    rows, problems = capstone.collect(tmp_path)
    assert [(r["rank"], r["name"]) for r in rows] == [(1, "Bo"), (2, "Cy"), (2, "Ada"), (4, "Di"), (5, "Ada")]
    assert problems == []


def test_bits_are_counted_from_the_bytes(tmp_path):
    lay(tmp_path, a=result("Ada", 3.0, bits_per_weight=0.5))
    assert capstone.collect(tmp_path)[0][0]["bits_per_weight"] == pytest.approx(4.0)


def test_a_class_with_another_judge_has_its_own_float32(tmp_path):
    lay(tmp_path, a=result("Ada", judge="tiny", reference_bytes=2**20, bytes=2**17))
    rows, problems = capstone.collect(tmp_path, "tiny")
    assert [row["name"] for row in rows] == ["Ada"] and problems == []


def test_the_same_file_under_two_names_is_said(tmp_path):
    lay(tmp_path, a=result("Ada", 3.0, sha256="f"), b=result("Bo", 2.9, sha256="f"), c=result("Ada", 2.0, sha256="f"))
    rows, _ = capstone.collect(tmp_path)
    assert [row["note"] for row in rows] == ["", "the same file as Ada's", ""]


BAD = {
    "no JSON": ("{", "cannot be read as JSON"),
    "nothing": ("", "cannot be read as JSON"),
    "a number": ("3", "must hold a result of `score`, not a int"),
    "an empty list": ("[]", "must hold a result of `score`, not a list"),
    "a field is missing": (
        {k: v for k, v in result().items() if k not in ("perplexity", "bytes")},
        "lacks bytes, perplexity; score the file again",
    ),
    "text for a number": (result(bytes="many"), "bytes must be a finite number, not 'many'"),
    "a truth for a number": (result(tokens_per_s=True), "tokens_per_s must be a finite number, not True"),
    "NaN": (result(perplexity=math.nan), "perplexity must be a finite number, not nan"),
    "zero": (result(tokens_per_s=0), "tokens_per_s must be above 0, not 0"),
    "a score that was edited": (result(score=3.0) | {"score": 9.0}, "says 9.00 points, but its numbers make 3.00"),
    "another judge": (result(judge="tiny"), "was measured by the judge 'tiny', not by 'smollm2'"),
    "a whole number beyond all floats": (result(bytes=10**400), "bytes must be a finite number, not 1000"),
    "numbers that make no score": (result(bytes=1e-320), "has numbers that make no score (size must be"),
    "a name that is a list": (result(name=["Bo"]), "name must be text, not ['Bo']"),
    "a checksum that is a list": (result(sha256=["f"]), "sha256 must be text, not ['f']"),
    "nested too deep": ("[" * 100_000, "cannot be read as JSON"),
    "another float32": (
        result(reference_bytes=2**40),
        "says reference_bytes 1.09951e+12, which is 5.3806e+08 with this judge",
    ),
    "another text": (
        result(perplexity=20.0, reference_perplexity=20.0),
        "reference_perplexity 20, which is 43.7537 with this judge",
    ),
    "refused": ({"name": "Bo", "file": "b.zip", "problem": "b.zip is cut"}, "Bo's file was refused: b.zip is cut"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_row_is_named_and_the_others_stay(tmp_path, name):
    told, message = BAD[name]
    lay(tmp_path, a=result("Ada"), b=told)
    rows, problems = capstone.collect(tmp_path)
    assert [row["name"] for row in rows] == ["Ada"]
    assert len(problems) == 1 and problems[0].startswith("b.json: ") and message in problems[0]


def test_bytes_that_are_no_text_are_a_problem_too(tmp_path):
    (tmp_path / "x.json").write_bytes(b"\xff\xfe\x00")
    assert len(capstone.collect(tmp_path)[1]) == 1
    with pytest.raises(ValueError, match="there is no folder"):
        capstone.collect(tmp_path / "none")


def test_tables_in_markdown_and_for_a_spreadsheet():
    row = result("=1+1 | a\nb", 2.0) | {"rank": 1, "note": ""}
    lines = capstone.table([row]).splitlines()
    assert len(lines) == 3 and lines[2].startswith("| 1 | =1+1 \\| a b | 2.00 | 134.5 | 4.000 | 1.000 | 1.00 | 50 |")
    parsed = list(csv.reader(io.StringIO(capstone.table([row], "csv"))))
    assert (
        len(parsed) == 2
        and len(parsed[0]) == len(parsed[1])
        and parsed[1][1] == "'=1+1 | a b"
        and parsed[1][2] == "2.00"
    )
    with pytest.raises(ValueError, match="form must be markdown or csv"):
        capstone.table([row], "html")


def test_the_command_line_collects_and_names_what_is_no_row(tmp_path, capsys):
    lay(tmp_path, a=result("Ada"), b="{")
    assert (
        cli.main(["table", str(tmp_path), "--csv", str(tmp_path / "t.csv"), "--markdown", str(tmp_path / "t.md")]) == 1
    )
    said = capsys.readouterr()
    assert "| 1 | Ada |" in said.out and said.err.startswith("no row: b.json: ") and said.err.count("\n") == 1
    assert "Ada" in (tmp_path / "t.csv").read_text("utf-8") and "| 1 | Ada |" in (tmp_path / "t.md").read_text("utf-8")
    assert cli.main(["table", str(tmp_path / "none")]) == 2
    assert "error: there is no folder" in capsys.readouterr().err
    (tmp_path / "b.json").unlink()
    assert cli.main(["table", str(tmp_path), "--references"]) == 0
    assert "of the course" in capsys.readouterr().out


def test_the_course_s_own_files_are_rows_too():
    rows = {row["name"]: row for row in capstone.references()}
    assert rows["float32"]["score"] == 0 and len(rows) >= 4
    for row in rows.values():
        assert abs(scoring._score(row) - row["score"]) < 0.01
