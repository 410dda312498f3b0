"""Both sides before the game: the channel that keeps, the adversary that knows.

The report trains the channel as an auto-encoder first, then the discriminator
on what it releases.
"""

import keras
import numpy as np
import tensorflow as tf

from kprivacy import errors
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


class PrincipalComponents(keras.callbacks.Callback):
    """Starts a "linear" channel at what keeps most, before epoch 0.

    The best linear code of a length is the examples' principal components,
    which gradient steps take hundreds of passes to come near. Noise starts
    without weight.

    Args:
        examples: (n, ...) what the channel learns from, at least as many as
            its code is long.
    """

    def __init__(self, examples):
        super().__init__()
        self._examples = examples

    def on_epoch_begin(self, epoch, logs=None):
        if not epoch:
            start_at_components(self.model.client, self._examples)


def start_at_components(client, examples):
    """Gives a "linear" channel the weights of principal components.

    Args:
        client: As `build_client(..., network="linear")` gives it.
        examples: (n, ...) of its input's shape.

    Raises:
        UserError: There are fewer components than the code is long.
    """
    down, up = client.get_layer("code"), client.get_layer("up_dense")
    flat = np.reshape(examples, (len(examples), -1)).astype("float32")
    length = down.units
    if length > min(flat.shape):
        raise errors.UserError(
            f"A linear code of {length} numbers needs as many examples and "
            f"elements. Received: {len(flat)} examples of {flat.shape[1]}. "
            "Lower client.code, or train on more."
        )
    mean = flat.mean(axis=0)
    components = np.linalg.svd(flat - mean, full_matrices=False)[2][:length]
    noise = np.zeros((up.kernel.shape[0] - length, flat.shape[1]))
    down.set_weights([
        np.concatenate([
            components.T,
            np.zeros((down.kernel.shape[0] - flat.shape[1], length)),
        ]),
        -components @ mean,
    ])
    up.set_weights([np.concatenate([components, noise]), mean])


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
