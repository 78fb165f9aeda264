"""pass@k against every choice of k programs; continuations against `generate_ids`; the course's problems against their solutions."""

import itertools
import re

from bigmodel_lib import generation
from bigmodel_lib.data import problems as data
from bigmodel_lib.data.problems import Problem, judge, problems, same, verify, without_names
from bigmodel_lib.generation.pass_at_k import function_body, has_ended, parses, pass_at_k, sample_many
from bigmodel_lib.models.llama import Llama

import keras
import numpy as np
import pytest

# ---------------------------------------------------------------- pass@k


def test_pass_at_k_is_the_share_of_all_choices_that_hold_a_right_program():
    for n in range(1, 8):
        for c, k in itertools.product(range(n + 1), range(1, n + 1)):
            choices = list(itertools.combinations(range(n), k))
            share = np.mean([any(i < c for i in choice) for choice in choices])
            assert pass_at_k(n, c, k) == pytest.approx(share, abs=1e-12), (n, c, k)


def test_pass_at_k_is_unbiased_and_the_plain_formula_is_not():
    """The mean over what n = 5 tries may give, by the binomial distribution, is exactly 1 - (1 - p)^k."""
    from math import comb

    n, k, p = 5, 3, 0.3
    chance = np.array([comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)])
    truth = 1 - (1 - p) ** k
    assert chance @ pass_at_k(n, np.arange(n + 1), k) == pytest.approx(truth, abs=1e-12)
    plain = 1 - (1 - np.arange(n + 1) / n) ** k
    assert chance @ plain < truth - 0.02


def test_limits_of_pass_at_k():
    correct = np.arange(11)
    np.testing.assert_allclose(pass_at_k(10, correct, 1), correct / 10)
    np.testing.assert_array_equal(pass_at_k(10, correct, 10), correct > 0)
    assert pass_at_k(10, correct.reshape(1, 11), 3).shape == (1, 11)
    assert isinstance(pass_at_k(3, 1, 1), float)
    assert pass_at_k(10**6, 1, 10**5) == pytest.approx(0.1)  # binomials of this size are no floats


@pytest.mark.parametrize("n, c, k", [(5, 2, 0), (5, 2, 6), (5, 6, 1), (5, -1, 1), (5, [1, 9], 2)])
def test_pass_at_k_refuses(n, c, k):
    with pytest.raises(ValueError, match="not"):
        pass_at_k(n, c, k)


# ---------------------------------------------------------------- where a function ends


@pytest.mark.parametrize(
    "text, body",
    [
        ("\n    return 1\n", "    return 1\n"),
        ("\n    return 1", "    return 1\n"),
        ("\n    return 1\n\n\nprint(2)\n    x", "    return 1\n"),
        ("\n    a = 1\n\n    return a\ndef g():\n    pass", "    a = 1\n\n    return a\n"),
        ("\n\treturn 1\n# more", "\treturn 1\n"),
        ("\nreturn 1", ""),
        ("", ""),
        ("\n\n", ""),
        ("    return 1  \n```\n", "    return 1\n"),
    ],
)
def test_a_body_ends_before_the_first_line_at_the_left_edge(text, body):
    assert function_body(text) == body


def test_what_has_ended_and_what_parses():
    assert has_ended("\n    return 1\n\nd") and not has_ended("\n    return 1\n\n    ") and not has_ended("x")
    assert parses("x = 1") and not parses("x = (") and not parses("x\0") and not parses("(" * 10**5)


# ---------------------------------------------------------------- many continuations


class Letters:
    """A tokenizer for a model of 32 ids: one letter a token; id 31 stops."""

    stop_ids = (31,)

    def encode(self, text):
        return [ord(letter) - 97 for letter in text]

    def decode(self, ids):
        return "".join(chr(97 + id) for id in ids)


PROMPTS = ["bcd", "efghijk", "l", "mnop", "qq"]


def never(text):
    return False


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    model = Llama(
        num_layers=2, d_model=32, num_heads=4, num_kv_heads=2, d_ff=48, vocab_size=32, seq_len=96, rope_theta=100.0
    )
    for variable in model.trainable_variables:
        if "kernel" in variable.path or "embeddings" in variable.path:
            variable.assign(variable * 12)
    return model


@pytest.mark.parametrize("batch", [1, 2, 64])
def test_greedy_continuations_are_those_of_generate(model, batch):
    wanted = generation.generate(model, Letters(), PROMPTS, 20)
    assert sample_many(model, Letters(), PROMPTS, 1, 20, batch=batch, ended=never) == [[text] for text in wanted]
    assert sample_many(model, Letters(), PROMPTS, 3, 20, batch=batch, ended=never) == [[text] * 3 for text in wanted]


def test_rows_that_have_ended_leave_and_the_others_go_on_as_before(model):
    prompts = [a + b for a in "abcdefgh" for b in "klmnopqr"]  # 64 rows, of which some end early
    wanted = generation.generate(model, Letters(), prompts, 40)

    def ended(text):
        return len(text) >= 8 and text[0] < "t"

    found = [row[0] for row in sample_many(model, Letters(), prompts, 1, 40, ended=ended)]
    assert len({len(text) for text in found}) > 1
    for text, whole in zip(found, wanted):
        assert whole.startswith(text) and (text == whole or ended(text))


def test_samples_are_drawn_from_the_models_distribution(model):
    texts = sample_many(model, Letters(), ["ab"], 4000, 1, temperature=3.0, batch=4000, ended=never)[0]
    ids, chances = generation.next_token_probabilities(model, Letters(), "ab", temperature=3.0)
    count = {id: sum(text == chr(97 + id) for text in texts) for id in ids.tolist() if id != 31}
    for id, chance in zip(ids.tolist(), chances):
        if id != 31:
            assert abs(count[id] / 4000 - chance) < 5 * (chance * (1 - chance) / 4000) ** 0.5 + 1e-3


def test_a_seed_makes_samples_repeatable(model):
    one, other, third = (
        sample_many(model, Letters(), PROMPTS, 4, 10, 2.0, seed=seed, ended=never) for seed in (1, 1, 2)
    )
    assert one == other != third
    assert [len(row) for row in one] == [4] * 5 and len({text for row in one for text in row}) > 5


@pytest.mark.parametrize("arguments", [{"samples": 0}, {"batch": 0}, {"prompts": []}, {"temperature": -1}])
def test_sample_many_refuses(model, arguments):
    with pytest.raises(ValueError, match="not"):
        sample_many(**{"model": model, "tokenizer": Letters(), "prompts": ["a"], **arguments})


# ---------------------------------------------------------------- the problems


def test_the_problems_are_many_graded_and_told_apart():
    kinds = {kind: problems(kind) for kind in data.KINDS}
    assert len(problems()) >= 40 and len(kinds["known"]) >= 28 and len(kinds["invented"]) >= 12 <= len(kinds["twist"])
    assert problems() == sum(kinds.values(), ())
    names = [problem.name for problem in problems()]
    assert len(set(names)) == len(names) and {p.level for p in kinds["known"]} == {1, 2, 3}
    for problem in problems():
        assert len(problem.tests) >= 4 and problem.prompt.startswith(f"def {problem.name}(")
        assert problem.prompt.endswith('"""') and all(problem.name in call for call, _ in problem.tests)
        assert (problem.kind == "twist") == (problem.twist_of != "")
        assert problem.twist_of in ("", *[p.name for p in kinds["known"]])
    with pytest.raises(ValueError, match="kind must be one of"):
        problems("easy")


@pytest.mark.parametrize("problem", problems(), ids=lambda problem: problem.name)
def test_a_problems_own_solution_passes_and_nothing_does_not(problem):
    verify(problem)
    if problem.kind == "twist":  # and the puzzle that it changes is another: its solution does not pass
        known = next(p for p in problems() if p.name == problem.twist_of)
        code = f"{known.prompt}\n{known.solution}\n{problem.name} = {known.name}"
        assert not judge(problem, code).passed


@pytest.mark.parametrize("problem", problems(), ids=lambda problem: problem.name)
def test_a_problem_without_names_is_the_same_problem(problem):
    hidden = without_names(problem)
    assert hidden.prompt.startswith("def f(x") and f"{problem.name}(" not in hidden.prompt + hidden.solution
    called = problem.prompt.partition('"""')[2].replace(f"{problem.name}(", "f(")
    # a name that is a word of the description ("the largest number") stays, or the description would say less
    assert re.findall("[a-z]{2,}", called) == re.findall("[a-z]{2,}", hidden.prompt.partition('"""')[2])
    assert problem.name in called or problem.name not in hidden.prompt + hidden.solution
    assert [value for _, value in hidden.tests] == [value for _, value in problem.tests]
    assert judge(hidden, f"{hidden.prompt}\n{hidden.solution}").passed


@pytest.mark.parametrize(
    "body, kind, said",
    [
        ("return 2 * x", "passed", ""),
        ("return x", "wrong answer", "double(2) gave 2, not 4"),
        ("return None", "wrong answer", "gave None"),
        ("return str(2 * x)", "wrong answer", "gave '4'"),
        ("return y", "exception", "NameError: name 'y' is not defined"),
        ("return (2 * x", "syntax", "SyntaxError"),
        ("while True: pass", "too long", "not done after 0.7 s"),
        ("return [0] * 10**10", "too long", "MemoryError"),
        ("import os; os._exit(0)", "exception", "ended with status 0"),
        ("return x\0", "syntax", "NUL"),
        ("import sys; sys.exit()", "exception", "SystemExit"),
        ("return lambda: 4", "exception", "cannot leave the sandbox"),
    ],
)
def test_verdicts(body, kind, said):
    problem = Problem(
        "double", "known", 1, "def double(x):", "    return 2 * x\n", (("double(2)", 4), ("double(0)", 0))
    )
    found = judge(problem, f"{problem.prompt}\n    {body}\n", timeout=0.7 if kind == "too long" else 5)
    assert found.kind == kind and said in found.error and found.kind in data.VERDICTS
    assert found.passed == (kind == "passed")


def test_a_problem_that_is_wrong_is_named():
    wrong = Problem("double", "known", 1, "def double(x):", "    return x\n", (("double(2)", 4),))
    with pytest.raises(
        ValueError, match="the solution of 'double' must pass its tests, but: wrong answer: double.2. gave 2, not 4"
    ):
        verify(wrong)
    empty = Problem("noise", "known", 1, "def noise(x):", "    return None\n", (("noise(2)", None),))
    with pytest.raises(ValueError, match="pass a function that does nothing"):
        verify(empty)


@pytest.mark.parametrize(
    "got, wanted, equal",
    [
        (1, 1, True), (1, 1.0, True), (True, 1, False), (1, True, False), (0.1 + 0.2, 0.3, True), (0.3001, 0.3, False),
        ([1, 2], [1, 2], True), ([1, 2], (1, 2), False), ([1], [1, 2], False), ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False), ("1", 1, False), (None, None, True), (None, 0, False), ({1, 2}, {2, 1}, True),
        (10**30, 10**30 + 1, False), (float("nan"), float("nan"), False), ([True], [1], False),
    ],
)  # fmt: skip
def test_which_values_are_the_same(got, wanted, equal):
    assert same(got, wanted) is equal


def test_a_program_that_returns_a_huge_number_is_wrong_and_ends_nothing():
    """Python writes no whole number of more than 4,300 digits, and makes no float of one above 10^308."""
    known = {problem.name: problem for problem in problems("known")}
    for name, value in (("to_fahrenheit", "10**400"), ("to_fahrenheit", "10**5000"), (next(iter(known)), "[10**5000]")):
        verdict = judge(known[name], f"def {name}(*given):\n    return {value}\n")
        assert verdict.kind == "wrong answer"
    assert not same(10**400, 1.5) and "int of thousands of digits" in data._shown(10**5000)
