"""What a fake tells: to a wrong key, to another server, to a probe.

Clients and servers are functions on NumPy batches: `client(data)` gives
fakes, `server(fakes)` the data. With a key both take it as a second
argument, and `keys` is a function from a number of messages to their pads,
float32 (messages, bits), fresh at each call.
"""

import dataclasses

import numpy as np

from kprivacy.attacks.attributes import AttributeInference
from kprivacy.attacks.fakes.recovery import RecoveryResult
from kprivacy.errors import UserError


@dataclasses.dataclass(frozen=True)
class SecrecyResult:
    """What somebody without the right server and key recovers.

    Attributes:
        attack: What is recovered, by the best attacker.
        right: What the right server recovers with the right key.
        mean: Recovery by predicting the mean of the attacker's data, or of
            the test data where nothing is learned: chance for `mse`.
        unrelated: Recovery by another real example, drawn at random: chance
            for the classes.
        attacker: Of `known_pairs`, the best one's name, by validation data.
        pairs: Pairs (fake, original) that it learned from and chose by.
        attackers: Name to the recovery of each attacker.
    """

    attack: RecoveryResult
    right: RecoveryResult
    mean: RecoveryResult
    unrelated: RecoveryResult
    attacker: str = ""
    pairs: int = 0
    attackers: dict = dataclasses.field(default_factory=dict)

    def to_dict(self):
        """Plain data for JSON."""
        return dataclasses.asdict(self)


def wrong_key(client, server, test, recovery, keys, wrong_keys, seed=0):
    """Recovery by the right server with pads that are not the message's.

    Args:
        client, server: See the module.
        test: `kprivacy.data.Arrays`.
        recovery: A `Recovery`.
        keys: Pads of the sender and the receiver.
        wrong_keys: Pads of somebody else, a function as `keys`.
        seed: Of the draw of unrelated examples.

    Returns:
        A `SecrecyResult`.

    Raises:
        UserError: The wrong keys are the right ones.
    """
    pads, wrong = keys(len(test)), wrong_keys(len(test))
    if np.array_equal(pads, wrong):
        raise UserError(
            "`wrong_keys` must give other pads than `keys`. Received: the "
            "same. Expand another secret, or other nonces."
        )
    fakes = client(test.data, pads)
    return _compared(
        recovery, test, server(fakes, pads), server(fakes, wrong), seed
    )


def other_server(client, server, other, test, recovery, keys=None, seed=0):
    """Recovery by a server of another training, with the right pads.

    Args:
        other: The server of another seed; the rest as for `wrong_key`.

    Returns:
        A `SecrecyResult`.
    """
    pads = draw(keys, len(test))
    fakes = client(test.data, *pads)
    return _compared(
        recovery, test, server(fakes, *pads), other(fakes, *pads), seed
    )


def probe(
    client,
    attacker,
    test,
    keys=None,
    attribute="label",
    attackers=None,
    steps=600,
    undefended=None,
    seed=0,
):
    """The private label, or another attribute, told from the fake.

    Args: as `known_pairs` and `AttributeInference`.

    Returns:
        `AttributeResults`: `best.accuracy`, `best.balanced_accuracy`, and
        beside them chance, `prior` and `blind_balanced_accuracy`.
    """
    attack = AttributeInference(attackers, steps, seed)
    return attack.run(
        release(client, keys), attacker, test, attribute, undefended
    )


def draw(keys, count):
    """The arguments that follow the data: fresh pads, or none."""
    return () if keys is None else (keys(count),)


def release(client, keys):
    """The client as a release that draws a fresh pad for each message."""
    return lambda data: client(data, *draw(keys, len(data)))


def references(recovery, test, right, known, seed):
    """The rows beside an attack: `right`, `mean` and `unrelated`.

    Args:
        right: What the right server recovers.
        known: Data whose mean anybody may know.
    """
    mean = known.mean(axis=0, dtype=np.float64)
    order = np.random.default_rng(seed).permutation(len(test))
    return {
        "right": recovery(test.data, test.labels, right),
        "mean": recovery(
            test.data, test.labels, np.broadcast_to(mean, test.data.shape)
        ),
        # Each gets the next one of a random circle, never itself.
        "unrelated": recovery(
            test.data, test.labels, test.data[_next(order)]
        ),
    }


def _next(order):
    following = np.empty_like(order)
    following[order] = np.roll(order, 1)
    return following


def _compared(recovery, test, right, attacked, seed):
    return SecrecyResult(
        attack=recovery(test.data, test.labels, attacked),
        **references(recovery, test, right, test.data, seed),
    )
