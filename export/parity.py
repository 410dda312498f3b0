"""How far a .tflite file is from its Keras client, and how fast it is."""

import time

import numpy as np

from kprivacy.releases import TFLiteModel

from .parts import BYTES

STEPS = 255


def measure(client, file, inputs, scale=None, zero_point=None):
    """Compares a file with its Keras client in quanta of the wire.

    What Keras gives is brought to the wire's scale and rounded, as an exact
    client would send it. A quantum of what travels as float32 is a 255th of
    its range.

    Args:
        client: `export.parts.Client`.
        file: `TFLiteModel` of its file.
        inputs: float32 arrays, one an input; whole bytes of what travels so.
        scale: Of the wire.
        zero_point: Of the wire.

    Returns:
        A dict of `mean_quanta` and `max_quanta`, the difference, and
        `exact`, the share of numbers that differ by less than a half.
    """
    inputs = on_the_wire(client, inputs)
    wanted = client.model.predict(
        client.given(inputs), batch_size=256, verbose=0
    ).astype(np.float64)
    sent = file(client.named(inputs)).astype(np.float64)
    if scale is None:
        apart = np.abs(wanted - sent) * STEPS / max(np.ptp(wanted), 1e-9)
    else:
        quanta = np.clip(np.rint(wanted / scale) + zero_point, 0, STEPS)
        apart = np.abs(quanta - sent)
    return {
        "mean_quanta": float(apart.mean()),
        "max_quanta": float(apart.max()),
        "exact": float((apart < 0.5).mean()),
    }


def on_the_wire(client, inputs):
    """Inputs as they are in whole bytes, where they travel so."""
    return [
        np.rint(np.asarray(one) * 255.0).astype(np.float32) / 255
        if kind in BYTES else np.asarray(one, np.float32)
        for kind, one in zip(client.inputs.values(), inputs)
    ]


def latency(content, signature, inputs, runs=200, seconds=2.0):
    """Milliseconds of one call on this machine, at 1 and at 2 threads.

    What Python does to hand arrays over is in it: 2 or 3 microseconds.

    Args:
        content: Bytes of the file.
        signature: Of the file.
        inputs: Name to an array with a batch of one, as the file takes it.
        runs: Calls that are timed, at most.
        seconds: After which no further call is timed.

    Returns:
        A dict: "threads_1" and "threads_2", each of p50 and p90.
    """
    found = {}
    for threads in (1, 2):
        file = TFLiteModel(content, signature, threads)
        file.run(inputs)
        times, end = [], time.perf_counter() + seconds
        while len(times) < runs and (not times or time.perf_counter() < end):
            begin = time.perf_counter()
            file.run(inputs)
            times.append(1e3 * (time.perf_counter() - begin))
        found[f"threads_{threads}"] = {
            "p50": float(np.percentile(times, 50)),
            "p90": float(np.percentile(times, 90)),
        }
    return found
