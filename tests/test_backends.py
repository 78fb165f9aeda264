"""The library on the backend that KERAS_BACKEND names, against NumPy: `.ci/run` runs this on JAX, PyTorch and TensorFlow."""

import importlib
import inspect
import os
import pathlib
import subprocess
import sys

import bigmodel_lib

import keras
import numpy as np
import pytest

ROOT = pathlib.Path(bigmodel_lib.__file__).resolve().parent
NEUTRAL = ["models.dense", "models.gpt", "models.llama", "models.bert", "models.vision", "models.inside", "models.segmentation",
           "training.loop", "training.checkpoint", "training.restart", "generation", "compression.quantization"]  # fmt: skip


def number(value) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value))


def small_gpt():
    from bigmodel_lib.models import gpt

    keras.utils.set_random_seed(0)
    sizes = dict(vocab_size=11, num_layers=1, d_model=8, num_heads=2, d_ff=16)
    names = inspect.signature(gpt.gpt).parameters
    sizes = {name: value for name, value in sizes.items() if name in names}
    return gpt.gpt(**sizes, **{name: 6 for name in ("seq_len", "max_seq_len") if name in names})


def test_keras_runs_on_the_backend_that_was_asked_for():
    assert keras.backend.backend() == os.environ["KERAS_BACKEND"]


@pytest.mark.parametrize("name", NEUTRAL)
def test_every_room_can_be_imported(name):
    importlib.import_module(f"bigmodel_lib.{name}")


def test_a_dense_network_gives_what_its_weights_give():
    from bigmodel_lib.models import dense

    model = dense.mlp((4, 5, 3), last_activation=None)
    x = np.random.default_rng(0).standard_normal((7, 4)).astype("float32")
    w1, b1, w2, b2 = map(number, model.get_weights())
    np.testing.assert_allclose(number(model(x)), np.maximum(x @ w1 + b1, 0) @ w2 + b2, rtol=1e-4, atol=1e-5)


def test_a_gpt_looks_back_only():
    model, ids = small_gpt(), np.array([[1, 2, 3, 4, 5, 6]])
    other = ids.copy()
    other[0, -1] = 9
    one, two = number(model(ids)), number(model(other))
    np.testing.assert_allclose(one[:, :-1], two[:, :-1], atol=1e-5)
    assert one.shape == (1, 6, 11) and np.abs(one[:, -1] - two[:, -1]).max() > 1e-4


def test_a_gpt_learns_and_is_saved_and_loaded(tmp_path):
    model, ids = small_gpt(), np.tile(np.arange(7), (16, 1))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(0.03), loss=loss)
    losses = model.fit(ids[:, :-1], ids[:, 1:], epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    model.save(tmp_path / "gpt.keras")
    again = keras.models.load_model(tmp_path / "gpt.keras")
    np.testing.assert_allclose(number(again(ids[:2, :-1])), number(model(ids[:2, :-1])), atol=1e-5)


def test_the_loop_takes_the_step_of_plain_gradient_descent():
    """Two steps of SGD on a linear model, against the formula."""
    from bigmodel_lib.training import loop

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    draw = np.random.default_rng(0)
    x, y = draw.standard_normal((8, 3)).astype("float32"), draw.standard_normal((8, 1)).astype("float32")
    w = number(model.get_weights()[0]).astype(float)
    loop.train(model, keras.optimizers.SGD(0.1), keras.losses.MeanSquaredError(), lambda step: (x, y), num_steps=2)
    for _ in range(2):
        w -= 0.1 * 2 * x.T @ (x @ w - y) / len(x)
    np.testing.assert_allclose(number(model.get_weights()[0]), w, rtol=1e-4, atol=1e-6)


def test_another_backend_is_chosen_by_the_environment_alone():
    program = "import bigmodel_lib, keras; print(keras.backend.backend())"
    environment = os.environ | {"KERAS_BACKEND": keras.backend.backend()}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, cwd=ROOT.parent
    )
    assert done.stdout.strip() == keras.backend.backend(), done.stderr[-500:]
