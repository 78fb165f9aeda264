"""Write the table of notebooks into README.md and chapters/course-map.ipynb: ``uv run python tools/make_course_map.py [--check]``.

What each notebook proves stands below; titles, run times and memory are read from the notebooks' own first cells. Execute the
map afterwards, with tools/execute_notebooks.py. ``--check`` writes nothing and fails if a table is stale.
"""

import pathlib
import re
import sys

from bigmodel_lib import notebooks

import nbformat

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAP = ROOT / "chapters" / "course-map.ipynb"
CHAPTERS = {
    "1-concepts": "Concepts: what is large, and what for",
    "2-training": "Training: from the data to a language model",
    "3-optimization": "Optimization: the same model, smaller",
    "4-applications": "Applications: pictures, language, code",
    "5-outlook": "Outlook: what comes next, and what it would cost",
}
# number of the notebook -> its question in short, what it proves
ROWS = {
    "1.1": ("How did networks of a few weights become models of billions?",
            "perceptrons cannot learn XOR, one hidden layer can; sizes doubled every two years, then every few months, then stopped"),
    "1.2": ("What makes a model large?",
            "GPT-3's eight published sizes counted within 3 %; size, complexity and performance are three different things"),
    "1.3": ("Does scale help?",
            "more accurate: yes, ever more slowly; smaller gap: no; robust to noise: no"),
    "1.4": ("What does scale cost?",
            "training time and memory predicted, then measured, with the ratio; what GPT-3 would take on a laptop"),
    "1.5": ("What are large models used for?",
            "three pretrained models, one of 135 million parameters, do eight tasks on two cores, and each fails once"),
    "2.1": ("What does training really see?",
            "near-duplicates in real code; the accuracy that a random split invents; a tokenizer equal to the library's"),
    "2.2": ("Which architecture, and how must it start?",
            "dense, convolution and attention at equal parameters; signals vanish or explode as predicted by depth"),
    "2.3": ("What does the choice of the loss change?",
            "cross-entropy stable at ±10,000; what each loss does to accuracy and to calibration"),
    "2.4": ("Which optimizer?",
            "seven optimizers from scratch, equal to Keras to 1e-5, in a fair race with seeds"),
    "2.5": ("What happens in a training loop?",
            "accumulation equals the big batch; a run killed in mid-epoch resumes on exactly the same curve"),
    "2.6": ("How is a language model trained?",
            "a GPT on Shakespeare against n-gram baselines, its first loss predicted"),
    "2.7": ("How do several devices train one model?",
            "data and tensor parallel on eight simulated devices equal one device; two real processes, one of them killed"),
}  # fmt: skip


def opening(path: pathlib.Path) -> tuple[str, str, str]:
    """Title, seconds and gigabytes as a notebook's first cell states them."""
    first = nbformat.read(path, 4).cells[0].source
    title = re.match(r"# (.+)", first).group(1)
    runs = re.search(r"\*\*Runs in\*\*\s+(\d+)\s+s,\s+([\d.]+)\s+GB", first)
    if not runs:
        raise ValueError(f"{path}: the first cell must say '**Runs in** N s, M GB'")
    return title, *runs.groups()


def table(base: pathlib.Path, heading: str) -> str:
    """The notebooks by chapter, with links relative to the folder `base`."""
    parts = []
    for folder, title in CHAPTERS.items():
        if not list((ROOT / "chapters" / folder).glob("*.ipynb")):
            continue
        lines = ["| notebook | question | what it proves | time | memory |", "|---|---|---|---|---|"]
        for path in notebooks.find([ROOT / "chapters" / folder]):
            name, seconds, gigabytes = opening(path)
            question, proved = ROWS[path.stem.split("-")[0]]
            link = path.relative_to(base)
            lines.append(f"| [{name}]({link.as_posix()}) | {question} | {proved} | {seconds} s | {gigabytes} GB |")
        parts.append(f"{heading} {folder[0]} {title}\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def readme(root: pathlib.Path = ROOT) -> str:
    """README.md with a fresh table between its two marks."""
    text = (root / "README.md").read_text("utf-8")
    begin, end = "<!-- notebooks: begin -->", "<!-- notebooks: end -->"
    before, rest = text.split(begin)
    return f"{before}{begin}\n{table(root, '###')}\n{end}{rest.split(end)[1]}"


def course_map(text: str) -> str:
    """The course map with a fresh table in its cell `notebooks`; its other cells and its outputs are kept."""
    notebook = nbformat.reads(text, 4)
    cell = next(cell for cell in notebook.cells if cell.id == "notebooks")
    cell.source = table(MAP.parent, "##")
    return notebooks.text(notebook)


def main(arguments: list[str]) -> int:
    made = {ROOT / "README.md": readme(), MAP: course_map(MAP.read_text("utf-8"))}
    stale = [path for path, text in made.items() if path.read_text("utf-8") != text]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is not what the notebooks say: run tools/make_course_map.py")
        else:
            path.write_text(made[path], encoding="utf-8", newline="\n")
            print(f"written  {path.relative_to(ROOT)}")
    return int("--check" in arguments and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
