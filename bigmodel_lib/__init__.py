"""The small library that the course's notebooks share.

Importing it chooses Keras's backend (JAX, unless ``KERAS_BACKEND`` names another) and how thoroughly JAX compiles, and does
nothing else: Keras itself is imported by the rooms that need it. The rooms, lowest floor first; a room imports only from rooms
below it:

``assets``       named, version-pinned, hash-checked files
``sandbox``      runs code that nobody has read, with limits
``data``         data sets as NumPy arrays and plain lists; cleaning, duplicates, splits, augmentation
``evaluation``   scores that a light, well-kept library does not give: spans of names, boxes, masks
``tokenizers``   text to token ids and back
``scaling``      exact counts of parameters, FLOPs and bytes
``models``       neural networks in Keras, backend-neutral; three pretrained ones
``training``     what training needs beside `model.fit`: a fast loop, checkpoints, several devices
``compression``  makes models small
``generation``   text out of a decoder: cache, sampling, scoring
``retrieval``    finds the passages that answer a question
``capstone``     scores a compressed model from its file alone, and a class's table
``plots``        the house style of the figures
``check``        instant feedback for exercises
``widgets``      things to play with in JupyterLab
``notebooks``    executes notebooks and measures them
``evidence``     figures and terms, found in the stored notebooks
"""

import importlib.util
import os
import sys

__version__ = "0.1.0"

BACKEND_IS_DEFAULT = "KERAS_BACKEND" not in os.environ
os.environ.setdefault("KERAS_BACKEND", "jax")

# A notebook compiles dozens of small programs and runs each of them for seconds. On this level they compute the same numbers as fast,
# and are ready in three quarters of the time. Not where a plug-in of JAX brings an accelerator, and not against a level of one's own.
_level, _flags = "--xla_backend_optimization_level", os.environ.get("XLA_FLAGS", "")
if os.environ["KERAS_BACKEND"] == "jax" and _level not in _flags and not importlib.util.find_spec("jax_plugins"):
    os.environ["XLA_FLAGS"] = f"{_flags} {_level}=1".strip()

if "keras" in sys.modules:  # Keras fixes its backend when it is first imported, so it may be too late to choose
    _found = sys.modules["keras"].config.backend()
    if _found != os.environ["KERAS_BACKEND"]:
        raise ImportError(
            f"bigmodel_lib needs Keras on the backend {os.environ['KERAS_BACKEND']!r}, but Keras was already imported with "
            f"{_found!r}. Restart the kernel and import bigmodel_lib before keras, or set KERAS_BACKEND={_found} to keep it."
        )
