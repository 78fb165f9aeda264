"""The feedback of exercises: right answers pass in any form, wrong ones say what came, what was expected, and a hint."""

from bigmodel_lib.check import CheckFailed, check

import keras
import numpy as np
import pytest


def failure(function, cases, **options) -> str:
    with pytest.raises(CheckFailed) as caught:
        check(function, cases, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "result, expected",
    [
        (6, 6.0), (np.float32(0.1), 0.1000000001), ([1, 2], np.array([1, 2])), ((1, 2), [1, 2]),
        ({"a": [1.0]}, {"a": [1]}), ("text", "text"), (["a", 1], ["a", 1]), (None, None), (True, True),
        (float("nan"), float("nan")), (np.int64(10**12), 10**12), ([[1, 2], [3]], [[1, 2], [3]]),
    ],
)  # fmt: skip
def test_right_answers_pass_in_any_form(result, expected, capsys):
    check(lambda: result, [((), expected)])
    assert "1 case is right" in capsys.readouterr().out


@pytest.mark.parametrize(
    "result, expected",
    [
        (6.1, 6), ([1, 2, 3], [1, 2]), ("6", 6), (6, "6"), (None, 6), ({"a": 1}, {"b": 1}), ([["a"]], ["a"]),
        (np.ones((2, 1)), np.ones(2)), ([1, [2, 3]], [1, [2, 4]]), (float("nan"), 1.0), ("a", None),
    ],
)  # fmt: skip
def test_wrong_answers_fail(result, expected):
    assert "hint      look here" in failure(lambda: result, [((), expected)], hint="look here")


def test_a_tensor_of_the_backend_counts_as_an_array():
    check(lambda: keras.ops.ones((2, 3)), [((), np.ones((2, 3)))])


def test_the_report_names_the_call_what_came_and_what_was_expected():
    def double(x, y):
        return x

    message = failure(double, [((1, 2), 2)])
    assert message.splitlines()[0] == "✗ double(1, 2)" and "got       1" in message and "expected  2" in message


def test_specification_in_place_of_expected_values():
    check(lambda x: x + x, cases=[(1,), (2.5,)], spec=lambda x: 2 * x)
    assert "expected  9" in failure(lambda x: x + x, cases=[(3,)], spec=lambda x: x**2)


def test_a_stub_is_told_apart_from_a_mistake():
    def stub():
        raise NotImplementedError()

    assert "stub is not written yet" in failure(stub, [((), 1)])


def test_an_error_is_reported_with_its_line():
    def broken(x):
        y = x
        return y / 0

    assert "ZeroDivisionError: division by zero (line 3 of your function)" in failure(broken, [((1,), 1)])


def test_what_is_said_about_shapes_and_missing_returns():
    assert "does your function return" in failure(lambda: None, [((), 1)])
    assert "shape (2, 1) where (2,) is expected" in failure(lambda: np.ones((2, 1)), [((), np.ones(2))])


def test_checking_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one case"):
        check(lambda: 1)


def test_notebooks_show_the_message_without_a_traceback():
    assert CheckFailed("a\nb")._render_traceback_() == ["a", "b"]
