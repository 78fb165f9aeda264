"""The one asset that no package of the Python index carries, and the chain of sources it may come from."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import urllib.request

from bigmodel_lib.assets.download import run
from bigmodel_lib.assets.registry import Asset, AssetError

KERAS_SOURCE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/train-labels-idx1-ubyte.gz"


def archives(asset: Asset, work: pathlib.Path, progress: bool) -> pathlib.Path:
    """A folder with the four ``.gz`` files of Fashion-MNIST.

    Tried in this order: Keras's own cache, a download by `keras.datasets`, and the Debian package, which is fetched without
    root and without installing it. Whatever the source, the unpacked bytes must have the hashes of the registry.

    Raises:
        AssetError: no source has them; the message says of each why not.
    """
    keras_cache = pathlib.Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets" / "fashion-mnist"
    reasons = []
    for label, source in (
        ("Keras's cache", lambda: None),
        ("keras.datasets", _keras_download),
        ("the Debian package", lambda: _debian_download(asset, work, progress)),
    ):
        try:
            folder = source() or keras_cache
            if all((folder / f"{file.member}.gz").exists() for file in asset.files):
                return folder
            reasons.append(f"{label}: not there")
        except Exception as error:  # a source that fails for any reason is one to pass over, and to report
            reasons.append(f"{label}: {str(error).splitlines()[0][:160] if str(error) else type(error).__name__}")
    raise AssetError(
        f"the asset 'fashion-mnist' could not be had ({'; '.join(reasons)}). Connect this machine to the network and run "
        f"`python -m bigmodel_lib fetch fashion-mnist`, or lay the four .gz files of Fashion-MNIST into {keras_cache}."
    )


def keras_answers() -> bool:
    """Whether the server from which `keras.datasets` downloads can be reached. Never raises; waits for 5 s at most."""
    try:
        with urllib.request.urlopen(urllib.request.Request(KERAS_SOURCE, method="HEAD"), timeout=5):
            return True
    except (OSError, ValueError):
        return False


def _keras_download() -> None:
    import keras

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(20)  # seconds; Keras sets none, and a silent network would hang a classroom
    try:
        with contextlib.redirect_stdout(sys.stderr):
            keras.datasets.fashion_mnist.load_data()
    finally:
        socket.setdefaulttimeout(before)


def _debian_download(asset: Asset, work: pathlib.Path, progress: bool) -> pathlib.Path:
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise FileNotFoundError(f"{tool} is not on this machine")
    private = work / "apt"
    (private / "lists" / "partial").mkdir(parents=True)
    (private / "cache" / "archives" / "partial").mkdir(parents=True)
    patience = ["-oAcquire::Retries=1", "-oAcquire::http::Timeout=20", "-oAcquire::https::Timeout=20"]
    options = ["-qq", f"-oDir::State::Lists={private}/lists", f"-oDir::Cache={private}/cache", *patience]
    run(asset, ["apt-get", *options, "update"], work, progress=False)
    run(asset, ["apt-get", *options, "download", asset.package], work, progress)
    package = next(work.glob("*.deb"))
    subprocess.run(["dpkg-deb", "-x", package, work / "deb"], check=True, capture_output=True, timeout=120)
    return work / "deb" / "usr" / "share" / "datasets" / "fashion-mnist"
