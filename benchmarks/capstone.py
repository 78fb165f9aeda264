"""What the course's own files reach in the capstone: the table of references that stands beside a class.

    python -m benchmarks.capstone --json FILE [--store] [--without-gptq]

Five ways to make SmolLM2-135M small, each written to one file and scored from it alone: bytes, perplexity and tokens a second, all
beside float32 in the same run. `--store` puts the results into the library (bigmodel_lib/capstone/references.json). The weights
that are called float32 come from a published file that had rounded them to 4 bits in groups of 32 (Q4_1): so that grid, found
again, costs nothing, while any other grid rounds what was rounded before. GPTQ is set as in `benchmarks.compression`; it takes
longest, and `--without-gptq` leaves it out.
"""

from __future__ import annotations

import json
import pathlib
import sys
import tempfile
import time

from benchmarks import report

import numpy as np

STORED = pathlib.Path(__file__).resolve().parent.parent / "bigmodel_lib" / "capstone" / "references.json"
TABLE = "embedding/embeddings"


def by_output(w: np.ndarray, bits: int, axis: int) -> dict:
    """Rounded to integers that are symmetric about zero, with one scale for each output; `axis` is that of the inputs."""
    largest = 2 ** (bits - 1) - 1
    scale = (np.abs(w).max(axis, keepdims=True) / largest).astype("float16")
    step = np.where(scale > 0, scale, 1).astype("float32")
    return {"integers": np.clip(np.rint(w / step), -largest, largest).astype("int8"), "scale": scale}


def own_grid(w: np.ndarray, group: int = 32) -> dict:
    """The 16 levels from the smallest to the largest weight of each group of inputs: those that the published file had."""
    parts = w.reshape(len(w) // group, group, -1)
    low, high = parts.min(1), parts.max(1)
    scale = ((high - low) / 15).astype("float16")
    step = np.where(scale > 0, scale, 1).astype("float32")
    integers = np.rint((parts - low[:, None]) / step[:, None]).astype("uint8")
    return {"integers": integers.reshape(w.shape), "scale": scale, "offset": low.astype("float16")}


def rounded(r) -> dict:
    """A `gptq.Rounded` as parts."""
    return {"integers": r.integers, "scale": r.scale, "zero": r.zero}


def main() -> None:
    store, quick = ("--store" in sys.argv), ("--without-gptq" in sys.argv)
    sys.argv = [argument for argument in sys.argv if argument not in ("--store", "--without-gptq")]
    path = report.output_file(__doc__)
    from benchmarks import compression
    from bigmodel_lib import capstone, models
    from bigmodel_lib.compression import gptq

    model, tokenizer = models.smollm2()
    weights = {n: np.asarray(v) for n, v in capstone.tensor_names(model).items() if len(v.shape) == 2}
    table = weights.pop(TABLE)
    five = {TABLE: by_output(table, 5, 1)}

    def by_gptq():
        rows = capstone.calibration_rows(tokenizer, compression.LM_TOKENS // 512)
        settings = dict(bits=compression.LM_BITS, group=compression.LM_GROUP, damping=compression.LM_DAMPING)
        found = gptq.gptq_model(model, rows, **settings)
        return {f"{p.split('/', 1)[1]}/kernel": rounded(r) for p, r in found.items()} | five

    ways = {
        "int8, one scale per output": lambda: {TABLE: by_output(table, 8, 1)} | {n: by_output(w, 8, 0) for n, w in weights.items()},
        "6 bits, one scale per output": lambda: {TABLE: by_output(table, 6, 1)} | {n: by_output(w, 6, 0) for n, w in weights.items()},
        "4 bits rounded, groups of 64; table 5 bits": lambda: five | {n: rounded(gptq.nearest(w, 4, 64)) for n, w in weights.items()},
        "like Q4_1: 4 bits, groups of 32; table 8 bits": lambda: {TABLE: by_output(table, 8, 1)} | {n: own_grid(w) for n, w in weights.items()},
        "4 bits by GPTQ, groups of 64; table 5 bits": by_gptq,  # the last one: it changes the model
    }  # fmt: skip
    if quick:
        ways.popitem()
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for name, way in ways.items():
            begin, files[name] = time.perf_counter(), pathlib.Path(folder) / f"{len(files)}.zip"
            capstone.write(files[name], model, way(), serve="int8")
            seconds[name] = round(time.perf_counter() - begin, 1)
            print(name, seconds[name], "s", files[name].stat().st_size, flush=True)
        results = capstone.score(files.values(), "course")
    results = [{**result, "name": name, "file": ""} for name, result in zip(ways, results)]
    first = results[0]
    zero = {"name": "float32", "bytes": first["reference_bytes"], "perplexity": first["reference_perplexity"], "sha256": "float32",
            "tokens_per_s": first["reference_tokens_per_s"], "bits_per_weight": 32.0, "standard_error": 0.0, "score": 0.0}  # fmt: skip
    results.insert(0, first | zero)
    if store:
        STORED.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print(capstone.table(results))
    best = max(result["score"] for result in results)
    report.write({"files": results, "seconds_to_make": seconds}, {"best_score": report.ratio(best, 4.0)}, path)


if __name__ == "__main__":
    main()
