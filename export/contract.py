"""The contract of a bundle: what both ends agree on, and its check."""

import pathlib

import numpy as np

from kprivacy import files
from kprivacy.version import __version__

from . import client as client_lib
from . import server as server_lib

FORMAT = 1
FILES = ("client.tflite", "server", "golden_input.bin", "golden_output.bin")
MEANINGS = {
    "image": "pixels, row by row, channels last; 0 is black, 255 is white",
    "signal": "samples, step by step, channels last, in the data set's units",
    "standardised": "samples, step by step, channels last; what the sensor "
    "gives, less `scaling.mean` and over `scaling.std` of its channel",
    "noise": "uniform random bytes from the phone's secure generator, drawn "
    "anew for every call",
    "features": "what is sent: feature = scale * (byte - zero_point)",
}


class ContractError(ValueError):
    """A bundle does not keep its contract; says where and what to do."""


def describe(method, interpreter, client, scale, zero_point, scaling=None):
    """The part of the contract that follows from the converted client.

    Args:
        method: Name of the method, "ran".
        interpreter: Of the .tflite file.
        client: The Keras client, whose inputs' order the contract keeps.
        scale: Of the features on the wire.
        zero_point: Of the features on the wire.
        scaling: `Arrays.scaling` of standardised signals: the app has to do
            the same to what its sensors give.

    Returns:
        A dict for `contract.json`, without hashes and golden pair.
    """
    runner = interpreter.get_signature_runner(client_lib.SIGNATURE)
    details = runner.get_input_details()
    inputs = [
        _tensor(name, details[name], 1 / 255, 0)
        for name in client_lib.input_names(client)
    ]
    if scaling:
        inputs[0]["meaning"] = MEANINGS["standardised"]
        inputs[0]["scaling"] = scaling
    (name, detail), = runner.get_output_details().items()
    return {
        "format": FORMAT,
        "method": method,
        "kprivacy": __version__,
        "signature": client_lib.SIGNATURE,
        "inputs": inputs,
        "outputs": [_tensor(name, detail, scale, zero_point)],
        "server": {
            "endpoint": server_lib.ENDPOINT,
            "input": "features",
            "output": "probabilities",
        },
    }


def _tensor(name, detail, scale, zero_point):
    is_bytes = detail["dtype"] == np.uint8
    held_scale, held_zero = detail["quantization"]
    tensor = {
        "name": name,
        "dtype": np.dtype(detail["dtype"]).name,
        "shape": [int(n) for n in detail["shape"]],
        "meaning": MEANINGS[name],
    }
    if is_bytes:
        tensor["scale"] = float(held_scale or scale)
        tensor["zero_point"] = int(held_zero if held_scale else zero_point)
        tensor["range"] = [0, 255]
    return tensor


def wire(interpreter, client, calibration):
    """Scale and zero point of the features that a converted client sends."""
    runner = interpreter.get_signature_runner(client_lib.SIGNATURE)
    (detail,) = runner.get_output_details().values()
    scale, zero_point = detail["quantization"]
    if scale:
        return float(scale), int(zero_point)
    examples = client_lib.calibration_inputs(client, calibration)
    return client_lib.feature_range(client, examples)


def read(folder):
    """Reads and checks a bundle's contract against the files beside it.

    Raises:
        ContractError: A file is missing, changed or not what is promised.
    """
    folder = pathlib.Path(folder)
    path = folder / "contract.json"
    if not path.is_file():
        raise ContractError(
            f"{str(folder)!r} is no bundle: it has no contract.json. Name the"
            " folder that `python -m export.main` wrote."
        )
    try:
        contract = files.read_json(path)
        found = contract["format"]
        if not isinstance(contract["golden"]["tolerance_quanta"], int):
            raise TypeError("golden.tolerance_quanta is not a whole number")
        hashes = {name: contract["sha256"][name] for name in FILES}
    except (KeyError, TypeError, ValueError) as error:
        raise ContractError(
            f"{str(path)!r} is not a contract ({error}). Export the bundle "
            "again."
        ) from error
    if found != FORMAT:
        raise ContractError(
            f"{str(path)!r} is of format {found!r}; this version of kprivacy "
            f"reads format {FORMAT}. Export the bundle again."
        )
    for name, expected in hashes.items():
        _check_hash(folder / name, expected)
    return contract


def _check_hash(path, expected):
    if not path.exists():
        raise ContractError(
            f"{str(path)!r} is missing. Copy the whole bundle, or export it "
            "again."
        )
    found = files.sha256(path)
    if found != expected:
        raise ContractError(
            f"{str(path)!r} is not the file that the contract names: SHA-256 "
            f"{found[:16]}... in place of {expected[:16]}.... Do not ship it;"
            " copy the bundle again or export it again."
        )


def check_client(contract, interpreter):
    """Raises unless the .tflite has the contract's inputs and outputs."""
    runner = interpreter.get_signature_runner(contract["signature"])
    for kind, details in (
        ("inputs", runner.get_input_details()),
        ("outputs", runner.get_output_details()),
    ):
        promised = {tensor["name"] for tensor in contract[kind]}
        if promised != set(details):
            raise ContractError(
                f"client.tflite has {kind} {sorted(details)}, its contract "
                f"{sorted(promised)}. Export the bundle again."
            )
        for tensor in contract[kind]:
            _check_tensor(tensor, details)


def _check_tensor(tensor, details):
    name = tensor["name"]
    expected = {key: tensor[key] for key in ("dtype", "shape")}
    found = None
    if name in details:
        detail = details[name]
        found = {
            "dtype": np.dtype(detail["dtype"]).name,
            "shape": [int(n) for n in detail["shape"]],
        }
        scale, zero_point = detail["quantization"]
        if scale:
            expected["quantization"] = (tensor["scale"], tensor["zero_point"])
            found["quantization"] = (float(scale), int(zero_point))
    if found != expected:
        raise ContractError(
            f"client.tflite and its contract differ in tensor {name!r}: the "
            f"contract promises {expected}, the file has {found}. Export the "
            "bundle again."
        )
