# %% smoothing-for: the right class without its share of ε
def smoothing_for(lead, num_classes):
    return num_classes / (math.exp(lead) + num_classes)


# %% smoothing-for: ε shared among the other classes only
def smoothing_for(lead, num_classes):
    return (num_classes - 1) / (math.exp(lead) + num_classes - 1)


# %% smoothing-for: the lead is taken for a ratio
def smoothing_for(lead, num_classes):
    return num_classes / (lead + num_classes - 1)


# %% smoothing-for: gives the target of another class
def smoothing_for(lead, num_classes):
    return 1 / (math.exp(lead) + num_classes - 1)


# %% other-start: starts from zeros, which answers otherwise
def other_start(weights):
    return np.zeros_like(weights)


# %% other-start: as it was
def other_start(weights):
    return weights


# %% other-start: half as sure is not enough
def other_start(weights):
    return 0.5 * weights


# %% other-start: turned round
def other_start(weights):
    return -0.1 * weights


# %% other-start: in place
def other_start(weights):
    weights *= 0.1
    return weights


# %% other-start: the right answers from the start
def other_start(weights):
    return 0.1 * np.roll(weights, -1, axis=1)


# %% other-start: the weights of the notebook, not the given ones
def other_start(weights):
    return 0.1 * sure


# %% cross-entropy: the logarithm of a finished softmax
def cross_entropy(z, t):
    return -(t * np.log(softmax(z))).sum(1)


# %% cross-entropy: a small number added
def cross_entropy(z, t):
    return -(t * np.log(softmax(z) + 1e-7)).sum(1)


# %% cross-entropy: no maximum taken out
def cross_entropy(z, t):
    return np.log(np.exp(z).sum(1)) - (t * z).sum(1)


# %% cross-entropy: the maximum of the whole batch
def cross_entropy(z, t):
    shifted = z - z.max()
    return np.log(np.exp(shifted).sum(1)) - (t * shifted).sum(1)


# %% cross-entropy: only the likeliest target counts
def cross_entropy(z, t):
    shifted = z - z.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return -log_p[np.arange(len(z)), t.argmax(1)]


# %% cross-entropy: the mean of the batch
def cross_entropy(z, t):
    shifted = z - z.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return -(t * log_p).sum(1).mean()


# %% cross-entropy: takes the maximum out in place
def cross_entropy(z, t):
    z -= z.max(1, keepdims=True)
    return -(t * (z - np.log(np.exp(z).sum(1, keepdims=True)))).sum(1)


# %% rms-rule: only the direct path
def rms_rule(a, g):
    return g / np.sqrt((a**2).mean(1, keepdims=True) + 1e-5)


# %% rms-rule: that of layer normalisation
def rms_rule(a, g):
    sd = np.sqrt(a.var(1, keepdims=True) + 1e-5)
    y = (a - a.mean(1, keepdims=True)) / sd
    return (g - g.mean(1, keepdims=True) - y * (g * y).mean(1, keepdims=True)) / sd


# %% rms-rule: the sum in place of the mean
def rms_rule(a, g):
    r = np.sqrt((a**2).mean(1, keepdims=True) + 1e-5)
    y = a / r
    return (g - y * (g * y).sum(1, keepdims=True)) / r


# %% rms-rule: along the wrong axis
def rms_rule(a, g):
    r = np.sqrt((a**2).mean(0, keepdims=True) + 1e-5)
    y = a / r
    return (g - y * (g * y).mean(0, keepdims=True)) / r


# %% rms-rule: one mean for all rows
def rms_rule(a, g):
    r = np.sqrt((a**2).mean(1, keepdims=True) + 1e-5)
    y = a / r
    return (g - y * (g * y).mean()) / r


# %% rms-rule: without ε
def rms_rule(a, g):
    r = np.sqrt((a**2).mean(1, keepdims=True))
    y = a / r
    return (g - y * (g * y).mean(1, keepdims=True)) / r


# %% temperature: leaves the logits as they are
def temperature(z, labels):
    return 1.0


# %% temperature: multiplies where the check divides
def temperature(z, labels):
    candidates = np.geomspace(0.01, 100, 200)
    return candidates[np.argmin([log_loss(z * T, labels) for T in candidates])]


# %% temperature: searches for accuracy, which no temperature changes
def temperature(z, labels):
    candidates = np.geomspace(0.1, 20, 200)
    return candidates[np.argmax([((z / T).argmax(1) == labels).mean() for T in candidates])]


# %% temperature: a number that suits one network
def temperature(z, labels):
    return 2.8


# %% temperature: the softest it can find
def temperature(z, labels):
    return 20.0


# %% temperature: looks above 1 only
def temperature(z, labels):
    candidates = np.linspace(1, 10, 100)
    return candidates[np.argmin([log_loss(z / T, labels) for T in candidates])]


# %% temperature: the worst in place of the best
def temperature(z, labels):
    candidates = np.geomspace(0.1, 20, 200)
    return candidates[np.argmax([log_loss(z / T, labels) for T in candidates])]


# %% temperature: from the spread of the logits, without the labels
def temperature(z, labels):
    return 0.24 * z.std()
