"""What trainers make of published pictures who know more than others."""

import dataclasses

import numpy as np

from kprivacy import baselines, errors
from kprivacy.data import pictures


def without_noise(published, client, rounds=5):
    """What is left when who has the very generator takes its noise off.

    Solves x' = x + G(x) for x by x := x' - G(x), from x' on.

    Args:
        published: `kprivacy.data.Arrays` of protected pictures, (examples,
            height, width, channels) in [0, 1].
        client: `keras.Model` that protected them, from pictures to protected
            ones.
        rounds: How often.

    Returns:
        `Arrays`, at the levels of 8 bits.

    Raises:
        UserError: `published` are no pictures in [0, 1], or of another shape
            than the client's; there are no rounds.
    """
    errors.check_count("rounds", rounds)
    pictures.check(published=published)
    wanted, shape = client.input_shape[1:], published.data.shape[1:]
    if not pictures.fits(wanted, shape):
        raise errors.UserError(
            f"`client` must take pictures of shape {shape}. Received: one for "
            f"{tuple(wanted)}."
        )
    guess = published
    for _ in range(rounds):
        again = client.predict(guess.data, batch_size=500, verbose=0)
        guess = baselines.published(published, guess.data - again)
    return guess


def noise_alone(published, natural):
    """The noise on pictures of grey: whether it tells the classes.

    Args:
        published: `kprivacy.data.Arrays` of protected pictures in [0, 1].
        natural: `Arrays` of the same, as they were.

    Returns:
        `Arrays` with the labels of `published`, at the levels of 8 bits.

    Raises:
        UserError: They are not the same pictures, in [0, 1] and in one order.
    """
    pictures.check_same(published=published, natural=natural)
    noise = published.data - natural.data
    grey = np.full_like(noise, 128 / 255)
    return baselines.published(
        dataclasses.replace(published, data=grey), noise
    )
