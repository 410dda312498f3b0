"""White-box attack: the input is optimised through the client itself."""

import numpy as np

from kprivacy.attacks.reconstruction.attackers import Ridge, flat
from kprivacy.metrics import mean_squared_error

PRIORS = (0.03, 0.3, 3.0, 30.0)
PAIRS = 2000


class WhiteBox:
    """Searches the input whose features are those that were sent.

    It has no decoder: from the linear attacker's guess it descends, with
    Adam, on the squared distance between the client's features of the guess
    and the features sent, plus a prior that holds it near the linear guess,
    whose weight is picked on validation data. Features that a file sends as
    bytes are first brought to the client's scale by a line fitted on the
    attacker's pairs. Noise inputs stand at their mean.

    Being slow, it is measured on a sample of `EXAMPLES` only.

    Args:
        encoder: The client, a functional, differentiable `keras.Model`.
        steps: Steps of Adam.
        unit: Whether data lie in [0, 1].

    Reference: Mahendran and Vedaldi, Understanding deep image
    representations by inverting them, 2015; He et al., Model inversion
    attacks against collaborative inference, 2019.
    """

    EXAMPLES = 300
    name = "white_box"

    def __init__(self, encoder, steps=200, unit=True):
        self._encoder = encoder
        self._steps = steps
        self._unit = unit

    def fit(self, features, targets, validation):
        self._start = Ridge().fit(features, targets, validation)
        self._spread = max(float(targets.std()), 1e-12)
        self._learn_scale(features[:PAIRS], targets[:PAIRS])
        self._search = _Search(
            self._encode, targets.shape[1:], self._weights, self._spread,
            self._steps, self._unit,
        )
        held = [one[: self.EXAMPLES // 3] for one in validation]
        errors = []
        for self._prior in PRIORS:
            guess = self.predict(held[0])
            errors.append(mean_squared_error(held[1], guess))
        self._prior = PRIORS[int(np.argmin(errors))]
        return self

    def predict(self, features):
        start = self._start.predict(features).astype(np.float32)
        if self._unit:
            start = np.clip(start, 0.0, 1.0)
        sent = flat(features) * self._slope + self._offset
        return self._search(start, sent, self._prior)

    def _learn_scale(self, features, targets):
        """The line from what was sent to the client's own features."""
        codes = flat(self._encode(targets).numpy())
        sent = flat(features)
        middle = sent.mean(axis=0), codes.mean(axis=0)
        spread = np.maximum(sent.var(axis=0), 1e-12)
        joint = ((sent - middle[0]) * (codes - middle[1])).mean(axis=0)
        self._slope = joint / spread
        self._offset = middle[1] - self._slope * middle[0]
        self._weights = 1 / np.maximum(codes.var(axis=0), 1e-6)

    def _encode(self, data):
        from keras import ops

        inputs = [ops.convert_to_tensor(data)]
        for extra in self._encoder.inputs[1:]:
            inputs.append(ops.full((len(data), *extra.shape[1:]), 0.5))
        return self._encoder(
            inputs if len(inputs) > 1 else inputs[0], training=False
        )


class _Search:
    """Descends on `BATCH` inputs at a time, by one function traced once."""

    BATCH = 100

    def __init__(self, encode, shape, weights, spread, steps, unit):
        import keras
        import tensorflow as tf

        self._steps = steps
        self._guess = tf.Variable(tf.zeros((self.BATCH, *shape)))
        self._start = tf.Variable(tf.zeros((self.BATCH, *shape)))
        self._sent = tf.Variable(tf.zeros((self.BATCH, len(weights))))
        self._prior = tf.Variable(1.0)
        self._optimizer = keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(0.1 * spread, steps)
        )
        self._optimizer.build([self._guess])
        axes = tuple(range(1, len(shape) + 1))
        weights = tf.constant(weights, tf.float32)

        @tf.function
        def step():
            with tf.GradientTape() as tape:
                codes = tf.reshape(encode(self._guess), self._sent.shape)
                distance = weights * tf.square(codes - self._sent)
                moved = tf.square((self._guess - self._start) / spread)
                loss = tf.reduce_sum(tf.reduce_mean(distance, axis=1))
                loss += self._prior * tf.reduce_sum(
                    tf.reduce_mean(moved, axis=axes)
                )
            gradient = tape.gradient(loss, self._guess)
            self._optimizer.apply([gradient], [self._guess])
            if unit:
                self._guess.assign(tf.clip_by_value(self._guess, 0.0, 1.0))

        self._step = step

    def __call__(self, start, sent, prior):
        self._prior.assign(prior)
        found = []
        for i in range(0, len(start), self.BATCH):
            count = len(start[i : i + self.BATCH])
            # The last batch is filled up by its first example.
            where = i + np.where(np.arange(self.BATCH) < count,
                                 np.arange(self.BATCH), 0)
            self._start.assign(start[where])
            self._guess.assign(start[where])
            self._sent.assign(sent[where].astype(np.float32))
            for variable in self._optimizer.variables:
                if "learning_rate" not in variable.path:
                    variable.assign(variable * 0)
            for _ in range(self._steps):
                self._step()
            found.append(self._guess.numpy()[:count])
        return np.concatenate(found)
