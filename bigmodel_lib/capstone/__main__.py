"""``python -m bigmodel_lib.capstone score FILE… [--json OUT]`` and ``… table FOLDER [--csv OUT] [--markdown OUT]``."""

from __future__ import annotations

import argparse
import glob
import io
import json
import os
import pathlib
import sys

from bigmodel_lib import capstone


def _names(paths: list[str]) -> list[str]:
    """Who a file is from: its folders, as far as they differ; of a single file the last folder; and its name."""
    full = [pathlib.Path(path).absolute().with_suffix("") for path in paths]
    shared = len(os.path.commonprefix([path.parts for path in full])) if len(full) > 1 else len(full[0].parts) - 2
    return ["/".join(path.parts[min(shared, len(path.parts) - 2) :]) for path in full]


def _score(chosen) -> int:
    words = pathlib.Path(chosen.text).read_text("utf-8") if chosen.text else None
    if chosen.json:  # before the measuring, which takes a minute a file
        pathlib.Path(chosen.json).parent.mkdir(parents=True, exist_ok=True)
    # A Windows shell hands patterns on as they are
    files = [
        path
        for pattern in chosen.files
        for path in ([pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern)) or [pattern])
    ]
    judge, results = capstone.judge(chosen.judge, words), []
    for path, own in zip(files, _names(files)):
        try:
            result = capstone.measure(path, judge)
        except (ValueError, OSError) as error:
            result = {"file": pathlib.Path(path).name, "problem": str(error)}
        results.append({"name": chosen.name or own} | result)
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print(capstone.table([result for result in results if "problem" not in result]))
    return _tell([f"{result['file']}: {result['problem']}" for result in results if "problem" in result])


def _table(chosen) -> int:
    rows, problems = capstone.collect(chosen.folder, chosen.judge)
    rows += [row | {"note": "of the course"} for row in capstone.references()] if chosen.references else []
    rows.sort(key=lambda row: -row["score"])
    for path, form in ((chosen.markdown, "markdown"), (chosen.csv, "csv")):
        if path:
            pathlib.Path(path).write_text(capstone.table(rows, form), "utf-8", newline="")
    print(capstone.table(rows))
    return _tell(problems)


def _tell(problems: list[str]) -> int:
    for problem in problems:
        print(f"no row: {problem}", file=sys.stderr)
    return 1 if problems else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bigmodel_lib.capstone", description="The capstone's scorer.")
    commands = parser.add_subparsers(dest="command", required=True)
    scoring = commands.add_parser("score", help="measure files: bytes, perplexity, tokens a second, points")
    scoring.add_argument("files", nargs="+", metavar="FILE")
    scoring.add_argument(
        "--name", help="who hands them in; by default the folders by which the files differ, and the name"
    )
    scoring.add_argument("--json", metavar="OUT", help="write the results here")
    scoring.add_argument("--text", metavar="FILE", help="measure the perplexity on this text instead of the course's")
    scoring.add_argument("--judge", default="smollm2", help="smollm2, or tiny to try a format")
    making = commands.add_parser("table", help="the results of a class, best first")
    making.add_argument("folder", metavar="FOLDER", help="with the JSON files of all students")
    making.add_argument(
        "--judge", default="smollm2", help='that all were measured by, such as "smollm2 on another text"'
    )
    making.add_argument("--csv", metavar="OUT"), making.add_argument("--markdown", metavar="OUT")
    making.add_argument("--references", action="store_true", help="with the files of the course among them")
    for stream in (sys.stdout, sys.stderr):  # a Windows console in an old code page has no –
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    chosen = parser.parse_args(arguments)
    try:
        return _score(chosen) if chosen.command == "score" else _table(chosen)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
