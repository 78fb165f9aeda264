"""What every benchmark writes: the machine, the results, and each ratio with the goal that it meets or misses."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import platform


def machine() -> dict:
    """What a reader needs to know of the machine to compare numbers."""
    import jax
    import keras

    model = platform.processor()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = {"python": platform.python_version(), "keras": keras.__version__, "jax": jax.__version__}
    return {"processor": model, "cores": cores, "system": platform.system(), **versions}


def ratio(value: float, goal: float, at_most: bool = False) -> dict:
    """A ratio and whether it meets its goal: at least the goal, or at most if `at_most`."""
    return {"value": float(value), "goal": goal, "met": bool(value <= goal if at_most else value >= goal)}


def installed(*packages: str) -> bool:
    """Whether all packages of a peer can be imported; prints a message if not."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        print(f"skipped: the peer needs {', '.join(missing)}: python -m pip install {' '.join(missing)}")
    return not missing


def output_file(description: str) -> str | None:
    """The file that --json names. Call it before measuring: a mistake in the arguments then costs no time."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", help="file to write")
    path = parser.parse_args().json
    if path and not pathlib.Path(path).resolve().parent.is_dir():
        parser.error(f"--json must name a file in a folder that exists, not {path}")
    return path


def write(results: dict, ratios: dict, path: str | None) -> None:
    """Print the report, and write it to the file, if any."""
    text = json.dumps({"machine": machine(), "results": results, "ratios": ratios}, indent=2)
    print(text)
    if path:
        pathlib.Path(path).write_text(text + "\n", "utf-8")
