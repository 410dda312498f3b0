"""tf.data batches whose order is a function of (seed, epoch) alone."""

import tensorflow as tf


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
    dataset = (
        indices.batch(batch_size)
        .map(lambda i: (tf.gather(data, i), tf.gather(labels, i)))
        .apply(tf.data.experimental.assert_cardinality(
            -(-len(part) // batch_size)))
        .prefetch(tf.data.AUTOTUNE)
    )
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
