"""The Llama decoder: equal to transformers on the published weights; sizes, saving, training, and bad input on a tiny one."""

import pathlib

from bigmodel_lib import assets, generation
from bigmodel_lib.models import attention, llama
from bigmodel_lib.models.gguf import GGUF
from tests.references.smollm2_texts import NUMERALS, TEXTS

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.slow

REFERENCE = np.load(pathlib.Path(__file__).parent / "references" / "smollm2.npz")
PROMPTS = ("english", "code", "chinese", "chat")


def tiny(**changes):
    sizes = {"num_layers": 2, "d_model": 32, "num_heads": 4, "num_kv_heads": 2, "d_ff": 48, "vocab_size": 50}
    return llama.Llama(**(sizes | {"seq_len": 64} | changes))


@pytest.fixture(scope="module")
def smollm2():
    return llama.smollm2()


# ---------------------------------------------------------------- against transformers


@pytest.mark.parametrize("name", PROMPTS)
def test_logits_are_those_of_transformers(smollm2, name):
    model, _ = smollm2
    found = generation.logits(model, REFERENCE[f"{name}_ids"].tolist())
    assert np.abs(found[:, REFERENCE["columns"]] - REFERENCE[f"{name}_logits"]).max() < 1e-3
    assert (found.argmax(-1) == REFERENCE[f"{name}_argmax"]).all()


def test_greedy_continuations_are_those_of_transformers_alone_and_in_a_batch(smollm2):
    model, _ = smollm2
    prompts = [REFERENCE[f"{name}_ids"].tolist() for name in PROMPTS]
    expected = [REFERENCE[f"{name}_greedy"].tolist() for name in PROMPTS]
    assert generation.generate_ids(model, prompts, 24) == expected  # unequal lengths, padded
    assert generation.generate_ids(model, prompts[:1], 24) == expected[:1]


@pytest.mark.parametrize("name, text", (TEXTS | NUMERALS).items())
def test_token_ids_are_those_of_transformers_and_llama_cpp(smollm2, name, text):
    _, tokenizer = smollm2
    ids = tokenizer.encode(text)
    assert ids == REFERENCE[f"text_{name}"].tolist()
    assert tokenizer.decode(ids, skip_special=False) == text


def test_the_published_sizes(smollm2):
    model, tokenizer = smollm2
    assert model.count_params() == 134_515_008
    assert model.seq_len == 8192 and model.vocab_size == tokenizer.vocab_size == 49152
    assert [tokenizer.token(i) for i in tokenizer.stop_ids] == ["<|endoftext|>", "<|im_end|>"]


# ---------------------------------------------------------------- the architecture, on tiny models


def test_a_token_does_not_see_what_follows_it():
    model = tiny()
    ids = np.arange(10)[None]
    changed = ids.copy()
    changed[0, 6:] = 0
    before, after = (keras.ops.convert_to_numpy(model(x)) for x in (ids, changed))
    np.testing.assert_allclose(before[:, :6], after[:, :6], atol=1e-6)
    assert np.abs(before[:, 6:] - after[:, 6:]).max() > 1e-4


def test_rotation_keeps_lengths_and_depends_on_the_distance_only():
    rng = np.random.default_rng(0)
    q, k = rng.normal(size=(2, 1, 1, 1, 8)).astype("float32")

    def product(i, j):
        def turned(x, position):
            angles = position * 100.0 ** (-np.arange(0, 8, 2) / 8)
            return keras.ops.convert_to_numpy(attention.rotate(x, np.cos(angles, dtype="f"), np.sin(angles, dtype="f")))

        assert np.linalg.norm(turned(q, i)) == pytest.approx(np.linalg.norm(q), rel=1e-6)
        return float((turned(q, i) * turned(k, j)).sum())

    assert product(3, 1) == pytest.approx(product(13, 11), abs=1e-5)
    assert product(3, 1) != pytest.approx(product(3, 2), abs=1e-3)


def test_grouped_queries_equal_full_attention_with_repeated_keys():
    grouped, full = tiny(num_layers=1), tiny(num_layers=1, num_kv_heads=4)
    wide = [v for v in full.weights]
    for a, b in zip(grouped.weights, wide):
        value = keras.ops.convert_to_numpy(a)
        if a.shape != b.shape:  # qkv: 4 query heads, then 2 key and 2 value heads that become 4 and 4
            q, k, v = np.split(value.reshape(32, 8, 8), [4, 6], axis=1)
            value = np.concatenate([q, k.repeat(2, 1), v.repeat(2, 1)], axis=1).reshape(32, -1)
        b.assign(value)
    ids = np.arange(9)[None]
    np.testing.assert_allclose(*(keras.ops.convert_to_numpy(m(ids)) for m in (grouped, full)), atol=1e-5)


def test_saving_and_loading_gives_the_same_logits(tmp_path):
    model = tiny()
    model.save(tmp_path / "tiny.keras")
    again = keras.models.load_model(tmp_path / "tiny.keras")
    ids = np.arange(12)[None]
    np.testing.assert_array_equal(*(keras.ops.convert_to_numpy(m(ids)) for m in (model, again)))
    assert again.get_config() == model.get_config()


def test_fit_lowers_the_loss():
    keras.utils.set_random_seed(0)
    model = tiny()
    text = np.tile(np.arange(17), (32, 1))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.optimizer.learning_rate = 0.01
    losses = model.fit(text[:, :-1], text[:, 1:], epochs=15, batch_size=16, verbose=0).history["loss"]
    assert losses[0] == pytest.approx(np.log(50), abs=0.5) and losses[-1] < 0.5


def test_lora_trains_its_own_weights_alone():
    model = tiny()
    for layer in (model.embedding, model.output_norm):
        layer.trainable = False
    for block in model.blocks:
        for layer in block._flatten_layers(include_self=False):
            layer.trainable = False
        block.attention.trainable = True
        block.attention.out.trainable = False
        block.attention.qkv.trainable = True
        block.attention.qkv.enable_lora(2)
    frozen = keras.ops.convert_to_numpy(model.embedding.embeddings)
    assert len(model.trainable_weights) == 2 * 2
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    ids = np.tile(np.arange(9), (8, 1))
    before = generation.generate_ids(model, [[1, 2, 3]], 4)
    model.optimizer.learning_rate = 0.1
    model.fit(ids[:, :-1], ids[:, 1:], epochs=4, verbose=0)
    np.testing.assert_array_equal(frozen, keras.ops.convert_to_numpy(model.embedding.embeddings))
    assert generation.generate_ids(model, [[1, 2, 3]], 4) != before  # decoding sees the weights as they are now


# ---------------------------------------------------------------- bad input


def test_sizes_that_do_not_fit():
    with pytest.raises(ValueError, match="multiple of num_kv_heads"):
        tiny(num_kv_heads=3)
    with pytest.raises(ValueError, match="head_dim must be even"):
        tiny(head_dim=5)


def test_a_sequence_longer_than_the_context():
    with pytest.raises(ValueError, match="holds 64 tokens, but the sequence has 65"):
        tiny()(np.zeros((1, 65), "int32"))


def test_a_file_cut_short(tmp_path):
    whole = assets.fetch("smollm2-135m")
    with whole.open("rb") as stream:
        head = stream.read(8_000_000)
    for name, content in (
        ("cut", head),
        ("header", head[:1000]),
        ("not", b"this is no GGUF file" * 100),
        ("empty", b""),
    ):
        path = tmp_path / f"{name}.gguf"
        path.write_bytes(content)
        with pytest.raises(ValueError, match="must be a complete GGUF file"):
            GGUF(path)
    with pytest.raises(FileNotFoundError, match="no GGUF file"):
        GGUF(tmp_path / "missing.gguf")


def test_a_tensor_that_is_not_there(smollm2):
    with pytest.raises(KeyError, match="no tensor 'output.weight'"):
        GGUF(assets.path("smollm2-135m")).tensor("output.weight")
