# %% length-after: rounds down
def length_after(length, strides):
    for stride in strides:
        length //= stride
    return length


# %% length-after: as with a kernel of three and no padding
def length_after(length, strides):
    for stride in strides:
        length = (length - 3) // stride + 1
    return length


# %% convolve: turns the kernel round
def convolve(x, kernel):
    size = len(kernel)
    return np.array([np.tensordot(x[t : t + size], kernel[::-1], 2) for t in range(len(x) - size + 1)])


# %% convolve: pads
def convolve(x, kernel):
    size = len(kernel)
    padded = np.pad(x, ((size // 2, size // 2), (0, 0)))
    return np.array([np.tensordot(padded[t : t + size], kernel, 2) for t in range(len(x))])


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


# %% gain: averages before it squares
def gain(phi):
    z = np.linspace(-10, 10, 20_001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return 1 / (np.sum(phi(z) * density * (z[1] - z[0])) ** 2 + 1e-30)


# %% gain: upside down
def gain(phi):
    z = np.linspace(-10, 10, 20_001)
    return np.sum(phi(z) ** 2 * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0]))


# %% small-network: dense again
def small_network():
    return dense.mlp((40, 50, 50, 10), last_activation=None)


# %% small-network: too large
def small_network():
    return keras.Sequential(
        [keras.Input((40,)), keras.layers.Reshape((40, 1)), vision.conv_net((40, 1), (64, 64, 64), (5, 3, 3), 10)]
    )
