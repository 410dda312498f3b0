"""How far a .tflite file is from its Keras client, and how fast it is."""

import time

import numpy as np

from kprivacy.releases import KerasRelease, random_bytes


def measure(client, release, data, scale, zero_point, seed=0):
    """Compares a .tflite with its Keras client in quanta of the wire.

    Keras' features are brought to the wire's scale and rounded, as an exact
    client would send them; both get the same noise.

    Args:
        client: The Keras client.
        release: The `TFLiteRelease` of the file.
        data: float32 examples.
        scale: Of the wire.
        zero_point: Of the wire.
        seed: Of the noise.

    Returns:
        A dict of `mean_quanta` and `max_quanta`, the difference, and
        `exact`, the share of equal bytes.
    """
    generator = np.random.default_rng(seed)
    noise = [
        random_bytes(generator, (len(data), *tensor.shape[1:]))
        for tensor in client.inputs[1:]
    ]
    # Both get pixels that are whole bytes: the wire knows no others.
    if np.ndim(data) == 4:
        data = np.rint(data * 255.0) / 255.0
    features = KerasRelease(client).encode(data, *noise)
    quanta = np.rint(features.astype(np.float64) / scale) + zero_point
    sent = release.encode(data, *noise)
    difference = np.abs(np.clip(quanta, 0, 255) - sent)
    return {
        "mean_quanta": float(difference.mean()),
        "max_quanta": float(difference.max()),
        "exact": float((difference == 0).mean()),
    }


def latency(release, example, runs=200):
    """Median milliseconds of one call, one thread, on this machine."""
    release(example)
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        release(example)
        times.append(time.perf_counter() - begin)
    return float(np.median(times) * 1e3)
