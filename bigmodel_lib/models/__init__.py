"""Neural networks in Keras, backend-neutral. Models and weight loaders; no training loops.

``dense``         fully connected networks
``vision``        convolutional networks, small
``detection``     a detector of objects, without anchors
``segmentation``  a small U-Net, which gives every pixel a class; the Dice loss
``crf``           a linear-chain conditional random field, for tags that depend on one another
``attention``     attention, masks, heads, rotary positions, as functions
``transformer``   the transformer block and its parts
``gpt``           decoders in the shape of GPT-2, to train from scratch
``llama``         decoders of the Llama family; SmolLM2-135M
``inside``        what may be recorded, cut and patched inside a decoder
``bert``          encoders of the BERT family; all-MiniLM-L6-v2
``efficientnet``  EfficientNet-Lite0
``gguf``, ``pth``  readers of weight files; ``initializers``

The pretrained models are loaded by the functions below, which import their module only when they are called. What runs a loaded model lives in
`generation` for text, and beside the model for pictures and sentences.
"""

__all__ = ["efficientnet_lite0", "minilm", "smollm2"]


def smollm2():
    """SmolLM2-135M-Instruct and its tokenizer: see `bigmodel_lib.models.llama.smollm2`."""
    from bigmodel_lib.models import llama

    return llama.smollm2()


def minilm():
    """The sentence encoder all-MiniLM-L6-v2 and its tokenizer: see `bigmodel_lib.models.bert.minilm`."""
    from bigmodel_lib.models import bert

    return bert.minilm()


def efficientnet_lite0():
    """The ImageNet classifier EfficientNet-Lite0: see `bigmodel_lib.models.efficientnet.efficientnet_lite0`."""
    from bigmodel_lib.models import efficientnet

    return efficientnet.efficientnet_lite0()
