"""Train steps a second of a game in one of its three forms."""

import time

import numpy as np

from benchmarks import games

FORMS = ("ours", "bare", "torch")
# Ways to run ours: attributes of the model, and its precision.
OPTIONS = {
    "one_step": ({"steps_per_execution": 1}, "float32"),
    "ten_steps": ({"steps_per_execution": 10}, "float32"),
    "xla": ({"jit_compile": True}, "float32"),
    "bfloat16": ({}, "mixed_bfloat16"),
}
# Batches that are gone through, and how often that is timed.
STEPS, REPEATS = 40, 5


def measure(name, form, steps=STEPS, repeats=REPEATS):
    """Steps a second, the median of repeats.

    Args:
        name: Of a game.
        form: Of `FORMS`.
        steps: Batches that are gone through at once.
        repeats: How often that is timed.
    """
    game = games.build(name)
    run = {"ours": _ours, "bare": _bare, "torch": _torch}[form](game, steps)
    return _timed(run, steps, repeats)


def option(name, choice, steps=STEPS, repeats=REPEATS):
    """Likewise ours, run in another way.

    Args:
        name: Of a game.
        choice: Of `OPTIONS`.
        steps, repeats: As for `measure`.
    """
    import keras

    attributes, precision = OPTIONS[choice]
    keras.config.set_dtype_policy(precision)
    game = games.build(name)
    return _timed(_ours(game, steps, attributes), steps, repeats)


def _timed(run, steps, repeats):
    run()
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    return steps / float(np.median(seconds))


def _dataset(game, steps):
    import tensorflow as tf

    one = tf.data.Dataset.from_tensors(game.examples)
    return one.repeat(steps).prefetch(2)


def _ours(game, steps, attributes=()):
    model, dataset = game.ours(), _dataset(game, steps)
    for name, value in dict(attributes).items():
        setattr(model, name, value)
    return lambda: model.fit(dataset, verbose=0, shuffle=False)


def _bare(game, steps):
    import tensorflow as tf

    step, variables, optimizers = game.bare(tf)
    for optimizer, held in zip(optimizers, variables):
        optimizer.build(held)
    compiled, dataset = tf.function(step), _dataset(game, steps)

    def run():
        for batch in dataset:
            loss = compiled(*batch)
        return float(loss)

    return run


def _torch(game, steps):
    train, batch = plain(game)

    def run():
        for _ in range(steps):
            loss = train(*batch)
        return float(loss.detach())

    return run


def plain(game):
    """A game's train step in PyTorch, and its batch as tensors."""
    import torch

    from benchmarks.translated import translated

    nets = [translated(one).train() for one in game.models.values()]

    def adam(sides):
        parameters = [p for one in sides for p in one.parameters()]
        optimizer = torch.optim.Adam(parameters, games.RATE, eps=1e-7)

        def step(loss):
            gradients = torch.autograd.grad(loss, parameters)
            for parameter, gradient in zip(parameters, gradients):
                parameter.grad = gradient
            optimizer.step()

        return step

    batch = [torch.from_numpy(one) for one in game.examples]
    batch = [one if one.is_floating_point() else one.long() for one in batch]
    return game.plain(torch, nets, adam), batch
