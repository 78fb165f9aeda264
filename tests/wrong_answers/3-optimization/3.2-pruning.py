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


# %% loss-added: only neighbours in the list interact
def loss_added(hessian, w, removed):
    alone = sum(hessian[i, i] * w[i] ** 2 for i in removed) / 2
    return alone + sum(hessian[i, j] * w[i] * w[j] for i, j in zip(removed, removed[1:]))


# %% loss-added: no gain is allowed
def loss_added(hessian, w, removed):
    d = np.zeros(len(w))
    d[removed] = -w[removed]
    return max(d @ hessian @ d / 2, 0.0)


# %% loss-added: the size of the change
def loss_added(hessian, w, removed):
    d = np.zeros(len(w))
    d[removed] = np.abs(w[removed])
    return d @ hessian @ d / 2


# %% loss-added: squares of the weights on all pairs
def loss_added(hessian, w, removed):
    return sum(hessian[i, j] * w[i] ** 2 for i in removed for j in removed) / 2


# %% loss-added: the second derivatives of the first places
def loss_added(hessian, w, removed):
    k = len(removed)
    return w[removed] @ hessian[:k, :k] @ w[removed] / 2


# %% loss-added: every change counts as 1
def loss_added(hessian, w, removed):
    d = np.zeros(len(w))
    d[removed] = 1
    return d @ hessian @ d / 2


# %% loss-added: pairs in ascending order only
def loss_added(hessian, w, removed):
    return sum(
        (1 if i < j else 0.5 if i == j else 0) * hessian[i, j] * w[i] * w[j]
        for n, i in enumerate(removed)
        for j in removed[n:]
    )


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


# %% block-mask: an unstable sort
def block_mask(weights, rows, columns, sparsity):
    a, b = weights.shape[0] // rows, weights.shape[1] // columns
    s = (weights.reshape(a, rows, b, columns) ** 2).sum((1, 3))
    m = np.ones(a * b, bool)
    m[np.argsort(s, axis=None)[: round(sparsity * a * b)]] = False
    return m.reshape(a, b).repeat(rows, 0).repeat(columns, 1)


# %% block-mask: a partition in place of a sort
def block_mask(weights, rows, columns, sparsity):
    a, b = weights.shape[0] // rows, weights.shape[1] // columns
    s = (weights.reshape(a, rows, b, columns) ** 2).sum((1, 3)).ravel()
    k = round(sparsity * a * b)
    m = np.ones(a * b, bool)
    m[np.argpartition(s, k)[:k]] = False
    return m.reshape(a, b).repeat(rows, 0).repeat(columns, 1)


# %% block-mask: a half rounds up
def block_mask(weights, rows, columns, sparsity):
    a, b = weights.shape[0] // rows, weights.shape[1] // columns
    s = (weights.reshape(a, rows, b, columns) ** 2).sum((1, 3))
    m = np.ones(a * b, bool)
    m[np.argsort(s, axis=None, kind="stable")[: int(sparsity * a * b + 0.5)]] = False
    return m.reshape(a, b).repeat(rows, 0).repeat(columns, 1)


# %% block-mask: rounded up
def block_mask(weights, rows, columns, sparsity):
    a, b = weights.shape[0] // rows, weights.shape[1] // columns
    s = (weights.reshape(a, rows, b, columns) ** 2).sum((1, 3))
    m = np.ones(a * b, bool)
    m[np.argsort(s, axis=None, kind="stable")[: int(np.ceil(sparsity * a * b))]] = False
    return m.reshape(a, b).repeat(rows, 0).repeat(columns, 1)


# %% block-mask: ties column by column
def block_mask(weights, rows, columns, sparsity):
    a, b = weights.shape[0] // rows, weights.shape[1] // columns
    s = (weights.reshape(a, rows, b, columns) ** 2).sum((1, 3)).T
    m = np.ones(a * b, bool)
    m[np.argsort(s, axis=None, kind="stable")[: round(sparsity * a * b)]] = False
    return m.reshape(b, a).T.repeat(rows, 0).repeat(columns, 1)


# %% block-mask: the mask of the blocks tiled
def block_mask(weights, rows, columns, sparsity):
    a, b = weights.shape[0] // rows, weights.shape[1] // columns
    s = (weights.reshape(a, rows, b, columns) ** 2).sum((1, 3))
    m = np.ones(a * b, bool)
    m[np.argsort(s, axis=None, kind="stable")[: round(sparsity * a * b)]] = False
    return np.tile(m.reshape(a, b), (rows, columns))


# %% block-mask: the share in each row of blocks
def block_mask(weights, rows, columns, sparsity):
    a, b = weights.shape[0] // rows, weights.shape[1] // columns
    s = (weights.reshape(a, rows, b, columns) ** 2).sum((1, 3))
    m = np.ones((a, b), bool)
    for i in range(a):
        m[i, np.argsort(s[i], kind="stable")[: round(sparsity * b)]] = False
    return m.repeat(rows, 0).repeat(columns, 1)


# %% block-mask: pruned weights in place of a mask
def block_mask(weights, rows, columns, sparsity):
    a, b = weights.shape[0] // rows, weights.shape[1] // columns
    s = (weights.reshape(a, rows, b, columns) ** 2).sum((1, 3))
    m = np.ones(a * b, bool)
    m[np.argsort(s, axis=None, kind="stable")[: round(sparsity * a * b)]] = False
    return (weights * m.reshape(a, b).repeat(rows, 0).repeat(columns, 1)) != 0


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


# %% without-dead-units: outputs that sum to zero are taken for none
def without_dead_units(w1, b1, w2, b2):
    fed, heard = (w1 != 0).any(0), w2.sum(1) != 0
    alive = fed & heard
    return w1[:, alive], b1[alive], w2[alive], b2 + np.where(fed, 0, np.maximum(b1, 0)) @ w2


# %% without-dead-units: small weights are taken for zero
def without_dead_units(w1, b1, w2, b2):
    fed = np.array([not np.allclose(w1[:, u], 0) for u in range(len(b1))])
    heard = np.array([not np.allclose(w2[u], 0) for u in range(len(b1))])
    alive = fed & heard
    return w1[:, alive], b1[alive], w2[alive], b2 + np.where(fed, 0, np.maximum(b1, 0)) @ w2


# %% without-dead-units: a unit with only negative inputs counts as dead
def without_dead_units(w1, b1, w2, b2):
    fed = (w1 > 0).any(0)
    alive = fed & w2.any(1)
    return w1[:, alive], b1[alive], w2[alive], b2 + np.where(fed, 0, np.maximum(b1, 0)) @ w2


# %% without-dead-units: a unit with only negative outputs counts as dead
def without_dead_units(w1, b1, w2, b2):
    fed = w1.any(0)
    alive = fed & (w2 > 0).any(1)
    return w1[:, alive], b1[alive], w2[alive], b2 + np.where(fed, 0, np.maximum(b1, 0)) @ w2


# %% without-dead-units: a unit with any zero input is dead
def without_dead_units(w1, b1, w2, b2):
    fed = w1.all(0)
    alive = fed & w2.any(1)
    return w1[:, alive], b1[alive], w2[alive], b2 + np.where(fed, 0, np.maximum(b1, 0)) @ w2


# %% without-dead-units: zeros in place of a smaller network
def without_dead_units(w1, b1, w2, b2):
    fed = w1.any(0)
    alive = fed & w2.any(1)
    return w1 * alive, b1 * alive, w2 * alive[:, None], b2 + np.where(fed, 0, np.maximum(b1, 0)) @ w2


# %% without-dead-units: at least one unit stays
def without_dead_units(w1, b1, w2, b2):
    fed = w1.any(0)
    alive = fed & w2.any(1)
    c = np.where(fed, 0, np.maximum(b1, 0)) @ w2
    if not alive.any():
        alive[0] = True
        c = c - max(b1[0], 0) * w2[0]
    return w1[:, alive], b1[alive], w2[alive], b2 + c


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


# %% rescaled: zeros where no digit has ink
def rescaled(w1, b1, w2):
    c = np.where(np.arange(len(b1)) % 2, 1e3, 1e-3)
    return np.where(x_test.max(0)[:, None] > 0, w1 * c, 0), b1 * c, w2 / c[:, None]


# %% rescaled: factors only for a quarter
def rescaled(w1, b1, w2):
    c = np.where(np.arange(len(b1)) % 4 == 0, 1e3, 1)
    return w1 * c, b1 * c, w2 / c[:, None]


# %% rescaled: the outgoing weights times c as well
def rescaled(w1, b1, w2):
    c = np.where(np.arange(len(b1)) % 2, 1e3, 1e-3)
    return w1 * c, b1 * c, w2 * c[:, None]


# %% rescaled: a factor for each input
def rescaled(w1, b1, w2):
    c = np.where(np.arange(len(w1)) % 2, 1e3, 1e-3)
    return w1 * c[:, None], b1, w2


# %% rescaled: normalised units
def rescaled(w1, b1, w2):
    c = 1 / np.linalg.norm(w1, axis=0)
    return w1 * c, b1 * c, w2 / c[:, None]


# %% rescaled: only approximately
def rescaled(w1, b1, w2):
    c = np.where(np.arange(len(b1)) % 2, 1e3, 1e-3)
    return w1 * c, b1 * c, np.round(w2, 3) / c[:, None]
