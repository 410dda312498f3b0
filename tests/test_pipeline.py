"""Photographs through a Beam pipeline: what is written, left, and not twice."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from test_photos import BOUND, loud, pixels

from kprivacy.confounder_gan.training import write_client
from kprivacy.errors import UserError
from kprivacy.photos import pipeline


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "client"
    write_client(loud(), BOUND, folder)
    return folder


def rows(outcome, kind="rows"):
    found = []
    folder, _, name = outcome.report.rpartition("/")
    for path in sorted(os.listdir(os.path.join(folder, name))):
        if path.startswith(kind):
            with open(os.path.join(folder, name, path)) as file:
                found += [json.loads(line) for line in file]
    return found


def photographs(folder, count=5):
    (folder / "trip").mkdir(parents=True)
    for index in range(count):
        shape = (20, 31, 3) if index % 2 else (24, 24, 3)
        Image.fromarray(pixels(*shape, seed=index)).save(
            folder / ("trip" if index % 2 else "") / f"{index}.png"
        )


def test_pictures(bundle, tmp_path):
    source, output = tmp_path / "in", tmp_path / "out"
    photographs(source)
    Image.fromarray(pixels(9, 9, 3)).save(source / "a.jpg", quality=95)
    (source / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    (source / "notes.txt").write_text("no picture")
    (source / ".hidden.png").write_bytes(b"")
    os.symlink(source / "0.png", source / "link.png")
    found = pipeline.protect(bundle, source, output, format="png")
    assert (found.protected, found.there, found.bad) == (6, 0, 1)
    assert "broken.png" in found.reasons[0]
    held = {row["file"]: row for row in rows(found)}
    assert set(held) == {"0.png", "trip/1.png", "2.png", "trip/3.png",
                         "4.png", "a.jpg"}
    assert held["a.jpg"]["output"] == "a.jpg.png"
    for name, row in held.items():
        before = np.asarray(Image.open(source / name), int)
        after = np.asarray(Image.open(output / row["output"]), int)
        assert np.abs(after - before).max() == row["linf"] == BOUND
    (bad,) = rows(found, "bad")
    assert bad["file"] == "broken.png" and "readable image" in bad["reason"]
    assert not [path for path in output.rglob(".*")]
    assert not found.lossy and "lossy" not in found.summary()

    written = {
        path: path.stat().st_mtime_ns for path in output.rglob("*.png")
    }
    photographs(source / "more", 2)
    os.utime(source / "0.png", (2e9, 2e9))
    again = pipeline.protect(bundle, source, output, format="png")
    assert (again.protected, again.there, again.bad) == (3, 5, 1)
    changed = {
        path.name for path, stamp in written.items()
        if path.stat().st_mtime_ns != stamp
    }
    assert changed == {"0.png"}
    assert len(rows(again)) == 8

    with pytest.raises(UserError, match="other settings"):
        pipeline.protect(bundle, source, output)


def test_names_that_meet(bundle, tmp_path):
    """Each picture has a copy of its own."""
    names = ("a.jpg", "a.jpg.png", "a.jpg.png.png", "b.jpg")
    (tmp_path / "in").mkdir()
    for index, name in enumerate(names):
        Image.fromarray(pixels(9, 9, 3, seed=index)).save(
            tmp_path / "in" / name
        )
    found = pipeline.protect(
        bundle, tmp_path / "in", tmp_path / "out", format="png"
    )
    assert (found.protected, found.there, found.bad) == (4, 0, 0)
    assert {row["file"]: row["output"] for row in rows(found)} == {
        "a.jpg": "a.jpg.png.png.png", "a.jpg.png": "a.jpg.png",
        "a.jpg.png.png": "a.jpg.png.png", "b.jpg": "b.jpg.png",
    }


def test_lossy_pictures_are_warned_of(bundle, tmp_path):
    (tmp_path / "in").mkdir()
    for index in range(2):
        Image.fromarray(pixels(9, 9, 3, seed=index)).save(
            tmp_path / "in" / f"{index}.jpg", quality=95
        )
    found = pipeline.protect(bundle, tmp_path / "in", tmp_path / "out")
    shares = [row["kept"] for row in rows(found)]
    assert found.lossy == 2
    assert found.kept[1] == pytest.approx(min(shares), abs=1e-3)
    assert "warning: 2 are of a lossy format, " in found.summary()
    again = pipeline.protect(bundle, tmp_path / "in", tmp_path / "out")
    assert again.lossy == 2 and again.kept is None
    assert [row["note"] for row in rows(again)][0].startswith("lossy")


def example(content, feature="image/encoded"):
    features = {
        feature: tf.train.Feature(
            bytes_list=tf.train.BytesList(value=[content])
        ),
        "image/class/label": tf.train.Feature(
            int64_list=tf.train.Int64List(value=[7])
        ),
    }
    return tf.train.Example(
        features=tf.train.Features(feature=features)
    ).SerializeToString()


def test_records(bundle, tmp_path):
    """A bad record, or a shard that is cut off, does not stop the rest."""
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    encoded = [tf.io.encode_png(pixels(8, 8, 3, seed=i)).numpy()
               for i in range(70)]
    first = source / "x.tfrecord-00000-of-00002"
    with tf.io.TFRecordWriter(str(first)) as writer:
        for index, one in enumerate(encoded):
            writer.write(example(one if index != 3 else b"none"))
        writer.write(b"no example")
        writer.write(example(b"", "other"))
    second = source / "x.tfrecord-00001-of-00002"
    with tf.io.TFRecordWriter(str(second)) as writer:
        writer.write(example(encoded[0], "image"))
        writer.write(example(encoded[1], "image"))
    whole = second.read_bytes()
    second.write_bytes(whole[:-9])

    found = pipeline.protect(bundle, source / "x.tfrecord*", output)
    assert (found.protected, found.there, found.bad) == (70, 0, 4)
    bad = {(row["file"], row["record"]) for row in rows(found, "bad")}
    assert bad == {(first.name, 3), (first.name, 70), (first.name, 71),
                   (second.name, 1)}
    sent = [
        tf.train.Example.FromString(one.numpy()).features.feature
        for one in tf.data.TFRecordDataset(str(output / first.name))
    ]
    assert len(sent) == 69
    for one, original in zip(sent, encoded[:3] + encoded[4:]):
        assert one["image/class/label"].int64_list.value == [7]
        before, after = (
            tf.io.decode_png(png).numpy().astype(int)
            for png in (original, one["image/encoded"].bytes_list.value[0])
        )
        assert np.abs(after - before).max() == BOUND

    stamp = (output / first.name).stat().st_mtime_ns
    again = pipeline.protect(bundle, source / "x.tfrecord*", output)
    assert (again.protected, again.there, again.bad) == (0, 2, 0)
    assert (output / first.name).stat().st_mtime_ns == stamp


def test_two_processes_by_the_binary(bundle, tmp_path):
    photographs(tmp_path / "in", 4)
    command = [
        sys.executable, "-m", "kprivacy.protect", f"--client={bundle}",
        f"--input={tmp_path}/in", f"--output={tmp_path}/out",
    ]
    beam = ["--runner=DirectRunner", "--", "--direct_num_workers=2",
            "--direct_running_mode=multi_processing"]
    done = subprocess.run(
        [*command, *beam], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "protected: 4, there before: 0" in done.stdout
    refused = subprocess.run(
        [*command, "--", "--direct_num_workers=2"], capture_output=True,
        text=True,
    )
    assert refused.returncode == 1 and "need --runner" in refused.stderr


@pytest.mark.parametrize("name, output, said", [
    ("nothing", "out", "matches nothing"),
    ("in/x.tfrecord*", "out", "matches nothing"),
    ("in/x.tfrecord*", "in/out", "must lie apart"),
    ("in", "in/out", "must lie apart"),
])
def test_what_cannot_be_read_or_written(bundle, tmp_path, name, output, said):
    with pytest.raises(UserError, match=said):
        pipeline.protect(bundle, tmp_path / name, tmp_path / output)


def test_a_bundle_is_refused(tmp_path):
    photographs(tmp_path / "in", 1)
    (tmp_path / "contract.json").write_text("{}")
    with pytest.raises(UserError, match="an exported bundle. Leave --runner"):
        pipeline.protect(tmp_path, tmp_path / "in", tmp_path / "out")
