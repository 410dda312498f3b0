"""RAN as kprivacy, as a bare loop and in PyTorch."""

from benchmarks.games.parts import adam, images, labels


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
        self.examples = images(28, 28, 1), labels(10)

    def ours(self):
        import kprivacy

        model = kprivacy.RAN(**self.models, inner_steps=self.STEPS)
        model.compile(adam(), adam(), adam(), steps_per_execution=10)
        return model

    def bare(self, tf):
        client, server, adversary = self.models.values()
        ours = client.trainable_variables + server.trainable_variables
        theirs = adversary.trainable_variables
        optimizers = [adam() for _ in range(3)]
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
