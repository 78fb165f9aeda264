"""Counts, against published numbers, closed forms, and the compiler's own count."""

from bigmodel_lib import scaling
from bigmodel_lib.models import bert, dense, gpt, llama

import keras
import pytest

# T. Brown et al. 2020, arXiv:2005.14165, Table 2.1: parameters, layers, width
GPT3_TABLE = [
    (125e6, 12, 768), (350e6, 24, 1024), (760e6, 24, 1536), (1.3e9, 24, 2048),
    (2.7e9, 32, 2560), (6.7e9, 32, 4096), (13e9, 40, 5140), (175e9, 96, 12288),
]  # fmt: skip


@pytest.mark.parametrize("published, num_layers, d_model", GPT3_TABLE)
def test_the_published_gpt3_sizes(published, num_layers, d_model):
    counted = scaling.transformer_parameters(num_layers=num_layers, d_model=d_model, vocab_size=50257, seq_len=2048)
    assert counted == pytest.approx(published, rel=0.03)


@pytest.mark.parametrize(
    "sizes, published",
    [((12, 768), 124_439_808), ((24, 1024), 354_823_168), ((36, 1280), 774_030_080), ((48, 1600), 1_557_611_200)],
)
def test_the_released_gpt2_checkpoints_exactly(sizes, published):
    assert (
        scaling.transformer_parameters(num_layers=sizes[0], d_model=sizes[1], vocab_size=50257, seq_len=1024)
        == published
    )


def test_gpt3_training_flops_as_published():
    """Table D.1 of the same paper: 3.14e23 for 175 billion parameters and 300 billion tokens."""
    assert scaling.training_flops(175e9, 300e9) == pytest.approx(3.14e23, rel=0.03)


def small_models():
    layers = keras.layers
    image = keras.Input((12, 12, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same")(image)
    x = layers.DepthwiseConv2D(3)(x)
    x = layers.Conv2D(6, 1, groups=2)(x)
    convolutional = keras.Model(image, layers.Dense(5)(layers.Flatten()(x)))
    sequence = keras.Input((16, 32))
    attention = keras.Model(sequence, layers.MultiHeadAttention(4, 8)(sequence, sequence))
    # outputs · kernel · input channels for each convolution, then the dense layer
    by_hand = 2 * (6 * 6 * 8 * 27 + 4 * 4 * 8 * 9 + 4 * 4 * 6 * 4 + 96 * 5)
    by_hand_attention = 2 * (4 * 16 * 32 * 32 + 2 * 16 * 16 * 32)
    return [
        (dense.lenet_300_100(), 2 * (784 * 300 + 300 * 100 + 100 * 10)),
        (convolutional, by_hand),
        (attention, by_hand_attention),
    ]


@pytest.mark.parametrize("index", range(3), ids=["dense", "convolutions", "attention"])
def test_flops_by_hand(index):
    model, by_hand = small_models()[index]
    if index == 1 and keras.backend.backend() == "tensorflow":
        with pytest.raises(NotImplementedError, match="grouped convolutions"):
            scaling.model_flops(model)
        return
    assert scaling.model_flops(model) == by_hand
    assert scaling.model_flops(model, batch_size=7) == 7 * by_hand


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="the oracle is XLA's own count")
def test_flops_against_the_compiler():
    import jax
    import numpy as np

    model = dense.mlp((200, 300, 100), last_activation=None)
    forward = jax.jit(lambda x: model.stateless_call(model.trainable_variables, [], x)[0])
    counted_by_xla = forward.lower(np.zeros((8, 200), "float32")).compile().cost_analysis()["flops"]
    assert scaling.model_flops(model, 8) == pytest.approx(counted_by_xla, rel=0.02)  # XLA adds the biases and relus


def test_model_parameters_and_memory():
    model = dense.lenet_300_100()
    assert scaling.model_parameters(model) == model.count_params() == 266_610
    memory = scaling.model_memory(model, batch_size=32, optimizer="adam")
    assert memory.parameters == memory.gradients == 4 * 266_610 and memory.optimizer == 2 * memory.parameters
    assert memory.activations == 4 * 32 * (300 + 100 + 10)
    assert memory.total == 16 * 266_610 + memory.activations
    assert scaling.model_memory(model, optimizer="none").total == 4 * 266_610


def test_frozen_layers_have_no_gradients_and_half_precision_is_half():
    model = dense.mlp((10, 20, 5))
    model.layers[0].trainable = False
    assert scaling.model_memory(model).gradients == 4 * (20 * 5 + 5)
    keras.config.set_dtype_policy("float16")
    try:
        half = dense.mlp((10, 20, 5))
    finally:
        keras.config.set_dtype_policy("float32")
    assert scaling.model_memory(half, optimizer="none").parameters == 2 * half.count_params()


def test_layer_outputs_of_a_model_in_a_model():
    inner = dense.mlp((4, 8, 3), name="inner")
    outer_input = keras.Input((4,))
    outer = keras.Model(outer_input, keras.layers.Dense(2, name="last")(inner(outer_input)))
    shapes = [shape for _, shape, _ in scaling.layer_outputs(outer, 6)]
    assert shapes == [(6, 8), (6, 3), (6, 2)]


def test_transformer_counts_agree_with_each_other():
    sizes = dict(num_layers=4, d_model=128, vocab_size=65, seq_len=64)
    parameters = scaling.transformer_parameters(**sizes)
    # without attention's own products, the forward pass is two FLOPs a token for each weight in a matrix
    matrices = 4 * 12 * 128**2 + 65 * 128
    attention = 4 * 4 * 64 * 128
    assert scaling.transformer_flops(**sizes) == 64 * (2 * matrices + attention)
    memory = scaling.transformer_memory(num_heads=4, **sizes)
    assert memory.parameters == 4 * parameters and memory.optimizer == 8 * parameters
    doubled = scaling.transformer_memory(num_heads=4, batch_size=2, **sizes)
    assert doubled.activations == 2 * memory.activations


def test_bad_input():
    with pytest.raises(ValueError, match="num_layers must be positive, not 0"):
        scaling.transformer_parameters(num_layers=0, d_model=8, vocab_size=8, seq_len=8)
    with pytest.raises(ValueError, match="optimizer must be one of"):
        scaling.model_memory(dense.mlp((2, 2)), optimizer="magic")
    with pytest.raises(ValueError, match="no weights yet"):
        scaling.model_parameters(keras.Sequential([keras.layers.Dense(3)]))
    unknown = keras.Model(inputs := keras.Input((None, 3)), keras.layers.Dense(2)(inputs))
    with pytest.raises(ValueError, match="unknown dimensions"):
        scaling.model_flops(unknown)


def test_mlp_needs_an_input_and_an_output():
    with pytest.raises(ValueError, match="at least an input and an output"):
        dense.mlp((3,))
    assert dense.document_network().count_params() == 138_794
    assert dense.document_network().output_shape == (None, 10)


def test_flops_and_parameters_of_real_decoders_are_those_of_the_closed_forms():
    sizes = {"vocab_size": 33, "num_layers": 2, "num_heads": 4, "d_model": 16, "seq_len": 8}
    plain = gpt.gpt(**sizes)
    assert scaling.model_flops(plain, 3) == scaling.transformer_flops(**sizes, batch_size=3)
    shape = sizes | {"num_kv_heads": 2, "d_ff": 24}
    for tied in (True, False):
        model = llama.Llama(**shape, tied_embedding=tied)
        expected = scaling.transformer_parameters(**shape, **scaling.LLAMA, tied_embedding=tied)
        assert model.count_params() == expected
        ids = [keras.Input((8,), dtype="int32")]
        assert scaling.model_flops(model, inputs=ids) == scaling.transformer_flops(**shape, feed_forward="swiglu")


def test_flops_of_a_model_that_takes_a_dict():
    encoder = bert.encoder(vocab_size=20, num_layers=1, num_heads=2, d_model=16, d_ff=32, seq_len=8)
    given = {key: keras.Input((8,), dtype="int32") for key in encoder.input}
    by_hand = 2 * 8 * (4 * 16 * 16 + 2 * 16 * 32) + 2 * 2 * 8 * 8 * 16
    assert scaling.model_flops(encoder, inputs=given) == by_hand
    fixed = keras.Model(given, encoder(given))
    assert scaling.model_flops(fixed, 3) == 3 * by_hand and scaling.model_memory(fixed).activations > 0


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Lion", "Adam", "AdamW", "Muon", "Adafactor"])
def test_an_optimizer_keeps_as_many_values_as_counted(name):
    model = gpt.gpt(vocab_size=33, num_layers=1, num_heads=2, d_model=16, seq_len=8)
    optimizer = getattr(keras.optimizers, name)(0.001)
    before = len(optimizer.variables)
    optimizer.build(model.trainable_variables)
    kept = sum(int(keras.ops.size(v)) for v in optimizer.variables[before:])
    counted = scaling.optimizer_values(name.lower(), [(v.shape, v.path) for v in model.trainable_variables])
    assert counted == kept


@pytest.mark.parametrize(
    "wrong", [{"num_heads": 7}, {"num_heads": 0}, {"num_heads": -2}, {"seq_len": -5}, {"num_layers": 0}]
)
def test_sizes_that_no_model_can_have_are_not_counted(wrong):
    sizes = dict(vocab_size=10, num_layers=1, d_model=100, seq_len=8, num_heads=10) | wrong
    with pytest.raises(ValueError):
        scaling.transformer_parameters(**sizes)
