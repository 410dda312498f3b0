"""Protects any number of pictures as an Apache Beam pipeline.

Elements are names of files: pictures, or TFRecord shards of `tf.train.Example`
with an encoded picture each. Workers read, protect, write and measure them;
what cannot be used goes to an output of its own, with the reason.
"""

import dataclasses
import json
import os
import time
import uuid

from kprivacy import errors
from kprivacy.errors import UserError

try:
    import apache_beam as beam
    from apache_beam.io import fileio
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError as error:
    raise UserError(
        "--runner needs Apache Beam, which is not installed: pip install "
        "-e '.[beam]'. Without --runner one process does it all."
    ) from error

from kprivacy import files
from kprivacy.photos import picture, run
from kprivacy.photos.workers import Pictures, Shards
from kprivacy.protection import inputs

# Beam's own local runner first fetches a program from the network.
LOCAL = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
REPORT, SETTINGS = "report", "settings.json"
# Small pictures are protected together: so many, or of so many bytes.
TOGETHER, BYTES_EACH = 64, 1 << 15
SHOWN = 20


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a pipeline did.

    Attributes:
        protected: Pictures written now.
        there: Pictures, or shards, that an earlier run had written.
        bad: Pictures, records or shards that were left.
        report: The folder with a row of each.
        reasons: Of the first of those that were left.
        lossy: How many that were written now, or were there, are of a lossy
            format.
        kept: Shares of the noise that are kept of those written now: the
            mean and the least, or None.
    """

    protected: int
    there: int
    bad: int
    report: str
    reasons: list
    lossy: int = 0
    kept: tuple | None = None

    def summary(self):
        """A few lines."""
        lines = [f"skipped: {one}" for one in self.reasons]
        lines.append(f"protected: {self.protected}, there before: {self.there}")
        if self.lossy:
            said = (
                ", {:.0%} of the noise is kept, {:.0%} where it is least"
                .format(*self.kept) if self.kept else ""
            )
            lines.append(
                f"warning: {self.lossy} are of a lossy format{said}, see "
                f"{self.report}/rows-*.jsonl. --format=png loses nothing."
            )
        if self.bad:
            lines.append(f"skipped: {self.bad}, see {self.report}/bad-*.jsonl")
        return "\n".join(lines)


def protect(
    client,
    input,
    output,
    runner="DirectRunner",
    options=(),
    metadata="strip",
    format="same",
):
    """Runs the pipeline and waits for its end.

    What is in the output already, and not older than its original, is not
    written again. Pictures are measured again, so that the report of every
    run is whole.

    Args:
        client: Folder of a client of ConfounderGAN on this machine. Workers
            get it with the pipeline.
        input: A folder of pictures with its sub-folders, or a pattern of
            TFRecord shards, with "tfrecord" in their names; on any file
            system that Beam knows.
        output: A folder, likewise.
        runner: Beam's name of a runner; "DirectRunner" is this machine.
        options: Beam's own flags, such as "--direct_num_workers=2".
        metadata, format: As for `kprivacy.photos.run.protect`.

    Returns:
        `Outcome`.

    Raises:
        UserError: An argument cannot be used, or there is no input.
    """
    errors.check_choice("--metadata", metadata, run.METADATA)
    errors.check_choice("--format", format, run.OUTPUTS)
    input, output = (
        os.path.expanduser(str(one)).rstrip("/") for one in (input, output)
    )
    if "://" not in input + output:
        inputs.check_apart(_folder(input), output)
    content, digest = _client(client)
    pattern = _pattern(input)
    settings = {"client": digest, "metadata": metadata, "format": format}
    _check_settings(output, settings)
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"
    report = FileSystems.join(output, REPORT, name)
    chosen = ["--runner", LOCAL if runner == "DirectRunner" else runner]
    pipeline = beam.Pipeline(options=PipelineOptions([*chosen, *options]))
    _build(pipeline, pattern, output, report, content, settings)
    result = pipeline.run()
    result.wait_until_finish()
    return _outcome(result, report)


def _client(folder):
    """The content of a client's file, and the digest of its weights."""
    from kprivacy.protection import sides

    if sides.is_bundle(folder):
        raise UserError(
            "With --runner, --client must be a trained client, as training "
            f"leaves it in W/client. Received: {str(folder)!r}, an exported "
            "bundle. Leave --runner out, or give W/client."
        )
    model = sides.read_generator(folder)
    path = sides.own_folder(folder, "client") / "client.keras"
    return path.read_bytes(), files.weights_digest(model)


def _pattern(path):
    """What is matched: shards, or all that lies in a folder."""
    if _folder(path) == path:
        path += "/**"
    if not FileSystems.match([path])[0].metadata_list:
        raise UserError(
            "--input must be a folder with pictures, or a pattern of files "
            f"with \"tfrecord\" in their names. Received: {path!r}, which "
            "matches nothing."
        )
    return path


def _folder(path):
    """What lies around a pattern of shards, or a folder itself."""
    if "tfrecord" in path.rpartition("/")[2]:
        return os.path.dirname(path) or "."
    return path


def _check_settings(output, settings):
    """Refuses the output of a run with others; writes them if there is none."""
    path = FileSystems.join(output, SETTINGS)
    if not FileSystems.exists(path):
        if FileSystems.exists(output) and FileSystems.match(
            [f"{output}/**"]
        )[0].metadata_list:
            raise UserError(
                "--output must be a new or empty folder, or one of an earlier "
                f"run with --runner. Received: {output!r}, which holds other "
                "files."
            )
        with FileSystems.create(path) as file:
            file.write(json.dumps(settings).encode())
        return
    with FileSystems.open(path) as file:
        held = json.loads(file.read())
    if held != settings:
        raise UserError(
            f"--output holds pictures of a run with other settings: {held}. "
            f"Received: {settings}. Choose another --output."
        )


def _build(pipeline, pattern, output, report, content, settings):
    """Adds all steps to a pipeline."""
    matched = (
        pipeline
        | "match" >> fileio.MatchFiles(pattern)
        | "spread" >> beam.Reshuffle()
    )
    if pattern.endswith("/**"):
        root = pattern.removesuffix("**")
        elements = (
            matched
            | "pictures" >> beam.Filter(_is_picture, root)
            | "together" >> beam.BatchElements(
                TOGETHER, TOGETHER, element_size_fn=_size
            )
        )
        work = Pictures(content, settings, root, output)
    else:
        root = pattern.rpartition("/")[0] + "/"
        elements, work = matched, Shards(content, settings, root, output)
    done = elements | "protect" >> beam.ParDo(work).with_outputs(
        "bad", main="rows"
    )
    for name in ("rows", "bad"):
        (
            done[name]
            | f"{name} as JSON" >> beam.Map(json.dumps)
            | f"write {name}" >> beam.io.WriteToText(
                FileSystems.join(report, name), ".jsonl"
            )
        )


def _is_picture(file, root):
    path = file.path.removeprefix(root)
    hidden = any(part.startswith(".") for part in path.split("/"))
    known = path.lower().endswith(picture.SUFFIXES)
    return known and not hidden and not os.path.islink(file.path)


def _size(file):
    return min(1 + file.size_in_bytes // BYTES_EACH, TOGETHER)


def _outcome(result, report):
    found = result.metrics().query(
        beam.metrics.MetricsFilter().with_namespace("kprivacy")
    )
    counts = {one.key.metric.name: one.result for one in found["counters"]}
    kept = [one.result for one in found["distributions"] if one.result.count]
    reasons = []
    for file in FileSystems.match([f"{report}/bad-*"])[0].metadata_list:
        with FileSystems.open(file.path) as lines:
            while len(reasons) < SHOWN and (line := lines.readline()):
                held = json.loads(line)
                reasons.append(f"{held['file']}: {held['reason']}")
    return Outcome(
        *(counts.get(name, 0) for name in ("protected", "there", "bad")),
        report, reasons, counts.get("lossy", 0),
        (kept[0].mean / 1000, kept[0].min / 1000) if kept else None,
    )
