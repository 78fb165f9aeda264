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
