"""The feedback of exercises: right answers pass in any form, wrong ones say what came, what was expected, and a hint."""

import functools

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


@pytest.mark.parametrize(
    "got, expected",
    [(124_439_809, 124_439_808), (np.int64(10**9 + 1), 10**9), ([1, 10**9 + 1], np.array([1, 10**9])), (10**30 + 1, 10**30),
     (np.uint8(3), 2), (np.full(3, 10**9 + 1), [10**9] * 3)],
)  # fmt: skip
def test_whole_numbers_are_compared_exactly(got, expected):
    assert "✗" in failure(lambda: got, [((), expected)], rtol=1e-3)
    check(lambda: float(np.ravel(got)[0]), [((), float(np.ravel(expected)[0]))], rtol=1)


def in_place(x):
    x -= x.mean()
    return x


def test_a_function_that_changes_its_arguments_is_refused():
    message = failure(in_place, [(np.array([1.0, 3.0]),)], spec=lambda x: x - x.mean(), hint="a copy")
    assert (
        "your function changed its argument 1: it was [1., 3.] and is now [-1., 1.]" in message and "a copy" in message
    )
    check(in_place, [(np.array([1.0, 3.0]),)], spec=lambda x: x - x.mean(), may_change=True)


def test_the_specification_and_the_answer_see_the_arguments_as_they_were_written():
    """With one object for both, halving in place is "right": the specification would be compared with its own argument."""

    def halves_in_place(x):
        x *= 0.5
        return x

    shared = np.ones(2)
    cases = [(shared, 1), (shared, 2)]
    check(lambda x, n: x * n, cases, spec=lambda x, n: x * n)
    assert "expected  [1., 1.]" in failure(lambda x, n: halves_in_place(x), cases, spec=lambda x, n: x * n)
    failure(lambda x: halves_in_place(x), [(shared,), (shared,)], spec=lambda x: halves_in_place(x) + 0)
    assert shared.tolist() == [1, 1]


@pytest.mark.parametrize(
    "change",
    [lambda a: a.append(1), lambda a: a.__setitem__(0, [7]), lambda a: a[0].append(1), lambda a: a.reverse()],
)
def test_changes_inside_lists_are_seen(change):
    def answer(values):
        change(values)
        return 1

    assert "changed its argument 1" in failure(answer, [(([[1], [2, 3]],), 1)])
    assert "changed its argument 1" in failure(lambda d: d.pop("a"), [(({"a": 1},), 1)])


def test_arguments_that_cannot_be_copied_and_generators_of_numbers_are_let_through():
    check(lambda items: sum(items), [(((i for i in range(3)),), 3)])
    check(lambda rng: rng.integers(10), [(np.random.default_rng(0),)], spec=lambda rng: rng.integers(10))
    check(lambda x: x[0], [(([float("nan")],), float("nan")), ((np.array([np.nan]),), float("nan"))])


@pytest.mark.parametrize(
    "result, expected",
    [
        (np.str_("a"), "a"), ("a", np.str_("a")), (np.array(["a", "b"]), ["a", "b"]), (("a", "b"), np.array(["a", "b"])),
        ([1.0, 2.0], np.array([1, 2])), (np.array([1, 2]), (1, 2)), (range(3), [0, 1, 2]), (np.float32([1 / 3, 0]), [1 / 3, 1e-9]),
        (keras.ops.convert_to_tensor([1.0, 2.0]), [1, 2]), ([keras.ops.ones(2), np.ones(3)], ([1, 1], [1, 1, 1])),
        (np.bool_(True), True), ([True, False], np.array([True, False])), ({1, 2}, frozenset([1, 2])), (10**30, 10**30),
        (np.float32(1 / 3) * np.float32(3e5), 1e5), ({"a": (True, 3.1)}, {"a": True}), ((np.bool_(True), 1), True),
        (keras.ops.cast([1.5], "bfloat16"), [1.5]), (np.array([[1, 2]]), [np.array([1, 2])]), ([], []), (np.zeros(0), []),
    ],
)  # fmt: skip
def test_equal_values_of_other_types_pass(result, expected):
    check(lambda: result, [((), expected)])


@pytest.mark.parametrize("result", [None, float("nan"), {}, {"a": 2}, np.ones((2, 2)), "x", b"x", [1, 2, 3], object(), True, iter([1]), check,
                                    {1}, 1 + 1j, [[1], [2, 3]], [None], np.array([None, 1])])  # fmt: skip
@pytest.mark.parametrize("expected", [6, [1.0, 2.0], {"a": True}, [[1], [4, 5]], "text", None, True, ["a", "b"], {2}])
def test_any_wrong_result_is_one_clear_report(result, expected):
    if result is expected:
        return
    lines = failure(lambda: result, [((), expected)], hint="look").splitlines()
    assert [line.split()[0] for line in lines] == ["✗", "got", "expected", "hint"]


def test_float32_is_held_to_its_own_precision_and_not_to_less():
    check(lambda: np.float32(2e-6) + np.float32(1), [((), 1.0)])
    failure(lambda: np.float32(2e-5) + np.float32(1), [((), 1.0)])
    failure(lambda: np.float32(2e-6) + np.float32(1), [((), 1.0)], rtol=1e-9)
    failure(lambda: np.float64(2e-6) + 1, [((), 1.0)])


def test_values_that_print_alike_are_shown_in_full_where_they_first_differ():
    x = np.linspace(0, 1, 12).reshape(3, 4)
    message = failure(lambda: x + 1e-6 * (x == x[1, 1]), [((), x)])
    assert "at [1, 1] 0.4545464" in message and "at [1, 1] 0.45454545" in message
    message = failure(lambda: 1 / 3 + 1e-9, [((), 1 / 3)], rtol=1e-12, atol=0)
    assert "0.3333333343333333" in message and "0.3333333333333333" in message
    message = failure(lambda: np.arange(1000) + (np.arange(1000) == 500), [((), np.arange(1000))])
    assert "at [500] 501" in message and "at [500] 500" in message


def test_the_value_behind_a_flag_is_shown():
    message = failure(
        lambda: {"small": True, "at most 3.1 bits": (False, 3.24)}, [((), {"small": True, "at most 3.1 bits": True})]
    )
    assert "got       at most 3.1 bits: False (3.24)" in message and "expected  at most 3.1 bits: True" in message
    assert "small" not in message


def test_lines_of_a_report_are_short():
    call = [(list(range(1000)), "x" * 900, np.zeros((40, 40)), [np.ones(3)] * 30, {"key": "y" * 500}, np.argsort)]
    for result in (np.zeros((9, 9)), "y" * 1000, list(range(500)), {str(i): i for i in range(99)}):
        lines = failure(lambda *_, result=result: result, [(call[0], 1)]).splitlines()
        assert max(map(len, lines)) <= 220 and len(lines[0]) <= 160


def helper(x):
    return x / 0


def unwritten(x):
    raise NotImplementedError()


def test_an_error_in_a_wrapped_function_gives_the_readers_line():
    def answer(n):
        if n:
            return answer(n - 1)
        return 1 / 0

    @functools.wraps(answer)
    def properties(n):
        # the wrapper's own lines
        # must not be counted
        return answer(n)

    assert "(line 4 of your function)" in failure(properties, [((2,), 1)])


def test_an_error_in_another_function_names_it():
    def answer(x):
        y = x
        return helper(y)

    assert "(line 2 of helper, called in line 3 of your function)" in failure(answer, [((1,), 1)])

    def inner(x):
        def part(y):
            return y / 0

        return part(x)

    assert "(line 3 of your function)" in failure(inner, [((1,), 1)])
    assert "(line 1 of your function)" in failure(lambda x: x + "a", [((1,), 1)])


def test_an_error_in_the_check_is_not_put_on_a_line_of_the_answer():
    def answer():
        return None

    @functools.wraps(answer)
    def properties():
        return answer()["a"]

    assert "in the check, which could not use what your function gave" in failure(properties, [((), 1)])


def test_only_a_functions_own_stub_is_called_not_written():
    def answer(x):
        return unwritten(x)

    message = failure(answer, [((1,), 1)])
    assert message.startswith("✗ answer needs unwritten, which is not written yet")

    @functools.wraps(unwritten)
    def properties(x):
        return unwritten(x)

    assert failure(properties, [((1,), 1)]).startswith("✗ unwritten is not written yet")


def test_not_implemented_in_a_library_is_an_ordinary_error():
    message = failure(lambda: keras.layers.Layer().compute_output_shape((1,)), [((), 1)])
    assert "NotImplementedError" in message and "not written" not in message


@pytest.mark.parametrize("end", [1, 0, [0.0]])
def test_an_element_that_becomes_something_else_is_a_changed_argument(end):
    def replaces(rows):
        rows[0] = end
        return 1

    assert "argument" in failure(replaces, [(([[1], 2],), 1)]) and failure(replaces, [(([np.ones(2), 2],), 1)])


def test_answers_that_fail_in_the_call_itself_or_are_huge_numbers_get_a_report():
    assert "1 positional argument but 2 were given (in the call itself)" in failure(lambda x: x, [((1, 2), 3)])
    assert "TypeError" in failure(len, [((3,), 3)])  # built in: it has no line of its own
    assert "a whole number of 16,610 bits" in failure(lambda: 10**5000, [((), 1)])
    assert failure(lambda: 10**400, [((), 1.5)])
