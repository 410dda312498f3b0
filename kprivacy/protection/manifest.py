"""manifest.json: what a receiver needs to turn the fakes back, and no more.

    format, method, pair   what made the fakes
    fakes                  of each: file (and row), sha256, nonce; with a key
                           name, the original's name, sealed
    mac                    with a key: HMAC-SHA256 of all of the above

Fakes stand in the random order of their ids. Neither names nor hashes of
private files are in it: whoever guesses a picture could check a hash.
"""

import hmac
import json
import pathlib

from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.protection import sides

NAME = "manifest.json"
FORMAT = 1


def context(pair, nonce):
    """Bytes that bind a sealed name to its fake."""
    return f"kprivacy fakesafe {FORMAT} {pair} {nonce}".encode()


def write(folder, pair, secret, fakes):
    """Writes the manifest of a list of dicts, one a fake."""
    held = {
        "format": FORMAT,
        "method": sides.METHOD,
        "pair": pair,
        "fakes": fakes,
    }
    if secret:
        held["mac"] = secret.mark(_canonical(held))
    files.write_json(pathlib.Path(folder) / NAME, held)


def read(folder, pair, secret, fakes):
    """Reads a manifest that may come from anybody.

    Args:
        folder: Where it lies.
        pair: The pair of the server.
        secret: `Secret`.
        fakes: `ImageFakes` or `VectorFakes` of the folder.

    Returns:
        The entries; "name" is the dict that was sealed, or None.

    Raises:
        UserError: It is missing or damaged, was made by another pair or with
            another key, or was changed.
    """
    path = pathlib.Path(folder) / NAME
    if not path.is_file():
        raise UserError(
            f"--input must be a folder of fakes with their {NAME}, as "
            f"kprivacy.protect writes it. Received: {str(folder)!r} without. "
            "An interrupted run writes it at its end: run it again."
        )
    held = files.read_json(path)
    try:
        _check_form(held, secret)
        fakes.check(held["fakes"])
    except UserError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{str(path)!r} must be a manifest of {sides.METHOD!r} in format "
            f"{FORMAT} for this kind of fakes. Received: {error!r}. Take it "
            "again from the sender."
        ) from error
    if held["pair"] != pair:
        raise UserError(
            f"The fakes and --server must come from one pair. Received: fakes "
            f"of pair {held['pair'][:12]!r}, a server of {pair[:12]!r}. Ask "
            "the sender which training was used."
        )
    return _unsealed(held, path, secret)


def _check_form(held, secret):
    if (held["format"], held["method"]) != (FORMAT, sides.METHOD):
        raise ValueError(f"{held['format']!r}, {held['method']!r}")
    strings = [held["pair"]] + ([held["mac"]] if secret else [])
    for entry in held["fakes"]:
        strings += [entry["file"], entry["sha256"], entry["nonce"]]
        strings += [entry["name"]] if secret else []
        if len(bytes.fromhex(entry["nonce"])) != 16:
            raise ValueError("a nonce of another length than 16 bytes")
    if not held["fakes"] or not all(isinstance(s, str) for s in strings):
        raise ValueError("no fakes, or no text where text belongs")


def _unsealed(held, path, secret):
    """The entries with their names, all of them authentic or none."""
    entries = held["fakes"]
    if not secret:
        return [{**entry, "name": None} for entry in entries]
    names, bad = [], 0
    for entry in entries:
        try:
            where = context(held["pair"], entry["nonce"])
            names.append(secret.unseal(entry["name"], where))
        except ValueError:
            bad += 1
    if not names:
        raise UserError(
            f"--key_file holds another key than the one that the fakes were "
            f"made with: none of {len(entries)} names in {str(path)!r} can be "
            "read. Ask the sender for the right key."
        )
    mac = held.pop("mac").encode()
    right = secret.mark(_canonical(held)).encode()
    if bad or not hmac.compare_digest(mac, right):
        raise UserError(
            f"{str(path)!r} was changed after it was written: its mac is "
            "not the key's. Take it again from the sender."
        )
    return [{**entry, "name": n} for entry, n in zip(entries, names)]


def _canonical(held):
    return json.dumps(held, sort_keys=True, separators=(",", ":")).encode()
