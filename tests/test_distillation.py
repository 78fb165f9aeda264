"""Distillation: Keras's own loss, the closed form of the gradient, limit cases, bad input."""

from bigmodel_lib.compression.distillation import distillation_loss, soft_targets

import keras
import numpy as np
import pytest

RNG = np.random.default_rng(0)
V, Z, LABELS = RNG.normal(size=(7, 5)) * 3, RNG.normal(size=(7, 5)) * 3, RNG.integers(5, size=7)


def test_the_soft_targets_by_hand():
    p = soft_targets([[8.0, 4.0, 0.0]], 4.0)
    e = np.exp(1.0)
    np.testing.assert_allclose(p, [[e**2 / (e**2 + e + 1), e / (e**2 + e + 1), 1 / (e**2 + e + 1)]], rtol=1e-6)
    assert p.dtype == np.float32


def test_limits_of_the_temperature():
    np.testing.assert_allclose(soft_targets(V, 1e6), 0.2, atol=1e-5)
    np.testing.assert_allclose(soft_targets(V, 1e-3), np.eye(5)[V.argmax(1)], atol=1e-6)
    assert (soft_targets(V, 7.0).argmax(1) == V.argmax(1)).all()
    np.testing.assert_allclose(soft_targets([[1e4, 0.0]], 1), [[1, 0]])  # no overflow


@pytest.mark.parametrize("temperature", [1.0, 4, 20.0])
@pytest.mark.parametrize("alpha", [0, 0.3, 1.0])
def test_equals_keras(temperature, alpha):
    kl = keras.distillation.LogitsDistillation(temperature=float(temperature), loss=keras.losses.KLDivergence())
    hard = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    v, z = V.astype("float32") / 3, Z.astype("float32") / 3  # Keras clips probabilities at 1e-7
    theirs = (1 - alpha) * float(kl.compute_loss(v, z)) + alpha * float(hard(LABELS, z))
    ours = distillation_loss(v, z, temperature=temperature, labels=LABELS, label_weight=alpha)
    np.testing.assert_allclose(float(ours), theirs, rtol=1e-4, atol=1e-6)


def test_an_equal_student_pays_nothing_and_leading_axes_are_rows():
    assert abs(float(distillation_loss(V, V + 3.0, temperature=2.0))) < 1e-5  # an offset is no difference
    flat = distillation_loss(V[:6], Z[:6], temperature=3.0, labels=LABELS[:6], label_weight=0.5)
    v, z, labels = V[:6].reshape(2, 3, 5), Z[:6].reshape(2, 3, 5), LABELS[:6].reshape(2, 3)
    folded = distillation_loss(v, z, temperature=3.0, labels=labels, label_weight=0.5)
    np.testing.assert_allclose(float(flat), float(folded), rtol=1e-6)


def test_the_gradient_is_t_times_q_minus_p():
    temperature, h = 3.0, 0.01
    for row, column in ((0, 0), (3, 2)):
        step = np.zeros(Z.shape)
        step[row, column] = h
        numeric = (
            float(distillation_loss(V, Z + step, temperature=temperature))
            - float(distillation_loss(V, Z - step, temperature=temperature))
        ) / (2 * h)
        q, p = soft_targets(Z, temperature), soft_targets(V, temperature)
        np.testing.assert_allclose(numeric, temperature * (q - p)[row, column] / len(Z), atol=2e-3)


@pytest.mark.parametrize("temperature", [0, -1.0, np.inf, float("nan"), "4"])
def test_a_bad_temperature(temperature):
    for call in (lambda: soft_targets(V, temperature), lambda: distillation_loss(V, Z, temperature=temperature)):
        with pytest.raises(ValueError, match="temperature must be a positive"):
            call()


@pytest.mark.parametrize(
    "arguments, said", [({"label_weight": 0.5}, "no labels"), ({"label_weight": 1.5}, "from 0 to 1")]
)
def test_bad_weights(arguments, said):
    with pytest.raises(ValueError, match=said):
        distillation_loss(V, Z, **arguments)
