"""Every notebook is stored as a reader should find it: run in order, clean, small, and telling nothing of a machine."""

import pathlib
import re
import xml.etree.ElementTree

from bigmodel_lib import notebooks

import nbformat
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("chapters", "solutions", "exercises")
PATHS = [path.relative_to(ROOT) for folder in FOLDERS for path in notebooks.find([ROOT / folder])]
FIGURES = sorted((ROOT / "chapters" / "figures").glob("*.svg"))
CHAPTERS = [path for path in PATHS if path.parts[0] == "chapters" and path.parent.name != "chapters"]
MACHINE = re.compile(r"(?:/home/|/root/|/work/|/Users/|\b[A-Za-z]:\\{1,2}Users\b)")
EXISTING = {part for path in CHAPTERS for part in (path.stem.split("-")[0], path.parent.name[0])}
MENTION = re.compile(  # a notebook or a chapter by its number: "notebook 4.1", "chapter 5", "4.8 measures"
    r"(?:[Nn]otebooks?|[Cc]hapters?) ([1-5](?:\.[1-9])?)\b(?!\.?\d)"
    r"|(?<![±–+−] )(?<![\w.,–−+§])([1-5]\.[1-9])(?= (?:measures|builds|trains|shows|explains|teaches|counts)\b)"
)
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
    if path.parts[0] == "exercises":
        assert [cell.id for cell in cells if cell.execution_count is not None or cell.outputs] == []
        return
    assert not_in_order(cells) == "", "not run from top to bottom in a fresh kernel"
    assert [cell.id for cell in cells for o in cell.outputs if o.output_type == "error"] == []
    assert [cell.id for cell in cells for o in cell.outputs if o.get("name") == "stderr"] == [], (
        "noise on stderr is stored"
    )


def not_in_order(cells) -> str:
    """The first code cell that was not run in its turn; "" if all were."""
    for number, cell in enumerate(cells, 1):
        if cell.execution_count != number:
            return f"cell {cell.id!r} is number {number} and was run as [{cell.execution_count}]"
    return ""


def test_a_cell_run_out_of_order_is_named():
    cells = [
        nbformat.v4.new_code_cell("1", id=name, execution_count=count)
        for name, count in (("a", 1), ("b", 3), ("c", None))
    ]
    assert not_in_order(cells[:1]) == "" and "'b' is number 2 and was run as [3]" in not_in_order(cells)
    assert "'c'" in not_in_order(cells[2:])


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_nothing_of_a_machine_and_nothing_remote(path):
    for cell in read(path).cells:
        texts = [cell.source] + [
            o.get("text", "") or str(o.get("data", {}).get("text/plain", "")) for o in cell.get("outputs", [])
        ]
        for text in texts:
            assert not MACHINE.search(text), f"cell {cell.id}: a path of a machine"
        assert not re.search(r"!\[[^\]]*\]\(https?:|<img[^>]+src=.?https?:", cell.source), "a remote image"
        if cell.cell_type == "markdown":
            assert not re.search(r"^\s*(:::|```\{)", cell.source, re.M), (
                "a MyST directive: plain JupyterLab shows it raw"
            )
        else:
            assert not cell.source.rstrip().endswith(";"), "write `_ = …` in place of a trailing semicolon"
            assert len([line for line in cell.source.splitlines() if line.strip()]) <= 40, cell.id


@pytest.mark.parametrize(
    "text", [r"C:\Users\ana\x.txt", r"'c:\\Users\\ana'", "/home/ana/x", "/Users/ana", "/root/.cache", "/work/x"]
)
def test_paths_of_machines_are_found(text):
    assert MACHINE.search(text) and not MACHINE.search("the Users of /worklog, at home/x and C:\\data")


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_images_say_in_words_what_they_show(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            for words in re.findall(r"!\[([^\]]*)\]\(", cell.source):
                assert len(words.strip()) >= 20, f"cell {cell.id}: the alternative text {words!r} is too short"
            for tag in re.findall(r"<img\b[^>]*>", cell.source):
                words = re.search(r"alt=([\"'])(.*?)\1", tag)
                assert words and len(words[2].strip()) >= 20, f"cell {cell.id}: {tag} needs alternative text"


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.name)
def test_figures_can_be_read_on_a_telephone_and_need_no_network(path):
    assert figure_faults(path.read_text("utf-8")) == []


def figure_faults(svg: str) -> list[str]:
    """What keeps an SVG from being read at 390 pixels: another width than 640, small letters, remote parts."""
    tree, faults = xml.etree.ElementTree.fromstring(svg), []
    box = (tree.get("viewBox") or "").replace(",", " ").split()
    if len(box) != 4 or float(box[2]) != 640:
        faults.append(f"viewBox {' '.join(box)!r}: the width must be 640")
    sizes = re.findall(r"font-size\s*[:=]\s*[\"']?\s*([\d.]+)\s*([a-z%]*)", svg)
    faults += [
        f"font-size {size}{unit}: at least 20" for size, unit in sizes if float(size) < 20 or unit not in ("", "px")
    ]
    if "<text" in svg and not sizes:
        faults.append("text without a font-size")
    for node in tree.iter():
        if str(node.tag).rpartition("}")[2] in ("script", "foreignObject", "image"):
            faults.append(f"an element {node.tag}")
        for name, value in node.attrib.items():
            if name.rpartition("}")[2] in ("href", "src") and not value.startswith("#"):
                faults.append(f"a reference to {value[:40]}")
    if re.search(r"@import|url\(\s*[\"']?(?!#)", svg):
        faults.append("a style sheet or a font from elsewhere")
    return faults


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 640 90">{}</svg>'


@pytest.mark.parametrize(
    "svg, fault",
    [
        (SVG.format('<text font-size="20" style="fill:url(#a)">a</text>'), ""),
        (SVG.format('<text font-size="19.5">a</text>'), "font-size 19.5"),
        (SVG.format('<text style="font-size: 12px">a</text>'), "font-size 12px"),
        (SVG.format('<text style="font-size: 1em">a</text>'), "font-size 1em"),
        (SVG.format("<text>a</text>"), "without a font-size"),
        (SVG.format('<a xlink:href="https://x.org/"/>'), "a reference"),
        (SVG.format("<style>@import 'x'</style>"), "from elsewhere"),
        (SVG.format("<style>a { src: url(https://x.org/f) }</style>"), "from elsewhere"),
        (SVG.replace("640", "650"), "must be 640"),
    ],
)
def test_faults_of_figures_are_found(svg, fault):
    found = figure_faults(svg)
    assert (len(found) == 1 and fault in found[0]) if fault else found == []


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
        folded = "hide-input" in cell.metadata.get("tags", ())  # its code is not read
        run = run + (not folded) if cell.cell_type == "code" else 0
        assert run <= 2, "three code cells in a row"


@pytest.mark.parametrize("path", CHAPTERS, ids=str)
def test_every_chapter_notebook_has_exercises(path):
    for folder in ("solutions", "exercises"):
        assert (ROOT / folder / path.relative_to("chapters")).exists()


def not_marked(text: str) -> set[str]:
    """The numbers of notebooks and chapters in a text that do not exist and are nowhere called planned, or that exist and are."""
    named = {first or second for first, second in MENTION.findall(text)}
    planned = set(re.findall(r"\b([1-5](?:\.[1-9])?) \(planned\)", text))
    return (named - EXISTING - planned) | (planned & EXISTING)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_a_notebook_that_does_not_exist_yet_is_called_planned(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    assert not_marked(text) == set(), (
        "write (planned) behind its number where it is first named; strike it when it exists"
    )


@pytest.mark.parametrize(
    "text, numbers",
    [
        ("Notebook 9.1, 4.5 points, a rate of 4.5, [4.2–7.9] and chapter 2", ""),
        ("notebook 5.9 (planned) does; notebook 5.9 counts it", ""),
        ("notebook 5.9 does, and 5.8 measures it", "5.8 5.9"),
        ("as notebook 1.1 (planned) says", "1.1"),
    ],
)
def test_missing_notebooks_are_found(text, numbers):
    assert not_marked(text) == set(numbers.split())
