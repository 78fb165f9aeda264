"""Begin again: the same compiled model from another seed."""

from __future__ import annotations

import keras


def restart(model: keras.Model, seed: int) -> keras.Model:
    """Give a compiled model the state of a new one of another seed, so that it can be trained again.

    That is everything that training changes: the weights, the states of its random layers (dropout), the moving averages of
    normalisation, and the optimizer's variables; the learning rate in force stays. The compiled training step is kept, which
    saves a second of compilation for every further seed. The very first `fit` of a model shuffles in another order than later
    ones with the same seed: Keras takes one batch more, to build what it needs.

    Args:
        model: compiled, made of serialisable layers. A loss of your own must be registered
            (`keras.saving.register_keras_serializable`).
        seed: of the initial weights and of the random layers, and of the shuffling of the `fit` that follows.

    Returns:
        The same model.

    Raises:
        ValueError: the model is not compiled, or a copy of it has other variables than it has itself.

    Taught in: 1.2.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        raise ValueError(f"{model.name!r} has no optimizer yet: call model.compile(…) before restart")
    keras.utils.set_random_seed(seed)
    _copy(keras.models.clone_model(model).variables, model.variables, "model")
    fresh = type(optimizer).from_config(optimizer.get_config())
    if optimizer.built:
        fresh.build(model.trainable_variables)
    _copy(fresh.variables, optimizer.variables, "optimizer")
    keras.utils.set_random_seed(seed)  # drawing the weights used a number of draws that depends on the model
    return model


def _copy(source: list, target: list, what: str) -> None:
    if [v.shape for v in source] != [v.shape for v in target]:
        raise ValueError(
            f"restart needs a {what} that its configuration describes in full, but a new one made from it has {len(source)} "
            f"variables of other shapes than the {len(target)} here: give its class a get_config, or build it anew"
        )
    for from_variable, to_variable in zip(source, target):
        to_variable.assign(from_variable)
