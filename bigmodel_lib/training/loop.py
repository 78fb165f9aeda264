"""A training loop that keeps up with the hardware, resumes at any step and says why it stopped.

`model.fit` is the right tool for most notebooks. This loop is for runs that are counted in steps instead of epochs: its batches
are a pure function of the step, so a run that was killed goes on with the very batches it would have seen.
What it does not do: metrics, validation (do that in `on_step`), loss scaling for float16.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops

# Steps in one call of the compiled program. A call asks the system for memory for all intermediate results and gives it back:
# for a small GPT on two cores that takes a quarter of the time if it is done in every step.
STEPS_PER_CALL = 10
# Inside a loop, XLA's program for a processor leaves out its fast convolution: a step of a small detector then takes ten times as long
CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.DepthwiseConv1D, layers.DepthwiseConv2D)
BYTES_PER_CALL = 64 * 10**6  # of batches in one call: large batches go in fewer steps a call, for they are copied twice
FETCH_EVERY = 100  # steps between two fetches of the losses; each waits until the device has caught up


class NonFiniteLoss(ArithmeticError):
    """The loss, or a gradient, is infinite or not a number. The model was left with the weights from before that step.

    Attributes:
        step: at which it happened. loss: its value, or inf where only a gradient was not finite. learning_rate: in force.
        variable: path of the variable with the largest gradient. gradient: the largest absolute value in it.
    """

    def __init__(self, step: int, loss: float, learning_rate: float, variable: str, gradient: float):
        self.step, self.loss, self.learning_rate = step, loss, learning_rate
        self.variable, self.gradient = variable, gradient
        super().__init__(
            f"step {step}: the loss is {loss:g} at a learning rate of {learning_rate:g}; the largest gradient is {gradient:g}, "
            f"of {variable!r}. The model keeps the weights from before this step. Lower the learning rate, warm up longer, "
            "or clip (global_clipnorm of the optimizer); if it happens at once, look for infinities in the data."
        )


def train(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Callable,
    batches: Callable[[int], tuple],
    num_steps: int,
    first_step: int = 0,
    every: int = 0,
    on_step: Callable[[int, np.ndarray], None] | None = None,
) -> np.ndarray:
    """Train for a number of steps: forward pass, backward pass, clipping and update.

    On JAX, ten steps are one call of a compiled program (one step, if the model has convolutions), and nothing waits for a loss to arrive: they are collected on the
    device and looked at every 100 steps. Clip gradients with the optimizer's own `global_clipnorm`; a schedule goes on where the
    optimizer's count of steps stands. A variable on which the loss does not depend has a gradient of zero, on every backend.

    The compiled program is kept for the next call with the same model, optimizer and loss, as long as these three live. It is
    made anew if a setting of the optimizer, or what is trainable, has changed since; a setting of a layer (the rate of a dropout)
    that changes afterwards is not noticed.

    Args:
        model: built; its output is what `loss` takes. Losses that its layers add are trained too.
        optimizer: any of Keras's. It is built on the model's trainable variables if it is not yet.
        loss: (y, output) -> mean loss, such as a `keras.losses` object. Define it once, not anew for each call.
        batches: step -> (x, y), NumPy arrays of the same shapes for every step. Nothing but the step may decide what it returns.
        num_steps: to take now.
        first_step: number of steps taken before; the first batch is batches(first_step).
        every: steps between two calls of `on_step`; 0 means never.
        on_step: called as on_step(step, losses) after each `every` steps, counted from step 0; `step` is the number taken in the
            whole run, `losses` those of this call so far. The variables of model and optimizer are up to date then, and it
            may change them.

    Returns:
        (num_steps,) float32, the loss of each batch before its own update.

    Raises:
        NonFiniteLoss: the loss or a gradient is not finite.
        ValueError: the model is not built, the numbers of steps make no sense, or the optimizer was built on other variables.
        KeyboardInterrupt: on Ctrl-C, after the steps under way; model and optimizer hold the weights reached, as after any error.

    Example:
        >>> model, data = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), np.random.default_rng(0)
        >>> x = data.normal(size=(64, 2)).astype("float32")
        >>> y = x @ [[2.0], [-1.0]]  # the rule that is to be found
        >>> losses = train(model, keras.optimizers.SGD(0.1), keras.losses.MeanSquaredError(), lambda step: (x, y), 100)
        >>> losses.shape, bool(losses[-1] < 1e-3)
        ((100,), True)

    Taught in: 2.6 and 2.7.
    """
    if not model.built:
        raise ValueError(f"{model.name!r} has no weights yet: call model.build(input_shape) or give it its first input")
    if num_steps < 0 or first_step < 0 or every < 0 or bool(every) != (on_step is not None):
        raise ValueError(
            f"num_steps={num_steps}, first_step={first_step} and every={every} must not be negative, and `every` goes with `on_step`"
        )
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    if [id(v) for v in optimizer._trainable_variables] != [id(v) for v in model.trainable_variables]:
        raise ValueError(
            "the optimizer was built on other variables than the model trains now: after freezing or unfreezing layers make a "
            "new optimizer"
        )
    stepper = {"jax": _JaxStepper}.get(keras.backend.backend(), _EagerStepper)(model, optimizer, loss)
    losses = np.empty(num_steps, np.float32)
    step, last = first_step, first_step + num_steps
    on_device, fetched_to = [], first_step  # (losses, how many count) of the steps from `fetched_to` on

    def fetch_losses():
        """Fetch the losses from the device. A step that went wrong changed nothing, and neither did those after it."""
        nonlocal fetched_to
        values = np.concatenate([np.asarray(part)[:count] for part, count in on_device] or [[]])
        losses[fetched_to - first_step : step - first_step] = values
        on_device.clear()
        if not np.isfinite(values).all():
            bad = fetched_to + int(np.argmin(np.isfinite(values)))
            stepper.write_back()
            rate = float(ops.convert_to_numpy(optimizer.learning_rate))
            raise NonFiniteLoss(bad, float(losses[bad - first_step]), rate, *stepper.largest_gradient(*batches(bad)))
        fetched_to = step

    with _interruptible() as interrupted:
        try:
            while step < last:
                pairs = [batches(step)]
                stop = min(step + stepper.capacity(pairs[0]), last, (step // every + 1) * every if every else last)
                pairs += [batches(i) for i in range(step + 1, stop)]
                on_device.append((stepper.steps(pairs), stop - step))
                step = stop
                due = every and step % every == 0
                if due or step == last or step - fetched_to >= FETCH_EVERY or interrupted:
                    fetch_losses()
                if due and not interrupted:
                    stepper.write_back()
                    on_step(step, losses[: step - first_step])
                    stepper.read()
                if interrupted:
                    raise KeyboardInterrupt(f"stopped after step {step}; the model holds the weights reached")
        finally:
            stepper.write_back()
    return losses


class TrainingState(NamedTuple):
    """All that a step of training reads and changes, as arrays on the device."""

    trainable: list[Any]  # values of model.trainable_variables
    non_trainable: list[Any]  # values of model.non_trainable_variables
    optimizer: list[Any]  # values of optimizer.variables
    finite: Any  # () bool: no loss or gradient so far was infinite or not a number; once False, steps change nothing


class _JaxStepper:
    """Holds the whole state of training on the device; the Keras variables are stale until `write_back`."""

    def __init__(self, model, optimizer, loss):
        self.variables = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
        self.most = 1 if any(isinstance(x, CONVOLUTIONS) for x in model._flatten_layers()) else STEPS_PER_CALL
        self.compiled, self.gradients = _jax_program(model, optimizer, loss)
        self.steps_per_call = 0  # not known before the first batch
        self.read()

    def read(self):
        import jax.numpy as jnp

        # Copies, because the program gives its inputs' memory to its outputs, and a variable may share its array with others
        values = [[jnp.array(v.value, copy=True) for v in group] for group in self.variables]
        self.state = TrainingState(*values, finite=jnp.array(True))

    def capacity(self, pair) -> int:
        """How many steps like this one go into one call; the same in every call of a run, so that one program serves all."""
        if not self.steps_per_call:
            size = sum(np.asarray(part).nbytes for part in keras.tree.flatten(pair))
            self.steps_per_call = max(1, min(self.most, BYTES_PER_CALL // max(1, size)))
        return self.steps_per_call

    def steps(self, pairs):
        """Take one step on each pair (x, y). Returns their losses (steps_per_call,), of which len(pairs) count."""
        # filled up, so that fewer steps have the same shapes and need no program of their own
        filled = pairs + [pairs[-1]] * (self.steps_per_call - len(pairs))
        x, y = (keras.tree.map_structure(lambda *a: np.stack(a), *part) for part in zip(*filled))
        self.state, losses = self.compiled(self.state, x, y, len(pairs))
        return losses

    def write_back(self):
        import jax.numpy as jnp

        for group, values in zip(self.variables, self.state):
            for variable, value in zip(group, values):
                variable.assign(jnp.array(value, copy=True))

    def largest_gradient(self, x, y):
        grads = self.gradients(self.state.trainable, self.state.non_trainable, x, y)[1]
        return _largest(self.variables[0], grads)


# model -> optimizer -> loss -> settings -> compiled programs; what is in it dies with any of the three
_PROGRAMS: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _settings(optimizer) -> tuple:
    """What the compiled step reads of an optimizer beside its variables, such as clipping and the schedule."""
    schedule = optimizer._learning_rate
    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        schedule = None  # a variable, and so part of the state
    plain = {
        name: value for name, value in vars(optimizer).items() if isinstance(value, (int, float, str)) or value is None
    }
    # the schedule itself: once it is gone another may get its id. Not get_config: a schedule of one's own may have none
    return repr(sorted(plain.items())), schedule


def _jax_program(model, optimizer, loss):
    """The compiled training steps, and the compiled gradient, of these three objects in their present settings."""
    programs = _PROGRAMS
    for key in (model, optimizer):
        programs = programs.setdefault(key, weakref.WeakKeyDictionary())
    programs = programs.setdefault(loss, {})
    key = _settings(optimizer), tuple(id(v) for v in model.trainable_variables)
    if key not in programs:
        programs[key] = _compile(*(weakref.ref(part) for part in (model, optimizer, loss)))
    return programs[key]


def _compile(model, optimizer, loss):
    """See `_jax_program`. The arguments are weak references: a program must not keep alive what it is kept for."""
    import jax
    import jax.numpy as jnp

    def total_loss(trainable, non_trainable, x, y):
        output, non_trainable, added = model().stateless_call(
            trainable, non_trainable, x, training=True, return_losses=True
        )
        return jnp.mean(loss()(y, output)) + sum(added), non_trainable

    gradients = jax.value_and_grad(total_loss, has_aux=True)

    def one_step(state: TrainingState, x, y):
        (value, non_trainable), grads = gradients(state.trainable, state.non_trainable, x, y)
        # one number tells whether any gradient is infinite or not a number
        finite = jnp.isfinite(value) & jnp.isfinite(sum(jnp.vdot(g, g) for g in grads))
        reported = jnp.where(finite | ~jnp.isfinite(value), value, jnp.inf)
        trainable, slots = optimizer().stateless_apply(state.optimizer, grads, state.trainable)
        finite &= state.finite
        new = TrainingState(list(trainable), list(non_trainable), list(slots), finite)
        return jax.tree.map(lambda a, b: jnp.where(finite, a, b), new, state._replace(finite=finite)), reported

    def steps(state, x, y, count):
        def body(i, carry):
            state, losses = carry
            state, value = one_step(state, *jax.tree.map(lambda batches: batches[i], (x, y)))
            return state, losses.at[i].set(value.astype("float32"))

        most = len(jax.tree.leaves(x)[0])
        carry = state, jnp.zeros(most)
        return body(0, carry) if most == 1 else jax.lax.fori_loop(0, count, body, carry)

    return jax.jit(steps, donate_argnums=0), jax.jit(gradients)


class _EagerStepper:
    """The same on TensorFlow and PyTorch, one operation after the other: the variables are always up to date."""

    def __init__(self, model, optimizer, loss):
        self.model, self.optimizer, self.loss, self.finite = model, optimizer, loss, True

    def read(self):
        pass

    def write_back(self):
        pass

    def capacity(self, pair) -> int:
        return 1  # nothing is gained by more

    def gradients(self, x, y):
        """The loss, and its gradient for each trainable variable."""
        x, y = keras.tree.map_structure(ops.convert_to_tensor, (x, y))
        variables = self.model.trainable_variables

        def total_loss():
            return ops.mean(self.loss(y, self.model(x, training=True))) + sum(self.model.losses)

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            with tf.GradientTape() as tape:
                value = total_loss()
            grads = tape.gradient(value, [v.value for v in variables])
            return value, self.without_gaps(grads, variables)
        self.model.zero_grad()
        value = total_loss()
        value.backward()
        return value.detach(), self.without_gaps([v.value.grad for v in variables], variables)

    @staticmethod
    def without_gaps(grads, variables):
        """Zeros in the place of None, which is what these backends give where the loss does not depend on a variable."""
        return [ops.zeros_like(v) if g is None else ops.convert_to_tensor(g) for g, v in zip(grads, variables)]

    def steps(self, pairs):
        return [self.step(x, y) for x, y in pairs]

    def step(self, x, y):
        if not self.finite:
            return np.inf
        value, grads = self.gradients(x, y)
        value = float(ops.convert_to_numpy(value))
        squares = float(ops.convert_to_numpy(sum(ops.sum(ops.square(g)) for g in grads)))
        self.finite = bool(np.isfinite(value + squares))
        if not self.finite:
            return np.nan if np.isnan(value) else np.inf
        with _no_grad():
            self.optimizer.apply(grads, self.model.trainable_variables)
        return value

    def largest_gradient(self, x, y):
        return _largest(self.model.trainable_variables, self.gradients(x, y)[1])


def _no_grad():
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()


def _largest(variables, grads) -> tuple[str, float]:
    """Path and absolute value of the largest gradient; one that is not finite is the largest."""
    sizes = np.array([np.abs(ops.convert_to_numpy(ops.convert_to_tensor(g))).max() for g in grads])
    at = int(np.where(np.isfinite(sizes), sizes, np.inf).argmax())
    return variables[at].path, float(sizes[at])


@contextlib.contextmanager
def _interruptible():
    """Yields a list that Ctrl-C fills, so that the loop stops between two steps; a second Ctrl-C stops at once."""
    pressed: list[int] = []

    def note(number, frame):
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield pressed  # signals reach the main thread only
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        # None: a handler that was not set from Python, which Python cannot put back
        signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)
