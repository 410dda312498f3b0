"""GAP's adversary: what infers the private attribute in training."""

import keras
from keras import layers

from kprivacy import errors, networks
from kprivacy.networks import blocks, strided


def build_adversary(
    client,
    outputs,
    network="default",
    units=(128,),
    filters=(32, 64, 64),
    dropout=0.0,
    critic=False,
    augmented=False,
    linear=False,
):
    """Builds the discriminator of the released data.

    Args:
        client: The channel, whose release it takes.
        outputs: Number of private classes, at least 2, or 1 for a real
            value. A critic of two classes has one output.
        network: "convolutional", strided, on images and signals; "vgg", with
            batch normalisation, pooling, and a mean over places, likewise;
            or "mlp". "default" is the first where it fits.
        units: Widths of the dense layers.
        filters: Of the convolutions; "vgg" has one, then two of each width.
        dropout: Share of the last layer's inputs dropped in training.
        critic: Whether outputs are bounded to [-1, 1], as Equation 4 needs,
            by tanh; otherwise they are logits or values.
        augmented: Whether it sees images mirrored and shifted in training,
            as a fresh attacker may.
        linear: Whether a linear function of the release is added to the
            scores: what networks overlook, a regression may find.

    Returns:
        A functional `keras.Model` named "adversary".
    """
    errors.check_count("outputs", outputs)
    errors.check_choice(
        "network", network, ("default", "convolutional", "vgg", "mlp")
    )
    shape = tuple(client.output_shape[1:])
    inputs = x = keras.Input(shape, name="released")
    maps = len(shape) > 1
    if network in ("convolutional", "vgg") and not maps:
        raise errors.UserError(
            f"The network {network!r} takes images or signals. Received: "
            f"a release of shape {shape}. Use 'mlp'."
        )
    if augmented:
        x = _moved(x)
    if network == "mlp" or not maps:
        x = layers.Flatten()(x) if maps else x
    elif network == "vgg":
        convolutions = (1, *(2,) * (len(filters) - 1))
        body = networks.vgg(shape, filters, convolutions, momentum=0.9)
        x = layers.GlobalAveragePooling2D()(strided.as_maps(body(x)))
    else:
        x = strided.down(strided.as_maps(x), filters, normalise=False)
    for count in units:
        x = layers.Dense(count, activation="leaky_relu")(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    count = 1 if critic and outputs == 2 else outputs
    x = layers.Dense(count, dtype="float32", name="scores")(x)
    if linear:
        straight = layers.Flatten()(inputs) if maps else inputs
        straight = layers.Dense(count, dtype="float32", name="linear")(straight)
        x = layers.Add(dtype="float32")([x, straight])
    if critic:
        x = layers.Activation("tanh", dtype="float32", name="bounded")(x)
    return keras.Model(inputs, x, name="adversary")


def _moved(x):
    if len(x.shape) != 4:
        raise errors.UserError(
            "`augmented` is for images. Received: a release of shape "
            f"{tuple(x.shape[1:])}."
        )
    return blocks.moved(x)
