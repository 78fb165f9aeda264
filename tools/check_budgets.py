"""Fail if a notebook took more time or memory than it may: ``uv run python tools/check_budgets.py REPORT.json``.

The report is what ``python -m bigmodel_lib run PATH --json REPORT.json`` writes. A notebook that was too slow is run once more, and
the faster run counts: another program can only add time.
"""

import json
import pathlib
import sys

from bigmodel_lib import notebooks

GIGABYTE = 10**9
# Seconds and bytes by the start of the path: the longest that fits counts
BUDGETS = {
    "chapters/": (90, 4 * GIGABYTE),
    "chapters/1-concepts/": (60, 2 * GIGABYTE),
    "chapters/1-concepts/1.5": (120, 4 * GIGABYTE),
    "chapters/2-training/2.6": (150, 4 * GIGABYTE),
}


def budget(path: str) -> tuple[int, int]:
    """Seconds and bytes that the notebook at a path may take."""
    fitting = [start for start in BUDGETS if path.startswith(start)]
    return BUDGETS[max(fitting, key=len)] if fitting else BUDGETS["chapters/"]


def over_budget(results: list[dict]) -> list[str]:
    """One line for each notebook that failed or took more than it may."""
    lines = []
    for result in results:
        path = result["path"]
        seconds, memory = budget(path)
        if not result["passed"]:
            lines.append(f"{path} failed: {result['error']}")
        if result["seconds"] > seconds:
            lines.append(f"{path} took {result['seconds']:.0f} s; it may take {seconds} s")
        if result["peak_bytes"] > memory:
            lines.append(f"{path} used {result['peak_bytes'] / GIGABYTE:.2f} GB; it may use {memory / GIGABYTE:.0f} GB")
    return lines


def main(report: str) -> int:
    results = json.loads(pathlib.Path(report).read_text("utf-8"))
    for result in results:
        if result["passed"] and result["seconds"] > budget(result["path"])[0]:
            again = vars(notebooks.execute(result["path"]))
            print(f"{result['path']} took {result['seconds']:.0f} s, and {again['seconds']:.0f} s when run again")
            if again["passed"] and again["seconds"] < result["seconds"]:
                result.update(again)
    found = over_budget(results)
    print("\n".join(found) or "every notebook is within its budget")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
