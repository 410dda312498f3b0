"""Protecting and recovering: what is refused, and the binaries."""

import io
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image
from protection import VECTOR, assert_same, names, photos, read_all

from kprivacy import files, protect_lib, recover_lib
from kprivacy.errors import UserError
from kprivacy.protection import places, report
from kprivacy.protection.inputs import read_image


def test_bad_images_are_skipped_and_named(tmp_path, plain, capsys):
    photos(tmp_path / "in")
    good = (tmp_path / "in" / "secret 0.png").read_bytes()
    (tmp_path / "in" / "cut.png").write_bytes(good[:-30])
    (tmp_path / "in" / "text.jpg").write_text("no image")
    Image.new("RGB", (4, 5)).save(tmp_path / "in" / "large.png")
    Image.new("1", (8000, 8000)).save(tmp_path / "in" / "bomb.png")
    result = protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")
    assert result.count == 5
    for name in ("cut.png", "text.jpg", "large.png", "bomb.png"):
        assert sum(name in sentence for sentence in result.bad) == 1
    assert report.tell(result, "protected", "O") == 1
    shown = capsys.readouterr()
    assert shown.err.count("skipped: ") == 4
    assert "protected: 5 in O" in shown.out
    assert len(read_all(tmp_path / "o")) == 5


def test_nothing_readable_is_an_error(tmp_path, plain):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "text.jpg").write_text("no image")
    with pytest.raises(UserError, match="None of 1 .*text.jpg"):
        protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")


@pytest.mark.parametrize("mode, size, sentence", [
    ("RGB", (5, 4), r"4 x 4 pixels .*Received: 4 x 5.*--resize"),
    ("L", (4, 4), r"mode RGB.*Received: .*mode L\. Pass --resize"),
    ("RGBA", (4, 4), "Received: .*mode RGBA. Pass --resize"),
    ("I;16", (4, 4), "8 bits a channel"),
])
def test_sizes_and_modes(tmp_path, mode, size, sentence):
    path = tmp_path / "a.png"
    Image.new(mode, size).save(path)
    with pytest.raises(UserError, match=sentence):
        read_image(path, (4, 4, 3))
    if mode != "I;16":
        assert read_image(path, (4, 4, 3), True).shape == (4, 4, 3)


def test_palettes_are_colours_and_films_are_refused(tmp_path):
    colours = Image.new("RGB", (4, 4), (10, 20, 30))
    colours.quantize(4).save(tmp_path / "palette.png")
    found = read_image(tmp_path / "palette.png", (4, 4, 3))
    np.testing.assert_allclose(found[0, 0] * 255, (10, 20, 30), atol=1e-4)
    frames = [Image.new("RGB", (4, 4), (i, i, i)) for i in range(3)]
    frames[0].save(
        tmp_path / "film.png", save_all=True, append_images=frames[1:]
    )
    with pytest.raises(UserError, match="in 3 frames.*single picture"):
        read_image(tmp_path / "film.png", (4, 4, 3), True)


@pytest.mark.parametrize("rows, sentence", [
    (np.zeros((3, 4, 4, 1)), "Received: float64 of shape"),
    (np.zeros((4, 4, 3)), "Received: float64 of shape"),
    (np.zeros((0, 4, 4, 3)), "Received: float64 of shape"),
    (np.full((3, 4, 4, 3), 7.0), r"in \[0, 1\], or uint8.*in 3 of 3 rows"),
    (np.full((3, 4, 4, 3), np.nan), "first in row 0"),
    (np.array([{"a": 1}]), "Received: object"),
])
def test_unfit_arrays(tmp_path, plain, rows, sentence):
    np.save(tmp_path / "x.npy", rows, allow_pickle=True)
    with pytest.raises(UserError, match=sentence):
        protect_lib.protect(plain, tmp_path / "x.npy", tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_damaged_arrays(tmp_path, plain):
    content = io.BytesIO()
    np.savez_compressed(content, data=np.random.rand(9, 4, 4, 3))
    content = bytearray(content.getvalue())
    content[200] ^= 255
    (tmp_path / "x.npz").write_bytes(content)
    np.savez(tmp_path / "y.npz", other=np.zeros((9, 4, 4, 3)))
    (tmp_path / "z.npy").write_bytes(b"nothing")
    for name in ("x.npz", "y.npz", "z.npy"):
        with pytest.raises(UserError, match="array 'data'"):
            protect_lib.protect(plain, tmp_path / name, tmp_path / "o")


def test_outputs_that_are_not_ours(tmp_path, plain):
    photos(tmp_path / "in")
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="'mine.txt'"):
        protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")
    assert names(tmp_path / "o") == ["mine.txt"]
    protect_lib.protect(plain, tmp_path / "in", tmp_path / "fakes")
    before = names(tmp_path / "fakes")
    with pytest.raises(UserError, match="6 files"):
        protect_lib.protect(plain, tmp_path / "in", tmp_path / "fakes")
    assert names(tmp_path / "fakes") == before
    with pytest.raises(UserError, match="'mine.txt'"):
        recover_lib.recover(plain, tmp_path / "fakes", tmp_path / "o")
    for output in (tmp_path / "in", tmp_path / "in" / "o", tmp_path):
        with pytest.raises(UserError, match="apart"):
            protect_lib.protect(plain, tmp_path / "in", output)


def test_folders_of_models(tmp_path, plain):
    photos(tmp_path / "in")
    with pytest.raises(UserError, match="client.keras is missing"):
        protect_lib.protect(
            plain / "server", tmp_path / "in", tmp_path / "o"
        )
    with pytest.raises(UserError, match="manifest.json"):
        recover_lib.recover(plain, tmp_path / "in", tmp_path / "b")
    domain = plain / "client" / "domain.json"
    held = files.read_json(domain)
    for changed, sentence in (
        ({"format": 9}, "format 1"),
        ({"key_bits": 8}, "8 bits of key"),
        ({"source": VECTOR}, r"must take \(5,\)"),
        ({"target": {"kind": "image", "shape": [4, 4, 5]}}, "kind 'image'"),
    ):
        files.write_json(domain, {**held, **changed})
        with pytest.raises(UserError, match=sentence):
            protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")


def test_a_model_with_code_in_it_is_not_loaded(tmp_path, plain):
    data = keras.Input((4, 4, 3), name="source")
    model = keras.Model(data, keras.layers.Lambda(lambda x: 1.0 - x)(data))
    model.save(plain / "client" / "client.keras")
    photos(tmp_path / "in")
    with pytest.raises(UserError, match="Keras cannot load"):
        protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")


def test_a_client_that_is_damaged_or_a_file(tmp_path, plain):
    path = plain / "client" / "client.keras"
    photos(tmp_path / "in")
    with pytest.raises(UserError, match="which is a file. Name its folder"):
        protect_lib.protect(path, tmp_path / "in", tmp_path / "o")
    path.write_bytes(b"no archive")
    with pytest.raises(UserError, match="is damaged"):
        protect_lib.protect(plain, tmp_path / "in", tmp_path / "o")


class Labels:
    """Stands for fakes: gives each entry a label."""

    def label(self, entry):
        return entry["id"]


def placed(*given):
    entries = [{"name": n, "id": f"id{i}"} for i, n in enumerate(given)]
    domain = type("Domain", (), {"kind": "image"})
    return [tuple(t)[:2] for t in places.targets(entries, domain, Labels())]


def test_names_of_what_is_recovered():
    found = placed(
        {"file": "a.jpg"}, {"file": "a.png"}, {"file": "A.webp"},
        {"file": "x/b.JPG"}, {"file": "c.npy", "row": 3, "rows": 4}, None,
    )
    assert found == [
        ("a.jpg.png", None), ("a.png", None), ("A.webp.png", None),
        ("x/b.png", None), ("c.npy", 3), ("id5.png", None),
    ]


@pytest.mark.parametrize("name", [
    {"file": "../a.png"}, {"file": "/etc/a.png"}, {"file": "x/../../a.png"},
    {"file": ""}, {"file": 3}, {"file": "a\0.png"}, {},
    {"file": "a.npy", "row": -1, "rows": 1}, {"file": "a.npy", "row": 0.5},
    {"file": "a.sh", "row": 0, "rows": 1},
    {"file": "a.npy", "row": 0, "rows": 10**12},
])
def test_names_never_lead_out_of_the_folder(name):
    with pytest.raises(UserError, match="below the input"):
        placed(name)


def run(module, *arguments, code=0):
    found = subprocess.run(
        [sys.executable, "-m", f"kprivacy.{module}", *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )
    assert found.returncode == code, found.stderr[-2000:]
    return found


def test_the_binaries(tmp_path, keyed):
    images = photos(tmp_path / "in")
    (tmp_path / "in" / "text.jpg").write_text("no image")
    key = tmp_path / "key"
    run("protect", f"--new_key={key}")
    found = run(
        "protect", f"--client={keyed}", f"--input={tmp_path / 'in'}",
        f"--output={tmp_path / 'o'}", f"--key_file={key}", code=1,
    )
    assert "protected: 5 in" in found.stdout
    assert "text.jpg" in found.stderr and "Traceback" not in found.stderr
    found = run(
        "recover", f"--server={keyed}", f"--input={tmp_path / 'o'}",
        f"--output={tmp_path / 'b'}", f"--key_file={key}",
    )
    assert found.stdout == f"recovered: 5 in {tmp_path / 'b'}\n"
    assert found.stderr == ""
    assert_same(read_all(tmp_path / "b"), images)


def test_flags():
    everything = {"client": "c", "input": "i", "output": "o"}
    assert report.needed(None, **everything) == everything
    assert report.needed("key", client=None, input=None, output=None) == {}
    for new_key, client in ((None, None), (None, ""), ("key", "c")):
        with pytest.raises(UserError, match="--new_key"):
            report.needed(new_key, client=client, input=None, output=None)
    with pytest.raises(UserError, match="Received: --client, --output."):
        report.needed(None, **{**everything, "input": ""})
