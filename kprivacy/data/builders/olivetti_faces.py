"""Olivetti faces: 40 people, ten photographs of each, 64 x 64."""

import io

import tensorflow_datasets as tfds

from kprivacy import files
from kprivacy.data.errors import DataError

PEOPLE = 40
PICTURES = 10
TEST_PICTURES = 2
# Of the file that scikit-learn's `fetch_olivetti_faces` downloads.
SHA256 = "b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794"


class OlivettiFaces(tfds.core.GeneratorBasedBuilder):
    """The last two photographs of each person are the test split: 320 and 80.

    The file is the one that scikit-learn downloads, and is compared with
    scikit-learn's checksum.

    Reference: Samaria and Harter, Parameterisation of a stochastic model for
    human face identification, 1994.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Eight and two photographs a person."}
    URLS = ("https://ndownloader.figshare.com/files/5976027",)

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Olivetti faces, 40 people; 8 images a person train, "
            "the last 2 test.",
            features=tfds.features.FeaturesDict({
                "image": tfds.features.Image(shape=(64, 64, 1)),
                "label": tfds.features.ClassLabel(num_classes=PEOPLE),
            }),
            homepage="https://cam-orl.co.uk/facedatabase.html",
        )

    def _split_generators(self, dl_manager):
        path = dl_manager.download(self.URLS[0])
        return {
            "train": self._generate_examples(path, is_test=False),
            "test": self._generate_examples(path, is_test=True),
        }

    def _generate_examples(self, path, is_test):
        faces = _read(path)
        for number, image in enumerate(faces):
            person, picture = divmod(number, PICTURES)
            if (picture >= PICTURES - TEST_PICTURES) == is_test:
                yield number, {"image": image[..., None], "label": person}


def _read(path):
    """All pictures, uint8 of shape (400, 64, 64), person by person."""
    from scipy.io import loadmat

    if files.sha256(path) != SHA256:
        raise DataError(
            f"{str(path)!r} is not the file that was published: its SHA-256 "
            f"is {files.sha256(path)}, expected {SHA256}. Delete it and "
            "download it again."
        )
    faces = loadmat(io.BytesIO(path.read_bytes()))["faces"]
    # MATLAB stores columns: each picture is on its side.
    faces = faces.T.reshape(PEOPLE * PICTURES, 64, 64)
    return faces.transpose(0, 2, 1)
