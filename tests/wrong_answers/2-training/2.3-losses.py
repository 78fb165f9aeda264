# %% smoothed-lead: the right class without its share of ε
def smoothed_lead(epsilon, num_classes):
    return math.log((1 - epsilon) / (epsilon / num_classes))


# %% smoothed-lead: ε shared among the other classes only
def smoothed_lead(epsilon, num_classes):
    return math.log((1 - epsilon) / (epsilon / (num_classes - 1)))


# %% smoothed-lead: a ratio, not its logarithm
def smoothed_lead(epsilon, num_classes):
    return (1 - epsilon + epsilon / num_classes) / (epsilon / num_classes)


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


# %% squared-error-gradient: that of cross-entropy
def squared_error_gradient(z, t):
    return softmax(z) - t


# %% squared-error-gradient: only the diagonal of the softmax's derivative
def squared_error_gradient(z, t):
    p = softmax(z)
    return 2 * (p - t) * p * (1 - p)


# %% squared-error-gradient: with respect to the probabilities
def squared_error_gradient(z, t):
    return 2 * (softmax(z) - t)


# %% squared-error-gradient: without the factor two
def squared_error_gradient(z, t):
    p = softmax(z)
    return p * ((p - t) - (p * (p - t)).sum(1, keepdims=True))


# %% calibration-error: every bin weighs the same
def calibration_error(confidence, right, bins):
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    return np.mean([abs(right[which == b].mean() - confidence[which == b].mean()) for b in np.unique(which)])


# %% calibration-error: the middle of the bin for the confidence
def calibration_error(confidence, right, bins):
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    return sum((which == b).mean() * abs(right[which == b].mean() - (b + 0.5) / bins) for b in np.unique(which))


# %% calibration-error: the absolute value at the end
def calibration_error(confidence, right, bins):
    return abs(np.mean(right) - np.mean(confidence))


# %% calibration-error: a confidence of 1 falls out
def calibration_error(confidence, right, bins):
    which = (confidence * bins).astype(int)
    gaps = [
        (which == b).mean() * abs(right[which == b].mean() - confidence[which == b].mean())
        for b in range(bins)
        if (which == b).any()
    ]
    return sum(gaps)


# %% temperature: leaves the logits as they are
def temperature(z, labels):
    return 1.0


# %% temperature: multiplies where the check divides
def temperature(z, labels):
    candidates, target = np.geomspace(0.1, 20, 200), np.eye(z.shape[1])[labels]
    return candidates[np.argmin([cross_entropy(z * T, target).mean() for T in candidates])]


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
