"""BloodMNIST: 17,092 blood cells of eight kinds, 28 x 28."""

import hashlib
import io
import zipfile

import numpy as np
import tensorflow_datasets as tfds

from kprivacy.data.errors import DataError

NAMES = (
    "basophil", "eosinophil", "erythroblast", "immature granulocytes",
    "lymphocyte", "monocyte", "neutrophil", "platelet",
)
# Of MedMNIST's file, as the `medmnist` package has it.
MD5 = "7053d0359d879ad8a5505303e11de1dc"


class Bloodmnist(tfds.core.GeneratorBasedBuilder):
    """MedMNIST's own parts: 11,959, 1,712 and 3,421 cells.

    References: Yang et al., MedMNIST v2, 2023; Acevedo et al., A dataset of
    microscopic peripheral blood cell images, 2020.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "MedMNIST 2's file, 28 x 28."}
    URLS = ("https://zenodo.org/records/10519652/files/bloodmnist.npz",)

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Blood cells under the microscope, eight kinds.",
            features=tfds.features.FeaturesDict({
                "image": tfds.features.Image(shape=(28, 28, 3)),
                "label": tfds.features.ClassLabel(names=NAMES),
            }),
            homepage="https://medmnist.com",
        )

    def _split_generators(self, dl_manager):
        path = dl_manager.download(self.URLS[0])
        return {
            "train": self._generate_examples(path, "train"),
            "validation": self._generate_examples(path, "val"),
            "test": self._generate_examples(path, "test"),
        }

    def _generate_examples(self, path, part):
        images, labels = read(path, part)
        for number, image in enumerate(images):
            yield number, {"image": image, "label": int(labels[number])}


def read(path, part):
    """Pictures and labels of one of "train", "val" and "test".

    Raises:
        DataError: It is not the file that was published.
    """
    held = path.read_bytes()
    found = hashlib.md5(held, usedforsecurity=False).hexdigest()
    if found != MD5:
        raise DataError(
            f"{str(path)!r} is not the file that was published: its MD5 is "
            f"{found}, expected {MD5}. Delete it and download it again."
        )
    try:
        with np.load(io.BytesIO(held), allow_pickle=False) as arrays:
            return arrays[f"{part}_images"], arrays[f"{part}_labels"].ravel()
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{str(path)!r} must hold MedMNIST's arrays {part}_images and "
            f"{part}_labels: {error}."
        ) from error
