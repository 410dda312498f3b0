"""GAP: the channel on the phone, the public attributes' heads on the server."""

import numpy as np

from kprivacy import workdir
from kprivacy.errors import UserError
from kprivacy.experiments import gap_bench
from kprivacy.releases import random_bytes

from ..parts import Client, Server
from . import method


class Method(method.Method):
    """Utility is what is kept, the attack the private attribute's accuracy.

    Kept is the mean accuracy of fresh classifiers of the public attributes,
    or without any the share of the data's variance.
    """

    def __init__(self, *args):
        super().__init__(*args)
        self._parts = None

    def clients(self):
        if self.config.sees_private:
            raise UserError(
                "A channel that sees the private attribute is for "
                "experiments on known optima: a phone that is told it needs "
                "no network to hide it. Received: a training with "
                "`sees_private`. Train without."
            )
        model = self.model.client
        train = workdir.read_data(self.config, self.config.data.train_split)
        data = method.calibration(train.data)
        kind = method.KINDS[data.ndim - 1]
        kinds = {"data": kind, "noise": "noise"}
        inputs = {one.name: kinds[one.name] for one in model.inputs}
        return {"client": Client(
            model, "release", inputs, ("released", kind),
            tuple(self._inputs(data, 0)), train.scaling,
        )}

    def server(self):
        model = self.model.server
        if model is None:
            return None
        kind = method.KINDS[len(model.input_shape) - 1]
        outputs, labels = {}, {}
        for name, head in model.output.items():
            count = head.shape[-1]
            outputs[name] = "probabilities" if count > 1 else "value"
            if count > 1:
                labels[name] = self.class_names(name)
        return Server(model, "predict", {"released": kind}, outputs, labels)

    def class_names(self, name):
        """Names of the classes of an attribute of the config."""
        one = self._read().known[name]
        return one.class_names(method.class_names(self.config, one.name))

    def test_inputs(self, count):
        test = self._read().test.take(slice(0, count))
        return self._inputs(test.data, 1)

    def measure_keras(self):
        release = gap_bench.release_of(self.model.client, self.config.seed)
        return self._measures(release, self._undefended())

    def measure(self, content, client, server):
        send = method.sender(content, client)
        generator = np.random.default_rng(self.config.seed)
        shapes = [one.shape[1:] for one in client.model.inputs
                  if one.name == "noise"]

        def release(data):
            drawn = [random_bytes(generator, (len(data), *shape))
                     for shape in shapes]
            return send(np.asarray(data), *drawn)

        undefended = {
            key: one["undefended"] for key, one in self.before().items()
        }
        return self._measures(release, undefended)

    def _undefended(self):
        found = self._found(gap_bench.undefended)
        return {"utility": self._kept(found), "attack": _private(found)[1]}

    def _measures(self, release, undefended):
        found = self._found(release)
        name, value, blind = _private(found)
        counted = {}
        if "attacker_accuracy" in found:
            counted["tested"] = len(self._read().test)
        return method.measures(
            {"name": self._kept_name(), "value": self._kept(found),
             "undefended": undefended["utility"]},
            {"name": name, "value": value, "protects": "low",
             "attacker": found["attacker"], "blind": blind,
             "undefended": undefended["attack"], **counted},
        )

    def _found(self, release):
        return gap_bench.measure(
            self.config, release, self._read(), self.config.seed
        )

    def _kept_name(self):
        if not self.config.public:
            return "share of the variance that is kept"
        return "accuracy on the public attributes"

    def _kept(self, found):
        public = [found[f"public_{name}"] for name in self.config.public]
        if public:
            return float(np.mean(public))
        data = self._read().test.data
        return 1 - found["distortion"] / float(np.var(data, dtype=float))

    def _inputs(self, data, seed):
        """Data, and what else the channel takes."""
        return [
            data if one.name == "data"
            else method.noise(one.shape[1:], len(data), seed)
            for one in self.model.client.inputs
        ]

    def _read(self):
        if self._parts is None:
            self._parts = gap_bench.Parts.of(self.config)
        return self._parts


def _private(found):
    """Name, value and blind value of what attackers get."""
    if "attacker_accuracy" in found:
        return ("accuracy on the private attribute",
                found["attacker_accuracy"], found["prior"])
    return "share of the private value's variance", found["explained"], 0.0
