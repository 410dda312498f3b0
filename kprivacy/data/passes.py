"""Orders that a seed alone decides."""


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
