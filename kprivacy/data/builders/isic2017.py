"""ISIC 2017: photographs of skin lesions, three diagnoses, 224 x 224."""

import csv
import pathlib

import tensorflow_datasets as tfds

from kprivacy.data.errors import DataError
from kprivacy.data.image_folder import read_image

SIZE = (224, 224)
# A nevus is what has neither of the two columns of the table.
NAMES = ("melanoma", "seborrheic_keratosis", "nevus")
URL = "https://isic-challenge-data.s3.amazonaws.com/2017/ISIC-2017_"
PARTS = {"train": "Training", "test": "Test_v2"}


class Isic2017(tfds.core.GeneratorBasedBuilder):
    """The challenge's third part: 2,000 and 600 photographs.

    They are resized to 224 x 224, whatever their aspect ratio; the
    challenge's validation part is left out. The archives are 6 and 5 GB.

    Reference: Codella et al., Skin lesion analysis toward melanoma detection,
    2018.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Training and test part, 224 x 224."}
    URLS = tuple(
        f"{URL}{part}_{kind}" for part in PARTS.values()
        for kind in ("Data.zip", "Part3_GroundTruth.csv")
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Skin lesions: melanoma, seborrheic keratosis, nevus.",
            features=tfds.features.FeaturesDict({
                "image": tfds.features.Image(shape=(*SIZE, 3)),
                "label": tfds.features.ClassLabel(names=NAMES),
            }),
            homepage="https://challenge.isic-archive.com/data/#2017",
        )

    def _split_generators(self, dl_manager):
        pictures, tables = self.URLS[::2], self.URLS[1::2]
        folders = dl_manager.download_and_extract(list(pictures))
        tables = dl_manager.download(list(tables))
        return {
            split: self._generate_examples(folder, table)
            for split, folder, table in zip(
                PARTS, folders, tables, strict=True
            )
        }

    def _generate_examples(self, folder, table):
        found = pathlib.Path(folder).rglob("*.jpg")
        pictures = {path.stem: path for path in found}
        for name, label in read_labels(table):
            if name not in pictures:
                raise DataError(
                    f"The archive must hold {name}.jpg, of which "
                    f"{str(table)!r} speaks. Received: {len(pictures)} other "
                    "pictures. Delete it and download it again."
                )
            image = read_image(pictures[name], SIZE)
            yield name, {"image": image, "label": label}


def read_labels(table):
    """Yields (name of a picture, diagnosis) of a table of the challenge.

    Raises:
        DataError: It is something else.
    """
    with open(table, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        try:
            name = row["image_id"]
            marks = [float(row[column]) for column in NAMES[:2]]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{str(table)!r} must be a table with the columns image_id, "
                f"{', '.join(NAMES[:2])}. Received: {row}."
            ) from error
        if not name.replace("_", "").isalnum() or sum(marks) > 1:
            raise DataError(
                f"{str(table)!r} must name pictures and at most one "
                f"diagnosis of each. Received: {row}."
            )
        yield name, NAMES[(*marks, 1.0).index(1.0)]
