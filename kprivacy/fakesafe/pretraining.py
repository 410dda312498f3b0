"""The code of the messages, learnt before the fakes are."""

import keras
from keras import ops

from kprivacy import optimizers
from kprivacy.fakesafe.pairing import pairs


class CodecPretraining(keras.callbacks.Callback):
    """Trains F's way into the code and R's way out of it, before epoch 0.

    The message goes into the code and, past the fake, straight out of it,
    with a few bits turned over on the way as a channel would. That is quick,
    and what follows has only the fakes to learn. A training that resumes
    after epoch 0 does not repeat it.

    Args:
        source: Private examples to train on.
        steps: Gradient steps.
        batch_size: Examples a step.
        learning_rate: Adam's at the start; it decays along a cosine.
        flips: Share of bits turned over.
        seed: Of order and flips.
    """

    def __init__(
        self,
        source,
        steps,
        batch_size=64,
        learning_rate=1e-3,
        flips=0.02,
        seed=0,
    ):
        super().__init__()
        self._source = source
        self._steps, self._batch_size = steps, batch_size
        self._learning_rate, self._flips = learning_rate, flips
        self._seed = seed

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            return
        with self.model.distribute_strategy.scope():
            codec = build_codec(
                self.model.client, self.model.server, self._flips, self._seed
            )
            codec.compile(
                optimizers.adam(self._learning_rate, self._steps, True),
                _CodecLoss(self.model),
            )
            optimizers.build(codec)
        batches = pairs(
            self._source, self._source[:1], self._batch_size, self._seed,
            self._steps,
        )
        codec.fit(
            batches.map(lambda data, _: (data, data)),
            epochs=1,
            shuffle=False,
            verbose=0,
        )


def build_codec(client, server, flips=0.0, seed=None):
    """F into its code and R out of it, without a fake in between.

    Args:
        client: With a code.
        server: With a code.
        flips: Share of bits turned over in training.
        seed: Of the flips.

    Returns:
        A functional `keras.Model` of the same layers, from the source to
        what is left of it.
    """
    code = client.get_layer("code").output
    encoder = keras.Model(client.inputs[0], code)
    begin = server.get_layer("mask" if len(server.inputs) > 1 else "code")
    decoder = keras.Model(begin.output, server.output)
    inputs = keras.Input(client.inputs[0].shape[1:])
    sent = _Flips(flips, seed)(encoder(inputs))
    return keras.Model(inputs, decoder(sent))


class _CodecLoss(keras.losses.Loss):
    """The cycle loss of a `FakeSafe`, and its content loss, weighed as there.
    """

    def __init__(self, model):
        super().__init__(name="codec_loss", reduction="none")
        self._model = model

    def call(self, y_true, y_pred):
        loss = self._model.cycle_loss(y_true, y_pred)
        if self._model.content_weight:
            share = self._model.content_weight / self._model.cycle_weight
            loss += share * self._model.content_loss(
                y_true, y_pred, self._model.noise_generator
            )
        return loss


class _Flips(keras.layers.Layer):
    """Turns over the signs of a share of the code, in training."""

    def __init__(self, share, seed, **kwargs):
        super().__init__(**kwargs)
        self._share = share
        self._generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training or not self._share:
            return inputs
        draw = keras.random.uniform(ops.shape(inputs), seed=self._generator)
        return ops.where(draw < self._share, -inputs, inputs)
