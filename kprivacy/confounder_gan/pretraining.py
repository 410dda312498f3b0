"""The generator's way down learns the labels before its noise does.

What writes a label into noise has to know it. Left to the game the generator
learns to classify through a fixed network that looks at noise, which takes
most of the epochs; here its smallest maps learn it directly.
"""

import keras

from kprivacy import optimizers


class LabelPretraining(keras.callbacks.Callback):
    """Trains the generator's way down to tell the labels, before epoch 0.

    A linear head on the mean of its smallest maps is trained with it by the
    cross entropy, and left out afterwards. A training that resumes after
    epoch 0 does not repeat it.

    Args:
        dataset: `tf.data.Dataset` of (pictures, labels).
        num_classes: Number of classes.
        epochs: Passes.
        learning_rate: Adam's at the start; it decays along a cosine.
    """

    def __init__(self, dataset, num_classes, epochs, learning_rate=1e-3):
        super().__init__()
        self._dataset, self._num_classes = dataset, num_classes
        self._epochs, self._learning_rate = epochs, learning_rate

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            return
        client = self.model.client
        x = client.get_layer("up_conv1").input
        x = keras.layers.GlobalAveragePooling2D()(x)
        x = keras.layers.Dense(self._num_classes)(x)
        told = keras.Model(client.inputs[0], x)
        steps = self._epochs * int(self._dataset.cardinality())
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        told.compile(optimizers.adam(self._learning_rate, steps), loss)
        optimizers.build(told)
        told.fit(
            self._dataset, epochs=self._epochs, shuffle=False, verbose=0
        )
