"""The project around the notebooks: generated files, the README's commands, and what must never be committed."""

import ast
import importlib.metadata
import pathlib
import re
import subprocess
import sys
import tomllib
import types

from bigmodel_lib import notebooks
from tools import make_course_map, make_environment

import nbformat
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


def tracked_files() -> list[pathlib.Path]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]


def test_environment_yml_follows_pyproject():
    assert (ROOT / "environment.yml").read_text("utf-8") == make_environment.generate()


def test_environment_yml_is_valid_for_conda():
    rattler = pytest.importorskip("rattler")
    lines = re.findall(r"^  - ([^:\n]+)$", (ROOT / "environment.yml").read_text("utf-8"), re.M)
    specs = [line for line in lines if line not in ("conda-forge", "nodefaults")]
    assert len(specs) > 15
    for spec in specs:
        rattler.MatchSpec(spec, strict=True)


@pytest.mark.parametrize(
    "requirement, spec", [("matplotlib>=3.9", "matplotlib-base>=3.9"), ("keras>=3.12, <4", "keras>=3.12,<4")]
)
def test_conda_specs(requirement, spec):
    assert make_environment.conda_spec(requirement) == spec


def test_the_readme_shows_the_two_commands_and_ci_runs_the_tests_as_it_says():
    readme, ci = (ROOT / "README.md").read_text("utf-8"), (ROOT / ".ci" / "run").read_text("utf-8")
    for command in ("pip install uv", "uv run jupyter lab", "uv run pytest"):
        assert command in readme
    assert re.search(r"uv run (--offline )?pytest", ci)


def test_the_readme_and_the_course_map_follow_the_notebooks():
    assert make_course_map.main(["--check"]) == 0, "run tools/make_course_map.py"


def test_no_lock_no_index_address_no_path_of_a_machine():
    for path in tracked_files():
        assert path.name != "uv.lock"
        if path.suffix in {".png", ".npz", ".svg"} or path.name in ("test_project.py", "test_hygiene.py"):
            continue  # no text, or the files that name what must not be named
        text = path.read_text("utf-8")
        assert not re.search(r"pypi\.org/simple|index-url\s*=|files\.pythonhosted|/root/|/work/", text), path


def test_what_is_imported_is_declared():
    """A package that only comes along with another one is gone when that one no longer needs it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    groups += [[r for r in group if isinstance(r, str)] for group in project["dependency-groups"].values()]
    declared = {re.split(r"[<>=~!\[ ]", requirement)[0].lower() for group in groups for requirement in group}
    packages = importlib.metadata.packages_distributions()
    ours = {"bigmodel_lib", "tests", "tools", "benchmarks", "conftest"}
    for path in [
        ROOT / "conftest.py",
        *(p for folder in ("bigmodel_lib", "tools") for p in (ROOT / folder).rglob("*.py")),
    ]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level and node.module else []
            for name in {name.split(".")[0] for name in names} - ours - set(sys.stdlib_module_names):
                owners = {owner.lower() for owner in packages.get(name, [name])}
                assert owners & declared, (
                    f"{path.relative_to(ROOT)} imports {name}: declare {', '.join(sorted(owners))}"
                )


def test_budgets_stand_in_the_notebooks_only():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# x\n\n**Runs in** 40 s, 1.0 GB.")])
    assert notebooks.stated(notebook) == (40, 1.0)
    assert notebooks.stated(nbformat.v4.new_notebook()) is None


@pytest.mark.parametrize(
    "seconds, gigabytes, found",
    [(40, 1.0, []), (65, 1.44, []), (66, 1.0, ["took 66 s and states 40 s; cell 'b' alone took 50 s"]), (0, 1.0, []),
     (1, 1.46, ["used 1.46 GB and states 1.0 GB; the peak is in cell 'a'"]), (99, 9.0, ["took 99 s", "used 9.00 GB"])],
)  # fmt: skip
def test_what_exceeds_a_budget_is_said_with_the_cell(seconds, gigabytes, found):
    cells = [notebooks.Cell("a", 3, 2 * 10**9), notebooks.Cell("b", 50, 10**9)]
    lines = notebooks.excess((40, 1.0), seconds, int(gigabytes * 1e9), cells)
    assert len(lines) == len(found) and all(text in line for text, line in zip(found, lines))


@pytest.mark.parametrize(
    "arguments, flags, worker, processes",
    [
        (["tests", "chapters"], {}, False, 2),
        (["tests", "chapters"], {}, True, None),  # it would start two, each of which would start two, without end
        (["tests/test_project.py"], {}, False, 0),
        (["tests/test_project.py::test_x"], {}, False, 0),
        (["chapters"], {"--budgets": True}, False, 0),
        (["chapters"], {"usepdb": True}, False, 0),
    ],
)
def test_who_starts_how_many_processes(request, arguments, flags, worker, processes):
    root = request.config.pluginmanager.get_plugin(str(ROOT / "conftest.py"))
    option = types.SimpleNamespace(numprocesses=None, dist="no", usepdb=False, collectonly=False)
    vars(option).update(flags)
    config = types.SimpleNamespace(
        args=arguments,
        option=option,
        getoption=lambda name: flags.get(name, False),
        pluginmanager=types.SimpleNamespace(hasplugin=lambda name: True),
    )
    if worker:
        config.workerinput = {"workerid": "gw0"}
    root.pytest_cmdline_main(config)
    assert option.numprocesses == processes
