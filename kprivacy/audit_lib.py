"""Audits a trained client: utility, fresh attackers, reference rows."""

import pathlib
import time

import numpy as np

from kprivacy import files, pictures, releases, train_lib, workdir
from kprivacy.attacks import Reconstruction


def audit(directory):
    """Audits the client of a working directory.

    Args:
        directory: A working directory with a trained model.

    Returns:
        The report, a dict that is also in `directory`/audit/audit.json, with
        `accuracy`, `undefended_accuracy` and `reconstruction`, a
        `ReconstructionResults.to_dict()`. Beside it are the text of
        `summary`, the attackers' table as CSV, and in `directory`/samples a
        picture of inputs and reconstructions.
    """
    begin = time.perf_counter()
    directory = pathlib.Path(directory)
    config = workdir.read_config(directory)
    model = workdir.read_model(directory)
    parts = Parts(config)
    reference = undefended(config, directory, parts)
    release = releases.KerasRelease(model.client, seed=config.seed)
    attack = reconstruction(config, model.client, parts)
    results = attack.run(
        release, parts.attacker, parts.test, reference["attack_error"]
    )
    report = {
        "data": config.data.name,
        "accuracy": accuracy(model.server, release, parts.test),
        "undefended_accuracy": reference["accuracy"],
        "prior": prior(parts.test),
        "reconstruction": results.to_dict(),
        "seed": config.seed,
        "seconds": time.perf_counter() - begin,
        "environment": files.environment(),
    }
    folder = directory / "audit"
    files.write_json(folder / "audit.json", report)
    files.write_bytes(
        folder / "attackers.csv",
        results.to_dataframe().to_csv(index=False).encode(),
    )
    text = summary(report, results)
    files.write_bytes(folder / "summary.txt", (text + "\n").encode())
    write_samples(
        directory / "samples" / "reconstructions.png",
        release,
        attack.best_attacker,
        parts.test,
    )
    return report, text


class Parts:
    """The attacker's and the test part of a config's data."""

    def __init__(self, config):
        self.attacker = workdir.read_data(config, config.data.attacker_split)
        self.test = workdir.read_data(config, config.data.test_split)


def undefended(config, directory, parts):
    """Accuracy and attack error of the undefended client; kept in a file."""
    path = pathlib.Path(directory) / "audit" / "undefended.json"
    if path.exists():
        return files.read_json(path)
    client, server = train_lib.undefended(config, directory).layers
    release = releases.KerasRelease(client)
    attack = reconstruction(config, client, parts)
    results = attack.run(release, parts.attacker, parts.test)
    found = {
        "accuracy": accuracy(server, release, parts.test),
        "attack_error": results.best.mse,
        "reconstruction": results.to_dict(),
    }
    files.write_json(path, found)
    return found


def reconstruction(config, client, parts):
    """The attack that a config asks for, against a client."""
    return Reconstruction(
        encoder=client,
        attackers=config.attack.attackers or None,
        steps=config.attack.steps,
        data_range=data_range(parts.test.data),
        seed=config.seed,
    )


def data_range(values):
    """1 for images in [0, 1], largest minus smallest for signals."""
    if values.ndim == 4:
        return 1.0
    return float(values.max() - values.min())


def accuracy(server, release, part):
    """Accuracy of a Keras server on a release of `part`."""
    return releases.accuracy(
        lambda features: server.predict(features, batch_size=512, verbose=0),
        release,
        part.data,
        part.labels,
    )


def prior(part):
    """Accuracy of naming the most frequent class."""
    return float(np.bincount(part.labels).max() / len(part))


def summary(report, results):
    """The report as text."""
    possible = report["undefended_accuracy"] - report["prior"]
    kept = (report["accuracy"] - report["prior"]) / max(possible, 1e-9)
    return "\n".join(
        [
            f"accuracy {report['accuracy']:.2%}, undefended "
            f"{report['undefended_accuracy']:.2%}, largest class "
            f"{report['prior']:.2%}: {kept:.1%} of the utility is kept",
            "",
            results.summary(),
        ]
    )


def write_samples(path, release, attacker, test, columns=10):
    """A picture of test data above the best attacker's reconstructions."""
    sent = np.asarray(release(test.data[:columns]))
    rows = {
        "input": test.data[:columns],
        f"attacker\n({attacker.name})": attacker.predict(sent),
    }
    pictures.comparison(path, rows, columns)
