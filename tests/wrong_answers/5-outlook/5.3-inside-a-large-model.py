# %% share-moved: the share of the sums
def share_moved(patched, low, high):
    return (patched - low).sum() / (high - low).sum() if (high != low).any() else None


# %% share-moved: a pair without a way counts as 0
def share_moved(patched, low, high):
    way = high - low
    if not way.any():
        return None
    return np.mean([(p - a) / w if w else 0 for p, a, w in zip(patched, low, way)])


# %% share-moved: divides by all pairs
def share_moved(patched, low, high):
    some = high != low
    return ((patched - low)[some] / (high - low)[some]).sum() / len(low) if some.any() else None


# %% share-moved: 0 if none is left
def share_moved(patched, low, high):
    some = high != low
    return ((patched - low)[some] / (high - low)[some]).mean() if some.any() else 0.0


# %% share-moved: cut off at 0 and 1
def share_moved(patched, low, high):
    some = high != low
    return np.clip((patched - low)[some] / (high - low)[some], 0, 1).mean() if some.any() else None


# %% share-moved: only where high is above low
def share_moved(patched, low, high):
    some = high > low
    return ((patched - low)[some] / (high - low)[some]).mean() if some.any() else None


# %% share-moved: the absolute distance
def share_moved(patched, low, high):
    some = high != low
    return (np.abs(patched - low)[some] / np.abs(high - low)[some]).mean() if some.any() else None


# %% share-moved: the share that is left
def share_moved(patched, low, high):
    some = high != low
    return ((high - patched)[some] / (high - low)[some]).mean() if some.any() else None


# %% share-moved: the median
def share_moved(patched, low, high):
    some = high != low
    return np.median((patched - low)[some] / (high - low)[some]) if some.any() else None


# %% share-moved: relative to the high lead
def share_moved(patched, low, high):
    some = high != low
    return ((patched - low)[some] / high[some]).mean() if some.any() else None


# %% share-moved: whole numbers divided as such
def share_moved(patched, low, high):
    some = high != low
    return ((patched - low)[some] // (high - low)[some]).mean() if some.any() else None


# %% share-moved: drops the sign of the way
def share_moved(patched, low, high):
    some = high != low
    return ((patched - low)[some] / np.abs(high - low)[some]).mean() if some.any() else None


# %% where-to-look: the first earlier occurrence
def where_to_look(ids):
    first, answer = {}, []
    for t, token in enumerate(ids):
        answer.append(first.get(token, -2) + 1)
        first.setdefault(token, t)
    return answer


# %% where-to-look: the occurrence itself
def where_to_look(ids):
    latest, answer = {}, []
    for t, token in enumerate(ids):
        answer.append(latest.get(token, -1))
        latest[token] = t
    return answer


# %% where-to-look: counts itself as an occurrence
def where_to_look(ids):
    return [max(s for s in range(t + 1) if ids[s] == ids[t]) + 1 for t in range(len(ids))]


# %% where-to-look: never at itself
def where_to_look(ids):
    latest, answer = {}, []
    for t, token in enumerate(ids):
        s = latest.get(token, -2) + 1
        answer.append(s if s < t else -1)
        latest[token] = t
    return answer


# %% where-to-look: 0 for a token that has not stood before
def where_to_look(ids):
    latest, answer = {}, []
    for t, token in enumerate(ids):
        answer.append(latest.get(token, -1) + 1)
        latest[token] = t
    return answer


# %% where-to-look: the next token in place of its position
def where_to_look(ids):
    latest, answer = {}, []
    for t, token in enumerate(ids):
        answer.append(ids[latest[token] + 1] if token in latest else -1)
        latest[token] = t
    return answer


# %% where-to-look: the token at position 0 is forgotten
def where_to_look(ids):
    latest, answer = {}, []
    for t, token in enumerate(ids):
        answer.append(latest[token] + 1 if latest.get(token) else -1)
        latest[token] = t
    return answer


# %% where-to-look: looks ahead
def where_to_look(ids):
    return [next((s + 1 for s in range(len(ids)) if s != t and ids[s] == ids[t]), -1) for t in range(len(ids))]


# %% where-to-look: the distance back
def where_to_look(ids):
    latest, answer = {}, []
    for t, token in enumerate(ids):
        answer.append(t - latest[token] - 1 if token in latest else -1)
        latest[token] = t
    return answer


# %% where-to-look: fails for an empty list
def where_to_look(ids):
    answer = [-1] + [0] * (len(ids) - 1)
    for t in range(1, len(ids)):
        same = [s for s in range(t) if ids[s] == ids[t]]
        answer[t] = same[-1] + 1 if same else -1
    return answer


# %% where-to-look: of a run of equal tokens the first
def where_to_look(ids):
    latest, answer = {}, []
    for t, token in enumerate(ids):
        answer.append(latest.get(token, -2) + 1)
        if t == 0 or ids[t - 1] != token:
            latest[token] = t
    return answer


# %% where-to-look: counts from 1
def where_to_look(ids):
    latest, answer = {}, []
    for t, token in enumerate(ids):
        answer.append(latest[token] + 2 if token in latest else -1)
        latest[token] = t
    return answer


# %% patch: the loop's variables as they are at the end
def patch(places, recorded):
    edit = {}
    for block in {block for block, _ in places}:

        def replace(value):
            value = np.array(value)
            for at, position in places:
                if at == block:  # noqa: B023
                    value[:, position] = recorded[block][:, position]  # noqa: B023
            return value

        edit[block, "stream"] = replace
    return edit


# %% patch: the last entry of a block replaces the others
def patch(places, recorded):
    def make(block, position):
        def replace(value):
            value = np.array(value)
            value[:, position] = recorded[block][:, position]
            return value

        return replace

    return {(block, "stream"): make(block, position) for block, position in places}


# %% patch: changes the value in place
def patch(places, recorded):
    def replace(value, block):
        for at, position in places:
            if at == block:
                value[:, position] = recorded[block][:, position]
        return value

    return {(b, "stream"): functools.partial(replace, block=b) for b, _ in places}


# %% patch: writes into what was recorded
def patch(places, recorded):
    def replace(value, block):
        result = recorded[block]
        keep = [t for t in range(value.shape[1]) if (block, t) not in places]
        result[:, keep] = value[:, keep]
        return result

    return {(b, "stream"): functools.partial(replace, block=b) for b, _ in places}


# %% patch: an axis too early
def patch(places, recorded):
    def replace(value, block):
        value = np.array(value)
        for at, position in places:
            if at == block:
                value[position] = recorded[block][position]
        return value

    return {(b, "stream"): functools.partial(replace, block=b) for b, _ in places}


# %% patch: an axis too late
def patch(places, recorded):
    def replace(value, block):
        value = np.array(value)
        for at, position in places:
            if at == block:
                value[..., position] = recorded[block][..., position]
        return value

    return {(b, "stream"): functools.partial(replace, block=b) for b, _ in places}


# %% patch: the first row for all
def patch(places, recorded):
    def replace(value, block):
        value = np.array(value)
        for at, position in places:
            if at == block:
                value[:, position] = recorded[block][0, position]
        return value

    return {(b, "stream"): functools.partial(replace, block=b) for b, _ in places}


# %% patch: the first row only
def patch(places, recorded):
    def replace(value, block):
        value = np.array(value)
        for at, position in places:
            if at == block:
                value[0, position] = recorded[block][0, position]
        return value

    return {(b, "stream"): functools.partial(replace, block=b) for b, _ in places}


# %% patch: an entry for every recorded block
def patch(places, recorded):
    def replace(value, block):
        value = np.array(value)
        for at, position in places:
            if at == block:
                value[:, position] = recorded[block][:, position]
        return value

    return {(b, "stream"): functools.partial(replace, block=b) for b in recorded}


# %% patch: the whole stream
def patch(places, recorded):
    return {(b, "stream"): functools.partial(lambda value, b: recorded[b] + 0, b=b) for b, _ in places}


# %% patch: adds in place of replacing
def patch(places, recorded):
    def replace(value, block):
        value = np.array(value)
        for at, position in places:
            if at == block:
                value[:, position] += recorded[block][:, position]
        return value

    return {(b, "stream"): functools.partial(replace, block=b) for b, _ in places}


# %% patch: works once only
def patch(places, recorded):
    left = list(places)

    def replace(value, block):
        value = np.array(value)
        while any(at == block for at, _ in left):
            place = next(place for place in left if place[0] == block)
            left.remove(place)
            value[:, place[1]] = recorded[block][:, place[1]]
        return value

    return {(b, "stream"): functools.partial(replace, block=b) for b, _ in places}


# %% patch: the block without the site
def patch(places, recorded):
    def replace(value, block):
        value = np.array(value)
        for at, position in places:
            if at == block:
                value[:, position] = recorded[block][:, position]
        return value

    return {b: functools.partial(replace, block=b) for b, _ in places}


# %% patch: all positions in all blocks
def patch(places, recorded):
    def replace(value, block):
        value = np.array(value)
        for _, position in places:
            value[:, position] = recorded[block][:, position]
        return value

    return {(b, "stream"): functools.partial(replace, block=b) for b, _ in places}


# %% blocks-to-skip: the angle of the mean cosine
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    cosines = (unit[:-n] * unit[n:]).sum(-1).mean(-1)
    return int(np.flatnonzero(cosines > cosines.max() - 1e-9)[0])


# %% blocks-to-skip: the product without the lengths
def blocks_to_skip(streams, n):
    products = (streams[:-n] * streams[n:]).sum(-1).mean(-1)
    return int(products.argmax())


# %% blocks-to-skip: the distance
def blocks_to_skip(streams, n):
    return int(np.linalg.norm(streams[:-n] - streams[n:], axis=-1).mean(-1).argmin())


# %% blocks-to-skip: adds the angles of the single blocks
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    angles = np.arccos(np.clip((unit[:-1] * unit[1:]).sum(-1), -1, 1)).mean(-1)
    sums = np.array([angles[i : i + n].sum() for i in range(len(angles) + 1 - n)])
    return int(np.flatnonzero(sums < sums.min() + 1e-6)[0])


# %% blocks-to-skip: the largest angle
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    return int(np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1)).mean(-1).argmax())


# %% blocks-to-skip: the last of a tie
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    angles = np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1)).mean(-1)
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[-1])


# %% blocks-to-skip: forgets the last run
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    angles = np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1)).mean(-1)
    angles = angles[:-1] if len(angles) > 1 else angles
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[0])


# %% blocks-to-skip: one block too few
def blocks_to_skip(streams, n):
    n = max(n - 1, 1)
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    angles = np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1)).mean(-1)
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[0])


# %% blocks-to-skip: opposite directions count as alike
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    angles = np.arccos(np.clip(np.abs((unit[:-n] * unit[n:]).sum(-1)), -1, 1)).mean(-1)
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[0])


# %% blocks-to-skip: the smallest angle of any position
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    angles = np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1)).min(-1)
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[0])


# %% blocks-to-skip: the last position only
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    angles = np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1))[:, -1]
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[0])


# %% blocks-to-skip: the number of the stream after the run
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    angles = np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1)).mean(-1)
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[0]) + n


# %% share-moved: None as soon as one pair has no way
def share_moved(patched, low, high):
    way = high - low
    return None if (way == 0).any() else ((patched - low) / way).mean()


# %% share-moved: only pairs that moved count
def share_moved(patched, low, high):
    some = (high != low) & (patched != low)
    return ((patched - low)[some] / (high - low)[some]).mean() if some.any() else None


# %% share-moved: leaves out pairs whose lead is 0
def share_moved(patched, low, high):
    some = (high != low) & (high != 0)
    return ((patched - low)[some] / (high - low)[some]).mean() if some.any() else None


# %% share-moved: a tiny number against dividing by zero
def share_moved(patched, low, high):
    return ((patched - low) / (high - low + 1e-12)).mean()


# %% share-moved: leaves out a pair only where all three are equal
def share_moved(patched, low, high):
    some = ~((high == low) & (patched == low))
    if not some.any():
        return None
    with np.errstate(all="ignore"):
        return ((patched - low)[some] / (high - low)[some]).mean()


# %% where-to-look: needs two tokens that match
def where_to_look(ids):
    answer = []
    for t in range(len(ids)):
        same = [s for s in range(t) if ids[s] == ids[t] and (s == 0 or ids[s - 1] == ids[t - 1])]
        answer.append(same[-1] + 1 if same else -1)
    return answer


# %% where-to-look: only within the first half
def where_to_look(ids):
    half = (len(ids) + 1) // 2
    return [max((s for s in range(min(t, half)) if ids[s] == ids[t]), default=-2) + 1 for t in range(len(ids))]


# %% where-to-look: the same for every occurrence
def where_to_look(ids):
    latest = {token: t for t, token in enumerate(ids[:-1])}
    return [latest[token] + 1 if token in ids[:t] else -1 for t, token in enumerate(ids)]


# %% where-to-look: never the place right before
def where_to_look(ids):
    answer = []
    for t in range(len(ids)):
        same = [s for s in range(t - 1) if ids[s] == ids[t]]
        answer.append(same[-1] + 1 if same else -1)
    return answer


# %% where-to-look: writes into its argument
def where_to_look(ids):
    answer = []
    for t in range(len(ids)):
        same = [s for s in range(t) if ids[s] == ids[t]]
        answer.append(same[-1] + 1 if same else -1)
    ids[:] = answer
    return ids


# %% patch: groupby without sorting
def patch(places, recorded):
    import itertools

    edit = {}
    for block, group in itertools.groupby(places, key=lambda place: place[0]):
        at = [position for _, position in group]

        def replace(value, block=block, at=at):
            value = np.array(value)
            value[:, at] = recorded[block][:, at]
            return value

        edit[block, "stream"] = replace
    return edit


# %% patch: positions from a generator, used up by the first call
def patch(places, recorded):
    edit = {}
    for block in {block for block, _ in places}:
        at = (position for b, position in list(places) if b == block)

        def replace(value, block=block, at=at):
            value = np.array(value)
            for position in at:
                value[:, position] = recorded[block][:, position]
            return value

        edit[block, "stream"] = replace
    return edit


# %% patch: from the first to the last place
def patch(places, recorded):
    edit = {}
    for block in {block for block, _ in places}:
        at = [position for b, position in places if b == block]

        def replace(value, block=block, at=at):
            value = np.array(value)
            value[:, min(at) : max(at) + 1] = recorded[block][:, min(at) : max(at) + 1]
            return value

        edit[block, "stream"] = replace
    return edit


# %% patch: the positions of all blocks in each
def patch(places, recorded):
    edit = {}
    at = [position for _, position in places]
    for block in {block for block, _ in places}:

        def replace(value, block=block):
            value = np.array(value)
            value[:, at] = recorded[block][:, at]
            return value

        edit[block, "stream"] = replace
    return edit


# %% patch: adds the difference twice where a place stands twice
def patch(places, recorded):
    def replace(value, block):
        result = np.array(value)
        for b, position in places:
            if b == block:
                result[:, position] += recorded[block][:, position] - value[:, position]
        return result

    return {(b, "stream"): functools.partial(replace, block=b) for b, _ in places}


# %% blocks-to-skip: no cut-off, so no angle
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    with np.errstate(all="ignore"):
        angles = np.arccos((unit[:-n] * unit[n:]).sum(-1)).mean(-1)
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[0])


# %% blocks-to-skip: no cut-off, and the first smallest
def blocks_to_skip(streams, n):
    a, b = streams[:-n], streams[n:]
    with np.errstate(all="ignore"):
        angles = np.arccos((a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)).mean(-1)
    return int(angles.argmin())


# %% blocks-to-skip: no cut-off, and positions without an angle are left out
def blocks_to_skip(streams, n):
    a, b = streams[:-n], streams[n:]
    with np.errstate(all="ignore"):
        angles = np.nanmean(np.arccos((a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)), -1)
    return int(np.flatnonzero(angles < np.nanmin(angles) + 1e-6)[0])


# %% blocks-to-skip: a tie decided by rounding
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    return int(np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1)).mean(-1).argmin())


# %% blocks-to-skip: without the first position, as in the chapter
def blocks_to_skip(streams, n):
    s = streams[:, 1:] if streams.shape[1] > 1 else streams
    unit = s / np.linalg.norm(s, axis=-1, keepdims=True)
    angles = np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1)).mean(-1)
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[0])


# %% blocks-to-skip: one angle of the whole matrices
def blocks_to_skip(streams, n):
    s = streams.reshape(len(streams), -1)
    unit = s / np.linalg.norm(s, axis=-1, keepdims=True)
    angles = np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1))
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[0])


# %% blocks-to-skip: the angle of the mean vectors
def blocks_to_skip(streams, n):
    s = streams.mean(1)
    unit = s / np.linalg.norm(s, axis=-1, keepdims=True)
    angles = np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1))
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[0])


# %% blocks-to-skip: the median of the angles
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    angles = np.median(np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1)), -1)
    return int(np.flatnonzero(angles < angles.min() + 1e-6)[0])


# %% blocks-to-skip: a tie within a hundredth
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    angles = np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), -1, 1)).mean(-1)
    return int(np.flatnonzero(angles < angles.min() + 1e-2)[0])


# %% blocks-to-skip: angles above 90 degrees count as 90
def blocks_to_skip(streams, n):
    unit = streams / np.linalg.norm(streams, axis=-1, keepdims=True)
    angles = np.degrees(np.arccos(np.clip((unit[:-n] * unit[n:]).sum(-1), 0, 1))).mean(-1)
    return int(np.flatnonzero(angles < angles.min() + 1e-4)[0])
