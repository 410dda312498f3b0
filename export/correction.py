"""Takes out of an int8 client the error that is the same for every input.

Rounding weights and activations shifts what the last layer computes by a
constant, which its batch normalisation, or its bias, can take back.

Reference: the bias correction of Nagel et al., Data-free quantization through
weight equalization and bias correction, 2019, with measured means.
"""

import numpy as np

from kprivacy.releases import TFLiteModel

from . import parity


def correct(client, model, content, convert, examples):
    """Converts a client anew with the mean error of its features taken out.

    Args:
        client: `export.parts.Client`.
        model: The client's, or one of the same function. Only one of a single
            input that ends in batch normalisation or a dense layer and a
            sigmoid can be corrected, others keep their file.
        content: Its int8 file.
        convert: Function from a Keras model to the content of its file.
        examples: float32 arrays, one an input, to measure the error on.

    Returns:
        The corrected file, or `content` where that is closer to Keras.
    """
    if not _has_last_offset(model):
        return content
    (data,) = parity.on_the_wire(client, examples)
    file = TFLiteModel(content, client.signature)
    (detail,) = file.outputs.values()
    scale, zero_point = detail["quantization"]
    sent = file(client.named([data])).astype(np.float64) - zero_point
    wanted = client.model.predict(data, verbose=0).astype(np.float64)
    shift = np.median(_logit(wanted) - _logit(sent * scale), axis=0)
    corrected = type(model).from_config(model.get_config())
    corrected.set_weights(model.get_weights())
    last = corrected.layers[-2]
    offset = last.bias if hasattr(last, "bias") else last.beta
    offset.assign_add(shift.astype(np.float32))
    candidate = convert(corrected)
    errors = [
        parity.measure(
            client, TFLiteModel(one, client.signature), [data], scale,
            zero_point,
        )
        for one in (content, candidate)
    ]
    better = errors[1]["mean_quanta"] < errors[0]["mean_quanta"]
    return candidate if better else content


def _has_last_offset(model):
    """Whether the final sigmoid reads numbers with an offset of their own."""
    if len(model.inputs) > 1:
        return False
    last, activation = model.layers[-2:]
    has = {
        "BatchNormalization": getattr(last, "center", False),
        "Dense": getattr(last, "use_bias", False),
    }
    function = getattr(activation, "activation", None)
    return has.get(type(last).__name__, False) and (
        getattr(function, "__name__", None) == "sigmoid"
    )


def _logit(values):
    values = np.clip(values, 1 / 512, 1 - 1 / 512)
    return np.log(values / (1 - values))
