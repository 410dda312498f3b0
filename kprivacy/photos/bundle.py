"""An exported bundle of ConfounderGAN as the generator of its pictures."""

import pathlib

import numpy as np

from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.photos.generator import Generator
from kprivacy.protection.sides import CONTRACT
from kprivacy.releases import TFLiteModel

METHOD = "confounder_gan"


class BundleGenerator(Generator):
    """Protects pixels by the files that an app has, as the app does.

    Args:
        folder: As `python -m export.main` writes it of ConfounderGAN. Its
            files are of one size each; pictures of others are refused.

    Attributes:
        bound: Largest change, in levels of 8 bits.
        digest: What tells these files from others.

    Raises:
        UserError: It is no such bundle, or a file is not the one that its
            contract names.
    """

    def __init__(self, folder):
        root = pathlib.Path(folder).expanduser()
        held = files.read_json(root / CONTRACT)
        self._sizes = {}
        try:
            if held["method"] != METHOD:
                raise UserError(
                    f"--client must be a bundle of {METHOD}. Received: "
                    f"{str(folder)!r}, of {held['method']!r}. Give another "
                    "bundle, or W/client of a training."
                )
            hashes, bounds = held["sha256"], set()
            for client in held["clients"]:
                model = _opened(root, client, hashes[client["file"]])
                (detail,) = model.inputs.values()
                height, width, self._channels = map(int, detail["shape"][1:])
                self._sizes[height, width] = model
                (output,) = client["outputs"]
                bounds.add(int(output["largest_change"]))
            (self.bound,) = bounds
        except UserError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{str(root / CONTRACT)!r} is no contract of {METHOD} "
                f"({error!r}). Export the bundle again."
            ) from error
        self.digest = "+".join(sorted(
            hashes[client["file"]] for client in held["clients"]
        ))

    def _noise(self, seen):
        model = self._sizes.get(seen.shape[1:3])
        if model is None:
            known = ", ".join(f"{h} x {w}" for h, w in sorted(self._sizes))
            raise UserError(
                "The bundle has files for pictures of height x width "
                f"{known}. Received: {seen.shape[1]} x {seen.shape[2]}. Export "
                "it with these --sides, or give W/client, which takes any "
                "size."
            )
        (name,) = model.inputs
        sent = np.concatenate([
            model.run({name: one[None]}) for one in seen
        ])
        return sent.astype(np.int16) - seen


def _opened(root, client, digest):
    """The file of a client, which is compared with its hash first."""
    path = root / pathlib.PurePosixPath(client["file"]).name
    if not path.is_file() or files.sha256(path) != digest:
        raise UserError(
            f"{str(path)!r} is not the file that {CONTRACT} names. Copy the "
            "bundle again; python -m export.verify checks all of it."
        )
    return TFLiteModel(path, client["signature"])
