"""ESC-10: ten classes of environmental sounds, 40 clips of 5 seconds each."""

import csv
import re

import numpy as np
import tensorflow_datasets as tfds

from kprivacy.data.builders import sound
from kprivacy.data.builders.archives import find_one
from kprivacy.data.errors import DataError

# The archive's category to the name of the class.
CATEGORIES = {
    "dog": "Dog bark",
    "rain": "Rain",
    "sea_waves": "Sea waves",
    "crying_baby": "Baby cry",
    "clock_tick": "Clock tick",
    "sneezing": "Person sneeze",
    "helicopter": "Helicopter",
    "chainsaw": "Chainsaw",
    "rooster": "Rooster",
    "crackling_fire": "Fire crackling",
}
TEST_FOLD = "5"
_FILE = re.compile(r"^[\w-]+\.wav$")


class Esc10(tfds.core.GeneratorBasedBuilder):
    """Log-mel spectrograms, see `sound.log_mel`; fold 5 is the test split.

    A fold holds whole recordings: no clip of a recording is in both splits.
    No checksum is recorded, since the archive follows the repository's branch:
    `kprivacy.data.prepare("esc10", register_checksums=True)` records today's.

    Reference: Piczak, ESC: dataset for environmental sound classification,
    2015; ESC-10 is CC BY 3.0.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "16 kHz, 64 bands, 157 frames."}
    URLS = ("https://github.com/karolpiczak/ESC-50/archive/master.zip",)

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="ESC-10 environmental sounds as log-mel in dB "
            "(64 bands x 157 frames, 16 kHz); fold 5 is the test split.",
            features=tfds.features.FeaturesDict({
                "log_mel": tfds.features.Tensor(
                    shape=(sound.BANDS, sound.FRAMES), dtype=np.float32
                ),
                "label": tfds.features.ClassLabel(
                    names=list(CATEGORIES.values())
                ),
            }),
            homepage="https://github.com/karolpiczak/ESC-50",
        )

    def _split_generators(self, dl_manager):
        folder = dl_manager.download_and_extract(self.URLS[0])
        table = find_one(folder, "esc50.csv")
        return {
            "train": self._generate_examples(table, is_test=False),
            "test": self._generate_examples(table, is_test=True),
        }

    def _generate_examples(self, table, is_test):
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            _check(table, row)
            chosen = row["esc10"] == "True"
            if chosen and (row["fold"] == TEST_FOLD) == is_test:
                name = row["filename"]
                path = table.parent.parent / "audio" / name
                yield name, {
                    "log_mel": sound.read_log_mel(path),
                    "label": CATEGORIES[row["category"]],
                }


def _check(table, row):
    """Raises unless a row names a clip beside the table."""
    known = row.get("esc10") == "False" or row.get("category") in CATEGORIES
    file = row.get("filename") or ""
    if not known or not _FILE.match(file) or not row.get("fold"):
        raise DataError(
            f"{str(table)!r} must have columns filename, fold, category and "
            f"esc10. Received: {dict(row)}."
        )
