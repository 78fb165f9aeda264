"""Figures that the stored notebooks hold, so that an answer can load what it claims: nobody types a number twice.

A stored notebook keeps what its cells printed. `measured` finds a figure there by a pattern, with the notebook and the cell in which
it stands; `answer` puts figures into a sentence and refuses a sentence with a number of its own; `uses` finds the places where the
course uses a term. Nothing is executed here: a figure is as old as the last run of its notebook.
"""

from __future__ import annotations

import functools
import json
import pathlib
import re
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Measured", "Place", "answer", "chapters", "link", "measured", "outputs", "uses"]

MINUS = str.maketrans("−–", "--")
NUMBER_WORDS = (
    "three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    "(?:twen|thir|for|fif|six|seven|eigh|nine)ty|dozen|hundred|thousand|twice|double[sd]?"
)
AFTERWARDS = r"Takeaways|What this does not show|Exercises|References"
NOT_PROSE = (r"```.*?```", r"`[^`]*`", r"\$\$.*?\$\$", r"\$[^$\n]*\$", r"(?<=\])\([^)]*\)", r"https?://\S+")


class Measured(float):
    """A number that a cell printed. It prints as it was printed there, unless a format says otherwise.

    Attributes:
        text: as printed, with its sign, commas and places.
        notebook: the number of the notebook, such as "3.3".
        cell: the id of the cell.
    """

    def __new__(cls, text: str, notebook: str = "", cell: str = ""):
        made = super().__new__(cls, text.translate(MINUS).replace(",", "").replace(" ", ""))
        made.text, made.notebook, made.cell = text.strip(), notebook, cell
        return made

    def __getnewargs__(self):  # for copy and pickle
        return self.text, self.notebook, self.cell

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"{self.text} (notebook {self.notebook}, cell {self.cell})"

    def __format__(self, form: str) -> str:
        return format(float(self), form) if form else self.text


@dataclass(frozen=True)
class Place:
    """Where a term stands: the number of the notebook, and the heading above it."""

    notebook: str
    section: str


def chapters(root: pathlib.Path | None = None) -> dict[str, pathlib.Path]:
    """The course's notebooks in their order, by number.

    Args:
        root: the folder `chapters`; by default the one beside or above the working folder, or beside the library.

    Raises:
        ValueError: there is no such folder, or it holds no notebook.
    """
    here = pathlib.Path.cwd()
    asked = [root] if root else [p / "chapters" for p in (here, *here.parents, pathlib.Path(__file__).parents[1])]
    for folder in asked:
        found = sorted(folder.glob("[1-9]-*/[1-9].[1-9]-*.ipynb"), key=lambda path: path.name)
        if found:
            return {path.name.split("-")[0]: path for path in found}
    raise ValueError(
        f"the course's folder `chapters` was not found from {here.name or here}: run this inside a copy of the course"
    )


def outputs(path: pathlib.Path) -> list[tuple[str, str]]:
    """What the code cells of a stored notebook printed: (cell id, text), those without text left out.

    Raises:
        ValueError: the file is not a notebook.
    """
    found = []
    for cell in _cells(path):
        parts = []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            parts.append(_joined(output.get("text", "")) or _joined(data.get("text/plain", "")))
            parts.append(re.sub(r"(?:<[^>]+>|\s)+", " ", _joined(data.get("text/html", ""))))
        if any(parts):
            found.append((cell["id"], "".join(parts)))
    return found


def measured(
    number: str, pattern: str, cell: str | None = None, root: pathlib.Path | None = None
) -> Measured | tuple[Measured, ...]:
    """The figure that a stored notebook printed where a pattern fits.

    A pattern names what stands around the figure, never the figure itself, so that it still fits when the notebook has been run again.

    Args:
        number: of the notebook, such as "3.3".
        pattern: a regular expression with one group for each figure wanted; ^ and $ stand for the ends of a line.
        cell: only look at what this cell printed.
        root: the folder `chapters`, see there.

    Returns:
        A number, or as many as the pattern has groups.

    Raises:
        ValueError: there is no such notebook or cell; the pattern has no group, fits nowhere, fits different figures, or a group
            holds no number.

    Example:
        >>> measured("1.1", r"records doubled after (\\d+) days")
        Traceback (most recent call last):
        ValueError: notebook 1.1 printed nothing that fits 'records doubled after (\\\\d+) days': ...

    Taught in: 5.5.
    """
    known = chapters(root)
    if number not in known:
        raise ValueError(f"there is no notebook {number!r}; there are {', '.join(known)}")
    printed = outputs(known[number])
    if cell is not None:
        ids = [id for id, _ in printed]
        if cell not in ids:
            raise ValueError(
                f"notebook {number} has no cell {cell!r} that printed something; there are {', '.join(ids)}"
            )
        printed = [(id, text) for id, text in printed if id == cell]
    compiled = re.compile(pattern, re.M)
    if not compiled.groups:
        raise ValueError(f"the pattern {pattern!r} needs a group (in parentheses) around each figure that is wanted")
    found = {match.groups(): id for id, text in printed for match in compiled.finditer(text)}
    if not found:
        raise ValueError(
            f"notebook {number} printed nothing that fits {pattern!r}: look at its stored outputs, and mend the pattern"
        )
    if len(found) > 1:
        raise ValueError(
            f"notebook {number} printed several figures that fit {pattern!r}: {sorted(found)[:4]}; say more of what stands "
            "around the one you mean, or name its cell"
        )
    (groups, id), *_ = found.items()
    try:
        figures = tuple(Measured(text, number, id) for text in groups)
    except (ValueError, AttributeError):
        raise ValueError(f"not every group of {pattern!r} holds a number: notebook {number} has {groups}") from None
    return figures if len(figures) > 1 else figures[0]


def link(number: str, section: str = "", text: str = "", root: pathlib.Path | None = None) -> str:
    """A Markdown link to a notebook from another notebook of the course.

    Args:
        number: of the notebook.
        section: a heading in it, as it is written there; "" for its top.
        text: what is shown; by default the number.

    Raises:
        ValueError: there is no such notebook.

    Example:
        >>> link("1.1")
        '[1.1](../1-concepts/1.1-from-perceptrons-to-large-models.ipynb)'
    """
    known = chapters(root)
    if number not in known:
        raise ValueError(f"there is no notebook {number!r}; there are {', '.join(known)}")
    shown = re.sub(r"[$*`]", "", section).replace(" ", "-")  # JupyterLab's name of a heading
    target = f"../{known[number].parent.name}/{known[number].name}" + (f"#{urllib.parse.quote(shown)}" if shown else "")
    return f"[{text or number}]({target})"


def answer(template: str, root: pathlib.Path | None = None, **figures) -> str:
    """A sentence with its figures and links, in Markdown.

    Args:
        template: text with figures as `{name}` or `{name:format}`, and notebooks as `[1.3]`, which become links. Line breaks become
            spaces. It may hold no number of its own, in digits or in words from three on ("million" and "billion" may stand behind
            a figure); names such as GPT-3 and float32 are no numbers.
        figures: loaded by `measured`, or computed.

    Raises:
        ValueError: the text holds a number, or lacks a figure that was given, or names one that was not.

    Example:
        >>> answer("{right} of {asked} are right.", right=3, asked=12)
        '3 of 12 are right.'
        >>> answer("3 of {asked} are right.", asked=12)
        Traceback (most recent call last):
        ValueError: an answer may hold no typed number, but this one holds '3': load it, or compute it

    Taught in: 5.5.
    """
    named = set(re.findall(r"\{(\w+)", template))
    if named != set(figures):
        raise ValueError(
            f"the text names {sorted(named)}, and the figures given are {sorted(figures)}: they must agree"
        )
    plain = re.sub(r"\{[^}]*\}|\[\d\.\d\]|\b[A-Za-z][A-Za-z\d]*-?\d[\w.-]*", " ", template)
    typed = re.search(rf"\d[\d.,]*|\b(?:{NUMBER_WORDS})\b", plain, re.I)
    if typed:
        raise ValueError(f"an answer may hold no typed number, but this one holds {typed[0]!r}: load it, or compute it")
    linked = re.sub(r"\[(\d\.\d)\]", lambda found: link(found[1], root=root), " ".join(template.split()))
    return linked.format(**figures)


def uses(forms: Sequence[str], emphasised: bool = False, root: pathlib.Path | None = None) -> Place | None:
    """The first place in the course's text, in the order of its notebooks, that uses a term; None if none does.

    Args:
        forms: ways of writing it. The plural's s and hyphens for spaces are the same; so are upper and lower case, except in forms
            such as GPU and LoRA that hold a capital behind their first letter.
        emphasised: only where it is set in italics or bold by itself, as the course does where it explains one.

    What counts is a notebook's title and the text of its sections: neither its opening, which lists what will come, nor its takeaways,
    limits, exercises and references; neither code, formulas and addresses nor what cells printed.

    Taught in: 5.5.
    """
    words = "|".join(
        (r"" if re.search(r".[A-Z]", form) else "(?i:")
        + re.escape(form).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]?")
        + ("" if re.search(r".[A-Z]", form) else ")")
        for form in forms
    )
    pattern = (
        rf"(?<![\w*])(\*\*?)(?:an? |the )?(?:{words})(?:e?s)?[.,:]?\1(?![\w*])"
        if emphasised
        else rf"(?<![\w-])(?:{words})(?:e?s)?(?!\w)"
    )
    compiled = re.compile(pattern)
    for number, path in chapters(root).items():
        for section, text in _sections(path, path.stat().st_mtime_ns):
            if compiled.search(text):
                return Place(number, section)
    return None


def _joined(text) -> str:
    return text if isinstance(text, str) else "".join(text)


def _cells(path: pathlib.Path) -> list[dict]:
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} cannot be read as a notebook ({type(error).__name__})") from None


@functools.lru_cache(maxsize=64)
def _read(path: pathlib.Path, _changed: int) -> list[dict]:
    return json.loads(path.read_text("utf-8"))["cells"]


@functools.lru_cache(maxsize=64)
def _sections(path: pathlib.Path, _changed: int) -> tuple[tuple[str, str], ...]:
    """(heading, its prose) of a notebook's sections in order, of its opening the title only, without what stands after them."""
    heading, found = "", []
    for index, cell in enumerate(_cells(path)):
        source = _joined(cell["source"]) if cell["cell_type"] == "markdown" else ""
        for part in re.split(
            r"^(?=#+ )", source if index else source.partition("\n")[0], flags=re.M
        ):  # of the opening its title
            title = re.match(r"#+ (.*)", part)
            heading = title[1].strip() if title else heading
            if re.match(AFTERWARDS, heading):
                continue
            for pattern in NOT_PROSE:
                part = re.sub(pattern, " ", part, flags=re.S)
            found.append((heading, part))
    return tuple(found)
