# %% temperature-for: the odds are taken for a lead
def temperature_for(lead, odds):
    return lead / odds


# %% temperature-for: upside down
def temperature_for(lead, odds):
    return math.log(odds) / lead


# %% temperature-for: the logarithm to the base two
def temperature_for(lead, odds):
    return lead / math.log2(odds)


# %% temperature-for: never below one
def temperature_for(lead, odds):
    return max(1.0, lead / math.log(odds))


# %% temperature-for: the share in place of the odds
def temperature_for(lead, odds):
    return lead / math.log(1 + odds)


# %% reverse-gradient: that of the chapter's loss
def reverse_gradient(z, v, T):
    return T * (softmax(z / T) - softmax(v / T)) / len(z)


# %% reverse-gradient: without the mean log-ratio
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    return T * q * np.log(q / p) / len(z)


# %% reverse-gradient: the product rule's 1 is kept
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    ratio = np.log(q / p)
    return T * q * (ratio + 1 - (q * ratio).sum(1, keepdims=True)) / len(z)


# %% reverse-gradient: no mean over the rows
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    ratio = np.log(q / p)
    return T * q * (ratio - (q * ratio).sum(1, keepdims=True))


# %% reverse-gradient: T² without the 1/T of the softmax
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    ratio = np.log(q / p)
    return T**2 * q * (ratio - (q * ratio).sum(1, keepdims=True)) / len(z)


# %% reverse-gradient: the mean under the teacher
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    ratio = np.log(q / p)
    return T * q * (ratio - (p * ratio).sum(1, keepdims=True)) / len(z)


# %% reverse-gradient: a plain mean of the log-ratio
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    ratio = np.log(q / p)
    return T * q * (ratio - ratio.mean(1, keepdims=True)) / len(z)


# %% reverse-gradient: a mean over all numbers
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    ratio = np.log(q / p)
    return T * q * (ratio - (q * ratio).sum(1, keepdims=True)) / z.size


# %% rebuilt: rescaled, the rest forgotten
def rebuilt(log_p, ids, num_classes):
    kept = np.exp(log_p)
    targets = np.zeros((len(ids), num_classes))
    np.put_along_axis(targets, ids, kept / kept.sum(1, keepdims=True), axis=1)
    return targets


# %% rebuilt: the rest is lost
def rebuilt(log_p, ids, num_classes):
    targets = np.zeros((len(ids), num_classes))
    np.put_along_axis(targets, ids, np.exp(log_p), axis=1)
    return targets


# %% rebuilt: the rest over all classes, on top
def rebuilt(log_p, ids, num_classes):
    kept = np.exp(log_p)
    targets = np.repeat((1 - kept.sum(1, keepdims=True)) / num_classes, num_classes, axis=1)
    part = np.take_along_axis(targets, ids, axis=1)
    np.put_along_axis(targets, ids, part + kept, axis=1)
    return targets


# %% rebuilt: the rest divided by all classes
def rebuilt(log_p, ids, num_classes):
    kept = np.exp(log_p)
    targets = np.repeat((1 - kept.sum(1, keepdims=True)) / num_classes, num_classes, axis=1)
    np.put_along_axis(targets, ids, kept, axis=1)
    return targets


# %% rebuilt: the whole rest for each other class
def rebuilt(log_p, ids, num_classes):
    kept = np.exp(log_p)
    targets = np.repeat(1 - kept.sum(1, keepdims=True), num_classes, axis=1)
    np.put_along_axis(targets, ids, kept, axis=1)
    return targets


# %% rebuilt: divides by zero when all were kept (raises ZeroDivisionError)
def rebuilt(log_p, ids, num_classes):
    targets = np.empty((len(ids), num_classes))
    for row, (some, where) in enumerate(zip(np.exp(log_p).tolist(), ids.tolist())):
        targets[row] = (1 - sum(some)) / (num_classes - len(where))
        for value, place in zip(some, where):
            targets[row, place] = value
    return targets


# %% rebuilt: logarithms are taken for probabilities
def rebuilt(log_p, ids, num_classes):
    rest = (1 - log_p.sum(1, keepdims=True)) / max(num_classes - ids.shape[1], 1)
    targets = np.repeat(rest, num_classes, axis=1)
    np.put_along_axis(targets, ids, log_p, axis=1)
    return targets


# %% rebuilt: every row gets the values of all rows
def rebuilt(log_p, ids, num_classes):
    kept = np.exp(log_p)
    rest = (1 - kept.sum(1, keepdims=True)) / max(num_classes - ids.shape[1], 1)
    targets = np.repeat(rest, num_classes, axis=1)
    targets[:, ids[0]] = kept
    return targets
