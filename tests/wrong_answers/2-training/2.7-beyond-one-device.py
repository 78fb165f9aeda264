# %% whole-gradient: the plain mean
def whole_gradient(gradients, sizes):
    return sum(gradients) / len(gradients)


# %% whole-gradient: divides by the number of parts
def whole_gradient(gradients, sizes):
    return sum(g * n for g, n in zip(gradients, sizes)) / len(sizes)


# %% device-bytes: divides everything
def device_bytes(cut, whole, devices, copies=3, itemsize=4):
    return copies * itemsize * (cut + whole) // devices


# %% device-bytes: forgets the copies of what is kept whole
def device_bytes(cut, whole, devices, copies=3, itemsize=4):
    return copies * itemsize * cut // devices + itemsize * whole


# %% partial-sums: rows first, the relu on parts of a sum
def partial_sums(x, w1, w2, parts):
    rows, inputs = (
        np.split(w1, parts, axis=0) if len(w1) % parts == 0 else [w1] * parts,
        np.split(x, parts, axis=1) if len(w1) % parts == 0 else [x] * parts,
    )
    return [np.maximum(i @ r, 0) @ w2 for i, r in zip(inputs, rows)]


# %% partial-sums: already added up
def partial_sums(x, w1, w2, parts):
    return np.maximum(x @ w1, 0) @ w2


# %% partial-sums: no relu
def partial_sums(x, w1, w2, parts):
    return [x @ c @ r for c, r in zip(np.split(w1, parts, 1), np.split(w2, parts, 0))]


# %% ring-all-reduce: adds in both phases
def ring_all_reduce(arrays):
    held = [np.array(a, float) for a in arrays]
    workers, sent = len(held), 0
    for phase in (0, 1):
        for s in range(workers - 1):
            for i in range(workers):
                piece, target = (i + phase - s) % workers, held[(i + 1) % workers]
                target[piece] = target[piece] + held[i][piece]
            sent += 1
    return held, sent


# %% ring-all-reduce: the same piece in both phases
def ring_all_reduce(arrays):
    held = [np.array(a, float) for a in arrays]
    workers, sent = len(held), 0
    for phase in (0, 1):
        for s in range(workers - 1):
            for i in range(workers):
                piece, target = (i - s) % workers, held[(i + 1) % workers]
                target[piece] = held[i][piece] if phase else target[piece] + held[i][piece]
            sent += 1
    return held, sent


# %% ring-all-reduce: everyone sends everything to everyone
def ring_all_reduce(arrays):
    total = np.sum(arrays, 0)
    return [total] * len(arrays), len(arrays) * (len(arrays) - 1)


# %% best-mesh: forgets the memory
def best_mesh(N, B, A, P, memory):
    meshes = [(P // m, m) for m in range(1, P + 1) if P % m == 0]
    return min(meshes, key=lambda d: ((4 * N / d[1] if d[0] > 1 else 0) + (4 * B / d[0] * A if d[1] > 1 else 0), d[1]))


# %% best-mesh: sends gradients to itself
def best_mesh(N, B, A, P, memory):
    meshes = [(P // m, m) for m in range(1, P + 1) if P % m == 0 and 12 * N / m <= memory]
    return min(meshes, key=lambda d: (4 * N / d[1] + 4 * B / d[0] * A, d[1])) if meshes else None
