"""A linear-chain conditional random field: which *row* of tags is the best, when neighbours must fit each other.

A tagger that decides character by character may begin a name and never end it. Here a row of tags $y$ has one score,

$$ s(y) = \\sum_{t=0}^{T-1} \\bigl( e_t(y_t) + A_{y_{t-1}, y_t} \\bigr) + A_{y_{T-1}, y_T}, \\qquad y_{-1} = y_T = \\text{tag } 0 , $$

where $e_t$ are the scores of the tags at character $t$ and $A_{ij}$ that of tag $j$ after tag $i$. Before and after the sentence stands tag 0,
"no name", so what may begin and end a sentence needs no rules of its own. The probability of a row is $e^{s(y)}$ over the sum of that for all
$K^T$ rows, which the forward algorithm finds in $T K^2$ steps.

All functions work on *pairs*: one array (batch, T, K, K) which holds for each step the score of every pair of neighbouring tags.
What this does not do: chains in which a tag depends on more than one before it, and segments (semi-Markov).

Source: J. Lafferty, A. McCallum and F. Pereira 2001, "Conditional random fields", ICML; G. Lample et al. 2016, arXiv:1603.01360 (on top of a
network). Taught in: 4.6.
"""

from __future__ import annotations

from collections.abc import Sequence

from bigmodel_lib.evaluation.spans import is_legal

import keras
import numpy as np
from keras import ops

__all__ = ["BARRED", "CRF", "legal", "log_partition", "negative_log_likelihood", "pairs", "path_score", "viterbi"]

# The score of what must not be. Finite, so that no infinity meets another; so low that no real scores make up for it
BARRED = -1e5


def legal(tags: Sequence[str], scheme: str = "BMES") -> np.ndarray:
    """Which tag may follow which.

    Args:
        tags: K names; the first must be "O", which stands before and after each sentence.
        scheme: "BMES" or "BIO", see `bigmodel_lib.evaluation.spans`.

    Returns:
        (K, K) bool: [i, j] says whether tag j may follow tag i.

    Raises:
        ValueError: the first tag is not "O", or a tag is unknown.

    Example:
        >>> legal(["O", "B-PER", "I-PER"], "BIO").astype(int)
        array([[1, 1, 0],
               [1, 1, 1],
               [1, 1, 1]])
    """
    if not len(tags) or tags[0] != "O":
        raise ValueError(
            f"the first tag must be 'O', which stands before and after each sentence; the tags are {list(tags)}"
        )
    return np.array([[is_legal(one, other, scheme) for other in tags] for one in tags])


def pairs(scores, transitions, mask=None):
    """The score of each pair of neighbouring tags: `scores` of the second, plus the transition between them.

    Args:
        scores: (batch, T, K), of the tags at each character.
        transitions: (K, K), [i, j] for tag j after tag i; `BARRED` where it must not follow.
        mask: (batch, T) bool, false behind the end of a shorter sentence; there only tag 0 is allowed. None: all count.

    Returns:
        (batch, T, K, K): [b, t, i, j] for tag i at t - 1 and tag j at t. At the first character only i = 0 is allowed; the last one holds
        the transition to the tag 0 that follows the sentence as well.

    Raises:
        ValueError: the shapes do not fit, or there are no characters.
    """
    scores, transitions = ops.convert_to_tensor(scores), ops.convert_to_tensor(transitions)
    if len(scores.shape) != 3 or tuple(transitions.shape) != (scores.shape[-1],) * 2:
        raise ValueError(
            f"scores must be (batch, T, K) and transitions (K, K), not {tuple(scores.shape)} and {tuple(transitions.shape)}"
        )
    if scores.shape[1] == 0:
        raise ValueError("a sentence needs at least one character: leave empty ones out")
    # (K,): allows tag 0 alone
    only_zero = ops.convert_to_tensor(BARRED * (np.arange(scores.shape[-1]) > 0), scores.dtype)
    if mask is not None:
        scores = ops.where(ops.expand_dims(mask, -1), scores, only_zero)
    both = ops.expand_dims(scores, 2) + transitions
    first = both[:, :1] + ops.expand_dims(only_zero, 1)
    both = ops.concatenate([first, both[:, 1:]], 1)
    return ops.concatenate([both[:, :-1], both[:, -1:] + transitions[:, 0]], 1)


def path_score(pairs, tags):
    """The score $s(y)$ of given rows of tags.

    Args:
        pairs: (batch, T, K, K), see `pairs`.
        tags: (batch, T) integers from 0 to K - 1; 0 behind the end of a shorter sentence.

    Returns:
        (batch,) scores.

    Raises:
        ValueError: the shapes do not fit.
    """
    num_tags = pairs.shape[-1]
    tags = ops.cast(tags, "int32")
    if tuple(tags.shape[1:]) != (pairs.shape[1],):
        raise ValueError(
            f"tags must be (batch, {pairs.shape[1]}), one a character as in the pairs, not {tuple(tags.shape)}"
        )
    previous = ops.pad(tags[:, :-1], [[0, 0], [1, 0]])
    flat = ops.reshape(pairs, (*ops.shape(pairs)[:2], num_tags * num_tags))
    return ops.sum(ops.take_along_axis(flat, ops.expand_dims(previous * num_tags + tags, -1), 2), (1, 2))


def log_partition(pairs):
    """$\\log \\sum_y e^{s(y)}$ over all $K^T$ rows of tags, by the forward algorithm.

    $\\alpha_t(j)$ is the log of the sum over all beginnings that end with tag $j$ at character $t$:
    $\\alpha_t(j) = \\log \\sum_i e^{\\alpha_{t-1}(i) + \\text{pairs}_t(i, j)}$.

    Args:
        pairs: (batch, T, K, K), see `pairs`.

    Returns:
        (batch,).
    """

    def step(alpha, pair):
        return ops.logsumexp(ops.expand_dims(alpha, 2) + pair, 1), None

    pairs = ops.convert_to_tensor(pairs)
    alpha = ops.logsumexp(pairs[:, 0], 1)
    if pairs.shape[1] > 1:
        alpha, _ = ops.scan(step, alpha, ops.moveaxis(pairs[:, 1:], 1, 0))
    return ops.logsumexp(alpha, 1)


def negative_log_likelihood(tags, pairs):
    """Minus the log-probability of the true rows of tags: a loss for `training.train`, with Keras's order of arguments.

    Args:
        tags: (batch, T) integers; every row must be legal, or its loss is about -`BARRED` and teaches nothing.
        pairs: (batch, T, K, K), see `pairs`.

    Returns:
        (batch,) nats, each at least 0.
    """
    return log_partition(pairs) - path_score(pairs, tags)


def viterbi(pairs) -> np.ndarray:
    """The row of tags with the highest score.

    As the forward algorithm, with the largest in place of the sum, and a note of where it came from.

    Args:
        pairs: (batch, T, K, K), see `pairs`.

    Returns:
        (batch, T) int64, tags from 0 to K - 1. Of equally good rows the one whose tags are smaller, compared from the end.

    Example:
        >>> scores = [[[0.0, 2, 0], [0.0, 3, 2]]]  # two characters, the tags O, B and E: alone each would choose B
        >>> viterbi(pairs(scores, np.where(legal(["O", "B-X", "E-X"]), 0, BARRED))).tolist()
        [[1, 2]]
    """
    pairs = ops.convert_to_numpy(pairs)
    best, came_from = pairs[:, 0].max(1), []
    for t in range(1, pairs.shape[1]):
        reached = best[:, :, None] + pairs[:, t]
        came_from.append(reached.argmax(1))
        best = reached.max(1)
    row = [best.argmax(1)]
    for back in reversed(came_from):
        row.append(back[np.arange(len(pairs)), row[-1]])
    return np.stack(row[::-1], 1)


@keras.saving.register_keras_serializable("bigmodel_lib.crf")
class CRF(keras.layers.Layer):
    """Learned transitions between tags: turns scores (batch, T, K) into pairs (batch, T, K, K).

    Train with `negative_log_likelihood`, tag with `viterbi`.

    Args:
        allowed: (K, K) of truth values, see `legal`; a list of lists after loading.
    """

    def __init__(self, allowed, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.allowed = np.asarray(allowed, bool)
        if self.allowed.ndim != 2 or self.allowed.shape[0] != self.allowed.shape[1]:
            raise ValueError(f"allowed must be (K, K), not {self.allowed.shape}: use legal(tags)")

    def build(self, input_shape):
        self.transitions = self.add_weight(shape=self.allowed.shape, initializer="zeros", name="transitions")

    def call(self, scores, mask=None):
        allowed, transitions = ops.convert_to_tensor(self.allowed), ops.convert_to_tensor(self.transitions)
        return pairs(scores, ops.where(allowed, transitions, BARRED), mask)

    def compute_mask(self, scores, mask=None):
        return None  # what was masked is part of the pairs

    def compute_output_shape(self, input_shape):
        return (*input_shape, input_shape[-1])

    def get_config(self):
        return super().get_config() | {"allowed": self.allowed.tolist()}
