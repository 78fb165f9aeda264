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


# %% temperature-for: the logarithm to the base ten
def temperature_for(lead, odds):
    return lead / math.log10(odds)


# %% temperature-for: the lead less the logarithm of the odds
def temperature_for(lead, odds):
    return lead - math.log(odds)


# %% temperature-for: the logarithm of a ratio of odds
def temperature_for(lead, odds):
    return math.log(math.exp(lead) / odds)


# %% temperature-for: never above the lead
def temperature_for(lead, odds):
    return min(lead, lead / math.log(odds))


# %% temperature-for: a search that ends at ten
def temperature_for(lead, odds):
    low, high = 0.1, 10.0
    for _ in range(200):
        T = (low + high) / 2
        low, high = (T, high) if lead / T > math.log(odds) else (low, T)
    return T


# %% temperature-for: rounded
def temperature_for(lead, odds):
    return round(lead / math.log(odds), 4)


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


# %% reverse-gradient: the log-ratio upside down
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    d = np.log(p / q)
    return T * q * (d - (q * d).sum(1, keepdims=True)) / len(z)


# %% reverse-gradient: the log-ratio at temperature 1
def reverse_gradient(z, v, T):
    q = softmax(z / T)
    d = z - v
    return T * q * (d - (q * d).sum(1, keepdims=True)) / len(z)


# %% reverse-gradient: T² is forgotten
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    d = np.log(q / p)
    return q * (d - (q * d).sum(1, keepdims=True)) / len(z) / T


# %% reverse-gradient: the derivative of the logarithm only
def reverse_gradient(z, v, T):
    q = softmax(z / T)
    return T * (q - q) / len(z)


# %% reverse-gradient: the mean log-ratio of all rows together
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    d = np.log(q / p)
    return T * q * (d - (q * d).sum()) / len(z)


# %% reverse-gradient: divided by the classes in place of the rows
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    d = np.log(q / p)
    return T * q * (d - (q * d).sum(1, keepdims=True)) / z.shape[1]


# %% reverse-gradient: in place
def reverse_gradient(z, v, T):
    z /= T
    v /= T
    q, p = softmax(z), softmax(v)
    d = np.log(q / p)
    return T * q * (d - (q * d).sum(1, keepdims=True)) / len(z)


# %% reverse-gradient: the teacher at temperature 1
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v)
    d = np.log(q / p)
    return T * q * (d - (q * d).sum(1, keepdims=True)) / len(z)


# %% reverse-gradient: only the diagonal of the softmax derivative
def reverse_gradient(z, v, T):
    q, p = softmax(z / T), softmax(v / T)
    d = np.log(q / p)
    return T * q * (1 - q) * (d + 1) / len(z)


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


# %% rebuilt: a kept 0 is taken for one of the others
def rebuilt(log_p, ids, num_classes):
    p = np.exp(log_p)
    out = np.zeros((len(ids), num_classes))
    np.put_along_axis(out, ids, p, 1)
    rest = (1 - p.sum(1, keepdims=True)) / max(num_classes - ids.shape[1], 1)
    return np.where(out == 0, rest, out)


# %% rebuilt: the others are counted by their zeros
def rebuilt(log_p, ids, num_classes):
    p = np.exp(log_p)
    out = np.zeros((len(ids), num_classes))
    np.put_along_axis(out, ids, p, 1)
    for row in out:
        if (row == 0).any():
            row[row == 0] = (1 - row.sum()) / (row == 0).sum()
    return out


# %% rebuilt: the rows are counted for k
def rebuilt(log_p, ids, num_classes):
    p = np.exp(log_p)
    out = np.repeat((1 - p.sum(1, keepdims=True)) / max(num_classes - len(ids), 1), num_classes, axis=1)
    np.put_along_axis(out, ids, p, 1)
    return out


# %% rebuilt: the ids are sorted, the values are not
def rebuilt(log_p, ids, num_classes):
    p = np.exp(log_p)
    out = np.repeat((1 - p.sum(1, keepdims=True)) / max(num_classes - ids.shape[1], 1), num_classes, axis=1)
    np.put_along_axis(out, np.sort(ids, 1), p, 1)
    return out


# %% rebuilt: the mean rest of all rows
def rebuilt(log_p, ids, num_classes):
    p = np.exp(log_p)
    out = np.full((len(ids), num_classes), (1 - p.sum(1).mean()) / max(num_classes - ids.shape[1], 1))
    np.put_along_axis(out, ids, p, 1)
    return out


# %% rebuilt: a softmax of what was kept
def rebuilt(log_p, ids, num_classes):
    out = np.full((len(ids), num_classes), -1e9)
    np.put_along_axis(out, ids, log_p, 1)
    return softmax(out)


# %% rebuilt: powers of two
def rebuilt(log_p, ids, num_classes):
    p = 2.0**log_p
    out = np.repeat((1 - p.sum(1, keepdims=True)) / max(num_classes - ids.shape[1], 1), num_classes, axis=1)
    np.put_along_axis(out, ids, p, 1)
    return out


# %% rebuilt: in place
def rebuilt(log_p, ids, num_classes):
    p = np.exp(log_p, out=log_p)
    out = np.repeat((1 - p.sum(1, keepdims=True)) / max(num_classes - ids.shape[1], 1), num_classes, axis=1)
    np.put_along_axis(out, ids, p, 1)
    return out
