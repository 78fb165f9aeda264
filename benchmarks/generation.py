"""Tokens a second of SmolLM2-135M, against PyTorch and llama.cpp, and what 8-bit weights cost in perplexity.

    python -m benchmarks.generation --json generation.json

All engines read the same GGUF file and continue the same prompt greedily, on all cores, in turns; the medians count. A peer
that is not installed is skipped: `transformers` needs torch, transformers and accelerate, llama.cpp needs llama-cpp-python.
Decoding one token reads every weight once, so memory bandwidth sets a roof, which is measured and printed too.
"""

from __future__ import annotations

import os
import statistics
import time

from benchmarks import report
from bigmodel_lib import assets, generation, models
from bigmodel_lib.compression.quantization import quantize_weights, weight_bytes

PROMPT = "Once upon a time, a large model that lived in a small laptop"
NEW_TOKENS = 128
ROUNDS = 5
# Written for this benchmark: plain English, code and a list, about 500 tokens
TEXT = """A language model assigns a probability to every text. It reads the tokens one after the other, and for each place it
tells how likely every token of its vocabulary is to come next. Training raises the probability of the texts that people wrote,
and so lowers that of all others. When we ask the model to write, it draws a token from its own distribution, appends it to the
text, and reads the longer text again. Nothing else happens, however much the result may look like thought.

Reading a weight from memory takes longer than multiplying with it. A processor that could perform a hundred billion
multiplications in a second waits for most of that time, because each weight is used once for each token and then thrown out of
the cache by the next one. Smaller numbers therefore make decoding faster even where the arithmetic stays the same: a weight of
eight bits arrives in a quarter of the time that a weight of thirty-two bits needs. The price is rounding. With one scale for
each row of a matrix the error is at most half a step, and a step is the largest weight of the row divided by 127.

def mean(values):
    \"\"\"Return the arithmetic mean of a list of numbers.\"\"\"
    if not values:
        raise ValueError("mean needs at least one value")
    total = 0.0
    for value in values:
        total += value
    return total / len(values)

Three things decide how fast a laptop writes: how many bytes the weights take, how fast the memory delivers them, and how much
time is lost between two products. The first is a matter of format, the second of hardware, and the third of software. The
captain of an old ship would have understood this at once. Cargo, wind, and the time in port: to arrive earlier, carry less, wait
for a better wind, or load faster. Only the last of these is ever free.
"""


def tokens_per_second(run) -> float:
    begin = time.perf_counter()
    count = run()
    return count / (time.perf_counter() - begin)


def ours(model, ids):
    def run():
        return len(generation.generate_ids(model, [ids], NEW_TOKENS)[0])

    return run


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
    options = {"max_new_tokens": NEW_TOKENS, "min_new_tokens": NEW_TOKENS, "do_sample": False}

    def run():
        with torch.inference_mode():
            return model.generate(prompt, attention_mask=torch.ones_like(prompt), **options).shape[1] - len(ids)

    return run


def llama_cpp_peer(ids):
    """The same file in llama.cpp: its own 4-bit weights, as they are in the file."""
    if not report.installed("llama_cpp"):
        return None
    import llama_cpp

    path = str(assets.fetch("smollm2-135m"))
    model = llama_cpp.Llama(path, n_ctx=512, n_threads=_cores(), n_threads_batch=_cores(), verbose=False)

    def run():
        model.reset()
        for count, _ in enumerate(model.generate(ids, top_k=1, temp=0.0), 1):
            if count == NEW_TOKENS:
                return count
        return count

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
    fp32, tokenizer = models.smollm2()
    ids = tokenizer.encode(PROMPT)
    perplexity = {"fp32": generation.perplexity(fp32, tokenizer, TEXT, 512, 256)}
    int8 = quantize_weights(models.smollm2()[0])
    perplexity["int8"] = generation.perplexity(int8, tokenizer, TEXT, 512, 256)

    engines = {"fp32": ours(fp32, ids), "int8": ours(int8, ids)}
    engines |= {"transformers": transformers_peer(ids), "llama_cpp": llama_cpp_peer(ids)}
    engines = {name: run for name, run in engines.items() if run is not None}
    for run in engines.values():  # compiles and warms up
        run()
    speeds, bandwidth = {name: [] for name in engines}, []
    for _ in range(ROUNDS):
        bandwidth.append(read_bandwidth())
        for name, run in engines.items():
            speeds[name].append(tokens_per_second(run))
    speed = {name: statistics.median(values) for name, values in speeds.items()}

    results = {"new_tokens": NEW_TOKENS, "rounds": ROUNDS, "read_bandwidth_gb_per_s": statistics.median(bandwidth)}
    for name, value in speed.items():
        results[name] = {"tokens_per_s": value, "runs": speeds[name]}
    for name, model in (("fp32", fp32), ("int8", int8)):
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
    if "llama_cpp" in speed:
        ratios["int8_over_llama_cpp"] = report.ratio(speed["int8"] / speed["llama_cpp"], 0.77)
    report.write(results, ratios, __doc__)


if __name__ == "__main__":
    main()
