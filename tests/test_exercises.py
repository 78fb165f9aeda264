"""What can be said of the exercises without running them. The root conftest.py proves each in its notebook's own kernel."""

import pathlib
import re

from bigmodel_lib import notebooks
from tests import exercise_source

import pytest

ROOT = exercise_source.ROOT
PATHS = [path.relative_to(ROOT / "solutions") for path in notebooks.find([ROOT / "solutions"])]
WITHOUT_CHAPTER = {"6-capstone"}  # exercises that belong to the whole course, not to one notebook


def cells(path: pathlib.Path, graded: bool):
    found = notebooks.read(ROOT / "solutions" / path).cells
    return [cell for cell in found if cell.metadata.get("nbgrader", {}).get("grade" if graded else "solution")]


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_exercises_are_what_the_solutions_give(path):
    pytest.importorskip("nbgrader", reason="generating exercises needs nbgrader")
    from tools import make_exercises

    stale = [name for name in make_exercises.differences(make_exercises.generate([path])) if name == path.as_posix()]
    assert not stale, "run tools/make_exercises.py"


def test_no_exercises_without_a_solution_or_a_chapter():
    for folder in ("solutions", "exercises"):
        for path in notebooks.find([ROOT / folder]):
            name = path.relative_to(ROOT / folder)
            in_chapter = (ROOT / "chapters" / name).exists() or name.parts[0] in WITHOUT_CHAPTER
            assert in_chapter and (ROOT / "solutions" / name).exists(), f"{folder}/{name} is an orphan"
    for file in (ROOT / "tests" / "wrong_answers").rglob("*.py"):
        name = file.relative_to(ROOT / "tests" / "wrong_answers").with_suffix(".ipynb")
        assert (ROOT / "solutions" / name).exists(), f"wrong answers for a notebook that does not exist: {name}"


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_three_to_five_tasks_each_with_a_stub_a_hint_and_wrong_answers(path):
    checks, mistakes = cells(path, graded=True), exercise_source.wrong_answers(ROOT / "solutions" / path)
    names = [cell.id.removesuffix("-check") for cell in checks]
    assert 3 <= len(names) <= 5
    assert set(mistakes) == set(names), "wrong answers for an exercise that does not exist, or an exercise without any"
    assert {cell.id for cell in cells(path, graded=False)} == set(names), "a check without its solution, or the reverse"
    for cell in cells(path, graded=False):
        assert "raise NotImplementedError()" in exercise_source.stub(cell.source), f"{cell.id}: no stub"
    for name, cell in zip(names, checks):
        assert "hint=" in exercise_source.visible(cell.source), f"{name}: the check gives no hint"
        assert len(mistakes[name]) >= 2, f"{name}: two wrong answers are needed"


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_every_graded_check_has_a_hidden_case(path):
    """Or a student could answer with the values that the visible cases show."""
    assert [c.id for c in cells(path, graded=True) if exercise_source.visible(c.source) == c.source] == []


def test_stubs_and_hidden_tests_are_cut_out_as_nbgrader_does():
    source = "def f(x):\n    '''Doc.'''\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n"
    assert (
        exercise_source.stub(source)
        == "def f(x):\n    '''Doc.'''\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"
    )
    check = "check(f, cases=[\n    1,\n    ### BEGIN HIDDEN TESTS\n    2,\n    ### END HIDDEN TESTS\n])\n"
    assert exercise_source.visible(check) == "check(f, cases=[\n    1,\n])\n"


def attempt(answer: str, check: str) -> dict:
    import json

    names: dict = {}
    exec(exercise_source.ATTEMPT + "\nfrom bigmodel_lib.check import check", names)
    return json.loads(names["_bigmodel_attempt"](json.dumps({"answer": answer, "check": check})))


CHECK = "check(f, cases=[((2,), 4)], hint='twice')"


@pytest.mark.parametrize(
    "answer, mistake, objection",
    [
        ("def f(x):\n    return 5", "five", ""),
        ("def f(x):\n    return x * 2", "right", "passes it"),
        ("def f(x):\n    return y * 2", "a name that is not there", "broken code"),
        ("def f(x):\n    import nowhere", "an import", "broken code"),
        ("def f(x):\n    exec('1 +')", "syntax", "broken code"),
        ("def f(x:", "syntax", "ended in SyntaxError"),
        ("def g(x):\n    return 5", "another name", "ended in NameError"),
        ("def f(x):\n    return [][x]", "beyond the end", ""),
        ("def f(x):\n    return [][x]", "beyond the end (raises IndexError)", ""),
        ("def f(x):\n    return [][x]", "beyond the end (raises LookupError)", ""),
        ("def f(x):\n    return 5", "says that it raises (raises IndexError)", "does not raise"),
        ("def f(x):\n    raise NotImplementedError()", "the stub", ""),
        ("def f(x):\n    return 5", "the stub", "the check says"),
        ("def f(x):\n    raise NotImplementedError()", "a stub among the wrong answers", "no hint"),
    ],
)
def test_what_counts_as_a_refused_wrong_answer(answer, mistake, objection):
    found = exercise_source.objection(attempt(answer, CHECK), mistake)
    assert (objection in found) if objection else found == "", found


def test_an_attempt_leaves_the_notebooks_own_names_alone():
    names: dict = {"f": 1}
    exec(exercise_source.ATTEMPT, names)
    names["_bigmodel_attempt"]('{"answer": "f = 2; g = 3", "check": "assert f == 2"}')
    assert names["f"] == 1 and "g" not in names


def test_a_refusal_without_a_hint_is_not_enough():
    found = exercise_source.objection(attempt("def f(x):\n    return 5", "check(f, cases=[((2,), 4)])"), "five")
    assert re.search("no hint", found)
