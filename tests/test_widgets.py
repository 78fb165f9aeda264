"""The widgets: what the figure says, what the controls do, and the static stand-in."""

from bigmodel_lib import generation, widgets

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

matplotlib.use("agg")


class Letters:
    """A tokenizer of five letters."""

    def encode(self, text):
        return ["abcde".index(letter) for letter in text]

    def decode(self, ids, skip_special=True):
        return "".join("abcde"[id] for id in ids)


@pytest.fixture(autouse=True)
def a_model_with_known_probabilities(monkeypatch):
    def logits(model, ids):
        if not ids:
            raise ValueError("the prompt must have at least one token, but it is empty")
        return np.log(np.tile([0.1, 0.5, 0.2, 0.15, 0.05], (len(ids), 1)))

    monkeypatch.setattr(generation, "logits", logits)
    yield
    plt.close("all")


def read(fig):
    axes = fig.axes[0]
    widths = [bar.get_width() for bar in axes.patches]
    return (
        [label.get_text() for label in axes.get_yticklabels()],
        widths,
        axes.get_title(loc="left") or axes.get_title(),
    )


def test_the_figure_shows_what_can_be_drawn():
    labels, widths, title = read(widgets.next_token_figure(None, Letters(), "ab", top_p=0.6))
    assert labels == ["'b'", "'c'", "'d'", "'a'", "'e'"]
    np.testing.assert_allclose(widths, [0.5 / 0.7, 0.2 / 0.7, 0.15, 0.1, 0.05])
    assert title.startswith("2 tokens can follow, 0.9 bits")


def test_temperature_zero_leaves_one_token():
    _, widths, title = read(widgets.next_token_figure(None, Letters(), "ab", temperature=0))
    assert widths[0] == 1 and title == "1 token can follow, 0.0 bits of choice"


def test_the_controls_redraw_and_the_button_appends():
    player = widgets._NextToken(None, Letters(), "ab", temperature=0.0, top_p=1.0)
    player.append()
    assert player.prompt.value == "abb"
    player.prompt.value = ""  # an error is told in the figure's place, and nothing is raised
    player.append()
    assert player.prompt.value == ""
    player.reset.click()
    assert player.prompt.value == "ab"


def test_the_static_stand_in(monkeypatch, capsys):
    monkeypatch.setenv("BIGMODEL_STATIC", "1")
    monkeypatch.setattr(plt, "show", lambda: None)
    widgets.next_token(None, Letters(), "ab")
    assert "JupyterLab" in capsys.readouterr().out and plt.get_fignums()
