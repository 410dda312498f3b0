"""What contracts say of keys and covers is what the library does."""

import hashlib
import types

import numpy as np
import pytest

from export import contract
from kprivacy import fakesafe, releases
from kprivacy.errors import UserError
from kprivacy.fakesafe import covers, stock


def test_a_pad_is_that_of_the_library():
    example = contract.pad_example(100)
    pad = hashlib.shake_256(
        bytes.fromhex(example["secret"] + example["nonce"])
    ).digest(8)
    bits = "".join(f"{byte:08b}" for byte in pad)
    assert example["begins"] == bits


def test_a_covers_room_is_that_of_the_library(covers_client):
    room = covers.needed_room(covers_client)
    for pixels in (room["pixels"] - 1, room["pixels"]):
        cover = np.full(28 * 28, room["above"] + 1)
        cover[pixels:] = room["below"]
        cover = cover.reshape(1, 28, 28, 1).astype(np.float32) / 255
        (has,) = covers.have_room(covers_client, cover)
        assert has == (pixels == room["pixels"])


@pytest.mark.parametrize("kind, scaled", [
    ("signal", True), ("features", False),
])
def test_what_is_sent_in_the_scale_of_the_data_says_so(kind, scaled):
    detail = {"dtype": np.float32, "shape": [1, 4, 2], "quantization": (0, 0)}
    scaling = {"mean": [0.0, 1.0], "std": [1.0, 2.0]}
    client = types.SimpleNamespace(
        inputs={"data": "signal"}, output=("sent", kind), scaling=scaling,
        bound=None, signature="release",
    )
    file = types.SimpleNamespace(
        inputs={"data": detail}, outputs={"sent": detail}
    )
    found = contract.describe_client(client, file, "a.tflite", None, None)
    for tensor, wanted in ((found["inputs"][0], True),
                           (found["outputs"][0], scaled)):
        assert ("scaling" in tensor) == wanted
        assert ("over `scaling.std`" in tensor["meaning"]) == wanted


def test_a_cover_that_is_there_twice_is_used_once(covers_client):
    generator = np.random.default_rng(0)
    one, other = generator.uniform(0.2, 0.8, (2, 28, 28, 1)).astype("f4")
    held = stock.Stock(covers_client, np.stack([other, one, other, one]))
    taken = held.take(2)
    np.testing.assert_array_equal(taken, [other, one])
    with pytest.raises(UserError, match="0 that are left"):
        held.take(1)


def test_what_takes_a_key_or_a_cover_is_no_release_of_data(covers_client):
    with pytest.raises(UserError, match="also takes key, cover"):
        releases.KerasRelease(covers_client)


@pytest.fixture(scope="module")
def covers_client():
    return fakesafe.build_client(
        (28, 28, 1), (28, 28, 1), network="convolutional", filters=(4, 2),
        code=16, key=True, cover=1,
    )
