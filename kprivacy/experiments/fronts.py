"""Cells of Figure 3: one point of the privacy-utility plane each."""

import numpy as np

from kprivacy import audit_lib, metrics, releases, train_lib, workdir
from kprivacy.attacks import Reconstruction
from kprivacy.attacks.audit import prior
from kprivacy.baselines import LabelOnly, Laplace, ResizedDNN

# The families that every row is attacked by; the chosen lambda and the
# undefended networks meet the others too.
FAMILIES = (
    "ridge",
    "kernel_ridge",
    "class_posterior",
    "mlp",
    "residual",
    "white_box",
)
ATTACKED = 2000
PASSES = 2


class Bench:
    """The data of a config, and the measurement that all rows share."""

    def __init__(self, config, steps):
        self.config = config
        self.parts = audit_lib.Parts(config)
        self.held = workdir.read_data(config, config.data.validation_split)
        order = np.random.default_rng(0).permutation(len(self.parts.test))
        self.attacked = self.parts.test.take(np.sort(order[:ATTACKED]))
        self.steps = steps

    def measure(self, release, classify, encoder=None, families=FAMILIES):
        """Utility and privacy of a release, as a row of the table.

        Args:
            release: The release.
            classify: Function from what is sent to logits.
            encoder: The client, for the attackers that look into it.
            families: Of the attackers.
        """
        found = Reconstruction(
            encoder,
            attackers=families,
            steps=self.steps,
            data_range=audit_lib.data_range(self.parts.test.data),
            seed=self.config.seed,
            repeats=0,
        ).run(release, self.parts.attacker, self.attacked)
        best = found.best
        return {
            "accuracy": self.accuracy(release, classify),
            "prior": prior(self.parts.test),
            "validation_accuracy": _accuracy(release, classify, self.held),
            "attack_error": best.mse,
            "attacker": best.attacker,
            "validation_error": best.validation_mse,
            "ceiling": found.label_only_error,
            "error_over_ceiling": best.mse / found.label_only_error,
            "mean_error": found.mean_error,
            "error_over_mean": best.mse / found.mean_error,
            "all_attackers": {one.attacker: one.mse for one in found.results},
        }

    def accuracy(self, release, classify):
        """On the whole test part."""
        return _accuracy(release, classify, self.parts.test)

    def own_decoder_error(self, model):
        """Error of the decoder that RAN was trained against."""
        data = self.attacked.data
        decoded = model.adversary.predict(
            releases.KerasRelease(model.client, self.config.seed)(data),
            batch_size=256,
            verbose=0,
        )
        decoded = decoded if isinstance(decoded, list) else [decoded]
        return min(metrics.mean_squared_error(data, one) for one in decoded)


def ran(config, directory, steps, families=FAMILIES):
    """RAN, trained and attacked."""
    model = train_lib.train(config, directory)
    bench = Bench(config, steps)
    release = releases.KerasRelease(model.client, config.seed)
    found = bench.measure(
        release, _predictor(model.server), model.client, families
    )
    found["own_decoder_error"] = bench.own_decoder_error(model)
    found["utility_weight"] = config.model.utility_weight
    return found


def feature_noise(config, model, factor, steps, families=FAMILIES):
    """RAN's features under Laplace noise of `factor` of their deviation."""
    from kprivacy.baselines import FeatureNoise

    bench = Bench(config, steps)
    release = FeatureNoise(
        model.client, bench.held.data, factor, config.seed
    )
    return bench.measure(
        release, _predictor(model.server), families=families
    )


def dnn(config, directory, steps, families=FAMILIES):
    """The undefended client and server of a config, and the class alone."""
    client, server = train_lib.undefended(config, directory).layers
    bench = Bench(config, steps)
    found = bench.measure(
        releases.KerasRelease(client), _predictor(server), client, families
    )

    def classify(data):
        return server.predict(client.predict(data, verbose=0), verbose=0)

    label = bench.measure(
        LabelOnly(classify),
        lambda sent: sent,
        families=("ridge", "class_posterior"),
    )
    return {"dnn": found, "label_only": label}


def noisy(config, trained_in, factor, steps, families=FAMILIES):
    """Laplace noise on the data: as the paper has it, and trained for it."""
    whole = train_lib.undefended(config, trained_in)
    bench = Bench(config, steps)
    release = Laplace(factor, config.seed)
    found = bench.measure(release, _predictor(whole), families=families)
    part = workdir.read_data(config, config.data.train_split)
    _adapt(whole, lambda data: Laplace(factor)(data), part, config)
    accuracy = bench.accuracy(Laplace(factor, config.seed), _predictor(whole))
    return {"noisy": found, "noisy_trained": {**found, "accuracy": accuracy}}


def resized(config, trained_in, factor, steps, families=FAMILIES):
    """PCA and Laplace noise on features: as published, and trained for it."""
    client, server = train_lib.undefended(config, trained_in).layers
    bench = Bench(config, steps)
    part = workdir.read_data(config, config.data.train_split)

    def release(seed):
        return ResizedDNN(client, part.data, factor=factor, seed=seed)

    sender = release(config.seed)

    def classify(sent):
        return server.predict(
            sender.restore(sent), batch_size=512, verbose=0
        )

    found = bench.measure(sender, classify, families=families)
    teacher = release(config.seed + 1)
    _adapt(server, lambda data: teacher.restore(teacher(data)), part, config)
    accuracy = bench.accuracy(sender, classify)
    return {
        "dnn_resized": found,
        "dnn_resized_trained": {**found, "accuracy": accuracy},
    }


def _adapt(model, noisily, part, config):
    """Trains a classifier further on what it will receive."""
    import keras

    from kprivacy import optimizers

    keras.utils.set_random_seed(config.seed)
    model.compile(
        keras.optimizers.Adam(config.utility_learning_rate / 2),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    optimizers.build(model)
    for _ in range(PASSES):
        model.fit(
            noisily(part.data),
            part.labels,
            batch_size=config.batch_size,
            verbose=0,
        )


def _predictor(model):
    return lambda sent: model.predict(sent, batch_size=512, verbose=0)


def _accuracy(release, classify, part):
    return releases.accuracy(classify, release, part.data, part.labels)
