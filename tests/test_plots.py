"""The figures draw what they are given."""

from bigmodel_lib import plots

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest


@pytest.fixture
def axes():
    with matplotlib.rc_context():
        yield plt.subplots()[1]
    plt.close("all")


def test_the_style_sets_the_colours(axes):
    plots.use_style()
    assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == list(plots.COLOURS)
    assert len(set(plots.COLOURS)) == len(set(plots.MARKERS)) == 8


def test_spread_draws_the_mean_and_one_sample_standard_deviation(axes):
    plots.spread(axes, [1, 2, 5], [[1, 3], [4, 4], [6, 0]], "loss", series=9, linestyle="--")  # 9: the second again
    line, (bars,) = axes.containers[0].lines[0], axes.containers[0].lines[2]
    np.testing.assert_allclose(line.get_xydata(), [[1, 2], [2, 4], [5, 3]])
    lengths = [np.ptp(segment[:, 1]) for segment in bars.get_segments()]
    np.testing.assert_allclose(lengths, 2 * np.sqrt([2, 0, 18]))  # of one deviation to each side
    assert (
        line.get_color() == plots.COLOURS[1] and line.get_marker() == plots.MARKERS[1] and line.get_linestyle() == "--"
    )
    assert axes.get_legend_handles_labels()[1] == ["loss"]


@pytest.mark.parametrize("runs", [[1, 2], [[1], [2]], [[1, 2]], np.ones((2, 3, 4))])
def test_spread_wants_two_seeds_at_every_point(axes, runs):
    with pytest.raises(ValueError, match=r"\(points, seeds\) = \(2, 2 or more\)"):
        plots.spread(axes, [1, 2], runs, "loss")


def test_bars_stand_in_order_from_the_top_with_their_values(axes):
    plots.bars(axes, ["a", "b", "c"], [3, 1.25, 0], "{:.1f} s", color="red")
    assert [bar.get_width() for bar in axes.patches] == [3, 1.25, 0]
    assert {bar.get_facecolor() for bar in axes.patches} == {matplotlib.colors.to_rgba("red")}
    assert [text.get_text() for text in axes.texts] == ["3.0 s", "1.2 s", "0.0 s"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert list(axes.get_yticks()) == [0, 1, 2] and axes.yaxis_inverted()


def test_bars_want_one_value_a_label(axes):
    with pytest.raises(ValueError):
        plots.bars(axes, ["a", "b"], [1, 2, 3])


def test_the_grid_shows_every_image_and_leaves_the_rest_empty(axes):
    images = [np.full((4, 5), 7), np.zeros((4, 5, 3)), np.eye(3)]
    figure = plots.image_grid(images, ["grey", "colour", "eye"], columns=2, size=2)
    shown = [axis.images for axis in figure.axes]
    assert [len(found) for found in shown] == [1, 1, 1, 0]
    assert all(np.array_equal(found[0].get_array(), image) for found, image in zip(shown, images))
    assert [axis.get_title() for axis in figure.axes] == ["grey", "colour", "eye", ""]
    assert shown[0][0].get_cmap().name == "gray" and not any(axis.axison for axis in figure.axes)
    assert tuple(figure.get_size_inches()) == (4, 4.5)
    assert [axis.get_title() for axis in plots.image_grid(images[:1]).axes] == [""] * 5
