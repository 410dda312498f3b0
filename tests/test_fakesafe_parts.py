"""FakeSafe's parts: networks, keys, the channel, pairs, domains."""

import hashlib
import io

import keras
import numpy as np
import pytest
from PIL import Image

from kprivacy.callbacks import EpochOrder
from kprivacy.errors import UserError
from kprivacy.fakesafe import (
    build_adversary,
    build_client,
    build_server,
    channel,
    keys,
    pairs,
    sides,
)

CONVOLUTIONS = {"network": "convolutional", "filters": (6, 4), "units": (8,),
                "code": 6, "key": True}
ENDS = [
    ((7, 9, 3), (28, 28, 1)), ((64, 64, 1), (7, 9, 3)), ((5,), (1, 1, 1)),
    ((28, 28, 1), (5,)), ((5,), (7,)),
]


@pytest.mark.parametrize("source, target", ENDS)
@pytest.mark.parametrize("options", [
    {"units": (8,)}, {"units": (8,), "code": 6}, CONVOLUTIONS,
    {**CONVOLUTIONS, "detail": 3},
])
def test_networks_between_any_two_domains(source, target, options):
    client = build_client(source, target, **options)
    server = build_server(client, **options)
    names = ["source", "key"] if options.get("key") else ["source"]
    assert [one.name for one in client.inputs] == names
    assert [one.name for one in server.inputs] == ["fake", *names[1:]]
    assert client.output_shape == (None, *target)
    assert server.output_shape == (None, *source)
    judge = build_adversary(
        client, network=options.get("network", "mlp"), units=(8,),
        filters=(3, 4), dropout=0.1, detail=options.get("detail", 0),
    )
    assert judge.output_shape == (None, 1)


@pytest.mark.parametrize("target", [(7, 9, 3), (5,)])
def test_images_lie_in_0_to_1_and_vectors_anywhere(target):
    keras.utils.set_random_seed(0)
    client = build_client((5,), target, **CONVOLUTIONS)
    data = 100 * np.random.default_rng(0).normal(size=(64, 5))
    bits = np.zeros((64, 6), "float32")
    for weight in client.weights:
        weight.assign(weight * 10)
    fakes = client.predict([data.astype("float32"), bits], verbose=0)
    assert np.isfinite(fakes).all()
    inside = (fakes >= 0).all() and (fakes <= 1).all()
    assert inside == (len(target) == 3)


def widths(model):
    return [
        layer.units for layer in model.layers
        if isinstance(layer, keras.layers.Dense)
    ]


def test_the_papers_networks():
    """Three layers between images; batch norm and leaky ReLU in each."""
    client = build_client((28, 28, 1), (28, 28, 1))
    server = build_server(client)
    for model in (client, server):
        assert widths(model) == [256, 512, 1024, 784]
        kinds = [type(layer).__name__ for layer in model.layers]
        assert kinds.count("BatchNormalization") == 3
        assert kinds.count("LeakyReLU") == 3
    # 784 * 256 + 256 * 512 + 512 * 1024 + 1024 * 784 weights, 784 biases.
    dense = [v for v in client.trainable_variables if "dense" in v.path]
    assert sum(int(np.prod(v.shape)) for v in dense) == 1_659_664
    assert widths(build_adversary(client)) == [1024, 512, 256, 1]


def test_the_papers_networks_of_words():
    from configs import fakesafe_words_to_fashion_mnist

    config = fakesafe_words_to_fashion_mnist.get_config("paper")
    for ends in ((config.client, config.server), ({}, {})):
        client = build_client((50,), (28, 28, 1), **ends[0])
        server = build_server(client, **ends[1])
        assert widths(client) == [64, 256, 512, 1024, 784]
        assert widths(server) == [128, 256, 512, 1024, 50]
        dropped = [x.rate for x in server.layers
                   if isinstance(x, keras.layers.Dropout)]
        assert dropped == [0.2] * 4
        kinds = [
            [type(layer).__name__ for layer in part.layers].count(
                "BatchNormalization"
            )
            for part in (client, server)
        ]
        assert kinds == [4, 0]


def test_spectral_normalisation_is_of_the_convolutions():
    client = build_client((8, 8, 1), (8, 8, 1), units=(4,))
    judge = build_adversary(client, "convolutional", filters=(2, 3),
                            spectral=True)
    kinds = [type(layer).__name__ for layer in judge.layers]
    assert kinds.count("SpectralNormalization") == 2


@pytest.mark.parametrize("options, sentence", [
    ({"key": True}, "need a code. Received: code=0"),
    ({"code": -2}, "`code` must be an integer of at least 1"),
    ({"code": 4.0}, "`code` must be an integer of at least 1"),
    ({"network": "unet"}, "must be one of 'mlp', 'convolutional'"),
])
def test_errors_of_networks(options, sentence):
    with pytest.raises(UserError, match=sentence):
        build_client((8, 8, 1), (8, 8, 1), **options)
    client = build_client((8, 8, 1), (8, 8, 1), units=(4,))
    with pytest.raises(UserError, match="'unet'"):
        build_adversary(client, network="unet")


SECRET = bytes(range(32))


def test_pads_are_shake_256_of_secret_and_nonce():
    found = keys.expand(SECRET, [b"one", b"two"], 13)
    assert found.dtype == np.float32 and found.shape == (2, 13)
    for pad, nonce in zip(found, (b"one", b"two")):
        drawn = hashlib.shake_256(SECRET + nonce).hexdigest(2)
        bits = f"{int(drawn, 16):016b}"[:13]
        assert "".join(str(int(bit)) for bit in pad) == bits
    # The digests begin with 0x65a3 and 0xf37d.
    np.testing.assert_array_equal(
        found, np.array([list("0110010110100"), list("1111001101111")], float)
    )


def test_pads_are_used_once():
    with pytest.raises(UserError, match="3 nonces, 2 different"):
        keys.expand(SECRET, [b"a", b"b", b"a"], 8)
    for secret in (b"short", "x" * 32, SECRET + b"\0"):
        with pytest.raises(UserError, match="A secret is 32 bytes"):
            keys.expand(secret, [b"a"], 8)
    assert len({keys.new_nonce() for _ in range(100)}) == 100
    assert len(keys.new_secret()) == keys.SECRET_BYTES


def test_no_pad_is_drawn_twice():
    """Not in another session either: nonces are random, and not counted."""
    drawn = [sides.Pads(40, SECRET).draw(5) for _ in range(2)]
    pads = np.concatenate([one for _, one in drawn])
    assert len(np.unique(pads, axis=0)) == 10
    nonces, one = drawn[0]
    np.testing.assert_array_equal(sides.Pads(40, SECRET).of(nonces), one)
    assert (sides.Pads(40).of(nonces) != one).any()
    with pytest.raises(UserError, match="A secret is 32 bytes"):
        sides.Pads(40, b"")(1)


@pytest.mark.parametrize("channels, mode", [(1, "L"), (3, "RGB")])
def test_fakes_as_png(channels, mode, tmp_path):
    levels = np.arange(256, dtype=np.float32).repeat(3).reshape(16, 16, 3)
    image = levels[..., :channels] / 255
    path = tmp_path / "made" / "fake.png"
    channel.write_png(path, image)
    with Image.open(path) as opened:
        assert (opened.format, opened.mode) == ("PNG", mode)
        assert opened.size == (16, 16)
    np.testing.assert_array_equal(channel.read_png(path), image)
    np.testing.assert_array_equal(
        channel.read_png(path.read_bytes()), image
    )
    channel.write_png(path, channel.to_uint8(image))
    np.testing.assert_array_equal(channel.read_png(path), image)
    free = np.random.default_rng(0).random((3, 5, 4, channels), np.float32)
    sent = channel.through_png(free)
    assert sent.shape == free.shape and sent.dtype == np.float32
    assert np.abs(sent - free).max() <= 0.5 / 255 + 1e-7
    np.testing.assert_array_equal(channel.through_png(sent), sent)


def test_rounding_is_to_the_nearest_and_clips():
    given = np.array([-0.1, 0.49 / 255, 0.51 / 255, 0.999, 1.7])
    assert channel.to_uint8(given).tolist() == [0, 0, 1, 255, 255]


def test_only_png_is_read():
    content = io.BytesIO()
    Image.new("L", (4, 4)).save(content, "BMP")
    with pytest.raises(OSError):
        channel.read_png(content.getvalue())


def test_sender_and_receiver_go_over_files():
    keras.utils.set_random_seed(0)
    client = build_client((5,), (6, 4, 1), **CONVOLUTIONS)
    server = build_server(client, **CONVOLUTIONS)
    data = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    pads = sides.pads_of(client, SECRET)(4)
    fakes = sides.Sender(client)(data, pads)
    np.testing.assert_array_equal(
        fakes, channel.through_png(client.predict([data, pads], verbose=0))
    )
    np.testing.assert_array_equal(
        sides.Receiver(server)(fakes, pads),
        server.predict([fakes, pads], verbose=0),
    )
    with pytest.raises(UserError, match="client takes a pad for each"):
        sides.Sender(client)(data)
    message = sides.Sender(client, None, sides.pads_of(client, SECRET)).send(
        data
    )
    assert len(message) == len(set(message.nonces)) == 4
    back = sides.Receiver(server, sides.pads_of(server, SECRET))
    pads = sides.Pads(client.input_shape[1][-1], SECRET).of(message.nonces)
    np.testing.assert_array_equal(
        back.receive(message),
        server.predict([message.fakes, pads], verbose=0),
    )
    plain = build_client((5,), (5,), units=(4,))
    assert sides.pads_of(plain) is None
    assert sides.Sender(plain).send(data).nonces == ()
    np.testing.assert_array_equal(
        sides.Sender(plain)(data), plain.predict(data, verbose=0)
    )
    with pytest.raises(UserError, match="client takes no pads"):
        sides.Sender(plain)(data, pads)


def numbered(count, begin=0):
    return np.arange(begin, begin + count, dtype=np.float32)[:, None]


def epoch(dataset):
    """Both sides of an epoch's batches, in order."""
    found = [(x.numpy()[:, 0], y.numpy()[:, 0]) for x, y in dataset]
    return [np.concatenate(side) for side in zip(*found)]


def test_every_example_once_an_epoch_in_a_new_order():
    dataset = pairs(numbered(60), numbered(24, 100), batch_size=12)
    assert int(dataset.cardinality()) == 5
    (first, near), (second, _) = epoch(dataset), epoch(dataset)
    for found in (first, second):
        np.testing.assert_array_equal(np.sort(found), np.arange(60))
    assert (first != second).any() and (first != np.arange(60)).any()
    # The shorter set is passed twice and a half, in other orders.
    for begin in (0, 24):
        passed = near[begin : begin + 24]
        np.testing.assert_array_equal(np.sort(passed), np.arange(100, 124))
    assert len(set(near[48:])) == 12
    assert (near[:24] != near[24:48]).any()


def test_both_sides_are_independent():
    dataset = pairs(numbered(500), numbered(500), batch_size=50)
    x, y = epoch(dataset)
    # A standard deviation of 1 / sqrt(500) = .045.
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.2


def test_an_epochs_order_is_its_number_and_the_seed():
    straight = pairs(numbered(30), numbered(30), 10, seed=3)
    orders = [epoch(straight) for _ in range(4)]
    resumed = pairs(numbered(30), numbered(30), 10, seed=3)
    EpochOrder(resumed).on_epoch_begin(2)
    for expected in orders[2:]:
        np.testing.assert_array_equal(epoch(resumed), expected)
    other = pairs(numbered(30), numbered(30), 10, seed=4)
    assert (np.array(epoch(other)) != orders[0]).any()
    kept = pairs(numbered(30), numbered(30), 10, seed=3, shuffle=False)
    for _ in range(2):
        np.testing.assert_array_equal(epoch(kept), orders[0])


@pytest.mark.parametrize("steps", [2, 9])
def test_steps_are_the_length_of_an_epoch(steps):
    dataset = pairs(numbered(40), numbered(7, 100), 8, steps=steps)
    assert int(dataset.cardinality()) == steps
    x, y = epoch(dataset)
    assert len(x) == len(y) == 8 * steps
    assert len(set(x[:40])) == min(40, 8 * steps)
    assert set(y) == set(range(100, 107))


@pytest.mark.parametrize("sizes, options, sentence", [
    ((0, 9), {}, "Received: 0 and 9"),
    ((9, 0), {"steps": 3}, "Received: 9 and 0"),
    ((9, 5), {"batch_size": 10}, "at least a batch of 10"),
    ((9, 9), {"batch_size": 0}, "`batch_size` must be an integer"),
    ((9, 9), {"steps": 0}, "`steps` must be an integer of at least 1"),
])
def test_errors_of_pairs(sizes, options, sentence):
    with pytest.raises(UserError, match=sentence):
        pairs(*map(numbered, sizes), **{"batch_size": 3, **options})
