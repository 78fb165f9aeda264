"""The training loop: the same numbers as Keras's own step, exact resumption, and clear stops that lose nothing."""

import gc
import signal
import threading
import weakref

from bigmodel_lib import training
from bigmodel_lib.training import loop

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


def test_a_variable_without_a_gradient_is_left_alone():
    """On TensorFlow and PyTorch its gradient is None, on JAX zero: the same losses and weights come out."""
    keras.utils.set_random_seed(0)
    entry = keras.Input((8,))
    hidden = keras.layers.Dense(4, name="used")(entry)
    unused = keras.layers.Dense(2, name="unused")(hidden)
    model = keras.Model(entry, [keras.layers.Dense(3)(hidden), unused])

    def loss(y, output):
        return CROSSENTROPY(y, output[0])

    before = {v.path: keras.ops.convert_to_numpy(v).copy() for v in model.trainable_variables}
    losses = training.train(model, keras.optimizers.SGD(0.1, global_clipnorm=1.0), loss, batches, 5)
    assert np.isfinite(losses).all() and losses[0] != losses[-1]
    for variable in model.trainable_variables:
        same = np.array_equal(before[variable.path], keras.ops.convert_to_numpy(variable))
        assert same == ("unused" in variable.path), variable.path


def test_an_embedding_is_trained_on_every_backend():
    keras.utils.set_random_seed(0)
    layers = [keras.Input((4,), dtype="int32"), keras.layers.Embedding(10, 3), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(3)])
    ids = np.arange(32).reshape(8, 4) % 10
    losses = training.train(model, keras.optimizers.Adam(0.1), CROSSENTROPY, lambda step: (ids, ids[:, 0] % 3), 30)
    assert losses[-1] < 0.3 * losses[0]


only_jax = pytest.mark.skipif(keras.backend.backend() != "jax", reason="only there the step is compiled")


def test_what_was_trained_can_be_forgotten():
    """Neither the loop nor what it keeps for the next call holds on to a model, an optimizer or a loss."""

    def train_and_forget():
        model, optimizer = fresh()

        def loss(y, output):  # one that knows the model, as the losses of distillation know their teacher
            return CROSSENTROPY(y, output) + 0 * len(model.layers)

        training.train(model, optimizer, loss, batches, 2)
        return [weakref.ref(part) for part in (model, optimizer, loss)]

    gone = train_and_forget()
    gc.collect()
    assert [part() for part in gone] == [None, None, None]


@only_jax
def test_the_program_is_kept_until_a_setting_changes():
    model, optimizer = fresh()
    training.train(model, optimizer, CROSSENTROPY, batches, 2)
    kept = loop._jax_program(model, optimizer, CROSSENTROPY)
    optimizer.learning_rate.assign(0.5)
    assert loop._jax_program(model, optimizer, CROSSENTROPY) is kept
    optimizer.global_clipnorm = 1e-9
    assert loop._jax_program(model, optimizer, CROSSENTROPY) is not kept


def test_clipping_that_is_set_between_two_calls_counts():
    model, _ = fresh()
    optimizer = keras.optimizers.SGD(1.0)
    training.train(model, optimizer, CROSSENTROPY, batches, 1)
    before = [w.copy() for w in model.get_weights()]
    optimizer.global_clipnorm = 1e-4
    training.train(model, optimizer, CROSSENTROPY, batches, 1, first_step=1)
    moved = np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(before, model.get_weights()) if a.dtype == np.float32))
    assert moved < 1.1e-4


@only_jax
def test_large_batches_go_in_fewer_steps_a_call(monkeypatch):
    model, optimizer = fresh()
    expected = training.train(model, optimizer, CROSSENTROPY, batches, 7)
    size = sum(part.nbytes for part in batches(0))
    for limit, steps in ((3 * size, 3), (size - 1, 1), (100 * size, loop.STEPS_PER_CALL)):
        monkeypatch.setattr(loop, "BYTES_PER_CALL", limit)
        same, same_optimizer = fresh()
        same_optimizer.build(same.trainable_variables)
        assert loop._JaxStepper(same, same_optimizer, CROSSENTROPY).capacity(batches(0)) == steps
        np.testing.assert_allclose(training.train(same, same_optimizer, CROSSENTROPY, batches, 7), expected, rtol=1e-5)


@only_jax
def test_convolutions_take_one_step_a_call_outside_any_loop(monkeypatch):
    """XLA on a processor leaves out its fast convolution inside a loop: a step took twenty times as long."""

    def run():
        keras.utils.set_random_seed(0)
        nested = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten()])
        model = keras.Sequential([keras.Input((8, 8, 1)), nested, keras.layers.Dense(3)])
        optimizer = keras.optimizers.SGD(0.1)
        optimizer.build(model.trainable_variables)
        x, y = np.random.default_rng(0).normal(size=(5, 8, 8, 1)).astype("float32"), np.array([0, 1, 2, 0, 1])
        most = loop._JaxStepper(model, optimizer, CROSSENTROPY).capacity((x, y))
        return most, training.train(model, optimizer, CROSSENTROPY, lambda step: (x + step, y), 13)

    most, losses = run()
    monkeypatch.setattr(loop, "CONVOLUTIONS", ())
    many, same = run()
    assert (most, many) == (1, loop.STEPS_PER_CALL)
    np.testing.assert_allclose(losses, same, rtol=1e-4)


@only_jax
def test_the_state_of_training_is_named():
    model, optimizer = fresh()
    optimizer.build(model.trainable_variables)
    state = loop._JaxStepper(model, optimizer, CROSSENTROPY).state
    assert isinstance(state, training.TrainingState)
    assert len(state.trainable) == len(model.trainable_variables) and len(state.optimizer) == len(optimizer.variables)
    assert bool(state.finite)


def test_ctrl_c_in_the_last_step_is_not_lost():
    model, optimizer = fresh()
    with pytest.raises(KeyboardInterrupt, match="stopped after step 4"):
        training.train(
            model, optimizer, CROSSENTROPY, batches, 4, every=4, on_step=lambda *_: signal.raise_signal(signal.SIGINT)
        )
    assert int(optimizer.iterations) == 4


def test_a_handler_that_python_did_not_set(monkeypatch):
    """`signal.signal` then returns None for it, and cannot be given None."""
    before = signal.getsignal(signal.SIGINT)
    real, calls = signal.signal, []

    def patched(number, handler):
        calls.append(handler)
        old = real(number, handler)
        return None if len(calls) == 1 else old

    monkeypatch.setattr(signal, "signal", patched)
    try:
        training.train(*fresh(), CROSSENTROPY, batches, 1)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        real(signal.SIGINT, before)


def test_training_in_another_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(training.train(*fresh(), CROSSENTROPY, batches, 3)))
    thread.start()
    thread.join()
    np.testing.assert_allclose(results[0], training.train(*fresh(), CROSSENTROPY, batches, 3), rtol=1e-6)


@pytest.mark.parametrize("warmup_steps, floor", [(0, 0.0), (10, 0.0), (10, 0.02), (0, 0.1)])
def test_warmup_cosine_is_its_formula(warmup_steps, floor):
    rate = training.warmup_cosine(0.1, warmup_steps, 60, floor)
    for t in (0, 3, 9, 10, 11, 35, 59, 60, 61, 1000):
        done = min(1, (t - warmup_steps) / (60 - warmup_steps))
        cosine = floor + (0.1 - floor) * 0.5 * (1 + np.cos(np.pi * done))
        assert float(rate(t)) == pytest.approx(0.1 * t / warmup_steps if t < warmup_steps else cosine, abs=1e-7)


def test_warmup_cosine_in_an_optimizer_and_out_of_range():
    model, _ = fresh()
    optimizer = keras.optimizers.SGD(training.warmup_cosine(0.1, 2, 6, floor=0.01))
    training.train(model, optimizer, CROSSENTROPY, batches, 6)
    assert float(keras.ops.convert_to_numpy(optimizer.learning_rate)) == pytest.approx(0.01)
    for wrong in ((0.0, 1, 5), (0.1, 5, 5), (0.1, -1, 5), (0.1, 1, 5, 0.2), (0.1, 1, 5, -0.1)):
        with pytest.raises(ValueError, match="warmup_cosine needs peak > 0, 0 <= floor <= peak"):
            training.warmup_cosine(*wrong)


def test_a_new_schedule_is_never_taken_for_a_dead_one():
    """Programs are kept for the schedule itself: its address may be given to a later one."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    schedule = lambda rate: keras.optimizers.schedules.ExponentialDecay(rate, 10**6, 1.0)  # noqa: E731
    optimizer, loss = keras.optimizers.SGD(schedule(1e-3)), keras.losses.MeanAbsoluteError()
    pair = np.ones((4, 1), "float32"), np.zeros((4, 1), "float32")  # the gradient is 1
    for rate in (1e-3, 0.01, 0.1):
        for _ in range(20):  # some get the address of the one before
            optimizer.learning_rate = schedule(rate)
        before = float(np.array(model.weights[0]).item())
        training.train(model, optimizer, loss, lambda step: pair, 1)
        assert before - float(np.array(model.weights[0]).item()) == pytest.approx(rate, rel=1e-3)


def test_an_optimizer_of_other_variables_is_refused():
    a, b = (keras.layers.Dense(1, name=name) for name in "ab")
    model = keras.Sequential([keras.Input((1,)), a, b])
    optimizer, loss = keras.optimizers.SGD(0.1, momentum=0.9), keras.losses.MeanSquaredError()
    pair, b.trainable = (np.ones((4, 1), "float32"), np.zeros((4, 1), "float32")), False
    training.train(model, optimizer, loss, lambda step: pair, 2)
    a.trainable, b.trainable = False, True
    with pytest.raises(ValueError, match="built on other variables"):
        training.train(model, optimizer, loss, lambda step: pair, 1)
