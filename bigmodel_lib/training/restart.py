"""Begin again: the same compiled model from another seed."""

from __future__ import annotations

import keras


def restart(model: keras.Model, seed: int) -> keras.Model:
    """Give a compiled model the weights and the fresh optimizer of another seed, so that it can be trained again.

    The compiled training step is kept, which saves a second of compilation for every further seed. The very first `fit` of a
    model shuffles in another order than later ones with the same seed: Keras takes one batch more, to build what it needs.

    Args:
        model: compiled, made of serialisable layers, its optimizer one that starts from zeros (SGD, RMSprop,
            Adam, AdamW, Muon). A loss of your own must be registered (`keras.saving.register_keras_serializable`).
        seed: of the initial weights, and of the shuffling of the `fit` that follows.

    Returns:
        The same model.

    Raises:
        ValueError: the model is not compiled.

    Taught in: 1.2.
    """
    if getattr(model, "optimizer", None) is None:
        raise ValueError(f"{model.name!r} has no optimizer yet: call model.compile(…) before restart")
    keras.utils.set_random_seed(seed)
    model.set_weights(keras.models.clone_model(model).get_weights())
    for variable in model.optimizer.variables:
        if variable.path.endswith("dynamic_scale"):  # of a LossScaleOptimizer, which float16 needs
            variable.assign(model.optimizer.initial_scale)
        elif not variable.path.endswith("learning_rate"):
            variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
    keras.utils.set_random_seed(seed)  # drawing the weights used a number of draws that depends on the model
    return model
