"""The contract of a bundle: what both ends agree on, and its check."""

import pathlib

import numpy as np

from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.version import __version__

from .parts import ANSWER_RANGES, ANSWERS, BYTES, MEANINGS

# Of what travels and how it is described: tests/golden/wire.json holds it.
FORMAT = 3
REPORTS = ("report.json", "report.md", "report.txt")
# Of golden pairs: of clients in quanta, of servers' answers as a share of the
# largest one. A contract may ask for less, not for more.
TOLERANCE_QUANTA, TOLERANCE = 2, 1e-3
SHOWN = 64  # bits of an example of a pad
# Inputs that an app fills by their kind, which is their name.
NAMED = ("noise", "key", "cover")


class ContractError(UserError):
    """A bundle does not keep its contract; says where and what to do."""


def describe_client(client, file, name, scale, zero_point):
    """The contract's part on one file.

    Args:
        client: `export.parts.Client`.
        file: `TFLiteModel` of the file.
        name: Of the file.
        scale: Of the wire, None of floats.
        zero_point: Likewise.
    """
    inputs = [
        _tensor(one, kind, file.inputs[one], 1 / 255, 0)
        for one, kind in client.inputs.items()
    ]
    for tensor in inputs:
        if tensor["kind"] == "key":
            tensor["example"] = pad_example(tensor["shape"][-1])
        if tensor["kind"] == "cover":
            tensor["room"] = client.room
    one, kind = client.output
    sent = _tensor(one, kind, file.outputs[one], scale, zero_point)
    if client.scaling:
        # A channel gives what it takes.
        for tensor in (inputs[0], *[sent] * (kind == inputs[0]["kind"])):
            tensor["meaning"] += (
                ", less `scaling.mean` and over `scaling.std` of its channel"
            )
            tensor["scaling"] = client.scaling
    if client.bound is not None:
        sent["largest_change"] = client.bound
    return {
        "file": name,
        "signature": client.signature,
        "inputs": inputs,
        "outputs": [sent],
    }


def pad_example(bits):
    """How the pad of a known secret and nonce begins, for an app's test."""
    from kprivacy.fakesafe import keys  # readers of contracts need no Keras

    secret, nonce = (
        bytes(range(size)) for size in (keys.SECRET_BYTES, keys.NONCE_BYTES)
    )
    (pad,) = keys.expand(secret, [nonce], bits)
    return {
        "secret": secret.hex(), "nonce": nonce.hex(),
        "begins": "".join(str(int(bit)) for bit in pad[:SHOWN]),
    }


def describe_server(server):
    """The contract's part on the server; None where there is none."""
    if server is None:
        return None
    shapes = [list(one.shape[1:]) for one in server.model.inputs]
    return {
        "folder": "server",
        "endpoint": server.endpoint,
        "inputs": [
            {"name": name, "kind": kind, "shape": [-1, *shape],
             "dtype": "uint8" if kind in BYTES else "float32"}
            for (name, kind), shape in zip(server.inputs.items(), shapes)
        ],
        "outputs": [
            {"name": name, "kind": kind, "dtype": "float32",
             "meaning": ANSWERS[kind],
             **({"range": ANSWER_RANGES[kind]} if kind in ANSWER_RANGES
                else {}),
             **({"labels": server.labels[name]} if name in server.labels
                else {})}
            for name, kind in server.outputs.items()
        ],
    }


def whole(method, clients, server, text=None):
    """The contract without hashes; `text` is of `export.texts`."""
    return {
        "format": FORMAT,
        "method": method,
        "kprivacy": __version__,
        "clients": clients,
        "server": server,
        **({"text": text} if text else {}),
    }


def _tensor(name, kind, detail, scale, zero_point):
    held_scale, held_zero = detail["quantization"]
    tensor = {
        "name": name,
        "kind": kind,
        "dtype": np.dtype(detail["dtype"]).name,
        "shape": [int(n) for n in detail["shape"]],
        "meaning": MEANINGS[kind],
    }
    if detail["dtype"] == np.uint8:
        tensor["scale"] = float(held_scale or scale)
        tensor["zero_point"] = int(held_zero if held_scale else zero_point)
        tensor["range"] = [0, 255]
    return tensor


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
        _check_format(path, contract["format"])
        hashes = dict(contract["sha256"])
        missing = set(names_of(contract)) - set(hashes)
        if missing:
            raise ValueError(f"without SHA-256 of {sorted(missing)}")
        for name in hashes:
            check_name(name)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, ContractError):
            raise
        raise ContractError(
            f"{str(path)!r} is not a contract ({error!r}). Export the bundle "
            "again."
        ) from error
    for name, expected in hashes.items():
        check_hash(folder / name, expected)
    strange = {one.name for one in folder.iterdir()} - {path.name, *hashes}
    if strange:
        raise ContractError(
            f"{str(folder)!r} holds what its contract does not name: "
            f"{sorted(strange)[:3]}. A bundle is shipped as a whole: remove "
            "it, or export the bundle again."
        )
    return contract


def names_of(contract):
    """Names of all files that a contract speaks of, one after another."""
    for client in contract["clients"]:
        golden = client["golden"]
        check_tolerance(golden, "tolerance_quanta", TOLERANCE_QUANTA)
        yield from (client["file"], golden["input"], golden["output"])
    yield from REPORTS
    if not contract["clients"]:
        raise ValueError("no clients")
    for name in ("tokens", "vectors"):
        if name in contract.get("text", ()):
            yield contract["text"][name]
    if contract["server"]:
        golden = contract["server"]["golden"]
        check_tolerance(golden, "tolerance", TOLERANCE)
        yield contract["server"]["folder"]
        yield golden["output"]


def check_tolerance(golden, name, most):
    """Raises unless a golden pair asks for a tolerance from 0 to `most`."""
    held = golden[name]
    if isinstance(held, bool) or not isinstance(held, (int, float)):
        raise TypeError(f"golden.{name} is not a number")
    if not 0 <= held <= most:
        raise ValueError(f"golden.{name} is {held}, at most {most} is allowed")


def _check_format(path, found):
    if found == FORMAT:
        return
    newer = isinstance(found, int) and found > FORMAT
    raise ContractError(
        f"{str(path)!r} is of format {found!r}; this version of kprivacy "
        f"reads format {FORMAT}. "
        + ("Install a newer kprivacy." if newer else "Export the bundle "
           "again.")
    )


def check_name(name):
    """Raises unless a name stays inside the bundle."""
    path = pathlib.PurePosixPath(name)
    if path.is_absolute() or len(path.parts) != 1 or name in (".", ".."):
        raise ValueError(f"a file outside the bundle: {name!r}")


def check_hash(path, expected):
    """Raises unless a file, or a folder, has a SHA-256."""
    if not path.exists():
        raise ContractError(
            f"{str(path)!r} is missing. Copy the whole bundle, or export it "
            "again."
        )
    # What a link names may change behind an unchanged hash.
    for one in (path, *(path.rglob("*") if path.is_dir() else ())):
        if one.is_symlink() or not (one.is_file() or one.is_dir()):
            raise ContractError(
                f"{str(one)!r} is no file of its own. Copy the whole bundle "
                "without links, or export it again."
            )
    found = files.sha256(path)
    if found != expected:
        raise ContractError(
            f"{str(path)!r} is not the file that the contract names: SHA-256 "
            f"{found[:16]}... in place of {str(expected)[:16]}.... Do not "
            "ship it; copy the bundle again or export it again."
        )


def check_client(described, file):
    """Raises unless a file has the inputs and outputs of its description.

    Args:
        described: Of `describe_client`.
        file: `TFLiteModel` of the file.
    """
    name = described["file"]
    for kind, details in (("inputs", file.inputs), ("outputs", file.outputs)):
        promised = {tensor["name"] for tensor in described[kind]}
        if promised != set(details):
            raise ContractError(
                f"{name} has {kind} {sorted(details)}, its contract "
                f"{sorted(promised)}. Export the bundle again."
            )
        for tensor in described[kind]:
            _check_tensor(name, tensor, details[tensor["name"]])
            _check_kind(name, tensor)


def check_server(served, specs, answers):
    """Raises unless a server has the inputs and outputs of its description.

    Args:
        served: Of `describe_server`.
        specs: `tf.TensorSpec` of each input, in its order.
        answers: Name to array of what it answers to a batch of one.
    """
    promised = [
        (one["name"], one["dtype"], [None if n == -1 else n
                                     for n in one["shape"]])
        for one in served["inputs"]
    ]
    found = [(one.name, one.dtype.name, list(one.shape)) for one in specs]
    if promised != found:
        raise ContractError(
            f"The server takes {found}, its contract promises {promised}. "
            "Export the bundle again."
        )
    promised = {
        one["name"]: len(one["labels"]) if "labels" in one
        else answers[one["name"]].shape[-1] if one["name"] in answers else 0
        for one in served["outputs"]
    }
    found = {name: one.shape[-1] for name, one in answers.items()}
    if promised != found:
        raise ContractError(
            f"The server gives {found} numbers an example, its contract's "
            f"names and labels are {promised}. Export the bundle again."
        )


def _check_kind(file, tensor):
    """Raises where an app would draw, scale or fill an input wrongly."""
    name, kind, wrong = tensor["name"], tensor["kind"], None
    if (name in NAMED or kind in NAMED) and name != kind:
        wrong = f"an input {name!r} of kind {kind!r}"
    if tensor["dtype"] == "uint8" and kind != "features":
        apart = abs(255 * tensor["scale"] - 1), abs(tensor["zero_point"])
        if not max(apart) < 1e-4:
            wrong = f"{name!r} with another scale than that of bytes"
    if kind == "key" and tensor["example"] != pad_example(tensor["shape"][-1]):
        wrong = "another pad than that of the secret and nonce of its example"
    if wrong:
        raise ContractError(
            f"The contract of {file} has {wrong}. Export the bundle again."
        )


def _check_tensor(file, tensor, detail):
    expected = {key: tensor[key] for key in ("dtype", "shape")}
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
            f"{file} and its contract differ in tensor {tensor['name']!r}: "
            f"the contract promises {expected}, the file has {found}. Export "
            "the bundle again."
        )
