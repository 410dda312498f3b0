"""ConfounderGAN: the generator on the phone, for pictures of several sizes."""

import dataclasses

import numpy as np

from kprivacy import metrics, workdir
from kprivacy.attacks import repeated_retraining
from kprivacy.data.pictures import levels

from ..parts import Client
from . import method

# Sides, in pixels, beside that of the training.
SIDES = (64, 128, 224)
# The unauthorised trainer of the report. In fewer epochs what he reaches is
# a matter of chance: it falls steeply while he learns the noise.
TRAINER = {"network": "resnet18", "width": 16, "augmentation": "flip+crop",
           "epochs": 15}
PICTURES = 10_000
# Trainers of what is published: where it protects, one alone may stand a few
# points off.
TRAINERS = 3
FEW = 1000  # pictures, of which one trainer has to do


class Method(method.Method):
    """Utility is SSIM, the attack the accuracy of an unauthorised trainer."""

    sides = SIDES

    def __init__(self, *args):
        super().__init__(*args)
        self._train = self._test = None

    def clients(self):
        model = self.model.client
        data = method.calibration(self._read()[0].data)
        found = {}
        for side in (None, *self.sides):
            seen = data if side is None else _resized(data[:50], side)
            height, width = seen.shape[1:3]
            name = "client" if side is None else f"client_{height}x{width}"
            found[name] = Client(
                model, "protect", {"image": "image"}, ("protected", "image"),
                (seen,), bound=levels(self.config.client.bound),
            )
        return found

    def test_inputs(self, count):
        return [self._read()[1].data[:count]]

    def measure_keras(self):
        def send(data):
            return self.model.client.predict(data, batch_size=500, verbose=0)

        natural = self._learnt(self._read()[0].data, 1)
        return self._measures(send, natural.mean["accuracy"])

    def measure(self, content, client, server):
        return self._measures(
            method.sender(content, client),
            self.before()["attack"]["undefended"],
        )

    def _measures(self, send, undefended):
        train, test = self._read()
        protected = send(train.data)
        change = np.abs(protected - train.data).max()
        trainers = TRAINERS if len(train) >= FEW else 1
        learnt = self._learnt(protected, trainers)
        return method.measures(
            {"name": "SSIM", "value": metrics.ssim(train.data, protected),
             "psnr": metrics.psnr(train.data, protected),
             "linf": int(np.rint(255 * change)), "undefended": 1.0},
            {"name": "accuracy of an unauthorised trainer",
             "value": learnt.mean["accuracy"], "protects": "low",
             "attacker": "mean of {trainers} {network}, {epochs} epochs".format(
                 trainers=trainers, **TRAINER
             ),
             "std": learnt.std["accuracy"], "trainers": trainers,
             "blind": 1 / train.num_classes, "undefended": undefended,
             "tested": len(test)},
        )

    def _learnt(self, data, trainers):
        train, test = self._read()
        published = dataclasses.replace(
            train, data=np.asarray(data, np.float32)
        )
        first = self.config.seed
        return repeated_retraining(
            published, test, seeds=range(first, first + trainers), **TRAINER
        )

    def _read(self):
        if self._train is None:
            self._train, self._test = (
                workdir.read_data(self.config, split).take(slice(0, PICTURES))
                for split in (self.config.data.train_split,
                              self.config.data.test_split)
            )
        return self._train, self._test


def _resized(images, side):
    """Square pictures of a side, on the levels of bytes."""
    from PIL import Image

    sent = []
    for image in np.rint(images * 255).astype(np.uint8):
        plane = image[..., 0] if image.shape[-1] == 1 else image
        large = Image.fromarray(plane).resize((side, side), Image.BICUBIC)
        sent.append(np.asarray(large).reshape(side, side, image.shape[-1]))
    return np.stack(sent).astype(np.float32) / 255
