"""Client and server with the code in their middle as a second output."""

import keras
from keras import ops

from kprivacy.fakesafe.covers import takes_cover


class Taps:
    """Client and server with their codes as a second output.

    Keras does not look into it, and so saves their layers once.
    """

    def __init__(self, client, server):
        sent, read = _layer(client, "mask", "code"), _layer(server, "code")
        self._reader = self._decoder = None
        if takes_cover(client):
            # Both before the mask, or as it is taken off again.
            sent, read = _layer(client, "code"), _layer(server, "mask", "code")
            self._reader = keras.Model(_one_or_all(server.inputs), read)
            self._decoder = keras.Model(read, server.outputs[0])
        self.client = _with_second(client, sent)
        self._server = _with_second(server, read)

    def recover(self, received, sent, training):
        """What is recovered, and the code that was read.

        From a cover, the code is read with the gradient of what was sent,
        straight through: the cover's lattice has none to give.
        """
        if self._reader is None:
            return self._server(received, training=training)
        read = self._reader(received, training=training)
        passed = read + (sent - ops.stop_gradient(sent))
        return self._decoder(passed, training=training), read


def _with_second(model, output):
    return keras.Model(
        _one_or_all(model.inputs), [model.outputs[0], output]
    )


def _one_or_all(values):
    return values if len(values) > 1 else values[0]


def _layer(model, *names):
    """The output of the first layer that there is, or of the model."""
    for layer in map({one.name: one for one in model.layers}.get, names):
        if layer is not None:
            return layer.output
    return model.outputs[0]
