"""The house style of the figures, and the handful of figures that several notebooks draw."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

__all__ = ["COLOURS", "MARKERS", "bars", "image_grid", "spread", "use_style"]

# M. Okabe and K. Ito 2008: eight colours that readers with any kind of colour vision can tell apart
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def use_style() -> None:
    """Set Matplotlib to the house style; called once, in a notebook's set-up cell."""
    plt.rcParams.update(
        {
            "figure.figsize": (7.2, 3.6),
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "axes.prop_cycle": plt.cycler(color=COLOURS),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": "medium",
            "axes.titlelocation": "left",
            "axes.grid": True,
            "grid.alpha": 0.25,
            "legend.frameon": False,
            "lines.markersize": 5,
            "image.cmap": "cividis",
            # one PNG per figure and no time stamp in it: running a notebook again changes nothing
            "savefig.dpi": 100,
        }
    )


def spread(axes: Axes, x: Sequence[float], runs: np.ndarray, label: str, series: int = 0, **style) -> None:
    """Draw the mean of several runs with bars of one standard deviation.

    Args:
        axes: where to draw.
        x: (points,) positions.
        runs: (points, seeds) measurements.
        label: of the legend.
        series: 0, 1, …; chooses colour and marker together, so that a figure reads in grey too.
        style: further arguments of `Axes.errorbar`.

    Raises:
        ValueError: `runs` is not (points, seeds), or has fewer than two seeds: one run has no spread.
    """
    runs = np.asarray(runs, float)
    if runs.ndim != 2 or len(runs) != len(x) or runs.shape[1] < 2:
        raise ValueError(f"runs must be (points, seeds) = ({len(x)}, 2 or more), not {runs.shape}")
    style = {"color": COLOURS[series % 8], "marker": MARKERS[series % 8], "capsize": 3} | style
    axes.errorbar(x, runs.mean(1), runs.std(1, ddof=1), label=label, **style)


def image_grid(
    images: Sequence[np.ndarray], titles: Sequence[str] = (), columns: int = 5, size: float = 1.5
) -> plt.Figure:
    """Show pictures side by side.

    Args:
        images: each (height, width) or (height, width, 3).
        titles: one a picture, or none.
        columns: pictures in a row.
        size: of a picture, in inches.

    Returns:
        The figure.
    """
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(size * columns, (size + 0.25 * bool(len(titles))) * rows), squeeze=False
    )
    for axis in axes.flat:
        axis.axis("off")
    for i, (axis, image) in enumerate(zip(axes.flat, images)):
        axis.imshow(image, cmap="gray" if np.ndim(image) == 2 else None)
        if len(titles):
            axis.set_title(titles[i], fontsize="small", loc="center")
    return figure


def bars(axes: Axes, labels: Sequence[str], values: Sequence[float], form: str = "{:g}", **style) -> None:
    """Horizontal bars, the first on top, each with its value written beside it.

    Args:
        axes: where to draw.
        labels: (n,) names.
        values: (n,) lengths, in the unit of the x axis.
        form: how a value is written.
        style: further arguments of `Axes.barh`.
    """
    drawn = axes.barh(range(len(labels)), values, **({"color": COLOURS[0]} | style))
    axes.bar_label(drawn, [form.format(value) for value in values], padding=3, fontsize="small")
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
