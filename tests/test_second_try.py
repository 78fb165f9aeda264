"""A claim on times that fails is tried once more in a new kernel; every other claim, and one that fails twice, is an error."""

import os
import pathlib
import shutil
import subprocess
import sys

import nbformat
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLOCK = "import pathlib, time\nbegin = time.perf_counter()"
NO_CLOCK = "import pathlib"
# It fails in the first kernel and holds in the second
ONCE = "tried = pathlib.Path('{name}.tried')\nagain = tried.exists()\ntried.touch()\nassert again, 'a busy second'"


@pytest.mark.slow
def test_only_a_claim_on_times_is_tried_again_and_only_once(tmp_path):
    (tmp_path / "tests").mkdir()
    for name in ("conftest.py", "tests/__init__.py", "tests/exercise_source.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    notebooks = {
        "once": [CLOCK, "before = 1", ONCE.format(name="once") + "\nassert before == 1"],
        "always": [CLOCK, "assert 1 > 2, 'wrong'"],
        "no-clock": [NO_CLOCK, ONCE.format(name="no-clock")],
        "error": [CLOCK, ONCE.format(name="error").replace("assert again, 'a busy second'", "1 / again")],
    }
    folder = tmp_path / "chapters" / "1-any"
    folder.mkdir(parents=True)
    for name, cells in notebooks.items():
        nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(nb, folder / f"{name}.ipynb")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "chapters", "-n0", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    said = run.stdout
    assert "3 failed, 6 passed" in said, said + run.stderr
    listed = [line.split()[0] for line in said.splitlines() if line.split()[:1] and line.split()[0] in notebooks]
    assert listed == ["once"]  # under the heading "claims on times that held at the second try"
