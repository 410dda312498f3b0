"""The generator as a Keras layer, for models and `tf.data`."""

import keras
import numpy as np
from keras import ops

from kprivacy.errors import UserError
from kprivacy.photos.generator import bound_of


@keras.saving.register_keras_serializable("kprivacy")
class Protect(keras.layers.Layer):
    """Protects batches of pictures, each as a whole.

    What files need, `kprivacy.photos.Generator` and `kprivacy.protect` do:
    there are no tiles here, so memory grows with the pictures; channels are
    the client's, and neither alpha nor 16 bits are known; nothing is measured,
    and nothing opened again. The bound holds for uint8, and for floats that
    are levels of a byte over 255.

    Args:
        client: Of `kprivacy.confounder_gan.build_client`. A copy is taken,
            whose weights stand still.

    Call arguments: uint8 pixels, or floats in [0, 1], shape (batch, height,
    width, channels). What comes back is of the same type; floats are whole
    levels over 255.

    Raises:
        UserError: The client is none, or the pictures have another shape;
            the numbers are of another type, or floats outside [0, 1].
            Inside `tf.data` and compiled functions floats cannot be looked
            at: there, what is above 1 comes out as 1.

    Example:

    >>> client = keras.saving.load_model("W/client/client.keras")
    >>> protect = kprivacy.photos.Protect(client)
    >>> published = dataset.batch(64).map(lambda x, y: (protect(x), y))
    """

    def __init__(self, client, **kwargs):
        # Pixels stay what they are.
        super().__init__(**{"autocast": False, **kwargs})
        bound_of(client)
        self.client = keras.models.clone_model(client)
        self.client.set_weights(client.get_weights())
        self.trainable = False

    def call(self, inputs):
        kind = self._kind(inputs)
        _check_range(inputs, kind)
        pixels = ops.cast(inputs, "float32")
        if kind == "uint8":
            pixels = pixels / 255.0
        sent = self.client(pixels, training=False)
        if kind == "uint8":
            sent = ops.round(255.0 * sent)
        return ops.cast(sent, kind)

    def compute_output_spec(self, inputs):
        self._kind(inputs)
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def _kind(self, inputs):
        """The type of the numbers; raises where they are no such pictures."""
        channels, shape = self.client.input_shape[-1], tuple(inputs.shape)
        if len(shape) != 4 or shape[3] not in (channels, None):
            raise UserError(
                "`Protect` takes batches of pictures, shape (batch, height, "
                f"width, {channels}). Received: {shape}. Batch a dataset "
                "before its `map`, or convert the colours."
            )
        return _kind(inputs)

    def get_config(self):
        client = keras.saving.serialize_keras_object(self.client)
        return {**super().get_config(), "client": client}

    @classmethod
    def from_config(cls, config):
        client = keras.saving.deserialize_keras_object(config.pop("client"))
        return cls(client, **config)


def _kind(inputs):
    """The type of the numbers; raises where pixels have another."""
    kind = keras.backend.standardize_dtype(inputs.dtype)
    if kind != "uint8" and not keras.backend.is_float_dtype(kind):
        raise UserError(
            "`Protect` takes uint8 pixels, or floats in [0, 1]. Received: "
            f"{kind}. Cast 0 to 255 to uint8."
        )
    return kind


def _check_range(inputs, kind):
    """Raises where floats are no pixels, if they can be looked at."""
    if kind == "uint8" or not hasattr(inputs, "numpy"):
        return
    values = np.asarray(inputs.numpy(), np.float32)
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise UserError(
            "`Protect` takes floats in [0, 1]. Received: numbers from "
            f"{values.min():g} to {values.max():g}. Divide 0 to 255 by 255, or "
            "cast them to uint8."
        )
