"""How small a network becomes at no loss: pruned, shared, Huffman-coded, written to one file and loaded again.

    python -m benchmarks.compression --json FILE

Sizes are bytes of a real file, header and checksum included, beside the float32 weights; accuracies are those of the model
that was loaded from it, on the test set, by seed. Two yardsticks: the dense network that was pruned, and the same one trained
on as long as the pruned one was and towards the same targets, so that a gain from more training is not taken for one from
pruning. Beside our file stands what xz, a general compressor, makes of the very same pruned and shared weights. The settings
were chosen on a validation part of the train set (`--validate` trains without it and scores on it). LeNet-300-100 and LeNet-5
are those of Deep Compression (S. Han et al. 2015, arXiv:1510.00149, Table 1), which makes them 40 and 39 times smaller on the
60,000 digits of MNIST. Here they learn the 4,000 digits that the course has, and LeNet-300-100 Fashion-MNIST too, so that only
the ratios can be set side by side, not the accuracies.

`smollm2` is another matter: a language model, SmolLM2-135M, in at most 4.5 bits a weight of a real file, norms and table
included, rounded to the nearest level and by GPTQ (E. Frantar et al. 2022, arXiv:2210.17323). Its reference, called float32,
are the weights *as the published file has them*: that file had rounded the matrices to 4 bits in groups of 32 (5 bits a weight
with their scales and minima, Q4_1) and the table to 8 before. So the first two round what was rounded, on another grid, and both bits and
perplexities are given for the two. The third rival makes use of it: it finds the grid of the file again, keeps its levels, rounds
only its scales and minima (7 bits) and the table (6 bits), and codes the levels by Huffman. That says something of this file, and
nothing of weights that were never on such a grid. `NETWORKS=smollm2,lenet_5` chooses what is run.
"""

from __future__ import annotations

import dataclasses
import lzma
import os
import pathlib
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable

from benchmarks import report

import numpy as np

SEEDS = (0, 1, 2)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is trained and compressed."""

    data: Callable  # "train" or "test" -> x, y
    network: Callable  # -> a new model
    sparsity: dict  # the last one, by layer
    bits: int | dict  # of the shared values, by layer
    dense_epochs: int
    sparse_epochs: int  # the sparsity rises over the first half
    shared_epochs: int  # of training the codebooks, at a quarter of the rate
    batch_size: int
    decay: float
    goal: float  # the ratio of the sizes
    teacher: float = 0.0  # share of the dense network's outputs, at temperature 3, in what the pruned one is to learn
    rate: float = 2e-3  # the peak of a cosine, of AdamW


def fashion(split: str):
    from bigmodel_lib.data import images

    x, y = images.fashion_mnist(split)
    return x.reshape(-1, 784).astype("float32") / 255, y


def digits(split: str, shape=(784,)):
    from bigmodel_lib.data import images

    x, y = images.mnist_5k(split)
    return x.reshape(-1, *shape).astype("float32") / 255, y


def digits_in_the_plane(split: str):
    return digits(split, (28, 28, 1))


def functions(split: str):
    from bigmodel_lib.data import code

    return code.package_task(split)


def lenet_300_100():
    from bigmodel_lib.models import dense

    return dense.lenet_300_100()


def document_network():
    from bigmodel_lib.models import dense

    return dense.document_network()


def lenet_5():
    """20 and 50 channels of 5 × 5 weights, each pooled by two, then 500 units: 431,080 parameters, as in the paper's Table 3."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)), layers.Conv2D(20, 5, name="conv_1"), layers.MaxPooling2D(2),
            layers.Conv2D(50, 5, name="conv_2"), layers.MaxPooling2D(2), layers.Flatten(),
            layers.Dense(500, "relu", name="dense_1"), layers.Dense(10, "softmax", name="dense_2"),
        ],
        name="lenet_5",
    )  # fmt: skip


RECIPES = {
    "lenet_300_100": Recipe(
        digits, lenet_300_100, {"dense_1": 0.935, "dense_2": 0.9, "dense_3": 0.5}, 3,
        dense_epochs=15, sparse_epochs=40, shared_epochs=3, batch_size=128, decay=0.05, goal=40, teacher=0.5, rate=3e-3,
    ),
    "lenet_300_100_fashion": Recipe(
        fashion, lenet_300_100, {"dense_1": 0.915, "dense_2": 0.88, "dense_3": 0.4}, {"dense_1": 3, "dense_2": 3, "dense_3": 4},
        dense_epochs=20, sparse_epochs=30, shared_epochs=4, batch_size=256, decay=0.1, goal=40, teacher=0.5,
    ),
    "lenet_5": Recipe(
        digits_in_the_plane, lenet_5, {"conv_1": 0.3, "conv_2": 0.88, "dense_1": 0.95, "dense_2": 0.8}, 3,
        dense_epochs=12, sparse_epochs=20, shared_epochs=3, batch_size=64, decay=0.05, goal=39,
    ),
    "document_network": Recipe(
        functions, document_network, {"dense_1": 0.92, "dense_2": 0.8, "dense_3": 0.6, "dense_4": 0.3}, 3,
        dense_epochs=6, sparse_epochs=20, shared_epochs=8, batch_size=64, decay=0.1, goal=40, teacher=1.0,
    ),
}  # fmt: skip


def fit(model, x, targets, epochs: int, rate: float, recipe: Recipe, callbacks=()) -> None:
    import keras

    steps = epochs * -(-len(x) // recipe.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.02)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=recipe.decay), "categorical_crossentropy")
    model.fit(x, targets, batch_size=recipe.batch_size, epochs=epochs, verbose=0, callbacks=list(callbacks))


def softened(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """What a softmax of the logits over the temperature gives, (n, classes)."""
    powers = np.maximum(probabilities, 1e-7) ** (1 / temperature)
    return powers / powers.sum(1, keepdims=True)


def score(model, x, y) -> float:
    from bigmodel_lib.compression import accuracy

    return accuracy(y, model.predict(x, batch_size=1000, verbose=0))


def one_seed(recipe: Recipe, seed: int, validate: bool) -> dict:
    from bigmodel_lib import compression

    import keras

    x, y = recipe.data("train")
    x_test, y_test = recipe.data("test")
    if validate:
        part = np.random.default_rng(0).permutation(len(x))
        cut = len(x) * 5 // 6
        x, y, x_test, y_test = x[part[:cut]], y[part[:cut]], x[part[cut:]], y[part[cut:]]
    keras.utils.set_random_seed(seed)
    clock, took = time.perf_counter(), {}

    def lap(name):
        nonlocal clock
        took[name], clock = round(time.perf_counter() - clock, 1), time.perf_counter()

    dense, labels = recipe.network(), np.eye(10, dtype="float32")[y]
    fit(dense, x, labels, recipe.dense_epochs, recipe.rate, recipe)
    lap("dense")
    sparse, control = (keras.models.clone_model(dense) for _ in range(2))
    for model in (sparse, control):
        model.set_weights(dense.get_weights())
    outputs = softened(dense.predict(x, batch_size=1000, verbose=0), 3)
    targets = recipe.teacher * outputs + (1 - recipe.teacher) * labels
    steps = recipe.sparse_epochs * -(-len(x) // recipe.batch_size)
    pruning = compression.GradualPruning(recipe.sparsity, 0, steps // 2, max(1, steps // 100))
    fit(sparse, x, targets, recipe.sparse_epochs, recipe.rate, recipe, [pruning])
    lap("sparse")
    pruned = score(sparse, x_test, y_test)
    compression.share_weights(sparse, recipe.bits)
    shared = score(sparse, x_test, y_test)
    fit(sparse, x, targets, recipe.shared_epochs, recipe.rate / 4, recipe, [compression.TuneCodebooks()])
    lap("shared")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.bigm"
        size = compression.save_compressed(sparse, path)
        loaded = compression.load_compressed(path)
    lap("file")
    fit(control, x, targets, recipe.sparse_epochs, recipe.rate, recipe)
    fit(control, x, targets, recipe.shared_epochs, recipe.rate / 4, recipe)
    lap("control")
    same = bool((loaded.predict(x_test, verbose=0) == sparse.predict(x_test, verbose=0)).all())
    times = compression.latency({"dense": dense.predict_on_batch, "loaded": loaded.predict_on_batch}, x_test[:256])
    median = {name: float(np.median(t)) for name, t in times.items()}
    weights = b"".join(w.tobytes() for w in sparse.get_weights())
    return {
        "seed": seed,
        "accuracy_dense": score(dense, x_test, y_test),
        "accuracy_dense_trained_on": score(control, x_test, y_test),
        "accuracy_pruned": pruned,
        "accuracy_shared": shared,
        "accuracy_of_the_file": score(loaded, x_test, y_test),
        "loaded_is_the_shared_model": same,
        "zeros": 1 - compression.nonzeros(sparse) / sparse.count_params(),
        "bytes_float32": len(weights),
        "bytes_file": size,
        "bytes_xz_of_the_same_weights": len(lzma.compress(weights, preset=9 | lzma.PRESET_EXTREME)),
        "latency_dense_over_loaded": median["dense"] / median["loaded"],
        "seconds": took,
    }


# ---------------------------------------------------------------- a language model

LM_TOKENS = 4096  # of calibration, in rows of 512: half plays, half editorials
LM_GROUP, LM_BITS, LM_TABLE_BITS = 64, 4, 5  # of the blocks' matrices; of the table, with a scale for each token
LM_DAMPING = 0.5  # chosen on Othello and on editorials of the train split that no calibration reads


def token_rows(tokenizer, text: str, count: int, seq_len: int = 512) -> np.ndarray:
    """(count, seq_len) tokens from the beginning of a text."""
    ids = tokenizer.encode(text[: 6 * seq_len * count])
    return np.array(ids[: seq_len * count], "int32").reshape(count, seq_len)


def calibration_rows(tokenizer, tokens: int) -> np.ndarray:
    """(tokens / 512, 512): plays that are not in the test split, and editorials of the train split, in equal parts."""
    from bigmodel_lib.data import text

    plays, half = text.plays("train"), tokens // 1024
    first = [plays.pop("hamlet"), plays.pop("romeo-and-juliet")]
    editorials = " ".join(text.rated_sentences("train", "nyt")[0])
    return np.concatenate(
        [token_rows(tokenizer, "\n".join([*first, *plays.values()]), half), token_rows(tokenizer, editorials, half)]
    )


def test_rows(tokenizer) -> dict[str, np.ndarray]:
    """What no calibration reads: 2,048 tokens of Macbeth, and 2,048 of editorials of the test split."""
    from bigmodel_lib.data import text

    texts = {"macbeth": text.plays("test")["macbeth"], "nyt": " ".join(text.rated_sentences("test", "nyt")[0])}
    return {name: token_rows(tokenizer, words, 4) for name, words in texts.items()}


def log_probabilities(model, rows: dict) -> dict[str, np.ndarray]:
    """For each text the log-probabilities of its tokens, the first of each row apart."""
    from bigmodel_lib import generation

    return {
        name: np.concatenate([generation.token_log_probabilities(model, r) for r in part])
        for name, part in rows.items()
    }


def compared(scores: dict, reference: dict) -> dict:
    """Perplexities, and the loss in nats a token above the reference's with its standard error over the tokens (paired)."""
    both, other = (np.concatenate(list(s.values())).astype(float) for s in (scores, reference))
    above = other - both
    perplexities = {name: float(np.exp(-s.mean())) for name, s in scores.items()}
    return {
        "perplexity": float(np.exp(-both.mean())),
        "by_text": perplexities,
        "nats_above_reference": float(above.mean()),
        "standard_error": float(above.std(ddof=1) / np.sqrt(len(above))),
    }


def packed(integers: np.ndarray, bits: int) -> np.ndarray:
    """Integers of so many bits, one behind the other, as bytes."""
    return np.packbits((integers.reshape(-1, 1) >> np.arange(bits, dtype="uint8")) & 1)


def unpacked(data: np.ndarray, bits: int, shape) -> np.ndarray:
    places = np.unpackbits(data, count=bits * int(np.prod(shape))).reshape(-1, bits)
    return (places << np.arange(bits, dtype="uint8")).sum(1, dtype="uint8").reshape(shape)


def write_packed(path, model, rounded: dict, table_bits: int) -> int:
    """Everything that the model is, its tokenizer apart: packed integers, scales, and what stays a float in float16. The bytes."""
    from bigmodel_lib.compression import gptq

    import keras

    table = keras.ops.convert_to_numpy(model.embedding.embeddings)  # (tokens, features)
    arrays, kept = {}, {"table": gptq.nearest(table.T, table_bits, table.shape[1])} | rounded
    for name, r in kept.items():
        arrays |= {f"{name}:integers": packed(r.integers, r.bits), f"{name}:zero": packed(r.zero, r.bits)}
        arrays[f"{name}:scale"] = r.scale
    for v in model.weights:
        if len(v.shape) == 1:
            arrays[v.path] = keras.ops.convert_to_numpy(v).astype("float16")
    np.savez(path, **arrays)
    return pathlib.Path(path).stat().st_size


def read_packed(path, model, rounded: dict, table_bits: int) -> None:
    """Puts into the model what the file says; of `rounded` only the shapes are looked at."""
    from bigmodel_lib.compression import gptq

    layers = {layer.path: layer for block in model.blocks for layer in gptq.dense_layers(block)}
    rows, width = model.embedding.embeddings.shape
    with np.load(path) as file:

        def values(name, shape, bits, group):
            scale = file[f"{name}:scale"]
            integers, zero = (
                unpacked(file[f"{name}:{what}"], bits, size)
                for what, size in (("integers", shape), ("zero", scale.shape))
            )
            return gptq.Rounded(integers, scale, zero, bits, group).values()

        for path_, r in rounded.items():
            layers[path_].kernel.assign(values(path_, r.integers.shape, r.bits, r.group))
        model.embedding.embeddings.assign(values("table", (width, rows), table_bits, width).T)
        for v in model.weights:
            if len(v.shape) == 1:
                v.assign(file[v.path].astype("float32"))


GRID_GROUP, GRID_BITS, GRID_TABLE_BITS = (
    32,
    7,
    6,
)  # inputs of a group of the published file; bits of scales and minima; of the table


def huffman(levels: np.ndarray) -> np.ndarray:
    """Bytes, Huffman-coded by zlib, which is told to look for nothing else."""
    coder = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    return np.frombuffer(coder.compress(np.ascontiguousarray(levels, "uint8").tobytes()) + coder.flush(), "uint8")


def unhuffman(data: np.ndarray, shape) -> np.ndarray:
    return np.frombuffer(zlib.decompress(data.tobytes(), -15), "uint8").reshape(shape)


def in_steps(values: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Values (groups, outputs), none negative, as whole steps of the largest of their output: integers, and that largest."""
    top = values.max(0).astype("float16")
    return np.rint(values / np.where(top > 0, top, 1).astype("float32") * (2**bits - 1)).astype("uint8"), top


def from_steps(integers, top, bits: int) -> np.ndarray:
    return integers * (top.astype("float32") / (2**bits - 1))


def own_grid(weights: np.ndarray) -> dict[str, np.ndarray]:
    """A matrix (inputs, outputs) that was on a grid of 16 levels in groups of 32 inputs: its levels, scales and minima."""
    grouped = weights.reshape(-1, GRID_GROUP, weights.shape[1])
    low = np.minimum(grouped.min(1), 0)
    scale, top = in_steps((grouped.max(1) - low) / 15, GRID_BITS)
    minimum, deepest = in_steps(-low, GRID_BITS)
    step = from_steps(scale, top, GRID_BITS)
    shifted = grouped + from_steps(minimum, deepest, GRID_BITS)[:, None]
    levels = np.clip(np.rint(shifted / np.where(step > 0, step, 1)[:, None]), 0, 15)
    small = {"scale": packed(scale, GRID_BITS), "minimum": packed(minimum, GRID_BITS), "top": top, "deepest": deepest}
    return small | {"levels": huffman(levels)}


def from_own_grid(entry: dict[str, np.ndarray], shape) -> np.ndarray:
    groups = shape[0] // GRID_GROUP, shape[1]
    scale, minimum = (
        from_steps(unpacked(entry[what], GRID_BITS, groups), entry[largest], GRID_BITS)[:, None]
        for what, largest in (("scale", "top"), ("minimum", "deepest"))
    )
    levels = unhuffman(entry["levels"], (groups[0], GRID_GROUP, groups[1]))
    return (levels * scale - minimum).reshape(shape)


def through_own_grid(path, model, layers) -> int:
    """Writes the model by its own grid, and puts into it what the file says. The bytes of the file."""
    from bigmodel_lib.compression import gptq

    import keras

    table = keras.ops.convert_to_numpy(model.embedding.embeddings)  # (tokens, features)
    rounded = gptq.nearest(table.T, GRID_TABLE_BITS, table.shape[1])
    arrays = {"table:levels": huffman(rounded.integers), "table:scale": rounded.scale, "table:zero": rounded.zero}
    for layer in layers:
        arrays |= {f"{layer.path}:{k}": v for k, v in own_grid(keras.ops.convert_to_numpy(layer.kernel)).items()}
    vectors = [v for v in model.weights if len(v.shape) == 1]
    np.savez(path, **arrays, **{v.path: keras.ops.convert_to_numpy(v).astype("float16") for v in vectors})
    with np.load(path) as file:
        for layer in layers:
            entry = {k: file[f"{layer.path}:{k}"] for k in ("levels", "scale", "minimum", "top", "deepest")}
            layer.kernel.assign(from_own_grid(entry, layer.kernel.shape))
        levels = unhuffman(file["table:levels"], table.T.shape)
        grid = file["table:scale"], file["table:zero"], GRID_TABLE_BITS, table.shape[1]
        model.embedding.embeddings.assign(gptq.Rounded(levels, *grid).values().T)
        for v in vectors:
            v.assign(file[v.path].astype("float32"))
    return pathlib.Path(path).stat().st_size


def gguf_bits(path) -> tuple[float, float]:
    """Bits a weight of a GGUF file's tensors: of its Q4_1 matrices alone, and of all tensors together."""
    import gguf

    tensors = gguf.GGUFReader(path).tensors
    matrices = [t for t in tensors if t.tensor_type.name == "Q4_1"]
    return tuple(
        8 * sum(int(t.n_bytes) for t in some) / sum(int(t.n_elements) for t in some) for some in (matrices, tensors)
    )


def language_model() -> tuple[dict, dict]:
    """SmolLM2-135M in at most 4.5 bits a weight of a real file: rounded, and by GPTQ."""
    from bigmodel_lib import assets, models
    from bigmodel_lib.compression import gptq

    model, tokenizer = models.smollm2()
    rows, calibration = test_rows(tokenizer), calibration_rows(tokenizer, LM_TOKENS)
    layers = [layer for block in model.blocks for layer in gptq.dense_layers(block)]
    original = model.get_weights()
    reference = log_probabilities(model, rows)
    results = {"float32: the weights as in the file": compared(reference, reference), "rivals": {}}
    found = {}

    def measure(name, through_a_file, seconds=None):
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            size = through_a_file(pathlib.Path(folder) / "smollm2.npz")  # nothing but the file is what is measured
        seconds = time.perf_counter() - begin if seconds is None else seconds
        found[name] = log_probabilities(model, rows)
        model.set_weights(original)
        results["rivals"][name] = compared(found[name], reference) | {
            "bytes_file": size,
            "bits_per_weight": 8 * size / model.count_params(),
            "seconds": round(seconds, 1),
        }
        print(name, results["rivals"][name], flush=True)

    def packed_file(rounded):
        def through_a_file(path):
            size = write_packed(path, model, rounded, LM_TABLE_BITS)
            model.set_weights(original)
            read_packed(path, model, rounded, LM_TABLE_BITS)
            return size

        return through_a_file

    begin = time.perf_counter()
    plain = {x.path: gptq.nearest(np.asarray(x.kernel), LM_BITS, LM_GROUP) for x in layers}
    measure("rounding", packed_file(plain), time.perf_counter() - begin)
    begin = time.perf_counter()
    solved = gptq.gptq_model(model, calibration, bits=LM_BITS, group=LM_GROUP, damping=LM_DAMPING)
    measure("gptq", packed_file(solved), time.perf_counter() - begin)
    measure("own_grid", lambda path: through_own_grid(path, model, layers))
    results["gptq_against_rounding"] = compared(found["gptq"], found["rounding"])
    q4_1, whole = gguf_bits(assets.fetch("smollm2-135m"))
    results["gguf_file"] = {"bits_per_weight_of_the_matrices": q4_1, "bits_per_weight": whole}
    reference = results["float32: the weights as in the file"]["perplexity"]
    ratios = {}
    for rival, name in (("own_grid", "smollm2"), ("gptq", "smollm2_gptq")):
        found = results["rivals"][rival]
        ratios[f"{name}_bits_per_weight"] = report.ratio(found["bits_per_weight"], 4.5, at_most=True)
        ratios[f"{name}_perplexity_over_fp32"] = report.ratio(found["perplexity"] / reference, 1.25, at_most=True)
    return results, ratios


def main() -> None:
    validate = "--validate" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--validate"]
    path = report.output_file(__doc__)
    chosen = os.environ.get("NETWORKS", ",".join([*RECIPES, "smollm2"])).split(",")
    results, ratios = {"scored_on": "a validation part" if validate else "the test set"}, {}
    for name in chosen:
        if name == "smollm2":
            results[name], more = language_model()
            ratios |= more
            continue
        recipe = RECIPES[name]
        runs = [one_seed(recipe, seed, validate) for seed in SEEDS]
        results[name] = {"runs": runs}

        def mean(what, runs=runs):
            return statistics.mean(run[what] for run in runs)

        size = mean("bytes_float32") / mean("bytes_file")
        ratios[f"{name}_size_ratio"] = report.ratio(size, recipe.goal)
        change = mean("accuracy_of_the_file") - mean("accuracy_dense")
        ratios[f"{name}_accuracy_change"] = report.ratio(change, 0.0)
        results[name]["accuracy_change_from_dense_trained_on"] = (
            change + mean("accuracy_dense") - mean("accuracy_dense_trained_on")
        )
        results[name]["xz_size_ratio"] = mean("bytes_float32") / mean("bytes_xz_of_the_same_weights")
        results[name]["latency_dense_over_loaded"] = mean("latency_dense_over_loaded")
        print(name, {key: value["value"] for key, value in ratios.items() if key.startswith(name)}, flush=True)
    report.write(results, ratios, path)


if __name__ == "__main__":
    main()
