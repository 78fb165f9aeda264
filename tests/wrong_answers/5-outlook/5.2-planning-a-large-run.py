# %% idle-share: divides by the work
def idle_share(stages, copies, batch, micro_batch):
    if batch % (copies * micro_batch):
        raise ValueError
    return (stages - 1) / (batch // (copies * micro_batch))


# %% idle-share: forgets the copies
def idle_share(stages, copies, batch, micro_batch):
    if batch % (copies * micro_batch):
        raise ValueError
    return (stages - 1) / (batch // micro_batch + stages - 1)


# %% idle-share: forgets the size of a micro-batch
def idle_share(stages, copies, batch, micro_batch):
    if batch % (copies * micro_batch):
        raise ValueError
    return (stages - 1) / (batch // copies + stages - 1)


# %% idle-share: all stages wait
def idle_share(stages, copies, batch, micro_batch):
    if batch % (copies * micro_batch):
        raise ValueError
    return stages / (batch // (copies * micro_batch) + stages)


# %% idle-share: rounds down instead of refusing
def idle_share(stages, copies, batch, micro_batch):
    return (stages - 1) / (batch // (copies * micro_batch) + stages - 1)


# %% idle-share: fractions of a micro-batch
def idle_share(stages, copies, batch, micro_batch):
    return (stages - 1) / (batch / (copies * micro_batch) + stages - 1)


# %% idle-share: asks for each divisor alone
def idle_share(stages, copies, batch, micro_batch):
    if batch % copies or batch % micro_batch:
        raise ValueError
    return (stages - 1) / (batch // (copies * micro_batch) + stages - 1)


# %% idle-share: asks for the copies alone
def idle_share(stages, copies, batch, micro_batch):
    if batch % copies:
        raise ValueError
    return (stages - 1) / (batch // (copies * micro_batch) + stages - 1)


# %% idle-share: the share of the work
def idle_share(stages, copies, batch, micro_batch):
    if batch % (copies * micro_batch):
        raise ValueError
    pieces = batch // (copies * micro_batch)
    return pieces / (pieces + stages - 1)


# %% idle-share: waits at both ends
def idle_share(stages, copies, batch, micro_batch):
    if batch % (copies * micro_batch):
        raise ValueError
    return 2 * (stages - 1) / (batch // (copies * micro_batch) + 2 * (stages - 1))


# %% idle-share: returns the refusal
def idle_share(stages, copies, batch, micro_batch):
    if batch % (copies * micro_batch):
        return None
    return (stages - 1) / (batch // (copies * micro_batch) + stages - 1)


# %% idle-share: the copies wait too
def idle_share(stages, copies, batch, micro_batch):
    if batch % (copies * micro_batch):
        raise ValueError
    return (stages - 1) / (batch // (copies * micro_batch) + copies * (stages - 1))


# %% idle-share: refuses more stages than micro-batches
def idle_share(stages, copies, batch, micro_batch):
    if batch % (copies * micro_batch) or batch // (copies * micro_batch) < stages:
        raise ValueError
    return (stages - 1) / (batch // (copies * micro_batch) + stages - 1)


# %% idle-share: one stage needs no whole micro-batches
def idle_share(stages, copies, batch, micro_batch):
    if stages == 1:
        return 0.0
    if batch % (copies * micro_batch):
        raise ValueError
    return (stages - 1) / (batch // (copies * micro_batch) + stages - 1)


# %% ring: the formula without rounding up
def ring(size, workers, bytes_per_number, speed, latency):
    sent = 2 * (workers - 1) / workers * size * bytes_per_number
    return sent, sent / speed + 2 * (workers - 1) * latency


# %% ring: rounds down
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = size // workers * bytes_per_number, 2 * (workers - 1)
    return turns * piece, turns * (latency + piece / speed)


# %% ring: one way only
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = -(-size // workers) * bytes_per_number, workers - 1
    return turns * piece, turns * (latency + piece / speed)


# %% ring: one latency for all turns
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = -(-size // workers) * bytes_per_number, 2 * (workers - 1)
    return turns * piece, latency * (workers > 1) + turns * piece / speed


# %% ring: as many turns as workers
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = -(-size // workers) * bytes_per_number, 2 * workers
    return turns * piece, turns * (latency + piece / speed)


# %% ring: numbers in place of bytes
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = -(-size // workers), 2 * (workers - 1)
    return turns * piece, turns * (latency + piece / speed)


# %% ring: rounds the bytes up, not the numbers
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = -(-size * bytes_per_number // workers), 2 * (workers - 1)
    return turns * piece, turns * (latency + piece / speed)


# %% ring: the whole array each turn
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = size * bytes_per_number, 2 * (workers - 1)
    return turns * piece, turns * (latency + piece / speed)


# %% ring: bytes of all workers together
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = -(-size // workers) * bytes_per_number, 2 * (workers - 1)
    return workers * turns * piece, turns * (latency + piece / speed)


# %% ring: nothing to send, nothing to wait for
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = -(-size // workers) * bytes_per_number, 2 * (workers - 1)
    return turns * piece, turns * (latency + piece / speed) if size else 0.0


# %% ring: multiplies by the speed
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = -(-size // workers) * bytes_per_number, 2 * (workers - 1)
    return turns * piece, turns * (latency + piece * speed)


# %% ring: forgets the latency
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = -(-size // workers) * bytes_per_number, 2 * (workers - 1)
    return turns * piece, turns * piece / speed


# %% ring: no more workers than numbers
def ring(size, workers, bytes_per_number, speed, latency):
    workers = min(workers, max(size, 1))
    piece, turns = -(-size // workers) * bytes_per_number, 2 * (workers - 1)
    return turns * piece, turns * (latency + piece / speed)


# %% ring: an empty piece beside the whole ones
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = (size // workers + 1) * bytes_per_number, 2 * (workers - 1)
    return turns * piece, turns * (latency + piece / speed)


# %% ring: one worker waits a turn
def ring(size, workers, bytes_per_number, speed, latency):
    piece, turns = -(-size // workers) * bytes_per_number, max(2 * (workers - 1), 1)
    return (turns * piece, turns * (latency + piece / speed)) if workers > 1 else (0, latency)


# %% ring: rounds up once for all turns
def ring(size, workers, bytes_per_number, speed, latency):
    turns = 2 * (workers - 1)
    sent = -(-turns * size // workers) * bytes_per_number
    return sent, turns * latency + sent / speed


# %% layouts: powers of two only
def layouts(count, heads, blocks, batch, node):
    two = [2**i for i in range(10, -1, -1)]
    return [
        (t, p, count // (t * p))
        for t in two
        for p in two
        if t <= node and count % (t * p) == 0 and not (heads % t or blocks % p or batch % (count // (t * p)))
    ]


# %% layouts: below the node
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(node - 1, 0, -1)
        for p in range(count, 0, -1)
        if count % (t * p) == 0 and not (heads % t or blocks % p or batch % (count // (t * p)))
    ]


# %% layouts: any node
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(count, 0, -1)
        for p in range(count, 0, -1)
        if count % (t * p) == 0 and not (heads % t or blocks % p or batch % (count // (t * p)))
    ]


# %% layouts: the smallest tensor first
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(1, node + 1)
        for p in range(count, 0, -1)
        if count % (t * p) == 0 and not (heads % t or blocks % p or batch % (count // (t * p)))
    ]


# %% layouts: the smallest pipeline first
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(node, 0, -1)
        for p in range(1, count + 1)
        if count % (t * p) == 0 and not (heads % t or blocks % p or batch % (count // (t * p)))
    ]


# %% layouts: leaves accelerators idle
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(node, 0, -1)
        for p in range(count // t, 0, -1)
        if not (heads % t or blocks % p or batch % (count // (t * p)))
    ]


# %% layouts: forgets the batch
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(node, 0, -1)
        for p in range(count, 0, -1)
        if count % (t * p) == 0 and not (heads % t or blocks % p)
    ]


# %% layouts: tensor divides the blocks, pipeline the heads
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(node, 0, -1)
        for p in range(count, 0, -1)
        if count % (t * p) == 0 and not (blocks % t or heads % p or batch % (count // (t * p)))
    ]


# %% layouts: forgets the blocks
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(node, 0, -1)
        for p in range(count, 0, -1)
        if count % (t * p) == 0 and not (heads % t or batch % (count // (t * p)))
    ]


# %% layouts: data before pipeline
def layouts(count, heads, blocks, batch, node):
    return [
        (t, count // (t * p), p)
        for t in range(node, 0, -1)
        for p in range(count, 0, -1)
        if count % (t * p) == 0 and not (heads % t or blocks % p or batch % (count // (t * p)))
    ]


# %% layouts: tensor divides the node
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(node, 0, -1)
        for p in range(count, 0, -1)
        if node % t == 0 and count % (t * p) == 0 and not (heads % t or blocks % p or batch % (count // (t * p)))
    ]


# %% layouts: the batch divides the copies
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(node, 0, -1)
        for p in range(count, 0, -1)
        if count % (t * p) == 0 and not (heads % t or blocks % p or (count // (t * p)) % batch)
    ]


# %% layouts: data at most the batch
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(node, 0, -1)
        for p in range(count, 0, -1)
        if count % (t * p) == 0 and not (heads % t or blocks % p) and count // (t * p) <= batch
    ]


# %% layouts: pipeline at most the blocks
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(node, 0, -1)
        for p in range(min(count, blocks), 0, -1)
        if count % (t * p) == 0 and not (heads % t or batch % (count // (t * p)))
    ]


# %% layouts: tensor at most the heads
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(min(node, heads), 0, -1)
        for p in range(count, 0, -1)
        if count % (t * p) == 0 and not (blocks % p or batch % (count // (t * p)))
    ]


# %% layouts: tensor and pipeline both inside the node
def layouts(count, heads, blocks, batch, node):
    return [
        (t, p, count // (t * p))
        for t in range(node, 0, -1)
        for p in range(count, 0, -1)
        if count % (t * p) == 0 and t * p <= node and not (heads % t or blocks % p or batch % (count // (t * p)))
    ]


# %% layouts: only the largest pipeline of each tensor
def layouts(count, heads, blocks, batch, node):
    found = {}
    for t in range(node, 0, -1):
        for p in range(count, 0, -1):
            if count % (t * p) == 0 and not (heads % t or blocks % p or batch % (count // (t * p))):
                found.setdefault(t, (t, p, count // (t * p)))
    return list(found.values())


# %% choose: the fastest
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] * slack <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: p["days"])
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: the deadline of the plan
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: pays for the plan only
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] * slack <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * price


# %% choose: days for hours
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] * slack <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    return best["name"], best["accelerators"] * best["days"] * slack * price


# %% choose: less than the memory
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] < memory and p["days"] * slack <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: before the deadline
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] * slack < deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: ties by their place alone
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] * slack <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: p["accelerators"] * p["days"])
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: ties by name
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] * slack <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"], p["name"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: sorts the list in place
def choose(plans, memory, deadline, price, slack):
    plans.sort(key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    for p in plans:
        if p["gigabytes"] <= memory and p["days"] * slack <= deadline:
            return p["name"], p["accelerators"] * 24 * p["days"] * slack * price
    return None


# %% choose: the last of equals
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans[::-1] if p["gigabytes"] <= memory and p["days"] * slack <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: the fewest accelerators
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] * slack <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"], p["days"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: forgets the memory
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["days"] * slack <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: none possible (raises ValueError)
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] * slack <= deadline]
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: whole days are paid
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] * slack <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    return best["name"], float(best["accelerators"] * 24 * -(-best["days"] * slack // 1) * price)


# %% choose: of equals the slower one
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] * slack <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], -p["days"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: slack divides the deadline to whole days
def choose(plans, memory, deadline, price, slack):
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] <= deadline // slack]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price


# %% choose: leaves the real days in the plans
def choose(plans, memory, deadline, price, slack):
    for p in plans:
        p["days"] *= slack
    fit = [p for p in plans if p["gigabytes"] <= memory and p["days"] <= deadline]
    if not fit:
        return None
    best = min(fit, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    return best["name"], best["accelerators"] * 24 * best["days"] * price


# %% choose: the cheapest first, then whether it fits
def choose(plans, memory, deadline, price, slack):
    if not plans:
        return None
    best = min(plans, key=lambda p: (p["accelerators"] * p["days"], p["days"]))
    if best["gigabytes"] > memory or best["days"] * slack > deadline:
        return None
    return best["name"], best["accelerators"] * 24 * best["days"] * slack * price
