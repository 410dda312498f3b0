"""GAP, generative adversarial privacy for single records."""

import keras
from keras import ops

from kprivacy import errors
from kprivacy.adversarial import AdversarialModel, Untracked
from kprivacy.gap import objectives
from kprivacy.gap.distortions import Distortion, check_constraint


@keras.saving.register_keras_serializable("kprivacy")
class GAP(AdversarialModel):
    """Trains a channel that erases one attribute and keeps the rest.

    The client is the report's privatisation channel W, from data X to data
    of the same kind; the adversary its discriminator f, which infers the
    private attribute S from the release; a server, if there is one, predicts
    public attributes from it. `train_step` is one pass of Algorithm 1: `itr_d`
    steps of the discriminator, then `itr_g` of the channel,

        minimise  H(S, f(W(X)))                             over f
        minimise  d(X, W(X)) - lambda H(S, f(W(X)))         over W

    with the cross entropy H, or the squared error where S is a real value.
    With `objective="total_variation"` it is Equation 4, of a critic f in
    [-1, 1]: lambda weighs max_f E[f(W(X)) | s1] - E[f(W(X)) | s2], twice the
    total variation distance (the report leaves out the 2).

    Beyond the report: `bounded` ends the channel's reward where the
    adversary knows nothing; "maximum_entropy" draws the adversary's answer
    to the prior instead; "accuracy" pays the probability that it gives to
    the right class, at a temperature that `kprivacy.callbacks.Temperature`
    may lower until what is left is the adversary's accuracy. A `budget` of
    the distortion takes the place of lambda by a penalty or an augmented
    Lagrangian. The losses of a server's heads join in: of integers the cross
    entropy, of real values the squared error.

    Args:
        client: W, see `kprivacy.gap.build_client`: from `data`, and
            `private` and `noise` where it has them.
        server: Functional model from the release to a dict of outputs, or
            None.
        adversary: f, from the release to logits, one value, or a critic's.
        privacy_weight: lambda.
        objective: "cross_entropy", "total_variation", "maximum_entropy" or
            "accuracy".
        distortion: d: "mse", "mae" or "hamming", a mean over elements.
        constraint: "weight", as above; "penalty", privacy loss +
            `stiffness` max(0, d - budget)^2; or "augmented_lagrangian", whose
            multiplier follows d - budget.
        budget: Of the mean distortion; needed by the latter two.
        stiffness: Of the latter two.
        utility_weight: Of the server's losses.
        itr_d: Discriminator steps a `train_step`.
        itr_g: Channel steps a `train_step`.
        bounded: Whether the reward of "cross_entropy" has a ceiling.
        temperature: Of "accuracy".
        prior: Shares of the private classes, or (variance,) of a real value:
            needed by a bound, "total_variation" and "maximum_entropy".
        seed: Seeds the noise.
        **kwargs: Passed to `keras.Model`.

    Trains on pairs (data, targets): targets the private attribute, shape
    (batch,), or a dict with it under "private" and the public attributes
    under the names of the server's outputs; or on `kprivacy.gap.rounds`,
    which has a fresh mini-batch for each step. A step of pairs uses one
    batch for all.

    Example:

    >>> client = kprivacy.gap.build_client((48, 48, 1), noise=8)
    >>> model = kprivacy.GAP(
    ...     client, None, kprivacy.gap.build_adversary(client, 2),
    ...     privacy_weight=0.1, itr_d=8, itr_g=5)
    >>> model.compile("adam", "adam")
    >>> model.fit(faces, smiling, batch_size=128, epochs=50)
    >>> released = model.predict(faces)

    Reference: Chen, Rich and Chen, Generative modeling for context-aware
    local privacy, 2019; Huang et al., Context-aware generative adversarial
    privacy, 2017, for the budget and the parametric channels.
    """

    LOSSES = ("loss", "distortion", "adversary_loss", "utility_loss")
    OPTIONAL_ROLES = ("server",)

    def __init__(
        self,
        client,
        server,
        adversary,
        privacy_weight=1.0,
        objective="cross_entropy",
        distortion="mse",
        constraint="weight",
        budget=None,
        stiffness=10.0,
        utility_weight=1.0,
        itr_d=1,
        itr_g=1,
        bounded=False,
        temperature=1.0,
        prior=None,
        seed=None,
        **kwargs,
    ):
        check_constraint(constraint, budget, stiffness)
        errors.check_count("itr_d", itr_d)
        errors.check_count("itr_g", itr_g)
        super().__init__(client, server, adversary, seed=seed, **kwargs)
        _check_release(client)
        self.privacy_weight = privacy_weight
        self.objective = objective
        self.distortion = distortion
        self.constraint = constraint
        self.budget = budget
        self.stiffness = stiffness
        self.utility_weight = utility_weight
        self.itr_d = itr_d
        self.itr_g = itr_g
        self.bounded = bounded
        self.temperature = temperature
        # Kept out of the weights: a schedule sets it, no checkpoint does.
        self._temperature_now = Untracked(
            keras.Variable(temperature, trainable=False, dtype="float32")
        )
        self.prior = None if prior is None else tuple(map(float, prior))
        self.distortion_loss = Distortion(distortion)
        self.adversary_loss, self.channel_loss = objectives.build(
            objective,
            adversary.output_shape[-1],
            self.prior,
            bounded,
            self._temperature_now.variable,
        )
        self.class_loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True
        )
        self.value_loss = keras.losses.MeanSquaredError()

    def build(self, input_shape):
        super().build(input_shape)
        self.multiplier = self.add_weight(
            name="multiplier",
            shape=(),
            initializer="zeros",
            trainable=False,
            aggregation="mean",
        )

    def compile(self, optimizer, adversary_optimizer, metrics=None, **kwargs):
        """Configures training.

        Args:
            optimizer: Of channel and server.
            adversary_optimizer: Of the discriminator.
            metrics: Metrics of the discriminator's scores against the private
                attribute, in the loop: never a measure of privacy.
            **kwargs: Arguments of `keras.Model.compile`.
        """
        super().compile(optimizer, adversary_optimizer, metrics, **kwargs)

    def metric_arguments(self):
        scores = ops.zeros((1, self.adversary.output_shape[-1]))
        return ops.zeros((1,), "int32"), scores

    def train_step(self, data):
        for_adversary, for_channel = self._batches(data)
        for inputs, targets in for_adversary:
            released = self.release(inputs, targets, training=True)
            self.minimize(
                lambda: self.adversary_objective(released, targets),
                "adversary_optimizer",
            )
        for inputs, targets in for_channel:
            losses = self.minimize(
                lambda: self.defender_objective(inputs, targets, True),
                "optimizer",
            )
            if self.constraint == "augmented_lagrangian":
                self.multiplier.assign(self._next_multiplier(losses))
        return self.report(losses, targets["private"], losses["scores"])

    def test_step(self, data):
        inputs, targets = _unpack(data)
        losses = self.defender_objective(inputs, targets, False)
        return self.report(losses, targets["private"], losses["scores"])

    def call(self, inputs, training=False):
        """The release of the data, or of [data, private], with fresh noise."""
        given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        given = [ops.convert_to_tensor(one) for one in given]
        if _input(self.client, "private") is not None and len(given) < 2:
            raise errors.UserError(
                "This channel sees the private attribute. Received: the data "
                "alone. Call the model with [data, private], one-hot."
            )
        return self.client(self._with_noise(given), training=training)

    def release(self, inputs, targets, training=False):
        """W(X), of a client that may see the private attribute as well."""
        given = [ops.convert_to_tensor(inputs)]
        seen = _input(self.client, "private")
        if seen is not None:
            given.append(self._private_input(targets["private"], seen.shape[1]))
        return self.client(self._with_noise(given), training=training)

    def set_temperature(self, value):
        """Sets it for the steps to come; `kprivacy.callbacks` does."""
        errors.check_positive("temperature", value)
        self._temperature_now.variable.assign(value)

    def adversary_objective(self, released, targets):
        """What the discriminator loses on given releases."""
        scores = self.adversary(released, training=True)
        return {"loss": self.adversary_loss(targets["private"], scores)}

    def defender_objective(self, inputs, targets, training):
        """The channel's game, the discriminator standing still."""
        released = self.release(inputs, targets, training)
        scores = self.adversary(released, training=False)
        distortion = self.distortion_loss(inputs, released)
        utility = self.utility_objective(released, targets, training)["loss"]
        privacy = self.channel_loss(targets["private"], scores)
        return {
            "loss": self._held(distortion, self.privacy_weight * privacy)
            + self.utility_weight * utility,
            "distortion": distortion,
            "adversary_loss": self.adversary_loss(targets["private"], scores),
            "utility_loss": utility,
            "scores": scores,
        }

    def utility_objective(self, released, targets, training):
        """The sum of the heads' losses; 0 without a server."""
        if self.server is None:
            return {"loss": ops.zeros(())}
        outputs = self.server(released, training=training)
        total = 0.0
        for name, output in outputs.items():
            if output.shape[-1] > 1:
                total += self.class_loss(targets[name], output)
            else:
                total += self.value_loss(
                    ops.reshape(targets[name], (-1, 1)), output
                )
        return {"loss": total}

    def _held(self, distortion, privacy):
        """Distortion and privacy as one loss, by the constraint's kind."""
        if self.constraint == "weight":
            return distortion + privacy
        replicas = _replicas()
        # Losses are shares of the replicas' mean: each holds its own batch.
        excess = distortion * replicas - self.budget
        if self.constraint == "penalty":
            held = self.stiffness * ops.square(ops.relu(excess))
        else:
            pull = ops.relu(self.multiplier / self.stiffness + excess)
            held = 0.5 * self.stiffness * ops.square(pull)
        return privacy + held / replicas

    def _next_multiplier(self, losses):
        excess = losses["distortion"] * _replicas() - self.budget
        return ops.relu(self.multiplier + self.stiffness * excess)

    def _private_input(self, private, width):
        if width == 1:
            return ops.reshape(ops.cast(private, "float32"), (-1, 1))
        return ops.one_hot(
            ops.cast(ops.reshape(private, (-1,)), "int32"), width
        )

    def _with_noise(self, given):
        wanted = _input(self.client, "noise")
        if wanted is not None and len(given) < len(self.client.inputs):
            shape = (ops.shape(given[0])[0], *wanted.shape[1:])
            given.append(
                keras.random.uniform(shape, seed=self.noise_generator)
            )
        return given if given[1:] else given[0]

    def _batches(self, data):
        """The mini-batches of the adversary's steps, and the channel's."""
        if not isinstance(data[0], (tuple, list)):
            pair = _unpack(data)
            return [pair] * self.itr_d, [pair] * self.itr_g
        return tuple(
            [keras.tree.map_structure(lambda x: x[:, i], _unpack(part))
             for i in range(count)]
            for part, count in zip(data, (self.itr_d, self.itr_g))
        )

    def get_config(self):
        names = (
            "privacy_weight", "objective", "distortion", "constraint",
            "budget", "stiffness", "utility_weight", "itr_d", "itr_g",
            "bounded", "temperature", "prior",
        )
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in names},
        }


def _input(client, name):
    for one in client.inputs:
        if one.name == name:
            return one
    return None


def _replicas():
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def _check_release(client):
    data, released = client.inputs[0].shape[1:], client.output_shape[1:]
    if tuple(data) != tuple(released):
        raise errors.UserError(
            "`client` must release data of the same shape, "
            f"{tuple(data)} without the batch. Received: a release of "
            f"{tuple(released)}. Build it with `kprivacy.gap.build_client`."
        )


def _unpack(data):
    errors.check_pair(
        data,
        "GAP trains on pairs (data, private attribute) or (data, dict with "
        "the attribute under 'private' and public ones under the server's "
        "names).",
        "Pass `x` and `y` to `fit`, without sample weights.",
    )
    inputs, targets = data
    if not isinstance(targets, dict):
        targets = {"private": targets}
    if "private" not in targets:
        raise errors.UserError(
            "The targets must hold the attribute under 'private'. Received: "
            f"a dict with {sorted(targets)}."
        )
    return inputs, targets
