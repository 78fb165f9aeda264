"""Checkpoints: exact, atomic, and particular about what they restore."""

import io
import os
import pathlib
import random
import subprocess
import sys
import time

from bigmodel_lib.models import dense
from bigmodel_lib.training import checkpoint, train

import keras
import numpy as np
import pytest

CROSSENTROPY = keras.losses.SparseCategoricalCrossentropy()
X = np.random.default_rng(0).standard_normal((512, 12)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 512)


def batches(step):
    rows = np.random.default_rng([7, step]).integers(0, len(X), 16)
    return X[rows], Y[rows]


def with_dropout(seed=0, width=8):
    """A model that draws random numbers while it trains, and an optimizer with two slots."""
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((12,)), keras.layers.Dense(width, "relu"), keras.layers.BatchNormalization()]
    layers += [keras.layers.Dropout(0.5), keras.layers.Dense(3, "softmax")]
    return keras.Sequential(layers), keras.optimizers.Adam(0.01, global_clipnorm=1.0)


def values(model, optimizer):
    return [keras.ops.convert_to_numpy(v) for v in [*model.variables, *optimizer.variables]]


def assert_equal_bits(left, right):
    assert len(left) == len(right)
    for a, b in zip(left, right):
        assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.fixture
def saved(tmp_path):
    """A model after three steps, its optimizer, and its checkpoint."""
    model, optimizer = with_dropout()
    train(model, optimizer, CROSSENTROPY, batches, 3)
    path = tmp_path / "run.npz"
    checkpoint.save(path, model, optimizer, 3)
    return model, optimizer, path


def test_everything_comes_back_bit_for_bit_into_a_fresh_model(saved):
    model, optimizer, path = saved
    other, its_optimizer = with_dropout(seed=5)  # other weights, names that count on, an optimizer that is not built
    assert checkpoint.load(path, other, its_optimizer) == (3, {})
    assert_equal_bits(values(model, optimizer), values(other, its_optimizer))
    assert any("seed" in v.path for v in model.variables), "the state of the dropout is part of it"


def test_a_run_that_is_cut_in_two_gives_the_losses_of_the_whole_run(tmp_path):
    model, optimizer = with_dropout()
    whole = train(model, optimizer, CROSSENTROPY, batches, 40)
    first, its_optimizer = with_dropout()

    def keep(step, losses):
        checkpoint.save(tmp_path / "run.npz", first, its_optimizer, step, {"losses": losses})

    train(first, its_optimizer, CROSSENTROPY, batches, 25, every=10, on_step=keep)
    second, another = with_dropout(seed=9)
    step, extra = checkpoint.load(tmp_path / "run.npz", second, another)
    assert step == 20
    rest = train(second, another, CROSSENTROPY, batches, 40 - step, first_step=step)
    np.testing.assert_array_equal(np.concatenate([extra["losses"], rest]), whole)
    assert_equal_bits(values(model, optimizer), values(second, another))


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="not handled: see the docstring of the module")
def test_a_run_with_fit_goes_on_exactly_too(tmp_path):
    def compiled(seed):
        model, optimizer = with_dropout(seed)
        model.compile(optimizer, "sparse_categorical_crossentropy")
        return model

    model, first, second = compiled(0), compiled(0), compiled(3)
    whole = model.fit(X, Y, epochs=4, shuffle=False, verbose=0).history["loss"]
    first.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    checkpoint.save(tmp_path / "run.npz", first, first.optimizer, 2)
    step, _ = checkpoint.load(tmp_path / "run.npz", second, second.optimizer)
    rest = second.fit(X, Y, epochs=4, initial_epoch=step, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_array_equal(rest, whole[2:])


def test_saving_between_two_batches_of_fit_stores_the_weights_of_that_batch(tmp_path):
    model, optimizer = with_dropout()
    model.compile(optimizer, "sparse_categorical_crossentropy")

    def keep(batch, logs):
        if batch == 4:
            checkpoint.save(tmp_path / "run.npz", model, model.optimizer, batch + 1)

    model.fit(X, Y, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=keep)])
    other, its_optimizer = with_dropout(seed=2)
    checkpoint.load(tmp_path / "run.npz", other, its_optimizer)
    assert int(its_optimizer.iterations) == 5 < int(model.optimizer.iterations)


def test_the_random_state_of_python_and_numpy_is_part_of_it(saved):
    model, optimizer, path = saved
    random.seed(3), np.random.seed(3), random.gauss(), np.random.standard_normal()
    checkpoint.save(path, model, optimizer, 3)
    drawn = random.gauss(), random.random(), *np.random.standard_normal(3), *np.random.permutation(5)
    random.seed(4), np.random.seed(4)
    checkpoint.load(path, model, optimizer)
    assert drawn == (random.gauss(), random.random(), *np.random.standard_normal(3), *np.random.permutation(5))


def test_extra_comes_back_as_it_was(saved):
    model, optimizer, path = saved
    extra = {
        "losses": np.arange(3, dtype=np.float32),
        "best": 0.1 + 0.2,
        "note": "ü",
        "nested": {"patience": [1, None]},
    }
    checkpoint.save(path, model, optimizer, 0, extra)
    step, found = checkpoint.load(path, model, optimizer)
    losses = found.pop("losses")
    assert step == 0 and losses.dtype == np.float32 and found == {k: v for k, v in extra.items() if k != "losses"}
    np.testing.assert_array_equal(losses, extra["losses"])


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float16"])
def test_narrow_floats_are_exact(tmp_path, policy):
    def build(seed):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(3, dtype=policy)])
        return model, keras.optimizers.SGD(0.1, momentum=0.9)

    model, optimizer = build(0)
    checkpoint.save(tmp_path / "run.npz", model, optimizer, 0)
    other, its_optimizer = build(1)
    checkpoint.load(tmp_path / "run.npz", other, its_optimizer)
    assert_equal_bits(values(model, optimizer), values(other, its_optimizer))


def test_another_model_is_refused_and_left_alone(saved):
    _, _, path = saved
    wider, optimizer = with_dropout(width=9)
    optimizer.build(wider.trainable_variables)
    before = values(wider, optimizer)
    with pytest.raises(checkpoint.CheckpointError, match=r"variable 1 should be .*kernel \(12, 9\) float32.*\(12, 8\)"):
        checkpoint.load(path, wider, optimizer)
    assert_equal_bits(before, values(wider, optimizer))


def test_the_first_difference_is_named(saved):
    model, optimizer, path = saved
    shorter = keras.Sequential([keras.Input((12,)), *(keras.layers.Dense(n) for n in (8, 3))])
    with pytest.raises(
        checkpoint.CheckpointError, match=r"another model: its variable 3 should be .*dense/kernel \(8, 3\)"
    ):
        checkpoint.load(path, shorter, keras.optimizers.Adam(0.01))
    with pytest.raises(checkpoint.CheckpointError, match="another optimizer: its variable 1 should be sgd/iteration"):
        checkpoint.load(path, model, keras.optimizers.SGD(0.01))
    averaging = keras.optimizers.Adam(0.01, use_ema=True)
    with pytest.raises(
        checkpoint.CheckpointError,
        match=r"another optimizer: its variable \d+ should be .*average .*, but the file holds .*momentum",
    ):
        checkpoint.load(path, model, averaging)


def test_a_truncated_file_is_refused_wherever_it_was_cut(saved, tmp_path):
    model, optimizer, path = saved
    whole, before = path.read_bytes(), values(model, optimizer)
    cut = tmp_path / "cut.npz"
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:length])
        with pytest.raises(checkpoint.CheckpointError, match=f"{length:,} bytes.* is damaged"):
            checkpoint.load(cut, model, optimizer)
    assert_equal_bits(before, values(model, optimizer))


def test_a_flipped_bit_is_noticed(saved, tmp_path):
    model, optimizer, path = saved
    whole = bytearray(path.read_bytes())
    kernel = np.ascontiguousarray(keras.ops.convert_to_numpy(model.variables[0])).tobytes()
    whole[bytes(whole).index(kernel) + 5] ^= 1
    path.write_bytes(whole)
    with pytest.raises(checkpoint.CheckpointError, match="damaged"):
        checkpoint.load(path, model, optimizer)


def test_files_that_are_no_checkpoints(saved, tmp_path):
    model, optimizer, path = saved
    with pytest.raises(FileNotFoundError, match="no checkpoint .*absent.npz"):
        checkpoint.load(tmp_path / "absent.npz", model, optimizer)
    np.savez(path, weights=np.ones(3))
    with pytest.raises(checkpoint.CheckpointError, match="was not written by checkpoint.save"):
        checkpoint.load(path, model, optimizer)


def test_a_file_object_in_the_place_of_a_path(saved):
    model, optimizer, _ = saved
    stream = io.BytesIO()
    checkpoint.save(stream, model, optimizer, 3, {"note": "in memory"})
    other, its_optimizer = with_dropout(seed=5)
    with pytest.raises(checkpoint.CheckpointError, match=r"the file object \(0 bytes\) is damaged"):
        checkpoint.load(stream, other, its_optimizer)  # it stands at its end
    stream.seek(0)
    assert checkpoint.load(stream, other, its_optimizer) == (3, {"note": "in memory"})
    assert_equal_bits(values(model, optimizer), values(other, its_optimizer))


def test_a_folder_is_refused_with_a_word_of_advice(saved, tmp_path):
    model, optimizer, _ = saved
    (tmp_path / "runs").mkdir()
    for use in (checkpoint.save, checkpoint.load):
        arguments = (tmp_path / "runs", model, optimizer) + ((3,) if use is checkpoint.save else ())
        with pytest.raises(checkpoint.CheckpointError, match=r"is a folder: name a file, such as .*runs.run\.npz"):
            use(*arguments)
    assert not any((tmp_path / "runs").iterdir()) and not (tmp_path / "runs.partial").exists()


def test_other_files_of_numpy_are_refused(saved):
    model, optimizer, path = saved
    for state in (b"[1]", b"{}", b"\xff", b"3"):
        np.savez(path, state=np.frombuffer(state, np.uint8))
        with pytest.raises(checkpoint.CheckpointError, match="was not written by checkpoint.save"):
            checkpoint.load(path, model, optimizer)
    np.savez(path, state=np.array([None]))  # a pickle, which is never loaded
    with pytest.raises(checkpoint.CheckpointError, match="was not written by checkpoint.save"):
        checkpoint.load(path, model, optimizer)
    np.savez(path, state=np.frombuffer(b'{"format": 99}', np.uint8))
    with pytest.raises(checkpoint.CheckpointError, match="has the format 99"):
        checkpoint.load(path, model, optimizer)


def test_a_file_system_that_cannot_sync_folders_is_good_enough(saved, monkeypatch):
    model, optimizer, path = saved
    sync = os.fsync

    def files_only(number):
        if os.path.isdir(f"/proc/self/fd/{number}"):
            raise OSError(22, "Invalid argument")
        sync(number)

    monkeypatch.setattr(os, "fsync", files_only)
    checkpoint.save(path, model, optimizer, 7)
    assert checkpoint.load(path, model, optimizer)[0] == 7


def test_what_cannot_be_saved_leaves_the_checkpoint_before_it(saved):
    model, optimizer, path = saved
    before = path.read_bytes()
    for extra in ({"f": print}, {"step": np.int64(3)}, {"a": np.array([None])}):
        with pytest.raises(ValueError, match="extra must hold"):
            checkpoint.save(path, model, optimizer, 4, extra)
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_a_full_disk_leaves_the_checkpoint_before_it(saved, monkeypatch):
    model, optimizer, path = saved
    before = path.read_bytes()

    def full(stream, **arrays):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(path, model, optimizer, 4)
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_a_model_without_variables_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no variables yet"):
        checkpoint.save(tmp_path / "run.npz", keras.Sequential([keras.layers.Dense(1)]), keras.optimizers.SGD(0.1), 0)
    with pytest.raises(FileNotFoundError):
        checkpoint.save(tmp_path / "absent" / "run.npz", dense.mlp((2, 1)), keras.optimizers.SGD(0.1), 0)


SAVES_FOR_EVER = """
import sys
from bigmodel_lib.models import dense
import keras
from bigmodel_lib.training import checkpoint

model, optimizer = dense.mlp((300, 300, 300)), keras.optimizers.Adam(0.01)
step = 0
while True:
    step += 1
    for variable in model.variables:
        variable.assign(keras.ops.full(variable.shape, float(step)))
    checkpoint.save(sys.argv[1], model, optimizer, step)
    print(step, flush=True)
"""


def test_a_process_killed_while_it_saves_leaves_a_whole_checkpoint(tmp_path):
    """Most of the loop's time is spent in `save`, so most kills fall into one."""
    path = tmp_path / "run.npz"
    environment = os.environ | {"PYTHONPATH": str(pathlib.Path(checkpoint.__file__).resolve().parents[2])}
    model, optimizer = dense.mlp((300, 300, 300)), keras.optimizers.Adam(0.01)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVES_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _save in range(3):
            reported = int(process.stdout.readline())
        partial = path.with_name("run.npz.partial")
        deadline = time.monotonic() + 10
        while not partial.exists() and time.monotonic() < deadline:  # the next save has begun
            time.sleep(0.0005)
        process.kill()
        process.wait()
        process.stdout.close()
        interrupted = partial.exists()
        step, _ = checkpoint.load(path, model, optimizer)
        assert step >= reported
        for variable in model.variables:  # of one step, not of two
            np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), step)
        if interrupted:
            break
    assert interrupted, "no kill fell into a save"
    checkpoint.save(path, model, optimizer, step)  # overwrites the leftover
    assert os.listdir(tmp_path) == ["run.npz"]
