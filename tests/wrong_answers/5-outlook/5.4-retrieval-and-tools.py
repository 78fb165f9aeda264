# %% reciprocal-rank: counts places from 0
def reciprocal_rank(order, right, k):
    return next((1 / (place + 1e-9) for place, i in enumerate(order[:k]) if i in right), 0)


# %% reciprocal-rank: the last right one
def reciprocal_rank(order, right, k):
    return next((1 / place for place, i in reversed(list(enumerate(order[:k], 1))) if i in right), 0)


# %% reciprocal-rank: forgets k
def reciprocal_rank(order, right, k):
    return next((1 / place for place, i in enumerate(order, 1) if i in right), 0)


# %% reciprocal-rank: one place too many
def reciprocal_rank(order, right, k):
    return next((1 / place for place, i in enumerate(order[: k + 1], 1) if i in right), 0)


# %% reciprocal-rank: one place too few
def reciprocal_rank(order, right, k):
    return next((1 / place for place, i in enumerate(order[: k - 1], 1) if i in right), 0)


# %% reciprocal-rank: nothing found is an error
def reciprocal_rank(order, right, k):
    return 1 / (1 + min(order[:k].index(i) for i in right if i in order[:k]))


# %% reciprocal-rank: nothing found is the place behind the last
def reciprocal_rank(order, right, k):
    return next((1 / place for place, i in enumerate(order[:k], 1) if i in right), 1 / (k + 1))


# %% reciprocal-rank: recall in its place
def reciprocal_rank(order, right, k):
    return len(right & set(order[:k])) / len(right) if right else 0


# %% reciprocal-rank: the place, not one over it
def reciprocal_rank(order, right, k):
    return next((place for place, i in enumerate(order[:k], 1) if i in right), 0)


# %% reciprocal-rank: passage 0 is nothing
def reciprocal_rank(order, right, k):
    first = next((i for i in order[:k] if i in right), None)
    return 1 / (order.index(first) + 1) if first else 0


# %% reciprocal-rank: adds up all right ones
def reciprocal_rank(order, right, k):
    return sum(1 / place for place, i in enumerate(order[:k], 1) if i in right)


# %% fuse-lists: places from 0
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names):
            total[name] = total.get(name, 0) + weight / (k + place + 1e-9)
    return sorted(total, key=lambda name: (-round(total[name], 12), name))


# %% fuse-lists: forgets the weights
def fuse_lists(lists, weights, k=60):
    total = {}
    for names in lists:
        for place, name in enumerate(names, 1):
            total[name] = total.get(name, 0) + 1 / (k + place)
    return sorted(total, key=lambda name: (-round(total[name], 12), name))


# %% fuse-lists: equal sums in the order in which they came
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names, 1):
            total[name] = total.get(name, 0) + weight / (k + place)
    return sorted(total, key=lambda name: -round(total[name], 12))


# %% fuse-lists: equal sums backwards
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names, 1):
            total[name] = total.get(name, 0) + weight / (k + place)
    return sorted(total, key=lambda name: (round(total[name], 12), name), reverse=True)


# %% fuse-lists: the lowest sum first
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names, 1):
            total[name] = total.get(name, 0) + weight / (k + place)
    return sorted(total, key=lambda name: (round(total[name], 12), name))


# %% fuse-lists: the best place only
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names, 1):
            total[name] = max(total.get(name, 0), weight / (k + place))
    return sorted(total, key=lambda name: (-round(total[name], 12), name))


# %% fuse-lists: only what stands in every list
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names, 1):
            total[name] = total.get(name, 0) + weight / (k + place)
    both = [name for name in total if all(name in names for names in lists)]
    return sorted(both, key=lambda name: (-round(total[name], 12), name))


# %% fuse-lists: who is not named comes behind the last
def fuse_lists(lists, weights, k=60):
    every = {name for names in lists for name in names}
    total = {
        name: sum(
            w / (k + (names.index(name) + 1 if name in names else len(names) + 1)) for names, w in zip(lists, weights)
        )
        for name in every
    }
    return sorted(total, key=lambda name: (-round(total[name], 12), name))


# %% fuse-lists: forgets k
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names, 1):
            total[name] = total.get(name, 0) + weight / (60 + place)
    return sorted(total, key=lambda name: (-round(total[name], 12), name))


# %% fuse-lists: empties the lists
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        place = 1
        while names:
            name = names.pop(0)
            total[name] = total.get(name, 0) + weight / (k + place)
            place += 1
    return sorted(total, key=lambda name: (-round(total[name], 12), name))


# %% fuse-lists: the sums as well
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names, 1):
            total[name] = total.get(name, 0) + weight / (k + place)
    return sorted(total.items(), key=lambda pair: (-round(pair[1], 12), pair[0]))


# %% fuse-lists: the weight divides the rank's constant too
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names, 1):
            total[name] = total.get(name, 0) + 1 / (k + place / weight)
    return sorted(total, key=lambda name: (-round(total[name], 12), name))


# %% calculate: eval
def calculate(text, limit):
    try:
        found = eval(text, {"__builtins__": {}})
    except Exception:
        return None
    return found if type(found) is int and abs(found) <= limit and len(text) <= 100 else None


# %% calculate: checks the last value only
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if isinstance(node, ast.BinOp):
            a, b = value(node.left), value(node.right)
            if isinstance(node.op, ast.Add):
                return a + b
            if isinstance(node.op, ast.Sub):
                return a - b
            if isinstance(node.op, ast.Mult):
                return a * b
            if isinstance(node.op, ast.FloorDiv):
                return a // b
        raise ValueError

    try:
        found = value(ast.parse(text.strip(), mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None
    return found if found is not None and abs(found) <= limit else None


# %% calculate: the limit itself is refused
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = a // b if found is None else found
        else:
            raise ValueError
        if abs(found) >= limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip(), mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None


# %% calculate: bool is an int
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            found = int(node.value)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = a // b if found is None else found
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip(), mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None


# %% calculate: any unary operator is a minus
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = a // b if found is None else found
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip(), mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None


# %% calculate: a division by zero raises
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = a // b if found is None else found
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip(), mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError):
        return None


# %% calculate: the length without the spaces
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = a // b if found is None else found
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    text = text.strip()
    try:
        return value(ast.parse(text, mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None


# %% calculate: keeps the leading spaces
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = a // b if found is None else found
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse("(" + text, mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None


# %% calculate: rounds towards zero
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = int(a / b) if found is None else found
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip(), mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None


# %% calculate: only the positive side is limited
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = a // b if found is None else found
        else:
            raise ValueError
        if found > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip(), mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None


# %% calculate: a filter of characters, then eval
def calculate(text, limit):
    if len(text) > 100 or not set(text) <= set("0123456789+-*/() "):
        return None
    try:
        found = eval(text.strip())
    except Exception:
        return None
    return int(found) if abs(found) <= limit else None


# %% calculate: 0 is nothing
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}[type(node.op)]
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip(), mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None


# %% auroc: ties count nothing
def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if r]
    bad = [s for s, r in zip(scores, right) if not r]
    if not good or not bad:
        return None
    return sum(a > b for a in good for b in bad) / (len(good) * len(bad))


# %% auroc: ties count whole
def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if r]
    bad = [s for s, r in zip(scores, right) if not r]
    if not good or not bad:
        return None
    return sum(a >= b for a in good for b in bad) / (len(good) * len(bad))


# %% auroc: turned round
def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if not r]
    bad = [s for s, r in zip(scores, right) if r]
    if not good or not bad:
        return None
    return sum((a > b) + 0.5 * (a == b) for a in good for b in bad) / (len(good) * len(bad))


# %% auroc: no pair is chance
def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if r]
    bad = [s for s, r in zip(scores, right) if not r]
    if not good or not bad:
        return 0.5
    return sum((a > b) + 0.5 * (a == b) for a in good for b in bad) / (len(good) * len(bad))


# %% auroc: divides by all pairs of answers
def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if r]
    bad = [s for s, r in zip(scores, right) if not r]
    if not good or not bad:
        return None
    return sum((a > b) + 0.5 * (a == b) for a in good for b in bad) / (len(scores) * (len(scores) - 1) / 2)


# %% auroc: neighbours only
def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if r]
    bad = [s for s, r in zip(scores, right) if not r]
    if not good or not bad:
        return None
    return sum((a > b) + 0.5 * (a == b) for a, b in zip(good, bad)) / min(len(good), len(bad))


# %% auroc: the best of each
def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if r]
    bad = [s for s, r in zip(scores, right) if not r]
    if not good or not bad:
        return None
    return (max(good) > max(bad)) + 0.5 * (max(good) == max(bad))


# %% auroc: accuracy at the middle score
def auroc(scores, right):
    if not any(right) or all(right):
        return None
    middle = sorted(scores)[len(scores) // 2]
    return sum((s >= middle) == bool(r) for s, r in zip(scores, right)) / len(scores)


# %% auroc: no answers is an error
def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if r]
    bad = [s for s, r in zip(scores, right) if not r]
    return sum((a > b) + 0.5 * (a == b) for a in good for b in bad) / (len(good) * len(bad))


# %% auroc: by ranks, ties in the order in which they come
def auroc(scores, right):
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    n = sum(map(bool, right))
    if n in (0, len(scores)):
        return None
    total = sum(place for place, i in enumerate(order, 1) if right[i])
    return (total - n * (n + 1) / 2) / (n * (len(scores) - n))


# %% reciprocal-rank: the right passage with the smallest number
def reciprocal_rank(order, right, k):
    found = right & set(order[:k])
    return 1 / (order.index(min(found)) + 1) if found else 0


# %% reciprocal-rank: a list shorter than k is nothing
def reciprocal_rank(order, right, k):
    if len(order) < k:
        return 0
    return next((1 / place for place, i in enumerate(order[:k], 1) if i in right), 0)


# %% fuse-lists: sums as they come, not rounded
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names, 1):
            total[name] = total.get(name, 0) + weight / (k + place)
    return sorted(total, key=lambda name: (-total[name], name))


# %% fuse-lists: points from the end of the list
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names):
            total[name] = total.get(name, 0) + weight * (len(names) - place)
    return sorted(total, key=lambda name: (-round(total[name], 12), name))


# %% fuse-lists: whole weights
def fuse_lists(lists, weights, k=60):
    total = {}
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names, 1):
            total[name] = total.get(name, 0) + max(1, int(weight)) / (k + place)
    return sorted(total, key=lambda name: (-round(total[name], 12), name))


# %% fuse-lists: changes the weights
def fuse_lists(lists, weights, k=60):
    total = {}
    s = sum(weights)
    for i in range(len(weights)):
        weights[i] /= s
    for names, weight in zip(lists, weights):
        for place, name in enumerate(names, 1):
            total[name] = total.get(name, 0) + weight / (k + place)
    return sorted(total, key=lambda name: (-round(total[name], 12), name))


# %% auroc: equal scores count once
def auroc(scores, right):
    good = {s for s, r in zip(scores, right) if r}
    bad = {s for s, r in zip(scores, right) if not r}
    if not good or not bad:
        return None
    return sum((g > b) + 0.5 * (g == b) for g in good for b in bad) / (len(good) * len(bad))


# %% auroc: symmetric, at least one half
def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if r]
    bad = [s for s, r in zip(scores, right) if not r]
    if not good or not bad:
        return None
    a = sum((g > b) + 0.5 * (g == b) for g in good for b in bad) / (len(good) * len(bad))
    return max(a, 1 - a)


# %% auroc: nearly equal scores are ties
def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if r]
    bad = [s for s, r in zip(scores, right) if not r]
    if not good or not bad:
        return None
    return sum((g > b + 0.01) + 0.5 * (abs(g - b) <= 0.01) for g in good for b in bad) / (len(good) * len(bad))


# %% auroc: leaves ties out of the pairs
def auroc(scores, right):
    good = [s for s, r in zip(scores, right) if r]
    bad = [s for s, r in zip(scores, right) if not r]
    n = sum(g != b for g in good for b in bad)
    if not good or not bad:
        return None
    return sum(g > b for g in good for b in bad) / n if n else 0.5


# %% calculate: the first of several statements
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = a // b if found is None else found
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip()).body[0].value) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError, IndexError, AttributeError):
        return None


# %% calculate: the result 0 is taken for none
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = a // b if found is None else found
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip(), mode="eval").body) or None if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None


# %% calculate: a division that comes out even
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Div)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            if isinstance(node.op, ast.Div) and a % b:
                raise ValueError
            found = a // b if found is None else found
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip(), mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None


# %% calculate: a float that is whole
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value == int(node.value):
            found = int(node.value)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = a // b if found is None else found
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip(), mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None


# %% calculate: a number behind a minus has no limit
def calculate(text, limit):
    def value(node):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            if isinstance(node.operand, ast.Constant) and type(node.operand.value) is int:
                return -node.operand.value
            found = -value(node.operand)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv)):
            a, b = value(node.left), value(node.right)
            found = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}.get(type(node.op))
            found = a // b if found is None else found
        else:
            raise ValueError
        if abs(found) > limit:
            raise ValueError
        return found

    try:
        return value(ast.parse(text.strip(), mode="eval").body) if len(text) <= 100 else None
    except (ValueError, SyntaxError, ZeroDivisionError):
        return None
