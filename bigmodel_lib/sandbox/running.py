"""The side of the sandbox that starts a program, watches it, ends it, and says how it went."""

from __future__ import annotations

import contextlib
import functools
import importlib.resources
import json
import operator
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

OUTPUT_BYTES = 65_536  # of each stream that is kept; the rest is read and forgotten
REPORT_BYTES = 2**20
FILE_BYTES = 16 * 2**20  # of one file that the program writes
FOLDER_BYTES, FOLDER_FILES = 64 * 2**20, 2000  # of all
LAYERS = ("limits", "seccomp", "landlock")
OUT_OF_MEMORY = 77  # as in worker.py, which is never imported
# The worker gets a table of built-in names of its own: what the code does to `len` or `isinstance` does not reach it
_START = (
    "import builtins, sys; names = {'__builtins__': dict(vars(builtins)), '__name__': 'worker'}; "
    "exec(compile(open(sys.argv[1], encoding='utf-8').read(), 'worker', 'exec'), names); names['main'](int(sys.argv[2]))"
)


@dataclass(frozen=True)
class Result:
    """How a program ended.

    Attributes:
        status: "passed" (code, tests and calls ran to their end), "failed" (an exception, or an end before the end), "timeout",
            "memory" (an allocation beyond the limit was not caught), or "killed" (by a signal, such as a segmentation fault).
        stdout, stderr: what it wrote, at most 64 kB of each.
        seconds: of the wall clock, with the start of the interpreter.
        values: what the calls gave, where it passed.
        error: the exception as one line, or what happened; "" where it passed.
        stage: where it went wrong: "syntax", "code" or "tests"; "" where it passed or was not told.
        line: of the code or the tests at which it went wrong; None if not told.
        containment: threat -> what contained it, on this machine in this run.
    """

    status: str
    stdout: str
    stderr: str
    seconds: float
    values: tuple = ()
    error: str = ""
    stage: str = ""
    line: int | None = None
    containment: dict[str, str] = field(default_factory=dict)


def run(
    code: str,
    tests: str = "",
    calls: Sequence[str] = (),
    timeout: float = 5.0,
    memory_mb: int = 512,
    layers: Sequence[str] = LAYERS,
) -> Result:
    """Run code that may do anything, then tests that it does not know, in a process of their own.

    Only the standard library can be imported. Nothing that the code prints, patches or ends makes it "passed". But tests share
    the interpreter with the code, so code can lie to them (an object that equals everything); the values of `calls` are compared
    where the code cannot reach.

    Args:
        code: Python source. With a NUL character it fails with a SyntaxError, as text that is no Python does.
        tests: Python source that runs after the code and sees its names; it passes unless it raises.
        calls: expressions such as "f(2)", evaluated last. Their values must be of Python's own plain kinds, nested at most 30 deep,
            and fit into about 1 MB in all.
        timeout: seconds on the wall clock, with about 0.05 for the start of the interpreter.
        memory_mb: of address space, in MB of 2**20 bytes; at least 64.
        layers: the locks to use of those that this machine has; for tests of what is left without them.

    Returns:
        A `Result`. The program is dead and its folder is gone.

    Raises:
        ValueError: timeout is not positive, too little memory, or an unknown layer.
        TypeError: code or tests are no text, calls is one string, or memory_mb no whole number.

    Example:
        >>> run("def double(x):\\n    return 2 * x", calls=["double(21)"]).values
        (42,)
        >>> run("print(1 / 0)").error
        'ZeroDivisionError: division by zero'

    Taught in: 4.8.
    """
    _check(code, tests, calls, timeout, memory_mb, layers)
    timeout, memory_mb = float(timeout), operator.index(memory_mb)  # NumPy's numbers cannot be sent
    if "\0" in code:
        return Result("failed", "", "", 0.0, error="SyntaxError: the code has a NUL character", stage="syntax")
    token, folder = secrets.token_hex(16), tempfile.mkdtemp(prefix="sandbox-")
    job = {"code": code, "timeout": timeout, "memory_bytes": memory_mb * 2**20, "file_bytes": FILE_BYTES,
           "layers": list(layers), "linux": _source("linux.py")}  # fmt: skip
    begin = time.perf_counter()
    try:
        process, results = _start(folder)
        second = {"tests": tests, "calls": list(calls), "token": token}
        out, err, told = (_Reader(fd, size) for fd, size in zip(
            (process.stdout.fileno(), process.stderr.fileno(), results), (OUTPUT_BYTES, OUTPUT_BYTES, REPORT_BYTES)))  # fmt: skip
        threading.Thread(target=_send, args=(process.stdin, job, second), daemon=True).start()
        ended = _watch(process, told.done, begin + timeout, folder)
        seconds = time.perf_counter() - begin
        _kill(process)
        for reader in (out, err, told):
            reader.done.wait(1)
        for reader, close in (
            (out, process.stdout.close),
            (err, process.stderr.close),
            (told, lambda: os.close(results)),
        ):
            close() if reader.done.is_set() else None
        reports = _reports(told.text())
        if len(told.kept) == REPORT_BYTES:  # it was cut, and its last line lost
            error = f"the values of the calls take more than {REPORT_BYTES:,} bytes"
            reports.append({"status": "failed", "error": error, "stage": "tests"})
        return _result(process.returncode, ended, reports, token, timeout, out.text(), err.text(), seconds)
    finally:
        _remove(folder)


@functools.cache
def containment() -> dict[str, str]:
    """What this machine contains, found out by running an empty program: threat -> by what, or "not contained".

    Example:
        >>> containment()["environment"]
        'emptied'
    """
    return run("", timeout=30).containment


def _check(code, tests, calls, timeout, memory_mb, layers) -> None:
    if isinstance(calls, str):
        raise TypeError(f"calls must be a sequence of expressions, such as [{calls!r}], not one string")
    if not hasattr(memory_mb, "__index__"):
        raise TypeError(f"memory_mb must be a whole number, not {memory_mb!r}")
    for name, text in (("code", code), ("tests", tests)):
        if not isinstance(text, str):
            raise TypeError(f"{name} must be Python source as a str, not a {type(text).__name__}")
    if not 0 < timeout < float("inf"):
        raise ValueError(f"timeout must be a positive number of seconds, not {timeout}")
    if not memory_mb >= 64:
        raise ValueError(f"memory_mb must be at least 64, which Python itself needs, not {memory_mb}")
    if set(layers) - set(LAYERS):
        raise ValueError(f"layers must be of {', '.join(LAYERS)}, not {sorted(set(layers) - set(LAYERS))}")


@functools.cache
def _source(name: str) -> str:
    return (importlib.resources.files("bigmodel_lib.sandbox") / name).read_text("utf-8")


def _start(folder: str) -> tuple[subprocess.Popen, int]:
    """The process of the worker, and the end of the pipe from which its reports are read."""
    results, results_in = os.pipe()
    worker = str(pathlib.Path(__file__).with_name("worker.py"))
    kept = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")  # without which some interpreters do not start
    options: dict[str, Any] = {"env": {name: os.environ[name] for name in kept if name in os.environ}}
    if sys.platform == "win32":
        import msvcrt

        handle = msvcrt.get_osfhandle(results_in)
        os.set_handle_inheritable(handle, True)
        options |= {"close_fds": False, "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        handle = results_in
        options |= {"pass_fds": (results_in,), "start_new_session": True}
    python = getattr(sys, "_base_executable", None) or sys.executable
    try:
        process = subprocess.Popen(
            [python, "-I", "-S", "-B", "-X", "utf8", "-c", _START, worker, str(handle)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, **options,
        )  # fmt: skip
    except BaseException:
        os.close(results)
        raise
    finally:
        os.close(results_in)
    return process, results


class _Reader(threading.Thread):
    """Reads a pipe to its end and keeps its beginning, so that a program never waits for a full pipe."""

    def __init__(self, fd: int, size: int):
        super().__init__(daemon=True)
        self.fd, self.size, self.kept, self.done = fd, size, bytearray(), threading.Event()
        self.start()

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while part := os.read(self.fd, 65_536):
                self.kept += part[: self.size - len(self.kept)]
        self.done.set()

    def text(self) -> str:
        return bytes(self.kept).decode("utf-8", "replace")


def _send(pipe, *messages: dict) -> None:
    with contextlib.suppress(OSError), pipe:
        for message in messages:
            data = json.dumps(message).encode()
            pipe.write(b"%08x" % len(data) + data)
            pipe.flush()


def _watch(process: subprocess.Popen, done: threading.Event, until: float, folder: str) -> str:
    """Wait for the end of the program; why it must be ended, or "" where it came by itself."""
    while not done.wait(max(0.0, min(0.05, until - time.perf_counter()))):
        if time.perf_counter() >= until:
            return "timeout"
        if _too_much(folder):
            return "disk"
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, min(1.0, until - time.perf_counter())) + 0.05)
        return ""
    return "timeout"


def _too_much(folder: str) -> bool:
    size, seen, left = 0, 0, [folder]
    while left:
        with contextlib.suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                seen += 1
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
                else:
                    size += entry.stat(follow_symlinks=False).st_size
                if size > FOLDER_BYTES or seen > FOLDER_FILES:
                    return True
    return False


def _kill(process: subprocess.Popen) -> None:
    """End the program and all of its group, and wait for its end."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
    process.wait()


def _remove(folder: str) -> None:
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    for command in (
        ["rm", "-rf"],
        ["chmod", "-R", "u+rwx"],
        ["rm", "-rf"],
    ):  # nested deeper than Python can go; no rights
        if os.path.exists(folder) and os.name == "posix":
            subprocess.run([*command, folder], stderr=subprocess.DEVNULL, check=False)


def _reports(text: str) -> list[dict]:
    found = []
    for line in text.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            read = json.loads(line)
            found += [read] if isinstance(read, dict) else []
    return found


def _value(told):
    """The inverse of the worker's `plain`."""
    kind, inside = told
    if kind == "dict":
        return {_value(k): _value(v) for k, v in inside}
    if kind in ("list", "tuple", "set"):
        return {"list": list, "tuple": tuple, "set": set}[kind](map(_value, inside))
    if kind in ("bytes", "float"):
        return {"bytes": bytes, "float": float}[kind].fromhex(inside)
    return int(inside, 16) if kind == "int" else inside


def _result(code, ended, reports, token, timeout, stdout, stderr, seconds) -> Result:
    held = next((r["containment"] for r in reports if isinstance(r.get("containment"), dict)), {})
    last = next((r for r in reversed(reports) if r.get("status") in ("passed", "failed", "memory")), None)

    def result(status, error="", stage="", line=None, values=()):
        return Result(status, stdout, stderr, seconds, values, error, stage, line, held)

    if ended == "disk":
        return result("killed", "the program wrote more than it may")
    if last is not None and last["status"] == "passed":
        if last.get("token") == token:
            with contextlib.suppress(ValueError, TypeError, RecursionError, AttributeError, OverflowError):
                return result("passed", values=tuple(map(_value, last["values"])))
        return result("failed", "the report of the tests is not genuine")
    if last is not None:
        return result(last["status"], str(last.get("error", ""))[:600], str(last.get("stage", "")), last.get("line"))
    if ended == "timeout" or code == -getattr(signal, "SIGXCPU", 1000):
        return result("timeout", f"not done after {timeout:g} s")
    if code == OUT_OF_MEMORY:
        return result("memory", "MemoryError")
    if code < 0 or code >= 0xC0000000:
        name = signal.Signals(-code).name if code < 0 else hex(code)
        return result("killed", f"ended by {name}")
    return result("failed", f"the process ended with status {code} before its tests were done")
