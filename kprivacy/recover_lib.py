"""Turns fakes back into the private examples, for their receiver."""

import collections
import pathlib

import numpy as np

from kprivacy import errors, files
from kprivacy.errors import UserError
from kprivacy.fakesafe import channel
from kprivacy.protect_lib import Result
from kprivacy.protection import (
    arrays,
    inputs,
    manifest,
    places,
    progress,
    secret,
    sides,
    wire,
)

COMMAND = "recover"


def recover(
    server, input, output, key_file=None, batch_size=64, allow_changed=False
):
    """Writes what the fakes stand for: images as PNG, arrays as they were.

    With a key all come under their names, .png in place of another suffix,
    rows of an array in their places as float32, those that cannot be read as
    NaN. Without one, images are named
    by the ids of their fakes and vectors come as recovered.npz in the order
    of the fakes. An interrupted run goes on where it stopped.

    Args:
        server: Folder with server.keras and domain.json, or the working
            directory around it.
        input: Folder of fakes with their manifest.json.
        output: New folder, or that of the interrupted run.
        key_file: Path of the key; needed exactly if the pair takes one.
        batch_size: Examples a step.
        allow_changed: Whether fakes are turned back that are not as they
            were written, such as images that a service compressed.

    Returns:
        `kprivacy.protect_lib.Result`.

    Raises:
        UserError: An argument cannot be used, the fakes are another pair's or
            another key's, or were changed.
    """
    errors.check_count("batch_size", batch_size)
    inputs.check_apart(input, output)
    side = sides.read(server, "server")
    key = secret.read(key_file, side.key_bits)
    folder, output = (
        pathlib.Path(path).expanduser() for path in (input, output)
    )
    fakes = wire.fakes_of(folder, side.target)
    entries = manifest.read(folder, side.pair, key, fakes)
    if not allow_changed:
        _check_unchanged(entries, fakes)
    targets = places.targets(entries, side.source, fakes)
    files.check_folder("--output", output)
    with files.alone(output):
        _begin(output, folder / manifest.NAME)
        return _recover(side, key, fakes, entries, targets, output, batch_size)


def _check_unchanged(entries, fakes):
    changed = [e for e in entries if fakes.sha256(e) != e["sha256"]]
    if changed:
        names = ", ".join(map(fakes.label, changed[:3]))
        raise UserError(
            f"{len(changed)} of {len(entries)} fakes are missing or were "
            f"changed since they were written: {names}"
            f"{' ...' if len(changed) > 3 else ''}. Take them again from the "
            "sender, or pass --allow_changed to recover what they still hold."
        )


def _begin(output, manifest_path):
    state = {"command": COMMAND, "manifest": files.sha256(manifest_path)}
    held = progress.begin(output, "output", COMMAND)
    if held not in (None, state):
        raise UserError(
            f"--output holds an unfinished run on other fakes: {str(output)!r}"
            ". Choose another."
        )
    files.write_json(output / progress.STATE, state)


def _recover(side, key, fakes, entries, targets, output, batch_size):
    todo = [
        (entry, target) for entry, target in zip(entries, targets)
        if target.row is not None or not (output / target.file).is_file()
    ]
    bad, rows = [], collections.defaultdict(dict)
    count = len(entries) - len(todo)
    line = progress.Line("recovered", count, len(entries))
    for i in range(0, len(todo), batch_size):
        good = _readable(fakes, todo[i : i + batch_size], bad)
        if good:
            _write(output, good, _back(side, key, good), rows)
        count += len(good)
        line.add(len(good))
    line.close()
    for file, held in rows.items():
        arrays.write(output / file, _ordered(held))
    progress.end(output)
    return Result(count, bad)


def _readable(fakes, batch, bad):
    """(entry, target, fake) of those that can be read."""
    good = []
    for entry, target in batch:
        try:
            good.append((entry, target, fakes.read(entry)))
        except UserError as error:
            bad.append(str(error))
    return good


def _back(side, key, good):
    nonces = [bytes.fromhex(entry["nonce"]) for entry, _, _ in good]
    sent = np.stack([fake for _, _, fake in good])
    return side(sent, key.pads(nonces, side.key_bits))


def _write(output, good, recovered, rows):
    """Images at once; rows are kept until their array is whole."""
    for (_, target, _), one in zip(good, recovered):
        if target.row is None:
            channel.write_png(output / target.file, one)
        else:
            rows[target.file][target.row] = (one, target.rows)


def _ordered(held):
    """Rows in their places; those that are missing are not a number."""
    one, count = next(iter(held.values()))
    ordered = np.full((count, *one.shape), np.nan, np.float32)
    for row, (found, _) in held.items():
        ordered[row] = found
    return ordered
