# %% tokens-needed: forgets the floor
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - A / N**alpha
    return (B / left) ** (1 / beta) if left > 0 else math.inf


# %% tokens-needed: forgets the size term
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - E
    return (B / left) ** (1 / beta) if left > 0 else math.inf


# %% tokens-needed: the power in place of its inverse
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - E - A / N**alpha
    return (B / left) ** beta if left > 0 else math.inf


# %% tokens-needed: upside down
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - E - A / N**alpha
    return (left / B) ** (1 / beta) if left > 0 else math.inf


# %% tokens-needed: the limit itself divides by zero (raises ZeroDivisionError)
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - E - A / N**alpha
    return (B / left) ** (1 / beta) if left >= 0 else math.inf


# %% tokens-needed: no limit at all, a number with an imaginary part or an error (raises ZeroDivisionError)
def tokens_needed(target, N, E, A, alpha, B, beta):
    return (B / (target - E - A / N**alpha)) ** (1 / beta)


# %% tokens-needed: zero in place of infinity
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - E - A / N**alpha
    return (B / left) ** (1 / beta) if left > 0 else 0.0


# %% tokens-needed: the distance from the limit, whatever its sign
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = abs(target - E - A / N**alpha)
    return (B / left) ** (1 / beta) if left else math.inf


# %% tokens-needed: the wrong power
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - E - A / N**alpha
    return (B / left) ** (1 / alpha) if left > 0 else math.inf


# %% tokens-needed: the powers exchanged
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - E - A / N**beta
    return (B / left) ** (1 / beta) if left > 0 else math.inf


# %% tokens-needed: a size times a power
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - E - A / (N * alpha)
    return (B / left) ** (1 / beta) if left > 0 else math.inf


# %% tokens-needed: impossible only below the floor
def tokens_needed(target, N, E, A, alpha, B, beta):
    if target <= E:
        return math.inf
    return (B / max(target - E - A / N**alpha, 1e-9)) ** (1 / beta)


# %% tokens-needed: whole tokens only
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - E - A / N**alpha
    return float(round((B / left) ** (1 / beta))) if left > 0 else math.inf


# %% tokens-needed: at least one token
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - E - A / N**alpha
    return max(1.0, (B / left) ** (1 / beta)) if left > 0 else math.inf


# %% tokens-needed: close to the limit is the limit
def tokens_needed(target, N, E, A, alpha, B, beta):
    left = target - E - A / N**alpha
    return (B / left) ** (1 / beta) if left > 0.01 * target else math.inf


# %% tokens-needed: a search that ends too early
def tokens_needed(target, N, E, A, alpha, B, beta):
    if target <= E + A / N**alpha:
        return math.inf
    low, high = 0.0, 1e5
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if E + A / N**alpha + B / middle**beta > target else (low, middle)
    return high


# %% pull: least squares
def pull(u, delta):
    return np.array(u, float)


# %% pull: the function itself
def pull(u, delta):
    u = np.asarray(u, float)
    return np.where(np.abs(u) <= delta, u**2 / 2, delta * (np.abs(u) - delta / 2))


# %% pull: loses the sign of large ones
def pull(u, delta):
    u = np.asarray(u, float)
    return np.where(np.abs(u) <= delta, u, delta)


# %% pull: no sign at all
def pull(u, delta):
    return np.minimum(np.abs(np.asarray(u, float)), delta)


# %% pull: large ones do not pull
def pull(u, delta):
    u = np.asarray(u, float)
    return np.where(np.abs(u) <= delta, u, 0.0)


# %% pull: large ones pull with one
def pull(u, delta):
    u = np.asarray(u, float)
    return np.where(np.abs(u) <= delta, u, np.sign(u))


# %% pull: divided by delta
def pull(u, delta):
    return np.clip(np.asarray(u, float) / delta, -1, 1)


# %% pull: whole numbers stay whole
def pull(u, delta):
    return np.clip(u, -delta, delta).astype(u.dtype)


# %% pull: the sum over the runs
def pull(u, delta):
    return np.clip(np.asarray(u, float), -delta, delta).sum()


# %% pull: flattens
def pull(u, delta):
    return np.clip(np.asarray(u, float), -delta, delta).ravel()


# %% pull: cuts above only
def pull(u, delta):
    return np.minimum(np.asarray(u, float), delta)


# %% pull: in place
def pull(u, delta):
    u[u > delta] = delta
    u[u < -delta] = -delta
    return u


# %% pull: the sign only
def pull(u, delta):
    return delta * np.sign(np.asarray(u, float))


# %% pull: the square below is not halved
def pull(u, delta):
    u = np.asarray(u, float)
    return np.where(np.abs(u) <= delta, 2 * u, delta * np.sign(u))


# %% pull: whole numbers and a whole delta stay whole
def pull(u, delta):
    return np.clip(u, -delta, delta)


# %% pull: a smooth function in its place
def pull(u, delta):
    u = np.asarray(u, float)
    return u / np.sqrt(1 + (u / delta) ** 2)


# %% pull: nothing at the edge
def pull(u, delta):
    u = np.asarray(u, float)
    return np.where(np.abs(u) < delta, u, 0) + np.where(np.abs(u) > delta, delta * np.sign(u), 0)


# %% lowest-size: over N in place of its logarithm
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3:
        return None
    a, b, _ = np.polyfit(sizes, losses, 2)
    found = -b / (2 * a)
    return float(found) if a > 1e-12 and np.min(sizes) <= found <= np.max(sizes) else None


# %% lowest-size: the size of the lowest run
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3:
        return None
    i = int(np.argmin(losses))
    return None if sizes[i] in (np.min(sizes), np.max(sizes)) else float(sizes[i])


# %% lowest-size: forgets the exponential
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3:
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x, losses, 2)
    found = -b / (2 * a)
    return float(found) if a > 1e-12 and x.min() <= found <= x.max() else None


# %% lowest-size: ten to the power after a natural logarithm
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3:
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x, losses, 2)
    found = -b / (2 * a)
    return float(10**found) if a > 1e-12 and x.min() <= found <= x.max() else None


# %% lowest-size: a hill is a valley
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3:
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x, losses, 2)
    found = -b / (2 * a) if abs(a) > 1e-12 else np.inf
    return float(np.exp(found)) if x.min() <= found <= x.max() else None


# %% lowest-size: outside the range is fine
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3:
        return None
    a, b, _ = np.polyfit(np.log(sizes), losses, 2)
    return float(np.exp(-b / (2 * a))) if a > 1e-12 else None


# %% lowest-size: pushed back into the range
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3:
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x, losses, 2)
    return float(np.exp(np.clip(-b / (2 * a), x.min(), x.max()))) if a > 1e-12 else None


# %% lowest-size: counts runs, not sizes
def lowest_size(sizes, losses):
    if len(sizes) < 3:
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x - x.mean(), losses, 2)
    found = x.mean() - b / (2 * a)
    return float(np.exp(found)) if a > 1e-12 else None


# %% lowest-size: takes the order for the range
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3:
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x, losses, 2)
    found = -b / (2 * a)
    return float(np.exp(found)) if a > 1e-12 and x[0] <= found <= x[-1] else None


# %% lowest-size: one run a size
def lowest_size(sizes, losses):
    sizes, first = np.unique(sizes, return_index=True)
    if len(sizes) < 3:
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x, losses[first], 2)
    found = -b / (2 * a)
    return float(np.exp(found)) if a > 1e-12 and x.min() <= found <= x.max() else None


# %% lowest-size: three runs are too few
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 4:
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x, losses, 2)
    found = -b / (2 * a)
    return float(np.exp(found)) if a > 1e-12 and x.min() <= found <= x.max() else None


# %% lowest-size: the vertex without the two
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3:
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x, losses, 2)
    found = -b / a
    return float(np.exp(found)) if a > 1e-12 and x.min() <= found <= x.max() else None


# %% lowest-size: none if the lowest run is at an end
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3 or sizes[np.argmin(losses)] in (np.min(sizes), np.max(sizes)):
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x, losses, 2)
    found = -b / (2 * a)
    return float(np.exp(found)) if a > 1e-12 and x.min() <= found <= x.max() else None


# %% lowest-size: the mean of the seeds first
def lowest_size(sizes, losses):
    different = np.unique(sizes)
    if len(different) < 3:
        return None
    x = np.log(different)
    a, b, _ = np.polyfit(x, [losses[sizes == one].mean() for one in different], 2)
    found = -b / (2 * a)
    return float(np.exp(found)) if a > 1e-12 and x.min() <= found <= x.max() else None


# %% lowest-size: a flat valley is none
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3:
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x, losses, 2)
    found = -b / (2 * a)
    return float(np.exp(found)) if a > 0.005 and x.min() <= found <= x.max() else None


# %% lowest-size: over the logarithm of the loss too
def lowest_size(sizes, losses):
    if len(np.unique(sizes)) < 3:
        return None
    x = np.log(sizes)
    a, b, _ = np.polyfit(x, np.log(losses), 2)
    found = -b / (2 * a)
    return float(np.exp(found)) if a > 1e-12 and x.min() <= found <= x.max() else None


# %% accuracy-to-see: one example
def accuracy_to_see(k, n, chance):
    return chance ** (1 / k)


# %% accuracy-to-see: the chance is shared among the examples
def accuracy_to_see(k, n, chance):
    return (chance / n) ** (1 / k)


# %% accuracy-to-see: all n solved
def accuracy_to_see(k, n, chance):
    return chance ** (1 / (n * k))


# %% accuracy-to-see: forgets the k characters
def accuracy_to_see(k, n, chance):
    return 1 - (1 - chance) ** (1 / n)


# %% accuracy-to-see: k and n exchanged
def accuracy_to_see(k, n, chance):
    return (1 - (1 - chance) ** (1 / k)) ** (1 / n)


# %% accuracy-to-see: the chance that none is solved
def accuracy_to_see(k, n, chance):
    return (1 - chance ** (1 / n)) ** (1 / k)


# %% accuracy-to-see: forwards
def accuracy_to_see(k, n, chance):
    return 1 - (1 - chance**k) ** n


# %% accuracy-to-see: divides by k
def accuracy_to_see(k, n, chance):
    return (1 - (1 - chance) ** (1 / n)) / k


# %% accuracy-to-see: the root of the failure
def accuracy_to_see(k, n, chance):
    return 1 - ((1 - chance) ** (1 / n)) ** (1 / k)


# %% accuracy-to-see: exactly one solved
def accuracy_to_see(k, n, chance):
    low, high = 0.0, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        solved = n * middle**k * (1 - middle**k) ** (n - 1)
        low, high = (middle, high) if solved < chance else (low, middle)
    return low


# %% accuracy-to-see: rare events, as if all were
def accuracy_to_see(k, n, chance):
    return (-math.log(max(1 - chance, 1e-300)) / n) ** (1 / k)


# %% accuracy-to-see: the roots in the other order
def accuracy_to_see(k, n, chance):
    return 1 - (1 - chance ** (1 / k)) ** (1 / n)
