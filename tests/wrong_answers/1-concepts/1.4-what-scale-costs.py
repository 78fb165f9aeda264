# %% utilisation: counts the forward pass only
def utilisation(parameters, tokens, gpu_hours, peak):
    return 2 * parameters * tokens / (gpu_hours * 3600 * peak)


# %% utilisation: upside down
def utilisation(parameters, tokens, gpu_hours, peak):
    return gpu_hours * 3600 * peak / (6 * parameters * tokens)


# %% utilisation: hours taken for seconds
def utilisation(parameters, tokens, gpu_hours, peak):
    return 6 * parameters * tokens / (gpu_hours * peak)


# %% utilisation: in per cent
def utilisation(parameters, tokens, gpu_hours, peak):
    return 100 * 6 * parameters * tokens / (gpu_hours * 3600 * peak)


# %% state-bytes: gives frozen parameters gradients and slots
def state_bytes(trained, frozen, slots, bytes_per_value):
    return (trained + frozen) * (2 + slots) * bytes_per_value


# %% state-bytes: forgets the gradient
def state_bytes(trained, frozen, slots, bytes_per_value):
    return (trained * (1 + slots) + frozen) * bytes_per_value


# %% state-bytes: forgets the weights of the frozen part
def state_bytes(trained, frozen, slots, bytes_per_value):
    return trained * (2 + slots) * bytes_per_value


# %% state-bytes: gives frozen parameters a gradient
def state_bytes(trained, frozen, slots, bytes_per_value):
    return (trained * (2 + slots) + 2 * frozen) * bytes_per_value


# %% state-bytes: always Adam in float32
def state_bytes(trained, frozen, slots, bytes_per_value):
    return 16 * trained + 4 * frozen


# %% balanced-batch: rounds down
def balanced_batch(flops_per_second, bytes_per_second):
    return int(28 * flops_per_second / (6 * bytes_per_second))


# %% balanced-batch: rounds to the nearest
def balanced_batch(flops_per_second, bytes_per_second):
    return round(28 * flops_per_second / (6 * bytes_per_second))


# %% balanced-batch: one more than the whole part, also where it is exact
def balanced_batch(flops_per_second, bytes_per_second):
    return int(28 * flops_per_second / (6 * bytes_per_second)) + 1


# %% balanced-batch: does not round
def balanced_batch(flops_per_second, bytes_per_second):
    return 28 * flops_per_second / (6 * bytes_per_second)


# %% balanced-batch: forward pass only
def balanced_batch(flops_per_second, bytes_per_second):
    return math.ceil(28 * flops_per_second / (2 * bytes_per_second))


# %% balanced-batch: upside down
def balanced_batch(flops_per_second, bytes_per_second):
    return math.ceil(6 * bytes_per_second / (28 * flops_per_second))


# %% leave-one-out: leaves nothing out
def leave_one_out(flops, peaks, hours):
    used = flops / (hours * 3600 * peaks)
    return np.median(used) / used


# %% leave-one-out: the mean
def leave_one_out(flops, peaks, hours):
    used = flops / (hours * 3600 * peaks)
    return np.array([np.mean(np.delete(used, i)) for i in range(len(used))]) / used


# %% leave-one-out: predicted over published
def leave_one_out(flops, peaks, hours):
    used = flops / (hours * 3600 * peaks)
    return used / np.array([np.median(np.delete(used, i)) for i in range(len(used))])


# %% leave-one-out: still the 40 %
def leave_one_out(flops, peaks, hours):
    return hours / (flops / (0.4 * peaks * 3600))


# %% leave-one-out: forgets that the GPUs differ
def leave_one_out(flops, peaks, hours):
    speed = flops / (hours * 3600)
    return np.array([np.median(np.delete(speed, i)) for i in range(len(speed))]) / speed


# %% leave-one-out: only the runs before it
def leave_one_out(flops, peaks, hours):
    used = flops / (hours * 3600 * peaks)
    return np.array([np.median(used[: max(i, 1)]) for i in range(len(used))]) / used


# %% plan: GPT-2 XL takes too long
def plan():
    return dict(num_layers=48, d_model=1600, num_heads=25, batch_size=16, tokens=31.2e9)


# %% plan: GPT-2 small is too small
def plan():
    return dict(num_layers=12, d_model=768, num_heads=12, batch_size=16, tokens=2.5e9)


# %% plan: the batch does not fit
def plan():
    return dict(num_layers=36, d_model=1280, num_heads=20, batch_size=32, tokens=15.5e9)


# %% plan: GPT-3's ratio of tokens
def plan():
    return dict(num_layers=36, d_model=1280, num_heads=20, batch_size=16, tokens=1.7 * 774e6)


# %% plan: half a sequence
def plan():
    return dict(num_layers=36, d_model=1280, num_heads=20, batch_size=16.5, tokens=15.5e9)


# %% plan: too small a batch
def plan():
    return dict(num_layers=36, d_model=1280, num_heads=20, batch_size=4, tokens=15.5e9)


# %% plan: heads that do not share the width
def plan():
    return dict(num_layers=36, d_model=1280, num_heads=24, batch_size=16, tokens=15.5e9)


# %% plan: within the day, beyond the purse
def plan():
    return dict(num_layers=36, d_model=1280, num_heads=20, batch_size=16, tokens=17.5e9)


# %% utilisation: whole hours only
def utilisation(parameters, tokens, gpu_hours, peak):
    return 6 * parameters * tokens / (int(gpu_hours) * 3600 * peak)


# %% state-bytes: in float32
def state_bytes(trained, frozen, slots, bytes_per_value):
    return int(np.float32((trained * (2 + slots) + frozen) * bytes_per_value))


# %% state-bytes: without slots, the frozen need a gradient
def state_bytes(trained, frozen, slots, bytes_per_value):
    return (trained * (2 + slots) + frozen * (1 if slots else 2)) * bytes_per_value


# %% balanced-batch: a tolerance before rounding up
def balanced_batch(flops_per_second, bytes_per_second):
    return math.ceil(28 * flops_per_second / (6 * bytes_per_second) - 0.05)


# %% balanced-batch: 28/6 as 4.666
def balanced_batch(flops_per_second, bytes_per_second):
    return math.ceil(4.666 * flops_per_second / bytes_per_second)


# %% leave-one-out: leaves out every equal utilisation
def leave_one_out(flops, peaks, hours):
    u = flops / (hours * 3600 * peaks)
    return np.array([np.median(u[u != v]) if (u != v).any() else v for v in u]) / u
