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
