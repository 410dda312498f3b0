"""Fresh inverters that know some fakes with their originals."""

import warnings

import numpy as np

from kprivacy.attacks.fakes.secrecy import (
    SecrecyResult,
    draw,
    references,
    release,
)
from kprivacy.attacks.reconstruction import Reconstruction
from kprivacy.errors import UserError, check_count

INVERTERS = ("ridge", "kernel_ridge", "nearest_neighbours", "mlp")
# A convolutional way up needs images to come to.
OF_IMAGES = ("residual",)


def known_pairs(
    client,
    server,
    attacker,
    test,
    recovery,
    keys=None,
    counts=(100, 1000, 10_000),
    attackers=None,
    steps=600,
    seed=0,
):
    """Recovery by fresh inverters that know pairs (fake, original).

    Every message has its own pad, that of the attacker's pairs too.

    Args:
        client, server, test, recovery, keys: As for `wrong_key`.
        attacker: `kprivacy.data.Arrays`, the attacker's own originals, none
            of which the client was trained on.
        counts: How many pairs it knows; those beyond its examples are left
            out.
        attackers: Names of `Reconstruction`; None for "ridge",
            "kernel_ridge", "nearest_neighbours", "mlp", and "residual" for
            images.
        steps: Gradient steps of the residual network; the perceptron takes
            four times as many.
        seed: Of the attackers and of their choice of examples.

    Returns:
        A tuple of `SecrecyResult`, one for each count.

    Raises:
        UserError: No count is within the attacker's examples.
    """
    for count in counts:
        check_count("counts", count, 20)
    feasible = [count for count in counts if count <= len(attacker)]
    if not feasible:
        raise UserError(
            f"The attacker must have as many examples as `counts`, {counts}. "
            f"Received: {len(attacker)}. Ask for fewer pairs."
        )
    names = attackers or INVERTERS + OF_IMAGES * (test.data.ndim == 4)
    pads = draw(keys, len(test))
    fakes = client(test.data, *pads)
    right = server(fakes, *pads)
    order = np.random.default_rng(seed).permutation(len(attacker))
    results = []
    for count in feasible:
        known = attacker.take(order[:count])
        attack = Reconstruction(None, names, steps, seed=seed, repeats=0)
        best = _fit(attack, release(client, keys), known, test, fakes)
        recovered = {
            name: recovery(test.data, test.labels, one.predict(fakes))
            for name, one in attack.fitted.items()
        }
        results.append(SecrecyResult(
            attack=recovered[best],
            **references(recovery, test, right, known.data, seed),
            attacker=best,
            pairs=count,
            attackers=recovered,
        ))
    return tuple(results)


def _fit(attack, send, known, test, fakes):
    """Fits all inverters; returns the name of the best on validation."""
    with warnings.catch_warnings():
        # Inverters no better than the mean are what secrecy looks like.
        warnings.filterwarnings("ignore", "The best attacker's error")
        found = attack.run(
            lambda data: fakes if data is test.data else send(data),
            known,
            test,
        )
    return found.best.attacker
