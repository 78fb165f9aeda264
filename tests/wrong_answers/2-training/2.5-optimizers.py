# %% steepest: uphill
def steepest(g, lr, norm):
    if norm == "max":
        return lr * np.sign(g)
    length = np.sqrt((g**2).sum())
    return lr * g / length if length > 0 else g * 0


# %% steepest: divides by zero
def steepest(g, lr, norm):
    with np.errstate(all="ignore"):
        return -lr * np.sign(g) if norm == "max" else -lr * g / np.sqrt((g**2).sum())


# %% steepest: the spectral norm of a matrix
def steepest(g, lr, norm):
    if norm == "max":
        return -lr * np.sign(g)
    length = np.linalg.norm(g, 2) if g.ndim == 2 else np.linalg.norm(g)
    return -lr * g / length if length > 0 else g * 0


# %% steepest: scales the largest entry to lr
def steepest(g, lr, norm):
    length = np.abs(g).max() if norm == "max" else np.sqrt((g**2).sum())
    return -lr * g / length if length > 0 else g * 0


# %% steepest: one norm for each row
def steepest(g, lr, norm):
    if norm == "max":
        return -lr * np.sign(g)
    length = np.sqrt((g**2).sum(-1, keepdims=True))
    return -lr * g / np.where(length > 0, length, 1)


# %% steepest: in place
def steepest(g, lr, norm):
    if norm == "max":
        return -lr * np.sign(g)
    length = np.sqrt((g**2).sum())
    if length > 0:
        g *= -lr / length
    return g


# %% steepest: a weight without gradient moves too
def steepest(g, lr, norm):
    if norm == "max":
        return np.where(g > 0, -lr, lr)
    length = np.sqrt((g**2).sum())
    return -lr * g / length if length > 0 else g * 0


# %% flattery: the best single run
def flattery(validation, test):
    best = int(np.unravel_index(validation.argmax(), validation.shape)[0])
    return best, validation[best].mean() - test[best].mean()


# %% flattery: the best on test
def flattery(validation, test):
    best = int(validation.mean(1).argmax())
    return best, validation[best].mean() - test.mean(1).max()


# %% flattery: the last of equals
def flattery(validation, test):
    mean = validation.mean(1)
    best = int(np.flatnonzero(mean == mean.max())[-1])
    return best, mean[best] - test[best].mean()


# %% flattery: the mean over the wrong axis
def flattery(validation, test):
    best = int(validation.mean(0).argmax())
    return best, validation.mean(0)[best] - test.mean(0)[best]


# %% flattery: never negative
def flattery(validation, test):
    best = int(validation.mean(1).argmax())
    return best, abs(validation[best].mean() - test[best].mean())


# %% steps-needed: one step more, always
def steps_needed(curvatures, shrink, method):
    kappa = max(curvatures) / min(curvatures)
    if kappa == 1:
        return 1
    root = kappa**0.5
    factor = {"sgd": (kappa - 1) / (kappa + 1), "momentum": (root - 1) / (root + 1), "nesterov": 1 - 1 / root}[method]
    return int(np.log(shrink) / np.log(factor)) + 1


# %% steps-needed: equal curvatures are forgotten
def steps_needed(curvatures, shrink, method):
    kappa = max(curvatures) / min(curvatures)
    root = kappa**0.5
    factor = {"sgd": (kappa - 1) / (kappa + 1), "momentum": (root - 1) / (root + 1), "nesterov": 1 - 1 / root}[method]
    with np.errstate(all="ignore"):
        return int(np.ceil(np.log(shrink) / np.log(factor)))


# %% adamw-step: in place
def adamw_step(weights, state, gradients, lr, decay):
    t = state["t"] = state.get("t", 0) + 1
    for name, w in weights.items():
        m, v = state.get(name, (0, 0))
        m, v = state[name] = 0.9 * m + 0.1 * gradients[name], 0.999 * v + 0.001 * gradients[name] ** 2
        if w.ndim >= 2:
            w *= 1 - lr * decay
        w -= lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
    return weights


# %% adamw-step: goes by the name
def adamw_step(weights, state, gradients, lr, decay):
    t = state["t"] = state.get("t", 0) + 1
    new = {}
    for name, w in weights.items():
        m, v = state.get(name, (0, 0))
        m, v = state[name] = 0.9 * m + 0.1 * gradients[name], 0.999 * v + 0.001 * gradients[name] ** 2
        shrink = 1 if "bias" in name else 1 - lr * decay
        new[name] = shrink * w - lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
    return new


# %% adamw-step: only arrays of exactly two axes decay
def adamw_step(weights, state, gradients, lr, decay):
    t = state["t"] = state.get("t", 0) + 1
    new = {}
    for name, w in weights.items():
        m, v = state.get(name, (0, 0))
        m, v = state[name] = 0.9 * m + 0.1 * gradients[name], 0.999 * v + 0.001 * gradients[name] ** 2
        shrink = 1 - lr * decay if w.ndim == 2 else 1
        new[name] = shrink * w - lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
    return new


# %% recipe: twenty rates for every fifteenth step
def recipe():
    return 0.0, 0.018 * (1 - np.arange(20) / 20)


# %% steps-needed: takes the curvatures as sorted
def steps_needed(curvatures, shrink, method):
    kappa = curvatures[-1] / curvatures[0]
    if kappa == 1:
        return 1
    root = kappa**0.5
    factor = {"sgd": (kappa - 1) / (kappa + 1), "momentum": (root - 1) / (root + 1), "nesterov": 1 - 1 / root}[method]
    return int(np.ceil(np.log(shrink) / np.log(factor)))


# %% steps-needed: rounds down
def steps_needed(curvatures, shrink, method):
    kappa = max(curvatures) / min(curvatures)
    if kappa == 1:
        return 1
    root = kappa**0.5
    factor = {"sgd": (kappa - 1) / (kappa + 1), "momentum": (root - 1) / (root + 1), "nesterov": 1 - 1 / root}[method]
    return int(np.log(shrink) / np.log(factor))


# %% steps-needed: uses the rate of SGD for every method
def steps_needed(curvatures, shrink, method):
    kappa = max(curvatures) / min(curvatures)
    if kappa == 1:
        return 1
    return int(np.ceil(np.log(shrink) / np.log((kappa - 1) / (kappa + 1))))


# %% adamw-step: adds the decay to the gradient
def adamw_step(weights, state, gradients, lr, decay):
    t = state["t"] = state.get("t", 0) + 1
    new = {}
    for name, w in weights.items():
        g = gradients[name] + (decay * w if w.ndim >= 2 else 0)
        m, v = state.get(name, (0, 0))
        m, v = state[name] = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        new[name] = w - lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
    return new


# %% adamw-step: lets the biases decay too
def adamw_step(weights, state, gradients, lr, decay):
    t = state["t"] = state.get("t", 0) + 1
    new = {}
    for name, w in weights.items():
        m, v = state.get(name, (0, 0))
        m, v = state[name] = 0.9 * m + 0.1 * gradients[name], 0.999 * v + 0.001 * gradients[name] ** 2
        new[name] = (1 - lr * decay) * w - lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
    return new


# %% adamw-step: adds ε after the correction
def adamw_step(weights, state, gradients, lr, decay):
    t = state["t"] = state.get("t", 0) + 1
    new = {}
    for name, w in weights.items():
        m, v = state.get(name, (0, 0))
        m, v = state[name] = 0.9 * m + 0.1 * gradients[name], 0.999 * v + 0.001 * gradients[name] ** 2
        shrink = 1 - lr * decay if w.ndim >= 2 else 1
        new[name] = shrink * w - lr * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
    return new


# %% adamw-step: counts a step for every array
def adamw_step(weights, state, gradients, lr, decay):
    new = {}
    for name, w in weights.items():
        t = state["t"] = state.get("t", 0) + 1
        m, v = state.get(name, (0, 0))
        m, v = state[name] = 0.9 * m + 0.1 * gradients[name], 0.999 * v + 0.001 * gradients[name] ** 2
        shrink = 1 - lr * decay if w.ndim >= 2 else 1
        new[name] = shrink * w - lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
    return new


# %% recipe: the best constant rate
def recipe():
    return 0.9, np.full(300, 0.0007)


# %% recipe: falls from a rate that is too small to arrive
def recipe():
    return 0.0, 0.002 * (1 - np.arange(300) / 300)


# %% recipe: begins above the largest stable rate, with momentum, and stays there too long
def recipe():
    return 0.9, np.where(np.arange(300) < 250, 0.05, 0.0005)


# %% steepest: a small constant shortens the step of a tiny gradient
def steepest(g, lr, norm):
    return -lr * (np.sign(g) if norm == "max" else g / (np.linalg.norm(g) + 1e-8))


# %% steepest: a tiny gradient counts as zero
def steepest(g, lr, norm):
    if np.allclose(g, 0, atol=1e-5):
        return np.zeros_like(g)
    return -lr * (np.sign(g) if norm == "max" else g / np.linalg.norm(g))


# %% steepest: clips in place of scaling
def steepest(g, lr, norm):
    if norm == "max":
        return -np.clip(g, -lr, lr)
    length = np.linalg.norm(g)
    return -g * min(1, lr / length) if length else g * 0


# %% steepest: one norm for each column
def steepest(g, lr, norm):
    if norm == "max":
        return -lr * np.sign(g)
    length = np.linalg.norm(g, axis=0)
    return -lr * g / np.where(length > 0, length, 1)


# %% flattery: the median chooses
def flattery(validation, test):
    best = int(np.median(validation, axis=1).argmax())
    return best, validation[best].mean() - test[best].mean()


# %% flattery: medians in place of means
def flattery(validation, test):
    best = int(np.median(validation, axis=1).argmax())
    return best, np.median(validation[best]) - np.median(test[best])


# %% flattery: the rate that is flattered most
def flattery(validation, test):
    gaps = (validation - test).mean(1)
    return int(gaps.argmax()), gaps.max()


# %% steps-needed: rounds to the nearest
def steps_needed(curvatures, shrink, method):
    kappa = max(curvatures) / min(curvatures)
    if kappa == 1:
        return 1
    root = kappa**0.5
    factor = {"sgd": (kappa - 1) / (kappa + 1), "momentum": (root - 1) / (root + 1), "nesterov": 1 - 1 / root}[method]
    return max(1, round(np.log(shrink) / np.log(factor)))


# %% steps-needed: goes on when the goal is reached exactly
def steps_needed(curvatures, shrink, method):
    kappa = max(curvatures) / min(curvatures)
    if kappa == 1:
        return 1
    root = kappa**0.5
    factor = {"sgd": (kappa - 1) / (kappa + 1), "momentum": (root - 1) / (root + 1), "nesterov": 1 - 1 / root}[method]
    steps, left = 0, 1.0
    while left >= shrink:
        steps, left = steps + 1, left * factor
    return steps


# %% recipe: falls so fast that the flat directions do not arrive
def recipe():
    return 0.0, np.geomspace(0.018, 0.0002, 300)


# %% recipe: negative at the end
def recipe():
    return 0.0, 0.018 * (1 - np.arange(300) / 290)


# %% adamw-step: fills the dictionary that was given
def adamw_step(weights, state, gradients, lr, decay):
    t = state["t"] = state.get("t", 0) + 1
    for name, w in weights.items():
        m, v = state.get(name, (0, 0))
        m, v = state[name] = 0.9 * m + 0.1 * gradients[name], 0.999 * v + 0.001 * gradients[name] ** 2
        shrink = 1 - lr * decay if w.ndim >= 2 else 1
        weights[name] = shrink * w - lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
    return weights


# %% adamw-step: decays what the step has left
def adamw_step(weights, state, gradients, lr, decay):
    t = state["t"] = state.get("t", 0) + 1
    new = {}
    for name, w in weights.items():
        m, v = state.get(name, (0, 0))
        m, v = state[name] = 0.9 * m + 0.1 * gradients[name], 0.999 * v + 0.001 * gradients[name] ** 2
        shrink = 1 - lr * decay if w.ndim >= 2 else 1
        new[name] = shrink * (w - lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7))
    return new


# %% adamw-step: forgets the correction
def adamw_step(weights, state, gradients, lr, decay):
    new = {}
    for name, w in weights.items():
        m, v = state.get(name, (0, 0))
        m, v = state[name] = 0.9 * m + 0.1 * gradients[name], 0.999 * v + 0.001 * gradients[name] ** 2
        new[name] = (1 - lr * decay if w.ndim >= 2 else 1) * w - lr * m / (np.sqrt(v) + 1e-7)
    return new


# %% adamw-step: keeps its memory outside of the state
MEMORY = {"t": 0}


def adamw_step(weights, state, gradients, lr, decay):
    t = MEMORY["t"] = MEMORY["t"] + 1
    new = {}
    for name, w in weights.items():
        m, v = MEMORY.get(name, (0, 0))
        m, v = MEMORY[name] = 0.9 * m + 0.1 * gradients[name], 0.999 * v + 0.001 * gradients[name] ** 2
        shrink = 1 - lr * decay if w.ndim >= 2 else 1
        new[name] = shrink * w - lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
    return new
