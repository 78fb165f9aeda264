"""The project around the notebooks: generated files, the README's commands, and what must never be committed."""

import pathlib
import re
import subprocess

from tools import check_budgets, make_course_map, make_environment

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
    assert "uv run pytest" in ci


def test_the_readme_and_the_course_map_follow_the_notebooks():
    assert make_course_map.main(["--check"]) == 0, "run tools/make_course_map.py"


def test_no_lock_no_index_address_no_path_of_a_machine():
    for path in tracked_files():
        assert path.name != "uv.lock"
        if path.suffix in {".png", ".npz", ".svg"} or path.name in ("test_project.py", "test_hygiene.py"):
            continue  # no text, or the files that name what must not be named
        text = path.read_text("utf-8")
        assert not re.search(r"pypi\.org/simple|index-url\s*=|files\.pythonhosted|/root/|/work/", text), path


def test_the_rooms_import_only_from_rooms_below():
    order = ["assets", "data", "tokenizers", "models", "training", "compression", "generation", "sandbox", "evaluation",
             "scaling", "plots", "check", "widgets", "notebooks", "__main__"]  # fmt: skip
    for path in (ROOT / "bigmodel_lib").rglob("*.py"):
        room = path.relative_to(ROOT / "bigmodel_lib").parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        source = path.read_text("utf-8")
        imported = re.findall(r"^\s*from bigmodel_lib import ([\w, ]+)|^\s*from bigmodel_lib\.(\w+)", source, re.M)
        for names, one in imported:
            for name in [one] if one else [n.split(" as ")[0].strip() for n in names.split(",")]:
                assert order.index(name) <= order.index(room), f"{path.name} imports {name} from a floor above"


@pytest.mark.parametrize(
    "seconds, gigabytes, passed, found",
    [(50, 1.5, True, ""), (61, 1.5, True, "took 61 s"), (50, 2.1, True, "used 2.10 GB"), (1, 1, False, "failed: boom")],
)
def test_budgets(seconds, gigabytes, passed, found):
    result = {"path": "chapters/1-concepts/1.2-x.ipynb", "seconds": seconds, "peak_bytes": int(gigabytes * 1e9)}
    lines = check_budgets.over_budget([result | {"passed": passed, "error": "boom"}])
    assert len(lines) == bool(found) and all(found in line for line in lines)


def test_no_two_classes_are_saved_under_one_name():
    """Keras keeps one table for all modules: a second class of the same name would quietly take the first one's place."""
    names = []
    for path in (ROOT / "bigmodel_lib").rglob("*.py"):
        source = path.read_text("utf-8")
        package = dict(re.findall(r"^(\w+) = keras\.saving\.register_keras_serializable\(\"(.+?)\"\)", source, re.M))
        for decorator, one, name in re.findall(
            r"^@(?:keras\.saving\.register_keras_serializable\(\"(.+?)\"\)|(\w+))\n(?:@.*\n)*class (\w+)", source, re.M
        ):
            if decorator or one in package:
                names.append((decorator or package[one], name))
    assert len(names) > 8 and len(set(names)) == len(names)
