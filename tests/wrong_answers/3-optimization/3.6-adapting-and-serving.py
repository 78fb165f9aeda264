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


# %% largest-rank: no more than the smallest side
def largest_rank(shapes, budget):
    return min(budget // sum(d + m for d, m in shapes), min(min(s) for s in shapes))


# %% largest-rank: rounded
def largest_rank(shapes, budget):
    return round(budget / sum(d + m for d, m in shapes))


# %% largest-rank: a budget for each matrix
def largest_rank(shapes, budget):
    return min(budget // (d + m) for d, m in shapes)


# %% largest-rank: each shape counts once
def largest_rank(shapes, budget):
    return budget // sum(d + m for d, m in set(shapes))


# %% largest-rank: a search that ends at 64
def largest_rank(shapes, budget):
    return max((r for r in range(1, 65) if r * sum(d + m for d, m in shapes) <= budget), default=0)


# %% largest-rank: stops one too late
def largest_rank(shapes, budget):
    r = 0
    while r * sum(map(sum, shapes)) <= budget:
        r += 1
    return r


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


# %% swap: the old scale for both
def swap(merged, old, new):
    one = old or new
    if one is None:
        return merged
    scale = one[2] / one[0].shape[1]
    for sign, part in ((-1, old), (1, new)):
        if part is not None:
            merged = merged + sign * scale * part[0] @ part[1]
    return merged


# %% swap: the new scale for both
def swap(merged, old, new):
    one = new or old
    if one is None:
        return merged
    scale = one[2] / one[0].shape[1]
    for sign, part in ((-1, old), (1, new)):
        if part is not None:
            merged = merged + sign * scale * part[0] @ part[1]
    return merged


# %% swap: whole division
def swap(merged, old, new):
    for sign, part in ((-1, old), (1, new)):
        if part is not None:
            merged = merged + sign * (part[2] // part[0].shape[1]) * part[0] @ part[1]
    return merged


# %% swap: the signs the wrong way round
def swap(merged, old, new):
    for sign, part in ((1, old), (-1, new)):
        if part is not None:
            merged = merged + sign * (part[2] / part[0].shape[1]) * part[0] @ part[1]
    return merged


# %% swap: changes nothing where one is None
def swap(merged, old, new):
    if new is None or old is None:
        return merged.copy()
    for sign, part in ((-1, old), (1, new)):
        merged = merged + sign * (part[2] / part[0].shape[1]) * part[0] @ part[1]
    return merged


# %% swap: the rank of A in place of its columns
def swap(merged, old, new):
    for sign, part in ((-1, old), (1, new)):
        if part is not None:
            merged = merged + sign * part[2] / np.linalg.matrix_rank(part[0]) * part[0] @ part[1]
    return merged


# %% swap: scale at least one
def swap(merged, old, new):
    for sign, part in ((-1, old), (1, new)):
        if part is not None:
            merged = merged + sign * max(1, part[2] / part[0].shape[1]) * part[0] @ part[1]
    return merged


# %% swap: scales A in place
def swap(merged, old, new):
    for sign, part in ((-1, old), (1, new)):
        if part is not None:
            A, B, alpha = part
            A *= alpha / A.shape[1]
            merged = merged + sign * A @ B
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


# %% new-tokens: the first stop of the list, not of the text
def new_tokens(draft, chosen, stop_ids, room):
    right = 0
    while right < len(draft) and draft[right] == chosen[right]:
        right += 1
    added = chosen[: right + 1]
    for stop in stop_ids:
        if stop in added:
            added = added[: added.index(stop)]
            break
    return added[:room]


# %% new-tokens: only one stop id is looked for
def new_tokens(draft, chosen, stop_ids, room):
    right = 0
    while right < len(draft) and draft[right] == chosen[right]:
        right += 1
    added = chosen[: right + 1]
    if stop_ids and stop_ids[-1] in added:
        added = added[: added.index(stop_ids[-1])]
    return added[:room]


# %% new-tokens: a token of 0 counts as none
def new_tokens(draft, chosen, stop_ids, room):
    out = []
    for i, c in enumerate(chosen):
        if not c or c in stop_ids:
            break
        out.append(c)
        if i < len(draft) and draft[i] != c:
            break
    return out[:room]


# %% new-tokens: a stop at the first place is overlooked
def new_tokens(draft, chosen, stop_ids, room):
    right = 0
    while right < len(draft) and draft[right] == chosen[right]:
        right += 1
    added = chosen[: right + 1]
    cut = next((i for i, t in enumerate(added) if t in stop_ids), 0)
    return (added[:cut] if cut else added)[:room]


# %% new-tokens: room before the own token
def new_tokens(draft, chosen, stop_ids, room):
    draft = draft[: room - 1]
    right = 0
    while right < len(draft) and draft[right] == chosen[right]:
        right += 1
    added = chosen[: right + 1]
    return added[: next((i for i, t in enumerate(added) if t in stop_ids), len(added))]


# %% new-tokens: a stop eats the room
def new_tokens(draft, chosen, stop_ids, room):
    if room == 0:
        return []
    out = []
    for i, c in enumerate(chosen):
        if c in stop_ids:
            return out[:-1] if len(out) == room else out
        out.append(c)
        if i < len(draft) and draft[i] != c:
            break
    return out[:room]


# %% new-tokens: own token even after a stop
def new_tokens(draft, chosen, stop_ids, room):
    right = 0
    while right < len(draft) and draft[right] == chosen[right] and draft[right] not in stop_ids:
        right += 1
    return chosen[: right + 1][:room]


# %% new-tokens: one token even where there is no room
def new_tokens(draft, chosen, stop_ids, room):
    out = []
    for i, c in enumerate(chosen):
        if c in stop_ids:
            break
        out.append(c)
        if len(out) >= room or i < len(draft) and draft[i] != c:
            break
    return out


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


# %% best-draft: alpha 0 is answered at once
def best_draft(alpha, seconds):
    if alpha == 0:
        return 0
    v = [sum(alpha**i for i in range(k + 1)) / s for k, s in enumerate(seconds)]
    return v.index(max(v))


# %% best-draft: alpha 1 takes the longest
def best_draft(alpha, seconds):
    if alpha == 1:
        return len(seconds) - 1
    v = [sum(alpha**i for i in range(k + 1)) / s for k, s in enumerate(seconds)]
    return v.index(max(v))


# %% best-draft: never without draft
def best_draft(alpha, seconds):
    v = [sum(alpha**i for i in range(k + 1)) / s for k, s in enumerate(seconds)]
    return max(range(1, len(v)), key=v.__getitem__, default=0)


# %% best-draft: a small number below the bar for alpha 1
def best_draft(alpha, seconds):
    v = [(1 - alpha ** (k + 1)) / (1 - alpha + 1e-12) / s for k, s in enumerate(seconds)]
    return v.index(max(v))


# %% best-draft: from the end downhill
def best_draft(alpha, seconds):
    v = [sum(alpha**i for i in range(k + 1)) / s for k, s in enumerate(seconds)]
    k = len(v) - 1
    while k and v[k - 1] >= v[k]:
        k -= 1
    return k


# %% best-draft: rounded speeds
def best_draft(alpha, seconds):
    v = [round(sum(alpha**i for i in range(k + 1)) / s, 1) for k, s in enumerate(seconds)]
    return v.index(max(v))


# %% best-draft: all tokens of the draft or none
def best_draft(alpha, seconds):
    v = [(1 + k * alpha**k) / s for k, s in enumerate(seconds)]
    return v.index(max(v))


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


# %% deceiving: looks for one token only
def deceiving(length):
    ids = list(range(10))
    while len(ids) < length:
        d = lookup_draft(ids, 1, longest=1)
        ids.append((d[0] + 1) % 10 if d else 0)
    return ids


# %% deceiving: the first place in place of the latest
def deceiving(length):
    ids = list(range(10)) + [0]
    while len(ids) < length:
        ids.append((ids[ids.index(ids[-1]) + 1] + 1) % 10)
    return ids


# %% deceiving: tokens beyond 9
def deceiving(length):
    ids = list(range(10))
    while len(ids) < length:
        d = lookup_draft(ids, 1)
        ids.append(d[0] + 1 if d else 0)
    return ids


# %% deceiving: all pairs in turn, and anew when all were there
def deceiving(length):
    ids, seen = [0], set()
    while len(ids) < length:
        free = [t for t in range(9, -1, -1) if (ids[-1], t) not in seen]
        if not free:
            seen.clear()
            continue
        seen.add((ids[-1], free[0]))
        ids.append(free[0])
    return ids


# %% deceiving: avoids the draft's last token
def deceiving(length):
    ids = list(range(10))
    while len(ids) < length:
        d = lookup_draft(ids, 4)
        ids.append((d[-1] + 1) % 10 if d else 0)
    return ids


# %% deceiving: wrong once in two
def deceiving(length):
    ids = list(range(10))
    while len(ids) < length:
        d = lookup_draft(ids, 2)
        ids += [(d[0] + 1) % 10, (d[-1] + 1) % 10] if d else [0, 0]
    return ids[:length]
