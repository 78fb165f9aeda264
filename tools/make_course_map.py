"""Write the table of notebooks into README.md and chapters/course-map.ipynb: ``uv run python tools/make_course_map.py [--check]``.

What each notebook proves stands below; titles, run times and memory are read from the notebooks' own first cells. Execute the
map afterwards, with tools/execute_notebooks.py. ``--check`` writes nothing and fails if a table is stale.
"""

import pathlib
import re
import sys

from bigmodel_lib import notebooks

import nbformat

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAP = ROOT / "chapters" / "course-map.ipynb"
CHAPTERS = {
    "1-concepts": "Concepts: what is large, and what for",
    "2-training": "Training: from the data to a language model",
    "3-optimization": "Optimization: the same model, smaller",
    "4-applications": "Applications: pictures, language, code",
    "5-outlook": "Outlook: what comes next, and what it would cost",
}
# number of the notebook -> its question in short, what it proves
ROWS = {
    "1.1": (
        "How did networks of a few weights become models of billions?",
        "perceptrons cannot learn XOR, one hidden layer can; records doubled every 17 to 43 months before 2018 and every 5 to 15 after, depending on which rows are in; none since PaLM puts more parameters to work on a token",
    ),
    "1.2": (
        "What makes a model large?",
        "GPT-3's eight sizes counted within 2 %; 26 times the parameters bring 0.9 ± 0.2 points (se) when each model trains as long as its validation data ask",
    ),
    "1.3": (
        "Does scale help?",
        "every doubling is more accurate, the late ones buy less; the train–test gap grows, too; by accuracy better under nine of ten disturbances, by the share lost worse under six",
    ),
    "1.4": (
        "What does training cost?",
        "a step's time predicted, then measured, and its memory, then read from the compiler's plan; GPU hours of twelve published models: ten within 30 %",
    ),
    "1.5": (
        "What does one answer cost, and when does use outweigh training?",
        "two FLOPs a parameter and token; writing waits for memory, reading does not; eight answers in a pass cost less than eight passes, but were not free here; the KV cache counted and timed; the more a model is used, the smaller it should be",
    ),
    "1.6": (
        "What are large models used for?",
        "three pretrained models do eight tasks on two cores, each with a failure shown (3 of 6 functions work); with a looked-up passage 10 of 12 answers hold the right word in place of 3, with a calculator 11 of 12 sums are right in place of 0",
    ),
    "2.1": (
        "What does training really see?",
        "4.7 % of the standard library's functions are copies; split by function 77 %, by file 60 %, and removing copies does not close the gap; a tokenizer equal to the library's",
    ),
    "2.2": (
        "Which architecture, and how must it start?",
        "convolution 85.5 %, attention 77.7 %, dense 59.4 % at about equal parameters; at forty layers the gradient vanishes or explodes, and of five ways only normalisation with residuals trains well",
    ),
    "2.3": (
        "What happens to the numbers inside a transformer, and which parts does it need?",
        "GPT-2 and Llama in a page of NumPy, equal to the library's; two layers of attention copy from far back (94.3 %), as often as counts inside the sequence itself (94.4 %); one layer does not (9.2 %), counts from training data do not (3.5 %)",
    ),
    "2.4": (
        "What does the choice of the loss change, and how does it reach the weights?",
        "a tape in fifty lines equal to JAX to 8e-8; recomputation in eight segments leaves 42 % of the peak memory; what each loss does to accuracy and to calibration",
    ),
    "2.5": (
        "Which optimizer?",
        "seven optimizers from scratch, equal to Keras to 1e-5; tuned alike, Adam leads SGD by 7.6 ± 1.0 points after 5 epochs, by 2.4 ± 0.8 after 15 (se); rotating the words takes about half of its lead over momentum (two standard errors)",
    ),
    "2.6": (
        "What happens in a training loop?",
        "accumulation equals the big batch; tuned alike, warm-up with cosine gains 2.5 ± 0.5 points (se); the noise scale misses the critical batch 7.7-fold; a run killed in mid-epoch resumes bit for bit",
    ),
    "2.7": (
        "How is a language model trained, and does it beat counting?",
        "in a minute a GPT beats Witten–Bell tables (by 0.18 bits a character, 0.06 where they count tokens), stays 0.07 behind Kneser–Ney, and together with a table beats both; a KV cache, token for token",
    ),
    "2.8": (
        "How do several devices train one model?",
        "data and tensor parallel equal one device; ZeRO keeps 8.0 times less; a block's 4 all-reduces counted; a pipeline's bubble; when experts go idle; two real processes, one killed",
    ),
    "2.9": (
        "How does a predictor become something that answers?",
        "fine-tuning keeps the writers' errors (0.67 right); DPO 0.74 if gentle, 0.35 at ten times the rate; reinforcement with a verifier 0.91, fine-tuning on verified answers 0.97; a flawed verifier is exploited",
    ),
    "3.1": (
        "How much of a trained network does its answer need, and how do you measure it honestly?",
        "a layer wrong by 65 % in its weights loses half a point; keeping the outputs instead needs half that rank; a thin network trained from the start does as well as one cut and trained; four times fewer parameters, and one call hardly gets faster",
    ),
    "3.2": (
        "Which weights can go, and what is gained?",
        "LeNet-300-100 loses 92.5 % of its parameters at no loss that three seeds could show; zeros make nothing faster, removed units do (2.08 times), but a small network trained from the start does as well; half of SmolLM2's block weights gone: perplexity 45.2 → 98.8 by Wanda, 481.5 by size within each unit, 838.5 within each matrix",
    ),
    "3.3": (
        "How few bits can a weight have, what decides how much is lost, and is the smaller model faster?",
        "a step of s costs s²/12, down to 3 bits; 8 bits change 0.00 ± 0.04 points, rounding during training is 7.4 ± 2.1 points ahead in 3 bits (sd, 5 seeds); GPTQ beats rounding on a layer (0.72 against 0.97 % of the outputs' square) and, with more damping, repairs 39 % of what rounding to 4 bits spoils in a whole language model (0.112 ± 0.017 nats a token, standard error); one activation is 15,320 times the median; smaller is not faster by itself",
    ),
    "3.4": (
        "What does a teacher add that the label does not have?",
        "soft targets gain 5.2 ± 0.6 points on the same signals, shuffled ones cost 3.3; a student that never saw a 3 finds 81.6 % of them; Keras's default loss is not the documented one; a table of counts teaches a GPT (−0.14 bits at equal steps; its own work is not counted in that)",
    ),
    "3.5": (
        "How small does a trained network become as one real file, if nothing it knows may be lost?",
        "61.6 times smaller, bit for bit, +0.03 ± 0.03 points against the dense network and −0.37 ± 0.37 against the same trained as long; Huffman is only 1.17 of it, and xz comes to 56.6",
    ),
    "3.6": (
        "How do you teach a finished model something new with few numbers, make it write faster without changing a word, and serve it elsewhere?",
        "0.30 % of the parameters take Macbeth's perplexity from 98.5 to 78.8 (one run); drafts from the text itself write the same 64 tokens of code in 16 passes; another runtime agrees to 2e-6 in float32",
    ),
    "4.1": (
        "Which pictures can two cores learn to name, and when is borrowing better?",
        "ten mean pictures 67.7 %, a dense network 87.3 %, a residual network that cuts its resolution early 91.17 % [90.6, 91.7] after six epochs (one seed); its mirror image adds 0.19 points, not to be told from none; unscaled pixels cost a borrowed network 45 points and no error is raised, milder errors 1 to 3, too little to see on 300 crops; covering what a map names leaves an answer 15 %, squares drawn by lot 31 % (worse on 7 of 10 photographs); with one label of each photograph borrowed features (67.3 %) are ahead of training from scratch with sixteen (59.0 %)",
    ),
    "4.2": (
        "What is where in a picture, and how sure?",
        "average precision in a few lines, equal to pycocotools' to a millionth; a detector of points from scratch in a minute: AP@0.5 86.1 % (the best of three seeds) on new things and new photographs (91.6 % if names do not count); of uncovered things 87.5 % are found, of those covered by 0.25 to 0.45 of their box 49.5 %, busy ground costs 7.5 points, size nothing certain; peaks do what suppression does, no better; boxes of a classifier's maps reach a mean IoU of 0.45, those around whole photographs 0.44",
    ),
    "4.3": (
        "What is it, at every pixel?",
        "a U-Net reaches a mean IoU of 0.652 after 24,000 scenes (one training; with all names right 0.799, with all outlines right 0.827); after 5,000 scenes it has 0.392 and 0.395, without skip connections, which helped at every distance up to eight steps from the outline, 0.370 and 0.341; an interval over test scenes (0.015 to 0.029) does not foresee the next training's gap (0.054); 34 % of the errors are wrong names; the inside of a thing or its two outermost pixels suffice (72 % and 85 % seen), a bare shape does not (38 %)",
    ),
    "4.4": (
        "What does a pretrained encoder know about a text's origin that counting words does not?",
        "with 2,000 labels a frozen encoder (88.2 % on 1,000 sentences) does about what naive Bayes does with 18,967 (88.7 % on all 4,736), and counts with form come close (86.5 %); with all labels these give 94.3 %, and with every word replaced by an x 81.7 % are still told apart: form, not topic; few-shot with 135 M parameters 41.7 %",
    ),
    "4.5": (
        "Is a sentence praise or blame, and which model knows what?",
        "naive Bayes 82.6 %, a transformer trained here 77.9 %, a frozen encoder 79.9 % (a linear head reads more after its fourth block than after its last), words, characters and encoder weighed 84.9 %; all three negated blames are read as blame; a probe with swapped names and controls: eleven of twelve gaps hold zero",
    ),
    "4.6": (
        "Which characters are a name, and of what?",
        "a list of known names F1 0.31, a window 0.63, with the best possible row 0.68, a small tagger 0.86 on 5,000 Chinese sentences; 0.94 on names it has met and 0.66 on new ones; forward and Viterbi equal to writing out all rows; no gain from training with the CRF seen (null, three seeds)",
    ),
    "4.7": (
        "What predicts code: counting, a small model, a large one, and how much has the large one learnt by heart?",
        "counting the file itself saves 0.43 bits a byte, more than runs of three tokens save over runs of two (0.29); on the same bytes counts and a GPT together need 1.43 bits, the 135M model 0.82; whole lines right from the middle 12 and 25 %; renaming a file's names shows no reciting (−0.01 ± 0.08)",
    ),
    "4.8": (
        "How often is a generated program right, and how do you find out safely?",
        "a sandbox of kernel limits that lets only values out; pass@k unbiased 0.672 where the plain formula says 0.593; a 135M model solves 9 of 32 known puzzles, 0 of 12 with a changed rule and 0 of 16 invented; without names 3 of 32; eight tries on eight puzzles and the error message on six solve nothing new (nulls); ten tries at a lower temperature on all 32 known ones do, 15 of them",
    ),
    "4.9": (
        "What must you know of a loaded model before somebody acts on its predictions?",
        "the file gives the same logits bit for bit, and an .h5 lost a threshold silently; pixels at 0 to 255 cost 1.5 points at 99.9 % confidence, with no error; one temperature takes the calibration error from 0.045 to 0.014 and changes no answer; a 95 % threshold from validation gives 94.4 % [93.9, 94.9]; alarms noticed six strong changes in every window and cannot see swapped names; black on white raised the confidence while 4.9 % were right",
    ),
    "5.1": (
        "Can small runs say what a larger one will reach, and how should a budget be split?",
        "56 runs of seven sizes, a part made again with a new seed; a model 4.22 times larger promised before it is shown, 1.9 and 0.9 % too low (“no gain” is 2.4 and 7.2 % too high, a straight line along the lower edge of the runs 11 to 12 % too low, a fit to sizes 11 times smaller 4.1 and 3.6 % too low); without the tables the exponent of the best size is 0.040 higher, and on paper 0.78 in place of 0.51; at one learning rate for all, width seems worth 0.010 nats in place of 0.205",
    ),
    "5.2": (
        "How much of a large run can be calculated before its first step, and how far can the plan be trusted?",
        "124 of 576 plans for GPT-3 on 1,024 A100 fit, and the second-best layout loses 0.2 %; eight published parameter counts within 10 %, five within 1 %; nine step times: three within 10 %, eight within 25 %; whole runs took about 1.8 times their products at 60 % (median of six); one of eight models is above 10²⁵ FLOPs",
    ),
    "5.3": (
        "Which parts of a language model do what, and how can one tell?",
        "without eight induction heads of 270 the second copy of random tokens costs 10.89 nats in place of 2.20 (13.82 if it is no copy), with eight others of the same blocks at most 2.62; one number at 0: loss 4.36 → 13.57; capitals cross in one block of thirty, by two heads that can nearly stand in for each other; the logit lens ranks the capital 1,688th where a fitted one ranks it 3rd",
    ),
    "5.4": (
        "What do search and tools add to a small model, and whom does it obey?",
        "163 questions on the course: BM25 finds the passage first for 99 % in its own words, a sentence encoder for 81 %; in other words 14 % and 22 %; with the right passage 40 of 40 answers are right, closed book 0 of 20, a false passage is believed 20 of 20; log-probability tells invented from read (AUROC 1.00), not true from false (0.56 [0.39, 0.72]); products by calculator 0 → 100 %, a story with a difference 20 %; a hidden question takes over 20 of 20 answers when the passage stands last, none when it stands first",
    ),
    "5.5": (
        "Which of the usual answers about large models has this course measured?",
        "the twelve points of the usual list and ten student questions, with 201 figures loaded from the outputs of 26 notebooks and none typed; all 134 patterns find the figures again when every one is changed; a glossary of 214 terms in English and Chinese, each linked to its first use",
    ),
}  # fmt: skip


def opening(path: pathlib.Path) -> tuple[str, str, str]:
    """Title, seconds and gigabytes as a notebook's first cell states them."""
    first = nbformat.read(path, 4).cells[0].source
    title = re.match(r"# (.+)", first).group(1)
    runs = re.search(r"\*\*Runs in\*\*\s+(\d+)\s+s,\s+([\d.]+)\s+GB", first)
    if not runs:
        raise ValueError(f"{path}: the first cell must say '**Runs in** N s, M GB'")
    return title, *runs.groups()


def table(base: pathlib.Path, heading: str) -> str:
    """The notebooks by chapter, with links relative to the folder `base`."""
    parts = []
    for folder, title in CHAPTERS.items():
        if not list((ROOT / "chapters" / folder).glob("*.ipynb")):
            continue
        lines = ["| notebook | question | what it proves | time | memory |", "|---|---|---|---|---|"]
        for path in notebooks.find([ROOT / "chapters" / folder]):
            name, seconds, gigabytes = opening(path)
            question, proved = ROWS[path.stem.split("-")[0]]
            link = path.relative_to(base)
            lines.append(f"| [{name}]({link.as_posix()}) | {question} | {proved} | {seconds} s | {gigabytes} GB |")
        parts.append(f"{heading} {folder[0]} {title}\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def readme(root: pathlib.Path = ROOT) -> str:
    """README.md with a fresh table between its two marks."""
    text = (root / "README.md").read_text("utf-8")
    begin, end = "<!-- notebooks: begin -->", "<!-- notebooks: end -->"
    before, rest = text.split(begin)
    return f"{before}{begin}\n{table(root, '###')}\n{end}{rest.split(end)[1]}"


def course_map(text: str) -> str:
    """The course map with a fresh table in its cell `notebooks`; its other cells and its outputs are kept."""
    notebook = nbformat.reads(text, 4)
    cell = next(cell for cell in notebook.cells if cell.id == "notebooks")
    cell.source = table(MAP.parent, "##")
    return notebooks.text(notebook)


def main(arguments: list[str]) -> int:
    made = {ROOT / "README.md": readme(), MAP: course_map(MAP.read_text("utf-8"))}
    stale = [path for path, text in made.items() if path.read_text("utf-8") != text]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is not what the notebooks say: run tools/make_course_map.py")
        else:
            path.write_text(made[path], encoding="utf-8", newline="\n")
            print(f"written  {path.relative_to(ROOT)}")
    return int("--check" in arguments and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
