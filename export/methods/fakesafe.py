"""FakeSafe: F on the sender's phone, R where it is read."""

import dataclasses

import numpy as np

from kprivacy.attacks import AttributeInference
from kprivacy.data import Arrays
from kprivacy.experiments import fakesafe_bench
from kprivacy.fakesafe import domains, keys
from kprivacy.fakesafe.covers import have_room, needed_room, takes_cover
from kprivacy.fakesafe.sides import predict
from kprivacy.text.codec import has_codec, load_codec

from .. import mixed, texts
from ..parts import Client, Server
from . import method

EFFORT = dataclasses.replace(fakesafe_bench.FULL, tested=5000)
# Passes of whoever judges, over sets of so many; of smaller ones more.
EPOCHS, MANY = 3, 20_000
# Messages that whoever guesses their class learns from.
KNOWN = 5000
PROBES = ("logistic_regression", "mlp")
# Fakes of each message that he sees where messages are few.
TIMES = 8


def often(arrays, count):
    """Arrays over and over, as often as `count` examples hold them.

    Keys and covers differ from one time to the next.
    """
    times = max(1, count // len(arrays))
    return arrays.take(np.tile(np.arange(len(arrays)), times))


class Method(method.Method):
    """Utility is F1 of what is recovered, the attack the class of a fake."""

    def __init__(self, *args):
        super().__init__(*args)
        smoke = len(self._part("test", 65)) < 65
        self._effort = fakesafe_bench.SMOKE if smoke else EFFORT
        if not smoke and len(self._part("defender", MANY)) == MANY:
            self._effort = dataclasses.replace(EFFORT, epochs=EPOCHS)
        self._steps = 12 if smoke else 300

    def clients(self):
        model = mixed.on_levels(self.model.client)
        inputs = {}
        for one in model.inputs:
            if one.name == "source":
                inputs["source"] = method.KINDS[len(one.shape) - 1]
            else:
                inputs[one.name] = one.name
        kind = method.KINDS[len(model.output_shape) - 1]
        train = domains.read(
            self.config.source, self.config.source.train_split
        )
        data = method.calibration(train.data)
        fake = Client(
            model, "fake", inputs, ("fake", kind),
            tuple(self._inputs(data, 0)),
            room=needed_room(model) if takes_cover(model) else None,
        )
        encoder = texts.encoder(self.codec())
        return {"client": fake, **({"encoder": encoder} if encoder else {})}

    def codec(self):
        folder = self.directory / "client"
        return load_codec(folder) if has_codec(folder) else None

    def server(self):
        model = mixed.on_levels(self.model.server)
        ends = [method.KINDS[len(shape) - 1]
                for shape in (model.inputs[0].shape, model.output_shape)]
        inputs = {"fake": ends[0]}
        if keys.key_bits(model):
            inputs["key"] = "key"
        return Server(model, "recover", inputs, {"recovered": ends[1]})

    def test_inputs(self, count):
        return self._inputs(self._part("test", count).data, 1)

    def measure_keras(self):
        def send(data, pads, covers):
            fakes = predict(self.model.client, data, pads, covers)
            return np.rint(fakes * 255) / 255 if fakes.ndim == 4 else fakes

        def recover(fakes, pads):
            return predict(self.model.server, fakes, pads)

        return self._measures(send, recover)

    def measure(self, content, client, server):
        run = method.sender(content, client, decoded=True)

        def send(data, pads, covers):
            given = {"key": pads, "cover": covers}
            return run(*(given.get(one, data) for one in client.inputs))

        def recover(fakes, pads):
            sent = fakes
            if client.output[1] == "image":
                sent = np.rint(fakes * 255).astype(np.uint8)
            more = [] if pads is None else [(pads * 255).astype(np.uint8)]
            return server(sent, *more)["recovered"]

        return self._measures(send, recover)

    def _measures(self, send, recover):
        judge = fakesafe_bench.recovery(
            self.config.source, self.directory / "audit" / "classifiers",
            self._effort,
        )
        test = self._part("test", self._effort.tested)
        arrays = self._given(test.data, 1)
        fakes = send(test.data, *arrays)
        found = judge(
            test.data, test.labels, recover(fakes, arrays[0])
        ).to_dict()
        known = self._part("defender", min(KNOWN, 4 * len(test)))
        known = often(known, min(KNOWN, TIMES * len(known)))
        asked = test
        if keys.key_bits(self.model.client):
            asked = often(test, self._effort.tested)
        if len(asked) > len(test):
            fakes = send(asked.data, *self._given(asked.data, 3))
        attack = AttributeInference(PROBES, self._steps, self.config.seed)
        told = attack.run(
            lambda sent: sent,
            Arrays(send(known.data, *self._given(known.data, 2)),
                   known.labels, known.num_classes),
            Arrays(fakes, asked.labels, asked.num_classes),
            "label",
        )
        return method.measures(
            {"name": "F1 of what is recovered", "value": found["f1"],
             "mse": found["mse"], "undefended": found["f1_real"]},
            {"name": "accuracy on the message's class",
             "value": told.best.accuracy, "protects": "low",
             "attacker": told.best.attacker, "blind": told.prior,
             "undefended": found["f1_real"], "tested": len(asked)},
        )

    def _part(self, split, most):
        source = self.config.source
        split = source.test_split if split == "test" else split
        return fakesafe_bench.part(source, split, most)

    def _inputs(self, data, seed):
        """Messages, and the pads and covers of the client's inputs."""
        pads, covers = self._given(data, seed)
        given = {"key": pads, "cover": covers}
        return [given.get(one.name, np.asarray(data, np.float32))
                for one in self.model.client.inputs]

    def _given(self, data, seed):
        """Pads and covers for messages; None where there are none."""
        client, pads, covers = self.model.client, None, None
        generator = np.random.default_rng(seed)
        bits = keys.key_bits(client)
        if bits:
            pads = generator.integers(0, 2, (len(data), bits)).astype("f4")
        if takes_cover(client):
            target = self.config.target
            held = domains.read(target, target.train_split).data
            # In another order each time, or covers would tell the messages.
            order = generator.permutation(len(held))
            held = held[order[: 3 * len(data) + 100]]
            held = held[have_room(client, held)]
            # Measures may use a cover twice, messages must not.
            covers = np.resize(held, (len(data), *held.shape[1:]))
        return pads, covers
