"""What compression gained and what it cost: one table, all of it measured."""

from __future__ import annotations

import os
import pathlib
import tempfile
import time
from collections.abc import Callable

from bigmodel_lib.compression._walk import require
from bigmodel_lib.compression.file import save_compressed
from bigmodel_lib.scaling import model_parameters

import keras
import numpy as np

__all__ = ["accuracy", "latency", "nonzeros", "report"]


def nonzeros(model: keras.Model) -> int:
    """How many of a model's weights are not zero."""
    return sum(int(np.count_nonzero(keras.ops.convert_to_numpy(v))) for v in model.weights)


def accuracy(y: np.ndarray, outputs: np.ndarray) -> float:
    """The share of the rows whose largest output is that of the class; y (n,), outputs (n, classes)."""
    y, found = np.asarray(y), np.asarray(outputs).argmax(-1)
    require(y.shape == found.shape, f"y must be {found.shape}, the class of each row of the outputs, not {y.shape}")
    return float((found == y).mean())


def latency(calls: dict[str, Callable], x, rounds: int = 50, warm_up: int = 5) -> dict[str, np.ndarray]:
    """Milliseconds that each function takes, in turns: what disturbs the machine disturbs all alike.

    The clock runs until the output is there as a NumPy array. Copying it belongs to the time, and so does what surrounds the
    computation: `predict_on_batch` of a small model mostly measures Keras.

    Args:
        calls: functions of x by name, such as `model.predict_on_batch`.
        x: one batch.
        rounds: measured; warm_up: calls of each before, which compile.

    Returns:
        (rounds,) milliseconds by name. Report the median with the quartiles: means follow the outliers.
    """
    milliseconds = {name: [] for name in calls}
    for _ in range(warm_up + rounds):
        for name, call in calls.items():
            began = time.perf_counter()
            keras.tree.map_structure(keras.ops.convert_to_numpy, call(x))
            milliseconds[name].append(1e3 * (time.perf_counter() - began))
    return {name: np.array(times[warm_up:]) for name, times in milliseconds.items()}


def report(
    before: keras.Model, after: keras.Model, x, y=None, metric=accuracy, batch_size=1, rounds=50, files=(None, None)
) -> list[dict]:
    """Compare a model before and after compression: print a table, and return its rows.

    Args:
        before, after: built; both take x. They must be two models: what changes one in place leaves nothing to compare with.
        x: inputs. y: what `metric` takes; without it there is no such row.
        metric: (y, outputs) -> number; its name names the row.
        batch_size: of the first rows of x that are timed with `predict_on_batch`; see `latency`.
        rounds: of the timing.
        files: paths of files that hold the models already. By default before is written as its bare weights, one behind the
            other, and after by `save_compressed`; both to a folder that is removed again.

    Returns:
        Rows with "what", "before", "after" and "ratio", which is before / after; the rows of latency with "spread" too, the
        quartiles of each.

    Raises:
        ValueError: before and after are one object, or one is not built.

    Example:
        >>> from bigmodel_lib.models import dense
        >>> big, small = dense.mlp((40, 100, 10)), dense.mlp((40, 20, 10))
        >>> rows = report(big, small, np.zeros((2, 40)))          # doctest: +SKIP
                                before         after    ratio
        parameters               5,110         1,030     4.96
        ...
    """
    same = "before and after are the same model: compress a copy, keras.models.clone_model and set_weights"
    require(before is not after, same)
    models = (before, after)
    rows = [("parameters", *map(model_parameters, models)), ("non-zeros", *map(nonzeros, models))]
    with tempfile.TemporaryDirectory() as folder:
        raw, coded = (pathlib.Path(folder) / name for name in ("raw", "coded"))
        if not files[0]:
            raw.write_bytes(b"".join(np.asarray(keras.ops.convert_to_numpy(v)).tobytes() for v in before.weights))
        if not files[1]:
            save_compressed(after, coded)
        rows.append(("bytes on disk", *(os.path.getsize(a or b) for a, b in zip(files, (raw, coded)))))
    if y is not None:
        rows.append((metric.__name__, *(metric(y, model.predict(x, verbose=0)) for model in models)))
    times = latency({"before": before.predict_on_batch, "after": after.predict_on_batch}, x[:batch_size], rounds)
    rows.append((f"milliseconds, batch of {batch_size}", *(float(np.median(t)) for t in times.values())))
    rows = [{"what": what, "before": a, "after": b, "ratio": a / b if b else np.inf} for what, a, b in rows]
    rows[-1]["spread"] = [tuple(np.percentile(t, (25, 75)).tolist()) for t in times.values()]
    print(f"{'':28}{'before':>14}{'after':>14}{'ratio':>9}")
    for row in rows:
        a, b = (f"{v:,}" if isinstance(v, int) else f"{v:.4g}" for v in (row["before"], row["after"]))
        spread = "".join(f"  [{low:.3g}, {high:.3g}]" for low, high in row.get("spread", ()))
        print(f"{row['what']:28}{a:>14}{b:>14}{row['ratio']:>9.2f}{spread}")
    return rows
