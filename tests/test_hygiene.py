"""Every notebook is stored as a reader should find it: run in order, clean, small, and telling nothing of a machine."""

import pathlib
import re

from bigmodel_lib import notebooks

import nbformat
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("chapters", "solutions", "exercises")
PATHS = [path.relative_to(ROOT) for folder in FOLDERS for path in notebooks.find([ROOT / folder])]
CHAPTERS = [path for path in PATHS if path.parts[0] == "chapters" and path.parent.name != "chapters"]
OPENING = ("**Question.**", "**You will show**", "**Before this**", "**Runs in**", "**Seed**")


def read(path):
    return nbformat.read(ROOT / path, 4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_form(path):
    raw = (ROOT / path).read_text("utf-8")
    notebook = nbformat.reads(raw, 4)
    assert raw == notebooks.text(nbformat.reads(raw, 4)), "not in the house's form: run tools/execute_notebooks.py"
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[a-z0-9-]+", i) for i in ids)
    assert len(raw) < 1_500_000
    assert all(cell.source.strip() for cell in notebook.cells), "an empty cell"


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_outputs(path):
    cells = code_cells(read(path))
    counts = [cell.execution_count for cell in cells]
    if path.parts[0] == "exercises":
        assert counts == [None] * len(cells) and not any(cell.outputs for cell in cells)
        return
    assert counts == list(range(1, len(cells) + 1)), "not run from top to bottom in a fresh kernel"
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error"]
    assert not [o for o in outputs if o.get("name") == "stderr"], "noise on stderr is stored"


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_nothing_of_a_machine_and_nothing_remote(path):
    for cell in read(path).cells:
        texts = [cell.source] + [
            o.get("text", "") or str(o.get("data", {}).get("text/plain", "")) for o in cell.get("outputs", [])
        ]
        for text in texts:
            assert not re.search(r"(/home/|/root/|/work/|/Users/|[A-Z]:\\\\Users)", text), "an absolute path"
        assert not re.search(r"!\[[^\]]*\]\(https?:|<img[^>]+src=.?https?:", cell.source), "a remote image"
        assert not re.search(r"!\[\]\(", cell.source), "an image without alternative text"
        if cell.cell_type == "markdown":
            assert not re.search(r"^\s*(:::|```\{)", cell.source, re.M), (
                "a MyST directive: plain JupyterLab shows it raw"
            )
        else:
            assert not cell.source.rstrip().endswith(";"), "write `_ = …` in place of a trailing semicolon"
            assert len([line for line in cell.source.splitlines() if line.strip()]) <= 45


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_the_library_is_imported_before_keras(path):
    """It chooses the backend; Keras alone would look for TensorFlow."""
    code = "\n".join(cell.source for cell in code_cells(read(path)))
    imports = re.findall(r"^(?:import|from) (keras|bigmodel_lib)", code, re.M)
    assert "keras" not in imports or imports[0] == "bigmodel_lib"


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_relative_links_lead_somewhere(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\((?!https?:|#|attachment:)([^)#\s]+)", cell.source):
                assert (ROOT / path.parent / target).exists(), f"a dead link: {target}"


@pytest.mark.parametrize("path", CHAPTERS, ids=str)
def test_a_chapter_notebook_opens_with_its_contract_and_asserts_what_it_says(path):
    notebook = read(path)
    first = notebook.cells[0].source
    assert first.startswith(f"# {path.stem.split('-')[0]} "), "the title begins with the notebook's number"
    assert [label for label in OPENING if label not in first] == []
    code = "\n".join(cell.source for cell in code_cells(notebook))
    assert len(re.findall(r"^\s*assert |np\.testing", code, re.M)) >= 4
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for heading in ("Takeaways", "does not show", "Exercises", "References"):
        assert heading in text, f"the part {heading!r} is missing"
    run = 0
    for cell in notebook.cells:
        run = run + 1 if cell.cell_type == "code" else 0
        assert run <= 2, "three code cells in a row"


@pytest.mark.parametrize("path", CHAPTERS, ids=str)
def test_every_chapter_notebook_has_exercises(path):
    for folder in ("solutions", "exercises"):
        assert (ROOT / folder / path.relative_to("chapters")).exists()
