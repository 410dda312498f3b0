"""Verifies a bundle: python -m export.verify --bundle=DIR."""

import pathlib

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
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise contract_lib.ContractError(
            f"contract.json is incomplete ({type(error).__name__}: {error}). "
            "Export the bundle again."
        ) from error


def _checks(folder, contract, contract_lib):
    from kprivacy.releases import TFLiteModel

    from . import golden
    from . import server as server_lib

    lines = ["files         every SHA-256 as in contract.json"]
    pairs = []
    for described in contract["clients"]:
        name = described["file"]
        try:
            file = TFLiteModel(folder / name, described["signature"])
        except (ValueError, RuntimeError) as error:
            raise contract_lib.ContractError(
                f"{name} cannot be read: {error}. Export the bundle again."
            ) from error
        contract_lib.check_client(described, file)
        inputs, sent, difference = golden.check_client(
            folder, described, file
        )
        pairs.append((inputs, sent))
        lines.append(
            f"{name:<13} inputs and outputs as promised; golden pair of "
            f"{sent.size} numbers, largest difference {difference:g}"
        )
    served = contract["server"]
    if served is None:
        return lines
    try:
        answer = server_lib.load(folder / served["folder"], served["endpoint"])
    except (OSError, AttributeError) as error:
        raise contract_lib.ContractError(
            f"The server cannot be loaded: {error}. Export the bundle again."
        ) from error
    found = answer(*golden.asked(served, *pairs[0]))
    contract_lib.check_server(served, answer.specs, found)
    difference = golden.check_server(folder, served, found)
    lines.append(
        f"end to end    the server answers the golden pair, largest "
        f"difference {difference:.2g}"
    )
    return lines


def main(argv):
    del argv
    program.quiet()
    from kprivacy.errors import UserError

    try:
        print("\n".join(verify(_BUNDLE.value)))
    except (UserError, OSError) as error:
        raise SystemExit(f"REFUSED: {error}") from error


def run():
    """Entry point of `kprivacy-verify`."""
    app.run(main)


if __name__ == "__main__":
    run()
