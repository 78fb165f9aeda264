"""Instant feedback for exercises: what your function gave, what was expected, and a hint."""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


class CheckFailed(AssertionError):
    """The answer of an exercise is not right yet. Notebooks show its message without a traceback."""

    def _render_traceback_(self) -> list[str]:  # what IPython prints in place of a traceback
        return str(self).splitlines()


def check(
    function: Callable,
    cases: Iterable[tuple] = (),
    spec: Callable | None = None,
    hint: str = "",
    rtol: float = 1e-6,
    atol: float = 1e-9,
) -> None:
    """Compare the reader's function with what it should return, on several cases.

    The specification (or the list of expected results) is the slow and obvious answer; the reader's may be any other.

    Args:
        function: the reader's.
        cases: with `spec`, tuples of arguments; without it, pairs (tuple of arguments, expected result).
        spec: a function that gives the expected result of any case.
        hint: names the likely mistake; shown when a case fails.
        rtol: relative tolerance of numbers.
        atol: absolute tolerance of numbers.

    Raises:
        CheckFailed: the function is still a stub, raises an error, or returns something else than expected.
        ValueError: there are no cases, so nothing would be checked.

    Example:
        >>> check(lambda x: 2 * x, cases=[((3,), 6), ((0,), 0)])
        ✓ <lambda>: 2 cases are right
    """
    name = getattr(function, "__name__", repr(function))
    cases = list(cases)
    if not cases:
        raise ValueError("check needs at least one case")
    for case in cases:
        arguments, expected = (case, spec(*case)) if spec is not None else case
        call = f"{name}({', '.join(map(_short, arguments))})"
        try:
            got = function(*arguments)
        except NotImplementedError:
            message = f"✗ {name} is not written yet: replace `raise NotImplementedError()` by your code."
            raise CheckFailed(message) from None
        except Exception as error:
            line = _line_of(error, function)
            raise CheckFailed(
                _report(call, f"{type(error).__name__}: {error}{line}", _short(expected), hint)
            ) from error
        if not _same(got, expected, rtol, atol):
            raise CheckFailed(_report(call, _short(got) + _kind(got, expected), _short(expected), hint))
    print(f"✓ {name}: {len(cases)} case{'s are' if len(cases) > 1 else ' is'} right")


def _report(call: str, got: str, expected: str, hint: str) -> str:
    lines = [f"✗ {call}", f"  got       {got}", f"  expected  {expected}"]
    return "\n".join(lines + ([f"  hint      {hint}"] if hint else []))


def _line_of(error: Exception, function: Callable) -> str:
    """Where in the reader's own function the error arose, for the report."""
    code, trace = getattr(function, "__code__", None), error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is code:
            return f" (line {trace.tb_lineno - code.co_firstlineno + 1} of your function)"
        trace = trace.tb_next
    return ""


def _kind(got: Any, expected: Any) -> str:
    """Say more when the value alone does not tell why it is wrong."""
    if got is None:
        return " (does your function return its result?)"
    shapes = np.shape(_array(got)), np.shape(_array(expected))
    if shapes[0] != shapes[1]:
        return f", shape {shapes[0]} where {shapes[1]} is expected"
    return ""


def _array(value: Any) -> np.ndarray:
    tensor_packages = ("jaxlib", "jax", "tensorflow", "torch", "keras")
    if "keras" in sys.modules and type(value).__module__.split(".")[0] in tensor_packages:
        value = sys.modules["keras"].ops.convert_to_numpy(value)
    try:
        return np.asarray(value)
    except ValueError:  # ragged lists have no shape
        return np.asarray(None)


def _same(got: Any, expected: Any, rtol: float, atol: float) -> bool:
    if isinstance(expected, dict):
        return (
            isinstance(got, dict)
            and got.keys() == expected.keys()
            and all(_same(got[key], expected[key], rtol, atol) for key in expected)
        )
    if isinstance(expected, str) or expected is None:
        return type(got) is type(expected) and got == expected
    if isinstance(expected, (list, tuple)) and not _is_numeric(expected):
        return (
            isinstance(got, (list, tuple))
            and len(got) == len(expected)
            and all(_same(g, e, rtol, atol) for g, e in zip(got, expected))
        )
    got, expected = _array(got), _array(expected)
    if got.shape != expected.shape:
        return False
    if not (np.issubdtype(expected.dtype, np.number) and np.issubdtype(got.dtype, np.number)):
        return bool(np.all(got == expected)) and got.dtype.kind == expected.dtype.kind
    return bool(np.allclose(got, expected, rtol=rtol, atol=atol, equal_nan=True))


def _is_numeric(value: Any) -> bool:
    return np.issubdtype(_array(value).dtype, np.number)


_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 120
_repr.maxlist = _repr.maxtuple = _repr.maxdict = 8


def _short(value: Any) -> str:
    array = _array(value)
    if array.ndim and np.issubdtype(array.dtype, np.number) and not isinstance(value, (list, tuple)):
        return np.array2string(array, precision=5, threshold=12, separator=", ").replace("\n", "")
    if array.ndim == 0 and np.issubdtype(array.dtype, np.number):
        return f"{array.item():.8g}" if array.dtype.kind == "f" else f"{array.item():,}"
    return _repr.repr(value)
