"""Laplace noise at a given accuracy: the reference row that RAN has to beat.

One classifier of the undefended architecture is trained on images under
noise of every scale up to `LARGEST`; then the largest scale is sought at
which it is still as accurate as the defence to be compared with.
"""

import numpy as np

from kprivacy import audit_lib, files, metrics, train_lib, workdir
from kprivacy.attacks import Reconstruction
from kprivacy.baselines import Laplace

LARGEST = 0.5
HALVINGS = 8


def at_accuracy(config, directory, target):
    """Finds the scale, attacks it, and keeps what was found in a file.

    Args:
        config: The config whose data, network and epochs are used.
        directory: Where classifier and result are kept.
        target: Test accuracy to match.

    Returns:
        A dict with `scale`, `accuracy`, `attack_error`, `attacker`.
    """
    path = directory / "laplace.json"
    if path.exists():
        return files.read_json(path)
    classifier = _classifier(config, directory)
    parts = audit_lib.Parts(config)
    low, high = 0.0, LARGEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        reached = _accuracy(classifier, parts.test, middle, config.seed)
        low, high = (middle, high) if reached >= target else (low, middle)
    results = Reconstruction(
        steps=config.attack.steps, seed=config.seed
    ).run(Laplace(low, config.seed), parts.attacker, parts.test)
    found = {
        "scale": low,
        "accuracy": _accuracy(classifier, parts.test, low, config.seed),
        "attack_error": results.best.mse,
        "attacker": results.best.attacker,
        "noise_error": metrics.mean_squared_error(
            parts.test.data, Laplace(low, config.seed)(parts.test.data)
        ),
        "reconstruction": results.to_dict(),
    }
    files.write_json(path, found)
    return found


def _accuracy(classifier, test, scale, seed):
    noisy = Laplace(scale, seed)(test.data)
    outputs = classifier.predict(noisy, batch_size=512, verbose=0)
    return float(np.mean(outputs.argmax(axis=-1) == test.labels))


def _classifier(config, directory):
    """A classifier trained under noise of scales from 0 to `LARGEST`."""
    import keras

    path = directory / "laplace.keras"
    if path.exists():
        return keras.saving.load_model(path)
    part = workdir.read_data(config, config.data.train_split)
    model = train_lib.plain_classifier(config, part)
    dataset = train_lib.batches(config, part).map(_with_noise)
    model.fit(dataset, epochs=config.epochs, shuffle=False, verbose=0)
    directory.mkdir(parents=True, exist_ok=True)
    train_lib.save(model, path)
    return model


def _with_noise(images, labels):
    import tensorflow as tf

    shape = tf.shape(images)
    scale = tf.random.uniform((shape[0], 1, 1, 1), 0.0, LARGEST)
    # The difference of two exponential variables is Laplace's.
    first = tf.math.log(tf.random.uniform(shape, 1e-7, 1.0))
    second = tf.math.log(tf.random.uniform(shape, 1e-7, 1.0))
    return images + scale * (first - second), labels
