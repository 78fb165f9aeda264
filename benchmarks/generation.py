"""Tokens a second of SmolLM2-135M, against PyTorch and llama.cpp, and what 8-bit weights cost in perplexity.

    python -m benchmarks.generation --json generation.json

All engines read the same GGUF file and continue the same prompt greedily, on all cores, in turns; the medians count. The
time until the first token, which reads the prompt, is measured apart. A peer that is not installed is skipped:
transformers needs torch, transformers and accelerate, llama.cpp needs llama-cpp-python.
Decoding one token reads every weight once, so memory bandwidth sets a roof, which is measured and printed too.
"""

from __future__ import annotations

import argparse
import ctypes
import heapq
import inspect
import json
import os
import statistics
import tempfile
import textwrap
import time

from benchmarks import report
from bigmodel_lib import assets, generation, models
from bigmodel_lib.compression import quantize_weights, weight_bytes

PROMPT = "Once upon a time, a large model that lived in a small laptop"
NEW_TOKENS = 128
ROUNDS = 5


def text(characters: int = 20_000) -> str:
    """English and code that every machine has: documentation and source of the standard library, about 5,000 tokens.

    On a text of 400 tokens the ratio of two perplexities is still off by one part in a hundred, by chance.
    """
    parts = [inspect.getdoc(module) or "" for module in (statistics, heapq, argparse, json)]
    parts += [inspect.getsource(module) for module in (textwrap, heapq)]
    return "\n\n".join(parts)[:characters]


def seconds(run, count: int) -> float:
    begin = time.perf_counter()
    made = run(count)
    assert made == count, f"{count} new tokens were asked for, {made} came"
    return time.perf_counter() - begin


def ours(model, ids):
    return lambda count: len(generation.generate_ids(model, [ids], count)[0])


def transformers_peer(ids):
    """The same file in PyTorch: de-quantized by transformers itself, its own cache, its own greedy loop."""
    if not report.installed("torch", "transformers", "accelerate"):
        return None
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    import transformers

    torch.set_num_threads(_cores())
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    path = assets.fetch("smollm2-135m")
    model = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    ).eval()
    prompt = torch.tensor([ids])
    options = {"attention_mask": torch.ones_like(prompt), "do_sample": False}

    def run(count):
        with torch.inference_mode():
            whole = model.generate(prompt, max_new_tokens=count, min_new_tokens=count, **options)
        return whole.shape[1] - len(ids)

    return run


def in_eight_bits(path, folder) -> str | None:
    """The same weights in llama.cpp's own 8-bit type, Q8_0, by its own quantizer; None where the package lacks one."""
    import llama_cpp

    if not hasattr(llama_cpp, "llama_model_quantize"):
        return None
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype, options.allow_requantize = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0, True
    made = os.path.join(folder, "q8_0.gguf")
    failed = llama_cpp.llama_model_quantize(str(path).encode(), made.encode(), ctypes.byref(options))
    return None if failed else made


def llama_cpp_peer(ids, path):
    """A file in llama.cpp: the published one has its own 4-bit weights (Q4_1)."""
    import llama_cpp

    model = llama_cpp.Llama(
        model_path=str(path), n_ctx=512, n_threads=_cores(), n_threads_batch=_cores(), verbose=False
    )

    def run(count):
        model.reset()
        for made, _ in enumerate(model.generate(ids, top_k=1, temp=0.0), 1):
            if made == count:
                return made
        return made

    return run


def read_bandwidth() -> float:
    """GB/s at which a product of a vector and a matrix far larger than the caches reads the matrix; the best of 5."""
    import jax
    import jax.numpy as jnp

    matrix, vector = jnp.ones((4096, 24576), "float32"), jnp.ones((1, 4096), "float32")
    product = jax.jit(jnp.matmul)
    product(vector, matrix).block_until_ready()
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        product(vector, matrix).block_until_ready()
        times.append(time.perf_counter() - begin)
    return matrix.nbytes / min(times) / 1e9


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def main():
    path = report.output_file(__doc__)
    fp32, tokenizer = models.smollm2()
    ids = tokenizer.encode(PROMPT)
    int8 = quantize_weights(models.smollm2()[0])
    pairs = {"fp32": fp32, "int8": int8}
    perplexity = {name: generation.perplexity(model, tokenizer, text(), 512, 256) for name, model in pairs.items()}

    engines = {"fp32": ours(fp32, ids), "int8": ours(int8, ids)}
    engines["transformers"] = transformers_peer(ids)
    if report.installed("llama_cpp"):
        path_4 = assets.fetch("smollm2-135m")
        engines["llama_cpp"] = llama_cpp_peer(ids, path_4)
        with tempfile.TemporaryDirectory() as folder:
            path_8 = in_eight_bits(path_4, folder)
            engines["llama_cpp_q8_0"] = path_8 and llama_cpp_peer(ids, path_8)
    engines = {name: run for name, run in engines.items() if run is not None}
    speeds, prompts, bandwidth = {name: [] for name in engines}, {name: [] for name in engines}, []
    for run in engines.values():  # compile both lengths and warm up
        run(1)
        run(1), run(1 + NEW_TOKENS)
    for _ in range(ROUNDS):
        bandwidth.append(read_bandwidth())
        for name, run in engines.items():
            first, whole = seconds(run, 1), seconds(run, 1 + NEW_TOKENS)  # the first token comes out of the prompt
            prompts[name].append(first)
            speeds[name].append(NEW_TOKENS / (whole - first))
    speed = {name: statistics.median(values) for name, values in speeds.items()}

    results = {"new_tokens": NEW_TOKENS, "rounds": ROUNDS, "read_bandwidth_gb_per_s": statistics.median(bandwidth)}
    for name, value in speed.items():
        results[name] = {"tokens_per_s": value, "prompt_s": statistics.median(prompts[name]), "runs": speeds[name]}
    for name, model in pairs.items():
        size = weight_bytes(model)
        roof = results["read_bandwidth_gb_per_s"] * 1e9 / size
        results[name] |= {"bytes_per_token": size, "roof_tokens_per_s": roof, "of_roof": speed[name] / roof}
        results[name]["perplexity"] = perplexity[name]

    ratios = {
        "int8_over_fp32": report.ratio(speed["int8"] / speed["fp32"], 2.0),
        "int8_tokens_per_s": report.ratio(speed["int8"], 100.0),
        "int8_perplexity_over_fp32": report.ratio(perplexity["int8"] / perplexity["fp32"], 1.01, at_most=True),
    }
    if "transformers" in speed:
        ratios["fp32_over_transformers"] = report.ratio(speed["fp32"] / speed["transformers"], 2.5)
    prompt_s = {name: results[name]["prompt_s"] for name in pairs}
    ratios["int8_prompt_over_fp32"] = report.ratio(prompt_s["int8"] / prompt_s["fp32"], 1.0, at_most=True)
    if "llama_cpp" in speed:
        ratios["int8_over_llama_cpp"] = report.ratio(speed["int8"] / speed["llama_cpp"], 1.1)
    if "llama_cpp_q8_0" in speed:
        ratios["int8_over_llama_cpp_q8_0"] = report.ratio(speed["int8"] / speed["llama_cpp_q8_0"], 1.0)
    report.write(results, ratios, path)


if __name__ == "__main__":
    main()
