# %% generalisation-gap: test minus training
def generalisation_gap(train_answers, train_labels, test_answers, test_labels):
    return np.mean(test_answers == test_labels) - np.mean(train_answers == train_labels)


# %% generalisation-gap: counts instead of shares
def generalisation_gap(train_answers, train_labels, test_answers, test_labels):
    return np.sum(train_answers == train_labels) - np.sum(test_answers == test_labels)


# %% generalisation-gap: both over the length of the training split
def generalisation_gap(train_answers, train_labels, test_answers, test_labels):
    n = len(train_labels)
    return np.sum(train_answers == train_labels) / n - np.sum(test_answers == test_labels) / n


# %% paired-difference: the spread, not the error of the mean
def paired_difference(a, b):
    difference = np.asarray(b) - np.asarray(a)
    return difference.mean(), difference.std(ddof=1)


# %% paired-difference: n in the standard deviation
def paired_difference(a, b):
    difference = np.asarray(b) - np.asarray(a)
    return difference.mean(), difference.std() / np.sqrt(len(difference))


# %% paired-difference: not paired
def paired_difference(a, b):
    error = np.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / len(a))
    return np.mean(b) - np.mean(a), error


# %% paired-difference: the wrong way round
def paired_difference(a, b):
    difference = np.asarray(a) - np.asarray(b)
    return difference.mean(), difference.std(ddof=1) / np.sqrt(len(difference))


# %% shift-each: to the left
def shift_each(x, amounts):
    source = (np.arange(x.shape[1])[None, :] + np.asarray(amounts)[:, None]) % x.shape[1]
    return np.take_along_axis(x, source, axis=1)


# %% shift-each: the same shift for all
def shift_each(x, amounts):
    return np.roll(x, amounts[0], axis=1)


# %% shift-each: does not wrap round
def shift_each(x, amounts):
    source = np.clip(np.arange(x.shape[1])[None, :] - np.asarray(amounts)[:, None], 0, x.shape[1] - 1)
    return np.take_along_axis(x, source, axis=1)


# %% width-for: gives the slope, not the exponent
def width_for(widths, errors, target):
    slope, intercept = np.polyfit(np.log(widths), np.log(errors), 1)
    return slope, np.exp((np.log(target) - intercept) / slope)


# %% width-for: fits the logarithm of the errors only
def width_for(widths, errors, target):
    slope, intercept = np.polyfit(widths, np.log(errors), 1)
    return -slope, (np.log(target) - intercept) / slope


# %% width-for: the first and the last point only
def width_for(widths, errors, target):
    p = -np.log(errors[-1] / errors[0]) / np.log(widths[-1] / widths[0])
    return p, widths[-1] * (errors[-1] / target) ** (1 / p)


# %% width-for: forgets to undo the logarithm
def width_for(widths, errors, target):
    slope, intercept = np.polyfit(np.log(widths), np.log(errors), 1)
    return -slope, (np.log(target) - intercept) / slope


# %% training-data: leaves the data as they are
def training_data(x, y):
    return x, y


# %% training-data: noise only
def training_data(x, y):
    rng = np.random.default_rng(1)
    many = np.tile(x, (20, 1))
    return many + 0.7 * rng.standard_normal(many.shape), np.tile(y, 20)


# %% training-data: shifts only
def training_data(x, y):
    rng = np.random.default_rng(1)
    many = np.tile(x, (20, 1))
    return shift_each(many, rng.integers(-7, 8, len(many))), np.tile(y, 20)


# %% training-data: the labels in another order than the signals
def training_data(x, y):
    rng = np.random.default_rng(1)
    many = np.tile(x, (20, 1))
    moved = shift_each(many, rng.integers(-7, 8, len(many)))
    return moved + 0.7 * rng.standard_normal(many.shape), np.repeat(y, 20)
