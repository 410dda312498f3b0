"""UCI HAR: activities from a phone at the waist, 50 Hz, 30 people."""

import numpy as np
import tensorflow_datasets as tfds

from kprivacy.data.builders.archives import find_one, read_table
from kprivacy.data.errors import DataError

ACTIVITIES = (
    "WALKING",
    "WALKING_UPSTAIRS",
    "WALKING_DOWNSTAIRS",
    "SITTING",
    "STANDING",
    "LAYING",
)
CHANNELS = tuple(
    f"{sensor}_{axis}"
    for sensor in ("body_acc", "body_gyro", "total_acc")
    for axis in "xyz"
)
STEPS = 128
SUBJECTS = 30


class UciHar(tfds.core.GeneratorBasedBuilder):
    """Windows of 128 samples as their publishers cut them: 7,352 and 2,947.

    Copies cut anew from the raw recordings hold other windows and a few more
    of them; the people of train and test are the same. No checksum is
    recorded: `kprivacy.data.prepare("uci_har", register_checksums=True)`
    records that of the archive.

    Reference: Anguita et al., A public domain dataset for human activity
    recognition using smartphones, 2013.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Inertial signals, total and body."}
    URLS = (
        "https://archive.ics.uci.edu/static/public/240/"
        "human+activity+recognition+using+smartphones.zip",
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Windows of 128 samples at 50 Hz of nine channels: "
            "body acceleration (g), angular velocity (rad/s), total "
            "acceleration (g); activity and subject. CC BY 4.0.",
            features=tfds.features.FeaturesDict({
                "signals": tfds.features.Tensor(
                    shape=(STEPS, len(CHANNELS)), dtype=np.float32
                ),
                "label": tfds.features.ClassLabel(names=ACTIVITIES),
                "subject": tfds.features.Scalar(np.int64),
            }),
            homepage="https://archive.ics.uci.edu/dataset/240",
        )

    def _split_generators(self, dl_manager):
        folder = dl_manager.download_and_extract(self.URLS[0])
        try:
            folder = dl_manager.extract(find_one(folder, "UCI HAR Dataset.zip"))
        except DataError:
            pass  # Older archives hold the files themselves.
        return {
            split: self._generate_examples(folder, split)
            for split in ("train", "test")
        }

    def _generate_examples(self, folder, split):
        signals = np.stack(
            [
                read_table(find_one(folder, f"{name}_{split}.txt"), STEPS)
                for name in CHANNELS
            ],
            axis=-1,
        ).astype(np.float32)
        labels = _integers(folder, f"y_{split}.txt", len(ACTIVITIES))
        subjects = _integers(folder, f"subject_{split}.txt", SUBJECTS)
        if not len(signals) == len(labels) == len(subjects):
            raise DataError(
                f"Signals, labels and subjects of {split!r} must be equally "
                f"many. Received: {len(signals)}, {len(labels)} and "
                f"{len(subjects)}."
            )
        for i, window in enumerate(signals):
            yield i, {
                "signals": window,
                "label": int(labels[i]) - 1,
                "subject": int(subjects[i]),
            }


def _integers(folder, name, most):
    values = read_table(find_one(folder, name), 1)[:, 0]
    if (values != np.rint(values)).any() or (
        values.min() < 1 or values.max() > most
    ):
        raise DataError(
            f"{name!r} must hold integers from 1 to {most}. Received: "
            f"{values.min():g} to {values.max():g}."
        )
    return values.astype(np.int64)
