# %% training-days: counts the forward pass only
def training_days(parameters, tokens, gpus, peak, utilisation):
    return 2 * parameters * tokens / (gpus * peak * utilisation) / 86400


# %% training-days: multiplies the time by the utilisation
def training_days(parameters, tokens, gpus, peak, utilisation):
    return 6 * parameters * tokens / (gpus * peak) * utilisation / 86400


# %% training-days: gives hours
def training_days(parameters, tokens, gpus, peak, utilisation):
    return 6 * parameters * tokens / (gpus * peak * utilisation) / 3600


# %% training-days: forgets that there are several GPUs
def training_days(parameters, tokens, gpus, peak, utilisation):
    return 6 * parameters * tokens / (peak * utilisation) / 86400


# %% state-bytes: gives frozen parameters gradients and slots
def state_bytes(trained, frozen, slots=2, bytes_per_value=4):
    return (trained + frozen) * (2 + slots) * bytes_per_value


# %% state-bytes: forgets the gradient
def state_bytes(trained, frozen, slots=2, bytes_per_value=4):
    return (trained * (1 + slots) + frozen) * bytes_per_value


# %% state-bytes: forgets the weights of the frozen part
def state_bytes(trained, frozen, slots=2, bytes_per_value=4):
    return trained * (2 + slots) * bytes_per_value


# %% state-bytes: always Adam in float32
def state_bytes(trained, frozen, slots=2, bytes_per_value=4):
    return 16 * trained + 4 * frozen


# %% largest-batch: forgets the parameters
def largest_batch(parameters, values_per_example, memory):
    return memory // (4 * values_per_example)


# %% largest-batch: negative where nothing fits
def largest_batch(parameters, values_per_example, memory):
    return (memory - 16 * parameters) // (4 * values_per_example)


# %% largest-batch: counts the weights only
def largest_batch(parameters, values_per_example, memory):
    return max(0, (memory - 4 * parameters) // (4 * values_per_example))


# %% largest-batch: does not round
def largest_batch(parameters, values_per_example, memory):
    return max(0, (memory - 16 * parameters) / (4 * values_per_example))


# %% balanced-batch: rounds down
def balanced_batch(flops_per_second, bytes_per_second):
    return int(28 * flops_per_second / (6 * bytes_per_second))


# %% balanced-batch: forward pass only
def balanced_batch(flops_per_second, bytes_per_second):
    return math.ceil(28 * flops_per_second / (2 * bytes_per_second))


# %% balanced-batch: upside down
def balanced_batch(flops_per_second, bytes_per_second):
    return math.ceil(6 * bytes_per_second / (28 * flops_per_second))


# %% plan: GPT-2 XL takes too long
def plan():
    return dict(num_layers=48, d_model=1600, num_heads=25, batch_size=4, tokens=31.2e9)


# %% plan: GPT-2 small is too small
def plan():
    return dict(num_layers=12, d_model=768, num_heads=12, batch_size=4, tokens=2.5e9)


# %% plan: the batch does not fit
def plan():
    return dict(num_layers=36, d_model=1280, num_heads=20, batch_size=32, tokens=15.5e9)


# %% plan: GPT-3's ratio of tokens
def plan():
    return dict(num_layers=36, d_model=1280, num_heads=20, batch_size=4, tokens=1.7 * 774e6)
