"""UbiSound: one's own class folders of sounds, as log-mel spectrograms."""

import numpy as np
import tensorflow_datasets as tfds

from kprivacy.data.builders import class_folders, sound


class Ubisound(tfds.core.GeneratorBasedBuilder):
    """Log-mel spectrograms, see `sound.log_mel`, of sounds brought by hand.

    UbiSound is not published for download. Classes are the folders in
    alphabetical order; every fifth file of a class, by name, is a test
    example.

    Reference: Sicong et al., UbiEar: bringing location-independent sound
    awareness to the hard-of-hearing people with smartphones, 2017.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "16 kHz, 64 bands, 157 frames."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "put one folder of .wav files a class into manual_dir/ubisound, as "
        "in manual_dir/ubisound/doorbell/0001.wav; five files a class at "
        "least. manual_dir is downloads/manual in the folder of prepared "
        "sets, or what kprivacy.data.prepare('ubisound', manual_dir=...) "
        "names."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Sounds in class folders as log-mel in dB "
            "(64 bands x 157 frames, 16 kHz).",
            features=tfds.features.FeaturesDict({
                "log_mel": tfds.features.Tensor(
                    shape=(sound.BANDS, sound.FRAMES), dtype=np.float32
                ),
                # The names are known once the folders are.
                "label": tfds.features.ClassLabel(),
            }),
        )

    def _split_generators(self, dl_manager):
        folder = dl_manager.manual_dir / "ubisound"
        classes = class_folders.find(folder, (".wav",))
        self.info.features["label"].names = sorted(classes)
        return {
            "train": self._generate_examples(classes, is_test=False),
            "test": self._generate_examples(classes, is_test=True),
        }

    def _generate_examples(self, classes, is_test):
        for label, file in class_folders.examples(classes, is_test):
            yield f"{label}/{file.name}", {
                "log_mel": sound.read_log_mel(file),
                "label": label,
            }
