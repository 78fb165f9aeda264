# %% hidden-units: forgets the biases
def hidden_units(inputs, outputs, budget):
    return max(budget // (inputs + outputs), 0)


# %% hidden-units: forgets the outputs' biases
def hidden_units(inputs, outputs, budget):
    return max(budget // (inputs + 1 + outputs), 0)


# %% hidden-units: rounds to the nearest
def hidden_units(inputs, outputs, budget):
    return max(round((budget - outputs) / (inputs + 1 + outputs)), 0)


# %% hidden-units: wants fewer than the budget
def hidden_units(inputs, outputs, budget):
    h = 0
    while (h + 1) * (inputs + 1 + outputs) + outputs < budget:
        h += 1
    return h


# %% hidden-units: goes below zero
def hidden_units(inputs, outputs, budget):
    return (budget - outputs) // (inputs + 1 + outputs)


# %% hidden-units: one bias for each output of each unit
def hidden_units(inputs, outputs, budget):
    return max(budget // (inputs + 1 + 2 * outputs), 0)


# %% conv-parameters: ignores the groups
def conv_parameters(kernel, channels, filters, groups=1):
    return kernel * kernel * channels * filters + filters


# %% conv-parameters: one bias for the whole layer
def conv_parameters(kernel, channels, filters, groups=1):
    return kernel * kernel * (channels // groups) * filters + 1


# %% conv-parameters: a kernel of one dimension
def conv_parameters(kernel, channels, filters, groups=1):
    return kernel * (channels // groups) * filters + filters


# %% training-run-flops: counts the forward pass only
def training_run_flops(sizes, examples, epochs):
    return sum(2 * m * n for m, n in zip(sizes, sizes[1:])) * examples * epochs


# %% training-run-flops: three times the forward pass, the first layer included
def training_run_flops(sizes, examples, epochs):
    return 3 * sum(2 * m * n for m, n in zip(sizes, sizes[1:])) * examples * epochs


# %% training-run-flops: counts a multiplication with its addition as one
def training_run_flops(sizes, examples, epochs):
    return (3 * sum(m * n for m, n in zip(sizes, sizes[1:])) - sizes[0] * sizes[1]) * examples * epochs


# %% training-run-flops: counts parameters instead of products
def training_run_flops(sizes, examples, epochs):
    return 6 * sum(m * n + n for m, n in zip(sizes, sizes[1:])) * examples * epochs


# %% llama-parameters: two feed-forward matrices as in GPT-2
def llama_parameters(num_layers, d_model, num_heads, num_kv_heads, head_dim, d_ff, vocab_size, tied):
    attention = 2 * d_model * num_heads * head_dim + 2 * d_model * num_kv_heads * head_dim
    block = attention + 2 * d_model * d_ff + 2 * d_model
    return num_layers * block + vocab_size * d_model * (1 if tied else 2) + d_model


# %% llama-parameters: keys and values with all heads
def llama_parameters(num_layers, d_model, num_heads, num_kv_heads, head_dim, d_ff, vocab_size, tied):
    block = 4 * d_model * num_heads * head_dim + 3 * d_model * d_ff + 2 * d_model
    return num_layers * block + vocab_size * d_model * (1 if tied else 2) + d_model


# %% llama-parameters: forgets the last normalisation
def llama_parameters(num_layers, d_model, num_heads, num_kv_heads, head_dim, d_ff, vocab_size, tied):
    attention = 2 * d_model * num_heads * head_dim + 2 * d_model * num_kv_heads * head_dim
    block = attention + 3 * d_model * d_ff + 2 * d_model
    return num_layers * block + vocab_size * d_model * (1 if tied else 2)


# %% conv-parameters: the groups share their kernels
def conv_parameters(kernel, channels, filters, groups=1):
    return kernel * kernel * (channels // groups) * (filters // groups) + filters


# %% conv-parameters: groups once too often
def conv_parameters(kernel, channels, filters, groups=1):
    return kernel * kernel * channels * filters * groups + filters


# %% training-run-flops: spares the last layer instead of the first
def training_run_flops(sizes, examples, epochs):
    forward = sum(2 * m * n for m, n in zip(sizes, sizes[1:]))
    return (3 * forward - 2 * sizes[-2] * sizes[-1]) * examples * epochs


# %% training-run-flops: forgets the epochs
def training_run_flops(sizes, examples, epochs):
    forward = sum(2 * m * n for m, n in zip(sizes, sizes[1:]))
    return (3 * forward - 2 * sizes[0] * sizes[1]) * examples


# %% training-run-flops: adds the biases
def training_run_flops(sizes, examples, epochs):
    forward = sum(2 * m * n + n for m, n in zip(sizes, sizes[1:]))
    return (3 * forward - 2 * sizes[0] * sizes[1]) * examples * epochs


# %% llama-parameters: head size from the width
def llama_parameters(num_layers, d_model, num_heads, num_kv_heads, head_dim, d_ff, vocab_size, tied):
    h = d_model // num_heads
    attention = 2 * d_model * num_heads * h + 2 * d_model * num_kv_heads * h
    block = attention + 3 * d_model * d_ff + 2 * d_model
    return num_layers * block + vocab_size * d_model * (1 if tied else 2) + d_model


# %% llama-parameters: ignores tied
def llama_parameters(num_layers, d_model, num_heads, num_kv_heads, head_dim, d_ff, vocab_size, tied):
    attention = 2 * d_model * num_heads * head_dim + 2 * d_model * num_kv_heads * head_dim
    block = attention + 3 * d_model * d_ff + 2 * d_model
    return num_layers * block + 2 * vocab_size * d_model + d_model


# %% llama-parameters: rounded to thousands
def llama_parameters(num_layers, d_model, num_heads, num_kv_heads, head_dim, d_ff, vocab_size, tied):
    attention = 2 * d_model * num_heads * head_dim + 2 * d_model * num_kv_heads * head_dim
    block = attention + 3 * d_model * d_ff + 2 * d_model
    return round(num_layers * block + vocab_size * d_model * (1 if tied else 2) + d_model, -3)


# %% label-detective: only the first row
def vocabularies(labels, depths, widths, positions):
    label, L, d = labels[0], depths[0], widths[0]
    rest = L * (12 * d * d + 13 * d) + positions * d + 2 * d
    return -(-(label * 10**6 - 500_000 - rest) // d), (label * 10**6 + 500_000 - rest) // d


# %% label-detective: rounds the lower end down
def vocabularies(labels, depths, widths, positions):
    low, high = 1, float("inf")
    for label, L, d in zip(labels, depths, widths):
        rest = L * (12 * d * d + 13 * d) + positions * d + 2 * d
        low = max(low, (label * 10**6 - 500_000 - rest) // d)
        high = min(high, (label * 10**6 + 500_000 - rest) // d)
    return (low, high) if low <= high else None


# %% label-detective: the union in place of what is shared
def vocabularies(labels, depths, widths, positions):
    low, high = float("inf"), 0
    for label, L, d in zip(labels, depths, widths):
        rest = L * (12 * d * d + 13 * d) + positions * d + 2 * d
        low = min(low, -(-(label * 10**6 - 500_000 - rest) // d))
        high = max(high, (label * 10**6 + 500_000 - rest) // d)
    return low, high


# %% label-detective: an empty interval instead of None
def vocabularies(labels, depths, widths, positions):
    low, high = 1, float("inf")
    for label, L, d in zip(labels, depths, widths):
        rest = L * (12 * d * d + 13 * d) + positions * d + 2 * d
        low = max(low, -(-(label * 10**6 - 500_000 - rest) // d))
        high = min(high, (label * 10**6 + 500_000 - rest) // d)
    return low, high


# %% label-detective: leaves half a million out
def vocabularies(labels, depths, widths, positions):
    low, high = 1, float("inf")
    for label, L, d in zip(labels, depths, widths):
        rest = L * (12 * d * d + 13 * d) + positions * d + 2 * d
        low = max(low, (label * 10**6 - 500_000 - rest) // d + 1)
        high = min(high, -(-(label * 10**6 + 500_000 - rest) // d) - 1)
    return (low, high) if low <= high else None


# %% label-detective: forgets the positions
def vocabularies(labels, depths, widths, positions):
    low, high = 1, float("inf")
    for label, L, d in zip(labels, depths, widths):
        rest = L * (12 * d * d + 13 * d) + 2 * d
        low = max(low, -(-(label * 10**6 - 500_000 - rest) // d))
        high = min(high, (label * 10**6 + 500_000 - rest) // d)
    return (low, high) if low <= high else None


# %% label-detective: allows an empty vocabulary
def vocabularies(labels, depths, widths, positions):
    low, high = 0, float("inf")
    for label, L, d in zip(labels, depths, widths):
        rest = L * (12 * d * d + 13 * d) + positions * d + 2 * d
        low = max(low, -(-(label * 10**6 - 500_000 - rest) // d))
        high = min(high, (label * 10**6 + 500_000 - rest) // d)
    return (low, high) if low <= high else None


# %% label-detective: a single vocabulary counts as none
def vocabularies(labels, depths, widths, positions):
    low, high = 1, float("inf")
    for label, L, d in zip(labels, depths, widths):
        rest = L * (12 * d * d + 13 * d) + positions * d + 2 * d
        low = max(low, -(-(label * 10**6 - 500_000 - rest) // d))
        high = min(high, (label * 10**6 + 500_000 - rest) // d)
    return (low, high) if low < high else None
