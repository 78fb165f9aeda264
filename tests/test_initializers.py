"""Initial weights: the draws of Keras's own initialiser, and blank models for weights from a file."""

from bigmodel_lib.models.initializers import Normal, RandomNormal, blank
from bigmodel_lib.models.llama import Llama

import keras
import numpy as np
import pytest

TINY = {"vocab_size": 11, "num_layers": 1, "num_heads": 2, "d_model": 8, "d_ff": 16, "seq_len": 6}


def values(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_random_normal_draws_what_keras_draws():
    for seed in (0, 7):
        ours, theirs = RandomNormal(1.0, 0.5, seed=seed), keras.initializers.RandomNormal(1.0, 0.5, seed=seed)
        np.testing.assert_array_equal(values(ours((40, 30))), values(theirs((40, 30))))


def test_without_a_seed_the_global_one_decides_and_blank_leaves_it_alone():
    def drawn(make, blank_before):
        keras.utils.set_random_seed(3)
        first = make(stddev=0.02)
        if blank_before:
            with blank():
                assert not values(first((5, 4))).any()
        return values(make(stddev=0.02)((5, 4))), values(Normal()((5, 4)))

    expected = drawn(keras.initializers.RandomNormal, False)
    for blank_before in (False, True):
        for a, b in zip(drawn(RandomNormal, blank_before), expected):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_blank_gives_zeros_of_the_shape_and_type_asked_for(dtype):
    with blank():
        matrix = RandomNormal()((3, 2), dtype=dtype)
    assert matrix.shape == (3, 2) and keras.backend.standardize_dtype(matrix.dtype) == dtype
    assert not values(matrix).any()


def test_a_blank_llama_has_zeros_where_another_draws_and_ones_in_its_norms():
    with blank():
        model = Llama(**TINY)
    drawn = Llama(**TINY)
    for here, there in zip(model.weights, drawn.weights):
        assert here.shape == there.shape
        if here.name == "scale":
            assert (values(here) == 1).all()
        else:
            assert not values(here).any() and values(there).std() > 0


def test_blank_ends_with_its_block_also_after_an_error():
    with pytest.raises(KeyError), blank():
        with blank():
            pass
        assert not values(RandomNormal()((4,))).any()  # the inner block has ended, the outer not
        raise KeyError
    assert values(RandomNormal()((4,))).any()


def test_it_comes_back_from_its_configuration():
    initializer = keras.initializers.deserialize(keras.initializers.serialize(RandomNormal(stddev=0.5, seed=4)))
    assert type(initializer) is RandomNormal
    np.testing.assert_array_equal(values(initializer((6,))), values(RandomNormal(stddev=0.5, seed=4)((6,))))
