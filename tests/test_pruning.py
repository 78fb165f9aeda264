"""Pruning: counts, oracles, what stays at zero in training, every kind of model, and smaller models that compute the same."""

import re

from bigmodel_lib.compression import (
    GradualPruning,
    KeepMasks,
    accuracy,
    apply_masks,
    cubic_sparsity,
    magnitude_masks,
    n_of_m_masks,
    remove_units,
    unit_norms,
    wanda_masks,
)
from bigmodel_lib.compression._walk import weight_matrices
from bigmodel_lib.models import dense, gpt
from bigmodel_lib.models.llama import Llama

import keras
import numpy as np
import pytest
from keras import layers

RNG = np.random.default_rng(0)


def output(model, x):
    return keras.ops.convert_to_numpy(model(x))


def value(variable):
    return keras.ops.convert_to_numpy(variable)


class Own(keras.Model):
    """A subclassed model that holds its layers in a list, two of them with the same name."""

    def __init__(self):
        super().__init__()
        self.parts = [layers.Dense(6, "relu", name="same"), layers.Dense(3, name="same")]

    def build(self, input_shape):
        self.parts[0].build(input_shape)
        self.parts[1].build((*input_shape[:-1], self.parts[0].units))

    def call(self, x):
        return self.parts[1](self.parts[0](x))


def own():
    model = Own()
    model.build((None, 8))
    return model


def with_every_kind():
    tokens = keras.Input((9,), dtype="int32")
    x = layers.Embedding(20, 12, name="table")(tokens)
    x = layers.EinsumDense("btd,dhk->bthk", output_shape=(9, 3, 5), bias_axes="hk", activation="relu", name="in")(x)
    x = layers.EinsumDense("bthk,hkd->btd", output_shape=(9, 8), bias_axes="d", name="out")(x)
    x = layers.SeparableConv1D(6, 3, name="separable")(layers.Conv1D(8, 3, padding="same", name="conv")(x))
    return keras.Model(tokens, layers.Dense(4, name="last")(layers.Flatten()(x)))


def tiny_llama():
    return Llama(num_layers=2, d_model=32, num_heads=4, num_kv_heads=2, d_ff=48, vocab_size=50, seq_len=64)


KINDS = {
    "sequential": (lambda: dense.mlp((8, 6, 3)), 2),
    "subclassed": (own, 2),
    "every kind of layer": (with_every_kind, 5),
    "llama": (tiny_llama, 9),
    "gpt": (lambda: gpt.gpt(vocab_size=50, num_layers=1, num_heads=2, d_model=8, seq_len=6), 5),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("per", ["layer", "model"])
def test_the_smallest_go_and_as_many_as_were_asked_for(kind, per):
    make, count = KINDS[kind]
    model = make()
    masks = magnitude_masks(model, 0.75, per)
    assert len(masks) == count and all(mask.dtype == bool for mask in masks.values())
    before = {name: np.abs(value(v)) for name, (_, v) in weight_matrices(model).items()}
    groups = [[name] for name in masks] if per == "layer" else [list(masks)]
    for names in groups:
        sizes = np.concatenate([before[name].ravel() for name in names])
        kept = np.concatenate([masks[name].ravel() for name in names])
        assert (~kept).sum() == round(0.75 * kept.size)
        assert sizes[~kept].max() <= sizes[kept].min()
    assert apply_masks(model, masks) is model
    for name, (_, v) in weight_matrices(model).items():
        np.testing.assert_array_equal(np.abs(value(v)), before[name] * masks[name])
        assert not np.signbit(value(v)[~masks[name]]).any()  # no −0.0, which the coded file would have to tell from 0


def test_what_is_left_out_is_said_and_the_other_weights_stay(capsys):
    model = with_every_kind()
    before = model.get_weights()
    apply_masks(model, magnitude_masks(model, {"conv": 0.5, "last/kernel": 0.25}))
    changed = [v.path for v, old in zip(model.weights, before) if (value(v) != old).any()]
    assert changed == ["conv/kernel", "last/kernel"]
    said = capsys.readouterr().out
    assert said.startswith("not pruned: table/embeddings (20, 12), in/kernel (12, 3, 5)")
    assert "separable/depthwise_kernel (3, 8, 1), separable/pointwise_kernel (1, 8, 6)" in said and "conv" not in said


def test_the_cubic_schedule_is_the_papers():
    steps = np.arange(100, 301, 20)
    paper = 0.9 + (0.1 - 0.9) * (1 - (steps - 100) / (10 * 20)) ** 3  # n = 10 pruning steps, 20 apart
    np.testing.assert_allclose([cubic_sparsity(s, 100, 300, 0.9, 0.1) for s in steps], paper, rtol=1e-12)
    assert cubic_sparsity(0, 100, 300, 0.9) == 0 and cubic_sparsity(999, 100, 300, 0.9) == 0.9
    assert cubic_sparsity(5, 5, 5, 0.9) == 0.9


def teacher():
    x = RNG.normal(size=(640, 20)).astype("float32")
    weights = np.zeros((20, 1), "float32")
    weights[[3, 7]] = [[2.0], [-3.0]]
    return x, x @ weights


@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_gradual_pruning_follows_its_schedule_and_finds_the_weights_that_matter(steps_per_execution):
    if steps_per_execution > 1 and keras.backend.backend() == "torch":
        pytest.skip("Keras on PyTorch takes one step at a time")
    x, y = teacher()
    model = keras.Sequential([keras.Input((20,)), layers.Dense(1, name="d")])
    model.compile(keras.optimizers.Adam(0.03), "mse", steps_per_execution=steps_per_execution)
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((pruning.step, int((self.model.layers[0].get_weights()[0] == 0).sum())))

    pruning = GradualPruning(0.9, begin=20, end=80, every=10)
    for epochs in (6, 6):  # a second call of fit goes on where the first one stopped
        model.fit(x, y, batch_size=64, epochs=epochs, verbose=0, callbacks=[pruning, Look()])
    assert seen[-1] == (120, 18)
    for step, zeros in seen:
        if steps_per_execution == 1:
            at = min(80, 20 + (step - 20) // 10 * 10)
            assert zeros == (0 if step < 20 else round(20 * cubic_sparsity(at, 20, 80, 0.9))), step
    assert [zeros for _, zeros in seen] == sorted(zeros for _, zeros in seen)
    assert np.flatnonzero(model.get_weights()[0]).tolist() == [3, 7]


def test_masks_are_kept_while_the_others_are_trained_and_fit_another_instance():
    x, y = teacher()
    early = keras.Sequential([keras.Input((20,)), layers.Dense(8, "relu", name="a"), layers.Dense(1, name="b")])
    masks = magnitude_masks(early, {"a": 0.6})
    model = keras.models.clone_model(early)  # a lottery ticket: another instance, with the early weights
    model.set_weights(early.get_weights())
    model.compile(keras.optimizers.AdamW(0.03, weight_decay=0.1), "mse")
    model.fit(x, y, epochs=2, verbose=0, callbacks=[KeepMasks(masks)])
    kernel = model.get_weights()[0]
    assert (kernel[~masks["a/kernel"]] == 0).all() and (
        kernel[masks["a/kernel"]] != early.get_weights()[0][masks["a/kernel"]]
    ).all()
    assert (model.get_weights()[2] != 0).all()


def test_n_of_m():
    matrix = RNG.normal(size=(12, 5))
    mask = n_of_m_masks(matrix, 2, 4)
    groups, kept = np.abs(matrix).reshape(3, 4, 5), mask.reshape(3, 4, 5)
    assert (kept.sum(1) == 2).all()
    assert (np.where(kept, groups, np.inf).min(1) >= np.where(kept, 0, groups).max(1)).all()
    np.testing.assert_array_equal(n_of_m_masks(matrix.T, 2, 4, axis=1), mask.T)
    assert n_of_m_masks(matrix, 3, 3).all()


def test_wanda_is_its_formula_on_a_dense_layer():
    model = dense.mlp((10, 6, 3))
    x = RNG.normal(size=(50, 10)).astype("float32") * np.geomspace(0.01, 100, 10, dtype="float32")
    masks = wanda_masks(model, [x[:20], x[20:]], 0.4)
    scores = np.abs(model.get_weights()[0]) * np.linalg.norm(x, axis=0)[:, None]  # (inputs, outputs)
    for column, kept in zip(scores.T, masks["dense_1/kernel"].T):
        assert set(np.flatnonzero(~kept)) == set(np.argsort(column)[:4])
    hidden = np.maximum(x @ model.get_weights()[0], 0)
    scores = np.abs(model.get_weights()[2]) * np.linalg.norm(hidden, axis=0)[:, None]
    for column, kept in zip(scores.T, masks["dense_2/kernel"].T):
        assert set(np.flatnonzero(~kept)) == set(np.argsort(column)[:2])
    pattern = wanda_masks(dense.mlp((8, 4, 3)), [x[:, :8]], 0.5, n_of_m=(2, 4))["dense_1/kernel"]
    assert (pattern.reshape(2, 4, 4).sum(1) == 2).all()


def test_wanda_scores_the_inputs_that_an_einsum_contracts(capsys):
    model = with_every_kind()
    model.get_layer("in").kernel.assign(RNG.normal(size=(12, 3, 5)))
    ids = RNG.integers(0, 20, (4, 9))
    masks = wanda_masks(model, [ids], 0.5)
    assert set(masks) == {"in/kernel", "out/kernel", "last/kernel"}
    assert "table/embeddings" in capsys.readouterr().out
    table, kernel = value(model.get_layer("table").embeddings), value(model.get_layer("in").kernel)
    x = table[ids]  # (batch, time, features)
    scores = np.abs(kernel) * np.sqrt((x**2).sum((0, 1)))[:, None, None]
    assert (masks["in/kernel"] == (scores > np.sort(scores, axis=0)[5])).all()
    heads = np.maximum(np.einsum("btd,dhk->bthk", x, kernel), 0)  # two contracted axes compete together
    kernel = value(model.get_layer("out").kernel)
    scores = np.abs(kernel) * np.sqrt((heads**2).sum((0, 1)))[:, :, None]
    for i in range(8):
        assert (~masks["out/kernel"][:, :, i]).sum() == round(0.5 * 15)
        assert scores[..., i][~masks["out/kernel"][..., i]].max() <= scores[..., i][masks["out/kernel"][..., i]].min()


def test_wanda_on_a_decoder_and_its_hook_is_gone():
    model = tiny_llama()
    original = layers.Layer.__call__
    masks = wanda_masks(model, [RNG.integers(0, 50, (2, 9)) for _ in range(2)], 0.5)
    assert len(masks) == 8 and layers.Layer.__call__ is original
    apply_masks(model, masks)
    zeros = sum((value(v) == 0).sum() for name, (_, v) in weight_matrices(model).items() if name in masks)
    assert zeros == sum(mask.size for mask in masks.values()) / 2


def cnn(functional=False):
    parts = [
        layers.Conv2D(6, 3, name="c1"), layers.BatchNormalization(name="bn"), layers.Activation("relu"), layers.MaxPooling2D(2),
        layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="c2"), layers.Dropout(0.5), layers.Flatten(),
        layers.Dense(10, "tanh", name="d1"), layers.Dense(4, "softmax", name="d2"),
    ]  # fmt: skip
    x = keras.Input((12, 10, 2))
    if not functional:
        model = keras.Sequential([x, *parts])
    else:
        y = x
        for part in parts:
            y = part(y)
        model = keras.Model(x, y)
    for v in model.weights:
        v.assign(
            RNG.uniform(0.5, 1.5, v.shape) if v.path.endswith(("gamma", "variance")) else RNG.normal(size=v.shape) * 0.3
        )
    return model


@pytest.mark.parametrize("functional", [False, True])
def test_the_smaller_model_computes_what_the_masked_one_does(functional, tmp_path):
    model = cnn(functional)
    x = RNG.normal(size=(5, 12, 10, 2)).astype("float32")
    norms = unit_norms(model)
    assert {name: len(v) for name, v in norms.items()} == {"c1": 6, "c2": 8, "d1": 10}
    np.testing.assert_allclose(norms["c1"], np.abs(value(model.get_layer("c1").kernel)).sum((0, 1, 2)), rtol=1e-5)
    smaller = remove_units(model, {"c1": 0.5, "c2": 0.25, "d1": 0.3})
    assert [smaller.get_layer(n).kernel.shape for n in ("c1", "c2", "d1")] == [(3, 3, 2, 3), (3, 3, 3, 6), (36, 7)]
    assert type(smaller) is type(model) and model.get_layer("d1").units == 10
    for name, removed, reader in (("c1", 3, "c2"), ("c2", 2, "d1"), ("d1", 3, "d2")):
        gone = np.argsort(norms[name])[:removed]
        kernel = value(model.get_layer(reader).kernel).copy()
        if reader == "d1":
            kernel.reshape(6, 8, 10)[:, gone] = 0  # flattened: six places with eight channels each
        else:
            kernel[..., gone, :] = 0
        model.get_layer(reader).kernel.assign(kernel)
    np.testing.assert_allclose(output(smaller, x), output(model, x), atol=1e-5)
    smaller.save(tmp_path / "smaller.keras")
    np.testing.assert_allclose(
        output(keras.models.load_model(tmp_path / "smaller.keras"), x), output(smaller, x), atol=1e-6
    )


def test_units_that_are_zero_already_can_go_for_nothing():
    model = dense.mlp((9, 8, 7, 3), last_activation=None)
    w, b = model.layers[0].get_weights()
    w[:, [1, 4, 6]] = b[[1, 4, 6]] = 0
    model.layers[0].set_weights([w, b])
    x = RNG.normal(size=(20, 9)).astype("float32")
    smaller = remove_units(model, {"dense_1": 3 / 8})
    np.testing.assert_allclose(output(smaller, x), output(model, x), atol=1e-5)
    assert smaller.count_params() == 9 * 5 + 5 + 5 * 7 + 7 + 7 * 3 + 3
    by_score = remove_units(model, {"dense_2": 0.5}, scores={"dense_2": np.arange(7)})
    np.testing.assert_array_equal(by_score.layers[1].get_weights()[0], model.layers[1].get_weights()[0][:, 4:])
    assert remove_units(model, 0.99).layers[0].units == 1


def chain(*parts):
    return keras.Sequential([keras.Input((6, 6, 2)), layers.Conv2D(4, 3), *parts, layers.Flatten(), layers.Dense(2)])


def branched():
    x = keras.Input((4,))
    y = layers.Dense(4)(x)
    return keras.Model(x, layers.Dense(2)(layers.Add()([x, y])))


def with_operation():
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(2)(keras.ops.relu(layers.Dense(4)(x))))


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: chain(layers.LayerNormalization()), "a LayerNormalization may mix their outputs"),
        (lambda: chain(layers.Softmax()), "a Softmax may mix"),
        (lambda: chain(layers.Activation("softmax")), "a Activation may mix"),
        (lambda: chain(layers.Conv2D(4, 3, groups=2)), "works in groups of channels"),
        (lambda: chain(layers.Dense(3, "softmax")), "its softmax depends on all of them"),
        (branched, "a functional model without branches"),
        (with_operation, "a chain of layers, each used once, without operations"),
        (own, "must be a built Sequential, or a functional model"),
        (lambda: keras.Sequential([layers.Dense(3)]), "must be a built Sequential"),
    ],
)  # fmt: skip
def test_units_that_cannot_be_removed(make, said):
    with pytest.raises(ValueError, match=said):
        remove_units(make(), 0.5)


def test_bad_input():
    model = dense.mlp((8, 6, 3))
    for sparsity in (1.0, -0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match="a share of zeros, from 0 to below 1"):
            magnitude_masks(model, sparsity)
        with pytest.raises(ValueError, match="a share of zeros"):
            wanda_masks(model, [np.zeros((1, 8))], sparsity)
        with pytest.raises(ValueError, match="a share of units is from 0 to below 1"):
            remove_units(model, sparsity)
    with pytest.raises(ValueError, match='per must be "layer", or "model"'):
        magnitude_masks(model, 0.5, per="row")
    with pytest.raises(ValueError, match='"model" with one sparsity for all'):
        magnitude_masks(model, {"dense_1": 0.5}, per="model")
    with pytest.raises(ValueError, match="sparsity names dense_9, but the matrices are dense_1/kernel, dense_2/kernel"):
        magnitude_masks(model, {"dense_1": 0.5, "dense_9": 0.5})
    with pytest.raises(ValueError, match="has no weights yet"):
        magnitude_masks(keras.Sequential([layers.Dense(3)]), 0.5)
    with pytest.raises(ValueError, match="has no float matrix"):
        magnitude_masks(keras.Sequential([keras.Input((4,)), layers.BatchNormalization()]), 0.5)
    with pytest.raises(
        ValueError,
        match=re.escape("the mask 'dense_1/kernel' of shape (2,) needs shape (8, 6)"),
    ):
        apply_masks(model, {"dense_1/kernel": np.ones(2, bool)})
    with pytest.raises(ValueError, match="needs a name among dense_1/kernel"):
        apply_masks(model, {"bias": np.ones(2, bool)})
    with pytest.raises(ValueError, match="an m that divides the axis of 8"):
        n_of_m_masks(np.ones((8, 2)), 2, 3)
    with pytest.raises(ValueError, match="1 <= n <= m"):
        n_of_m_masks(np.ones((8, 2)), 3, 2)
    with pytest.raises(ValueError, match="needs a batch"):
        wanda_masks(model, [], 0.5)
    with pytest.raises(ValueError, match="0 <= begin <= end and every >= 1"):
        GradualPruning(0.5, begin=10, end=5)
    with pytest.raises(ValueError, match="dense_2 cannot lose units: dense_1 can"):
        remove_units(model, {"dense_2": 0.5})
    with pytest.raises(ValueError, match=re.escape("must have the shape (6,), not (5,)")):
        remove_units(model, 0.5, scores={"dense_1": np.ones(5)})


def test_accuracy_wants_one_class_for_each_row():
    assert accuracy(np.array([0, 1, 2]), np.eye(3)) == 1.0
    with pytest.raises(ValueError, match="the class of each row of the outputs"):
        accuracy(np.array([[0], [1], [2]]), np.eye(3))
