"""The files that a client may become, measured side by side."""

import math
import zlib

import numpy as np

from kprivacy.errors import UserError
from kprivacy.fakesafe import keys
from kprivacy.releases import TFLiteModel, to_wire

from . import client as client_lib
from . import conversion, opened, parity
from .parts import BYTES

PARITY_EXAMPLES = 300
# Of 255, the mean difference from Keras that no file may pass.
MOST_QUANTA = 25


def made(client, quantizations, inputs, settings=None):
    """Converts a client, opens every file, and measures it.

    Args:
        client: `export.parts.Client`.
        quantizations: Names, as for `export.client.convert`.
        inputs: Test data, one array an input.
        settings: Of fine-tuning, see `export.tuning.fitted`.

    Returns:
        (name to bytes, name to what was measured or `failed`): a file that is
        nowhere near Keras, or passes the client's bound, has failed.
    """
    contents, failed = conversion.convert_all(
        {"client": client}, quantizations, settings
    )
    contents = {name: one for (_, name), one in contents.items()}
    found = {name: {"failed": why} for (_, name), why in failed.items()}
    for name, content in list(contents.items()):
        found[name] = measured(client, content, inputs)
        if "failed" in found[name]:
            del contents[name]
    return contents, {name: found[name] for name in quantizations}


def measured(client, content, inputs):
    """What a file costs, and how far it is from Keras; or why it `failed`."""
    try:
        found = _opened(client, content, inputs)
    except (RuntimeError, ValueError) as error:
        return {"failed": f"LiteRT does not run it: {error}"}
    apart = found["parity"]["mean_quanta"]
    if not apart <= MOST_QUANTA:
        return {"failed": f"It differs from Keras by {apart:.1f} of 255 steps "
                f"on average; {MOST_QUANTA} are the most."}
    if client.bound is not None and found["linf"] > client.bound:
        return {"failed": f"It changes a byte by {found['linf']}; the bound "
                f"is {client.bound}."}
    return found


def _opened(client, content, inputs):
    file = TFLiteModel(content, client.signature)
    scale, zero_point = client_lib.wire(client, file)
    inputs = [one[:PARITY_EXAMPLES] for one in inputs]
    plain = opened.without_delegates(content)
    operations = {one["op_name"] for one in plain._get_ops_details()}
    raw = {
        name: to_wire(one[:1], file.inputs[name]["dtype"])
        for name, one in client.named(inputs).items()
    }
    changes = {}
    if client.bound is not None:
        given = parity.on_the_wire(client, inputs)
        sent = file(client.named(given)).astype(np.float32)
        changes["linf"] = int(np.abs(sent - np.rint(255 * given[0])).max())
    return {
        **changes,
        "bytes": len(content),
        "compressed_bytes": len(zlib.compress(content, 9)),
        "operations": sorted(operations),
        "multiply_adds": opened.multiply_adds(plain),
        "arena_bytes": opened.arena_bytes(plain),
        "latency_ms": parity.latency(content, client.signature, raw),
        "parity": parity.measure(client, file, inputs, scale, zero_point),
    }


def wire_bytes(client):
    """(bytes that are sent a call, a nonce among them; of the raw data)."""

    def size(kind, shape):
        return math.prod(shape) * (1 if kind in BYTES else 4)

    kind = next(iter(client.inputs.values()))
    shape = client.examples[0].shape[1:]
    sent = client.model.compute_output_shape(
        [one.shape for one in client.examples]
        if len(client.examples) > 1 else client.examples[0].shape
    )[1:]
    nonce = keys.NONCE_BYTES if "key" in client.inputs.values() else 0
    return size(client.output[1], sent) + nonce, size(kind, shape)


def losses(before, after):
    """What quantisation costs: of utility, and what it gives attackers.

    Returns:
        (utility lost, share by which the attack is better), below 0 where
        the file is better than Keras.
    """
    lost = before["utility"]["value"] - after["utility"]["value"]
    attacks = [one["attack"]["value"] for one in (before, after)]
    gained = (attacks[1] - attacks[0]) / max(abs(attacks[0]), 1e-9)
    if before["attack"]["protects"] == "high":
        gained = -gained
    return lost, gained


def _give_or_take(before, after):
    error = chance(before, after)
    return "" if error is None else f" (standard error {error:.1%})"


def chance(before, after):
    """The standard error of that share.

    Of a mean of several attackers it is that of the mean; else it is by the
    examples that are tested alone, which are not all that chance decides:
    attackers trained anew differ.

    Returns:
        A float, or None where the attack is no accuracy.
    """
    both = before["attack"], after["attack"]
    if all(one.get("trainers", 1) > 1 for one in both):
        error = math.sqrt(sum(
            one["std"] ** 2 / one["trainers"] for one in both
        ))
        return error / max(both[0]["value"], 1e-9)
    tested = after["attack"].get("tested")
    if not tested:
        return None
    values = [one["attack"]["value"] for one in (before, after)]
    error = math.sqrt(sum(value * (1 - value) / tested for value in values))
    return error / max(values[0], 1e-9)


def choose(found, before, measure, utility_loss, privacy_loss):
    """The smallest file, and the fastest of those, inside the bounds.

    Within a tenth of each other files count as equally small, and as equally
    fast; then the closest to Keras is taken.

    Args:
        found: Of `made`.
        before: Measures of the Keras client.
        measure: Function from a name to the file's measures.
        utility_loss: Largest loss of utility.
        privacy_loss: Largest share by which the attack may be better.

    Returns:
        (name, its measures, one sentence for each file that was looked at).

    Raises:
        UserError: None is inside the bounds, and float32 failed.
    """
    names = [name for name, one in found.items() if "failed" not in one]
    bytes_ = {name: found[name]["bytes"] for name in names}
    times = {
        name: found[name]["latency_ms"]["threads_1"]["p50"] for name in names
    }

    def order(name):
        tenths = [
            math.floor(math.log(one[name] / min(one.values()), 1.1) + 1e-9)
            for one in (bytes_, times)
        ]
        return *tenths, found[name]["parity"]["mean_quanta"]

    said = []
    for name in sorted(names, key=order):
        after = measure(name)
        lost, gained = losses(before, after)
        inside = lost <= utility_loss and gained <= privacy_loss
        said.append(
            f"{name}: {found[name]['bytes']:,} bytes, utility {-lost:+.4f}, "
            f"attack better by {gained:+.1%}{_give_or_take(before, after)}: "
            + ("chosen, the smallest inside the bounds" if inside else
               "outside the bounds")
        )
        if inside:
            return name, after, said
    if "float32" not in names:
        why = found.get("float32", {}).get("failed", "it was not asked for.")
        raise UserError(
            "The client must convert to a file inside the bounds, or to "
            f"float32. Received: {'; '.join(said) or 'no file at all'}; "
            f"float32: {why} Use layers that TFLite has, or other bounds."
        )
    said.append(
        "No file is inside the bounds: float32, the closest to Keras, stays."
    )
    return "float32", measure("float32"), said
