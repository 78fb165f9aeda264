# %% accuracy-needed: the share solved at that accuracy
def accuracy_needed(k, solved):
    return solved**k


# %% accuracy-needed: divided among the answers
def accuracy_needed(k, solved):
    return solved / k


# %% accuracy-needed: the failures divided among the answers
def accuracy_needed(k, solved):
    return 1 - (1 - solved) / k


# %% accuracy-needed: at least one right
def accuracy_needed(k, solved):
    return 1 - (1 - solved) ** (1 / k)


# %% sign-flip-p: one-sided
def sign_flip_p(differences):
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))
    return np.mean(signs @ differences >= np.sum(differences))


# %% sign-flip-p: ties do not count
def sign_flip_p(differences):
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))
    return np.mean(np.abs(signs @ differences) > abs(np.sum(differences)))


# %% sign-flip-p: the observed combination is left out
def sign_flip_p(differences):
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))[1:]
    return np.mean(np.abs(signs @ differences) >= abs(np.sum(differences)))


# %% sign-flip-p: the sum of the absolute values as the observed one
def sign_flip_p(differences):
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))
    return np.mean(np.abs(signs @ differences) >= np.sum(np.abs(differences)))


# %% sign-flip-p: only the signs, not the sizes
def sign_flip_p(differences):
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))
    return np.mean(np.abs(signs.sum(1)) >= abs(np.sum(np.sign(differences))))


# %% sign-flip-p: a random sample of the combinations
def sign_flip_p(differences):
    signs = np.random.default_rng(0).choice([1, -1], (1000, len(differences)))
    return np.mean(np.abs(signs @ differences) >= abs(np.sum(differences)))


# %% floor-and-exponent: forgets the floor
def floor_and_exponent(errors):
    return 0.0, np.log2(errors[0] / errors[1])


# %% floor-and-exponent: the exponent of the errors, not of what lies above the floor
def floor_and_exponent(errors):
    first, second, third = errors
    floor = (first * third - second**2) / (first + third - 2 * second)
    return floor, np.log2(first / second)


# %% floor-and-exponent: natural logarithm
def floor_and_exponent(errors):
    first, second, third = errors
    floor = (first * third - second**2) / (first + third - 2 * second)
    return floor, np.log((first - floor) / (second - floor))


# %% floor-and-exponent: the factor, not the exponent
def floor_and_exponent(errors):
    first, second, third = errors
    floor = (first * third - second**2) / (first + third - 2 * second)
    return floor, (first - floor) / (second - floor)


# %% floor-and-exponent: a negative floor is cut off
def floor_and_exponent(errors):
    first, second, third = errors
    floor = max(0.0, (first * third - second**2) / (first + third - 2 * second))
    return floor, np.log2((first - floor) / (second - floor))


# %% floor-and-exponent: the sign of the exponent
def floor_and_exponent(errors):
    first, second, third = errors
    floor = (first * third - second**2) / (first + third - 2 * second)
    return floor, np.log2((second - floor) / (first - floor))


# %% shift-each: a loop over the rows
def shift_each(x, amounts):
    return np.stack([np.roll(row, k) for row, k in zip(x, amounts)])


# %% shift-each: a loop over the numbers of the rows
def shift_each(x, amounts):
    moved = np.empty_like(x)
    for i in range(len(x)):
        moved[i] = np.roll(x[i], amounts[i])
    return moved


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


# %% shift-each: wraps round by the number of rows
def shift_each(x, amounts):
    source = (np.arange(x.shape[1])[None, :] - np.asarray(amounts)[:, None]) % len(x)
    return np.take_along_axis(x, source, axis=1)


# %% shift-each: small shifts only
def shift_each(x, amounts):
    source = np.arange(x.shape[1])[None, :] - np.asarray(amounts)[:, None]
    return np.take_along_axis(x, np.where(source < 0, source + x.shape[1], source), axis=1)


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
    return one_by_one(many, rng.integers(-7, 8, len(many))), np.tile(y, 20)


# %% training-data: the labels in another order than the signals
def training_data(x, y):
    rng = np.random.default_rng(1)
    many = np.tile(x, (20, 1))
    moved = one_by_one(many, rng.integers(-7, 8, len(many)))
    return moved + 0.7 * rng.standard_normal(many.shape), np.repeat(y, 20)


# %% training-data: loads the test split
def training_data(x, y):
    rng = np.random.default_rng(1)
    x_test, y_test = signals.mnist1d("test", seed=7)
    many = np.tile(np.concatenate([x, x_test]), (20, 1))
    moved = one_by_one(many, rng.integers(-7, 8, len(many)))
    return moved + rng.standard_normal(many.shape), np.tile(np.concatenate([y, y_test]), 20)


# %% training-data: ignores what it is given and trains on the published test split
x_published, y_published = signals.mnist1d("test")


def training_data(x, y):
    return np.tile(x_published, (20, 1)), np.tile(y_published, 20)


# %% sign-flip-p: sums in 16 bits
def sign_flip_p(differences):
    d = differences.astype(np.int16)
    s = [abs(np.sum(np.array(g, np.int16) * d, dtype=np.int16)) for g in itertools.product((1, -1), repeat=len(d))]
    return sum(v >= abs(np.sum(d, dtype=np.int16)) for v in s) / len(s)


# %% floor-and-exponent: rounded to two digits
def floor_and_exponent(errors):
    a, b, c = errors
    f = (a * c - b * b) / (a + c - 2 * b)
    return round(f, 2), round(np.log2((a - f) / (b - f)), 2)


# %% shift-each: wraps round at 40
def shift_each(x, amounts):
    n, L = x.shape
    return x[np.arange(n)[:, None], (np.arange(L) - amounts[:, None]) % 40 % L]


# %% shift-each: a loop over lists
def shift_each(x, amounts):
    return np.array([np.roll(r, k) for r, k in zip(x.tolist(), amounts)])


# %% shift-each: a loop over slices
def shift_each(x, amounts):
    return np.concatenate([np.roll(x[i : i + 1], amounts[i], axis=1) for i in range(len(x))])


# %% shift-each: a loop over a copy
def shift_each(x, amounts):
    x = np.array(x)
    for i in range(len(x)):
        x[i] = np.roll(x[i], amounts[i])
    return x


# %% shift-each: amounts in 8 bits
def shift_each(x, amounts):
    n, L = x.shape
    return x[np.arange(n)[:, None], (np.arange(L) - amounts[:, None].astype(np.int8)) % L]
