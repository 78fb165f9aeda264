"""Things to play with in JupyterLab. Each has a static figure that stands in where nobody can click: in tests, on paper, on the web."""

from __future__ import annotations

import os
from collections.abc import Callable

from bigmodel_lib import generation, plots

import matplotlib.pyplot as plt
import numpy as np

__all__ = ["is_static", "next_token", "next_token_figure", "search_box"]


def is_static() -> bool:
    """Whether notebooks are being executed by a program (`python -m bigmodel_lib run`, the tests), with nobody to click."""
    return os.environ.get("BIGMODEL_STATIC") == "1"


def next_token_figure(
    model, tokenizer, prompt: str, temperature: float = 1.0, top_p: float = 1.0, count: int = 12
) -> plt.Figure:
    """The likeliest next tokens after a prompt, and which of them sampling may choose.

    Args:
        model: a decoder that `generation` can run.
        tokenizer: its tokenizer.
        prompt: the text so far; not empty.
        temperature: divides the logits; 0 leaves the likeliest token alone.
        top_p: probability that is kept, in (0, 1].
        count: bars to draw.

    Returns:
        The figure. Blue bars are the tokens that can be drawn, with their probability after both cuts; grey ones are cut off,
        with the probability they had.

    Raises:
        ValueError: an empty prompt, a negative temperature, or top_p outside (0, 1].
    """
    logits = generation.logits(model, tokenizer.encode(prompt))[-1]
    kept, kept_probability = generation.kept_tokens(logits, temperature, top_p=top_p)
    ranked, probability = generation.kept_tokens(logits, temperature or 1.0)
    shown = [repr(tokenizer.decode([id], skip_special=False)) for id in ranked[:count]]
    values = probability[:count].copy()
    values[: len(kept)] = kept_probability[:count]
    entropy = -np.sum(kept_probability * np.log2(kept_probability))
    fig, axes = plt.subplots(figsize=(7.2, 0.9 + 0.27 * count))
    colours = [plots.COLOURS[0] if i < len(kept) else "0.8" for i in range(len(shown))]
    plots.bars(axes, shown, values, "{:.3f}", color=colours)
    title = f"{len(kept):,} token{'s' * (len(kept) > 1)} can follow, {entropy:.1f} bits of choice"
    _ = axes.set(xlim=(0, 1.12), xlabel="probability of the next token", title=title.replace("-0.0", "0.0"))
    return fig


def next_token(model, tokenizer, prompt: str, temperature: float = 1.0, top_p: float = 1.0) -> None:
    """Type a prompt, turn temperature and top-p, and watch the distribution of the next token; draw from it with a button.

    Where nobody can click (`is_static`), the figure for these arguments is shown in its place.

    Args: as in `next_token_figure`.

    Taught in: 1.6.
    """
    from IPython.display import display

    if is_static():
        next_token_figure(model, tokenizer, prompt, temperature, top_p)
        plt.show()
        print("Run this cell in JupyterLab to type your own prompt.")
        return
    display(_NextToken(model, tokenizer, prompt, temperature, top_p).box)


class _NextToken:
    """The controls and the figure of `next_token`."""

    def __init__(self, model, tokenizer, prompt, temperature, top_p):
        import ipywidgets

        self.model, self.tokenizer, self.rng = model, tokenizer, np.random.default_rng()
        wide = ipywidgets.Layout(width="640px")
        self.prompt = ipywidgets.Textarea(prompt, description="prompt", continuous_update=False, layout=wide)
        self.temperature = ipywidgets.FloatSlider(
            temperature, min=0, max=2, step=0.05, description="temperature", continuous_update=False
        )
        self.top_p = ipywidgets.FloatSlider(
            top_p, min=0.05, max=1, step=0.05, description="top-p", continuous_update=False
        )
        self.draw = ipywidgets.Button(description="draw a token", button_style="primary")
        self.reset = ipywidgets.Button(description="start again")
        self.figure, self.start = ipywidgets.Output(), prompt
        for control in (self.prompt, self.temperature, self.top_p):
            control.observe(self.show, "value")
        self.draw.on_click(self.append)
        self.reset.on_click(lambda _: setattr(self.prompt, "value", self.start))
        controls = ipywidgets.HBox([self.temperature, self.top_p, self.draw, self.reset])
        self.box = ipywidgets.VBox([self.prompt, controls, self.figure])
        self.show()

    def show(self, _=None) -> None:
        """Draw the figure anew; what is wrong with the input is said in its place."""
        from IPython.display import display

        self.figure.clear_output(wait=True)
        with self.figure:
            try:
                fig = next_token_figure(
                    self.model, self.tokenizer, self.prompt.value, self.temperature.value, self.top_p.value
                )
            except ValueError as error:
                print(error)
                return
            display(fig)
            plt.close(fig)

    def append(self, _=None) -> None:
        """Draw one token and write it behind the prompt, which draws the figure anew."""
        ids = self.tokenizer.encode(self.prompt.value)
        if not ids:
            return
        logits = generation.logits(self.model, ids)[-1]
        drawn = generation.sample(logits, self.rng, self.temperature.value, top_p=self.top_p.value)
        self.prompt.value += self.tokenizer.decode([drawn], skip_special=False)


def search_box(find: Callable[[str], str], words: str = "") -> None:
    """A box to type words into, and below it what is found, anew with every letter.

    Where nobody can type (`is_static`), what is found for the words given is shown in its place.

    Args:
        find: gives the Markdown to show for some words.
        words: that stand in the box at the beginning.

    Taught in: 5.5.
    """
    from IPython.display import Markdown, display

    if is_static():
        display(Markdown(find(words)))
        print("Run this cell in JupyterLab to type your own words.")
        return
    display(_SearchBox(find, words).box)


class _SearchBox:
    """The box and the output of `search_box`."""

    def __init__(self, find: Callable[[str], str], words: str):
        import ipywidgets

        self.find, self.output = find, ipywidgets.Output()
        self.words = ipywidgets.Text(words, description="search", placeholder="English or 中文")
        self.words.observe(self.show, "value")
        self.box = ipywidgets.VBox([self.words, self.output])
        self.show()

    def show(self, _=None) -> None:
        """Show what is found for the words in the box."""
        from IPython.display import Markdown, display

        self.output.clear_output(wait=True)
        with self.output:
            display(Markdown(self.find(self.words.value)))
