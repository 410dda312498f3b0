"""Makes a bundle from a working directory, and measures what is in it."""

import pathlib

import numpy as np

from kprivacy import audit_lib, files, workdir
from kprivacy.attacks import ReconstructionResults
from kprivacy.releases import TFLiteRelease, accuracy, random_bytes

from . import client as client_lib
from . import contract as contract_lib
from . import parity
from . import report as report_lib
from . import server as server_lib

CALIBRATION_EXAMPLES = 500
PARITY_EXAMPLES = 500
GOLDEN_TOLERANCE_QUANTA = 2


def export(directory, output_dir, quantization="int8"):
    """Exports the client and the server of a working directory.

    Args:
        directory: A working directory with a trained model.
        output_dir: Folder of the bundle; replaced as a whole at the end.
        quantization: See `export.client.convert`.

    Returns:
        The report, which is also in `output_dir`/report.json.
    """
    directory = pathlib.Path(directory)
    _check_output(pathlib.Path(output_dir), directory)
    config = workdir.read_config(directory)
    workdir.check_method(config, "The export")
    model = workdir.read_model(directory)
    parts = audit_lib.Parts(config)
    calibration = workdir.read_data(config, config.data.train_split).data
    calibration = calibration[:CALIBRATION_EXAMPLES]
    content = client_lib.convert(model.client, calibration, quantization)
    release = TFLiteRelease(content, seed=config.seed)
    scale, zero = contract_lib.wire(
        release.interpreter, model.client, calibration
    )
    report = {
        "quantization": quantization,
        "bytes": len(content),
        "float32_bytes": len(
            client_lib.convert(model.client, calibration, "float32")
        ),
        "parity": parity.measure(
            model.client,
            release,
            parts.test.data[:PARITY_EXAMPLES],
            scale,
            zero,
        ),
        "latency_ms": parity.latency(release, parts.test.data[:1]),
    }
    with files.new_folder(output_dir) as folder:
        (folder / "client.tflite").write_bytes(content)
        server_lib.write(model.server, scale, zero, folder / "server")
        server = server_lib.load(folder / "server")
        described = contract_lib.describe(
            config.method,
            release.interpreter,
            model.client,
            scale,
            zero,
            parts.test.scaling,
        )
        golden = _write_golden(folder, described, release, server)
        report["before"] = _before(directory)
        report["after"] = _measure(
            config, model, release, server, parts, report["before"]
        )
        report["environment"] = files.environment()
        files.write_json(folder / "report.json", report)
        (folder / "report.md").write_text(report_lib.markdown(report))
        (folder / "report.txt").write_text(report_lib.text(report) + "\n")
        hashes = {n: files.sha256(folder / n) for n in contract_lib.FILES}
        files.write_json(
            folder / "contract.json",
            {**described, "golden": golden, "sha256": hashes},
        )
    return report


def _check_output(path, directory):
    """Raises unless `path` is free, empty, or a bundle to be replaced."""
    path, directory = path.resolve(), directory.resolve()
    bundle = (path / "contract.json").is_file()
    free = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    if path == directory or path in directory.parents or not (bundle or free):
        raise workdir.WorkdirError(
            f"`output_dir` is replaced as a whole, so it must be new, empty, "
            f"or an earlier bundle. Received: {str(path)!r}, which holds "
            "other files. Name another folder."
        )


def _before(directory):
    """Utility and privacy of the Keras client: the audit's, or anew."""
    path = directory / "audit" / "audit.json"
    if not path.exists():
        audit_lib.audit(directory)
    audited = files.read_json(path)
    results = ReconstructionResults.from_dict(audited["reconstruction"])
    return {
        "accuracy": audited["accuracy"],
        "undefended_accuracy": audited["undefended_accuracy"],
        "prior": audited["prior"],
        "attack_error": results.best.mse,
        "attacker": results.best.attacker,
        "reconstruction": results.to_dict(),
    }


def _measure(config, model, release, server, parts, before):
    """Utility and privacy of the file itself, by attackers of its own."""
    found = audit_lib.reconstruction(config, model.client, parts).run(
        release,
        parts.attacker,
        parts.test,
        before["reconstruction"]["undefended_error"],
    )
    return {
        "accuracy": accuracy(
            server, release, parts.test.data, parts.test.labels
        ),
        "attack_error": found.best.mse,
        "attacker": found.best.attacker,
        "reconstruction": found.to_dict(),
    }


def _write_golden(folder, described, release, server):
    """Writes the golden pair; returns how to judge it.

    The input is drawn, not taken from the data: a bundle carries nobody's
    picture. The file holds the client's inputs one after the other, in the
    contract's order, in C order and little-endian.
    """
    generator = np.random.default_rng(0)
    inputs = {}
    for tensor in described["inputs"]:
        drawn = random_bytes(generator, tensor["shape"])
        if tensor["dtype"] == "float32":
            drawn = (drawn / 255.0).astype(np.float32)
        inputs[tensor["name"]] = drawn
    output = release.run(inputs)
    content = b"".join(one.tobytes() for one in inputs.values())
    (folder / "golden_input.bin").write_bytes(content)
    (folder / "golden_output.bin").write_bytes(output.tobytes())
    return {
        "tolerance_quanta": GOLDEN_TOLERANCE_QUANTA,
        "class": int(np.argmax(server(output)[0])),
    }
