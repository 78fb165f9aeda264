"""The losses of post-training against closed forms, limit cases and bad input."""

from bigmodel_lib import training
from bigmodel_lib.training import posttraining

import keras
import numpy as np
import pytest

rng = np.random.default_rng(0)
LOGITS = rng.normal(size=(3, 5, 7)).astype("float32")
TARGETS = rng.integers(0, 7, (3, 5))
MASK = np.array([[0, 0, 1, 1, 1], [0, 1, 1, 0, 0], [0, 0, 0, 1, 0]])


def number(x):
    return float(keras.ops.convert_to_numpy(x))


def test_an_answer_is_the_product_of_its_tokens():
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
    found = keras.ops.convert_to_numpy(posttraining.answer_log_probabilities(TARGETS, MASK, LOGITS))
    by_hand = [np.prod([p[i, t, TARGETS[i, t]] for t in range(5) if MASK[i, t]]) for i in range(3)]
    np.testing.assert_allclose(np.exp(found), by_hand, rtol=1e-5)
    assert not keras.ops.convert_to_numpy(posttraining.answer_log_probabilities(TARGETS, 0 * MASK, LOGITS)).any()


def test_a_mask_of_ones_is_the_usual_crossentropy():
    usual = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(TARGETS, LOGITS)
    assert number(posttraining.masked_cross_entropy((TARGETS, np.ones((3, 5))), LOGITS)) == pytest.approx(number(usual))


def test_what_is_masked_does_not_matter():
    loss = number(posttraining.masked_cross_entropy((TARGETS, MASK), LOGITS))
    other_targets = np.where(MASK, TARGETS, (TARGETS + 1) % 7)
    other_logits = np.where(MASK[..., None], LOGITS, 1e4).astype("float32")
    assert number(posttraining.masked_cross_entropy((other_targets, MASK), other_logits)) == pytest.approx(loss)
    assert number(posttraining.masked_cross_entropy((TARGETS, MASK), LOGITS + 100)) == pytest.approx(loss, rel=1e-4)


def test_a_mask_of_nothing_is_refused():
    with pytest.raises(ValueError, match="needs at least one answer"):
        posttraining.masked_cross_entropy((TARGETS, 0 * MASK), LOGITS)


def test_within_training_a_mask_of_nothing_stops_the_run():
    model = keras.Sequential([keras.Input((5,), dtype="int32"), keras.layers.Embedding(7, 7)])
    batch = TARGETS.astype("int32"), (TARGETS.astype("int32"), np.zeros((3, 5), "float32"))
    with pytest.raises(training.NonFiniteLoss):
        training.train(model, keras.optimizers.SGD(0.1), posttraining.masked_cross_entropy, lambda step: batch, 1)


def test_dpo_closed_form_and_limits():
    zero = np.zeros(4, "float32")
    assert number(posttraining.dpo_loss(zero, zero, zero, zero, beta=0.3)) == pytest.approx(np.log(2))
    # only the difference of the two gains counts
    a, b = np.float32([-3, -1]), np.float32([-4, -1.5])
    expected = np.mean(np.log1p(np.exp(-0.5 * ((a + 2) - (b + 2.5)))))
    found = number(posttraining.dpo_loss(a, b, np.float32([-2, -2]), np.float32([-2.5, -2.5]), beta=0.5))
    assert found == pytest.approx(expected, rel=1e-5)
    moved = number(posttraining.dpo_loss(a - 7, b - 7, np.float32([-2, -2]), np.float32([-2.5, -2.5]), beta=0.5))
    assert moved == pytest.approx(found, rel=1e-5)
    # far apart: no overflow, linear on the wrong side
    far = np.float32([1e4])
    assert number(posttraining.dpo_loss(far, -far, 0 * far, 0 * far, beta=1)) == 0
    assert number(posttraining.dpo_loss(-far, far, 0 * far, 0 * far, beta=1)) == pytest.approx(2e4)


@pytest.mark.parametrize("beta", [0, -1, float("nan")])
def test_dpo_needs_a_positive_beta(beta):
    with pytest.raises(ValueError, match="beta must be positive"):
        posttraining.dpo_loss(*np.zeros((4, 2)), beta=beta)


def test_group_advantages():
    found = posttraining.group_advantages([[1, 0, 0, 1], [0, 0, 0, 4], [2, 2, 2, 2]])
    np.testing.assert_allclose(found[0], [1, -1, -1, 1])
    np.testing.assert_allclose(found[1], np.array([-1, -1, -1, 3]) / np.sqrt(3), rtol=1e-6)
    assert not found[2].any() and found.dtype == np.float32
    rewards = rng.normal(size=(20, 8))
    found = posttraining.group_advantages(rewards)
    np.testing.assert_allclose(found.mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(1), 1, rtol=1e-5)
    np.testing.assert_allclose(found, posttraining.group_advantages(5 * rewards - 3), atol=1e-5)


def test_equal_rewards_give_zero_and_not_rounding():
    assert not posttraining.group_advantages(np.full((3, 7), 0.1)).any()
    assert not posttraining.group_advantages([[5.0]]).any()  # a group of one has nothing to compare with


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_reward_that_is_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match="reward of answer 2 in group 1"):
        posttraining.group_advantages([[1, 0, 0], [1, 0, bad]])


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4), (2, 0)])
def test_rewards_must_have_groups(shape):
    with pytest.raises(ValueError, match=r"\(groups, answers\)"):
        posttraining.group_advantages(np.zeros(shape))
