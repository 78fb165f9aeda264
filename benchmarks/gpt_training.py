"""Training a small GPT: ours (Keras on JAX, `training.train`) beside PyTorch (transformers' GPT-2, eager, fused attention).

    python -m benchmarks.gpt_training --json FILE

Both start from the same weights and see the same batches with the same schedule, decay and clipping; blocks of steps alternate
in one process, so that a noisy machine disturbs both alike. Reported are medians over the blocks, and the loss on held-out plays
after equal steps. The peer gets its fused AdamW. Compilation (ours) and the first block (both) are left out of the speed.

What made ours fast, measured on two cores with this model (where a plain Keras `fit` is slower than the peer):
  activations of two axes, (B T, d), inside a block: the gradient of a matrix product with three axes takes XLA twice as long
      (53 against 98 ms of processor time for a whole step);
  ten steps in one call: a call maps the memory for all intermediate results afresh and the kernel clears it (31 against 42 ms;
      telling malloc to keep the memory has the same effect);
  without effect here: einsum in place of transposes, erf or tanh in GELU, the form of the cross-entropy.
      A one-hot product in place of the embedding's gather and scatter made it slower.
On a machine that has other work to do the peer slows down more, and the medians flatter ours: then compare the fastest blocks.
"""

from __future__ import annotations

import statistics
import time

from benchmarks import report
from bigmodel_lib import training
from bigmodel_lib.data import text
from bigmodel_lib.models import gpt

import numpy as np

BATCH_SIZE, BLOCKS, STEPS = 12, 21, 30  # the first block is warm-up
PEAK_RATE, WARMUP, DECAY, BETAS, EPSILON, CLIP = 1e-3, 50, 0.1, (0.9, 0.99), 1e-8, 1.0
SHAPE = gpt.PRESETS["laptop"]
TOKENS = BATCH_SIZE * SHAPE["seq_len"]  # in a step


def corpus() -> tuple[np.ndarray, np.ndarray, int]:
    """Ids of the characters of the plays, those to train on and those held out, and the number of different characters."""
    parts = [text.shakespeare(split) for split in ("train", "test")]
    characters = sorted(set("".join(parts)))
    number = {c: i for i, c in enumerate(characters)}
    return *(np.array([number[c] for c in part], np.int32) for part in parts), len(characters)


def windows(ids: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(x, y), (n, seq_len) each: pieces of the text, and the same moved on by one character."""
    pieces = ids[starts[:, None] + np.arange(SHAPE["seq_len"] + 1)]
    return pieces[:, :-1], pieces[:, 1:]


def rates(keras):
    """The learning rate: linear warm-up, then a cosine down to a tenth."""
    return keras.optimizers.schedules.CosineDecay(
        0.0, BLOCKS * STEPS - WARMUP, alpha=0.1, warmup_target=PEAK_RATE, warmup_steps=WARMUP
    )


def mean_loss(logits: np.ndarray, y: np.ndarray) -> float:
    logits = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    chosen = np.take_along_axis(logits, y[..., None], -1)[..., 0]
    return float((np.log(np.exp(logits).sum(-1)) - chosen).mean())


class Ours:
    def __init__(self, vocab_size: int):
        import keras

        keras.utils.set_random_seed(0)
        self.model = gpt.gpt(vocab_size=vocab_size, **SHAPE)
        self.optimizer = keras.optimizers.AdamW(rates(keras), DECAY, *BETAS, epsilon=EPSILON, global_clipnorm=CLIP)
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def run(self, batches, first_step: int) -> np.ndarray:
        return training.train(self.model, self.optimizer, self.loss, batches, STEPS, first_step)

    def logits(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.predict_on_batch(x))


class Torch:
    """The peer, from the initial weights of ours. Its Conv1D keeps matrices as (inputs, outputs), as Keras does."""

    def __init__(self, vocab_size: int, ours):
        import keras
        import torch
        from transformers import GPT2Config, GPT2LMHeadModel

        config = GPT2Config(
            vocab_size=vocab_size, n_positions=SHAPE["seq_len"], n_embd=SHAPE["d_model"], n_layer=SHAPE["num_layers"],
            n_head=SHAPE["num_heads"], resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
            attn_implementation="sdpa", use_cache=False, bos_token_id=0, eos_token_id=0,
        )  # fmt: skip
        self.torch, self.model = torch, GPT2LMHeadModel(config).train()
        # parameters() lists the tied table once, and in the order in which ours are made
        for theirs, weight in zip(self.model.parameters(), ours.model.trainable_variables, strict=True):
            with torch.no_grad():
                theirs.copy_(torch.from_numpy(keras.ops.convert_to_numpy(weight).copy()))
        decayed = [p for p in self.model.parameters() if p.dim() >= 2]
        others = [p for p in self.model.parameters() if p.dim() < 2]
        groups = [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, betas=BETAS, eps=EPSILON, fused=True)
        self.rates = [float(rates(keras)(step)) for step in range(BLOCKS * STEPS)]

    def run(self, batches, first_step: int) -> np.ndarray:
        torch, losses = self.torch, []
        for step in range(first_step, first_step + STEPS):
            x, y = (torch.from_numpy(part).long() for part in batches(step))
            for group in self.optimizer.param_groups:
                group["lr"] = self.rates[step]
            logits = self.model(x).logits
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
            self.optimizer.step()
            losses.append(loss.detach())
        return torch.stack(losses).numpy()

    def logits(self, x: np.ndarray) -> np.ndarray:
        with self.torch.no_grad():
            return self.model(self.torch.from_numpy(x).long()).logits.numpy()


def main() -> None:
    path = report.output_file(__doc__)
    train_ids, test_ids, vocab_size = corpus()

    def batches(step):
        starts = np.random.default_rng((0, step)).integers(0, len(train_ids) - SHAPE["seq_len"], BATCH_SIZE)
        return windows(train_ids, starts)

    sides = {"ours": Ours(vocab_size)}
    if report.installed("torch", "transformers"):
        sides["torch"] = Torch(vocab_size, sides["ours"])
    seconds, losses = {name: [] for name in sides}, {name: [] for name in sides}
    for block in range(BLOCKS):
        for name, side in sides.items():
            began = time.perf_counter()
            losses[name].append(side.run(batches, block * STEPS))
            seconds[name].append(time.perf_counter() - began)
    x, y = windows(test_ids, np.arange(0, len(test_ids) - SHAPE["seq_len"], len(test_ids) // 2000))
    results = {"tokens_per_step": TOKENS, "steps": BLOCKS * STEPS, "parameters": sides["ours"].model.count_params()}
    for name, side in sides.items():
        step_ms = 1e3 * statistics.median(seconds[name][1:]) / STEPS
        results[name] = {
            "tokens_per_s": TOKENS / step_ms * 1e3,
            "ms_per_step": step_ms,
            "fastest_ms_per_step": 1e3 * min(seconds[name][1:]) / STEPS,
            "first_loss": float(losses[name][0][0]),
            "last_block_loss": float(losses[name][-1].mean()),
            "val_loss": mean_loss(side.logits(x), y),
        }
    ratios = {}
    if "torch" in sides:
        ours, theirs = results["ours"], results["torch"]
        results["fastest_blocks_over_torch"] = theirs["fastest_ms_per_step"] / ours["fastest_ms_per_step"]
        ratios = {
            "tokens_per_s_over_torch": report.ratio(ours["tokens_per_s"] / theirs["tokens_per_s"], goal=1.0),
            "val_loss_minus_torch": report.ratio(ours["val_loss"] - theirs["val_loss"], goal=0.02, at_most=True),
        }
    report.write(results, ratios, path)


if __name__ == "__main__":
    main()
