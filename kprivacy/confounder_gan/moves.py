"""What happens to noise when somebody augments the picture around it."""

import keras
from keras import ops


def moved(noise, shift, hidden, generator):
    """Noise shifted, mirrored and covered at random.

    What moves in from outside, and what is covered, is zero, as in a picture
    that is padded with black.

    Args:
        noise: (batch, height, width, channels).
        shift: Largest shift, in its size; with one above 0 half of the batch
            is mirrored as well.
        hidden: Share of the batch in which a square of half a side is zero.
        generator: A `keras.random.SeedGenerator`.
    """
    count, height, width = ops.shape(noise)[:3]
    draws = keras.random.uniform((count, 6), seed=generator)
    if shift:
        for axis, size, equation in (
            (0, height, "noi,nihc->nohc"), (1, width, "noi,nhic->nhoc")
        ):
            grid = ops.arange(size, dtype=noise.dtype)
            most = shift * ops.cast(size, noise.dtype)
            step = ops.round((2 * draws[:, axis, None] - 1) * most)
            places = grid + step
            if axis:
                turned = draws[:, 2, None] < 0.5
                last = ops.cast(size, noise.dtype) - 1
                places = ops.where(turned, last - places, places)
            chosen = ops.cast(places[:, :, None] == grid, noise.dtype)
            noise = ops.einsum(equation, chosen, noise)
    if hidden:
        near = [
            ops.abs(
                ops.arange(size, dtype=noise.dtype) + 0.5
                - draws[:, which, None] * ops.cast(size, noise.dtype)
            ) <= ops.cast(size, noise.dtype) / 4
            for which, size in ((3, height), (4, width))
        ]
        covered = near[0][:, :, None] & near[1][:, None, :]
        covered = covered & (draws[:, 5, None, None] < hidden)
        noise = ops.where(covered[..., None], 0.0, noise)
    return noise
