"""Transformer block and GPT: counts, causality, equality with a forward pass in plain NumPy, round trips."""

from bigmodel_lib import scaling
from bigmodel_lib.models import gpt
from bigmodel_lib.models.transformer import Attention, Block

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.slow

TINY = {"vocab_size": 11, "seq_len": 6, "num_layers": 2, "num_heads": 3, "d_model": 12}


@pytest.fixture(scope="module")
def tiny():
    keras.utils.set_random_seed(0)
    model = gpt.gpt(**TINY)
    rng = np.random.default_rng(0)  # biases and gains that are not 0 and 1, so that a forgotten one shows
    model.set_weights([w + rng.normal(0, 0.2, w.shape).astype("float32") for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def ids():
    return np.random.default_rng(1).integers(0, 11, (4, 6)).astype("int32")


def logits(model, ids):
    return keras.ops.convert_to_numpy(model(ids))


@pytest.mark.parametrize(
    "shape", [TINY, {"vocab_size": 80} | gpt.PRESETS["laptop"], {"vocab_size": 80} | gpt.PRESETS["full"]]
)
def test_parameters_are_those_of_the_formula(shape):
    layers, width = shape["num_layers"], shape["d_model"]
    expected = scaling.transformer_parameters(
        num_layers=layers, d_model=width, vocab_size=shape["vocab_size"], seq_len=shape["seq_len"]
    )
    assert gpt.gpt(**shape).count_params() == expected


def test_forward_pass_in_numpy(tiny, ids):
    weights = {w.path: keras.ops.convert_to_numpy(w).astype("float64") for w in tiny.weights}

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        unit = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return unit * weights[f"{name}/gamma"] + weights[f"{name}/beta"]

    def dense(x, name):
        return x @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]

    for row, got in zip(ids, logits(tiny, ids)):
        x = weights["tokens/embeddings"][row] + weights["positions/embeddings"]
        for block in ("block_1", "block_2"):
            query, key, value = np.split(dense(norm(x, f"{block}/norm_1"), f"{block}/attention/qkv"), 3, axis=-1)
            heads = []
            for h in range(3):
                part = slice(4 * h, 4 * h + 4)
                mixed = np.zeros((6, 4))
                for t in range(6):  # one token at a time, over the tokens that it may see
                    scores = key[: t + 1, part] @ query[t, part] / 2
                    mixed[t] = np.exp(scores) / np.exp(scores).sum() @ value[: t + 1, part]
                heads.append(mixed)
            x = x + dense(np.concatenate(heads, -1), f"{block}/attention/out")
            u = dense(norm(x, f"{block}/norm_2"), f"{block}/feed_forward/up")
            u = 0.5 * u * (1 + np.tanh(np.sqrt(2 / np.pi) * (u + 0.044715 * u**3)))
            x = x + dense(u, f"{block}/feed_forward/down")
        np.testing.assert_allclose(got, norm(x, "norm") @ weights["tokens/embeddings"].T, rtol=1e-4, atol=1e-4)


def test_a_later_token_leaves_earlier_logits_alone(tiny, ids):
    changed = ids.copy()
    changed[:, 4] = (changed[:, 4] + 1) % 11
    before, after = logits(tiny, ids), logits(tiny, changed)
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert (np.abs(before[:, 4:] - after[:, 4:]).max((0, 2)) > 1e-3).all()


def test_a_block_that_is_not_causal_looks_both_ways():
    x = np.random.default_rng(0).normal(size=(1, 5, 8)).astype("float32")
    changed = x.copy()
    changed[0, 4, 0] += 1  # all alike would be a shift, which the normalisation takes out
    for causal in (True, False):
        block = Block(2, causal)
        first, second = (keras.ops.convert_to_numpy(block(a))[0, 0] for a in (x, changed))
        assert np.array_equal(first, second) == causal


def test_first_loss_is_that_of_guessing():
    keras.utils.set_random_seed(0)
    model = gpt.gpt(vocab_size=80, seq_len=16, num_layers=2, num_heads=2, d_model=32)
    x, y = np.random.default_rng(0).integers(0, 80, (2, 64, 16))  # targets that have nothing to do with the inputs
    loss = float(keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, model(x)))
    assert loss == pytest.approx(np.log(80), abs=0.05)


def test_initial_weights_are_gpt2s():
    keras.utils.set_random_seed(0)
    model = gpt.gpt(vocab_size=80, **gpt.PRESETS["laptop"])
    spread = {w.path: float(keras.ops.std(w)) for w in model.weights}
    for name in ("tokens/embeddings", "block_1/attention/qkv/kernel", "block_4/feed_forward/up/kernel"):
        assert spread[name] == pytest.approx(0.02, rel=0.05)
    for name in ("block_1/attention/out/kernel", "block_4/feed_forward/down/kernel"):
        assert spread[name] == pytest.approx(0.02 / np.sqrt(8), rel=0.05)


def test_save_and_load(tiny, ids, tmp_path):
    tiny.save(tmp_path / "gpt.keras")
    loaded = keras.models.load_model(tmp_path / "gpt.keras")
    np.testing.assert_array_equal(logits(loaded, ids), logits(tiny, ids))
    assert keras.models.clone_model(tiny).count_params() == tiny.count_params()


def test_dropout_is_for_training_only(ids):
    keras.utils.set_random_seed(0)
    model = gpt.gpt(**TINY | {"dropout": 0.5})
    np.testing.assert_array_equal(logits(model, ids), logits(model, ids))
    noisy = keras.ops.convert_to_numpy(model(ids, training=True))
    assert np.abs(noisy - logits(model, ids)).max() > 1e-3


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="5 heads cannot share 12"):
        Attention(5).build((None, 4, 12))
