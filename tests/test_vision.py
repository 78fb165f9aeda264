"""Convolutional networks: sizes by hand, equality with a sum written out, and bad input."""

from bigmodel_lib.models import vision

import keras
import numpy as np
import pytest


def test_parameters_and_shapes_by_hand():
    signal = vision.conv_net((40, 1), filters=(25, 25, 25), kernel_sizes=(5, 3, 3), num_classes=10)
    assert signal.count_params() == (5 * 25 + 25) + 2 * (3 * 25 * 25 + 25) + (5 * 25 * 10 + 10)
    picture = vision.conv_net((28, 28, 1), filters=(8, 16), kernel_sizes=(5, 3), num_classes=10, strides=(2, 1))
    assert picture.count_params() == (25 * 8 + 8) + (9 * 8 * 16 + 16) + (14 * 14 * 16 * 10 + 10)
    assert picture(np.zeros((3, 28, 28, 1), "float32")).shape == (3, 10)


def test_a_convolution_is_the_same_small_matrix_at_every_place():
    model = vision.conv_net((8, 2), filters=(3,), kernel_sizes=(3,), num_classes=4, strides=2, activation="linear")
    x = np.random.default_rng(0).standard_normal((1, 8, 2)).astype("float32")
    kernel, bias, dense, dense_bias = (keras.ops.convert_to_numpy(w) for w in model.weights)
    padded = np.pad(x[0], ((0, 1), (0, 0)))  # "same" with stride 2 pads at the end
    h = np.stack([np.tensordot(padded[t : t + 3], kernel, 2) for t in range(0, 8, 2)]) + bias
    np.testing.assert_allclose(model.predict(x, verbose=0)[0], h.ravel() @ dense + dense_bias, rtol=1e-4, atol=1e-5)


def test_bad_input():
    with pytest.raises(ValueError, match="one entry a layer, not 2, 1 and 2"):
        vision.conv_net((40, 1), filters=(8, 8), kernel_sizes=(3,), num_classes=10)
    with pytest.raises(ValueError, match=r"must be \(length, channels\)"):
        vision.conv_net((40,), filters=(8,), kernel_sizes=(3,), num_classes=10)
