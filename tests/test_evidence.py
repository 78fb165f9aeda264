"""The reader of stored figures, the sentences made of them, the glossary and its places, the search box, and that 5.5 is up to date."""

import copy
import json
import pathlib
import pickle
import re

from bigmodel_lib import evidence, notebooks
from bigmodel_lib.data import glossary

import nbformat
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "chapters"
FAQ = CHAPTERS / "5-outlook" / "5.5-questions-and-glossary.ipynb"
# The words of the Chinese introduction whose outline the course follows
WORDS = (
    "人工智能 机器学习 深度学习 自然语言处理 计算机视觉 大模型 参数 神经网络 权重 偏置 模型规模 模型复杂性 层 神经元 模型性能 "
    "泛化能力 鲁棒性 计算能力 数据规模 存储资源 内存 图像识别 图像分类 目标检测 语义分割 文本分类 情感分析 命名实体识别 "
    "代码生成 代码补全 语言模型 训练 数据预处理 数据清洗 数据增强 数据分割 初始化 激活函数 损失函数 优化算法 学习率 批量大小 "
    "随机梯度下降 模型压缩 剪枝 量化 蒸馏 预测 应用场景 数据集"
).split()


def course(tmp_path, printed="", prose="", number="1.1", html="", cell="told"):
    """A folder `chapters` with one notebook."""
    folder = tmp_path / "chapters" / f"{number[0]}-first"
    folder.mkdir(parents=True, exist_ok=True)
    code = nbformat.v4.new_code_cell("print()", id=cell, execution_count=1)
    for text in [printed] if isinstance(printed, str) else printed:
        code.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=text))
    if html:
        code.outputs.append(nbformat.v4.new_output("display_data", {"text/html": html}))
    cells = [nbformat.v4.new_markdown_cell(f"# {number} Title of tensors\n\nOpening with gradients.", id="question"),
             nbformat.v4.new_markdown_cell(prose or "nothing", id="text"), code]  # fmt: skip
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{number}-title.ipynb")
    return tmp_path / "chapters"


LINES = "epoch 1: 7 of 10 right\nepoch 2: 9 of 10 right, loss −0.25\n1,024 rows, 1.00e+08 bytes, gain +0.30\n"


@pytest.mark.parametrize(
    "pattern, figures, text",
    [
        (r"epoch 2: (\d+) of", 9, "9"),
        (r"of (\d+) right", 10, "10"),  # two places, the same figure
        (r"loss (\S+)", -0.25, "−0.25"),
        (r"^([\d,]+) rows", 1024, "1,024"),
        (r"(\S+) bytes", 1e8, "1.00e+08"),
        (r"gain (\S+)$", 0.3, "+0.30"),
    ],
)
def test_a_figure_is_found_by_what_stands_around_it(tmp_path, pattern, figures, text):
    found = evidence.measured("1.1", pattern, root=course(tmp_path, LINES))
    assert found == figures and str(found) == text == f"{found}" and (found.notebook, found.cell) == ("1.1", "told")


def test_several_groups_formats_and_arithmetic(tmp_path):
    right, asked = evidence.measured("1.1", r"epoch 2: (\d+) of (\d+)", root=course(tmp_path, LINES))
    assert f"{right / asked:.0%} {right:.2f} {asked}" == "90% 9.00 10"
    assert repr(right) == "9 (notebook 1.1, cell told)"


@pytest.mark.parametrize(
    "number, pattern, cell, said",
    [
        ("9.9", r"(\d+)", None, "there is no notebook '9.9'; there are 1.1"),
        ("1.1", r"(\d+) apples", None, "printed nothing that fits"),
        ("1.1", r"(\d+) of 10", None, "several figures"),
        ("1.1", r"\d+ of 10", None, "needs a group"),
        ("1.1", r"(epoch) 2", None, "holds a number"),
        ("1.1", r"2: (\d+)( ±)?", None, "holds a number"),
        ("1.1", r"2: (\d+)", "other", "no cell 'other'"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_sentence(tmp_path, number, pattern, cell, said):
    with pytest.raises(ValueError, match=re.escape(said)) as error:
        evidence.measured(number, pattern, cell, course(tmp_path, LINES))
    assert "\n" not in str(error.value)


def test_a_cell_can_be_named_and_a_print_that_came_in_pieces_is_one_text(tmp_path):
    root = course(tmp_path, ["epoch 1: ", "7 of 10"])
    assert evidence.measured("1.1", r"epoch 1: (\d+)", "told", root) == 7
    assert evidence.measured("1.1", r"(\d+) rows", root=course(tmp_path, html="<td>12</td><td>rows</td>")) == 12


def test_a_rerun_changes_the_figure_and_not_the_pattern(tmp_path):
    for value in (7, 8, 11):
        assert evidence.measured("1.1", r"(\d+) right", root=course(tmp_path, f"{value} right")) == value


def test_what_is_no_notebook_and_no_course(tmp_path, monkeypatch):
    root = course(tmp_path, LINES)
    (root / "1-first" / "1.1-title.ipynb").write_text("not JSON", encoding="utf-8")
    with pytest.raises(ValueError, match="cannot be read as a notebook"):
        evidence.measured("1.1", r"(\d+)", root=root)
    with pytest.raises(ValueError, match="`chapters` was not found"):
        evidence.chapters(tmp_path / "nowhere")


def test_the_course_is_found_from_a_notebooks_folder(monkeypatch):
    monkeypatch.chdir(CHAPTERS / "1-concepts")
    found = evidence.chapters()
    assert list(found) == sorted(found) and found["1.1"].parent == CHAPTERS / "1-concepts"
    assert set(found) == {path.stem.split("-")[0] for path in notebooks.find([CHAPTERS]) if path.stem[0].isdigit()}


def test_a_link_leads_to_the_notebook_and_the_section(tmp_path):
    root = course(tmp_path)
    assert evidence.link("1.1", root=root) == "[1.1](../1-first/1.1-title.ipynb)"
    assert evidence.link("1.1", "2 Why $T^2$?", "here", root) == "[here](../1-first/1.1-title.ipynb#2-Why-T%5E2%3F)"
    with pytest.raises(ValueError, match="there is no notebook"):
        evidence.link("1.2", root=root)


@pytest.mark.parametrize(
    "text, figures, said",
    [
        ("{a} of {b}.", {"a": 9, "b": 10}, "9 of 10."),
        ("GPT-3, T5, float32, SmolLM2-135M and Llama-3.1: {a:.1f}.", {"a": 2}, "GPT-3, T5, float32, SmolLM2-135M and Llama-3.1: 2.0."),
        ("{a} times\nas one ([1.1]).", {"a": 2}, "2 times as one ([1.1](../1-first/1.1-title.ipynb))."),
        ("{a[1]} bits", {"a": (4, 8)}, "8 bits"),
    ],
)  # fmt: skip
def test_an_answer_is_filled_and_linked(tmp_path, text, figures, said):
    assert evidence.answer(text, course(tmp_path), **figures) == said


@pytest.mark.parametrize(
    "text", ["3 of {a}", "{a} in 4.9 %", "Seven of {a}", "{a}, twice", "{a} at 1,024", "{a} (2.1)"]
)
def test_an_answer_with_a_number_of_its_own_is_refused(text):
    with pytest.raises(ValueError, match="no typed number"):
        evidence.answer(text, a=1)


def test_an_answer_and_its_figures_must_agree():
    for figures in ({}, {"a": 1, "b": 2}):
        with pytest.raises(ValueError, match="must agree"):
            evidence.answer("{a} is right", **figures)


PROSE = """## 1 About learning rates

A learning-rate is small. The *scale* is set; `sandbox` and $token$ are not prose, [text](../prompt/zero.ipynb) neither. ZeRO.

## Takeaways

- Momentum.

## References

Attention is all you need.
"""


@pytest.mark.parametrize(
    "forms, section",
    [
        (["learning rate"], "1 About learning rates"),
        (["learning-rate"], "1 About learning rates"),
        (["momentum", "scale"], "1 About learning rates"),
        (["ZeRO"], "1 About learning rates"),
        (["tensor"], "1.1 Title of tensors"),
        (["sandbox"], None),
        (["token"], None),
        (["prompt"], None),
        (["zERO"], None),
        (["momentum"], None),
        (["attention"], None),
        (["gradient"], None),  # only in the opening
        (["earning rate"], None),  # whole words
    ],
)
def test_the_first_use_of_a_term(tmp_path, forms, section):
    found = evidence.uses(forms, root=course(tmp_path, prose=PROSE))
    assert (found and found.section) == section


def test_the_place_where_a_term_is_set_off(tmp_path):
    root = course(
        tmp_path, prose="## 1 A\n\nA token is *read*.\n\n## 2 B\n\nThe **tokens** and *a long phrase of rank*."
    )
    assert evidence.uses(["token"], root=root).section == "1 A"
    assert evidence.uses(["token"], emphasised=True, root=root).section == "2 B"
    assert evidence.uses(["rank"], emphasised=True, root=root) is None


def test_uses_go_in_the_order_of_the_course(tmp_path):
    course(tmp_path, prose="## Late\n\na perceptron", number="2.1")
    root = course(tmp_path, prose="## Early\n\nthe perceptrons", number="1.2")
    assert evidence.uses(["perceptron"], root=root) == evidence.Place("1.2", "Early")


def test_the_glossary_is_complete_sorted_and_without_doubles():
    terms = glossary.terms()
    assert len(terms) >= 120
    english, chinese = ([getattr(term, language) for term in terms] for language in ("english", "chinese"))
    assert english == sorted(english, key=str.casefold) and len({name.casefold() for name in english}) == len(terms)
    assert len(set(chinese)) == len(terms)
    for term in terms:
        assert re.search(r"[\u4e00-\u9fff]", term.chinese) or term.chinese in ("pass@k",), term
        assert not re.search(r"[\u4e00-\u9fff]", term.english), term
        assert term.meaning.endswith(".") and term.meaning.count(". ") == 0 and len(term.meaning) < 140, term
        assert "|" not in term.english + term.chinese + term.meaning, "it would break the table"


def test_the_glossary_has_the_words_of_the_introduction():
    held = " ".join(term.chinese for term in glossary.terms())
    assert [word for word in WORDS if word not in held] == []


@pytest.mark.parametrize("term", glossary.terms(), ids=lambda term: term.english)
def test_the_course_uses_every_term(term):
    assert evidence.uses(term.forms, root=CHAPTERS), "strike it, or write in `find` how the course says it"


def test_the_search_of_the_glossary():
    assert [term.english for term in glossary.search("剪枝")] == ["pruning"]
    assert "learning rate" in [term.english for term in glossary.search("RATE learning")]
    assert glossary.search("") == glossary.terms() and glossary.search("no such word") == ()


def test_the_search_box(monkeypatch, capsys):
    from bigmodel_lib import widgets

    monkeypatch.setenv("BIGMODEL_STATIC", "1")
    widgets.search_box(lambda words: f"found for {words}", "heat")
    assert "Run this cell in JupyterLab" in capsys.readouterr().out
    asked = []
    box = widgets._SearchBox(lambda words: asked.append(words) or words, "heat")
    box.words.value = "cold"
    assert asked == ["heat", "cold"]


def test_the_answers_say_what_the_notebooks_now_say(monkeypatch):
    """5.5 holds figures of other notebooks: when one of those is run again, it must be run after it."""
    stored = json.loads(FAQ.read_text("utf-8"))["cells"]
    code = [cell for cell in stored if cell["cell_type"] == "code" and "sources-figure" != cell["id"]]
    shown, names = [], {}
    monkeypatch.chdir(FAQ.parent)
    monkeypatch.setenv("BIGMODEL_STATIC", "1")
    import IPython.display

    monkeypatch.setattr(IPython.display, "display", lambda made: shown.append(made.data))
    for cell in code[: 1 + next(i for i, cell in enumerate(code) if cell["id"] == "mutate-all")]:
        exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    kept = ["".join(output["data"]["text/markdown"]) for cell in code for output in cell["outputs"]
            if "".join(output.get("data", {}).get("text/markdown", "")).startswith("> ")]  # fmt: skip
    fresh = [text for text in shown if text.startswith("> ")]
    assert fresh == kept, "run tools/execute_notebooks.py on 5.5: a notebook that it quotes was run again after it"


def test_every_link_of_its_outputs_leads_somewhere():
    stored = json.loads(FAQ.read_text("utf-8"))["cells"]
    texts = ["".join(output.get("data", {}).get("text/markdown", "")) for cell in stored
             for output in cell.get("outputs", [])]  # fmt: skip
    targets = {target for text in texts for target in re.findall(r"\]\(([^)#]+)", text)}
    assert len(targets) > 20 and all((FAQ.parent / target).exists() for target in targets)


def test_a_measured_figure_can_be_copied_and_pickled():
    figure = evidence.Measured("3.5", "1.3", "a-cell")
    for again in (copy.deepcopy(figure), pickle.loads(pickle.dumps(figure))):
        assert (again, again.text, again.notebook, again.cell) == (3.5, "3.5", "1.3", "a-cell")


@pytest.mark.parametrize("text", ["thirteen of {n}", "fifty of {n}", "ninety {n}"])
def test_number_words_are_numbers_too(text):
    with pytest.raises(ValueError):
        evidence.answer(text, n=evidence.Measured("3"))
