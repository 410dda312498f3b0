"""The four games, each as kprivacy, as a bare TensorFlow loop, and in PyTorch.

All three train the same networks from the same weights on the same batches,
with the objectives of the papers. A game has `models`, the Keras networks by
their role; `examples`, arrays of one batch; `ours`, the compiled kprivacy
model; `bare`, a train step of TensorFlow written out; and `plain`, one of
PyTorch on translated networks.
"""

import keras
import numpy as np

BATCH, RATE = 64, 2e-4


def names():
    return tuple(GAMES)


def build(name):
    """A new game, its weights always the same."""
    keras.utils.set_random_seed(0)
    return GAMES[name]()


def _images(*shape):
    generator = np.random.default_rng(0)
    return generator.random((BATCH, *shape), np.float32)


def _labels(count):
    generator = np.random.default_rng(1)
    return generator.integers(0, count, BATCH).astype(np.int32)


def _adam():
    return keras.optimizers.Adam(RATE)


class Ran:
    """LeNet on 28 x 28, its mirror, three inner steps."""

    WEIGHT, STEPS = 0.5, 3

    def __init__(self):
        from kprivacy import ran

        client = ran.build_client((28, 28, 1))
        self.models = {
            "client": client, "server": ran.build_server(client, 10),
            "adversary": ran.build_adversary(client),
        }
        self.examples = _images(28, 28, 1), _labels(10)

    def ours(self):
        import kprivacy

        model = kprivacy.RAN(**self.models, inner_steps=self.STEPS)
        model.compile(_adam(), _adam(), _adam(), steps_per_execution=10)
        return model

    def bare(self, tf):
        client, server, adversary = self.models.values()
        ours = client.trainable_variables + server.trainable_variables
        theirs = adversary.trainable_variables
        optimizers = [_adam() for _ in range(3)]
        cross = tf.nn.sparse_softmax_cross_entropy_with_logits

        def error(x, y):
            return tf.reduce_mean(tf.reduce_sum((x - y) ** 2, (1, 2, 3)))

        def step(x, labels):
            for _ in range(self.STEPS):
                with tf.GradientTape() as tape:
                    logits = server(client(x, training=True), training=True)
                    loss = tf.reduce_mean(cross(labels, logits))
                optimizers[0].apply(tape.gradient(loss, ours), ours)
                codes = client(x, training=True)
                with tf.GradientTape() as tape:
                    loss = error(x, adversary(codes, training=True))
                optimizers[1].apply(tape.gradient(loss, theirs), theirs)
            with tf.GradientTape() as tape:
                codes = client(x, training=True)
                logits = server(codes, training=True)
                utility = tf.reduce_mean(cross(labels, logits))
                reward = tf.minimum(
                    error(x, adversary(codes, training=False)),
                    error(x, tf.reduce_mean(x, 0, keepdims=True)),
                )
                loss = self.WEIGHT * utility - (1 - self.WEIGHT) * reward
            optimizers[2].apply(tape.gradient(loss, ours), ours)
            return loss

        return step, (ours, theirs, ours), optimizers

    def plain(self, torch, nets, adam):
        client, server, adversary = nets
        ours, theirs = [client, server], [adversary]
        utility_step, adversary_step, step = (
            adam(ours), adam(theirs), adam(ours)
        )
        cross = torch.nn.functional.cross_entropy

        def error(x, y):
            return ((x - y) ** 2).sum(dim=(1, 2, 3)).mean()

        def train(x, labels):
            for _ in range(self.STEPS):
                loss = cross(server(client(x)), labels)
                utility_step(loss)
                with torch.no_grad():
                    codes = client(x)
                adversary_step(error(x, adversary(codes)))
            codes = client(x)
            adversary.eval()
            reward = torch.minimum(
                error(x, adversary(codes)),
                error(x, x.mean(dim=0, keepdim=True)),
            )
            adversary.train()
            loss = self.WEIGHT * cross(server(codes), labels)
            loss = loss - (1 - self.WEIGHT) * reward
            step(loss)
            return loss

        return train


class Gap:
    """An auto-encoder of pictures of 28 x 28 against a convolutional net."""

    WEIGHT = 0.1

    def __init__(self):
        from kprivacy import gap

        client = gap.build_client((28, 28, 1), filters=(16, 32, 64), code=128)
        self.models = {
            "client": client, "adversary": gap.build_adversary(client, 2),
        }
        self.examples = _images(28, 28, 1), _labels(2)

    def ours(self):
        import kprivacy

        model = kprivacy.GAP(
            self.models["client"], None, self.models["adversary"],
            privacy_weight=self.WEIGHT,
        )
        model.compile(_adam(), _adam(), steps_per_execution=10)
        return model

    def bare(self, tf):
        client, adversary = self.models.values()
        ours, theirs = (one.trainable_variables for one in (client, adversary))
        optimizers = [_adam(), _adam()]
        cross = tf.nn.sparse_softmax_cross_entropy_with_logits

        def step(x, labels):
            released = client(x, training=True)
            with tf.GradientTape() as tape:
                scores = adversary(released, training=True)
                loss = tf.reduce_mean(cross(labels, scores))
            optimizers[0].apply(tape.gradient(loss, theirs), theirs)
            with tf.GradientTape() as tape:
                released = client(x, training=True)
                scores = adversary(released, training=False)
                loss = tf.reduce_mean((x - released) ** 2)
                loss -= self.WEIGHT * tf.reduce_mean(cross(labels, scores))
            optimizers[1].apply(tape.gradient(loss, ours), ours)
            return loss

        return step, (theirs, ours), optimizers

    def plain(self, torch, nets, adam):
        client, adversary = nets
        adversary_step, step = adam([adversary]), adam([client])
        cross = torch.nn.functional.cross_entropy

        def train(x, labels):
            with torch.no_grad():
                released = client(x)
            adversary_step(cross(adversary(released), labels))
            released = client(x)
            loss = ((x - released) ** 2).mean()
            loss = loss - self.WEIGHT * cross(adversary(released), labels)
            step(loss)
            return loss

        return train


class FakeSafe:
    """The paper's perceptrons, from 28 x 28 to 28 x 28."""

    WEIGHT, NOISE = 10.0, 0.02

    def __init__(self):
        from kprivacy import fakesafe

        client = fakesafe.build_client((28, 28, 1), (28, 28, 1))
        self.models = {
            "client": client, "server": fakesafe.build_server(client),
            "adversary": fakesafe.build_adversary(client),
        }
        self.examples = _images(28, 28, 1), _images(28, 28, 1)[::-1].copy()

    def ours(self):
        import kprivacy

        model = kprivacy.FakeSafe(**self.models)
        model.compile(_adam(), _adam(), steps_per_execution=10)
        return model

    def bare(self, tf):
        from kprivacy.layers import round_to_bytes

        client, server, adversary = self.models.values()
        ours = client.trainable_variables + server.trainable_variables
        theirs = adversary.trainable_variables
        optimizers = [_adam(), _adam()]

        def step(source, target):
            fakes = round_to_bytes(client(source, training=True))
            with tf.GradientTape() as tape:
                real = adversary(target, training=True)
                fake = adversary(fakes, training=True)
                loss = tf.reduce_mean((real - 1) ** 2)
                loss = (loss + tf.reduce_mean(fake**2)) / 2
            optimizers[0].apply(tape.gradient(loss, theirs), theirs)
            with tf.GradientTape() as tape:
                fakes = round_to_bytes(client(source, training=True))
                noise = self.NOISE * tf.random.normal(tf.shape(fakes))
                recovered = server(fakes + noise, training=True)
                scores = adversary(fakes, training=False)
                loss = tf.reduce_mean((scores - 1) ** 2)
                loss += self.WEIGHT * tf.reduce_mean(
                    tf.abs(source - recovered)
                )
            optimizers[1].apply(tape.gradient(loss, ours), ours)
            return loss

        return step, (theirs, ours), optimizers

    def plain(self, torch, nets, adam):
        from benchmarks.translated import rounded

        client, server, adversary = nets
        adversary_step, step = adam([adversary]), adam([client, server])

        def train(source, target):
            with torch.no_grad():
                fakes = rounded(client(source))
            real, fake = adversary(target), adversary(fakes)
            adversary_step((((real - 1) ** 2).mean() + (fake**2).mean()) / 2)
            fakes = rounded(client(source))
            noise = self.NOISE * torch.randn_like(fakes)
            recovered = server(fakes + noise)
            loss = ((adversary(fakes) - 1) ** 2).mean()
            loss = loss + self.WEIGHT * (source - recovered).abs().mean()
            step(loss)
            return loss

        return train


class ConfounderGan:
    """A U-Net on 32 x 32 x 3 before a fixed ResNet-18 of a quarter."""

    BOUND = 1.2

    def __init__(self):
        from kprivacy import confounder_gan, networks

        client = confounder_gan.build_client(
            (32, 32, 3), filters=(32, 64, 128, 128)
        )
        reader = networks.classifier((32, 32, 3), 10, "resnet18", 16)
        self.models = {
            "client": client,
            "noise": keras.Model(
                client.inputs[0], client.get_layer("noise").output
            ),
            "adversary": confounder_gan.build_adversary(client),
            "reader": reader,
        }
        self.examples = _images(32, 32, 3), _labels(10)

    def ours(self):
        import kprivacy

        model = kprivacy.ConfounderGAN(
            self.models["client"], self.models["adversary"],
            self.models["reader"], hinge_bound=self.BOUND,
        )
        model.compile(_adam(), _adam(), steps_per_execution=10)
        return model

    def bare(self, tf):
        client, noise_of, adversary, reader = self.models.values()
        both = keras.Model(
            client.inputs[0], [client.outputs[0], noise_of.outputs[0]]
        )
        ours, theirs = (one.trainable_variables for one in (client, adversary))
        optimizers = [_adam(), _adam()]
        cross = tf.nn.sparse_softmax_cross_entropy_with_logits
        binary = tf.nn.sigmoid_cross_entropy_with_logits

        def step(x, labels):
            protected = client(x, training=True)
            with tf.GradientTape() as tape:
                real = adversary(x, training=True)
                fake = adversary(protected, training=True)
                loss = tf.reduce_mean(binary(tf.ones_like(real), real))
                loss += tf.reduce_mean(binary(tf.zeros_like(fake), fake))
            optimizers[0].apply(tape.gradient(loss, theirs), theirs)
            with tf.GradientTape() as tape:
                protected, noise = both(x, training=True)
                fake = adversary(protected, training=False)
                loss = -tf.reduce_mean(binary(tf.zeros_like(fake), fake))
                scores = reader(noise, training=False)
                loss += tf.reduce_mean(cross(labels, scores))
                norms = tf.sqrt(tf.reduce_sum(noise**2, (1, 2, 3)) + 1e-12)
                loss += tf.reduce_mean(tf.nn.relu(norms - self.BOUND))
            optimizers[1].apply(tape.gradient(loss, ours), ours)
            return loss

        return step, (theirs, ours), optimizers

    def plain(self, torch, nets, adam):
        from benchmarks.translated import rounded

        # The protected picture is made of the noise: one pass gives both.
        _, noise_of, adversary, reader = nets
        reader.eval()
        adversary_step, step = adam([adversary]), adam([noise_of])
        functional = torch.nn.functional

        def given(x):
            noise = noise_of(x)
            return rounded((x + noise).clamp(0, 1)), noise

        def binary(logits, value):
            return functional.binary_cross_entropy_with_logits(
                logits, torch.full_like(logits, value)
            )

        def train(x, labels):
            with torch.no_grad():
                protected, _ = given(x)
            adversary_step(
                binary(adversary(x), 1.0) + binary(adversary(protected), 0.0)
            )
            protected, noise = given(x)
            adversary.eval()
            loss = -binary(adversary(protected), 0.0)
            adversary.train()
            loss = loss + functional.cross_entropy(reader(noise), labels)
            norms = ((noise**2).sum(dim=(1, 2, 3)) + 1e-12).sqrt()
            loss = loss + (norms - self.BOUND).clamp(min=0).mean()
            step(loss)
            return loss

        return train


GAMES = {"ran": Ran, "gap": Gap, "fakesafe": FakeSafe,
         "confounder_gan": ConfounderGan}
