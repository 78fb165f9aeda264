# %% largest-rank: rounds to the nearest
def largest_rank(m, n, times):
    return round(m * n / (times * (m + n)))


# %% largest-rank: strictly fewer numbers
def largest_rank(m, n, times):
    return (m * n - 1) // (times * (m + n))


# %% largest-rank: at least 1
def largest_rank(m, n, times):
    return max(1, m * n // (times * (m + n)))


# %% largest-rank: counts one factor only
def largest_rank(m, n, times):
    return m * n // (times * max(m, n))


# %% largest-rank: a fraction of a rank
def largest_rank(m, n, times):
    return m * n / (times * (m + n))


# %% largest-rank: times the rank in place of the numbers
def largest_rank(m, n, times):
    return min(m, n) // times


# %% largest-rank: rounds twice
def largest_rank(m, n, times):
    return m * n // times // max(1, m + n + 1)


# %% largest-rank: rounds once for the rows already
def largest_rank(m, n, times):
    return m // times * n // (m + n)


# %% largest-rank: rounds once for the columns already
def largest_rank(m, n, times):
    return n // times * m // (m + n)


# %% largest-rank: one over the sum of reciprocals
def largest_rank(m, n, times):
    return int(1 / (1 / m + 1 / n) / times)


# %% largest-rank: at least half a rank counts
def largest_rank(m, n, times):
    return int(m * n / (times * (m + n)) + 0.5)


# %% largest-rank: the precedence of the product
def largest_rank(m, n, times):
    return m * n // (times * m + n)


# %% largest-rank: three factors, with the singular values
def largest_rank(m, n, times):
    return m * n // (times * (m + n + 1))


# %% one-round: every value counts alike
def one_round(values, importance, centres):
    nearest = np.abs(values[:, None] - centres).argmin(1)
    return np.array([values[nearest == k].mean() if (nearest == k).any() else c for k, c in enumerate(centres)])


# %% one-round: divides by the number of values
def one_round(values, importance, centres):
    nearest = np.abs(values[:, None] - centres).argmin(1)
    moved = np.array(centres, float)
    for k in range(len(centres)):
        own = nearest == k
        if importance[own].sum() > 0:
            moved[k] = (values * importance)[own].sum() / own.sum()
    return moved


# %% one-round: a tie goes to the larger centre
def one_round(values, importance, centres):
    nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, values, side="right")
    moved = np.array(centres, float)
    for k in range(len(centres)):
        own = nearest == k
        if importance[own].sum() > 0:
            moved[k] = np.average(values[own], weights=importance[own])
    return moved


# %% one-round: an empty centre goes to zero
def one_round(values, importance, centres):
    nearest = np.abs(values[:, None] - centres).argmin(1)
    weight = np.bincount(nearest, importance, len(centres))
    return np.bincount(nearest, importance * values, len(centres)) / np.maximum(weight, 1e-12)


# %% one-round: drops the empty centres
def one_round(values, importance, centres):
    nearest = np.abs(values[:, None] - centres).argmin(1)
    kept = [k for k in range(len(centres)) if importance[nearest == k].sum() > 0]
    return np.array([np.average(values[nearest == k], weights=importance[nearest == k]) for k in kept])


# %% one-round: integers stay integers
def one_round(values, importance, centres):
    nearest = np.abs(values[:, None] - centres).argmin(1)
    moved = centres.copy()
    for k in range(len(centres)):
        own = nearest == k
        if importance[own].sum() > 0:
            moved[k] = np.average(values[own], weights=importance[own])
    return moved


# %% one-round: in place
def one_round(values, importance, centres):
    nearest = np.abs(values[:, None] - centres).argmin(1)
    for k in range(len(centres)):
        own = nearest == k
        if importance[own].sum() > 0:
            centres[k] = np.average(values[own], weights=importance[own])
    return centres


# %% one-round: until nothing moves
def one_round(values, importance, centres):
    moved = np.array(centres, float)
    for _ in range(100):
        nearest = np.abs(values[:, None] - moved).argmin(1)
        for k in range(len(centres)):
            own = nearest == k
            if importance[own].sum() > 0:
                moved[k] = np.average(values[own], weights=importance[own])
    return moved


# %% one-round: the nearest centre of value times importance
def one_round(values, importance, centres):
    nearest = np.abs((importance * values)[:, None] - centres).argmin(1)
    moved = np.array(centres, float)
    for k in range(len(centres)):
        own = nearest == k
        if importance[own].sum() > 0:
            moved[k] = np.average(values[own], weights=importance[own])
    return moved


# %% one-round: an empty centre raises (raises ZeroDivisionError)
def one_round(values, importance, centres):
    nearest = np.abs(values[:, None] - centres).argmin(1)
    return [np.average(values[nearest == k], weights=importance[nearest == k]) for k in range(len(centres))]


# %% one-round: assigns anew after every centre that moved
def one_round(values, importance, centres):
    moved = np.array(centres, float)
    for k in range(len(moved)):
        own = np.abs(values[:, None] - moved).argmin(1) == k
        if importance[own].sum() > 0:
            moved[k] = np.average(values[own], weights=importance[own])
    return moved


# %% one-round: a zero stands for an empty centre
def one_round(values, importance, centres):
    nearest = np.abs(values[:, None] - centres).argmin(1)
    moved = np.zeros(len(centres))
    for k in range(len(centres)):
        own = nearest == k
        if importance[own].sum() > 0:
            moved[k] = np.average(values[own], weights=importance[own])
    return np.where(moved == 0, centres, moved)


# %% one-round: divides by 1 at least
def one_round(values, importance, centres):
    nearest = np.abs(values[:, None] - centres).argmin(1)
    weight = np.bincount(nearest, importance, len(centres))
    total = np.bincount(nearest, importance * values, len(centres))
    return np.where(weight == 0, centres, total / np.maximum(weight, 1))


# %% one-round: importance as whole numbers
def one_round(values, importance, centres):
    h = importance.astype(int)
    nearest = np.abs(values[:, None] - centres).argmin(1)
    moved = np.array(centres, float)
    for k in range(len(centres)):
        own = nearest == k
        if h[own].sum() > 0:
            moved[k] = (h * values)[own].sum() / h[own].sum()
    return moved


# %% one-round: a tie goes to the centre that is smaller in size
def one_round(values, importance, centres):
    order = np.argsort(np.abs(centres), kind="stable")
    nearest = order[np.abs(values[:, None] - centres[order]).argmin(1)]
    moved = np.array(centres, float)
    for k in range(len(centres)):
        own = nearest == k
        if importance[own].sum() > 0:
            moved[k] = np.average(values[own], weights=importance[own])
    return moved


# %% one-round: the nearest centre of the sizes
def one_round(values, importance, centres):
    nearest = np.abs(np.abs(values)[:, None] - centres).argmin(1)
    moved = np.array(centres, float)
    for k in range(len(centres)):
        own = nearest == k
        if importance[own].sum() > 0:
            moved[k] = np.average(values[own], weights=importance[own])
    return moved


# %% one-round: sorted values, importance left in the old order
def one_round(values, importance, centres):
    values = np.sort(values)
    nearest = np.abs(values[:, None] - centres).argmin(1)
    moved = np.array(centres, float)
    for k in range(len(centres)):
        own = nearest == k
        if importance[own].sum() > 0:
            moved[k] = np.average(values[own], weights=importance[own])
    return moved


# %% best-factors: the bias as it was
def best_factors(W, b, X, rank):
    V = np.linalg.svd(X @ W)[2][:rank].T
    return W @ V, V.T, b


# %% best-factors: the best bias after factors that did not know of it
def best_factors(W, b, X, rank):
    V = np.linalg.svd(X @ W)[2][:rank].T
    mean = (X @ W).mean(0)
    return W @ V, V.T, b + mean - mean @ V @ V.T


# %% best-factors: truncates the weights
def best_factors(W, b, X, rank):
    u, sigma, v = np.linalg.svd(W, full_matrices=False)
    A, B = u[:, :rank] * sigma[:rank], v[:rank]
    return A, B, b + (X @ W - X @ A @ B).mean(0)


# %% best-factors: the mean comes back twice
def best_factors(W, b, X, rank):
    outputs = X @ W
    mean = outputs.mean(0)
    V = np.linalg.svd(outputs - mean)[2][:rank].T
    return W @ V, V.T, b + mean


# %% best-factors: forgets the old bias
def best_factors(W, b, X, rank):
    outputs = X @ W
    mean = outputs.mean(0)
    V = np.linalg.svd(outputs - mean)[2][:rank].T
    return W @ V, V.T, mean - mean @ V @ V.T


# %% best-factors: the directions of the inputs
def best_factors(W, b, X, rank):
    V = np.linalg.svd(X - X.mean(0))[2][:rank].T
    A, B = V, V.T @ W
    return A, B, b + (X @ W - X @ A @ B).mean(0)


# %% best-factors: as many directions as there are samples
def best_factors(W, b, X, rank):
    outputs = X @ W
    mean = outputs.mean(0)
    V = np.linalg.svd(outputs - mean, full_matrices=False)[2][: min(rank, len(X) - 1)].T
    return W @ V, V.T, b + mean - mean @ V @ V.T


# %% best-factors: takes the mean out in place
def best_factors(W, b, X, rank):
    X -= X.mean(0)
    V = np.linalg.svd(X @ W)[2][:rank].T
    return W @ V, V.T, b


# %% best-factors: whitens each input alone
def best_factors(W, b, X, rank):
    scale = X.std(0)
    u, s, v = np.linalg.svd(scale[:, None] * W, full_matrices=False)
    A, B = u[:, :rank] * s[:rank] / scale[:, None], v[:rank]
    return A, B, b + (X @ W - X @ A @ B).mean(0)


# %% best-factors: no more directions than inputs
def best_factors(W, b, X, rank):
    centred = X - X.mean(0)
    R = np.linalg.cholesky(centred.T @ centred + 1e-9 * np.eye(len(W))).T
    u, sigma, v = np.linalg.svd(R @ W, full_matrices=False)
    A, B = np.linalg.solve(R, u[:, :rank] * sigma[:rank]), v[:rank]
    return A, B, b + (X @ W - X @ A @ B).mean(0)


# %% best-factors: never more directions than inputs
def best_factors(W, b, X, rank):
    Y = X @ W
    V = np.linalg.svd(Y - Y.mean(0))[2][: min(rank, len(W))].T
    return W @ V, V.T, b + (Y - Y @ V @ V.T).mean(0)


# %% best-factors: standardises the outputs
def best_factors(W, b, X, rank):
    Y = X @ W
    sd = Y.std(0)
    V = np.linalg.svd((Y - Y.mean(0)) / sd)[2][:rank].T
    A, B = (W / sd) @ V, V.T * sd
    return A, B, b + (Y - X @ A @ B).mean(0)


# %% best-factors: the smallest directions
def best_factors(W, b, X, rank):
    Y = X @ W
    Y = Y - Y.mean(0)
    V = np.linalg.eigh(Y.T @ Y)[1][:, :rank]
    return W @ V, V.T, b + (X @ W @ (np.eye(W.shape[1]) - V @ V.T)).mean(0)


# %% best-factors: one mean for all outputs
def best_factors(W, b, X, rank):
    Y = X @ W
    V = np.linalg.svd(Y - Y.mean())[2][:rank].T
    return W @ V, V.T, b + (Y - Y @ V @ V.T).mean(0)


# %% best-factors: a bias for each sample
def best_factors(W, b, X, rank):
    Y = X @ W
    V = np.linalg.svd(Y - Y.mean(0))[2][:rank].T
    return W @ V, V.T, b + Y - Y @ V @ V.T
