"""The source of the exercises as the tests see it: stubs, visible and hidden parts of a check, wrong answers, and how one is tried."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
HIDDEN = re.compile(r"^[ \t]*### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS[^\n]*\n?", re.S | re.M)

# Runs in the kernel of a solution notebook. The answer and the check see a copy of what the notebook has defined so far.
ATTEMPT = """
def _bigmodel_attempt(arguments):
    import contextlib, io, json

    from bigmodel_lib.check import CheckFailed

    arguments, trial = json.loads(arguments), dict(globals())
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(arguments["answer"], "answer", "exec"), trial)
            exec(compile(arguments["check"], "check", "exec"), trial)
    except CheckFailed as failure:
        cause = failure.__cause__
        names = [] if cause is None else [kind.__name__ for kind in type(cause).__mro__]
        return json.dumps({"kind": "refused", "message": str(failure), "cause": names})
    except BaseException as error:
        return json.dumps({"kind": "died", "message": f"{type(error).__name__}: {error}", "cause": []})
    return json.dumps({"kind": "passed", "message": "", "cause": []})
"""


def stub(answer: str) -> str:
    """What a student finds in place of a solution, as nbgrader makes it."""
    return re.sub(
        r"^([ \t]*)### BEGIN SOLUTION.*?### END SOLUTION[^\n]*",
        r"\1# YOUR CODE HERE\n\1raise NotImplementedError()",
        answer,
        flags=re.S | re.M,
    )


def visible(check: str) -> str:
    """A check without its hidden tests: what a student sees."""
    return HIDDEN.sub("", check)


def wrong_answers(solution: pathlib.Path) -> dict[str, dict[str, str]]:
    """name of the exercise -> mistake -> code, for a notebook of solutions/."""
    file = (ROOT / "tests" / "wrong_answers" / solution.parent.name / solution.name).with_suffix(".py")
    found: dict[str, dict[str, str]] = {}
    if not file.exists():
        return found
    for block in re.split(r"^# %% ", file.read_text("utf-8"), flags=re.M)[1:]:
        head, _, code = block.partition("\n")
        name, _, mistake = head.partition(":")
        found.setdefault(name.strip(), {})[mistake.strip()] = code
    return found


def objection(outcome: dict, mistake: str) -> str:
    """Why the way in which a check took a wrong answer will not do; "" if it will.

    Args:
        outcome: what `_bigmodel_attempt` gives.
        mistake: the head of the wrong answer, or "the stub".
    """
    if outcome["kind"] == "passed":
        return "the check passes it, hidden tests included"
    if outcome["kind"] == "died":
        return f"it ended in {outcome['message']}, outside of the check"
    if mistake == "the stub":
        return "" if "is not written yet: replace" in outcome["message"] else f"the check says: {outcome['message']}"
    if "  hint  " not in outcome["message"]:
        return f"no hint was given: {outcome['message']}"
    declared = re.search(r"\(raises (\w+)\)$", mistake)
    if declared:
        return "" if declared[1] in outcome["cause"] else f"it does not raise {declared[1]}: {outcome['message']}"
    broken = {"NameError", "SyntaxError", "ImportError"} & set(outcome["cause"])
    return f"it is no answer but broken code: {outcome['message']}" if broken else ""
