# %% dense-parameters: forgets the biases
def dense_parameters(sizes):
    return sum(m * n for m, n in zip(sizes, sizes[1:]))


# %% dense-parameters: gives the inputs biases too
def dense_parameters(sizes):
    return sum(m * n for m, n in zip(sizes, sizes[1:])) + sum(sizes)


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


# %% small-and-deep: too wide at the front
def small_and_deep():
    return (784, 100, 50, 50, 50, 50, 10)


# %% small-and-deep: even layers, but too few units
def small_and_deep():
    return (784, 32, 32, 32, 32, 32, 10)
