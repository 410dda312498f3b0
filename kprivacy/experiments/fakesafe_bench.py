"""What every row of FakeSafe's tables measures."""

import dataclasses
import hashlib
import itertools
import pathlib

import numpy as np

from kprivacy import train_lib
from kprivacy.attacks import fakes as judges
from kprivacy.attacks.fakes import secrecy
from kprivacy.fakesafe import domains, sides, words
from kprivacy.fakesafe.covers import takes_cover
from kprivacy.fakesafe.sides import Receiver, Sender


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        tested: Messages, at most: enough for a standard deviation of .2
            points of an F1 near 1.
        judged: Fakes, and real examples, for the judges of realism.
        steps: Of the detectors.
        epochs: Of the classifiers, None for their own choice.
        inverters: Names of those that know pairs; None: all.
        probes: Names of those of the message's class.
    """

    tested: int = 10_000
    judged: int = 4_000
    steps: int = 600
    epochs: int | None = None
    inverters: tuple | None = None
    probes: tuple = ("logistic_regression", "mlp", "cnn")


FULL = Effort()
SMOKE = Effort(100, 60, 12, 1, ("ridge",), ("logistic_regression",))
# A vocabulary is small: each word is sent under as many keys.
WORD_KEYS = 20
# Covers are new to F, D and all judges, but for the few faces.
COVERS = "defender[60%:]"
# Classifiers judge and do not attack: they learn from the rest but the test.
JUDGES_LEARN_FROM = ("defender[:60%]", "attacker")
FEW = "olivetti_faces"
# Examples that the judge by nearest neighbours knows.
NEIGHBOURS = 10_000


def measure(config, model, classifiers, seed=0, effort=FULL):
    """Recovery, and how real the fakes look.

    Args:
        config: Of the training, for its domains.
        model: A `FakeSafe` or a `Cascade`, trained.
        classifiers: Folder where classifiers of the domains are kept.
        seed: Of keys and judges.
        effort: `Effort`.

    Returns:
        A dict of numbers, the keys of the tables.
    """
    sender, receiver = sender_of(config, model), Receiver(model.server)
    pads = pads_of(model.client, seed)
    test = tested(config.source, effort.tested)
    drawn = secrecy.draw(pads, len(test))
    sent = sender(test.data, *drawn)
    recovered = receiver(sent, *drawn)
    found = recovery(config.source, classifiers, effort)(
        test.data, test.labels, recovered
    ).to_dict()
    if test.data.ndim == 4:
        found |= by_neighbours(config.source, test, recovered)
    if len(model.client.output_shape) == 4:
        found |= realism(
            config, sender, pads, test, classifiers, seed, effort
        )
    return {name: one for name, one in found.items() if one is not None}


def sender_of(config, model, pads=None):
    """The sender, with a stock of covers where it takes them."""
    covers = None
    if takes_cover(model.client):
        split = "defender" if config.target.name == FEW else COVERS
        covers = part(config.target, split, None).data
    return Sender(model.client, covers, pads)


def realism(config, sender, pads, messages, classifiers, seed, effort):
    """Fakes of messages against real examples of their domain."""
    target = part(config.target, config.target.test_split, effort.judged)
    known = part(config.target, "attacker", effort.judged)
    sent = [
        _sent(sender, pads, some, count)
        for some, count in zip(_halves(messages), (len(known), len(target)))
    ]
    judged = judges.realism(
        classifier(config.target, classifiers, effort),
        target.data,
        sent[1],
        seed,
        classifier(config.target, classifiers, effort, seed=1),
    )
    told = judges.Detector(effort.steps, seed).run(
        known.data, sent[0], target.data, sent[1]
    )
    return {
        **judged.to_dict(),
        "detector_accuracy": told.accuracies["cnn"],
        **{f"detector_{k}": one for k, one in told.accuracies.items()},
    }


def by_neighbours(section, test, recovered):
    """F1 by the 5 nearest originals, a judge whom no training has met."""
    from sklearn.metrics import f1_score
    from sklearn.neighbors import KNeighborsClassifier

    known = part(section, "defender", NEIGHBOURS)
    judge = KNeighborsClassifier(5, weights="distance").fit(
        known.data.reshape(len(known), -1), known.labels
    )
    return {
        name: float(f1_score(
            test.labels,
            judge.predict(np.reshape(data, (len(data), -1))),
            average="macro",
        ))
        for name, data in (("f1_neighbours", recovered),
                           ("f1_neighbours_real", test.data))
    }


def recovery(section, classifiers, effort=FULL):
    """The `Recovery` of a source domain."""
    if section.name.startswith(words.PREFIX):
        vectors = words.embeddings(section.name, section.data_dir)
        numbers = {word: i for i, word in enumerate(vectors.words)}

        def name(found):
            nearest = vectors.nearest(found)
            return np.eye(len(numbers))[[numbers[word] for word in nearest]]

        return judges.Recovery(name)
    return judges.Recovery(classifier(section, classifiers, effort))


def tested(section, most):
    """The messages of a test: at most `most`; words, many times."""
    if section.name.startswith(words.PREFIX):
        found = domains.read(section, "test")
        return found.take(np.tile(np.arange(len(found)), WORD_KEYS))
    return part(section, section.test_split, most)


def part(section, split, most):
    """A seeded choice of at most `most` examples; None: of all."""
    found = domains.read(section, split)
    order = np.random.default_rng(0).permutation(len(found))
    return found.take(order[:most])


def classifier(section, folder, effort=FULL, seed=0):
    """A domain's classifier of real examples, trained once for each seed."""
    ending = f"_{seed}" if seed else ""
    path = pathlib.Path(folder) / f"{section.name}{ending}.keras"
    if path.exists():
        return judges.Classifier.load(path)
    splits = ("defender", "attacker") if section.name == FEW else (
        JUDGES_LEARN_FROM
    )
    parts = [domains.read(section, split) for split in splits]
    found = judges.train_classifier(
        np.concatenate([one.data for one in parts]),
        np.concatenate([one.labels for one in parts]),
        parts[0].num_classes,
        seed,
        epochs=effort.epochs,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    train_lib.save(found, path)
    return found


def effort_of(profile):
    """`FULL` or `SMOKE`."""
    return SMOKE if profile == "smoke" else FULL


def pads_of(model, seed):
    """Pads that repeat, as experiments must: no secret, counted nonces."""
    secret = hashlib.sha256(f"experiment {seed}".encode()).digest()
    numbers = itertools.count()
    return sides.pads_of(
        model, secret, new_nonce=lambda: next(numbers).to_bytes(16, "big")
    )


def _halves(messages):
    """The first half and the rest of the different messages, in turn."""
    _, first, which = np.unique(
        messages.data.reshape(len(messages), -1), axis=0,
        return_index=True, return_inverse=True,
    )
    order = np.argsort(np.argsort(first))[which.ravel()]
    return [
        messages.take(order < len(first) // 2),
        messages.take(order >= len(first) // 2),
    ]


def _sent(sender, pads, messages, count):
    """Fakes of `count` messages, repeated under new keys where too few."""
    turns = -(-count // len(messages)) if pads else 1
    data = np.tile(
        messages.data, (turns,) + (1,) * (messages.data.ndim - 1)
    )[:count]
    return sender(data, *secrecy.draw(pads, len(data)))
