"""RAN: the encoder on the phone, the classifier on the server."""

from kprivacy import audit_lib, files, workdir
from kprivacy.attacks import Reconstruction, ReconstructionResults
from kprivacy.releases import TFLiteRelease, accuracy

from ..parts import Client, Server
from . import method

# What a client has to be attacked by: others stay away from some.
EVERYWHERE = set(Reconstruction.NAMES) - {"averaging", "mirror", "white_box"}


class Method(method.Method):
    """Utility is the server's accuracy, the attack a reconstruction's error."""

    def __init__(self, *args):
        super().__init__(*args)
        self._parts = None

    def clients(self):
        model = self.model.client
        train = workdir.read_data(self.config, self.config.data.train_split)
        examples = [method.calibration(train.data)]
        inputs = {}
        for one in model.inputs:
            kind = "noise" if one.name == "noise" else (
                method.KINDS[len(one.shape) - 1]
            )
            inputs[one.name] = kind
        for one in model.inputs[1:]:
            examples.append(method.noise(one.shape[1:], len(examples[0])))
        return {"client": Client(
            model, "encode", inputs, ("features", "features"),
            tuple(examples), train.scaling,
        )}

    def server(self):
        model = self.model.server
        names = method.class_names(self.config) or [
            str(i) for i in range(model.output_shape[-1])
        ]
        return Server(
            model, "classify", {"features": "features"},
            {"probabilities": "probabilities"},
            {"probabilities": list(names)},
        )

    def test_inputs(self, count):
        data = self._read().test.data[:count]
        return [data] + [
            method.noise(one.shape[1:], len(data), 1)
            for one in self.model.client.inputs[1:]
        ]

    def before(self):
        """The audit's, if it is of this client by all attackers, or anew."""
        usual = self.directory / "audit"
        own = usual / "export"
        for folder in (usual, own):
            held = self._audited(folder / "audit.json")
            if held is not None:
                break
        else:
            # What somebody else has asked for stays.
            options = audit_lib.Options(
                output_dir=str(own) if (usual / "audit.json").exists()
                else None
            )
            held, _ = audit_lib.audit(self.directory, options=options)
        found = ReconstructionResults.from_dict(held["reconstruction"])
        return self._measures(
            held["accuracy"], found, held["undefended_accuracy"]
        )

    def _audited(self, path):
        """A report, or None if it is of another client or fewer attackers."""
        if not path.exists():
            return None
        held = files.read_json(path)
        model = files.sha256(self.directory / "model.keras")
        attackers = {
            one["attacker"] for one in held["reconstruction"]["results"]
        }
        wanted = self.config.attack.attackers or EVERYWHERE
        known = held["released"]["sha256"] == model
        return held if known and attackers.issuperset(wanted) else None

    def measure(self, content, client, server):
        release = TFLiteRelease(content, client.signature, self.config.seed)
        parts = self._read()
        before = self.before()
        found = audit_lib.reconstruction(
            self.config, self.model.client, parts
        ).run(
            release, parts.attacker, parts.test,
            before["attack"]["undefended"],
        )
        right = accuracy(
            lambda sent: server(sent)["probabilities"], release,
            parts.test.data, parts.test.labels,
        )
        return self._measures(right, found, before["utility"]["undefended"])

    def _measures(self, right, found, undefended):
        return method.measures(
            {"name": "accuracy", "value": float(right),
             "undefended": float(undefended)},
            {"name": "reconstruction error", "value": found.best.mse,
             "protects": "high", "attacker": found.best.attacker,
             "undefended": found.undefended_error,
             "blind": found.label_only_error,
             "reconstruction": found.to_dict()},
        )

    def _read(self):
        if self._parts is None:
            self._parts = audit_lib.Parts(self.config)
        return self._parts
