# %% receptive-field: a layer's own stride counts for itself
def receptive_field(stack):
    sees, apart = 1, 1
    for kernel, stride in stack:
        apart *= stride
        sees += (kernel - 1) * apart
    return sees


# %% receptive-field: forgets the strides
def receptive_field(stack):
    return 1 + sum(kernel - 1 for kernel, _ in stack)


# %% receptive-field: the product of the kernels
def receptive_field(stack):
    return int(np.prod([kernel for kernel, _ in stack]))


# %% receptive-field: kernel times distance
def receptive_field(stack):
    sees, apart = 1, 1
    for kernel, stride in stack:
        sees = max(sees, kernel * apart)
        apart *= stride
    return sees


# %% receptive-field: only the stride of the layer before
def receptive_field(stack):
    sees, apart = 1, 1
    for kernel, stride in stack:
        sees += (kernel - 1) * apart
        apart = stride
    return sees


# %% receptive-field: from the last layer on
def receptive_field(stack):
    sees, apart = 1, 1
    for kernel, stride in reversed(stack):
        sees += (kernel - 1) * apart
        apart *= stride
    return sees


# %% receptive-field: begins with nothing
def receptive_field(stack):
    sees, apart = 0, 1
    for kernel, stride in stack:
        sees += (kernel - 1) * apart
        apart *= stride
    return sees


# %% receptive-field: the empty list sees nothing
def receptive_field(stack):
    if not stack:
        return 0
    sees, apart = 1, 1
    for kernel, stride in stack:
        sees += (kernel - 1) * apart
        apart *= stride
    return sees


# %% receptive-field: a kernel of one is skipped with its stride
def receptive_field(stack):
    sees, apart = 1, 1
    for kernel, stride in stack:
        if kernel > 1:
            sees += (kernel - 1) * apart
            apart *= stride
    return sees


# %% receptive-field: only to one side
def receptive_field(stack):
    sees, apart = 1, 1
    for kernel, stride in stack:
        sees += kernel // 2 * apart
        apart *= stride
    return sees


# %% receptive-field: two halves of every kernel
def receptive_field(stack):
    sees, apart = 1, 1
    for kernel, stride in stack:
        sees += kernel // 2 * 2 * apart
        apart *= stride
    return sees


# %% mean-iou: the ignored pixels stay in what was found
def mean_iou(truth, found, num_classes, ignore):
    values = []
    for c in range(num_classes):
        either = ((truth == c) | (found == c)).sum()
        if either:
            values.append(((truth == c) & (found == c)).sum() / either)
    return np.mean(values) if (truth != ignore).any() else np.nan


# %% mean-iou: absent classes count as nought
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    if not counts.any():
        return np.nan
    values = []
    for c in range(num_classes):
        either = ((truth == c) | (found == c)).sum()
        values.append(((truth == c) & (found == c)).sum() / max(either, 1))
    return np.mean(values)


# %% mean-iou: absent classes count as right
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    if not counts.any():
        return np.nan
    values = []
    for c in range(num_classes):
        either = ((truth == c) | (found == c)).sum()
        values.append(((truth == c) & (found == c)).sum() / either if either else 1.0)
    return np.mean(values)


# %% mean-iou: only the classes of the truth
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    values = [
        ((truth == c) & (found == c)).sum() / ((truth == c) | (found == c)).sum()
        for c in range(num_classes)
        if (truth == c).any()
    ]
    return np.mean(values) if values else np.nan


# %% mean-iou: only the classes that were found
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    values = [
        ((truth == c) & (found == c)).sum() / ((truth == c) | (found == c)).sum()
        for c in range(num_classes)
        if (found == c).any()
    ]
    return np.mean(values) if values else np.nan


# %% mean-iou: the mean of the pictures
def mean_iou(truth, found, num_classes, ignore):
    means = []
    for t, f in zip(np.atleast_2d(truth), np.atleast_2d(found)):
        t, f = t[t != ignore], f[t != ignore]
        values = [
            ((t == c) & (f == c)).sum() / ((t == c) | (f == c)).sum()
            for c in range(num_classes)
            if ((t == c) | (f == c)).any()
        ]
        means += [np.mean(values)] if values else []
    return np.mean(means) if means else np.nan


# %% mean-iou: Dice
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    values = []
    for c in range(num_classes):
        both = (truth == c).sum() + (found == c).sum()
        if both:
            values.append(2 * ((truth == c) & (found == c)).sum() / both)
    return np.mean(values) if values else np.nan


# %% mean-iou: the sum in place of the union
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    values = []
    for c in range(num_classes):
        both = (truth == c).sum() + (found == c).sum()
        if both:
            values.append(((truth == c) & (found == c)).sum() / both)
    return np.mean(values) if values else np.nan


# %% mean-iou: nought in place of nan
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    values = []
    for c in range(num_classes):
        either = ((truth == c) | (found == c)).sum()
        if either:
            values.append(((truth == c) & (found == c)).sum() / either)
    return np.mean(values) if values else 0.0


# %% mean-iou: a mean of nought is taken for nothing
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    values = []
    for c in range(num_classes):
        either = ((truth == c) | (found == c)).sum()
        if either:
            values.append(((truth == c) & (found == c)).sum() / either)
    return np.mean(values) if any(values) else np.nan


# %% mean-iou: without the background
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    values = []
    for c in range(1, num_classes):
        either = ((truth == c) | (found == c)).sum()
        if either:
            values.append(((truth == c) & (found == c)).sum() / either)
    return np.mean(values) if values else np.nan


# %% mean-iou: weighted by pixels
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    total, values = 0, 0
    for c in range(num_classes):
        either = ((truth == c) | (found == c)).sum()
        if either:
            values += (truth == c).sum() * ((truth == c) & (found == c)).sum() / either
            total += (truth == c).sum()
    return values / total if total else np.nan


# %% mean-iou: always ignores 255
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != 255
    truth, found = truth[counts], found[counts]
    values = []
    for c in range(num_classes):
        either = ((truth == c) | (found == c)).sum()
        if either:
            values.append(((truth == c) & (found == c)).sum() / either)
    return np.mean(values) if values else np.nan


# %% mean-iou: counts in the pixels' own small type
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    values = []
    for c in range(num_classes):
        either = ((truth == c) | (found == c)).sum(dtype=np.uint8)
        if either:
            values.append(((truth == c) & (found == c)).sum(dtype=np.uint8) / either)
    return np.mean(values) if values else np.nan


# %% mean-iou: writes into what was found
def mean_iou(truth, found, num_classes, ignore):
    found[truth == ignore] = 0
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    values = []
    for c in range(num_classes):
        either = ((truth == c) | (found == c)).sum()
        if either:
            values.append(((truth == c) & (found == c)).sum() / either)
    return np.mean(values) if values else np.nan


# %% accuracy-near: steps up, down, left and right
def accuracy_near(truth, found, width):
    near = np.zeros(truth.shape, bool)
    for picture, mask in zip(near, truth):
        for y, x in np.ndindex(mask.shape):
            for v, u in np.ndindex(mask.shape):
                if abs(y - v) + abs(x - u) <= width and mask[v, u] != mask[y, x]:
                    picture[y, x] = True
    right = truth == found
    return tuple(right[part].mean() if part.any() else np.nan for part in (near, ~near))


# %% accuracy-near: round the edge
def accuracy_near(truth, found, width):
    near = np.zeros(truth.shape, bool)
    for v in range(-width, width + 1):
        for u in range(-width, width + 1):
            near |= np.roll(truth, (v, u), (1, 2)) != truth
    right = truth == found
    return tuple(right[part].mean() if part.any() else np.nan for part in (near, ~near))


# %% accuracy-near: beyond the edge is another class
def accuracy_near(truth, found, width):
    padded = np.pad(truth.astype(int), ((0, 0), (width, width), (width, width)), constant_values=-1)
    near = np.zeros(truth.shape, bool)
    n, h, w = truth.shape
    for v in range(2 * width + 1):
        for u in range(2 * width + 1):
            near |= padded[:, v : v + h, u : u + w] != truth
    right = truth == found
    return tuple(right[part].mean() if part.any() else np.nan for part in (near, ~near))


# %% accuracy-near: beyond the edge is background
def accuracy_near(truth, found, width):
    padded = np.pad(truth.astype(int), ((0, 0), (width, width), (width, width)))
    near = np.zeros(truth.shape, bool)
    n, h, w = truth.shape
    for v in range(2 * width + 1):
        for u in range(2 * width + 1):
            near |= padded[:, v : v + h, u : u + w] != truth
    right = truth == found
    return tuple(right[part].mean() if part.any() else np.nan for part in (near, ~near))


# %% accuracy-near: the outline of what was found
def accuracy_near(truth, found, width):
    near = np.zeros(truth.shape, bool)
    for picture, mask in zip(near, found):
        for y, x in np.ndindex(mask.shape):
            around = mask[max(0, y - width) : y + width + 1, max(0, x - width) : x + width + 1]
            picture[y, x] = (around != mask[y, x]).any()
    right = truth == found
    return tuple(right[part].mean() if part.any() else np.nan for part in (near, ~near))


# %% accuracy-near: only where the background begins
def accuracy_near(truth, found, width):
    thing = truth > 0
    near = np.zeros(truth.shape, bool)
    for picture, mask in zip(near, thing):
        for y, x in np.ndindex(mask.shape):
            around = mask[max(0, y - width) : y + width + 1, max(0, x - width) : x + width + 1]
            picture[y, x] = (around != mask[y, x]).any()
    right = truth == found
    return tuple(right[part].mean() if part.any() else np.nan for part in (near, ~near))


# %% accuracy-near: one pixel short
def accuracy_near(truth, found, width):
    near = np.zeros(truth.shape, bool)
    for picture, mask in zip(near, truth):
        for y, x in np.ndindex(mask.shape):
            around = mask[max(0, y - width) : y + width, max(0, x - width) : x + width]
            picture[y, x] = (around != mask[y, x]).any()
    right = truth == found
    return tuple(right[part].mean() if part.any() else np.nan for part in (near, ~near))


# %% accuracy-near: a start below nought
def accuracy_near(truth, found, width):
    near = np.zeros(truth.shape, bool)
    for picture, mask in zip(near, truth):
        for y, x in np.ndindex(mask.shape):
            around = mask[y - width : y + width + 1, x - width : x + width + 1]
            picture[y, x] = (around != mask[y, x]).any()
    right = truth == found
    return tuple(right[part].mean() if part.any() else np.nan for part in (near, ~near))


# %% accuracy-near: nought in place of nan
def accuracy_near(truth, found, width):
    near = np.zeros(truth.shape, bool)
    for picture, mask in zip(near, truth):
        for y, x in np.ndindex(mask.shape):
            around = mask[max(0, y - width) : y + width + 1, max(0, x - width) : x + width + 1]
            picture[y, x] = (around != mask[y, x]).any()
    right = truth == found
    return tuple(right[part].mean() if part.any() else 0.0 for part in (near, ~near))


# %% accuracy-near: shares of all pixels
def accuracy_near(truth, found, width):
    near = np.zeros(truth.shape, bool)
    for picture, mask in zip(near, truth):
        for y, x in np.ndindex(mask.shape):
            around = mask[max(0, y - width) : y + width + 1, max(0, x - width) : x + width + 1]
            picture[y, x] = (around != mask[y, x]).any()
    right = truth == found
    return tuple((right & part).mean() if part.any() else np.nan for part in (near, ~near))


# %% accuracy-near: shares of wrong pixels
def accuracy_near(truth, found, width):
    near = np.zeros(truth.shape, bool)
    for picture, mask in zip(near, truth):
        for y, x in np.ndindex(mask.shape):
            around = mask[max(0, y - width) : y + width + 1, max(0, x - width) : x + width + 1]
            picture[y, x] = (around != mask[y, x]).any()
    wrong = truth != found
    return tuple(wrong[part].mean() if part.any() else np.nan for part in (near, ~near))


# %% accuracy-near: the mean of the pictures
def accuracy_near(truth, found, width):
    shares = []
    for mask, other in zip(truth, found):
        near = np.zeros(mask.shape, bool)
        for y, x in np.ndindex(mask.shape):
            around = mask[max(0, y - width) : y + width + 1, max(0, x - width) : x + width + 1]
            near[y, x] = (around != mask[y, x]).any()
        right = mask == other
        shares.append([right[part].mean() if part.any() else np.nan for part in (near, ~near)])
    shares = np.array(shares)
    return tuple(column[~np.isnan(column)].mean() if (~np.isnan(column)).any() else np.nan for column in shares.T)


# %% accuracy-near: looks through all pictures
def accuracy_near(truth, found, width):
    n = len(truth)
    near = np.zeros(truth.shape, bool)
    for i, y, x in np.ndindex(truth.shape):
        around = truth[max(0, i - 1) : i + 2, max(0, y - width) : y + width + 1, max(0, x - width) : x + width + 1]
        near[i, y, x] = (around != truth[i, y, x]).any()
    right = truth == found
    return tuple(right[part].mean() if part.any() else np.nan for part in (near, ~near))


# %% by-tiles: side by side, without an overlap
def by_tiles(picture, network, size, margin):
    def starts(length):
        return [*range(0, length - size, size), length - size]

    answer = np.zeros(picture.shape, int)
    for top in starts(picture.shape[0]):
        for left in starts(picture.shape[1]):
            answer[top : top + size, left : left + size] = network(picture[top : top + size, left : left + size])
    return answer


# %% by-tiles: overlaps, and uses the margins
def by_tiles(picture, network, size, margin):
    def starts(length):
        return [*range(0, length - size, size - 2 * margin), length - size]

    answer = np.zeros(picture.shape, int)
    for top in starts(picture.shape[0]):
        for left in starts(picture.shape[1]):
            answer[top : top + size, left : left + size] = network(picture[top : top + size, left : left + size])
    return answer


# %% by-tiles: never uses the margins
def by_tiles(picture, network, size, margin):
    def starts(length):
        return [*range(0, length - size, size - 2 * margin), length - size]

    answer = np.zeros(picture.shape, int)
    inner = slice(margin, size - margin)
    for top in starts(picture.shape[0]):
        for left in starts(picture.shape[1]):
            said = network(picture[top : top + size, left : left + size])
            answer[top : top + size, left : left + size][inner, inner] = said[inner, inner]
    return answer


# %% by-tiles: pads the picture with noughts
def by_tiles(picture, network, size, margin):
    step = size - 2 * margin
    h, w = picture.shape
    down, along = -h % step, -w % step
    padded = np.pad(picture, ((margin, margin + down), (margin, margin + along)))
    answer = np.zeros((h + down, w + along), int)
    for top in range(0, h, step):
        for left in range(0, w, step):
            said = network(padded[top : top + size, left : left + size])
            answer[top : top + step, left : left + step] = said[margin : size - margin, margin : size - margin]
    return answer[:h, :w]


# %% by-tiles: pads the picture with its edge
def by_tiles(picture, network, size, margin):
    step = size - 2 * margin
    h, w = picture.shape
    down, along = -h % step, -w % step
    padded = np.pad(picture, ((margin, margin + down), (margin, margin + along)), mode="edge")
    answer = np.zeros((h + down, w + along), int)
    for top in range(0, h, step):
        for left in range(0, w, step):
            said = network(padded[top : top + size, left : left + size])
            answer[top : top + step, left : left + step] = said[margin : size - margin, margin : size - margin]
    return answer[:h, :w]


# %% by-tiles: forgets what is left over
def by_tiles(picture, network, size, margin):
    answer = np.zeros(picture.shape, int)
    h, w = picture.shape
    for top in range(0, h - size + 1, size - 2 * margin):
        for left in range(0, w - size + 1, size - 2 * margin):
            said = network(picture[top : top + size, left : left + size])
            y0, x0 = (0 if start == 0 else margin for start in (top, left))
            y1 = size if top + size == h else size - margin
            x1 = size if left + size == w else size - margin
            answer[top + y0 : top + y1, left + x0 : left + x1] = said[y0:y1, x0:x1]
    return answer


# %% by-tiles: tiles reach beyond the picture
def by_tiles(picture, network, size, margin):
    answer = np.zeros(picture.shape, int)
    h, w = picture.shape
    for top in range(0, h, size - 2 * margin):
        for left in range(0, w, size - 2 * margin):
            said = network(picture[top : top + size, left : left + size])
            answer[top : top + size, left : left + size] = said
    return answer


# %% by-tiles: overlaps by one margin only
def by_tiles(picture, network, size, margin):
    def starts(length):
        return [*range(0, length - size, size - margin), length - size]

    answer = np.zeros(picture.shape, int)
    h, w = picture.shape
    for top in starts(h):
        for left in starts(w):
            said = network(picture[top : top + size, left : left + size])
            y0, x0 = (0 if start == 0 else margin for start in (top, left))
            y1 = size if top + size == h else size - margin
            x1 = size if left + size == w else size - margin
            answer[top + y0 : top + y1, left + x0 : left + x1] = said[y0:y1, x0:x1]
    return answer


# %% by-tiles: rows and columns exchanged
def by_tiles(picture, network, size, margin):
    def starts(length):
        return [*range(0, length - size, size - 2 * margin), length - size]

    answer = np.zeros(picture.shape, int)
    h, w = picture.shape
    for top in starts(w):
        for left in starts(h):
            said = network(picture[top : top + size, left : left + size])
            answer[top : top + size, left : left + size] = said
    return answer


# %% by-tiles: the whole picture at once
def by_tiles(picture, network, size, margin):
    return network(picture)


# %% by-tiles: the mean of all tiles
def by_tiles(picture, network, size, margin):
    def starts(length):
        return [*range(0, length - size, size - 2 * margin), length - size]

    total, count = np.zeros(picture.shape), np.zeros(picture.shape)
    for top in starts(picture.shape[0]):
        for left in starts(picture.shape[1]):
            here = np.s_[top : top + size, left : left + size]
            total[here] += network(picture[here])
            count[here] += 1
    return total / count


# %% by-tiles: keeps the margin at the picture's last edge only
def by_tiles(picture, network, size, margin):
    def starts(length):
        return [*range(0, length - size, size - 2 * margin), length - size]

    answer = np.zeros(picture.shape, int)
    h, w = picture.shape
    for top in starts(h):
        for left in starts(w):
            said = network(picture[top : top + size, left : left + size])
            y1 = size if top + size == h else size - margin
            x1 = size if left + size == w else size - margin
            answer[top + margin : top + y1, left + margin : left + x1] = said[margin:y1, margin:x1]
    return answer


# %% by-tiles: writes the answer into the picture
def by_tiles(picture, network, size, margin):
    def starts(length):
        return [*range(0, length - size, size - 2 * margin), length - size]

    whole = picture.copy()
    h, w = picture.shape
    for top in starts(h):
        for left in starts(w):
            said = network(whole[top : top + size, left : left + size])
            y0, x0 = (0 if start == 0 else margin for start in (top, left))
            y1 = size if top + size == h else size - margin
            x1 = size if left + size == w else size - margin
            picture[top + y0 : top + y1, left + x0 : left + x1] = said[y0:y1, x0:x1]
    return picture


# %% by-tiles: answers in the picture's type
def by_tiles(picture, network, size, margin):
    def starts(length):
        return [*range(0, length - size, size - 2 * margin), length - size]

    answer = np.zeros_like(picture)
    h, w = picture.shape
    for top in starts(h):
        for left in starts(w):
            said = network(picture[top : top + size, left : left + size])
            y0, x0 = (0 if start == 0 else margin for start in (top, left))
            y1 = size if top + size == h else size - margin
            x1 = size if left + size == w else size - margin
            answer[top + y0 : top + y1, left + x0 : left + x1] = said[y0:y1, x0:x1]
    return answer


# %% mean-iou: pairs of classes in the masks' own small type
def mean_iou(truth, found, num_classes, ignore):
    counts = truth != ignore
    truth, found = truth[counts], found[counts]
    pairs = truth * num_classes + found
    matrix = np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)
    either = matrix.sum(0) + matrix.sum(1) - np.diag(matrix)
    if not either.any():
        return np.nan
    return (np.diag(matrix)[either > 0] / either[either > 0]).mean()


# %% mean-iou: writes into the truth
def mean_iou(truth, found, num_classes, ignore):
    counts = (truth != ignore).copy()
    truth[~counts] = 0
    values = []
    for c in range(num_classes):
        either = (((truth == c) | (found == c)) & counts).sum()
        if either:
            values.append(((truth == c) & (found == c) & counts).sum() / either)
    return np.mean(values) if values else np.nan


# %% accuracy-near: looks along rows and columns only
def accuracy_near(truth, found, width):
    near = np.zeros(truth.shape, bool)
    for picture, mask in zip(near, truth):
        for y, x in np.ndindex(mask.shape):
            column = mask[max(0, y - width) : y + width + 1, x]
            row = mask[y, max(0, x - width) : x + width + 1]
            picture[y, x] = (column != mask[y, x]).any() or (row != mask[y, x]).any()
    right = truth == found
    return tuple(right[part].mean() if part.any() else np.nan for part in (near, ~near))


# %% accuracy-near: the other way round
def accuracy_near(truth, found, width):
    near = np.zeros(truth.shape, bool)
    for picture, mask in zip(near, truth):
        for y, x in np.ndindex(mask.shape):
            around = mask[max(0, y - width) : y + width + 1, max(0, x - width) : x + width + 1]
            picture[y, x] = (around != mask[y, x]).any()
    right = truth == found
    return tuple(right[part].mean() if part.any() else np.nan for part in (~near, near))


# %% receptive-field: no kernel is smaller than its stride
def receptive_field(stack):
    sees, apart = 1, 1
    for kernel, stride in stack:
        sees += (max(kernel, stride) - 1) * apart
        apart *= stride
    return sees
