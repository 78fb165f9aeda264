# %% rate: the cosine is counted from step 0
def rate(step, peak, warmup_steps, num_steps, floor):
    if step < warmup_steps:
        return peak * step / warmup_steps
    return floor + (peak - floor) * 0.5 * (1 + np.cos(np.pi * min(1.0, step / num_steps)))


# %% rate: rises again after the end
def rate(step, peak, warmup_steps, num_steps, floor):
    if step < warmup_steps:
        return peak * step / warmup_steps
    done = (step - warmup_steps) / (num_steps - warmup_steps)
    return floor + (peak - floor) * 0.5 * (1 + np.cos(np.pi * done))


# %% rate: a whole cosine to zero, cut off at the floor
def rate(step, peak, warmup_steps, num_steps, floor):
    if step < warmup_steps:
        return peak * step / warmup_steps
    done = min(1.0, (step - warmup_steps) / (num_steps - warmup_steps))
    return max(floor, peak * 0.5 * (1 + np.cos(np.pi * done)))


# %% rate: a straight line down
def rate(step, peak, warmup_steps, num_steps, floor):
    if step < warmup_steps:
        return peak * step / warmup_steps
    done = min(1.0, (step - warmup_steps) / (num_steps - warmup_steps))
    return floor + (peak - floor) * (1 - done)


# %% clip: one norm for each array
def clip(gradients, limit):
    norms = [np.sqrt((g**2).sum()) for g in gradients]
    return [g * (limit / n) if n > limit else g for g, n in zip(gradients, norms)]


# %% clip: always scales to the limit
def clip(gradients, limit):
    norm = np.sqrt(sum((g**2).sum() for g in gradients)) + 1e-12
    return [g * limit / norm for g in gradients]


# %% clip: clips each number by itself
def clip(gradients, limit):
    return [np.clip(g, -limit, limit) for g in gradients]


# %% clip: forgets the square root
def clip(gradients, limit):
    norm = sum((g**2).sum() for g in gradients)
    return [g * (limit / norm) if norm > limit else g for g in gradients]


# %% stop: compares with the epoch before
def stop(losses, patience, min_delta=0.0):
    best_epoch, waited = 1, 0
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[epoch - 2] - min_delta:
            best_epoch, waited = epoch, 0
        else:
            waited += 1
        if waited >= patience:
            return best_epoch, epoch
    return best_epoch, len(losses)


# %% stop: equal counts as better
def stop(losses, patience, min_delta=0.0):
    best, best_epoch = np.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss <= best - min_delta:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            return best_epoch, epoch
    return best_epoch, len(losses)


# %% stop: the patience is never set back
def stop(losses, patience, min_delta=0.0):
    best, best_epoch, waited = np.inf, 0, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < best - min_delta:
            best, best_epoch = loss, epoch
        else:
            waited += 1
            if waited >= patience:
                return best_epoch, epoch
    return best_epoch, len(losses)


# %% stop: one epoch too patient
def stop(losses, patience, min_delta=0.0):
    best, best_epoch = np.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < best - min_delta:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch > patience:
            return best_epoch, epoch
    return best_epoch, len(losses)


# %% resumable: forgets the velocity
def resumable(num_steps, path):
    import pickle

    path = pathlib.Path(path)
    w, v, rng = np.zeros(6), np.zeros(6), np.random.default_rng(1)
    if path.exists():
        w, state = pickle.loads(path.read_bytes())
        rng.bit_generator.state = state
    losses = []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    path.write_bytes(pickle.dumps((w, rng.bit_generator.state)))
    return np.array(losses)


# %% resumable: seeds the generator anew
def resumable(num_steps, path):
    path = pathlib.Path(path)
    w, v, rng = np.zeros(6), np.zeros(6), np.random.default_rng(1)
    if path.exists():
        w, v = np.frombuffer(path.read_bytes()).reshape(2, 6)
    losses = []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    path.write_bytes(np.stack([w, v]).tobytes())
    return np.array(losses)


# %% resumable: stores weights and velocity as text of eight digits
def resumable(num_steps, path):
    import json

    path = pathlib.Path(path)
    w, v, rng = np.zeros(6), np.zeros(6), np.random.default_rng(1)
    if path.exists():
        kept = json.loads(path.read_text())
        w, v = np.array(kept["w"]), np.array(kept["v"])
        rng.bit_generator.state = kept["rng"]
    losses = []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    kept = {"w": w.round(8).tolist(), "v": v.round(8).tolist(), "rng": rng.bit_generator.state}
    path.write_text(json.dumps(kept))
    return np.array(losses)


# %% resumable: keeps the run in memory
def resumable(num_steps, path):
    w, v, rng, losses = np.zeros(6), np.zeros(6), np.random.default_rng(1), []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    return np.array(losses)


# %% rate: warms up from the floor
def rate(step, peak, warmup_steps, num_steps, floor):
    if step < warmup_steps:
        return floor + (peak - floor) * step / warmup_steps
    done = min(1.0, (step - warmup_steps) / (num_steps - warmup_steps))
    return floor + (peak - floor) * 0.5 * (1 + np.cos(np.pi * done))


# %% rate: never below the floor, in the warm-up neither
def rate(step, peak, warmup_steps, num_steps, floor):
    if step < warmup_steps:
        return max(floor, peak * step / warmup_steps)
    done = min(1.0, (step - warmup_steps) / (num_steps - warmup_steps))
    return floor + (peak - floor) * 0.5 * (1 + np.cos(np.pi * done))


# %% accumulated: the mean of the pieces' means
def accumulated(micro, W, x, y, counts, size):
    parts = [slice(s, s + size) for s in range(0, len(x), size) if counts[s : s + size].any()]
    return sum((micro(W, x[p], y[p], counts[p]) for p in parts), np.zeros(W.shape)) / max(len(parts), 1)


# %% accumulated: weighs by all examples of a piece
def accumulated(micro, W, x, y, counts, size):
    total = np.zeros(W.shape)
    for s in range(0, len(x), size):
        p = slice(s, s + size)
        if counts[p].any():
            total = total + micro(W, x[p], y[p], counts[p]) * len(x[p])
    return total / len(x)


# %% accumulated: divides by all examples
def accumulated(micro, W, x, y, counts, size):
    total = np.zeros(W.shape)
    for s in range(0, len(x), size):
        p = slice(s, s + size)
        if counts[p].any():
            total = total + micro(W, x[p], y[p], counts[p]) * counts[p].sum()
    return total / len(x)


# %% accumulated: asks micro about an empty piece
def accumulated(micro, W, x, y, counts, size):
    total = 0
    for s in range(0, len(x), size):
        p = slice(s, s + size)
        total = total + micro(W, x[p], y[p], counts[p]) * counts[p].sum()
    return total / counts.sum()


# %% accumulated: drops the short piece at the end
def accumulated(micro, W, x, y, counts, size):
    total, seen = np.zeros(W.shape), 0
    for i in range(len(x) // size):
        p = slice(i * size, (i + 1) * size)
        if counts[p].any():
            total, seen = total + micro(W, x[p], y[p], counts[p]) * counts[p].sum(), seen + counts[p].sum()
    return total / max(seen, 1)


# %% clip: the spectral norm of a matrix
def clip(gradients, limit):
    norm = np.sqrt(sum(np.linalg.norm(g, 2) ** 2 if g.ndim == 2 else (g**2).sum() for g in gradients))
    return [g * (limit / norm) if norm > limit else g for g in gradients]


# %% clip: in place
def clip(gradients, limit):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    if norm > limit:
        for g in gradients:
            g *= limit / norm
    return gradients


# %% resumable: a global holds the state
KEPT = {}


def resumable(num_steps, path):
    first = not pathlib.Path(path).exists()
    w, v, rng = (np.zeros(6), np.zeros(6), np.random.default_rng(1)) if first else KEPT["run"]
    losses = []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    KEPT["run"] = w, v, rng
    pathlib.Path(path).write_text("see memory")
    return np.array(losses)


# %% resumable: memory by the name of the file
def resumable(num_steps, path, kept={}):
    w, v, rng = kept.get(str(path), (np.zeros(6), np.zeros(6), np.random.default_rng(1)))
    losses = []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    kept[str(path)] = w, v, rng
    pathlib.Path(path).write_text("see memory")
    return np.array(losses)


# %% resumable: replays the run from its beginning
def resumable(num_steps, path):
    path = pathlib.Path(path)
    done = int(path.read_text()) if path.exists() else 0
    w, v, rng, losses = np.zeros(6), np.zeros(6), np.random.default_rng(1), []
    for _ in range(done + num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    path.write_text(str(done + num_steps))
    return np.array(losses[done:])


# %% resumable: np.savez appends .npz to the name
def resumable(num_steps, path):
    w, v, rng = np.zeros(6), np.zeros(6), np.random.default_rng(1)
    if pathlib.Path(path).exists():
        kept = np.load(path, allow_pickle=True)
        w, v, rng.bit_generator.state = kept["w"], kept["v"], kept["state"].item()
    losses = []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    np.savez(path, w=w, v=v, state=np.array(rng.bit_generator.state, dtype=object))
    return np.array(losses)


# %% resumable: forgets how far the generator was
def resumable(num_steps, path):
    import pickle

    path = pathlib.Path(path)
    w, v, n = pickle.loads(path.read_bytes()) if path.exists() else (np.zeros(6), np.zeros(6), 0)
    rng, losses = np.random.default_rng([1, n]), []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    path.write_bytes(pickle.dumps((w, v, n + num_steps)))
    return np.array(losses)


# %% accumulated: pieces of four, whatever the size
def accumulated(micro, W, x, y, counts, size):
    total, seen = np.zeros(W.shape), 0
    for start in range(0, len(x), 4):
        p = slice(start, start + 4)
        if counts[p].any():
            total, seen = total + counts[p].sum() * micro(W, x[p], y[p], counts[p]), seen + counts[p].sum()
    return total / max(seen, 1)


# %% accumulated: splits into too few pieces
def accumulated(micro, W, x, y, counts, size):
    total, seen = np.zeros(W.shape), 0
    for p in np.array_split(np.arange(len(x)), max(1, len(x) // size)):
        if counts[p].any():
            total, seen = total + counts[p].sum() * micro(W, x[p], y[p], counts[p]), seen + counts[p].sum()
    return total / max(seen, 1)


# %% accumulated: a number when nothing counts
def accumulated(micro, W, x, y, counts, size):
    total, seen = 0, 0
    for start in range(0, len(x), size):
        p = slice(start, start + size)
        if counts[p].any():
            total, seen = total + counts[p].sum() * micro(W, x[p], y[p], counts[p]), seen + counts[p].sum()
    return total / seen if seen else 0


# %% clip: scales only the arrays that are above the limit themselves
def clip(gradients, limit):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g * (limit / norm) if np.sqrt((g**2).sum()) > limit else g for g in gradients]


# %% clip: the largest of the norms
def clip(gradients, limit):
    norm = max(np.sqrt((g**2).sum()) for g in gradients)
    return [g * (limit / norm) if norm > limit else g for g in gradients]


# %% stop: the best drifts by small steps
def stop(losses, patience, min_delta=0.0):
    best, best_epoch, waited = np.inf, 0, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < best - min_delta:
            best_epoch, waited = epoch, 0
        else:
            waited += 1
        best = min(best, loss)
        if waited >= patience:
            return best_epoch, epoch
    return best_epoch, len(losses)


# %% stop: goes back to the lowest loss
def stop(losses, patience, min_delta=0.0):
    best, best_epoch = np.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < best - min_delta:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            return int(np.argmin(losses[:epoch])) + 1, epoch
    return int(np.argmin(losses)) + 1, len(losses)


# %% resumable: a second file beside the first
def resumable(num_steps, path):
    import pickle

    beside = path.parent / "generator.pkl"
    w, v, rng = np.zeros(6), np.zeros(6), np.random.default_rng(1)
    if path.exists():
        w, v = np.frombuffer(path.read_bytes()).reshape(2, 6)
        rng = pickle.loads(beside.read_bytes())
    losses = []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    path.write_bytes(np.stack([w, v]).tobytes())
    beside.write_bytes(pickle.dumps(rng))
    return np.array(losses)


# %% resumable: a token in the file, the state in memory
STORE = {}


def resumable(num_steps, path):
    w, v, rng = STORE[path.read_text()] if path.exists() else (np.zeros(6), np.zeros(6), np.random.default_rng(1))
    losses = []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    token = f"run {len(STORE)}"
    STORE[token] = w, v, rng
    path.write_text(token)
    return np.array(losses)


# %% resumable: saves before the steps
def resumable(num_steps, path):
    import pickle

    w, v, rng = np.zeros(6), np.zeros(6), np.random.default_rng(1)
    if path.exists():
        w, v, rng = pickle.loads(path.read_bytes())
    path.write_bytes(pickle.dumps((w, v, rng)))
    losses = []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    return np.array(losses)


# %% resumable: in float32
def resumable(num_steps, path):
    import pickle

    w, v, rng = np.zeros(6), np.zeros(6), np.random.default_rng(1)
    if path.exists():
        w, v, rng = pickle.loads(path.read_bytes())
    losses = []
    for _ in range(num_steps):
        w, v, loss = one_step(w, v, rng)
        losses.append(loss)
    path.write_bytes(pickle.dumps((w.astype("float32"), v.astype("float32"), rng)))
    return np.array(losses)
