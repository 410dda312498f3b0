"""Keratitis: one's own class folders of photographs of eyes, 224 x 224."""

import tensorflow_datasets as tfds

from kprivacy.data.builders import class_folders
from kprivacy.data.image_folder import SUFFIXES, read_image

SIZE = (224, 224)


class Keratitis(tfds.core.GeneratorBasedBuilder):
    """Photographs brought by hand: ConfounderGAN's set is not published.

    They are resized to 224 x 224, whatever their aspect ratio. Classes are
    the folders in alphabetical order; every fifth file of a class, by name,
    is a test example.

    Reference: Tian et al., ConfounderGAN: protecting image data privacy with
    causal confounder, 2022.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "224 x 224."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "put one folder of pictures a class into manual_dir/keratitis, as in "
        "manual_dir/keratitis/bacterial/0001.jpg; five files a class at "
        "least. manual_dir is downloads/manual in the folder of prepared "
        "sets, or what kprivacy.data.prepare('keratitis', manual_dir=...) "
        "names."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Photographs of eyes in class folders.",
            features=tfds.features.FeaturesDict({
                "image": tfds.features.Image(shape=(*SIZE, 3)),
                # The names are known once the folders are.
                "label": tfds.features.ClassLabel(),
            }),
        )

    def _split_generators(self, dl_manager):
        folder = dl_manager.manual_dir / "keratitis"
        classes = class_folders.find(folder, SUFFIXES)
        self.info.features["label"].names = sorted(classes)
        return {
            "train": self._generate_examples(classes, is_test=False),
            "test": self._generate_examples(classes, is_test=True),
        }

    def _generate_examples(self, classes, is_test):
        for label, file in class_folders.examples(classes, is_test):
            yield f"{label}/{file.name}", {
                "image": read_image(file, SIZE),
                "label": label,
            }
