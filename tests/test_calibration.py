"""Calibration and abstention, against scikit-learn, brute force, closed forms and their limits."""

import math

from bigmodel_lib.evaluation import calibration

import numpy as np
import pytest
from scipy import optimize
from sklearn.calibration import calibration_curve


def answers(n=500, seed=0):
    rng = np.random.default_rng(seed)
    confidence = rng.random(n)
    return confidence, rng.random(n) < confidence**2


def slow_ece(confidence, right, bins):
    total = 0.0
    for b in range(bins):
        inside = [i for i, c in enumerate(confidence) if b / bins <= c < (b + 1) / bins or (b == bins - 1 and c == 1)]
        if inside:
            sure, share = (sum(values[i] for i in inside) / len(inside) for values in (confidence, right))
            total += len(inside) * abs(sure - share) / len(confidence)
    return total


@pytest.mark.parametrize("bins", [1, 2, 10, 15])
def test_the_bins_are_scikit_learns(bins):
    confidence, right = answers()
    found = calibration.reliability(confidence, right, bins)
    share, mean = calibration_curve(right, confidence, n_bins=bins)
    used = found.count > 0
    assert np.allclose(found.accuracy[used], share) and np.allclose(found.confidence[used], mean)
    assert found.count.sum() == 500 and len(found.count) == bins


def test_empty_bins_stay_and_say_nan():
    found = calibration.reliability([0.05, 0.95], [0, 1], 10)
    assert found.count.tolist() == [1] + [0] * 8 + [1] and np.isnan(found.accuracy[1:9]).all()


@pytest.mark.parametrize("bins", range(1, 21))
def test_an_edge_belongs_to_the_bin_on_its_right_and_one_to_the_last(bins):
    edges = np.arange(bins + 1) / bins
    assert calibration.reliability(edges, np.ones(bins + 1), bins).count.tolist() == [1] * (bins - 1) + [2]


@pytest.mark.parametrize("bins", [1, 3, 10, 15])
@pytest.mark.parametrize("seed", [0, 1])
def test_ece_is_the_slow_one(bins, seed):
    confidence, right = answers(60, seed)
    confidence = np.round(confidence, 1)  # many on the edges
    assert calibration.ece(confidence, right, bins) == pytest.approx(slow_ece(confidence, right, bins), abs=1e-12)


def test_limits_of_the_error():
    assert calibration.ece([1.0, 1.0], [0, 0]) == 1 and calibration.ece([1.0, 0.0], [1, 0]) == 0
    assert calibration.ece([0.75] * 4, [1, 1, 1, 0]) == 0
    confidence, right = answers()
    assert calibration.ece(confidence, right, 1) == pytest.approx(abs(confidence.mean() - right.mean()))


def test_an_honest_model_has_a_floor_that_falls_with_the_answers():
    rng = np.random.default_rng(0)
    floor = [np.mean([calibration.ece(c, rng.random(n) < c) for c in rng.random((20, n))]) for n in (100, 10_000)]
    assert 0.05 < floor[0] < 0.15 and floor[1] < 0.02


def test_softmax_with_a_temperature():
    logits = np.random.default_rng(0).normal(size=(4, 3, 5)) * 50
    p = calibration.softmax(logits, 3.0)
    assert np.allclose(p.sum(-1), 1) and (p.argmax(-1) == logits.argmax(-1)).all()
    assert np.allclose(p, calibration.softmax(logits / 3)) and np.isfinite(calibration.softmax(logits * 1e4)).all()


@pytest.mark.parametrize("temperature", [0, -1, math.inf, math.nan])
def test_a_temperature_is_positive(temperature):
    with pytest.raises(ValueError, match="positive number"):
        calibration.softmax([[1.0, 2.0]], temperature)


def test_the_temperature_is_the_best_of_a_search():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(400, 6)) * 4
    labels = np.array([rng.choice(6, p=p) for p in calibration.softmax(logits, 2.5)])

    def loss(log_t):
        return -np.log(calibration.softmax(logits, math.exp(log_t))[np.arange(400), labels]).mean()

    best = optimize.minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9})
    found = calibration.fit_temperature(logits, labels)
    assert found == pytest.approx(math.exp(best.x), rel=1e-5) and 2 < found < 3
    assert calibration.fit_temperature(10 * logits, labels) == pytest.approx(10 * found, rel=1e-6)
    assert calibration.fit_temperature(logits + 7, labels) == pytest.approx(found, rel=1e-6)


def test_the_temperature_of_two_classes_has_a_closed_form():
    found = calibration.fit_temperature([[5.0, 0.0]] * 10, [0] * 9 + [1])
    assert found == pytest.approx(5 / math.log(9), rel=1e-9)


def test_scikit_learn_finds_the_same_temperature():
    frozen, sk = pytest.importorskip("sklearn.frozen"), pytest.importorskip("sklearn.calibration")
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 5))
    y = (x[:, :3] + rng.normal(size=(600, 3))).argmax(1)
    model = linear.LogisticRegression(C=100).fit(x[:100], y[:100])
    try:
        calibrated = sk.CalibratedClassifierCV(frozen.FrozenEstimator(model), method="temperature").fit(
            x[100:], y[100:]
        )
    except ValueError:
        pytest.skip("this scikit-learn has no temperature scaling")
    inside = calibrated.calibrated_classifiers_[0].calibrators[0]
    found = calibration.fit_temperature(model.decision_function(x[100:]), y[100:])
    assert found == pytest.approx(1 / inside.beta_, rel=1e-3)


def test_temperatures_without_a_best_stop_at_the_bounds():
    assert calibration.fit_temperature([[9.0, 0.0]], [0]) == pytest.approx(0.01)
    assert calibration.fit_temperature([[9.0, 0.0]], [1]) == pytest.approx(100)


@pytest.mark.parametrize(
    "logits, labels, message",
    [
        ([[1.0, 2.0]], [0, 1], r"\(1, 2\) and \(2,\)"),
        ([1.0, 2.0], [0, 1], r"\(n, classes\)"),
        ([[1.0]], [0], r"\(n, classes\)"),
        (np.zeros((0, 2)), np.zeros(0, int), "at least 1"),
        ([[1.0, -math.inf]], [0], "finite"),
        ([[1.0, 2.0]], [2], "from 0 to 1"),
        ([[1.0, 2.0]], [-1], "from 0 to 1"),
        ([[1.0, 2.0]], [0.0], "whole numbers"),
    ],
)
def test_bad_input_of_the_temperature(logits, labels, message):
    with pytest.raises(ValueError, match=message):
        calibration.fit_temperature(logits, labels)


@pytest.mark.parametrize("seed", range(3))
def test_coverage_is_that_of_each_threshold(seed):
    confidence, right = answers(80, seed)
    confidence = np.round(confidence, 1)  # ties
    found = calibration.coverage(confidence, right)
    assert found.threshold.tolist() == sorted(set(confidence), reverse=True)
    for threshold, answered, accuracy in zip(*found):
        given = confidence >= threshold
        assert answered == pytest.approx(given.mean()) and accuracy == pytest.approx(right[given].mean())
    assert found.answered[-1] == 1 and found.accuracy[-1] == pytest.approx(right.mean())


def test_coverage_with_one_confidence_is_one_point_and_takes_any_score():
    assert [len(part) for part in calibration.coverage([0.3] * 5, [1, 0, 1, 0, 0])] == [1, 1, 1]
    assert calibration.coverage([-7.0, 12.0], [0, 1]).accuracy.tolist() == [1, 0.5]


@pytest.mark.parametrize(
    "confidence, right, message",
    [
        ([], [], "at least one"),
        ([0.5], [1, 0], r"\(1,\) and \(2,\)"),
        ([[0.5]], [[1]], r"must be \(n,\)"),
        ([math.nan], [1], "some are nan"),
        ([0.5], [2], "truth values"),
    ],
)
@pytest.mark.parametrize("function", [calibration.reliability, calibration.ece, calibration.coverage])
def test_bad_answers(function, confidence, right, message):
    with pytest.raises(ValueError, match=message):
        function(confidence, right)


@pytest.mark.parametrize("confidence", [[90.0], [-0.1], [1.01]])
def test_a_confidence_is_a_probability(confidence):
    with pytest.raises(ValueError, match="divide percents by 100"):
        calibration.ece(confidence, [1])


@pytest.mark.parametrize("bins", [0, -3])
def test_at_least_one_bin(bins):
    with pytest.raises(ValueError, match="at least 1"):
        calibration.ece([0.5], [1], bins)


def test_arguments_stay_as_they_are():
    confidence, right = answers(30)
    before = confidence.copy(), right.copy()
    calibration.ece(confidence, right)
    calibration.coverage(confidence, right)
    assert np.array_equal(confidence, before[0]) and np.array_equal(right, before[1])


def test_a_score_that_is_no_number_is_named():
    with pytest.raises(ValueError, match="some are nan"):
        calibration.coverage([np.nan, 5.0], [1, 0])
