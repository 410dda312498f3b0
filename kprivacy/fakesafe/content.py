"""What a message says, by a classifier of its domain."""

import keras
from keras import ops

# Apart from the judges' seeds, which are small numbers.
CONTENT_SEED = 1000


class ContentLoss:
    """The divergence KL(p(x) || p(y)) of a classifier's probabilities p.

    Args:
        classifier: A functional `keras.Model` to logits; it stands still.

    Reference: Hinton, Vinyals and Dean, Distilling the knowledge in a neural
    network, 2015.
    """

    def __init__(self, classifier):
        self.classifier = classifier
        self._divergence = keras.losses.KLDivergence()

    def __call__(self, originals, recovered):
        """The mean over a batch, in nats."""
        said, says = (
            ops.softmax(self.classifier(one, training=False))
            for one in (originals, recovered)
        )
        return self._divergence(said, says)


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
