"""What the tasks on the rated sentences share: vectors of whole data sets, and features made of counts."""

from __future__ import annotations

import numpy as np

MAX_TOKENS = 64  # to which a sentence is cut
TOKENS = r"\w+|[^\w\s]"  # words and single punctuation marks


def layer_means(sentences: list[str], batch_size: int = 64) -> np.ndarray:
    """The mean over its tokens of every sentence, after the embedding and after each of MiniLM's six blocks: (n, 7, 384).

    Sentences are sorted by length and padded to the next multiple of eight: one compilation for each of eight shapes.
    """
    from bigmodel_lib import models
    from bigmodel_lib.models import bert

    import keras

    model, tokenizer = models.minilm()
    tokenizer.backend.enable_truncation(MAX_TOKENS)
    names = ["embedding_norm", *(f"block_{i}_norm" for i in range(1, 7))]
    layers = keras.Model(model.input, [model.get_layer(name).output for name in names])
    ids = [tokenizer.encode(sentence) for sentence in sentences]
    order = np.argsort([len(row) for row in ids], kind="stable")
    vectors = np.empty((len(ids), len(names), model.output.shape[-1]), np.float32)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        batch = [ids[row] for row in rows]
        batch += batch[-1:] * (batch_size - len(batch))  # the last batch is filled up
        given = bert.inputs(batch, -(-len(batch[len(rows) - 1]) // 8) * 8)
        mask = given["padding_mask"][:, :, None]
        for place, hidden in enumerate(layers.predict_on_batch(given)):
            vectors[rows, place] = ((np.asarray(hidden) * mask).sum(1) / mask.sum(1))[: len(rows)]
    return vectors


def unit(vectors: np.ndarray) -> np.ndarray:
    """Each row scaled to length 1, as in `bert.encode`."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
