"""What a minute of training teaches: notebook 2.7's recipe beside nanoGPT's model and recipe in plain PyTorch.

    python -m benchmarks.language_model --json FILE          about ten minutes; the peer needs torch

A race of recipes. Both train on the same plays, on all cores, for the same seconds, and are scored on the same held-out stretches,
in bits per character; compilation and scoring are left out of the seconds. Ours: byte-pair tokens, Muon, two blocks of width 96,
Keras on JAX. The peer has nanoGPT's small shape for a CPU (characters, four blocks of width 128, windows of 64, batches of 12) and
its recipe (AdamW, warm-up of 100 steps, cosine to a tenth), written here in plain PyTorch with its fused attention and fused AdamW.
Its peak rate is the best of 1e-3 (nanoGPT's own), 3e-3 and 6e-3. Each side plans its schedule for the steps that fit into the
seconds, measured before. How long until the score of a table that counts five characters (Witten and Bell) is reached? A side that
does not get there begins again with twice the seconds, twice at most; a peer that never does enters the ratio with the longest time
it was given. The seconds that our tokenizer takes to learn and to encode the plays count as ours, in the ratio.

How much of that is the recipe, and how much the framework? `torch_same_recipe` is our recipe in PyTorch: the same tokens, shape,
batches and schedule, with torch.optim.Muon (2.9 or newer). It enters no goal.
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
OURS = {"num_layers": 2, "num_heads": 4, "d_model": 96}
PEER_RATE, OUR_RATE, ADAM_RATIO = 3e-3, 0.02, 0.25  # AdamW's peak; Muon's, and what part of it the other variables get


def windows(ids, starts):
    """(x, y), (n, WINDOW) each: pieces, and the same moved on by one."""
    pieces = ids[np.asarray(starts)[:, None] + np.arange(WINDOW + 1)]
    return pieces[:, :-1], pieces[:, 1:]


def nats(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Loss of each target, the shape of y."""
    logits = logits - logits.max(-1, keepdims=True)
    return np.log(np.exp(logits).sum(-1, dtype=float)) - np.take_along_axis(logits, y[..., None], -1)[..., 0]


class Plays:
    """The plays in one unit, and the score.

    Args:
        train, test: ids. vocab_size: of them. length: characters of each id, (vocab_size,). batch_size: windows in a step.
        starts: of the test's windows, whose second halves are scored; a multiple of 64 of them.
    """

    def __init__(self, train, test, vocab_size: int, length, batch_size: int, starts):
        self.train, self.test, self.vocab_size, self.length = train, test, vocab_size, length
        self.batch_size, self.starts = batch_size, starts
        self.order = WINDOW * np.random.default_rng(0).permutation((len(train) - 1) // WINDOW)

    def batch(self, step: int):
        """Pieces that do not overlap, in a random order, again and again."""
        at = np.arange(step * self.batch_size, (step + 1) * self.batch_size) % len(self.order)
        return windows(self.train, self.order[at])

    def bits(self, logits) -> float:
        """Bits per character of a function from ids (64, WINDOW) to logits (64, WINDOW, vocab_size)."""
        total = count = 0
        for group in self.starts.reshape(-1, 64):
            x, y = windows(self.test, group)
            total += nats(logits(x), y)[:, WINDOW // 2 :].sum()
            count += self.length[y[:, WINDOW // 2 :]].sum()
        return float(total / count / np.log(2))


def in_characters(train: str, test: str, ends: np.ndarray) -> Plays:
    """Scored on the 64 characters before each end, in two windows, so that each has 32 before it at least."""
    number = {c: i for i, c in enumerate(sorted(set(train + test)))}
    ids = (np.array([number[c] for c in part], np.int32) for part in (train, test))
    starts = np.concatenate([ends, ends - WINDOW // 2]) - WINDOW - 1
    return Plays(*ids, len(number), np.ones(len(number), int), 12, starts)


def in_tokens(train: str, test: str, ends: np.ndarray) -> Plays:
    """Scored on the last 32 tokens that end before each end: about 74 characters."""
    tokenizer = bpe.train(train, 1024)
    train, test = (np.array(tokenizer.encode(part), np.int32) for part in (train, test))
    spelled = (tokenizer.decode_bytes([i]) for i in range(1024))
    length = np.array([sum(byte & 0xC0 != 0x80 for byte in piece) for piece in spelled])
    return Plays(train, test, 1024, length, 16, np.searchsorted(np.cumsum(length[test]), ends) - WINDOW - 1)


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


def trapezoid(step: float, num_steps: int) -> float:
    """Our schedule, as a part of the peak: up in 50 steps, constant for 30 %, then a straight line down to a fiftieth."""
    left = 1 - 0.98 * max(0.0, step - int(0.3 * num_steps)) / max(1, int(0.7 * num_steps))
    return max(left, 0.02) * min((step + 1) / 50, 1)


def cosine(step: float, num_steps: int) -> float:
    """nanoGPT's schedule, as a part of the peak: up in 100 steps, then a cosine down to a tenth."""
    done = min(1.0, max(0, step - 100) / max(1, num_steps - 100))
    return min(1.0, (step + 1) / 100) * (0.1 + 0.45 * (1 + np.cos(np.pi * done)))


class Ours:
    """Tokens and Muon, on Keras and JAX."""

    def __init__(self, plays: Plays):
        self.plays = plays

    def begin(self, num_steps: int) -> None:
        import keras

        class Trapezoid(keras.optimizers.schedules.LearningRateSchedule):
            def __call__(self, step):
                step = keras.ops.cast(step, "float32")
                past = keras.ops.maximum(step - int(0.3 * num_steps), 0) / max(1, int(0.7 * num_steps))
                left = keras.ops.maximum(1 - 0.98 * past, 0.02)
                return OUR_RATE * left * keras.ops.minimum((step + 1) / 50, 1)

        keras.utils.set_random_seed(0)
        self.model = gpt.gpt(vocab_size=self.plays.vocab_size, seq_len=WINDOW, **OURS)
        others = {"exclude_embeddings": True, "exclude_layers": ["tokens", "positions"], "adam_lr_ratio": ADAM_RATIO}
        self.optimizer = keras.optimizers.Muon(Trapezoid(), weight_decay=0.1, **others)
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def run(self, first_step: int, num_steps: int) -> None:
        training.train(self.model, self.optimizer, self.loss, self.plays.batch, num_steps, first_step)

    def bits(self) -> float:
        return self.plays.bits(lambda x: np.asarray(self.model.predict_on_batch(x)))


class Torch:
    """nanoGPT's network in plain PyTorch: learned places, pre-norm blocks with GELU, one table at both ends.

    Args:
        plays: what to train on. shape: of the network.
        muon: whether the matrices of the blocks get torch.optim.Muon, all with our rates; else AdamW, with nanoGPT's.
    """

    def __init__(self, plays: Plays, shape: dict, muon: bool):
        self.plays, self.shape, self.muon = plays, shape, muon

    def begin(self, num_steps: int) -> None:
        import torch
        from torch import nn

        torch.manual_seed(0)
        d, heads, layers = self.shape["d_model"], self.shape["num_heads"], self.shape["num_layers"]

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

        self.torch, self.model, self.num_steps = torch, Model(self.plays.vocab_size), num_steps
        for name, p in self.model.named_parameters():  # GPT-2's initial weights
            if p.dim() > 1:
                writes = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(p, std=0.02 / (2 * layers) ** 0.5 if writes else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)
        self.optimizers = self._muon() if self.muon else self._adamw()

    def _adamw(self):
        decayed = [p for p in self.model.parameters() if p.dim() > 1]
        others = [p for p in self.model.parameters() if p.dim() < 2]
        groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
        return {self.torch.optim.AdamW(groups, lr=PEER_RATE, betas=(0.9, 0.99), fused=True): PEER_RATE}

    def _muon(self):
        matrices = [p for p in self.model.blocks.parameters() if p.dim() > 1]
        others = [p for p in self.model.parameters() if all(p is not m for m in matrices)]
        muon = self.torch.optim.Muon(matrices, lr=OUR_RATE, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
        adam = self.torch.optim.AdamW(others, lr=OUR_RATE * ADAM_RATIO, weight_decay=0.0, fused=True)
        return {muon: OUR_RATE, adam: OUR_RATE * ADAM_RATIO}

    def run(self, first_step: int, num_steps: int) -> None:
        schedule = trapezoid if self.muon else cosine
        for step in range(first_step, first_step + num_steps):
            for optimizer, peak in self.optimizers.items():
                for group in optimizer.param_groups:
                    group["lr"] = peak * schedule(step, self.num_steps)
            x, y = (self.torch.from_numpy(part).long() for part in self.plays.batch(step))
            loss = self.torch.nn.functional.cross_entropy(self.model(x).flatten(0, 1), y.flatten())
            for optimizer in self.optimizers:
                optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if not self.muon:
                self.torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            for optimizer in self.optimizers:
                optimizer.step()

    def bits(self) -> float:
        with self.torch.no_grad():
            return self.plays.bits(lambda x: self.model(self.torch.from_numpy(x).long()).numpy())


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
    ends = np.linspace(400, len(test) - 400, STRETCHES).astype(int)  # all are scored on what ends here
    began = time.perf_counter()
    tokens = in_tokens(train, test, ends)
    tokenize_s = time.perf_counter() - began
    characters = in_characters(train, test, ends)
    five = table_bits(characters.train, characters.test, 5, characters.vocab_size)
    target = float(five[ends[:, None] - np.arange(1, 1 + WINDOW) - 5].mean())
    sides = {"ours": Ours(tokens)}
    if report.installed("torch"):
        import torch

        sides["torch"] = Torch(characters, PEER, muon=False)
        if hasattr(torch.optim, "Muon"):
            sides["torch_same_recipe"] = Torch(tokens, OURS, muon=True)
    results = {"seconds": SECONDS, "five_gram_bits": target, "tokenize_s": tokenize_s}
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
        ratio = (times["ours"] + tokenize_s) / times["torch"]
        ratios["seconds_to_five_gram_over_torch"] = report.ratio(ratio, goal=0.5, at_most=True)
        ours, theirs = (results[name]["bits_per_character"] for name in ("ours", "torch"))
        results["bits_per_character_minus_torch"] = ours - theirs
    if "torch_same_recipe" in sides:
        results["seconds_to_five_gram_over_torch_same_recipe"] = times["ours"] / times["torch_same_recipe"]
    report.write(results, ratios, path)


if __name__ == "__main__":
    main()
