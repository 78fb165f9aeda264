"""Text out of any causal Keras model: decoding with and without a cache, sampling, scoring, chat prompts.

``generate``, ``stream``, ``generate_ids``    continue a prompt
``logits``, ``next_token_probabilities``      what the model thinks comes next
``log_likelihood``, ``perplexity``            how well it predicts a text
``continuation_log_likelihoods``              which of several continuations it prefers
``continue_ids``                              many continuations of one beginning, which is computed once
``speculative_ids``, ``lookup_draft``         the same greedy text in fewer passes, by guesses from the text so far
``sample_many``, ``function_body``, ``parses``  many programs for each prompt, cut where the function ends
``pass_at_k``                                 the chance that one of k programs passes, without bias
``kept_tokens``, ``sample``                   temperature, top-k and top-p in plain NumPy
``chat_prompt``                               messages to the text that a chat model was trained on
"""

from bigmodel_lib.generation.pass_at_k import function_body, parses, pass_at_k, sample_many
from bigmodel_lib.generation.prefix import continue_ids
from bigmodel_lib.generation.sampling import kept_tokens, sample
from bigmodel_lib.generation.scoring import (
    continuation_log_likelihoods,
    log_likelihood,
    logits,
    perplexity,
    token_log_probabilities,
)
from bigmodel_lib.generation.speculative import lookup_draft, speculative_ids
from bigmodel_lib.generation.text import chat_prompt, generate, generate_ids, next_token_probabilities, stream

__all__ = [
    "chat_prompt",
    "continuation_log_likelihoods",
    "continue_ids",
    "function_body",
    "generate",
    "generate_ids",
    "kept_tokens",
    "log_likelihood",
    "logits",
    "lookup_draft",
    "next_token_probabilities",
    "parses",
    "pass_at_k",
    "perplexity",
    "sample",
    "sample_many",
    "speculative_ids",
    "stream",
    "token_log_probabilities",
]
