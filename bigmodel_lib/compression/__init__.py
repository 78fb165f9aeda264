"""Makes models small: each method works on any Keras model."""

from bigmodel_lib.compression.quantization import left_in_float, quantize_rows, quantize_weights, weight_bytes

__all__ = ["left_in_float", "quantize_rows", "quantize_weights", "weight_bytes"]
