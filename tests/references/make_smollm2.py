"""Writes smollm2.npz: what transformers computes with SmolLM2-135M, the oracle of tests/test_llama.py, which needs no PyTorch.

In an environment of its own, with the repository's root as the working folder:

    python -m pip install torch transformers accelerate llama-cpp-python gguf filelock platformdirs tqdm
    PYTHONPATH=. python tests/references/make_smollm2.py

Weights and tokenizer are read from the GGUF file by transformers' own reader, which shares no code with ours; llama.cpp's
tokenizer is asked too.
Of the logits, 512 columns of every position are kept, and the likeliest token of each.
"""

import pathlib

from bigmodel_lib import assets
from tests.references.smollm2_texts import NUMERALS, PROMPTS, TEXTS

import llama_cpp
import numpy as np
import torch
import transformers


def main():
    path = assets.fetch("smollm2-135m")
    options = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    tokenizer = transformers.AutoTokenizer.from_pretrained(**options)
    model = transformers.AutoModelForCausalLM.from_pretrained(**options, dtype=torch.float32).eval()
    columns = np.sort(np.random.default_rng(0).choice(model.config.vocab_size, 512, replace=False))
    found = {"columns": columns.astype("int32")}
    for name, text in PROMPTS.items():
        ids = tokenizer.encode(text)
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0].numpy()
            new = model.generate(torch.tensor([ids]), max_new_tokens=24, min_new_tokens=24, do_sample=False)
        found[f"{name}_ids"] = np.array(ids, "int32")
        found[f"{name}_logits"] = logits[:, columns]
        found[f"{name}_argmax"] = logits.argmax(-1).astype("int32")
        found[f"{name}_greedy"] = new[0, len(ids) :].numpy().astype("int32")
    for name, text in TEXTS.items():
        found[f"text_{name}"] = np.array(tokenizer.encode(text), "int32")
    cpp = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    for name, text in (TEXTS | NUMERALS).items():
        ids = np.array(cpp.tokenize(text.encode(), add_bos=False, special=True), "int32")
        assert (found.setdefault(f"text_{name}", ids) == ids).all(), f"transformers and llama.cpp differ on {name!r}"
    target = pathlib.Path(__file__).with_name("smollm2.npz")
    np.savez_compressed(target, **found)
    print(target, target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
