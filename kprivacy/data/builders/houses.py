"""Houses: frontal photographs of 535 Californian houses, with prices."""

import numpy as np
import tensorflow_datasets as tfds

from kprivacy.data.builders.archives import find_one, read_table
from kprivacy.data.image_folder import read_image

SIZE = (64, 96)
TEST_EVERY = 5
# Of a row of the table, in its order.
COLUMNS = ("bedrooms", "bathrooms", "area", "zipcode", "price")


class Houses(tfds.core.GeneratorBasedBuilder):
    """Photographs resized to 64 x 96, whatever their aspect ratio.

    Every fifth house is a test example: 428 and 107. Prices are in US
    dollars, areas in square feet. No checksum is recorded, since the
    archive follows the repository's branch: `kprivacy.data.prepare("houses",
    register_checksums=True)` records today's.

    Reference: Ahmed and Moustafa, House price estimation from visual and
    textual features, 2016.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Frontal photographs, 64 x 96."}
    URLS = ("https://github.com/emanhamed/Houses-dataset/archive/master.zip",)

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Frontal photographs of 535 Californian houses with "
            "their prices in US dollars.",
            features=tfds.features.FeaturesDict({
                "image": tfds.features.Image(shape=(*SIZE, 3)),
                "price": tfds.features.Scalar(np.float32),
                "area": tfds.features.Scalar(np.float32),
                "bedrooms": tfds.features.Scalar(np.float32),
                "bathrooms": tfds.features.Scalar(np.float32),
                "zipcode": tfds.features.Scalar(np.int64),
            }),
            homepage="https://github.com/emanhamed/Houses-dataset",
        )

    def _split_generators(self, dl_manager):
        folder = dl_manager.download_and_extract(self.URLS[0])
        table = find_one(folder, "HousesInfo.txt")
        return {
            "train": self._generate_examples(table, is_test=False),
            "test": self._generate_examples(table, is_test=True),
        }

    def _generate_examples(self, table, is_test):
        rows = read_table(table, len(COLUMNS))
        for number, row in enumerate(rows, start=1):
            if (number % TEST_EVERY == 0) != is_test:
                continue
            values = dict(zip(COLUMNS, map(float, row), strict=True))
            photograph = table.parent / f"{number}_frontal.jpg"
            yield number, {
                **values,
                "zipcode": int(values["zipcode"]),
                "image": read_image(photograph, SIZE),
            }
