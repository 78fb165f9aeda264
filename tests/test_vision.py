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


def test_the_residual_network_by_hand():
    model = vision.residual_net((28, 28), 10, patch=5, stride=2, channels=(8, 16), blocks=(1, 2))
    block = lambda c: 2 * (9 * c * c + c) + 2 * c  # noqa: E731  two convolutions, one normalisation
    assert model.count_params() == (25 * 8 + 8) + block(8) + (9 * 8 * 16 + 16) + 2 * block(16) + 2 * 16 + (
        49 * 16 * 10 + 10
    )
    assert vision.residual_net((28, 30, 3), 4, channels=(8,), blocks=(1,))(np.zeros((2, 28, 30, 3), "uint8")).shape == (
        2,
        4,
    )


def test_a_block_is_the_identity_at_first_and_pixels_are_scaled_inside():
    keras.utils.set_random_seed(0)
    plain = vision.residual_net((8, 8), 3, channels=(4, 6), blocks=(0, 0))
    deep = vision.residual_net((8, 8), 3, channels=(4, 6), blocks=(2, 1))
    for layer in plain.layers:
        if layer.weights:
            same = [
                other for other in deep.layers if [v.shape for v in other.weights] == [v.shape for v in layer.weights]
            ]
            same[-1 if isinstance(layer, keras.layers.LayerNormalization) else 0].set_weights(layer.get_weights())
    pictures = np.random.default_rng(0).integers(0, 256, (5, 8, 8), dtype=np.uint8)
    np.testing.assert_allclose(
        deep.predict(pictures, verbose=0), plain.predict(pictures, verbose=0), rtol=1e-4, atol=1e-5
    )
    scaled = keras.Model(plain.input, plain.layers[1].output).predict(pictures, verbose=0)
    np.testing.assert_allclose(scaled, pictures / 90 - 0.81, rtol=1e-5, atol=1e-5)


def test_probabilities_of_raw_pictures_and_their_mirror_images():
    keras.utils.set_random_seed(0)
    model = vision.residual_net((8, 6), 3, channels=(4,), blocks=(1,))
    pictures = np.random.default_rng(0).integers(0, 256, (7, 8, 6), dtype=np.uint8)
    logits = [model.predict(p, verbose=0).astype(float) for p in (pictures, pictures[:, :, ::-1])]
    softmax = lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True)  # noqa: E731
    np.testing.assert_allclose(
        vision.class_probabilities(model, pictures, mirrored=False), softmax(logits[0]), atol=1e-6
    )
    both = vision.class_probabilities(model, pictures)
    np.testing.assert_allclose(both, softmax((logits[0] + logits[1]) / 2), atol=1e-6)
    np.testing.assert_allclose(vision.class_probabilities(model, pictures[:, :, ::-1]), both, atol=1e-6)


def test_bad_pictures_get_one_clear_error():
    model = vision.residual_net((8, 6), 3, channels=(4,), blocks=(1,))
    good = np.full((2, 8, 6), 9, np.uint8)
    for pictures in (good[0], good.transpose(0, 2, 1), good[..., None], good[:0]):
        with pytest.raises(ValueError, match=r"must be \(n, 8, 6\) with n at least 1, not"):
            vision.class_probabilities(model, pictures)
    with pytest.raises(ValueError, match=r"pass picture\[None\]"):
        vision.class_probabilities(model, good[0])
    for kind in ("float32", "int64", "bool"):
        with pytest.raises(TypeError, match=f"uint8 pixels from 0 to 255, not {kind}"):
            vision.class_probabilities(model, good.astype(kind))
    with pytest.raises(ValueError, match="none of these 2 pictures has one above 1"):
        vision.class_probabilities(model, good // 9)
    with pytest.raises(ValueError, match="one entry a stage, and one stage at least, not 2 and 1"):
        vision.residual_net((28, 28), 10, channels=(8, 8), blocks=(1,))
    with pytest.raises(ValueError, match=r"must be \(height, width\)"):
        vision.residual_net((28,), 10)
