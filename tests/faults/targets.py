"""What reads files of strangers, with good files to begin from.

A target has `seeds`, names to contents; `place`, a function that puts a case's
content under a name into an empty folder; and `read`, which reads it.
"""

import dataclasses
import io
import json
import pathlib
import shutil
import zipfile
from collections.abc import Callable

import numpy as np

ASSETS = pathlib.Path(__file__).parents[2] / "android_demo_assets"


@dataclasses.dataclass(frozen=True)
class Target:
    """Something that reads a stranger's file.

    Attributes:
        seeds: Function that gives good files, names to contents.
        read: Function from a path that reads it.
        share: Of all cases, relative to other targets.
        beside: Folder whose other files lie beside the case, or None.
    """

    seeds: Callable
    read: Callable
    share: float = 1.0
    beside: pathlib.Path | None = None

    def place(self, folder, name, content):
        """Puts a case into an empty folder; gives its path."""
        if self.beside:
            shutil.copytree(self.beside, folder, dirs_exist_ok=True)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


def pictures():
    """Of every format that is read, and of every mode."""
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (12, 17, 4), np.uint8)
    image = Image.fromarray(pixels)
    rgb, grey = image.convert("RGB"), image.convert("L")
    exif = Image.Exif()
    exif[274] = 6
    deep = Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
    made = {
        "a.png": (image, {}), "b.png": (rgb.quantize(16), {}),
        "c.png": (deep, {}), "d.png": (grey.convert("1"), {}),
        "a.jpg": (rgb, {"exif": exif}), "b.jpg": (grey, {}),
        "c.jpg": (rgb.convert("CMYK"), {}),
        "a.webp": (image, {"lossless": True}), "b.webp": (rgb, {}),
        "a.tif": (rgb, {"compression": "tiff_deflate"}), "b.tif": (deep, {}),
        "a.bmp": (rgb, {}),
    }
    found = {}
    for name, (one, options) in made.items():
        content = io.BytesIO()
        one.save(content, Image.registered_extensions()[
            pathlib.Path(name).suffix
        ], **options)
        found[name] = content.getvalue()
    found["huge.png"] = _claims(found["a.png"], 60_000)
    return found


def _claims(png, side):
    """A small PNG that says it is large."""
    import struct
    import zlib

    header = png[12:16] + struct.pack(">II", side, side) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


def arrays():
    """Of floats, bytes and objects."""
    found = {}
    for name, rows in (
        ("a", np.ones((3, 4), np.float32)), ("b", np.zeros((3, 4), np.uint8)),
        ("nan", np.full((3, 4), np.nan, np.float32)),
    ):
        one, several = io.BytesIO(), io.BytesIO()
        np.save(one, rows)
        np.savez_compressed(several, data=rows)
        found |= {f"{name}.npy": one.getvalue(),
                  f"{name}.npz": several.getvalue()}
    bomb = io.BytesIO()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {
        "descr": "<f4", "fortran_order": False, "shape": (10**12, 4),
    })
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npy", header.getvalue() + bytes(10**6))
    return {**found, "bomb.npz": bomb.getvalue()}


def contracts():
    """Of the three demo bundles."""
    return {
        "contract.json": (ASSETS / "ran" / "bundle" / "contract.json")
        .read_bytes()
    }


def bundle_files():
    """Files beside a contract, which names their hashes."""
    folder = ASSETS / "ran" / "bundle"
    return {
        name: (folder / name).read_bytes()
        for name in ("client.tflite", "client_golden_input.bin",
                     "server/saved_model.pb")
    }


def clients():
    """Files that come without a contract."""
    return {
        f"{name}.tflite": (ASSETS / name / "bundle" / "client.tflite")
        .read_bytes() for name in ("ran", "gap")
    }


def keras_files():
    """A small client, and its parts."""
    import tempfile

    import keras

    from kprivacy.ran import build_client

    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "client.keras")
        build_client((8, 8, 1), filters=(4,), bottleneck=4).save(path)
        content = path.read_bytes()
    return {"client.keras": content, "client.keras ": _with_lambda(content)}


def _with_lambda(content):
    """The same with a layer that would run code."""
    import base64
    import marshal

    code = marshal.dumps((lambda x: exec("raise SystemExit(9)")).__code__)
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as held, zipfile.ZipFile(
        changed, "w"
    ) as made:
        for name in held.namelist():
            data = held.read(name)
            if name == "config.json":
                config = json.loads(data)
                config["config"]["layers"][1]["class_name"] = "Lambda"
                config["config"]["layers"][1]["config"] = {
                    "name": "x", "function": {
                        "class_name": "__lambda__", "config": {
                            "code": base64.b64encode(code).decode(),
                            "defaults": None, "closure": None,
                        },
                    },
                }
                data = json.dumps(config).encode()
            made.writestr(name, data)
    return changed.getvalue()


def manifests():
    """What a receiver gets, and other JSON that is read."""
    fakes = [{"file": "0123456789abcdef.png", "sha256": "0" * 64,
              "nonce": "0" * 32}]
    held = {"format": 1, "method": "fakesafe", "pair": "p", "fakes": fakes}
    return {"manifest.json": json.dumps(held).encode()}


def texts():
    """Word vectors: a word and its numbers a line."""
    lines = ["the 0.1 0.2 0.3", "of -1 2.5 3e-3", "café 1 1 1"]
    return {"vectors.txt": "\n".join(lines).encode()}


def _read_picture(path):
    from kprivacy.photos import picture

    picture.read(path)


def _read_training_image(path):
    from kprivacy.data import image_folder

    image_folder.read_image(path, (8, 8))


def _read_rows(path):
    from kprivacy.protection import arrays as rows
    from kprivacy.protection.sides import Domain

    rows.read_examples(path, Domain("vector", (4,)))


def _read_contract(path):
    from export import verify

    verify.verify(path.parent)


def _read_bundle(path):
    from export import verify

    folder = path.parent
    while not (folder / "contract.json").is_file():
        folder = folder.parent
    verify.verify(folder)


def _read_client(path):
    from kprivacy import audit_files

    release = audit_files.open_tflite(path)
    release(np.zeros((1, *release.input_shape), np.float32))


def _read_keras(path):
    from kprivacy.protection import sides

    path.rename(path.with_name("client.keras"))
    sides.read_generator(path.parent)


def _read_manifest(path):
    from kprivacy.protection import manifest, wire

    manifest.read(path.parent, "p", None, wire.ImageFakes(
        path.parent, (8, 8, 1)
    ))


def _read_vectors(path):
    from kprivacy.text import glove

    glove.read_glove(path)


RAN = ASSETS / "ran" / "bundle"
TARGETS = {
    "picture": Target(pictures, _read_picture, 8),
    "training_image": Target(pictures, _read_training_image, 3),
    "array": Target(arrays, _read_rows, 4),
    "contract": Target(contracts, _read_contract, 2, RAN),
    "bundle": Target(bundle_files, _read_bundle, 0.5, RAN),
    "tflite": Target(clients, _read_client, 1),
    "keras": Target(keras_files, _read_keras, 0.5),
    "manifest": Target(manifests, _read_manifest, 2),
    "vectors": Target(texts, _read_vectors, 1),
}
