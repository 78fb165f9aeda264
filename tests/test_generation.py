"""Decoding, sampling and scoring: with a cache as without, batched as one by one, sampled as computed by hand."""

import math

from bigmodel_lib import generation
from bigmodel_lib.generation.decoder import decoder
from bigmodel_lib.models import gpt
from bigmodel_lib.models.llama import Llama

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.slow


class Letters:
    """A tokenizer for a model of 32 ids: one letter a token; id 31 stops."""

    stop_ids = (31,)

    def encode(self, text):
        return [ord(letter) - 97 for letter in text]

    def decode(self, ids):
        return "".join(chr(97 + id) for id in ids)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    model = Llama(
        num_layers=2, d_model=32, num_heads=4, num_kv_heads=2, d_ff=48, vocab_size=32, seq_len=96, rope_theta=100.0
    )
    for variable in model.trainable_variables:  # larger weights: the likeliest token is not always the last one again
        if "kernel" in variable.path or "embeddings" in variable.path:
            variable.assign(variable * 12)
    return model


PROMPTS = [[1, 2, 3], [4, 5, 6, 7, 8, 9, 10], [11]]


# ---------------------------------------------------------------- the cache


def test_logits_with_a_cache_are_those_without(model):
    ids = np.random.default_rng(0).integers(0, 32, 20).tolist()
    whole = generation.logits(model, ids)
    logits, state = decoder(model).prefill([ids[:7]], 20)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(logits)[0], whole[6], atol=1e-4)
    for t in range(7, 20):
        logits, state = decoder(model).step(np.array([ids[t]]), state)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(logits)[0], whole[t], atol=1e-4)


def by_hand(model, ids, count):
    ids = list(ids)
    for _ in range(count):
        ids.append(int(generation.logits(model, ids)[-1].argmax()))
    return ids[-count:]


def test_greedy_is_the_likeliest_token_every_time(model):
    expected = [by_hand(model, prompt, 20) for prompt in PROMPTS]
    assert len(set(map(tuple, expected))) == 3 and len(set(expected[1])) > 3  # not a trivial case
    assert generation.generate_ids(model, PROMPTS, 20) == expected
    assert [generation.generate_ids(model, [prompt], 20)[0] for prompt in PROMPTS] == expected


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9])
def test_the_number_of_new_tokens(model, count):
    assert [len(row) for row in generation.generate_ids(model, PROMPTS, count)] == [count] * 3
    assert [len(row) for row in generation.generate_ids(model, PROMPTS, count, temperature=1.0, seed=0)] == [count] * 3


def test_rows_stop_at_their_own_stop_token(model):
    free = generation.generate_ids(model, PROMPTS, 20)
    stop = free[1][3]
    expected = [row[: row.index(stop)] if stop in row else row for row in free]
    assert generation.generate_ids(model, PROMPTS, 20, stop_ids=[stop]) == expected


def test_the_context_can_be_used_to_its_end(model):
    prompt = [i % 32 for i in range(90)]
    assert generation.generate_ids(model, [prompt], 6)[0] == by_hand(model, prompt, 6)


def test_trained_weights_are_seen_at_once(model):
    before = generation.logits(model, [1, 2, 3])
    kept = keras.ops.convert_to_numpy(model.output_norm.scale)
    model.output_norm.scale.assign(kept * 2)
    np.testing.assert_allclose(generation.logits(model, [1, 2, 3]), 2 * before, rtol=1e-4, atol=1e-4)
    model.output_norm.scale.assign(kept)


# ---------------------------------------------------------------- sampling


def test_sampling_is_repeatable_and_rows_differ(model):
    options = {"temperature": 1.5, "max_new_tokens": 12}
    same = [generation.generate_ids(model, [[1, 2]] * 3, seed=5, **options) for _ in range(2)]
    assert same[0] == same[1] and len(set(map(tuple, same[0]))) == 3
    assert generation.generate_ids(model, [[1, 2]], seed=5, **options)[0] == same[0][0]  # the first row alone
    assert generation.generate_ids(model, [[1, 2]] * 3, seed=6, **options) != same[0]


def test_low_temperature_and_top_k_of_one_are_greedy(model):
    greedy = generation.generate_ids(model, PROMPTS, 10)
    assert generation.generate_ids(model, PROMPTS, 10, temperature=1e-4, seed=0) == greedy
    assert generation.generate_ids(model, PROMPTS, 10, temperature=1.0, top_k=1, seed=0) == greedy


def brute_force(logits, temperature, top_k, top_p):
    """The distribution by its definition, token by token."""
    weights = {i: math.exp(x / temperature) for i, x in enumerate(logits)}
    order = sorted(weights, key=lambda i: -weights[i])[: top_k or None]
    total, kept, mass = sum(weights[i] for i in order), [], 0.0
    for i in order:
        kept.append(i)
        mass += weights[i] / total
        if mass >= top_p and top_p < 1:
            break
    kept_total = sum(weights[i] for i in kept)
    return {i: weights[i] / kept_total for i in kept}


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("top_k, top_p", [(None, 1.0), (5, 1.0), (None, 0.7), (8, 0.6), (1, 0.1), (100, 1.0)])
def test_kept_tokens_are_those_of_the_definition(temperature, top_k, top_p):
    logits = np.random.default_rng(3).normal(size=40) * 2
    ids, probabilities = generation.kept_tokens(logits, temperature, top_k, top_p)
    expected = brute_force(logits, temperature, top_k, top_p)
    assert dict(zip(ids.tolist(), probabilities)) == pytest.approx(expected)
    assert (np.diff(probabilities) <= 0).all()


def test_ties_at_the_border_of_top_k_keep_exactly_k():
    ids, probabilities = generation.kept_tokens(np.zeros(6), top_k=3)
    assert len(ids) == 3 and probabilities == pytest.approx([1 / 3] * 3)


def test_drawn_frequencies_are_the_probabilities():
    logits, rng = np.log([0.4, 0.3, 0.2, 0.1]), np.random.default_rng(0)
    drawn = np.bincount([generation.sample(logits, rng, top_k=3) for _ in range(4000)], minlength=4) / 4000
    np.testing.assert_allclose(drawn, [4 / 9, 3 / 9, 2 / 9, 0], atol=0.03)


def test_next_token_probabilities(model):
    ids, probabilities = generation.next_token_probabilities(model, Letters(), "bcd", top_k=4)
    logits = generation.logits(model, Letters().encode("bcd"))[-1]
    assert dict(zip(ids.tolist(), probabilities)) == pytest.approx(brute_force(logits, 1.0, 4, 1.0), rel=1e-4)
    only, sure = generation.next_token_probabilities(model, Letters(), "bcd", temperature=0)
    assert only.tolist() == [logits.argmax()] and sure.tolist() == [1.0]


# ---------------------------------------------------------------- text in, text out


def test_streamed_pieces_join_to_the_generated_text(model):
    for options in ({}, {"temperature": 1.0, "top_k": 5, "seed": 3}):
        whole = generation.generate(model, Letters(), "bcd", 15, **options)
        assert "".join(generation.stream(model, Letters(), "bcd", 15, **options)) == whole


def test_a_list_of_prompts_gives_a_list_of_texts(model):
    texts = ["bcd", "efghijk"]
    batch = generation.generate(model, Letters(), texts, 10)
    assert batch == [generation.generate(model, Letters(), text, 10) for text in texts]


def test_chat_prompt():
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "2"},
    ]
    assert generation.chat_prompt(turns, system="") == (
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\n2<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    default = generation.chat_prompt("Hi")
    assert default.startswith(
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_"
    )
    assert generation.chat_prompt([{"role": "system", "content": "Be brief."}, *turns]).startswith(
        "<|im_start|>system\nBe b"
    )


# ---------------------------------------------------------------- scoring


def test_log_likelihood_sums_the_log_softmax(model):
    ids = Letters().encode("abcabd")
    logits = generation.logits(model, ids).astype("float64")
    expected = sum(row[id] - np.log(np.exp(row).sum()) for row, id in zip(logits, ids[1:]))
    assert generation.log_likelihood(model, Letters(), "abcabd") == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("window, stride", [(16, 8), (16, 15), (10, 3), (96, 40)])
def test_perplexity_scores_every_token_once_in_its_first_window(model, window, stride):
    text = "".join(chr(97 + i) for i in np.random.default_rng(0).integers(0, 26, 45))
    ids, scores = Letters().encode(text), {}
    for begin in range(0, len(ids), stride):
        for t, score in enumerate(generation.token_log_probabilities(model, ids[begin : begin + window]), begin + 1):
            scores.setdefault(t, score)
        if begin + window >= len(ids):
            break
    assert sorted(scores) == list(range(1, 45))
    expected = math.exp(-np.mean(list(scores.values())))
    assert generation.perplexity(model, Letters(), text, window, stride) == pytest.approx(expected, rel=1e-5)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda m: generation.generate_ids(m, [[1], []]), "at least one token, but it is empty"),
        (lambda m: generation.generate(m, Letters(), ""), "at least one token, but it is empty"),
        (lambda m: generation.generate_ids(m, []), "at least one prompt"),
        (lambda m: generation.generate_ids(m, [[32]]), r"must be in 0 … 31, but the prompt has 32"),
        (lambda m: generation.logits(m, [3, -1]), r"must be in 0 … 31, but the prompt has -1"),
        (
            lambda m: generation.generate_ids(m, [[1] * 90], 7),
            "context holds 96 tokens, but the prompt has 90 and 7 new",
        ),
        (lambda m: generation.logits(m, [1] * 97), "context holds 96 tokens, but the text has 97"),
        (lambda m: generation.generate_ids(m, [[1]], temperature=-1), "temperature must be 0"),
        (lambda m: generation.generate_ids(m, [[1]], temperature=1, top_k=0), "top_k must keep at least one"),
        (lambda m: generation.generate_ids(m, [[1]], temperature=1, top_p=0), r"top_p must be in \(0, 1\]"),
        (lambda m: generation.kept_tokens(np.zeros(3), top_p=1.5), r"top_p must be in \(0, 1\]"),
        (lambda m: generation.perplexity(m, Letters(), "abc", window=200), "window must be between 2 and"),
        (lambda m: generation.perplexity(m, Letters(), "abc", 16, 16), "stride must be between 1 and window - 1"),
        (lambda m: generation.perplexity(m, Letters(), "a", 16, 8), "at least two tokens, not 1"),
        (
            lambda m: generation.chat_prompt([{"role": "robot", "content": ""}]),
            "role must be system, user or assistant",
        ),
        (lambda m: generation.chat_prompt([]), "at least one message"),
    ],
)
def test_bad_input_gets_one_clear_error(model, call, message):
    with pytest.raises(ValueError, match=message):
        call(model)


# ---------------------------------------------------------------- any causal model, any tokenizer


@pytest.fixture(scope="module")
def small_gpt():
    keras.utils.set_random_seed(3)
    model = gpt.gpt(vocab_size=32, num_layers=2, num_heads=2, d_model=16, seq_len=40)
    for variable in model.trainable_variables:
        if "kernel" in variable.path or "embeddings" in variable.path:
            variable.assign(variable * 15)
    return model


def test_a_gpt_gives_the_same_text_with_a_cache_as_without(small_gpt):
    assert decoder(small_gpt).cached and not decoder(small_gpt, use_cache=False).cached
    for options in ({}, {"temperature": 1.0, "seed": 1}):
        texts = [
            generation.generate(small_gpt, Letters(), ["bcd", "efghijk"], 20, **options, use_cache=c)
            for c in (True, False)
        ]
        assert texts[0] == texts[1] and len(texts[0][0]) > 3


def test_the_window_of_a_gpt_slides_over_its_context(small_gpt):
    ids = [i % 32 for i in range(38)]
    expected = list(ids)
    for _ in range(6):
        expected.append(int(generation.logits(small_gpt, expected[-40:])[-1].argmax()))
    assert generation.generate_ids(small_gpt, [ids], 6)[0] == expected[38:]


def test_a_model_of_ones_own_that_is_causal():
    ids = keras.Input((None,), dtype="int32")
    successor = keras.layers.Embedding(32, 32, embeddings_initializer=keras.initializers.Constant(0.0))
    own = keras.Model(ids, successor(ids))
    successor.embeddings.assign(np.roll(np.eye(32), 1, axis=1) * 9)  # each letter is followed by the next
    assert generation.generate(own, Letters(), ["abc", "x"], 4) == ["defg", "yz{|"]


def test_a_byte_pair_tokenizer_of_the_course(model):
    from bigmodel_lib.tokenizers import bpe

    tokenizer = bpe.train("aab aab aac " * 9, 260)
    own = keras.Sequential(
        [keras.Input((8,), dtype="int32"), keras.layers.Embedding(tokenizer.vocab_size, tokenizer.vocab_size)]
    )
    assert isinstance(generation.generate(own, tokenizer, "aab", 12), str)


def test_log_probabilities_of_what_was_generated(model):
    new, scores = generation.generate_ids(
        model, PROMPTS, 9, stop_ids=[31], temperature=0.8, seed=2, return_log_probabilities=True
    )
    assert new == generation.generate_ids(model, PROMPTS, 9, stop_ids=[31], temperature=0.8, seed=2)
    for prompt, row, got in zip(PROMPTS, new, scores):
        expected = generation.token_log_probabilities(model, prompt + row)[len(prompt) - 1 :]
        np.testing.assert_allclose(got, expected, atol=1e-4)


def test_continuations_are_scored_together_as_one_by_one(model):
    continuations = ["d", "efg", "hijklmn", "zz"] * 3
    together = generation.continuation_log_likelihoods(model, Letters(), "abc", continuations)
    for text, got in zip(continuations, together):
        whole = generation.token_log_probabilities(model, Letters().encode("abc" + text))
        assert got == pytest.approx(whole[2:].sum(), abs=1e-4)


def test_what_is_neither_a_causal_model_nor_a_tokenizer(model):
    flat = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    for wrong in (flat, "a model", None):
        with pytest.raises(TypeError, match="needs a causal Keras model, which maps ids"):
            generation.generate_ids(wrong, [[1]], 2)
    with pytest.raises(TypeError, match="needs a tokenizer with encode"):
        generation.generate(model, object(), "abc")


def test_a_model_with_a_layer_more_is_run_without_a_cache():
    tokens = keras.layers.ReversibleEmbedding(11, 8, name="tokens")
    ids = keras.Input((12,), dtype="int32")
    x = gpt.Block(2, causal=True, name="block_1")(tokens(ids))
    x = keras.layers.Dense(8, name="mix")(keras.layers.LayerNormalization(name="norm")(x))
    with pytest.raises(TypeError, match="must be one that `gpt` made"):
        gpt.Stack(keras.Model(ids, tokens(x, reverse=True)))


def test_more_than_the_cache_holds_is_an_error():
    model = Llama(vocab_size=11, num_layers=1, num_heads=2, d_model=8, d_ff=16, seq_len=8)
    cache = model.empty_cache(1, 8)
    with pytest.raises(ValueError, match="the cache of .* holds 8 tokens"):
        model.hidden(np.zeros((1, 4), "int32"), cache, start=6)
    with pytest.raises(ValueError, match="the context of .* holds 8 tokens"):
        model.hidden(np.zeros((1, 9), "int32"), model.empty_cache(1, 16))


@pytest.mark.parametrize("given", [-1, -5])
def test_a_negative_number_of_tokens_is_refused(given):
    model = Llama(vocab_size=11, num_layers=1, num_heads=2, d_model=8, d_ff=16, seq_len=8)
    with pytest.raises(ValueError, match="must not be negative"):
        generation.generate_ids(model, [[1, 2]], given)
