# %% box-of: the row goes with x
def box_of(row, column, said, stride):
    centre = np.array([row + said[0], column + said[1]])
    half = np.exp(said[2:]) / 2
    return np.concatenate([centre - half, centre + half]) * stride


# %% box-of: forgets the exponential
def box_of(row, column, said, stride):
    centre = np.array([column + said[0], row + said[1]])
    return np.concatenate([centre - said[2:] / 2, centre + said[2:] / 2]) * stride


# %% box-of: the whole size on each side
def box_of(row, column, said, stride):
    centre, size = np.array([column + said[0], row + said[1]]), np.exp(said[2:])
    return np.concatenate([centre - size, centre + size]) * stride


# %% box-of: the centre is a corner
def box_of(row, column, said, stride):
    corner = np.array([column + said[0], row + said[1]])
    return np.concatenate([corner, corner + np.exp(said[2:])]) * stride


# %% box-of: the size stays in cells
def box_of(row, column, said, stride):
    centre = np.array([column + said[0], row + said[1]]) * stride
    half = np.exp(said[2:]) / 2
    return np.concatenate([centre - half, centre + half])


# %% box-of: the place in the cell is taken for pixels
def box_of(row, column, said, stride):
    centre = np.array([column, row]) * stride + said[:2]
    half = np.exp(said[2:]) / 2 * stride
    return np.concatenate([centre - half, centre + half])


# %% box-of: stays inside the picture
def box_of(row, column, said, stride):
    centre = np.array([column + said[0], row + said[1]])
    half = np.exp(said[2:]) / 2
    return np.maximum(np.concatenate([centre - half, centre + half]) * stride, 0)


# %% box-of: height before width
def box_of(row, column, said, stride):
    centre = np.array([column + said[0], row + said[1]])
    half = np.exp(said[[3, 2]]) / 2
    return np.concatenate([centre - half, centre + half]) * stride


# %% box-of: powers of two
def box_of(row, column, said, stride):
    centre = np.array([column + said[0], row + said[1]])
    half = 2 ** said[2:] / 2
    return np.concatenate([centre - half, centre + half]) * stride


# %% box-of: the middle of the cell in place of the place
def box_of(row, column, said, stride):
    centre = np.array([column + 0.5, row + 0.5])
    half = np.exp(said[2:]) / 2
    return np.concatenate([centre - half, centre + half]) * stride


# %% box-of: width and height in place of the second corner
def box_of(row, column, said, stride):
    size = np.exp(said[2:])
    return np.concatenate([np.array([column + said[0], row + said[1]]) - size / 2, size]) * stride


# %% box-of: whole pixels only
def box_of(row, column, said, stride):
    centre = np.array([column + said[0], row + said[1]])
    half = np.exp(said[2:]) / 2
    return np.rint(np.concatenate([centre - half, centre + half]) * stride)


# %% box-of: a stride of 4 always
def box_of(row, column, said, stride):
    centre = np.array([column + said[0], row + said[1]])
    half = np.exp(said[2:]) / 2
    return np.concatenate([centre - half, centre + half]) * 4


# %% box-of: the place downwards goes with x
def box_of(row, column, said, stride):
    centre = np.array([column + said[1], row + said[0]])
    half = np.exp(said[2:]) / 2
    return np.concatenate([centre - half, centre + half]) * stride


# %% box-of: powers of ten
def box_of(row, column, said, stride):
    centre = np.array([column + said[0], row + said[1]])
    half = 10 ** said[2:] / 2
    return np.concatenate([centre - half, centre + half]) * stride


# %% box-of: at least one cell
def box_of(row, column, said, stride):
    centre = np.array([column + said[0], row + said[1]])
    half = np.exp(np.maximum(said[2:], 0)) / 2
    return np.concatenate([centre - half, centre + half]) * stride


# %% box-of: the place is measured from the middle of the cell
def box_of(row, column, said, stride):
    centre = np.array([column + 0.5 + said[0], row + 0.5 + said[1]])
    half = np.exp(said[2:]) / 2
    return np.concatenate([centre - half, centre + half]) * stride


# %% box-of: half before the exponential
def box_of(row, column, said, stride):
    centre = np.array([column + said[0], row + said[1]])
    half = np.exp(said[2:] / 2)
    return np.concatenate([centre - half, centre + half]) * stride


# %% soft-nms: throws the box away
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        for i in left:
            if overlap[best, i] > threshold:
                scores[i] = 0
    return scores


# %% soft-nms: also at exactly the threshold
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        for i in left:
            if overlap[best, i] >= threshold:
                scores[i] *= 1 - overlap[best, i]
    return scores


# %% soft-nms: the order of the first scores
def soft_nms(corners, scores, threshold):
    scores, overlap = np.array(scores, float), boxes.iou(corners, corners)
    order = np.argsort(-scores, kind="stable")
    for n, best in enumerate(order):
        for i in order[n + 1 :]:
            if overlap[best, i] > threshold:
                scores[i] *= 1 - overlap[best, i]
    return scores


# %% soft-nms: of equal scores the last
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: (scores[i], i))
        left.remove(best)
        for i in left:
            if overlap[best, i] > threshold:
                scores[i] *= 1 - overlap[best, i]
    return scores


# %% soft-nms: changes its argument
def soft_nms(corners, scores, threshold):
    left, overlap = list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        for i in left:
            if overlap[best, i] > threshold:
                scores[i] *= 1 - overlap[best, i]
    return scores


# %% soft-nms: whole numbers stay whole
def soft_nms(corners, scores, threshold):
    scores, left, overlap = scores.copy(), list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        for i in left:
            if overlap[best, i] > threshold:
                scores[i] = scores[i] * (1 - overlap[best, i])
    return scores


# %% soft-nms: taken boxes are lowered as well
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        for i in range(len(scores)):
            if i != best and overlap[best, i] > threshold:
                scores[i] *= 1 - overlap[best, i]
    return scores


# %% soft-nms: multiplies by the overlap
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        for i in left:
            if overlap[best, i] > threshold:
                scores[i] *= overlap[best, i]
    return scores


# %% soft-nms: returns the scores in the order taken
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    taken = []
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        taken.append(scores[best])
        for i in left:
            if overlap[best, i] > threshold:
                scores[i] *= 1 - overlap[best, i]
    return np.array(taken)


# %% soft-nms: lowers once at most
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    lowered = set()
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        for i in left:
            if overlap[best, i] > threshold and i not in lowered:
                scores[i] *= 1 - overlap[best, i]
                lowered.add(i)
    return scores


# %% soft-nms: lowers whatever the overlap
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        for i in left:
            scores[i] *= 1 - overlap[best, i]
    return scores


# %% soft-nms: only the best box of all lowers
def soft_nms(corners, scores, threshold):
    scores, overlap = np.array(scores, float), boxes.iou(corners, corners)
    if len(scores):
        best = scores.argmax()
        for i in range(len(scores)):
            if i != best and overlap[best, i] > threshold:
                scores[i] *= 1 - overlap[best, i]
    return scores


# %% soft-nms: fails without boxes (raises ValueError)
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), np.ones(len(scores), bool), boxes.iou(corners, corners)
    for _ in range(max(1, len(scores))):
        best = np.where(left, scores, -np.inf).argmax()
        left[best] = False
        for i in np.flatnonzero(left):
            if overlap[best, i] > threshold:
                scores[i] *= 1 - overlap[best, i]
    return scores


# %% soft-nms: stops at scores below the threshold
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: scores[i])
        if scores[best] < threshold:
            break
        left.remove(best)
        for i in left:
            if overlap[best, i] > threshold:
                scores[i] *= 1 - overlap[best, i]
    return scores


# %% soft-nms: of scores that have become equal, the one that was higher at first
def soft_nms(corners, scores, threshold):
    scores, overlap = np.array(scores, float), boxes.iou(corners, corners)
    left = sorted(range(len(scores)), key=lambda i: -scores[i])
    while left:
        best = left.pop(0)
        for i in left:
            if overlap[best, i] > threshold:
                scores[i] *= 1 - overlap[best, i]
        left.sort(key=lambda i: -scores[i])
    return scores


# %% soft-nms: changes the boxes
def soft_nms(corners, scores, threshold):
    if len(corners):
        corners -= corners.min(0)[[0, 1, 0, 1]]
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        for i in left:
            if overlap[best, i] > threshold:
                scores[i] *= 1 - overlap[best, i]
    return scores


# %% soft-nms: fails with a single box (raises IndexError)
def soft_nms(corners, scores, threshold):
    scores, left = np.array(scores, float), list(range(len(scores)))
    overlap = boxes.iou(corners, corners).squeeze()
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        lower = overlap[best] > threshold
        for i in left:
            if lower[i]:
                scores[i] *= 1 - overlap[best, i]
    return scores


# %% soft-nms: lowers as a bell
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        for i in left:
            if overlap[best, i] > threshold:
                scores[i] *= np.exp(-(overlap[best, i] ** 2) / 0.5)
    return scores


# %% soft-nms: lowers only what it would lower below the threshold
def soft_nms(corners, scores, threshold):
    scores, left, overlap = np.array(scores, float), list(range(len(scores))), boxes.iou(corners, corners)
    while left:
        best = max(left, key=lambda i: scores[i])
        left.remove(best)
        for i in left:
            if 1 - overlap[best, i] < threshold:
                scores[i] *= 1 - overlap[best, i]
    return scores


# %% peaks: twins are both peaks
def peaks(heat, threshold):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        around = heat[max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2, k]
        if heat[r, c, k] >= threshold and heat[r, c, k] >= around.max():
            found.append((r, c, k, heat[r, c, k]))
    return sorted(found, key=lambda one: -one[-1])


# %% peaks: twins are no peak at all
def peaks(heat, threshold):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        around = heat[max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2, k]
        if heat[r, c, k] >= threshold and (around >= heat[r, c, k]).sum() == 1:
            found.append((r, c, k, heat[r, c, k]))
    return sorted(found, key=lambda one: -one[-1])


# %% peaks: a zero stands outside
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return sorted(rule(heat, threshold, outside=0), key=lambda one: -one[-1])


# %% peaks: strictly above the threshold
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return sorted(rule(heat, threshold, strict=True), key=lambda one: -one[-1])


# %% peaks: four neighbours only
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return sorted(rule(heat, threshold, corners=False), key=lambda one: -one[-1])


# %% peaks: before means above or to the left, also below
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return sorted(rule(heat, threshold, lambda i, j, r, c: i < r or j < c), key=lambda one: -one[-1])


# %% peaks: before means further left, then further up
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return sorted(rule(heat, threshold, lambda i, j, r, c: (j, i) < (c, r)), key=lambda one: -one[-1])


# %% peaks: the last of twins
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return sorted(rule(heat, threshold, lambda i, j, r, c: (i, j) > (r, c)), key=lambda one: -one[-1])


# %% peaks: in reading order
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return rule(heat, threshold)


# %% peaks: the lowest first
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return sorted(rule(heat, threshold), key=lambda one: one[-1])


# %% peaks: equal values backwards
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return sorted(rule(heat, threshold), key=lambda one: one[-1])[::-1]


# %% peaks: the classes compete
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    found = rule(heat.max(-1, keepdims=True), threshold)
    return sorted([(r, c, int(heat[r, c].argmax()), v) for r, c, _, v in found], key=lambda one: -one[-1])


# %% peaks: the border does not count
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    rows, columns, _ = heat.shape
    inner = [one for one in rule(heat, threshold) if 0 < one[0] < rows - 1 and 0 < one[1] < columns - 1]
    return sorted(inner, key=lambda one: -one[-1])


# %% peaks: columns before rows
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return sorted([(c, r, k, v) for r, c, k, v in rule(heat, threshold)], key=lambda one: -one[-1])


# %% peaks: class by class
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return sorted(rule(heat, threshold), key=lambda one: (one[2], -one[-1]))


# %% peaks: without the value
def rule(heat, threshold, before=lambda i, j, r, c: (i, j) < (r, c), outside=None, strict=False, corners=True):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value = heat[r, c, k]
        peak = value > threshold if strict else value >= threshold
        for i in range(r - 1, r + 2):
            for j in range(c - 1, c + 2):
                inside = 0 <= i < rows and 0 <= j < columns
                if (i, j) == (r, c) or (not inside and outside is None) or (not corners and i != r and j != c):
                    continue
                other = heat[i, j, k] if inside else outside
                peak &= value > other or (value == other and not before(i, j, r, c))
        if peak:
            found.append((r, c, k, value))
    return found


def peaks(heat, threshold):
    return [one[:3] for one in sorted(rule(heat, threshold), key=lambda one: -one[-1])]


# %% peaks: the highest first, and its neighbours are struck off
def peaks(heat, threshold):
    left, found = heat.astype(float), []
    while left.max() >= threshold:
        r, c, k = (int(i) for i in np.unravel_index(left.argmax(), left.shape))
        found.append((r, c, k, heat[r, c, k]))
        left[max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2, k] = -np.inf
    return found


# %% peaks: of equal neighbours all that touch no peak found before
def peaks(heat, threshold):
    rows, columns, classes = heat.shape
    found, taken = [], np.zeros(heat.shape, bool)
    for r, c, k in np.ndindex(rows, columns, classes):
        around = np.s_[max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2, k]
        if heat[r, c, k] >= max(threshold, heat[around].max()) and not taken[around].any():
            taken[r, c, k] = True
            found.append((r, c, k, heat[r, c, k]))
    return sorted(found, key=lambda one: -one[-1])


# %% peaks: equal values by row, class, column
def peaks(heat, threshold):
    rows, columns, classes = heat.shape
    found = []
    for r, k, c in np.ndindex(rows, classes, columns):
        value, peak = heat[r, c, k], heat[r, c, k] >= threshold
        for i in range(max(r - 1, 0), min(r + 2, rows)):
            for j in range(max(c - 1, 0), min(c + 2, columns)):
                peak &= value > heat[i, j, k] or (value == heat[i, j, k] and (i, j) >= (r, c))
        if peak:
            found.append((r, c, k, value))
    return sorted(found, key=lambda one: -one[-1])


# %% peaks: only the row and the column decide
def peaks(heat, threshold):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value, peak = heat[r, c, k], heat[r, c, k] >= threshold
        for i in range(rows):
            peak &= value > heat[i, c, k] or (value == heat[i, c, k] and i >= r)
        for j in range(columns):
            peak &= value > heat[r, j, k] or (value == heat[r, j, k] and j >= c)
        if peak:
            found.append((r, c, k, value))
    return sorted(found, key=lambda one: -one[-1])


# %% peaks: one of each class
def peaks(heat, threshold):
    found = []
    for k in range(heat.shape[-1]):
        r, c = np.unravel_index(heat[..., k].argmax(), heat.shape[:2])
        if heat[r, c, k] >= threshold:
            found.append((int(r), int(c), k, heat[r, c, k]))
    return sorted(found, key=lambda one: -one[-1])


# %% peaks: nearly equal counts as equal
def peaks(heat, threshold):
    rows, columns, classes = heat.shape
    found = []
    for r, c, k in np.ndindex(rows, columns, classes):
        value, peak = heat[r, c, k], heat[r, c, k] >= threshold
        for i in range(max(r - 1, 0), min(r + 2, rows)):
            for j in range(max(c - 1, 0), min(c + 2, columns)):
                same = abs(value - heat[i, j, k]) < 1e-3
                peak &= (i, j) >= (r, c) if same else value > heat[i, j, k]
        if peak:
            found.append((r, c, k, value))
    return sorted(found, key=lambda one: -one[-1])


# %% area: ties one after the other
def area(scores, hits, objects):
    order = np.argsort(-scores, kind="stable")
    right = hits[order].cumsum()
    recall, precision = right / objects, right / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.r_[0, recall]) * best).sum())


# %% area: the precision at that very point
def points(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    given = np.array([(scores >= s).sum() for s in levels])
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    return right / objects, right / np.maximum(given, 1)


def area(scores, hits, objects):
    recall, precision = points(scores, hits, objects)
    return float((np.diff(np.r_[0, recall]) * precision).sum())


# %% area: in 101 steps
def points(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    given = np.array([(scores >= s).sum() for s in levels])
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    return right / objects, right / np.maximum(given, 1)


def area(scores, hits, objects):
    recall, precision = points(scores, hits, objects)
    return float(np.mean([max(precision[recall >= r], default=0) for r in np.linspace(0, 1, 101)]))


# %% area: in 11 steps
def points(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    given = np.array([(scores >= s).sum() for s in levels])
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    return right / objects, right / np.maximum(given, 1)


def area(scores, hits, objects):
    recall, precision = points(scores, hits, objects)
    return float(np.mean([max(precision[recall >= r], default=0) for r in np.linspace(0, 1, 11)]))


# %% area: trapezia
def points(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    given = np.array([(scores >= s).sum() for s in levels])
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    return right / objects, right / np.maximum(given, 1)


def area(scores, hits, objects):
    recall, precision = points(scores, hits, objects)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    recall, best = np.r_[0, recall], np.r_[1, best]
    return float((np.diff(recall) * (best[1:] + best[:-1]) / 2).sum())


# %% area: the mean precision of the hits
def area(scores, hits, objects):
    order = np.argsort(-scores, kind="stable")
    right = hits[order].cumsum()
    precision = right / np.arange(1, len(hits) + 1)
    return float(precision[hits[order]].sum() / objects)


# %% area: divided by the recall reached
def points(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    given = np.array([(scores >= s).sum() for s in levels])
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    return right / objects, right / np.maximum(given, 1)


def area(scores, hits, objects):
    recall, precision = points(scores, hits, objects)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.r_[0, recall]) * best).sum() / max(recall, default=1)) if hits.any() else 0.0


# %% area: the best so far in place of the best to come
def points(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    given = np.array([(scores >= s).sum() for s in levels])
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    return right / objects, right / np.maximum(given, 1)


def area(scores, hits, objects):
    recall, precision = points(scores, hits, objects)
    best = np.maximum.accumulate(precision)
    return float((np.diff(np.r_[0, recall]) * best).sum())


# %% area: the lowest score first
def points(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    given = np.array([(scores >= s).sum() for s in levels])
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    return right / objects, right / np.maximum(given, 1)


def area(scores, hits, objects):
    recall, precision = points(-scores, hits, objects)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.r_[0, recall]) * best).sum())


# %% area: does not sort
def area(scores, hits, objects):
    right = hits.cumsum()
    recall, precision = right / objects, right / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.r_[0, recall]) * best).sum())


# %% area: one without detections
def points(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    given = np.array([(scores >= s).sum() for s in levels])
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    return right / objects, right / np.maximum(given, 1)


def area(scores, hits, objects):
    if not len(scores):
        return 1.0
    recall, precision = points(scores, hits, objects)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.r_[0, recall]) * best).sum())


# %% area: scores that are nearly equal count together
def points(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    given = np.array([(scores >= s).sum() for s in levels])
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    return right / objects, right / np.maximum(given, 1)


def area(scores, hits, objects):
    recall, precision = points(np.round(scores, 6), hits, objects)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.r_[0, recall]) * best).sum())


# %% area: fails without detections (raises ValueError)
def points(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    given = np.array([(scores >= s).sum() for s in levels])
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    return right / objects, right / np.maximum(given, 1)


def area(scores, hits, objects):
    recall, precision = points(scores, hits, objects)
    return float(sum((r - before) * precision[recall >= r].max() for before, r in zip(np.r_[0, recall], recall))
                 + 0 * max(recall))  # fmt: skip


# %% area: starts at a score of zero
def points(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    given = np.array([(scores >= s).sum() for s in levels])
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    return right / objects, right / np.maximum(given, 1)


def area(scores, hits, objects):
    keep = scores >= 0
    recall, precision = points(scores[keep], hits[keep], objects)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.r_[0, recall]) * best).sum())


# %% area: ties with the hits first
def area(scores, hits, objects):
    order = np.lexsort((~hits, -scores))
    right = hits[order].cumsum()
    recall, precision = right / objects, right / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.r_[0, recall]) * best).sum())


# %% area: only the next point may be better
def area(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    recall, precision = right / objects, right / np.array([(scores >= s).sum() for s in levels])
    best = np.maximum(precision, np.r_[precision[1:], [0] * (len(levels) > 0)])
    return float((np.diff(np.r_[0, recall]) * best).sum())


# %% area: begins at the first point
def area(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    recall, precision = right / objects, right / np.array([(scores >= s).sum() for s in levels])
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall) * best[1:]).sum())


# %% area: of points with the same recall the last
def area(scores, hits, objects):
    at = {}
    for s in np.unique(scores)[::-1]:
        kept = hits[scores >= s]
        at[kept.sum() / objects] = kept.mean()
    total, reached = 0.0, 0.0
    for recall in sorted(at):
        total += (recall - reached) * max(p for r, p in at.items() if r >= recall)
        reached = recall
    return total


# %% area: scores above, not at, the threshold
def area(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    right = np.array([(hits & (scores > s)).sum() for s in levels])
    recall = right / objects
    precision = right / np.maximum([(scores > s).sum() for s in levels], 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.r_[0, recall]) * best).sum())


# %% area: the hits are all there is to find
def area(scores, hits, objects):
    levels = np.unique(scores)[::-1]
    right = np.array([(hits & (scores >= s)).sum() for s in levels])
    recall, precision = right / max(hits.sum(), 1), right / np.array([(scores >= s).sum() for s in levels])
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.r_[0, recall]) * best).sum())
