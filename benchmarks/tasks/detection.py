"""Average precision of the detector of notebook 4.2 over seeds, and after longer training: the cells of the notebook themselves.

    TASKS=detection python -m benchmarks.applications --json FILE

What the notebook does once is done here with three seeds (of the weights and of the order of the scenes; the scenes stay the
same), and again with six times as many scenes, which is the headline. Training stops after a number of steps, so the scores do not depend on the
machine's speed. The test scenes have other things and other photographs. SEEDS in the environment changes which seeds are run.
"""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import time

from benchmarks import report
from bigmodel_lib import notebooks

import numpy as np

NOTEBOOK = pathlib.Path(__file__).parents[2] / "chapters" / "4-applications" / "4.2-object-detection.ipynb"
GOAL, MORE_SCENES = 0.90, 30_000
EACH = ("network", "train", "result")


def run() -> tuple[dict, dict]:
    """Returns the results by seed, and the mean AP at an IoU of 0.5 of both trainings beside the goal."""
    cells = {cell.id: cell.source for cell in notebooks.read(NOTEBOOK).cells if cell.cell_type == "code"}
    space: dict = {"__name__": "detection"}

    def do(*names: str) -> None:
        for name in names:
            with contextlib.redirect_stdout(io.StringIO()):
                # without asserts: what the notebook asserts of its own short run need not hold for a longer one
                exec(compile(cells[name], f"4.2 {name}", "exec", optimize=1), space)

    def one_run(seed: int) -> dict:
        import keras

        start = time.perf_counter()
        keras.utils.set_random_seed(seed)
        do(*EACH)
        classes = space["result"]["ap"][:, 0].round(4).tolist()
        row = {
            "seed": seed,
            "scenes": len(space["train"].images),
            "steps": space["steps"],
            "seconds": round(time.perf_counter() - start, 1),
            "ap50": round(space["result"]["mean_50"], 4),
            "ap": round(space["result"]["mean"], 4),
            "ap50_by_class": dict(zip(space["scenes"].CLASSES, classes)),
            "ap50_names_ignored": round(space["nameless"]["mean_50"], 4),
        }
        print(row, flush=True)
        return row

    do("set-up")
    seeds = [int(seed) for seed in os.environ.get("SEEDS", "0,1,2").split(",")]
    results: dict = {"test_scenes": len(space["truths"])}

    def by_seed(name: str) -> float:
        rows = [one_run(seed) for seed in seeds]
        scores = [row["ap50"] for row in rows]
        results[name], results[f"{name}, mean"] = rows, round(float(np.mean(scores)), 4)
        if len(scores) > 1:
            results[f"{name}, sd"] = round(float(np.std(scores, ddof=1)), 4)
        return results[f"{name}, mean"]

    short = by_seed("as in the notebook")
    space["train"] = space["scenes"].scenes(MORE_SCENES, "train")
    return results, {
        "detection_ap50": report.ratio(by_seed("more scenes"), GOAL),
        "detection_ap50_in_a_minute": report.ratio(short, GOAL),
    }
