"""Every number in a chapter's prose is one that a cell prints, a setting, or one whose source is named; and the finder of the others."""

import pathlib

from bigmodel_lib import notebooks
from tools import check_prose

import nbformat
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATHS = [
    path.relative_to(ROOT)
    for folder in ("chapters", "solutions", "exercises")
    for path in notebooks.find([ROOT / folder])
]
CHAPTERS = [path for path in PATHS if path.parts[0] == "chapters" and path.parent.name != "chapters"]


@pytest.mark.parametrize("path", CHAPTERS, ids=str)
def test_every_number_in_the_prose_is_held(path):
    assert check_prose.unheld(ROOT / path) == []


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_no_line_of_code_is_cut_off(path):
    assert check_prose.too_long(ROOT / path) == []


def made(tmp_path, prose: str, code: str = "", output: str = "", cited=None, html: str = "") -> pathlib.Path:
    cell = nbformat.v4.new_code_cell(code, id="code", execution_count=1)
    if output:
        cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=output))
    if html:
        cell.outputs.append(nbformat.v4.new_output("display_data", {"text/html": html}))
    text = nbformat.v4.new_markdown_cell(prose, id="text", metadata={"cited": cited} if cited else {})
    path = tmp_path / "x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[text, cell]), path)
    return path


HELD = [
    ("The error is 12.5 %.", "", "error 0.125"),
    ("The error is 12.5 %.", "", "error 12.5%"),
    ("The error is 13 %.", "", "error 0.1254"),
    ("It has 266,610 parameters.", "", "parameters 266610"),
    ("It has 266,610 parameters.", "", "parameters 266,610"),
    ("It has 1.8 billion parameters.", "", "1,791,234,567"),
    ("A batch of 256 examples.", "batch_size = 256", ""),
    ("It takes 35 ms.", "", "0.0352 s"),
    ("It reaches 3.4e-07.", "", "gap 3.4e-07"),
    ("It reaches 3.4 · 10⁻⁷.", "", "gap 3.4e-07"),
    ("Three layers, 12 heads, see §3.2 and 2.4; in 2017 it began.", "", ""),
    ("Above 15 % (asserted: above 15 %)", "", "0.15"),
    ("## Exercises\n\nReach 99.7 %.", "", ""),
    ("$x = 0.731$ and `y = 88`.", "", ""),
    ("The speed-up is 3.2 ×.", "", "ratio x3.2"),
    ("It gains 2.1 ± 0.4 points.", "", "gain 0.021 ± 0.004"),
    ("It is 2.1 ± 0.4, and 1.3–4.5.", "", "2.1 ± 0.4, from 1.3 to 4.5"),
]


@pytest.mark.parametrize("prose, code, output", HELD)
def test_numbers_that_are_held(tmp_path, prose, code, output):
    assert check_prose.unheld(made(tmp_path, prose, code, output)) == []


UNHELD = [
    ("The error is 12.5 %.", "", "error 0.135"),
    ("The error is 12.5 %.", "", "error 12.7"),
    ("Above 90 % is right.", "assert accuracy > 0.9", ""),
    ("Above 90 % is right.", "if x:\n    assert accuracy > 0.9, text", ""),
    ("Within 0.003 of it.", "np.testing.assert_allclose(a, b, atol=0.003)", ""),
    ("Within 0.003 of it.", "np.testing.assert_allclose(\n    a,\n    b,\n    atol=0.003,\n)", ""),
    ("Above 90 % is right.", "assert (\n    accuracy\n    > 0.9\n)", ""),
    ("Above 90 % is right.", "x = 1; assert accuracy > 0.9", ""),
    ("It has 266,610 parameters.", "", "266,611"),
    ("It has 266,610 parameters.", "x = 2  # not 266610", ""),
    ("It has 266,610 parameters.", 'x = """\n266610"""', ""),
    ("It has 1.8 billion parameters.", "", "1,891,234,567"),
    ("It grew by 37 times.", "", ""),
    ("It has 45 layers.", "", ""),
    ("It gains 2.1 ± 0.4 points.", "", "and 0.4"),  # 2.1 is no notebook here
    ("It gains +2.1 as notebook 2.4 says.", "", ""),
]


@pytest.mark.parametrize("prose, code, output", UNHELD)
def test_numbers_that_nothing_holds_are_found(tmp_path, prose, code, output):
    assert len(check_prose.unheld(made(tmp_path, prose, code, output))) == 1


def test_a_table_is_an_output(tmp_path):
    assert check_prose.unheld(made(tmp_path, "It has 345 rows.", html="<td>345</td>")) == []


def test_citations(tmp_path):
    source = "Brown et al. 2020, arXiv:2005.14165, Table 2.1"
    assert check_prose.unheld(made(tmp_path, "GPT-3 has 175 billion.", cited={"175 billion": source})) == []
    assert "does not hold" in check_prose.unheld(made(tmp_path, "GPT-3 is large.", cited={"175 billion": source}))[0]
    assert (
        "without a source"
        in check_prose.unheld(made(tmp_path, "GPT-3 has 175 billion.", cited={"175 billion": "?"}))[0]
    )
    # a citation of 17 must not take the 17 out of 175
    assert check_prose.unheld(made(tmp_path, "It has 175 layers, and 17 more.", cited={"17": source})) != []


def test_long_lines(tmp_path):
    path = made(tmp_path, "Text.", "x = 1\n" + "y" * 101 + "\n" + "z" * 100)
    assert len(check_prose.too_long(path)) == 1 and "101 characters" in check_prose.too_long(path)[0]


def test_the_command_line(tmp_path, capsys):
    assert check_prose.main([str(made(tmp_path, "It has 45 layers."))]) == 1
    assert "1 to mend" in capsys.readouterr().out
    assert check_prose.main([str(made(tmp_path, "It has layers."))]) == 0
