"""What a run finds in its folders: ruined copies, leftovers, weak pictures."""

import numpy as np
import pytest
from PIL import ExifTags, Image
from test_photos import loud, pixels

from kprivacy import files
from kprivacy.errors import UserError
from kprivacy.photos import picture, preview, rows, run, verify

WIDTH, HEIGHT = 0xA002, 0xA003


@pytest.fixture(scope="module")
def client():
    return loud()


@pytest.fixture
def album(tmp_path):
    """A folder with two pictures."""
    folder = tmp_path / "in"
    folder.mkdir()
    for seed, name in enumerate(("a.png", "b.png")):
        Image.fromarray(pixels(12, 13, 3, seed=seed)).save(folder / name)
    return folder


def reported(output):
    return {row["file"]: row
            for row in files.read_json(output / "report.json")["files"]}


@pytest.mark.parametrize("ruined", ["empty", "original", "gone"])
def test_a_ruined_copy_is_made_again(client, album, tmp_path, ruined):
    output = tmp_path / "out"
    run.protect(client, album, output)
    whole = {one.name: one.read_bytes() for one in output.glob("*.png")}
    copy, times = output / "a.png", (output / "b.png").stat().st_mtime_ns
    if ruined == "gone":
        copy.unlink()
    else:
        copy.write_bytes(
            b"" if ruined == "empty" else (album / "a.png").read_bytes()
        )
    run.protect(client, album, output)
    assert whole == {one.name: one.read_bytes() for one in output.glob("*.png")}
    # The other one was left.
    assert (output / "b.png").stat().st_mtime_ns == times
    assert verify.verify(album, output, 8).passed


def test_a_picture_that_breaks_later_is_noted(client, album, tmp_path):
    """Its copy is of before; once it is whole again, it is done again."""
    output = tmp_path / "out"
    run.protect(client, album, output)
    content = (album / "a.png").read_bytes()
    (album / "a.png").write_bytes(content[:60])
    for _ in range(2):
        result = run.protect(client, album, output)
        assert len(result.bad) == 1
        row = reported(output)["a.png"]
        assert row["note"].count(rows.EARLIER) == 1
        assert (output / "a.png").is_file()
        assert reported(output)["b.png"]["note"] == ""
    (album / "a.png").write_bytes(content)
    assert not run.protect(client, album, output).bad
    assert reported(output)["a.png"]["note"] == ""


def test_who_may_not_read_a_picture_is_told(client, album, tmp_path,
                                            monkeypatch):
    def refuse(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("kprivacy.untrusted._readable", refuse)
    with pytest.raises(UserError, match="cannot be read .*denied.* Allow it"):
        picture.read(album / "a.png")


def test_previews_that_a_killed_run_left_are_removed(client, album, tmp_path):
    output, shown = tmp_path / "out", tmp_path / "shown"
    run.protect(client, album, output, preview=shown)
    left = shown / ".a.png.preview.png.4711"
    left.write_bytes(b"x")
    (shown / ".mine").write_bytes(b"x")
    run.protect(client, album, output, preview=shown)
    assert not left.exists() and (shown / ".mine").exists()


def test_a_preview_is_of_this_copy(client, album, tmp_path):
    """One of another generator's copy of the same picture is made anew."""
    first, second = tmp_path / "first", tmp_path / "second"
    # Done first, so that time alone would not tell.
    run.protect(loud(filters=(3, 4)), album, second)
    run.protect(client, album, first, preview=tmp_path / "shown")
    before = preview.path(tmp_path / "shown", "a.png").read_bytes()
    run.protect(loud(filters=(3, 4)), album, second,
                preview=tmp_path / "shown")
    after = preview.path(tmp_path / "shown", "a.png")
    assert after.read_bytes() != before
    run.protect(client, album, first, preview=tmp_path / "shown")
    assert after.read_bytes() == before
    after.write_bytes(b"no picture")
    run.protect(client, album, first, preview=tmp_path / "shown")
    assert after.read_bytes() == before


@pytest.mark.parametrize("output", [
    "../in/b.png", "/b.png", "x/../../in/b.png", 3, "b\0.png",
])
def test_reports_that_lead_out_of_their_folder(client, album, tmp_path, output):
    """Else an original would be removed as an earlier copy."""
    run.protect(client, album, tmp_path / "out")
    whole = files.read_json(tmp_path / "out" / "report.json")
    whole["files"][0].update(output=output, stamp=None)
    files.write_json(tmp_path / "out" / "report.json", whole)
    before = (album / "b.png").read_bytes()
    with pytest.raises(UserError, match="does not write. Nothing was changed"):
        run.protect(client, album, tmp_path / "out")
    assert (album / "b.png").read_bytes() == before


def test_who_is_stopped_at_a_preview_makes_it_again(client, album, tmp_path,
                                                    monkeypatch):
    output, shown = tmp_path / "out", tmp_path / "shown"
    run.protect(client, album, output, preview=shown)
    before = preview.path(shown, "a.png").read_bytes()
    Image.fromarray(pixels(12, 13, 3, seed=9)).save(album / "a.png")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run.previews, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            run.protect(client, album, output, preview=shown)
    run.protect(client, album, output, preview=shown)
    assert preview.path(shown, "a.png").read_bytes() != before


def test_folders_that_lie_in_each_other_are_named(client, album, tmp_path):
    output = tmp_path / "out"
    with pytest.raises(UserError, match="--input and --preview must lie"):
        run.protect(client, album, output, preview=album / "p")
    with pytest.raises(UserError, match="--output and --preview must lie"):
        run.protect(client, album, output, preview=output / "p")


def test_what_desktops_leave_is_no_picture(client, album, tmp_path):
    output = tmp_path / "out"
    output.mkdir()
    (output / ".DS_Store").write_bytes(b"x")
    assert not run.protect(client, album, output).bad
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_bytes(b"x")
    with pytest.raises(UserError, match="holds other files"):
        run.protect(client, album, other)


def test_weak_noise_is_warned_of(tmp_path):
    """Where white leaves no room for it, for one."""
    client = loud()
    last = client.get_layer("up_detail")
    kernel, bias = last.get_weights()
    last.set_weights([np.zeros_like(kernel), np.full_like(bias, 5.0)])
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    # Only the last rows can become brighter.
    values = np.full((20, 10, 3), 255, np.uint8)
    values[-3:] = 100
    Image.fromarray(values).save(folder / "white.png")
    Image.fromarray(values // 4).save(folder / "dark.png")
    result = run.protect(client, folder, output)
    (said,) = result.warnings
    assert said.startswith("1 of the files are hardly protected")
    notes = {name: row["note"] for name, row in reported(output).items()}
    assert notes == {
        "white.png": "hardly protected: 1.20 levels on average", "dark.png": "",
    }
    assert verify.verify(folder, output, 8).weak == ["white.png"]


def test_sizes_of_before_a_turn_are_not_kept(client, tmp_path):
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    told = Image.Exif()
    told[0x0112] = 6
    told.get_ifd(ExifTags.IFD.Exif).update({WIDTH: 20, HEIGHT: 10, 0x8827: 100})
    Image.fromarray(pixels(10, 20, 3)).save(folder / "a.jpg", exif=told)
    run.protect(client, folder, output, "keep")
    with Image.open(output / "a.jpg") as image:
        assert image.size == (10, 20)
        assert dict(image.getexif().get_ifd(ExifTags.IFD.Exif)) == {0x8827: 100}


def test_without_a_report_less_is_known(client, album, tmp_path):
    output = tmp_path / "out"
    run.protect(client, album, output)
    assert "is missing" not in verify.verify(album, output).summary()
    (output / "report.json").unlink()
    assert "report.json is missing" in verify.verify(album, output).summary()
