"""The halves of a trained pair, read from the folders W/client, W/server."""

import dataclasses
import pathlib
import zipfile

import numpy as np

from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.fakesafe.covers import have_room, takes_cover
from kprivacy.fakesafe.sides import predict

DOMAIN = "domain.json"
CONTRACT = "contract.json"
FORMAT = 1
METHOD = "fakesafe"
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


@dataclasses.dataclass(frozen=True)
class Domain:
    """What one example is: an image in [0, 1] or a vector.

    Args:
        kind: "image" or "vector".
        shape: (height, width, channels) in pixels, or (features,).
    """

    kind: str
    shape: tuple


@dataclasses.dataclass(frozen=True)
class Side:
    """A client or a server with what its domain.json says.

    Calling it maps float32 examples, shape (examples, ...), and their pads,
    shape (examples, key_bits), to float32 examples of the other domain; a
    client that takes covers gets them as the third argument.

    Args:
        model: Functional `keras.Model`.
        pair: Which training it comes from, the same on both sides.
        source: `Domain` of the private examples.
        target: `Domain` of the fakes.
        key_bits: Length of a pad in bits; 0 if there is none.
    """

    model: object
    pair: str
    source: Domain
    target: Domain
    key_bits: int

    @property
    def takes_cover(self):
        """Whether it is a client that changes a cover for each message."""
        return takes_cover(self.model)

    def has_room(self, cover):
        """Whether one cover, an image of the target, can hold any message."""
        return bool(have_room(self.model, cover[None])[0])

    def __call__(self, examples, pads, covers=None):
        made = np.asarray(
            predict(self.model, examples, pads, covers), np.float32
        )
        if not np.isfinite(made).all():
            raise UserError(
                f"The model {self.model.name!r} gave numbers that are not "
                "finite. Look at its training, or train it again."
            )
        return made


def read(folder, role):
    """Loads one half; a working directory's own half is found in it.

    Args:
        folder: W/client or W/server, or W.
        role: "client" or "server".

    Raises:
        UserError: A file is missing, damaged, or does not fit the other.
    """
    check_files(folder, role)
    root = own_folder(folder, role)
    side = _described(root / DOMAIN, _load(root / f"{role}.keras"))
    ends = (side.source, side.target)
    _check_model(side, root, *(ends if role == "client" else ends[::-1]))
    return side


def check_files(folder, role, needed=(DOMAIN,)):
    """Raises where the files of one half are not in their folder.

    Args:
        folder: As for `read`.
        role: As for `read`.
        needed: Names of files beside the model's.
    """
    root = own_folder(folder, role)
    for name in (*needed, f"{role}.keras"):
        if not (root / name).is_file():
            bundle = "" if role == "server" else (
                f", or, of ConfounderGAN, an exported bundle with {CONTRACT}"
            )
            raise UserError(
                f"--{role} must be a folder with {role}.keras and {DOMAIN}, "
                f"as training leaves it in W/{role}{bundle}. Received: "
                f"{str(folder)!r}, "
                + ("which is a file. Name its folder." if root.is_file()
                   else f"where {name} is missing.")
            )


def own_folder(folder, role):
    """The folder of one half, found in a working directory as well."""
    root = pathlib.Path(folder).expanduser()
    if not (root / DOMAIN).is_file() and (root / role / DOMAIN).is_file():
        return root / role
    return root


def method_of(folder):
    """The method that a client's domain.json names, or None."""
    path = own_folder(folder, "client") / DOMAIN
    held = files.read_json(path) if path.is_file() else None
    return held.get("method") if isinstance(held, dict) else None


def is_bundle(folder):
    """Whether a folder is an exported bundle, which has a contract."""
    return (pathlib.Path(folder).expanduser() / CONTRACT).is_file()


def read_generator(folder):
    """Loads the client of ConfounderGAN."""
    import kprivacy.confounder_gan  # noqa: F401

    check_files(folder, "client", ())
    return _load(own_folder(folder, "client") / "client.keras")


def _load(path):
    if not zipfile.is_zipfile(path):
        raise UserError(
            f"{str(path)!r} is damaged: it is no archive of Keras. Copy it "
            "again from the working directory."
        )
    import keras

    # Registers the layers of the method.
    import kprivacy.fakesafe  # noqa: F401

    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:
        raise UserError(
            f"Keras cannot load {str(path)!r} ({type(error).__name__}: "
            f"{str(error)[:200]}). Copy it again from the working directory, "
            "and take models only from whom you trust."
        ) from error


def _described(path, model):
    held = files.read_json(path)
    try:
        if (held["format"], held["method"]) != (FORMAT, METHOD):
            raise ValueError(f"{held['format']!r}, {held['method']!r}")
        source, target = (_domain(held[name]) for name in ("source", "target"))
        bits = held["key_bits"]
        if type(bits) is not int or bits < 0:
            raise ValueError(f"key_bits {bits!r}")
        return Side(model, str(held["pair"]), source, target, bits)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{str(path)!r} must describe a pair of {METHOD!r} in format "
            f"{FORMAT}. Received: {error!r}. Copy the folder again from the "
            "working directory, or install the kprivacy that wrote it."
        ) from error


def _domain(held):
    shape = tuple(held["shape"])
    if not all(type(n) is int and n > 0 for n in shape):
        raise ValueError(f"shape {shape}")
    if held["kind"] == "vector" and len(shape) == 1:
        return Domain("vector", shape)
    if held["kind"] == "image" and len(shape) == 3 and shape[2] in MODES:
        return Domain("image", shape)
    raise ValueError(f"kind {held['kind']!r} of shape {shape}")


def _check_model(side, root, taken, given):
    shapes = {t.name: tuple(t.shape[1:]) for t in side.model.inputs}
    key = shapes.pop("key", (0,))
    if shapes.get("cover") == given.shape:
        del shapes["cover"]
    expected = ([taken.shape], (side.key_bits,), given.shape)
    held = (list(shapes.values()), key, side.model.output_shape[1:])
    if held != expected:
        raise UserError(
            f"The model in {str(root)!r} must take {taken.shape} with "
            f"{side.key_bits} bits of key and give {given.shape}, as its "
            f"{DOMAIN} says. Received: a model from {held[0]} with "
            f"{key[0]} bits to {held[2]}. Copy the folder again."
        )
