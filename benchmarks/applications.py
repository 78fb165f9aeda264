"""How well the course's applications do what they are for, by seeds, on whole test sets.

    python -m benchmarks.applications --json FILE
    TASKS=topic,sentiment python -m benchmarks.applications --json FILE

A task is a module of `benchmarks.tasks`. Its ``run()`` returns two dicts: the results (everything that a reader needs, by seed
or with an interval), and the ratios, made by `report.ratio`, which compare a headline number with its goal. The notebooks of
chapter 4 compute what fits a minute; what takes longer is measured here, and a notebook that shows such a number names this
command. TASKS chooses some of the tasks; without it, all run.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import time

from benchmarks import report, tasks


def names() -> list[str]:
    """The tasks there are, in the order of their names."""
    return sorted(module.name for module in pkgutil.iter_modules(tasks.__path__) if not module.name.startswith("_"))


def chosen(wanted: str | None) -> list[str]:
    """The tasks that TASKS asks for, all if it is not set or empty.

    Raises:
        ValueError: it names a task that does not exist.
    """
    there = names()
    asked = [name.strip() for name in (wanted or "").split(",") if name.strip()] or there
    if unknown := [name for name in asked if name not in there]:
        raise ValueError(f"TASKS must name some of {', '.join(there)}, separated by commas, not {', '.join(unknown)}")
    return asked


def main() -> None:
    path = report.output_file(__doc__)
    results, ratios = {}, {}
    for name in chosen(os.environ.get("TASKS")):
        start = time.perf_counter()
        results[name], compared = importlib.import_module(f"benchmarks.tasks.{name}").run()
        results[name]["seconds"] = round(time.perf_counter() - start, 1)
        ratios |= compared
        print(name, {key: round(entry["value"], 4) for key, entry in compared.items()}, flush=True)
    report.write(results, ratios, path)


if __name__ == "__main__":
    main()
