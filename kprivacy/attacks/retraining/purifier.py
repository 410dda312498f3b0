"""A network that takes a protection off, learnt from leaked pairs."""

import dataclasses

import numpy as np

from kprivacy import errors
from kprivacy.data import pictures
from kprivacy.seeding import seeded

LEAST = 16


def purified(published, leaked, natural, steps=2000, width=32, seed=0):
    """What a purifier makes of published pictures.

    Args:
        published: `kprivacy.data.Arrays` of pictures in [0, 1], all of them.
        leaked: Protected pictures that the trainer also has as they were.
        natural: Those, in the same order.
        steps: Gradient steps of 64 pairs.
        width: Of the purifier.
        seed: Of weights and orders.

    Returns:
        `Arrays`, at the levels of 8 bits.

    Raises:
        UserError: Pairs are few, or are not pairs; parts are no pictures of
            one shape in [0, 1]; there are no steps.
    """
    import keras

    from kprivacy import networks, optimizers

    errors.check_count("steps", steps)
    errors.check_count("width", width)
    pictures.check_same(leaked=leaked, natural=natural)
    pictures.check(published=published, leaked=leaked)
    if len(leaked) < LEAST:
        raise errors.UserError(
            f"`leaked` and `natural` must be at least {LEAST} pairs. "
            f"Received: {len(leaked)}."
        )
    shape = published.data.shape[1:]
    with seeded(seed):
        body = networks.residual_decoder(
            shape, shape, width, output_activation=None
        )
    # It learns what is to be taken away, from nothing.
    last = next(
        layer for layer in reversed(body.layers) if layer.get_weights()
    )
    last.set_weights([np.zeros_like(one) for one in last.get_weights()])
    cleaned = keras.layers.Add()([body.inputs[0], body.outputs[0]])
    model = keras.Model(body.inputs[0], cleaned)
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(1e-3, steps)
        ),
        loss="mse",
    )
    optimizers.build(model)
    order = np.random.default_rng(seed)
    rows = np.concatenate([
        order.permutation(len(leaked))
        for _ in range(-(-steps * 64 // len(leaked)))
    ])[: steps * 64]
    for where in rows.reshape(steps, 64):
        model.train_on_batch(leaked.data[where], natural.data[where])
    found = model.predict(published.data, batch_size=500, verbose=0)
    levels = np.rint(np.clip(found, 0, 1) * 255)
    return dataclasses.replace(
        published, data=(levels / 255).astype(np.float32)
    )
