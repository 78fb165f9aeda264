"""One process of a data-parallel training job, on JAX's own distributed runtime: run it once on every host.

``python -m bigmodel_lib.training.distributed --coordinator HOST:PORT --processes 2 --id 0 --checkpoint run.npz``

Every process sees its own share of each batch, computes the gradient of that, and the runtime averages the gradients over
sockets. The task is the course's running example, so that the whole job fits into one short file. All processes load the
checkpoint, the first one writes it: on several hosts its path must be on a disk that they share.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import sys
import time

BATCH_SIZE = 128  # examples of all processes together
SEED = 0


def batch(step: int, x, y, process: int, processes: int):
    """The share of one process of the batch of one step; a function of the step alone, so that a resumed run sees the same."""
    import numpy as np

    rows = np.random.default_rng((SEED, step)).choice(len(x), BATCH_SIZE, replace=False)
    mine = rows[process * BATCH_SIZE // processes : (process + 1) * BATCH_SIZE // processes]
    return x[mine], y[mine]


def run(arguments: argparse.Namespace) -> None:
    """Join the job, train, and print one JSON line a step: the step and the loss of the whole batch."""
    if arguments.processes > 1:
        import jax

        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(
            arguments.coordinator,
            arguments.processes,
            arguments.id,
            initialization_timeout=arguments.patience,
            heartbeat_timeout_seconds=arguments.heartbeat,
        )
    from bigmodel_lib.data import code
    from bigmodel_lib.models import dense
    from bigmodel_lib.training import checkpoint

    import keras

    if arguments.processes > 1:
        # The data are already divided: each process feeds its own share
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    keras.utils.set_random_seed(SEED)  # the same weights on every process
    x, y = code.package_task("train")
    model = dense.mlp((1000, 128, 64, 32, 10), last_activation=None)
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    file, step = arguments.checkpoint, 0
    if file and file.exists():
        step, _ = checkpoint.load(file, model, model.optimizer)
    while step < arguments.steps:
        loss = model.train_on_batch(*batch(step, x, y, arguments.id, arguments.processes))
        # train_on_batch reports a running mean; the mean restarts, so that the number is this batch's own
        model.reset_metrics()
        step += 1
        print(json.dumps({"step": step, "loss": float(loss)}), flush=True)
        if file and arguments.id == 0 and step % arguments.every == 0:
            checkpoint.save(file, model, model.optimizer, step)
        time.sleep(arguments.pause)


def main(argv: list[str] | None = None) -> int:
    """Read the command line (`argv`, or that of this process) and run one process of the job. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bigmodel_lib.training.distributed", description=__doc__)
    parser.add_argument("--coordinator", default="127.0.0.1:5611", help="HOST:PORT of the process with --id 0")
    parser.add_argument("--processes", type=int, default=1, help="processes of the whole job")
    parser.add_argument("--id", type=int, default=0, help="of this process, from 0")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--checkpoint", type=pathlib.Path, help="written by process 0, read by all if it exists")
    parser.add_argument("--every", type=int, default=10, help="steps between two checkpoints")
    parser.add_argument("--heartbeat", type=int, default=10, help="seconds after which a silent process counts as dead")
    parser.add_argument("--patience", type=int, default=120, help="seconds to wait for the others at the start")
    parser.add_argument(
        "--pause", type=float, default=0.0, help="seconds to wait after each step, to have time to look"
    )
    arguments = parser.parse_args(argv)
    if not 0 <= arguments.id < arguments.processes:
        parser.error(f"--id must be in 0 … {arguments.processes - 1}, not {arguments.id}")
    if BATCH_SIZE % arguments.processes:
        parser.error(f"--processes must divide the batch of {BATCH_SIZE}, not be {arguments.processes}")
    if os.environ.get("KERAS_BACKEND", "jax") != "jax":
        parser.error(f"this job needs KERAS_BACKEND=jax, not {os.environ['KERAS_BACKEND']}")
    try:
        run(arguments)
    except Exception as error:  # the peers' end arrives as one of many kinds; the job's log wants one line
        print(
            f"process {arguments.id} stops: {type(error).__name__}: {str(error).partition(chr(10))[0][:300]}",
            file=sys.stderr,
        )
        os._exit(1)  # not sys.exit: at exit the runtime would wait for the peers that are gone
    return 0


if __name__ == "__main__":
    sys.exit(main())
