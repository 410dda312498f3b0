"""tf.data batches whose order is a function of (seed, epoch) alone."""

import numpy as np
import tensorflow as tf

from kprivacy.data import passes

# Of encoded images: about half a gigabyte of ImageNet.
SHUFFLE_BUFFER = 4096
BLOCKS = 16


def batches(part, batch_size, seed, shuffle):
    """Batches an `Arrays` for `fit` or `evaluate`.

    A shuffled dataset has an attribute `next_epoch`, a `tf.Variable` that
    says which epoch's order the next pass takes; each pass adds one.
    """
    indices = tf.data.Dataset.range(len(part))
    next_epoch = None
    if shuffle:
        next_epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        indices = _shuffled(len(part), seed, next_epoch)
    data, labels = tf.constant(part.data), tf.constant(part.labels)
    dataset = indices.batch(batch_size).map(
        lambda i: (tf.gather(data, i), tf.gather(labels, i))
    )
    return _finished(dataset, len(part), batch_size, next_epoch)


def stream(source, split, indices, classes, batch_size, seed, shuffle):
    """Batches images as they are read; the contract is that of `batches`.

    The order of an epoch is that of `BLOCKS` stretches of the part merged at
    random, then of windows of `SHUFFLE_BUFFER` encoded images shuffled: less
    than a shuffle of the whole part, and no more in memory than that.

    Args:
        source: A source that `streams`.
        split: Of the source.
        indices: Ascending indices in that split.
        classes: `kprivacy.data.labels.Classes`.
        batch_size: Examples a batch.
        seed: Of the order.
        shuffle: Whether there is an order for each epoch.
    """
    next_epoch = None
    indices = np.sort(indices)
    if shuffle:
        next_epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        # Stretches with gaps are found by reading from the beginning.
        gapless = indices[-1] - indices[0] + 1 == len(indices)
        count = BLOCKS if source.in_blocks and gapless else 1
        blocks = np.array_split(indices, min(count, len(indices)))
        records = _merged(
            [source.records(split, block) for block in blocks],
            [len(block) for block in blocks],
            seed,
            next_epoch,
        )
    else:
        records = source.records(split, indices)

    def ready(encoded, features):
        image, _ = source.decode(encoded, features)
        label = _label(features[classes.name], classes.values)
        return tf.cast(image, tf.float32) / 255.0, label

    dataset = records.map(ready, tf.data.AUTOTUNE).batch(batch_size)
    return _finished(dataset, len(indices), batch_size, next_epoch)


def _finished(dataset, count, batch_size, next_epoch):
    dataset = passes.untuned(dataset.apply(
        tf.data.experimental.assert_cardinality(-(-count // batch_size))
    ).prefetch(2))
    dataset.next_epoch = next_epoch
    return dataset


def _shuffled(count, seed, next_epoch):
    def order(_):
        epoch = next_epoch.assign_add(1) - 1
        shuffled = tf.random.experimental.stateless_shuffle(
            tf.range(count, dtype=tf.int64),
            seed=tf.stack([tf.constant(seed, tf.int64), epoch]),
        )
        return tf.data.Dataset.from_tensor_slices(shuffled)

    return tf.data.Dataset.range(1).flat_map(order)


def _label(feature, values):
    """The class of an example, int32."""
    if values is not None:
        feature = tf.cast(feature, tf.int64)[None]
        feature = tf.searchsorted(tf.constant(values, tf.int64), feature)[0]
    return tf.cast(feature, tf.int32)


def _merged(blocks, sizes, seed, next_epoch):
    """One pass over all blocks, in the order of the next epoch."""

    def order(_):
        epoch = next_epoch.assign_add(1) - 1
        seeds = tf.stack([tf.constant(seed, tf.int64), epoch])
        which = tf.repeat(tf.range(len(sizes), dtype=tf.int64), sizes)
        which = _permuted(which, seeds, 0)
        merged = tf.data.Dataset.choose_from_datasets(
            blocks,
            tf.data.Dataset.from_tensor_slices(which),
            stop_on_empty_dataset=False,
        )
        return (
            merged.batch(SHUFFLE_BUFFER)
            .enumerate(1)
            .map(lambda i, window: _window(window, seeds, i))
            .unbatch()
        )

    return tf.data.Dataset.range(1).flat_map(order)


def _window(window, seeds, number):
    order = _permuted(tf.range(tf.shape(window[0])[0]), seeds, number)
    return tf.nest.map_structure(lambda x: tf.gather(x, order), window)


def _permuted(values, seeds, number):
    """`values` in an order that is a function of the seeds and a number."""
    folded = tf.random.experimental.stateless_fold_in(
        seeds, tf.cast(number, tf.int64)
    )
    return tf.random.experimental.stateless_shuffle(values, seed=folded)
