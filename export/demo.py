"""Makes what the demo page needs beside a bundle.

    python -m export.demo --workdir=W --bundle=B --output_dir=O

writes .tflite files that play the other parts in the browser (the server, and
whoever attacks), samples of the test data, and demo.json, which names them.
Whoever attacks is trained here, on the attacker's part of the data and on what
the bundle's own client.tflite sends. demo.json has the SHA-256 of each file,
and beside each part is its answer to the bundle's golden pair: the page and
`export.android` check them (`export.demo_check`).
"""

import dataclasses
import pathlib

import numpy as np
from absl import app, flags

from kprivacy import files, program, workdir
from kprivacy.releases import TFLiteModel, to_wire

from . import contract as contract_lib
from . import conversion, demo_check, golden, methods
from .parts import BYTES, Client

_WORKDIR = flags.DEFINE_string("workdir", None, "Of the bundle's training.")
_BUNDLE = flags.DEFINE_string("bundle", None, "Of that training.")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "To write; replaced.")
SAMPLES = 12
EXAMPLES = 6000
EPOCHS = 8
QUANTIZATION = "dynamic"
# Of ConfounderGAN: what is published, and whoever trains on it.
PUBLISHED = 10_000
TRAINER = {"network": "resnet18", "width": 8, "epochs": 20, "batch_size": 64,
           "learning_rate": 0.05}


@dataclasses.dataclass(frozen=True)
class Role:
    """A file that plays a part on the page.

    Attributes:
        client: Its model, as `export.parts.Client`.
        says: What the page calls it.
        reads: "sent", what leaves the phone, or "data", what stays.
        labels: Names of its classes, or None where it gives pictures.
        with_key: Whether it is given the message's key as well.
    """

    client: Client
    says: str
    reads: str = "sent"
    labels: tuple | None = None
    with_key: bool = False


def make(directory, bundle, output_dir):
    """Writes the folder; see the module.

    Args:
        directory: Working directory of a training on images.
        bundle: Its bundle.
        output_dir: Folder to write, replaced as a whole.
    """
    method = methods.of(directory)
    contract = contract_lib.read(bundle)
    described = contract["clients"][0]
    client = next(iter(method.clients().values()))
    file = TFLiteModel(pathlib.Path(bundle) / described["file"],
                       client.signature)
    wire = described["outputs"][0]
    pair = golden.pair_of(bundle, described)
    roles = _roles(method, client, file, wire)
    made, failed = conversion.convert_all(
        {name: role.client for name, role in roles.items()}, [QUANTIZATION]
    )
    if failed:
        raise RuntimeError(f"No demo: {failed}")
    with files.new_folder(output_dir) as folder:
        described_roles = []
        for name, role in roles.items():
            content = made[name, QUANTIZATION]
            (folder / f"{name}.tflite").write_bytes(content)
            held = TFLiteModel(content, role.client.signature)
            (folder / f"{name}_golden.bin").write_bytes(
                _answer(role, held, described, pair).tobytes()
            )
            described_roles.append({
                "name": name, "file": f"{name}.tflite", "says": role.says,
                "reads": role.reads, "labels": role.labels,
                "with_key": role.with_key,
                **contract_lib.describe_client(
                    role.client, held, f"{name}.tflite",
                    wire.get("scale"), wire.get("zero_point"),
                ),
                "sha256": files.sha256(folder / f"{name}.tflite"),
                "golden": {
                    "file": f"{name}_golden.bin",
                    "sha256": files.sha256(folder / f"{name}_golden.bin"),
                    "tolerance_quanta": contract_lib.TOLERANCE_QUANTA,
                },
            })
        samples = _samples(method, client)
        for name, values in samples.items():
            (folder / f"{name}.bin").write_bytes(values.tobytes())
        files.write_json(folder / "demo.json", {
            "method": contract["method"],
            "client_sha256": contract["sha256"][described["file"]],
            "roles": described_roles,
            "samples": {
                name: {"file": f"{name}.bin", "shape": list(values.shape),
                       "sha256": files.sha256(folder / f"{name}.bin")}
                for name, values in samples.items()
            },
        })
        demo_check.check(folder, bundle)


def _answer(role, file, described, pair):
    """What a part answers to the golden pair: float32."""
    inputs = [{"name": name, "kind": kind}
              for name, kind in role.client.inputs.items()]
    return file.run(
        demo_check.asked(role.reads, inputs, described, pair)
    ).astype("<f4")


def _roles(method, client, file, wire):
    """Name to `Role` of a method."""
    name = method.config.method
    if name == "ran":
        return _of_ran(method, client, file, wire)
    if name == "gap":
        return _of_gap(method, client, file)
    if name == "fakesafe":
        return {"server": _of_fakesafe(method)}
    return _of_confounder_gan(method, client, file)


def _of_ran(method, client, file, wire):
    import keras

    from kprivacy import networks

    data = _known(method.config)
    sent = _sent(client, file, data.data, "features")
    inputs = keras.Input(sent.shape[1:])
    brought = keras.layers.Rescaling(
        255 * wire["scale"], -wire["zero_point"] * wire["scale"]
    )(inputs)
    logits = method.model.server(brought)
    server = keras.Model(inputs, keras.layers.Softmax()(logits))
    decoder = networks.mlp_decoder(
        sent.shape[1:], data.data.shape[1:], units=(256, 256)
    )
    _fit(decoder, sent, data.data, "mse")
    labels = method.server().labels["probabilities"]
    return {
        "server": Role(
            _part(server, sent, "features", "vector"),
            "What the server answers", labels=tuple(labels),
        ),
        "attacker": Role(
            _part(decoder, sent, "features", "image"),
            "What an attacker reconstructs",
        ),
    }


def _of_gap(method, client, file):
    import keras

    from kprivacy.attacks.attributes import classifiers
    from kprivacy.experiments import gap_bench

    parts = gap_bench.Parts.of(method.config)
    data = parts.attacker.take(slice(0, EXAMPLES))
    sent = _sent(client, file, data.data, "image")
    found = {}
    for name, says, reads, values in (
        ("undefended", "An attacker on the original", "data", data.data),
        ("attacker", "An attacker on what leaves", "sent", sent),
    ):
        model = _classifier(
            classifiers.cnn, values, data.attributes["private"]
        )
        found[name] = Role(
            _part(model, values, "image", "vector"), says, reads,
            tuple(method.class_names("private")),
        )
    server = method.model.server
    for public in method.config.public:
        logits = server(server.inputs)[public]
        model = keras.Model(
            server.inputs, keras.layers.Softmax()(logits)
        )
        found[f"server_{public}"] = Role(
            _part(model, sent, "image", "vector"),
            f"What the server answers: {public}",
            labels=tuple(method.class_names(public)),
        )
    return found


def _classifier(build, values, classes):
    """A network that is trained on classes, from values to probabilities."""
    import keras

    targets = np.eye(classes.max() + 1, dtype=np.float32)[classes]
    network = build(values.shape[1:], targets.shape[1:])
    _fit(network, values, targets,
         keras.losses.CategoricalCrossentropy(from_logits=True))
    return keras.Model(
        network.inputs, keras.layers.Softmax()(network.outputs[0])
    )


def _of_fakesafe(method):
    server = method.server()
    model, kinds = server.model, server.inputs
    examples = [
        np.zeros((1, *one.shape[1:]), np.float32) for one in model.inputs
    ]
    (kind,) = server.outputs.values()
    return Role(
        Client(model, "recover", dict(kinds), ("recovered", kind),
               tuple(examples)),
        "What the receiver recovers", with_key="key" in kinds.values(),
    )


def _of_confounder_gan(method, client, file):
    """Two classifiers of pictures as they are, trained with and without."""
    import keras

    from kprivacy.attacks.retraining import augmentations, trainer

    natural = workdir.read_data(
        method.config, method.config.data.train_split
    ).take(slice(0, PUBLISHED))
    sent = _sent(client, file, natural.data, "image")
    names = methods.class_names(method.config) or [
        str(i) for i in range(natural.num_classes)
    ]
    found = {}
    for name, says, values in (
        ("natural", "A classifier that was trained on natural pictures",
         natural.data),
        ("trained", "One that was trained on protected pictures", sent),
    ):
        published = dataclasses.replace(natural, data=values)
        network, _ = trainer.train(
            published, {}, augmentations.NAMES["flip+crop"], **TRAINER
        )
        model = keras.Sequential([network, keras.layers.Softmax()])
        model.build((None, *values.shape[1:]))
        found[name] = Role(
            _part(model, values, "image", "vector"), says, "data",
            tuple(names),
        )
    return found


def _part(model, values, kind, result):
    return Client(
        model, "answer", {"sent": kind}, ("answer", result), (values[:300],)
    )


def _known(config):
    """The attacker's own examples."""
    return workdir.read_data(
        config, config.data.attacker_split
    ).take(slice(0, EXAMPLES))


def _sent(client, file, data, kind):
    """What a file sends for data, bytes as numbers in [0, 1]."""
    generator = np.random.default_rng(0)
    given = [data] + [
        generator.integers(0, 256, (len(data), *one.shape[1:]), np.uint8)
        for one in client.examples[1:]
    ]
    sent = file(client.named(given))
    return sent.astype(np.float32) / 255 if kind in BYTES else sent


def _fit(model, x, y, loss):
    import keras

    from kprivacy import optimizers

    steps = EPOCHS * -(-len(x) // 64)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
    model.compile(keras.optimizers.Adam(rate), loss)
    optimizers.build(model)
    model.fit(x, y, batch_size=64, epochs=EPOCHS, verbose=0)


def _samples(method, client):
    """Name of an input to a few of the test data's, as bytes; no noise."""
    arrays = dict(zip(client.inputs, method.test_inputs(SAMPLES)))
    return {
        name: to_wire(values, np.dtype("uint8"))
        for name, values in arrays.items()
        if client.inputs[name] in ("image", "cover")
    }


def main(argv):
    del argv
    program.quiet()
    with program.sentences():
        make(_WORKDIR.value, _BUNDLE.value, _OUTPUT_DIR.value)
    print(f"demo: {_OUTPUT_DIR.value}")


if __name__ == "__main__":
    flags.mark_flags_as_required(["workdir", "bundle", "output_dir"])
    app.run(main)
