"""What a worker of the pipeline does with pictures and with shards."""

import io
import os
import pathlib
import tempfile
import uuid

import apache_beam as beam
import numpy as np
from apache_beam.io.filesystems import FileSystems
from apache_beam.utils.shared import Shared

from kprivacy.errors import UserError
from kprivacy.photos import copies, picture

# Of `tf.train.Example`s: where the encoded picture may be.
FEATURES = ("image/encoded", "image")
TOGETHER = 64
MOST_BYTES = 1 << 29


class Content(io.BytesIO):
    """A file's bytes, which errors call by the file's name."""

    def __init__(self, name, content):
        super().__init__(content)
        self.name = name

    def __str__(self):
        return self.name


class Worker(beam.DoFn):
    """Has the generator, loaded once a process, on one thread.

    Args:
        content: Of the client's .keras file.
        settings: "metadata" and "format".
        root: What the inputs' names begin with.
        output: The folder that is written.
    """

    def __init__(self, content, settings, root, output):
        self._content, self._settings = content, settings
        self._root, self._output = root, output
        self._shared = Shared()
        self._counters = {
            name: beam.metrics.Metrics.counter("kprivacy", name)
            for name in ("protected", "there", "bad", "lossy")
        }
        self._kept = beam.metrics.Metrics.distribution("kprivacy", "kept")

    def setup(self):
        self._generator = self._shared.acquire(lambda: _loaded(self._content))

    def _count(self, name):
        self._counters[name].inc()

    def _bad(self, file, reason, **more):
        self._count("bad")
        return beam.pvalue.TaggedOutput(
            "bad", {"file": file, **more, "reason": _sentence(reason)}
        )

    def _is_there(self, target, file):
        """Whether an output is there and not older than its input."""
        return FileSystems.exists(target) and (
            FileSystems.last_updated(target) >= file.last_updated_in_seconds
        )

    def _protected(self, originals):
        """Protected colours of several `Picture`s."""
        colours, alike = {}, {}
        for index, one in enumerate(originals):
            kind = one.colours.shape, one.colours.dtype
            alike.setdefault(kind, []).append(index)
        for places in alike.values():
            stack = np.stack([originals[index].colours for index in places])
            colours.update(zip(places, self._generator(stack)))
        return [colours[index] for index in range(len(originals))]

    def _made(self, original, colours, name):
        return copies.made(
            original, colours, name, self._settings["format"],
            self._settings["metadata"] == "keep",
        )

    def _measured(self, name, output, original, again, note="", sent=None):
        """The row of a copy, whose loss is counted."""
        row = copies.measured(
            name, output, original, again, self._generator.bound, note, sent
        )
        if again.format in picture.LOSSY:
            self._count("lossy")
            if row["kept"] is not None:
                self._kept.update(round(1000 * row["kept"]))
        return row


class Pictures(Worker):
    """Protects batches of picture files; gives their rows."""

    def process(self, batch):
        waiting = []
        for file in batch:
            name = file.path.removeprefix(self._root)
            try:
                original = picture.read(_read(file))
                target = self._target(name, original)
                if self._is_there(target, file):
                    self._count("there")
                    yield self._row(name, target, original)
                    continue
            except Exception as error:
                yield self._bad(name, error)
                continue
            waiting.append((name, target, original))
        sent = self._protected([original for *_, original in waiting])
        for (name, target, original), colours in zip(waiting, sent):
            try:
                content, _, note = self._made(original, colours, name)
            except UserError as error:
                yield self._bad(name, error)
                continue
            yield self._write(name, target, original, content, note, colours)

    def _target(self, name, original):
        kind = picture.output_format(original, self._settings["format"])
        own = pathlib.PurePosixPath(name).suffix
        ending = picture.suffix(kind, own)
        made = name if ending == own else name + ending
        # No worker knows what the others do, but all see the inputs.
        while made != name and FileSystems.exists(self._root + made):
            made += ending
        return FileSystems.join(self._output, made)

    def _write(self, name, target, original, content, note, sent):
        folder, _, last = target.rpartition("/")
        beside = f"{folder}/.{last}.{uuid.uuid4().hex}.part"
        with FileSystems.create(beside) as file:
            file.write(content)
        try:
            row = self._row(name, target, original, note, beside, sent)
        except UserError as error:
            FileSystems.delete([beside])
            return self._bad(name, error)
        FileSystems.rename([beside], [target])
        self._count("protected")
        return row

    def _row(
        self, name, target, original, note="", stored=None, sent=None
    ):
        with FileSystems.open(stored or target) as file:
            again = picture.read(Content(target, file.read()))
        output = target.removeprefix(self._output + "/")
        return self._measured(name, output, original, again, note, sent)


class Shards(Worker):
    """Protects TFRecord shards, record by record; gives their rows."""

    def process(self, file):
        import tensorflow as tf

        name = file.path.removeprefix(self._root)
        target = FileSystems.join(self._output, name)
        if self._is_there(target, file):
            self._count("there")
            yield {"file": name, "output": name, "note": "was there"}
            return
        tf.io.gfile.makedirs(target.rpartition("/")[0])
        folder, _, last = target.rpartition("/")
        beside = f"{folder}/.{last}.{uuid.uuid4().hex}.part"
        kind = "GZIP" if name.endswith(".gz") else ""
        with tf.io.TFRecordWriter(beside, kind) as writer:
            yield from self._records(tf, file.path, kind, name, writer)
        tf.io.gfile.rename(beside, target, overwrite=True)

    def _records(self, tf, path, kind, name, writer):
        chunk, count = [], 0
        try:
            for record in tf.data.TFRecordDataset(path, kind):
                chunk.append((count, record.numpy()))
                count += 1
                if len(chunk) == TOGETHER:
                    yield from self._chunk(tf, chunk, name, writer)
                    chunk = []
        except (tf.errors.DataLossError, tf.errors.OutOfRangeError) as error:
            yield self._bad(name, UserError(
                f"The shard is damaged after record {count - 1} "
                f"({error.message}); what comes later is lost. Replace it "
                "and run again."
            ), record=count)
        yield from self._chunk(tf, chunk, name, writer)

    def _chunk(self, tf, chunk, name, writer):
        read = []
        for index, record in chunk:
            label = f"{name}, record {index}"
            try:
                example = tf.train.Example.FromString(record)
                feature = _encoded(example)
                read.append((index, label, example, feature, picture.read(
                    Content(label, feature.bytes_list.value[0])
                )))
            except Exception as error:
                yield self._bad(name, error, record=index)
        sent = self._protected([original for *_, original in read])
        for (index, label, example, feature, original), colours in zip(
            read, sent
        ):
            try:
                content, _, note = self._made(original, colours, label)
                row = self._measured(
                    name, name, original, picture.read(Content(label, content)),
                    note, colours,
                )
            except UserError as error:
                yield self._bad(name, error, record=index)
                continue
            feature.bytes_list.value[0] = content
            writer.write(example.SerializeToString())
            self._count("protected")
            yield {**row, "record": index}


def _encoded(example):
    """The feature of an example that holds its picture."""
    held = example.features.feature
    for name in FEATURES:
        if name in held and len(held[name].bytes_list.value) == 1:
            return held[name]
    raise UserError(
        f"The example must have one encoded picture as one of {FEATURES}. "
        f"Received: {sorted(held)[:8]}."
    )


def _read(file):
    if file.size_in_bytes > MOST_BYTES:
        raise UserError(
            f"The file has {file.size_in_bytes:,} bytes; at most "
            f"{MOST_BYTES:,} are read."
        )
    with FileSystems.open(
        file.path, compression_type="uncompressed"
    ) as opened:
        return Content(file.path, opened.read())


def _sentence(error):
    if isinstance(error, UserError):
        return str(error)
    return f"{type(error).__name__}: {error}"[:500]


def _loaded(content):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import tensorflow as tf

    try:
        # Workers share the cores.
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        pass  # TensorFlow has begun already, in one process with the driver
    from kprivacy.photos import Generator
    from kprivacy.protection import sides

    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "client.keras").write_bytes(content)
        return Generator(sides.read_generator(folder))
