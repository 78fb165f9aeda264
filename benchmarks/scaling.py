"""The runs behind notebook 5.1: ``python -m benchmarks.scaling --csv chapters/5-outlook/scaling-runs.csv [--minutes 10]``

GPTs of seven widths, two blocks deep, read the plays of Shakespeare character by character, each for four budgets of steps, each
budget with a cosine of its own; and two runs of a model larger than all of them, to test predictions. Beside them a search for the
learning rate at three widths, for Muon and for AdamW. It can be stopped and started again: runs that the file holds are not
repeated. All of it takes about half an hour on one core.

What a row says: `part` ("fit", "held-out" or "rate"), the run's shape and recipe, `steps` taken and `planned` (a row with fewer
steps than planned was read on the way, before the rate had fallen), parameters with and without the tables of characters and places,
the loss on held-out plays in nats a character with its standard error over windows, how often the next 1, 2, 4, 8, 16 characters
were all right (the most likely character, 32 or more characters of context), and the seconds of processor time.
"""

from __future__ import annotations

import argparse
import csv
import pathlib
import time

from bigmodel_lib import training
from bigmodel_lib.data import text
from bigmodel_lib.models import gpt

import keras
import numpy as np

T, BATCH, LAYERS, HEADS = 64, 16, 2, 4  # places, windows in a step
WIDTHS, BUDGETS = (12, 16, 24, 32, 48, 64, 80), (200, 400, 800, 1600)  # of the fitted runs; steps
HELD_OUT, HELD_OUT_STEPS = 168, (2000, 3200)  # width, steps of two runs
RATES = {"muon": (0.01, 0.02, 0.04, 0.08, 0.16), "adamw": (0.002, 0.004, 0.008, 0.016, 0.032)}
RATE_WIDTHS, RATE_STEPS = (12, 32, 80), 200
IN_A_ROW = (1, 2, 4, 8, 16)
KEY = ("part", "width", "optimizer", "rate", "planned", "seed")
FIELDS = (
    *KEY, "steps", "tokens", "parameters", "without_embeddings", "loss", "error",
    *(f"right_{k}" for k in IN_A_ROW), "seconds",
)  # fmt: skip
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def characters() -> tuple[np.ndarray, np.ndarray, int]:
    """Training and held-out plays as numbers of characters, and how many different ones there are."""
    train, test = text.shakespeare("train"), text.shakespeare("test")
    number = {c: i for i, c in enumerate(sorted(set(train + test)))}
    return *(np.array([number[c] for c in part], np.int32) for part in (train, test)), len(number)


def windows(ids, starts):
    """(x, y), (n, T) each: pieces, and the same moved on by one."""
    pieces = ids[np.asarray(starts)[:, None] + np.arange(T + 1)]
    return pieces[:, :-1], pieces[:, 1:]


class Family:
    """One width: model, optimizer and compiled step, used for all its runs."""

    def __init__(self, width: int, optimizer: str):
        self.train, self.test, self.vocab_size = characters()
        shape = {"num_layers": LAYERS, "num_heads": HEADS, "d_model": width, "seq_len": T}
        self.new = lambda: gpt.gpt(vocab_size=self.vocab_size, **shape)
        self.model, self.optimizer = self.new(), make_optimizer(optimizer)
        self.optimizer.build(self.model.trainable_variables)

    def run(self, rate: float, steps: int, seed: int, looks: tuple[int, ...] = ()) -> dict[int, dict]:
        """Train from a seed; what was measured, by step: at the end, and at the looks on the way."""
        keras.utils.set_random_seed(seed)
        self.model.set_weights(self.new().get_weights())
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
        order = T * np.random.default_rng(seed).permutation((len(self.train) - 1) // T)
        batch = lambda step: windows(self.train, order[step * BATCH : (step + 1) * BATCH])  # noqa: E731
        began, found = time.process_time(), {}
        set_rate = lambda step: self.optimizer.learning_rate.assign(rate * cosine(step, steps))  # noqa: E731

        def on_step(step, losses):
            set_rate(step)
            if step in looks or step == steps:
                found[step] = self.measure() | {"seconds": round(time.process_time() - began, 1)}

        set_rate(0)
        training.train(self.model, self.optimizer, cross_entropy, batch, steps, every=10, on_step=on_step)
        return found

    def measure(self) -> dict:
        x, y = windows(self.test, np.linspace(0, len(self.test) - T - 1, 1024).astype(int))
        logits = np.asarray(self.model.predict(x, batch_size=64, verbose=0))
        chosen = np.take_along_axis(logits, y[..., None], -1)[..., 0]
        top = logits.max(-1)
        nats = top + np.log(np.exp(logits - top[..., None]).sum(-1)) - chosen
        right = (logits.argmax(-1) == y)[:, T // 2 - 1 :]
        rows = {f"right_{k}": in_a_row(right, k) for k in IN_A_ROW}
        of_window = nats.mean(1, dtype=float)
        return {"loss": of_window.mean(), "error": of_window.std(ddof=1) / len(x) ** 0.5} | rows


def in_a_row(right: np.ndarray, k: int) -> float:
    """Share of all runs of k neighbouring answers (windows, places) that are right throughout."""
    return float(np.lib.stride_tricks.sliding_window_view(right, k, axis=1).all(-1).mean())


def cosine(step: int, steps: int) -> float:
    """Share of the peak: up in a tenth of the steps, then half a cosine down to zero; set anew every ten steps."""
    middle = (step // 10 * 10 + 5) / steps
    return min(middle / 0.1, 0.5 * (1 + np.cos(np.pi * max(0.0, middle - 0.1) / 0.9)))


def rate_of(width: int) -> float:
    """Muon's peak rate by width, from trials at widths 12 and 80: the best falls about as the root of the width."""
    return round(0.04 * (48 / width) ** 0.5, 3)


def make_optimizer(name: str) -> keras.optimizers.Optimizer:
    if name == "adamw":
        optimizer = keras.optimizers.AdamW(0.0, weight_decay=0.1, beta_2=0.95, global_clipnorm=1.0)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        return optimizer
    rest = {
        "exclude_embeddings": True,
        "exclude_layers": ["tokens", "positions"],
        "adam_lr_ratio": 0.25,
        "adam_beta_2": 0.95,
    }
    return keras.optimizers.Muon(0.0, weight_decay=0.1, **rest)  # as in notebook 2.7


def plan() -> list[tuple]:
    """Every run, as its key, in the order in which they are made."""
    fit = [
        ("fit", width, "muon", rate_of(width), steps, seed) for seed in (0, 1) for width in WIDTHS for steps in BUDGETS
    ]
    rates = [
        ("rate", width, name, rate, RATE_STEPS, 0) for name in RATES for width in RATE_WIDTHS for rate in RATES[name]
    ]
    rates += [("rate", w, "muon", round(times * rate_of(w), 4), 800, 0) for w in RATE_WIDTHS for times in (0.5, 2)]
    first = [key for key in fit if key[-1] == 0]
    held_out = [("held-out", HELD_OUT, "muon", rate_of(HELD_OUT), steps, 0) for steps in HELD_OUT_STEPS]
    return first + held_out + rates + [key for key in fit if key not in first]


def done(path: pathlib.Path) -> set[tuple]:
    """Keys of the runs that the file holds to their end."""
    if not path.exists():
        return set()
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {tuple(row[name] for name in KEY) for row in rows if row["steps"] == row["planned"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv", required=True, type=pathlib.Path, help="file to write, or to go on with")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after so many")
    parser.add_argument("--part", help="only the runs of this part")
    arguments = parser.parse_args()
    held, began, families = done(arguments.csv), time.monotonic(), {}
    if not arguments.csv.exists():
        note = "# made by: python -m benchmarks.scaling --csv chapters/5-outlook/scaling-runs.csv\n"
        arguments.csv.write_text(note + ",".join(FIELDS) + "\n", "utf-8")
    for key in plan():
        part, width, name, rate, steps, seed = key
        if tuple(map(str, key)) in held or arguments.part not in (None, part):
            continue
        if time.monotonic() - began > 60 * arguments.minutes:
            print("more to do: start again")
            return
        if (width, name) not in families:
            families = {(width, name): Family(width, name)}  # one at a time: each holds compiled programs
        family = families[width, name]
        looks = BUDGETS[:-1] if part == "fit" and steps == BUDGETS[-1] else ()
        size = family.model.count_params()
        for step, measured in family.run(rate, steps, seed, looks).items():
            values = dict(zip(KEY, key)) | {"steps": step, "tokens": step * BATCH * T, "parameters": size}
            values["without_embeddings"] = size - (family.vocab_size + T) * width
            values |= {k: f"{v:.5g}" if isinstance(v, float) else v for k, v in measured.items()}
            with arguments.csv.open("a", encoding="utf-8") as file:
                file.write(",".join(str(values[field]) for field in FIELDS) + "\n")
        print(*key, f"loss {measured['loss']:.4f} ± {measured['error']:.4f}, {measured['seconds']} s", flush=True)


if __name__ == "__main__":
    main()
