"""What contracts say of keys and covers is what the library does."""

import hashlib

import numpy as np
import pytest

from export import contract
from kprivacy import fakesafe
from kprivacy.fakesafe import covers


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


@pytest.fixture(scope="module")
def covers_client():
    return fakesafe.build_client(
        (28, 28, 1), (28, 28, 1), network="convolutional", filters=(4, 2),
        code=16, key=True, cover=1,
    )
