# %% cost: rounds down
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * inputs * outputs * (side // stride) ** 2


# %% cost: one operation for each weight
def cost(side, kernel, stride, inputs, outputs):
    return kernel**2 * inputs * outputs * (-(-side // stride)) ** 2


# %% cost: places along one side
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * inputs * outputs * -(-side // stride)


# %% cost: the kernel is not squared
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel * inputs * outputs * (-(-side // stride)) ** 2


# %% cost: forgets the stride
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * inputs * outputs * side**2


# %% cost: divides by the stride once
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * inputs * outputs * -(-(side**2) // stride)


# %% cost: rounds the area, not the side
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * inputs * outputs * -(-(side**2) // stride**2)


# %% cost: only windows inside the picture
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * inputs * outputs * ((side - kernel) // stride + 1) ** 2


# %% cost: a channel for itself
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * outputs * (-(-side // stride)) ** 2


# %% cost: counts the bias
def cost(side, kernel, stride, inputs, outputs):
    return (2 * kernel**2 * inputs + 1) * outputs * (-(-side // stride)) ** 2


# %% cost: a fraction
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * inputs * outputs * (side / stride) ** 2


# %% cost: rounds to the nearest
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * inputs * outputs * round(side / stride) ** 2


# %% cost: pads half a kernel on both sides
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * inputs * outputs * ((side + 2 * (kernel // 2) - kernel) // stride + 1) ** 2


# %% cost: always one place more
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * inputs * outputs * (side // stride + 1) ** 2


# %% cost: a window no larger than the picture
def cost(side, kernel, stride, inputs, outputs):
    return 2 * min(kernel, side) ** 2 * inputs * outputs * (-(-side // stride)) ** 2


# %% cost: one addition less than multiplications
def cost(side, kernel, stride, inputs, outputs):
    return (2 * kernel**2 * inputs - 1) * outputs * (-(-side // stride)) ** 2


# %% cost: as many outputs as inputs
def cost(side, kernel, stride, inputs, outputs):
    return 2 * kernel**2 * inputs**2 * (-(-side // stride)) ** 2


# %% patches: does not move the axes
def patches(pictures, p):
    n, rows, columns = len(pictures), pictures.shape[1] // p, pictures.shape[2] // p
    return pictures[:, : rows * p, : columns * p].reshape(n, rows, columns, p * p)


# %% patches: reads each patch column by column
def patches(pictures, p):
    n, rows, columns = len(pictures), pictures.shape[1] // p, pictures.shape[2] // p
    kept = pictures[:, : rows * p, : columns * p].reshape(n, rows, p, columns, p)
    return kept.transpose(0, 1, 3, 4, 2).reshape(n, rows, columns, p * p)


# %% patches: rows and columns of patches swapped
def patches(pictures, p):
    n, rows, columns = len(pictures), pictures.shape[1] // p, pictures.shape[2] // p
    kept = pictures[:, : rows * p, : columns * p].reshape(n, rows, p, columns, p)
    return kept.transpose(0, 3, 1, 2, 4).reshape(n, columns, rows, p * p)


# %% patches: drops the first rows and columns
def patches(pictures, p):
    n, h, w = pictures.shape
    kept = pictures[:, h % p :, w % p :].reshape(n, h // p, p, w // p, p)
    return kept.transpose(0, 1, 3, 2, 4).reshape(n, h // p, w // p, p * p)


# %% patches: fills up with zeros
def patches(pictures, p):
    n, h, w = pictures.shape
    kept = np.pad(pictures, ((0, 0), (0, -h % p), (0, -w % p)))
    rows, columns = kept.shape[1] // p, kept.shape[2] // p
    return kept.reshape(n, rows, p, columns, p).transpose(0, 1, 3, 2, 4).reshape(n, rows, columns, p * p)


# %% patches: fails where something is left over
def patches(pictures, p):
    n, h, w = pictures.shape
    return pictures.reshape(n, h // p, p, w // p, p).transpose(0, 1, 3, 2, 4).reshape(n, h // p, w // p, p * p)


# %% patches: takes the picture for a square
def patches(pictures, p):
    n, rows = len(pictures), pictures.shape[1] // p
    kept = pictures[:, : rows * p, : rows * p].reshape(n, rows, p, rows, p)
    return kept.transpose(0, 1, 3, 2, 4).reshape(n, rows, rows, p * p)


# %% patches: one long list of patches
def patches(pictures, p):
    n, rows, columns = len(pictures), pictures.shape[1] // p, pictures.shape[2] // p
    kept = pictures[:, : rows * p, : columns * p].reshape(n, rows, p, columns, p)
    return kept.transpose(0, 1, 3, 2, 4).reshape(n, rows * columns, p * p)


# %% patches: turns pixels into floats
def patches(pictures, p):
    n, h, w = pictures.shape
    made = np.zeros((n, h // p, w // p, p * p))
    for i, r, c in np.ndindex(*made.shape[:3]):
        made[i, r, c] = pictures[i, r * p : (r + 1) * p, c * p : (c + 1) * p].ravel()
    return made


# %% patches: keeps the patch as a square
def patches(pictures, p):
    n, rows, columns = len(pictures), pictures.shape[1] // p, pictures.shape[2] // p
    kept = pictures[:, : rows * p, : columns * p].reshape(n, rows, p, columns, p)
    return kept.transpose(0, 1, 3, 2, 4)


# %% patches: windows that overlap
def patches(pictures, p):
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (p, p), axis=(1, 2))
    return windows.reshape(*windows.shape[:3], p * p)


# %% patches: lets NumPy find the number of pictures
def patches(pictures, p):
    rows, columns = pictures.shape[1] // p, pictures.shape[2] // p
    kept = pictures[:, : rows * p, : columns * p].reshape(-1, rows, p, columns, p)
    return kept.transpose(0, 1, 3, 2, 4).reshape(-1, rows, columns, p * p)


# %% patches: cuts off up to minus nothing
def patches(pictures, p):
    n, h, w = pictures.shape
    kept = pictures[:, : -(h % p), : -(w % p)]
    return kept.reshape(n, h // p, p, w // p, p).transpose(0, 1, 3, 2, 4).reshape(n, h // p, w // p, p * p)


# %% patches: every step-th pixel in place of neighbours
def patches(pictures, p):
    n, h, w = pictures.shape
    rows, columns = h // p, w // p
    kept = pictures[:, : rows * p, : columns * p].reshape(n, p, rows, p, columns)
    return kept.transpose(0, 2, 4, 1, 3).reshape(n, rows, columns, p * p)


# %% patches: a list that forgets its shape when it is empty
def patches(pictures, p):
    n, h, w = pictures.shape
    return np.array(
        [
            [[pictures[i, r * p : r * p + p, c * p : c * p + p].ravel() for c in range(w // p)] for r in range(h // p)]
            for i in range(n)
        ],
        pictures.dtype,
    )


# %% patches: as bytes
def patches(pictures, p):
    n, h, w = pictures.shape
    rows, columns = h // p, w // p
    kept = pictures[:, : rows * p, : columns * p].reshape(n, rows, p, columns, p)
    return kept.transpose(0, 1, 3, 2, 4).reshape(n, rows, columns, p * p).astype("uint8")


# %% patches: the first picture only
def patches(pictures, p):
    n, h, w = pictures.shape
    rows, columns = h // p, w // p
    kept = pictures[:1, : rows * p, : columns * p].reshape(-1, rows, p, columns, p)
    return kept.transpose(0, 1, 3, 2, 4).reshape(-1, rows, columns, p * p)


# %% patches: float32 unless bytes
def patches(pictures, p):
    n, h, w = pictures.shape
    rows, columns = h // p, w // p
    kept = pictures[:, : rows * p, : columns * p].reshape(n, rows, p, columns, p)
    made = kept.transpose(0, 1, 3, 2, 4).reshape(n, rows, columns, p * p)
    return made if made.dtype == np.uint8 else made.astype("float32")


# %% patches: the pixels of a patch sorted
def patches(pictures, p):
    n, h, w = pictures.shape
    rows, columns = h // p, w // p
    kept = pictures[:, : rows * p, : columns * p].reshape(n, rows, p, columns, p)
    return np.sort(kept.transpose(0, 1, 3, 2, 4).reshape(n, rows, columns, p * p), axis=-1)


# %% rather: a map that has the difference as its mean
def rather(features, weights, bias, this, that):
    return features @ (weights[:, this] - weights[:, that]) + bias[this] - bias[that]


# %% rather: forgets the bias
def rather(features, weights, bias, this, that):
    places = features.shape[0] * features.shape[1]
    return features @ (weights[:, this] - weights[:, that]) / places


# %% rather: the whole bias at every place
def rather(features, weights, bias, this, that):
    places = features.shape[0] * features.shape[1]
    return features @ (weights[:, this] - weights[:, that]) / places + bias[this] - bias[that]


# %% rather: only the one class
def rather(features, weights, bias, this, that):
    places = features.shape[0] * features.shape[1]
    return (features @ weights[:, this] + bias[this]) / places


# %% rather: the other way round
def rather(features, weights, bias, this, that):
    places = features.shape[0] * features.shape[1]
    return (features @ (weights[:, that] - weights[:, this]) + bias[that] - bias[this]) / places


# %% rather: adds the bias of the other class
def rather(features, weights, bias, this, that):
    places = features.shape[0] * features.shape[1]
    return (features @ (weights[:, this] - weights[:, that]) + bias[this] + bias[that]) / places


# %% rather: only what speaks for it
def rather(features, weights, bias, this, that):
    places = features.shape[0] * features.shape[1]
    return np.maximum(0, features @ (weights[:, this] - weights[:, that]) + bias[this] - bias[that]) / places


# %% rather: rows of the weights for columns
def rather(features, weights, bias, this, that):
    places = features.shape[0] * features.shape[1]
    return (features @ (weights[this] - weights[that]) + bias[this] - bias[that]) / places


# %% rather: divides by one side
def rather(features, weights, bias, this, that):
    return (features @ (weights[:, this] - weights[:, that]) + bias[this] - bias[that]) / features.shape[0]


# %% rather: transposed
def rather(features, weights, bias, this, that):
    places = features.shape[0] * features.shape[1]
    return ((features @ (weights[:, this] - weights[:, that]) + bias[this] - bias[that]) / places).T


# %% rather: divides by all numbers
def rather(features, weights, bias, this, that):
    return (features @ (weights[:, this] - weights[:, that]) + bias[this] - bias[that]) / features.size


# %% rather: in place, which changes the bias
def rather(features, weights, bias, this, that):
    places = features.shape[0] * features.shape[1]
    bias -= bias[that]
    return (features @ (weights[:, this] - weights[:, that]) + bias[this]) / places


# %% rather: a map of the features' type
def rather(features, weights, bias, this, that):
    h, w, _ = features.shape
    fields = np.zeros((h, w), features.dtype)
    fields[:] = (features @ (weights[:, this] - weights[:, that]) + bias[this] - bias[that]) / (h * w)
    return fields


# %% rather: divides whole numbers
def rather(features, weights, bias, this, that):
    h, w, _ = features.shape
    added = features @ (weights[:, this] - weights[:, that]) + bias[this] - bias[that]
    return added // (h * w) if added.dtype.kind == "i" else added / (h * w)


# %% rather: the bias at the first place
def rather(features, weights, bias, this, that):
    h, w, _ = features.shape
    fields = features @ (weights[:, this] - weights[:, that]) / (h * w)
    fields[0, 0] += bias[this] - bias[that]
    return fields


# %% rather: the bias shared by the rows
def rather(features, weights, bias, this, that):
    h, w, _ = features.shape
    return features @ (weights[:, this] - weights[:, that]) / (h * w) + (bias[this] - bias[that]) / h


# %% rather: stretched to the largest number
def rather(features, weights, bias, this, that):
    h, w, _ = features.shape
    fields = (features @ (weights[:, this] - weights[:, that]) + bias[this] - bias[that]) / (h * w)
    return fields / max(np.abs(fields).max(), 1e-9)


# %% rather: against all other classes
def rather(features, weights, bias, this, that):
    h, w, _ = features.shape
    z = features @ weights + bias
    return (z[..., this] - np.delete(z, this, axis=-1).mean(-1)) / (h * w)


# %% rather: negative features count as zero
def rather(features, weights, bias, this, that):
    h, w, _ = features.shape
    return (np.maximum(features, 0) @ (weights[:, this] - weights[:, that]) + bias[this] - bias[that]) / (h * w)


# %% rather: a square map
def rather(features, weights, bias, this, that):
    side = features.shape[0]
    return (features @ (weights[:, this] - weights[:, that]) + bias[this] - bias[that]) / side**2


# %% rather: the bias by what a place brings
def rather(features, weights, bias, this, that):
    brought = features @ (weights[:, this] - weights[:, that]) / (features.shape[0] * features.shape[1])
    total = brought.sum()
    return brought + (bias[this] - bias[that]) * (brought / total if total else 1 / brought.size)


# %% occlusion: squares that stick out
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0], stride), range(0, picture.shape[1], stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = score(picture.copy()) - score(covered)
    return fall


# %% occlusion: misses the last corner
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size, stride), range(0, picture.shape[1] - size, stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = score(picture.copy()) - score(covered)
    return fall


# %% occlusion: squares side by side, whatever the stride
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, size), range(0, picture.shape[1] - size + 1, size)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = score(picture.copy()) - score(covered)
    return fall


# %% occlusion: covered minus whole
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = score(covered) - score(picture.copy())
    return fall


# %% occlusion: the squares stay covered
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    whole, covered = score(picture.copy()), picture.copy()
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = whole - score(covered.copy())
    return fall


# %% occlusion: always black
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = 0
            fall[r, c] = score(picture.copy()) - score(covered)
    return fall


# %% occlusion: the first channel only
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            part = covered[..., 0] if picture.ndim == 3 else covered
            part[top : top + size, left : left + size] = fill
            fall[r, c] = score(picture.copy()) - score(covered)
    return fall


# %% occlusion: rows and columns swapped
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    fall = np.zeros((len(columns), len(rows)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[c, r] = score(picture.copy()) - score(covered)
    return fall


# %% occlusion: a share of the score
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = 1 - score(covered) / score(picture.copy())
    return fall


# %% occlusion: covers the picture itself
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    whole, fall = score(picture.copy()), np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            picture[top : top + size, left : left + size] = fill
            fall[r, c] = whole - score(picture.copy())
    return fall


# %% occlusion: shows the score the picture itself
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    whole, fall = score(picture), np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = whole - score(covered)
    return fall


# %% occlusion: no negative falls
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = max(0, score(picture.copy()) - score(covered))
    return fall


# %% occlusion: a map of whole numbers
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    fall = np.zeros((len(rows), len(columns)), int)
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = score(picture.copy()) - score(covered)
    return fall


# %% occlusion: shows only the square
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            shown = np.full_like(picture, fill)
            shown[top : top + size, left : left + size] = picture[top : top + size, left : left + size]
            fall[r, c] = score(picture.copy()) - score(shown)
    return fall


# %% occlusion: how much it changes
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = abs(score(picture.copy()) - score(covered))
    return fall


# %% occlusion: one copy, put right again after each square
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    whole, fall, covered = score(picture.copy()), np.zeros((len(rows), len(columns))), picture.copy()
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = whole - score(covered)
            covered[top : top + size, left : left + size] = picture[top : top + size, left : left + size]
    return fall


# %% occlusion: as many rows as columns
def occlusion(score, picture, size, stride, fill):
    rows = range(0, picture.shape[0] - size + 1, stride)
    fall = np.zeros((len(rows), len(rows)))
    for r, top in enumerate(rows):
        for c, left in enumerate(rows):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = score(picture.copy()) - score(covered)
    return fall


# %% occlusion: squares centred on the places
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            a, b = max(0, top - size // 2), max(0, left - size // 2)
            covered[a : top - size // 2 + size, b : left - size // 2 + size] = fill
            fall[r, c] = score(picture.copy()) - score(covered)
    return fall


# %% occlusion: the last square at the edge, whatever the stride
def occlusion(score, picture, size, stride, fill):
    def corners(side):
        found = list(range(0, side - size + 1, stride))
        return found if found[-1] == side - size else [*found, side - size]

    rows, columns = corners(picture.shape[0]), corners(picture.shape[1])
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = score(picture.copy()) - score(covered)
    return fall


# %% occlusion: what the covered pixels had in the sum
def occlusion(score, picture, size, stride, fill):
    rows, columns = range(0, picture.shape[0] - size + 1, stride), range(0, picture.shape[1] - size + 1, stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            fall[r, c] = (picture[top : top + size, left : left + size].astype(float) - fill).sum()
    return fall


# %% occlusion: every picture has channels
def occlusion(score, picture, size, stride, fill):
    h, w, _ = picture.shape
    rows, columns = range(0, h - size + 1, stride), range(0, w - size + 1, stride)
    fall = np.zeros((len(rows), len(columns)))
    for r, top in enumerate(rows):
        for c, left in enumerate(columns):
            covered = picture.copy()
            covered[top : top + size, left : left + size] = fill
            fall[r, c] = score(picture.copy()) - score(covered)
    return fall
