"""Which machine computes: asked in one place."""

from __future__ import annotations

import keras


def on_jax_cpu() -> bool:
    """Whether Keras computes with JAX on a processor: the case for which some code here has a faster form of the same product."""
    if keras.backend.backend() != "jax":
        return False
    import jax

    return jax.default_backend() == "cpu"
