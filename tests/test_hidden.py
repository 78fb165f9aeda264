"""Looking inside a decoder: without an edit nothing changes, cutting equals zeroed weights, a run patched by itself is itself."""

from bigmodel_lib.models import gpt, inside, llama

import keras
import numpy as np
import pytest

TINY = {"vocab_size": 23, "num_layers": 3, "num_heads": 4, "d_model": 16, "d_ff": 20, "seq_len": 12}
RNG = np.random.default_rng(0)
IDS = RNG.integers(0, 23, (2, 9))
array = keras.ops.convert_to_numpy


def lively(model):
    """Large weights: so that every part of a block matters."""
    model.set_weights([w + RNG.standard_normal(w.shape).astype("float32") / 4 for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def model():
    return lively(llama.Llama(**TINY, num_kv_heads=2))


def whole(model, edit=None):
    return array(model.through(model.embed(IDS, None), edit=edit))


# ---------------------------------------------------------------- limits and round trips


def test_without_an_edit_it_is_the_model(model):
    logits = array(model(IDS))
    for x in (model.hidden(IDS)[0], model.hidden(IDS, edit={})[0], whole(model), whole(model, {})):
        np.testing.assert_allclose(array(model.project(x)), logits, atol=1e-5)
    same = whole(model, lambda layer, site, value: value)
    np.testing.assert_allclose(array(model.project(same)), logits, atol=1e-5)


def test_a_stack_with_learned_positions_runs_as_well():
    functional = lively(gpt.gpt(**TINY | {"seq_len": 9}))
    stack = gpt.Stack(functional)
    x = stack.through(stack.embed(IDS, np.arange(9)[None]))
    np.testing.assert_allclose(array(stack.project(x)), array(functional(IDS)), atol=1e-4)


def test_pieces_make_the_whole(model):
    x = model.embed(IDS, None)
    np.testing.assert_allclose(array(model.through(model.through(x, last=2), first=2)), whole(model), atol=1e-5)
    np.testing.assert_array_equal(array(model.through(x, 1, 1)), array(x))
    np.testing.assert_array_equal(array(model.through(x, 3)), array(x))


@pytest.mark.parametrize("run", ["hidden", "through"])
def test_a_run_patched_by_itself_changes_nothing_and_by_another_at_the_end_is_the_other(model, run):
    def go(ids, edit):
        return array(
            model.hidden(ids, edit=edit)[0] if run == "hidden" else model.through(model.embed(ids, None), edit=edit)
        )

    seen, other = {}, (IDS + 5) % 23

    def record(layer, site, value):
        seen[layer, site] = value
        return value

    plain = go(IDS, record)
    shapes = {"attention": (2, 4, 9, 9), "heads": (2, 4, 9, 4), "neurons": (18, 20), "stream": (2, 9, 16)}
    assert {place: tuple(value.shape) for place, value in seen.items()} == {
        (layer, site): shape for layer in range(3) for site, shape in shapes.items()
    }
    for place, value in seen.items():
        np.testing.assert_allclose(go(IDS, {place: lambda _, value=value: value}), plain, atol=1e-5)
    last = seen[2, "stream"]
    np.testing.assert_allclose(go(other, {(2, "stream"): lambda _: last}), plain, atol=1e-6)
    assert (
        np.abs(go(other, {(1, "stream"): lambda _: seen[1, "stream"]}) - plain).max() < 1e-5
    )  # all of it goes through
    assert np.abs(go(other, {}) - plain).max() > 0.1


# ---------------------------------------------------------------- cutting equals zeroed weights


def with_weights(model, change):
    """The features after `change` has been at the weights; they are put back."""
    before = model.get_weights()
    change()
    changed = whole(model)
    model.set_weights(before)
    return changed


def zero_rows(layer, rows):
    kernel = array(layer.kernel).copy()
    kernel[rows] = 0
    layer.kernel.assign(kernel)


def test_cutting_a_head_equals_zeroing_its_rows_of_the_output_matrix(model):
    keep = np.ones((4, 1, 1), "float32")
    keep[2] = 0
    cut = whole(model, {(1, "heads"): lambda value: value * keras.ops.convert_to_tensor(keep)})
    zeroed = with_weights(model, lambda: zero_rows(model.blocks[1].attention.out, slice(8, 12)))
    np.testing.assert_allclose(cut, zeroed, atol=1e-5)
    assert np.abs(cut - whole(model)).max() > 0.01


def test_cutting_neurons_equals_zeroing_their_rows(model):
    keep = (np.arange(20) % 3 > 0).astype("float32")
    cut = whole(model, {(0, "neurons"): lambda value: value * keras.ops.convert_to_tensor(keep)})
    zeroed = with_weights(model, lambda: zero_rows(model.blocks[0].feed_forward.down, keep == 0))
    np.testing.assert_allclose(cut, zeroed, atol=1e-5)
    assert np.abs(cut - whole(model)).max() > 0.01


def test_cutting_both_parts_of_a_block_skips_it(model):
    both = {(1, site): lambda value: value * 0 for site in ("heads", "neurons")}
    x = model.embed(IDS, None)
    np.testing.assert_allclose(whole(model, both), array(model.through(model.through(x, last=1), first=2)), atol=1e-5)


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1 of a tensor:UserWarning")  # of one token
def test_attention_to_oneself_alone_gives_ones_own_values(model):
    eye = keras.ops.broadcast_to(keras.ops.eye(9), (2, 4, 9, 9))
    found = whole(model, {(layer, "attention"): lambda _: eye for layer in range(3)})
    alone = np.stack([[array(model.hidden(token[None, None])[0])[0, 0] for token in row] for row in IDS])
    np.testing.assert_allclose(found, alone, atol=1e-4)  # each token as if it were the only one


def test_with_a_cache_the_edit_holds_too(model):
    cut = {(1, "heads"): lambda value: value * 0}
    _, cache = model.hidden(IDS[:, :5], model.empty_cache(2, 12), edit=cut)
    x, _ = model.hidden(IDS[:, 5:], cache, start=5, edit=cut)
    np.testing.assert_allclose(array(x), whole(model, cut)[:, 5:], atol=1e-5)


# ---------------------------------------------------------------- the compiled blocks


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="only JAX compiles the blocks")
def test_blocks_that_are_built_alike_share_one_function(model):
    whole(model)
    assert [block in inside._compiled for block in model.blocks] == [True, False, False]


def test_new_weights_are_seen_and_blocks_of_another_build_get_their_own_function():
    keras.utils.set_random_seed(0)
    model = lively(llama.Llama(**TINY))
    before = whole(model)
    model.blocks[1].attention.qkv.enable_lora(2)
    np.testing.assert_allclose(whole(model), before, atol=1e-5)  # LoRA begins at zero
    model.blocks[2].attention.out.kernel.assign(model.blocks[2].attention.out.kernel * 2)
    after = whole(model)
    np.testing.assert_allclose(after, array(model.hidden(IDS)[0]), atol=1e-5)
    assert np.abs(after - before).max() > 0.01


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "edit, error, message",
    [
        ({(3, "heads"): abs}, ValueError, "names layer 3, but the model has the layers 0 to 2"),
        ({(-1, "heads"): abs}, ValueError, "names layer -1"),
        ({("1", "heads"): abs}, ValueError, "names layer '1'"),
        ({(1, "head"): abs}, ValueError, "the site 'head'; the sites are attention, heads, neurons, stream"),
        ({1: abs}, ValueError, "must be a pair such as"),
        ({(1, "heads"): 0}, TypeError, "must be a function of the value, not a int"),
        ([1], TypeError, "must be a function .* not a list"),
        ({(1, "heads"): lambda value: None}, ValueError, "returned nothing: to leave the value as it is, return it"),
        (
            {(1, "heads"): lambda value: value[:, :2]},
            ValueError,
            r"'heads'\) must return .* \(2, 4, 9, 4\), .* not \(2, 2, 9, 4\)",
        ),
        ({(2, "stream"): lambda value: 0.0}, ValueError, r"shape \(2, 9, 16\), as it was given, not a float"),
        (lambda layer, site, value: value[..., :1], ValueError, r"\(0, 'attention'\) must return"),
    ],
)
@pytest.mark.parametrize("run", ["hidden", "through"])
def test_edits_that_do_not_fit(model, run, edit, error, message):
    with pytest.raises(error, match=message):
        if run == "hidden":
            model.hidden(IDS, edit=edit)
        else:
            whole(model, edit)


def test_blocks_and_positions_that_do_not_exist(model):
    x = model.embed(IDS, None)
    for first, last in ((-1, 2), (2, 1), (0, 4), (4, None)):
        with pytest.raises(ValueError, match="0 <= first <= last <= 3"):
            model.through(x, first, last)
    with pytest.raises(ValueError, match="holds 12 tokens, but the stream has 13"):
        model.through(np.zeros((1, 13, 16), "float32"))


def test_the_sites_of_a_layer():
    edit = inside.Edit({(1, "heads"): abs, (1, "stream"): abs, (2, "neurons"): abs}, 3)
    assert [edit.sites(i) for i in range(3)] == [set(), {"heads", "stream"}, {"neurons"}]
    assert inside.Edit(None, 3).sites(0) == set() and inside.Edit(abs, 3).sites(2) == set(inside.SITES)
