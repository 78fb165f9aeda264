"""Makes models small: each method works on any Keras model, and says what it left out.

``pruning``       which weights to set to zero, and keeping them there
``structured``    whole units and channels removed: a smaller dense model
``low_rank``      a large matrix as the product of two thin ones
``sharing``       a few different values for all weights of a matrix
``quantization``  small integers with a scale
``gptq``          rounding in which later weights pay for the earlier ones
``distillation``  soft targets of a teacher, and the loss that uses them
``coding``        Huffman codes and relative indices
``file``          pruned and shared weights in one small file
``report``        what it gained and what it cost, in one table
"""

from bigmodel_lib.compression import coding, gptq
from bigmodel_lib.compression.distillation import distillation_loss, soft_targets
from bigmodel_lib.compression.file import load_compressed, save_compressed
from bigmodel_lib.compression.low_rank import factorize, spectrum, truncated_svd
from bigmodel_lib.compression.pruning import (
    GradualPruning,
    KeepMasks,
    apply_masks,
    cubic_sparsity,
    magnitude_masks,
    n_of_m_masks,
    wanda_masks,
)
from bigmodel_lib.compression.quantization import left_in_float, quantize_rows, quantize_weights, weight_bytes
from bigmodel_lib.compression.report import accuracy, latency, nonzeros, report
from bigmodel_lib.compression.sharing import TuneCodebooks, share_weights, shared_values
from bigmodel_lib.compression.structured import remove_units, unit_norms

__all__ = [
    "GradualPruning", "KeepMasks", "TuneCodebooks", "accuracy", "apply_masks", "coding", "cubic_sparsity", "distillation_loss",
    "factorize", "gptq", "latency", "left_in_float", "load_compressed", "magnitude_masks", "n_of_m_masks", "nonzeros", "quantize_rows",
    "quantize_weights", "remove_units", "report", "save_compressed", "share_weights", "shared_values", "soft_targets", "spectrum",
    "truncated_svd", "unit_norms", "wanda_masks", "weight_bytes",
]  # fmt: skip
