"""Runs every notebook once: its cells, then its budget; in solutions, before each check, that the stub and the wrong answers fail.

``uv run pytest``             everything, on two cores; what a notebook may use of memory is always checked, and a claim on times
                              that fails is tried once more
``uv run pytest --budgets``   one after the other, and the seconds that each chapter notebook states are checked too
``uv run pytest tests``       the quick part, without notebooks

The wrong answers are in tests/wrong_answers/<chapter>/<notebook>.py: blocks that begin with
``# %% <name of the solution cell>: <the mistake>`` and replace that cell's code. One that is meant to end in an error says so
there: ``# %% <name>: <the mistake> (raises IndexError)``.
"""

import ast
import collections
import json
import os
import pathlib
import queue
import shutil
import subprocess
import tempfile
import time

from bigmodel_lib import notebooks
from tests import exercise_source

import nbval.kernel
import nbval.plugin
import pytest

ROOT = pathlib.Path(__file__).resolve().parent
COMPILED = "BIGMODEL_TEST_COMPILED"  # the folder in which the kernels of one test run share what JAX compiled
TIMEOUT = 600  # of one cell, in seconds


def pytest_addoption(parser):
    parser.addoption(
        "--budgets", action="store_true", help="check the seconds that chapter notebooks state; runs serially"
    )


def pytest_configure(config):
    config.option.nbval_cell_timeout = TIMEOUT
    if hasattr(config, "workerinput"):
        keep_to_own_cores(int(config.workerinput["workerid"].removeprefix("gw")), config.workerinput["workercount"])
    else:  # the first process; those of pytest-xdist inherit its environment
        os.environ[COMPILED] = tempfile.mkdtemp(prefix="bigmodel-compiled-")


def keep_to_own_cores(number: int, count: int):
    """Give each of several test processes its own share of the cores, and the kernels it starts with it (Linux alone can).

    Otherwise threads that have work wait for those of the other program: beside one a small network took twice as long to train, and
    a matrix product of NumPy three times. JAX, too, is told how many cores are left, or its threads wait for each other. It then adds
    in another order than in a run alone, so that claims are also tried with other roundings than those of the stored outputs.
    """
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        own = cores[number % len(cores) :: count]
        os.sched_setaffinity(0, own)
        os.environ["PJRT_NPROC"] = str(len(own))


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(COMPILED), ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Two processes for whole folders. Budgets are measured alone, and single files are not worth a second process."""
    single = any(pathlib.Path(argument.split("::")[0]).suffix for argument in config.args)
    if hasattr(config, "workerinput"):  # one of those processes: it must not start two of its own
        return
    if config.pluginmanager.hasplugin("xdist") and config.option.numprocesses is None:
        alone = single or config.getoption("--budgets") or config.option.usepdb or config.option.collectonly
        config.option.numprocesses, config.option.dist = (0, "no") if alone else (2, "loadfile")
        # In the order of `testpaths`, notebooks first: what is short comes last, so that no process waits long for the other
        config.option.loadscopereorder = False


def pytest_collect_file(file_path, parent):
    if (
        file_path.suffix == ".ipynb"
        and ".ipynb_checkpoints" not in file_path.parts
        and not parent.config.option.nbval_lax
    ):
        kind = Solution if "solutions" in file_path.relative_to(ROOT).parts[:1] else Notebook
        return kind.from_parent(parent, path=file_path)


def reads_a_clock(path: pathlib.Path) -> bool:
    """Whether a file is a chapter notebook whose cells take times."""
    return (
        path.suffix == ".ipynb" and path.is_relative_to(ROOT / "chapters") and "perf_counter" in path.read_text("utf-8")
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """For pytest-xdist: a file stays in one process, and so do all notebooks that read a clock, one after the other."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.split("::")[0]
            return "notebooks that read a clock" if reads_a_clock(ROOT / file) else file

    return ByFile(config, log)


class Kernel(nbval.kernel.RunningKernel):
    """A kernel in a notebook's folder, with a student's environment. A dead one is noticed at once."""

    def __init__(self, folder: pathlib.Path, environment: dict[str, str]):
        self.km, self.kc = nbval.kernel.start_new_kernel(
            kernel_name="python3", stderr=subprocess.DEVNULL, cwd=str(folder), env=environment
        )
        self._ensure_iopub_up()

    def reply(self, msg_id: str, timeout: float) -> dict:
        """The content of the reply to a request.

        Raises:
            RuntimeError: the kernel died.
            queue.Empty: no reply came in time.
        """
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                message = self.get_message("shell", timeout=2)
            except queue.Empty:
                if not self.is_alive():
                    raise RuntimeError("the kernel died (out of memory?)") from None
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                return message["content"]
        raise queue.Empty

    def await_reply(self, msg_id, timeout=None):
        self.reply(msg_id, timeout or TIMEOUT)


class Notebook(nbval.plugin.IPyNbFile):
    """A notebook: one item a code cell, all in one kernel, then its budget if it states one."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.nb = notebooks.read(self.path)
        self.compare_outputs, self.broken = False, ""
        self.took: list[notebooks.Cell] = []
        self.cells: list[Cell] = []
        self.is_chapter = self.path.is_relative_to(ROOT / "chapters")

    def setup(self):
        self.meter = notebooks.MemoryMeter(self)
        self.meter.start()
        self.start_kernel()
        self.took.append(self.meter.lap("start of the kernel"))

    def start_kernel(self):
        environment = notebooks.kernel_environment()
        if not self.is_chapter:  # chapters compile as they do for a reader: they are measured
            environment |= {"JAX_COMPILATION_CACHE_DIR": os.environ[COMPILED],
                            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1"}  # fmt: skip
        self.kernel = Kernel(self.path.parent, environment)

    @property
    def km(self):
        """The kernel's manager, for the memory meter."""
        return getattr(self.kernel, "km", None)

    def collect(self):
        cells = [cell for cell in self.nb.cells if cell.cell_type == "code"]
        for number, cell in enumerate(cells):
            yield from self.before(cell)
            options = collections.defaultdict(bool, nbval.plugin.find_metadata_tags(cell.metadata))
            options["check"] = False  # outputs may differ from the stored ones; that cells run is what counts
            self.cells.append(
                Cell.from_parent(self, name=f"cell {cell.id}", cell_num=number, cell=cell, options=options)
            )
            yield self.cells[-1]
        budget = notebooks.stated(self.nb) if self.is_chapter else None
        if budget:
            yield Budget.from_parent(self, name="budget", budget=budget)

    def before(self, cell):
        """What has to be proved before a cell is run."""
        return ()

    def teardown(self):
        self.meter.stop()
        super().teardown()


class Cell(nbval.plugin.IPyNbCell):
    """A code cell. After one that failed the others are not run: their errors would say nothing."""

    def runtest(self):
        if self.parent.broken:
            pytest.skip(f"cell {self.parent.broken} failed")
        self.parent.meter.lap("")
        try:
            self.run_or_try_again()
        except BaseException:
            self.parent.broken = self.cell.id
            raise
        finally:
            self.parent.took.append(self.parent.meter.lap(self.cell.id))

    def run_or_try_again(self):
        """Run the cell; where the notebook reads a clock and a claim fails, once more, after the cells before it in a new kernel.

        Another program that works for a while makes a claim on times fail once, a wrong claim fails again.
        """
        try:
            super().runtest()
        except nbval.plugin.NbCellError as error:
            if not reads_a_clock(self.path) or "AssertionError" not in (error.inner_traceback or ""):
                raise
            self.parent.kernel.stop()
            self.parent.start_kernel()
            for cell in self.parent.cells[: self.parent.cells.index(self)]:
                super(Cell, cell).runtest()
            super().runtest()
            self.user_properties.append(("second_try", f"{self.parent.path.stem} {self.name}"))

    def repr_failure(self, excinfo):
        streams = "".join(out.get("text", "") for out in getattr(self, "test_outputs", ()))
        return f"{super().repr_failure(excinfo)}\nThe cell had printed:\n{streams or 'nothing'}"


class Budget(pytest.Item):
    """What a notebook took, beside what its first cell states."""

    def __init__(self, *, budget, **kwargs):
        super().__init__(**kwargs)
        self.budget = budget

    def runtest(self):
        if self.parent.broken:
            pytest.skip(f"cell {self.parent.broken} failed")
        took, checks_time = self.parent.took, self.config.getoption("--budgets")
        seconds, peak = sum(cell.seconds for cell in took), self.parent.meter.peak_bytes
        lines = notebooks.excess(self.budget, seconds * checks_time, peak, took)
        if any(
            "took" in line for line in lines
        ):  # another program can only add time: once more, and the faster run counts
            again = notebooks.execute(self.parent.path)
            if again.passed and again.seconds < seconds:
                seconds, took = again.seconds, again.cells
                lines = notebooks.excess(self.budget, seconds, peak, took)
        figures = {"seconds": round(seconds, 1), "stated_seconds": self.budget[0], "gigabytes": round(peak / notebooks.GIGABYTE, 2),
                   "stated_gigabytes": self.budget[1]}  # fmt: skip
        self.user_properties += figures.items()
        assert not lines, "\n".join(f"{self.parent.name} {line}" for line in lines)

    def repr_failure(self, excinfo):
        return str(excinfo.value) if excinfo.errisinstance(AssertionError) else super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, 0, f"{self.parent.name}: budget"


class Solution(Notebook):
    """A notebook of solutions: before each graded check, its stub and its wrong answers are tried in the same kernel."""

    def setup(self):
        super().setup()
        self.hidden_only: dict[str, str] = {}  # exercise -> the wrong answer that only its hidden tests refused
        self.ask(exercise_source.ATTEMPT, "None")

    def ask(self, code: str, expression: str, timeout: float = TIMEOUT):
        """The value of an expression in the kernel, after some code, with nothing left in its history."""
        msg_id = self.kernel.kc.execute(
            code, store_history=False, user_expressions={"value": expression}, stop_on_error=False
        )
        try:
            reply = self.kernel.reply(msg_id, timeout)
        except queue.Empty:
            self.kernel.interrupt()
            raise AssertionError(f"it ran for more than {timeout} s") from None
        value = reply.get("user_expressions", {}).get("value", {})
        assert value.get("status") == "ok", value or reply
        return ast.literal_eval(value["data"]["text/plain"])

    def before(self, cell):
        if not cell.metadata.get("nbgrader", {}).get("grade"):
            return
        name = cell.id.removesuffix("-check")
        answer = next((c.source for c in self.nb.cells if c.id == name), "")
        tried = {"the stub": exercise_source.stub(answer)} | exercise_source.wrong_answers(self.path).get(name, {})
        for mistake, code in tried.items():
            yield Proof.from_parent(
                self, name=f"{name}: {mistake}", exercise=name, mistake=mistake, answer=code, check=cell.source
            )


class Proof(pytest.Item):
    """An answer that the check of an exercise must refuse, and why it did."""

    def __init__(self, *, exercise, mistake, answer, check, **kwargs):
        super().__init__(**kwargs)
        self.exercise, self.mistake, self.answer, self.check = exercise, mistake, answer, check

    def attempt(self, check: str) -> dict:
        arguments = json.dumps({"answer": self.answer, "check": check})
        return json.loads(self.parent.ask("", f"_bigmodel_attempt({arguments!r})"))

    def runtest(self):
        if self.parent.broken:
            pytest.skip(f"cell {self.parent.broken} failed")
        outcome = self.attempt(exercise_source.visible(self.check))
        if outcome["kind"] == "passed" and exercise_source.visible(self.check) != self.check:
            outcome = self.attempt(self.check)
            assert self.mistake != "the stub" and self.exercise not in self.parent.hidden_only, (
                f"only hidden tests refuse {self.mistake!r} and {self.parent.hidden_only.get(self.exercise)!r}: show a case for one"
            )
            self.parent.hidden_only[self.exercise] = self.mistake
            self.user_properties.append(("hidden_only", f"{self.parent.path.stem} {self.name}"))
        found = exercise_source.objection(outcome, self.mistake)
        assert not found, f"{self.parent.path.name}, {self.name}: {found}"

    def repr_failure(self, excinfo):
        return str(excinfo.value) if excinfo.errisinstance(AssertionError) else super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, 0, f"{self.parent.name}: {self.name}"


def pytest_terminal_summary(terminalreporter):
    reports = [
        r
        for kind in ("passed", "failed")
        for r in terminalreporter.stats.get(kind, [])
        if getattr(r, "when", "") == "call"
    ]
    rows = sorted(
        (r.nodeid.split("::")[0], dict(r.user_properties))
        for r in reports
        if "stated_seconds" in dict(r.user_properties)
    )
    if rows:
        terminalreporter.section("notebooks: measured beside stated")
        for path, f in rows:
            ratio = f["seconds"] / f["stated_seconds"]
            terminalreporter.line(f"{f['seconds']:6.1f} s of {f['stated_seconds']:3.0f} ({ratio:4.2f})  {f['gigabytes']:5.2f} GB of "
                                  f"{f['stated_gigabytes']:3.1f}  {path}")  # fmt: skip
    again = [value for r in reports for key, value in r.user_properties if key == "second_try"]
    if again:
        terminalreporter.section("claims on times that held at the second try")
        for value in sorted(again):
            terminalreporter.line(value)
    hidden = [value for r in reports for key, value in r.user_properties if key == "hidden_only"]
    if hidden:
        terminalreporter.section("wrong answers that only hidden tests refuse")
        for value in sorted(hidden):
            terminalreporter.line(value)
