"""Protected photographs are verified, and both programs say what they did."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from test_photos import BOUND, album, loud, photograph, pixels

from kprivacy import files, program
from kprivacy.confounder_gan.training import write_client
from kprivacy.errors import UserError
from kprivacy.photos import run, verify


def test_verifying_finds_what_is_wrong(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    image = pixels(8, 8, 3, most=100)
    for name in ("gone", "same", "over", "small", "fine"):
        Image.fromarray(image).save(tmp_path / "a" / f"{name}.png")
    for name, change in (("same", 0), ("over", 9), ("fine", 3)):
        Image.fromarray(image + np.uint8(change)).save(
            tmp_path / "b" / f"{name}.png"
        )
    Image.fromarray(image[:4]).save(tmp_path / "b" / "small.png")
    found = verify.verify(tmp_path / "a", tmp_path / "b", BOUND)
    assert not found.passed and len(found.rows) == 3
    assert (found.missing, found.over, found.same) == (
        ["gone.png"], ["over.png"], ["same.png"]
    )
    assert "another size" in found.bad[0]
    assert "over the bound: 1, such as over.png" in found.summary()


def change(folder, name, function):
    """Saves a picture of a folder again, changed."""
    with Image.open(folder / name) as image:
        made = function(np.array(image))
    Image.fromarray(made).save(folder / name)


def test_what_is_hardly_protected(tmp_path):
    """A level in one pixel, or a JPEG of the original, protects nothing."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    image = photograph(64, 64)
    one = image.copy()
    one[5, 5, 0] += 1
    for name, made in (("one", one), ("fine", image + np.uint8(3))):
        Image.fromarray(image).save(tmp_path / "a" / f"{name}.png")
        Image.fromarray(made).save(tmp_path / "b" / f"{name}.png")
    again = []
    for quality in (30, 60, 75, 85, 95, 100):
        again.append(f"{quality}.png")
        Image.fromarray(image).save(tmp_path / "a" / again[-1])
        Image.fromarray(image).save(
            tmp_path / "b" / f"{quality}.jpg", quality=quality
        )
    found = verify.verify(tmp_path / "a", tmp_path / "b", BOUND)
    wrong = {*found.weak, *found.over}
    assert wrong == {"one.png", *again} and "one.png" in found.weak
    assert not found.passed
    assert "hardly protected: " in found.summary()
    found = verify.verify(tmp_path / "a", tmp_path / "b")
    assert set(found.weak) == {"one.png", *again}


def test_alpha_is_compared(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    image = pixels(8, 8, 4, most=100)
    opaque = image.copy()
    opaque[..., 3] = 255
    made = {"kept": image, "changed": image, "gone": image, "none": opaque}
    for name, original in made.items():
        Image.fromarray(original).save(tmp_path / "a" / f"{name}.png")
        sent = original + np.uint8([4, 4, 4, name == "changed"])
        if name in ("gone", "none"):
            sent = sent[..., :3]
        Image.fromarray(sent).save(tmp_path / "b" / f"{name}.png")
    found = verify.verify(tmp_path / "a", tmp_path / "b", BOUND)
    assert found.alpha == ["changed.png", "gone.png"] and not found.passed
    assert {row["file"]: row["alpha"] for row in found.rows}["changed.png"] == 1


def test_a_report_is_held_against_the_files(tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("a.jpg", "a.png", "a.jpg.png", "b.png", "c.png"):
        Image.fromarray(photograph(40, 40)).save(tmp_path / "a" / name)
    output = tmp_path / "o"
    run.protect(loud(), tmp_path / "a", output, format="png")
    assert verify.verify(tmp_path / "a", output, BOUND).passed
    held = verify.verify(tmp_path / "a", output)
    assert held.passed and held.bound == BOUND
    original = photograph(40, 40).astype(int)

    def weaker(image):
        return np.uint8(original + np.rint(0.45 * (image - original)))

    change(output, "b.png", weaker)
    change(output, "c.png", lambda image: image ^ np.uint8(1))
    found = verify.verify(tmp_path / "a", output)
    assert found.weak == ["b.png"] and found.altered == ["b.png", "c.png"]
    Image.fromarray(photograph(40, 40)).save(tmp_path / "a" / "d.png")
    Image.fromarray(photograph(40, 40)).save(output / "d.jpg", quality=10)
    added = verify.verify(tmp_path / "a", output)
    assert added.rows[-1]["mean"] > BOUND / 4
    assert added.weak == ["b.png", "d.png"]
    (tmp_path / "a" / "d.png").unlink()
    whole = files.read_json(output / "report.json")
    for row in whole["files"]:
        row["kept"] = 0.4
    files.write_json(output / "report.json", whole)
    assert len(verify.verify(tmp_path / "a", output).weak) == 5
    for row in whole["files"]:
        row["output"] = "../a/" + row["file"]
    files.write_json(output / "report.json", whole)
    found = verify.verify(tmp_path / "a", output)
    assert not found.same and found.missing == ["a.jpg"]


@pytest.mark.parametrize("bound", [0, -1, 256, float("nan"), float("inf")])
def test_bounds_that_are_none(tmp_path, bound):
    """Nothing is more than a bound that is no number."""
    with pytest.raises(UserError, match="--bound must be above 0"):
        verify.verify(tmp_path, tmp_path, bound)


def test_pictures_of_no_original_are_named(tmp_path):
    """Else an original that lies beside its copy is published with it."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    image = pixels(8, 8, 3, most=100)
    Image.fromarray(image).save(tmp_path / "a" / "a.bmp")
    Image.fromarray(image + np.uint8(4)).save(tmp_path / "b" / "a.png")
    assert not verify.verify(tmp_path / "a", tmp_path / "b").strange
    Image.fromarray(image).save(tmp_path / "b" / "stray.png")
    found = verify.verify(tmp_path / "a", tmp_path / "b", BOUND)
    assert found.passed and found.strange == ["stray.png"]
    assert "of no original: 1, such as stray.png" in found.summary()


def test_folders_to_verify(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(UserError, match="--originals must be a picture"):
        verify.verify(tmp_path / "a", tmp_path)
    Image.fromarray(pixels(8, 8, 3)).save(tmp_path / "a" / "a.png")
    for originals, protected, flag in (
        ("", tmp_path, "--originals"), (tmp_path / "a", "", "--protected")
    ):
        with pytest.raises(UserError, match=f"{flag} must be a folder"):
            verify.verify(originals, protected)


def test_names_that_a_screen_cannot_show():
    found = verify.Verified(missing=["\udcff\x1b.png"], strange=["\n.png"])
    assert "such as '\\udcff\\x1b.png'" in found.summary()
    assert "such as '\\n.png'" in found.summary()


def test_who_interrupts_sees_no_traceback(capsys):
    with pytest.raises(SystemExit) as ended, program.sentences():
        raise KeyboardInterrupt
    assert ended.value.code == 130
    assert "run the same command again" in capsys.readouterr().err


def test_the_binaries(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    client = loud()
    client.save(tmp_path / "client.keras")
    write_client(client, BOUND, tmp_path / "w" / "client")
    album(tmp_path / "in")

    def call(module, *flags):
        return subprocess.run(
            [sys.executable, "-m", f"kprivacy.{module}", *flags],
            capture_output=True, text=True, check=False,
        )

    found = call(
        "protect", f"--client={tmp_path / 'w'}", f"--input={tmp_path / 'in'}",
        f"--output={tmp_path / 'o'}", "--format=png",
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert found.stdout.startswith("protected: 11 in")
    assert "warning" not in found.stderr
    found = call(
        "verify", f"--originals={tmp_path / 'in'}",
        f"--protected={tmp_path / 'o'}", f"--bound={BOUND}",
        "--report=~/r.json",
    )
    assert found.returncode == 0, found.stdout + found.stderr[-2000:]
    assert "largest change: 8 levels" in found.stdout
    assert len(json.loads((tmp_path / "r.json").read_text())["rows"]) == 11
    assert found.stderr == ""
    folders = (f"--originals={tmp_path / 'in'}",
               f"--protected={tmp_path / 'o'}")
    whole = f"--client={tmp_path / 'w'}", f"--output={tmp_path / 'p'}"
    taken = f"--input={tmp_path / 'in'}"
    for told, module, *flags in (
        ("no flag: ['more']", "verify", *folders, "more"),
        ("--report must be a file", "verify", *folders,
         f"--report={tmp_path}"),
        ("--protected and --report must lie apart", "verify", *folders,
         f"--report={tmp_path / 'o' / 'report.json'}"),
        ("--client must be a", "protect", f"--client={tmp_path / 'x'}",
         taken, whole[1], "--format=png"),
        ("no use for --key_file", "protect", *whole, taken,
         f"--key_file={tmp_path / 'k'}"),
        ("no use for --resize", "protect", *whole, taken, "--noresize"),
    ):
        found = call(module, *flags)
        assert found.returncode == 1 and told in found.stderr, told
