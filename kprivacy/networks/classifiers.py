"""Whole classifiers of images by their names: victims and surrogates."""

import keras
from keras import layers

from kprivacy import errors
from kprivacy.networks.blocks import STEMS
from kprivacy.networks.densenet import densenet
from kprivacy.networks.lenet import lenet
from kprivacy.networks.mlp import mlp
from kprivacy.networks.resnet import MOMENTUM, resnet
from kprivacy.networks.vgg import vgg

NAMES = ("resnet18", "resnet50", "vgg11", "densenet121", "lenet", "mlp")


def classifier(
    input_shape,
    num_classes,
    network="resnet18",
    width=64,
    stem="cifar",
    name="classifier",
):
    """Builds a classifier of images to logits.

    Its input is named `image`, of "mlp" `features`.

    Args:
        input_shape: (height, width, channels), without the batch.
        num_classes: Number of classes.
        network: One of `NAMES`.
        width: Filters of the first layers; 64 is the original of the
            ResNets, VGG and DenseNet. Everything else is in proportion:
            "lenet" of 64 has 32 and 64 filters and a dense layer of 512,
            "mlp" 1024 and 512 units.
        stem: "cifar" or "imagenet", for pictures of 224 x 224: of
            "resnet18", "resnet50" and "densenet121" how they begin, see
            `blocks.stem`; of "vgg11" how it ends, in the mean of its maps and
            one dense layer or in three with dropout. "lenet" and "mlp" have
            one form.
        name: Name of the model.

    Returns:
        A functional `keras.Model`; its output is float32 under every policy.

    Raises:
        UserError: The network is unknown, or the shape does not fit it.
    """
    check(network, width, stem)
    errors.check_count("num_classes", num_classes, 2)
    if network == "mlp":
        units = (16 * width, 8 * width)
        return mlp(tuple(input_shape), units, num_classes, name=name)
    body = _body(tuple(input_shape), network, width, stem)
    x = body.output
    if network == "vgg11" and stem == "imagenet":
        x = layers.Flatten(name="flatten")(x)
        for i in (1, 2):
            x = layers.Dense(
                64 * width, activation="relu", name=f"dense{i}"
            )(x)
            x = layers.Dropout(0.5, name=f"dropout{i}")(x)
    elif network == "lenet":
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(8 * width, activation="relu", name="dense")(x)
    else:
        x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dense(num_classes, dtype="float32", name="logits")(x)
    return keras.Model(body.input, x, name=name)


def check(network, width, stem):
    """Raises unless there is such a network, whatever its pictures.

    Args:
        network: As for `classifier`.
        width: Likewise.
        stem: Likewise.
    """
    errors.check_choice("network", network, NAMES)
    errors.check_count("width", width, 8)
    errors.check_choice("stem", stem, STEMS)


def _body(shape, network, width, stem):
    if network == "resnet18":
        return resnet(shape, width=width, stem=stem)
    if network == "resnet50":
        return resnet(shape, (3, 4, 6, 3), True, width, stem)
    if network == "densenet121":
        return densenet(shape, growth=width // 2, stem=stem)
    if network == "vgg11":
        filters = tuple(width * n for n in (1, 2, 4, 8, 8))
        return vgg(shape, filters, (1, 1, 2, 2, 2), momentum=MOMENTUM)
    body = lenet(shape, (width // 2, width))
    for layer in body.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = MOMENTUM
    return body
