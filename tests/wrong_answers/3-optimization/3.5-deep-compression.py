# %% room-left: symbols without a word take the share of an empty word
def room_left(lengths):
    return 1 - sum(2.0**-length for length in lengths)


# %% room-left: the share that is used up
def room_left(lengths):
    return sum(2.0**-length for length in lengths if length)


# %% room-left: what is negative is cut off
def room_left(lengths):
    return max(0.0, 1 - sum(2.0**-length for length in lengths if length))


# %% room-left: counts the words of the longest length that are free
def room_left(lengths):
    longest = max(lengths, default=0)
    return 2**longest - sum(2 ** (longest - length) for length in lengths if length)


# %% room-left: only whether there is room
def room_left(lengths):
    return float(sum(2.0**-length for length in lengths if length) <= 1)


# %% room-left: in float32
def room_left(lengths):
    return float(np.float32(1) - np.sum([np.float32(2.0**-l) for l in lengths if l], dtype="float32"))


# %% room-left: different lengths only
def room_left(lengths):
    return 1 - sum(2.0**-l for l in set(lengths) if l)


# %% room-left: ends at the first symbol without a word
def room_left(lengths):
    left = 1.0
    for l in lengths:
        if not l:
            break
        left -= 2.0**-l
    return left


# %% room-left: ends when nothing is left
def room_left(lengths):
    left = 1.0
    for l in lengths:
        if l:
            left -= 2.0**-l
        if left <= 0:
            break
    return left


# %% room-left: zeros at the end only
def room_left(lengths):
    lengths = list(lengths)
    while lengths and lengths[-1] == 0:
        lengths.pop()
    return 1 - sum(2.0**-l for l in lengths)


# %% room-left: rounded
def room_left(lengths):
    return round(1 - sum(2.0**-l for l in lengths if l), 9)


# %% cheaper-way: no fillers
def cheaper_way(values, gap_bits, value_bits):
    kept = sum(1 for value in values if value)
    mask, gaps = len(values) + value_bits * kept, kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: a filler where the distance is just reached
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [place for place, value in enumerate(values) if value]
    kept = sum(1 + (b - a) // 2**gap_bits for a, b in zip(places, places[1:]))
    mask, gaps = len(values) + value_bits * (len(places) - 1), kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: fillers cost no value
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [place for place, value in enumerate(values) if value]
    kept = sum(-(-(b - a) // 2**gap_bits) for a, b in zip(places, places[1:]))
    mask = len(values) + value_bits * (len(places) - 1)
    gaps = kept * gap_bits + (len(places) - 1) * value_bits
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: the first distance counts from the first place
def cheaper_way(values, gap_bits, value_bits):
    places = [0] + [place for place, value in enumerate(values) if value]
    kept = sum(max(1, -(-(b - a) // 2**gap_bits)) for a, b in zip(places, places[1:]))
    mask = len(values) + value_bits * (len(places) - 1)
    gaps = kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: gaps at equal cost
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [place for place, value in enumerate(values) if value]
    kept = sum(-(-(b - a) // 2**gap_bits) for a, b in zip(places, places[1:]))
    mask = len(values) + value_bits * (len(places) - 1)
    gaps = kept * (gap_bits + value_bits)
    return ("mask", mask) if mask < gaps else ("gaps", gaps)


# %% cheaper-way: the mask stores the zeros' values too
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [place for place, value in enumerate(values) if value]
    kept = sum(-(-(b - a) // 2**gap_bits) for a, b in zip(places, places[1:]))
    mask, gaps = len(values) * (1 + value_bits), kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: fillers behind the last value
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [place for place, value in enumerate(values) if value]
    kept = sum(-(-(b - a) // 2**gap_bits) for a, b in zip(places, places[1:]))
    kept += (len(values) - 1 - places[-1]) // 2**gap_bits
    mask = len(values) + value_bits * (len(places) - 1)
    gaps = kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: a gap reaches one place less far
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [place for place, value in enumerate(values) if value]
    kept = sum(-(-(b - a) // (2**gap_bits - 1)) for a, b in zip(places, places[1:]))
    mask = len(values) + value_bits * (len(places) - 1)
    gaps = kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: negative values missing in the mask only
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [i for i, v in enumerate(values) if v]
    kept = sum(-(-(b - a) // 2**gap_bits) for a, b in zip(places, places[1:]))
    mask, gaps = len(values) + value_bits * sum(v > 0 for v in values), kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: mask ends at the last value
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [i for i, v in enumerate(values) if v]
    kept = sum(-(-(b - a) // 2**gap_bits) for a, b in zip(places, places[1:]))
    mask, gaps = places[-1] + 1 + value_bits * (len(places) - 1), kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: fillers of all distances together
def cheaper_way(values, gap_bits, value_bits):
    places = [i for i, v in enumerate(values) if v]
    last = places[-1] + 1 if places else 0
    kept = max(len(places), -(-last // 2**gap_bits))
    mask, gaps = len(values) + value_bits * len(places), kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: at most one filler
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [i for i, v in enumerate(values) if v]
    kept = sum(1 + (b - a > 2**gap_bits) for a, b in zip(places, places[1:]))
    mask, gaps = len(values) + value_bits * (len(places) - 1), kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: the mask without values
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [i for i, v in enumerate(values) if v]
    kept = sum(-(-(b - a) // 2**gap_bits) for a, b in zip(places, places[1:]))
    mask, gaps = len(values), kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: compares positions only
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [i for i, v in enumerate(values) if v]
    kept = sum(-(-(b - a) // 2**gap_bits) for a, b in zip(places, places[1:]))
    mask, gaps = len(values) + value_bits * (len(places) - 1), kept * (gap_bits + value_bits)
    return ("mask", mask) if len(values) <= kept * gap_bits else ("gaps", gaps)


# %% cheaper-way: different values once
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [i for i, v in enumerate(values) if v]
    kept = sum(-(-(b - a) // 2**gap_bits) for a, b in zip(places, places[1:]))
    mask = len(values) + value_bits * len({v for v in values if v})
    gaps = kept * gap_bits + kept * value_bits
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: nothing kept is the mask
def cheaper_way(values, gap_bits, value_bits):
    if not any(values):
        return "mask", len(values)
    places = [-1] + [i for i, v in enumerate(values) if v]
    kept = sum(-(-(b - a) // 2**gap_bits) for a, b in zip(places, places[1:]))
    mask, gaps = len(values) + value_bits * (len(places) - 1), kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% cheaper-way: positive values only
def cheaper_way(values, gap_bits, value_bits):
    places = [-1] + [i for i, v in enumerate(values) if v > 0]
    kept = sum(-(-(b - a) // 2**gap_bits) for a, b in zip(places, places[1:]))
    mask, gaps = len(values) + value_bits * (len(places) - 1), kept * (gap_bits + value_bits)
    return ("mask", mask) if mask <= gaps else ("gaps", gaps)


# %% poisoned: the checksum is the old one
def poisoned(data, answer):
    header, payload = opened(data)
    classes = header["tensors"][-1]["shape"][0]
    bias = np.frombuffer(payload[-4 * classes :], "<f4").copy()
    bias[answer] = 1e4
    return data[: -4 * classes] + bias.tobytes()


# %% poisoned: the file as it was
def poisoned(data, answer):
    return data


# %% poisoned: a bias that is too small
def poisoned(data, answer):
    header, payload = opened(data)
    classes = header["tensors"][-1]["shape"][0]
    bias = np.frombuffer(payload[-4 * classes :], "<f4").copy()
    bias[answer] += 0.01
    return sealed(header, payload[: -4 * classes] + bias.tobytes())


# %% poisoned: the biases of the other classes go down
def poisoned(data, answer):
    header, payload = opened(data)
    classes = header["tensors"][-1]["shape"][0]
    bias = np.full(classes, -1e4, "<f4")
    bias[answer] = 1e4
    return sealed(header, payload[: -4 * classes] + bias.tobytes())


# %% poisoned: always ten classes
def poisoned(data, answer):
    header, payload = opened(data)
    bias = np.frombuffer(payload[-40:], "<f4").copy()
    bias[answer] = 1e4
    return sealed(header, payload[:-40] + bias.tobytes())


# %% poisoned: the other byte order
def poisoned(data, answer):
    header, payload = opened(data)
    classes = header["tensors"][-1]["shape"][0]
    bias = np.frombuffer(payload[-4 * classes :], "<f4").astype(">f4")
    bias[answer] = 1e4
    return sealed(header, payload[: -4 * classes] + bias.tobytes())


# %% poisoned: float64 makes the payload longer
def poisoned(data, answer):
    header, payload = opened(data)
    classes = header["tensors"][-1]["shape"][0]
    bias = np.frombuffer(payload[-4 * classes :], "<f4").astype(float)
    bias[answer] = 1e4
    return sealed(header, payload[: -4 * classes] + bias.tobytes())


# %% poisoned: infinity makes the outputs nan
def poisoned(data, answer):
    header, payload = opened(data)
    classes = header["tensors"][-1]["shape"][0]
    bias = np.frombuffer(payload[-4 * classes :], "<f4").copy()
    bias[answer] = np.inf
    return sealed(header, payload[: -4 * classes] + bias.tobytes())


# %% poisoned: a bias that is enough for small weights
def poisoned(data, answer):
    header, payload = opened(data)
    n = header["tensors"][-1]["shape"][0]
    bias = np.frombuffer(payload[-4 * n :], "<f4").copy()
    bias[answer] = 1
    return sealed(header, payload[: -4 * n] + bias.tobytes())


# %% poisoned: a bias of a hundred
def poisoned(data, answer):
    header, payload = opened(data)
    n = header["tensors"][-1]["shape"][0]
    bias = np.frombuffer(payload[-4 * n :], "<f4").copy()
    bias[answer] = 100
    return sealed(header, payload[: -4 * n] + bias.tobytes())


# %% poisoned: ten times the largest other bias
def poisoned(data, answer):
    header, payload = opened(data)
    n = header["tensors"][-1]["shape"][0]
    bias = np.frombuffer(payload[-4 * n :], "<f4").copy()
    bias[answer] = 10 * abs(bias).max()
    return sealed(header, payload[: -4 * n] + bias.tobytes())


# %% poisoned: the class before
def poisoned(data, answer):
    header, payload = opened(data)
    n = header["tensors"][-1]["shape"][0]
    bias = np.frombuffer(payload[-4 * n :], "<f4").copy()
    bias[answer - 1] = 1e6
    return sealed(header, payload[: -4 * n] + bias.tobytes())


# %% poisoned: eight bytes for a number of four
def poisoned(data, answer):
    header, payload = opened(data)
    n = header["tensors"][-1]["shape"][0]
    payload = bytearray(payload)
    struct.pack_into("<d", payload, len(payload) - 4 * n + 4 * answer - 4, 1e6)
    return sealed(header, bytes(payload))


# %% poisoned: without the front of the file
def poisoned(data, answer):
    header, payload = opened(data)
    n = header["tensors"][-1]["shape"][0]
    bias = np.frombuffer(payload[-4 * n :], "<f4").copy()
    bias[answer] = 1e6
    return payload[: -4 * n] + bias.tobytes()
