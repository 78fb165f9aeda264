"""`pytest tests` is the quick part: it leaves out the tests marked `slow`, which `pytest` alone runs with everything else."""

import pathlib
import sys

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: left out of `pytest tests`, run by `pytest` and when its file is named")


def pytest_collection_modifyitems(config, items):
    if [pathlib.Path(argument).name for argument in config.args] == ["tests"]:
        slow = [item for item in items if item.get_closest_marker("slow")]
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)


@pytest.hookimpl(tryfirst=True)  # before the fixtures of a module
def pytest_runtest_setup(item):
    """Compile quickly: these models run once, and half of the time would go into making them fast. Notebooks run optimized."""
    if "jax" in sys.modules:
        sys.modules["jax"].config.update("jax_disable_most_optimizations", True)


@pytest.fixture(autouse=True)
def the_same_weights_in_every_run():
    """Each test begins with the same seed, whichever tests ran before it."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)
