# %% memory: half a byte
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return parameters * bits / 8 + 4 * tokens * layers * kv_heads * head_dim


# %% memory: rounds the weights down
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return parameters * bits // 8 + 4 * tokens * layers * kv_heads * head_dim


# %% memory: every parameter gets whole bytes
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return parameters * math.ceil(bits / 8) + 4 * tokens * layers * kv_heads * head_dim


# %% memory: bits for bytes
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return parameters * bits + 4 * tokens * layers * kv_heads * head_dim


# %% memory: a key and no value
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return -(-parameters * bits // 8) + 2 * tokens * layers * kv_heads * head_dim


# %% memory: the cache in the bits of the weights
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return -(-parameters * bits // 8) + 2 * tokens * layers * kv_heads * head_dim * bits // 8


# %% memory: one layer's cache
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return -(-parameters * bits // 8) + 4 * tokens * kv_heads * head_dim


# %% memory: one head's cache
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return -(-parameters * bits // 8) + 4 * tokens * layers * head_dim


# %% memory: at least one token
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return -(-parameters * bits // 8) + 4 * max(1, tokens) * layers * kv_heads * head_dim


# %% memory: forgets the cache
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return -(-parameters * bits // 8)


# %% memory: the square of the tokens
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return -(-parameters * bits // 8) + 4 * tokens**2 * layers * kv_heads * head_dim


# %% memory: floats lose the last byte
def memory(parameters, bits, layers, kv_heads, head_dim, tokens):
    return math.ceil(parameters * bits / 8) + 4 * tokens * layers * kv_heads * head_dim


# %% figures: takes the first place
def figures(printed, pattern):
    for _, text in printed:
        match = re.search(pattern, text, re.M)
        if match:
            try:
                return tuple(float((g or "").replace(",", "").replace("−", "-")) for g in match.groups())
            except ValueError:
                return "no number"
    return "missing"


# %% figures: one place in each cell
def figures(printed, pattern):
    matches = [re.search(pattern, text, re.M) for _, text in printed]
    found = {match.groups() for match in matches if match}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", "").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: two equal places are too many
def figures(printed, pattern):
    found = [match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)]
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", "").replace("−", "-")) for g in found[0])
    except ValueError:
        return "no number"


# %% figures: lines have no ends
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", "").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: joins the cells
def figures(printed, pattern):
    whole = "\n".join(text.rstrip("\n") for _, text in printed)
    found = {match.groups() for match in re.finditer(pattern, whole, re.M)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", "").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: commas stay (raises ValueError)
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    return tuple(float(g.replace("−", "-")) for g in found.pop())


# %% figures: commas are decimal points
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", ".").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: knows the hyphen only
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", "")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: drops the sign
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", "").replace("−", "")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: the first group only
def figures(printed, pattern):
    found = {match.group(1) for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return (float(found.pop().replace(",", "").replace("−", "-")),)
    except ValueError:
        return "no number"


# %% figures: compares the first group only
def figures(printed, pattern):
    found = [match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)]
    if len({groups[0] for groups in found}) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", "").replace("−", "-")) for g in found[0])
    except ValueError:
        return "no number"


# %% figures: leaves out the groups that took no part
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float(g.replace(",", "").replace("−", "-")) for g in found.pop() if g)
    except ValueError:
        return "no number"


# %% figures: an empty group breaks it (raises AttributeError)
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float(g.replace(",", "").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: a single figure without its tuple
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        made = tuple(float((g or "").replace(",", "").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"
    return made if len(made) > 1 else made[0]


# %% figures: whole numbers only
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(int((g or "").replace(",", "").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: only at the beginning of a text
def figures(printed, pattern):
    found = {match.groups() for _, text in printed if (match := re.match(pattern, text, re.M))}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", "").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: missing is ambiguous
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if len(found) != 1:
        return "ambiguous"
    try:
        return tuple(float((g or "").replace(",", "").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: compares values, not texts
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if not found:
        return "missing"
    try:
        values = {tuple(float((g or "").replace(",", "").replace("−", "-")) for g in groups) for groups in found}
    except ValueError:
        return "no number" if len(found) == 1 else "ambiguous"
    return values.pop() if len(values) == 1 else "ambiguous"


# %% figures: a dot goes beyond the line
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M | re.S)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", "").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: upper and lower case are the same
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M | re.I)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", "").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: looks line by line
def figures(printed, pattern):
    lines = [line for _, text in printed for line in text.splitlines()]
    found = {match.groups() for line in lines for match in re.finditer(pattern, line)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    try:
        return tuple(float((g or "").replace(",", "").replace("−", "-")) for g in found.pop())
    except ValueError:
        return "no number"


# %% figures: a number anywhere in the group will do
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    if len(found) != 1:
        return "ambiguous" if found else "missing"
    made = [re.search(r"-?\d[\d.]*(e-?\d+)?", (g or "").replace(",", "").replace("−", "-")) for g in found.pop()]
    return tuple(float(m[0]) for m in made) if all(made) else "no number"


# %% figures: no number is looked for first
def figures(printed, pattern):
    found = {match.groups() for _, text in printed for match in re.finditer(pattern, text, re.M)}
    try:
        made = {groups: tuple(float((g or "").replace(",", "").replace("−", "-")) for g in groups) for groups in found}
    except ValueError:
        return "no number"
    if len(made) != 1:
        return "ambiguous" if made else "missing"
    return made.popitem()[1]


# %% questions: equal is enough
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt - extra
    return max(1, -(-training // saved)) if saved > 0 else None


# %% questions: rounds to the nearest
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt - extra
    return max(1, round(training / saved)) if saved > 0 else None


# %% questions: rounds up and adds one
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt - extra
    return -(-training // saved) + 1 if saved > 0 else None


# %% questions: rounds down
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt - extra
    return max(1, training // saved) if saved > 0 else None


# %% questions: a fraction of a question
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt - extra
    return training / saved if saved > 0 else None


# %% questions: frozen or not is the same
def questions(parameters, trained, prompt, frozen, extra):
    saved = 2 * parameters * prompt - extra
    return 6 * parameters * trained // saved + 1 if saved > 0 else None


# %% questions: frozen costs nothing
def questions(parameters, trained, prompt, frozen, extra):
    training = (0 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt - extra
    return training // saved + 1 if saved > 0 else None


# %% questions: frozen costs a forward pass
def questions(parameters, trained, prompt, frozen, extra):
    training = (2 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt - extra
    return training // saved + 1 if saved > 0 else None


# %% questions: forgets the extra
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt
    return training // saved + 1 if saved > 0 else None


# %% questions: adds the extra to the training
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained + extra
    saved = 2 * parameters * prompt
    return training // saved + 1 if saved > 0 else None


# %% questions: adds the extra to the prompt
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt + extra
    return training // saved + 1 if saved > 0 else None


# %% questions: pays in the past
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt - extra
    return training // saved + 1 if saved else None


# %% questions: divides by nothing (raises ZeroDivisionError)
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    return training // (2 * parameters * prompt - extra) + 1


# %% questions: no training pays at once, whatever is saved
def questions(parameters, trained, prompt, frozen, extra):
    if not trained:
        return 1
    training = (4 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt - extra
    return training // saved + 1 if saved > 0 else None


# %% questions: never is infinite
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt - extra
    return training // saved + 1 if saved > 0 else math.inf


# %% questions: the prompt is read once
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    return 1 if training + extra < 2 * parameters * prompt else None


# %% questions: floats lose the last one
def questions(parameters, trained, prompt, frozen, extra):
    training = (4 if frozen else 6) * parameters * trained
    saved = 2 * parameters * prompt - extra
    return math.floor(training / saved) + 1 if saved > 0 else None


# %% verdict: an sd is taken for a standard error
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    if difference - 2 * spread >= claimed:
        return "borne out"
    return "refuted" if difference + 2 * spread < claimed else "open"


# %% verdict: a standard error is divided as well
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    error = spread / math.sqrt(n)
    if difference - 2 * error >= claimed:
        return "borne out"
    return "refuted" if difference + 2 * error < claimed else "open"


# %% verdict: divided by n, not by its root
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    error = spread if kind == "se" else spread / n
    if difference - 2 * error >= claimed:
        return "borne out"
    return "refuted" if difference + 2 * error < claimed else "open"


# %% verdict: divided by the root of n - 1
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    error = spread if kind == "se" else spread / math.sqrt(n - 1)
    if difference - 2 * error >= claimed:
        return "borne out"
    return "refuted" if difference + 2 * error < claimed else "open"


# %% verdict: one standard error
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    error = spread if kind == "se" else spread / math.sqrt(n)
    if difference - error >= claimed:
        return "borne out"
    return "refuted" if difference + error < claimed else "open"


# %% verdict: the mean decides
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    return "borne out" if difference >= claimed else "refuted"


# %% verdict: asks whether the difference is above zero
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    error = spread if kind == "se" else spread / math.sqrt(n)
    if difference - 2 * error >= 0:
        return "borne out"
    return "refuted" if difference + 2 * error < 0 else "open"


# %% verdict: the lower end must be above
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    error = spread if kind == "se" else spread / math.sqrt(n)
    if difference - 2 * error > claimed:
        return "borne out"
    return "refuted" if difference + 2 * error < claimed else "open"


# %% verdict: the upper end does not count
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    error = spread if kind == "se" else spread / math.sqrt(n)
    if difference - 2 * error >= claimed:
        return "borne out"
    return "refuted" if difference + 2 * error <= claimed else "open"


# %% verdict: one run is a run
def verdict(claimed, difference, spread, kind, n):
    error = spread if kind == "se" else spread / math.sqrt(n)
    if difference - 2 * error >= claimed:
        return "borne out"
    return "refuted" if difference + 2 * error < claimed else "open"


# %% verdict: one run is open only if an sd was given
def verdict(claimed, difference, spread, kind, n):
    if n == 1 and kind == "sd":
        return "open"
    error = spread if kind == "se" else spread / math.sqrt(n)
    if difference - 2 * error >= claimed:
        return "borne out"
    return "refuted" if difference + 2 * error < claimed else "open"


# %% verdict: the size of the difference, whatever its sign
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    error = spread if kind == "se" else spread / math.sqrt(n)
    if abs(difference) - 2 * error >= claimed:
        return "borne out"
    return "refuted" if abs(difference) + 2 * error < claimed else "open"


# %% verdict: what is not borne out is refuted
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    error = spread if kind == "se" else spread / math.sqrt(n)
    return "borne out" if difference - 2 * error >= claimed else "refuted"


# %% verdict: what is not refuted is borne out
def verdict(claimed, difference, spread, kind, n):
    if n == 1:
        return "open"
    error = spread if kind == "se" else spread / math.sqrt(n)
    return "refuted" if difference + 2 * error < claimed else "borne out"


# %% verdict: no spread is no evidence
def verdict(claimed, difference, spread, kind, n):
    if n == 1 or not spread:
        return "open"
    error = spread if kind == "se" else spread / math.sqrt(n)
    if difference - 2 * error >= claimed:
        return "borne out"
    return "refuted" if difference + 2 * error < claimed else "open"
