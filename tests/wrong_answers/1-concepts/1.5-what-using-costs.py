"""Wrong answers to the exercises of 1.5."""


# %% answer-flops: the last token goes through as well
def answer_flops(parameters, prompt_tokens, new_tokens):
    return 2 * parameters * (prompt_tokens + new_tokens)


# %% answer-flops: an empty answer costs less than reading the prompt
def answer_flops(parameters, prompt_tokens, new_tokens):
    return 2 * parameters * (prompt_tokens + new_tokens - 1)


# %% answer-flops: one operation a parameter
def answer_flops(parameters, prompt_tokens, new_tokens):
    return parameters * (prompt_tokens + max(new_tokens - 1, 0))


# %% texts-that-fit: keys without values
def texts_that_fit(memory, parameters, num_layers, num_kv_heads, head_dim, tokens, bytes_per_number):
    weights = parameters * bytes_per_number
    if weights > memory:
        raise ValueError(f"{weights}")
    return (memory - weights) // (num_layers * num_kv_heads * head_dim * tokens * bytes_per_number)


# %% texts-that-fit: rounded to the nearest
def texts_that_fit(memory, parameters, num_layers, num_kv_heads, head_dim, tokens, bytes_per_number):
    weights = parameters * bytes_per_number
    if weights > memory:
        raise ValueError(f"{weights}")
    return round((memory - weights) / (2 * num_layers * num_kv_heads * head_dim * tokens * bytes_per_number))


# %% texts-that-fit: the weights forgotten
def texts_that_fit(memory, parameters, num_layers, num_kv_heads, head_dim, tokens, bytes_per_number):
    if parameters * bytes_per_number > memory:
        raise ValueError(f"{parameters * bytes_per_number}")
    return memory // (2 * num_layers * num_kv_heads * head_dim * tokens * bytes_per_number)


# %% texts-that-fit: no error, but a negative number of texts
def texts_that_fit(memory, parameters, num_layers, num_kv_heads, head_dim, tokens, bytes_per_number):
    weights = parameters * bytes_per_number
    return (memory - weights) // (2 * num_layers * num_kv_heads * head_dim * tokens * bytes_per_number)


# %% texts-that-fit: an error where the weights just fit
def texts_that_fit(memory, parameters, num_layers, num_kv_heads, head_dim, tokens, bytes_per_number):
    weights = parameters * bytes_per_number
    one = 2 * num_layers * num_kv_heads * head_dim * tokens * bytes_per_number
    if weights >= memory:
        return -1
    return (memory - weights) // one


# %% pass-seconds: the sum of both times
def pass_seconds(parameters, rows, bytes_per_parameter, flops_per_s, bytes_per_s):
    return 2 * parameters * rows / flops_per_s + parameters * bytes_per_parameter / bytes_per_s


def largest_free_batch(bytes_per_parameter, flops_per_s, bytes_per_s):
    return bytes_per_parameter * flops_per_s // (2 * bytes_per_s)


# %% pass-seconds: the weights are read once for each row
def pass_seconds(parameters, rows, bytes_per_parameter, flops_per_s, bytes_per_s):
    return max(2 * parameters * rows / flops_per_s, rows * parameters * bytes_per_parameter / bytes_per_s)


def largest_free_batch(bytes_per_parameter, flops_per_s, bytes_per_s):
    return bytes_per_parameter * flops_per_s // (2 * bytes_per_s)


# %% pass-seconds: the first batch that is no longer free
def pass_seconds(parameters, rows, bytes_per_parameter, flops_per_s, bytes_per_s):
    return max(2 * parameters * rows / flops_per_s, parameters * bytes_per_parameter / bytes_per_s)


def largest_free_batch(bytes_per_parameter, flops_per_s, bytes_per_s):
    return bytes_per_parameter * flops_per_s // (2 * bytes_per_s) + 1


# %% pass-seconds: equality does not count as free
def pass_seconds(parameters, rows, bytes_per_parameter, flops_per_s, bytes_per_s):
    return max(2 * parameters * rows / flops_per_s, parameters * bytes_per_parameter / bytes_per_s)


def largest_free_batch(bytes_per_parameter, flops_per_s, bytes_per_s):
    rows = 0
    while 2 * (rows + 1) / flops_per_s < bytes_per_parameter / bytes_per_s:
        rows += 1
    return rows


# %% token-passes: one pass too many without a cache
def token_passes(prompt_tokens, new_tokens, cached):
    if cached:
        return prompt_tokens + new_tokens - 1
    return sum(prompt_tokens + i for i in range(new_tokens + 1))


# %% token-passes: the last token goes through with the cache
def token_passes(prompt_tokens, new_tokens, cached):
    if cached:
        return prompt_tokens + new_tokens
    return sum(prompt_tokens + i for i in range(new_tokens))


# %% token-passes: the passes counted, not the tokens
def token_passes(prompt_tokens, new_tokens, cached):
    return new_tokens if cached else new_tokens * prompt_tokens


# %% best-size: use costs as much a token as training
def best_size(loss, used, law):
    E, A, B, alpha, beta = law
    if loss <= E:
        raise ValueError("no")
    N = np.logspace(6, 13, 20_001)
    left = loss - E - A / N**alpha
    N, left = N[left > 0], left[left > 0]
    D = (B / left) ** (1 / beta)
    return float(N[np.argmin(6 * N * (D + used))])


def ratio():
    return best_size(2.25, 1e13, (1.69, 406.4, 410.7, 0.34, 0.28)) / best_size(
        2.25, 1e13, (1.8172, 482.01, 2085.43, 0.3478, 0.3658)
    )


# %% best-size: training alone
def best_size(loss, used, law):
    E, A, B, alpha, beta = law
    if loss <= E:
        raise ValueError("no")
    N = np.logspace(6, 13, 20_001)
    left = loss - E - A / N**alpha
    N, left = N[left > 0], left[left > 0]
    D = (B / left) ** (1 / beta)
    return float(N[np.argmin(6 * N * D)])


def ratio():
    return 1.0


# %% best-size: the ratio upside down
HOFFMANN = (1.69, 406.4, 410.7, 0.34, 0.28)
BESIROGLU = (1.8172, 482.01, 2085.43, 0.3478, 0.3658)


def best_size(loss, used, law):
    E, A, B, alpha, beta = law
    if loss <= E:
        raise ValueError("no")
    N = np.logspace(6, 13, 20_001)
    left = loss - E - A / N**alpha
    N, left = N[left > 0], left[left > 0]
    D = (B / left) ** (1 / beta)
    return float(N[np.argmin(6 * N * D + 2 * N * used)])


def ratio():
    return best_size(2.25, 1e13, BESIROGLU) / best_size(2.25, 1e13, HOFFMANN)


# %% best-size: no error where no model is good enough
HOFFMANN = (1.69, 406.4, 410.7, 0.34, 0.28)
BESIROGLU = (1.8172, 482.01, 2085.43, 0.3478, 0.3658)


def best_size(loss, used, law):
    E, A, B, alpha, beta = law
    N = np.logspace(6, 13, 20_001)
    left = np.maximum(loss - E - A / N**alpha, 1e-9)
    D = (B / left) ** (1 / beta)
    return float(N[np.argmin(6 * N * D + 2 * N * used)])


def ratio():
    return best_size(2.25, 1e13, HOFFMANN) / best_size(2.25, 1e13, BESIROGLU)


# %% best-size: one floor for both laws
HOFFMANN = (1.69, 406.4, 410.7, 0.34, 0.28)
BESIROGLU = (1.8172, 482.01, 2085.43, 0.3478, 0.3658)


def best_size(loss, used, law):
    E, A, B, alpha, beta = law
    if loss <= 1.69:
        raise ValueError("no")
    N = np.logspace(6, 13, 20_001)
    left = loss - E - A / N**alpha
    D = np.where(left > 0, (B / np.maximum(left, 1e-12)) ** (1 / beta), np.inf)
    return float(N[np.argmin(6 * N * D + 2 * N * used)])


def ratio():
    return best_size(2.25, 1e13, HOFFMANN) / best_size(2.25, 1e13, BESIROGLU)


# %% best-size: only the sizes that the chapter searched
HOFFMANN = (1.69, 406.4, 410.7, 0.34, 0.28)
BESIROGLU = (1.8172, 482.01, 2085.43, 0.3478, 0.3658)


def best_size(loss, used, law):
    E, A, B, alpha, beta = law
    if loss <= E:
        raise ValueError("no")
    N = np.logspace(7, 12, 20_001)
    left = loss - E - A / N**alpha
    N, left = N[left > 0], left[left > 0]
    D = (B / left) ** (1 / beta)
    return float(N[np.argmin(6 * N * D + 2 * N * used)])


def ratio():
    return best_size(2.25, 1e13, HOFFMANN) / best_size(2.25, 1e13, BESIROGLU)


# %% best-size: the ratio of models that nobody uses
HOFFMANN = (1.69, 406.4, 410.7, 0.34, 0.28)
BESIROGLU = (1.8172, 482.01, 2085.43, 0.3478, 0.3658)


def best_size(loss, used, law):
    E, A, B, alpha, beta = law
    if loss <= E:
        raise ValueError("no")
    N = np.logspace(6, 13, 20_001)
    left = loss - E - A / N**alpha
    N, left = N[left > 0], left[left > 0]
    D = (B / left) ** (1 / beta)
    return float(N[np.argmin(6 * N * D + 2 * N * used)])


def ratio():
    return best_size(2.25, 0, HOFFMANN) / best_size(2.25, 0, BESIROGLU)


# %% best-size: sizes that are too small are kept, with the distance below the loss
HOFFMANN = (1.69, 406.4, 410.7, 0.34, 0.28)
BESIROGLU = (1.8172, 482.01, 2085.43, 0.3478, 0.3658)


def best_size(loss, used, law):
    E, A, B, alpha, beta = law
    if loss <= E:
        raise ValueError("no")
    N = np.logspace(6, 13, 20_001)
    D = (B / np.abs(loss - E - A / N**alpha)) ** (1 / beta)
    return float(N[np.argmin(6 * N * D + 2 * N * used)])


def ratio():
    return best_size(2.25, 1e13, HOFFMANN) / best_size(2.25, 1e13, BESIROGLU)
