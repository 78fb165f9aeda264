# %% label-slip: rounds with round(), which goes to the even neighbour
def is_slip(published, counted, unit):
    return round(counted / unit) != round(published / unit)


# %% label-slip: takes exactly half a unit for wrong
def is_slip(published, counted, unit):
    return abs(published - counted) >= unit / 2


# %% label-slip: looks to one side only
def is_slip(published, counted, unit):
    return counted - published > unit / 2


# %% label-slip: allows a whole unit
def is_slip(published, counted, unit):
    return abs(published - counted) > unit


# %% label-slip: cuts the digits off
def is_slip(published, counted, unit):
    return counted // unit != published // unit


# %% label-slip: says the opposite
def is_slip(published, counted, unit):
    return abs(published - counted) <= unit / 2


# %% spend: forgets the six
def spend(flops, tokens_per_parameter):
    parameters = (flops / tokens_per_parameter) ** 0.5
    return parameters, tokens_per_parameter * parameters


# %% spend: forgets the square root
def spend(flops, tokens_per_parameter):
    parameters = flops / (6 * tokens_per_parameter)
    return parameters, tokens_per_parameter * parameters


# %% spend: the ratio upside down
def spend(flops, tokens_per_parameter):
    parameters = (flops * tokens_per_parameter / 6) ** 0.5
    return parameters, parameters / tokens_per_parameter


# %% spend: returns the tokens first
def spend(flops, tokens_per_parameter):
    parameters = (flops / (6 * tokens_per_parameter)) ** 0.5
    return tokens_per_parameter * parameters, parameters


# %% spend: the root of the six only
def spend(flops, tokens_per_parameter):
    parameters = (flops / 6) ** 0.5 / tokens_per_parameter
    return parameters, tokens_per_parameter * parameters


# %% multiclass-step: raises the right row only
def multiclass_step(w, x, label):
    new = w.copy()
    if np.argmax(w @ x) != label:
        new[label] += x
    return new


# %% multiclass-step: lowers every other row
def multiclass_step(w, x, label):
    new = w.copy()
    if np.argmax(w @ x) != label:
        new -= x
        new[label] += 2 * x
    return new


# %% multiclass-step: changes the caller's weights
def multiclass_step(w, x, label):
    answer = np.argmax(w @ x)
    if answer != label:
        w[label] += x
        w[answer] -= x
    return w


# %% multiclass-step: of equal scores the last wins
def multiclass_step(w, x, label):
    scores = w @ x
    answer = len(scores) - 1 - np.argmax(scores[::-1])
    new = w.copy()
    if answer != label:
        new[label] += x
        new[answer] -= x
    return new


# %% multiclass-step: takes equal scores for a mistake
def multiclass_step(w, x, label):
    scores = w @ x
    others = [k for k in range(len(w)) if k != label]
    answer = max(others, key=lambda k: scores[k])
    new = w.copy()
    if scores[answer] >= scores[label]:
        new[label] += x
        new[answer] -= x
    return new


# %% multiclass-step: the label's row is the answer's
def multiclass_step(w, x, label):
    answer = np.argmax(w @ x)
    new = w.copy()
    if answer != label:
        new[label] -= x
        new[answer] += x
    return new


# %% multiclass-step: learns from right answers too
def multiclass_step(w, x, label):
    new = w.copy()
    new[label] += x
    return new


# %% carries-the-fit: compares months, not factors
def carries_the_fit(years, sizes):
    whole = doubling_months(years, sizes)
    rest = [np.arange(len(years)) != i for i in range(len(years))]
    return int(np.argmax([abs(doubling_months(years[r], sizes[r]) - whole) for r in rest]))


# %% carries-the-fit: looks for the longest time only
def carries_the_fit(years, sizes):
    rest = [np.arange(len(years)) != i for i in range(len(years))]
    return int(np.argmax([doubling_months(years[r], sizes[r]) for r in rest]))


# %% carries-the-fit: looks for the shortest time only
def carries_the_fit(years, sizes):
    rest = [np.arange(len(years)) != i for i in range(len(years))]
    return int(np.argmin([doubling_months(years[r], sizes[r]) for r in rest]))


# %% carries-the-fit: takes the row farthest from the line
def carries_the_fit(years, sizes):
    slope, level = np.polyfit(years, np.log2(sizes), 1)
    return int(np.argmax(abs(np.log2(sizes) - slope * years - level)))


# %% carries-the-fit: always the first row
def carries_the_fit(years, sizes):
    return 0


# %% xor-weights: computes OR
def xor_weights():
    return np.ones((2, 2)), np.array([-0.5, -1.5]), np.array([1, 1]), -0.5


# %% xor-weights: sits on the threshold
def xor_weights():
    return np.ones((2, 2)), np.array([0, -1]), np.array([1, -1]), 0


# %% xor-weights: returns the weights without the biases
def xor_weights():
    return np.ones((2, 2)), np.array([1, -1])


# %% xor-weights: four hidden units
def xor_weights():
    w1 = np.array([[1, 1, 1, 1], [1, 1, 1, 1]])
    return w1, np.array([-0.5, -1.5, -0.5, -1.5]), np.array([1, -1, 1, -1]), -0.5


# %% xor-weights: the wrong sign between the units
def xor_weights():
    return np.ones((2, 2)), np.array([-0.5, -1.5]), np.array([-1, 1]), 0.5


# %% spend: rounds both to whole numbers
def spend(flops, tokens_per_parameter):
    parameters = round((flops / (6 * tokens_per_parameter)) ** 0.5)
    return parameters, round(tokens_per_parameter * parameters)


# %% multiclass-step: whole numbers only
def multiclass_step(w, x, label):
    new, answer = w.astype(int), (w @ x).argmax()
    if answer != label:
        new[label] += x.astype(int)
        new[answer] -= x.astype(int)
    return new


# %% xor-weights: the answer stands in the bias
def xor_weights():
    return np.zeros((2, 2)), np.ones(2), np.zeros(2), np.array([-1, 1, 1, -1])
