# %% from-chinese: takes 亿 for a billion
def from_chinese(text):
    unit = {"亿": 1e9, "万": 1e4}.get(text[-1], 1.0)
    return float(text.rstrip("亿万")) * unit


# %% from-chinese: forgets numbers without a unit
def from_chinese(text):
    return float(text[:-1]) * {"亿": 1e8, "万": 1e4}[text[-1]]


# %% from-chinese: takes whole numbers only
def from_chinese(text):
    unit = {"亿": 1e8, "万": 1e4}.get(text[-1], 1.0)
    return int(text.rstrip("亿万")) * unit


# %% perceptron-step: learns from right answers too
def perceptron_step(w, x, y):
    return w + y * x


# %% perceptron-step: takes a score of zero for right
def perceptron_step(w, x, y):
    return w + y * x if y * (w @ x) < 0 else w


# %% perceptron-step: changes the caller's weights
def perceptron_step(w, x, y):
    if y * (w @ x) <= 0:
        w += y * x
    return w


# %% doubling-months: natural logarithm
def doubling_months(years, sizes):
    return 12 / np.polyfit(years, np.log(sizes), 1)[0]


# %% doubling-months: the first and the last point only
def doubling_months(years, sizes):
    return 12 * (years[-1] - years[0]) / np.log2(sizes[-1] / sizes[0])


# %% doubling-months: gives years
def doubling_months(years, sizes):
    return 1 / np.polyfit(years, np.log2(sizes), 1)[0]


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


# %% xor-weights: computes OR
def xor_weights():
    return np.ones((2, 2)), np.array([-0.5, -1.5]), np.array([1, 1]), -0.5


# %% xor-weights: sits on the threshold
def xor_weights():
    return np.ones((2, 2)), np.array([0, -1]), np.array([1, -1]), 0


# %% xor-weights: returns the weights without the biases
def xor_weights():
    return np.ones((2, 2)), np.array([1, -1])
