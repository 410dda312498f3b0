"""The generator as a Keras layer, for models and `tf.data`."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("kprivacy")
class Protect(keras.layers.Layer):
    """Protects batches of pictures.

    Args:
        client: Of `kprivacy.confounder_gan.build_client`. A copy is taken,
            whose weights stand still.

    Call arguments: uint8 pixels, or floats in [0, 1], shape (batch, height,
    width, channels). What comes back is of the same type.

    Example:

    >>> protect = kprivacy.photos.Protect(model.client)
    >>> published = dataset.batch(64).map(lambda x, y: (protect(x), y))
    """

    def __init__(self, client, **kwargs):
        # Pixels stay what they are.
        super().__init__(**{"autocast": False, **kwargs})
        self.client = keras.models.clone_model(client)
        self.client.set_weights(client.get_weights())
        self.trainable = False

    def call(self, inputs):
        kind = keras.backend.standardize_dtype(inputs.dtype)
        pixels = ops.cast(inputs, "float32")
        if kind == "uint8":
            pixels = pixels / 255.0
        sent = self.client(pixels, training=False)
        if kind == "uint8":
            sent = ops.round(255.0 * sent)
        return ops.cast(sent, kind)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def get_config(self):
        client = keras.saving.serialize_keras_object(self.client)
        return {**super().get_config(), "client": client}

    @classmethod
    def from_config(cls, config):
        client = keras.saving.deserialize_keras_object(config.pop("client"))
        return cls(client, **config)
