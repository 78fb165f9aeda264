# %% inputs-seen: a layer's own stride counts for itself
def inputs_seen(kernels, strides):
    seen, apart = 1, 1
    for kernel, stride in zip(kernels, strides):
        apart *= stride
        seen += (kernel - 1) * apart
    return seen


# %% inputs-seen: forgets the strides
def inputs_seen(kernels, strides):
    return 1 + sum(kernel - 1 for kernel in kernels)


# %% inputs-seen: only the last stride counts, not the product
def inputs_seen(kernels, strides):
    seen, apart = 1, 1
    for kernel, stride in zip(kernels, strides):
        seen += (kernel - 1) * apart
        apart = stride
    return seen


# %% inputs-seen: adds up the kernels
def inputs_seen(kernels, strides):
    seen, apart = 0, 1
    for kernel, stride in zip(kernels, strides):
        seen += kernel * apart
        apart *= stride
    return seen


# %% inputs-seen: strides of later layers
def inputs_seen(kernels, strides):
    seen, apart = 1, 1
    for kernel, stride in zip(reversed(kernels), reversed(strides)):
        seen += (kernel - 1) * apart
        apart *= stride
    return seen


# %% inputs-seen: strides add up
def inputs_seen(kernels, strides):
    seen, apart = 1, 1
    for kernel, stride in zip(kernels, strides):
        seen += (kernel - 1) * apart
        apart += stride - 1
    return seen


# %% inputs-seen: takes kernels for odd
def inputs_seen(kernels, strides):
    seen, apart = 1, 1
    for kernel, stride in zip(kernels, strides):
        seen += 2 * (kernel // 2) * apart
        apart *= stride
    return seen


# %% convolve: turns the kernel round
def convolve(x, kernel):
    size = len(kernel)
    return np.array([np.tensordot(x[t : t + size], kernel[::-1], 2) for t in range(len(x) - size + 1)])


# %% convolve: pads
def convolve(x, kernel):
    size = len(kernel)
    padded = np.pad(x, ((size // 2, size // 2), (0, 0)))
    return np.array([np.tensordot(padded[t : t + size], kernel, 2) for t in range(len(x))])


# %% convolve: stops one place too early
def convolve(x, kernel):
    size = len(kernel)
    places = range(max(len(x) - size, 1))
    return np.array([np.tensordot(x[t : t + size], kernel, 2) for t in places])


# %% convolve: takes channels for filters
def convolve(x, kernel):
    size = len(kernel)
    turned = kernel.transpose(0, 2, 1)
    return np.array([np.einsum("kc,kcf->f", x[t : t + size], turned) for t in range(len(x) - size + 1)])


# %% convolve: changes its argument
def convolve(x, kernel):
    kernel[:] = kernel[::-1]
    return np.array(
        [sum(np.convolve(x[:, c], kernel[:, c, o], "valid") for c in range(x.shape[1])) for o in range(kernel.shape[2])]
    ).T


# %% convolve: filters first
def convolve(x, kernel):
    n = len(x) - len(kernel) + 1
    return sum(x[k : k + n] @ kernel[k] for k in range(len(kernel))).T


# %% convolve: wraps round
def convolve(x, kernel):
    return sum(np.roll(x, -k, 0) @ kernel[k] for k in range(len(kernel)))


# %% convolve: first channel only
def convolve(x, kernel):
    n = len(x) - len(kernel) + 1
    return sum(x[k : k + n, :1] @ kernel[k, :1] for k in range(len(kernel)))


# %% causal-attention: masks after the softmax
def causal_attention(q, k, v):
    scores = np.exp(q @ k.T / np.sqrt(q.shape[1]))
    return np.tril(scores / scores.sum(1, keepdims=True)) @ v


# %% causal-attention: forgets the root of h
def causal_attention(q, k, v):
    scores = np.tril(np.exp(q @ k.T))
    return scores / scores.sum(1, keepdims=True) @ v


# %% causal-attention: no mask
def causal_attention(q, k, v):
    scores = np.exp(q @ k.T / np.sqrt(q.shape[1]))
    return scores / scores.sum(1, keepdims=True) @ v


# %% causal-attention: takes every score of zero for a forbidden one
def causal_attention(q, k, v):
    scores = np.tril(q @ k.T / np.sqrt(q.shape[1]))
    scores = np.where(scores == 0, -np.inf, scores)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ v


# %% causal-attention: forbidden scores are 0, not minus infinity
def causal_attention(q, k, v):
    scores = np.tril(q @ k.T / np.sqrt(q.shape[1]))
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ v


# %% causal-attention: does not see itself
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    scores = np.where(np.tri(len(q), k=-1, dtype=bool), scores, -1e30)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ v


# %% causal-attention: overflows
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    weights = np.where(np.tri(len(q), dtype=bool), np.exp(scores), 0)
    return weights / weights.sum(1, keepdims=True) @ v


# %% causal-attention: the root of the number of tokens
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(len(q)), -np.inf)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ v


# %% causal-attention: global maximum
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    scores = np.where(np.tri(len(q), dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max())
    return weights / weights.sum(1, keepdims=True) @ v


# %% causal-attention: maximum of the row before the mask
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    scores = scores - scores.max(1, keepdims=True)
    weights = np.where(np.tri(len(q), dtype=bool), np.exp(scores), 0)
    return weights / weights.sum(1, keepdims=True) @ v


# %% causal-attention: mask of -10,000
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    scores = np.where(np.tri(len(q), dtype=bool), scores, -10000.0)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ v


# %% causal-attention: looks to the future
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    scores = np.where(np.tri(len(q), dtype=bool).T, scores, -np.inf)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ v


# %% causal-attention: the width of the values
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(v.shape[1])
    scores = np.where(np.tri(len(q), dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ v


# %% causal-attention: softmax down the columns
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    scores = np.where(np.tri(len(q), dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(0, keepdims=True))
    return weights / weights.sum(0, keepdims=True) @ v


# %% causal-attention: keys ask queries
def causal_attention(q, k, v):
    scores = k @ q.T / np.sqrt(q.shape[1])
    scores = np.where(np.tri(len(q), dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ v


# %% causal-attention: changes q
def causal_attention(q, k, v):
    q /= np.sqrt(q.shape[1])
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T, -np.inf)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True) @ v


# %% forty-layers: residuals at full size, as in section 7
def forty_layers():
    signal = keras.Input((40,))
    h = keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(signal)
    for _ in range(40):
        h = keras.layers.Add()([h, keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(h)])
    return keras.Model(signal, keras.layers.Dense(10)(h))


# %% forty-layers: everything starts at zero, so that no gradient reaches the branches
def forty_layers():
    signal = keras.Input((40,))
    h = keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(signal)
    for _ in range(40):
        f = keras.layers.Dense(32, "relu", kernel_initializer="zeros")(h)
        h = keras.layers.Add()([h, keras.layers.Dense(32, kernel_initializer="zeros")(f)])
    return keras.Model(signal, keras.layers.Dense(10)(h))


# %% forty-layers: no residual connection
def forty_layers():
    signal = keras.Input((40,))
    h = keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(signal)
    for _ in range(40):
        h = keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(h)
    return keras.Model(signal, keras.layers.Dense(10)(h))


# %% forty-layers: normalises all the same
def forty_layers():
    signal = keras.Input((40,))
    h = keras.layers.Dense(32, "relu")(signal)
    for _ in range(40):
        f = keras.layers.Dense(32, "relu")(keras.layers.LayerNormalization()(h))
        h = keras.layers.Add()([h, f])
    return keras.Model(signal, keras.layers.Dense(10)(h))


# %% forty-layers: four layers
def forty_layers():
    signal = keras.Input((40,))
    h = keras.layers.Dense(32, "relu")(signal)
    for _ in range(4):
        h = keras.layers.Add()([h, keras.layers.Rescaling(0.1)(keras.layers.Dense(32, "relu")(h))])
    return keras.Model(signal, keras.layers.Dense(10)(h))


# %% forty-layers: no residual, every layer starts as the identity
def forty_layers():
    signal = keras.Input((40,))
    h = keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(signal)
    for _ in range(40):
        h = keras.layers.Dense(32, "relu", kernel_initializer="identity")(h)
    return keras.Model(signal, keras.layers.Dense(10)(h))


# %% forty-layers: all branches read the first signal
def forty_layers():
    signal = keras.Input((40,))
    h = keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(signal)
    total = h
    for _ in range(40):
        f = keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(h)
        total = total + keras.layers.Dense(32, kernel_initializer="zeros")(f)
    return keras.Model(signal, keras.layers.Dense(10)(total))


# %% forty-layers: one branch for all
def forty_layers():
    one, two = keras.layers.Dense(32, "relu"), keras.layers.Dense(32, kernel_initializer="zeros")
    signal = keras.Input((40,))
    h = keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(signal)
    for _ in range(40):
        h = h + two(one(h))
    return keras.Model(signal, keras.layers.Dense(10)(h))


# %% forty-layers: normalises inside the branches
def forty_layers():
    signal = keras.Input((40,))
    h = keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(signal)
    for _ in range(40):
        branch = keras.Sequential(
            [keras.layers.LayerNormalization(), keras.layers.Dense(32, "relu", kernel_initializer="he_normal")]
        )
        h = h + branch(h)
    return keras.Model(signal, keras.layers.Dense(10)(h))


# %% forty-layers: ends in a softmax
def forty_layers():
    signal = keras.Input((40,))
    h = keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(signal)
    for _ in range(40):
        f = keras.layers.Dense(32, "relu", kernel_initializer="he_normal")(h)
        h = h + keras.layers.Dense(32, kernel_initializer="zeros")(f)
    return keras.Model(signal, keras.layers.Dense(10, "softmax")(h))


# %% small-network: the network of section 4, too large
def small_network():
    stack = [keras.Input((40,)), keras.layers.Reshape((40, 1))]
    for size in (5, 3, 3):
        stack.append(keras.layers.Conv1D(25, size, strides=2, padding="same", activation="relu"))
    return keras.Sequential(stack + [keras.layers.Flatten(), keras.layers.Dense(10)])


# %% small-network: dense and small
def small_network():
    return keras.Sequential(
        [keras.Input((40,)), keras.layers.Dense(30, "relu"), keras.layers.Dense(22, "relu"), keras.layers.Dense(10)]
    )


# %% small-network: the network of section 4 with fewer filters
def small_network():
    stack = [keras.Input((40,)), keras.layers.Reshape((40, 1))]
    for size in (5, 3, 3):
        stack.append(keras.layers.Conv1D(15, size, strides=2, padding="same", activation="relu"))
    return keras.Sequential(stack + [keras.layers.Flatten(), keras.layers.Dense(10)])


# %% small-network: ends in a softmax
def small_network():
    stack = [keras.Input((40,)), keras.layers.Reshape((40, 1))]
    for size, stride in ((5, 1), (3, 2), (3, 2), (3, 2)):
        stack.append(keras.layers.Conv1D(14, size, strides=stride, padding="same", activation="relu"))
    return keras.Sequential(stack + [keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(10, "softmax")])


# %% small-network: no activation
def small_network():
    s = [keras.Input((40,)), keras.layers.Reshape((40, 1))]
    for k, st in ((5, 1), (3, 2), (3, 2), (3, 2)):
        s.append(keras.layers.Conv1D(14, k, st, padding="same"))
    return keras.Sequential(s + [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(10)])


# %% small-network: nine classes
def small_network():
    return keras.Sequential(
        [
            keras.Input((40,)),
            keras.layers.Reshape((40, 1)),
            keras.layers.Conv1D(20, 9, activation="relu"),
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Dense(9),
        ]
    )
