# %% bits-per-weight: forgets the short group
def bits_per_weight(rows, columns, bits, group, extra):
    return bits + (columns // group) * extra / columns


# %% bits-per-weight: groups that reach into the next row
def bits_per_weight(rows, columns, bits, group, extra):
    return bits + math.ceil(rows * columns / group) * extra / (rows * columns)


# %% bits-per-weight: a broken group pays a part
def bits_per_weight(rows, columns, bits, group, extra):
    return bits + extra / min(group, columns)


# %% bits-per-weight: only the formula of the chapter
def bits_per_weight(rows, columns, bits, group, extra):
    return bits + extra / group


# %% bits-per-weight: all bits of the matrix
def bits_per_weight(rows, columns, bits, group, extra):
    return rows * (columns * bits + math.ceil(columns / group) * extra)


# %% bits-per-weight: the groups of one row only
def bits_per_weight(rows, columns, bits, group, extra):
    return bits + math.ceil(columns / group) * extra / (rows * columns)


# %% bits-per-weight: one group more
def bits_per_weight(rows, columns, bits, group, extra):
    return bits + (columns // group + 1) * extra / columns


# %% bits-per-weight: nearest number of groups
def bits_per_weight(rows, columns, bits, group, extra):
    return bits + max(1, round(columns / group)) * extra / columns


# %% bits-per-weight: pads the last group
def bits_per_weight(rows, columns, bits, group, extra):
    g = -(-columns // group)
    return (g * group * bits + g * extra) / columns


# %% bits-per-weight: groups down the columns
def bits_per_weight(rows, columns, bits, group, extra):
    return bits + -(-rows // group) * extra / rows


# %% bits-per-weight: whole bits
def bits_per_weight(rows, columns, bits, group, extra):
    return (rows * columns * bits + rows * -(-columns // group) * extra) // (rows * columns)


# %% bits-per-weight: padded columns as divisor
def bits_per_weight(rows, columns, bits, group, extra):
    g = math.ceil(columns / group)
    return bits + g * extra / max(columns, g * group)


# %% pack: the halves the other way round
def pack(q):
    halves = np.zeros(len(q) + len(q) % 2, "uint8")
    halves[: len(q)] = np.asarray(q, "int16") % 16
    return 16 * halves[::2] + halves[1::2]


def unpack(packed, n):
    halves = np.stack([packed // 16, packed % 16], axis=1).ravel()[:n].astype("int8")
    return np.where(halves > 7, halves - 16, halves).astype("int8")


# %% pack: the sign is lost on the way back
def pack(q):
    halves = np.zeros(len(q) + len(q) % 2, "uint8")
    halves[: len(q)] = np.asarray(q, "int16") % 16
    return halves[::2] + 16 * halves[1::2]


def unpack(packed, n):
    return np.stack([packed % 16, packed // 16], axis=1).ravel()[:n].astype("int8")


# %% pack: adds 8 to all in place of 16 to the negative ones
def pack(q):
    halves = np.full(len(q) + len(q) % 2, 8, "uint8")
    halves[: len(q)] = np.asarray(q, "int16") + 8
    return halves[::2] + 16 * halves[1::2]


def unpack(packed, n):
    halves = np.stack([packed % 16, packed // 16], axis=1).ravel()[:n].astype("int8")
    return (halves - 8).astype("int8")


# %% pack: drops the last one of an odd count
def pack(q):
    halves = np.asarray(q, "int16") % 16
    return (halves[: len(q) // 2 * 2 : 2] + 16 * halves[1::2]).astype("uint8")


def unpack(packed, n):
    halves = np.stack([packed % 16, packed // 16], axis=1).ravel()[:n].astype("int8")
    return np.where(halves > 7, halves - 16, halves).astype("int8")


# %% pack: gives the padding back
def pack(q):
    halves = np.zeros(len(q) + len(q) % 2, "uint8")
    halves[: len(q)] = np.asarray(q, "int16") % 16
    return halves[::2] + 16 * halves[1::2]


def unpack(packed, n):
    halves = np.stack([packed % 16, packed // 16], axis=1).ravel().astype("int8")
    return np.where(halves > 7, halves - 16, halves).astype("int8")


# %% pack: first half of the row below, second half above
def pack(q):
    halves = np.zeros(len(q) + len(q) % 2, "uint8")
    halves[: len(q)] = np.asarray(q, "int16") % 16
    low, high = np.split(halves, 2)
    return low + 16 * high


def unpack(packed, n):
    halves = np.concatenate([packed % 16, packed // 16])[:n].astype("int8")
    return np.where(halves > 7, halves - 16, halves).astype("int8")


# %% pack: keeps bytes in a wider type
def pack(q):
    halves = np.zeros(len(q) + len(q) % 2, "int64")
    halves[: len(q)] = np.asarray(q, "int16") % 16
    return halves[::2] + 16 * halves[1::2]


def unpack(packed, n):
    halves = np.stack([packed % 16, packed // 16], axis=1).ravel()[:n].astype("int8")
    return np.where(halves > 7, halves - 16, halves).astype("int8")


# %% pack: adds the signed values
def pack(q):
    return np.array([(int(a) + 16 * int(b)) % 256 for a, b in zip(q[::2], list(q[1::2]) + [0])], "uint8")


def unpack(p, n):
    q = [x for v in p.tolist() for x in (v & 15, v >> 4)]
    return np.array([v - 16 if v > 7 else v for v in q[:n]], "int8")


# %% pack: -8 stays 8
def pack(q):
    h = np.append(q.astype(int) % 16, [0] * (len(q) % 2)).astype("uint8")
    return h[::2] + 16 * h[1::2]


def unpack(p, n):
    q = [x for v in p.tolist() for x in (v & 15, v >> 4)]
    return np.array([v - 16 if v > 8 else v for v in q[:n]], "int8")


# %% pack: ones' complement
def pack(q):
    h = np.append(np.where(q < 0, q.astype(int) + 15, q), [0] * (len(q) % 2)).astype("uint8")
    return h[::2] + 16 * h[1::2]


def unpack(p, n):
    q = [x for v in p.tolist() for x in (v & 15, v >> 4)]
    return np.array([v - 15 if v > 7 else v for v in q[:n]], "int8")


# %% pack: sign bit and size
def pack(q):
    h = np.append(np.where(q < 0, 8 + np.abs(q.astype(int)) % 8, q), [0] * (len(q) % 2)).astype("uint8")
    return h[::2] + 16 * h[1::2]


def unpack(p, n):
    q = [x for v in p.tolist() for x in (v & 15, v >> 4)]
    return np.array([8 - v if v > 7 else v for v in q[:n]], "int8")


# %% pack: an empty float array
def pack(q):
    return np.array(
        [(int(q[i]) % 16) + 16 * (int(q[i + 1]) % 16 if i + 1 < len(q) else 0) for i in range(0, len(q), 2)]
    ).astype("uint8")


def unpack(p, n):
    q = [x for v in p.tolist() for x in (v & 15, v >> 4)]
    q = np.array([v - 16 if v > 7 else v for v in q[:n]])
    return q.astype("int8") if n > 0 else q


# %% pack: adds 16 in place
def pack(q):
    q[q < 0] += 16
    h = np.append(q, [0] * (len(q) % 2)).astype("uint8")
    return h[::2] + 16 * h[1::2]


def unpack(p, n):
    q = [x for v in p.tolist() for x in (v & 15, v >> 4)]
    return np.array([v - 16 if v > 7 else v for v in q[:n]], "int8")


# %% pack: a zero byte more
def pack(q):
    h = np.append(q.astype(int) % 16, [0] * (2 - len(q) % 2)).astype("uint8")
    return h[::2] + 16 * h[1::2]


def unpack(p, n):
    q = [x for v in p.tolist() for x in (v & 15, v >> 4)]
    return np.array([v - 16 if v > 7 else v for v in q[:n]], "int8")


# %% pack: drops zeros at the end
def pack(q):
    h = np.append(q.astype(int) % 16, [0] * (len(q) % 2)).astype("uint8")
    p = h[::2] + 16 * h[1::2]
    return np.trim_zeros(p, "b")


def unpack(p, n):
    q = [x for v in p.tolist() for x in (v & 15, v >> 4)] + [0, 0]
    return np.array([v - 16 if v > 7 else v for v in q[:n]], "int8")


# %% best-scale: no clipping
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    return float(largest / m) if largest else 1.0


# %% best-scale: forgets to clip the integers
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if largest == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]
    return float(min(scales, key=lambda s: (h * (row - s * np.round(row / s)) ** 2).sum()))


# %% best-scale: the importance is left out
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if largest == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]
    return float(min(scales, key=lambda s: ((row - s * np.clip(np.round(row / s), -m, m)) ** 2).sum()))


# %% best-scale: the smallest of equals
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if largest == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(50, 101)]
    return float(min(scales, key=lambda s: (h * (row - s * np.clip(np.round(row / s), -m, m)) ** 2).sum()))


# %% best-scale: the largest value, not the largest size
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, row.max()
    if largest <= 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]
    return float(min(scales, key=lambda s: (h * (row - s * np.clip(np.round(row / s), -m, m)) ** 2).sum()))


# %% best-scale: 2^b levels
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1), np.abs(row).max()
    if largest == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]
    return float(min(scales, key=lambda s: (h * (row - s * np.clip(np.round(row / s), -m, m)) ** 2).sum()))


# %% best-scale: a row of zeros divides by zero (raises ValueError)
def best_scale(row, h, bits):
    m = 2 ** (bits - 1) - 1
    scales = [k / 100 * np.abs(row).max() / m for k in range(100, 49, -1)]
    if not all(scales):
        raise ValueError("a scale of zero")
    return float(min(scales, key=lambda s: (h * (row - s * np.clip(np.round(row / s), -m, m)) ** 2).sum()))


# %% best-scale: absolute errors in place of squares
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if largest == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]
    return float(min(scales, key=lambda s: (h * np.abs(row - s * np.clip(np.round(row / s), -m, m))).sum()))


# %% best-scale: importance squared
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if largest == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]

    def lost(s):
        q = np.clip(np.round(row / s), -m, m)
        return ((h * (row - s * q)) ** 2).sum()

    return float(min(scales, key=lost))


# %% best-scale: root of the importance
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if largest == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]

    def lost(s):
        q = np.clip(np.round(row / s), -m, m)
        return (np.sqrt(h) * (row - s * q) ** 2).sum()

    return float(min(scales, key=lost))


# %% best-scale: grid of the two's complement
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if largest == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]

    def lost(s):
        q = np.clip(np.round(row / s), -m - 1, m)
        return (h * (row - s * q) ** 2).sum()

    return float(min(scales, key=lost))


# %% best-scale: the error in steps
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if largest == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]

    def lost(s):
        q = np.clip(np.round(row / s), -m, m)
        return (h * (row / s - q) ** 2).sum()

    return float(min(scales, key=lost))


# %% best-scale: largest of those that matter
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row)[h > 0].max(initial=0)
    if largest == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]

    def lost(s):
        q = np.clip(np.round(row / s), -m, m)
        return (h * (row - s * q) ** 2).sum()

    return float(min(scales, key=lost))


# %% best-scale: a row that sums to zero is taken for zeros
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if row.sum() == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]

    def lost(s):
        q = np.clip(np.round(row / s), -m, m)
        return (h * (row - s * q) ** 2).sum()

    return float(min(scales, key=lost))


# %% best-scale: a row whose largest value is zero is taken for zeros
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if row.max() == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]

    def lost(s):
        q = np.clip(np.round(row / s), -m, m)
        return (h * (row - s * q) ** 2).sum()

    return float(min(scales, key=lost))


# %% best-scale: nothing matters gives 1
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if largest == 0 or h.sum() == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]

    def lost(s):
        q = np.clip(np.round(row / s), -m, m)
        return (h * (row - s * q) ** 2).sum()

    return float(min(scales, key=lost))


# %% best-scale: largest error only
def best_scale(row, h, bits):
    m, largest = 2 ** (bits - 1) - 1, np.abs(row).max()
    if largest == 0:
        return 1.0
    scales = [k / 100 * largest / m for k in range(100, 49, -1)]

    def lost(s):
        q = np.clip(np.round(row / s), -m, m)
        return (h * (row - s * q) ** 2).max()

    return float(min(scales, key=lost))
