"""ConfounderGAN as kprivacy, as a bare loop and in PyTorch."""

import keras

from benchmarks.games.parts import adam, images, labels


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
        self.examples = images(32, 32, 3), labels(10)

    def ours(self):
        import kprivacy

        model = kprivacy.ConfounderGAN(
            self.models["client"], self.models["adversary"],
            self.models["reader"], hinge_bound=self.BOUND, joint=False,
        )
        model.compile(adam(), adam(), steps_per_execution=10)
        return model

    def bare(self, tf):
        client, noise_of, adversary, reader = self.models.values()
        both = keras.Model(
            client.inputs[0], [client.outputs[0], noise_of.outputs[0]]
        )
        ours, theirs = (one.trainable_variables for one in (client, adversary))
        optimizers = [adam(), adam()]
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
