"""Instant feedback for exercises: what your function gave, what was expected, and a hint."""

from __future__ import annotations

import copy
import functools
import inspect
import numbers
import pickle
import reprlib
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

__all__ = ["CheckFailed", "check"]

WIDTH = 160  # of the lines of a report, in characters; the hint may be longer
SINGLE = 5e-6  # what a few operations in float32 can lose, relative to the result


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
    may_change: bool = False,
) -> None:
    """Compare the reader's function with what it should return, on several cases.

    The specification (or the list of expected results) is the slow and obvious answer; the reader's may be any other: where the
    values are the same, a list, a tuple, an array and a tensor count as one, and so do numbers of Python and of NumPy.

    Whole numbers are compared exactly, all others within the tolerances. A result in float32 is held to what float32 can give,
    unless `rtol` is below 1e-6. The specification and the function work on copies of the arguments, one for each.

    Where a dictionary of flags is expected, the function may give a pair (flag, value) for a flag: the flag is compared, and
    the report shows the value behind it.

    Args:
        function: the reader's. Wrap it with `functools.wraps`, and names and lines in the report are still the reader's.
        cases: with `spec`, tuples of arguments; without it, pairs (tuple of arguments, expected result).
        spec: a function that gives the expected result of any case.
        hint: names the likely mistake; shown when a case fails.
        rtol: relative tolerance of numbers.
        atol: absolute tolerance of numbers.
        may_change: whether the function may change its arguments in place.

    Raises:
        CheckFailed: the function is still a stub, raises an error, changes an argument, or returns something else than expected.
        ValueError: there are no cases, so nothing would be checked.

    Example:
        >>> check(lambda x: 2 * x, cases=[((3,), 6), ((0,), 0)])
        ✓ <lambda>: 2 cases are right
    """
    name = getattr(function, "__name__", repr(function))
    cases = list(cases)
    if not cases:
        raise ValueError("check needs at least one case")
    compare = functools.partial(_difference, rtol=rtol, atol=atol)
    for case in cases:
        arguments, expected = (case, spec(*_copies(case))) if spec is not None else case
        call, given = _call(name, arguments), _copies(arguments)
        try:
            got = function(*given)
        except Exception as error:
            stub = _stub(error, function)
            if stub:
                raise CheckFailed(f"✗ {stub}") from None
            came = f"{type(error).__name__}: {error}".replace("\n", " ")
            raise CheckFailed(_report(call, _cut(came) + _line_of(error, function), _short(expected), hint)) from error
        if compare(got, expected) is not None:
            raise CheckFailed(_report(call, *_shown(got, expected, compare), hint))
        for number, (now, before) in enumerate(zip(given, arguments), 1):
            if _is_changed(now, before) and not may_change:
                came = f"your function changed its argument {number}: it was {_short(before)} and is now {_short(now)}"
                wanted = f"{_short(expected)}, and the arguments left as they were: work on a copy"
                raise CheckFailed(_report(call, came, wanted, hint))
    print(f"✓ {name}: {len(cases)} case{'s are' if len(cases) > 1 else ' is'} right")


# Arguments


def _copies(arguments: tuple) -> tuple:
    try:
        return copy.deepcopy(tuple(arguments))
    except (TypeError, copy.Error, pickle.PicklingError):  # a generator, a lock, a module
        return tuple(arguments)


def _is_changed(now: Any, before: Any) -> bool:
    """Whether data is other than before; the state of a random generator or of a model does not count."""
    if isinstance(before, (dict, list, tuple, np.ndarray)) and type(now) is not type(before):
        return True
    if isinstance(before, dict):
        return now.keys() != before.keys() or any(_is_changed(now[key], before[key]) for key in before)
    if isinstance(before, (list, tuple)):
        return len(now) != len(before) or any(map(_is_changed, now, before))
    if isinstance(before, np.ndarray):
        equal_nan = before.dtype.kind in "fc"
        return now.dtype != before.dtype or not np.array_equal(now, before, equal_nan=equal_nan)
    return isinstance(before, (numbers.Number, str, bytes, set, bytearray)) and now is not before and now != before


# The report


def _report(call: str, got: str, expected: str, hint: str) -> str:
    lines = [f"✗ {call}", f"  got       {got}", f"  expected  {expected}"]
    return "\n".join(lines + ([f"  hint      {hint}"] if hint else []))


def _shown(got: Any, expected: Any, compare: Callable) -> tuple[str, str]:
    """What came and what was expected: enough of both to see that they differ."""
    path, one, other = compare(got, expected)
    if isinstance(got, dict) and isinstance(expected, dict) and got.keys() == expected.keys():
        wrong = [key for key in expected if compare(got[key], expected[key]) is not None]
        parts = [(key, *_shown(got[key], expected[key], compare)) for key in wrong]
        return tuple("; ".join(f"{key}: {part[side]}" for key, *part in parts) for side in (0, 1))
    if isinstance(expected, (bool, np.bool_)) and isinstance(got, tuple) and len(got) == 2:
        return f"{got[0]} ({_short(got[1])})", _short(expected)
    came, wanted, kind = _short(got), _short(expected), _kind(got, expected)
    if not kind and (came == wanted or "..." in came):
        at = f", at {path} " if path else ""
        return (came if path else "") + at + _full(one), (wanted if path else "") + at + _full(other)
    return came + kind, wanted


def _kind(got: Any, expected: Any) -> str:
    """Say more when the value alone does not tell why it is wrong."""
    if got is None:
        return " (does your function return its result?)"
    one, other = _array(got), _array(expected)
    if one.shape != other.shape and "O" not in (one.dtype.kind, other.dtype.kind):
        return f", shape {one.shape} where {other.shape} is expected"
    kinds = {"b": "truth values", "U": "text"} | dict.fromkeys("iufc", "numbers")
    if kinds.get(one.dtype.kind) != kinds.get(other.dtype.kind) and {one.dtype.kind, other.dtype.kind} <= kinds.keys():
        return f", {kinds[one.dtype.kind]} where {kinds[other.dtype.kind]} are expected"
    return ""


def _call(name: str, arguments: tuple) -> str:
    """The call in one line; the longest arguments are cut first."""
    shown = [_short(argument) for argument in arguments]
    for width in (120, 80, 60, 40, 30, 20, 10):
        line = f"{name}({', '.join(shown)})"
        if len(line) <= WIDTH - 2:
            break
        shown = [_cut(text, width) for text in shown]
    return _cut(line, WIDTH - 2)


def _cut(text: str, width: int = WIDTH) -> str:
    half = (width - 3) // 2
    return text if len(text) <= width else f"{text[:half]}...{text[-half:]}"


class _Repr(reprlib.Repr):
    def repr_int(self, x: int, level: int) -> str:
        try:
            return super().repr_int(x, level)
        except ValueError:  # Python writes no whole number of more than 4,300 digits
            return f"a whole number of {x.bit_length():,} bits"


_repr = _Repr()
_repr.maxstring = _repr.maxother = 120
_repr.maxlist = _repr.maxtuple = _repr.maxdict = _repr.maxset = 8


def _short(value: Any) -> str:
    if isinstance(value, (types.FunctionType, functools.partial, type)):
        return getattr(value, "__name__", "a function")
    array = _array(value)
    if array.ndim and array.dtype.kind in "biufc" and not isinstance(value, (list, tuple)):
        return _cut(" ".join(np.array2string(array, precision=5, threshold=12, separator=", ").split()))
    if array.ndim == 0 and array.dtype.kind in "biufc":
        return (
            f"{array.item():.8g}"
            if array.dtype.kind == "f"
            else f"{array.item():,}"
            if array.dtype.kind in "iu"
            else str(array)
        )
    if isinstance(value, (list, tuple)) and any(isinstance(part, (np.generic, np.ndarray)) for part in value):
        inside = ", ".join(map(_short, value[:8])) + (", ..." if len(value) > 8 else "")
        return _cut(f"[{inside}]" if isinstance(value, list) else f"({inside})")
    return _cut(_repr.repr(str(value) if isinstance(value, np.str_) else value))


def _full(value: Any) -> str:
    array = _array(value)
    return _cut(repr(array.item()) + (f" ({array.dtype})" if array.dtype.itemsize < 8 and array.dtype.kind == "f" else "")
                if array.ndim == 0 and array.dtype.kind in "biufc" else _repr.repr(value) if type(value) is int else repr(value))  # fmt: skip


# Errors


def _frames(error: Exception) -> Iterator[tuple[types.CodeType, int, dict]]:
    trace = error.__traceback__.tb_next  # without the frame of `check`
    while trace is not None:
        yield trace.tb_frame.f_code, trace.tb_lineno, trace.tb_frame.f_globals
        trace = trace.tb_next


def _own(function: Callable) -> tuple[Callable, set[types.CodeType]]:
    """The reader's function out of its wrappers, and its code with that of the functions defined inside it."""
    inner = inspect.unwrap(function)
    found, left = set(), [getattr(inner, "__code__", None)]
    while left:
        code = left.pop()
        if isinstance(code, types.CodeType):
            found.add(code)
            left += code.co_consts
    return inner, found


def _stub(error: Exception, function: Callable) -> str:
    """What to say if the error means that some function of the notebook is still a stub, else ""."""
    inner, own = _own(function)
    name = getattr(inner, "__name__", "the function")
    frames = list(_frames(error))  # none where the call itself failed: another number of arguments, a built-in function
    if not isinstance(error, NotImplementedError) or not frames:
        return ""
    code, _, names = frames[-1]
    if code in own:
        return f"{name} is not written yet: replace `raise NotImplementedError()` by your code."
    if names is getattr(inner, "__globals__", None):
        return (
            f"{name} needs {code.co_name}, which is not written yet: replace its `raise NotImplementedError()` first."
        )
    return ""


def _line_of(error: Exception, function: Callable) -> str:
    """Where the error arose in the reader's function, and in which other function of the notebook, for the report."""
    inner, own = _own(function)
    mine = [(code, line) for code, line, names in _frames(error) if names is getattr(inner, "__globals__", None)]
    lines = [line - inner.__code__.co_firstlineno + 1 for code, line in mine if code in own]
    if not own:
        return ""
    if error.__traceback__.tb_next is None:
        return " (in the call itself)"
    if not lines:
        return " (in the check, which could not use what your function gave)"
    code, line = mine[-1]
    if code in own:
        return f" (line {lines[-1]} of your function)"
    return f" (line {line - code.co_firstlineno + 1} of {code.co_name}, called in line {lines[-1]} of your function)"


# The comparison


def _array(value: Any) -> np.ndarray:
    """The value as an array; what holds no numbers, truth values or text is one object without a shape."""
    keras = sys.modules.get("keras")
    if keras and hasattr(value, "dtype") and (keras.ops.is_tensor(value) or isinstance(value, keras.Variable)):
        value = keras.ops.convert_to_numpy(value)
    if isinstance(value, range):
        value = list(value)
    if not isinstance(value, (list, tuple, str, numbers.Number, np.generic)) and not hasattr(value, "__array__"):
        return np.asarray(None)
    try:
        array = np.asarray(value)
        if array.dtype.name == "bfloat16" or array.dtype.kind == "O":  # whole numbers beyond 64 bits stay objects
            whole = array.dtype.kind == "O" and all(isinstance(item, int) for item in array.ravel())
            array = array if whole else array.astype(np.float32 if array.dtype.name == "bfloat16" else float)
        return array
    except (ValueError, TypeError):  # ragged, or not only numbers
        return np.asarray(None)


def _difference(got: Any, expected: Any, rtol: float, atol: float, path: str = "") -> tuple[str, Any, Any] | None:
    """The first place where the two differ, what came there, and what was expected there; None if they agree."""
    differ = path, got, expected
    if isinstance(expected, (bool, np.bool_)) and isinstance(got, tuple) and len(got) == 2:
        return None if _difference(got[0], expected, rtol, atol) is None else differ
    if isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            return differ
        pairs = [(f"[{key!r}]", got[key], expected[key]) for key in expected]
        return next(filter(None, (_difference(g, e, rtol, atol, path + key) for key, g, e in pairs)), None)
    if isinstance(expected, (str, bytes, set, frozenset)) or expected is None:
        kinds = (
            (str,)
            if isinstance(expected, str)
            else (set, frozenset)
            if isinstance(expected, (set, frozenset))
            else type(expected)
        )
        return None if isinstance(got, kinds) and got == expected else differ
    one, other = _array(got), _array(expected)
    if other.dtype.kind not in "biufcO" or (
        other.dtype.kind == "O" and other.ndim == 0 and not isinstance(expected, int)
    ):
        if not isinstance(expected, (list, tuple, np.ndarray)):
            return None if type(got) is type(expected) and got == expected else differ
        if not isinstance(got, (list, tuple, np.ndarray)) or len(got) != len(expected):
            return differ
        parts = (_difference(g, e, rtol, atol, f"{path}[{i}]") for i, (g, e) in enumerate(zip(got, expected)))
        return next(filter(None, parts), None)
    if (
        one.shape != other.shape
        or (one.dtype.kind == "b") != (other.dtype.kind == "b")
        or one.dtype.kind not in "biufcO"
    ):
        return differ
    wrong = ~np.asarray(_close(one, other, rtol, atol))
    if not wrong.any():
        return None
    if not wrong.ndim:
        return differ
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    return path + str(list(index)), one[index], other[index]


def _close(got: np.ndarray, expected: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    if got.dtype.kind in "biuO" and expected.dtype.kind in "biuO":
        return got == expected
    if {got.dtype.kind, expected.dtype.kind} & {"O"}:
        try:
            got, expected = got.astype(float), expected.astype(float)
        except OverflowError:  # a whole number that no float can hold
            return np.zeros(got.shape, bool)
    if got.dtype.kind in "fc" and np.finfo(got.dtype).eps > 1e-8 and rtol >= 1e-6:
        sizes = np.abs(expected[np.isfinite(expected)])
        rtol, atol = max(rtol, SINGLE), max(atol, SINGLE / 10 * sizes.max(initial=0))
    return np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
