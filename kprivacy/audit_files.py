"""Audits of what is there as files: a .tflite, or a folder of images."""

import pathlib

import numpy as np

from kprivacy import data, files, folder_release
from kprivacy.attacks.audit import Audit
from kprivacy.errors import UserError
from kprivacy.releases import TFLiteRelease

SIGNATURE = "encode"


def audit_tflite(path, name, options, **choices):
    """Audits a .tflite file on a data set.

    Args:
        path: The file.
        name: Name of the data set, as for `kprivacy.data.load`.
        options: `audit_lib.Options`.
        **choices: Of `kprivacy.data.arrays`: `data_dir`, `image_size`.

    Returns:
        An `AuditReport`, which is also written to the options' folder, or
        to `default_folder`.
    """
    path = pathlib.Path(path)
    release = open_tflite(path)
    attacker, test = (
        data.arrays(name, part, **choices) for part in ("attacker", "test")
    )
    return _audited(
        release, attacker, test, options, path, data=name,
        kind="a .tflite file",
    )


def audit_folder(released, originals, options, image_size=None):
    """Audits a folder of released images beside their originals.

    Args:
        released: Folder of the released images.
        originals: Folder of the originals, with the same names.
        options: `audit_lib.Options`.
        image_size: (height, width) in pixels that all are resized to.

    Returns:
        An `AuditReport`, which is also written to the options' folder, or
        to `default_folder`.
    """
    release, attacker, test = folder_release.read(
        released, originals, image_size
    )
    return _audited(
        release, attacker, test, options, pathlib.Path(released),
        data=str(originals), kind="a folder of released images",
    )


def _audited(release, attacker, test, options, path, data, kind):
    report = Audit(
        None,
        options.attackers,
        options.attributes,
        options.counts,
        self_checks=options.self_checks,
    ).run(
        release,
        attacker,
        test,
        data=data,
        released={
            "kind": kind, "path": str(path), "sha256": files.sha256(path),
        },
        command=options.command,
    )
    report.write(options.output_dir or default_folder(path))
    return report


def default_folder(path):
    """FILE_audit here: a report shows data, and a bundle must not."""
    return pathlib.Path(f"{pathlib.Path(path).resolve().stem}_audit")


def open_tflite(path, seed=0, signature=SIGNATURE):
    """A `TFLiteRelease` that says what shape of data it takes.

    Raises:
        UserError: There is no such file, LiteRT cannot read it, or it is no
            client: its signature, inputs or outputs are others.
    """
    from ai_edge_litert.interpreter import Interpreter

    path = pathlib.Path(path)
    if not path.is_file():
        raise UserError(
            f"`release` must be a .tflite file. Received: {str(path)!r}, "
            f"which {'is a folder' if path.exists() else 'does not exist'}."
        )
    try:
        interpreter = Interpreter(model_path=str(path), num_threads=1)
        signatures = interpreter.get_signature_list()
    except (ValueError, RuntimeError) as error:
        raise UserError(
            f"{str(path)!r} is not a file that LiteRT can read ({error}). "
            "Export it again, or copy it again."
        ) from error
    _check_signature(path, signatures, signature)
    release = TFLiteRelease(path, signature, seed)
    for name, detail in release.inputs.items():
        _check_input(path, name, detail)
        if name != "noise":
            release.input_shape = tuple(map(int, detail["shape"][1:]))
    return release


def _check_signature(path, signatures, expected):
    held = signatures.get(expected, {"inputs": [], "outputs": []})
    given = [name for name in held["inputs"] if name != "noise"]
    if len(given) == 1 and len(held["outputs"]) == 1:
        return
    found = "; ".join(
        f"{name!r} from {', '.join(one['inputs'])} to "
        f"{', '.join(one['outputs'])}"
        for name, one in signatures.items()
    )
    raise UserError(
        f"A client's .tflite must have a signature {expected!r} with one "
        "input for the data, one named 'noise' if it draws any, and one "
        f"output. Received: {str(path)!r} with {found or 'no signature'}. "
        "Export it with python -m export.main, or convert it with "
        "tf.lite.TFLiteConverter.from_saved_model(folder, "
        f"signature_keys=[{expected!r}])."
    )


def _check_input(path, name, detail):
    dtype, (scale, _) = np.dtype(detail["dtype"]), detail["quantization"]
    if dtype.kind == "f" or dtype == np.uint8 or scale:
        return
    raise UserError(
        f"Inputs of a client's .tflite must be floats, bytes, or integers "
        f"with a scale. Received: {str(path)!r} with {name!r} of {dtype} "
        "without one. Convert it with inference_input_type tf.uint8, or with "
        "float32 inputs."
    )


def readable(release, path):
    """The release in the numbers that the Keras server was trained on.

    Returns:
        A function on data, or None where the file sends bytes and neither
        it nor a contract.json beside it says their scale.
    """
    (detail,) = release.outputs.values()
    if np.issubdtype(detail["dtype"], np.floating):
        return release
    scale, zero_point = detail["quantization"]
    contract = pathlib.Path(path).with_name("contract.json")
    if not scale and contract.is_file():
        try:
            (output,) = [
                one for client in files.read_json(contract)["clients"]
                if client["file"] == pathlib.Path(path).name
                for one in client["outputs"]
            ]
            scale, zero_point = output["scale"], output["zero_point"]
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{str(contract)!r} is not a contract ({error!r}). Export "
                "the bundle again, or move the .tflite out of its folder."
            ) from error
    if not scale:
        return None
    return lambda data: scale * (
        np.asarray(release(data), np.float32) - zero_point
    )
