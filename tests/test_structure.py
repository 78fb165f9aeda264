"""How the library is built: its floors, its names, its size, its examples."""

import ast
import doctest
import importlib
import io
import pathlib
import re
import tokenize

import bigmodel_lib
from bigmodel_lib import notebooks

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "bigmodel_lib"
FILES = sorted(LIBRARY.rglob("*.py"))
ORDER = re.findall(r"^``(\w+)``", bigmodel_lib.__doc__, re.M)  # the rooms, lowest floor first
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in FILES]


def name_of(path: pathlib.Path) -> str:
    return path.relative_to(LIBRARY).as_posix()


def room(module: str) -> str:
    """The room of a module: bigmodel_lib.models.gpt -> models."""
    return (module.split(".") + [""])[1]


def imports(source: str, module: str, is_package: bool) -> set[str]:
    """The modules of the library that a source imports, in every form; `from x import y` counts as x.y, as y may be a module."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".") if is_package else module.split(".")[:-1]
            base = parts[: len(parts) - node.level + 1] if node.level else []
            start = ".".join(base + ([node.module] if node.module else []))
            found |= {f"{start}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return {name for name in found if name.split(".")[0] == "bigmodel_lib"}


@pytest.mark.parametrize(
    "source, found",
    [
        ("import bigmodel_lib.models.gpt as g", {"bigmodel_lib.models.gpt"}),
        ("from bigmodel_lib import models, plots as p", {"bigmodel_lib.models", "bigmodel_lib.plots"}),
        ("from bigmodel_lib.models import (\n    gpt,\n)", {"bigmodel_lib.models.gpt"}),
        ("def f():\n    from .. import models", {"bigmodel_lib.models"}),
        ("from . import text", {"bigmodel_lib.data.text"}),
        ("from ..models.gpt import gpt", {"bigmodel_lib.models.gpt.gpt"}),
        ("importlib.import_module('bigmodel_lib.plots')", {"bigmodel_lib.plots"}),
        ("import keras", set()),
    ],
)
def test_every_form_of_import_is_seen(source, found):
    assert imports(source, "bigmodel_lib.data.images", is_package=False) == found
    package = imports(
        source.replace("from ..", "from .").replace("from . import text", "from .data import text"),
        "bigmodel_lib",
        True,
    )
    assert package == found


def test_the_docstring_of_the_library_lists_every_room():
    rooms = {path.relative_to(LIBRARY).parts[0].removesuffix(".py") for path in FILES} - {"__init__", "__main__"}
    assert len(ORDER) == len(set(ORDER))
    assert set(ORDER) == rooms


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_room_imports_only_from_rooms_below(path):
    order = [*ORDER, "__main__"]
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    own = room(module)
    for name in imports(path.read_text("utf-8"), module, path.name == "__init__.py"):
        if own and room(name) in order:
            assert order.index(room(name)) <= order.index(own), f"imports {name} from a floor above"


@pytest.mark.parametrize("name", ORDER)
def test_every_room_says_what_it_offers(name):
    module = importlib.import_module(f"bigmodel_lib.{name}")
    assert getattr(module, "__all__", None), f"bigmodel_lib.{name} has no __all__"
    assert len(set(module.__all__)) == len(module.__all__)
    for offered in module.__all__:
        if not hasattr(module, offered):
            importlib.import_module(f"bigmodel_lib.{name}.{offered}")


def code_lines(source: str) -> int:
    """Lines of code: neither blank, nor only a comment, nor of a docstring."""
    skipped = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
        tokenize.ENCODING,
    }
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skipped:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and ast.get_docstring(node) is not None
        ):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def test_how_lines_of_code_are_counted():
    assert (
        code_lines(
            '"""Doc\n\nstring."""\n\n# a comment\nx = """a\n\nb"""  # with one behind\n\n\ndef f():\n    """Doc."""\n    return [\n        1,\n    ]\n'
        )
        == 7
    )


def test_the_library_stays_small():
    sizes = {name_of(path): code_lines(path.read_text("utf-8")) for path in FILES}
    assert {name: size for name, size in sizes.items() if size > 250} == {}
    assert sum(sizes.values()) <= 8500


def examples(module: str) -> list[doctest.DocTest]:
    found = doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(module))
    return [test for test in found if test.examples]


@pytest.mark.parametrize("module", [m for m in MODULES if not m.endswith("__main__")])
def test_the_examples_of_the_docstrings_are_true(module):
    """Those that need a file or more than a second are marked `# doctest: +SKIP`."""
    import numpy as np

    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for test in examples(module):
        test.globs.setdefault("np", np)
        said: list[str] = []
        result = runner.run(test, out=said.append)
        assert not result.failed, "".join(said)


def test_not_all_examples_are_skipped():
    every = [
        example
        for module in MODULES
        if "__main__" not in module
        for test in examples(module)
        for example in test.examples
    ]
    skipped = [example for example in every if example.options.get(doctest.SKIP)]
    assert len(every) > 30 and len(skipped) < len(every) / 2


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_taught_in_names_a_notebook_that_exists(path):
    numbers = {p.stem.split("-")[0] for p in notebooks.find([ROOT / "chapters"])}
    for said in re.findall(r"Taught in:\s*([^\n]*)", path.read_text("utf-8")):
        named = re.findall(r"\b\d\.\d+\b", said)
        assert named, f"'Taught in: {said}' names no notebook"
        assert set(named) <= numbers, f"'Taught in: {said}' names a notebook that does not exist"


def test_no_two_classes_are_saved_under_one_name():
    """Keras keeps one table for all modules: a second class of the same name would quietly take the first one's place."""
    names = []
    for path in FILES:
        tree = ast.parse(path.read_text("utf-8"))
        call = "keras.saving.register_keras_serializable"
        aliases = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call)
        }
        for node in (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)):
            for decorator in node.decorator_list:
                made = aliases.get(decorator.id) if isinstance(decorator, ast.Name) else decorator
                if isinstance(made, ast.Call) and ast.unparse(made.func) == call:
                    arguments = [a.value for a in made.args] + [None, None]
                    given = {k.arg: k.value.value for k in made.keywords}
                    names.append((given.get("package", arguments[0]), given.get("name", arguments[1]) or node.name))
    assert len(names) > 8 and len(set(names)) == len(names)
