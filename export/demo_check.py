"""Checks what the demo page shows beside a bundle."""

import pathlib

import numpy as np

from kprivacy import files
from kprivacy.releases import TFLiteModel

from . import contract as contract_lib
from . import golden

# Of a part that plays the server, the largest difference from its SavedModel.
SERVER_TOLERANCE = 0.05


def check(folder, bundle):
    """Checks what `make` wrote against the bundle that it is for.

    Returns:
        The number of parts.

    Raises:
        export.contract.ContractError: A file is another one, a part gives
            something else than it did, or the server's than the SavedModel.
    """
    folder, bundle = pathlib.Path(folder), pathlib.Path(bundle)
    contract = contract_lib.read(bundle)
    try:
        demo = files.read_json(folder / "demo.json")
        return _checked(folder, bundle, contract, demo)
    except (KeyError, TypeError, IndexError, AttributeError, OSError) as error:
        raise contract_lib.ContractError(
            f"{str(folder)!r} has no demo.json that fits "
            f"({type(error).__name__}: {error}). Make it again with "
            "export.demo."
        ) from error


def _checked(folder, bundle, contract, demo):
    if not demo["roles"]:
        raise contract_lib.ContractError(
            f"{str(folder)!r} has no parts. Make it again with export.demo."
        )
    described = contract["clients"][0]
    hashes = {
        one["file"]: one["sha256"] for role in demo["roles"]
        for one in (role, role["golden"])
    } | {one["file"]: one["sha256"] for one in demo["samples"].values()}
    for name, wanted in hashes.items():
        contract_lib.check_name(name)
        contract_lib.check_hash(folder / name, wanted)
    if demo["client_sha256"] != contract["sha256"][described["file"]]:
        raise contract_lib.ContractError(
            f"{str(folder)!r} was made with another bundle than "
            f"{str(bundle)!r}. Make it again with export.demo."
        )
    pair = golden.pair_of(bundle, described)
    for role in demo["roles"]:
        contract_lib.check_tolerance(
            role["golden"], "tolerance_quanta", contract_lib.TOLERANCE_QUANTA
        )
        file = TFLiteModel(folder / role["file"], role["signature"])
        held = np.fromfile(folder / role["golden"]["file"], "<f4")
        found = file.run(asked(role["reads"], role["inputs"], described, pair))
        _check_near(
            role["file"], found, held,
            role["golden"]["tolerance_quanta"] / 255 * max(np.ptp(held), 1e-9),
        )
        wanted = _of_server(bundle, contract["server"], role["name"])
        if wanted is not None:
            pixels = role["outputs"][0]["dtype"] == "uint8"
            given = held / 255 if pixels else held
            _check_near(role["file"], given, wanted, SERVER_TOLERANCE)
    return len(demo["roles"])


def _check_near(name, found, wanted, most):
    apart = float(np.abs(found.ravel() - wanted.ravel()).max())
    if not apart <= most:
        raise contract_lib.ContractError(
            f"{name} gives something else than it has to: it differs by "
            f"{apart:.3g}, {most:.3g} is allowed. Make it again with "
            "export.demo."
        )


def _of_server(bundle, served, name):
    """What the SavedModel answers to the golden pair where a part plays it."""
    if served is None or not name.startswith("server"):
        return None
    held = np.fromfile(bundle / served["golden"]["output"], "<f4")
    if len(served["outputs"]) == 1:
        return held
    at = 0
    for one in served["outputs"]:
        size = len(one["labels"])
        if name == f"server_{one['name']}":
            return held[at : at + size]
        at += size
    return None


def asked(reads, inputs, described, pair):
    """Name to what a part is given, of the bundle's golden pair."""
    (image,) = [one["name"] for one in described["inputs"]
                if one["kind"] == "image"]
    data = image if reads == "data" else described["outputs"][0]["name"]
    return {
        one["name"]: pair["key" if one["kind"] == "key" else data]
        for one in inputs
    }
