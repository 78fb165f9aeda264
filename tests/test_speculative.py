"""Speculative decoding writes the greedy text whatever the draft says, and a right draft saves passes."""

from bigmodel_lib import generation
from bigmodel_lib.generation.speculative import lookup_draft, speculative_ids
from bigmodel_lib.models import gpt, llama

import keras
import pytest

PROMPT = [3, 1, 4, 1, 5, 9, 2, 6]
NEW = 20


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    sizes = dict(vocab_size=30, num_layers=2, num_heads=4, num_kv_heads=2, d_model=32, d_ff=64, seq_len=64)
    made = llama.Llama(**sizes)
    for variable in made.trainable_variables:  # larger weights: the text does not fall into one token at once
        variable.assign(4 * variable)
    return made


@pytest.fixture(scope="module")
def greedy(model):
    return generation.generate_ids(model, [PROMPT], NEW)[0]


def oracle(greedy):
    """A draft that is always right."""
    return lambda ids, num: greedy[len(ids) - len(PROMPT) :][:num]


def spoiled(greedy, every):
    """A draft that is wrong at each place of the text that `every` divides."""

    def draft(ids, num):
        begin = len(ids) - len(PROMPT)
        return [(id + 1) % 30 if (begin + i) % every == 0 else id for i, id in enumerate(greedy[begin : begin + num])]

    return draft


def test_the_text_is_varied_enough_to_tell(greedy):
    assert len(set(greedy)) > 4


@pytest.mark.parametrize("num_draft", [1, 3, 8])
@pytest.mark.parametrize("kind", ["lookup", "oracle", "nothing", "always wrong", "every third wrong", "too long"])
def test_every_draft_gives_the_greedy_text(model, greedy, kind, num_draft):
    draft = {
        "lookup": lookup_draft,
        "oracle": oracle(greedy),
        "nothing": lambda ids, num: [],
        "always wrong": spoiled(greedy, 1),
        "every third wrong": spoiled(greedy, 3),
        "too long": lambda ids, num: greedy[len(ids) - len(PROMPT) :] + [0] * 50,
    }[kind]
    ids, counts = speculative_ids(model, PROMPT, NEW, num_draft=num_draft, draft=draft)
    assert ids == greedy and sum(counts) >= NEW and max(counts) <= num_draft + 1


def test_a_right_draft_saves_passes_and_a_wrong_one_does_not(model, greedy):
    assert speculative_ids(model, PROMPT, 19, num_draft=5, draft=oracle(greedy + [0]))[1][:4] == [1, 6, 6, 6]
    assert speculative_ids(model, PROMPT, NEW, num_draft=5, draft=spoiled(greedy, 1))[1] == [1] * NEW
    assert speculative_ids(model, PROMPT, NEW, draft=lambda ids, num: [])[1] == [1] * NEW


def test_it_stops_before_a_stop_id_within_a_draft(model, greedy):
    stop = greedy[7]
    expected = greedy[: greedy.index(stop)]
    for draft in (oracle(greedy), lookup_draft):
        assert speculative_ids(model, PROMPT, NEW, stop_ids=[stop], draft=draft)[0] == expected
    assert speculative_ids(model, PROMPT, NEW, stop_ids=[greedy[0]])[0] == []


def test_the_same_with_a_gpt_and_after_the_weights_have_changed(model, greedy):
    small = gpt.gpt(vocab_size=30, seq_len=64, num_layers=1, d_model=16, num_heads=2)
    assert speculative_ids(small, PROMPT, NEW)[0] == generation.generate_ids(small, [PROMPT], NEW)[0]
    kept = model.get_weights()
    model.embedding.embeddings.assign(model.embedding.embeddings[::-1])
    changed = generation.generate_ids(model, [PROMPT], NEW)[0]
    assert changed != greedy and speculative_ids(model, PROMPT, NEW)[0] == changed
    model.set_weights(kept)


@pytest.mark.parametrize(
    "ids, num, longest, expected",
    [
        ([1, 2, 3, 4, 9, 1, 2], 3, 3, [3, 4, 9]),
        ([1, 2, 3, 4, 9, 1, 2], 9, 3, [3, 4, 9, 1, 2]),
        ([5, 1, 7, 5, 1, 8, 5, 1], 1, 3, [8]),  # the latest place
        ([4, 5, 1, 7, 2, 5, 1, 8, 4, 5, 1], 1, 3, [7]),  # three tokens agree: before the latest place of two
        ([4, 5, 1, 7, 2, 5, 1, 8, 4, 5, 1], 1, 2, [8]),
        ([1, 1, 1], 2, 3, [1]),
        ([1, 2, 3], 4, 3, []),
        ([1], 4, 3, []),
    ],
)
def test_lookup(ids, num, longest, expected):
    assert lookup_draft(ids, num, longest) == expected


def test_a_lookup_with_more_tokens_that_must_agree():
    assert lookup_draft([7, 5, 1, 2, 9, 1], 2, shortest=2) == [] and lookup_draft([7, 5, 1, 2, 9, 1], 2) == [2, 9]
    assert lookup_draft([5, 1, 2, 9, 5, 1], 2, shortest=2) == [2, 9]


def test_bad_input(model):
    with pytest.raises(ValueError, match="longest must be at least shortest = 4, not 3"):
        lookup_draft([1, 2], 3, shortest=4)
    with pytest.raises(ValueError, match="num_draft must be at least 1, not 0"):
        speculative_ids(model, PROMPT, num_draft=0)
    with pytest.raises(ValueError, match="max_new_tokens must be at least 1, not 0"):
        speculative_ids(model, PROMPT, 0)
    with pytest.raises(ValueError, match="longest must be at least 1, not 0"):
        lookup_draft([1, 2], 3, longest=0)
    with pytest.raises(ValueError, match="the prompt must have at least one token"):
        speculative_ids(model, [])
    with pytest.raises(ValueError, match="context holds 64 tokens"):
        speculative_ids(model, PROMPT, 50, num_draft=8)
    other = keras.Sequential([keras.Input((8,), dtype="int32"), keras.layers.Embedding(30, 30)])
    with pytest.raises(TypeError, match="a model with a cache"):
        speculative_ids(other, PROMPT)
