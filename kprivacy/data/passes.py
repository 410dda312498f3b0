"""Orders that a seed alone decides, and batches in them."""

import math


def order(size, count, seed):
    """`count` indices below `size`: shuffled passes, one after another.

    Args:
        size: Of the set.
        count: Indices wanted.
        seed: Pair of integers, as TensorFlow's stateless functions take it.

    Returns:
        An int32 tensor (count,).
    """
    import tensorflow as tf

    passes = -(-count // size)
    keys = tf.random.stateless_uniform((passes, size), seed)
    return tf.reshape(tf.argsort(keys, axis=1), [-1])[:count]


def untuned(dataset):
    """A dataset that TensorFlow does not tune while it is read.

    At the end of a pass TensorFlow 2.21 may wait for the tuner's next turn,
    and there are ever longer pauses between its turns, as long as a pass
    itself. Ours have nothing that it would have to tune.

    Args:
        dataset: A `tf.data.Dataset`.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def side_by_side(sets, shapes, seed=0, shuffle=True):
    """Batches of several sets, each in an order of its own.

    A set that is too short for an epoch is repeated, in a new order. Orders
    are drawn anew each epoch, by (seed, epoch) alone.

    Args:
        sets: Arrays of the same length in any structure, for each set.
        shapes: For each set (batches, ...), how its examples are laid out;
            as many batches for all.
        seed: Of the orders.
        shuffle: Whether there is a new order each epoch; if not, that of the
            first one is kept.

    Returns:
        A `tf.data.Dataset` of tuples, a structure for each set, with the
        variable `next_epoch`.
    """
    import tensorflow as tf

    tensors = [tf.nest.map_structure(tf.constant, one) for one in sets]
    sizes = [len(tf.nest.flatten(one)[0]) for one in tensors]
    next_epoch = tf.Variable(0, dtype=tf.int64, trainable=False)

    def orders(_):
        step = int(shuffle)
        epoch = next_epoch.assign_add(step) - step
        seeds = tf.random.experimental.stateless_split(
            [seed, epoch], len(sizes)
        )
        return tuple(
            tf.reshape(order(size, math.prod(shape), seeds[i]), shape)
            for i, (size, shape) in enumerate(zip(sizes, shapes))
        )

    def batch(*indices):
        return tuple(
            tf.nest.map_structure(lambda x: tf.gather(x, which), one)
            for one, which in zip(tensors, indices)
        )

    dataset = (
        tf.data.Dataset.range(1)
        .map(orders)
        .flat_map(lambda *all_: tf.data.Dataset.from_tensor_slices(all_))
        .map(batch)
        .prefetch(2)
    )
    dataset = untuned(dataset.apply(
        tf.data.experimental.assert_cardinality(shapes[0][0])
    ))
    dataset.next_epoch = next_epoch
    return dataset
