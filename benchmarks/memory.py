"""Peak memory of a process, and how it grows with what it works on."""

import pathlib
import resource
import tempfile

import numpy as np


def peak():
    """Of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def training(examples):
    """Peak MB of training RAN for an epoch on a stream of so many images."""
    import tensorflow as tf

    from benchmarks import games

    def one(index):
        generator = np.random.default_rng(int(index))
        return (generator.random((28, 28, 1), np.float32),
                np.int32(index % 10))

    game = games.build("ran")
    dataset = tf.data.Dataset.range(examples).map(
        lambda index: tf.numpy_function(one, [index], (tf.float32, tf.int32))
    ).map(lambda x, y: (tf.ensure_shape(x, (28, 28, 1)),
                        tf.ensure_shape(y, ()))).batch(games.BATCH, True)
    model = game.ours()
    model.fit(dataset, verbose=0, shuffle=False)
    return peak()


def protecting(count, side):
    """Peak MB of protecting so many pictures of a side."""
    from benchmarks.protecting import client
    from kprivacy.photos import run

    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        pictures(folder / "in", count, side)
        run.protect(client(), folder / "in", folder / "out")
    return peak()


def pictures(folder, count, side):
    """Writes so many pictures of a side."""
    from PIL import Image

    folder.mkdir()
    generator = np.random.default_rng(0)
    for index in range(count):
        pixels = generator.integers(0, 256, (side, side, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:06}.png",
                                     compress_level=1)
