"""FakeSafe: realistic fakes that only the receiver can turn back."""

import keras
from keras import ops

from kprivacy import errors
from kprivacy.adversarial import AdversarialModel
from kprivacy.fakesafe.content import ContentLoss
from kprivacy.fakesafe.covers import check_lattices
from kprivacy.fakesafe.keys import key_bits
from kprivacy.fakesafe.pool import ImagePool
from kprivacy.fakesafe.taps import Taps
from kprivacy.layers import round_to_bytes

# Adam's, the paper's.
RATE = 2e-4


@keras.saving.register_keras_serializable("kprivacy")
class FakeSafe(AdversarialModel):
    """Trains a network that disguises messages, and one that recovers them.

    The client is the paper's F, from a private example X to a fake of
    another domain, or of the same; the server is R, from the fake back to X;
    the adversary is D, the discriminator of the fake's domain. Each
    `train_step` takes a batch X and a batch Y of real examples of the fake's
    domain, independent of X, and alternates

        minimise  E[(D(Y) - 1)^2] / 2 + E[D(F(X))^2] / 2     over D
        minimise  E[(D(F(X)) - 1)^2] + c E|R(F(X)) - X|      over F, R

    the least-squares form of the adversarial loss, and the absolute error of
    the cycle, averaged over the elements of X. The paper gives no weight c;
    the default, 10, is that of CycleGAN, which it follows.

    A fake that is an image leaves as a file of 8 bits: `quantize` rounds it
    so in training, with the gradient passed straight through, and
    `channel_noise` adds Gaussian noise before R, so that R does not rely on
    what a file or a resave would lose. Both are on by default for images and
    the one default that is not the paper's; `quantize=False` and
    `channel_noise=0.0` are.

    Further options are off by default. `identity_weight` adds E|F(Y) - Y|
    where both domains have one shape. `pool_size` shows D earlier fakes.
    `code_weight` adds the squared error of the code that R reads in the
    fake, where the networks have a code. `content_weight` adds the divergence
    between what `content`, a classifier of the source that stands still, says
    of X and of R(F(X)): what is recovered is then of the same class even
    where there are few bits. A client with a `key` input is
    trained with random keys, fresh for each example: F turns the signs of
    its binary code by the key, R turns them back. A client with a `cover`
    input gets other real examples of the batch, and changes them a little.

    Args:
        client: F, see `kprivacy.fakesafe.build_client`.
        server: R, from the fake, and the client's key, to the source.
        adversary: D, from an example of the fake's domain to a score.
        cycle_weight: c.
        identity_weight: Of the identity loss.
        code_weight: Of the code's error.
        quantize: Whether fakes are rounded to bytes; None: if they are
            images.
        channel_noise: Standard deviation of the noise before R, in units of
            the fake's; None: 0.02 for images, about 5/255, otherwise 0.
        pool_size: Earlier fakes that are kept for D; 0 for none.
        content_weight: Of the divergence of classes.
        content: A built functional `keras.Model` from the source to logits;
            needed exactly if `content_weight` is above 0.
        content_reach: How far R(F(X)) is moved at random before `content`
            sees it in training, see `kprivacy.fakesafe.content.moved`.
        seed: Seeds keys, noise and pool.
        **kwargs: Passed to `keras.Model`.

    Example:

    >>> client = kprivacy.fakesafe.build_client((28, 28, 1), (28, 28, 1))
    >>> model = kprivacy.FakeSafe(
    ...     client, kprivacy.fakesafe.build_server(client),
    ...     kprivacy.fakesafe.build_adversary(client))
    >>> model.compile()
    >>> model.fit(kprivacy.fakesafe.pairs(digits, clothes), epochs=10)

    Reference: Zhu and Liu, FakeSafe: human level data protection by
    disinformation mapping using cycle-consistent adversarial network, 2020;
    Zhu et al., Unpaired image-to-image translation using cycle-consistent
    adversarial networks, 2017.
    """

    LOSSES = ("loss", "cycle_loss", "adversarial_loss", "adversary_loss")

    def __init__(
        self,
        client,
        server,
        adversary,
        cycle_weight=10.0,
        identity_weight=0.0,
        code_weight=0.0,
        quantize=None,
        channel_noise=None,
        pool_size=0,
        content_weight=0.0,
        content=None,
        content_reach=0.0,
        seed=None,
        **kwargs,
    ):
        errors.check_count("pool_size", pool_size, 0)
        _check_content(server, content, content_weight, content_reach)
        self.pool_size = pool_size
        self.content_loss = (
            ContentLoss(content, content_reach) if content else None
        )
        super().__init__(client, server, adversary, seed=seed, **kwargs)
        _check(client, server, identity_weight, code_weight)
        self.content_weight = content_weight
        self.content_reach = content_reach
        image = len(client.output_shape) == 4
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        self.code_weight = code_weight
        self.quantize = image if quantize is None else quantize
        self.channel_noise = (
            (0.02 if image else 0.0) if channel_noise is None
            else channel_noise
        )
        self.cycle_loss = keras.losses.MeanAbsoluteError()
        self.score_loss = keras.losses.MeanSquaredError()
        self._taps = Taps(client, server)
        self._key = bool(key_bits(client))

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        if config.get("content"):
            config["content"] = keras.saving.deserialize_keras_object(
                config["content"], custom_objects=custom_objects
            )
        return super().from_config(config, custom_objects)

    def build(self, input_shape):
        super().build(input_shape)
        # Saved with the model: a loaded one trains on.
        self.content = self.content_loss and self.content_loss.classifier
        shape = self.client.output_shape[1:]
        self.pool = (
            ImagePool(self.pool_size, shape, self.noise_generator)
            if self.pool_size else None
        )

    def compile(
        self, optimizer=None, adversary_optimizer=None, metrics=None, **kwargs
    ):
        """Configures training; optimizers not given are the paper's.

        Args:
            optimizer: Of F and R; None: Adam at 2e-4.
            adversary_optimizer: Of D; likewise.
            metrics: Of what is recovered, against the source.
            **kwargs: Arguments of `keras.Model.compile`.
        """
        both = optimizer, adversary_optimizer
        given = (keras.optimizers.Adam(RATE) if x is None else x for x in both)
        super().compile(*given, metrics=metrics, **kwargs)

    def metric_arguments(self):
        return (ops.zeros((1, *self.server.output_shape[1:])),) * 2

    def train_step(self, data):
        source, target = _unpack(data)
        inputs = self.client_inputs(source, target)
        fakes = self.disguise(inputs, training=True)
        if self.pool is not None:
            fakes = self.pool.exchange(fakes)
        judged = self.minimize(
            lambda: self.adversary_objective(fakes, target, training=True),
            "adversary_optimizer",
        )
        losses = self.minimize(
            lambda: self.defender_objective(inputs, target, training=True),
            "optimizer",
        )
        losses["adversary_loss"] = judged["loss"]
        return self.report(losses, source, losses["recovered"])

    def test_step(self, data):
        source, target = _unpack(data)
        inputs = self.client_inputs(source, target)
        losses = self.defender_objective(inputs, target, training=False)
        judged = self.adversary_objective(losses["fakes"], target, False)
        losses["adversary_loss"] = judged["loss"]
        return self.report(losses, source, losses["recovered"])

    def call(self, inputs, training=False):
        """What comes back of the source, or of a list of the client's inputs.

        Keys are drawn where they are not given; covers must be.
        """
        if not isinstance(inputs, (list, tuple)):
            inputs = self.client_inputs(inputs)
        return self.recover(self.disguise(inputs, training), inputs, training)

    def client_inputs(self, inputs, target=None):
        """The source and, where the client takes them, keys and covers.

        Keys are random and fresh, covers the examples of `target` in another
        order.
        """
        if len(self.client.inputs) == 1:
            return inputs
        drawn = [inputs]
        if self._key:
            shape = (ops.shape(inputs)[0], key_bits(self.client))
            key = keras.random.uniform(shape, seed=self.noise_generator)
            drawn.append(ops.cast(key < 0.5, key.dtype))
        if len(self.client.inputs) > len(drawn):
            if target is None:
                raise errors.UserError(
                    "This client takes a cover for each message. Received: "
                    "none. Call the model with [source, key, cover]."
                )
            drawn.append(ops.roll(target, 1, axis=0))
        return drawn

    def disguise(self, inputs, training=False):
        """The fakes as they leave, rounded where they become a file."""
        return self._as_sent(self.client(inputs, training=training))

    def recover(self, fakes, inputs, training=False):
        """What R makes of fakes, given the `client_inputs` they are of."""
        received = self._as_received(fakes, inputs, training)
        return self.server(received, training=training)

    def adversary_objective(self, fakes, target, training):
        """D's loss: real examples to 1, fakes to 0."""
        real = self.adversary(target, training=training)
        fake = self.adversary(fakes, training=training)
        loss = (
            self.score_loss(ops.ones_like(real), real)
            + self.score_loss(ops.zeros_like(fake), fake)
        ) / 2
        return {"loss": loss}

    def defender_objective(self, inputs, target, training):
        """F's and R's loss, the discriminator standing still."""
        source = inputs[0] if isinstance(inputs, list) else inputs
        fakes, sent = self._taps.client(inputs, training=training)
        fakes = self._as_sent(fakes)
        recovered, read = self._taps.recover(
            self._as_received(fakes, inputs, training), sent, training
        )
        scores = self.adversary(fakes, training=False)
        adversarial = self.score_loss(ops.ones_like(scores), scores)
        cycle = self.cycle_loss(source, recovered)
        loss = adversarial + self.cycle_weight * cycle
        if self.identity_weight:
            same = self.disguise(self.client_inputs(target, target), training)
            loss += self.identity_weight * self.cycle_loss(target, same)
        if self.content_weight:
            loss += self.content_weight * self.content_loss(
                source, recovered, self.noise_generator if training else None
            )
        if self.code_weight:
            loss += self.code_weight * self.score_loss(sent, read)
        return {
            "loss": loss,
            "cycle_loss": cycle,
            "adversarial_loss": adversarial,
            "fakes": fakes,
            "recovered": recovered,
        }

    def _as_sent(self, fakes):
        return round_to_bytes(fakes) if self.quantize else fakes

    def _as_received(self, fakes, inputs, training):
        """What arrives: the fakes under noise, and the client's key."""
        if training and self.channel_noise:
            fakes = fakes + self.channel_noise * keras.random.normal(
                ops.shape(fakes), seed=self.noise_generator
            )
        return [fakes, inputs[1]] if self._key else fakes

    def get_config(self):
        names = ("cycle_weight", "identity_weight", "code_weight", "quantize",
                 "channel_noise", "pool_size", "content_weight",
                 "content_reach")
        content = self.content
        return {
            **super().get_config(),
            "content": content and keras.saving.serialize_keras_object(content),
            **{name: getattr(self, name) for name in names},
        }


def _check(client, server, identity_weight, code_weight):
    source, target = client.inputs[0].shape[1:], client.output_shape[1:]
    if tuple(server.output_shape[1:]) != tuple(source):
        raise errors.UserError(
            f"`server` must recover the source, shape {tuple(source)} without "
            f"the batch. Received: a server to {server.output_shape[1:]}. "
            "Build it with `kprivacy.fakesafe.build_server(client)`."
        )
    if key_bits(client) != key_bits(server):
        raise errors.UserError(
            "`client` and `server` must take the same key or none. Received: "
            f"{key_bits(client)} and {key_bits(server)} bits. Give both "
            "builders the same `code` and `key`."
        )
    check_lattices(client, server)
    if identity_weight and tuple(source) != tuple(target):
        raise errors.UserError(
            "`identity_weight` needs a source and a fake of one shape. "
            f"Received: {tuple(source)} and {tuple(target)}. Leave it at 0."
        )
    for role in (client, server) if code_weight else ():
        if "code" not in [one.name for one in role.layers]:
            raise errors.UserError(
                "`code_weight` needs a client and a server with a code. "
                f"Received: code_weight={code_weight!r} for a {role.name} "
                "without one. Build both with `code=64`, say, or leave it at "
                "0."
            )


def _check_content(server, content, weight, reach):
    if bool(weight) != (content is not None):
        raise errors.UserError(
            "`content_weight` and `content`, a classifier of the source, go "
            f"together. Received: content_weight={weight!r} and "
            f"{'no' if content is None else 'a'} classifier. Give both or "
            "neither."
        )
    if reach and len(server.output_shape) != 4:
        raise errors.UserError(
            "`content_reach` moves images. Received: content_reach="
            f"{reach!r} for a source of shape {server.output_shape[1:]}. "
            "Leave it at 0."
        )


def _unpack(data):
    errors.check_pair(
        data,
        "FakeSafe trains on pairs (private examples, real examples of the "
        "fake's domain).",
        "Make them with `kprivacy.fakesafe.pairs`.",
    )
    return data
