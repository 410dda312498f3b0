"""Verifies a bundle: python -m export.verify --bundle=DIR."""

import pathlib

import numpy as np
from absl import app, flags

from kprivacy import program

_BUNDLE = flags.DEFINE_string(
    "bundle", None, "Folder that export.main wrote.", required=True
)


def verify(folder):
    """Checks a bundle as both ends have to before they use it.

    Args:
        folder: The bundle.

    Returns:
        A list of lines that say what was found right.

    Raises:
        export.contract.ContractError: Something is not as the contract says.
    """
    from . import contract as contract_lib

    folder = pathlib.Path(folder)
    contract = contract_lib.read(folder)
    try:
        return _checks(folder, contract, contract_lib)
    except (KeyError, TypeError, IndexError) as error:
        raise contract_lib.ContractError(
            f"contract.json is incomplete ({type(error).__name__}: {error}). "
            "Export the bundle again."
        ) from error


def _checks(folder, contract, contract_lib):
    from kprivacy.releases import TFLiteRelease

    from . import server as server_lib

    lines = ["files         every SHA-256 as in contract.json"]
    try:
        release = TFLiteRelease(
            folder / "client.tflite", contract["signature"]
        )
    except ValueError as error:
        raise contract_lib.ContractError(
            f"client.tflite cannot be read: {error}. Export the bundle again."
        ) from error
    contract_lib.check_client(contract, release.interpreter)
    lines.append("client        inputs and outputs as promised")
    sent, difference = _golden(folder, contract, release, contract_lib)
    lines.append(
        f"golden pair   {sent.size} bytes, largest difference {difference}"
    )
    try:
        server = server_lib.load(folder / "server")
    except (OSError, AttributeError) as error:
        raise contract_lib.ContractError(
            f"The server cannot be loaded: {error}. Export the bundle again."
        ) from error
    probabilities = server(sent)[0]
    found = int(np.argmax(probabilities))
    expected = contract["golden"]["class"]
    if found != expected:
        raise contract_lib.ContractError(
            f"The server reads class {found} from the golden pair, the "
            f"contract says {expected}. Client and server do not belong "
            "together: export the bundle again."
        )
    lines.append(
        f"end to end    the server reads class {found} "
        f"(p = {probabilities[found]:.3f}) from the golden image"
    )
    return lines


def _golden(folder, contract, release, contract_lib):
    """Runs the golden input; returns what is sent and the difference."""
    inputs = _split(
        (folder / "golden_input.bin").read_bytes(), contract, contract_lib
    )
    sent = release.run(inputs)
    expected = np.frombuffer(
        (folder / "golden_output.bin").read_bytes(), sent.dtype
    )
    if expected.size != sent.size:
        raise contract_lib.ContractError(
            f"golden_output.bin holds {expected.size} values, the client "
            f"sends {sent.size}. Export the bundle again."
        )
    difference = int(
        np.abs(sent.ravel().astype(int) - expected.astype(int)).max()
    )
    tolerance = contract["golden"]["tolerance_quanta"]
    if difference > tolerance:
        raise contract_lib.ContractError(
            f"The client differs from its golden output by {difference} "
            f"quanta; {tolerance} are allowed. This machine computes "
            "something else than the one that exported the bundle."
        )
    return sent, difference


def _split(content, contract, contract_lib):
    """The golden input's bytes as one array an input."""
    arrays, offset = {}, 0
    for tensor in contract["inputs"]:
        dtype = np.dtype(tensor["dtype"]).newbyteorder("<")
        size = dtype.itemsize * int(np.prod(tensor["shape"]))
        part = content[offset : offset + size]
        if len(part) < size:
            break
        arrays[tensor["name"]] = np.frombuffer(part, dtype).reshape(
            tensor["shape"]
        )
        offset += size
    if len(arrays) < len(contract["inputs"]) or offset != len(content):
        raise contract_lib.ContractError(
            f"golden_input.bin holds {len(content)} bytes, not what the "
            "contract's inputs need. Export the bundle again."
        )
    return arrays


def main(argv):
    del argv
    program.quiet()
    from .contract import ContractError

    try:
        print("\n".join(verify(_BUNDLE.value)))
    except ContractError as error:
        raise SystemExit(f"REFUSED: {error}") from error


def run():
    """Entry point of `kprivacy-verify`."""
    app.run(main)


if __name__ == "__main__":
    run()
