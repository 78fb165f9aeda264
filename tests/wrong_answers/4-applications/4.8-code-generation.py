# %% tries-needed: by logarithms, rounded up
def tries_needed(c, n, percent):
    import math

    if c == 0:
        return 0
    return 1 if c == n else math.ceil(math.log(1 - percent / 100) / math.log(1 - c / n))


# %% tries-needed: strictly more than asked for
def tries_needed(c, n, percent):
    k = 1
    while c > 0 and 100 * (n - c) ** k >= (100 - percent) * n**k:
        k += 1
    return k if c > 0 else 0


# %% tries-needed: with floats
def tries_needed(c, n, percent):
    k = 1
    while c > 0 and 1 - (1 - c / n) ** k < percent / 100:
        k += 1
    return k if c > 0 else 0


# %% tries-needed: adds up the chances
def tries_needed(c, n, percent):
    return -(-percent * n // (100 * c)) if c else 0


# %% tries-needed: begins at no try
def tries_needed(c, n, percent):
    k = 0
    while c > 0 and 100 * (n - c) ** (k + 1) > (100 - percent) * n ** (k + 1):
        k += 1
    return k


# %% tries-needed: without putting the wrong ones back
def tries_needed(c, n, percent):
    from math import comb

    return next((k for k in range(1, n + 1) if 100 * comb(n - c, k) <= (100 - percent) * comb(n, k)), 0) if c else 0


# %% tries-needed: always right needs no try
def tries_needed(c, n, percent):
    k = 1
    while 0 < c < n and 100 * (n - c) ** k > (100 - percent) * n**k:
        k += 1
    return k if 0 < c < n else 0


# %% tries-needed: never right takes one try
def tries_needed(c, n, percent):
    k = 1
    while c > 0 and 100 * (n - c) ** k > (100 - percent) * n**k:
        k += 1
    return k


# %% tries-needed: the chance that all are right
def tries_needed(c, n, percent):
    k = 1
    while 0 < c < n and 100 * c**k > (100 - percent) * n**k:
        k += 1
    return k if c else 0


# %% tries-needed: per cent as a share
def tries_needed(c, n, percent):
    k = 1
    while c > 0 and (n - c) ** k > (1 - percent) * n**k and k < 1000:
        k += 1
    return k if c else 0


# %% tries-needed: one over the chance
def tries_needed(c, n, percent):
    return -(-n // c) if c else 0


# %% pass-at-k-of: the plain formula
def pass_at_k_of(log, k):
    tried = {}
    for name, passed in log:
        tried.setdefault(name, []).append(passed)
    found = [1 - (1 - sum(r) / len(r)) ** k for r in tried.values() if len(r) >= k]
    return sum(found) / len(found) if found else 0.0


# %% pass-at-k-of: only the first k programs
def pass_at_k_of(log, k):
    tried = {}
    for name, passed in log:
        tried.setdefault(name, []).append(passed)
    found = [float(any(r[:k])) for r in tried.values() if len(r) >= k]
    return sum(found) / len(found) if found else 0.0


# %% pass-at-k-of: solved by any of all
def pass_at_k_of(log, k):
    tried = {}
    for name, passed in log:
        tried.setdefault(name, []).append(passed)
    found = [float(any(r)) for r in tried.values() if len(r) >= k]
    return sum(found) / len(found) if found else 0.0


# %% pass-at-k-of: too few programs count as zero
def pass_at_k_of(log, k):
    from math import comb

    tried = {}
    for name, passed in log:
        tried.setdefault(name, []).append(passed)
    found = [1 - comb(len(r) - sum(r), k) / comb(len(r), k) if len(r) >= k else 0.0 for r in tried.values()]
    return sum(found) / len(found) if found else 0.0


# %% pass-at-k-of: all programs in one heap
def pass_at_k_of(log, k):
    from math import comb

    n, c = len(log), sum(passed for _, passed in log)
    return 1 - comb(n - c, k) / comb(n, k) if n >= k else 0.0


# %% pass-at-k-of: too few programs use what there is
def pass_at_k_of(log, k):
    from math import comb

    tried = {}
    for name, passed in log:
        tried.setdefault(name, []).append(passed)
    found = []
    for r in tried.values():
        m = min(k, len(r))
        found.append(1 - comb(len(r) - sum(r), m) / comb(len(r), m))
    return sum(found) / len(found) if found else 0.0


# %% pass-at-k-of: no problem left divides by zero (raises ZeroDivisionError)
def pass_at_k_of(log, k):
    from math import comb

    tried = {}
    for name, passed in log:
        tried.setdefault(name, []).append(passed)
    found = [1 - comb(len(r) - sum(r), k) / comb(len(r), k) for r in tried.values() if len(r) >= k]
    return sum(found) / len(found)


# %% pass-at-k-of: needs more than k programs
def pass_at_k_of(log, k):
    from math import comb

    tried = {}
    for name, passed in log:
        tried.setdefault(name, []).append(passed)
    found = [1 - comb(len(r) - sum(r), k) / comb(len(r), k) for r in tried.values() if len(r) > k]
    return sum(found) / len(found) if found else 0.0


# %% pass-at-k-of: takes for granted that a problem's programs stand together
def pass_at_k_of(log, k):
    import itertools
    from math import comb

    found = []
    for _, group in itertools.groupby(log, key=lambda pair: pair[0]):
        r = [passed for _, passed in group]
        if len(r) >= k:
            found.append(1 - comb(len(r) - sum(r), k) / comb(len(r), k))
    return sum(found) / len(found) if found else 0.0


# %% pass-at-k-of: the chance that none is right
def pass_at_k_of(log, k):
    from math import comb

    tried = {}
    for name, passed in log:
        tried.setdefault(name, []).append(passed)
    found = [comb(len(r) - sum(r), k) / comb(len(r), k) for r in tried.values() if len(r) >= k]
    return sum(found) / len(found) if found else 0.0


# %% longest-that-parses: the shortest
def longest_that_parses(prompt, text):
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    for count in range(len(lines) + 1):
        try:
            ast.parse(prompt + "".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return "".join(lines[:count])
    return None


# %% longest-that-parses: stops at the first line that does not parse
def longest_that_parses(prompt, text):
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    best = None
    for count in range(len(lines) + 1):
        try:
            ast.parse(prompt + "".join(lines[:count]))
        except (SyntaxError, ValueError):
            if best is not None:
                return best
            continue
        best = "".join(lines[:count])
    return best


# %% longest-that-parses: loses the line ends
def longest_that_parses(prompt, text):
    lines = text.split("\n")
    for count in range(len(lines), -1, -1):
        try:
            ast.parse(prompt + "\n".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return "\n".join(lines[:count])
    return None


# %% longest-that-parses: splitlines
def longest_that_parses(prompt, text):
    lines = text.splitlines(keepends=True)
    for count in range(len(lines), -1, -1):
        try:
            ast.parse(prompt + "".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return "".join(lines[:count])
    return None


# %% longest-that-parses: never the empty beginning
def longest_that_parses(prompt, text):
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    for count in range(len(lines), 0, -1):
        try:
            ast.parse(prompt + "".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return "".join(lines[:count])
    return None


# %% longest-that-parses: empty where nothing parses
def longest_that_parses(prompt, text):
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    for count in range(len(lines), 0, -1):
        try:
            ast.parse(prompt + "".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return "".join(lines[:count])
    return ""


# %% longest-that-parses: cuts characters
def longest_that_parses(prompt, text):
    for count in range(len(text), -1, -1):
        try:
            ast.parse(prompt + text[:count])
        except (SyntaxError, ValueError):
            continue
        return text[:count]
    return None


# %% longest-that-parses: the text alone
def longest_that_parses(prompt, text):
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    for count in range(len(lines), -1, -1):
        try:
            ast.parse("".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return "".join(lines[:count])
    return None


# %% longest-that-parses: with the prompt
def longest_that_parses(prompt, text):
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    for count in range(len(lines), -1, -1):
        try:
            ast.parse(prompt + "".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return prompt + "".join(lines[:count])
    return None


# %% longest-that-parses: only lines that have an end
def longest_that_parses(prompt, text):
    lines = [line + "\n" for line in text.split("\n")[:-1]]
    for count in range(len(lines), -1, -1):
        try:
            ast.parse(prompt + "".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return "".join(lines[:count])
    return None


# %% longest-that-parses: strips the end
def longest_that_parses(prompt, text):
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    for count in range(len(lines), -1, -1):
        try:
            ast.parse(prompt + "".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return "".join(lines[:count]).rstrip()
    return None


# %% most-agreed: failed programs count
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        groups.setdefault(tuple(row), []).append(i)
    return max(groups.values(), key=len)[0] if groups else -1


# %% most-agreed: a program counts where one output is there
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if not row or any(value is not None for value in row):
            groups.setdefault(tuple(row), []).append(i)
    return max(groups.values(), key=len)[0] if groups else -1


# %% most-agreed: the last of several groups
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if None not in row:
            groups.setdefault(tuple(row), []).append(i)
    best = -1
    size = 0
    for members in groups.values():
        if len(members) >= size:
            best, size = members[0], len(members)
    return best


# %% most-agreed: a tie by the outputs' order
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if None not in row:
            groups.setdefault(tuple(row), []).append(i)
    return min(groups.items(), key=lambda item: (-len(item[1]), item[0]))[1][0] if groups else -1


# %% most-agreed: the order of the outputs does not matter
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if None not in row:
            groups.setdefault(tuple(sorted(row)), []).append(i)
    return max(groups.values(), key=len)[0] if groups else -1


# %% most-agreed: only the first input
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if None not in row:
            groups.setdefault(tuple(row[:1]), []).append(i)
    return max(groups.values(), key=len)[0] if groups else -1


# %% most-agreed: the size of the group
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if None not in row:
            groups.setdefault(tuple(row), []).append(i)
    return max(map(len, groups.values())) if groups else -1


# %% most-agreed: the last program of the group
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if None not in row:
            groups.setdefault(tuple(row), []).append(i)
    return max(groups.values(), key=len)[-1] if groups else -1


# %% most-agreed: an empty output is a failure
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if all(row):
            groups.setdefault(tuple(row), []).append(i)
    return max(groups.values(), key=len)[0] if groups else -1


# %% most-agreed: the index among those that did not fail
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate([row for row in outputs if None not in row]):
        groups.setdefault(tuple(row), []).append(i)
    return max(groups.values(), key=len)[0] if groups else -1


# %% most-agreed: votes for each input alone
def most_agreed(outputs):
    import collections

    rows = {i: row for i, row in enumerate(outputs) if None not in row}
    if not rows:
        return -1
    votes = [collections.Counter(column) for column in zip(*rows.values())]
    return max(rows, key=lambda i: sum(vote[value] for vote, value in zip(votes, rows[i])))


# %% most-agreed: outputs joined to one text
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        groups.setdefault("".join(map(str, row)), []).append(i)
    groups = {key: members for key, members in groups.items() if "None" not in key}
    return max(groups.values(), key=len)[0] if groups else -1


# %% most-agreed: none at all breaks (raises ValueError)
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if None not in row:
            groups.setdefault(tuple(row), []).append(i)
    return max(groups.values(), key=len)[0]


# %% tries-needed: looks no further than three hundred tries
def tries_needed(c, n, percent):
    for k in range(1, 301):
        if 100 * (n - c) ** k <= (100 - percent) * n**k:
            return k
    return 0


# %% tries-needed: with floats and a tolerance of a millionth
def tries_needed(c, n, percent):
    k = 1
    while c > 0 and 1 - (1 - c / n) ** k < percent / 100 - 1e-6:
        k += 1
    return k if c > 0 else 0


# %% tries-needed: with floats, rounded to nine digits
def tries_needed(c, n, percent):
    k = 1
    while c > 0 and round(1 - (1 - c / n) ** k, 9) < percent / 100:
        k += 1
    return k if c > 0 else 0


# %% tries-needed: the chance in whole per cent
def tries_needed(c, n, percent):
    k = 1
    wrong = 100 - 100 * c // n
    while c > 0 and wrong**k > (100 - percent) * 100 ** (k - 1):
        k += 1
    return k if c > 0 else 0


# %% longest-that-parses: cuts only the last line
def longest_that_parses(prompt, text):
    for part in (text, text[: text.rfind("\n", 0, -1) + 1], ""):
        try:
            ast.parse(prompt + part)
        except (SyntaxError, ValueError):
            continue
        return part
    return None


# %% longest-that-parses: a line end between prompt and text
def longest_that_parses(prompt, text):
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    for count in range(len(lines), -1, -1):
        try:
            ast.parse(prompt + "\n" + "".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return "".join(lines[:count])
    return None


# %% longest-that-parses: compiles to a program
def longest_that_parses(prompt, text):
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    for count in range(len(lines), -1, -1):
        try:
            compile(prompt + "".join(lines[:count]), "x", "exec")
        except (SyntaxError, ValueError):
            continue
        return "".join(lines[:count])
    return None


# %% longest-that-parses: runs it
def longest_that_parses(prompt, text):
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    for count in range(len(lines), -1, -1):
        try:
            exec(prompt + "".join(lines[:count]), {})
        except Exception:
            continue
        return "".join(lines[:count])
    return None


# %% longest-that-parses: changes the line ends
def longest_that_parses(prompt, text):
    import io

    lines = list(io.StringIO(text, newline=None))
    for count in range(len(lines), -1, -1):
        try:
            ast.parse(prompt + "".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return "".join(lines[:count])
    return None


# %% longest-that-parses: carriage return ends a line too
def longest_that_parses(prompt, text):
    import re

    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text)
    for count in range(len(lines), -1, -1):
        try:
            ast.parse(prompt + "".join(lines[:count]))
        except (SyntaxError, ValueError):
            continue
        return "".join(lines[:count])
    return None


# %% most-agreed: joined with commas
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if None not in row:
            groups.setdefault(",".join(row), []).append(i)
    return max(groups.values(), key=len)[0] if groups else -1


# %% most-agreed: joined without anything
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if None not in row:
            groups.setdefault("".join(row), []).append(i)
    return max(groups.values(), key=len)[0] if groups else -1


# %% most-agreed: white space around an output does not matter
def most_agreed(outputs):
    groups = {}
    for i, row in enumerate(outputs):
        if None not in row:
            groups.setdefault(tuple(v.strip() for v in row), []).append(i)
    return max(groups.values(), key=len)[0] if groups else -1


# %% most-agreed: numbers compared as numbers
def most_agreed(outputs):
    def val(t):
        try:
            return float(t)
        except ValueError:
            return t

    groups = {}
    for i, row in enumerate(outputs):
        if None not in row:
            groups.setdefault(tuple(map(val, row)), []).append(i)
    return max(groups.values(), key=len)[0] if groups else -1
