# %% copies: counts the texts that are repeated, the first included
def copies(texts):
    return sum(texts.count(t) > 1 for t in texts)


# %% copies: counts the different texts that are repeated
def copies(texts):
    return sum(texts.count(t) > 1 for t in set(texts))


# %% copies: takes capitals for small letters
def copies(texts):
    return len(texts) - len({t.lower() for t in texts})


# %% similarity: divides by both sizes together
def similarity(a, b, size):
    first, second = a.split(), b.split()
    first = {tuple(first[i : i + size]) for i in range(len(first) - size + 1)}
    second = {tuple(second[i : i + size]) for i in range(len(second) - size + 1)}
    return len(first & second) / (len(first) + len(second)) if first or second else 0.0


# %% similarity: divides by the smaller set
def similarity(a, b, size):
    first, second = a.split(), b.split()
    first = {tuple(first[i : i + size]) for i in range(len(first) - size + 1)}
    second = {tuple(second[i : i + size]) for i in range(len(second) - size + 1)}
    return len(first & second) / min(len(first), len(second)) if first and second else 0.0


# %% similarity: leaves out the last shingle
def similarity(a, b, size):
    first, second = a.split(), b.split()
    first = {tuple(first[i : i + size]) for i in range(len(first) - size)}
    second = {tuple(second[i : i + size]) for i in range(len(second) - size)}
    return len(first & second) / len(first | second) if first or second else 0.0


# %% similarity: letters in place of words
def similarity(a, b, size):
    first = {a[i : i + size] for i in range(len(a) - size + 1)}
    second = {b[i : i + size] for i in range(len(b) - size + 1)}
    return len(first & second) / len(first | second) if first or second else 0.0


# %% merge: uses a token twice
def merge(ids, pair, new):
    out = []
    for i, token in enumerate(ids):
        if tuple(ids[i : i + 2]) == tuple(pair):
            out.append(new)
        elif i == 0 or tuple(ids[i - 1 : i + 1]) != tuple(pair):
            out.append(token)
    return out


# %% merge: changes the list that came in
def merge(ids, pair, new):
    i = 0
    while i + 1 < len(ids):
        if (ids[i], ids[i + 1]) == tuple(pair):
            ids[i : i + 2] = [new]
        i += 1
    return ids


# %% merge: merges the new id again
def merge(ids, pair, new):
    out = []
    for token in ids:
        if out and (out[-1], token) == tuple(pair):
            out[-1] = new
        else:
            out.append(token)
    return out


# %% merge: replaces in the written list
def merge(ids, pair, new):
    written = ",".join(map(str, ids)).replace(f"{pair[0]},{pair[1]}", str(new))
    return [int(i) for i in written.split(",")] if written else []


# %% hold-out: takes items, not groups
def hold_out(groups, share):
    return list(range(round(share * len(groups))))


# %% hold-out: counts groups
def hold_out(groups, share):
    names = list(dict.fromkeys(groups))
    taken = set(names[: max(1, round(share * len(names)))])
    return [i for i, group in enumerate(groups) if group in taken]


# %% hold-out: in the order of the alphabet
def hold_out(groups, share):
    taken = set()
    for group in sorted(set(groups)):
        if sum(g in taken for g in groups) >= share * len(groups):
            break
        taken.add(group)
    return [i for i, group in enumerate(groups) if group in taken]


# %% hold-out: one group too many
def hold_out(groups, share):
    taken = set()
    for group in dict.fromkeys(groups):
        taken.add(group)
        if sum(g in taken for g in groups) > share * len(groups):
            break
    return [i for i, group in enumerate(groups) if group in taken]


# %% anonymise: user names first, which breaks the addresses
def anonymise(tweet):
    tweet = re.sub(r"@\w+", "@user", tweet)
    tweet = re.sub(r"https?://\S+", "<url>", tweet)
    return re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<mail>", tweet)


# %% anonymise: forgets the mail addresses
def anonymise(tweet):
    return re.sub(r"(?<!\w)@\w+", "@user", re.sub(r"https?://\S+", "<url>", tweet))


# %% anonymise: tidies up the spaces as well
def anonymise(tweet):
    tweet = re.sub(r"https?://\S+", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<mail>", tweet)
    return " ".join(re.sub(r"(?<!\w)@\w+", "@user", tweet).split())


# %% anonymise: word by word, so that a comma after the name goes with it
def anonymise(tweet):
    def change(match):
        word = match.group()
        if word.startswith(("http://", "https://")):
            return "<url>"
        if word.startswith("@") and len(word) > 1:
            return "@user"
        return "<mail>" if re.fullmatch(r"\S+@\S+\.\S+", word) else word

    return re.sub(r"\S+", change, tweet)
