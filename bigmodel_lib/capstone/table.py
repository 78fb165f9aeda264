"""The results of a class in one table: nothing is lost, and whatever cannot be a row is named with its reason."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import pathlib
import re
import reprlib

from bigmodel_lib.capstone.files import require
from bigmodel_lib.capstone.scoring import _score

__all__ = ["collect", "references", "table"]

NUMBERS = (
    "bytes", "reference_bytes", "bits_per_weight", "perplexity", "reference_perplexity", "tokens_per_s", "reference_tokens_per_s",
)  # fmt: skip
JUDGE, SAME = "smollm2", 0.01  # of the course; how far float32 itself may be off on another machine
COLUMNS = (
    "rank",
    "name",
    "score",
    "megabytes",
    "bits a weight",
    "perplexity ratio",
    "speed ratio",
    "float32 tokens/s",
    "note",
)


def references() -> list[dict]:
    """What the course's own files reach, as `score` gave it: made by ``python -m benchmarks.capstone``."""
    return json.loads(pathlib.Path(__file__).with_name("references.json").read_text("utf-8"))


def collect(folder: str | os.PathLike, judge: str = JUDGE) -> tuple[list[dict], list[str]]:
    """The results in all JSON files of a folder and of the folders in it, best first.

    Args:
        folder: with one file or more for each student; a file holds one result or a list of them.
        judge: that all must have been measured by.

    Returns:
        The rows, each with its "rank" (equal scores, to two decimals, share one) and a "note"; and one line for each result that
        is no row: the file cannot be read, a field is missing, its float32 is another one, or its score is not that of its numbers.

    Raises:
        ValueError: there is no such folder.
    """
    folder = pathlib.Path(folder)
    require(folder.is_dir(), f"there is no folder {folder}: give the one in which the results lie")
    rows, problems = [], []
    for path in sorted(folder.rglob("*.json")):
        place = path.relative_to(folder).as_posix()
        try:
            told = json.loads(path.read_text("utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            problems.append(f"{place}: cannot be read as JSON ({str(error)[:80]}); ask for it again")
            continue
        for result in told if isinstance(told, list) and told else [told]:
            problem = _problem(result, judge)
            if problem:
                problems.append(f"{place}: {problem}")
            else:
                bits = 32 * result["bytes"] / result["reference_bytes"]
                rows.append({**result, "score": _score(result), "bits_per_weight": bits, "note": ""})
    return _ranked(rows), problems


def _problem(result, judge: str) -> str:
    """Why something is no row of the table; "" if it is one."""
    if not isinstance(result, dict):
        return f"must hold a result of `score`, not a {type(result).__name__}"
    if "problem" in result:
        return f"{result.get('name', 'somebody')}'s file was refused: {result['problem']}"
    missing = [field for field in ("name", "sha256", "judge", "score", *NUMBERS) if field not in result]
    if missing:
        return f"lacks {', '.join(missing)}; score the file again"
    for field in ("name", "sha256"):
        if not isinstance(result[field], str):
            return f"{field} must be text, not {reprlib.repr(result[field])}"
    for field in (*NUMBERS, "score"):
        value = result[field]
        if not _is_finite(value):
            return f"{field} must be a finite number, not {reprlib.repr(value)}"
        if field != "score" and value <= 0:
            return f"{field} must be above 0, not {value!r}"
    if result["judge"] != judge:
        return f"was measured by the judge {result['judge']!r}, not by {judge!r}: scores of two judges do not compare"
    float32 = next(row for row in references() if row["judge"] == judge) if judge == JUDGE else result
    for field in ("reference_bytes", "reference_perplexity"):  # of the same model on the same text
        if abs(result[field] / float32[field] - 1) > SAME:
            return (
                f"says {field} {result[field]:.6g}, which is {float32[field]:.6g} with this judge; score the file again"
            )
    try:
        points = _score(result)
    except (ValueError, OverflowError) as error:
        return f"has numbers that make no score ({error}); score the file again"
    if abs(points - result["score"]) > 0.01:
        return f"says {result['score']:.2f} points, but its numbers make {points:.2f}; score the file again"
    return ""


def _is_finite(value) -> bool:
    try:
        return not isinstance(value, bool) and math.isfinite(value)
    except (TypeError, OverflowError):  # no number, or a whole one that no float can hold
        return False


def _ranked(rows: list[dict]) -> list[dict]:
    rows = sorted(rows, key=lambda row: (-round(row["score"], 2), row["bytes"], str(row["name"])))
    first: dict = {}
    for place, row in enumerate(rows, 1):
        same = place > 1 and round(row["score"], 2) == round(rows[place - 2]["score"], 2)
        row["rank"] = rows[place - 2]["rank"] if same else place
        owner = first.setdefault(row["sha256"], row["name"])
        if owner != row["name"]:
            row["note"] = f"the same file as {owner}'s"
    return rows


def _cells(row: dict) -> list[str]:
    return [
        str(row.get("rank", "–")), " ".join(str(row["name"]).split()), f"{row['score']:.2f}", f"{row['bytes'] / 1e6:.1f}",
        f"{row['bits_per_weight']:.3f}", f"{row['perplexity'] / row['reference_perplexity']:.3f}",
        f"{row['tokens_per_s'] / row['reference_tokens_per_s']:.2f}", f"{row['reference_tokens_per_s']:.0f}", row.get("note", ""),
    ]  # fmt: skip


def table(rows: list[dict], form: str = "markdown") -> str:
    """Rows of `collect`, `score` or `references` as text.

    Args:
        rows: results; those with a "problem" are left to the caller.
        form: "markdown", or "csv" for a spreadsheet.

    Example:
        >>> print(table([r for r in references() if r["name"] == "float32"]).splitlines()[2][:30])
        | – | float32 | 0.00 | 538.1 |
    """
    require(form in ("markdown", "csv"), f"form must be markdown or csv, not {form!r}")
    lines = [_cells(row) for row in rows]
    if form == "markdown":
        lines = [[cell.replace("|", "\\|") for cell in line] for line in lines]
        return (
            "\n".join("| " + " | ".join(line) + " |" for line in [list(COLUMNS), ["---"] * len(COLUMNS), *lines]) + "\n"
        )
    stream = io.StringIO()
    # a spreadsheet takes a cell that begins like a formula for one
    csv.writer(stream, lineterminator="\n").writerows(
        [list(COLUMNS), *([f"'{c}" if re.match(r"[=+@]|-(?!\d+(\.\d+)?$)", c) else c for c in line] for line in lines)]
    )
    return stream.getvalue()
