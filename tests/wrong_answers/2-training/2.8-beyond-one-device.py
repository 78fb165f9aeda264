# %% whole-gradient: the plain mean
def whole_gradient(gradients, sizes):
    return sum(gradients) / len(gradients)


# %% whole-gradient: divides by the number of parts
def whole_gradient(gradients, sizes):
    return sum(g * n for g, n in zip(gradients, sizes)) / len(sizes)


# %% whole-gradient: works inside the arrays
def whole_gradient(gradients, sizes):
    total = gradients[0]
    total *= sizes[0]
    for g, n in zip(gradients[1:], sizes[1:]):
        total += g * n
    return total / sum(sizes)


# %% whole-gradient: one number for all axes
def whole_gradient(gradients, sizes):
    return np.average(gradients, axis=-1).T @ np.array(sizes) / sum(sizes)


# %% zero-bytes: stage 1 divides everything
def zero_bytes(parameters, devices, stage):
    return 16 * parameters // devices if stage else 16 * parameters


# %% zero-bytes: the weights before the gradients, and whole ones forgotten
def zero_bytes(parameters, devices, stage):
    return parameters * (0, 12, 14, 16)[stage] // devices if stage else 16 * parameters


# %% zero-bytes: four bytes a number
def zero_bytes(parameters, devices, stage):
    divided = (0, 8, 12, 16)[stage]
    return parameters * (16 - divided) + parameters * divided // devices


# %% gated-parts: already added up
def gated_parts(x, w_gate, w_up, w_down, parts):
    return (silu(x @ w_gate) * (x @ w_up)) @ w_down


# %% gated-parts: every device has all of the up matrix
def gated_parts(x, w_gate, w_up, w_down, parts):
    hidden = silu(x @ w_gate) * (x @ w_up)
    return [hidden @ w_down / parts] * parts


# %% gated-parts: silu on the wrong half
def gated_parts(x, w_gate, w_up, w_down, parts):
    gates, ups = np.split(w_gate, parts, axis=1), np.split(w_up, parts, axis=1)
    return [(x @ g) * silu(x @ u) @ d for g, u, d in zip(gates, ups, np.split(w_down, parts))]


# %% gated-parts: units dealt out in turn
def gated_parts(x, w_gate, w_up, w_down, parts):
    some = [slice(k, None, parts) for k in range(parts)]
    return [silu(x @ w_gate[:, s]) * (x @ w_up[:, s]) @ w_down[s] for s in some]


# %% best-mesh: forgets the memory
def best_mesh(N, B, A, P, memory):
    meshes = [(P // m, m) for m in range(1, P + 1) if P % m == 0]
    return min(meshes, key=lambda d: ((4 * N / d[1] if d[0] > 1 else 0) + (4 * B / d[0] * A if d[1] > 1 else 0), d[1]))


# %% best-mesh: sends gradients to itself
def best_mesh(N, B, A, P, memory):
    meshes = [(P // m, m) for m in range(1, P + 1) if P % m == 0 and 12 * N / m <= memory]
    return min(meshes, key=lambda d: (4 * N / d[1] + 4 * B / d[0] * A, d[1])) if meshes else None


# %% best-mesh: powers of two only
def best_mesh(N, B, A, P, memory):
    meshes = [(P // m, m) for m in (1, 2, 4, 8, 16) if P % m == 0 and 12 * N / m <= memory]
    cost = lambda d: ((4 * N / d[1] if d[0] > 1 else 0) + (4 * B / d[0] * A if d[1] > 1 else 0), d[1])
    return min(meshes, key=cost) if meshes else None


# %% best-mesh: a full device does not fit
def best_mesh(N, B, A, P, memory):
    meshes = [(P // m, m) for m in range(1, P + 1) if P % m == 0 and 12 * N / m < memory]
    cost = lambda d: ((4 * N / d[1] if d[0] > 1 else 0) + (4 * B / d[0] * A if d[1] > 1 else 0), d[1])
    return min(meshes, key=cost) if meshes else None


# %% best-mesh: the larger model on a tie
def best_mesh(N, B, A, P, memory):
    meshes = [(P // m, m) for m in range(1, P + 1) if P % m == 0 and 12 * N / m <= memory]
    cost = lambda d: ((4 * N / d[1] if d[0] > 1 else 0) + (4 * B / d[0] * A if d[1] > 1 else 0), -d[1])
    return min(meshes, key=cost) if meshes else None


# %% best-mesh: the two extremes only
def best_mesh(N, B, A, P, memory):
    meshes = [(P // m, m) for m in (1, P) if 12 * N / m <= memory]
    cost = lambda d: ((4 * N / d[1] if d[0] > 1 else 0) + (4 * B / d[0] * A if d[1] > 1 else 0), d[1])
    return min(meshes, key=cost) if meshes else None


# %% ring-all-reduce: adds in both phases
def ring_all_reduce(arrays):
    held, states = np.array(arrays, float), []
    P = len(held)
    for phase in (0, 1):
        for s in range(P - 1):
            for i in range(P):
                piece = (i + phase - s) % P
                held[(i + 1) % P, piece] += held[i, piece]
            states.append(held.copy())
    return states


# %% ring-all-reduce: the same piece in both phases
def ring_all_reduce(arrays):
    held, states = np.array(arrays, float), []
    P = len(held)
    for phase in (0, 1):
        for s in range(P - 1):
            for i in range(P):
                piece, to = (i - s) % P, (i + 1) % P
                held[to, piece] = held[i, piece] + (0 if phase else held[to, piece])
            states.append(held.copy())
    return states


# %% ring-all-reduce: no simulation, only the sum
def ring_all_reduce(arrays):
    total = np.sum(arrays, 0)
    return [np.tile(total, (len(arrays), 1))] * (2 * len(arrays) - 2)


# %% ring-all-reduce: one array, not a state of each step
def ring_all_reduce(arrays):
    held, states = np.array(arrays, float), []
    P = len(held)
    for phase in (0, 1):
        for s in range(P - 1):
            for i in range(P):
                piece, to = (i + phase - s) % P, (i + 1) % P
                held[to, piece] = held[i, piece] + (0 if phase else held[to, piece])
            states.append(held)
    return states


# %% best-mesh: whole quotients in what fits
def best_mesh(N, B, A, P, memory):
    meshes = [(P // m, m) for m in range(1, P + 1) if P % m == 0 and 12 * N // m <= memory]
    cost = lambda d: ((4 * N / d[1] if d[0] > 1 else 0) + (4 * A * B / d[0] if d[1] > 1 else 0), d[1])
    return min(meshes, key=cost) if meshes else None


# %% best-mesh: whole quotients in what is sent
def best_mesh(N, B, A, P, memory):
    meshes = [(P // m, m) for m in range(1, P + 1) if P % m == 0 and 12 * N / m <= memory]
    cost = lambda d: ((4 * N // d[1] if d[0] > 1 else 0) + (4 * A * B // d[0] if d[1] > 1 else 0), d[1])
    return min(meshes, key=cost) if meshes else None


# %% best-mesh: whole examples for each device
def best_mesh(N, B, A, P, memory):
    meshes = [(P // m, m) for m in range(1, P + 1) if P % m == 0 and 12 * N / m <= memory]
    cost = lambda d: ((4 * N / d[1] if d[0] > 1 else 0) + (4 * A * (B // d[0]) if d[1] > 1 else 0), d[1])
    return min(meshes, key=cost) if meshes else None


# %% ring-all-reduce: whole numbers only
def ring_all_reduce(arrays):
    held, states = np.array(arrays, int), []
    P = len(held)
    for phase in (0, 1):
        for s in range(P - 1):
            for i in range(P):
                piece, to = (i + phase - s) % P, (i + 1) % P
                held[to, piece] = held[i, piece] + (0 if phase else held[to, piece])
            states.append(held.copy())
    return states


# %% ring-all-reduce: works in the array that was given
def ring_all_reduce(arrays):
    held, states = arrays, []
    P = len(held)
    for phase in (0, 1):
        for s in range(P - 1):
            for i in range(P):
                piece, to = (i + phase - s) % P, (i + 1) % P
                held[to, piece] = held[i, piece] + (0 if phase else held[to, piece])
            states.append(held.copy())
    return states
