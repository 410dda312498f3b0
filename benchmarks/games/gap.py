"""GAP as kprivacy, as a bare loop and in PyTorch."""

from benchmarks.games.parts import adam, images, labels


class Gap:
    """An auto-encoder of pictures of 28 x 28 against a convolutional net."""

    WEIGHT = 0.1

    def __init__(self):
        from kprivacy import gap

        client = gap.build_client((28, 28, 1), filters=(16, 32, 64), code=128)
        self.models = {
            "client": client, "adversary": gap.build_adversary(client, 2),
        }
        self.examples = images(28, 28, 1), labels(2)

    def ours(self):
        import kprivacy

        model = kprivacy.GAP(
            self.models["client"], None, self.models["adversary"],
            privacy_weight=self.WEIGHT,
        )
        model.compile(adam(), adam(), steps_per_execution=10)
        return model

    def bare(self, tf):
        client, adversary = self.models.values()
        ours, theirs = (one.trainable_variables for one in (client, adversary))
        optimizers = [adam(), adam()]
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
