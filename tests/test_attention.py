"""The transformer's pieces: against Keras's own attention layers, closed forms and limit cases."""

from bigmodel_lib.models import attention, gpt, llama, transformer

import keras
import numpy as np
import pytest
from keras import ops

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)


def array(tensor):
    return ops.convert_to_numpy(tensor)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_attention_is_that_of_keras(kv_heads, causal):
    """With the projections set to what ours does not have, the identity, Keras's grouped attention is the oracle."""
    x = normal(2, 5, 12)
    layer = keras.layers.GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=kv_heads)
    layer.build(x.shape, x.shape, x.shape)
    layer.set_weights([normal(*w.shape) for w in layer.get_weights()])
    expected = array(layer(x, x, x, use_causal_mask=causal))
    weights = {w.path.split("/")[-2] + "/" + w.name: array(w) for w in layer.weights}

    def project(name):
        return np.einsum("btd,dhe->bhte", x, weights[f"{name}/kernel"]) + weights[f"{name}/bias"][:, None]

    mixed = attention.attention(
        *(project(name) for name in ("query", "key", "value")), attention.causal_mask(5) if causal else None
    )
    ours = np.einsum("bhte,hed->btd", array(mixed), weights["attention_output/kernel"])
    np.testing.assert_allclose(ours + weights["attention_output/bias"], expected, rtol=1e-3, atol=1e-4)


def test_the_layer_is_keras_multi_head_attention():
    x = normal(2, 5, 12)
    ours, theirs = attention.Attention(3, causal=True), keras.layers.MultiHeadAttention(3, 4)
    ours.build(x.shape), theirs.build(x.shape, x.shape)
    theirs.set_weights([normal(*w.shape) for w in theirs.get_weights()])
    q, bq, k, bk, v, bv, o, bo = theirs.get_weights()
    kernel = np.concatenate([m.reshape(12, 12) for m in (q, k, v)], 1)
    ours.set_weights([kernel, np.concatenate([b.ravel() for b in (bq, bk, bv)]), o.reshape(12, 12), bo])
    np.testing.assert_allclose(array(ours(x)), array(theirs(x, x, use_causal_mask=True)), rtol=1e-3, atol=1e-4)


def test_limits_of_attention():
    values = normal(1, 2, 5, 3)
    zeros = np.zeros((1, 2, 4, 3), "float32")
    output, weights = attention.attention(zeros, np.zeros((1, 2, 5, 3), "float32"), values, return_weights=True)
    np.testing.assert_allclose(
        array(weights), np.full((1, 2, 4, 5), 0.2), rtol=1e-5
    )  # nothing to tell keys apart: the mean
    np.testing.assert_allclose(array(output), np.repeat(values.mean(2, keepdims=True), 4, 2), atol=1e-5)
    keys = np.eye(5, dtype="float32")[None, None].repeat(2, 1) * 100  # each query fits one key alone
    np.testing.assert_allclose(array(attention.attention(keys, keys, values)), values, atol=1e-5)
    alone = np.eye(5, dtype=bool)
    np.testing.assert_allclose(array(attention.attention(normal(1, 2, 5, 3), values, values, alone)), values, atol=1e-5)


def test_heads_are_split_in_order_and_merged_again():
    x = np.arange(2 * 3 * 8, dtype="float32").reshape(2, 3, 8)
    heads = array(attention.split_heads(x, 4))
    assert heads.shape == (2, 4, 3, 2)
    np.testing.assert_array_equal(heads[1, 2, 0], x[1, 0, 4:6])
    np.testing.assert_array_equal(array(attention.merge_heads(heads)), x)


def test_a_turned_score_depends_on_the_distance_alone():
    queries, keys = normal(1, 1, 1, 8), normal(1, 1, 1, 8)

    def score(i, j):
        turned = [attention.rotate(x, *attention.rotary_angles([t], 8, 100.0)) for x, t in ((queries, i), (keys, j))]
        return float((array(turned[0]) * array(turned[1])).sum())

    assert score(3, 1) == pytest.approx(score(40, 38), abs=1e-4)
    assert score(3, 1) != pytest.approx(score(3, 2), abs=1e-2)
    assert score(0, 0) == pytest.approx(float((queries * keys).sum()), abs=1e-5)


def test_rotation_is_a_product_of_complex_numbers():
    x, positions = normal(2, 3, 5, 6), np.arange(5)
    cos, sin = attention.rotary_angles(positions, 6, 1000.0)
    frequencies = 1000.0 ** (-np.arange(3) / 3)
    turned = (x[..., :3] + 1j * x[..., 3:]) * np.exp(1j * positions[:, None] * frequencies)
    expected = np.concatenate([turned.real, turned.imag], -1)
    np.testing.assert_allclose(array(attention.rotate(x, cos, sin)), expected, rtol=1e-4, atol=1e-4)


def test_swiglu_and_rms_norm_by_hand():
    x = normal(3, 8)
    layer = transformer.SwiGLU(d_ff=5, bias=False)
    layer.build(x.shape)
    gate_up, down = normal(8, 10), normal(5, 8)
    layer.set_weights([gate_up, down])
    g, u = x @ gate_up[:, :5], x @ gate_up[:, 5:]
    np.testing.assert_allclose(array(layer(x)), (g / (1 + np.exp(-g)) * u) @ down, rtol=1e-3, atol=1e-4)
    norm = transformer.RMSNorm(epsilon=1e-6)
    np.testing.assert_allclose(array(norm(x)), x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6), rtol=1e-4)


MODERN = {"positions": "rotary", "norm": "rms", "feed_forward": "swiglu", "num_kv_heads": 2, "bias": False}
TINY = {"vocab_size": 11, "num_layers": 2, "num_heads": 4, "d_model": 16, "d_ff": 20, "seq_len": 12}


def test_a_modern_gpt_is_a_llama():
    """Two ways of building the same model: with the same weights, they give the same logits."""
    one, other = gpt.gpt(**TINY, **MODERN), llama.Llama(**TINY, num_kv_heads=2)
    assert one.count_params() == other.count_params()
    other.set_weights(one.get_weights())
    ids = RNG.integers(0, 11, (2, 12))
    np.testing.assert_allclose(array(one(ids)), array(other(ids)), atol=1e-5)


@pytest.mark.parametrize("parts", [{}, MODERN])
def test_edits_record_cut_and_patch(parts):
    keras.utils.set_random_seed(0)
    model = gpt.gpt(**TINY, **parts)
    model.set_weights([w + normal(*w.shape) / 5 for w in model.get_weights()])
    stack, ids, seen = gpt.Stack(model), RNG.integers(0, 11, (1, 12)), {}

    def record(layer, site, value):
        seen[layer, site] = array(value)
        return value

    plain, _ = stack.hidden(ids)
    recorded, _ = stack.hidden(ids, edit=record)
    np.testing.assert_array_equal(array(plain), array(recorded))
    np.testing.assert_allclose(array(stack.project(plain)), array(model(ids)), atol=1e-4)
    np.testing.assert_allclose(seen[1, "attention"].sum(-1), 1, rtol=1e-5)
    assert seen[0, "heads"].shape == (1, 4, 12, 4) and seen[0, "neurons"].shape == (12, 20)
    np.testing.assert_array_equal(seen[1, "stream"], array(plain))
    patched, _ = stack.hidden(
        ids * 0, edit=lambda layer, site, value: seen[1, "stream"] if (layer, site) == (1, "stream") else value
    )
    np.testing.assert_array_equal(array(patched), array(plain))
    cut, _ = stack.hidden(ids, edit=lambda layer, site, value: value * 0 if site == "heads" else value)
    assert np.abs(array(cut) - array(plain)).max() > 1e-2


def test_an_untied_llama_is_trained_from_scratch_and_saved(tmp_path):
    from bigmodel_lib import training

    keras.utils.set_random_seed(0)
    model = llama.Llama(**TINY, tied_embedding=False)
    assert model.count_params() == llama.Llama(**TINY).count_params() + 11 * 16
    ids = np.tile(np.arange(9, dtype="int32"), (8, 1))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    losses = training.train(model, keras.optimizers.Adam(0.01), loss, lambda step: (ids[:, :-1], ids[:, 1:]), 40)
    assert losses[0] == pytest.approx(np.log(11), abs=0.3) and losses[-1] < 0.3
    model.save(tmp_path / "untied.keras")
    again = keras.models.load_model(tmp_path / "untied.keras")
    np.testing.assert_array_equal(array(again(ids)), array(model(ids)))


def test_bad_input():
    with pytest.raises(ValueError, match="head_dim must be even"):
        attention.rotate(normal(1, 1, 2, 3), 0.0, 1.0)
    with pytest.raises(ValueError, match="head_dim must be even"):
        gpt.gpt(vocab_size=5, num_layers=1, num_heads=2, d_model=6, seq_len=4, positions="rotary")
    with pytest.raises(ValueError, match="multiple of that of key heads, not 3 of 2"):
        attention.attention(normal(1, 3, 2, 4), normal(1, 2, 2, 4), normal(1, 2, 2, 4))
    with pytest.raises(ValueError, match="as many features, not 4 and 2"):
        attention.attention(normal(1, 2, 2, 4), normal(1, 2, 2, 2), normal(1, 2, 2, 2))
    with pytest.raises(ValueError, match="5 heads cannot share 12"):
        attention.split_heads(normal(1, 2, 12), 5)
    with pytest.raises(ValueError, match="norm must be one of"):
        transformer.Block(2, norm="batch")
    with pytest.raises(TypeError, match="must be one that `gpt` made"):
        gpt.Stack(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]))
    model = gpt.gpt(**TINY)
    with pytest.raises(ValueError, match="the cache of gpt holds 4 tokens, but the sequence has 5"):
        stack = gpt.Stack(model)
        stack.hidden(np.zeros((1, 5), "int32"), stack.empty_cache(1, 4))
