"""FakeSafe as kprivacy, as a bare loop and in PyTorch."""

from benchmarks.games.parts import adam, images


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
        self.examples = images(28, 28, 1), images(28, 28, 1)[::-1].copy()

    def ours(self):
        import kprivacy

        model = kprivacy.FakeSafe(**self.models)
        model.compile(adam(), adam(), steps_per_execution=10)
        return model

    def bare(self, tf):
        from kprivacy.layers import round_to_bytes

        client, server, adversary = self.models.values()
        ours = client.trainable_variables + server.trainable_variables
        theirs = adversary.trainable_variables
        optimizers = [adam(), adam()]

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
