"""RAN, the reconstructive adversarial network."""

import keras
from keras import ops

from kprivacy import errors
from kprivacy.adversarial import AdversarialModel, Untracked
from kprivacy.losses import ClassScatter, ReconstructionError


@keras.saving.register_keras_serializable("kprivacy")
class RAN(AdversarialModel):
    """Trains features that classify well and cannot be inverted.

    The client is the paper's Encoder E, the server its Classifier C, the
    adversary its Decoder D. Each `train_step` is one pass of the paper's
    Algorithm 1 on one mini-batch (I, Y). It repeats k times

        minimise O_d = H(Y, C(E(I)))                        over E, C   (2)
        minimise O_g = |I - D(E(I))|^2                      over D      (3)

    and then takes one step on the Lagrangian of the two, over E and C:

        minimise O_a = lambda O_d - (1 - lambda) O_g                    (4)

    H is the cross entropy, |.|^2 the squared error summed over the elements
    of an example; both are averaged over the batch. O_g in equation 4 has no
    lower bound as the paper states it: an encoder can win by driving one
    decoder to absurd outputs. `bounded` stops its reward at the error of
    predicting the batch's mean, where no information is left to hide; it is
    on by default, and the one default that is not the paper's.

    Further options beyond the paper are off by default: `compactness_weight`
    adds the scatter of the features within their class to O_a, and an
    adversary with several outputs is several decoders, whose errors, each
    with its bound, are averaged.

    Args:
        client: Functional model from data in [0, 1] (images) or of any range
            (signals) to features; a second input is uniform noise.
        server: Functional model from features to logits, one a class.
        adversary: Functional model from features to the data's shape, or to
            a list of that shape, see `kprivacy.ran.build_adversary`.
        utility_weight: lambda, in [0, 1]: 1 for utility alone, 0 for privacy.
        inner_steps: k, how often stages (2) and (3) run before (4).
        bounded: Whether the reward of equation 4 ends at its ceiling.
        per_example: "sum" over the elements of an example, or "mean", which
            makes the same lambda weigh privacy less by their number.
        compactness_weight: Weight of the within-class scatter in O_a.
        seed: Seeds the noise input, where the client has one.
        **kwargs: Passed to `keras.Model`.

    Example:

    >>> client = kprivacy.ran.build_client((28, 28, 1))
    >>> server = kprivacy.ran.build_server(client, num_classes=10)
    >>> model = kprivacy.RAN(
    ...     client, server, kprivacy.ran.build_adversary(client))
    >>> model.compile("adam", "adam", metrics=["accuracy"])
    >>> model.fit(kprivacy.data.load("digits"), epochs=10)

    Reference: Liu, Shrivastava, Du and Zhong, Better accuracy with
    quantified privacy: representations learned via reconstructive adversarial
    network, 2019.
    """

    LOSSES = ("loss", "utility_loss", "adversary_loss")
    OPTIMIZERS = {
        "optimizer": "defender",
        "adversary_optimizer": "adversary",
        "utility_optimizer": "defender",
    }

    def __init__(
        self,
        client,
        server,
        adversary,
        utility_weight=0.5,
        inner_steps=3,
        bounded=True,
        per_example="sum",
        compactness_weight=0.0,
        seed=None,
        **kwargs,
    ):
        errors.check_fraction("utility_weight", utility_weight)
        errors.check_count("inner_steps", inner_steps)
        errors.check_choice("per_example", per_example, ("sum", "mean"))
        super().__init__(client, server, adversary, seed=seed, **kwargs)
        errors.check_decoder(client, adversary)
        self.utility_weight = utility_weight
        # Kept out of the weights: a schedule sets it, no checkpoint does.
        self._weight_now = Untracked(
            keras.Variable(utility_weight, trainable=False, dtype="float32")
        )
        self.inner_steps = inner_steps
        self.bounded = bounded
        self.per_example = per_example
        self.compactness_weight = compactness_weight
        self.utility_loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True
        )
        self.reconstruction_loss = ReconstructionError(per_example)
        self.scatter_loss = ClassScatter(server.output_shape[-1])

    def compile(
        self,
        optimizer,
        adversary_optimizer,
        utility_optimizer=None,
        metrics=None,
        **kwargs,
    ):
        """Configures training with one optimizer for each stage.

        Args:
            optimizer: Of stage (4), over client and server; the paper's l3.
            adversary_optimizer: Of stage (3), over the adversary; l2.
            utility_optimizer: Of stage (2), over client and server; l1. None
                for a copy of `optimizer`.
            metrics: Metrics of the logits against the labels.
            **kwargs: Arguments of `keras.Model.compile`.
        """
        optimizer = keras.optimizers.get(optimizer)
        if utility_optimizer is None:
            utility_optimizer = _copy(optimizer)
        super().compile(
            optimizer,
            adversary_optimizer,
            metrics=metrics,
            utility_optimizer=utility_optimizer,
            **kwargs,
        )

    def train_step(self, data):
        inputs, labels = _unpack(data)
        for _ in range(self.inner_steps):
            self.minimize(
                lambda: self.utility_objective(inputs, labels),
                "utility_optimizer",
            )
            codes = self.client(self.client_inputs(inputs), training=True)
            self.minimize(
                lambda: self.adversary_objective(inputs, codes),
                "adversary_optimizer",
            )
        losses = self.minimize(
            lambda: self.defender_objective(inputs, labels, training=True),
            "optimizer",
        )
        return self.report(losses, labels, losses["logits"])

    def test_step(self, data):
        inputs, labels = _unpack(data)
        losses = self.defender_objective(inputs, labels, training=False)
        return self.report(losses, labels, losses["logits"])

    def set_utility_weight(self, value):
        """Sets lambda for the steps to come; `kprivacy.callbacks` does."""
        errors.check_fraction("utility_weight", value)
        self._weight_now.variable.assign(value)

    def utility_objective(self, inputs, labels):
        """Equation 2: the cross entropy of the classification."""
        logits = self(inputs, training=True)
        return {"loss": self.utility_loss(labels, logits)}

    def adversary_objective(self, inputs, codes):
        """Equation 3: the decoder's error on given features."""
        decoded = self.adversary(codes, training=True)
        return {"loss": _mean(self.decoder_errors(inputs, decoded))}

    def defender_objective(self, inputs, labels, training):
        """Equation 4: the Lagrangian, the decoder standing still."""
        codes = self.client(self.client_inputs(inputs), training=training)
        logits = self.server(codes, training=training)
        utility = self.utility_loss(labels, logits)
        found = self.decoder_errors(
            inputs, self.adversary(codes, training=False)
        )
        rewards = found
        if self.bounded:
            ceiling = self.error_ceiling(inputs)
            rewards = [ops.minimum(error, ceiling) for error in found]
        error, reward = _mean(found), _mean(rewards)
        weight = ops.cast(self._weight_now.variable, utility.dtype)
        loss = weight * utility - (1 - weight) * reward
        if self.compactness_weight:
            scatter = self.scatter_loss(labels, codes)
            loss = loss + self.compactness_weight * scatter
        return {
            "loss": loss,
            "utility_loss": utility,
            "adversary_loss": error,
            "logits": logits,
        }

    def decoder_errors(self, inputs, decoded):
        """|I - I'|^2 of each decoder, a list."""
        decoded = decoded if isinstance(decoded, (list, tuple)) else [decoded]
        return [self.reconstruction_loss(inputs, one) for one in decoded]

    def error_ceiling(self, inputs):
        """The error of predicting the batch's mean: no information at all."""
        mean = ops.mean(inputs, axis=0, keepdims=True)
        return self.reconstruction_loss(
            inputs, ops.broadcast_to(mean, ops.shape(inputs))
        )

    def get_config(self):
        return {
            **super().get_config(),
            "utility_weight": self.utility_weight,
            "inner_steps": self.inner_steps,
            "bounded": self.bounded,
            "per_example": self.per_example,
            "compactness_weight": self.compactness_weight,
        }


def _mean(values):
    return sum(values) / len(values)


def _copy(optimizer):
    """A new optimizer with the same settings and none of the state."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = optimizer.inner_optimizer
    return type(optimizer).from_config(optimizer.get_config())


def _unpack(data):
    errors.check_pair(
        data,
        "RAN trains on pairs (data, integer labels).",
        "Pass `x` and `y` to `fit`, or a dataset of pairs, without sample "
        "weights.",
    )
    return data
