"""Text to token ids and back: a readable BPE for teaching (`bpe`), and one face for the tokenizers of pretrained models."""

from bigmodel_lib.tokenizers.adapters import Tokenizer

__all__ = ["Tokenizer"]
