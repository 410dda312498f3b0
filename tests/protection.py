"""Pairs that recover exactly, and pictures, for tests of protect."""

import keras
import numpy as np
from PIL import Image

from kprivacy import files
from kprivacy.fakesafe.layers import Mask

IMAGE = {"kind": "image", "shape": [4, 4, 3]}
GREY = {"kind": "image", "shape": [4, 6, 1]}
VECTOR = {"kind": "vector", "shape": [5]}


def negative(role, domain, bits):
    """x to 1 - x; with a key, its first bits say which numbers turn."""
    shape = tuple(domain["shape"])
    data = keras.Input(shape, name="source" if role == "client" else "fake")
    half = keras.layers.Rescaling(-2.0, 1.0)(data)
    if not bits:
        return keras.Model(data, keras.layers.Rescaling(0.5, 0.5)(half))
    key = keras.Input((bits,), name="key")
    masked = Mask()([half, keras.layers.Reshape(shape)(key)])
    back = keras.layers.Rescaling(-0.5, 0.5)(masked)
    return keras.Model([data, key], back)


def pair(folder, domain=IMAGE, keyed=False, name="a" * 64, target=None):
    """W/client and W/server of a pair that recovers exactly."""
    bits = int(np.prod(domain["shape"])) if keyed else 0
    for role in ("client", "server"):
        (folder / role).mkdir(parents=True)
        model = negative(role, domain, bits)
        if target and role == "client":
            rows = keras.layers.Flatten()(model.output)
            model = keras.Model(model.inputs, rows)
        elif target:
            given = keras.Input(tuple(target["shape"]), name="fake")
            shaped = keras.layers.Reshape(domain["shape"])(given)
            model = keras.Model(given, model(shaped))
        model.save(folder / role / f"{role}.keras")
        files.write_json(folder / role / "domain.json", {
            "format": 1, "method": "fakesafe", "pair": name,
            "source": domain, "target": target or domain, "key_bits": bits,
        })
    return folder


def photos(folder, count=5, shape=(4, 4, 3)):
    """Random PNGs, some in a sub-folder; name to pixels."""
    generator = np.random.default_rng(0)
    found = {}
    for i in range(count):
        name = f"trip/secret {i}.png" if i % 2 else f"secret {i}.png"
        found[name] = generator.integers(0, 256, shape, np.uint8)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(found[name].squeeze()).save(folder / name)
    return found


def read_all(folder):
    return {
        path.relative_to(folder).as_posix(): np.asarray(Image.open(path))
        for path in folder.rglob("*.png")
    }


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, pixels in expected.items():
        np.testing.assert_array_equal(found[name], pixels, err_msg=name)


def pictures(count, shape=(16, 16, 1), seed=0):
    """Smooth grey pictures of 8 bits, with black and white in them."""
    generator = np.random.default_rng(seed)
    coarse = generator.normal(0.5, 0.4, (count, 5, 5, shape[2]))
    fine = keras.ops.image.resize(coarse, shape[:2], interpolation="bicubic")
    fine = np.array(fine) + generator.normal(0, 0.02, (count, *shape))
    return (np.round(np.clip(fine, 0, 1) * 255) / 255).astype(np.float32)
