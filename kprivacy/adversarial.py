"""The base of every kprivacy model: a defender trained against an adversary."""

import keras
import tensorflow as tf

from kprivacy import errors


class Distributed(keras.Model):
    """A model that Keras can train on several machines as well.

    All that it has must be built when `compile` is done: the step in which
    Keras would build the rest cannot read what several machines share out.
    """

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        if not self.on_several_machines:
            super()._maybe_symbolic_build(iterator, data_batch)

    @property
    def on_several_machines(self):
        """Whether several machines train it."""
        kind = tf.distribute.MultiWorkerMirroredStrategy
        return isinstance(self.distribute_strategy, kind)

    def as_logs(self, found):
        """Logs as Keras reduces them over machines: it cannot do scalars."""
        if not self.on_several_machines:
            return found
        return {name: tf.reshape(one, (1,)) for name, one in found.items()}


class AdversarialModel(Distributed):
    """A client and a server that are trained against an adversary.

    The *client* stays on the phone, the *server* receives what it sends, the
    *adversary* exists during training only and stands for whoever wants more
    from the wire than was meant. A subclass states its game as objectives,
    pure methods that return a dictionary of losses whose entry `"loss"` is the
    one to minimise, and plays it in a `train_step` made of `minimize` calls.

    `fit`, callbacks, saving and distribution are Keras' own. The log keys are
    the names in `LOSSES` and in the metrics given to `compile`.

    Args:
        client: A built functional `keras.Model`. Its first input is the data,
            a second one, if there is one, is noise (see `client_inputs`).
        server: A built functional `keras.Model` on the client's output.
        adversary: A built functional `keras.Model` on the client's output.
        seed: Seeds the noise drawn in training; an int, or None for a fresh
            one each time.
        **kwargs: Passed to `keras.Model`.

    Raises:
        TypeError: A role is not a `keras.Model`.
        ValueError: A role is not built, or does not fit the client's output.
    """

    LOSSES = ("loss", "adversary_loss")
    # Which side each argument of `compile` moves; the first is Keras' own.
    OPTIMIZERS = {"optimizer": "defender", "adversary_optimizer": "adversary"}
    ROLES = ("client", "server", "adversary")
    # Those of them that may be None.
    OPTIONAL_ROLES = ()
    # Plain values that `compile` takes and a loaded model takes again.
    RUN_OPTIONS = ("steps_per_execution", "jit_compile", "run_eagerly")

    def __init__(self, client, server, adversary, seed=None, **kwargs):
        super().__init__(**kwargs)
        roles = {"server": server, "adversary": adversary}
        errors.check_roles(client, **{
            name: role for name, role in roles.items()
            if role is not None or name not in self.OPTIONAL_ROLES
        })
        self.client = client
        self.server = server
        self.adversary = adversary
        self.seed = seed
        self.noise_generator = keras.random.SeedGenerator(seed)
        self._trackers = [keras.metrics.Mean(name=name) for name in self.LOSSES]
        self.build(client.inputs[0].shape)

    def call(self, inputs, training=False):
        codes = self.client(self.client_inputs(inputs), training=training)
        return self.server(codes, training=training)

    def client_inputs(self, inputs):
        """The client's inputs: the data and, where it takes noise, fresh noise.

        Noise is uniform on [0, 1], so that a phone can fill it with random
        bytes from its secure generator.
        """
        if len(self.client.inputs) == 1:
            return inputs
        shape = (keras.ops.shape(inputs)[0], *self.client.inputs[1].shape[1:])
        noise = keras.random.uniform(shape, seed=self.noise_generator)
        return [inputs, noise]

    @property
    def metrics(self):
        # Keras' own "loss" tracker gives way to the one named in `LOSSES`.
        others = [m for m in super().metrics if m.name not in self.LOSSES]
        return self._trackers + others

    def side_variables(self, side):
        """The trainable variables of "defender" or of "adversary"."""
        if side == "adversary":
            return self.adversary.trainable_variables
        return [
            variable
            for role in (self.client, self.server) if role is not None
            for variable in role.trainable_variables
        ]

    def compile(
        self, optimizer, adversary_optimizer, metrics=None, **kwargs
    ):
        """Configures training.

        Args:
            optimizer: The defender's. Schedules, callbacks and loss scaling
                act on it as on any Keras model's.
            adversary_optimizer: The adversary's.
            metrics: Metrics of the server's output against the labels.
            **kwargs: Further optimizers of the method by the names in
                `OPTIMIZERS`, and arguments of `keras.Model.compile` but the
                losses, which are the method's.

        Raises:
            UserError: There is a `loss` among them, or `loss_weights`.
        """
        for name in ("loss", "loss_weights"):
            if kwargs.get(name) is not None:
                raise errors.UserError(
                    f"{type(self).__name__} has losses of its own, weighed by "
                    f"its arguments. Received: {name}={kwargs[name]!r}. Leave "
                    "it out, or override the method that computes the loss."
                )
        optimizers = {"adversary_optimizer": adversary_optimizer}
        for name in self.OPTIMIZERS:
            if name in kwargs:
                optimizers[name] = kwargs.pop(name)
        self._metrics_config = metrics
        super().compile(optimizer=optimizer, metrics=metrics, **kwargs)
        for name, value in optimizers.items():
            setattr(self, name, self._scaled(keras.optimizers.get(value)))
        # Callbacks restore only the slots that exist: create them all now.
        for name, side in self.OPTIMIZERS.items():
            getattr(self, name).build(self.side_variables(side))
        # Made in the first step, they would have it traced a second time.
        if metrics:
            self.build_metrics(*self.metric_arguments())

    def metric_arguments(self):
        """Examples of what metrics compare: integer labels, and scores."""
        return (
            keras.ops.zeros((1,), "int32"),
            keras.ops.zeros((1, *self.server.output_shape[1:])),
        )

    def _scaled(self, optimizer):
        """Wraps an optimizer as Keras wrapped its own under mixed_float16."""
        scaler = keras.optimizers.LossScaleOptimizer
        if isinstance(self.optimizer, scaler) and not isinstance(
            optimizer, scaler
        ):
            return scaler(optimizer)
        return optimizer

    def minimize(self, objective, optimizer_name):
        """Takes one step down `objective()["loss"]`; returns its losses."""
        optimizer = getattr(self, optimizer_name)
        variables = self.side_variables(self.OPTIMIZERS[optimizer_name])
        with tf.GradientTape() as tape:
            losses = objective()
            loss = optimizer.scale_loss(losses["loss"])
        optimizer.apply(tape.gradient(loss, variables), variables)
        return losses

    def build_metrics(self, labels, outputs):
        """Builds the metrics of `compile` on examples of their arguments.

        For methods whose metrics are of something else than what the model
        gives: distributed, Keras would build them on that.
        """
        self.compute_metrics(None, labels, outputs)
        self.reset_metrics()

    def report(self, losses, labels, outputs):
        """Updates the trackers and metrics; returns the logs."""
        batch_size = keras.ops.shape(outputs)[0]
        # `keras.losses` objects divide by the replicas: undo it for the log.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        for tracker in self._trackers:
            tracker.update_state(
                losses[tracker.name] * replicas, sample_weight=batch_size
            )
        return self.as_logs(self.compute_metrics(None, labels, outputs))

    # Keras saves no generator's state; without it a resumed run draws old
    # noise.
    def save_own_variables(self, store):
        super().save_own_variables(store)
        for i, state in enumerate(self._random_states()):
            store[f"random_state_{i}"] = state.numpy()

    def load_own_variables(self, store):
        states = {k for k in store.keys() if k.startswith("random_state_")}
        for i, state in enumerate(self._random_states()):
            if f"random_state_{i}" in states:
                state.assign(store[f"random_state_{i}"][:])
        super().load_own_variables(
            {k: store[k] for k in store.keys() if k not in states}
        )

    def _random_states(self):
        others = {id(v) for v in self.weights + self.metrics_variables}
        return [v for v in self.variables if id(v) not in others]

    def get_config(self):
        roles = {name: getattr(self, name) for name in self.ROLES}
        return {
            **super().get_config(),
            **{
                name: role and keras.saving.serialize_keras_object(role)
                for name, role in roles.items()
            },
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for name in cls.ROLES:
            config[name] = config[name] and (
                keras.saving.deserialize_keras_object(
                    config[name], custom_objects=custom_objects
                )
            )
        return cls(**config)

    def get_compile_config(self):
        if not self.compiled:
            return {}
        config = {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in self.OPTIMIZERS
        }
        config |= {name: getattr(self, name) for name in self.RUN_OPTIONS}
        config["metrics"] = keras.saving.serialize_keras_object(
            self._metrics_config
        )
        return config

    def compile_from_config(self, config):
        self.compile(
            **{
                name: keras.saving.deserialize_keras_object(value)
                for name, value in config.items()
            }
        )


class Untracked:
    """Holds a variable that Keras is not to save with the model."""

    def __init__(self, variable):
        self.variable = variable
