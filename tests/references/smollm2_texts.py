"""The texts of smollm2.npz, for the script that makes it and for the tests that read it."""

PROMPTS = {
    "english": "The capital of France is Paris. It lies on the river",
    "code": 'def fibonacci(n):\n    """Return the n-th Fibonacci number."""\n    if n < 2:\n        return',
    "chinese": "大模型是指参数量很大的神经网络。它们",
    "chat": "<|im_start|>user\nWhat is 17 + 25?<|im_end|>\n<|im_start|>assistant\n",
}
TEXTS = {
    "mixed": "Hello, Привет, 你好, สวัสดี! naïve café 😀 1234567.89\n\tif x >= 10: y = {'a': [1, 2]}\r\n  ∑ aᵢ ≠ 0 — “quoted”",
    "space": "  two leading, three   inside, trailing   ",
    "special": "<|im_start|>user\nHi<|im_end|>\n<|endoftext|>",
    "digits": "3.14159 and 2024-11-20, 007",
}
# Transformers' reader of GGUF leaves out that every numeral is a token of its own, which shows beyond 0 … 9: by llama.cpp alone
NUMERALS = {
    "numerals": "½ of ² and Ⅷ, ٣ or 三, x² + 1¼",
}
