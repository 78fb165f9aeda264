"""Writes efficientnet_lite0.npz: EfficientNet-Lite0 in NumPy alone, the oracle of tests/test_efficientnet.py.

With the repository's root as the working folder (half a minute):

    uv run python tests/references/make_efficientnet_lite0.py

It shares with the library the photographs and the downloaded bytes, and nothing else: the weights are read by PyTorch if it is
installed (`python -m pip install torch`), the pictures cut and scaled here, the network computed here, with convolutions
written as a sum over the kernel's positions.
"""

import pathlib

from bigmodel_lib import assets
from bigmodel_lib.data import images

import numpy as np
from PIL import Image

# (blocks, kernel, stride of the first); whether a block widens its input is read off the file
PLAN = [(1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1)]


def weights():
    path = assets.fetch("efficientnet-lite0")
    try:
        import torch
    except ImportError:
        from bigmodel_lib.models.pth import read_pth

        return read_pth(path)
    return {name: tensor.numpy() for name, tensor in torch.load(path, map_location="cpu", weights_only=True).items()}


def view(picture):
    """The middle square, 7/8 of the shorter side, at 224 × 224, scaled."""
    picture = Image.fromarray(picture)
    side = int(0.875 * min(picture.size))
    left, top = ((n - side) // 2 for n in picture.size)
    small = picture.crop((left, top, left + side, top + side)).resize((224, 224), Image.Resampling.BICUBIC)
    return (np.asarray(small, np.float64) - 127) / 128


def convolve(x, kernel, stride):
    """x (H, W, C); kernel (outputs, C, k, k), or (C, 1, k, k) for one filter a channel; zero padding as in TensorFlow."""
    k = kernel.shape[-1]
    depthwise = kernel.shape[1] == 1 and k > 1
    out = [-(-n // stride) for n in x.shape[:2]]
    total = [max((o - 1) * stride + k - n, 0) for o, n in zip(out, x.shape[:2])]
    x = np.pad(x, [(t // 2, t - t // 2) for t in total] + [(0, 0)])
    y = 0.0
    for i, j in np.ndindex(k, k):
        seen = x[i : i + (out[0] - 1) * stride + 1 : stride, j : j + (out[1] - 1) * stride + 1 : stride]
        y = y + (seen * kernel[:, 0, i, j] if depthwise else seen @ kernel[:, :, i, j].T)
    return y


def logits(x, w):
    def normal(x, name):
        scale = w[f"{name}.weight"] / np.sqrt(w[f"{name}.running_var"] + 1e-3)
        return (x - w[f"{name}.running_mean"]) * scale + w[f"{name}.bias"]

    def relu6(x):
        return np.minimum(np.maximum(x, 0), 6)

    x = relu6(normal(convolve(x, w["_conv_stem.weight"], 2), "_bn0"))
    block = 0
    for repeats, _, first_stride in PLAN:
        for stride in [first_stride] + [1] * (repeats - 1):
            name, y = f"_blocks.{block}", x
            if f"{name}._expand_conv.weight" in w:
                y = relu6(normal(convolve(y, w[f"{name}._expand_conv.weight"], 1), f"{name}._bn0"))
            y = relu6(normal(convolve(y, w[f"{name}._depthwise_conv.weight"], stride), f"{name}._bn1"))
            y = normal(convolve(y, w[f"{name}._project_conv.weight"], 1), f"{name}._bn2")
            x, block = x + y if x.shape == y.shape else y, block + 1
    x = relu6(normal(convolve(x, w["_conv_head.weight"], 1), "_bn1"))
    return x.mean((0, 1)) @ w["_fc.weight"].T + w["_fc.bias"]


def main():
    w = {name: tensor.astype(np.float64) for name, tensor in weights().items()}
    photos = images.photos()
    views = {name: view(photo) for name, photo in photos.items()}
    z = np.stack([logits(x, w) for x in views.values()])
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    best = np.argsort(-p, axis=1)[:, :20]
    np.savez_compressed(
        pathlib.Path(__file__).parent / "efficientnet_lite0.npz",
        names=np.array(list(views)),
        classes=best.astype(np.int16),
        probabilities=np.take_along_axis(p, best, 1).astype(np.float32),
        logits=z[:, ::20].astype(np.float32),  # of the classes 0, 20, 40, …
        pixels=np.stack([x[::16, ::16] for x in views.values()]).astype(np.float32),  # 14 × 14 of each view
    )


if __name__ == "__main__":
    main()
