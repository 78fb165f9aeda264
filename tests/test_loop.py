"""The training loop: the same numbers as Keras's own step, exact resumption, and clear stops that lose nothing."""

import signal

from bigmodel_lib import training

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.slow

CROSSENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
RULE = np.random.default_rng(0).normal(size=(8, 3))


def batches(step):
    x = np.random.default_rng((5, step)).normal(size=(16, 8)).astype("float32")
    return x, (x @ RULE).argmax(1)


def fresh(seed=0, dropout=0.0):
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((8,)), keras.layers.Dense(12, "relu"), keras.layers.Dropout(dropout), keras.layers.Dense(3)]
    model = keras.Sequential(layers)
    return model, keras.optimizers.AdamW(0.01, weight_decay=0.1, global_clipnorm=0.5)


def test_the_same_as_keras_train_on_batch():
    model, optimizer = fresh()
    losses = training.train(model, optimizer, CROSSENTROPY, batches, 25)
    peer, peer_optimizer = fresh()
    peer.compile(peer_optimizer, CROSSENTROPY)
    expected = []
    for step in range(25):
        peer.reset_metrics()
        expected.append(float(peer.train_on_batch(*batches(step))))
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for weight, other in zip(model.get_weights(), peer.get_weights()):
        np.testing.assert_allclose(weight, other, rtol=1e-4, atol=1e-6)
    assert losses[-5:].mean() < losses[:5].mean()
    assert int(optimizer.iterations) == 25


def test_losses_added_by_layers_are_trained():
    keras.utils.set_random_seed(0)
    layers = [keras.Input((8,)), keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.1))]
    model = keras.Sequential(layers)
    added = float(model.losses[0])
    output = float(CROSSENTROPY(batches(0)[1], model(batches(0)[0])))
    losses = training.train(model, keras.optimizers.SGD(0.1), CROSSENTROPY, batches, 1)
    assert losses[0] == pytest.approx(added + output, rel=1e-5)


def test_resumed_is_the_same_as_never_stopped():
    whole, whole_optimizer = fresh(dropout=0.3)
    expected = training.train(whole, whole_optimizer, CROSSENTROPY, batches, 30)
    parts, parts_optimizer = fresh(dropout=0.3)
    first = training.train(parts, parts_optimizer, CROSSENTROPY, batches, 13)
    second = training.train(parts, parts_optimizer, CROSSENTROPY, batches, 17, first_step=13)
    np.testing.assert_array_equal(np.concatenate([first, second]), expected)
    for a, b in zip(whole.get_weights(), parts.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_on_step_sees_the_state_and_may_change_it():
    model, optimizer = fresh()
    seen = []

    def on_step(step, losses):
        seen.append((step, len(losses), int(optimizer.iterations)))
        if step == 24:
            optimizer.learning_rate.assign(0.0)
            seen.append(model.get_weights())

    training.train(model, optimizer, CROSSENTROPY, batches, 30, first_step=4, every=12, on_step=on_step)
    kept = seen.pop(2)
    assert seen == [(12, 8, 8), (24, 20, 20)]
    for before, after in zip(kept, model.get_weights()):
        np.testing.assert_array_equal(before, after)


def test_a_loss_that_is_not_finite_stops_with_the_weights_from_before():
    model, optimizer = fresh()

    def poisoned(step):
        x, y = batches(step)
        return np.where(step == 17, np.inf, x).astype("float32"), y

    with pytest.raises(training.NonFiniteLoss, match="step 17: the loss is nan at a learning rate of 0.01") as caught:
        training.train(model, optimizer, CROSSENTROPY, poisoned, 50)
    assert caught.value.step == 17 and not np.isfinite(caught.value.gradient)
    assert int(optimizer.iterations) == 17
    same, same_optimizer = fresh()
    training.train(same, same_optimizer, CROSSENTROPY, batches, 17)
    for a, b in zip(model.get_weights(), same.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_a_gradient_that_is_not_finite_stops_too():
    model, optimizer = fresh()

    def root(y, output):  # its value is 0, its gradient is not finite
        return keras.ops.sqrt(keras.ops.sum(output) * 0.0)

    with pytest.raises(training.NonFiniteLoss, match="step 0: the loss is inf") as caught:
        training.train(model, optimizer, root, batches, 3)
    assert caught.value.variable in {v.path for v in model.trainable_variables}
    assert np.isfinite(np.concatenate([w.ravel() for w in model.get_weights()])).all()


def test_an_error_leaves_the_weights_reached():
    model, optimizer = fresh()

    def ends(step):
        if step == 20:
            raise OSError("the disk is gone")
        return batches(step)

    with pytest.raises(OSError, match="the disk is gone"):
        training.train(model, optimizer, CROSSENTROPY, ends, 50)
    assert int(optimizer.iterations) == 20
    assert np.isfinite(model.predict(batches(0)[0], verbose=0)).all()


def test_ctrl_c_stops_between_two_steps():
    model, optimizer = fresh()
    before = signal.getsignal(signal.SIGINT)

    def pressed(step):
        if step == 12:
            signal.raise_signal(signal.SIGINT)
        return batches(step)

    with pytest.raises(KeyboardInterrupt, match="the model holds the weights reached"):
        training.train(model, optimizer, CROSSENTROPY, pressed, 1000)
    assert signal.getsignal(signal.SIGINT) is before
    assert 12 < int(optimizer.iterations) <= 20
    same, same_optimizer = fresh()
    training.train(same, same_optimizer, CROSSENTROPY, batches, int(optimizer.iterations))
    np.testing.assert_array_equal(model.get_weights()[0], same.get_weights()[0])


def test_arrays_shared_between_variables_survive():
    model, optimizer = fresh()
    twin, _ = fresh(seed=1)
    for a, b in zip(twin.variables, model.variables):
        a.assign(b.value)  # on JAX both now hold the same array
    before = twin.get_weights()
    training.train(model, optimizer, CROSSENTROPY, batches, 3)
    np.testing.assert_array_equal(twin.get_weights()[0], before[0])
    assert np.abs(model.get_weights()[0] - before[0]).max() > 0


def test_bad_input():
    model, optimizer = fresh()
    with pytest.raises(ValueError, match="has no weights yet"):
        training.train(keras.Sequential([keras.layers.Dense(3)]), optimizer, CROSSENTROPY, batches, 3)
    for numbers in ({"num_steps": -1}, {"num_steps": 3, "every": 2}, {"num_steps": 3, "on_step": print}):
        with pytest.raises(ValueError, match="must not be negative"):
            training.train(model, optimizer, CROSSENTROPY, batches, **numbers)
    assert len(training.train(model, optimizer, CROSSENTROPY, batches, 0)) == 0
