"""Generate exercises/ from solutions/ with nbgrader: ``uv run python tools/make_exercises.py [--check]``.

nbgrader removes the solutions and the hidden tests, locks the checks and signs them. Here the result is brought into the
house's form: no outputs, and the check cells, which fail until the exercise is solved, are tagged ``raises-exception`` so
that "Run All" goes on past them. ``--check`` writes nothing and fails if exercises/ is not what solutions/ gives.
"""

import pathlib
import sys

from bigmodel_lib import notebooks

import nbformat
from nbgrader import preprocessors
from traitlets.config import Config

ROOT = pathlib.Path(__file__).resolve().parent.parent
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
# The steps of `nbgrader generate_assignment`, in its order, without the one that writes into a teacher's grade book
STEPS = (
    preprocessors.LockCells,
    preprocessors.ClearSolutions,
    preprocessors.ClearOutput,
    preprocessors.CheckCellMetadata,
    preprocessors.ComputeChecksums,
    preprocessors.ClearHiddenTests,
    preprocessors.ComputeChecksums,
    preprocessors.CheckCellMetadata,
)


def generate(only: list[pathlib.Path] | None = None, root: pathlib.Path = ROOT) -> dict[str, str]:
    """The text of every exercise notebook, by its path below exercises/; `only` names some of them."""
    config = Config({"ClearSolutions": {"code_stub": {"python": STUB}}})
    made = {}
    for path in notebooks.find([root / "solutions"] if only is None else [root / "solutions" / path for path in only]):
        notebook = nbformat.read(path, 4)
        for step in STEPS:
            notebook, _ = step(config=config).preprocess(notebook, {})
        _house_form(notebook)
        made[path.relative_to(root / "solutions").as_posix()] = notebooks.text(notebook)
    return made


def _house_form(notebook) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata["tags"] = ["raises-exception"]


def differences(made: dict[str, str], root: pathlib.Path = ROOT) -> list[str]:
    """Paths below exercises/ that are missing, stale, or have no source."""
    kept = {p.relative_to(root / "exercises").as_posix(): p for p in (root / "exercises").rglob("*.ipynb")
            if ".ipynb_checkpoints" not in p.parts}  # fmt: skip
    stale = [name for name, text in made.items() if name not in kept or kept[name].read_text("utf-8") != text]
    return sorted(stale + [name for name in kept if name not in made])


def main(arguments: list[str]) -> int:
    made = generate()
    changed = differences(made)
    if "--check" in arguments:
        for name in changed:
            print(f"exercises/{name} is not what solutions/ gives: run tools/make_exercises.py")
        return 1 if changed else 0
    for name in changed:
        path = ROOT / "exercises" / name
        if name in made:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[name], encoding="utf-8", newline="\n")
        else:
            path.unlink()
        print(f"{'written' if name in made else 'removed'}  exercises/{name}")
    print(f"{len(made)} exercise notebooks, {len(changed)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
