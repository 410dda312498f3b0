"""Greedy decoding of sentence states, many sentences at a time."""

import numpy as np
import tensorflow as tf

from kprivacy.errors import UserError
from kprivacy.text.tokens import END, PAD, START


class GreedyDecoder:
    """Says the likeliest next token until the sentence ends.

    One compiled graph for all steps of a batch; it is all the receiver needs
    beside the vocabulary.

    Args:
        decoder: What `build_sequence_decoder` built, perhaps loaded.
    """

    def __init__(self, decoder):
        self.state_shape = tuple(decoder.inputs[0].shape[1:])
        self.length = decoder.inputs[1].shape[1]
        self._layers = {layer.name: layer for layer in decoder.layers}
        self._steps = tf.function(
            self._say,
            input_signature=[
                tf.TensorSpec((None, *self.state_shape), tf.float32)
            ],
        )

    def __call__(self, states, batch_size=512):
        """Tokens int32 (n, length), <pad> after <end>.

        Args:
            states: float32 (n, *state_shape).
            batch_size: Sentences a step.

        Raises:
            UserError: The states have another shape.
        """
        states = np.asarray(states, np.float32)
        if states.shape[1:] != self.state_shape:
            raise UserError(
                f"`states` must have shape (n, *{self.state_shape}). "
                f"Received: {states.shape}."
            )
        parts = [
            self._steps(states[i : i + batch_size]).numpy()
            for i in range(0, len(states), batch_size)
        ]
        return np.concatenate(
            [np.empty((0, self.length), np.int32), *parts]
        )

    def _say(self, states):
        embedding, cell = self._layers["embedding"], self._layers["gru"].cell
        memory = self._layers["first"](self._layers["flat"](states))
        token = tf.fill([tf.shape(states)[0]], START)
        ended = tf.zeros_like(token, tf.bool)
        said = []
        for _ in range(self.length):
            output, (memory,) = cell(embedding(token), [memory])
            logits = embedding(self._layers["hidden"](output), reverse=True)
            # What comes before <end> is never said.
            token = tf.argmax(logits[:, END:], -1, tf.int32) + END
            token = tf.where(ended, PAD, token)
            ended |= token == END
            said.append(token)
        return tf.stack(said, axis=1)
