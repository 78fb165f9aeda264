"""Sixty programming problems of this course: a signature and a docstring to continue, tests, and a solution that passes them.

They are written for this course. Puzzles of kind "known" stand in many books and code bases, so a model may know them by heart;
a "twist" changes the rule of one of them; the rules of "invented" problems stand nowhere else and must be read.
"""

from __future__ import annotations

import ast
import functools
import math
import pathlib
import re
import textwrap
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace

from bigmodel_lib import sandbox

KINDS = ("known", "twist", "invented")


@dataclass(frozen=True)
class Problem:
    """One problem.

    Attributes:
        name: of the function to write.
        kind: "known", "twist" or "invented".
        level: 1 (one expression), 2 (a loop or a condition) or 3 (several).
        prompt: signature and docstring; ends with the docstring's quotes.
        solution: a body that passes, indented by four spaces.
        tests: pairs of a call and the value that it must give.
        twist_of: the known problem that a twist changes; "" for the others.
    """

    name: str
    kind: str
    level: int
    prompt: str
    solution: str
    tests: tuple[tuple[str, object], ...]
    twist_of: str = ""


@dataclass(frozen=True)
class Verdict:
    """What became of a program: `kind` is one of `VERDICTS`; `error` says more; `line` is that of the program, if known."""

    kind: str
    error: str = ""
    line: int | None = None

    @property
    def passed(self) -> bool:
        return self.kind == "passed"


VERDICTS = ("passed", "wrong answer", "exception", "syntax", "too long")


@functools.cache
def problems(kind: str | None = None) -> tuple[Problem, ...]:
    """The problems, in the order of kinds and levels.

    Args:
        kind: only those of this kind; None for all.

    Raises:
        ValueError: unknown kind.

    Example:
        >>> [problem.name for problem in problems("known")][:2]
        ['add_all', 'is_even']

    Taught in: 4.8.
    """
    if kind not in (None, *KINDS):
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, or None for all, not {kind!r}")
    text = pathlib.Path(__file__).with_name("problems.toml").read_text("utf-8")
    return tuple(_made(**fields) for fields in tomllib.loads(text)["problem"] if kind in (None, fields["kind"]))


def _made(prompt: str, solution: str, tests: list, **fields) -> Problem:
    body = textwrap.indent(solution.strip("\n"), "    ") + "\n"
    pairs = tuple((call, ast.literal_eval(value)) for call, value in tests)
    return Problem(prompt=prompt.strip("\n"), solution=body, tests=pairs, **fields)


def judge(problem: Problem, code: str, timeout: float = 3.0) -> Verdict:
    """Run a program in the sandbox and compare what its function gives, here, where the program cannot reach.

    Args:
        problem: whose tests decide.
        code: a whole program, with the prompt.
        timeout: seconds.

    Returns:
        A `Verdict`. "too long" stands for time and memory; an end by a signal counts as an exception.
    """
    result = sandbox.run(code, calls=[call for call, _ in problem.tests], timeout=timeout)
    if result.status != "passed":
        kind = {"timeout": "too long", "memory": "too long"}.get(result.status, "exception")
        return Verdict("syntax" if result.stage == "syntax" else kind, result.error, result.line)
    for (call, wanted), got in zip(problem.tests, result.values):
        if not same(got, wanted):
            return Verdict("wrong answer", f"{call} gave {_shown(got)}, not {_shown(wanted)}")
    return Verdict("passed")


def _shown(value) -> str:
    """The beginning of a value as Python writes it."""
    try:
        return f"{value!r:.80}"
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return f"{'an' if type(value) is int else f'a {type(value).__name__} with an'} int of thousands of digits"


def same(got, wanted) -> bool:
    """Whether two values are equal and of one kind: True is not 1, and a tuple no list. Floats may differ by rounding.

    Example:
        >>> same(0.1 + 0.2, 0.3), same([1], (1,)), same(True, 1), same(2, 2.0)
        (True, False, False, True)
    """
    numbers = (int, float)
    if type(got) in numbers and type(wanted) in numbers:
        try:
            return got == wanted or (float in (type(got), type(wanted)) and math.isclose(got, wanted, rel_tol=1e-9))
        except OverflowError:  # a whole number that no float can hold
            return False
    if type(got) is not type(wanted):
        return False
    if isinstance(wanted, (list, tuple)):
        return len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(same(got[key], wanted[key]) for key in wanted)
    return got == wanted


def verify(problem: Problem, verdict: Callable = judge) -> None:
    """Check that a problem's own solution passes its tests, and that a body that does nothing fails them.

    Raises:
        ValueError: it does not; the message names the problem and what its solution did.
    """
    found = verdict(problem, f"{problem.prompt}\n{problem.solution}")
    if not found.passed:
        raise ValueError(
            f"the solution of {problem.name!r} must pass its tests, but: {found.kind}: {found.error}; mend one or the other"
        )
    if verdict(problem, f"{problem.prompt}\n    return None\n").passed:
        raise ValueError(f"the tests of {problem.name!r} pass a function that does nothing; add one that does not")


def without_names(problem: Problem) -> Problem:
    """The same problem under names that say nothing: the function f, its arguments x, y, z. The docstring says the same.

    Example:
        >>> print(without_names(problems("known")[-1]).prompt.splitlines()[0])
        def f(x):
    """
    function = ast.parse(problem.prompt).body[0]
    new = dict(zip((argument.arg for argument in function.args.args), "xyz"))
    head, _, text = problem.prompt.partition("\n")

    def swap(text, names, behind=""):
        return re.sub(
            rf"\b({'|'.join(map(re.escape, names)) or '(?!)'})\b{behind}", lambda found: names[found[1]], text
        )

    # a name is often a word of the docstring's English as well ("the largest number", "the text"), and stays there:
    # the function's name goes only where it is called, and an argument's only if it is a single letter
    name = {problem.name: "f"}
    letters = {old: to for old, to in new.items() if len(old) == 1}
    return replace(
        problem,
        name="f",
        prompt=f"{swap(head, name | new)}\n{swap(swap(text, name, r'(?=[(])'), letters)}",
        solution=swap(problem.solution, name | new),
        tests=tuple((swap(call, name), value) for call, value in problem.tests),
    )
