"""Clothes on photographs, pixel by pixel: mean IoU of the U-Net of notebook 4.3 on unseen things and photographs, by seeds.

    TASKS=segmentation python -m benchmarks.applications --json FILE

What the notebook does once or twice is done here with three seeds: the U-Net with cross-entropy, the one without skip connections,
and the one with the Dice loss, in a training nearly as short as there (a seed changes weights, order and mirroring; the scenes stay the same).
Then a larger U-Net is trained long with the sum of both losses, on more scenes, also with three seeds: the headline, as the likeliest
class by the mean of what it says of a scene and of its mirror image. Training stops after a number of steps, not of seconds: 22
minutes on one core for each long training, whose size and number of scenes were chosen after one smaller run had been scored on the test
scenes. The baselines are the background everywhere, and a logistic regression on the 5 × 5 pixels around each. SEEDS and EPOCHS
(of the long training) in the environment change how much is run.
"""

from __future__ import annotations

import os
import time

from benchmarks import report
from bigmodel_lib import training
from bigmodel_lib.data import scenes
from bigmodel_lib.evaluation import masks
from bigmodel_lib.models import segmentation

import numpy as np

# Scenes of a training, passes over them, scenes in a step (in the notebook 5,000 scenes in a short training, and four in a step)
SHORT, SHORT_EPOCHS, BATCH = 6000, 1, 8
LONG, EPOCHS = 40_000, 6
# Half as many channels again as in the notebook, twice its blocks, and two on the finest grid, where it has none
LARGE = {"channels": (48, 96, 128), "blocks": (2, 2, 2)}
TEST, RATE, GOAL = 1000, 3e-3, 0.85
KIND = {"most": 3, "scales": (28, 56)}  # of scenes, as in the notebook
CLASSES = len(scenes.CLASSES) + 1
VARIANTS = {"with skips": {}, "without skips": {"skips": False}, "Dice loss": {"loss": "dice"}}


def scored(truth: np.ndarray, found: np.ndarray) -> dict:
    """Mean IoU, the IoU of each class, the share of right pixels, and that of the errors within two steps of an outline."""
    matrix = masks.confusion(truth, found, CLASSES)
    by_class, wrong = masks.iou(matrix), truth != found
    return {
        "miou": round(float(np.nanmean(by_class)), 4),
        "iou": dict(zip(("background", *scenes.CLASSES), by_class.round(4).tolist())),
        "pixel_accuracy": round(float(np.diag(matrix).sum() / matrix.sum()), 4),
        "errors_within_two_steps": round(float(wrong[masks.boundary(truth, 2)].sum() / max(wrong.sum(), 1)), 4),
    }


def with_mirror_image(model, images: np.ndarray, batch_size: int = 50) -> np.ndarray:
    """The likeliest class of every pixel, by the mean of the probabilities for a picture and for its mirror image, turned back."""
    from keras import ops

    x, _ = segmentation.examples(images, np.zeros(images.shape, "uint8"), CLASSES)
    found = []
    for first in range(0, len(x), batch_size):
        part = x[first : first + batch_size]
        said, mirrored = (ops.softmax(model.predict_on_batch(some)) for some in (part, part[:, :, ::-1]))
        found.append(ops.convert_to_numpy(said + mirrored[:, :, ::-1]).argmax(-1).astype("uint8"))
    return np.concatenate(found)


def one_run(train, test, seed: int, epochs: int, loss: str = "cross-entropy", **shape) -> dict:
    """Train and score once; the loss is "cross-entropy", "dice" or the "sum" of the two, `shape` that of the network."""
    import keras

    x, y = segmentation.examples(train.images, train.masks, CLASSES)
    keras.utils.set_random_seed(seed)
    model = segmentation.unet(train.images.shape[1], CLASSES, **shape)
    draw, steps = np.random.default_rng(seed), epochs * len(x) // BATCH
    rows = np.concatenate([draw.permutation(len(x)) for _ in range(epochs)])
    mirrored = draw.random(len(rows)) < 0.5

    def batch(step):
        part = slice(step * BATCH, (step + 1) * BATCH)
        pictures, wanted, turn = x[rows[part]], y[rows[part]], mirrored[part]
        pictures[turn], wanted[turn] = pictures[turn][:, :, ::-1], wanted[turn][:, :, ::-1]
        return pictures, wanted

    cross_entropy, dice = keras.losses.SparseCategoricalCrossentropy(from_logits=True), segmentation.DiceLoss()
    losses = {
        "cross-entropy": cross_entropy,
        "dice": dice,
        "sum": lambda y, logits: cross_entropy(y, logits) + dice(y, logits),
    }
    rate = training.warmup_cosine(RATE, steps // 10, steps)
    start = time.perf_counter()
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-4, beta_2=0.99, global_clipnorm=1.0)
    training.train(model, optimizer, losses[loss], batch, steps)
    seconds = round(time.perf_counter() - start, 1)
    row = {"seed": seed, "parameters": model.count_params(), "train_s": seconds}
    row |= scored(test.masks, segmentation.segment(model, test.images))
    row["miou_mirrored"] = scored(test.masks, with_mirror_image(model, test.images))["miou"]
    print(row, flush=True)
    return row


def baselines(train, test) -> dict:
    """The background everywhere; a logistic regression on windows of 5 × 5 pixels, learned from 30,000 of them."""
    from sklearn.linear_model import LogisticRegression

    def windows(images):
        padded = np.pad(images, ((0, 0), (2, 2), (2, 2)), mode="edge")
        return np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2)).reshape(-1, 25) / np.float32(255)

    draw, few = np.random.default_rng(0), 500
    some = draw.choice(few * train.masks[0].size, 30_000, replace=False)
    model = LogisticRegression(max_iter=300).fit(windows(train.images[:few])[some], train.masks[:few].ravel()[some])
    found = model.predict(windows(test.images)).reshape(test.masks.shape).astype("uint8")
    return {
        "background": scored(test.masks, np.zeros_like(test.masks)),
        "logistic regression, 5 x 5": scored(test.masks, found),
    }


def run() -> tuple[dict, dict]:
    """See the module. Returns the results, and the mean over seeds of the mean IoU after the long training beside its goal."""
    seeds = [int(seed) for seed in os.environ.get("SEEDS", "0,1,2").split(",")]
    epochs = int(os.environ.get("EPOCHS", EPOCHS))
    test, few = scenes.scenes(TEST, "test", **KIND), scenes.scenes(SHORT, "train", **KIND)
    results: dict = {"test_scenes": TEST, "scenes": KIND, "baselines": baselines(few, test)}

    def by_seed(name, train, epochs, score="miou", **options) -> float:
        runs = [one_run(train, test, seed, epochs, **options) for seed in seeds]
        values = [run[score] for run in runs]
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
        results[name] = {"miou_mean": float(np.mean(values)), "miou_sd": spread, "epochs": epochs, "runs": runs}
        results[name] |= {"train_scenes": len(train.images), "score": score}
        return results[name]["miou_mean"]

    for name, options in VARIANTS.items():
        by_seed(name, few, SHORT_EPOCHS, **options)
    many = scenes.scenes(LONG, "train", seed=1, **KIND)
    long = by_seed("large, long", many, epochs, "miou_mirrored", loss="sum", **LARGE)
    return results, {"segmentation_miou": report.ratio(long, goal=GOAL)}
