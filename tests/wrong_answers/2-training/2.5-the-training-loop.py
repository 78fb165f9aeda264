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


# %% accumulated: the mean of the pieces' means
def accumulated(micro, W, x, y, size):
    starts = range(0, len(x), size)
    return sum(micro(W, x[s : s + size], y[s : s + size]) for s in starts) / len(starts)


# %% accumulated: the sum of the means
def accumulated(micro, W, x, y, size):
    return sum(micro(W, x[s : s + size], y[s : s + size]) for s in range(0, len(x), size))


# %% accumulated: drops the short piece at the end
def accumulated(micro, W, x, y, size):
    whole = len(x) // size
    return sum(micro(W, x[i * size : (i + 1) * size], y[i * size : (i + 1) * size]) for i in range(whole)) / whole


# %% accumulated: all at once
def accumulated(micro, W, x, y, size):
    return micro(W, x, y)


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
