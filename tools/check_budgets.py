"""Fail if a notebook took more time or memory than it may: ``uv run python tools/check_budgets.py REPORT.json``.

The report is what ``python -m bigmodel_lib run PATH --json REPORT.json`` writes.
"""

import json
import pathlib
import sys

GIGABYTE = 10**9
# Seconds and bytes by the start of the path: the longest that fits counts
BUDGETS = {
    "chapters/": (90, 4 * GIGABYTE),
    "chapters/1-concepts/": (60, 2 * GIGABYTE),
    "chapters/1-concepts/1.5": (120, 4 * GIGABYTE),
    "chapters/2-training/2.6": (150, 4 * GIGABYTE),
}


def over_budget(results: list[dict]) -> list[str]:
    """One line for each notebook that failed or took more than it may."""
    lines = []
    for result in results:
        path = result["path"]
        fitting = [start for start in BUDGETS if path.startswith(start)]
        seconds, memory = BUDGETS[max(fitting, key=len)] if fitting else (90, 4 * GIGABYTE)
        if not result["passed"]:
            lines.append(f"{path} failed: {result['error']}")
        if result["seconds"] > seconds:
            lines.append(f"{path} took {result['seconds']:.0f} s; it may take {seconds} s")
        if result["peak_bytes"] > memory:
            lines.append(f"{path} used {result['peak_bytes'] / GIGABYTE:.2f} GB; it may use {memory / GIGABYTE:.0f} GB")
    return lines


if __name__ == "__main__":
    found = over_budget(json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8")))
    print("\n".join(found) or "every notebook is within its budget")
    sys.exit(1 if found else 0)
