# %% largest-rank: product of the sides
def largest_rank(shapes, budget):
    return budget // sum(d * m for d, m in shapes)


# %% largest-rank: exactly the budget is refused
def largest_rank(shapes, budget):
    return max(budget - 1, 0) // sum(d + m for d, m in shapes)


# %% largest-rank: a fraction
def largest_rank(shapes, budget):
    return budget / sum(d + m for d, m in shapes)


# %% largest-rank: at least one
def largest_rank(shapes, budget):
    return max(1, budget // sum(d + m for d, m in shapes))


# %% largest-rank: a rank for each matrix
def largest_rank(shapes, budget):
    return min(budget // len(shapes) // (d + m) for d, m in shapes)


# %% swap: without the scale
def swap(merged, old, new):
    for sign, one in ((-1, old), (1, new)):
        if one is not None:
            merged = merged + sign * one[0] @ one[1]
    return merged


# %% swap: the old one's rank for both
def swap(merged, old, new):
    rank = (old or new or [np.zeros((1, 1))])[0].shape[1]
    for sign, one in ((-1, old), (1, new)):
        if one is not None:
            merged = merged + sign * one[2] / rank * one[0] @ one[1]
    return merged


# %% swap: None is not thought of (raises TypeError)
def swap(merged, old, new):
    return merged - old[2] / old[0].shape[1] * old[0] @ old[1] + new[2] / new[0].shape[1] * new[0] @ new[1]


# %% swap: in place
def swap(merged, old, new):
    for sign, one in ((-1, old), (1, new)):
        if one is not None:
            merged += sign * one[2] / one[0].shape[1] * one[0] @ one[1]
    return merged


# %% swap: the old one stays
def swap(merged, old, new):
    return merged.copy() if new is None else merged + new[2] / new[0].shape[1] * new[0] @ new[1]


# %% swap: the wrong side for the rank
def swap(merged, old, new):
    for sign, one in ((-1, old), (1, new)):
        if one is not None:
            merged = merged + sign * one[2] / one[0].shape[0] * one[0] @ one[1]
    return merged


# %% new-tokens: counts every match
def new_tokens(draft, chosen, stop_ids, room):
    right = sum(a == b for a, b in zip(draft, chosen))
    added = []
    for token in chosen[: right + 1]:
        if token in stop_ids or len(added) == room:
            break
        added.append(token)
    return added


# %% new-tokens: without the model's own token
def new_tokens(draft, chosen, stop_ids, room):
    added = []
    for token, own in zip(draft, chosen):
        if token != own or token in stop_ids or len(added) == room:
            break
        added.append(token)
    return added


# %% new-tokens: the whole draft in place of the choice
def new_tokens(draft, chosen, stop_ids, room):
    right = 0
    while right < len(draft) and draft[right] == chosen[right]:
        right += 1
    added = draft[:right] + [chosen[-1]]
    cut = next((i for i, token in enumerate(added) if token in stop_ids), len(added))
    return added[:cut][:room]


# %% new-tokens: keeps the stop
def new_tokens(draft, chosen, stop_ids, room):
    right = 0
    while right < len(draft) and draft[right] == chosen[right]:
        right += 1
    added = []
    for token in chosen[: right + 1]:
        if len(added) == room:
            break
        added.append(token)
        if token in stop_ids:
            break
    return added


# %% new-tokens: leaves the stop out and goes on
def new_tokens(draft, chosen, stop_ids, room):
    right = 0
    while right < len(draft) and draft[right] == chosen[right]:
        right += 1
    return [token for token in chosen[: right + 1] if token not in stop_ids][:room]


# %% new-tokens: room is not thought of
def new_tokens(draft, chosen, stop_ids, room):
    right = 0
    while right < len(draft) and draft[right] == chosen[right]:
        right += 1
    added = chosen[: right + 1]
    return added[: next((i for i, token in enumerate(added) if token in stop_ids), len(added))]


# %% best-draft: most tokens, whatever they take
def best_draft(alpha, seconds):
    tokens = [sum(alpha**i for i in range(k + 1)) for k in range(len(seconds))]
    return tokens.index(max(tokens))


# %% best-draft: the closed form at alpha 1 (raises ZeroDivisionError)
def best_draft(alpha, seconds):
    speeds = [(1 - alpha ** (k + 1)) / (1 - alpha) / took for k, took in enumerate(seconds)]
    return speeds.index(max(speeds))


# %% best-draft: without the model's own token
def best_draft(alpha, seconds):
    speeds = [sum(alpha**i for i in range(1, k + 1)) / took for k, took in enumerate(seconds)]
    return speeds.index(max(speeds))


# %% best-draft: the longest of equals
def best_draft(alpha, seconds):
    speeds = [sum(alpha**i for i in range(k + 1)) / took for k, took in enumerate(seconds)]
    return max(range(len(speeds)), key=lambda k: (speeds[k], k))


# %% best-draft: stops at the first that does not gain
def best_draft(alpha, seconds):
    k = 0
    while k + 1 < len(seconds):
        now = sum(alpha**i for i in range(k + 1)) / seconds[k]
        if sum(alpha**i for i in range(k + 2)) / seconds[k + 1] <= now:
            break
        k += 1
    return k


# %% best-draft: each drafted token counts in full
def best_draft(alpha, seconds):
    speeds = [(1 + alpha * k) / took for k, took in enumerate(seconds)]
    return speeds.index(max(speeds))


# %% deceiving: all the same
def deceiving(length):
    return [0] * length


# %% deceiving: counts up and begins anew
def deceiving(length):
    return [i % 10 for i in range(length)]


# %% deceiving: by chance
def deceiving(length):
    return np.random.default_rng(0).integers(10, size=length).tolist()


# %% deceiving: never a token twice
def deceiving(length):
    return list(range(length))


# %% deceiving: one token too many
def deceiving(length):
    ids = list(range(10))
    while len(ids) <= length:
        draft = lookup_draft(ids, 1)
        ids.append((draft[0] + 1) % 10 if draft else 0)
    return ids
