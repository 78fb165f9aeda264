"""For every exercise: the solution passes, the stub fails, and plausible wrong answers fail with the hint.

The wrong answers are in tests/wrong_answers/<chapter>/<notebook>.py: blocks that begin with
``# %% <name of the solution cell>: <the mistake>`` and replace that cell's code.
"""

import pathlib
import re

from bigmodel_lib import notebooks
from bigmodel_lib.check import CheckFailed

import matplotlib
import nbformat
import pytest

matplotlib.use("agg")

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATHS = [path.relative_to(ROOT / "solutions") for path in notebooks.find([ROOT / "solutions"])]


def wrong_answers(path: pathlib.Path) -> dict[str, dict[str, str]]:
    """name of the exercise -> mistake -> code."""
    file = (ROOT / "tests" / "wrong_answers" / path).with_suffix(".py")
    found = {}
    for block in re.split(r"^# %% ", file.read_text("utf-8"), flags=re.M)[1:]:
        head, _, code = block.partition("\n")
        name, _, mistake = head.partition(":")
        found.setdefault(name.strip(), {})[mistake.strip()] = code
    return found


def run_cell(source: str, namespace: dict) -> None:
    exec(compile(source, "cell", "exec"), namespace)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_exercises_are_what_the_solutions_give(path):
    pytest.importorskip("nbgrader", reason="generating exercises needs nbgrader")
    from tools import make_exercises

    stale = [name for name in make_exercises.differences(make_exercises.generate()) if name == path.as_posix()]
    assert not stale, "run tools/make_exercises.py"


def slow_if_it_trains(path: pathlib.Path):
    trains = path.parent.name != "1-concepts" or path.stem.startswith(("1.3", "1.5"))
    return pytest.param(path, marks=pytest.mark.slow if trains else (), id=path.as_posix())


@pytest.mark.parametrize("path", [slow_if_it_trains(path) for path in PATHS])
def test_solution_stub_and_wrong_answers(path, monkeypatch, tmp_path):
    monkeypatch.chdir((ROOT / "solutions" / path).parent)
    cells = [cell for cell in nbformat.read(ROOT / "solutions" / path, 4).cells if cell.cell_type == "code"]
    stubs = {cell.id: cell.source for cell in nbformat.read(ROOT / "exercises" / path, 4).cells}
    mistakes = wrong_answers(path)
    namespace, exercises = {"__name__": "__main__"}, []
    for cell in cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            name = cell.id.removesuffix("-check")
            exercises.append(name)
            visible = stubs[cell.id]  # what a student sees: without hidden tests
            hints = re.findall(r"hint=", visible)
            assert hints, f"{name}: the check gives no hint"
            with pytest.raises(CheckFailed, match="not written yet"):
                attempt(stubs[name], visible, namespace)
            assert len(mistakes.get(name, {})) >= 2, f"{name}: two wrong answers are needed"
            for mistake, code in mistakes[name].items():
                with pytest.raises(CheckFailed) as caught:
                    attempt(code, visible, namespace)
                    pytest.fail(f"{path}: the check of {name} passes a wrong answer: {mistake}")
                assert "hint  " in str(caught.value), f"{name}: {mistake}: no hint was given"
        run_cell(cell.source, namespace)
    assert 3 <= len(exercises) <= 5
    assert set(mistakes) == set(exercises), "wrong answers for an exercise that does not exist"


def attempt(answer: str, check: str, namespace: dict) -> None:
    """Run a check on another answer, in a copy of what the notebook has defined so far."""
    trial = dict(namespace)
    run_cell(answer, trial)
    run_cell(check, trial)
