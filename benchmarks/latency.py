"""Milliseconds a call of a client's .tflite, int8 beside float32."""

import time

import numpy as np

from kprivacy.releases import TFLiteModel

CALLS, REPEATS = 50, 9


def clients():
    """Name to a function that builds it; all convolutional at 32 x 32."""
    from kprivacy import confounder_gan, fakesafe, gap, ran

    image = (32, 32, 3)
    return {
        "conv:ran": lambda: (
            ran.build_client(image, "alexnet", bottleneck=64), "encode",
            "features"),
        "conv:gap": lambda: (
            gap.build_client(image, filters=(32, 64, 128)), "release",
            "image"),
        "conv:fakesafe": lambda: (
            fakesafe.build_client(
                image, image, network="convolutional", filters=(128, 64)),
            "fake", "image"),
        "conv:confounder_gan": lambda: (
            confounder_gan.build_client(image, filters=(32, 64, 128, 128)),
            "protect", "image"),
        "dense:gap": lambda: (
            gap.build_client((64,), "dense", units=(256, 128), code=32),
            "release", "vector"),
        "dense:fakesafe": lambda: (
            fakesafe.build_client((28, 28, 1), (28, 28, 1)), "fake", "image"),
    }


def measure(name, quantization):
    """Of a file: milliseconds a call, bytes, and products that are summed."""
    import keras

    from export import opened
    from export.conversion import convert_all
    from export.parts import Client

    keras.utils.set_random_seed(0)
    model, signature, out = clients()[name]()
    shape = model.input_shape[1:]
    kind = "image" if len(shape) == 3 else "vector"
    generator = np.random.default_rng(0)
    examples = generator.random((64, *shape), np.float32)
    client = Client(
        model, signature, {"data": kind}, ("sent", out), (examples,)
    )
    made, failed = convert_all({"client": client}, [quantization], None)
    if failed:
        raise RuntimeError(failed)
    content = made["client", quantization]
    file = TFLiteModel(content, signature)
    (detail,) = file.inputs.values()
    given = {"data": (255 * examples[:1]).astype(np.uint8)
             if detail["dtype"] == np.uint8 else examples[:1]}
    file.run(given)
    products = opened.multiply_adds(opened.without_delegates(content))
    return 1e3 * median_of(lambda: file.run(given)), len(content), products


def median_of(call, calls=CALLS, repeats=REPEATS):
    """Seconds a call, the median of means of so many calls."""
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        for _ in range(calls):
            call()
        seconds.append((time.perf_counter() - begin) / calls)
    return float(np.median(seconds))


def gigaflops():
    """What a core reaches in multiplying matrices of float32, in GFLOP/s.

    By TensorFlow: NumPy's library may not know the processor.
    """
    import tensorflow as tf

    a = tf.constant(
        np.random.default_rng(0).random((1024, 1024), np.float32)
    )
    seconds = median_of(lambda: tf.linalg.matmul(a, a).numpy(), 3, 9)
    return 2 * 1024**3 / seconds / 1e9
