"""What a message says, by a classifier of its domain."""

import keras
from keras import ops

# Apart from the judges' seeds, which are small numbers.
CONTENT_SEED = 1000


class ContentLoss:
    """The divergence KL(p(x) || p(y)) of a classifier's probabilities p.

    With `reach`, images y are moved a little in training, anew each time:
    standing still they may learn what this one classifier takes for a class,
    and no other does.

    Args:
        classifier: A functional `keras.Model` to logits; it stands still.
        reach: How far images are moved, see `moved`.

    Reference: Hinton, Vinyals and Dean, Distilling the knowledge in a neural
    network, 2015.
    """

    def __init__(self, classifier, reach=0.0):
        self.classifier = classifier
        self.reach = reach
        self._divergence = keras.losses.KLDivergence()

    def __call__(self, originals, recovered, generator=None):
        """The mean over a batch, in nats.

        Args:
            originals: x.
            recovered: y.
            generator: A `keras.random.SeedGenerator` that moves y are drawn
                by; None leaves y where they are.
        """
        if generator is not None and self.reach:
            recovered = moved(recovered, self.reach, generator)
        said, says = (
            ops.softmax(self.classifier(one, training=False))
            for one in (originals, recovered)
        )
        return self._divergence(said, says)


def moved(images, reach, generator):
    """Images shifted and zoomed at random.

    Bilinear; outside its edge an image goes on as at it.

    Args:
        images: (batch, height, width, channels).
        reach: Largest shift, in their size, and change of their scale.
        generator: A `keras.random.SeedGenerator`.
    """
    count = ops.shape(images)[0]
    draws = keras.random.uniform((count, 3), -reach, reach, seed=generator)
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
    """The classifier of a config's source.

    A network as the judges' of `kprivacy.attacks.fakes`, and never the same
    one: it learns from the training part of the source, and its copies, alone.
    """
    from kprivacy.attacks.fakes import train_classifier
    from kprivacy.fakesafe import domains

    known = domains.training(config.source, config.seed)
    model = train_classifier(
        known.data,
        known.labels,
        known.num_classes,
        config.seed + CONTENT_SEED,
        config.content_epochs,
    ).model
    model.trainable = False
    return model
