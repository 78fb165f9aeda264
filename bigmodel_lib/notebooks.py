"""Executes notebooks from fresh kernels, and measures the time and memory that each one takes."""

from __future__ import annotations

import os
import pathlib
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

# All that a stored notebook says about its origin: nothing of the machine, so that running it again changes nothing
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What a cell may say: nbgrader's marks, and that a student cannot edit or delete a check
KEPT_METADATA = {"tags", "nbgrader", "editable", "deletable"}


@dataclass(frozen=True)
class Result:
    """What one execution took. `error` is "" when every cell ran."""

    path: str
    passed: bool
    seconds: float
    peak_bytes: int  # of the kernel and the processes it started, resident memory
    error: str = ""


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
        return nbformat.read(path, 4)
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
    client = NotebookClient(
        notebook,
        timeout=timeout,
        record_timing=False,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_executed=lambda cell, cell_index, execute_reply: on_cell(cell_index),
    )
    meter = _MemoryMeter(client)
    start, error = time.perf_counter(), ""
    meter.start()
    try:
        # The stderr is that of the kernel's own process; what cells write is in their outputs. Widgets find nobody to click.
        client.execute(stderr=subprocess.DEVNULL, env=student_environment() | {"BIGMODEL_STATIC": "1"})
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
    return Result(path.as_posix(), not error, round(seconds, 1), meter.peak_bytes, error)


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


def text(notebook: nbformat.NotebookNode) -> str:
    """A notebook as the house stores it: canonical JSON with nothing of the machine or the run in its metadata."""
    notebook.metadata = nbformat.from_dict(KERNEL)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in KEPT_METADATA})
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


class _MemoryMeter(threading.Thread):
    """Samples the resident memory of a client's kernel and of its child processes, ten times a second."""

    def __init__(self, client: NotebookClient):
        super().__init__(daemon=True)
        self.client, self.peak_bytes, self._end = client, 0, threading.Event()

    def run(self) -> None:
        while not self._end.wait(0.1):
            process = getattr(getattr(self.client.km, "provisioner", None), "process", None)
            if process is None:
                continue
            try:
                kernel = psutil.Process(process.pid)
                tree = [kernel, *kernel.children(recursive=True)]
                self.peak_bytes = max(self.peak_bytes, sum(p.memory_info().rss for p in tree))
            except psutil.Error:  # it ended between two looks
                continue

    def stop(self) -> None:
        self._end.set()
        self.join()
