"""The command line and the notebook runner: what they print, and how they fail."""

import json

import bigmodel_lib
from bigmodel_lib import __main__ as cli
from bigmodel_lib import assets, notebooks

import nbformat
import pytest


def write(path, *sources, tags=()):
    cells = [nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)}) for source in sources]
    path.write_text(notebooks.text(nbformat.v4.new_notebook(cells=cells)), "utf-8")
    return path


def test_run_reports_each_notebook_and_exits_1_if_one_fails(tmp_path, capsys):
    write(tmp_path / "a.ipynb", "x = bytearray(300_000_000)\nprint(len(x))", "import time; time.sleep(0.5)")
    write(tmp_path / "b.ipynb", "1 / 0")
    report = tmp_path / "out.json"
    assert cli.main(["run", str(tmp_path), "--json", str(report)]) == 1
    good, bad = json.loads(report.read_text())
    assert good["passed"] and good["error"] == "" and good["seconds"] >= 0.5 and good["peak_bytes"] > 300_000_000
    assert not bad["passed"] and bad["error"].startswith("ZeroDivisionError: division by zero (cell 1, ")
    printed = capsys.readouterr().out
    assert "1 of 2 notebooks pass" in printed and "FAIL" in printed and "ZeroDivisionError" in printed


def test_run_leaves_the_notebooks_alone(tmp_path):
    path = write(tmp_path / "a.ipynb", "print(1)")
    before = path.read_bytes()
    assert cli.main(["run", str(path)]) == 0
    assert path.read_bytes() == before


def test_store_keeps_outputs_only_if_every_cell_ran(tmp_path):
    good, bad = write(tmp_path / "a.ipynb", "print(7)"), write(tmp_path / "b.ipynb", "print(7)", "1 / 0")
    before = bad.read_bytes()
    assert notebooks.execute(good, store=True).passed and not notebooks.execute(bad, store=True).passed
    stored = nbformat.read(good, 4)
    assert stored.cells[0].outputs[0].text == "7\n" and stored.metadata == notebooks.KERNEL
    assert bad.read_bytes() == before


def test_a_cell_tagged_raises_exception_may_fail(tmp_path):
    assert notebooks.execute(write(tmp_path / "a.ipynb", "1 / 0", tags=["raises-exception"])).passed


def test_a_notebook_chooses_its_backend_itself(tmp_path, monkeypatch):
    """Importing the library set KERAS_BACKEND in this process; a student's kernel has no such help."""
    path = write(tmp_path / "a.ipynb", "import os; assert 'KERAS_BACKEND' not in os.environ")
    monkeypatch.setattr(bigmodel_lib, "BACKEND_IS_DEFAULT", True)
    assert notebooks.execute(path).passed
    monkeypatch.setattr(bigmodel_lib, "BACKEND_IS_DEFAULT", False)
    assert not notebooks.execute(path).passed


def test_a_kernel_that_dies_is_one_clear_line(tmp_path):
    result = notebooks.execute(write(tmp_path / "a.ipynb", "import os; os._exit(1)"))
    assert not result.passed and "kernel died" in result.error


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda folder: folder / "none.ipynb", "there is no notebook"),
        (lambda folder: folder, "holds no notebook"),
        (lambda folder: (folder / "a.txt").write_text("x") and folder / "a.txt", "must end in .ipynb"),
        (lambda folder: (folder / "a.ipynb").write_text("{") and folder / "a.ipynb", "cannot be read as a notebook"),
    ],
    ids=["missing", "empty folder", "another file", "broken"],
)
def test_run_refuses_what_is_no_notebook(tmp_path, capsys, make, message):
    assert cli.main(["run", str(make(tmp_path))]) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.splitlines()) <= 3


def test_run_refuses_a_report_in_no_folder(tmp_path, capsys):
    path = write(tmp_path / "a.ipynb", "1")
    assert cli.main(["run", str(path), "--json", str(tmp_path / "none" / "out.json")]) == 2
    assert "existing folder" in capsys.readouterr().err


def test_fetch_without_names_lists_the_assets(capsys):
    assert cli.main(["fetch"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in assets.names())


def test_fetch_goes_on_past_an_unknown_name(monkeypatch, capsys):
    monkeypatch.setattr(assets, "fetch", lambda name: assets.info(name) and f"/cache/{name}")
    assert cli.main(["fetch", "nope", "minilm"]) == 1
    printed = capsys.readouterr()
    assert "no asset 'nope'" in printed.err and "/cache/minilm" in printed.out


def test_doctor_says_what_is_there_reachable_or_missing(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("BIGMODEL_CACHE", str(tmp_path))
    monkeypatch.setattr(assets, "is_cached", lambda name: name == "minilm")
    monkeypatch.setattr(assets, "reachable", lambda name: name == "msra-ner")
    assert cli.main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()

    def after(name):
        at = next(i for i, line in enumerate(lines) if line[8:].startswith(name))
        return lines[at] + " ".join(lines[at + 1 : at + 2])

    assert "in the cache" in after("minilm")
    assert "can be fetched" in after("msra-ner") and "fetch msra-ner" in after("msra-ner")
    assert "out of reach" in after("shakespeare") and "connect" in after("shakespeare")
    assert "jax" in after("Keras") or "tensorflow" in after("Keras") or "torch" in after("Keras")


def test_doctor_exits_1_when_the_cache_cannot_be_written(monkeypatch, capsys, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("BIGMODEL_CACHE", str(blocked))
    monkeypatch.setattr(assets, "reachable", lambda name: False)
    assert cli.main(["doctor"]) == 1
    assert "set BIGMODEL_CACHE" in capsys.readouterr().out


def test_doctor_notes_that_compiled_modules_are_not_kept(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(assets, "reachable", lambda name: False)
    for kept in (True, False):
        compiled = tmp_path if kept else tmp_path / "missing.pyc"
        monkeypatch.setattr(cli.importlib.util, "cache_from_source", lambda path, where=compiled: str(where))
        assert cli.main(["doctor"]) == 0
        assert ("PYTHONDONTWRITEBYTECODE" in capsys.readouterr().out) is not kept


def test_a_keras_already_imported_with_another_backend_is_one_clear_line():
    import os
    import subprocess
    import sys

    program = (
        "import sys, types; keras = types.ModuleType('keras'); "
        "keras.config = types.SimpleNamespace(backend=lambda: 'numpy'); sys.modules['keras'] = keras; import bigmodel_lib"
    )
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: bigmodel_lib needs Keras on the backend 'jax', but") and "Restart" in last
    chosen = subprocess.run([sys.executable, "-c", program], env=environment | {"KERAS_BACKEND": "numpy"})
    assert chosen.returncode == 0


def test_programs_are_compiled_quickly_unless_somebody_chose():
    import os
    import subprocess
    import sys

    def flags(**chosen):
        environment = {k: v for k, v in os.environ.items() if k not in ("KERAS_BACKEND", "XLA_FLAGS")} | chosen
        program = "import os, bigmodel_lib; print(os.environ.get('XLA_FLAGS', ''))"
        return subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    level = "--xla_backend_optimization_level"
    assert flags() == f"{level}=1"
    assert flags(XLA_FLAGS="--xla_dump_to=x").split() == ["--xla_dump_to=x", f"{level}=1"]
    assert flags(XLA_FLAGS=f"{level}=3") == f"{level}=3"
    assert flags(KERAS_BACKEND="torch") == ""


def test_a_console_of_an_old_code_page_gets_question_marks_and_no_traceback(tmp_path):
    """Windows prints in cp1252 by default, which has neither an arrow nor a tick."""
    import os
    import subprocess
    import sys

    environment = os.environ | {
        "PYTHONIOENCODING": "cp1252",
        "PYTHONUTF8": "0",
        "BIGMODEL_CACHE": str(tmp_path),
        "PIP_NO_INDEX": "1",
    }
    done = subprocess.run([sys.executable, "-m", "bigmodel_lib", "doctor"], capture_output=True, env=environment)
    assert done.returncode == 0 and b"? connect to a package index" in done.stdout
    assert b"Traceback" not in done.stderr


def test_a_mistake_of_ours_is_not_reported_as_the_users(monkeypatch, tmp_path):
    """Only what was typed wrong is one line; a ValueError from anywhere else keeps its traceback."""
    path = write(tmp_path / "a.ipynb", "1")
    monkeypatch.setattr(notebooks, "execute", lambda *_, **__: int("x"))
    with pytest.raises(ValueError, match="invalid literal"):
        cli.main(["run", str(path)])


def test_run_names_the_cell_that_takes_a_notebook_over_what_it_states(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(notebooks, "stated", lambda notebook: (0, 0.01))
    path = write(tmp_path / "a.ipynb", "import time; time.sleep(0.1)", "x = bytearray(400_000_000); time.sleep(6)")
    cells = nbformat.read(path, 4).cells
    assert cli.main(["run", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "states 0 s" in printed and f"cell {cells[1].id!r} alone took" in printed
    assert f"the peak is in cell {cells[1].id!r}" in printed


def test_text_leaves_the_notebook_it_is_given_alone():
    cell = nbformat.v4.new_code_cell("1", metadata={"scrolled": True}, id="a")
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"x": 1})
    before = nbformat.writes(notebook)
    assert '"scrolled"' not in notebooks.text(notebook)
    assert nbformat.writes(notebook) == before


def test_a_notebook_from_before_cells_had_ids_is_read(tmp_path):
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": "1 + 1"}
    old = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "old.ipynb").write_text(json.dumps(old), "utf-8")
    assert notebooks.read(tmp_path / "old.ipynb").cells[0].id
