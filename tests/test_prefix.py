"""A common beginning computed once gives what `generate_ids` gives on the whole prompts."""

from bigmodel_lib import generation
from bigmodel_lib.generation.prefix import continue_ids
from bigmodel_lib.models import gpt, llama

import keras
import numpy as np
import pytest

BEGINNING = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]
ENDS = {
    "equal lengths": [[7, 8], [8, 7], [1, 1]],
    "unequal lengths": [[7], [8, 7, 2, 2, 9], [1, 4, 4]],
    "one row": [[2, 7, 1]],
    "longer than the beginning": [[7] * 14 + [3], [5]],
}


@pytest.fixture(scope="module", params=["llama", "gpt"])
def model(request):
    keras.utils.set_random_seed(0)
    if request.param == "llama":
        sizes = dict(vocab_size=30, num_layers=2, num_heads=4, num_kv_heads=2, d_model=32, d_ff=64, seq_len=64)
        made = llama.Llama(**sizes)
    else:
        made = gpt.gpt(vocab_size=30, seq_len=64, num_layers=2, num_heads=4, d_model=32)
    for variable in made.trainable_variables:  # larger weights: the text does not fall into one token at once
        variable.assign(4 * variable)
    return made


@pytest.mark.parametrize("ends", ENDS.values(), ids=ENDS)
def test_ids_and_log_probabilities_are_those_of_the_whole_prompts(model, ends):
    wanted, scores = generation.generate_ids(
        model, [BEGINNING + end for end in ends], 12, return_log_probabilities=True
    )
    found, likely = continue_ids(model, BEGINNING, ends, 12)
    assert found == wanted
    for one, other in zip(likely, scores, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4)


def test_a_stop_id_ends_its_own_row(model):
    ends = ENDS["unequal lengths"]
    whole, scores = continue_ids(model, BEGINNING, ends, 12)
    stop = whole[0][3]
    found, likely = continue_ids(model, BEGINNING, ends, 12, stop_ids=[stop])
    assert found == [row[: row.index(stop)] if stop in row else row for row in whole]
    assert [len(row) for row in likely] == [len(row) for row in found]


def test_a_beginning_of_one_token(model):
    found, _ = continue_ids(model, [4], [[7, 8, 9], [2]], 5)
    assert found == generation.generate_ids(model, [[4, 7, 8, 9], [4, 2]], 5)


@pytest.mark.parametrize(
    "beginning, ends, new, words",
    [
        ([], [[1]], 4, "at least one token, but it is empty"),
        ([1], [], 4, "0 ends"),
        ([1], [[1], []], 4, "at least one token, but it is empty"),
        ([1], [[1]], 0, "0 new tokens"),
        ([1], [[30]], 4, "the prompt has 30"),
        ([1] * 40, [[1] * 20], 5, "context holds 64 tokens"),
    ],
)
def test_what_is_refused(model, beginning, ends, new, words):
    with pytest.raises(ValueError, match=words):
        continue_ids(model, beginning, ends, new)


def test_a_model_without_a_cache_is_refused():
    inputs = keras.Input((8,), dtype="int32")
    plain = keras.Model(inputs, keras.layers.Dense(30)(keras.layers.Embedding(30, 4)(inputs)))
    with pytest.raises(TypeError, match="needs a model with a cache"):
        continue_ids(plain, [1], [[2]])
