"""One face for the tokenizers of pretrained models, over the `tokenizers` library."""

from __future__ import annotations

from collections.abc import Sequence

import tokenizers


class Tokenizer:
    """Text to a list of token ids, and back.

    Args:
        backend: a tokenizer of the `tokenizers` library; it does the work.
        stop_ids: ids that end a text, such as an end-of-message token; generation stops at the first of them.

    Example:
        >>> backend = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "model": 1, "?": 2}, unk_token="?"))
        >>> backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
        >>> tokenizer = Tokenizer(backend)
        >>> tokenizer.encode("a large model"), tokenizer.decode([0, 1])
        ([0, 2, 1], 'a model')
    """

    def __init__(self, backend: tokenizers.Tokenizer, stop_ids: Sequence[int] = ()):
        self.backend = backend
        self.stop_ids = tuple(stop_ids)

    @classmethod
    def from_gguf(cls, metadata: dict) -> Tokenizer:
        """The byte-level BPE that a GGUF file carries in its metadata.

        Raises:
            ValueError: the file holds another kind of tokenizer than SmolLM's.
        """
        kind = (metadata.get("tokenizer.ggml.model"), metadata.get("tokenizer.ggml.pre"))
        if kind != ("gpt2", "smollm"):
            raise ValueError(f"the file must hold the tokenizer ('gpt2', 'smollm'), not {kind}")
        tokens, kinds = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
        merges = [tuple(merge.split(" ", 1)) for merge in metadata["tokenizer.ggml.merges"]]
        backend = tokenizers.Tokenizer(tokenizers.models.BPE({token: i for i, token in enumerate(tokens)}, merges))
        split = tokenizers.pre_tokenizers
        backend.pre_tokenizer = split.Sequence([split.Digits(individual_digits=True), split.ByteLevel(False)])
        backend.decoder = tokenizers.decoders.ByteLevel()
        special = [token for token, kind in zip(tokens, kinds) if kind == 3]  # 3 marks a control token
        backend.add_special_tokens([tokenizers.AddedToken(token, special=True) for token in special])
        stops = {metadata["tokenizer.ggml.eos_token_id"], *(i for i, t in enumerate(tokens) if t == "<|endoftext|>")}
        return cls(backend, sorted(stops))

    @property
    def vocab_size(self) -> int:
        """Number of token ids, the special ones included."""
        return self.backend.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        """Token ids of a text."""
        return self.backend.encode(text).ids

    def decode(self, ids: list[int], skip_special: bool = True) -> str:
        """Text of token ids; special tokens are left out unless asked for."""
        return self.backend.decode(list(ids), skip_special_tokens=skip_special)

    def token(self, id: int) -> str:
        """How the vocabulary writes one id."""
        return self.backend.id_to_token(id)

    def id(self, token: str) -> int:
        """The id of one entry of the vocabulary, such as ``"<|im_end|>"``.

        Raises:
            ValueError: the vocabulary has no such entry.
        """
        id = self.backend.token_to_id(token)
        if id is None:
            raise ValueError(f"the vocabulary of {self.vocab_size} tokens has no entry {token!r}")
        return id
