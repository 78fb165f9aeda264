# %% momentum-step: moves by the old velocity
def momentum_step(w, m, g, lr, beta):
    return w + m, beta * m - lr * g


# %% momentum-step: averages with 1 − β, as Adam does
def momentum_step(w, m, g, lr, beta):
    m = beta * m - (1 - beta) * lr * g
    return w + m, m


# %% momentum-step: multiplies the whole velocity by the rate
def momentum_step(w, m, g, lr, beta):
    m = beta * m + g
    return w - lr * m, m


# %% corrected-mean: forgets the correction
def corrected_mean(gradients, beta):
    m = 0
    for g in gradients:
        m = beta * m + (1 - beta) * g
    return m


# %% corrected-mean: counts the steps from zero
def corrected_mean(gradients, beta):
    m = 0
    for g in gradients:
        m = beta * m + (1 - beta) * g
    return m / (1 - beta ** (len(gradients) - 1) + 1e-12)


# %% corrected-mean: corrects the average in place at every step
def corrected_mean(gradients, beta):
    m = 0
    for t, g in enumerate(gradients, start=1):
        m = (beta * m + (1 - beta) * g) / (1 - beta**t)
    return m


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
