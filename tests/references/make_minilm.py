"""Writes minilm.npz: sentence vectors of all-MiniLM-L6-v2 by the transformers library, the oracle of tests/test_bert.py.

In an environment of its own, with the repository's root as the working folder:

    python -m pip install torch transformers safetensors tokenizers filelock platformdirs tqdm
    PYTHONPATH=. python tests/references/make_minilm.py

The tests read the file and need neither PyTorch nor transformers.
"""

import pathlib

from bigmodel_lib import assets

import numpy as np
import tokenizers
import torch
import transformers

SENTENCES = [
    "The cat sits outside.",
    "A feline is resting in the open air.",
    "Stock prices fell sharply after the announcement, and nobody on the floor pretended to be surprised.",
    "Hello",
    "今天天气很好，我们去公园散步吧。",
    "I passed the exam 🎉🎉 and now I sleep 😴",
    "Überraschung: naïve façades cost €3,000 (or £2,600)!",
    "def area(radius): return 3.14159 * radius ** 2",
    "",
    # 400-odd tokens: only the first 256 count
    " ".join(f"In the year {year} the harbour froze and the ships waited for spring." for year in range(1700, 1728)),
]
MAX_TOKENS = 256


def main():
    folder = assets.fetch("minilm")
    model = transformers.BertModel.from_pretrained(folder, attn_implementation="eager").eval()
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    encoded = tokenizer.encode_batch(SENTENCES)
    ids = torch.tensor([e.ids for e in encoded])
    mask = torch.tensor([e.attention_mask for e in encoded])
    with torch.no_grad():
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        vectors = torch.nn.functional.normalize(mean, dim=1)
        second = model(input_ids=ids[:1], token_type_ids=torch.ones_like(ids[:1]), attention_mask=mask[:1])
    np.savez_compressed(
        pathlib.Path(__file__).parent / "minilm.npz",
        sentences=np.array([s.encode() for s in SENTENCES]),  # bytes: a third of the size of an array of str
        tokens=mask.sum(1).numpy(),
        vectors=vectors.numpy(),
        hidden=hidden[0, : int(mask[0].sum())].numpy(),  # of the first sentence, token by token
        hidden_as_second=second.last_hidden_state[0, : int(mask[0].sum())].numpy(),  # the same with token type 1
    )


if __name__ == "__main__":
    main()
