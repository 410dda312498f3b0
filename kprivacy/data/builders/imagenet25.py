"""ImageNet25: the first 25 classes of ImageNet, 224 x 224."""

import tensorflow_datasets as tfds

from kprivacy.data.builders.subset import prepared

CLASSES = 25
SIZE = (224, 224)
# ImageNet's test labels are secret: its validation part is the test.
PARTS = {"train": "train", "test": "validation"}


class Imagenet25(tfds.core.GeneratorBasedBuilder):
    """The first 25 classes of a prepared `imagenet2012`: some 32,000 and 1,250.

    Pictures are resized to 224 x 224, whatever their aspect ratio, bilinear
    with anti-aliasing.

    Reference: Tian et al., ConfounderGAN: protecting image data privacy with
    causal confounder, 2022.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Of imagenet2012, 224 x 224."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "prepare imagenet2012 in the same folder of prepared sets, see "
        "https://www.tensorflow.org/datasets/catalog/imagenet2012."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="The first 25 classes of ImageNet.",
            features=tfds.features.FeaturesDict({
                "image": tfds.features.Image(shape=(*SIZE, 3)),
                "label": tfds.features.ClassLabel(num_classes=CLASSES),
            }),
            homepage="https://www.image-net.org",
        )

    def _split_generators(self, dl_manager):
        del dl_manager
        source = prepared(
            "imagenet2012", self.data_dir_root, "ImageNet25",
            "see https://www.tensorflow.org/datasets/catalog/imagenet2012",
        )
        return {
            part: self._generate_examples(source, split)
            for part, split in PARTS.items()
        }

    def _generate_examples(self, source, split):
        import tensorflow as tf

        stored = source.as_dataset(
            split=split, decoders={"image": tfds.decode.SkipDecoding()}
        ).filter(lambda example: example["label"] < CLASSES)
        decode = source.info.features["image"].decode_example
        for number, example in enumerate(stored):
            image = tf.image.resize(
                decode(example["image"]), SIZE, antialias=True
            )
            yield number, {
                "image": tf.cast(tf.round(image), tf.uint8).numpy(),
                "label": int(example["label"]),
            }
