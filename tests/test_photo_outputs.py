"""What belongs to an output: one input, and one copy of each picture."""

import pytest
from PIL import Image
from test_photos import loud, pixels

from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.photos import run, targets, verify


@pytest.fixture(scope="module")
def client():
    return loud()


def saved(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels(9, 9, 3, seed=seed)).save(path)


def outputs(folder):
    rows = files.read_json(folder / "report.json")["files"]
    return {row["file"]: row["output"] for row in rows}


def test_names_that_differ_by_capitals():
    """Some disks hold one of them only."""
    made = targets.Targets(["I.PNG", "I.jpg", "B.jpg", "b.bmp"], {})
    assert [made.choose(name, "PNG") for name in (
        "I.PNG", "I.jpg", "B.jpg", "b.bmp"
    )] == ["I.PNG", "I.jpg.png", "B.png", "b.bmp.png"]
    alike = targets.Targets(["a.png", "A.png"], {"a.png": "a.png"})
    assert alike.choose("A.png", "PNG") == "A.png"
    assert alike.choose("a.png", "PNG") == "a.png"
    again = targets.Targets(["x.jpg"], {"x.jpg": "x.png", "X.bmp": "X.png"})
    assert again.choose("x.jpg", "PNG") == "x.jpg.png"


def test_an_output_is_of_one_input(client, tmp_path):
    """Else the copy of one picture would take another's place."""
    for index, folder in enumerate("ab"):
        saved(tmp_path / folder / "x.png", index)
    out = tmp_path / "o"
    run.protect(client, tmp_path / "a", out)
    before = (out / "x.png").read_bytes()
    for other in ("b", "b/x.png"):
        with pytest.raises(UserError, match="another folder than"):
            run.protect(client, tmp_path / other, out)
    assert (out / "x.png").read_bytes() == before
    assert run.protect(client, tmp_path / "a" / ".", out).count == 1


def test_pictures_come_one_by_one(client, tmp_path):
    for name in "xy":
        saved(tmp_path / "in" / f"{name}.png")
        result = run.protect(
            client, tmp_path / "in" / f"{name}.png", tmp_path / "o"
        )
        assert (result.count, result.warnings) == (1, ())
    assert outputs(tmp_path / "o") == {"x.png": "x.png", "y.png": "y.png"}


def test_copies_of_what_is_gone_are_named(client, tmp_path):
    for name in "xyz":
        saved(tmp_path / "in" / f"{name}.png")
    run.protect(client, tmp_path / "in", tmp_path / "o")
    (tmp_path / "in" / "x.png").unlink()
    (tmp_path / "in" / "y.png").unlink()
    (tmp_path / "o" / "y.png").unlink()
    result = run.protect(client, tmp_path / "in", tmp_path / "o")
    assert len(result.warnings) == 1
    assert "1 copies of earlier runs, such as that of 'x.png'" in (
        result.warnings[0]
    )
    assert list(outputs(tmp_path / "o")) == ["z.png", "x.png"]


def test_a_copy_of_another_name_takes_the_place_of_the_earlier(
    client, tmp_path
):
    saved(tmp_path / "in" / "a.jpg")
    run.protect(client, tmp_path / "in", tmp_path / "o")
    Image.fromarray(pixels(9, 9, 3)).save(tmp_path / "in" / "a.jpg", "PNG")
    run.protect(client, tmp_path / "in", tmp_path / "o")
    assert outputs(tmp_path / "o") == {"a.jpg": "a.png"}
    assert {path.name for path in (tmp_path / "o").iterdir()} == {
        "a.png", "report.csv", "report.json"
    }


@pytest.mark.parametrize("name", ["report.json", "REPORT.csv"])
def test_a_folder_in_the_report_s_place(client, tmp_path, name):
    saved(tmp_path / "in" / name / "x.png")
    with pytest.raises(UserError, match=f"no folder '{name}'"):
        run.protect(client, tmp_path / "in", tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_previews_of_long_names(client, tmp_path):
    names = [f"{letter * 245}.png" for letter in "ab"] + ["ä" * 120 + ".png"]
    for name in names:
        saved(tmp_path / "in" / "trip" / name)
    result = run.protect(
        client, tmp_path / "in", tmp_path / "o", preview=tmp_path / "look"
    )
    assert not result.bad
    made = list((tmp_path / "look" / "trip").iterdir())
    assert len(made) == 3
    assert all(path.name.endswith(".preview.png") for path in made)


def test_every_name_of_a_jpeg_is_known(client, tmp_path):
    """Browsers save .jfif, cameras .JPE."""
    for name in ("a.jfif", "b.JPE"):
        with open(tmp_path / name, "wb") as file:
            Image.fromarray(pixels(9, 9, 3)).save(file, "JPEG")
    run.protect(client, tmp_path, tmp_path.parent / "same")
    assert outputs(tmp_path.parent / "same") == {
        "a.jfif": "a.jfif", "b.JPE": "b.JPE"
    }


def test_pictures_that_are_not_read_are_told(client, tmp_path):
    saved(tmp_path / "in" / "a.png")
    for name in ("b.gif", "c.ppm", "notes.txt"):
        (tmp_path / "in" / name).write_bytes(b"not looked at")
    result = run.protect(client, tmp_path / "in", tmp_path / "out")
    (said,) = result.warnings
    assert said.startswith("2 pictures, such as 'b.gif', are of formats")
    assert result.ignored == 3
    found = verify.verify(tmp_path / "in", tmp_path / "out")
    assert "'b.gif'" in found.summary() and found.passed


def test_an_output_that_cannot_be_made(client, tmp_path):
    saved(tmp_path / "in" / "a.png")
    (tmp_path / "out").symlink_to(tmp_path / "of a disk that is gone")
    with pytest.raises(UserError, match="cannot be made.*Choose another"):
        run.protect(client, tmp_path / "in", tmp_path / "out")
