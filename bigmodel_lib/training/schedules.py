"""Learning rates that change with the step."""

from __future__ import annotations

import keras


def warmup_cosine(
    peak: float, warmup_steps: int, total_steps: int, floor: float = 0.0
) -> keras.optimizers.schedules.CosineDecay:
    """Rise linearly to the peak, then fall along half a cosine to the floor, and stay there.

    $$ \\eta(t) = \\eta_{\\max} t / w \\;(t < w), \\qquad
       \\eta(t) = \\eta_{\\min} + (\\eta_{\\max} - \\eta_{\\min})\\,
       \\tfrac12 \\Bigl(1 + \\cos \\pi \\frac{t - w}{T - w}\\Bigr) \\;(w \\le t \\le T) $$

    Args:
        peak: the largest learning rate, $\\eta_{\\max}$.
        warmup_steps: $w$; at 0 the rate begins at the peak. Otherwise step 0 has the rate 0.
        total_steps: $T$, the steps of the whole run, those of the warm-up included.
        floor: the learning rate from step $T$ on, $\\eta_{\\min}$.

    Returns:
        Keras's own schedule, for the `learning_rate` of an optimizer; called with a step, it gives the rate.

    Raises:
        ValueError: peak is not positive, floor is not from 0 to peak, or warmup_steps not from 0 to total_steps - 1.

    Example:
        >>> rate = warmup_cosine(peak=0.1, warmup_steps=10, total_steps=100, floor=0.01)
        >>> [round(float(rate(step)), 3) for step in (0, 5, 10, 55, 100, 200)]
        [0.0, 0.05, 0.1, 0.055, 0.01, 0.01]

    Source: I. Loshchilov and F. Hutter 2017, arXiv:1608.03983 (the cosine). Taught in: 2.6.
    """
    if not (peak > 0 and 0 <= floor <= peak and 0 <= warmup_steps < total_steps):
        raise ValueError(
            "warmup_cosine needs peak > 0, 0 <= floor <= peak and 0 <= warmup_steps < total_steps, not "
            f"peak={peak}, floor={floor}, warmup_steps={warmup_steps} and total_steps={total_steps}"
        )
    rise = {"initial_learning_rate": 0.0, "warmup_target": peak, "warmup_steps": warmup_steps}
    return keras.optimizers.schedules.CosineDecay(
        decay_steps=total_steps - warmup_steps,
        alpha=floor / peak,
        **(rise if warmup_steps else {"initial_learning_rate": peak}),
    )
