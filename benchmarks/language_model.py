"""What a minute of training teaches: notebook 2.7's recipe beside nanoGPT's model and recipe in plain PyTorch.

    python -m benchmarks.language_model --json FILE

Both train on the same plays for the same seconds and are scored on the same held-out plays, in bits per character; compilation,
tokenizing (ours, reported apart) and scoring are left out of the seconds. Ours: byte-pair tokens, Muon, three blocks of width 96.
The peer has nanoGPT's small shape for a CPU (characters, four blocks of width 128, windows of 64, batches of 12) and its recipe
(AdamW, warm-up of 100 steps, cosine to a tenth), written here in plain PyTorch with its fused attention and fused AdamW. Its peak
rate is 3e-3, which was better for it here than nanoGPT's 1e-3. Each side plans its schedule for the steps that fit into the
seconds, measured before. How long until the score of a table that counts five characters (Witten and Bell) is reached? A side
that does not get there begins again with twice the seconds, twice at most; a peer that never does enters the ratio with the
longest time it was given.
"""

from __future__ import annotations

import time

from benchmarks import report
from bigmodel_lib import training
from bigmodel_lib.data import text
from bigmodel_lib.models import gpt
from bigmodel_lib.tokenizers import bpe

import numpy as np

SECONDS, LOOKS, WINDOW, STRETCHES = 60, 24, 64, 512
PEER = {"num_layers": 4, "num_heads": 4, "d_model": 128}
OURS = {"num_layers": 3, "num_heads": 4, "d_model": 96}


def windows(ids, starts):
    """(x, y), (n, WINDOW) each: pieces, and the same moved on by one."""
    pieces = ids[np.asarray(starts)[:, None] + np.arange(WINDOW + 1)]
    return pieces[:, :-1], pieces[:, 1:]


def batches(ids, size: int):
    return lambda step: windows(ids, np.random.default_rng((0, step)).integers(0, len(ids) - WINDOW, size))


def nats(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Loss of each target, the shape of y."""
    logits = logits - logits.max(-1, keepdims=True)
    return np.log(np.exp(logits).sum(-1, dtype=float)) - np.take_along_axis(logits, y[..., None], -1)[..., 0]


def table_bits(train, test, longest: int, vocab: int) -> np.ndarray:
    """Bits of test[longest:] under counts of runs of `longest` ids, smoothed as Witten and Bell do, (len(test) - longest,)."""

    def runs(ids, n):
        return sum(ids[k : len(ids) - n + 1 + k].astype(np.int64) * vocab ** (n - 1 - k) for k in range(n))

    def look_up(keys, values, wanted):
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[at] == wanted, values[at], 0)

    p = np.full(len(test) - longest, 1 / vocab)
    for n in range(1, longest + 1):
        keys, counts = np.unique(runs(train, n), return_counts=True)
        histories, first = np.unique(keys // vocab, return_index=True)
        wanted = runs(test, n)[longest - n + 1 :]
        total = look_up(histories, np.add.reduceat(counts, first), wanted // vocab)
        kinds = look_up(histories, np.diff(first, append=len(keys)), wanted // vocab)
        p = np.where(total > 0, (look_up(keys, counts, wanted) + kinds * p) / np.maximum(total + kinds, 1), p)
    return -np.log2(p)


class Ours:
    """Tokens and Muon, on Keras and JAX."""

    def __init__(self, train: str, test: str, ends: np.ndarray):
        began = time.perf_counter()
        tokenizer = bpe.train(train, 1024)
        self.train, self.test = (np.array(tokenizer.encode(part), np.int32) for part in (train, test))
        self.tokenize_s = time.perf_counter() - began
        spelled = (tokenizer.decode_bytes([i]) for i in range(1024))
        self.length = np.array([sum(byte & 0xC0 != 0x80 for byte in piece) for piece in spelled])
        self.starts = np.searchsorted(np.cumsum(self.length[self.test]), ends) - WINDOW - 1
        self.batches = batches(self.train, 16)

    def begin(self, num_steps: int) -> None:
        import keras

        keras.utils.set_random_seed(0)
        rates = keras.optimizers.schedules.PolynomialDecay  # constant for 30 %, then a straight line down

        class Trapezoid(keras.optimizers.schedules.LearningRateSchedule):
            def __call__(self, step):
                fall = rates(0.02, max(1, int(0.7 * num_steps)), 4e-4)
                step = keras.ops.cast(step, "float32")
                later = fall(keras.ops.maximum(step - int(0.3 * num_steps), 0))
                return later * keras.ops.minimum((step + 1) / 50, 1)

        self.model = gpt.gpt(vocab_size=1024, seq_len=WINDOW, **OURS)
        others = {"exclude_embeddings": True, "exclude_layers": ["tokens", "positions"], "adam_lr_ratio": 0.25}
        self.optimizer = keras.optimizers.Muon(Trapezoid(), weight_decay=0.1, **others)
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def run(self, first_step: int, num_steps: int) -> None:
        training.train(self.model, self.optimizer, self.loss, self.batches, num_steps, first_step)

    def bits(self) -> float:
        total = count = 0
        for group in self.starts.reshape(-1, 64):
            x, y = windows(self.test, group)
            total += nats(np.asarray(self.model.predict_on_batch(x)), y)[:, WINDOW // 2 :].sum()
            count += self.length[y[:, WINDOW // 2 :]].sum()
        return total / count / np.log(2)


class Torch:
    """nanoGPT's small shape: learned places, pre-norm blocks with GELU, one table at both ends."""

    def __init__(self, train: str, test: str, ends: np.ndarray):
        number = {c: i for i, c in enumerate(sorted(set(train + test)))}
        self.train, self.test = (np.array([number[c] for c in part], np.int32) for part in (train, test))
        self.vocab, self.starts, self.batches = len(number), ends - WINDOW - 1, batches(self.train, 12)

    def begin(self, num_steps: int) -> None:
        import torch
        from torch import nn

        torch.manual_seed(0)
        d, heads, layers = PEER["d_model"], PEER["num_heads"], PEER["num_layers"]

        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm_1, self.norm_2 = nn.LayerNorm(d), nn.LayerNorm(d)
                self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
                self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

            def forward(self, x):
                qkv = self.qkv(self.norm_1(x)).view(*x.shape[:2], 3, heads, d // heads).permute(2, 0, 3, 1, 4)
                mixed = nn.functional.scaled_dot_product_attention(*qkv, is_causal=True)
                x = x + self.out(mixed.transpose(1, 2).reshape(x.shape))
                return x + self.down(nn.functional.gelu(self.up(self.norm_2(x))))

        class Model(nn.Module):
            def __init__(self, vocab):
                super().__init__()
                self.tokens, self.places = nn.Embedding(vocab, d), nn.Embedding(WINDOW, d)
                self.blocks, self.norm = nn.Sequential(*(Block() for _ in range(layers))), nn.LayerNorm(d)

            def forward(self, ids):
                x = self.tokens(ids) + self.places.weight[: ids.shape[1]]
                return self.norm(self.blocks(x)) @ self.tokens.weight.T

        self.torch, self.model, self.num_steps = torch, Model(self.vocab), num_steps
        for name, p in self.model.named_parameters():  # GPT-2's initial weights
            if p.dim() > 1:
                writes = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(p, std=0.02 / (2 * layers) ** 0.5 if writes else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)
        decayed = [p for p in self.model.parameters() if p.dim() > 1]
        others = [p for p in self.model.parameters() if p.dim() < 2]
        groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=3e-3, betas=(0.9, 0.99), fused=True)

    def run(self, first_step: int, num_steps: int) -> None:
        for step in range(first_step, first_step + num_steps):
            done = min(1, max(0, step - 100) / max(1, self.num_steps - 100))
            for group in self.optimizer.param_groups:
                group["lr"] = 3e-3 * min(1, (step + 1) / 100) * (0.1 + 0.45 * (1 + np.cos(np.pi * done)))
            x, y = (self.torch.from_numpy(part).long() for part in self.batches(step))
            loss = self.torch.nn.functional.cross_entropy(self.model(x).flatten(0, 1), y.flatten())
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()

    def bits(self) -> float:
        found = []
        with self.torch.no_grad():
            for group in self.starts.reshape(-1, 64):
                x, y = windows(self.test, group)
                logits = self.model(self.torch.from_numpy(x).long()).numpy()
                found.append(nats(logits, y)[:, WINDOW // 2 :].mean())
        return float(np.mean(found) / np.log(2))


def race(side, seconds: float, target: float) -> dict:
    """Train for about `seconds`. Returns the curve (seconds, bits), the steps, and the seconds to the target (None if never)."""
    side.begin(1000)
    side.run(0, 20)  # compiles
    began = time.perf_counter()
    side.run(20, 40)
    planned = max(LOOKS, int(seconds / ((time.perf_counter() - began) / 40)))
    side.begin(planned)
    side.run(0, 10)  # a new optimizer compiles anew; these ten steps count as training, their compilation does not
    spent, curve, step = 10 * seconds / planned, [], 10
    for look in range(1, LOOKS + 1):
        stop = planned * look // LOOKS
        began = time.perf_counter()
        side.run(step, max(0, stop - step))
        spent, step = spent + time.perf_counter() - began, max(step, stop)
        curve.append((round(spent, 1), round(side.bits(), 4)))
    reached = next((s for s, bits in curve if bits <= target), None)
    return {
        "steps": planned,
        "seconds": spent,
        "bits_per_character": curve[-1][1],
        "to_five_gram_s": reached,
        "curve": curve,
    }


def main() -> None:
    path = report.output_file(__doc__)
    train, test = text.shakespeare("train"), text.shakespeare("test")
    ends = np.linspace(400, len(test) - 400, STRETCHES).astype(int)  # both sides are scored on what ends here
    number = {c: i for i, c in enumerate(sorted(set(train + test)))}
    char_train, char_test = (np.array([number[c] for c in part]) for part in (train, test))
    five = table_bits(char_train, char_test, 5, len(number))
    scored = ends[:, None] - np.arange(1, 1 + WINDOW)  # about the characters that 32 tokens hold
    target = float(five[scored - 5].mean())
    sides = {"ours": Ours(train, test, ends)}
    if report.installed("torch"):
        sides["torch"] = Torch(train, test, ends)
    results = {"seconds": SECONDS, "five_gram_bits": target, "tokenize_s": sides["ours"].tokenize_s}
    times = {}
    for name, side in sides.items():
        results[name] = race(side, SECONDS, target)
        times[name], given = results[name]["to_five_gram_s"], SECONDS
        while times[name] is None and given < 4 * SECONDS:
            given *= 2
            results[f"{name}_{given}_s"] = again = race(side, given, target)
            times[name] = again["to_five_gram_s"]
        results[f"{name}_reached_the_five_gram"] = times[name] is not None
        times[name] = times[name] or given
    ratios = {}
    if "torch" in sides:
        ratio = times["ours"] / times["torch"]
        ratios["seconds_to_five_gram_over_torch"] = report.ratio(ratio, goal=0.5, at_most=True)
        results["bits_per_character_minus_torch"] = (
            results["ours"]["bits_per_character"] - results["torch"]["bits_per_character"]
        )
    report.write(results, ratios, path)


if __name__ == "__main__":
    main()
