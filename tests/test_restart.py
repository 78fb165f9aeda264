"""Beginning again: a restarted model is a new one of that seed, optimizer included."""

from bigmodel_lib import training
from bigmodel_lib.models import dense

import keras
import numpy as np
import pytest

X = np.random.default_rng(0).standard_normal((64, 5)).astype("float32")
Y = np.arange(64) % 3


def compiled():
    model = dense.mlp((5, 8, 3))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    return model


def losses(model):
    return model.fit(X, Y, batch_size=16, epochs=3, verbose=0).history["loss"]


def test_a_restarted_model_trains_like_a_new_one_of_that_seed():
    model, other = compiled(), compiled()
    losses(training.restart(model, 5)), losses(training.restart(other, 6))  # both are built, their optimizers warm
    first = losses(training.restart(model, 1))
    assert losses(training.restart(model, 1)) == first
    assert losses(training.restart(other, 1)) == first
    assert losses(training.restart(model, 2)) != first
    assert float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)) == pytest.approx(0.01)


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "AdamW", "Adagrad", "Ftrl", "Muon", "Lion"])
def test_everything_begins_again(name):
    """Dropout's random states, normalisation's averages, and slots that do not begin at zero (Adagrad's, Ftrl's)."""
    keras.utils.set_random_seed(0)
    layers = [keras.Input((5,)), keras.layers.Dense(8, "relu"), keras.layers.BatchNormalization()]
    model = keras.Sequential([*layers, keras.layers.Dropout(0.5), keras.layers.Dense(3, "softmax")])
    model.compile(getattr(keras.optimizers, name)(0.01), "sparse_categorical_crossentropy")

    def state():
        return [keras.ops.convert_to_numpy(v) for v in [*model.variables, *model.optimizer.variables]]

    losses(model)
    at_start = [state() for _ in range(2) if training.restart(model, 1)]
    once = losses(training.restart(model, 1))
    assert losses(training.restart(model, 1)) == once
    training.restart(model, 1)
    for a, b, c in zip(*at_start, state()):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
    fresh = type(model.optimizer).from_config(model.optimizer.get_config())
    fresh.build(model.trainable_variables)
    for a, b in zip(fresh.variables, model.optimizer.variables):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (a, b)))


def test_the_scale_of_float16_begins_again_too():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = compiled()
    finally:
        keras.config.set_dtype_policy("float32")
    losses(training.restart(model, 0))
    training.restart(model, 0)
    scale = next(v for v in model.optimizer.variables if v.path.endswith("dynamic_scale"))
    assert float(keras.ops.convert_to_numpy(scale)) == model.optimizer.initial_scale > 1
    assert np.isfinite(losses(model)).all()


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(ValueError, match="call model.compile"):
        training.restart(dense.mlp((5, 3)), 0)
