"""Earlier fakes for the discriminator, as CycleGAN keeps them."""

import keras
from keras import ops


class ImagePool(keras.layers.Layer):
    """Hands out earlier fakes in place of half of the new ones.

    Each place of the pool is used at most once a batch: with even odds its
    fake goes out and the new one stays in its place. Empty places are filled
    first. The fakes are weights, so that a resumed training finds them.

    Args:
        size: Places, 50 in CycleGAN.
        shape: Of a fake, without the batch.
        generator: A `keras.random.SeedGenerator`.

    Reference: Shrivastava et al., Learning from simulated and unsupervised
    images through adversarial training, 2017.
    """

    def __init__(self, size, shape, generator, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self.size = size
        self._generator = generator
        self.fakes = self._places((size, *shape), "fakes")
        self.filled = self._places((size,), "filled")

    def _places(self, shape, name):
        # Replicas keep what the first one saw.
        return self.add_weight(
            shape, "zeros", "float32", trainable=False, name=name,
            aggregation="only_first_replica",
        )

    def exchange(self, fakes):
        """Returns a batch of new and earlier fakes; keeps some new ones."""
        fakes = ops.stop_gradient(fakes)
        count = ops.minimum(ops.shape(fakes)[0], self.size)
        order = keras.random.uniform((self.size,), seed=self._generator)
        # Empty places first, those that are filled after them.
        places = ops.argsort(order + self.filled)[:count]
        new, rest = fakes[:count], fakes[count:]
        draw = keras.random.uniform((self.size,), seed=self._generator)
        old = ops.take(self.fakes, places, axis=0)
        held = ops.take(self.filled, places, axis=0) > 0
        swap = ops.logical_and(held, draw[:count] < 0.5)
        swap = ops.reshape(swap, (-1,) + (1,) * (len(fakes.shape) - 1))
        keep = ops.logical_or(swap, ops.reshape(~held, ops.shape(swap)))
        index = places[:, None]
        self.fakes.assign(
            ops.scatter_update(self.fakes, index, ops.where(keep, new, old))
        )
        self.filled.assign(
            ops.scatter_update(
                self.filled, index, ops.ones_like(draw[:count])
            )
        )
        return ops.concatenate([ops.where(swap, old, new), rest], axis=0)
