"""The golden pairs of a bundle: what must come out for what goes in.

Inputs are drawn, not taken from the data: a bundle carries nobody's picture.
A file holds arrays one after the other in the contract's order, in C order and
little-endian.
"""

import math
import pathlib

import numpy as np

from kprivacy.releases import to_wire

from .contract import TOLERANCE, TOLERANCE_QUANTA, ContractError
from .parts import drawn


def write_client(folder, described, file):
    """Writes a client's pair; returns it as the contract names it."""
    generator = np.random.default_rng(0)
    inputs = {}
    for tensor in described["inputs"]:
        values = drawn(tensor["kind"], tensor["shape"], generator)
        inputs[tensor["name"]] = to_wire(values, np.dtype(tensor["dtype"]))
    stem = pathlib.Path(described["file"]).stem
    names = [f"{stem}_golden_{end}.bin" for end in ("input", "output")]
    sent = file.run(inputs)
    for name, arrays in zip(names, (inputs.values(), [sent])):
        _write(folder / name, arrays)
    return {
        "input": names[0], "output": names[1],
        "tolerance_quanta": TOLERANCE_QUANTA,
    }, inputs, sent


def write_server(folder, answers):
    """Writes what a server answers to the client's pair."""
    _write(folder / "server_golden_output.bin", answers.values())
    return {"output": "server_golden_output.bin", "tolerance": TOLERANCE}


def asked(served, inputs, sent):
    """What a server is asked: what was sent, and the client's key.

    Args:
        served: The contract's part on the server.
        inputs: Name to what the client took.
        sent: What it gave.
    """
    return [
        inputs["key"] if one["kind"] == "key" else sent
        for one in served["inputs"]
    ]


def check_client(folder, described, file):
    """Raises unless a file gives its golden output; returns the difference.

    Returns:
        (inputs by their names, what was expected, the largest difference in
        quanta: of floats in 255ths of their range).
    """
    golden = described["golden"]
    inputs = read(folder / golden["input"], described["inputs"])
    (expected,) = read(
        folder / golden["output"], described["outputs"]
    ).values()
    sent = file.run(inputs)
    apart = np.abs(sent.astype(float) - expected.astype(float))
    if sent.dtype != np.uint8:
        apart *= 255 / max(float(np.ptp(expected)), 1e-9)
    difference = float(apart.max())
    if not difference <= golden["tolerance_quanta"]:
        raise ContractError(
            f"{described['file']} differs from its golden output by "
            f"{difference:.3g} quanta; {golden['tolerance_quanta']} are "
            "allowed. This machine computes something else than the one "
            "that exported the bundle."
        )
    _check_change(described, inputs, sent)
    return inputs, expected, difference


def _check_change(described, inputs, sent):
    """Raises where more is changed of a picture than is promised."""
    most = described["outputs"][0].get("largest_change")
    if most is None:
        return
    (picture,) = [inputs[one["name"]] for one in described["inputs"]
                  if one["kind"] == "image"]
    change = np.abs(sent.astype(int) - picture.astype(int)).max()
    if not change <= most:
        raise ContractError(
            f"{described['file']} changes a byte of its golden pair by "
            f"{change}, its contract promises {most} at most. Export the "
            "bundle again."
        )


def check_server(folder, described, answers):
    """Raises unless a server answers its golden output."""
    content = (folder / described["golden"]["output"]).read_bytes()
    found = np.concatenate([one.ravel() for one in answers.values()])
    if len(content) != found.nbytes:
        raise ContractError(
            f"{described['golden']['output']} holds {len(content)} bytes, the "
            f"server answers {found.nbytes}. Export the bundle again."
        )
    expected = np.frombuffer(content, "<f4")
    difference = float(np.abs(found - expected).max())
    most = described["golden"]["tolerance"] * max(
        1.0, float(np.abs(expected).max())
    )
    if not difference <= most:
        raise ContractError(
            "The server reads something else from the golden pair: it "
            f"differs by {difference:.3g}, {most:.3g} is allowed. Client and "
            "server do not belong together: export the bundle again."
        )
    return difference


def pair_of(folder, described):
    """A client's golden pair: name of each input and output to its array."""
    folder, held = pathlib.Path(folder), described["golden"]
    return {
        **read(folder / held["input"], described["inputs"]),
        **read(folder / held["output"], described["outputs"]),
    }


def read(path, tensors):
    """A file's bytes as one array a tensor, by their names."""
    content, arrays, offset = path.read_bytes(), {}, 0
    for tensor in tensors:
        dtype = np.dtype(tensor["dtype"]).newbyteorder("<")
        size = dtype.itemsize * math.prod(tensor["shape"])
        part = content[offset : offset + size]
        if len(part) == size:
            arrays[tensor["name"]] = np.frombuffer(part, dtype).reshape(
                tensor["shape"]
            ).astype(dtype.newbyteorder("="))
        offset += size
    if offset != len(content):
        raise ContractError(
            f"{path.name} holds {len(content)} bytes, not the {offset} that "
            "the contract's tensors need. Export the bundle again."
        )
    return arrays


def _write(path, arrays):
    path.write_bytes(b"".join(
        one.astype(one.dtype.newbyteorder("<")).tobytes() for one in arrays
    ))
