"""A training loop that keeps up with the hardware, resumes at any step and says why it stopped.

`model.fit` is the right tool for most notebooks. This loop is for runs that are counted in steps instead of epochs: its batches
are a pure function of the step, so a run that was killed goes on with the very batches it would have seen.
What it does not do: metrics, validation (do that in `on_step`), loss scaling for float16.
"""

from __future__ import annotations

import contextlib
import functools
import signal
import threading
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

# Steps in one call of the compiled program. A call asks the system for memory for all intermediate results and gives it back:
# for a small GPT on two cores that takes a quarter of the time if it is done in every step.
STEPS_PER_CALL = 10
LOOK_EVERY = 100  # steps between two looks at the losses; each look waits until the device has caught up


class NonFiniteLoss(ArithmeticError):
    """The loss, or a gradient, is infinite or not a number. The model was left with the weights from before that step.

    Attributes:
        step: at which it happened. loss: its value. learning_rate: in force.
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

    On JAX, ten steps are one call of a compiled program, and nothing waits for a loss to arrive: they are collected on the
    device and looked at every 100 steps. Clip gradients with the
    optimizer's own `global_clipnorm`; a schedule goes on where the optimizer's count of steps stands.

    Args:
        model: built; its output is what `loss` takes. Losses that its layers add are trained too.
        optimizer: any of Keras's. It is built on the model's trainable variables if it is not yet.
        loss: (y, output) -> mean loss, such as a `keras.losses` object. The compiled step is kept for the next call with the same
            model, optimizer and loss: define the loss once, not anew for each call.
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
        ValueError: the model is not built, or the numbers of steps make no sense.
        KeyboardInterrupt: on Ctrl-C, after the steps under way; model and optimizer hold the weights reached, as after any error.

    Example:
        >>> crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        >>> losses = train(model, keras.optimizers.AdamW(1e-3, global_clipnorm=1.0), crossentropy, batches, num_steps=1000)

    Taught in: 2.5 and 2.6.
    """
    if not model.built:
        raise ValueError(f"{model.name!r} has no weights yet: call model.build(input_shape) or give it its first input")
    if num_steps < 0 or first_step < 0 or every < 0 or bool(every) != (on_step is not None):
        raise ValueError(
            f"num_steps={num_steps}, first_step={first_step} and every={every} must not be negative, and `every` goes with `on_step`"
        )
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    stepper = {"jax": _JaxStepper}.get(keras.backend.backend(), _EagerStepper)(model, optimizer, loss)
    losses = np.empty(num_steps, np.float32)
    step, last = first_step, first_step + num_steps
    waiting, seen = [], first_step  # arrays of losses that are still on the device, from step `seen` on

    def look():
        """Fetch the losses that are waiting. A step that went wrong changed nothing, and neither did those after it."""
        nonlocal seen
        fetched = np.concatenate([np.asarray(values)[:count] for values, count in waiting] or [[]])
        losses[seen - first_step : step - first_step] = fetched
        waiting.clear()
        if not np.isfinite(fetched).all():
            bad = seen + int(np.argmin(np.isfinite(fetched)))
            stepper.write_back()
            rate = float(ops.convert_to_numpy(optimizer.learning_rate))
            raise NonFiniteLoss(bad, float(losses[bad - first_step]), rate, *stepper.largest_gradient(*batches(bad)))
        seen = step

    with _interruptible() as interrupted:
        try:
            while step < last:
                stop = min(step + STEPS_PER_CALL, last, (step // every + 1) * every if every else last)
                waiting.append((stepper.steps([batches(i) for i in range(step, stop)]), stop - step))
                step = stop
                due = every and step % every == 0
                if due or step == last or step - seen >= LOOK_EVERY or interrupted:
                    look()
                if interrupted:
                    raise KeyboardInterrupt(f"stopped after step {step}; the model holds the weights reached")
                if due:
                    stepper.write_back()
                    on_step(step, losses[: step - first_step])
                    stepper.read()
        finally:
            stepper.write_back()
    return losses


class _JaxStepper:
    """Holds the whole state of training on the device; the Keras variables are stale until `write_back`."""

    def __init__(self, model, optimizer, loss):
        self.groups = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
        self.compiled, self.gradients = _jax_program(model, optimizer, loss)
        self.read()

    def read(self):
        import jax.numpy as jnp

        # Copies, because the program gives its inputs' memory to its outputs, and a variable may share its array with others
        self.state = [[jnp.array(v.value, copy=True) for v in group] for group in self.groups], jnp.array(True)

    def steps(self, pairs):
        """Take one step on each pair (x, y). Returns their losses (STEPS_PER_CALL,), of which len(pairs) count."""
        # filled up, so that fewer steps have the same shapes and need no program of their own
        filled = pairs + [pairs[-1]] * (STEPS_PER_CALL - len(pairs))
        x, y = (keras.tree.map_structure(lambda *a: np.stack(a), *part) for part in zip(*filled))
        self.state, losses = self.compiled(self.state, x, y, len(pairs))
        return losses

    def write_back(self):
        import jax.numpy as jnp

        for group, values in zip(self.groups, self.state[0]):
            for variable, value in zip(group, values):
                variable.assign(jnp.array(value, copy=True))

    def largest_gradient(self, x, y):
        return _largest(self.groups[0], self.gradients(*self.state[0][:2], x, y)[1])


@functools.lru_cache(maxsize=4)
def _jax_program(model, optimizer, loss):
    """The compiled training steps, and the compiled gradient, of these three objects."""
    import jax
    import jax.numpy as jnp

    def total_loss(trainable, others, x, y):
        output, others, added = model.stateless_call(trainable, others, x, training=True, return_losses=True)
        return jnp.mean(loss(y, output)) + sum(added), others

    gradients = jax.value_and_grad(total_loss, has_aux=True)

    def one_step(state, x, y):
        (trainable, others, slots), alive = state
        (value, new_others), grads = gradients(trainable, others, x, y)
        # one number tells whether any gradient is infinite or not a number
        finite = jnp.isfinite(value) & jnp.isfinite(sum(jnp.vdot(g, g) for g in grads))
        reported = jnp.where(finite | ~jnp.isfinite(value), value, jnp.inf)
        new_trainable, new_slots = optimizer.stateless_apply(slots, grads, trainable)
        new = [list(new_trainable), list(new_others), list(new_slots)]
        kept = jax.tree.map(lambda a, b: jnp.where(alive & finite, a, b), new, [trainable, others, slots])
        return (kept, alive & finite), reported

    def steps(state, x, y, count):
        def body(i, carry):
            state, losses = carry
            state, value = one_step(state, *jax.tree.map(lambda batches: batches[i], (x, y)))
            return state, losses.at[i].set(value.astype("float32"))

        return jax.lax.fori_loop(0, count, body, (state, jnp.zeros(STEPS_PER_CALL)))

    return jax.jit(steps, donate_argnums=0), jax.jit(gradients)


class _EagerStepper:
    """The same on TensorFlow and PyTorch, one operation after the other: the variables are always up to date."""

    def __init__(self, model, optimizer, loss):
        self.model, self.optimizer, self.loss, self.alive = model, optimizer, loss, True

    def read(self):
        pass

    def write_back(self):
        pass

    def gradients(self, x, y):
        x, y = keras.tree.map_structure(ops.convert_to_tensor, (x, y))
        variables = self.model.trainable_variables

        def total_loss():
            return ops.mean(self.loss(y, self.model(x, training=True))) + sum(self.model.losses)

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            with tf.GradientTape() as tape:
                value = total_loss()
            return value, tape.gradient(value, [v.value for v in variables])
        self.model.zero_grad()
        value = total_loss()
        value.backward()
        return value.detach(), [v.value.grad for v in variables]

    def steps(self, pairs):
        return [self.step(x, y) for x, y in pairs]

    def step(self, x, y):
        if not self.alive:
            return np.inf
        value, grads = self.gradients(x, y)
        value = float(ops.convert_to_numpy(value))
        squares = float(ops.convert_to_numpy(sum(ops.sum(ops.square(ops.convert_to_tensor(g))) for g in grads)))
        self.alive = bool(np.isfinite(value + squares))
        if not self.alive:
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
        signal.signal(signal.SIGINT, before)
