"""The multi-layer perceptron, as a classifier and as a decoder."""

import math

import keras
from keras import layers


def mlp(input_shape, units, outputs, dropout=0.0, name="mlp"):
    """Builds a multi-layer perceptron with ReLU between its layers.

    Args:
        input_shape: Shape of the features without the batch; flattened.
        units: Widths of the hidden layers; may be empty.
        outputs: Width of the last layer, which has no activation (logits).
        dropout: Share of the inputs of the last layer dropped in training.
        name: Name of the model.

    Returns:
        A functional `keras.Model`; its output is float32 under every policy.
    """
    inputs = keras.Input(input_shape, name="features")
    x = inputs if len(input_shape) == 1 else layers.Flatten()(inputs)
    for count in units:
        x = layers.Dense(count, activation="relu")(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    x = layers.Dense(outputs, dtype="float32", name="logits")(x)
    return keras.Model(inputs, x, name=name)


def mlp_decoder(
    input_shape,
    output_shape,
    units=(512, 512),
    output_activation="sigmoid",
    name="mlp_decoder",
):
    """Builds a perceptron that decodes features to data.

    Args:
        input_shape: Shape of the features without the batch; flattened.
        output_shape: Shape of the data without the batch.
        units: Widths of the hidden layers.
        output_activation: "sigmoid" for images in [0, 1], None for signals.
        name: Name of the model.

    Returns:
        A functional `keras.Model` from features to `output_shape`.
    """
    body = mlp(input_shape, units, math.prod(output_shape))
    x = layers.Activation(output_activation or "linear", dtype="float32")(
        body.output
    )
    x = layers.Reshape(output_shape)(x)
    return keras.Model(body.input, x, name=name)
