"""Our BPE against the `tokenizers` library: the same merges, ids and encodings; every text comes back."""

import json
import random
import unicodedata

from bigmodel_lib.data import code, text
from bigmodel_lib.tokenizers import bpe

import pytest
import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

CHINESE = (
    "大模型的训练数据决定了它能学到什么。数据清洗、去重、划分与增强，都是训练之前的工作。2026年，模型有1750亿个参数。"
    * 3
)


def byte_letters():
    """The letter by which the library writes each byte."""
    others = iter(range(256, 512))
    return {b: chr(b if b in bpe._PRINTABLE else next(others)) for b in range(256)}


LETTER = byte_letters()


def peer(texts, vocab_size):
    """The same training, done by the library."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def as_written_by_the_library(ours):
    write = ["".join(LETTER[byte] for byte in token) for token in ours.vocab]
    return write, [(write[left], write[right]) for left, right in ours.merges]


def assert_same(texts, vocab_size, probes=()):
    ours, theirs = bpe.train(texts, vocab_size), peer(texts, vocab_size)
    model = json.loads(theirs.to_str())["model"]
    vocab, merges = as_written_by_the_library(ours)
    assert merges == [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"]]
    assert vocab == sorted(model["vocab"], key=model["vocab"].get)
    for probe in probes:
        assert ours.encode(probe) == theirs.encode(probe).ids
    return ours


def odd_texts(seed, n):
    rng = random.Random(seed)
    kinds = (
        (32, 127),
        (0x80, 0x800),
        (0x3000, 0x3100),
        (0x4E00, 0xA000),
        (0x1F300, 0x1F650),
        (9, 14),
        (0x2000, 0x2070),
    )
    return ["".join(chr(rng.randrange(*rng.choice(kinds))) for _ in range(rng.randrange(60))) for _ in range(n)]


def test_same_merges_on_shakespeare():
    plays = text.plays("train")
    assert_same([plays["hamlet"], plays["othello"]], 2000, [plays["king-lear"][:50_000], CHINESE, *odd_texts(0, 200)])


def test_same_merges_on_code():
    sources = [f.source for f in code.functions(("asyncio", "email"))]
    assert_same(sources, 3000, [*sources[:100], text.plays("test")["macbeth"][:20_000], *odd_texts(1, 200)])


def test_same_merges_on_chinese_and_until_pairs_run_out():
    ours = assert_same([CHINESE], 2000, [CHINESE, *odd_texts(2, 50)])
    assert ours.vocab_size < 2000, "a small corpus runs out of pairs"
    assert len(ours.encode(CHINESE)) < len(CHINESE.encode()) / 8


def test_same_merges_where_everything_ties():
    for seed in range(60):
        rng = random.Random(seed)
        words = ["".join(rng.choices("ab" if seed % 2 else "abc", k=rng.randrange(1, 16))) for _ in range(25)]
        assert_same([" ".join(words)], 330, ["abab" * 9, "aaaaaaaab"])
    assert_same(["aaaaaaaaaaa aaaaaaa aaaa", "        x     y  "], 400, ["a" * 50, " " * 33])


def test_same_pieces():
    """Every fifth character of Unicode that this Python knows (newer versions of Unicode add letters)."""
    rule = pre_tokenizers.ByteLevel(add_prefix_space=False)
    back = {letter: byte for byte, letter in LETTER.items()}
    known = [c for c in range(0x1F000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
    for start in range(0, len(known), 5 * 16):
        sample = "".join(chr(c) + "'s x1  " + chr(c) + chr(c) for c in known[start : start + 5 * 16 : 5])
        theirs = [bytes(back[letter] for letter in piece).decode() for piece, _ in rule.pre_tokenize_str(sample)]
        assert theirs == bpe.pieces(sample)


def test_the_small_example():
    ours = bpe.train("low lower lowest", vocab_size=260)
    assert ours.vocab[256:] == [b"lo", b"low", b" low", b" lowe"]
    assert [ours.vocab[i] for i in ours.encode("low lowly")] == [b"low", b" low", b"l", b"y"]
    assert ours.vocab_size == 260 and ours.vocab[0] == b"!" and sorted(bpe.BYTE_ORDER) == list(range(256))


def test_lossless():
    ours = bpe.train(text.plays("test")["macbeth"], 700)
    samples = [
        "",
        " ",
        "\r\n\t\x00",
        CHINESE,
        "🐢🏳️‍🌈 e\u0301 \ud83d\udc22 \udcff",
        "a" * 10_000,
        "大" * 10_000,
        *odd_texts(3, 300),
    ]
    for sample in samples:
        assert ours.decode(ours.encode(sample)) == sample
    rng = random.Random(0)
    for n in (0, 1, 7, 2000):
        data = rng.randbytes(n)
        assert ours.decode_bytes(ours.encode_bytes(data)) == data
    assert ours.encode_bytes(CHINESE.encode()) == ours.encode(CHINESE)


def test_a_cut_within_a_character_gives_the_replacement_character():
    untrained = bpe.BPE(())
    assert untrained.vocab_size == 256 and len(untrained.encode("大")) == 3
    assert untrained.decode(untrained.encode("大")[:2]) == "\ufffd"


def test_the_merges_are_all_there_is():
    trained = bpe.train(CHINESE, 400)
    again = bpe.BPE(trained.merges)
    assert again.vocab == trained.vocab and again.encode(CHINESE) == trained.encode(CHINESE)


def test_bad_input():
    with pytest.raises(ValueError, match="at least 256, one token for each byte, not 255"):
        bpe.train("abc", 255)
    for nothing in ("", [], ["", ""]):
        with pytest.raises(ValueError, match="the corpus is empty"):
            bpe.train(nothing, 300)
    with pytest.raises(ValueError, match="token ids go from 0 to 255, but one is 256"):
        bpe.BPE(()).decode([5, 256])
    with pytest.raises(ValueError, match=r"merge 1 joins \(300, 1\), but there are only 257 tokens"):
        bpe.BPE([(1, 2), (300, 1)])


SPECIAL = ["<|end|>", "<|end|><|end|>", "<|", "ab", "'re", "\n\n"]


def test_special_tokens_longest_first_and_never_merged_across():
    ours = bpe.BPE([(0, 1)], SPECIAL)
    ids = ours.special_tokens
    assert list(ids.values()) == list(range(257, 263)) and ours.vocab_size == 263
    assert ours.encode('<|end|><|end|><|end|>!"<|x') == [
        ids["<|end|><|end|>"], ids["<|end|>"], 256, ids["<|"], *bpe.BPE(()).encode("x")
    ]  # fmt: skip
    assert ours.encode('!ab"') == [0, ids["ab"], 1], 'the merge of ! and " does not reach over a special token'
    assert ours.encode("<|end|>", special=False) == bpe.BPE(()).encode("<|end|>")
    text = "you're<|end|>ab\n\nab"
    assert ours.decode(ours.encode(text)) == text
    assert ours.decode(ours.encode(text), skip_special=True) == "you"
    assert ours.encode_bytes(text.encode()) == ours.encode(text)


def test_special_tokens_as_the_library_sees_them():
    special = ["<|endoftext|>", "<|endoftext|><|user|>", "<|user|>"]
    documents = [text.plays("test")["macbeth"][:20_000], CHINESE]
    ours = bpe.train("<|endoftext|>".join(documents), 600, special_tokens=special)
    theirs = peer(documents, 600 - 3)
    theirs.add_special_tokens(special)
    alone = bpe.train(documents, 600 - 3)
    assert ours.merges == alone.merges and ours.vocab[:597] == alone.vocab
    rng = random.Random(4)
    for _ in range(300):
        sample = "".join(rng.choice([*special, " the ", "'re", "Macbeth", "\n\n", "大", "<|", " "]) for _ in range(12))
        assert ours.encode(sample) == theirs.encode(sample).ids


def test_training_never_counts_a_special_token():
    ours = bpe.train("<|end|>" * 100 + "abab", 300, special_tokens=["<|end|>"])
    assert ours.vocab[256:] == [b"ab", b"abab", b"<|end|>"]
    with pytest.raises(ValueError, match="at least 258, one token for each byte and 2 special tokens, not 257"):
        bpe.train("abc", 257, special_tokens=["x", "y"])
    with pytest.raises(ValueError, match="the corpus is empty"):
        bpe.train("<|end|><|end|>", 300, special_tokens=["<|end|>"])
    for wrong in ([""], ["a", "a"], [b"a"]):
        with pytest.raises(ValueError, match="special tokens must be texts"):
            bpe.BPE((), wrong)


def test_the_bytes_of_gpt2():
    assert LETTER == bpe.BYTE_LETTERS
    assert set(bpe.BYTE_LETTERS.values()) == set(pre_tokenizers.ByteLevel.alphabet())
    texts = [text.plays("test")["macbeth"], CHINESE]
    theirs = peer(texts, 900)
    merges = json.loads(theirs.to_str())["model"]["merges"]
    lines = ["#version: 0.2\n", *(f"{' '.join(m) if isinstance(m, list) else m}\n" for m in merges)]
    ours = bpe.BPE.from_gpt2_merges(lines)
    assert ours.special_tokens == {"<|endoftext|>": 900}
    for sample in [CHINESE, *odd_texts(5, 100)]:
        assert ours.encode(sample) == theirs.encode(sample).ids
    for line in ("Ġ", "Ġ t h", "Ġt h", "a 大", "a \x00"):
        with pytest.raises(ValueError, match="line 2 of the merges must hold two known tokens"):
            bpe.BPE.from_gpt2_merges(["#version: 0.2", line])


def test_save_and_load(tmp_path):
    ours = bpe.train(CHINESE, 400, special_tokens=SPECIAL)
    ours.save(tmp_path / "bpe.json")
    again = bpe.BPE.load(tmp_path / "bpe.json")
    assert again.vocab == ours.vocab and again.merges == ours.merges and again.special_tokens == ours.special_tokens
    assert json.loads((tmp_path / "bpe.json").read_text("utf-8"))["format"] == "bigmodel-bpe-1"
    with pytest.raises(FileNotFoundError):
        bpe.BPE.load(tmp_path / "absent.json")


GOOD = '{"format": "bigmodel-bpe-1", "merges": [[0, 1]], "special_tokens": ["x"]}'


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"3", b"{}", GOOD[:-9].encode(), GOOD.replace("bpe-1", "bpe-9").encode(),
     *(GOOD.replace("[[0, 1]]", merges).encode() for merges in ("7", "[3]", "[[0]]", "[[0, 999]]", '[["a", "b"]]', "[[0.0, 1]]")),
     *(GOOD.replace('["x"]', special).encode() for special in ("7", '[""]', "[1]", '["x", "x"]'))],
)  # fmt: skip
def test_a_broken_file_gives_one_clear_error(tmp_path, content):
    (tmp_path / "bpe.json").write_bytes(content)
    with pytest.raises(ValueError, match=rf"bpe.json \({len(content)} bytes\) is no file that BPE.save wrote: "):
        bpe.BPE.load(tmp_path / "bpe.json")


def test_encoding_in_parts_is_encoding_the_whole():
    trained = bpe.train(text.plays("test")["macbeth"], 500)
    rng = random.Random(6)
    units = [
        "'",
        "r",
        "e",
        "ve",
        "'re",
        "'ll",
        " ",
        "  ",
        "\n",
        "\t",
        "a",
        "ab",
        "7",
        "!",
        "<",
        "|",
        "end",
        "<|end|>",
        "大",
        "\u3000",
    ]
    for special in ([], ["<|end|>"], SPECIAL, ["aaaaaaaa", "a"]):
        ours = bpe.BPE(trained.merges, special)
        for _ in range(1500):
            sample = "".join(rng.choices(units, k=rng.randrange(25)))
            cuts = sorted(rng.randrange(len(sample) + 1) for _ in range(rng.randrange(12)))
            parts = [sample[a:b] for a, b in zip([0, *cuts], [*cuts, len(sample)])]
            size = rng.choice([1, 2, 5, 12])
            assert list(ours.encode_iterable(parts, buffer_size=size)) == ours.encode(sample), (parts, size, special)


def test_encoding_in_parts_holds_only_a_part():
    ours, longest = bpe.BPE((), ["<|end|>"]), 0

    def lines():
        nonlocal longest
        for number in range(20_000):
            yield f"line {number}\n"

    encode = ours.encode

    def watched(part, **options):
        nonlocal longest
        longest = max(longest, len(part))
        return encode(part, **options)

    ours.encode = watched
    assert sum(1 for _ in ours.encode_iterable(lines(), buffer_size=1000)) == sum(map(len, lines()))
    assert longest < 2000


def test_one_special_token_in_place_of_a_list_is_refused():
    with pytest.raises(ValueError, match="must be a list of texts, such as .'<eos>'., not one string"):
        bpe.train("hello so hello so", 270, special_tokens="<eos>")
