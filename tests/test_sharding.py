"""Several devices: what is refused, what is counted, and what a job of two processes does. Simulated devices need a process of their own."""

import json
import os
import subprocess
import sys

from bigmodel_lib.training import distributed, sharding

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "jax", reason="keras.distribution on devices is tested on JAX"
)

PROGRAM = """
from bigmodel_lib.models import dense
from bigmodel_lib.training import sharding
import json, os, subprocess, sys
before = os.environ.get("XLA_FLAGS")
sharding.simulate_devices(8)
import keras
flags = os.environ.get("XLA_FLAGS")
child = subprocess.run([sys.executable, "-c", "import jax; print(len(jax.devices()))"], capture_output=True, text=True)
mesh = sharding.device_mesh(batch=2, model=4)
def network(key):
    layout = keras.distribution.LayoutMap(mesh)
    layout[key] = (None, "model")
    keras.distribution.set_distribution(keras.distribution.ModelParallel(layout_map=layout, batch_dim_name="batch"))
    return dense.mlp((16, 32, 4), name="net")
right, wrong = network("net/dense_1/kernel"), network("dense_1/kernel")
try:
    sharding.device_mesh(model=16)
except ValueError as error:
    message = str(error)
try:
    sharding.simulate_devices(2)
except RuntimeError as error:
    late = str(error)
print(json.dumps({
    "flags unchanged": flags == before, "devices of a child": child.stdout.strip(),
    "shape": mesh.shape, "message": message, "late": late,
    "bytes": [sharding.bytes_on_one_device(m.weights) for m in (right, wrong)],
    "replicated": [sharding.replicated(m.weights, at_least=100) for m in (right, wrong)],
}))
"""


def test_eight_simulated_devices():
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["shape"] == [2, 4]
    assert found["flags unchanged"] and found["devices of a child"] == "1", "the simulation is of this process alone"
    whole = 4 * (16 * 32 + 32 + 32 * 4 + 4)
    assert found["bytes"] == [whole - 4 * 16 * 32 * 3 // 4, whole]
    assert found["replicated"] == [["net/dense_2/kernel"], ["net/dense_1/kernel", "net/dense_2/kernel"]]
    assert "needs 16 devices, but there are 8" in found["message"] and "simulate_devices(16)" in found["message"]
    assert "Restart the kernel" in found["late"]


def test_bytes_of_collectives_in_a_compiled_program():
    program = """
      %all-reduce.1 = (f32[], f32[128,1000]{1,0}, bf16[3]{0}) all-reduce(%a, %b, %c), replica_groups={}
      %g = s8[4,4]{1,0} all-gather(%x), dimensions={0}
      %add = f32[7]{0} add(%all-reduce.1, %y)
      %r = f32[8]{0} all-reduce-start(%z)
    """
    assert sharding.collectives(program) == {"all-reduce": 4 + 512_000 + 6 + 32, "all-gather": 16}


def test_the_shares_of_two_processes_make_the_whole_batch():
    x, y = np.arange(1000).reshape(500, 2), np.arange(500)
    whole = distributed.batch(3, x, y, 0, 1)
    shares = [distributed.batch(3, x, y, i, 2) for i in range(2)]
    np.testing.assert_array_equal(whole[0], np.concatenate([share[0] for share in shares]))
    np.testing.assert_array_equal(whole[1], np.concatenate([share[1] for share in shares]))
    assert len(set(whole[1])) == distributed.BATCH_SIZE


@pytest.mark.parametrize("argv", [["--processes", "2", "--id", "2"], ["--processes", "3"]])
def test_a_job_refuses_what_cannot_be(argv, capsys):
    with pytest.raises(SystemExit):
        distributed.main(argv)
    assert "must" in capsys.readouterr().err
