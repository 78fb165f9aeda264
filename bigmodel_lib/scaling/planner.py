"""A large training run on paper: time, memory, communication, energy and money, for a layout of many accelerators.

Three ways of cutting a model are multiplied: *tensor* parallel (each matrix over the accelerators of one node), *pipeline* parallel
(the blocks in stages) and *data* parallel (each replica its own part of the batch). A plan has one guess in it, the share
of the promised speed that the matrix products reach. Nothing fails in it, and nobody waits for data: whole runs take longer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bigmodel_lib.scaling.transformer import _attention_widths, transformer_flops, transformer_parameters

__all__ = ["ACCELERATORS", "Accelerator", "Plan", "plan_training"]

# Forward costs in a step: 1 forward, 2 backward, 1 again if all is computed again ("attention": the scores alone, counted apart)
RECOMPUTE = {"none": 3.0, "attention": 3.0, "full": 4.0}


@dataclass(frozen=True)
class Accelerator:
    """What a data sheet promises of one accelerator, and of the wires between them.

    Attributes:
        flops_per_s: dense matrix products in bfloat16 (float16 where it has no bfloat16). memory: bytes. watts: of the board.
        link: bytes/s in one direction to the others of its node. network: bytes/s to another node. node: accelerators in a node.
    """

    flops_per_s: float
    memory: float
    watts: float
    link: float
    network: float
    node: int = 8


# NVIDIA's data sheets (products without sparsity). Network: one link for each accelerator, 200 Gbit/s for the A100 (V. Korthikanti
# et al. 2022, arXiv:2205.05198, §6); 100 Gbit/s for the V100 and 400 Gbit/s for the H100 are assumptions
ACCELERATORS = {
    "V100": Accelerator(125e12, 32e9, 300, 150e9, 12.5e9),
    "A100": Accelerator(312e12, 80e9, 400, 300e9, 25e9),
    "H100": Accelerator(989e12, 80e9, 700, 450e9, 50e9),
}


@dataclass(frozen=True)
class Plan:
    """What a run needs. Times are in seconds, sizes in bytes, energy in kWh.

    Attributes:
        parameters, active: all, and those that one token meets. flops: of the whole run, 6 N D and attention, without recomputation.
        steps: of the optimizer. step: seconds of one, by what they are spent on. memory: bytes on the fullest accelerator, by what
        they hold. seconds: of the run. utilization: model FLOPs over promised FLOPs. accelerator_hours, energy, cost: of the run.
    """

    parameters: int
    active: int
    flops: float
    steps: float
    step: dict[str, float]
    memory: dict[str, float]
    seconds: float
    utilization: float
    accelerator_hours: float
    energy: float
    cost: float
    problems: list[str] = field(default_factory=list)


def plan_training(
    sizes: dict,
    tokens: float,
    accelerator: Accelerator,
    *,
    tensor: int = 1,
    pipeline: int = 1,
    data: int = 1,
    batch: int = 512,
    micro_batch: int = 1,
    efficiency: float = 0.6,
    recompute: str = "none",
    sharded: bool = True,
    overlap: float = 0.0,
    interleave: int = 1,
    active: int | None = None,
    parameters: int | None = None,
    price: float = 2.0,
    building: float = 1.2,
) -> Plan:
    """Plan a training run in mixed precision with Adam: 2 bytes a weight, 2 a gradient, 12 of master weights and two moments.

    Args:
        sizes: of a transformer, as for `transformer_parameters`; `num_heads` must be among them.
        tokens: seen in training.
        accelerator: one of `ACCELERATORS`, or your own.
        tensor, pipeline, data: accelerators in each direction; their product is the number of accelerators.
        batch: sequences in a step of the optimizer, over all replicas. micro_batch: sequences that one replica computes at once.
        efficiency: the share of the promised FLOP/s that the matrix products reach: the guess.
        recompute: "none"; "attention": the scores are computed again in the backward pass; "full": all but the blocks' inputs.
        sharded: the 12 bytes are spread over the data-parallel replicas (ZeRO, stage 1).
        overlap: the share of the gradients' communication that hides behind computing.
        interleave: pieces of the model that each stage holds: the bubble is divided by it, the messages between stages are
            multiplied, and 1 + (pipeline - 1) / (pipeline · interleave) times the activations are kept.
        parameters, active: of a sparse model, whose experts `sizes` does not know; by default both are counted from sizes.
        price: of an accelerator for an hour. building: energy of the computing centre over that of the accelerators.

    Returns:
        The plan. What makes it impossible stands in `problems`: more memory than there is, tensor parallel beyond a node.

    Raises:
        ValueError: no accelerator, a layout that does not divide the heads, the blocks or the batch, or a share out of (0, 1].

    Example:
        >>> gpt3 = dict(vocab_size=50257, num_layers=96, num_heads=96, d_model=12288, seq_len=2048)
        >>> plan = plan_training(gpt3, 300e9, ACCELERATORS["A100"], tensor=8, pipeline=8, data=16, batch=1536)
        >>> round(plan.seconds / 86400), plan.problems
        (23, [])

    Source: D. Narayanan et al. 2021, arXiv:2104.04473, §2 and §3 (layout, bubble, interleaving); V. Korthikanti et al. 2022,
    arXiv:2205.05198, §4.1 and §4.2 (activations); S. Rajbhandari et al. 2020, arXiv:1910.02054, §3.1 (16 bytes). Taught in: 5.2.
    """
    missing = [name for name in ("vocab_size", "num_layers", "num_heads", "d_model", "seq_len") if name not in sizes]
    if missing:
        raise ValueError(
            f"a plan needs all sizes, but {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        )
    if not tokens > 0:
        raise ValueError(f"a run must see more than 0 tokens, not {tokens}")
    layers, width, length = sizes["num_layers"], sizes["d_model"], sizes["seq_len"]
    micro_batches = _check(
        sizes, tensor, pipeline, data, batch, micro_batch, efficiency, recompute, overlap, interleave
    )
    count = tensor * pipeline * data
    own = transformer_parameters(**sizes)
    total, met = parameters or own, active or parameters or own
    forward = transformer_flops(**{k: v for k, v in sizes.items() if k in _FLOPS_SIZES}, batch_size=1)
    forward += 2 * (met - own) * length  # of experts that sizes does not know
    flops = 3 * forward * tokens / length

    peak = count * accelerator.flops_per_s
    queries, _ = _attention_widths(width, sizes["num_heads"], sizes.get("num_kv_heads"), sizes.get("head_dim"))
    again = 4 * layers * length**2 * queries if recompute == "attention" else 0
    computing = batch * (forward * RECOMPUTE[recompute] + again) / (peak * efficiency)
    ring = lambda size, n: 2 * (n - 1) / n * size  # noqa: E731  bytes that each of n sends in an all-reduce
    hidden = 2.0 * micro_batch * length * width  # bytes between two blocks
    wire = lambda n: accelerator.link if n <= accelerator.node else accelerator.network  # noqa: E731  of n side by side
    step = {
        "computing": computing,
        "bubble": computing * (pipeline - 1) / (interleave * micro_batches),
        "tensor": 4 * ring(hidden, tensor) * layers / pipeline * micro_batches / wire(tensor),
        "pipeline": 2 * hidden / tensor * micro_batches * interleave / wire(count) if pipeline > 1 else 0.0,
        "data": (1 - overlap) * ring(2.0 * total / (tensor * pipeline), data) / wire(tensor * data),
    }
    each = total / (tensor * pipeline)
    alive = min(pipeline, micro_batches)  # micro-batches whose backward pass the first stage still waits for
    if interleave > 1:
        alive *= 1 + (pipeline - 1) / (pipeline * interleave)
    memory = {
        "weights": 2 * each,
        "gradients": 2 * each,
        "optimizer": 12 * each / (data if sharded else 1),
        "activations": alive * layers / pipeline * _activations(sizes, micro_batch, tensor, recompute),
    }
    steps = tokens / (batch * length)
    seconds = steps * sum(step.values())
    hours = seconds / 3600 * count
    need, problems = sum(memory.values()), []
    if need > accelerator.memory:
        problems.append(
            f"needs {need / 1e9:.1f} GB on an accelerator of {accelerator.memory / 1e9:.1f} GB: cut more, or recompute"
        )
    if tensor > accelerator.node:
        problems.append(
            f"tensor={tensor} goes beyond a node of {accelerator.node}: its all-reduces wait for the network"
        )
    return Plan(
        total, met, flops, steps, step, memory, seconds, flops / (peak * seconds), hours,
        hours * accelerator.watts / 1000 * building, hours * price, problems,
    )  # fmt: skip


_FLOPS_SIZES = (
    "vocab_size", "num_layers", "num_heads", "num_kv_heads", "d_model", "d_ff", "seq_len", "head_dim", "feed_forward",
)  # fmt: skip


def _activations(sizes: dict, micro_batch: int, tensor: int, recompute: str) -> float:
    """Bytes that one block keeps for the backward pass, with sequence parallelism: each accelerator keeps its share of all.

    "full" shares the blocks' inputs too, which costs one more all-gather a block: not charged, nor are repeated messages.
    """
    length, width = sizes["seq_len"], sizes["d_model"]
    tokens = length * micro_batch * width
    if recompute == "full":
        return 2 * tokens / tensor
    scores = 5 * sizes["num_heads"] * length / width if recompute == "none" else 0
    return tokens / tensor * (34 + scores)


def _check(sizes, tensor, pipeline, data, batch, micro_batch, efficiency, recompute, overlap, interleave) -> int:
    """The micro-batches of one replica, if the layout divides everything that it must."""
    whole = dict(
        tensor=tensor, pipeline=pipeline, data=data, batch=batch, micro_batch=micro_batch, interleave=interleave
    )
    for name, value in whole.items():
        if not (isinstance(value, int) and value >= 1):
            raise ValueError(f"{name} must be a whole number, at least 1, not {value!r}: a plan needs an accelerator")
    if not 0 < efficiency <= 1 or not 0 <= overlap <= 1:
        raise ValueError(f"efficiency must lie in (0, 1] and overlap in [0, 1], not {efficiency} and {overlap}")
    if recompute not in RECOMPUTE:
        raise ValueError(f"recompute must be one of {', '.join(RECOMPUTE)}, not {recompute!r}")
    for part, whole, name in (
        (tensor, sizes["num_heads"], "num_heads"),
        (pipeline * interleave, sizes["num_layers"], "num_layers"),
        (data * micro_batch, batch, "batch"),
    ):
        if whole % part:
            raise ValueError(
                f"the layout must divide the model: {name}={whole} is no multiple of {part} "
                f"(tensor={tensor}, pipeline={pipeline}, data={data}, micro_batch={micro_batch})"
            )
    return batch // (data * micro_batch)
