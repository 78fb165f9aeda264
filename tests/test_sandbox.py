"""Hostile programs, each bounded so that an escape would harm nothing, and what is left of them: nothing."""

import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

from bigmodel_lib import sandbox
from bigmodel_lib.sandbox import running

import numpy as np
import psutil
import pytest

HELD = sandbox.containment()
KERNEL = HELD["processes"] == "seccomp" and HELD["writing"] == "Landlock"
LIMITS = HELD["memory"] == "RLIMIT_AS"
SHORT = 0.7  # for programs that do not end by themselves

# name: (program, how it may end, what must hold it). OUTSIDE, SECRET, VICTIM and PORT are put in: a folder, a file in it, the id of
# a process and a port, all made by the test. "python": the hook is enough. "limits": needs POSIX limits. "kernel": needs both locks.
# Programs of the first two kinds are tried without the kernel's locks too.
ENDS = ("failed",)
HOSTILE = {
    # time
    "endless loop": ("while True: pass", ("timeout",), "python"),
    "endless loop that catches everything": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass", ("timeout",), "python"),
    "ignores signals": (
        "import signal, time\nfor s in (signal.SIGTERM, signal.SIGINT): signal.signal(s, signal.SIG_IGN)\ntime.sleep(60)",
        ("timeout",), "python"),
    "sleeps in threads": (
        "import threading, time\nts = [threading.Thread(target=time.sleep, args=(60,)) for _ in range(5)]\n"
        "for t in ts: t.start()\nfor t in ts: t.join()", ("timeout", "failed"), "python"),
    "an expression that backtracks": ("import re\nre.match('(a+)+$', 'a' * 40 + 'b')", ("timeout",), "python"),
    "a number of ten million digits, written out": (
        "import sys\nsys.set_int_max_str_digits(0)\nstr(10 ** 10_000_000 // 7)", ("timeout", "memory"), "python"),
    "a power in one operation": ("x = 3 ** (3 ** 20)", ("timeout", "memory"), "python"),
    "hangs at its end": ("import atexit, time\natexit.register(time.sleep, 60)", ("passed",), "python"),
    "hangs in flush": ("import sys, time\nclass S:\n    write = lambda s, t: None\n    flush = lambda s: time.sleep(60)\n"
                       "sys.stdout = S()", ("timeout",), "python"),
    # memory
    "one large allocation": ("x = bytearray(2 * 10**9)", ("memory",), "limits"),
    "memory bit by bit": ("x = []\nwhile len(x) < 400: x.append(bytearray(10**7))", ("memory",), "limits"),
    "a long text": ("x = 'a' * (3 * 10**9)", ("memory",), "limits"),
    "a list that doubles": ("x = [0]\nwhile len(x) < 2**28: x = x + x", ("memory",), "limits"),
    "a packed bomb": (
        "import zlib\nd = zlib.compressobj(1)\nz = b''.join(d.compress(bytes(10**7)) for _ in range(40)) + d.flush()\n"
        "x = zlib.decompress(z)", ("memory", "timeout"), "limits"),
    "memory, caught": (
        "try:\n    x = bytearray(2 * 10**9)\nexcept MemoryError:\n    raise SystemExit(0)", ENDS, "limits"),
    # output
    "huge output": ("while True: print('x' * 10**6)", ("timeout",), "python"),
    "huge output past Python": ("import os\nwhile True: os.write(2, b'y' * 65536)", ("timeout",), "python"),
    "closes its output": ("import os, sys\nsys.stdout.close()\nsys.stderr.close()\nos.close(1)\nos.close(2)\nprint(1)", ENDS, "python"),
    "closes every pipe": ("import os\nos.closerange(0, 256)", ENDS, "python"),
    "no text": ("import os\nos.write(1, bytes(range(256)))", ("passed",), "python"),
    # processes
    "fork bomb": (
        "import os, time\nfor _ in range(7):\n    os.fork()\ntime.sleep(3)", ENDS, "python"),
    "a daemon, forked twice": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(8)\n    os._exit(0)", ENDS, "python"),
    "a shell": ("import subprocess\nsubprocess.run('sleep 8', shell=True, check=True)", ENDS, "python"),
    "os.system": ("import os\nassert os.system('sleep 8') == 0", ENDS, "python"),
    "another program in its place": ("import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'print(1)'])", ENDS, "python"),
    "multiprocessing": ("import multiprocessing as m\nm.get_context('fork').Process(target=print).start()", ENDS, "python"),
    "fork through ctypes": (
        "import ctypes, time\npid = ctypes.CDLL(None).fork()\nif pid >= 0: time.sleep(3)\nassert pid >= 0", ENDS, "python"),
    # signals
    "a signal to its parent": ("import os, signal\nos.kill(os.getppid(), signal.SIGCONT)", ENDS, "python"),
    "kills another process": ("import os, signal\nos.kill(VICTIM, signal.SIGKILL)", ENDS, "python"),
    "kills another process through ctypes": (
        "import ctypes\nassert ctypes.CDLL(None).kill(VICTIM, 9) == 0", ENDS, "python"),
    "kills a group": ("import os, signal\nos.killpg(VICTIM, signal.SIGKILL)", ENDS, "python"),
    "kills itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", ("killed", "failed"), "python"),
    "aborts": ("import os\nos.abort()", ("killed",), "python"),
    "takes memory from its parent": (
        "import os, resource\nresource.prlimit(VICTIM, resource.RLIMIT_AS, (2**33, 2**33))", ENDS, "python"),
    # crashes
    "reads at address 1": ("import ctypes\nctypes.string_at(1)", ("killed", "failed"), "python"),
    "recursion": ("def f(): return f()\nf()", ENDS, "python"),
    "recursion without the limit": (
        "import sys\nsys.setrecursionlimit(10**7)\nclass A:\n    def __getattr__(s, n): return getattr(s, n)\nA().x",
        ("killed", "failed", "memory", "timeout"), "python"),
    "nested brackets": ("eval('(' * 10**5)", ("failed", "memory"), "python"),
    # files
    "writes outside": ("open('OUTSIDE/new', 'w').write('x')", ENDS, "python"),
    "writes outside, by a way up": ("import os\nopen(os.path.relpath('OUTSIDE/new'), 'w').write('x')", ENDS, "python"),
    "writes through a link": ("import os\nos.symlink('OUTSIDE', 'l')\nopen('l/new', 'w').write('x')", ENDS, "python"),
    "empties a file": ("import os\nos.truncate('SECRET', 0)", ENDS, "python"),
    "opens a file to empty it": ("import os\nos.open('SECRET', os.O_RDWR | os.O_TRUNC)", ENDS, "python"),
    "deletes a file": ("import os\nos.remove('SECRET')", ENDS, "python"),
    "deletes a home": ("import shutil\nshutil.rmtree('OUTSIDE')", ENDS, "python"),
    "deletes a file through ctypes": (
        "import ctypes\nassert ctypes.CDLL(None).unlink(b'SECRET') == 0", ENDS, "python"),
    "renames": ("import os\nos.rename('SECRET', 'mine')", ENDS, "python"),
    "links": ("import os\nos.link('SECRET', 'mine')\nopen('mine', 'w')", ENDS, "python"),
    "locks out": ("import os\nos.chmod('OUTSIDE', 0)", ENDS, "python"),
    "turns back the clock of a file": ("import os\nos.utime('SECRET', (0, 0))", ENDS, "python"),
    "makes a device": ("import os, stat\nos.mknod('d', 0o600 | stat.S_IFCHR, os.makedev(1, 3))", ENDS, "kernel"),
    "leaves shared memory": (
        "from multiprocessing import shared_memory\nshared_memory.SharedMemory('sandbox_left', True, 64)", ENDS, "python"),
    "a large file": ("f = open('f', 'wb')\nfor _ in range(200): f.write(bytes(10**6))", ENDS, "limits"),
    "many files": (
        "import time\nfor i in range(50):\n    open(str(i), 'wb').write(bytes(4 * 10**6))\n    time.sleep(.01)\ntime.sleep(9)",
        ("killed",), "python"),
    "folders in folders": (
        "import os\nfor i in range(1100):\n    os.mkdir('d')\n    os.chdir('d')", ("passed", "failed", "killed"), "python"),
    "a folder without rights": ("import os\nos.mkdir('d', 0)", ("passed",), "python"),
    # secrets
    "reads the environment": ("import os\nassert 'SANDBOX_SECRET' in os.environ", ENDS, "python"),
    "reads its parent's environment": (
        "import os\nassert b'SANDBOX_SECRET' in open(f'/proc/{os.getppid()}/environ', 'rb').read()", ENDS, "python"),
    "reads a file": ("assert 'treasure' in open('SECRET').read()", ENDS, "python"),
    "reads a file through ctypes": (
        "import ctypes\nassert ctypes.CDLL(None).open(b'SECRET', 0) >= 0", ENDS, "python"),
    "lists a folder": ("import os\nassert os.listdir('OUTSIDE')", ENDS, "python"),
    "reads its input": ("input()", ENDS, "python"),
    "reads all its input": ("import sys\nassert sys.stdin.read() == ''", ("passed",), "python"),
    # network
    "calls a server": ("import socket\nsocket.create_connection(('127.0.0.1', PORT), 2)", ENDS, "python"),
    "sends a packet": (
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))", ENDS, "python"),
    "listens": ("import socket\nsocket.create_server(('127.0.0.1', 0))", ENDS, "python"),
    "asks the web": ("import urllib.request\nurllib.request.urlopen('http://127.0.0.1:PORT/', timeout=2)", ENDS, "python"),
    "a socket through ctypes": ("import ctypes\nassert ctypes.CDLL(None).socket(2, 1, 0) >= 0", ENDS, "python"),
    # locks
    "raises its limits": (
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40))", ENDS, "limits"),
    "a new namespace": ("import ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == 0", ENDS, "python"),
    # success that is none
    "ends before the tests": ("import os\nos._exit(0)", ENDS, "python"),
    "exits": ("import sys\nsys.exit(0)", ENDS, "python"),
    "exits by force": ("raise SystemExit", ENDS, "python"),
    "closes the interpreter in a thread": (
        "import os, threading\nthreading.Thread(target=os._exit, args=(0,)).start()\nimport time\ntime.sleep(5)", ENDS, "python"),
    "says that it passed": (
        "import os\nfor fd in range(1, 64):\n    try:\n        os.write(fd, b'{\"status\": \"passed\", \"values\": [], \"token\": \"0\"}\\n')\n"
        "    except OSError: pass\nos._exit(0)", ENDS, "python"),
    "breaks the report": (
        "import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, b'[' * 10**5 + b'\\n')\n    except OSError: pass\nos._exit(0)",
        ENDS, "python"),
}  # fmt: skip

TESTS = "assert False, 'the tests have run'"  # a program that is right fails here, one that lies must not get around it


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    """A folder and a process to harm, a server to call, a temporary folder to look into; afterwards all must be as before."""
    monkeypatch.setenv("SANDBOX_SECRET", "treasure")
    outside, temporary = tmp_path / "outside", tmp_path / "temporary"
    outside.mkdir(), temporary.mkdir()
    secret = outside / "secret"
    secret.write_text("treasure")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    victim = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"], start_new_session=True)
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0)
    before, mode = _workers(), outside.stat().st_mode
    told = secret.stat().st_mtime
    names = {"OUTSIDE": outside.as_posix(), "SECRET": secret.as_posix(), "VICTIM": str(victim.pid)}
    names["PORT"] = str(server.getsockname()[1])
    try:
        yield names
        assert victim.poll() is None, "the victim is dead"
        assert outside.stat().st_mode == mode and secret.stat().st_mtime == told
        assert [p.name for p in outside.iterdir()] == ["secret"] and secret.read_text() == "treasure"
        assert list(temporary.iterdir()) == [], "a folder is left"
        with pytest.raises(BlockingIOError):
            server.accept()
        assert _workers() <= before, "a process is left"
        assert not pathlib.Path("/dev/shm/sandbox_left").exists()
    finally:
        victim.kill(), victim.wait(), server.close()


def _workers() -> set[int]:
    """Processes that a run has started: in the sandbox's interpreter, or sleeping as the hostile programs would."""
    found = set()
    for process in psutil.process_iter():
        try:
            if process.cmdline()[-1:] == ["sleep 8"] or process.ppid() == os.getpid():
                found.add(process.pid)
        except psutil.Error:  # it ended between two looks
            continue
    return found


def _filled(code: str, names: dict[str, str]) -> str:
    return re.sub("|".join(names), lambda match: names[match[0]], code)


def _contained(name, surroundings, layers):
    code, ends, _ = HOSTILE[name]
    timeout = SHORT if ends[0] == "timeout" else 10
    tests = "" if "passed" in ends else TESTS
    result = sandbox.run(_filled(code, surroundings), tests, timeout=timeout, memory_mb=256, layers=layers)
    assert result.status in ends, (result.status, result.error, result.stderr[-500:])
    assert "the tests have run" not in result.error, "it did what it must not"
    assert result.seconds < timeout + 2
    assert max(len(result.stdout.encode()), len(result.stderr.encode())) <= 4 * running.OUTPUT_BYTES
    assert result.values == () and (result.status == "passed") == (result.error == "")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_is_contained(name, surroundings):
    needs = HOSTILE[name][2]
    if (needs == "kernel" and not KERNEL) or (needs == "limits" and not LIMITS):
        pytest.skip(f"this system contains only {HELD}")
    _contained(name, surroundings, running.LAYERS)


FALLBACK = [name for name, (_, ends, needs) in HOSTILE.items() if needs == "python" and "timeout" not in ends]


@pytest.mark.parametrize("name", FALLBACK)
def test_without_the_kernels_locks_a_hook_stops_accidents(name, surroundings):
    _contained(name, surroundings, ())


@pytest.mark.skipif(not KERNEL, reason="needs seccomp and Landlock")
@pytest.mark.parametrize(
    "layers, held",
    [
        (running.LAYERS, {"memory": "RLIMIT_AS", "processes": "seccomp", "network": "seccomp", "writing": "Landlock"}),
        (("limits", "seccomp"), {"processes": "seccomp", "writing": "hook"}),
        (("limits", "landlock"), {"signals": "hook", "network": "hook", "reading": "Landlock"}),
        (("limits",), {"memory": "RLIMIT_AS", "disk": "RLIMIT_FSIZE", "network": "hook"}),
        ((), {"memory": "not contained", "writing": "hook", "reading": "hook", "processes": "hook"}),
    ],
)
def test_a_run_says_what_contained_it(layers, held):
    found = sandbox.run("", layers=layers).containment
    assert {threat: text in found[threat] for threat, text in held.items()} == dict.fromkeys(held, True), found


def test_many_and_hostile_enough():
    assert len(HOSTILE) >= 25 and len(FALLBACK) >= 25


@pytest.mark.parametrize(
    "lie",
    [
        "import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.type = lambda *a: int\nbuiltins.len = lambda a: 0",
        'import json\njson.dumps = lambda *a, **k: \'{"status": "passed"}\'',
        "import sys\nsys.exit = lambda *a: None\nsys.excepthook = lambda *a: None",
        "import builtins\nbuiltins.AssertionError = SystemExit",
        "import os\nos.write = lambda *a: 0",
        "print('passed')",
        "import sys, io\nsys.stdout = sys.stderr = io.StringIO()",
    ],
)
def test_patches_do_not_turn_wrong_into_right(lie):
    wrong = "def double(x):\n    return 5\n" + lie
    assert sandbox.run(wrong, "assert double(2) == 4").status == "failed"
    result = sandbox.run(wrong, calls=["double(2)"])
    assert result.values in ((5,), ())


def test_an_object_that_equals_everything_fools_tests_but_not_calls():
    code = "class Yes:\n    __eq__ = lambda self, other: True\ndef double(x):\n    return Yes()"
    assert sandbox.run(code, "assert double(2) == 4").status == "passed"
    assert "cannot leave the sandbox" in sandbox.run(code, calls=["double(2)"]).error
    sly = "class Four(int):\n    __eq__ = lambda self, other: True\ndef double(x):\n    return Four(1)"
    assert sandbox.run(sly, calls=["double(2)"]).status == "failed"


def test_values_keep_their_kinds():
    values = (
        1,
        True,
        None,
        2.5,
        -0.0,
        "a\u00e9\n",
        b"\x00\xff",
        [1, (2, 3)],
        {"a": {1, 2}},
        {(1, 2): []},
        10**400,
        float("inf"),
        (),
    )
    result = sandbox.run("inf = float('inf')", calls=[repr(value) for value in values])
    assert result.status == "passed" and result.values == values
    assert [type(v) for v in result.values] == [type(v) for v in values]
    assert sandbox.run("x = []\nx.append(x)", calls=["x"]).status == "failed"


def test_how_a_failure_is_told():
    def told(*arguments):
        return (lambda r: (r.status, r.stage, r.error, r.line))(sandbox.run(*arguments))

    assert told("x = 1\ndef f(:") == ("failed", "syntax", "SyntaxError: invalid syntax (<code>, line 2)", 2)
    assert told("x = 1\ny = z") == ("failed", "code", "NameError: name 'z' is not defined", 2)
    assert told("def f(x):\n    return x\n", "assert f(1) == 1\nassert f(2) == 3, 'no'") == (
        "failed",
        "tests",
        "AssertionError: no",
        2,
    )
    assert told("x = 1", "assert x == 1") == ("passed", "", "", None)
    assert told("x\0y")[:3] == ("failed", "syntax", "SyntaxError: the code has a NUL character")
    assert told("raise type('E', (Exception,), {'__str__': lambda s: 1 / 0})")[2] == "E"
    assert sandbox.run("raise SystemExit(3)").error == "SystemExit: 3"


def test_output_is_kept_up_to_its_limit_and_apart():
    result = sandbox.run("import sys\nprint('out')\nprint('err', file=sys.stderr)")
    assert (result.stdout, result.stderr) == ("out\n", "err\n")
    assert len(sandbox.run("print('x' * 10**6)").stdout) == running.OUTPUT_BYTES
    assert sandbox.run("print('before', flush=True)\nwhile True: pass", timeout=SHORT).stdout == "before\n"


def test_ordinary_programs_run():
    code = """
import asyncio, collections, dataclasses, datetime, decimal, functools, heapq, itertools, json, math, pathlib, random, re
import statistics, string, tempfile, threading, time, zoneinfo
with open("here", "w") as file: file.write("x")
pathlib.Path("folder").mkdir()
with tempfile.TemporaryFile() as file: file.write(b"x")
found = []
thread = threading.Thread(target=found.append, args=(1,)); thread.start(); thread.join()
async def main(): await asyncio.sleep(0); return 7
"""
    result = sandbox.run(
        code, calls=["found", "asyncio.run(main())", "open('here').read()", "sorted(__import__('os').listdir())"]
    )
    if not KERNEL and result.status == "failed":
        pytest.skip(f"the hook and limits of this system are stricter: {result.error}")
    assert result.values == ([1], 7, "x", ["folder", "here"]), result.error
    assert sandbox.run("import numpy").error.startswith("ModuleNotFoundError")


def test_runs_side_by_side():
    results = [None] * 6

    def work(i):
        return results.__setitem__(i, sandbox.run(f"x = {i}", calls=["x * x"], timeout=30))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    [t.start() for t in threads], [t.join() for t in threads]
    assert [r.values for r in results] == [(i * i,) for i in range(6)]


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are POSIX")
def test_no_descriptor_is_left():
    sandbox.run("")
    before = psutil.Process().num_fds()
    for _ in range(5):
        sandbox.run("1 / 0")
    assert psutil.Process().num_fds() <= before + 1


@pytest.mark.parametrize(
    "arguments, error, said",
    [
        ({"timeout": -1}, ValueError, "timeout must be a positive number of seconds, not -1"),
        ({"timeout": 0}, ValueError, "timeout"),
        ({"timeout": float("nan")}, ValueError, "timeout"),
        ({"memory_mb": 8}, ValueError, "memory_mb must be at least 64"),
        ({"layers": ("bars",)}, ValueError, "layers must be of limits, seccomp, landlock, not"),
        ({"code": b"x"}, TypeError, "code must be Python source as a str, not a bytes"),
        ({"tests": None}, TypeError, "tests must be"),
    ],
)
def test_bad_input(arguments, error, said):
    begin = time.perf_counter()
    with pytest.raises(error, match=re.escape(said)):
        sandbox.run(**{"code": "", **arguments})
    assert time.perf_counter() - begin < 1


def test_the_filter_is_a_program_in_which_every_jump_lands():
    linux = pytest.importorskip("bigmodel_lib.sandbox.linux")
    import struct

    for machine in linux.REFUSED:
        program = linux.filter_program(machine, 1234)
        lines = [struct.unpack("HBBI", program[i : i + 8]) for i in range(0, len(program), 8)]
        assert all(number + 1 + max(t, f) < len(lines) for number, (_, t, f, _) in enumerate(lines[:-1]))
        refused = linux._ERRNO | 1

        def answer(nr, first=0, machine=machine, lines=lines):
            return _decide(lines, linux.AUDIT[machine], nr, first)

        assert all(answer(nr) == refused for nr in linux.REFUSED[machine].values())
        assert answer(linux.CLONE[machine], 0x10000) == linux._ALLOW and answer(linux.CLONE[machine], 17) == refused
        for nr in linux.ON_ITSELF[machine].values():
            assert (answer(nr, 0), answer(nr, 1234), answer(nr, 1), answer(nr, 2**32 - 1)) == (linux._ALLOW,) * 2 + (
                refused,
            ) * 2
        assert answer(linux.CLONE3) != linux._ALLOW and answer(0) == linux._ALLOW
        assert _decide(lines, 0, 0, 0) == linux._KILL
        assert len(set(linux.REFUSED[machine].values())) == len(linux.REFUSED[machine])


def _decide(lines, arch, number, first):
    """Run a filter by hand, as the kernel does."""
    at, held = 0, None
    while True:
        code, yes, no, value = lines[at]
        at += 1
        if code == 0x06:
            return value
        if code == 0x20:
            held = {0: number, 4: arch, 16: first}[value]
        else:
            test = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
            at += yes if test else no


def test_right_programs_are_not_called_failed_for_what_the_caller_gave():
    assert sandbox.run("x = 1", memory_mb=np.int64(512), timeout=np.float32(2)).status == "passed"
    with pytest.raises(TypeError, match="memory_mb must be a whole number, not 512.5"):
        sandbox.run("x = 1", memory_mb=512.5)
    with pytest.raises(TypeError, match="calls must be a sequence of expressions"):
        sandbox.run("def f(x): return x", calls="f(21)")


def test_values_that_are_too_long_to_be_told_are_named_as_the_cause():
    result = sandbox.run("x = list(range(200000))", calls=["x"])
    assert result.status == "failed" and "the values of the calls take more than" in result.error
