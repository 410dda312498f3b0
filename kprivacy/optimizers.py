"""The optimizer of every config, and what all optimizers need."""

import keras


def adam(learning_rate, steps, cosine_decay=True, **options):
    """Adam, its rate decaying along a cosine to 2 % where that is asked for.

    Args:
        learning_rate: At the start.
        steps: Of the whole training.
        cosine_decay: Whether the rate decays.
        **options: Of `keras.optimizers.Adam`.
    """
    if cosine_decay:
        learning_rate = keras.optimizers.schedules.CosineDecay(
            learning_rate, steps, alpha=0.02
        )
    return keras.optimizers.Adam(learning_rate, **options)


def build(model):
    """Makes what the optimizer of a compiled, built model keeps.

    Made in the first step, it would have TensorFlow trace that twice.
    """
    model.optimizer.build(model.trainable_variables)
