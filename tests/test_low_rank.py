"""Low rank and weight sharing: closed forms, scikit-learn's k-means, every kind of model, and bad input."""

import re

from bigmodel_lib.compression import TuneCodebooks, factorize, share_weights, shared_values, spectrum, truncated_svd
from bigmodel_lib.models import dense
from tests.test_pruning import Own, tiny_llama, with_every_kind

import keras
import numpy as np
import pytest
from keras import layers

RNG = np.random.default_rng(0)


def output(model, x):
    return keras.ops.convert_to_numpy(model(x))


def test_the_error_of_a_truncated_svd_is_what_was_dropped():
    matrix = RNG.normal(size=(30, 20)) @ np.diag(np.geomspace(1, 1e-3, 20))
    sigma = np.linalg.svd(matrix, compute_uv=False)
    for rank in (1, 7, 20):
        a, b = truncated_svd(matrix, rank)
        assert a.shape == (30, rank) and b.shape == (rank, 20)
        np.testing.assert_allclose(np.linalg.norm(matrix - a @ b), np.sqrt((sigma[rank:] ** 2).sum()), atol=1e-10)
        np.testing.assert_allclose(np.linalg.norm(matrix - a @ b, 2), np.append(sigma, 0)[rank], atol=1e-10)
    a, _ = truncated_svd(matrix, energy=0.99)
    share = np.cumsum(sigma**2) / (sigma**2).sum()
    assert share[a.shape[1] - 1] >= 0.99 > share[a.shape[1] - 2]
    assert (
        truncated_svd(matrix, energy=1)[0].shape[1] == 20 and truncated_svd(np.zeros((3, 4)), energy=1)[0].shape[1] == 1
    )


def test_the_spectrum_is_numpys_and_a_convolution_is_unrolled():
    found = spectrum(model := with_every_kind())
    kernel = keras.ops.convert_to_numpy(model.get_layer("conv").kernel)  # (3, 8, 8)
    np.testing.assert_allclose(found["conv/kernel"], np.linalg.svd(kernel.reshape(24, 8))[1], rtol=1e-5)
    assert found["table/embeddings"].shape == (12,) and list(found)[0] == "table/embeddings"


def low_rank_model(kind):
    if kind == "sequential":
        return keras.Sequential([keras.Input((30,)), layers.Dense(20, "relu", name="a"), layers.Dense(3, name="b")])
    if kind == "functional, three axes":
        x = keras.Input((5, 30))
        return keras.Model(x, layers.Dense(3, name="b")(layers.Dense(20, "relu", name="a")(x)))
    model = Own()
    model.parts = [layers.Dense(20, "relu", name="a"), layers.Dense(3, name="b")]
    model.build((None, 30))
    return model


@pytest.mark.parametrize("kind", ["sequential", "functional, three axes", "subclassed"])
def test_a_layer_of_low_rank_is_replaced_without_a_loss(kind, tmp_path, capsys):
    model = low_rank_model(kind)
    kernel = (RNG.normal(size=(30, 4)) @ RNG.normal(size=(4, 20))).astype("float32")
    layer = next(one for one in model._flatten_layers() if one.name == "a")
    layer.kernel.assign(kernel)
    layer.bias.assign(RNG.normal(size=20))
    x = RNG.normal(size=(2, 5, 30) if "three" in kind else (7, 30)).astype("float32")
    before = output(model, x)
    assert factorize(model, energy=1 - 1e-9) is model
    np.testing.assert_allclose(output(model, x), before, atol=1e-4)
    np.testing.assert_allclose(model.predict(x, verbose=0), before, atol=1e-4)
    assert model.count_params() == 4 * (30 + 20) + 20 + 20 * 3 + 3
    assert re.fullmatch(r"not factorized: (own\w*/)?b/kernel \(20, 3\)\n", capsys.readouterr().out)
    if kind != "subclassed":
        model.save(tmp_path / "thin.keras")
        np.testing.assert_allclose(output(keras.models.load_model(tmp_path / "thin.keras"), x), before, atol=1e-4)


def test_only_what_saves_weights_is_replaced():
    model = dense.lenet_300_100()
    x = RNG.normal(size=(4, 784)).astype("float32")
    a, b = truncated_svd(model.layers[0].get_weights()[0], 50)
    layer = model.layers[0]
    factorize(model, {"dense_1": 50, "dense_2": 90, "dense_3": 10})  # 90 (300 + 100) > 300 · 100
    assert model.count_params() == 50 * 1084 + 300 + 30_000 + 100 + 1000 + 10
    assert model.layers[0].name == "dense_1" and model.layers[1].name == "dense_2"
    hidden = output(model.layers[0], x)
    np.testing.assert_allclose(hidden, np.maximum(x @ a @ b + layer.get_weights()[1], 0), atol=1e-3)
    llama = tiny_llama()
    factorize(llama, rank=2)
    assert output(llama, np.zeros((1, 5), "int32")).shape == (1, 5, 50)


def test_the_shared_values_are_scikit_learns():
    from sklearn.cluster import KMeans

    values = np.concatenate([RNG.normal(-1, 0.2, 900), RNG.normal(1, 0.3, 800), [4.0, -5.0]]).astype("float32")
    begin = np.linspace(-5, 4, 16)[:, None]
    oracle = KMeans(16, init=begin, n_init=1).fit(values[:, None].astype(float))
    found = shared_values(values, 16)
    np.testing.assert_allclose(found, np.sort(oracle.cluster_centers_.ravel()), atol=1e-4)
    np.testing.assert_allclose(found[[0, -1]], [-5, 4], rtol=1e-6)  # the two rare large ones have their own
    np.testing.assert_array_equal(shared_values(np.array([3.0, 1.0, 3.0]), 8), [1, 3])


@pytest.mark.parametrize("bits", [1, 2, 5, 8])
def test_every_weight_takes_the_nearest_of_few_values_and_zeros_stay(bits):
    model = dense.mlp((40, 30, 20))
    before = model.get_weights()
    before[0][RNG.random((40, 30)) < 0.9] = 0
    before[1][:] = RNG.normal(size=30)
    model.set_weights(before)
    assert share_weights(model, {"dense_1": bits}) is model
    after = model.get_weights()
    codebook = np.unique(after[0])
    assert len(codebook) <= 2**bits and ((after[0] == 0) == (before[0] == 0)).all()
    nonzero = before[0][before[0] != 0]
    nearest = np.abs(nonzero[:, None] - codebook[codebook != 0]).min(1)
    np.testing.assert_allclose(np.abs(after[0] - before[0])[before[0] != 0], nearest, atol=1e-7)
    assert all((a == b).all() for a, b in zip(after[1:], before[1:]))


def test_all_kinds_of_layers_share_and_a_large_matrix_is_sampled(capsys, monkeypatch):
    model = with_every_kind()
    share_weights(model, 3)
    assert "not shared: separable/depthwise_kernel (3, 8, 1), separable/pointwise_kernel" in capsys.readouterr().out
    assert [len(np.unique(model.get_layer(n).get_weights()[0])) for n in ("table", "in", "conv")] == [8, 8, 8]
    monkeypatch.setattr("bigmodel_lib.compression.sharing.FIT_ON", 500)
    big = keras.Sequential([keras.Input((100,)), layers.Dense(50)])
    before = big.get_weights()[0]
    after = share_weights(big, 4).get_weights()[0]
    assert len(np.unique(after)) == 16 and np.abs(after - before).mean() < 0.1 * np.abs(before).mean()


@pytest.mark.parametrize("gradients", ["sum", "mean"])
def test_a_step_on_the_codebook_is_the_papers(gradients):
    """One batch of plain gradient descent: a shared value moves by the sum (or mean) of its weights' gradients."""
    x, y = RNG.normal(size=(16, 6)).astype("float32"), RNG.normal(size=(16, 2)).astype("float32")
    model = keras.Sequential([keras.Input((6,)), layers.Dense(2, use_bias=False)])
    kernel = RNG.choice([0.0, -1.0, 0.5, 2.0], (6, 2)).astype("float32")
    model.set_weights([kernel])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    model.fit(x, y, batch_size=16, epochs=1, verbose=0, callbacks=[TuneCodebooks(gradients)])
    gradient = 2 * x.T @ (x @ kernel - y) / y.size
    after = model.get_weights()[0]
    for centre in (-1.0, 0.5, 2.0):
        mine = kernel == centre
        step = gradient[mine].sum() if gradients == "sum" else gradient[mine].mean()
        np.testing.assert_allclose(after[mine], centre - 0.01 * step, atol=1e-5)
    assert (after[kernel == 0] == 0).all()


def test_codebooks_stay_codebooks_through_a_training():
    keras.utils.set_random_seed(0)
    model = dense.mlp((12, 16, 1), last_activation=None)
    x = np.random.default_rng(0).normal(size=(256, 12)).astype("float32")
    y = x[:, :1] * 2 - x[:, 1:2]
    share_weights(model, 3)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    losses = model.fit(x, y, epochs=8, verbose=0, callbacks=[TuneCodebooks()]).history["loss"]
    assert losses[-1] < 0.85 * losses[0]
    assert [len(np.unique(layer.get_weights()[0])) for layer in model.layers] == [8, 8]


def test_bad_input():
    model = dense.mlp((8, 6, 3))
    for bad in ({}, {"rank": 2, "energy": 0.5}):
        with pytest.raises(ValueError, match="give a rank or an energy"):
            factorize(model, **bad)
        with pytest.raises(ValueError, match="give a rank or an energy"):
            truncated_svd(np.eye(3), **bad)
    for rank in (0, 7, -1):
        with pytest.raises(ValueError, match=re.escape("a rank of a matrix (8, 6) is from 1 to 6")):
            factorize(model, rank=rank)
    for energy in (0, 1.1, -1):
        with pytest.raises(ValueError, match="a share above 0 and at most 1"):
            factorize(model, energy=energy)
    with pytest.raises(ValueError, match="rank names dense_7, but the matrices are"):
        factorize(model, {"dense_7": 2})
    for bits in (0, 9, 2.5):
        with pytest.raises(ValueError, match="bits must be 1 … 8"):
            share_weights(model, bits)
    with pytest.raises(ValueError, match="bits names dense_7"):
        share_weights(model, {"dense_7": 2})
    for method in (spectrum, share_weights, lambda m: factorize(m, 2)):
        with pytest.raises(ValueError, match="has no weights yet"):
            method(keras.Sequential([layers.Dense(3)]))
    with pytest.raises(ValueError, match='"mean" or "sum"'):
        TuneCodebooks("median")
    with pytest.raises(ValueError, match="call share_weights first"):
        other = dense.lenet_300_100()
        other.layers[0].trainable = False
        other.compile("sgd", "mse")
        other.fit(np.zeros((1, 784)), np.zeros((1, 10)), verbose=0, callbacks=[TuneCodebooks(most=4)])
