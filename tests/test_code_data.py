"""The standard library as a corpus of whole files, and what each byte of a program is."""

import io
import tokenize

from bigmodel_lib.data import code

import numpy as np
import pytest


def test_a_package_is_in_one_split_only():
    packages = {split: {file.package for file in code.files(split)} for split in ("train", "validation", "test")}
    assert packages["test"] == set(code.HELD_OUT["test"])
    assert packages["validation"] == set(code.HELD_OUT["validation"])
    assert not packages["train"] & (packages["test"] | packages["validation"])
    assert len(packages["train"]) > 100 and not packages["train"] & {"encodings", "tkinter", "pydoc_data"}
    assert not any(name.startswith(("_sysconfigdata", "config-")) for name in packages["train"])


def test_files_are_whole_in_order_and_text():
    train = code.files("train")
    assert [file.path.split("/") for file in train] == sorted(file.path.split("/") for file in train)
    assert len({file.path for file in train}) == len(train) > 200
    assert all(file.source.strip() and "\0" not in file.source and "\r" not in file.source for file in train)
    assert {file.package for file in train} == {file.path.split("/")[0].removesuffix(".py") for file in train}
    decoder = next(file for file in code.files("test") if file.path == "json/decoder.py")
    assert "class JSONDecoder" in decoder.source
    assert 5e6 < sum(len(file.source) for file in train) < 12e6


def test_unknown_split_lists_the_splits():
    with pytest.raises(ValueError, match="has no split 'dev'; its splits are: 'train', 'validation', 'test'"):
        code.files("dev")


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A standard library of our own, and the loaders without their memory."""
    monkeypatch.setattr(code.sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "good.py").write_bytes("def f():\r\n    return 'é'\r\n".encode())
    return tmp_path


def test_what_is_no_text_is_left_out(library):
    (library / "email" / "nul.py").write_bytes(b"x = 1\0\n")
    (library / "email" / "latin.py").write_bytes("x = 'é'\n".encode("latin-1"))
    (library / "email" / "__init__.py").write_bytes(b"")
    (library / "email" / "blank.py").write_bytes(b"\n  \n")
    (library / "no_package_of_python.py").write_text("x = 1\n")
    (library / "encodings.py").write_text("x = 1\n")
    (library / "json").mkdir()
    (library / "json" / "held_out.py").write_text("x = 1\n")
    found = code.files.__wrapped__("train")
    assert [(file.package, file.path) for file in found] == [("email", "email/good.py")]
    assert found[0].source == "def f():\n    return 'é'\n"


def test_an_empty_package_that_should_be_held_out_is_named(library):
    for package in code.HELD_OUT["test"]:
        (library / package).mkdir()
        (library / package / "__init__.py").write_text("x = 1\n" if package != "json" else "")
    with pytest.raises(
        ValueError, match=r"'test' needs packages of which this Python has no file with text: \['json'\]"
    ):
        code.files.__wrapped__("test")


def test_functions_pass_over_a_nul_byte_and_read_broken_utf_8(library):
    (library / "email" / "nul.py").write_bytes(b"def g():\n    return 1\0\n")
    (library / "email" / "latin.py").write_bytes("def h():\n    return 'é'\n".encode("latin-1"))
    found = code.functions.__wrapped__(("email",))
    assert [function.name for function in found] == ["f", "h"] and "\ufffd" in found[1].source


LETTERS = dict(zip(code.KINDS, "_ik.0sp"))


def spelled(source: str) -> str:
    return "".join(LETTERS[code.KINDS[kind]] for kind in code.byte_kinds(source))


@pytest.mark.parametrize(
    "source, kinds",
    [
        ("", ""),
        ("x = 10\n", "i_._00_"),
        ("if é: pass", "kk_ii._kkkk"),  # é has two bytes
        ("a='é'#é", "i.ssssppp"),
        ('def f():\n    """A."""\n    return "b"\n', "kkk_i..._____pppppppp_____kkkkkk_sss_"),
        ('"""Doc."""\nx = """a\nb"""\n', "pppppppppp_i_._sssssssss_"),
        ("x = (1,  # one\n     2)\n", "i_._.0.__ppppp______0._"),
        ("print(f'a{b}')", None),
    ],
)
def test_kinds_of_bytes(source, kinds):
    found = spelled(source)
    assert len(found) == len(source.encode("utf-8"))
    if kinds is not None:
        assert found == kinds


def test_kinds_agree_with_the_tokenizer_on_real_files():
    """Every name, number and operator that Python finds is marked as such, in bytes."""
    for file in code.files("test")[:4]:
        kinds, data = code.byte_kinds(file.source), file.source.encode()
        assert kinds.dtype == np.uint8 and len(kinds) == len(data)
        tokens = list(tokenize.tokenize(io.BytesIO(data).readline))
        names = sum(len(token.string.encode()) for token in tokens if token.type == tokenize.NAME)
        marked = np.isin(kinds, [code.KINDS.index("identifier"), code.KINDS.index("keyword")])
        assert marked.sum() == names
        operators = sum(len(token.string) for token in tokens if token.type == tokenize.OP)
        assert (kinds == code.KINDS.index("punctuation")).sum() == operators


@pytest.mark.parametrize("source", ["x = '\0'", "x = '\ud800'\n", "x = (1,\n", 'x = """open'])
def test_kinds_of_what_is_no_program(source):
    with pytest.raises(ValueError):
        code.byte_kinds(source)
