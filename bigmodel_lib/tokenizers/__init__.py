"""Text to token ids and back: a readable BPE for teaching (`bpe`), and one face for the tokenizers of pretrained models."""

from bigmodel_lib.tokenizers import bpe
from bigmodel_lib.tokenizers.adapters import Tokenizer
from bigmodel_lib.tokenizers.bpe import BPE

__all__ = ["BPE", "Tokenizer", "bpe"]
