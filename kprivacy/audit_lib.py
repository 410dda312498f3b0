"""Audits a trained client: utility, fresh attackers, reference rows."""

import dataclasses
import io
import pathlib
import time

import numpy as np

from kprivacy import files, pictures, releases, train_lib, workdir
from kprivacy.attacks.audit import PICTURES, Audit, Undefended, data_range
from kprivacy.attacks.reconstruction import Reconstruction


@dataclasses.dataclass(frozen=True)
class Options:
    """What an audit is asked for beyond its subject.

    Attributes:
        attackers: Names of reconstruction attackers; none: the config's, or
            all.
        attributes: Names of attributes to infer.
        counts: Numbers of attacker's examples of the sweep; none: no sweep.
        self_checks: Whether known answers are put to the attackers too.
        output_dir: Folder of the report, None for the usual one.
        command: The command that asked for it.
    """

    attackers: tuple = ()
    attributes: tuple = ()
    counts: tuple = ()
    self_checks: bool = True
    output_dir: str | None = None
    command: str | None = None


def audit(directory, release_file=None, options=None):
    """Audits the client of a working directory.

    Args:
        directory: A working directory with a trained model.
        release_file: A .tflite to audit in place of the Keras client.
        options: `Options`.

    Returns:
        (report, text): `AuditReport.to_dict()` and `summary()`. The report's
        files are in the options' folder, or in `directory`/audit, or
        `directory`/audit_FILE for a .tflite; of the Keras client there is
        also a picture of inputs and reconstructions in `directory`/samples.
    """
    begin = time.perf_counter()
    options = options or Options()
    directory = pathlib.Path(directory)
    config = workdir.read_config(directory)
    workdir.check_method(config, "The audit")
    model = workdir.read_model(directory)
    parts = Parts(config)
    release, readable, released, folder = _subject(
        directory, release_file, model, config
    )
    one = Audit(
        model.client,
        options.attackers or config.attack.attackers,
        options.attributes,
        options.counts,
        config.attack.steps,
        config.seed,
        options.self_checks and config.attack.get("self_checks", True),
    )
    one.check(release, parts.attacker, parts.test)
    report = one.run(
        release,
        parts.attacker,
        parts.test,
        _reference(one, config, directory, parts, options.attributes),
        data=config.data.name,
        released=released,
        accuracy=readable and accuracy(model.server, readable, parts.test),
        command=options.command,
    )
    report = dataclasses.replace(report, seconds=time.perf_counter() - begin)
    report.write(options.output_dir or folder)
    if release_file is None:
        write_samples(directory / "samples" / "reconstructions.png", report)
    return report.to_dict(), report.summary()


def _subject(directory, release_file, model, config):
    """Release, the same as the server reads it, facts, report's folder."""
    if release_file is None:
        path = directory / "model.keras"
        release = releases.KerasRelease(model.client, seed=config.seed)
        facts = {"kind": "the Keras client of a working directory"}
        readable, folder = release, directory / "audit"
    else:
        from kprivacy import audit_files

        path = pathlib.Path(release_file)
        release = audit_files.open_tflite(path, config.seed)
        facts = {"kind": "a .tflite file"}
        readable = audit_files.readable(release, path)
        folder = directory / f"audit_{path.stem}"
    facts |= {"path": str(path), "sha256": files.sha256(path)}
    return release, readable, facts, folder


class Parts:
    """The attacker's and the test part of a config's data."""

    def __init__(self, config):
        self.attacker = workdir.read_data(config, config.data.attacker_split)
        self.test = workdir.read_data(config, config.data.test_split)


def _reference(one, config, directory, parts, attributes):
    """`Undefended` of a working directory."""
    known = undefended(config, directory, parts)
    found = {}
    if attributes:
        client, _ = train_lib.undefended(config, directory).layers
        release = releases.KerasRelease(client)
        found = {
            name: one.infer(
                release, parts.attacker, parts.test, name
            ).best.accuracy
            for name in attributes
        }
    shown = pathlib.Path(directory) / "audit" / "undefended.npy"
    return Undefended(
        accuracy=known["accuracy"],
        attack_error=known["attack_error"],
        attributes=found,
        pictures=np.load(shown) if shown.exists() else None,
    )


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
    sent = release(parts.test.data[:PICTURES])
    shown = io.BytesIO()
    np.save(shown, attack.best_attacker.predict(sent), allow_pickle=False)
    files.write_bytes(path.with_suffix(".npy"), shown.getvalue())
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


def accuracy(server, release, part):
    """Accuracy of a Keras server on a release of `part`."""
    return releases.accuracy(
        lambda features: server.predict(features, batch_size=512, verbose=0),
        release,
        part.data,
        part.labels,
    )


def write_samples(path, report):
    """A picture of test data above the best attacker's reconstructions."""
    best = report.reconstruction.best.attacker
    rows = {
        "input": report.pictures["original"],
        f"attacker\n({best})": report.pictures[best],
    }
    pictures.comparison(path, rows, PICTURES)
