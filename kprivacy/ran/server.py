"""RAN's server: the classifier of the features."""

from kprivacy import errors
from kprivacy.networks import mlp


def build_server(client, num_classes, units=(128,), dropout=0.0):
    """Builds RAN's classifier, a multi-layer perceptron on the features.

    Args:
        client: The encoder, whose output it takes.
        num_classes: Number of classes, at least 2.
        units: Widths of the hidden layers.
        dropout: Share of the last layer's inputs dropped in training.

    Returns:
        A functional `keras.Model` named "server", features to logits.
    """
    errors.check_count("num_classes", num_classes, 2)
    return mlp(
        client.output_shape[1:], units, num_classes, dropout, name="server"
    )
