"""The side of the sandbox on which the code runs. `running` starts it in a process of its own; do not import it.

It reads two messages: first the code with its limits, and, once the code has run, the tests with a token. Only a report that
repeats the token counts as passed, so a program that ends the process, prints "passed" or replaces `assert` gains nothing.
Code that hunts through the memory of the interpreter for the token can still lie. Where that matters, give `calls`: their
values travel back and are compared by the caller, and what the right values are is never told to this process.
"""

from __future__ import annotations

import builtins
import json
import os
import sys

_BUILTIN = (int, float, str, bool, type(None), list, tuple, dict, set, bytes)
OUT_OF_MEMORY = 77  # exit status where there is no room even for a report
HOOK = "a hook in Python: stops accidents, not attacks"
_read, _write, _exit, _dumps, _loads = os.read, os.write, os._exit, json.dumps, json.loads
_compile, _exec, _eval, _stdout, _stderr = compile, exec, eval, sys.stdout, sys.stderr


def message(fd: int) -> dict:
    """The next message: eight hexadecimal digits of length, then JSON."""

    def exactly(count):
        data = b""
        while len(data) < count:
            part = _read(fd, count - len(data))
            if not part:
                raise EOFError("the sandbox closed the pipe")
            data += part
        return data

    return _loads(exactly(int(exactly(8), 16)))


def say(fd: int, what: dict) -> None:
    data = _dumps(what).encode() + b"\n"
    while data:
        data = data[_write(fd, data) :]


def plain(value, depth: int = 30):
    """A value as JSON that keeps the kinds apart, for the other side. Only Python's own kinds, no classes derived from them."""
    kind = type(value)
    if kind not in _BUILTIN or depth == 0:
        raise TypeError(f"a result of type {kind.__name__} cannot leave the sandbox")
    if kind is dict:
        return ["dict", [[plain(k, depth - 1), plain(v, depth - 1)] for k, v in value.items()]]
    if kind in (list, tuple, set):
        return [kind.__name__, [plain(part, depth - 1) for part in value]]
    if kind is bytes:
        return ["bytes", value.hex()]
    if kind is float:
        return ["float", value.hex()]
    return ["int", hex(value)] if kind is int else ["plain", value]


def limits(wanted: dict[str, int]) -> dict[str, str]:
    """Set POSIX limits, name -> value; those that hold."""
    try:
        import resource
    except ImportError:  # Windows
        return {}
    held = {}
    for name, value in wanted.items():
        try:
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
            held[name] = f"RLIMIT_{name}"
        except (AttributeError, ValueError, OSError, OverflowError):  # the last: beyond 64 bits
            continue
    if sys.platform == "darwin":
        held.pop("AS", None)  # accepted, and not enforced
    if os.geteuid() == 0:
        held.pop("NPROC", None)  # root is exempt
    return held


def contain(job: dict, linux: dict) -> dict[str, str]:
    """Put on all locks that this system has: threat -> what contains it."""
    wanted, folder, locks, why = job["layers"], os.getcwd(), {}, {}
    roots = {sys.base_prefix, sys.base_exec_prefix, sys.prefix, "/usr", "/lib", "/lib64", "/nix/store"}
    roots |= {path for path in sys.path if path} | {"/dev/urandom", "/dev/zero"}
    readable = sorted({os.path.realpath(root) for root in roots} - {os.sep})

    def lock(name, *arguments):
        try:
            if name in wanted and linux:
                locks[name] = linux[name](*arguments)
        except (OSError, AttributeError) as error:
            why[f"no {name}"] = str(error)

    lock("landlock", folder, readable)
    sizes = {"CPU": int(job["timeout"]) + 2, "FSIZE": job["file_bytes"], "CORE": 0, "AS": job["memory_bytes"]}
    held = limits(sizes) if "limits" in wanted else {}
    lock("seccomp")
    if "limits" in wanted and "seccomp" not in locks:
        held |= limits({"NPROC": 0})  # it would forbid threads as well
    if missing := {"landlock", "seccomp"} - locks.keys():
        sys.addaudithook(hook(missing, folder, readable))
    calls, files = locks.get("seccomp", HOOK), locks.get("landlock", HOOK)
    return {
        "time": "the wall clock" + (" and RLIMIT_CPU" if "CPU" in held else ""),
        "memory": held.get("AS", "not contained"),
        "output": "cut",
        "environment": "emptied",
        "disk": "the folder is watched" + (" and RLIMIT_FSIZE" if "FSIZE" in held else ""),
        "processes": locks.get("seccomp") or held.get("NPROC") or HOOK,
        "signals": calls,
        "network": calls,
        "writing": files,
        "reading": files,
    } | why


def hook(missing: set[str], folder: str, readable: list[str]):
    """A function that Python itself calls before it opens a file, starts a process and so on; it cannot be taken off again."""
    acts = ("subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "pty.", "os.kill", "signal.pthread_kill",
            "socket.", "ctypes.", "winreg.", "os.startfile", "_winapi.", "resource.prlimit")  # fmt: skip
    changes = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
               "os.chflags", "os.utime", "os.setxattr", "os.removexattr", "os.lockf", "shutil.", "sqlite3.")  # fmt: skip
    real, sep, starts, busy = os.path.realpath, os.sep, [os.path.realpath(folder)], []
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def inside(path, places):
        path = real(os.fsdecode(path))
        return any(path == place or path.startswith(place + sep) for place in places)

    def on_event(event, arguments):
        if busy:
            return
        busy.append(event)
        try:
            import_of = event == "import" and arguments[0] in ("_posixshmem", "_posixsubprocess")  # these ask no hook
            if "seccomp" in missing and (import_of or event.startswith(acts)):
                raise PermissionError(f"{event} is not allowed in the sandbox")
            if "landlock" not in missing:
                return
            paths = [a for a in arguments[:2] if isinstance(a, (str, bytes))]
            if event == "open" and isinstance(arguments[0], (str, bytes)):
                places = starts if arguments[2] & writing else [*starts, *readable]
                paths = paths[:1]
            elif event in ("os.listdir", "os.scandir"):
                places = [*starts, *readable]
            elif event.startswith(changes):
                places = starts
            else:
                return
            if not all(inside(path, places) for path in paths):
                raise PermissionError(f"{event} outside of the sandbox's folder is not allowed")
        finally:
            busy.pop()

    return on_event


def told(error: BaseException) -> dict:
    """An exception as the other side sees it, the last line of the code or of the tests included."""
    name, text, line = type(error).__name__, "", None
    try:
        text = str(error)[:500]
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename in ("<code>", "<tests>"):
                line = trace.tb_lineno
            trace = trace.tb_next
        line = error.lineno if isinstance(error, SyntaxError) else line
    except BaseException:  # its own __str__ may do anything
        pass
    return {"error": f"{name}: {text}".rstrip(": "), "line": line if isinstance(line, int) else None}


def work(source: int, results: int) -> dict:
    """Run the code, then the tests and the calls; the report."""
    job = message(source)
    linux: dict = {}
    if sys.platform == "linux":
        _exec(_compile(job.pop("linux"), "linux", "exec"), linux)
    say(results, {"containment": contain(job, linux)})
    names, stage = {"__name__": "__main__", "__builtins__": builtins}, "syntax"
    try:
        code = _compile(job["code"], "<code>", "exec")
        stage = "code"
        _exec(code, names)
        stage = "tests"
        second = message(source)
        _exec(_compile(second["tests"], "<tests>", "exec"), names)
        values = [plain(_eval(_compile(call, "<tests>", "eval"), names)) for call in second["calls"]]
        report = {
            "status": "passed",
            "token": second["token"],
            "values": values,
            "stage": "",
            "error": "",
            "line": None,
        }
    except MemoryError as error:
        report = {"status": "memory", "stage": stage} | told(error)
    except BaseException as error:  # SystemExit and KeyboardInterrupt too
        report = {"status": "failed", "stage": stage} | told(error)
    for stream in (sys.stdout, sys.stderr, _stdout, _stderr):
        try:
            stream.flush()
        except BaseException:  # closed or replaced
            continue
    return report


def main(results: int) -> None:
    """Take the pipes away from the code, work, report, and end without what the code has registered for the end."""
    source, null = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    if sys.platform == "win32":
        import msvcrt

        results = msvcrt.open_osfhandle(results, 0)
    os.set_inheritable(results, False)
    sys.argv = [""]
    home = os.getcwd()
    os.environ.clear()
    os.environ.update({"HOME": home, "TMPDIR": home})
    try:
        say(results, work(source, results))
    except MemoryError:
        _exit(OUT_OF_MEMORY)
    _exit(0)
