"""Execute notebooks from fresh kernels and store their outputs: ``uv run python tools/execute_notebooks.py PATH…``.

A notebook in which a cell fails is left as it was.
"""

import sys

from bigmodel_lib import notebooks


def main(paths: list[str]) -> int:
    failed = 0
    for path in notebooks.find(paths or ["chapters", "solutions"]):
        result = notebooks.execute(path, store=True)
        failed += not result.passed
        print(f"{result.seconds:6.1f} s  {result.peak_bytes / 1e9:4.2f} GB  {path}  {result.error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
