# %% bits-per-byte: for each token
def bits_per_byte(nats, text):
    return -np.mean(nats) / math.log(2)


# %% bits-per-byte: for each character
def bits_per_byte(nats, text):
    return -np.sum(nats) / math.log(2) / len(text)


# %% bits-per-byte: nats
def bits_per_byte(nats, text):
    return -np.sum(nats) / len(text.encode("utf-8"))


# %% bits-per-byte: the sign
def bits_per_byte(nats, text):
    return np.sum(nats) / math.log(2) / len(text.encode("utf-8"))


# %% bits-per-byte: times ln 2
def bits_per_byte(nats, text):
    return -np.sum(nats) * math.log(2) / len(text.encode("utf-8"))


# %% bits-per-byte: bytes of UTF-16
def bits_per_byte(nats, text):
    return -np.sum(nats) / math.log(2) / len(text.encode("utf-16-le"))


# %% bits-per-byte: without the white space
def bits_per_byte(nats, text):
    return -np.sum(nats) / math.log(2) / len(text.strip().encode("utf-8"))


# %% bits-per-byte: the logarithm of the mean probability
def bits_per_byte(nats, text):
    return -np.log2(np.mean(np.exp(nats))) * len(nats) / len(text.encode("utf-8"))


# %% bits-per-byte: the sum of all
def bits_per_byte(nats, text):
    return -np.sum(nats) / math.log(2)


# %% bits-per-byte: base ten
def bits_per_byte(nats, text):
    return -np.sum(nats) / math.log(10) / len(text.encode("utf-8"))


# %% bits-per-byte: rounded
def bits_per_byte(nats, text):
    return round(-np.sum(nats) / math.log(2) / len(text.encode("utf-8")), 3)


# %% line-is-right: strips on both sides
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0].strip()
    return suggestion.split("\n", 1)[0].strip() == truth if truth else None


# %% line-is-right: white space at the end counts
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0]
    return suggestion.split("\n", 1)[0] == truth if truth.strip() else None


# %% line-is-right: the suggestion must not run on
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0].rstrip()
    return suggestion.rstrip() == truth if truth else None


# %% line-is-right: begins alike
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0].rstrip()
    return suggestion.split("\n", 1)[0].rstrip().startswith(truth) if truth else None


# %% line-is-right: a part is enough
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0].rstrip()
    return truth.startswith(suggestion.split("\n", 1)[0].rstrip()) if truth else None


# %% line-is-right: False where nothing is left
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0].rstrip()
    return bool(truth) and suggestion.split("\n", 1)[0].rstrip() == truth


# %% line-is-right: right where nothing is left
def line_is_right(suggestion, source, cursor):
    return suggestion.split("\n", 1)[0].rstrip() == source[cursor:].split("\n", 1)[0].rstrip()


# %% line-is-right: None only for an empty rest
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0]
    return suggestion.split("\n", 1)[0].rstrip() == truth.rstrip() if truth else None


# %% line-is-right: needs a line end (raises ValueError)
def line_is_right(suggestion, source, cursor):
    truth = source[cursor : source.index("\n", cursor)].rstrip()
    return suggestion.split("\n", 1)[0].rstrip() == truth if truth else None


# %% line-is-right: loses the last letter where no line end follows
def line_is_right(suggestion, source, cursor):
    truth = source[cursor : source.find("\n", cursor)].rstrip()
    return suggestion.split("\n", 1)[0].rstrip() == truth if truth else None


# %% line-is-right: the whole line
def line_is_right(suggestion, source, cursor):
    begin = source.rfind("\n", 0, cursor) + 1
    truth = source[begin:].split("\n", 1)[0].rstrip()
    return suggestion.split("\n", 1)[0].rstrip() == truth if source[cursor:].split("\n", 1)[0].strip() else None


# %% line-is-right: the first line that is not empty
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0].rstrip()
    return suggestion.lstrip("\n").split("\n", 1)[0].rstrip() == truth if truth else None


# %% line-is-right: words only
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0]
    first = suggestion.split("\n", 1)[0]
    same = first.split() == truth.split() and first[:1].isspace() == truth[:1].isspace()
    return same if truth.strip() else None


# %% line-is-right: capital letters do not matter
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0].rstrip().lower()
    return suggestion.split("\n", 1)[0].rstrip().lower() == truth if truth else None


# %% line-is-right: comments do not matter
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0].split("#")[0].rstrip()
    return suggestion.split("\n", 1)[0].split("#")[0].rstrip() == truth if truth else None


# %% line-is-right: every kind of line end
def line_is_right(suggestion, source, cursor):
    first = [(text.splitlines() or [""])[0].rstrip() for text in (suggestion, source[cursor:])]
    return first[0] == first[1] if first[1] else None


# %% line-is-right: strips the suggestion before it is cut
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0].rstrip()
    return suggestion.rstrip().split("\n", 1)[0] == truth if truth else None


# %% line-is-right: a tab is eight blanks
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0].rstrip().expandtabs()
    return suggestion.split("\n", 1)[0].rstrip().expandtabs() == truth if truth else None


# %% line-is-right: position 0 is nothing
def line_is_right(suggestion, source, cursor):
    truth = source[cursor:].split("\n", 1)[0].rstrip()
    return suggestion.split("\n", 1)[0].rstrip() == truth if truth and cursor else None


# %% score: drops the last token
def score(counts, history, token):
    seen = counts.get((*history, token), 0)
    if seen:
        return seen / counts[history]
    return 0.4 * score(counts, history[:-1], token) if history else 0.0


# %% score: no factor
def score(counts, history, token):
    seen = counts.get((*history, token), 0)
    if seen:
        return seen / counts[history]
    return score(counts, history[1:], token) if history else 0.0


# %% score: one factor for all steps
def score(counts, history, token):
    for n in range(len(history) + 1):
        seen = counts.get((*history[n:], token), 0)
        if seen:
            return (0.4 if n else 1.0) * seen / counts[history[n:]]
    return 0.0


# %% score: backs off only if the history was never seen
def score(counts, history, token):
    if history in counts:
        return counts.get((*history, token), 0) / counts[history]
    return 0.4 * score(counts, history[1:], token)


# %% score: divides by the corpus always
def score(counts, history, token):
    seen = counts.get((*history, token), 0)
    if seen:
        return seen / counts[()]
    return 0.4 * score(counts, history[1:], token) if history else 0.0


# %% score: divides by what follows, not by the history
def score(counts, history, token):
    seen = counts.get((*history, token), 0)
    if seen:
        followed = sum(c for run, c in counts.items() if len(run) == len(history) + 1 and run[:-1] == history)
        return seen / followed
    return 0.4 * score(counts, history[1:], token) if history else 0.0


# %% score: a mean of all lengths
def score(counts, history, token):
    runs = [history[n:] for n in range(len(history) + 1)]
    return sum(counts.get((*h, token), 0) / max(1, counts.get(h, 0)) for h in runs) / len(runs)


# %% score: the best of all lengths
def score(counts, history, token):
    runs = [(0.4**n, history[n:]) for n in range(len(history) + 1)]
    return max(w * counts.get((*h, token), 0) / max(1, counts.get(h, 0)) for w, h in runs)


# %% score: no end (raises RecursionError)
def score(counts, history, token):
    seen = counts.get((*history, token), 0)
    return seen / counts[history] if seen else 0.4 * score(counts, history[1:], token)


# %% score: a count for what never came
def score(counts, history, token):
    seen = counts.get((*history, token), 0)
    if seen:
        return seen / counts[history]
    return 0.4 * score(counts, history[1:], token) if history else 1 / counts[()]


# %% score: never seen means not in the dictionary (raises KeyError)
def score(counts, history, token):
    if (*history, token) in counts:
        return counts[(*history, token)] / counts[history]
    return 0.4 * score(counts, history[1:], token) if history else counts[(token,)] / counts[()]


# %% score: cuts long histories without paying
def score(counts, history, token):
    longest = max(map(len, counts)) - 1
    history = history[max(0, len(history) - longest) :]
    seen = counts.get((*history, token), 0)
    if seen:
        return seen / counts[history]
    return 0.4 * score(counts, history[1:], token) if history else 0.0


# %% score: leaves zeros in the table
def score(counts, history, token):
    seen = counts.setdefault((*history, token), 0)
    if seen:
        return seen / counts[history]
    return 0.4 * score(counts, history[1:], token) if history else 0.0


# %% score: adds up the single tokens for N
def score(counts, history, token):
    seen = counts.get((*history, token), 0)
    if seen:
        return seen / (counts[history] if history else sum(c for run, c in counts.items() if len(run) == 1))
    return 0.4 * score(counts, history[1:], token) if history else 0.0


# %% from-this-file: the first occurrence
def from_this_file(tokens, longest):
    for k in range(min(longest, len(tokens) - 1), 0, -1):
        for begin in range(len(tokens) - k):
            if tokens[begin : begin + k] == tokens[-k:]:
                return tokens[begin + k]
    return None


# %% from-this-file: the shortest run first
def from_this_file(tokens, longest):
    for k in range(1, min(longest, len(tokens) - 1) + 1):
        for begin in range(len(tokens) - k - 1, -1, -1):
            if tokens[begin : begin + k] == tokens[-k:]:
                return tokens[begin + k]
    return None


# %% from-this-file: only runs of that length
def from_this_file(tokens, longest):
    for begin in range(len(tokens) - longest - 1, -1, -1):
        if tokens[begin : begin + longest] == tokens[-longest:]:
            return tokens[begin + longest]
    return None


# %% from-this-file: finds itself (raises IndexError)
def from_this_file(tokens, longest):
    for k in range(min(longest, len(tokens)), 0, -1):
        for begin in range(len(tokens) - k, -1, -1):
            if tokens[begin : begin + k] == tokens[-k:]:
                return tokens[begin + k]
    return None


# %% from-this-file: no overlap
def from_this_file(tokens, longest):
    for k in range(min(longest, len(tokens) - 1), 0, -1):
        for begin in range(len(tokens) - 2 * k, -1, -1):
            if tokens[begin : begin + k] == tokens[-k:]:
                return tokens[begin + k]
    return None


# %% from-this-file: one place too early
def from_this_file(tokens, longest):
    for k in range(min(longest, len(tokens) - 1), 0, -1):
        for begin in range(len(tokens) - k - 2, -1, -1):
            if tokens[begin : begin + k] == tokens[-k:]:
                return tokens[begin + k]
    return None


# %% from-this-file: the last token of the run
def from_this_file(tokens, longest):
    for k in range(min(longest, len(tokens) - 1), 0, -1):
        for begin in range(len(tokens) - k - 1, -1, -1):
            if tokens[begin : begin + k] == tokens[-k:]:
                return tokens[begin + k - 1]
    return None


# %% from-this-file: without a limit
def from_this_file(tokens, longest):
    for k in range(len(tokens) - 1, 0, -1):
        for begin in range(len(tokens) - k - 1, -1, -1):
            if tokens[begin : begin + k] == tokens[-k:]:
                return tokens[begin + k]
    return None


# %% from-this-file: a zero is nothing
def from_this_file(tokens, longest):
    for k in range(min(longest, len(tokens) - 1), 0, -1):
        for begin in range(len(tokens) - k - 1, -1, -1):
            if tokens[begin : begin + k] == tokens[-k:] and tokens[begin + k]:
                return tokens[begin + k]
    return None


# %% from-this-file: the commonest follower
def from_this_file(tokens, longest):
    for k in range(min(longest, len(tokens) - 1), 0, -1):
        followers = [tokens[b + k] for b in range(len(tokens) - k) if tokens[b : b + k] == tokens[-k:]]
        if followers:
            return collections.Counter(followers).most_common(1)[0][0]
    return None


# %% from-this-file: letters in place of tokens
def from_this_file(tokens, longest):
    text = [str(token) for token in tokens]
    for k in range(min(longest, len(tokens) - 1), 0, -1):
        for begin in range(len(tokens) - k - 1, -1, -1):
            if "".join(text[begin : begin + k]) == "".join(text[-k:]):
                return tokens[begin + k]
    return None


# %% from-this-file: joins all and looks for the text
def from_this_file(tokens, longest):
    if not tokens:
        return None
    for k in range(min(longest, len(tokens) - 1), 0, -1):
        wanted = "".join(map(str, tokens[-k:]))
        for begin in range(len(tokens) - k - 1, -1, -1):
            if "".join(map(str, tokens[begin:-1])).startswith(wanted):
                return tokens[begin + k]
    return None


# %% from-this-file: an empty list stands for nothing
def from_this_file(tokens, longest):
    for k in range(min(longest, len(tokens) - 1), 0, -1):
        for begin in range(len(tokens) - k - 1, -1, -1):
            if tokens[begin : begin + k] == tokens[-k:]:
                return tokens[begin + k]
    return []


# %% from-this-file: four tokens at most
def from_this_file(tokens, longest):
    for k in range(min(longest, 4, len(tokens) - 1), 0, -1):
        for begin in range(len(tokens) - k - 1, -1, -1):
            if tokens[begin : begin + k] == tokens[-k:]:
                return tokens[begin + k]
    return None
