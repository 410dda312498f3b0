"""What a message says, by a classifier of its domain."""

import keras
from keras import ops

# Apart from the judges' seeds, which are small numbers.
CONTENT_SEED = 1000
# Shift of what was recovered, in its size, and change of its scale.
REACH = 0.05


class ContentLoss:
    """The divergence KL(p(x) || p(y)) of a classifier's probabilities p.

    In training images y are moved a little and anew each time: otherwise they
    learn what this one classifier takes for a class, and no other does.

    Args:
        classifier: A functional `keras.Model` to logits; it stands still.

    Reference: Hinton, Vinyals and Dean, Distilling the knowledge in a neural
    network, 2015.
    """

    def __init__(self, classifier):
        self.classifier = classifier
        self._divergence = keras.losses.KLDivergence()

    def __call__(self, originals, recovered, generator=None):
        """The mean over a batch, in nats.

        Args:
            originals: x.
            recovered: y.
            generator: A `keras.random.SeedGenerator` that moves y are drawn
                by; None leaves y where they are.
        """
        if generator is not None and len(recovered.shape) == 4:
            recovered = moved(recovered, generator)
        said, says = (
            ops.softmax(self.classifier(one, training=False))
            for one in (originals, recovered)
        )
        return self._divergence(said, says)


def moved(images, generator):
    """Images shifted and zoomed at random, each by up to 5 %.

    Bilinear; outside its edge an image goes on as at it.

    Args:
        images: (batch, height, width, channels).
        generator: A `keras.random.SeedGenerator`.
    """
    count = ops.shape(images)[0]
    draws = keras.random.uniform((count, 3), -REACH, REACH, seed=generator)
    for axis, equation in ((0, "noi,nihc->nohc"), (1, "noi,nhic->nhoc")):
        size = images.shape[axis + 1]
        grid = ops.arange(size, dtype=images.dtype)
        centre = (size - 1) / 2
        zoomed = (grid - centre) * (1 + draws[:, 2:]) + centre
        places = ops.clip(zoomed + size * draws[:, axis, None], 0, size - 1)
        near = ops.relu(1 - ops.abs(places[:, :, None] - grid))
        images = ops.einsum(equation, near, images)
    return images


def train_content(config):
    """The classifier of a config's source, or None where it has no weight.

    A network as the judges' of `kprivacy.attacks.fakes`, and never the same
    one: it learns from the training part of the source alone.
    """
    if not config.model.content_weight:
        return None
    from kprivacy.attacks.fakes import train_classifier
    from kprivacy.fakesafe import domains

    known = domains.read(config.source, config.source.train_split)
    model = train_classifier(
        known.data,
        known.labels,
        known.num_classes,
        config.seed + CONTENT_SEED,
        config.content_epochs,
    ).model
    model.trainable = False
    return model
