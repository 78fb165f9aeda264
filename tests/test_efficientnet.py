"""EfficientNet-Lite0: against a NumPy forward pass, its preprocessing, its file format, round trips, bad input.

`references/make_efficientnet_lite0.py` wrote what an independent program in NumPy computes.
"""

import collections
import pathlib
import pickle
import sys
import types

from bigmodel_lib import models
from bigmodel_lib.data import images
from bigmodel_lib.models import efficientnet, pth
from bigmodel_lib.models.efficientnet import Stage, class_probabilities, classify, preprocess
from bigmodel_lib.models.initializers import FanOutNormal

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.slow

REFERENCE = np.load(pathlib.Path(__file__).parent / "references" / "efficientnet_lite0.npz")
LAYERS = (efficientnet.DepthwiseConv2D, keras.layers.DepthwiseConv2D)
PHOTOS = [images.photos()[name] for name in REFERENCE["names"]]


@pytest.fixture(scope="module")
def lite0():
    return models.efficientnet_lite0()


@pytest.fixture(scope="module")
def probabilities(lite0):
    return class_probabilities(lite0, PHOTOS)


def tiny(classes=3):
    keras.utils.set_random_seed(0)
    stages = (Stage(1, 3, 2, 1, 8), Stage(1, 3, 1, 2, 8))  # the second is residual
    return efficientnet.efficientnet_lite(stages, stem=8, head=16, num_classes=classes, size=32)


def coloured(n, seed=0):
    """Noisy pictures that are mainly red, green or blue, and which."""
    rng = np.random.default_rng(seed)
    pictures, labels = rng.integers(0, 120, (n, 40, 48, 3)), np.arange(n) % 3
    pictures[np.arange(n), :, :, labels] += 120
    return pictures.astype(np.uint8), labels


# --- the pretrained network ----------------------------------------------------------------------


def test_probabilities_are_those_of_an_independent_forward_pass(probabilities):
    assert probabilities.shape == (10, 1000) and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    ours = np.take_along_axis(probabilities, REFERENCE["classes"].astype(int), 1)
    np.testing.assert_allclose(ours, REFERENCE["probabilities"], atol=1e-3)


def test_logits_and_pixels_are_those_of_an_independent_forward_pass(lite0):
    x = preprocess(PHOTOS)
    assert x.shape == (10, 224, 224, 3) and x.dtype == np.float32
    np.testing.assert_allclose(x[:, ::16, ::16], REFERENCE["pixels"], atol=1e-6)
    np.testing.assert_allclose(lite0.predict_on_batch(x[:2])[:, ::20], REFERENCE["logits"][:2], atol=1e-3)


def test_it_knows_a_cat_an_espresso_and_a_tripod(lite0):
    photos = {"cat": "cat", "coffee": "espresso", "camera": "tripod", "flower": "daisy"}
    best = dict(zip(photos, classify(lite0, [images.photos()[name] for name in photos], top=3)))
    for photo, word in photos.items():
        assert word in best[photo][0][0]
    for row in best.values():
        assert len(row) == 3 and row[0][1] >= row[1][1] >= row[2][1] > 0


def test_one_picture_or_many(lite0, probabilities):
    cat = images.photos()["cat"]
    np.testing.assert_allclose(class_probabilities(lite0, cat), probabilities[[2]], atol=1e-4)
    np.testing.assert_allclose(class_probabilities(lite0, np.stack([cat, cat])), probabilities[[2, 2]], atol=1e-4)
    assert classify(lite0, [], top=2) == []


def test_the_network_has_the_published_size(lite0):
    trainable = sum(int(np.prod(v.shape)) for v in lite0.trainable_variables)
    statistics = sum(int(np.prod(v.shape)) for v in lite0.non_trainable_variables if "moving" in v.name)
    assert trainable == 4_652_008 and trainable + statistics == lite0.count_params()
    assert lite0.get_layer("features").output.shape == (None, 1280)


def test_labels():
    labels = images.imagenet_labels()
    assert len(labels) == 1000 and labels[1].startswith("goldfish") and labels[999].startswith("toilet tissue")


# --- the layers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(7, 7), (8, 8), (6, 9)])
def test_the_fast_depthwise_convolution_is_that_of_keras(kernel, stride, size):
    x = np.random.default_rng(0).normal(size=(2, *size, 4)).astype("float32")
    ours, theirs = (layer(kernel, stride, "same", use_bias=False) for layer in LAYERS)
    expected = theirs(x)
    ours.build(x.shape)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(*(keras.ops.convert_to_numpy(y) for y in (ours(x), expected)), atol=1e-5)


@pytest.mark.parametrize(
    "setting", [{"padding": "valid"}, {"dilation_rate": 2}, {"activation": "relu"}, {"use_bias": True}]
)
def test_other_settings_of_the_depthwise_convolution_are_those_of_keras(setting):
    x = np.random.default_rng(0).normal(size=(1, 8, 8, 2)).astype("float32")
    ours, theirs = (layer(3, **{"padding": "same"} | setting) for layer in LAYERS)
    ours.build(x.shape), theirs.build(x.shape)
    theirs.set_weights([np.random.default_rng(1).normal(size=w.shape) for w in theirs.get_weights()])
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(*(keras.ops.convert_to_numpy(layer(x)) for layer in (ours, theirs)), atol=1e-5)


def test_the_initialiser_has_its_variance_and_follows_the_seed():
    drawn = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        drawn.append(keras.ops.convert_to_numpy(FanOutNormal()((3, 3, 40, 50))))
    np.testing.assert_array_equal(*drawn)
    assert drawn[0].var() == pytest.approx(2 / (9 * 50), rel=0.05)


def test_save_and_load(tmp_path):
    model, x = tiny(), preprocess(coloured(3)[0], 32)
    model.save(tmp_path / "lite.keras")
    loaded = keras.saving.load_model(tmp_path / "lite.keras")
    np.testing.assert_allclose(loaded.predict_on_batch(x), model.predict_on_batch(x), atol=1e-6)


def test_fine_tuning_a_head_on_a_frozen_backbone():
    pictures, labels = coloured(96)
    base = tiny(classes=7)
    backbone = keras.Model(base.input, base.get_layer("features").output)
    backbone.trainable = False
    before = backbone.get_weights()
    model = keras.Sequential([backbone, keras.layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.05), loss, metrics=["accuracy"])
    model.fit(preprocess(pictures, 32), labels, epochs=30, verbose=0)
    assert model.evaluate(preprocess(pictures, 32), labels, verbose=0)[1] > 0.9
    for old, new in zip(before, backbone.get_weights()):  # frozen: the statistics of the normalisations too
        np.testing.assert_array_equal(old, new)


def test_fit_trains_every_weight_and_lowers_the_loss():
    pictures, labels = coloured(48)
    model, x = tiny(), preprocess(pictures, 32)
    model.compile(keras.optimizers.SGD(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    losses = model.fit(x, labels, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < 0.7 * losses[0]
    for variable, old in zip(model.trainable_variables, before):
        assert not np.array_equal(keras.ops.convert_to_numpy(variable), old), variable.path


# --- pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(256, 400), (400, 256)])
def test_preprocess_keeps_the_middle_square(shape):
    """At 256 pixels the square is 224 wide: nothing is resized, and each pixel can be found again."""
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    top, left = (n // 2 - 112 for n in shape)
    expected = (image[top : top + 224, left : left + 224].astype(np.float32) - 127) / 128
    np.testing.assert_array_equal(preprocess([image])[0], expected)


def test_preprocess_takes_pictures_of_different_sizes_even_tiny_ones():
    mixed = [np.full((height, width, 3), 255, np.uint8) for height, width in [(1, 1), (30, 1000), (300, 20)]]
    np.testing.assert_array_equal(preprocess(mixed, 16), np.ones((3, 16, 16, 3)))


@pytest.mark.parametrize(
    "image, advice",
    [
        (np.zeros((8, 8), np.uint8), r"not \(8, 8\): repeat a grey image"),
        (np.zeros((8, 8, 4), np.uint8), r"not \(8, 8, 4\): leave the transparency out"),
        (np.zeros((3, 8, 8), np.uint8), r"not \(3, 8, 8\): put the channels last"),
        (np.zeros((8, 8, 1), np.uint8), r"not \(8, 8, 1\)"),
        (np.zeros((0, 8, 3), np.uint8), r"not \(0, 8, 3\)"),
    ],
)
def test_a_picture_of_another_shape(image, advice):
    with pytest.raises(ValueError, match=r"must have the shape \(height, width, 3\), " + advice):
        preprocess([image])


def test_a_picture_of_another_type():
    with pytest.raises(TypeError, match="uint8 pixels from 0 to 255, not float32: scale it back"):
        preprocess([np.zeros((8, 8, 3), np.float32)])


def test_classify_needs_one_label_a_class_and_a_possible_top():
    pictures, _ = coloured(2)
    assert {name for name, _ in classify(tiny(), pictures, top=3, labels="abc")[0]} == set("abc")
    with pytest.raises(ValueError, match="3 classes, but there are 1000 labels"):
        classify(tiny(), pictures)
    with pytest.raises(ValueError, match="top must be 1 to 3, the number of classes, not 4"):
        classify(tiny(), pictures, top=4, labels="abc")


# --- PyTorch's old file format -------------------------------------------------------------------


@pytest.fixture
def write_pth(tmp_path, monkeypatch):
    """Writes such a file without PyTorch: while it does, two stand-in modules give the pickle its names."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2(*parts): ...

    class FloatStorage: ...

    for thing, module in ((_rebuild_tensor_v2, utils), (FloatStorage, torch)):
        thing.__module__, thing.__qualname__ = module.__name__, thing.__name__
        setattr(module, thing.__name__, thing)

    class Window:
        def __init__(self, *parts):
            self.parts = parts  # storage, offset, shape, strides

        def __reduce__(self):
            return _rebuild_tensor_v2, (*self.parts, False, collections.OrderedDict())

    class Writer(pickle.Pickler):
        def persistent_id(self, thing):
            return ("storage", FloatStorage, "0", "cpu", 6, None) if thing == "the storage" else None

    def write(offset=0, shape=(2, 3), strides=(3, 1), described=None):
        path = tmp_path / "weights.pth"
        with path.open("wb") as stream, monkeypatch.context() as patch:
            patch.setitem(sys.modules, "torch", torch)
            patch.setitem(sys.modules, "torch._utils", utils)
            described = described or {"w": Window("the storage", offset, shape, strides)}
            for part in (pth._MAGIC, pth._PROTOCOL, {}, described, ["0"]):
                Writer(stream, 2).dump(part)
            stream.write((6).to_bytes(8, "little") + np.arange(6, dtype="<f4").tobytes())
        return path

    return write


def test_strides_are_followed(write_pth):
    np.testing.assert_array_equal(pth.read_pth(write_pth())["w"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(pth.read_pth(write_pth(strides=(1, 2)))["w"], [[0, 2, 4], [1, 3, 5]])
    np.testing.assert_array_equal(pth.read_pth(write_pth(offset=2, shape=(2,), strides=(3,)))["w"], [2, 5])
    assert pth.read_pth(write_pth(shape=(), strides=()))["w"] == 0


@pytest.mark.parametrize("window", [{"offset": 1}, {"strides": (3, 2)}, {"strides": (-3, 1)}, {"strides": (1,)}])
def test_a_tensor_cannot_reach_outside_its_storage(write_pth, window):
    with pytest.raises(ValueError, match=r"weights.pth must be .*'w' reaches outside its storage"):
        pth.read_pth(write_pth(**window))


def test_a_file_that_asks_for_a_command_is_refused_before_it_runs(write_pth, tmp_path):
    class Command:
        def __reduce__(self):
            return pathlib.Path.touch, (tmp_path / "run",)

    path = write_pth(described={"w": Command()})
    with pytest.raises(ValueError, match="which no file of weights needs"):
        pth.read_pth(path)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("keep", [0, 5, 30, 100, -4])
def test_a_damaged_file(write_pth, keep):
    path = write_pth()
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="must be a state dict in PyTorch's format before 1.6, but cannot be read"):
        pth.read_pth(path)


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 a zip of today's PyTorch", b"<html>not found</html>", pickle.dumps(7)]
)
def test_a_file_of_another_format(tmp_path, content):
    (tmp_path / "other.pth").write_bytes(content)
    with pytest.raises(ValueError, match="other.pth must be a state dict"):
        pth.read_pth(tmp_path / "other.pth")


def test_weights_of_another_network_name_what_is_missing(write_pth):
    with pytest.raises(ValueError, match=r"must hold the tensor '_conv_stem.weight'.*\['w'\]"):
        efficientnet.load_weights(tiny(), pth.read_pth(write_pth()))
