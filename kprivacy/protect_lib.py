"""Turns private examples into fakes that are safe to hand on."""

import dataclasses
import pathlib

import numpy as np

from kprivacy import errors, files
from kprivacy.protection import inputs as private
from kprivacy.protection import (
    manifest,
    plan,
    progress,
    secret,
    sides,
    stock,
    wire,
)

# What the manifest says of a fake, beside its place: not its cover.
TOLD = ("nonce", "name")


@dataclasses.dataclass(frozen=True)
class Result:
    """What a run did.

    Args:
        count: Examples in the output, with those of an interrupted run.
        bad: A sentence for each example that was skipped.
        ignored: Files of the input folder that are no images by their names.
        warnings: Sentences on what is in the output, but not as wished for.
    """

    count: int
    bad: list
    ignored: int = 0
    warnings: tuple = ()


def protect(
    client,
    input,
    output,
    key_file=None,
    batch_size=64,
    resize=False,
    covers=None,
):
    """Writes a fake of every private example, and a manifest.

    A run that was interrupted goes on where it stopped, and makes no second
    fake of an example.

    Args:
        client: Folder with client.keras and domain.json, or the working
            directory around it.
        input: An image, a folder of images, or a .npy or .npz ("data").
        output: New folder, or that of the interrupted run.
        key_file: Path of the key; needed exactly if the pair takes one.
        batch_size: Examples a step.
        resize: Whether images of another size or mode are converted.
        covers: Pictures of the fake's domain, as `input`, where the client
            takes them. Each is used once.

    Returns:
        `Result`.

    Raises:
        UserError: An argument cannot be used, or no example is readable.
    """
    errors.check_count("batch_size", batch_size)
    output = pathlib.Path(output).expanduser()
    private.check_apart(input, output)
    if covers is not None:
        private.check_apart(covers, output, "covers")
        _check_covers(input, covers)
    side = sides.read(client, "client")
    key = secret.read(key_file, side.key_bits)
    found = private.find(input, side.source, resize)
    fakes = wire.fakes_of(output, side.target)
    hidden_in = stock.Stock(side, covers, resize)
    files.check_folder("--output", output)
    with files.alone(output):
        return _protected(
            side, key, found, fakes, hidden_in, output, batch_size
        )


def _protected(side, key, found, fakes, hidden_in, output, batch_size):
    entries, todo = plan.draw(
        output, side.pair, key, found, fakes, hidden_in
    )
    bad = []
    line = progress.Line("protected", len(entries), len(found.names))
    for batch in _batches(todo, found.read, batch_size, bad):
        made = [entry for entry, _, _ in batch]
        nonces = [bytes.fromhex(entry["nonce"]) for entry in made]
        data = np.stack([example for _, example, _ in batch])
        sent = side(
            data,
            key.pads(nonces, side.key_bits),
            hidden_in.read([cover for _, _, cover in batch]),
        )
        fakes.write([entry["id"] for entry in made], sent)
        entries += made
        line.add(len(made))
    line.close()
    _finish(output, side.pair, key, fakes, entries, bad)
    return Result(len(entries), bad, found.ignored)


def _check_covers(input, covers):
    private, shown = (
        pathlib.Path(path).expanduser().resolve() for path in (input, covers)
    )
    if private in (shown, *shown.parents) or shown in private.parents:
        raise errors.UserError(
            "--input and --covers must lie apart: everybody who sees a fake "
            f"sees its cover. Received: {str(input)!r} and {str(covers)!r}. "
            "Choose pictures that may be seen."
        )


def _batches(todo, read, batch_size, bad):
    """Lists of (entry, example, index of cover); the unreadable into `bad`."""
    batch = []
    for index, entry, cover in todo:
        try:
            batch.append((entry, read(index), cover))
        except errors.UserError as error:
            bad.append(str(error))
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch:
        yield batch


def _finish(output, pair, key, fakes, entries, bad):
    if not entries:
        raise errors.UserError(
            f"None of {len(bad)} examples can be used. The first: {bad[0]}"
        )
    entries = sorted(entries, key=lambda entry: entry["id"])
    places = fakes.finish([entry["id"] for entry in entries])
    described = [
        {**place, **{k: v for k, v in entry.items() if k in TOLD}}
        for place, entry in zip(places, entries)
    ]
    manifest.write(output, pair, key, described)
    progress.end(output)
    # Last: a run that is interrupted before still needs them.
    fakes.tidy()
