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


def main() -> None:
    validate = "--validate" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--validate"]
    path = report.output_file(__doc__)
    chosen = os.environ.get("NETWORKS", ",".join(RECIPES)).split(",")
    results, ratios = {"scored_on": "a validation part" if validate else "the test set"}, {}
    for name in chosen:
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
