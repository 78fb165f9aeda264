"""Code generation on the course's sixty problems: more samples than notebook 4.8 has time for.

    TASKS=code python -m benchmarks.applications --json FILE

Each problem gets one greedy program and ten sampled ones at each of three temperatures; greedy programs that fail are repaired
with the error message, and, as the control, without it. Every program runs in the sandbox. The counts by problem are part of the
results. Programs may be longer than in notebook 4.8 (64 tokens, not 56), and all problems are sampled, not eight.
"""

from __future__ import annotations

import collections
from concurrent.futures import ThreadPoolExecutor

from benchmarks import report
from bigmodel_lib import generation, models
from bigmodel_lib.data import problems as data
from bigmodel_lib.evaluation import intervals
from bigmodel_lib.generation.pass_at_k import function_body, pass_at_k, sample_many

import numpy as np

TEMPERATURES, SAMPLES, NEW_TOKENS = (0.2, 0.6, 1.0), 10, 64


def run() -> tuple[dict, dict]:
    """Pass rates of the 135M model by kind of problem, temperature and k; failures by kind; repairs.

    Returns:
        results: everything by kind, with 95 % intervals, and the counts by problem. ratios: `pass_at_1` (greedy) and `pass_at_10`
            (the best temperature by pass@10 on the known problems, so a little flattered), as shares of the known problems.
    """
    model, tokenizer = models.smollm2()
    problems = data.problems()

    def judged(chosen, texts):
        programs = [f"{problem.prompt}\n{function_body(text)}" for problem, text in zip(chosen, texts)]
        with ThreadPoolExecutor(2) as pool:
            return programs, list(pool.map(data.judge, chosen, programs))

    def write(prompts, **options):
        return sample_many(model, tokenizer, prompts, max_new_tokens=NEW_TOKENS, batch=60, **options)

    results: dict = {"greedy": {}, "sampled": {}, "repair": {}}
    greedy, verdicts = judged(problems, [rows[0] for rows in write([problem.prompt for problem in problems])])
    for kind in data.KINDS:
        right = [verdict.passed for problem, verdict in zip(problems, verdicts) if problem.kind == kind]
        results["greedy"][kind] = _share(right)
    results["greedy"]["verdicts"] = dict(collections.Counter(verdict.kind for verdict in verdicts))
    print("greedy", results["greedy"], flush=True)

    known = np.array([problem.kind == "known" for problem in problems])
    for temperature in TEMPERATURES:
        rows = write([problem.prompt for problem in problems], samples=SAMPLES, temperature=temperature)
        _, found = judged([p for p in problems for _ in range(SAMPLES)], sum(rows, []))
        passed = np.array([verdict.passed for verdict in found]).reshape(len(problems), SAMPLES)
        entry = {"correct": passed.sum(1).tolist(), "verdicts": dict(collections.Counter(v.kind for v in found))}
        for k in (1, 3, SAMPLES):
            entry[f"pass@{k}, known"] = float(pass_at_k(SAMPLES, passed.sum(1), k)[known].mean())
        results["sampled"][str(temperature)] = entry
        print("temperature", temperature, entry, flush=True)

    failed = [i for i, verdict in enumerate(verdicts) if not verdict.passed]
    for name, message in (("with the message", True), ("without", False)):
        said = [f": {verdicts[i].error}" if message else "." for i in failed]
        prompts = [repair_prompt(problems[i].prompt, greedy[i], text) for i, text in zip(failed, said)]
        _, again = judged([problems[i] for i in failed], [rows[0] for rows in write(prompts)])
        results["repair"][name] = _share([verdict.passed for verdict in again])
        print("repair", name, results["repair"][name], flush=True)

    ten = max(entry[f"pass@{SAMPLES}, known"] for entry in results["sampled"].values())
    return results, {
        "pass_at_1": report.ratio(results["greedy"]["known"]["share"], goal=0.3),
        "pass_at_10": report.ratio(ten, goal=0.5),
    }


def repair_prompt(prompt: str, program: str, said: str) -> str:
    """What asks the chat model for another try; it begins to write behind the prompt of the problem."""
    asked = f"This Python function is wrong{said}\nWrite it again without the mistake.\n\n```python\n{program}```"
    return generation.chat_prompt(asked) + "```python\n" + prompt


def _share(right: list[bool]) -> dict:
    low, high = intervals.wilson(sum(right), len(right))
    return {"right": sum(right), "of": len(right), "share": sum(right) / len(right), "low": low, "high": high}
