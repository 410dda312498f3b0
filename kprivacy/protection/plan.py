"""Which private example becomes which fake; never two of the same.

While a run is unfinished, the state file in the output holds for each example
a mark, the id and nonce of its fake, and its sealed name. A mark is a keyed
hash of the name and a random salt. Without a secret the hash has no key, and
whoever guesses a name can see whether it is there: such a folder must not be
handed on before the run is complete.
"""

import json
import pathlib
import random
import secrets

from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.fakesafe import keys
from kprivacy.protection import manifest, progress

COMMAND = "protect"


def draw(folder, pair, secret, found, fakes, stock):
    """Draws an id, a nonce and a cover for each example without a fake yet.

    An example whose fake was not written gets new ones: no nonce is ever
    used on two contents.

    Args:
        folder: The output, new or of an interrupted run.
        pair: The pair's name.
        secret: `Secret`.
        found: `inputs.Inputs`.
        fakes: `ImageFakes` or `VectorFakes` of the folder.
        stock: `Stock` of covers.

    Returns:
        (entries that are done, list of (index, entry, index of the cover or
        None) to do in random order); an entry holds "id", "nonce", the mark
        of its "cover" and, with a secret, "name".

    Raises:
        UserError: The folder is another run's.
    """
    state = progress.begin(folder, "output", COMMAND)
    if state is None:
        state = _fresh(pair, secret, found)
    _check(state, pair, secret, found)
    written = fakes.done()
    kept = {m: e for m, e in state["fakes"].items() if e["id"] in written}
    todo = {}
    for index, name in enumerate(found.names):
        mark = _mark(secret, state["salt"], json.dumps(name))
        if mark not in kept:
            todo[mark] = (index, _entry(secret, pair, name))
    marks = {
        index: _mark(secret, state["salt"], f"cover {content}")
        for index, content in stock.contents().items()
    }
    used = {entry.get("cover") for entry in kept.values()}
    left = [index for index, mark in marks.items() if mark not in used]
    covers = stock.choose(len(todo), left)
    for (_, entry), cover in zip(todo.values(), covers):
        entry["cover"] = None if cover is None else marks[cover]
    state["fakes"] = {**kept, **{m: entry for m, (_, entry) in todo.items()}}
    # The order of marks is as random as they are.
    state["fakes"] = dict(sorted(state["fakes"].items()))
    files.write_json(pathlib.Path(folder) / progress.STATE, state)
    order = [(*one, cover) for one, cover in zip(todo.values(), covers)]
    random.SystemRandom().shuffle(order)
    return list(kept.values()), order


def _fresh(pair, secret, found):
    salt = secrets.token_hex(16)
    return {
        "command": COMMAND,
        "pair": pair,
        "salt": salt,
        "key": _mark(secret, salt, "key"),
        "input": _mark(secret, salt, f"input {found.root}"),
        "fakes": {},
    }


def _entry(secret, pair, name):
    nonce = keys.new_nonce().hex()
    entry = {"id": secrets.token_hex(8), "nonce": nonce}
    if secret:
        entry["name"] = secret.seal(name, manifest.context(pair, nonce))
    return entry


def _check(state, pair, secret, found):
    try:
        where = _mark(secret, state["salt"], f"input {found.root}")
        other = {
            "input": state["input"] != where,
            "pair": state["pair"] != pair,
            "key": state["key"] != _mark(secret, state["salt"], "key"),
        }
        # Of another key all marks differ.
        other["input"] = other["input"] and not other["key"]
    except KeyError as error:
        raise UserError(
            f"{progress.STATE} in --output lacks {error}. Delete that folder "
            "and begin again."
        ) from error
    for what, differs in other.items():
        if differs:
            raise UserError(
                f"--output holds an unfinished run with another {what}. Go on "
                f"with that {what}, or choose another --output."
            )


def _mark(secret, salt, text):
    return secret.mark(f"{salt} {text}".encode())
