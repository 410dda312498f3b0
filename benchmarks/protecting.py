"""Pictures a second: the generator alone, and folders of photographs."""

import pathlib
import tempfile
import time

import numpy as np

from benchmarks.latency import median_of

SIDE, BATCH = 32, 256
# Of the photographs: how many, and their size.
COUNT, SIZE = 24, (768, 1024)


def client(shape=(None, None, 3)):
    """The generator of the configs, untrained, with noise of some size."""
    import keras

    from kprivacy.confounder_gan import build_client

    keras.utils.set_random_seed(0)
    model = build_client(shape, filters=(32, 64, 128, 128))
    last = model.get_layer("up_detail")
    generator = np.random.default_rng(0)
    last.set_weights([
        generator.normal(0, 1, one.shape) for one in last.get_weights()
    ])
    return model


def _pictures():
    generator = np.random.default_rng(0)
    return generator.random((BATCH, SIDE, SIDE, 3), np.float32)


def ours():
    """Small pictures a second by Keras, as `predict_on_batch` gives them."""
    model, images = client((SIDE, SIDE, 3)), _pictures()
    model.predict_on_batch(images)
    return BATCH / median_of(lambda: model.predict_on_batch(images), 4, 5)


def plain():
    """Likewise by PyTorch, as an inference of the same network."""
    import torch

    from benchmarks.translated import translated

    net = translated(client((SIDE, SIDE, 3))).eval()
    images = torch.from_numpy(_pictures())
    with torch.inference_mode():
        net(images)
        return BATCH / median_of(lambda: net(images), 4, 5)


def emn():
    """Pictures a second that get EMN's noise, from the start to its end.

    The public recipe: ten steps of the surrogate, then twenty down the loss
    for every picture, in turns, until the surrogate errs on 1 % at most.
    """
    from kprivacy import baselines, data
    from kprivacy.baselines.emn import ENOUGH

    count = 512
    generator = np.random.default_rng(0)
    natural = data.Arrays(
        generator.random((count, SIDE, SIDE, 3), np.float32),
        generator.integers(0, 10, count).astype(np.int32), 10,
    )
    begin = time.perf_counter()
    _, wrong = baselines.error_minimising(
        natural, 8 / 255, False, "resnet18", 16
    )
    if wrong[-1] > ENOUGH:
        raise RuntimeError(f"EMN has not ended: it errs on {wrong[-1]:.1%}.")
    return count / (time.perf_counter() - begin)


def stages():
    """Photographs a second from file to file, and each stage's share."""
    from kprivacy.photos import Generator, picture, report

    generator = Generator(client())
    shares = dict.fromkeys(("decode", "noise", "encode", "measure"), 0.0)
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        _photographs(folder)
        names = sorted(folder.glob("*.png"))
        generator(picture.read(names[0]).colours)
        begin = time.perf_counter()
        for path in names:
            clock = _Clock(shares)
            original = picture.read(path)
            clock.end("decode")
            sent = original.with_colours(generator(original.colours))
            clock.end("noise")
            path.with_suffix(".out.png").write_bytes(picture.encoded(sent))
            clock.end("encode")
            again = picture.read(path.with_suffix(".out.png"))
            report.measure(original, again)
            clock.end("measure")
        seconds = time.perf_counter() - begin
    whole = sum(shares.values())
    return {
        "photographs_per_second": COUNT / seconds,
        "megapixels_per_second": COUNT * SIZE[0] * SIZE[1] / seconds / 1e6,
        **{f"share_{name}": one / whole for name, one in shares.items()},
    }


class _Clock:
    def __init__(self, shares):
        self._shares, self._begin = shares, time.perf_counter()

    def end(self, name):
        now = time.perf_counter()
        self._shares[name] += now - self._begin
        self._begin = now


def _photographs(folder):
    """Smooth pictures, as photographs compress."""
    from PIL import Image

    generator = np.random.default_rng(0)
    for index in range(COUNT):
        small = generator.integers(0, 256, (24, 32, 3), np.uint8)
        image = Image.fromarray(small).resize(SIZE[::-1], Image.BICUBIC)
        image.save(folder / f"{index:03}.png")
