"""BERT encoders: MiniLM against the transformers library, padding, round trips, fine-tuning, bad input.

`references/make_minilm.py` wrote the vectors that transformers gives.
"""

import math
import pathlib

from bigmodel_lib import models
from bigmodel_lib.models import bert
from bigmodel_lib.tokenizers import Tokenizer

import keras
import numpy as np
import pytest
import tokenizers

pytestmark = pytest.mark.slow

WORDS = "[PAD] [UNK] the a cat dog sat ran under over table fence".split()
REFERENCE = np.load(pathlib.Path(__file__).parent / "references" / "minilm.npz")
SENTENCES = [s.decode() for s in REFERENCE["sentences"]]


@pytest.fixture(scope="module")
def minilm():
    return models.minilm()


def tiny(num_layers=1, dropout=0.0):
    keras.utils.set_random_seed(0)
    model = bert.encoder(
        vocab_size=len(WORDS), d_model=16, num_heads=2, d_ff=32, num_layers=num_layers, seq_len=20, dropout=dropout
    )
    for layer in model.layers:  # weights of 0.02 would leave every attention uniform, and hide mistakes
        layer.set_weights([np.random.normal(scale=0.5, size=w.shape) for w in layer.get_weights()])
    return model


@pytest.fixture(scope="module")
def shared():
    """For the tests that change nothing in it: the backend compiles each shape once."""
    return tiny(num_layers=2)


def tiny_tokenizer():
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return Tokenizer(backend)


def texts(n, seed=0, length=6):
    return np.random.default_rng(seed).integers(2, len(WORDS), (n, length)).tolist()


def classifier(backbone):
    """Keras's own masked mean and one layer of two classes on top of a backbone."""
    mean = keras.layers.GlobalAveragePooling1D()(backbone.output, mask=backbone.input["padding_mask"])
    return keras.Model(backbone.input, keras.layers.Dense(2, name="classes")(mean))


# --- MiniLM against transformers -----------------------------------------------------------------


def test_sentence_vectors_are_those_of_transformers(minilm):
    vectors = bert.encode(*minilm, SENTENCES)
    assert vectors.shape == (len(SENTENCES), 384) and vectors.dtype == np.float32 and len(SENTENCES) >= 8
    assert (vectors * REFERENCE["vectors"]).sum(1).min() > 0.99999
    np.testing.assert_allclose(vectors, REFERENCE["vectors"], atol=2e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_token_vectors_are_those_of_transformers_for_both_token_types(minilm):
    model, tokenizer = minilm
    given = bert.inputs([tokenizer.encode(SENTENCES[0])], 16)
    n = given["padding_mask"].sum()
    np.testing.assert_allclose(model.predict_on_batch(given)[0, :n], REFERENCE["hidden"], atol=5e-5)
    given["token_types"][:] = 1
    np.testing.assert_allclose(model.predict_on_batch(given)[0, :n], REFERENCE["hidden_as_second"], atol=5e-5)


def test_the_tokenizer_pads_nothing_and_cuts_after_256_tokens(minilm):
    _, tokenizer = minilm
    ids = [tokenizer.encode(s) for s in SENTENCES]
    assert [len(i) for i in ids] == REFERENCE["tokens"].tolist() and max(map(len, ids)) == bert.MAX_TOKENS == 256
    assert all(i[0] == tokenizer.id("[CLS]") and i[-1] == tokenizer.id("[SEP]") for i in ids)
    assert tokenizer.decode(ids[0]) == "the cat sits outside."
    long = SENTENCES[-1]
    longer = long + " What comes now is not read."
    assert tokenizer.encode(longer) == ids[-1]
    vectors = bert.encode(*minilm, [long, longer])
    np.testing.assert_allclose(vectors[0], vectors[1], rtol=0, atol=1e-6)  # TensorFlow on one core rounds row by row


def test_a_batch_gives_what_single_sentences_give_in_their_order(minilm):
    batched = bert.encode(*minilm, SENTENCES)
    single = np.concatenate([bert.encode(*minilm, [s]) for s in SENTENCES[:4]])
    np.testing.assert_allclose(single, batched[:4], atol=1e-5)


def test_minilm_knows_which_sentences_mean_the_same(minilm):
    vectors = bert.encode(*minilm, SENTENCES[:3])
    cosine = vectors @ vectors.T
    assert cosine[0, 1] > 0.5 > 0.2 > max(cosine[0, 2], cosine[1, 2])


def test_minilm_has_the_published_size(minilm):
    model, tokenizer = minilm
    pooler = 384 * 384 + 384  # left out
    assert model.count_params() == 22_713_216 - pooler and tokenizer.vocab_size == 30_522


# --- the encoder ---------------------------------------------------------------------------------


def test_one_block_against_its_formula():
    """By hand, in NumPy, from the model's own matrices; gelu from the error function of `math`."""
    keras.utils.set_random_seed(1)
    model = bert.encoder(vocab_size=9, d_model=6, num_heads=2, d_ff=8, num_layers=1, seq_len=5, epsilon=1e-6)
    for layer in model.layers:
        layer.set_weights([np.random.normal(size=w.shape) for w in layer.get_weights()])
    w = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    ids, types, mask = [3, 8, 1, 0], [0, 0, 1, 0], [1, 1, 1, 0]

    def norm(x, name):
        scale, shift = w[name]
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6) * scale + shift

    def dense(x, name):
        return x @ w[f"block_1_{name}"][0] + w[f"block_1_{name}"][1]

    x = w["token_embedding"][0][ids] + w["token_type_embedding"][0][types] + w["position_embedding"][0][:4]
    x = norm(x, "embedding_norm")
    heads = []
    for h in (slice(0, 3), slice(3, 6)):
        scores = dense(x, "query")[:, h] @ dense(x, "key")[:, h].T / np.sqrt(3)
        share = np.exp(scores) * mask
        heads.append(share / share.sum(-1, keepdims=True) @ dense(x, "value")[:, h])
    x = norm(x + dense(np.concatenate(heads, -1), "output"), "block_1_attention_norm")
    up = dense(x, "up")
    gelu = up * 0.5 * (1 + np.vectorize(math.erf)(up / np.sqrt(2)))
    x = norm(x + dense(gelu, "down"), "block_1_norm")
    given = {"token_ids": np.array([ids]), "token_types": np.array([types]), "padding_mask": np.array([mask])}
    np.testing.assert_allclose(model.predict_on_batch(given)[0], x, atol=1e-4)


def test_padding_changes_nothing_whatever_it_holds(shared):
    ids = texts(3)
    short, long = bert.inputs(ids), bert.inputs(ids, 12)
    long["token_ids"][:, 6:] = 7
    np.testing.assert_allclose(shared.predict_on_batch(long)[:, :6], shared.predict_on_batch(short), atol=1e-5)


def test_encode_keeps_the_order_for_any_batch_size(shared):
    sentences = ["the cat", "the dog ran over the fence", "cat", "a dog sat under the table", "the cat"]
    tokenizer = tiny_tokenizer()
    expected = np.concatenate([bert.encode(shared, tokenizer, [s]) for s in sentences])
    for batch_size in (1, 3, 32):
        np.testing.assert_allclose(bert.encode(shared, tokenizer, sentences, batch_size), expected, atol=1e-5)


def test_encode_of_nothing_is_empty(shared):
    assert bert.encode(shared, tiny_tokenizer(), []).shape == (0, 16)


def test_encode_computes_few_shapes(monkeypatch, shared):
    shapes = set()

    def predict(x):
        shapes.add(x["token_ids"].shape)
        return np.ones((*x["token_ids"].shape, 16))

    monkeypatch.setattr(shared, "predict_on_batch", predict)
    bert.encode(shared, tiny_tokenizer(), [" ".join(["cat"] * n) for n in list(range(1, 21)) * 3], batch_size=4)
    assert shapes == {(4, 8), (4, 16), (4, 20)}


def test_the_seed_fixes_the_weights_and_no_two_matrices_are_equal():
    built = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        built.append(bert.encoder(vocab_size=50, d_model=64, num_heads=2, d_ff=32, num_layers=1, seq_len=20))
    for a, b in zip(*(m.get_weights() for m in built)):
        np.testing.assert_array_equal(a, b)
    query, key = (built[0].get_layer(f"block_1_{role}").get_weights()[0] for role in ("query", "key"))
    assert abs(query - key).max() > 0.01 and query.std() == pytest.approx(0.02, rel=0.1)


# --- an ordinary Keras model ---------------------------------------------------------------------


def test_save_and_load(tmp_path):
    model, given = tiny(), bert.inputs(texts(3) + [[4]])
    model.save(tmp_path / "bert.keras")
    loaded = keras.saving.load_model(tmp_path / "bert.keras")
    np.testing.assert_array_equal(loaded.predict_on_batch(given), model.predict_on_batch(given))
    assert loaded.get_layer("position_embedding").seq_len == 20


def test_fine_tuning_a_head_on_a_frozen_backbone(tmp_path):
    """Is there a dog in the text? The mean of random token vectors is enough to tell."""
    keras.utils.set_random_seed(0)
    ids, backbone = (
        texts(256),
        bert.encoder(vocab_size=len(WORDS), d_model=32, num_heads=2, d_ff=32, num_layers=1, seq_len=20),
    )
    answers = np.array([WORDS.index("dog") in row for row in ids], int)
    before = backbone.get_weights()
    backbone.trainable = False
    model = classifier(backbone)
    assert len(model.trainable_variables) == 2
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"])
    model.fit(bert.inputs(ids), answers, epochs=40, batch_size=64, verbose=0)
    assert model.evaluate(bert.inputs(ids), answers, verbose=0)[1] > 0.9
    for old, new in zip(before, backbone.get_weights()):
        np.testing.assert_array_equal(old, new)
    model.save(tmp_path / "classifier.keras")
    loaded = keras.saving.load_model(tmp_path / "classifier.keras")
    given = bert.inputs(ids[:4])
    np.testing.assert_allclose(loaded.predict_on_batch(given), model.predict_on_batch(given), atol=1e-6)


def test_a_training_step_drops_activations_and_trains_every_weight_that_can_matter():
    given, labels, model = bert.inputs(texts(32)), np.arange(32) % 2, classifier(tiny(dropout=0.5))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = {v.path: keras.ops.convert_to_numpy(v) for v in model.trainable_variables}
    without_dropout = model.test_on_batch(given, labels)
    assert model.train_on_batch(given, labels) != pytest.approx(without_dropout, rel=0.01)
    same = {v.path for v in model.trainable_variables if np.array_equal(keras.ops.convert_to_numpy(v), before[v.path])}
    # a bias of the keys shifts all scores of a query alike, and softmax does not see it
    assert {path for path in same if not path.endswith("key/bias")} == set()


def test_lora_trains_its_factors_alone():
    backbone = tiny()
    for layer in backbone.layers:
        layer.trainable = False
    for role in ("query", "value"):
        layer = backbone.get_layer(f"block_1_{role}")
        layer.trainable = True
        layer.enable_lora(2)
        layer.bias.trainable = False
    factors = backbone.trainable_variables
    assert sorted(v.name for v in factors) == ["lora_kernel_a"] * 2 + ["lora_kernel_b"] * 2
    given = bert.inputs(texts(32))
    model = classifier(backbone)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.train_on_batch(given, np.arange(32) % 2)
    for factor in factors:  # B starts from zero
        assert factor.name.endswith("_a") or abs(keras.ops.convert_to_numpy(factor)).max() > 0


def test_quantized_to_int8_it_means_the_same_and_survives_a_file(tmp_path):
    model, sentences = tiny(), ["the cat sat", "a dog ran over the fence", "table"]
    exact = bert.encode(model, tiny_tokenizer(), sentences)
    model.quantize("int8")
    rounded = bert.encode(model, tiny_tokenizer(), sentences)
    assert (exact * rounded).sum(1).min() > 0.99
    model.save(tmp_path / "int8.keras")
    loaded = keras.saving.load_model(tmp_path / "int8.keras")
    np.testing.assert_allclose(bert.encode(loaded, tiny_tokenizer(), sentences), rounded, atol=1e-5)


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sentences", ["one string", ["fine", None], ["fine", 3]])
def test_encode_wants_a_list_of_strings(sentences, shared):
    with pytest.raises(TypeError, match=r"must be a list of strings, not .*\[sentence\]"):
        bert.encode(shared, tiny_tokenizer(), sentences)


@pytest.mark.parametrize("sentence", ["cat " * 21, ""])
def test_encode_refuses_what_the_model_cannot_read(sentence, shared):
    with pytest.raises(ValueError, match=r"must have 1 to 20 tokens, but these have .*enable_truncation"):
        bert.encode(shared, tiny_tokenizer(), [sentence])


def test_encode_refuses_a_tokenizer_of_another_model(minilm, shared):
    with pytest.raises(ValueError, match="30522 tokens, but the model 12: they do not belong together"):
        bert.encode(shared, minilm[1], ["the cat"])


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="its graph does not know the length beforehand")
def test_a_sequence_longer_than_the_positions(shared):
    with pytest.raises(ValueError, match="knows 20 positions, but a sequence of 21 tokens came"):
        shared.predict_on_batch(bert.inputs(texts(1, length=21)))


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="num_heads must divide d_model, but 16 / 3 leaves 1"):
        bert.encoder(vocab_size=9, d_model=16, num_heads=3, d_ff=8, num_layers=1)


def test_inputs_refuses_a_length_that_is_too_short():
    with pytest.raises(ValueError, match="length is 4, but a text has 6 tokens"):
        bert.inputs(texts(2), 4)


def test_a_file_of_another_network_names_what_is_missing(tmp_path):
    from safetensors.numpy import save_file

    save_file({"wte.weight": np.zeros((2, 2), np.float32)}, tmp_path / "gpt.safetensors")
    with pytest.raises(ValueError, match=r"must hold the tensor 'embeddings.word_embeddings.weight'.*wte.weight"):
        bert.load_weights(tiny(), tmp_path / "gpt.safetensors")
