"""Takes out of an int8 client the error that is the same for every input.

Rounding weights and activations shifts what the last layer computes by a
constant, which its batch normalisation can take back.

Reference: the bias correction of Nagel et al., Data-free quantization through
weight equalization and bias correction, 2019, with measured means.
"""

import numpy as np

from kprivacy.releases import KerasRelease, TFLiteRelease

from . import parity


def correct(client, content, convert, data):
    """Converts a client anew with the mean error of its features taken out.

    Args:
        client: The Keras client. Only one that ends in batch normalisation
            and a sigmoid can be corrected, others keep their file.
        content: Its int8 file.
        convert: Function from a client to the content of its file.
        data: float32 examples to measure the error on.

    Returns:
        The corrected file, or `content` where that is closer to Keras.
    """
    norm = _last_norm(client)
    if norm is None:
        return content
    release = TFLiteRelease(content)
    (detail,) = release.outputs.values()
    scale, zero_point = detail["quantization"]
    sent = (release(data).astype(np.float64) - zero_point) * scale
    wanted = _logit(KerasRelease(client)(data).astype(np.float64))
    shift = np.median(wanted - _logit(sent), axis=0)
    corrected = type(client).from_config(client.get_config())
    corrected.set_weights(client.get_weights())
    beta = corrected.get_layer(norm.name).beta
    beta.assign_add(shift.astype(np.float32))
    candidate = convert(corrected)
    errors = [
        parity.measure(client, TFLiteRelease(one), data, scale, zero_point)
        for one in (content, candidate)
    ]
    better = errors[1]["mean_quanta"] < errors[0]["mean_quanta"]
    return candidate if better else content


def _last_norm(client):
    """The batch normalisation that the final sigmoid reads, or None."""
    if len(client.inputs) > 1:
        return None
    norm, activation = client.layers[-2:]
    ends = (
        type(norm).__name__ == "BatchNormalization"
        and getattr(activation, "activation", None) is not None
        and activation.activation.__name__ == "sigmoid"
    )
    return norm if ends else None


def _logit(values):
    values = np.clip(values, 1 / 512, 1 - 1 / 512)
    return np.log(values / (1 - values))
