# %% loss-added: the diagonal alone
def loss_added(hessian, w, removed):
    return sum(hessian[i, i] * w[i] ** 2 for i in removed) / 2


# %% loss-added: without the half
def loss_added(hessian, w, removed):
    change = np.zeros(len(w))
    change[removed] = -w[removed]
    return change @ hessian @ change


# %% loss-added: every pair counted once
def loss_added(hessian, w, removed):
    change = np.zeros(len(w))
    change[removed] = -w[removed]
    return change @ np.triu(hessian) @ change / 2


# %% loss-added: the weights that stay
def loss_added(hessian, w, removed):
    kept = w.copy()
    kept[removed] = 0
    return kept @ hessian @ kept / 2


# %% loss-added: one weight after the other, each alone
def loss_added(hessian, w, removed):
    return max([hessian[i, i] * w[i] ** 2 / 2 for i in removed], default=0.0)


# %% block-mask: the sizes in place of the squares
def block_mask(weights, rows, columns, sparsity):
    height, width = weights.shape
    sums = np.abs(weights.reshape(height // rows, rows, width // columns, columns)).sum((1, 3))
    keep = np.ones(sums.size, bool)
    keep[np.argsort(sums, axis=None, kind="stable")[: round(sparsity * sums.size)]] = False
    return np.kron(keep.reshape(sums.shape), np.ones((rows, columns))) > 0


# %% block-mask: blocks cut out of the flat row of weights
def block_mask(weights, rows, columns, sparsity):
    sums = (weights.reshape(-1, rows * columns) ** 2).sum(1)
    keep = np.ones(sums.size, bool)
    keep[np.argsort(sums, kind="stable")[: round(sparsity * sums.size)]] = False
    return np.repeat(keep, rows * columns).reshape(weights.shape)


# %% block-mask: rows and columns exchanged (raises ValueError)
def block_mask(weights, rows, columns, sparsity):
    rows, columns = columns, rows
    height, width = weights.shape
    sums = (weights.reshape(height // rows, rows, width // columns, columns) ** 2).sum((1, 3))
    keep = np.ones(sums.size, bool)
    keep[np.argsort(sums, axis=None, kind="stable")[: round(sparsity * sums.size)]] = False
    return np.kron(keep.reshape(sums.shape), np.ones((rows, columns))) > 0


# %% block-mask: of equal blocks the last goes first
def block_mask(weights, rows, columns, sparsity):
    height, width = weights.shape
    sums = (weights.reshape(height // rows, rows, width // columns, columns) ** 2).sum((1, 3))
    keep = np.ones(sums.size, bool)
    order = sums.size - 1 - np.argsort(sums.ravel()[::-1], kind="stable")
    keep[order[: round(sparsity * sums.size)]] = False
    return np.kron(keep.reshape(sums.shape), np.ones((rows, columns))) > 0


# %% block-mask: rounded down
def block_mask(weights, rows, columns, sparsity):
    height, width = weights.shape
    sums = (weights.reshape(height // rows, rows, width // columns, columns) ** 2).sum((1, 3))
    keep = np.ones(sums.size, bool)
    keep[np.argsort(sums, axis=None, kind="stable")[: int(sparsity * sums.size)]] = False
    return np.kron(keep.reshape(sums.shape), np.ones((rows, columns))) > 0


# %% block-mask: a threshold, which drops all equal blocks
def block_mask(weights, rows, columns, sparsity):
    height, width = weights.shape
    sums = (weights.reshape(height // rows, rows, width // columns, columns) ** 2).sum((1, 3))
    drop = round(sparsity * sums.size)
    keep = sums > np.sort(sums, axis=None)[drop - 1] if drop else np.ones(sums.shape, bool)
    return np.kron(keep, np.ones((rows, columns))) > 0


# %% without-dead-units: the constant is lost
def without_dead_units(w1, b1, w2, b2):
    alive = (w1 != 0).any(0) & (w2 != 0).any(1)
    return w1[:, alive], b1[alive], w2[alive], b2


# %% without-dead-units: the constant without the relu
def without_dead_units(w1, b1, w2, b2):
    fed, heard = (w1 != 0).any(0), (w2 != 0).any(1)
    alive = fed & heard
    return w1[:, alive], b1[alive], w2[alive], b2 + np.where(fed, 0, b1) @ w2


# %% without-dead-units: units without outputs stay
def without_dead_units(w1, b1, w2, b2):
    fed = (w1 != 0).any(0)
    return w1[:, fed], b1[fed], w2[fed], b2 + np.where(fed, 0, np.maximum(b1, 0)) @ w2


# %% without-dead-units: inputs that sum to zero are taken for none
def without_dead_units(w1, b1, w2, b2):
    fed, heard = w1.sum(0) != 0, (w2 != 0).any(1)
    alive = fed & heard
    constant = np.where(fed, 0, np.maximum(b1, 0))
    return w1[:, alive], b1[alive], w2[alive], b2 + constant @ w2


# %% without-dead-units: the biases of all units go into the output
def without_dead_units(w1, b1, w2, b2):
    alive = (w1 != 0).any(0) & (w2 != 0).any(1)
    return w1[:, alive], b1[alive], w2[alive], b2 + np.maximum(b1, 0) @ w2


# %% without-dead-units: only units without bias go
def without_dead_units(w1, b1, w2, b2):
    alive = ((w1 != 0).any(0) | (b1 != 0)) & (w2 != 0).any(1)
    return w1[:, alive], b1[alive], w2[alive], b2


# %% without-dead-units: in place
def without_dead_units(w1, b1, w2, b2):
    fed, heard = (w1 != 0).any(0), (w2 != 0).any(1)
    alive = fed & heard
    b2 += np.where(fed, 0, np.maximum(b1, 0)) @ w2
    return w1[:, alive], b1[alive], w2[alive], b2


# %% rescaled: as it was
def rescaled(w1, b1, w2):
    return w1, b1, w2


# %% rescaled: one factor for all units
def rescaled(w1, b1, w2):
    return w1 * 1e3, b1 * 1e3, w2 / 1e3


# %% rescaled: nothing is divided again
def rescaled(w1, b1, w2):
    c = np.where(np.arange(len(b1)) % 2, 1e3, 1e-3)
    return w1 * c, b1 * c, w2


# %% rescaled: the bias is forgotten
def rescaled(w1, b1, w2):
    c = np.where(np.arange(len(b1)) % 2, 1e3, 1e-3)
    return w1 * c, b1, w2 / c[:, None]


# %% rescaled: negative factors, which a rectified unit notices
def rescaled(w1, b1, w2):
    c = np.where(np.arange(len(b1)) % 2, -1e3, 1e-3)
    return w1 * c, b1 * c, w2 / c[:, None]


# %% rescaled: too mild
def rescaled(w1, b1, w2):
    c = np.where(np.arange(len(b1)) % 2, 1.1, 0.9)
    return w1 * c, b1 * c, w2 / c[:, None]


# %% rescaled: in place
def rescaled(w1, b1, w2):
    c = np.where(np.arange(len(b1)) % 2, 1e3, 1e-3)
    w1 *= c
    b1 *= c
    w2 /= c[:, None]
    return w1, b1, w2
