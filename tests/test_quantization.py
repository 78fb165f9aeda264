"""Weight-only quantization: the error bound, every kind of layer, saving, bytes, and bad input."""

from bigmodel_lib import generation
from bigmodel_lib.compression import left_in_float, quantize_rows, quantize_weights, weight_bytes
from bigmodel_lib.compression._walk import layers_with_owners, replace_layer
from bigmodel_lib.compression.quantized_layers import QuantizedDense
from bigmodel_lib.models import dense, gpt
from bigmodel_lib.models.llama import Llama

import keras
import numpy as np
import pytest
from keras import layers

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)


def output(model, x):
    return keras.ops.convert_to_numpy(model(x))


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_no_rounding_error_is_above_half_a_step(bits):
    matrix = RNG.normal(size=(20, 300)).astype("float32") * RNG.uniform(0.01, 100, (20, 1)).astype("float32")
    integers, scale = quantize_rows(matrix, bits)
    assert integers.dtype == np.int8 and scale.shape == (20,)
    assert np.abs(integers).max() == 2 ** (bits - 1) - 1
    assert (np.abs(integers * scale[:, None] - matrix) <= scale[:, None] / 2 * (1 + 1e-5)).all()


def test_a_grid_is_kept_exactly_and_a_row_of_zeros_stays_zero():
    grid = np.array([np.linspace(-127, 127, 255) * 0.5, np.zeros(255)], "float32")
    integers, scale = quantize_rows(grid)
    np.testing.assert_array_equal(integers * scale[:, None], grid)


def functional():
    tokens = keras.Input((6,), dtype="int32")
    x = layers.Embedding(20, 12)(tokens)
    x = layers.EinsumDense("btd,dhk->bthk", output_shape=(None, 3, 5), bias_axes="hk", activation="relu")(x)
    x = layers.EinsumDense("bthk,hkd->btd", output_shape=(None, 8), bias_axes="d")(x)
    return keras.Model(tokens, layers.Dense(4, "tanh", use_bias=True)(x))


MODELS = {
    "dense": (lambda: dense.mlp((30, 20, 10)), RNG.normal(size=(5, 30)).astype("float32")),
    "functional": (functional, RNG.integers(0, 20, (3, 6))),
    "attention": (lambda: attention_model(), RNG.normal(size=(2, 7, 16)).astype("float32")),
    "llama": (lambda: tiny_llama(), RNG.integers(0, 50, (2, 9))),
    "gpt": (lambda: tiny_gpt(), RNG.integers(0, 50, (2, 9))),
}


def attention_model():
    x = keras.Input((7, 16))
    return keras.Model(x, layers.MultiHeadAttention(num_heads=4, key_dim=4)(x, x))


def tiny_llama():
    return Llama(num_layers=2, d_model=32, num_heads=4, num_kv_heads=2, d_ff=48, vocab_size=50, seq_len=64)


def tiny_gpt():
    return gpt.gpt(vocab_size=50, num_layers=2, num_heads=4, d_model=32, seq_len=9)


def randomise(model):
    rng = np.random.default_rng(1)  # of its own: which tests ran before changes nothing
    for variable in model.weights:
        if variable.path.endswith(("kernel", "bias", "embeddings")):
            variable.assign(rng.normal(size=variable.shape).astype("float32") * 0.2)
    return model


@pytest.mark.parametrize("name", MODELS)
def test_the_quantized_model_computes_nearly_the_same(name):
    make, x = MODELS[name]
    model = randomise(make())
    before, size = output(model, x), weight_bytes(model)
    frozen = [v.path for v in model.weights if v.path.endswith(("kernel", "embeddings")) and "positions" not in v.path]
    assert quantize_weights(model) is model
    assert 0 < np.abs(output(model, x) - before).mean() < 0.02 * before.std()
    assert weight_bytes(model) < 0.5 * size
    assert sum(v.path.endswith("kernel_int8") for v in model.weights) == len(frozen)


@pytest.mark.parametrize("name", MODELS)
def test_it_computes_what_its_integers_stand_for(name):
    """A float model with the de-quantized weights is the same model."""
    make, x = MODELS[name]
    model, float_model = randomise(make()), make()
    quantize_weights(model)
    for a, b in zip(model._flatten_layers(), float_model._flatten_layers()):
        if a.name == "positions" or "norm" in a.name:
            b.set_weights(a.get_weights())
        if hasattr(a, "kernel_int8"):
            ours = a.embeddings if hasattr(a, "input_dim") else a.kernel
            (b.embeddings if hasattr(b, "input_dim") else b.kernel).assign(ours)
            if getattr(a, "bias", None) is not None:
                b.bias.assign(a.bias)
    np.testing.assert_allclose(output(model, x), output(float_model, x), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["dense", "functional"])
def test_saving_and_loading(name, tmp_path):
    make, x = MODELS[name]
    model = quantize_weights(randomise(make()))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(output(again, x), output(model, x))
    assert weight_bytes(again) == weight_bytes(model)


@pytest.mark.parametrize(
    "name, owner",
    [("attention", "MultiHeadAttention"), ("llama", "(Llama|Attention|SwiGLU)"), ("gpt", "(Attention|FeedForward)")],
)
def test_what_cannot_be_saved_says_so(name, owner, tmp_path):
    model = quantize_weights(MODELS[name][0]())
    with pytest.raises(ValueError, match=f"sits inside a {owner}.*Save the model before quantize_weights"):
        model.save(tmp_path / "model.keras")


def test_layout_and_bytes():
    model = quantize_weights(dense.lenet_300_100())
    layer = model.layers[0]
    assert type(layer) is QuantizedDense and layer.kernel_int8.shape == (300, 784) and layer.scale.shape == (300,)
    assert layer.kernel.shape == (784, 300)
    assert weight_bytes(model) == 266_200 + 2 * 4 * 410  # one byte a weight, four for a scale and for a bias


def test_generation_sees_the_quantized_weights():
    keras.utils.set_random_seed(0)
    model = randomise(tiny_llama())
    ids = [1, 2, 3, 4, 5]
    before = generation.logits(model, ids)
    free = generation.generate_ids(model, [ids], 12)
    quantize_weights(model, bits=3)
    coarse = generation.logits(model, ids)
    np.testing.assert_allclose(coarse, output(model, np.array([ids]))[0], atol=1e-4)
    assert np.abs(coarse - before).max() > 0.1
    again = generation.generate_ids(model, [ids, ids[:2]], 12)
    assert again[0] == generation.generate_ids(model, [ids], 12)[0] and again[0] != free[0]


def test_fewer_bits_are_farther_off():
    make, x = MODELS["dense"]
    model = randomise(make())
    weights = [keras.ops.convert_to_numpy(v) for v in model.weights]
    before, errors = output(model, x), []
    for bits in (8, 6, 4, 2):
        other = make()
        other.set_weights(weights)
        errors.append(np.abs(output(quantize_weights(other, bits), x) - before).mean())
    assert errors == sorted(errors)


def test_lora_is_merged():
    model = dense.mlp((30, 20, 10))
    model.layers[0].enable_lora(2)
    model.layers[0].lora_kernel_b.assign(RNG.normal(size=(2, 20)))
    x = MODELS["dense"][1]
    before = output(model, x)
    quantize_weights(model)
    assert np.abs(output(model, x) - before).max() < 0.02
    assert not [v for v in model.weights if "lora" in v.path]
    with pytest.raises(ValueError, match="is quantized: enable LoRA on the float model"):
        model.layers[1].enable_lora(2)


def test_a_compiled_model_predicts_with_the_new_weights():
    model = randomise(dense.mlp((30, 20, 10)))
    x = MODELS["dense"][1]
    model.predict(x, verbose=0)
    quantize_weights(model, bits=2)
    np.testing.assert_allclose(model.predict(x, verbose=0), output(model, x), atol=1e-5)


def test_bad_input():
    with pytest.raises(ValueError, match="bits must be 2 … 8"):
        quantize_weights(dense.lenet_300_100(), bits=16)
    with pytest.raises(ValueError, match="bits must be 2 … 8"):
        quantize_rows(np.ones((2, 2)), 1)
    with pytest.raises(ValueError, match="nothing to quantize"):
        quantize_weights(keras.Sequential([keras.Input((4,)), layers.ReLU()]))
    with pytest.raises(ValueError, match="has no weights yet"):
        quantize_weights(keras.Sequential([layers.Dense(3)]))
    model = quantize_weights(dense.lenet_300_100())
    with pytest.raises(ValueError, match="already quantized"):
        quantize_weights(model)
    keras_own = dense.lenet_300_100()
    keras_own.quantize("int8")
    with pytest.raises(ValueError, match="already quantized"):
        quantize_weights(keras_own)


def test_what_is_left_in_float_is_said(capsys):
    model = quantize_weights(tiny_gpt())
    assert left_in_float(model) == [("positions/embeddings", (9, 32))]  # the tied token table is quantized
    assert "left in float: positions/embeddings (9, 32)" in capsys.readouterr().out
    assert "tokens/kernel_int8" in {v.path for v in model.weights}


@pytest.mark.parametrize("kind", ["sequential", "functional", "subclassed"])
def test_a_layer_is_replaced_in_place_in_every_kind_of_model(kind, tmp_path):
    if kind == "sequential":
        model = keras.Sequential([keras.Input((4,)), layers.Dense(5, name="old"), layers.Dense(3)])
    elif kind == "functional":
        x = keras.Input((4,))
        model = keras.Model(x, layers.Dense(3)(layers.Dense(5, name="old")(x)))
    else:

        class Own(keras.Model):
            def __init__(self):
                super().__init__()
                self.parts = [layers.Dense(5, name="old"), layers.Dense(3)]

            def call(self, x):
                return self.parts[1](self.parts[0](x))

        model = Own()
    x = RNG.normal(size=(2, 4)).astype("float32")
    before = model.predict(x, verbose=0)
    old = next(layer for layer in model._flatten_layers() if layer.name == "old")
    new = keras.Sequential([keras.Input((4,)), layers.Dense(2), layers.Dense(5)], name="old")
    replace_layer(model, old, new)
    assert old not in [layer for layer, _ in layers_with_owners(model)]
    expected = output(model.parts[1] if kind == "subclassed" else model.layers[-1], new(x))
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)
    assert np.abs(expected - before).max() > 1e-3
    assert len(model.trainable_variables) == 6
    if kind != "subclassed":
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_allclose(again.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="'old' is not a layer of"):
        replace_layer(model, old, new)


def test_an_einsum_with_its_dots_on_the_right_keeps_its_scales_apart():
    for width in (4, 5):  # with 4 the wrong axis would fit as well
        layer = layers.EinsumDense("ab...,bc->ac...", output_shape=(4,))
        model = keras.Sequential([keras.Input((3, width)), layer])
        x = np.random.default_rng(0).normal(size=(2, 3, width)).astype("float32")
        wanted = keras.ops.convert_to_numpy(model(x))
        quantize_weights(model)
        assert np.abs(keras.ops.convert_to_numpy(model(x)) - wanted).max() < 0.02 * np.abs(wanted).max()
