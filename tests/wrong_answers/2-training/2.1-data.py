# %% copies: counts the texts that are repeated, the first included
def copies(texts):
    return sum(texts.count(t) > 1 for t in texts)


# %% copies: counts the different texts that are repeated
def copies(texts):
    return sum(texts.count(t) > 1 for t in set(texts))


# %% copies: takes capitals for small letters
def copies(texts):
    return len(texts) - len({t.lower() for t in texts})


# %% leaked: divides by the union
def leaked(question, document, size):
    a, b = question.split(), document.split()
    a = {tuple(a[i : i + size]) for i in range(len(a) - size + 1)}
    b = {tuple(b[i : i + size]) for i in range(len(b) - size + 1)}
    return len(a & b) / len(a | b) if a | b else 0.0


# %% leaked: takes capitals for small letters
def leaked(question, document, size):
    a, b = question.lower().split(), document.lower().split()
    a = {tuple(a[i : i + size]) for i in range(len(a) - size + 1)}
    b = {tuple(b[i : i + size]) for i in range(len(b) - size + 1)}
    return len(a & b) / len(a) if a else 0.0


# %% leaked: cuts at signs, not at white space
def leaked(question, document, size):
    a, b = re.findall(r"\w+", question), re.findall(r"\w+", document)
    a = {tuple(a[i : i + size]) for i in range(len(a) - size + 1)}
    b = {tuple(b[i : i + size]) for i in range(len(b) - size + 1)}
    return len(a & b) / len(a) if a else 0.0


# %% leaked: glues the words together
def leaked(question, document, size):
    a, b = question.split(), document.split()
    a = {"".join(a[i : i + size]) for i in range(len(a) - size + 1)}
    b = {"".join(b[i : i + size]) for i in range(len(b) - size + 1)}
    return len(a & b) / len(a) if a else 0.0


# %% leaked: a shingle as a set, without its order
def leaked(question, document, size):
    a, b = question.split(), document.split()
    a = {frozenset(a[i : i + size]) for i in range(len(a) - size + 1)}
    b = {frozenset(b[i : i + size]) for i in range(len(b) - size + 1)}
    return len(a & b) / len(a) if a else 0.0


# %% leaked: counts a repeated shingle again
def leaked(question, document, size):
    a, b = question.split(), document.split()
    a = [tuple(a[i : i + size]) for i in range(len(a) - size + 1)]
    b = {tuple(b[i : i + size]) for i in range(len(b) - size + 1)}
    return sum(s in b for s in a) / len(a) if a else 0.0


# %% leaked: leaves out the last shingle
def leaked(question, document, size):
    a, b = question.split(), document.split()
    a = {tuple(a[i : i + size]) for i in range(len(a) - size)}
    b = {tuple(b[i : i + size]) for i in range(len(b) - size)}
    return len(a & b) / len(a) if a else 0.0


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


# %% hold-out: rounds the number of items
def hold_out(groups, share):
    taken = set()
    for group in dict.fromkeys(groups):
        if sum(g in taken for g in groups) >= round(share * len(groups)):
            break
        taken.add(group)
    return [i for i, group in enumerate(groups) if group in taken]


# %% hold-out: cuts the number of items down
def hold_out(groups, share):
    taken = set()
    for group in dict.fromkeys(groups):
        if taken and sum(g in taken for g in groups) >= int(share * len(groups)):
            break
        taken.add(group)
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


# %% anonymise: only ASCII letters in a name
def anonymise(tweet):
    tweet = re.sub(r"https?://\S+", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@[A-Za-z0-9_]+", "@user", tweet)


# %% anonymise: a name only after white space
def anonymise(tweet):
    tweet = re.sub(r"https?://\S+", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\S)@\w+", "@user", tweet)


# %% anonymise: https only
def anonymise(tweet):
    tweet = re.sub(r"https://\S+", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: the full stop goes with the mail address
def anonymise(tweet):
    tweet = re.sub(r"https?://\S+", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[\w.-]+\.[\w.-]+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: no dots before the @
def anonymise(tweet):
    tweet = re.sub(r"https?://\S+", "<url>", tweet)
    tweet = re.sub(r"\w+@[\w-]+(?:\.[\w-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: a lonely @ too
def anonymise(tweet):
    tweet = re.sub(r"https?://\S+", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w*", "@user", tweet)


# %% copies: removes from the list that it goes through
def copies(texts):
    n, t = 0, list(texts)
    for x in t:
        if t.count(x) > 1:
            t.remove(x)
            n += 1
    return n


# %% leaked: looks for the text, not for words
def leaked(question, document, size):
    w = question.split()
    q = {" ".join(w[i : i + size]) for i in range(len(w) - size + 1)}
    return sum(s in document for s in q) / len(q) if q else 0


# %% leaked: looks for the text, with single spaces
def leaked(question, document, size):
    w = question.split()
    d = " ".join(document.split())
    q = {" ".join(w[i : i + size]) for i in range(len(w) - size + 1)}
    return sum(s in d for s in q) / len(q) if q else 0


# %% leaked: cuts at spaces only
def leaked(question, document, size):
    sh = lambda w: {tuple(w[i : i + size]) for i in range(len(w) - size + 1)}
    q, d = [sh([x for x in t.replace("\n", "").split(" ") if x]) for t in (question, document)]
    return len(q & d) / len(q) if q else 0


# %% leaked: cuts at spaces and new lines only
def leaked(question, document, size):
    sh = lambda w: {tuple(w[i : i + size]) for i in range(len(w) - size + 1)}
    q, d = [sh(re.split(r"[ \n]+", t.strip())) for t in (question, document)]
    return len(q & d) / len(q) if q else 0


# %% leaked: shingles of two words at most
def leaked(question, document, size):
    sh = lambda w: {tuple(w[i : i + min(size, 2)]) for i in range(len(w) - size + 1)}
    q, d = sh(question.split()), sh(document.split())
    return len(q & d) / len(q) if q else 0


# %% merge: compares by is
def merge(ids, pair, new):
    out, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and ids[i] is pair[0] and ids[i + 1] is pair[1]:
            out.append(new)
            i += 2
        else:
            out.append(ids[i])
            i += 1
    return out


# %% merge: 0 as a mark
def merge(ids, pair, new):
    ids, i = list(ids), 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            ids[i], ids[i + 1] = new, 0
            i += 1
        i += 1
    return [t for t in ids if t]


# %% merge: by bytes
def merge(ids, pair, new):
    b = bytes(ids).replace(bytes(pair), bytes([new]))
    return list(b)


# %% merge: a failed start uses up the next token
def merge(ids, pair, new):
    out, it = [], iter(ids)
    for t in it:
        if t == pair[0]:
            n = next(it, None)
            if n == pair[1]:
                out.append(new)
            else:
                out += [t] + ([n] if n is not None else [])
        else:
            out.append(t)
    return out


# %% hold-out: looks for the text, not for words
def hold_out(groups, share):
    t = ""
    for g in groups:
        t += g
        if sum(x in t for x in groups) >= share * len(groups):
            break
    return [i for i, x in enumerate(groups) if x in t]


# %% hold-out: counts a group again for each item
def hold_out(groups, share):
    t, n = [], 0
    for g in groups:
        t.append(g)
        n += groups.count(g)
        if n >= share * len(groups):
            break
    return [i for i, x in enumerate(groups) if x in t]


# %% anonymise: upper-case URL too
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet, flags=re.I)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: www too
def anonymise(tweet):
    tweet = re.sub(r"(https?://|www\.)\S*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: web addresses only where a word begins
def anonymise(tweet):
    tweet = re.sub(r"\bhttps?://\S*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: url without closing bracket
def anonymise(tweet):
    tweet = re.sub(r"https?://[^\s)]*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: url to next blank
def anonymise(tweet):
    tweet = re.sub(r"https?://[^ ]*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: only ASCII letters protect what follows
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<![A-Za-z0-9_])@\w+", "@user", tweet)


# %% anonymise: underscore may precede
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<![^\W_])@\w+", "@user", tweet)


# %% anonymise: digit may precede
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<![^\W\d])@\w+", "@user", tweet)


# %% anonymise: no name after a second @
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<![\w@])@\w+", "@user", tweet)


# %% anonymise: mail TLD at most 3
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[\w.-]+\.[a-z]{2,3}", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: mail without digits in the domain
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[A-Za-z-]+(\.[A-Za-z-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: mail without capitals in the domain
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: user up to 15 characters
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w{1,15}", "@user", tweet)


# %% anonymise: spares names that begin with user
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@(?!user)\w+", "@user", tweet)


# %% anonymise: names with a dash
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@[\w-]+", "@user", tweet)


# %% anonymise: names with a dot inside
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+(\.\w+)*", "@user", tweet)


# %% anonymise: name swallows apostrophe s
def anonymise(tweet):
    tweet = re.sub(r"https?://\S*", "<url>", tweet)
    tweet = re.sub(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+('s)?", "@user", tweet)


# %% copies: compares neighbours only
def copies(texts):
    return sum(a == b for a, b in zip(texts, texts[1:]))


# %% copies: counts pairs
def copies(texts):
    return sum(texts[i] == texts[j] for j in range(len(texts)) for i in range(j))


# %% copies: leaves out empty texts
def copies(texts):
    texts = [t for t in texts if t]
    return len(texts) - len(set(texts))


# %% leaked: shingles of three words at most
def leaked(question, document, size):
    def shingles(text):
        words = text.split()
        return {tuple(words[i : i + min(size, 3)]) for i in range(len(words) - size + 1)}

    q, d = shingles(question), shingles(document)
    return len(q & d) / len(q) if q else 0.0


# %% leaked: short shingles at the end
def leaked(question, document, size):
    q, d = ({tuple(w[i : i + size]) for i in range(len(w))} for w in (question.split(), document.split()))
    return len(q & d) / len(q) if q else 0.0


# %% leaked: divides by the smaller set
def leaked(question, document, size):
    a, b = question.split(), document.split()
    a = {tuple(a[i : i + size]) for i in range(len(a) - size + 1)}
    b = {tuple(b[i : i + size]) for i in range(len(b) - size + 1)}
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


# %% leaked: a text that is too short counts whole
def leaked(question, document, size):
    def shingles(text):
        words = text.split()
        return {tuple(words[i : i + size]) for i in range(max(1, len(words) - size + 1))}

    q, d = shingles(question), shingles(document)
    return len(q & d) / len(q) if q else 0.0


# %% merge: gives the same list back where nothing is found
def merge(ids, pair, new):
    if not any((a, b) == tuple(pair) for a, b in zip(ids, ids[1:])):
        return ids
    merged, i = [], 0
    while i < len(ids):
        hit = tuple(ids[i : i + 2]) == tuple(pair)
        merged.append(new if hit else ids[i])
        i += 2 if hit else 1
    return merged


# %% merge: from right to left
def merge(ids, pair, new):
    merged, i = [], len(ids) - 1
    while i >= 0:
        hit = i > 0 and (ids[i - 1], ids[i]) == tuple(pair)
        merged.append(new if hit else ids[i])
        i -= 2 if hit else 1
    return merged[::-1]


# %% merge: the first occurrence only
def merge(ids, pair, new):
    for i in range(len(ids) - 1):
        if (ids[i], ids[i + 1]) == tuple(pair):
            return ids[:i] + [new] + ids[i + 2 :]
    return list(ids)


# %% hold-out: the largest group first
def hold_out(groups, share):
    taken = set()
    for group in sorted(dict.fromkeys(groups), key=lambda g: -groups.count(g)):
        if sum(g in taken for g in groups) >= share * len(groups):
            break
        taken.add(group)
    return [i for i, group in enumerate(groups) if group in taken]


# %% hold-out: skips a group that is too large
def hold_out(groups, share):
    taken, number = set(), 0
    for group in dict.fromkeys(groups):
        if number + groups.count(group) <= max(share * len(groups), groups.count(groups[0])):
            taken.add(group)
            number += groups.count(group)
    return [i for i, group in enumerate(groups) if group in taken]


# %% hold-out: the positions group by group
def hold_out(groups, share):
    places = []
    for group in dict.fromkeys(groups):
        if len(places) >= share * len(groups):
            break
        places += [i for i, g in enumerate(groups) if g == group]
    return places


# %% anonymise: an underscore in the domain
def anonymise(tweet):
    tweet = re.sub(r"https?://\S+", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: the domain ends in two letters or more
def anonymise(tweet):
    tweet = re.sub(r"https?://\S+", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: a domain without a dot
def anonymise(tweet):
    tweet = re.sub(r"https?://\S+", "<url>", tweet)
    tweet = re.sub(r"[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*", "<mail>", tweet)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet)


# %% anonymise: the first of each only
def anonymise(tweet):
    tweet = re.sub(r"https?://\S+", "<url>", tweet, count=1)
    tweet = re.sub(r"[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", "<mail>", tweet, count=1)
    return re.sub(r"(?<!\w)@\w+", "@user", tweet, count=1)
