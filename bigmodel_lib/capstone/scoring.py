"""Judges a file: its bytes, the perplexity of the model in it, and how fast that writes, all beside float32 on the same machine.

What it cannot prevent: that somebody looked at the judge's text (`score` takes another one), trained on texts like it, or edited a
result by hand (`score` the file again: the result holds its checksum). The tokenizer is given and not counted.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

from bigmodel_lib import generation, models
from bigmodel_lib.capstone.files import read, require
from bigmodel_lib.data import text
from bigmodel_lib.models.initializers import blank
from bigmodel_lib.models.llama import Llama

import numpy as np

__all__ = ["Judge", "calibration_rows", "held_out_rows", "judge", "measure", "points", "score"]

WEIGHT = 8  # points that a doubling of the perplexity costs
PROMPT = "Once upon a time, a large model that lived in a small laptop"
SEQ_LEN = 512


def points(size: float, speed: float, perplexity: float) -> float:
    """$\\log_2 \\text{size} + \\log_2 \\text{speed} - 8 \\log_2 \\max(1, \\text{perplexity})$: 0 for float32, more is better.

    Half of the bytes is worth one point, twice the speed another, and a perplexity higher by 9 % (2^(1/8)) costs one. Why 8: who
    wants half of the bytes at twice the speed can train a model of half the size. By the law of Hoffmann et al. it has 0.19 nats a
    token more at this size, and 8 log2(e^0.19) = 2.1: so that gives the score of float32, about 0. A perplexity below float32's
    counts as 1, for compression is judged here and not more training.

    Args:
        size: bytes of float32 over bytes of the file.
        speed: tokens a second over those of float32, on the same machine.
        perplexity: over that of float32, on the same text.

    Raises:
        ValueError: a ratio that is not a finite number above 0.

    Example:
        >>> points(4, 2, 1), round(points(1, 1, 2 ** 0.125), 9), points(1, 1, 0.5)
        (3.0, -1.0, 0.0)

    Source: of the law, J. Hoffmann et al. 2022, arXiv:2203.15556, §D.3, eq. 10.
    """
    for name, ratio in (("size", size), ("speed", speed), ("perplexity", perplexity)):
        require(0 < ratio < math.inf, f"{name} must be a ratio above 0 and finite, not {ratio}")
    return math.log2(size) + math.log2(speed) - WEIGHT * math.log2(max(1.0, perplexity))


class Judge:
    """What every file is measured against.

    Args:
        name: written into each result.
        reference: the model in float32.
        rows: (n, seq_len) tokens of the text on which the perplexity is measured; nothing may be fitted to them.
        prompt: token ids that are continued when the speed is measured.
    """

    def __init__(self, name: str, reference: Llama, rows: np.ndarray, prompt: Sequence[int]):
        self.name, self.reference, self.rows, self.prompt = name, reference, np.asarray(rows), list(prompt)

    @functools.cached_property
    def log_probabilities(self) -> np.ndarray:
        """(n, seq_len - 1) of the reference, in nats."""
        return _log_probabilities(self.reference, self.rows)


def _log_probabilities(model, rows) -> np.ndarray:
    return np.stack([generation.token_log_probabilities(model, row) for row in rows]).astype(float)


def _rows(tokenizer, words: str, count: int, seq_len: int) -> np.ndarray:
    ids = tokenizer.encode(words[: 8 * seq_len * count])
    require(len(ids) >= count * seq_len, f"the text must have {count * seq_len} tokens, not {len(ids)}")
    return np.array(ids[: count * seq_len], "int32").reshape(count, seq_len)


def calibration_rows(tokenizer, count: int = 8, seq_len: int = SEQ_LEN) -> np.ndarray:
    """(count, seq_len) tokens that a method may look at: plays and editorials of the train splits, half and half.

    Raises:
        ValueError: count is not even.
    """
    require(count % 2 == 0 and count > 0, f"count must be even, half plays and half editorials, not {count}")
    plays, editorials = "\n".join(text.plays("train").values()), " ".join(text.rated_sentences("train", "nyt")[0])
    return np.concatenate([_rows(tokenizer, words, count // 2, seq_len) for words in (plays, editorials)])


def held_out_rows(tokenizer, words: str | None = None) -> np.ndarray:
    """(2, 512) tokens on which files are judged: 512 of Macbeth and 512 of editorials of the test split; or the first of `words`."""
    if words is not None:
        return _rows(tokenizer, words, 2, SEQ_LEN)
    parts = text.plays("test")["macbeth"], " ".join(text.rated_sentences("test", "nyt")[0])
    return np.concatenate([_rows(tokenizer, part, 1, SEQ_LEN) for part in parts])


def judge(name: str = "smollm2", words: str | None = None) -> Judge:
    """The judge of the capstone; "tiny" is a random model of two blocks, on which a file format is tried out in a second.

    Args:
        name: "smollm2" or "tiny".
        words: another text in the place of the course's, for "smollm2".
    """
    require(name in ("smollm2", "tiny"), f"the judges are smollm2 and tiny, not {name!r}")
    if name == "smollm2":
        model, tokenizer = models.smollm2()
        rows = held_out_rows(tokenizer, words)
        return Judge(name if words is None else f"{name} on another text", model, rows, tokenizer.encode(PROMPT))
    with blank():
        model = Llama(vocab_size=96, num_layers=2, num_heads=4, num_kv_heads=2, d_model=64, d_ff=96, seq_len=256)
    draw = np.random.default_rng(0)
    model.set_weights([draw.normal(1.0 if w.ndim == 1 else 0.0, 0.1, w.shape) for w in model.get_weights()])
    return Judge(name, model, draw.integers(0, 96, (2, 32)), range(5))


def speeds(
    runs: dict[str, Callable[[int], int]], new_tokens: int, rounds: int, clock=time.perf_counter
) -> dict[str, float]:
    """Tokens a second of functions that write a number of tokens, in turns: medians over the rounds, reading the prompt apart.

    Args:
        runs: by name; run(n) reads a prompt and writes n tokens, the first of which comes out of the prompt.
        clock: seconds.
    """
    found: dict = {name: [] for name in runs}
    for run in runs.values():  # compile what reads and what writes
        run(1), run(2)
    for _ in range(rounds):
        for name, run in runs.items():
            times = [clock()]
            for count in (1, 1 + new_tokens):
                made = run(count)
                require(made == count, f"it should have written {count} tokens, but it wrote {made}")
                times.append(clock())
            found[name].append(new_tokens / max(1e-9, times[2] - 2 * times[1] + times[0]))
    return {name: statistics.median(values) for name, values in found.items()}


def measure(
    path: str | os.PathLike, judge: Judge, new_tokens: int = 32, rounds: int = 5, largest: int | None = None
) -> dict:
    """What a file is worth, as a dictionary that JSON can hold. The file is read here: call it in a process that holds nothing else.

    Args:
        path: of the file.
        judge: beside whose model it is measured.
        new_tokens, rounds: of the measurement of the speed.
        largest: number of weights allowed; by default those of the reference.

    Raises:
        ValueError: the file cannot be read as a model (see `read`), or what the model computes is not finite.
    """
    path, reference = pathlib.Path(path), judge.reference
    gc.collect()  # the model of the file before
    model = read(path, reference.vocab_size, largest or reference.count_params())
    require(
        model.seq_len >= max(judge.rows.shape[1], len(judge.prompt) + 1 + new_tokens),
        f"{path.name} holds too short a context",
    )
    scores = _log_probabilities(model, judge.rows)
    require(bool(np.isfinite(scores).all()), f"{path.name}: the model gives probabilities that are not finite")
    runs = {
        name: lambda count, some=some: len(generation.generate_ids(some, [judge.prompt], count)[0])
        for name, some in (("float32", reference), ("file", model))
    }
    speed, above, data = speeds(runs, new_tokens, rounds), judge.log_probabilities - scores, path.read_bytes()
    result = {
        "file": path.name, "bytes": len(data), "reference_bytes": 4 * reference.count_params(),
        "perplexity": _perplexity(scores), "reference_perplexity": _perplexity(judge.log_probabilities),
        "standard_error": float(above.std(ddof=1) / math.sqrt(above.size)),  # of the difference in nats a token, paired
        "tokens_per_s": speed["file"], "reference_tokens_per_s": speed["float32"], "judge": judge.name,
        "sha256": hashlib.sha256(data).hexdigest(), "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }  # fmt: skip
    return result | {"bits_per_weight": 8 * len(data) / reference.count_params(), "score": _score(result)}


def _perplexity(scores) -> float:
    return float(np.exp(min(700.0, -scores.mean())))


def _score(result: dict) -> float:
    """The points that follow from what was measured."""
    return points(
        result["reference_bytes"] / result["bytes"],
        result["tokens_per_s"] / result["reference_tokens_per_s"],
        result["perplexity"] / result["reference_perplexity"],
    )


def score(
    paths: str | os.PathLike | Sequence,
    name: str = "anonymous",
    judge: str = "smollm2",
    words: str | os.PathLike | None = None,
) -> list[dict]:
    """Measure files in one fresh process, which knows nothing but them.

    Args:
        paths: of one file or several.
        name: who hands them in.
        judge: see the function `judge`.
        words: of a text file that is read in the place of the course's text.

    Returns:
        For each file its measurements, or {"file": …, "problem": what is wrong with it}; all with "name".

    Raises:
        RuntimeError: the process ended without a result, as when memory runs out.

    Example:
        >>> score("mine.zip", "Ada")[0]["score"]  # doctest: +SKIP
        3.7
    """
    paths = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    with tempfile.TemporaryDirectory() as folder:
        told = pathlib.Path(folder) / "results.json"
        command = [sys.executable, "-P", "-m", "bigmodel_lib.capstone", "score", *map(str, paths), f"--name={name}"]
        command += ["--judge", judge, "--json", str(told)] + (["--text", str(words)] if words else [])
        # two files that are served alike need to be compiled once only, and what is freed goes back to the system (glibc)
        own = {"JAX_COMPILATION_CACHE_DIR": folder, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1"}
        own |= {"MALLOC_MMAP_THRESHOLD_": "1000000"} | os.environ
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", env=own)
        if not told.exists():
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise RuntimeError(f"the scorer ended with {done.returncode} and without a result (out of memory?): {said}")
        return json.loads(told.read_text("utf-8"))
