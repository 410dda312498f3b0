"""Audits of files: folders of images, a .tflite, and what is refused."""

import json
import pathlib

import numpy as np
import pytest
from PIL import Image

from kprivacy import audit_files, audit_lib, audit_request, folder_release
from kprivacy.attacks.audit import Audit, self_checks
from kprivacy.attacks.audit.self_checks import Check
from kprivacy.data import Arrays
from kprivacy.errors import UserError

FILES = {"audit.json", "attackers.csv", "summary.txt", "audit.html"}


def write_images(folder, count, seed, names="{}", originals=None):
    """Smooth random pictures, or copies of others."""
    generator = np.random.default_rng(seed)
    for i in range(count):
        path = pathlib.Path(folder) / f"{names.format(i)}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = generator.integers(0, 256, (2, 2, 3), np.uint8)
        picture = Image.fromarray(small).resize((20, 16))
        if originals:
            picture = Image.open(pathlib.Path(originals) / path.name)
        picture.save(path)


OPTIONS = {"attackers": ("ridge",), "self_checks": False}


def test_a_folder_of_copies_hides_nothing(tmp_path):
    write_images(tmp_path / "originals", 90, 0)
    write_images(
        tmp_path / "copies", 90, 0, originals=tmp_path / "originals"
    )
    found = audit_files.audit_folder(
        tmp_path / "copies", tmp_path / "originals",
        audit_lib.Options(**OPTIONS, output_dir=tmp_path / "out"), (8, 8),
    )
    assert found.reconstruction.error_over_ceiling < 0.01
    assert not found.has_classes and found.prior is None
    assert "knows the mean of the data" in found.headline()
    assert found.reconstruction.examples == (51, 9, 30)
    assert {p.name for p in (tmp_path / "out").iterdir()} == FILES


def test_a_folder_of_other_pictures_gives_nothing_away(
    tmp_path, monkeypatch
):
    checks = tuple(
        Check(f"planted {what}", True, 1.0, "one", "") for what in
        ("data", "attribute")
    )
    monkeypatch.setattr(self_checks, "run", lambda *_, **__: checks)
    write_images(tmp_path / "originals", 120, 0, "{}")
    write_images(tmp_path / "others", 120, 1, "{}")
    release, mine, test = folder_release.read(
        tmp_path / "others", tmp_path / "originals", (8, 8)
    )
    audit = Audit(attackers=("ridge", "nearest_neighbours"))
    found = audit.run(release, mine, test)
    assert 0.97 < found.reconstruction.error_over_ceiling < 1.15
    # There is no attribute to plant where there are no classes.
    assert found.checks == checks[:1]


def test_folders_of_classes(tmp_path):
    for name in ("cat", "dog"):
        for folder in ("originals", "sent"):
            write_images(tmp_path / folder, 15, 0, name + "/{}")
    write_images(tmp_path / "originals", 1, 0, "lone/{}")
    write_images(tmp_path / "sent", 1, 0, "lone/{}")
    read = folder_release.read(tmp_path / "sent", tmp_path / "originals")
    release, mine, test = read
    assert mine.num_classes == 3 and mine.data.shape[1:] == (64, 64, 3)
    assert np.bincount(mine.labels).tolist() == [10, 10, 1]
    assert np.bincount(test.labels).tolist() == [5, 5]
    np.testing.assert_array_equal(release(test.data[::2]), test.data[::2])
    with pytest.raises(UserError, match="its own originals"):
        release(test.data + 1)


def test_folders_that_do_not_fit(tmp_path):
    originals, sent = tmp_path / "originals", tmp_path / "sent"
    with pytest.raises(UserError, match="does not exist"):
        folder_release.read(sent, originals)
    originals.mkdir()
    sent.mkdir()
    with pytest.raises(UserError, match="holds no images"):
        folder_release.read(sent, originals)
    write_images(originals, 3, 0)
    write_images(sent, 2, 0)
    with pytest.raises(UserError, match="1 have no counterpart.*'2'"):
        folder_release.read(sent, originals)
    Image.open(sent / "0.png").save(sent / "0.bmp")
    with pytest.raises(UserError, match="differ in their suffix"):
        folder_release.read(sent, originals)
    (sent / "0.bmp").unlink()
    (sent / "2.png").write_bytes(b"no image")
    with pytest.raises(UserError, match="not a readable image"):
        folder_release.read(sent, originals)


def test_a_tflite_with_its_workdir(smoke_run, tmp_path):
    options = audit_lib.Options(
        ("ridge",), self_checks=False, output_dir=tmp_path / "out",
    )
    report, text = audit_lib.audit(
        smoke_run, smoke_run / "export" / "client.tflite", options
    )
    exported = json.loads((smoke_run / "export" / "report.json").read_text())
    assert report["accuracy"] == pytest.approx(
        exported["after"]["utility"]["value"], abs=1 / 64
    )
    assert len(report["released"]["sha256"]) == 64
    assert "undefended client" in text
    assert {p.name for p in (tmp_path / "out").iterdir()} == FILES


def test_a_tflite_alone(smoke_run, tmp_path):
    options = audit_lib.Options(**OPTIONS, output_dir=tmp_path / "out")
    text = audit_request.answer(
        options, workdir=None, data="digits", data_dir=None, image_size=None,
        release=str(smoke_run / "export" / "client.tflite"),
    )
    assert "accuracy" not in text and "of label-only" in text
    report = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert report["accuracy"] is None and report["data"] == "digits"


def test_other_tflite_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        audit_files.open_tflite(tmp_path / "no.tflite")
    (tmp_path / "bad.tflite").write_bytes(b"not a model")
    with pytest.raises(UserError, match="not a file that LiteRT can read"):
        audit_files.open_tflite(tmp_path / "bad.tflite")
    import tensorflow as tf

    class Other(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((1, 4))] * 2)
        def add(self, left, right):
            return {"total": left + right}

    other = Other()
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [other.add.get_concrete_function()], other
    )
    (tmp_path / "other.tflite").write_bytes(converter.convert())
    with pytest.raises(UserError, match="left.*right.*total"):
        audit_files.audit_tflite(
            tmp_path / "other.tflite", "digits", audit_lib.Options()
        )
    assert len(list(tmp_path.iterdir())) == 2


def halving(folder, kind, low=0.0):
    """A .tflite of a client that halves pictures, with integers outside."""
    import keras
    import tensorflow as tf

    inputs = keras.Input((8, 8, 1), batch_size=1)
    client = keras.Model(inputs, keras.layers.AveragePooling2D(2)(inputs))
    archive = keras.export.ExportArchive()
    archive.add_endpoint("encode", lambda data: {"features": client(data)}, [
        tf.TensorSpec((1, 8, 8, 1), name="data")
    ])
    archive.write_out(str(folder / "saved"), verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(folder / "saved"), signature_keys=["encode"]
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    examples = np.linspace(low, 1, 64, dtype=np.float32).reshape(1, 8, 8, 1)
    converter.representative_dataset = lambda: [("encode", {"data": examples})]
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS_INT8
    ]
    converter.inference_input_type = getattr(tf, kind)
    converter.inference_output_type = getattr(tf, kind)
    path = folder / "client.tflite"
    path.write_bytes(converter.convert())
    return path


# The converter's own interpreter says that it will go.
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
@pytest.mark.parametrize("kind, low", [
    ("uint8", 0), ("int8", 0), ("uint8", -1), ("int8", -1),
])
def test_integers_are_by_the_file_s_own_scale(tmp_path, kind, low):
    """Else an attack would see noughts and ones, and be told of privacy."""
    path = halving(tmp_path, kind, low)
    release = audit_files.open_tflite(path)
    data = np.random.default_rng(0).random((5, 8, 8, 1), np.float32)
    wanted = data.reshape(5, 4, 2, 4, 2, 1).mean(axis=(2, 4))
    sent = release(data)
    assert sent.dtype == np.dtype(kind)
    found = audit_files.readable(release, path)(data)
    np.testing.assert_allclose(found, wanted, atol=0.012)


def test_integers_without_a_scale_are_refused():
    detail = {"dtype": np.int8, "quantization": (0.0, 0)}
    with pytest.raises(UserError, match="'data' of int8 without one"):
        audit_files._check_input("a.tflite", "data", detail)
    for kind in (np.float32, np.uint8):
        audit_files._check_input("a.tflite", "data", {**detail, "dtype": kind})


def test_a_tflite_of_another_shape_is_refused(smoke_run, tmp_path):
    release = audit_files.open_tflite(smoke_run / "export" / "client.tflite")
    assert release.input_shape == (28, 28, 1)
    data = np.random.default_rng(0).random((40, 16, 16, 1), np.float32)
    part = Arrays(data, np.zeros(40, np.int32), 1)
    with pytest.raises(UserError, match=r"\(28, 28, 1\).*\(16, 16, 1\)"):
        Audit().run(release, part, part)


@pytest.mark.parametrize("given", [
    {}, {"release": "x.tflite"}, {"released": "a"},
    {"workdir": "w", "data": "mnist"},
    {"workdir": "w", "released": "a", "originals": "b"},
])
def test_requests_that_say_too_little_or_too_much(given):
    with pytest.raises(UserError, match="Say what to audit"):
        audit_request.answer(audit_lib.Options(), **given)


def test_flags_of_numbers():
    assert audit_request.integers("sweep", ["100", "30"]) == (100, 30)
    assert audit_request.size(["32", "24"]) == (32, 24)
    for wrong in (["1"], ["0", "8"], ["a", "b"]):
        with pytest.raises(UserError, match="--image_size"):
            audit_request.size(wrong)
