# %% answer-mask: learns the user's end token too
def answer_mask(ids, user, bot, end):
    mask, writes = [], False
    for id in ids:
        if id in (user, bot):
            mask.append(0)
            writes = id == bot
        else:
            mask.append(int(writes or id == end))
            writes = writes and id != end
    return mask


# %% answer-mask: does not learn to end
def answer_mask(ids, user, bot, end):
    mask, writes = [], False
    for id in ids:
        if id in (user, bot, end):
            mask.append(0)
            writes = id == bot
        else:
            mask.append(int(writes))
    return mask


# %% answer-mask: learns the marker
def answer_mask(ids, user, bot, end):
    mask, writes = [], False
    for id in ids:
        writes = id == bot or (writes and id != user)
        mask.append(int(writes))
        writes = writes and id != end
    return mask


# %% answer-mask: only the first answer
def answer_mask(ids, user, bot, end):
    ids = list(ids)
    if bot not in ids:
        return [0] * len(ids)
    first = ids.index(bot)
    last = ids.index(end, first) if end in ids[first:] else len(ids) - 1
    return [int(first < i <= last) for i in range(len(ids))]


# %% answer-mask: everything after the first marker
def answer_mask(ids, user, bot, end):
    ids = list(ids)
    first = ids.index(bot) if bot in ids else len(ids)
    return [int(i > first) for i in range(len(ids))]


# %% answer-mask: goes on after the end
def answer_mask(ids, user, bot, end):
    mask, writes = [], False
    for id in ids:
        if id in (user, bot):
            writes = id == bot
            mask.append(0)
        else:
            mask.append(int(writes))
    return mask


# %% answer-mask: goes on after a new <user>
def answer_mask(ids, user, bot, end):
    mask, writes = [], False
    for t in ids:
        if t == bot:
            mask.append(0)
            writes = True
        else:
            mask.append(int(writes))
            if t == end:
                writes = False
    return mask


# %% answer-mask: every end after a <bot>
def answer_mask(ids, user, bot, end):
    mask, writes, last = [], False, None
    for t in ids:
        if t in (user, bot):
            mask.append(0)
            last, writes = t, t == bot
        elif t == end:
            mask.append(int(last == bot))
            writes = False
        else:
            mask.append(int(writes))
    return mask


# %% answer-mask: nobody is speaker 0
def answer_mask(ids, user, bot, end):
    mask, speaker = [], 0
    for t in ids:
        if t in (user, bot):
            mask.append(0)
            speaker = t
        else:
            mask.append(int(speaker == bot))
            if t == end:
                speaker = 0
    return mask


# %% answer-mask: turns that end only
def answer_mask(ids, user, bot, end):
    mask = [0] * len(ids)
    for i, t in enumerate(ids):
        if t == bot and end in ids[i:]:
            for j in range(i + 1, ids.index(end, i) + 1):
                mask[j] = 1
    return mask


# %% leave-one-out: its own reward in the mean
def leave_one_out(rewards):
    return rewards - rewards.mean(axis=1, keepdims=True)


# %% leave-one-out: divides by the deviation
def leave_one_out(rewards):
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / (rewards.shape[1] - 1)
    return (rewards - others) / (rewards.std(axis=1, keepdims=True) + 1e-6)


# %% leave-one-out: over the groups
def leave_one_out(rewards):
    others = (rewards.sum(axis=0, keepdims=True) - rewards) / max(rewards.shape[0] - 1, 1)
    return rewards - others


# %% leave-one-out: divides the others by the whole size
def leave_one_out(rewards):
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / rewards.shape[1]
    return rewards - others


# %% leave-one-out: the wrong way round
def leave_one_out(rewards):
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / (rewards.shape[1] - 1)
    return others - rewards


# %% leave-one-out: writes into the rewards
def leave_one_out(rewards):
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / (rewards.shape[1] - 1)
    rewards -= others
    return rewards


# %% leave-one-out: cut to whole numbers
def leave_one_out(rewards):
    found = np.zeros_like(rewards)
    n = rewards.shape[1]
    for g in range(len(rewards)):
        for i in range(n):
            found[g, i] = rewards[g, i] - (rewards[g].sum() - rewards[g, i]) / (n - 1)
    return found


# %% leave-one-out: the median of the others
def leave_one_out(rewards):
    return np.array([[row[i] - np.median(np.delete(row, i)) for i in range(len(row))] for row in rewards])


# %% pass-at-k: the biased way
def pass_at_k(n, c, k):
    return 1 - (1 - c / n) ** k


# %% pass-at-k: the share of right answers
def pass_at_k(n, c, k):
    return c / n


# %% pass-at-k: times k
def pass_at_k(n, c, k):
    return min(1.0, k * c / n)


# %% pass-at-k: puts every answer back but the wrong ones
def pass_at_k(n, c, k):
    all_wrong = 1.0
    for i in range(k):
        all_wrong *= max(n - c - i, 0) / n
    return 1 - all_wrong


# %% pass-at-k: one draw too few
def pass_at_k(n, c, k):
    all_wrong = 1.0
    for i in range(1, k):
        all_wrong *= max(n - c - i, 0) / (n - i)
    return 1 - all_wrong


# %% pass-at-k: numbers of ways as floats
def pass_at_k(n, c, k):
    ways = lambda a, b: np.exp(sum(np.log(np.arange(a - b + 1, a + 1.0)))) / np.exp(sum(np.log(np.arange(1, b + 1.0))))  # noqa: E731
    with np.errstate(all="ignore"):
        return 1 - ways(n - c, k) / ways(n, k) if n - c >= k else 1.0


# %% pass-at-k: exactly one
def pass_at_k(n, c, k):
    return c * math.comb(n - c, k - 1) / math.comb(n, k)


# %% pass-at-k: as many wrong answers as tries
def pass_at_k(n, c, k):
    if n - c <= k:
        return 1.0
    return 1 - math.comb(n - c, k) / math.comb(n, k)


# %% dpo-slope: both fall
def dpo_slope(chosen, rejected, reference_chosen, reference_rejected, beta):
    x = beta * ((chosen - reference_chosen) - (rejected - reference_rejected))
    wrong = float(np.exp(-np.logaddexp(0, x)))
    return -beta * wrong, -beta * wrong


# %% dpo-slope: without beta in front
def dpo_slope(chosen, rejected, reference_chosen, reference_rejected, beta):
    x = beta * ((chosen - reference_chosen) - (rejected - reference_rejected))
    wrong = float(np.exp(-np.logaddexp(0, x)))
    return -wrong, wrong


# %% dpo-slope: the sigmoid of x instead of -x
def dpo_slope(chosen, rejected, reference_chosen, reference_rejected, beta):
    x = beta * ((chosen - reference_chosen) - (rejected - reference_rejected))
    held = float(np.exp(-np.logaddexp(0, -x)))
    return -beta * held, beta * held


# %% dpo-slope: forgets the reference
def dpo_slope(chosen, rejected, reference_chosen, reference_rejected, beta):
    wrong = float(np.exp(-np.logaddexp(0, beta * (chosen - rejected))))
    return -beta * wrong, beta * wrong


# %% dpo-slope: overflows
def dpo_slope(chosen, rejected, reference_chosen, reference_rejected, beta):
    x = beta * ((chosen - reference_chosen) - (rejected - reference_rejected))
    wrong = 1 / (1 + math.exp(x))
    return -beta * wrong, beta * wrong


# %% dpo-slope: the slope of the sigmoid
def dpo_slope(chosen, rejected, reference_chosen, reference_rejected, beta):
    x = beta * ((chosen - reference_chosen) - (rejected - reference_rejected))
    s = float(np.exp(-np.logaddexp(0, -x)))
    return -beta * s * (1 - s), beta * s * (1 - s)


# %% dpo-slope: overflows with a warning
def dpo_slope(chosen, rejected, reference_chosen, reference_rejected, beta):
    x = beta * ((chosen - reference_chosen) - (rejected - reference_rejected))
    s = 1 / (1 + np.exp(x))
    return -beta * s, beta * s


# %% verifier: the chapter's, with its hole
def reward(text, truth):
    return float(text is not None and text in str(truth))


# %% verifier: the truth somewhere in the text
def reward(text, truth):
    return float(text is not None and str(truth) in text)


# %% verifier: lets Python's int decide
def reward(text, truth):
    try:
        return float(int(text.strip(" \n").removesuffix(".")) == truth)
    except (ValueError, AttributeError):
        return 0.0


# %% verifier: isdigit, and int refuses
def reward(text, truth):
    if text is None:
        return 0.0
    text = text.strip(" \n").removesuffix(".")
    digits = text[1:] if text[:1] in ("+", "-") else text
    return float(digits.isdigit() and int(text) == truth)


# %% verifier: takes all spaces and stops away
def reward(text, truth):
    if text is None:
        return 0.0
    digits = "".join(c for c in text if c in "0123456789-")
    return float((digits.lstrip("0") or "0") == str(truth))


# %% verifier: nothing but the exact text
def reward(text, truth):
    return float(text == str(truth))


# %% verifier: the last number of the text
def reward(text, truth):
    import re

    numbers = re.findall(r"-?[0-9]+", text or "")
    return float(bool(numbers) and numbers[-1].lstrip("0") == str(truth))


# %% verifier: None is an error
def reward(text, truth):
    import re

    found = re.fullmatch(r"[ \n]*[+]?0*(-?[0-9]+)[.]?[ \n]*", text)
    return float(bool(found) and found[1] == str(truth))


# %% verifier: as a number with a point
def reward(text, truth):
    try:
        return float(float(text) == truth)
    except (TypeError, ValueError):
        return 0.0


# %% verifier: plus signs and zeros in any order
def reward(text, truth):
    if not text or not text.strip():
        return 0.0
    t = text.strip().removesuffix(".")
    if not t:
        return 0.0
    neg = t.startswith("-")
    t = t[1:] if neg else t
    t = t.lstrip("+0") or "0"
    return float(("-" if neg else "") + t == str(truth))


# %% verifier: many plus signs
def reward(text, truth):
    if text is None:
        return 0.0
    t = text.strip().removesuffix(".").lstrip("+")
    digits = t[1:] if t[:1] == "-" else t
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 1000:
        return 0.0
    return float(int(t) == truth)


# %% verifier: zeros behind too
def reward(text, truth):
    if text is None:
        return 0.0
    t = text.strip().removesuffix(".").removeprefix("+")
    neg = t[:1] == "-"
    t = t[1:] if neg else t
    if not (t.isascii() and t.isdigit()):
        return 0.0
    return (
        float((t.strip("0") or "0") == str(abs(truth)).strip("0") and neg == (truth < 0))
        if truth
        else float(set(t) == {"0"})
    )


# %% verifier: stops on both sides
def reward(text, truth):
    if text is None:
        return 0.0
    t = text.strip()
    if t.endswith(".."):
        return 0.0
    t = t.strip(".")
    digits = t[1:] if t[:1] in ("+", "-") else t
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 1000:
        return 0.0
    return float(int(t) == truth)


# %% verifier: one stop anywhere
def reward(text, truth):
    if text is None:
        return 0.0
    t = text.strip().replace(".", "", 1)
    digits = t[1:] if t[:1] in ("+", "-") else t
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 1000:
        return 0.0
    return float(int(t) == truth)


# %% verifier: one plus sign anywhere
def reward(text, truth):
    if text is None:
        return 0.0
    t = text.strip().removesuffix(".").replace("+", "", 1)
    digits = t[1:] if t[:1] == "-" else t
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 1000:
        return 0.0
    return float(int(t) == truth)


# %% verifier: the last line
def reward(text, truth):
    if text is None or not text.strip():
        return 0.0
    t = text.strip().splitlines()[-1].strip().removesuffix(".")
    digits = t[1:] if t[:1] in ("+", "-") else t
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 1000:
        return 0.0
    return float(int(t) == truth)


# %% verifier: the first line
def reward(text, truth):
    if text is None or not text.strip():
        return 0.0
    t = text.strip().splitlines()[0].strip().removesuffix(".")
    digits = t[1:] if t[:1] in ("+", "-") else t
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 1000:
        return 0.0
    return float(int(t) == truth)


# %% verifier: any line
def reward(text, truth):
    import re

    m = re.search(r"^[ \n]*([+-]?[0-9]+)\.?[ \n]*$", text or "", re.M)
    return float(bool(m) and len(m[1]) < 1000 and int(m[1]) == truth)


# %% verifier: nothing left is zero
def reward(text, truth):
    if text is None or not text.strip():
        return 0.0
    t = text.strip().removesuffix(".").removeprefix("+")
    neg = t[:1] == "-"
    t = t[1:] if neg else t
    if neg and not t:
        return 0.0
    if set(t) - set("0123456789"):
        return 0.0
    return float(("-" if neg else "") + (t.lstrip("0") or "0") == str(truth))


# %% verifier: a sign behind
def reward(text, truth):
    if text is None:
        return 0.0
    t = text.strip().removesuffix(".").strip("+")
    neg = t.startswith("-")
    t = t.strip("-")
    if not (t.isascii() and t.isdigit()) or len(t) > 1000:
        return 0.0
    return float((-int(t) if neg else int(t)) == truth)


# %% verifier: an error for a long text (raises ValueError)
def reward(text, truth):
    import re

    m = re.fullmatch(r"\s*([+-]?[0-9]+)\.?\s*", text or "")
    return float(bool(m) and int(m[1]) == truth)
