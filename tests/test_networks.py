"""Networks: shapes, mirrors, and what they refuse."""

import harness
import keras
import numpy as np
import pytest

from export import client as client_lib
from export import parity, parts
from kprivacy import attacks, data, errors, networks, ran, releases
from kprivacy.networks.residual import residual_decoder


@pytest.mark.parametrize(
    "shape", [(28, 28, 1), (32, 32, 3), (33, 47, 2), (128, 9), (61, 3)]
)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("bottleneck", [None, 5])
def test_mirrors_lead_back(shape, padding, bottleneck):
    encoder = networks.lenet(
        shape, filters=(2, 3), padding=padding, bottleneck=bottleneck
    )
    for widen in (1, 2):
        decoder = networks.mirror(encoder, widen=widen)
        assert decoder.input_shape == encoder.output_shape
        assert decoder.output_shape == (None, *shape)


NARROW = {
    "alexnet": {"filters": (2, 3, 4, 4, 3)},
    "vgg": {"filters": (2, 3, 4, 4, 4)},
}
MAPS = [
    # Sides after AlexNet's and VGG's poolings; AlexNet's 224 is published.
    ((224, 224, 3), (6, 6), (7, 7)),
    ((32, 32, 3), (3, 3), (2, 2)),
    ((28, 28, 1), (2, 2), (3, 3)),
    ((33, 47, 2), (3, 5), (2, 2)),
    ((131, 170, 1), (3, 4), (4, 5)),
    ((5, 6, 1), (2, 2), (2, 3)),
    ((128, 9), (3,), (4,)),
    ((61, 3), (6,), (3,)),
]


@pytest.mark.parametrize("shape, alexnet, vgg", MAPS)
@pytest.mark.parametrize("bottleneck", [None, 5])
def test_deep_mirrors_lead_back(shape, alexnet, vgg, bottleneck):
    for name, maps in (("alexnet", alexnet), ("vgg", vgg)):
        encoder = getattr(networks, name)(
            shape, bottleneck=bottleneck, **NARROW[name]
        )
        last = NARROW[name]["filters"][-1]
        features = (bottleneck,) if bottleneck else (*maps, last)
        assert encoder.output_shape == (None, *features)
        assert encoder.inputs[0].name == (
            "image" if len(shape) == 3 else "signal"
        )
        decoder = networks.mirror(encoder, widen=2)
        assert decoder.input_shape == encoder.output_shape
        assert decoder.output_shape == (None, *shape)


@pytest.mark.parametrize("name, count", [("alexnet", 5), ("vgg", 13)])
def test_deep_mirrors_undo_layer_by_layer(name, count):
    encoder = getattr(networks, name)((130, 130, 1), **NARROW[name])
    strides = kinds(encoder, "Conv2D"), kinds(encoder, "MaxPooling2D")
    decoder = networks.mirror(encoder)
    assert kinds(decoder, "Conv2DTranspose") == strides[0][::-1]
    assert len(strides[0]) == count
    assert len(kinds(decoder, "UpSampling2D")) == len(strides[1])
    assert ((4, 4) in strides[0]) == (name == "alexnet")


def kinds(model, kind):
    """The strides (or factors) of the model's layers of one kind."""
    return [
        getattr(layer, "size", None) or layer.strides
        for layer in model.layers
        if type(layer).__name__ == kind
    ]


@pytest.mark.parametrize(
    "name, options, weights",
    [
        # VGG-16 and VGG-19 without their 4,224 and 5,504 biases.
        ("vgg", {}, 14714688 - 4224),
        ("vgg", {"convolutions": (2, 2, 4, 4, 4)}, 20024384 - 5504),
        # 96 x 3 x 11^2, 256 x 96 x 5^2, then 3^2 of 256 x 384, 384 x 384
        # and 384 x 256: the published layers without the split in two.
        ("alexnet", {}, 34848 + 614400 + 884736 + 1327104 + 884736),
        # The one-column AlexNet: 2,469,696 with its 1,152 biases.
        ("alexnet", {"filters": (64, 192, 384, 256, 256)}, 2468544),
    ],
)
def test_weights_are_the_published_networks(name, options, weights):
    model = getattr(networks, name)((224, 224, 3), **options)
    norms = 4 * sum(
        la.filters for la in model.layers if type(la).__name__ == "Conv2D"
    )
    assert model.count_params() == weights + norms


@pytest.mark.parametrize("side", [32, 33, 34, 35])
@pytest.mark.parametrize("width, stride", [(11, 4), (3, 2), (1, 4), (2, 3)])
def test_the_mirror_of_a_convolution_is_its_adjoint(side, width, stride):
    # With the same kernel K: <K x, y> = <x, K* y>, whatever the size.
    inputs = keras.Input((side, side + 2, 2))
    conv = keras.layers.Conv2D(3, width, stride, "same", use_bias=False)
    encoder = keras.Model(inputs, conv(inputs))
    decoder = networks.mirror(encoder, output_activation=None)
    transposed, = (la for la in decoder.layers if la.weights)
    transposed.kernel.assign(conv.kernel)
    generator = np.random.default_rng(0)
    x, y = (
        generator.normal(size=(1, *m.input_shape[1:])).astype("float32")
        for m in (encoder, decoder)
    )
    forth = float((encoder(x).numpy().astype("float64") * y).sum())
    back = float((decoder(y).numpy().astype("float64") * x).sum())
    assert forth == pytest.approx(back, rel=1e-4, abs=1e-3)


def test_a_mirror_undoes_layer_by_layer():
    encoder = networks.lenet((28, 28, 1), filters=(2, 3), bottleneck=5)
    kinds = [
        type(layer).__name__
        for layer in networks.mirror(encoder).layers
        if layer.weights and "Normal" not in type(layer).__name__
    ]
    assert kinds == ["Dense", "Conv2DTranspose", "Conv2DTranspose"]


def test_overlapping_pooling_is_mirrored_by_its_stride():
    inputs = keras.Input((27, 27, 1))
    x = keras.layers.Conv2D(2, 3, padding="same")(inputs)
    x = keras.layers.MaxPooling2D(3, strides=2)(x)
    decoder = networks.mirror(keras.Model(inputs, x))
    up = [la for la in decoder.layers if "UpSampling" in type(la).__name__]
    assert up[0].size == (2, 2)
    assert decoder.output_shape == (None, 27, 27, 1)


def test_layers_without_a_mirror_are_named():
    inputs = keras.Input((8,))
    x = keras.layers.LayerNormalization(name="odd_one")(inputs)
    with pytest.raises(ValueError, match="'odd_one'.* has no mirror"):
        networks.mirror(keras.Model(inputs, x))


@pytest.mark.parametrize(
    "shape, sentence",
    [((28,), "must be \\(height"), ((8, 8, 1), "must be large enough")],
)
def test_shapes_that_do_not_fit_are_refused(shape, sentence):
    with pytest.raises(ValueError, match=sentence):
        networks.lenet(shape)


@pytest.mark.parametrize(
    "name, shape, options, sentence",
    [
        ("alexnet", (28, 28), {"filters": (2, 3)}, "list of 5 integers"),
        ("alexnet", (28, 4, 1), {}, "large enough for AlexNet: at least 5"),
        ("alexnet", (28, None, 1), {}, "of sizes of at least 1"),
        ("vgg", (3, 2), {}, "large enough for VGG: at least 4"),
        ("vgg", (28, 28, 1), {"convolutions": (2, 2)}, "list of 5 integers"),
        ("vgg", (28, 28, 1), {"filters": 64}, "list of integers"),
        ("vgg", (28, 28, 1), {"filters": (2, 0, 3, 4, 4)}, r"filters\[1\]"),
    ],
)
def test_deep_networks_say_what_they_need(name, shape, options, sentence):
    with pytest.raises(errors.UserError, match=sentence):
        getattr(networks, name)(shape, **options)


def test_clients_refuse_options_of_other_networks():
    with pytest.raises(errors.UserError, match="'vgg' are .*convolutions.*"
                       "filters.* Received: kernel_size=5"):
        ran.build_client((28, 28, 1), "vgg", kernel_size=5)
    with pytest.raises(errors.UserError, match="Received: name='mine'"):
        ran.build_client((28, 28, 1), name="mine")
    client = ran.build_client(
        (28, 28, 1), "vgg", kernel_size=None, **NARROW["vgg"]
    )
    assert client.name == "client"


@pytest.mark.parametrize("name", ["alexnet", "vgg"])
def test_deep_clients_convert(name, toy_images):
    keras.utils.set_random_seed(0)
    images = toy_images[0]
    client = ran.build_client(
        (28, 28, 1), name, bottleneck=6, **NARROW[name]
    )
    for _ in range(30):
        client(images, training=True)
    part = parts.Client(client, "encode", {"image": "image"},
                        ("features", "features"), (images,))
    release = releases.TFLiteRelease(client_lib.convert(part, "float32"))
    scale, zero = client_lib.wire(part, release)
    file = releases.TFLiteModel(client_lib.convert(part, "float32"), "encode")
    found = parity.measure(part, file, [images], scale, zero)
    assert found["max_quanta"] <= 1
    assert release(images).std(axis=0).max() > 0


@pytest.mark.parametrize("name", ["alexnet", "vgg"])
def test_ran_trains_deep_clients(name, toy_images):
    client = ran.build_client(
        (28, 28, 1), name, bottleneck=6, noise=0.5, **NARROW[name]
    )
    model = ran.RAN(
        client,
        ran.build_server(client, 3),
        ran.build_adversary(client),
        inner_steps=1,
    )
    # One eager step is quicker than tracing the graph.
    model.compile("adam", "adam", run_eagerly=True)
    # Kernels alone: a bias before batch norm has no gradient.
    kernels = [v for v in model.trainable_variables if len(v.shape) > 1]
    before = [kernel.numpy() for kernel in kernels]
    model.fit(harness.dataset(toy_images, 64), verbose=0, shuffle=False)
    for old, kernel in zip(before, kernels, strict=True):
        assert np.isfinite(kernel.numpy()).all(), kernel.path
        assert (kernel.numpy() != old).any(), kernel.path


@pytest.mark.parametrize("features", [(7,), (7, 7, 3), (28, 28, 1), (4, 4, 2)])
def test_residual_decoders_take_any_features(features):
    decoder = residual_decoder(features, (28, 28, 1), width=16)
    assert decoder(np.zeros((2, *features))).shape == (2, 28, 28, 1)


def test_residual_decoders_of_signals():
    decoder = residual_decoder((5,), (61, 3), 16, output_activation=None)
    assert decoder.output_shape == (None, 61, 3)


def test_ran_on_signals_end_to_end():
    generator = np.random.default_rng(0)
    labels = np.arange(240) % 3
    signals = generator.normal(size=(240, 64, 3)).cumsum(axis=1)
    source = ((signals + 5 * labels[:, None, None]).astype("float32"), labels)
    client = ran.build_client((64, 3), filters=(4, 8), bottleneck=6)
    model = ran.RAN(
        client, ran.build_server(client, 3), ran.build_adversary(client)
    )
    model.compile("adam", "adam", metrics=["accuracy"])
    model.fit(data.load(source), epochs=1, verbose=0, shuffle=False)
    attacker, test = (data.arrays(source, n) for n in ("attacker", "test"))
    values = test.data.max() - test.data.min()
    attack = attacks.Reconstruction(client, steps=60, data_range=values)
    found = attack.run(releases.KerasRelease(client), attacker, test)
    assert found.best.ssim is None
    assert found.best.mse < found.mean_error
