"""Laplace noise at a given accuracy: the reference row that RAN has to beat.

The undefended classifier is fine-tuned, one pass each, on images under more
and more noise. The most noise at which it is still as accurate on validation
data as the defence to be compared with, within `SLACK`, is then attacked.
"""

import numpy as np

from kprivacy import (
    audit_lib,
    files,
    metrics,
    releases,
    train_lib,
    workdir,
)
from kprivacy.attacks import Reconstruction
from kprivacy.baselines import Laplace

SCALES = (0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4)
SLACK = 0.002


def at_accuracy(config, directory, model):
    """Finds the scale, attacks it, and keeps what was found in a file.

    Args:
        config: The config whose data, network and attack are used.
        directory: A working directory with an audit; the result is kept in
            its folder laplace.
        model: The trained model whose accuracy is to be matched.

    Returns:
        A dict with `scale`, `accuracy` on the test part, `attack_error`,
        `attacker`, and `reached`: whether even the least noise was as
        accurate.
    """
    path = directory / "laplace" / "laplace.json"
    if path.exists():
        return files.read_json(path)
    parts = audit_lib.Parts(config)
    held = workdir.read_data(config, config.data.validation_split)
    release = releases.KerasRelease(model.client, config.seed)
    target = audit_lib.accuracy(model.server, release, held) - SLACK
    scale, reached, test_accuracy = _most_noise(
        config, directory, held, parts.test, target
    )
    noisy = Laplace(scale, config.seed)
    results = Reconstruction(
        steps=config.attack.steps,
        attackers=config.attack.attackers or None,
        seed=config.seed,
    ).run(noisy, parts.attacker, parts.test)
    found = {
        "scale": scale,
        "reached": reached,
        "accuracy": test_accuracy,
        "attack_error": results.best.mse,
        "attacker": results.best.attacker,
        "noise_error": metrics.mean_squared_error(
            parts.test.data, noisy(parts.test.data)
        ),
        "reconstruction": results.to_dict(),
    }
    files.write_json(path, found)
    return found


def _most_noise(config, directory, held, test, target):
    """The largest scale that keeps `target`, and the test accuracy there."""
    import keras

    from kprivacy import optimizers

    classifier = train_lib.undefended(config, directory)
    classifier.compile(
        keras.optimizers.Adam(config.utility_learning_rate / 5),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    optimizers.build(classifier)
    best = None
    for scale in SCALES:
        generator = np.random.default_rng(config.seed)
        dataset = workdir.read_batches(config, config.data.train_split)
        dataset = dataset.map(_adder(scale))
        classifier.fit(dataset, epochs=1, shuffle=False, verbose=0)
        reached = _accuracy(classifier, held, scale, generator) >= target
        if best is None or reached:
            accuracy = _accuracy(classifier, test, scale, generator)
            best = scale, reached, accuracy
        if not reached:
            break
    return best


def _accuracy(classifier, part, scale, generator):
    noisy = Laplace(scale, generator)(part.data)
    outputs = classifier.predict(noisy, batch_size=512, verbose=0)
    return float(np.mean(outputs.argmax(axis=-1) == part.labels))


def _adder(scale):
    """A function that puts Laplace noise on a batch of a dataset."""
    import tensorflow as tf

    def add(images, labels):
        # The difference of two exponential variables is Laplace's.
        first, second = (
            tf.math.log(tf.random.uniform(tf.shape(images), 1e-7, 1.0))
            for _ in range(2)
        )
        return images + scale * (first - second), labels

    return add
