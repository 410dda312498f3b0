"""What happens to noise when somebody augments or washes the picture."""

import keras
from keras import ops

# Of red, green and blue in the luminance, Rec. 601.
LUMINANCE = (0.299, 0.587, 0.114)


def augmented(noise, grey, blurred, shift, hidden, generator):
    """Noise as `washed`, then `moved`; see there."""
    if grey or blurred:
        noise = washed(noise, grey, blurred, generator)
    if shift or hidden:
        noise = moved(noise, shift, hidden, generator)
    return noise


def washed(noise, grey, blurred, generator):
    """Noise as it is left in pictures that were made grey, or blurred.

    Args:
        noise: (batch, height, width, channels).
        grey: Share of the batch of which the luminance alone is left; of
            noise of three channels.
        blurred: Share of the batch that is averaged over 3 x 3 pixels, as
            compression and smaller sizes do it.
        generator: A `keras.random.SeedGenerator`.
    """
    draws = keras.random.uniform((ops.shape(noise)[0], 2), seed=generator)
    draws = ops.cast(draws, noise.dtype)[:, None, None]
    if grey and noise.shape[-1] == 3:
        weights = ops.convert_to_tensor(LUMINANCE, noise.dtype)
        luminance = ops.sum(noise * weights, axis=-1, keepdims=True)
        noise = ops.where(draws[..., :1] < grey, luminance, noise)
    if blurred:
        mean = ops.average_pool(noise, 3, strides=1, padding="same")
        noise = ops.where(draws[..., 1:] < blurred, mean, noise)
    return noise


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
