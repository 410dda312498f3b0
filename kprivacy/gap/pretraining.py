"""Both sides before the game: the channel that keeps, the adversary that knows.

The report trains the channel as an auto-encoder first, then the discriminator
on what it releases.
"""

import keras
import tensorflow as tf

from kprivacy.adversarial import Distributed
from kprivacy.optimizers import adam


class Pretraining(keras.callbacks.Callback):
    """Trains both sides of a `GAP` before epoch 0, with optimizers of its own.

    A training that resumes after epoch 0 does not repeat it.

    Args:
        defender: `tf.data.Dataset` of (data, targets), the channel's.
        adversary: Likewise, the discriminator's.
        epochs_pre_g: Passes of the channel, with the server, for distortion
            and utility alone.
        epochs_pre_d: Passes of the discriminator.
        learning_rate: Adam's at the start; it decays along a cosine.
    """

    def __init__(
        self,
        defender,
        adversary,
        epochs_pre_g=0,
        epochs_pre_d=0,
        learning_rate=1e-3,
    ):
        super().__init__()
        self._stages = (
            (_keep, "defender", defender, epochs_pre_g),
            (_infer, "adversary", adversary, epochs_pre_d),
        )
        self._learning_rate = learning_rate

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            return
        for objective, side, dataset, epochs in self._stages:
            if not epochs:
                continue
            with self.model.distribute_strategy.scope():
                stage = _Stage(self.model, objective, side)
                steps = epochs * int(dataset.cardinality())
                stage.compile(adam(self._learning_rate, steps))
                stage.optimizer.build(self.model.side_variables(side))
            stage.fit(dataset, epochs=epochs, shuffle=False, verbose=0)


class _Stage(Distributed):
    """One side of a game, trained on an objective of its own."""

    def __init__(self, game, objective, side):
        super().__init__(name="stage")  # its own would not name a scope
        # In a tuple with a function Keras does not take it for a part.
        self._parts = lambda: (game, objective, side)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """All is built, and nothing is called."""

    def train_step(self, data):
        game, objective, side = self._parts()
        variables = game.side_variables(side)
        with tf.GradientTape() as tape:
            loss = objective(game, *data)
            scaled = self.optimizer.scale_loss(loss)
        self.optimizer.apply(tape.gradient(scaled, variables), variables)
        return self.as_logs({"loss": loss})


def _keep(game, inputs, targets):
    released = game.release(inputs, targets, training=True)
    utility = game.utility_objective(released, targets, True)["loss"]
    return game.distortion_loss(inputs, released) + (
        game.utility_weight * utility
    )


def _infer(game, inputs, targets):
    released = game.release(inputs, targets, training=True)
    return game.adversary_objective(released, targets)["loss"]
