"""Find numbers in the prose that no cell gives: ``uv run python tools/check_prose.py [NOTEBOOK or FOLDER …]``.

A number in a chapter's text is *held* if an output of the notebook prints it (rounded as the text rounds it), if the code
sets it (a constant; the tolerance in an ``assert`` does not count), or if the cell's metadata name its source:
``"cited": {"175 billion": "Brown et al. 2020, arXiv:2005.14165, Table 2.1"}``. Left out are whole numbers up to twelve without
a unit, years, formulas, code, links, section numbers, what stands in "(asserted: …)", and the parts Exercises and References.
"""

import ast
import pathlib
import re
import sys

from bigmodel_lib import notebooks

ROOT = pathlib.Path(__file__).resolve().parent.parent
SMALL = 12  # whole numbers up to here are words of the language: "the 3 layers"
MULTIPLIERS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
UNITS = r"%|percent|points?\b|×|-?fold\b|times\b|bits?\b|nats?\b|ms\b|s\b|seconds?\b|minutes?\b|[MGT]B\b"
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
NUMBER = re.compile(
    r"(?<![\w.,/-])(?P<digits>\d[\d,\u202f]*(?:\.\d+)?)(?:e(?P<power>[-+]?\d+)|\s*·\s*10(?P<super>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+))?"
    rf"(?P<unit>[ \u00a0-]?(?:{'|'.join(MULTIPLIERS)})\b|[ \u00a0]?(?:{UNITS}))?"
)
NOT_PROSE = (
    r"```.*?```", r"`[^`]*`", r"\$\$.*?\$\$", r"\$[^$\n]*\$",  # code and formulas
    r"\(asserted:[^)]*\)", r"!\[[^\]]*\]\([^)]*\)", r"\[[\d.]+\]\([^)]*\)", r"\]\([^)]*\)", r"https?://\S+",
    r"arXiv:[\d.]+", r"§§?\s?[\d.]+(?:[-–][\d.]+)?", r"\b(?:Table|Figure|Fig\.|Eq\.|Chapter|ch\.|Art\.)\s?[\d.]+",
    r"\b(?:1[89]|20)\d\d\b(?!\s*(?:%|parameters|tokens|steps|examples))", r"^#+ [\d.]* ?", r"^\*\*Before this.*?(?:\n\n|\Z)",
    # the numbers of notebooks, which have neither a sign nor a unit, nor an error or a range
    r"(?<![±–+−\[])(?<![±–+−]\s)\b[1-5]\.[1-9]\b(?!\s?(?:[±–]|%|×|points|bits|nats|months|times|s\b|ms\b|GB|million|billion))",
    r"<[^>]+>", r"SmolLM2?-?\d*M?|LeNet-[\d-]+|GPT-[\d.]+|Llama-?[\d.]*(?:-\d+B)?|Lite0|L6-v2|MNIST-1D|float\d+|int\d+|bfloat\d+",
)  # fmt: skip


def prose(source: str) -> str:
    """Markdown without what is no claim: code, formulas, links, section numbers, years."""
    source = re.split(r"^#+ .*(?:Exercises|References)", source, flags=re.M)[0]
    for pattern in NOT_PROSE:
        source = re.sub(pattern, " ", source, flags=re.S | re.M)
    return source


def numbers(text: str) -> list[tuple[str, float, float, str]]:
    """The numbers of a text: as written, value, half of the last written place, unit (in "2.1 ± 0.4 points" that of both)."""
    found, matches = [], list(NUMBER.finditer(text))
    for match, after in zip(matches, [*matches[1:], None]):
        digits = re.sub(r"[,\u202f]", "", match["digits"].rstrip(","))
        shared = after if after and re.fullmatch(r"\s?[±–]\s?", text[match.end() : after.start()]) else match
        unit = (match["unit"] or shared["unit"] or "").strip(" \u00a0-")
        power = int(match["power"] or (match["super"] or "0").translate(SUPERSCRIPTS))
        scale = 10.0**power * MULTIPLIERS.get(unit, 1)
        half = 0.5 * 10.0 ** -len(digits.partition(".")[2]) * scale
        found.append((match.group().strip(), float(digits) * scale, half, unit))
    return found


def texts_of(cell) -> str:
    """What a code cell's stored outputs say, as plain text."""
    outputs = cell.get("outputs", [])
    return "\n".join(
        output.get("text", "") or re.sub(r"<[^>]+>", " ", "".join(
            output.get("data", {}).get(kind, "") for kind in ("text/plain", "text/html"))) for output in outputs
    )  # fmt: skip


def settings(code: str) -> set[float]:
    """The numbers that code sets: not those in comments and texts, and neither what asserts compare with nor tolerances."""
    found, left = set(), [ast.parse(code)]
    while left:
        node = left.pop()
        if isinstance(node, ast.Assert) or (isinstance(node, ast.keyword) and node.arg in ("rtol", "atol", "tol")):
            continue
        if isinstance(node, ast.Call) and "testing" in ast.unparse(node.func):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            found.add(float(node.value))
        left += ast.iter_child_nodes(node)
    return found


def is_held(
    value: float, half: float, unit: str, printed: list[tuple[str, float, float, str]], set_: set[float]
) -> bool:
    factors = [1.0]
    if unit in ("%", "percent", "point", "points"):
        factors.append(100.0)
    elif unit in ("ms", "MB", "GB", "TB"):
        factors.append({"ms": 1e3, "MB": 1e-6, "GB": 1e-9, "TB": 1e-12}[unit])
    # what is printed may be rounded more coarsely than the text's own last place only if they agree exactly
    near = any(abs(q * f - value) <= half * 1.0001 for _, q, _, _ in printed for f in factors)
    return near or any(abs(q * f - value) <= 1e-9 * max(1.0, value) for q in set_ for f in factors)


def unheld(path: str | pathlib.Path) -> list[str]:
    """The numbers in a notebook's prose that nothing holds, and stale citations, each as "cell ID: what"."""
    notebook = notebooks.read(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    printed = [n for cell in code for n in numbers(texts_of(cell).replace("−", "-").replace("-", " "))]
    printed += [n for cell in code for n in _bare(texts_of(cell))]
    given = set().union(*(settings(cell.source) for cell in code)) if code else set()
    found = []
    for cell in notebook.cells:
        cited = cell.metadata.get("cited", {})
        if cell.cell_type == "markdown":
            text = prose(cell.source)
            for number, source in cited.items():
                whole = re.compile(rf"(?<![\d.,]){re.escape(number)}(?!\d|[.,]\d)")  # 17 does not stand in 175
                if not whole.search(cell.source):
                    found.append(f"cell {cell.id}: cites {number!r}, which its text does not hold")
                if len(source) < 10:
                    found.append(f"cell {cell.id}: {number!r} is cited without a source")
                text = whole.sub(" ", text)
            for written, value, half, unit in numbers(text):
                small = value <= SMALL and value == int(value) and "." not in written and not unit
                if not small and not is_held(value, half, unit, printed, given):
                    found.append(f"cell {cell.id}: {written!r} stands in no output and no setting")
    return found


def _bare(text: str) -> list[tuple[str, float, float, str]]:
    """Numbers that stand against letters in an output, such as x1.5, 3.2ms or 1e-07."""
    return [
        (m, float(m), 0.0, "") for m in re.findall(r"\d+\.?\d*(?:e[-+]?\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", text))
    ]


def too_long(path: str | pathlib.Path, limit: int = 100) -> list[str]:
    """Lines of code that JupyterLab cuts off at 1280 pixels."""
    return [
        f"cell {cell.id}: a line of {len(line)} characters: {line.strip()[:50]}…"
        for cell in notebooks.read(path).cells
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
        if len(line) > limit
    ]


def main(arguments: list[str]) -> int:
    total = 0
    paths = arguments or [folder for folder in (ROOT / "chapters").iterdir() if folder.name[0].isdigit()]
    for path in notebooks.find(sorted(paths)):
        for line in unheld(path) + too_long(path):
            total += 1
            print(f"{path.name}: {line}")
    print(f"{total} to mend")
    return int(total > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
