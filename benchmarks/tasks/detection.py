"""Average precision of the detector of notebook 4.2 over seeds, and after longer training: the cells of the notebook themselves.

    TASKS=detection python -m benchmarks.applications --json FILE

What the notebook does once is done here with three seeds (of the weights and of the order of the scenes; the scenes stay the
same), and once with six times as many scenes. Training stops after a number of steps, so the scores do not depend on the
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
    """Returns the results by seed, and the mean AP at an IoU of 0.5 beside its goal."""
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
    rows = [one_run(seed) for seed in seeds]
    space["train"] = space["scenes"].scenes(MORE_SCENES, "train")
    ap50 = [row["ap50"] for row in rows]
    results = {
        "test_scenes": len(space["truths"]),
        "notebook": rows,
        "ap50_mean": round(float(np.mean(ap50)), 4),
        "ap50_sd": round(float(np.std(ap50, ddof=1)), 4) if len(ap50) > 1 else None,
        "more_scenes": [one_run(seeds[0])],
    }
    return results, {
        "detection_ap50": report.ratio(float(np.mean(ap50)), GOAL),
        "detection_ap50_more_scenes": report.ratio(results["more_scenes"][0]["ap50"], GOAL),
    }
