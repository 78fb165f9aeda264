"""Code completion by seeds and on more windows: the cells of notebook 4.7 themselves, with other settings.

    TASKS=completion python -m benchmarks.applications --json FILE

What notebook 4.7 does once, on some windows of the held-out packages, is done here with three seeds of the GPT and on three
times as many windows. The cells are run as they stand in the notebook, so that both measure the same.
"""

from __future__ import annotations

import contextlib
import io
import pathlib
import platform

from benchmarks import report
from bigmodel_lib import notebooks

import numpy as np

NOTEBOOK = pathlib.Path(__file__).parents[2] / "chapters" / "4-applications" / "4.7-code-completion.ipynb"
SEEDS, WINDOWS = (0, 1, 2), 60
ONCE = (
    "corpus",
    "counts",
    "count-library",
    "this-file",
    "choose-cache",
    "windows",
    "distributions",
    "record",
    "smollm",
)
EACH = ("train-gpt", "ours", "scores", "kinds", "whole-lines")


def run() -> tuple[dict, dict]:
    """Bits per byte and whole lines on held-out packages, by seed; what renaming costs the 135M model.

    Returns:
        results: for each predictor its bits per byte and the shares of lines of code that it has right from their start and from
            their middle (mean and standard deviation over seeds where it was trained here), and the renaming. ratios:
            `completion_bits_per_byte`, the best of what counts and trains here over the 135M model, and
            `completion_line_accuracy`, the same for lines from their middle.
    """
    cells = {cell.id: cell.source for cell in notebooks.read(NOTEBOOK).cells if cell.cell_type == "code"}
    space: dict = {"__name__": "completion"}

    def do(*names: str) -> None:
        for name in names:
            with contextlib.redirect_stdout(io.StringIO()):
                # without asserts: those of the notebook are about its own windows and seed
                exec(compile(cells[name], f"4.7 {name}", "exec", optimize=1), space)

    do("set-up")
    space["WINDOWS"] = WINDOWS
    do(*ONCE)
    runs = []
    for seed in SEEDS:
        space["SEED"] = seed
        do(*EACH)
        shares = space["line_share"]
        runs.append({name: (bits, *shares[name]) for name, bits in space["overall"].items()})
        print(
            f"completion, seed {seed}:", {name: np.round(row, 4).tolist() for name, row in runs[-1].items()}, flush=True
        )
    results: dict = {"python": platform.python_version(), "seeds": list(SEEDS), "windows": WINDOWS}
    for name in runs[0]:
        values = np.array([run[name] for run in runs], float)  # (seeds, 3)
        for key, column in zip(("bits_per_byte", "lines_from_start", "lines_from_middle"), values.T):
            results.setdefault(name, {})[key] = {"mean": column.mean(), "sd": column.std(ddof=1)}
    do("rename", "renaming")
    results["renaming"] = {f"{what}, {name}": list(map(float, row)) for (what, name), row in space["risen"].items()}
    best, large = results["counts + GPT + file"], results["135M model"]
    bits, lines = (best[key]["mean"] / large[key]["mean"] for key in ("bits_per_byte", "lines_from_middle"))
    return results, {
        "completion_bits_per_byte": report.ratio(bits, goal=1.5, at_most=True),
        "completion_line_accuracy": report.ratio(lines, goal=0.6),
    }
