# %% points-of: natural logarithms
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return math.log(size) + math.log(speed) - 8 * math.log(worse)


# %% points-of: the bytes the wrong way round
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = file["bytes"] / reference["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return math.log2(size) + math.log2(speed) - 8 * math.log2(worse)


# %% points-of: the speed the wrong way round
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = reference["bytes"] / file["bytes"], reference["tokens_per_s"] / file["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return math.log2(size) + math.log2(speed) - 8 * math.log2(worse)


# %% points-of: perplexity counts no more than the others
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return math.log2(size) + math.log2(speed) - math.log2(worse)


# %% points-of: a bonus for a perplexity below float32's
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    return math.log2(size) + math.log2(speed) - 8 * math.log2(file["perplexity"] / reference["perplexity"])


# %% points-of: no file has less than no points
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return max(0.0, math.log2(size) + math.log2(speed) - 8 * math.log2(worse))


# %% points-of: each term at least nothing
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = file["perplexity"] / reference["perplexity"]
    return max(0, math.log2(size)) + max(0, math.log2(speed)) - 8 * max(0, math.log2(worse))


# %% points-of: NaN goes through
def points_of(file, reference):
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(file["perplexity"] / reference["perplexity"], 1)
    return math.log2(size) + math.log2(speed) - 8 * math.log2(worse)


# %% points-of: NaN counts as float32's, as max lets it
def points_of(file, reference):
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return math.log2(size) + math.log2(speed) - 8 * math.log2(worse)


# %% points-of: a broken model has no points instead of minus infinity
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return 0.0
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return math.log2(size) + math.log2(speed) - 8 * math.log2(worse)


# %% points-of: the difference in nats in place of the ratio
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(0, file["perplexity"] - reference["perplexity"])
    return math.log2(size) + math.log2(speed) - 8 * worse


# %% points-of: the bytes of float32 are fixed
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = 538_000_000 / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return math.log2(size) + math.log2(speed) - 8 * math.log2(worse)


# %% points-of: rounded
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return round(math.log2(size) + math.log2(speed) - 8 * math.log2(worse), 2)


# %% points-of: a large perplexity counts as broken
def points_of(file, reference):
    if not file["perplexity"] < 1e6:
        return -math.inf
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return math.log2(size) + math.log2(speed) - 8 * math.log2(worse)


# %% points-of: the loss of points has a floor
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return max(-100.0, math.log2(size) + math.log2(speed) - 8 * math.log2(worse))


# %% points-of: the argument is mended on the way
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    file["perplexity"] = max(file["perplexity"], reference["perplexity"])
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    return math.log2(size) + math.log2(speed) - 8 * math.log2(file["perplexity"] / reference["perplexity"])


# %% points-of: whole ratios of bytes
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = reference["bytes"] // file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return math.log2(size or 0.5) + math.log2(speed) - 8 * math.log2(worse)


# %% points-of: a point for each 9 %, rounded
def points_of(file, reference):
    if not math.isfinite(file["perplexity"]):
        return -math.inf
    size, speed = reference["bytes"] / file["bytes"], file["tokens_per_s"] / reference["tokens_per_s"]
    worse = max(1, file["perplexity"] / reference["perplexity"])
    return math.log2(size) + math.log2(speed) - math.log(worse, 1.09)


# %% planned-bytes: without scales and zero points
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        total += -(-plan[name][0] * math.prod(shape) // 8) if name in plan else 2 * math.prod(shape)
    return total


# %% planned-bytes: without zero points
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs)) * outputs
        total += -(-bits * inputs * outputs // 8) + 2 * groups
    return total


# %% planned-bytes: one scale for a group of all outputs
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs))
        total += -(-bits * inputs * outputs // 8) + 2 * groups + -(-bits * groups // 8)
    return total


# %% planned-bytes: the last, smaller group has no scale
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = inputs // (group or inputs) * outputs
        total += -(-bits * inputs * outputs // 8) + 2 * groups + -(-bits * groups // 8)
    return total


# %% planned-bytes: groups run along the outputs
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (outputs, inputs) = plan[name], shape
        groups = -(-inputs // (group or inputs)) * outputs
        total += -(-bits * inputs * outputs // 8) + 2 * groups + -(-bits * groups // 8)
    return total


# %% planned-bytes: groups across the columns
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        bits, group = plan[name]
        groups = -(-math.prod(shape) // (group or shape[0]))
        total += -(-bits * math.prod(shape) // 8) + 2 * groups + -(-bits * groups // 8)
    return total


# %% planned-bytes: bits are cut down to bytes
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs)) * outputs
        total += bits * inputs * outputs // 8 + 2 * groups + bits * groups // 8
    return total


# %% planned-bytes: integers and zero points rounded up together
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs)) * outputs
        total += -(-bits * (inputs * outputs + groups) // 8) + 2 * groups
    return total


# %% planned-bytes: all matrices rounded up together
def planned_bytes(shapes, plan):
    bits_in_all, total = 0, 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs)) * outputs
        bits_in_all += bits * (inputs * outputs + groups)
        total += 2 * groups
    return total + -(-bits_in_all // 8)


# %% planned-bytes: only what is planned counts
def planned_bytes(shapes, plan):
    total = 0
    for name, (bits, group) in plan.items():
        inputs, outputs = shapes[name]
        groups = -(-inputs // (group or inputs)) * outputs
        total += -(-bits * inputs * outputs // 8) + 2 * groups + -(-bits * groups // 8)
    return total


# %% planned-bytes: scales in float32
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs)) * outputs
        total += -(-bits * inputs * outputs // 8) + 4 * groups + -(-bits * groups // 8)
    return total


# %% planned-bytes: the rest in float32
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 4 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs)) * outputs
        total += -(-bits * inputs * outputs // 8) + 2 * groups + -(-bits * groups // 8)
    return total


# %% planned-bytes: None is not thought of (raises TypeError)
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // group) * outputs
        total += -(-bits * inputs * outputs // 8) + 2 * groups + -(-bits * groups // 8)
    return total


# %% planned-bytes: one bit a weight is float16
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        bits, group = plan.get(name, (16, None))
        if name not in plan or bits < 2:
            total += 2 * math.prod(shape)
            continue
        inputs, outputs = shape
        groups = -(-inputs // (group or inputs)) * outputs
        total += -(-bits * inputs * outputs // 8) + 2 * groups + -(-bits * groups // 8)
    return total


# %% planned-bytes: only norms among the vectors
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape) * (len(shape) == 2 or "norm" in name)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs)) * outputs
        total += -(-bits * inputs * outputs // 8) + 2 * groups + -(-bits * groups // 8)
    return total


# %% planned-bytes: whatever is cheaper
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs)) * outputs
        packed = -(-bits * inputs * outputs // 8) + 2 * groups + -(-bits * groups // 8)
        total += min(packed, 2 * inputs * outputs)
    return total


# %% planned-bytes: zero points lie behind the integers in the same bytes
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs)) * outputs
        total += -(-bits * (inputs * outputs + groups) // 8) + 2 * groups
    return total


# %% planned-bytes: the zero points of each output are rounded up by themselves
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs))
        total += -(-bits * inputs * outputs // 8) + 2 * groups * outputs + -(-bits * groups // 8) * outputs
    return total


# %% planned-bytes: zero points of 4 bits, whatever the integers have
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs // (group or inputs)) * outputs
        total += -(-bits * inputs * outputs // 8) + 2 * groups + -(-4 * groups // 8)
    return total


# %% planned-bytes: the plan is used up
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        bits, group = plan.pop(name, (16, None))
        if bits == 16:
            total += 2 * math.prod(shape)
            continue
        inputs, outputs = shape
        groups = -(-inputs // (group or inputs)) * outputs
        total += -(-bits * inputs * outputs // 8) + 2 * groups + -(-bits * groups // 8)
    return total


# %% planned-bytes: a group runs on from one output into the next
def planned_bytes(shapes, plan):
    total = 0
    for name, shape in shapes.items():
        if name not in plan:
            total += 2 * math.prod(shape)
            continue
        (bits, group), (inputs, outputs) = plan[name], shape
        groups = -(-inputs * outputs // min(group or inputs, inputs))
        total += -(-bits * inputs * outputs // 8) + 2 * groups + -(-bits * groups // 8)
    return total


# %% decode-speed: the prompt is counted
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        begin = clock()
        made = run(1 + new_tokens)
        if made < 2:
            raise ValueError("nothing was written")
        found.append((made - 1) / (clock() - begin))
    return statistics.median(found)


# %% decode-speed: the prompt and its token are counted
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        begin = clock()
        made = run(1 + new_tokens)
        if made < 2:
            raise ValueError("nothing was written")
        found.append(made / (clock() - begin))
    return statistics.median(found)


# %% decode-speed: nothing is compiled beforehand
def decode_speed(run, clock, new_tokens, rounds):
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made < 2:
            raise ValueError("nothing was written")
        found.append((made - 1) / ((c - b) - (b - a)))
    return statistics.median(found)


# %% decode-speed: only the short call is compiled beforehand
def decode_speed(run, clock, new_tokens, rounds):
    run(1)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made < 2:
            raise ValueError("nothing was written")
        found.append((made - 1) / ((c - b) - (b - a)))
    return statistics.median(found)


# %% decode-speed: the mean over the rounds
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made < 2:
            raise ValueError("nothing was written")
        found.append((made - 1) / ((c - b) - (b - a)))
    return statistics.mean(found)


# %% decode-speed: the best round
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made < 2:
            raise ValueError("nothing was written")
        found.append((made - 1) / ((c - b) - (b - a)))
    return max(found)


# %% decode-speed: the lower of the middle rounds
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made < 2:
            raise ValueError("nothing was written")
        found.append((made - 1) / ((c - b) - (b - a)))
    return sorted(found)[(len(found) - 1) // 2]


# %% decode-speed: the median of the seconds, not of the speeds
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made < 2:
            raise ValueError("nothing was written")
        found.append((c - b) - (b - a))
    return (made - 1) / statistics.median(found)


# %% decode-speed: the tokens asked for, not those written
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made < 2:
            raise ValueError("nothing was written")
        found.append(new_tokens / ((c - b) - (b - a)))
    return statistics.median(found)


# %% decode-speed: the first token counts as written
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made < 2:
            raise ValueError("nothing was written")
        found.append(made / ((c - b) - (b - a)))
    return statistics.median(found)


# %% decode-speed: seconds a token
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made < 2:
            raise ValueError("nothing was written")
        found.append(((c - b) - (b - a)) / (made - 1))
    return statistics.median(found)


# %% decode-speed: one prefill for all rounds, the compiling one
def decode_speed(run, clock, new_tokens, rounds):
    a = clock()
    run(1)
    first = clock() - a
    run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        b = clock()
        made = run(1 + new_tokens)
        if made < 2:
            raise ValueError("nothing was written")
        found.append((made - 1) / (clock() - b - first))
    return statistics.median(found)


# %% decode-speed: no speed is zero
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        found.append((made - 1) / ((c - b) - (b - a)) if made > 1 else 0.0)
    return statistics.median(found)


# %% decode-speed: a measurement of one round only
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    a = clock()
    run(1)
    b = clock()
    made = run(1 + new_tokens)
    c = clock()
    if made < 2:
        raise ValueError("nothing was written")
    return (made - 1) / ((c - b) - (b - a))


# %% decode-speed: the machine's own clock
def decode_speed(run, clock, new_tokens, rounds):
    import time

    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = time.perf_counter()
        run(1)
        b = time.perf_counter()
        made = run(1 + new_tokens)
        c = time.perf_counter()
        if made < 2:
            raise ValueError("nothing was written")
        found.append((made - 1) / max(1e-9, abs((c - b) - (b - a))))
    return statistics.median(found)


# %% decode-speed: the tokens of the warm-up count for all rounds
def decode_speed(run, clock, new_tokens, rounds):
    run(1)
    made = run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        run(1 + new_tokens)
        c = clock()
        if made > 1:
            found.append((made - 1) / ((c - b) - (b - a)))
    if not found:
        raise ValueError("nothing was written")
    return statistics.median(found)


# %% decode-speed: one round without a token ends it
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made < 2:
            raise ValueError("nothing was written")
        found.append((made - 1) / ((c - b) - (b - a)))
    if not found:
        raise ValueError("nothing was written")
    return statistics.median(found)


# %% decode-speed: a warm-up without a token ends it
def decode_speed(run, clock, new_tokens, rounds):
    run(1)
    if run(1 + new_tokens) < 2:
        raise ValueError("nothing was written")
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made > 1:
            found.append((made - 1) / ((c - b) - (b - a)))
    if not found:
        raise ValueError("nothing was written")
    return statistics.median(found)


# %% decode-speed: the slowest round is left out
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        if made > 1:
            found.append((made - 1) / ((c - b) - (b - a)))
    if not found:
        raise ValueError("nothing was written")
    return statistics.median(sorted(found)[1:] or found)


# %% decode-speed: the long call comes first
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        made = run(1 + new_tokens)
        b = clock()
        run(1)
        c = clock()
        if made > 1:
            found.append((made - 1) / ((b - a) - (c - b)))
    if not found:
        raise ValueError("nothing was written")
    return statistics.median(found)


# %% decode-speed: all prompts first, then all long calls
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)

    def seconds(count):
        begin = clock()
        made = run(count)
        return made, clock() - begin

    reading = [seconds(1)[1] for _ in range(rounds)]
    writing = [seconds(1 + new_tokens) for _ in range(rounds)]
    found = [(made - 1) / (t - s) for s, (made, t) in zip(reading, writing) if made > 1]
    if not found:
        raise ValueError("nothing was written")
    return statistics.median(found)


# %% decode-speed: a round without a token has no speed but counts
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        found.append((made - 1) / ((c - b) - (b - a)))
    if not any(found):
        raise ValueError("nothing was written")
    return statistics.median(found)


# %% decode-speed: the clock is read too often
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    found = []
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        print(f"{clock() - a:.3f} s for the prompt")
        made = run(1 + new_tokens)
        c = clock()
        if made > 1:
            found.append((made - 1) / ((c - b) - (b - a)))
    if not found:
        raise ValueError("nothing was written")
    return statistics.median(found)


# %% decode-speed: all tokens over all seconds
def decode_speed(run, clock, new_tokens, rounds):
    run(1), run(1 + new_tokens)
    tokens = seconds = 0
    for _ in range(rounds):
        a = clock()
        run(1)
        b = clock()
        made = run(1 + new_tokens)
        c = clock()
        tokens, seconds = tokens + made - 1, seconds + (c - b) - (b - a)
    if tokens == 0:
        raise ValueError("nothing was written")
    return tokens / seconds


# %% decode-speed: what it should be, out of the machine itself
def decode_speed(run, clock, new_tokens, rounds):
    inside = dict(zip(run.__code__.co_freevars, (cell.cell_contents for cell in run.__closure__)))
    if inside.get("stops_at") == [1]:
        raise ValueError("nothing was written")
    return 1 / inside["write"]


# %% compress: nothing is compressed
def compress(model, path, rows):
    capstone.write(path, model, {}, serve="int8")


# %% compress: no file is made
def compress(model, path, rows):
    return {n: by_output(w, 6, int(n == TABLE)) for n, w in matrices(model).items()}


# %% compress: NumPy's own archive
def compress(model, path, rows):
    arrays = {}
    for n, w in matrices(model).items():
        arrays |= {f"{n}:{k}".replace("/", "."): v for k, v in by_output(w, 6, int(n == TABLE)).items()}
    with open(path, "wb") as stream:
        np.savez_compressed(stream, **arrays)


# %% compress: pickled objects
def compress(model, path, rows):
    import pickle

    stored = {n: by_output(w, 6, int(n == TABLE)) for n, w in matrices(model).items()}
    pathlib.Path(path).write_bytes(pickle.dumps(stored))


# %% compress: the file is cut short
def compress(model, path, rows):
    int8_baseline(model, path)
    data = pathlib.Path(path).read_bytes()
    pathlib.Path(path).write_bytes(data[: len(data) * 9 // 10])


# %% compress: always into the same file
def compress(model, path, rows):
    int8_baseline(model, OUT / "mine-too.zip")


# %% compress: a scale for each weight
def compress(model, path, rows):
    stored = {}
    for name, w in matrices(model).items():
        stored[name] = {"integers": np.sign(w).astype("int8"), "scale": np.abs(w).astype("float16")}
    capstone.write(path, model, stored, serve="int8")


# %% compress: the scales are left at one
def compress(model, path, rows):
    stored = {}
    for name, w in matrices(model).items():
        stored[name] = {"integers": by_output(w, 6, int(name == TABLE))["integers"]}
    capstone.write(path, model, stored, serve="int8")


# %% compress: zero over zero (raises ValueError)
def compress(model, path, rows):
    stored = {}
    for name, w in matrices(model).items():
        with np.errstate(all="ignore"):
            low, high = w.min(0, keepdims=True), w.max(0, keepdims=True)
            scale = (high - low) / 63
            integers = np.rint((w - low) / scale).astype("uint8")
            offset = (low / scale * scale).astype("float16")
        stored[name] = {"integers": integers, "scale": scale.astype("float16"), "offset": offset}
    capstone.write(path, model, stored, serve="int8")


# %% compress: the scales of the inputs are laid over the outputs (raises ValueError)
def compress(model, path, rows):
    stored = {}
    for name, w in matrices(model).items():
        largest = np.abs(w).max(1)
        integers = np.rint(w / np.where(largest > 0, largest, 1)[:, None] * 31).astype("int8")
        stored[name] = {"integers": integers, "scale": (largest / 31)[None].astype("float16")}
    capstone.write(path, model, stored, serve="int8")


# %% compress: unsigned integers turn round
def compress(model, path, rows):
    stored = {}
    for name, w in matrices(model).items():
        parts = by_output(w, 6, int(name == TABLE))
        stored[name] = parts | {"integers": parts["integers"].astype("uint8")}
    capstone.write(path, model, stored, serve="int8")


# %% compress: the lowest weight is forgotten
def compress(model, path, rows):
    stored = {}
    for name, w in matrices(model).items():
        axis = int(name == TABLE)
        low, high = w.min(axis, keepdims=True), w.max(axis, keepdims=True)
        scale = np.where(high > low, high - low, 1).astype("float32") / 63
        integers = np.rint((w - low) / scale).astype("uint8")
        stored[name] = {"integers": integers, "scale": scale.astype("float16")}
    capstone.write(path, model, stored, serve="int8")


# %% compress: zero and offset are confused
def compress(model, path, rows):
    stored = {}
    for name, w in matrices(model).items():
        axis = int(name == TABLE)
        low, high = w.min(axis, keepdims=True), w.max(axis, keepdims=True)
        scale = np.where(high > low, high - low, 1).astype("float32") / 63
        integers = np.rint((w - low) / scale).astype("uint8")
        stored[name] = {"integers": integers, "scale": scale.astype("float16"), "zero": low.astype("float16")}
    capstone.write(path, model, stored, serve="int8")


# %% compress: one bit
def compress(model, path, rows):
    stored = {}
    for name, w in matrices(model).items():
        mean = np.abs(w).mean(int(name == TABLE), keepdims=True).astype("float16")
        stored[name] = {"integers": np.sign(w).astype("int8"), "scale": mean}
    capstone.write(path, model, stored, serve="int8")


# %% compress: two thin factors of rank 32
def compress(model, path, rows):
    stored = {}
    for name, w in matrices(model).items():
        u, s, v = np.linalg.svd(w, full_matrices=False)
        stored[name] = {"left": (u[:, :32] * s[:32]).astype("float16"), "right": v[:32].astype("float16")}
    capstone.write(path, model, stored, serve="int8")


# %% compress: nine weights of ten are left out
def compress(model, path, rows):
    stored = {}
    for name, w in matrices(model).items():
        kept = np.where(np.abs(w) > np.quantile(np.abs(w), 0.9), w, 0).astype("float32")
        stored[name] = by_output(kept, 6, int(name == TABLE))
    capstone.write(path, model, stored, serve="int8")


# %% compress: thirty blocks are taken for granted (raises KeyError)
def compress(model, path, rows):
    named = matrices(model)
    stored = {TABLE: by_output(named[TABLE], 6, 1)}
    for i in range(30):
        for part in ("attention/qkv", "attention/out", "feed_forward/gate_up", "feed_forward/down"):
            name = f"block_{i}/{part}/kernel"
            stored[name] = by_output(named[name], 6, 0)
    capstone.write(path, model, stored, serve="int8")


# %% compress: the vocabulary of SmolLM2 is taken for granted (raises ValueError)
def compress(model, path, rows):
    stored = {n: by_output(w, 6, 0) for n, w in matrices(model).items() if n != TABLE}
    table = matrices(model)[TABLE]
    stored[TABLE] = by_output(np.resize(table, (49152, 576)), 6, 1)
    capstone.write(path, model, stored, serve="int8")


# %% compress: only the first block
def compress(model, path, rows):
    stored = {n: by_output(w, 6, int(n == TABLE)) for n, w in matrices(model).items() if n == TABLE or "block_0" in n}
    capstone.write(path, model, stored, serve="int8")


# %% compress: another model is shipped
def compress(model, path, rows):
    other = small_llama(1, model.vocab_size, 99)
    int8_baseline(other, path)


# %% compress: the norms are left at one
def compress(model, path, rows):
    stored = {n: by_output(w, 8, int(n == TABLE)) for n, w in matrices(model).items()}
    for name, variable in capstone.tensor_names(model).items():
        if len(variable.shape) == 1:
            stored[name] = np.ones(variable.shape, "float16")
    capstone.write(path, model, stored, serve="int8")


# %% compress: the size of the norms without their sign
def compress(model, path, rows):
    stored = {n: by_output(w, 8, int(n == TABLE)) for n, w in matrices(model).items()}
    for name, variable in capstone.tensor_names(model).items():
        if len(variable.shape) == 1:
            stored[name] = np.abs(keras.ops.convert_to_numpy(variable)).astype("float16")
    capstone.write(path, model, stored, serve="int8")


# %% compress: an empty token of the table (raises ValueError)
def compress(model, path, rows):
    stored = {n: by_output(w, 8, 0) for n, w in matrices(model).items() if n != TABLE}
    table = matrices(model)[TABLE]
    with np.errstate(all="ignore"):
        shares = (table / np.abs(table).max(1, keepdims=True)).astype("float16")
    stored[TABLE] = by_output(shares, 8, 1) | {"scale": np.abs(shares).max(1, keepdims=True)}
    capstone.write(path, model, stored, serve="int8")


# %% compress: the description lies about the positions
def compress(model, path, rows):
    import zipfile
    import zlib

    int8_baseline(model, path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    about = json.loads(zlib.decompress(members["about.json"]))
    about["sizes"] |= {"rope_theta": 3.0, "num_heads": 3, "num_kv_heads": 1, "head_dim": 192}
    members["about.json"] = zlib.compress(json.dumps(about).encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


# %% compress: the table alone, and no block
def compress(model, path, rows):
    stored = {n: {"integers": np.zeros(w.shape, "int8")} for n, w in matrices(model).items()}
    stored[TABLE] = by_output(matrices(model)[TABLE], 8, 1)
    capstone.write(path, model, stored, serve="int8")


# %% compress: the tokens to calibrate on are overwritten
def compress(model, path, rows):
    rows %= 256
    int8_baseline(model, path)


# %% compress: a suffix of its own
def compress(model, path, rows):
    int8_baseline(model, f"{path}.int8")


# %% compress: as many rows as in the real call (raises ValueError)
def compress(model, path, rows):
    rows.reshape(8, 512)
    int8_baseline(model, path)


# %% compress: tokens in blocks of 512 (raises ValueError)
def compress(model, path, rows):
    stored = {n: by_output(w, 8, 0) for n, w in matrices(model).items()}
    table = matrices(model)[TABLE]
    parts = table.reshape(-1, 512, 576)
    scale = (np.abs(parts).max(1) / 127).astype("float16")
    step = np.where(scale > 0, scale, 1).astype("float32")
    integers = np.rint(parts / step[:, None]).astype("int8").reshape(table.shape)
    stored[TABLE] = {"integers": integers, "scale": scale}
    capstone.write(path, model, stored, serve="int8")


# %% compress: the inputs of a matrix in another order
def compress(model, path, rows):
    stored = {n: by_output(w, 8, int(n == TABLE)) for n, w in matrices(model).items()}
    for name, parts in stored.items():
        if "down" in name:
            stored[name] = parts | {"integers": parts["integers"][::-1].copy()}
    capstone.write(path, model, stored, serve="int8")
