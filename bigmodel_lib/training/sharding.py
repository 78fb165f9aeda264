"""Several devices, on JAX: simulate them, arrange them, and look at what each of them holds and sends.

`keras.distribution` does the work; this room makes its silent failures visible. JAX only.
"""

from __future__ import annotations

import math
import re
from collections import Counter

import keras


def simulate_devices(number: int) -> None:
    """Make JAX show this processor as several devices, so that sharding can be learned without any.

    They share the same cores and memory: results are those of real devices, times are not.

    Args:
        number: of devices.

    Raises:
        RuntimeError: JAX has already looked at its devices, so that it is too late.

    Taught in: 2.8.
    """
    import jax

    try:
        jax.config.update("jax_num_cpu_devices", number)  # of this process only: those that it starts have one device
    except RuntimeError as error:
        raise RuntimeError(
            f"simulate_devices({number}) must come before anything is computed with JAX, but JAX has already started. "
            "Restart the kernel and run the set-up cell first."
        ) from error


def device_mesh(**axes: int) -> keras.distribution.DeviceMesh:
    """The first devices of this machine, arranged as a grid with named axes.

    Args:
        axes: name of each axis and its length, such as ``batch=2, model=4`` for eight devices.

    Raises:
        ValueError: more devices are asked for than there are.

    Example:
        >>> device_mesh(batch=1, model=1).shape  # device_mesh(batch=2, model=4) needs eight devices
        (1, 1)
    """
    devices, wanted = keras.distribution.list_devices(), math.prod(axes.values())
    if wanted > len(devices):
        raise ValueError(
            f"a mesh of {' × '.join(f'{name}={n}' for name, n in axes.items())} needs {wanted} devices, but there "
            f"{'is' if len(devices) == 1 else 'are'} {len(devices)}: {', '.join(devices)}. Ask for fewer, or call "
            f"simulate_devices({wanted}) before anything else."
        )
    return keras.distribution.DeviceMesh(tuple(axes.values()), tuple(axes), devices[:wanted])


def bytes_on_one_device(variables) -> int:
    """Bytes of Keras variables that the first device holds: all of a replicated one, its share of a divided one."""
    shards = [shard for v in variables for shard in v.value.addressable_shards]
    device = min(shard.device.id for shard in shards)
    return sum(shard.data.nbytes for shard in shards if shard.device.id == device)


def replicated(variables, at_least: int = 1) -> list[str]:
    """Paths of the variables that every device holds in full, of those with at least so many values.

    A key of a `LayoutMap` that matches no path is not an error in Keras: the variable is replicated, and nothing is said.
    """
    return [v.path for v in variables if v.value.is_fully_replicated and math.prod(v.shape) >= at_least]


def collectives(program: str) -> dict[str, int]:
    """What the devices of a compiled program send to one another.

    Args:
        program: its text, as `jax.jit(f).lower(…).compile().as_text()` gives it.

    Returns:
        kind ("all-reduce", "all-gather", …) -> bytes of the results on one device, summed over the program.
    """
    sizes = Counter()
    kinds = "all-reduce|all-gather|reduce-scatter|collective-permute|all-to-all"
    for shapes, kind in re.findall(rf"= (.*?) ({kinds})(?:-start)?\(", program):
        for dtype, dimensions in re.findall(r"\b([a-z]+\d+)\[([\d,]*)\]", shapes):
            size = math.prod(int(n) for n in dimensions.split(",") if n)
            sizes[kind] += size * int(re.search(r"\d+", dtype).group()) // 8
    return dict(sizes)
