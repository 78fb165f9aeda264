"""Executes notebooks from fresh kernels, and measures the time and memory that each one takes."""

from __future__ import annotations

import copy
import os
import pathlib
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import bigmodel_lib

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

__all__ = [
    "Cell",
    "KERNEL",
    "MemoryMeter",
    "Result",
    "excess",
    "execute",
    "find",
    "kernel_environment",
    "read",
    "stated",
    "student_environment",
    "text",
]

# All that a stored notebook says about its origin: nothing of the machine, so that running it again changes nothing
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What a cell may say: nbgrader's marks, that a student cannot edit a check, that its code is folded, the sources of its numbers
KEPT_METADATA = {"tags", "nbgrader", "editable", "deletable", "jupyter", "cited"}


GIGABYTE = 10**9


@dataclass(frozen=True)
class Cell:
    """What one code cell took."""

    id: str
    seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Result:
    """What one execution took. `error` is "" when every cell ran."""

    path: str
    passed: bool
    seconds: float
    peak_bytes: int  # of the kernel and the processes it started, resident memory
    error: str = ""
    cells: tuple[Cell, ...] = ()


def stated(notebook: nbformat.NotebookNode) -> tuple[float, float] | None:
    """The seconds and the gigabytes that a notebook's first cell states ("**Runs in** 45 s, 0.7 GB"); None if it states none."""
    found = (
        re.search(r"\*\*Runs in\*\*\s+(\d+)\s+s,\s+([\d.]+)\s+GB", notebook.cells[0].source) if notebook.cells else None
    )
    return (float(found[1]), float(found[2])) if found else None


def excess(budget: tuple[float, float], seconds: float, peak_bytes: int, cells: Iterable[Cell]) -> list[str]:
    """What a notebook took beyond what it states, one line each, with the cell that took most.

    Args:
        budget: its seconds and gigabytes, as `stated` gives them. Half as long again and 5 s, a quarter as much again and 0.2 GB
            are within it: another machine is not the one that was measured.
        seconds: that it took; 0 if nobody measured them.
        peak_bytes: that it took.
        cells: what each cell took.
    """
    cells, lines = list(cells), []
    if seconds > 1.5 * budget[0] + 5:
        slowest = max(cells, key=lambda cell: cell.seconds, default=Cell("?", 0, 0))
        lines.append(
            f"took {seconds:.0f} s and states {budget[0]:.0f} s; cell {slowest.id!r} alone took {slowest.seconds:.0f} s"
        )
    if peak_bytes / GIGABYTE > 1.25 * budget[1] + 0.2:
        largest = max(cells, key=lambda cell: cell.peak_bytes, default=Cell("?", 0, 0))
        lines.append(
            f"used {peak_bytes / GIGABYTE:.2f} GB and states {budget[1]:.1f} GB; the peak is in cell {largest.id!r}"
        )
    return lines


def find(paths: Iterable[str | pathlib.Path]) -> list[pathlib.Path]:
    """The notebooks named, and all those below the folders named, sorted within each folder.

    Raises:
        ValueError: a path does not exist, is no notebook, or is a folder without one.
    """
    found = []
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
            if not inside:
                raise ValueError(f"the folder {path} holds no notebook")
            found += inside
        elif not path.exists():
            raise ValueError(f"there is no notebook {path}; give the path of an .ipynb file or of a folder of them")
        elif path.suffix != ".ipynb":
            raise ValueError(f"{path} is not a notebook: its name must end in .ipynb")
        else:
            found.append(path)
    return found


def read(path: str | pathlib.Path) -> nbformat.NotebookNode:
    """The notebook in a file.

    Raises:
        ValueError: the file is not a notebook.
    """
    try:
        return nbformat.v4.upgrade(nbformat.read(path, 4))  # before 4.5 cells had no ids
    except Exception as error:  # nbformat raises many kinds for a broken file
        raise ValueError(f"{path} cannot be read as a notebook: {str(error).splitlines()[0][:200]}") from error


def execute(
    path: str | pathlib.Path,
    store: bool = False,
    timeout: int = 600,
    on_cell: Callable[[int], None] = lambda index: None,
) -> Result:
    """Execute a notebook from a fresh kernel, in its own folder.

    Args:
        path: of the notebook.
        store: write the outputs into the file, with the metadata reduced to `KERNEL`; only if every cell ran.
        timeout: of one cell, in seconds.
        on_cell: called with its index after each code cell.

    Returns:
        Whether it passed, its seconds and its peak memory. A cell tagged ``raises-exception`` may fail.

    Raises:
        ValueError: the file is not a notebook.
    """
    path = pathlib.Path(path)
    notebook = read(path)
    cells: list[Cell] = []

    def executed(cell, cell_index, execute_reply):
        cells.append(meter.lap(cell.id))
        on_cell(cell_index)

    client = NotebookClient(
        notebook,
        timeout=timeout,
        record_timing=False,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_start=lambda cell, cell_index: meter.lap(cell.id),
        on_cell_executed=executed,
    )
    meter = MemoryMeter(client)
    start, error = time.perf_counter(), ""
    meter.start()
    try:
        # The stderr is that of the kernel's own process; what cells write is in their outputs
        client.execute(stderr=subprocess.DEVNULL, env=kernel_environment())
    except CellExecutionError as failure:
        error = f"{failure.ename}: {failure.evalue}".splitlines()[0] + _where(notebook)
    except CellTimeoutError:
        error = f"a cell ran for more than {timeout} s"
    except DeadKernelError:
        error = "the kernel died (out of memory?)"
    finally:
        meter.stop()
    seconds = time.perf_counter() - start
    if store and not error:
        path.write_text(text(notebook), encoding="utf-8", newline="\n")
    return Result(path.as_posix(), not error, round(seconds, 1), meter.peak_bytes, error, tuple(cells))


def _where(notebook: nbformat.NotebookNode) -> str:
    """The cell that failed, for a message."""
    for index, cell in enumerate(notebook.cells):
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            return f" (cell {index + 1}, {cell.id!r})"
    return ""


def student_environment() -> dict[str, str]:
    """This process's environment without the backend that importing the library chose: a notebook must choose it itself."""
    dropped = {"KERAS_BACKEND"} if bigmodel_lib.BACKEND_IS_DEFAULT else set()
    return {name: value for name, value in os.environ.items() if name not in dropped}


def kernel_environment() -> dict[str, str]:
    """A student's environment for a kernel that a program drives: its widgets find nobody to click."""
    return student_environment() | {"BIGMODEL_STATIC": "1"}


def text(notebook: nbformat.NotebookNode) -> str:
    """A notebook as the house stores it: canonical JSON with nothing of the machine or the run in its metadata.

    The notebook that is given stays as it is.
    """
    notebook = copy.deepcopy(notebook)
    notebook.metadata = nbformat.from_dict(KERNEL)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in KEPT_METADATA})
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


class MemoryMeter(threading.Thread):
    """Samples the resident memory of a kernel and of the processes it started, ten times a second.

    Args:
        client: has the kernel's manager as its attribute `km`, once the kernel is started.
    """

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.peak_bytes, self._end = client, 0, threading.Event()
        self._lap_bytes, self._lap_start = 0, time.perf_counter()

    def run(self) -> None:
        while not self._end.wait(0.1):
            self._look()

    def _look(self) -> None:
        process = getattr(getattr(getattr(self.client, "km", None), "provisioner", None), "process", None)
        if process is None:
            return
        try:
            kernel = psutil.Process(process.pid)
            own = kernel.cmdline()
            # a child that has not begun a program of its own yet shares the kernel's pages: they are not counted twice
            started = [child for child in kernel.children(recursive=True) if child.cmdline() != own]
            used = sum(process.memory_info().rss for process in [kernel, *started])
        except psutil.Error:  # it ended between two looks
            return
        self.peak_bytes, self._lap_bytes = max(self.peak_bytes, used), max(self._lap_bytes, used)

    def lap(self, cell_id: str) -> Cell:
        """Seconds and peak memory since the last lap, as those of a cell."""
        self._look()
        now = time.perf_counter()
        cell = Cell(cell_id, round(now - self._lap_start, 3), self._lap_bytes)
        self._lap_bytes, self._lap_start = 0, now
        return cell

    def stop(self) -> None:
        self._end.set()
        self.join()
